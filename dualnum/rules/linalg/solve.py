"""Inverses, solutions of linear systems and powers of matrices, real or complex."""

import math

import numpy as np

from dualnum._core import DualArray, value
from dualnum.rules._operands import dtype_of, float_operands, numpy_result, operands
from dualnum.rules._registry import rule_of_any
from dualnum.rules.linalg._helpers import inverse, solution


@rule_of_any(np.linalg.inv)
def inv(a):
    """The inverse: ``d A^-1 = -A^-1 dA A^-1``."""
    (a,) = operands("inv", a, or_complex=True)
    values = np.linalg.inv(*float_operands(a))
    return numpy_result(inverse(a, values), values, a.dtype)


@rule_of_any(np.linalg.solve)
def solve(a, b):
    """The solution x of ``a x = b``: ``dx = A^-1 (db - dA x)``."""
    a, b = operands("solve", a, b, or_complex=True)
    a0, b0 = float_operands(a, b)
    values = np.linalg.solve(a0, b0)
    if b.ndim == 1:
        return numpy_result(solution(a, b[:, None], values[..., None], a0)[..., 0], values, dtype_of(a, b))
    return numpy_result(solution(a, b, values, a0), values, dtype_of(a, b))


@rule_of_any(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """The inverse of a tensor that maps its last axes to its first `ind` axes."""
    (a,) = operands("tensorinv", a, or_complex=True)
    values = np.linalg.tensorinv(*float_operands(a), ind=ind)
    matrix = a.reshape(-1, math.prod(a.shape[ind:]))
    return numpy_result(inverse(matrix, values.reshape(matrix.shape)).reshape(values.shape), values, a.dtype)


@rule_of_any(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """The tensor x of ``tensordot(a, x, x.ndim) = b``."""
    a, b = operands("tensorsolve", a, b, or_complex=True)
    values = np.linalg.tensorsolve(*float_operands(a, b), axes=axes)
    if axes is not None:
        last = [axis % a.ndim for axis in axes]
        a = a.transpose([i for i in range(a.ndim) if i not in last] + last)
    result = solution(a.reshape(b.size, b.size), b.reshape(-1, 1), values.reshape(-1, 1))
    return numpy_result(result.reshape(values.shape), values, dtype_of(a, b))


@rule_of_any(np.linalg.matrix_power)
def matrix_power(a, n):
    """The product of n matrices, or of -n inverses."""
    (a,) = operands("matrix_power", a, or_complex=True)
    values = np.linalg.matrix_power(*float_operands(a), n)
    n = int(np.asarray(n))
    if n == 1:
        return a.view(DualArray)  # not a copy, as in NumPy
    if n < 0:
        a, n = inverse(a, np.linalg.inv(value(a))), -n
    if n == 0:
        return numpy_result(values.astype(a.dtype), values)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result, square = None, a
        while True:
            if n % 2:
                result = square if result is None else result @ square
            n //= 2
            if not n:
                break
            square = square @ square
    return numpy_result(result.copy(), values)
