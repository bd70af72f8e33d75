"""Operations on stacks of matrices that several rules share."""

import math
from typing import Any

import numpy as np

from dualnum._core import complex_from, imaginary_part, real_part, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import as_dual_arrays, dtype_of

EPSILON = np.finfo(float).eps


def transpose(a: np.ndarray) -> np.ndarray:
    """Return a with its last two axes swapped."""
    return a.swapaxes(-1, -2)


def adjoint(a: np.ndarray) -> np.ndarray:
    """Return a with its last two axes swapped, and the conjugate of complex numbers."""
    return transpose(np.conjugate(a) if np.iscomplexobj(a) else a)


def symmetric(a: np.ndarray, lower: bool = True) -> np.ndarray:
    """Return the symmetric, or Hermitian, matrix with the triangle of a that NumPy reads, and a real diagonal."""
    read = np.tri(a.shape[-1], dtype=bool)
    whole = np.where(read if lower else read.T, a, adjoint(a)) + 0.0  # not -0.0, whose sign LAPACK looks at
    if not np.iscomplexobj(whole):
        return whole
    diagonal = np.eye(a.shape[-1], dtype=bool)
    return complex_from(real_part(whole), np.where(diagonal, 0.0, imaginary_part(whole)))


def squares(a: np.ndarray) -> np.ndarray:
    """Return the squares of numbers, or of the moduli of complex ones: they have no kink."""
    return real_part(a) ** 2 + imaginary_part(a) ** 2 if np.iscomplexobj(a) else a**2


def rank_tolerance(shape: tuple[int, ...]) -> float:
    """Return the ratio to the largest singular value up to which one may be zero, for a matrix of this shape."""
    return 8 * max(shape) * EPSILON


def _divider(a0, passes):
    """Return r -> a0^-1 r: by a factorisation where one pass has the only right-hand side, else by the inverse."""
    if passes > 1:
        inverse = np.linalg.inv(a0)
        return lambda r: inverse @ r

    def divide(r):
        numbers = components(r)
        columns = numbers.reshape(*r.shape[:-1], math.prod(numbers.shape[-2:]))
        quotient = np.linalg.solve(a0, columns)
        return from_components(quotient.reshape(*quotient.shape[:-1], *numbers.shape[-2:]), r.dtype)

    return divide


@np.errstate(all="ignore")
def solution(a: np.ndarray, b: np.ndarray, x: np.ndarray, a0: np.ndarray | None = None) -> np.ndarray:
    """Return A^-1 b with its derivatives, given its values x and perhaps those of A; b and x are matrices.

    Each pass of ``x += A0^-1 (b - A x)`` makes one more order exact, whatever the levels.
    """
    a0 = value(a) if a0 is None else a0
    if degree(a.dtype) == 0:
        return _divider(a0, 1)(nilpotent_part(b.copy())) + x if degree(b.dtype) else x
    passes = degree(dtype_of(a, b))
    divide = _divider(a0, passes)
    for _ in range(passes):
        x = x + divide(nilpotent_part(b - a @ x))
    return x


@np.errstate(all="ignore")
def inverse(a: np.ndarray, x0: np.ndarray) -> np.ndarray:
    """Return A^-1 with its derivatives, given its values, by passes of ``X += X0 (1 - A X)``."""
    x, one = x0, np.eye(a.shape[-1])
    for _ in range(degree(a.dtype)):
        x = x + x0 @ nilpotent_part(one - a @ x)
    return x


def scaled_least_squares(matrix: np.ndarray, y: np.ndarray, w: Any, rcond: float | None) -> tuple:
    """Return ((x, residuals, rank, singular values, rcond), scaled matrix, scale) of least squares for matrix x = y.

    The rows are multiplied by w and the columns divided by their lengths, scale, as in NumPy's polynomial fits.
    """
    rcond = len(y) * EPSILON if rcond is None else rcond
    if w is not None:
        w = np.asarray(w)
        matrix, y = matrix * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt(np.sum(matrix * matrix, axis=0))
    scale = np.where(scale == 0, 1.0, scale)
    matrix = as_dual_arrays(matrix / scale)
    x, *details = np.linalg.lstsq(matrix, as_dual_arrays(y), rcond)
    return ((x.T / scale).T, *details, rcond), matrix, scale
