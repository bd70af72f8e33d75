"""Eigenvalues and eigenvectors."""

from collections.abc import Callable

import numpy as np

from dualnum._core import value
from dualnum.rules._operands import float_operands, numpy_result, operands
from dualnum.rules._registry import rule
from dualnum.rules.linalg._helpers import EPSILON, symmetric, transpose
from dualnum.rules.linalg.repeated_eigenvalues import (
    ORTHOGONAL_NOISE,
    block_values,
    decoupled,
    equal_values,
    multiples,
)


class NotSmooth(ValueError):
    """Eigenvalues or singular values have no derivatives."""


def require_smooth(name: str, w: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """Return w; raise ValueError where one of these eigenvalues or singular values has no derivatives."""
    if not smooth.all():
        raise NotSmooth(
            f"{name}(A) of duals expects distinct values beyond first order, got repeated ones that have no second "
            f"derivatives; use trace, det, norm(A, 'fro') or matrix_power, which do."
        )
    return w


def _require_distinct(name, c, blocks):
    """Return the eigenvalues; raise ValueError where equal ones have different derivatives."""
    if not multiples(c, blocks):
        raise ValueError(
            f"{name}(A) of duals expects distinct eigenvalues: the vectors of repeated ones have no derivatives; "
            f"{'eigvals' if name == 'eig' else 'eigvalsh'}(A) needs no vectors."
        )
    return c if blocks is None else np.diagonal(c, axis1=-2, axis2=-1).copy()


def triangle(name: str, uplo: str) -> bool:
    """Return whether NumPy reads the lower triangle; raise ValueError unless UPLO is 'L' or 'U'."""
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueError(f"{name} expects UPLO to be 'L' or 'U', got {uplo!r}.")
    return uplo.upper() == "L"


@rule(np.linalg.eigh)
def eigh(a, UPLO="L"):
    """Eigenvalues and vectors of the symmetric matrix with the triangle of a that NumPy reads."""
    (a,) = operands("eigh", a)
    values = np.linalg.eigh(*float_operands(a), UPLO)
    w0, v0 = values
    whole = symmetric(a, triangle("eigh", UPLO))
    same, *_ = equal_values(value(whole), w0, v0, transpose(v0), unit=ORTHOGONAL_NOISE)
    c, v, blocks = decoupled(whole, w0, v0, transpose(v0), True, same)
    w = _require_distinct("eigh", c, blocks)
    return type(values)(numpy_result(w, w0, a.dtype), numpy_result(v, v0, a.dtype))


@rule(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    """Eigenvalues of a symmetric matrix; repeated ones share first derivatives and follow their branches."""
    (a,) = operands("eigvalsh", a)
    values = np.linalg.eigvalsh(*float_operands(a), UPLO)
    whole = symmetric(a, triangle("eigvalsh", UPLO))
    w0, v0 = np.linalg.eigh(value(whole))
    same, v0, left = equal_values(value(whole), w0, v0, transpose(v0), unit=ORTHOGONAL_NOISE)
    c, _, blocks = decoupled(whole, w0, v0, left, True, same, vectors=False)
    w = c if blocks is None else require_smooth("eigvalsh", *block_values(c, blocks, True))
    return numpy_result(w, values, a.dtype)


def _not_diagonalisable(name):
    return ValueError(
        f"{name}(A) of duals expects A to be diagonalisable: elsewhere eigenvalues have no derivatives."
    )


@np.errstate(all="ignore")
def _balanced(name, a, v):
    """Return (D^-1 A D, D^-1 V, V^-1 D) with a diagonal D that makes rows of V and columns of V^-1 about equally long.

    The columns of D^-1 V have length 1.  Raises ValueError where V is nearly singular, as of a defective A.
    """
    if v.size and (np.linalg.cond(v) > 1e12).any():
        raise _not_diagonalisable(name)
    left = np.linalg.inv(v)
    ratio = np.linalg.norm(v, axis=-1) / np.linalg.norm(left, axis=-2)
    unit = np.exp2(np.rint(np.log2(ratio) / 2))[..., None]  # powers of two, which round nothing
    length = np.linalg.norm(v / unit, axis=-2, keepdims=True)
    return a / unit * transpose(unit), v / unit / length, left * transpose(unit * length)


def _equal_values(name, a, w, v, left):
    """Return (same, v, left) as equal_values does; raise ValueError where A is defective up to rounding.

    There rounding the entries of A changes eigenvalues that are not repeated by more than their difference.
    """
    same, v, left = equal_values(a, w, v, left)
    error = 4 * EPSILON * (np.abs(left) * transpose(np.abs(a) @ np.abs(v))).sum(axis=-1)
    close = np.abs(w[..., :, None] - w[..., None, :]) <= np.minimum(error[..., :, None], error[..., None, :])
    if (close > same).any():
        raise _not_diagonalisable(name)
    return same, v, left


#: Functions of complex matrices, or of complex eigenvalues, by name: dualnum.rules.complex.eigen enters them.
OF_COMPLEX: dict[str, Callable] = {}


@rule(np.linalg.eig)
def eig(a):
    """Eigenvalues and vectors of length 1."""
    (a,) = operands("eig", a)
    values = np.linalg.eig(*float_operands(a))
    if np.imag(values.eigenvalues).any():
        return OF_COMPLEX["eig"](a, values)
    w0, v0 = map(np.real, values)  # NumPy 2.5 gives real ones imaginary parts 0
    balanced, v, left = _balanced("eig", a, v0)
    same, *_ = _equal_values("eig", value(balanced), w0, v, left)
    c, v, blocks = decoupled(a, w0, v0, np.linalg.inv(v0), False, same)
    w = _require_distinct("eig", c, blocks)
    return type(values)(numpy_result(w, w0, a.dtype), numpy_result(v, v0, a.dtype))


@rule(np.linalg.eigvals)
def eigvals(a):
    """Eigenvalues; repeated real ones share first derivatives and follow their branches."""
    (a,) = operands("eigvals", a)
    values = np.linalg.eigvals(*float_operands(a))
    w0, v0 = np.linalg.eig(value(a))
    if np.imag(values).any() or np.imag(w0).any():
        return OF_COMPLEX["eigvals"](a, values)
    values, w0, v0 = map(np.real, (values, w0, v0))
    a, v0, left = _balanced("eigvals", a, v0)
    same, v0, left = _equal_values("eigvals", value(a), w0, v0, left)
    c, _, blocks = decoupled(a, w0, v0, left, False, same, vectors=False)
    w = c if blocks is None else require_smooth("eigvals", *block_values(c, blocks, False))
    ordered, ascending = np.empty_like(w), np.take_along_axis(w, np.argsort(w0, axis=-1), -1)
    np.put_along_axis(ordered, np.argsort(values, axis=-1), ascending, -1)  # eig's order may be another one
    return numpy_result(ordered, values, a.dtype)
