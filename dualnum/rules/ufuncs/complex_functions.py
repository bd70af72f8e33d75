"""scipy.special of complex numbers: Taylor coefficients from differential equations and recurrences.

A function of `SERIES` gets the values v, SciPy's f(v) and a degree d, as those of dualnum.rules.complex.functions.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import real_part, register_complex_rule, value
from dualnum.rules._components import degree
from dualnum.rules.complex._elements import compose
from dualnum.rules.complex.functions import holomorphic

_ROOT_PI = math.sqrt(math.pi)


def _of_linear_equation(y, v, a, b, d):
    """Return the coefficients of a solution of y' = a z y + b."""
    c = [y]
    for k in range(d):
        before = c[k - 1] if k else 0.0
        c.append((a * (v * c[k] + before) + (b if k == 0 else 0.0)) / (k + 1))
    return c


def _integral(y, slopes):
    """Return the coefficients of a function with this value and the coefficients of its derivative."""
    return [y, *(c / (k + 1) for k, c in enumerate(slopes))]


def _of_gaussian(y, v, factor, sign, d):
    """Return the coefficients of a function with the slope factor exp(sign z^2)."""
    slopes = _of_linear_equation(factor * np.exp(sign * v * v), v, 2 * sign, 0.0, d - 1) if d else []
    return _integral(y, slopes)


def _of_exponential_over(y, v, sign, factor, d):
    """Return the coefficients of a function with the slope factor exp(sign z) / z."""
    slopes = []
    for k in range(d):  # z s = factor exp(sign z)
        term = factor * np.exp(sign * v) * sign**k / math.factorial(k)
        slopes.append((term - (slopes[-1] if k else 0.0)) / v)
    return _integral(y, slopes)


SERIES = {
    "wofz": lambda v, y, d: _of_linear_equation(y, v, -2.0, 2j / _ROOT_PI, d),
    "erfcx": lambda v, y, d: _of_linear_equation(y, v, 2.0, -2 / _ROOT_PI, d),
    "dawsn": lambda v, y, d: _of_linear_equation(y, v, -2.0, 1.0, d),
    "erf": lambda v, y, d: _of_gaussian(y, v, 2 / _ROOT_PI, -1, d),
    "erfc": lambda v, y, d: _of_gaussian(y, v, -2 / _ROOT_PI, -1, d),
    "erfi": lambda v, y, d: _of_gaussian(y, v, 2 / _ROOT_PI, 1, d),
    "exp1": lambda v, y, d: _of_exponential_over(y, v, -1, -1.0, d),
    "expi": lambda v, y, d: _of_exponential_over(y, v, 1, 1.0, d),
}

for _name, _series in SERIES.items():
    register_complex_rule(getattr(special, _name), "CC", holomorphic(getattr(special, _name), _series))


def _bessel(function, sign, factor=1.0):
    """Return the rule of a Bessel function, f_n' = factor (f_(n-1) + sign f_(n+1)) / 2 of constant order."""

    def rule(order, z):
        v = np.asarray(value(z))
        coefficients = [function(order, v)]
        with np.errstate(all="ignore"):
            for k in range(1, degree(real_part(z).dtype) + 1):
                terms = (math.comb(k, i) * sign**i * function(order - k + 2 * i, v) for i in range(k + 1))
                coefficients.append((factor / 2) ** k * sum(terms) / math.factorial(k))
        return compose(coefficients, z)

    return rule


for _name, _sign, _factor in (
    ("jv", -1, 1.0),
    ("yv", -1, 1.0),
    ("hankel1", -1, 1.0),
    ("hankel2", -1, 1.0),
    ("iv", 1, 1.0),
    ("kv", 1, -1.0),
):
    register_complex_rule(getattr(special, _name), "dCC", _bessel(getattr(special, _name), _sign, _factor))
