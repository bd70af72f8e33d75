"""Determinants of complex matrices, by the formulas for real ones."""

import math

import numpy as np

from dualnum._core import imaginary_part, real_part, register_function_of_complex, value
from dualnum.rules._operands import float_operands
from dualnum.rules.complex._matrices import operands, with_values_of_numpy
from dualnum.rules.linalg.determinants import determinants, log_det


def det(a):
    """np.linalg.det."""
    (a,) = operands("det", a)
    values = np.linalg.det(*float_operands(a))
    result = values
    if a.size:
        with np.errstate(all="ignore"):  # NumPy has warned of the values
            result = determinants(a.reshape(-1, *a.shape[-2:]), values.reshape(-1))
    return with_values_of_numpy(result, values, a.dtype)


def slogdet(a):
    """np.linalg.slogdet: the phase and the logarithm of the modulus, which have no derivatives where A is singular."""
    (a,) = operands("slogdet", a)
    values = np.linalg.slogdet(*float_operands(a))
    log = np.zeros(a.shape[:-2], a.dtype)
    if a.size:
        with np.errstate(all="ignore"):  # NumPy has warned of the values
            regular = values.logabsdet > -math.inf
            log[~regular] = np.sum(a[~regular] * math.nan, axis=(-2, -1))
            log[regular] = log_det(np.linalg.inv(value(a[regular])), a[regular])
            sign = values.sign * np.exp(1j * imaginary_part(log))
    else:
        sign = log
    return type(values)(
        with_values_of_numpy(sign, values.sign, a.dtype),
        with_values_of_numpy(real_part(log), values.logabsdet, a.dtype),
    )


for _rule in (det, slogdet):
    register_function_of_complex(getattr(np.linalg, _rule.__name__), _rule)
