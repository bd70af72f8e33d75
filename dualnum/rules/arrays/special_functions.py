"""np.sinc and np.i0, whose code in NumPy has a constant or a kink at 0 where the functions are smooth."""

import numpy as np

from dualnum._core import value
from dualnum.rules._operands import float_operands, with_values
from dualnum.rules._registry import rule, values_from


@rule(np.sinc)
def sinc(x):
    """sin(pi x) / (pi x), by its series where |pi x| < 1: NumPy replaces x = 0 by a constant."""
    x = np.asarray(x)
    angle = np.pi * x
    near = np.abs(value(angle)) < 1
    small = np.where(near, angle, 0.0)
    square, term, series = small * small, np.ones_like(angle), np.ones_like(angle)
    for k in range(1, 12):
        term = term * square / (-2 * k * (2 * k + 1))
        series = series + term
    large = np.where(near, 1.0, angle)
    return with_values(np.where(near, series, np.sin(large) / large), np.sinc(*float_operands(x)))


@rule(np.i0)
@values_from(np.i0)
def i0(x):
    """The mean of cosh(x cos t) over n angles t, which converges exponentially in n and is free of cancellation.

    NumPy's own series is one in abs(x), which has a kink at 0.
    """
    x = np.asarray(x)
    size = np.abs(value(x))
    largest = np.max(size, where=np.isfinite(size), initial=0.0)
    n = 2 * int(np.sqrt(5 * min(largest, 720.0)) + 10)
    total = 0.0
    for k in range(n // 2):
        total = total + np.cosh(x * np.cos(np.pi * (k + 0.5) / n))
    return np.atleast_1d(total * (2 / n)).reshape(np.shape(np.i0(size)))
