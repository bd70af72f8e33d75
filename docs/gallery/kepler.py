import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def acceleration(t, y):
    cubed = (y[0] ** 2 + y[1] ** 2) ** 1.5
    return [y[2], y[3], -y[0] / cubed, -y[1] / cubed]


solution = dn.taylor_solve(acceleration, (0.0, 20 * np.pi), [0.4, 0.0, 0.0, 2.0])
x, y, vx, vy = solution.y
energy = (vx**2 + vy**2) / 2 - 1 / np.hypot(x, y)
once = solution.t_steps <= 2 * np.pi

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2), width_ratios=(1.15, 1))
left.plot(*solution.sol(np.linspace(0, 2 * np.pi, 400))[:2], color="black", lw=1)
left.plot(x[once], y[once], ".", color="tab:blue")
left.plot(0, 0, "o", color="tab:orange")
left.text(0, 0.1, "centre", ha="center")
left.set(aspect="equal", xlabel="x", ylabel="y", xlim=(-1.75, 0.55), ylim=(-0.95, 0.95))
right.plot(solution.t / (2 * np.pi), (energy - energy[0]) / 1e-12, color="tab:blue", lw=1)
right.set(xlabel="revolutions", ylabel=r"change of the energy / $10^{-12}$", xlim=(0, 10))
