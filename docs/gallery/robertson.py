import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import dualnum as dn

times = np.logspace(-3, 4, 40)
rates = np.array([0.04, 1e4, 3e7])


def robertson(t, y, p):
    slow, fast, back = p[0] * y[0], p[2] * y[1] ** 2, p[1] * y[1] * y[2]
    return [back - slow, slow - back - fast, fast]


fun, jac = dn.adapters.sensitivities(robertson)
start = np.concatenate([[1.0, 0.0, 0.0], np.zeros(9)])  # the species, and their derivatives by three rates
found = solve_ivp(fun, (0, times[-1]), start, "BDF", times, args=(rates,), jac=jac, rtol=1e-7, atol=1e-14).y
values, relative = found[:3], found[3:].reshape(3, 3, -1) * rates[:, None]  # by the logarithms of the rates

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
for species, factor, label in ((0, 1, "A"), (1, 1e4, "B × 10⁴"), (2, 1, "C")):
    left.semilogx(times, factor * values[species], label=label)
left.set(xlabel="time", title="Concentrations")
left.legend()
for k in range(3):
    right.semilogx(times, relative[0, k], label=f"log k{k + 1}")
right.set(xlabel="time", title="Derivatives of A")
right.legend()
