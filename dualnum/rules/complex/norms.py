"""Norms of complex vectors and matrices, and condition numbers: by the moduli, or by the singular values."""

import numpy as np

from dualnum._core import DualArray, register_function_of_complex, value
from dualnum.rules._operands import float_arguments, float_operands
from dualnum.rules.complex._elements import parts
from dualnum.rules.complex._matrices import operands, with_values_of_numpy
from dualnum.rules.complex.eigen import singular_values
from dualnum.rules.linalg.eigen import require_smooth
from dualnum.rules.linalg.norms import power_norm
from dualnum.rules.numpy_patches import numpy_implementation


def norm(x, ord=None, axis=None, keepdims=False):
    """np.linalg.norm; where every entry is 0, at its kink, all its derivatives are 0."""
    (x,) = operands("norm", x)
    values = np.linalg.norm(*float_operands(x), ord=ord, axis=axis, keepdims=keepdims)  # NumPy's checks, too
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (int(axis),)
    axes = tuple([i % max(x.ndim, 1) for i in axes])
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if ord is None or (isinstance(ord, str) and ord in ("fro", "f")) or (len(axes) == 1 and ord == 2):
            result = power_norm(
                _parts_last(x), np.reshape(values, _without(x.shape, axes)), 2, (*axes, x.ndim)
            )
        elif len(axes) == 1 and ord not in (0, np.inf, -np.inf) and ord > 0 and ord % 2 == 0:
            squares = (_parts_last(x) ** 2).sum(
                axis=-1
            )  # of the moduli, which have kinks where an entry is 0
            size = np.reshape(values, _without(x.shape, axes)) ** 2
            result = np.sqrt(power_norm(squares, size, ord / 2, axes))
        elif ord in (2, -2, "nuc") and len(axes) == 2:
            result = _by_singular_values(np.moveaxis(x, axes, (-2, -1)), ord)
        else:
            result = np.linalg.norm(np.abs(x), ord, axis)
    return with_values_of_numpy(result, values, x.dtype)


def _parts_last(x):
    """Return the real and the imaginary parts along a last axis."""
    return np.stack([np.asarray(part) for part in parts(x)], axis=-1)


def _without(shape, axes):
    return [n for i, n in enumerate(shape) if i not in axes]


def _by_singular_values(matrices, ord):
    if 0 in matrices.shape[-2:]:
        return np.sum(np.abs(matrices), axis=(-1, -2))
    s, smooth = singular_values(matrices, average=ord != "nuc")
    if ord == "nuc":
        return np.sum(s, axis=-1)  # smooth where every singular value is above zero
    at = 0 if ord == 2 else -1
    return require_smooth(f"norm(A, {ord}) and cond", s[..., at], smooth[..., at])


def cond(x, p=None):
    """np.linalg.cond: a ratio of singular values, or a norm times that of the inverse."""
    (x,) = operands("cond", x)
    values = np.linalg.cond(*float_operands(x), p)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if p is None or p in (2, -2):
            s, smooth = singular_values(x, average=True)
            require_smooth("cond", s, smooth[..., [0, -1]])
            result = s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
        else:
            stack, flat = x.reshape(-1, *x.shape[-2:]), np.reshape(values, -1)
            good = np.isfinite(flat)
            size = np.asarray(norm(stack, p, axis=(-2, -1)))
            result = size * flat  # infinite for singular A, where 1 / |A^-1| has a kink at 0
            if good.any():
                a = stack[good].view(DualArray)
                result[good] = size[good] * np.asarray(norm(np.linalg.inv(a), p, axis=(-2, -1)))
    return with_values_of_numpy(result, values, x.dtype)


def matrix_rank(A, *args, **kwargs):
    """np.linalg.matrix_rank: the rank of the values, an integer without derivatives."""
    (a,) = operands("matrix_rank", A)
    return np.linalg.matrix_rank(*float_operands(a), *map(value, args), **float_arguments(kwargs))


for _rule in (norm, cond, matrix_rank):
    register_function_of_complex(getattr(np.linalg, _rule.__name__), _rule)
for _function in (np.linalg.vector_norm, np.linalg.matrix_norm):
    register_function_of_complex(_function, numpy_implementation(_function))
