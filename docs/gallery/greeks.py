import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

nodes, weights = np.polynomial.legendre.leggauss(32)


def normal_cdf(x):
    """Integrate the density from 0 to x by Gauss's rule: good to 2e-15 for |x| < 12."""
    t = (nodes + 1) / 2
    return 0.5 + x / np.sqrt(8 * np.pi) * (np.exp(-((x[..., np.newaxis] * t) ** 2) / 2) @ weights)


def call_price(p):
    """Price a European call; the last axis of p is spot, volatility, years, interest rate."""
    spot, volatility, years, rate = np.moveaxis(p, -1, 0)
    strike = 100.0
    deviation = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * years) / deviation
    return spot * normal_cdf(d1) - strike * np.exp(-rate * years) * normal_cdf(d1 - deviation)


spot, years = np.meshgrid(np.linspace(60, 140, 81), np.linspace(0.05, 2, 79))
points = np.stack([spot, np.full_like(spot, 0.25), years, np.full_like(spot, 0.03)], axis=-1)
price, first, second = dn.value_gradient_hessian(call_price, batched=True)(points)  # 6399 options, one call

surfaces = {
    "price": price,
    "delta, by spot": first[..., 0],
    "vega, by volatility": first[..., 1],
    "−theta, by years left": first[..., 2],
    "gamma, by spot twice": second[..., 0, 0],
    "vanna, spot and volatility": second[..., 0, 1],
}
figure, axes = plt.subplots(2, 3, figsize=(7.5, 4.6), sharex=True, sharey=True)
for ax, (name, z) in zip(axes.flat, surfaces.items()):
    mesh = ax.contourf(spot, years, z, levels=14, cmap="viridis")
    figure.colorbar(mesh, ax=ax, ticks=plt.MaxNLocator(4))
    ax.set_title(name, fontsize="medium")
    ax.grid(False)
figure.supxlabel("spot price, strike 100")
figure.supylabel("years to expiry")
