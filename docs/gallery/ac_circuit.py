import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def impedance(p, w):
    """A coil with its resistance, parallel to a capacitor."""
    resistance, inductance, capacitance = p
    return 1 / (1j * w * capacitance + 1 / (resistance + 1j * w * inductance))


def magnitude(p, w):
    return np.abs(impedance(p, w))


def phase(p, w):
    return np.angle(impedance(p, w))


parts = np.array([20.0, 10e-3, 2e-6])  # ohm, henry, farad
frequencies = np.geomspace(100, 10_000, 300)
w = 2 * np.pi * frequencies
size, size_slopes = dn.value_and_jacobian(magnitude)(parts, w)
angle, angle_slopes = dn.value_and_jacobian(phase)(parts, w)
relative = size_slopes * parts / size[:, None]  # percent of the magnitude per percent of a part
turn = np.degrees(angle_slopes * parts / 100)  # degrees per percent

figure, axes = plt.subplots(2, 2, figsize=(7.5, 5), sharex=True)
axes[0, 0].loglog(frequencies, size, color="black")
axes[0, 0].set(title="Impedance in ohm")
axes[0, 1].semilogx(frequencies, np.degrees(angle), color="black")
axes[0, 1].set(title="Phase in degrees")
for ax, slopes in zip(axes[1], (relative, turn)):
    for name, slope, color in zip("RLC", slopes.T, ("tab:blue", "tab:orange", "tab:green")):
        ax.semilogx(frequencies, slope, color=color, label=name)
    ax.set(xlabel="frequency in hertz")
axes[1, 0].set(title="% of impedance by 1 % of R, L, C")
axes[1, 1].set(title="Degrees by 1 % of R, L, C")
axes[1, 0].legend()
