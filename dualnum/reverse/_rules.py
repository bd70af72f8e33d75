"""What the rules share."""

import numpy as np

from dualnum._core import is_recorded, is_recorded_number, refuse, register_recorded


def rule(*functions):
    """Register a rule for NumPy functions; None stands for one that this version of NumPy lacks."""

    def register(function):
        for each in functions:
            if each is not None:
                register_recorded(each, function)
        return function

    return register


def array_of(tape, x):
    """Return an argument of a function as a recorded array, or as an array of float64."""
    if is_recorded_number(x):
        return as_array(x)
    if is_recorded(x):
        return x
    if isinstance(x, (list, tuple)) and any(is_recorded(item) for item in x):
        return np.stack([array_of(tape, item) for item in x])
    a = np.asarray(x)
    if a.dtype.kind not in "biuf" or type(a) is not np.ndarray:
        refuse(tape, f"an array of {a.dtype}")
    return a.astype(float, copy=False)


def as_array(number):
    """Return a recorded number as a recorded array of shape (1,) without its axis."""
    return np.multiply(np.ones(1), number).reshape(())


def axes_of(axis, ndim):
    """Return the axes of a reduction, none of them negative."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def kept_shape(shape, axes):
    """Return the shape of a reduction with keepdims."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def summed_to(a, shape):
    """Return a, summed over the axes along which an operand of this shape was broadcast."""
    a = np.asarray(a)
    if a.shape == tuple(shape):
        return a
    a = a.sum(axis=tuple(range(a.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1 and a.shape[i] != 1)
    return a.sum(axis=ones, keepdims=True) if ones else a
