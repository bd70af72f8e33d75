import matplotlib.pyplot as plt
import numpy as np

from dualnum.check import compare


def f(x):
    return np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)


figure, ax = plt.subplots(figsize=(7.5, 4.2))
report = compare(f, 1.5)
report.plot(ax)
ax.legend(loc="lower left", bbox_to_anchor=(0, 0.12))
