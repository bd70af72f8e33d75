import matplotlib.pyplot as plt
import numpy as np
from scipy.special import wofz

import dualnum as dn


def voigt(x, area, center, sigma, gamma):
    """A Gaussian of deviation sigma, convolved with a Lorentzian of half width gamma."""
    z = (x - center + 1j * gamma) / (np.sqrt(2) * sigma)
    return area * wofz(z).real / (np.sqrt(2 * np.pi) * sigma)


def lines(x, area_1, center_1, gamma_1, area_2, center_2, gamma_2, sigma, ground):
    """Two lines, broadened by one instrument."""
    return voigt(x, area_1, center_1, sigma, gamma_1) + voigt(x, area_2, center_2, sigma, gamma_2) + ground


rng = np.random.default_rng(8)
truth, noise = np.array([2.0, -0.8, 0.25, 1.2, 0.9, 0.5, 0.4, 0.1]), 0.02
x = np.linspace(-5, 5, 160)
y = lines(x, *truth) + noise * rng.normal(size=x.size)

guess = [1.0, -1.0, 0.3, 1.0, 1.0, 0.3, 0.3, 0.0]
fitted, covariance = dn.curve_fit(lines, x, y, guess, sigma=np.full(x.size, noise), absolute_sigma=True)
errors = np.sqrt(np.diag(covariance))

figure, (top, bottom) = plt.subplots(2, 1, figsize=(7.5, 4.6), sharex=True, height_ratios=(3, 1))
top.plot(x, y, ".", color="0.6", label="data")
top.plot(x, lines(x, *fitted), color="tab:red", label="fit")
for (area, center, gamma), color in zip(fitted[:6].reshape(2, 3), ("tab:blue", "tab:green")):
    top.plot(x, fitted[7] + voigt(x, area, center, fitted[6], gamma), "--", color=color)
names = "area 1", "center 1", "γ 1", "area 2", "center 2", "γ 2", "σ", "ground"
text = "\n".join(f"{name} {value:.3f} ± {error:.3f}" for name, value, error in zip(names, fitted, errors))
top.text(0.985, 0.95, text, transform=top.transAxes, ha="right", va="top", fontsize="small")
top.legend(loc="upper left")
bottom.plot(x, (y - lines(x, *fitted)) / noise, ".", color="0.6")
bottom.set(xlabel="x", ylabel="residual / σ")
