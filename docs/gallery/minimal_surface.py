from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

import dualnum as dn

N = 100
s = np.linspace(0, 1, N + 2)
frame = np.zeros((N + 2, N + 2))
frame[0] = frame[-1] = 0.4 * np.sin(np.pi * s)
frame[:, 0] = frame[:, -1] = -0.4 * np.sin(np.pi * s)


def surface(z):
    return np.pad(z.reshape(N, N), 1) + frame


def area(z):
    """The area of a surface over a square, whose heights at N x N points are z, in a frame of wire."""
    u = surface(z)
    slope_x, slope_y = (N + 1) * (u[1:, :-1] - u[:-1, :-1]), (N + 1) * (u[:-1, 1:] - u[:-1, :-1])
    return np.sum(np.sqrt(1 + slope_x**2 + slope_y**2)) / (N + 1) ** 2


hessian, path = dn.hessian(area, sparse=True), []


def note(z, state):
    path.append((perf_counter() - start, state.optimality))


start = perf_counter()
found = minimize(
    area,
    np.zeros(N * N),
    method="trust-constr",
    jac=dn.gradient(area),
    hess=hessian,
    callback=note,
    options={"gtol": 1e-9, "initial_tr_radius": 10.0},
)

figure = plt.figure(figsize=(7.5, 3.6))
left = figure.add_subplot(121, projection="3d")
x, y = np.meshgrid(s, s, indexing="ij")
left.plot_surface(x, y, surface(found.x), cmap="viridis", lw=0)
left.set(title=f"area {found.fun:.4f}", xticks=[], yticks=[], zticks=[])
right = figure.add_subplot(122)
seconds, optimality = np.array(path).T
right.semilogy(seconds, optimality, ".-", ms=4)
right.set(title=f"{N * N} variables, {found.nit} steps", xlabel="seconds", ylabel="largest slope")
