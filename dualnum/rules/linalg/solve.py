"""
Inverses and solutions of linear systems.

The values are factored, once for themselves and once for all tangents; the nilpotent part is iterated: each pass of
``x += A0^-1 (b - A x)`` makes one more order exact, whatever the levels.
"""

import math

import numpy as np

from dualnum._core import DualArray, value
from dualnum.rules import numpy_rule
from dualnum.rules._operands import (
    components,
    degree,
    dtype_of,
    finished,
    float_operands,
    nilpotent,
    of_components,
    operands,
)

__all__ = []


def transpose(a):
    """Swap the last two axes."""
    return a.swapaxes(-1, -2)


def symmetric(a, lower=True):
    """Return the symmetric matrix of which NumPy reads one triangle."""
    read = np.tri(a.shape[-1], dtype=bool)
    return np.where(read if lower else read.T, a, transpose(a)) + 0.0  # not -0.0, whose sign LAPACK looks at


def _divider(a0, passes):
    """Return r -> a0^-1 r: by a factorisation where there is one right-hand side, else by the inverse."""
    if passes > 1:
        inverse = np.linalg.inv(a0)
        return lambda r: inverse @ r

    def divide(r):
        numbers = components(r)
        columns = numbers.reshape(*r.shape[:-1], math.prod(numbers.shape[-2:]))
        quotient = np.linalg.solve(a0, columns)
        return of_components(quotient.reshape(*quotient.shape[:-1], *numbers.shape[-2:]), r.dtype)

    return divide


@np.errstate(all="ignore")
def solution(a, b, x, a0=None):
    """Return a^-1 b with its derivatives, given its values x and perhaps those of a; b and x are matrices."""
    a0 = value(a) if a0 is None else a0
    if degree(a.dtype) == 0:
        return _divider(a0, 1)(nilpotent(b.copy())) + x if degree(b.dtype) else x
    passes = degree(dtype_of(a, b))
    divide = _divider(a0, passes)
    for _ in range(passes):
        x = x + divide(nilpotent(b - a @ x))
    return x


@np.errstate(all="ignore")
def inverse(a, x0):
    """Return a^-1 with its derivatives, given its values."""
    x, one = x0, np.eye(a.shape[-1])
    for _ in range(degree(a.dtype)):
        x = x + x0 @ nilpotent(one - a @ x)
    return x


@numpy_rule(np.linalg.inv)
def inv(a):
    """The inverse: ``d A^-1 = -A^-1 dA A^-1``."""
    (a,) = operands("inv", a)
    values = np.linalg.inv(*float_operands(a))
    return finished(inverse(a, values), values, a.dtype)


@numpy_rule(np.linalg.solve)
def solve(a, b):
    """The solution x of ``a x = b``: ``dx = A^-1 (db - dA x)``."""
    a, b = operands("solve", a, b)
    a0, b0 = float_operands(a, b)
    values = np.linalg.solve(a0, b0)
    if b.ndim == 1:
        return finished(solution(a, b[:, None], values[..., None], a0)[..., 0], values, dtype_of(a, b))
    return finished(solution(a, b, values, a0), values, dtype_of(a, b))


@numpy_rule(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """The inverse of a tensor as a map from its last axes to its first ind."""
    (a,) = operands("tensorinv", a)
    values = np.linalg.tensorinv(*float_operands(a), ind=ind)
    matrix = a.reshape(-1, math.prod(a.shape[ind:]))
    return finished(inverse(matrix, values.reshape(matrix.shape)).reshape(values.shape), values, a.dtype)


@numpy_rule(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """The tensor x of ``tensordot(a, x, x.ndim) = b``."""
    a, b = operands("tensorsolve", a, b)
    values = np.linalg.tensorsolve(*float_operands(a, b), axes=axes)
    if axes is not None:
        moved = [axis % a.ndim for axis in axes]
        a = a.transpose([i for i in range(a.ndim) if i not in moved] + moved)
    result = solution(a.reshape(b.size, b.size), b.reshape(-1, 1), values.reshape(-1, 1))
    return finished(result.reshape(values.shape), values, dtype_of(a, b))


@numpy_rule(np.linalg.matrix_power)
def matrix_power(a, n):
    """The product of n matrices, or of -n inverses."""
    (a,) = operands("matrix_power", a)
    values = np.linalg.matrix_power(*float_operands(a), n)
    n = int(np.asarray(n))
    if n == 1:
        return a.view(DualArray)  # as NumPy's, the array itself
    if n < 0:
        a, n = inverse(a, np.linalg.inv(value(a))), -n
    if n == 0:
        return finished(values.astype(a.dtype), values)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result, square = None, a
        while True:
            if n % 2:
                result = square if result is None else result @ square
            n //= 2
            if not n:
                break
            square = square @ square
    return finished(result.copy(), values)
