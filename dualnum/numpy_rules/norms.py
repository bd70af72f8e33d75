"""Norms of vectors and matrices that are sums, roots and extrema of their entries."""

import numpy as np

from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.values import float_operands, with_values

__all__ = []


@numpy_rule(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices, which is 0 with all its derivatives at the kink where every entry is 0."""
    x = np.asarray(x)
    values = np.linalg.norm(*float_operands(x), ord=ord, axis=axis, keepdims=keepdims)  # NumPy's checks, too
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if ord is None or ord in ("fro", "f"):
            result = _vector_norm(x, 2, axes)
        elif len(axes) == 1:
            result = _vector_norm(x, ord, axes)
        else:
            result = _matrix_norm(x, ord, axes)
    return with_values(np.reshape(result, np.shape(values)), values)


def _vector_norm(x, ord, axes):
    if ord == 0:
        return np.sum(x * 0.0, axis=axes)  # a count of entries, constant between its jumps
    size = np.abs(x)
    if ord == np.inf:
        return np.max(size, axis=axes)
    if ord == -np.inf:
        return np.min(size, axis=axes)
    if ord == 1:
        return np.sum(size, axis=axes)
    total = np.sum(x * x if ord == 2 else size**ord, axis=axes)
    zero = total == 0
    root = np.sqrt(total + zero) if ord == 2 else (total + zero) ** (1 / ord)
    return root * ~zero


def _matrix_norm(x, ord, axes):
    if ord not in (1, -1, np.inf, -np.inf):
        raise TypeError(
            f"norm(x, ord={ord!r}) of matrices needs singular values, which have no rule for duals yet; use ord='fro'."
        )
    rows, columns = (axis % x.ndim for axis in axes)
    summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = np.sum(np.abs(x), axis=summed)
    return (np.max if ord > 0 else np.min)(sums, axis=kept - (kept > summed))
