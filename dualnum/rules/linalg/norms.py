"""Norms of vectors and matrices, and condition numbers."""

from typing import Any

import numpy as np

from dualnum._core import Unnoted, is_near, real_dtype, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part, orders
from dualnum.rules._operands import as_dual_arrays, float_operands, numpy_result, operands
from dualnum.rules._registry import rule, rule_of_any
from dualnum.rules.linalg._helpers import inverse
from dualnum.rules.linalg.eigen import require_smooth
from dualnum.rules.linalg.svd import singular_values
from dualnum.rules.numpy_patches import numpy_implementation


@rule(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices; where every entry is 0, at its kink, all its derivatives are 0."""
    (x,) = operands("norm", x)
    values = np.linalg.norm(*float_operands(x), ord=ord, axis=axis, keepdims=keepdims)  # NumPy's checks, too
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (int(axis),)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if ord is None or (isinstance(ord, str) and ord in ("fro", "f")):
            result = power_norm(x, values, 2, axes)
        elif len(axes) == 1:
            result = _vector_norm(x, values, ord, axes)
        else:
            result = _matrix_norm(x, ord, axes)
    return numpy_result(np.asarray(result).reshape(np.shape(values)), values, x.dtype)


def power_norm(x: np.ndarray, values: np.ndarray, p: float, axes: tuple[int, ...]) -> np.ndarray:
    """Return ``(sum |x|^p)^(1/p)``, given NumPy's values, which decide where powers of the entries need scaling."""
    size = x if p % 2 == 0 else np.abs(x)
    limit = 1e280 ** (1 / ((abs(p) + 1) * max(degree(x.dtype), 1)))  # so that no power leaves float64's range
    with Unnoted():  # a power may underflow to zero
        norms = np.sqrt((x * x).sum(axis=axes)) if p == 2 else (size**p).sum(axis=axes) ** (1 / p)
    extreme = ~((values > 1 / limit) & (values < limit))
    if extreme.any():
        norms, extreme = np.asarray(norms), extreme.reshape(np.shape(norms))
        rows = np.moveaxis(size, axes, range(-len(axes), 0)).reshape(*extreme.shape, -1)
        zero = extreme & ~np.any(value(rows), axis=-1)
        if zero.any() and not is_near(x.dtype):  # the kink of every norm where all entries are 0
            norms[zero] = np.hypot.reduce(rows[zero], axis=-1)
        extreme &= ~zero
        if extreme.any():
            norms[extreme] = _scaled_norms(rows[extreme], float(p))
    return norms


def _scaled_norms(x, p):
    """Return the p-norms of rows whose powers overflow or underflow.

    With n the norm of the values, let the numbers be u n + H, where H is nilpotent.  ``((u + H/n)^p - u^p) n`` is the
    series ``sum_k C(p, k) u^(p-k) H (H/n)^(k-1)``, whose terms are in the range of the derivatives of the norm.  The
    p-th root of the sum is computed by the same series.
    """
    x0 = value(x)
    reach = (np.max if p > 0 else np.min)(np.abs(x0), axis=-1, keepdims=True)
    unit = np.ldexp(1.0, np.clip(np.frexp(reach)[1], -1022, 1022))
    n = np.sum(np.abs(x0 / unit) ** p, axis=-1, keepdims=True) ** (1 / p)
    zero = n == 0
    n = n + zero
    top = orders(x.dtype).sum(axis=0) == degree(x.dtype)

    def change_of_power(u, h, p):
        """Return ((u + h/n)^p - u^p) n."""
        quotient = components(h / unit / n)
        quotient[..., top] = 0  # the highest order meets only the value 0 of a term, and 0 * inf is nan
        quotient = from_components(quotient, x.dtype)
        total, term, weight = 0 * h, h, 1.0
        for k in range(degree(x.dtype)):
            weight = weight * (p - k) / (k + 1)
            if weight == 0:
                break
            total = total + nilpotent_part(weight * u ** (p - k - 1) * term)
            term = nilpotent_part(term * quotient)
        return total

    total = np.sum(change_of_power(x0 / unit / n, nilpotent_part(x.copy()), p), axis=-1, keepdims=True)
    return (change_of_power(1.0, total, 1 / p) * ~zero)[:, 0]


def _vector_norm(x, values, ord, axes):
    if ord == 0:
        return np.sum(x * 0.0, axis=axes)  # counts the entries other than 0: constant between jumps
    if np.isinf(ord):
        options = {"initial": np.zeros((), x.dtype)[()]} if ord > 0 and 0 in x.shape else {}
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axes, **options)
    return np.abs(x).sum(axis=axes) if ord == 1 else power_norm(x, values, ord, axes)


def _matrix_norm(x, ord, axes):
    rows, columns = (axis % x.ndim for axis in axes)
    if ord in (1, -1, np.inf, -np.inf):
        summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = np.sum(np.abs(x), axis=summed)
        if 0 in sums.shape:
            return np.sum(sums, axis=kept - (kept > summed))
        return (np.max if ord > 0 else np.min)(sums, axis=kept - (kept > summed))
    return norm_by_singular_values(np.moveaxis(x, (rows, columns), (-2, -1)), ord)


def norm_by_singular_values(matrices: np.ndarray, ord: Any) -> np.ndarray:
    """Return the norm of order 2, -2 or "nuc" of real or complex matrices."""
    if 0 in matrices.shape[-2:]:
        return np.sum(np.abs(matrices), axis=(-1, -2))
    s, smooth = singular_values(matrices, average=ord != "nuc")
    if ord == "nuc":
        return np.sum(s, axis=-1)  # smooth where every singular value is above zero
    at = 0 if ord == 2 else -1
    return require_smooth(f"norm(A, {ord}) and cond", s[..., at], smooth[..., at])


_vector_norm_of_array = numpy_implementation(np.linalg.vector_norm)


@rule(np.linalg.vector_norm)
def vector_norm(x, /, **options):
    """The norm of all entries, or of those along an axis; NumPy's own code would make a plain array of a scalar."""
    return _vector_norm_of_array(as_dual_arrays(np.asarray(x)), **options)


@rule_of_any(np.linalg.cond)
def cond(x, p=None):
    """The condition number: a ratio of singular values, or a norm times that of the inverse."""
    (x,) = operands("cond", x, or_complex=True)
    values = np.linalg.cond(*float_operands(x), p)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if p is None or p in (2, -2):
            s, smooth = singular_values(x, average=True)
            require_smooth("cond", s, smooth[..., [0, -1]])
            result = s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
        else:
            stack, flat = as_dual_arrays(x.reshape(-1, *x.shape[-2:])), np.reshape(values, -1)
            good = np.isfinite(flat)
            size = np.asarray(np.linalg.norm(stack, p, axis=(-2, -1)))
            result = size * flat  # infinite for singular A, where 1 / |A^-1| has a kink at 0
            if good.any():
                inverses = inverse(stack[good], np.linalg.inv(value(stack[good])))
                result[good] = size[good] * np.asarray(np.linalg.norm(inverses, p, axis=(-2, -1)))
    return numpy_result(np.reshape(np.asarray(result), np.shape(values)), values, real_dtype(x.dtype))
