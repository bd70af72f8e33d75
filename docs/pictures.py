"""The pictures, drawn at build time by dualnum itself."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "grid.color": "0.9",
    "legend.frameon": False,
    "savefig.dpi": 150,
}


def draw(directory):
    """Draw every picture into a directory."""
    with plt.rc_context(STYLE):
        for picture in (sine, sum_of_both, kepler):
            figure = picture()
            figure.savefig(directory / f"{picture.__name__}.png")
            plt.close(figure)


def sine():
    """Draw sin and its polynomials of rising order."""
    figure, ax = plt.subplots(figsize=(7, 3.4))
    p = dn.taylor_polynomial(np.sin, 13)(0.0)
    p.plot(-8, 8, orders=(1, 3, 5, 9, 13), ax=ax)
    return beside(figure, ax, "sin")


def sum_of_both():
    """Draw sin + cos about 0."""
    figure, ax = plt.subplots(figsize=(7, 3.4))
    p = dn.taylor_polynomial(lambda x: np.sin(x) + np.cos(x), 8)(0.0)
    p.plot(-6, 6, orders=(1, 2, 3, 4, 6, 8), ax=ax)
    return beside(figure, ax, "sin + cos")


def beside(figure, ax, name):
    """Name the function and move the legend out of the curves' way."""
    handles, labels = ax.get_legend_handles_labels()
    labels = [name if label == "f" else label for label in labels]
    ax.legend(handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def kepler():
    """Draw an orbit of eccentricity 0.6 and the error of its energy over ten revolutions."""

    def acceleration(t, y):
        cubed = (y[0] ** 2 + y[1] ** 2) ** 1.5
        return [y[2], y[3], -y[0] / cubed, -y[1] / cubed]

    solution = dn.taylor_solve(acceleration, (0.0, 20 * np.pi), [0.4, 0.0, 0.0, 2.0])
    x, y, vx, vy = solution.y
    energy = (vx**2 + vy**2) / 2 - 1 / np.hypot(x, y)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2), width_ratios=(1.15, 1))
    once = solution.t_steps <= 2 * np.pi
    left.plot(*solution.sol(np.linspace(0, 2 * np.pi, 400))[:2], color="black", lw=1)
    left.plot(x[once], y[once], ".", color="tab:blue")
    left.plot(0, 0, "o", color="tab:orange")
    left.text(0, 0.07, "centre", ha="center")
    left.set(aspect="equal", xlabel="x", ylabel="y", xlim=(-1.75, 0.55), ylim=(-0.95, 0.95))
    right.plot(solution.t / (2 * np.pi), (energy - energy[0]) / 1e-12, color="tab:blue", lw=1)
    right.set(xlabel="revolutions", ylabel=r"change of the energy / $10^{-12}$", xlim=(0, 10))
    return figure
