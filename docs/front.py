import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def f(x):
    return np.exp(-x / 3) * np.sin(2 * x)


x = np.linspace(0, 6, 400)
value, slope, curvature = dn.value_and_derivative(f, 2)(x)

figure, axes = plt.subplots(figsize=(7.5, 3.2))
axes.axhline(0, color="0.8", lw=1)
for y, colour, label in (
    (value, "#1f4e9c", "f(x)"),
    (slope, "#d1592a", "f'(x)"),
    (curvature, "#3a8f4d", "f''(x)"),
):
    axes.plot(x, y, color=colour, lw=2)
    axes.annotate(
        label, (x[0], y[0]), (-8, 0), textcoords="offset points", ha="right", va="center", color=colour
    )
axes.set(xlabel="x", xlim=(0, 6), title="one call of f: value, slope and curvature")
axes.spines["left"].set_visible(False)
axes.tick_params(axis="y", left=False, labelleft=False)
