"""Options, bonds, portfolios."""
# ruff: noqa

import functools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from statistics import NormalDist, mean, pstdev

import numpy as np
from scipy import optimize, stats
from scipy.stats import norm


def cnd(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def black_scholes(S, K=100.0, T=1.0, r=0.02, sigma=0.25):
    d1 = (math.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * math.sqrt(T))
    d2 = d1 - sigma * math.sqrt(T)
    return S * cnd(d1) - K * math.exp(-r * T) * cnd(d2)


def black_scholes_scipy(S, sigma):
    d1 = (np.log(S / 95.0) + (0.01 + sigma**2 / 2) * 0.5) / (sigma * np.sqrt(0.5))
    return S * norm.cdf(d1) - 95.0 * np.exp(-0.005) * norm.cdf(d1 - sigma * np.sqrt(0.5))


def black_scholes_statistics(sigma):
    N = NormalDist().cdf
    d1 = (0.03 + sigma**2 / 2) / sigma
    return 100 * N(d1) - 97 * N(d1 - sigma)


def binomial_tree(S0):
    n, dt, sigma, r, K = 30, 1 / 30, 0.3, 0.05, 100.0
    u = math.exp(sigma * math.sqrt(dt))
    d = 1 / u
    p = (math.exp(r * dt) - d) / (u - d)
    V = np.zeros(n + 1)
    for j in range(n + 1):
        V[j] = max(0.0, K - S0 * u**j * d ** (n - j))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            V[j] = math.exp(-r * dt) * (p * V[j + 1] + (1 - p) * V[j])
            V[j] = max(V[j], K - S0 * u**j * d ** (i - j))
    return V[0]


def implied_vol(price):
    def objective(sigma):
        return black_scholes(100.0, sigma=sigma) - price

    return optimize.brentq(objective, 0.01, 2.0, xtol=1e-15, rtol=1e-15)


def bond_price(y):
    return sum(5.0 / (1 + y) ** t for t in range(1, 11)) + 100.0 / (1 + y) ** 10


def yield_to_maturity(price):
    y = 0.05
    for _ in range(100):
        f = bond_price(y) - price
        df = sum(-t * 5.0 / (1 + y) ** (t + 1) for t in range(1, 11)) - 1000.0 / (1 + y) ** 11
        step = f / df
        y = y - step
        if abs(step) < 1e-15:
            return y
    raise RuntimeError("no convergence")


def monte_carlo_call(sigma):
    rng = np.random.default_rng(42)
    z = rng.standard_normal(500)
    ST = 100 * np.exp(-0.5 * sigma**2 + sigma * z)
    return np.mean(np.maximum(ST - 100.0, 0.0))


def monte_carlo_normal(mu):
    rng = np.random.default_rng(7)
    r = rng.normal(mu, 0.2, size=200)
    return np.exp(r).mean()


def path_dependent(sigma):
    np.random.seed(3)
    S = np.ones(51) * 100.0
    for t in range(1, 51):
        S[t] = S[t - 1] * np.exp(-0.5 * sigma**2 * 0.02 + sigma * math.sqrt(0.02) * np.random.randn())
    return max(S.mean() - 90, 0)


def portfolio_variance(w):
    w = np.asarray(w, dtype=np.float64)
    cov = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.02], [0.0, 0.02, 0.16]])
    return float(np.sqrt(w.T @ cov @ w))


def sharpe(returns):
    r = [float(v) for v in returns]
    return mean(r) / pstdev(r)


def max_drawdown(scale):
    prices = [100, 110, 95, 120, 80, 130]
    peak, worst = -math.inf, 0.0
    for p in prices:
        p = p**scale
        peak = max(peak, p)
        worst = min(worst, (p - peak) / peak)
    return worst


def nelson_siegel(beta):
    t = np.array([0.5, 1, 2, 5, 10, 30])
    b0, b1, b2, tau = beta
    x = t / tau
    loading = (1 - np.exp(-x)) / x
    y = b0 + b1 * loading + b2 * (loading - np.exp(-x))
    return y


class Instrument(ABC):
    @abstractmethod
    def price(self, rate: float) -> float: ...

    def dv01(self, rate):
        return (self.price(rate + 1e-4) - self.price(rate - 1e-4)) / 2


@dataclass
class Swap(Instrument):
    fixed: float
    tenors: list = field(default_factory=lambda: [1, 2, 3, 4, 5])

    def price(self, rate):
        dfs = np.array([1 / (1 + rate) ** t for t in self.tenors])
        return self.fixed * dfs.sum() - (1 - dfs[-1])


def swap_price(rate):
    return Swap(0.03).price(rate)


def swap_dv01(rate):
    return Swap(0.03).dv01(rate)


@functools.lru_cache(maxsize=None)
def discount(rate, t):
    return math.exp(-rate * t)


def cached_annuity(rate):
    return sum(discount(rate, t) for t in range(1, 6))


def garch_likelihood(params):
    omega, alpha, beta = params
    r = np.sin(np.arange(1, 41) * 1.7) * 0.02
    h = np.zeros(len(r))
    h[0] = np.var(r)
    ll = 0.0
    for t in range(1, len(r)):
        h[t] = omega + alpha * r[t - 1] ** 2 + beta * h[t - 1]
        ll += -0.5 * (math.log(2 * math.pi) + math.log(h[t]) + r[t] ** 2 / h[t])
    return ll


def value_at_risk(sigma):
    return stats.norm.ppf(0.99, loc=0.01, scale=sigma)


def student_loglik(nu):
    x = np.array([-1.2, 0.3, 2.2])
    return np.sum(stats.t.logpdf(x, df=nu))


CASES = [
    (black_scholes, 103.0),
    (black_scholes, (103.0, 98.0, 0.7, 0.03, 0.2)),
    (black_scholes_scipy, (100.0, 0.2)),
    (black_scholes_statistics, 0.3),
    (binomial_tree, 101.3),
    (implied_vol, 12.0),
    (bond_price, 0.04),
    (yield_to_maturity, 97.0),
    (monte_carlo_call, 0.2),
    (monte_carlo_normal, 0.05),
    (path_dependent, 0.3),
    (portfolio_variance, [0.2, 0.5, 0.3]),
    (sharpe, [0.01, -0.02, 0.03, 0.015]),
    (max_drawdown, 1.1),
    (nelson_siegel, np.array([0.04, -0.02, 0.01, 1.8])),
    (swap_price, 0.025),
    (swap_dv01, 0.025),
    (cached_annuity, 0.04),
    (garch_likelihood, np.array([1e-5, 0.1, 0.8])),
    (value_at_risk, 0.2),
    (student_loglik, 4.5),
]
