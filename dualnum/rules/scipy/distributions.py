"""scipy.stats: helpers of its distributions that compute with complex numbers or in compiled code."""

import numpy as np
from scipy import special
from scipy.stats import _continuous_distns

from dualnum._core import value
from dualnum.rules._operands import float_arguments, numpy_result
from dualnum.rules._registry import rule


def _log_difference(p, q):
    """Return log(exp(p) - exp(q)) for p >= q."""
    return p + np.log(-np.expm1(q - p))


def _rule(original, formula):
    def on_duals(*args):
        values = np.real(original(*float_arguments(args)))
        with np.errstate(all="ignore"):
            return numpy_result(np.array(formula(*args)), values)

    return on_duals


def _log_gauss_mass(a, b):
    """Return the logarithm of the normal probability of a < x < b, by the tail that is nearer."""
    a, b = np.broadcast_arrays(np.atleast_1d(np.array(a)), np.atleast_1d(np.array(b)))
    left, right = value(b) <= 0, value(a) > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    tail = _log_difference(special.log_ndtr(high), special.log_ndtr(low))
    center = np.log1p(-special.ndtr(a) - special.ndtr(-b))
    return np.where(left | right, tail, center)


for _name, _formula in {"_log_diff": _log_difference, "_log_gauss_mass": _log_gauss_mass}.items():
    if hasattr(_continuous_distns, _name):
        rule(getattr(_continuous_distns, _name))(_rule(getattr(_continuous_distns, _name), _formula))
