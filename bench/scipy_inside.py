"""SciPy inside the function: uncertainties, differential equations and densities, beside the plain functions."""

import numpy as np

import dualnum as dn
from bench.case import Case, Contender

RATES = np.array([1.5, 1.0, 3.0, 1.0])


def wave(x):
    return np.exp(-(x**2)) * np.sin(x)


def independent():
    x, sigma = np.random.default_rng(0).normal(size=100_000), np.full(100_000, 0.01)
    slope = np.exp(-(x**2)) * (np.cos(x) - 2 * x * np.sin(x))

    def propagated():
        return dn.propagate(wave, x, sigma, elementwise=True)[1]

    return [
        Contender("function", lambda: wave(x)),
        Contender("dualnum", propagated, np.abs(slope) * sigma, 1e-12),
    ]


def correlated():
    t, p = np.linspace(0, 1, 1000), np.linspace(1, 2, 8)
    root = np.random.default_rng(1).normal(size=(8, 8)) / 100

    def model(p):
        return sum(p[i] * np.exp(-p[i + 1] * t) for i in range(7))

    def by_hand():
        rows = [np.exp(-p[1] * t)]
        rows += [np.exp(-p[i + 1] * t) - p[i - 1] * t * np.exp(-p[i] * t) for i in range(1, 7)]
        j = np.stack([*rows, -p[6] * t * np.exp(-p[7] * t)], axis=1)
        return j @ (root @ root.T) @ j.T

    return [
        Contender("function", lambda: model(p)),
        Contender("by hand", by_hand),
        Contender("dualnum", lambda: dn.propagate(model, p, root @ root.T)[1], by_hand(), 1e-11),
    ]


def predators():
    from scipy.integrate import solve_ivp

    def end(p):
        def right(t, y):
            return np.stack([p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]])

        return solve_ivp(right, (0, 5), np.array([10.0, 5.0]), rtol=1e-6).y[0, -1]

    slope = dn.gradient(end)
    return [Contender("function", lambda: end(RATES)), Contender("dualnum", lambda: slope(RATES))]


def densities():
    from scipy.stats import norm

    x = np.random.default_rng(2).normal(size=10_000)

    def log_likelihood(p):
        return np.sum(norm.logpdf(x, p[0], p[1]))

    p, slope = np.array([0.1, 1.2]), dn.gradient(log_likelihood)
    z = (x - p[0]) / p[1]
    expected = np.array([np.sum(z) / p[1], np.sum(z * z - 1) / p[1]])
    return [
        Contender("function", lambda: log_likelihood(p)),
        Contender("dualnum", lambda: slope(p), expected, 1e-10),
    ]


CASES = [
    Case("scipy/propagate/n=100000", independent, 100_000),
    Case("scipy/propagate_8_to_1000", correlated),
    Case("scipy/solve_ivp", predators),
    Case("scipy/norm_logpdf", densities),
]
