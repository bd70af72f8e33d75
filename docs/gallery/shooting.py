import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import root

import dualnum as dn

# Swing a pendulum up to an angle and stop it there within 3 s by the torque u of least energy, the integral of u^2 / 2.
# Pontryagin: u = -m for the costates k' = m cos(angle), m' = -k.
duration = 3.0


def motion(t, z):
    angle, speed, k, m, _ = z
    return [speed, -np.sin(angle) - m, m * np.cos(angle), -k, m * m / 2]


def swing(costates, times=None):
    start = [0.0, 0.0, costates[0], costates[1], 0.0]
    return solve_ivp(motion, (0, duration), start, "DOP853", times, rtol=1e-10, atol=1e-12).y


def optimal(target):
    """Return the costates at the start which lead to the target: a state of angle and speed."""
    return root(lambda c: swing(c)[:2, -1] - target, [0.0, -1.0], tol=1e-10).x


def energy(target):
    return swing(optimal(target))[4, -1]


angles = np.linspace(0.4, 2.8, 7)
costs, slopes = np.transpose(
    [dn.value_and_derivative(lambda a: energy(np.array([a, 0.0])))(a) for a in angles]
)
times = np.linspace(0, duration, 100)

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
for angle in (0.8, 1.6, 2.8):
    path = swing(optimal(np.array([angle, 0.0])), times)
    left.plot(times, path[0], label=f"to {angle}")
    left.plot(times, -path[3], "--", color=left.lines[-1].get_color())
left.set(xlabel="time", title="Angle, and torque (dashed)")
left.legend()
right.plot(angles, costs, label="energy")
right.plot(angles, slopes, label="its derivative")
right.set(xlabel="target angle", title="Least energy")
right.legend()
