import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

figure, ax = plt.subplots(figsize=(7.5, 3.6))
dn.taylor_polynomial(np.sin, 13)(0.0).plot(-8, 8, orders=(1, 3, 5, 9, 13), ax=ax)
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
