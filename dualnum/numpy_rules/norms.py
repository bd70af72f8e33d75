"""Norms of vectors and matrices, and condition numbers."""

import numpy as np

from dualnum._core import value
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.eigen import checked
from dualnum.numpy_rules.singular import singular_values
from dualnum.numpy_rules.solve import inverse
from dualnum.numpy_rules.values import finished, float_operands, operands

__all__ = []


@numpy_rule(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices, which is 0 with all its derivatives at the kink where every entry is 0."""
    (x,) = operands("norm", x)
    values = np.linalg.norm(*float_operands(x), ord=ord, axis=axis, keepdims=keepdims)  # NumPy's checks, too
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if ord is None or (isinstance(ord, str) and ord in ("fro", "f")):
            result = _euclidean(x, values, axes)
        elif len(axes) == 1:
            result = _euclidean(x, values, axes) if ord == 2 else _vector_norm(x, ord, axes)
        else:
            result = _matrix_norm(x, ord, axes)
    return finished(np.reshape(np.asarray(result), np.shape(values)), values, x.dtype)


def _euclidean(x, values, axes):
    """Return the root of the sum of squares, given the values that NumPy finds for it."""
    if np.all((values > 1e-140) & (values < 1e140)):
        return np.sqrt(np.sum(x * x, axis=axes))
    scale = np.max(np.abs(value(x)), axis=axes, keepdims=True, initial=0)
    scale = np.where((scale > 1e-140) & (scale < 1e140) | (scale == 0) | ~np.isfinite(scale), 1.0, scale)
    y = x / scale  # so that squares neither overflow nor vanish
    total = np.sum(y * y, axis=axes)
    zero = np.equal(value(total), 0)
    return np.sqrt(total + zero) * ~zero * scale.reshape(np.shape(zero))


def _vector_norm(x, ord, axes):
    if ord == 0:
        return np.sum(x * 0.0, axis=axes)  # a count of entries, constant between its jumps
    size = np.abs(x)
    if np.isinf(ord):
        empty = np.zeros((), x.dtype)[()] if ord > 0 else np._NoValue
        return (np.max if ord > 0 else np.min)(
            size, axis=axes, **({"initial": empty} if 0 in x.shape else {})
        )
    if ord == 1:
        return np.sum(size, axis=axes)
    total = np.sum(size**ord, axis=axes)
    zero = np.equal(value(total), 0)
    return (total + zero) ** (1 / ord) * ~zero


def _matrix_norm(x, ord, axes):
    rows, columns = (axis % x.ndim for axis in axes)
    if ord in (1, -1, np.inf, -np.inf):
        summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = np.sum(np.abs(x), axis=summed)
        if 0 in sums.shape:
            return np.sum(sums, axis=kept - (kept > summed))
        return (np.max if ord > 0 else np.min)(sums, axis=kept - (kept > summed))
    matrices = np.moveaxis(x, (rows, columns), (-2, -1))
    if 0 in matrices.shape[-2:]:
        return np.sum(matrices, axis=(-1, -2))
    s, smooth = singular_values(matrices)
    if ord == "nuc":
        return np.sum(s, axis=-1)  # smooth where every singular value is above zero
    at = 0 if ord == 2 else -1
    checked(f"norm(A, {ord}) and cond", s, smooth[..., at])
    return s[..., at]


@numpy_rule(np.linalg.cond)
def cond(x, p=None):
    """The condition number: of singular values, or a norm times that of the inverse."""
    (x,) = operands("cond", x)
    values = np.linalg.cond(*float_operands(x), p)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if p is None or p in (2, -2):
            s, smooth = singular_values(x)
            checked("cond", s, smooth[..., [0, -1]])
            result = s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
        else:
            stack, flat = x.reshape(-1, *x.shape[-2:]), np.reshape(values, -1)
            good = np.isfinite(flat)
            size = np.asarray(norm(stack, p, axis=(-2, -1)))
            result = size * flat  # where it is infinite, 1 / |A^-1| is at its kink 0
            if good.any():
                a = stack[good]
                other = norm(inverse(a, np.linalg.inv(value(a))), p, axis=(-2, -1))
                result[good] = size[good] * np.asarray(other)
    return finished(np.reshape(np.asarray(result), np.shape(values)).copy(), values, x.dtype)
