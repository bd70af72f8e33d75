"""Functions of scipy.special on arrays, beside their derivatives written by hand, and on one number."""

import numpy as np

import dualnum as dn
from bench.case import Case, Contender

#: Slopes of (module, x, y).
SLOPES = {
    "erf": lambda special, x, y: 2 / np.sqrt(np.pi) * np.exp(-x * x),
    "ndtr": lambda special, x, y: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    "expit": lambda special, x, y: y * special.expit(-x),
    "gammaln": lambda special, x, y: special.psi(x),
    "j0": lambda special, x, y: -special.j1(x),
}


def special_function(name, n):
    def build():
        from scipy import special

        f, x = getattr(special, name), np.linspace(0.1, 3.0, n)
        df = dn.value_and_derivative(f)

        def by_hand():
            y = f(x)
            return y, SLOPES[name](special, x, y)

        return [
            Contender("scipy", lambda: f(x)),
            Contender("by hand", by_hand, by_hand()[1], read=lambda pair: pair[1]),
            Contender("dualnum", lambda: df(x), by_hand()[1], 1e-13, read=lambda pair: pair[1]),
        ]

    return Case(f"special/{name}/n={n}", build, n=n)


def of_one_number(name):
    def build():
        from scipy import special

        f, x = getattr(special, name), dn.seed(np.array([0.7]))[0]
        slope = SLOPES[name](special, 0.7, f(0.7))
        return [
            Contender("scipy", lambda: f(0.7)),
            Contender("dualnum", lambda: f(x), slope, 1e-13, read=lambda y: dn.tangent(y)[0]),
        ]

    return Case(f"special/{name}/one number", build)


CASES = [special_function(name, n) for name in SLOPES for n in (1000, 100_000)]
CASES += [of_one_number(name) for name in SLOPES]
