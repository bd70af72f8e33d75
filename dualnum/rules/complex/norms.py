"""Norms of complex vectors and matrices: by the moduli, or by the singular values; the rank."""

import numpy as np

from dualnum._core import register_function_of_complex, value
from dualnum.rules._operands import complex_operands, float_arguments, float_operands
from dualnum.rules.complex._elements import parts
from dualnum.rules.complex._matrices import with_values_of_numpy
from dualnum.rules.linalg._helpers import squares
from dualnum.rules.linalg.norms import norm_by_singular_values, power_norm
from dualnum.rules.numpy_patches import numpy_implementation


def norm(x, ord=None, axis=None, keepdims=False):
    """np.linalg.norm; where every entry is 0, at its kink, all its derivatives are 0."""
    (x,) = complex_operands("norm", x)
    values = np.linalg.norm(*float_operands(x), ord=ord, axis=axis, keepdims=keepdims)  # NumPy's checks, too
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (int(axis),)
    axes = tuple([i % max(x.ndim, 1) for i in axes])
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if ord is None or (isinstance(ord, str) and ord in ("fro", "f")) or (len(axes) == 1 and ord == 2):
            result = power_norm(
                _parts_last(x), np.reshape(values, _without(x.shape, axes)), 2, (*axes, x.ndim)
            )
        elif len(axes) == 1 and ord not in (0, np.inf, -np.inf) and ord > 0 and ord % 2 == 0:
            size = np.reshape(values, _without(x.shape, axes)) ** 2
            result = np.sqrt(
                power_norm(squares(x), size, ord / 2, axes)
            )  # moduli have kinks where an entry is 0
        elif ord in (2, -2, "nuc") and len(axes) == 2:
            result = norm_by_singular_values(np.moveaxis(x, axes, (-2, -1)), ord)
        else:
            result = np.linalg.norm(np.abs(x), ord, axis)
    return with_values_of_numpy(result, values, x.dtype)


def _parts_last(x):
    """Return the real and the imaginary parts along a last axis."""
    return np.stack([np.asarray(part) for part in parts(x)], axis=-1)


def _without(shape, axes):
    return [n for i, n in enumerate(shape) if i not in axes]


def matrix_rank(A, *args, **kwargs):
    """np.linalg.matrix_rank: the rank of the values, an integer without derivatives."""
    (a,) = complex_operands("matrix_rank", A)
    return np.linalg.matrix_rank(*float_operands(a), *map(value, args), **float_arguments(kwargs))


for _rule in (norm, matrix_rank):
    register_function_of_complex(getattr(np.linalg, _rule.__name__), _rule)
for _function in (np.linalg.vector_norm, np.linalg.matrix_norm):
    register_function_of_complex(_function, numpy_implementation(_function))
