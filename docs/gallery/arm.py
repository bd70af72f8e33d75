import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

LENGTHS = np.array([1.0, 0.8, 0.5])


def joints(angles):
    """Return the joints' positions, shape (4, 2), of a planar arm with its shoulder at the origin."""
    heading = np.cumsum(angles)
    steps = LENGTHS[:, np.newaxis] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


def hand(angles):
    return joints(angles)[-1]


def reach(angles, target):
    """Newton's method: of the angles that lead there to first order take the smallest change."""
    errors = []
    for _ in range(8):
        position, J = dn.value_and_jacobian(hand)(angles)  # J is 2 x 3
        errors.append(np.linalg.norm(target - position))
        angles = angles + np.linalg.pinv(J) @ (target - position)
    return angles, errors


figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.9), width_ratios=(1.3, 1))
t = np.linspace(0, 2 * np.pi, 13)
targets = np.array([0.6, 1.1]) + 0.6 * np.stack([np.cos(t), np.sin(t) * np.cos(t)], axis=-1)
angles = np.array([0.3, 0.9, 0.8])
for target, colour in zip(targets, plt.get_cmap("viridis")(t / 7)):
    angles, errors = reach(angles, target)
    left.plot(*joints(angles).T, "-", color=colour, lw=1.5, solid_capstyle="round")
    right.semilogy(np.maximum(errors, 1e-17), ".-", color=colour, lw=1, ms=4)
left.plot(*targets.T, "o:", lw=1, color="tab:red", ms=4, label="targets", zorder=3)
left.plot(0, 0, "s", color="black")
left.set(aspect="equal", xlabel="x", ylabel="y", title="the arm at each target")
left.legend(loc="lower left")
right.set(xlabel="Newton steps", ylabel="distance to the target", title="each from the pose before")
