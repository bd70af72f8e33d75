import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def height(p):
    x, y = p[..., 0], p[..., 1]
    return np.exp(-((x - 1) ** 2) - y**2) - 0.8 * np.exp(-((x + 1) ** 2) - (y - 0.4) ** 2) + 0.1 * x


def grid(count):
    return np.stack(np.meshgrid(np.linspace(-2.6, 2.6, count), np.linspace(-1.7, 1.9, count)), axis=-1)


figure, ax = plt.subplots(figsize=(7.5, 4.6))
points = grid(200)
levels = ax.contour(points[..., 0], points[..., 1], height(points), levels=15, cmap="viridis")
figure.colorbar(levels, label="height")

points = grid(15)
arrows = dn.gradient(height, batched=True)(points)  # all 225 gradients in one call
ax.quiver(*np.moveaxis(points, -1, 0), *np.moveaxis(arrows, -1, 0), color="0.25", width=0.0025)
ax.set(
    aspect="equal",
    xlim=(-2.7, 2.7),
    ylim=(-1.8, 2.0),
    xlabel="x",
    ylabel="y",
    title="A landscape's level curves and its gradient",
)
ax.grid(False)
