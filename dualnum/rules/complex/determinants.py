"""Phases and logarithms of the determinants of complex matrices."""

import math

import numpy as np

from dualnum._core import imaginary_part, real_part, register_function_of_complex, value
from dualnum.rules._operands import complex_operands, float_operands
from dualnum.rules.complex._matrices import with_values_of_numpy
from dualnum.rules.linalg.determinants import log_det


def slogdet(a):
    """np.linalg.slogdet: the phase and the logarithm of the modulus, which have no derivatives where A is singular."""
    (a,) = complex_operands("slogdet", a)
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


register_function_of_complex(np.linalg.slogdet, slogdet)
