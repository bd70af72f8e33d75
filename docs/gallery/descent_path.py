import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

A = np.array([[2.0, 1.0], [1.0, 20.0]])
b = np.array([5.0, 3.0])


def f(x):
    return x @ A @ x / 2 - b @ x


gradient = dn.gradient(f)
path = [np.array([-3.0, -1.0])]
for _ in range(25):
    path.append(path[-1] - 0.085 * gradient(path[-1]))
path = np.array(path)

x, y = np.meshgrid(np.linspace(-4, 4, 200), np.linspace(-2, 2, 200))
points = np.stack([x, y], axis=-1)
values = np.einsum("...i,ij,...j", points, A, points) / 2 - points @ b

figure, ax = plt.subplots(figsize=(7.5, 4.2))
levels = ax.contour(x, y, values, levels=[-5, 0, 10, 20, 30, 40, 50, 60, 70, 80], cmap="viridis")
ax.clabel(levels, fontsize=7)
ax.plot(*path.T, ".-", color="tab:red", lw=1)
ax.plot(*np.linalg.solve(A, b), "*", color="black", ms=10)
ax.annotate("start", path[0], (-3.7, -1.35))
ax.annotate("minimum", np.linalg.solve(A, b), (2.6, 0.1))
ax.set(xlabel="$x_1$", ylabel="$x_2$", title="25 steps of gradient descent, step size 0.085")
ax.grid(False)
