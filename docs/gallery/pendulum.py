import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad, solve_ivp

import dualnum as dn


def by_quadrature(angle):  # in units of sqrt(length / gravity)
    k = np.sin(angle / 2)
    return 4 * quad(lambda t: 1 / np.sqrt(1 - (k * np.sin(t)) ** 2), 0, np.pi / 2)[0]


def below(t, y):
    return y[0]


below.terminal = True


def by_event(angle):
    found = solve_ivp(
        lambda t, y: [y[1], -np.sin(y[0])], (0, 20), [angle, 0.0], events=below, rtol=1e-9, atol=1e-11
    )
    return 4 * found.t_events[0][0]


angles = np.linspace(0.05, 3.0, 60)
periods, slopes = np.transpose([dn.value_and_derivative(by_quadrature)(a) for a in angles])
events = np.array([dn.value_and_derivative(by_event)(a) for a in angles[::6]])

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
left.plot(angles, periods / (2 * np.pi), color="tab:blue", label="quad")
left.plot(angles[::6], events[:, 0] / (2 * np.pi), "o", color="tab:red", label="solve_ivp, event")
left.set(xlabel="starting angle", title="Period, relative to small swings")
left.legend()
right.plot(angles, slopes, color="tab:blue")
right.plot(angles[::6], events[:, 1], "o", color="tab:red")
right.set(xlabel="starting angle", title="Its derivative")
