import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

times = np.linspace(0, 12, 241)


def populations(p):
    """Hares and foxes (Lotka, Volterra) over time, for the parameters p of their growth."""
    birth, hunt, feed, death = p

    def change(t, y):
        hares, foxes = y
        return [birth * hares - hunt * hares * foxes, feed * hares * foxes - death * foxes]

    return dn.taylor_solve(change, (0, 12), [10.0, 5.0]).sol(times)


y, by_p = dn.value_and_jacobian(populations)(np.array([1.1, 0.4, 0.1, 0.4]))  # (2, 241) and (2, 241, 4)

figure, axes = plt.subplots(3, 1, figsize=(7.5, 6), sharex=True)
axes[0].plot(times, y[0], color="tab:brown", label="hares")
axes[0].plot(times, y[1], color="tab:orange", label="foxes")
axes[0].set_ylabel("population")
for ax, animals, derivatives in zip(axes[1:], ("hares", "foxes"), by_p):
    for name, column in zip(("birth", "hunt", "feed", "death"), derivatives.T):
        ax.plot(times, column, label=name)
    ax.set_ylabel(f"derivative of the {animals}")
for ax in axes[:2]:
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
axes[1].legend(title="by the rate of", loc="center left", bbox_to_anchor=(1, 0.5))
axes[2].set(xlabel="time", xlim=(0, 12))
