from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import dualnum as dn

N = 32


def neighbours(a):
    return np.roll(a, 1, 0) + np.roll(a, -1, 0) + np.roll(a, 1, 1) + np.roll(a, -1, 1) - 4 * a


def brusselator(t, y):
    """The slopes of two concentrations u and v on a torus of N x N points."""
    u, v = y.reshape(2, N, N)
    slope_u = 1 + u * u * v - 4.4 * u + 0.002 * N**2 * neighbours(u)
    slope_v = 3.4 * u - u * u * v + 0.002 * N**2 * neighbours(v)
    return np.concatenate([slope_u.ravel(), slope_v.ravel()])


s = np.arange(N) / N
u0 = 1 + 0.5 * np.cos(2 * np.pi * s)[:, None] * np.sin(4 * np.pi * s)
y0 = np.concatenate([u0.ravel(), np.full(N * N, 3.4) + 22 * (s * (1 - s)).repeat(N) ** 1.5])

jacobian = dn.jacobian(brusselator, argnum=1, sparse=True)
structure = dn.sparsity(brusselator, argnum=1)(0.0, y0)
ways = {
    "dualnum": {"jac": jacobian},
    "differences": {"jac_sparsity": structure},
}
times, moments = {}, (0.0, 2.0, 6.0)
for name, way in ways.items():
    start = perf_counter()
    solution = solve_ivp(brusselator, (0, 6), y0, method="BDF", t_eval=moments, rtol=1e-4, atol=1e-6, **way)
    times[name] = perf_counter() - start

figure, axes = plt.subplots(2, 3, figsize=(7.5, 5.2))
for ax, t, y in zip(axes[0], moments, solution.y.T):
    ax.imshow(y[: N * N].reshape(N, N), cmap="magma")
    ax.set(title=f"u at t = {t:g}", xticks=[], yticks=[])
    ax.grid(False)
J = jacobian(0.0, y0)
axes[1, 0].spy(J[:200, :200], ms=1, color="tab:blue")
axes[1, 0].set(title=f"{J.nnz} of {J.shape[0]}² elements", xticks=[], yticks=[])
calls = {}
for name, repeated in {
    "f": lambda: brusselator(0.0, y0),
    "Jacobian": lambda: jacobian(0.0, y0),
}.items():
    runs = []
    for _ in range(20):
        start = perf_counter()
        repeated()
        runs.append(perf_counter() - start)
    calls[name] = 1e6 * np.median(runs)
axes[1, 1].bar(calls.keys(), calls.values(), color=["0.6", "tab:blue"])
axes[1, 1].set(title="one call", ylabel="µs")
axes[1, 2].bar(times.keys(), times.values(), color=["tab:blue", "tab:red"])
axes[1, 2].set(title="BDF until t = 6", ylabel="seconds")
