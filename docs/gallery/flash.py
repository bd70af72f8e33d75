import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import root

import dualnum as dn

# Methane and n-butane in a flash drum: Peng and Robinson's equation of state; K, Pa, acentric factors.
critical_t, critical_p = np.array([190.56, 425.12]), np.array([4.599e6, 3.796e6])
acentric, interaction, feed = np.array([0.0115, 0.2002]), 0.0133, np.array([0.5, 0.5])
gas = 8.314462618


def log_fugacity(x, t, p, liquid):
    """Return the logarithms of both components' fugacity coefficients in a phase of composition x."""
    m = 0.37464 + 1.54226 * acentric - 0.26992 * acentric**2
    a = 0.45724 * (gas * critical_t) ** 2 / critical_p * (1 + m * (1 - np.sqrt(t / critical_t))) ** 2
    b = 0.07780 * gas * critical_t / critical_p
    pair = np.sqrt(a[0] * a[1]) * (1 - interaction)
    by = 2 * np.array([x[0] * a[0] + x[1] * pair, x[0] * pair + x[1] * a[1]])
    mixed_a, mixed_b = np.dot(x, by) / 2, np.dot(x, b)
    A, B = mixed_a * p / (gas * t) ** 2, mixed_b * p / (gas * t)
    roots = np.roots(
        [1.0, *[float(dn.value(c)) for c in (B - 1, A - 3 * B * B - 2 * B, B**3 + B * B - A * B)]]
    )
    real = roots[np.abs(roots.imag) < 1e-9].real
    z = real.min() if liquid else real.max()
    for _ in range(6):  # Newton's steps on duals give the root its derivatives
        cubic = ((z + B - 1) * z + A - 3 * B * B - 2 * B) * z + B**3 + B * B - A * B
        z = z - cubic / (3 * z * z + 2 * (B - 1) * z + A - 3 * B * B - 2 * B)
    root2 = np.sqrt(2)
    attraction = A / (2 * root2 * B) * (by / mixed_a - b / mixed_b)
    return (
        b / mixed_b * (z - 1)
        - np.log(z - B)
        - attraction * np.log((z + (1 + root2) * B) / (z + (1 - root2) * B))
    )


def split(t, p):
    """Return the vapor's share and the methane in liquid and vapor, where the fugacities of both phases agree."""

    def equations(v):
        share, x, y = v[0], np.array([v[1], 1 - v[1]]), np.array([v[2], 1 - v[2]])
        balance = share * y[0] + (1 - share) * x[0] - feed[0]
        gap = np.log(x) + log_fugacity(x, t, p, True) - np.log(y) - log_fugacity(y, t, p, False)
        return np.array([balance, gap[0], gap[1]])

    wilson = critical_p / p * np.exp(5.373 * (1 + acentric) * (1 - critical_t / t))
    x = (1 - wilson[1]) / (wilson[0] - wilson[1])
    return root(equations, dn.value(np.array([0.5, x, x * wilson[0]])), tol=1e-12).x


temperatures = np.linspace(285, 330, 19)
found = [dn.value_and_jacobian(split, argnum=(0, 1))(t, 3e6) for t in temperatures]
values, by_t, by_p = (np.array(part) for part in zip(*[(v, *j) for v, j in found], strict=True))

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
for k, label in enumerate(("vapor share", "methane in liquid", "methane in vapor")):
    left.plot(temperatures, values[:, k], label=label)
    right.plot(temperatures, 100 * by_t[:, k], label=f"{label}, per 100 K")
right.plot(temperatures, 1e6 * by_p[:, 0], "--", color="tab:blue", label="vapor share, per MPa")
left.set(xlabel="temperature, K", title="Phases at 3 MPa")
left.legend()
right.set(xlabel="temperature, K", title="Their derivatives")
right.legend()
