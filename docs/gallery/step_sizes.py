import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

A = np.array([[2.0, 1.0], [1.0, 20.0]])
b = np.array([5.0, 3.0])
minimum = np.linalg.solve(A, b)


def f(x):
    return x @ A @ x / 2 - b @ x


def descend(step, count=60):
    path = [np.array([-3.0, -1.0])]
    for _ in range(count):
        path.append(path[-1] - step * dn.gradient(f)(path[-1]))
    return np.array(path)


x, y = np.meshgrid(np.linspace(-4, 4, 120), np.linspace(-3, 3, 120))
points = np.stack([x, y], axis=-1)
values = np.einsum("...i,ij,...j", points, A, points) / 2 - points @ b

figure, axes = plt.subplot_mosaic("abc;ddd", figsize=(7.5, 5.4), height_ratios=(1, 0.85))
cases = {
    "a": (0.005, "too small", "tab:blue"),
    "b": (1 / 11, "the best", "tab:green"),
    "c": (0.1005, "too large", "tab:red"),
}
for place, (step, name, colour) in cases.items():
    path, ax = descend(step), axes[place]
    ax.contour(x, y, values, levels=12, colors="0.75", linewidths=0.6)
    ax.plot(*path[:15].T, ".-", color=colour, lw=1, ms=3)
    ax.plot(*minimum, "*", color="black")
    ax.set(xlim=(-4, 4), ylim=(-3, 3), xlabel="$x_1$", title=f"{name}: {step:.4g}")
    ax.grid(False)
    axes["d"].semilogy(np.linalg.norm(path - minimum, axis=1), color=colour, label=f"{step:.4g}, {name}")
axes["a"].set_ylabel("$x_2$")
axes["d"].set(xlabel="steps", ylabel="distance to the minimum", xlim=(0, 60))
axes["d"].legend(title="step size", loc="lower left")
