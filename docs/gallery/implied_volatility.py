import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

import dualnum as dn

years, rate, spot = 0.5, 0.03, 100.0


def price(volatility, spot, strike):
    spread = volatility * np.sqrt(years)
    d = (np.log(spot / strike) + rate * years) / spread + spread / 2
    return spot * norm.cdf(d) - strike * np.exp(-rate * years) * norm.cdf(d - spread)


def implied(quote, spot, strike):
    return brentq(lambda s: price(s, spot, strike) - quote, 0.01, 2.0, xtol=1e-14)


strikes = np.linspace(80, 125, 7)
quotes = [price(0.2 + 0.1 * (k / spot - 1.02) ** 2 - 0.08 * np.log(k / spot), spot, k) for k in strikes]
by_quote_and_spot = dn.gradient(implied, argnum=(0, 1))
smile = np.array([implied(q, spot, k) for q, k in zip(quotes, strikes, strict=True)])
slopes = np.array([by_quote_and_spot(q, spot, k) for q, k in zip(quotes, strikes, strict=True)])
bend = np.array([dn.derivative(implied, order=2)(q, spot, k) for q, k in zip(quotes, strikes, strict=True)])

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
left.fill_between(
    strikes, *(smile + sign * 0.1 * slopes[:, 0] for sign in (-1, 1)), color="tab:red", alpha=0.3
)
left.plot(strikes, smile, "o-", color="tab:red")
left.set(xlabel="strike", title="Implied volatility, quotes ± 0.1")
right.plot(strikes, slopes[:, 0], color="tab:blue", label="by the quote")
right.plot(strikes, slopes[:, 1], color="tab:orange", label="by the spot price")
right.plot(strikes, bend, "--", color="tab:blue", label="second, by the quote")
right.set(xlabel="strike", title="Its derivatives")
right.legend()
