"""Functions that NumPy writes in Python in a way that hides a derivative."""

import numpy as np

from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.values import float_operands, with_values

__all__ = []


@numpy_rule(np.sinc)
def sinc(x):
    """sin(pi x) / (pi x), by its series where |pi x| < 1: NumPy puts a constant in the place of x = 0."""
    x = np.asarray(x)
    angle = np.pi * x
    near = np.abs(angle) < 1
    small = np.where(near, angle, 0.0)
    square, term, series = small * small, np.ones_like(angle), np.ones_like(angle)
    for k in range(1, 12):
        term = term * square / (-2 * k * (2 * k + 1))
        series = series + term
    large = np.where(near, 1.0, angle)
    return with_values(np.where(near, series, np.sin(large) / large), np.sinc(*float_operands(x)))
