import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import brentq

import dualnum as dn

# The turbine's map: measured flow and efficiency by expansion ratio and speed, both relative to the design point.
ratios, speeds = np.linspace(2, 14, 13), np.linspace(0.6, 1.2, 7)
R, N = np.meshgrid(ratios, speeds, indexing="ij")
flow_map = RectBivariateSpline(ratios, speeds, 1.05 * np.tanh(0.35 * (R - 1)) * (1.1 - 0.1 * N))
efficiency_map = RectBivariateSpline(ratios, speeds, 0.89 - 0.004 * (R - 8) ** 2 / 8 - 0.3 * (N - 1) ** 2)
gamma, cp, ambient = 1.38, 1.05, 288.0


def operating_point(hot, speed):
    """Return the pressure ratio at which compressor and turbine pass the same flow, and the cycle's efficiency."""
    power = (gamma - 1) / gamma

    def mismatch(r):
        corrected = flow_map(r, speed, grid=False) * r / np.sqrt(hot / 1500)
        return corrected - 9.0 * speed * (1.15 - 0.02 * r)

    r = brentq(mismatch, 3.0, 13.0, xtol=1e-13)
    expansion = efficiency_map(r, speed, grid=False) * cp * hot * (1 - r**-power)
    compression = cp * ambient * (r**power - 1) / 0.85
    heat = cp * (hot - ambient) - compression
    return np.array([r, (expansion - compression) / heat])


temperatures = np.linspace(1250, 1750, 26)
lines = [
    np.array([np.column_stack(dn.value_and_jacobian(operating_point)(t, speed)) for t in temperatures])
    for speed in (0.8, 0.9, 1.0)
]

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
for speed, line in zip((0.8, 0.9, 1.0), lines, strict=True):
    left.plot(temperatures, 100 * line[:, 1, 0], label=f"speed {speed:.0%}")
    right.plot(temperatures, 1e4 * line[:, 1, 1])
left.set(xlabel="turbine inlet, K", title="Efficiency of the cycle, %")
left.legend()
right.set(xlabel="turbine inlet, K", title="Its derivative, % per 100 K")
