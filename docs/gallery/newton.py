import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def descend(x, count):
    path = [x]
    for _ in range(count):
        path.append(path[-1] - 0.0015 * dn.gradient(rosenbrock)(path[-1]))
    return np.array(path)


def newton(x, count):
    path = [x]
    for _ in range(count):
        _, gradient, hessian = dn.value_gradient_hessian(rosenbrock)(path[-1])
        step = -np.linalg.solve(hessian, gradient)
        while rosenbrock(path[-1] + step) > rosenbrock(path[-1]):
            step = step / 2
        path.append(path[-1] + step)
    return np.array(path)


start = np.array([-1.2, 1.0])
paths = {"gradient descent": (descend(start, 10_000), "tab:blue"), "Newton": (newton(start, 22), "tab:red")}

x, y = np.meshgrid(np.linspace(-1.6, 1.5, 200), np.linspace(-0.6, 1.7, 200))
figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.6), width_ratios=(1.25, 1))
left.contour(x, y, rosenbrock([x, y]), levels=np.logspace(-1, 3, 10), colors="0.75", linewidths=0.7)
for name, (path, colour) in paths.items():
    left.plot(*path.T, ".-", color=colour, lw=1, ms=4, label=name)
    error = np.linalg.norm(path - 1, axis=1)
    right.loglog(1 + np.arange(len(path)), error, color=colour)
left.plot(1, 1, "*", color="black", ms=10, zorder=3)
left.set(xlabel="$x_1$", ylabel="$x_2$", title="Rosenbrock's valley")
left.grid(False)
right.set(xlabel="steps + 1", ylabel="distance to the minimum", ylim=(1e-16, 10))
left.legend(loc="upper center", frameon=True)
