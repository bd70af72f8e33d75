import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 4.2))

dn.taylor_polynomial(lambda x: np.sin(x) + np.cos(x), 12)(0.0).plot(-7, 7, orders=(1, 3, 6, 12), ax=left)
left.set(title="sin x + cos x", ylim=(-2.5, 2.5))

dn.taylor_polynomial(lambda x: 1 / (1 + x**2), 16)(0.0).plot(-2, 2, orders=(2, 4, 8, 16), ax=right)
right.set(title="1 / (1 + x²)", ylim=(-0.5, 1.5))
right.axvspan(-1, 1, color="0.95", zorder=0)

for ax in (left, right):
    ax.legend(loc="upper center", ncols=3, fontsize="small", bbox_to_anchor=(0.5, -0.16))
