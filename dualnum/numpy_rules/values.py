"""Values of results as NumPy computes them, and float64 operands laid out as it would see them."""

import numpy as np

from dualnum._core import Dual, DualArray, DualDType, value

__all__ = ["carries", "float_operands", "with_values"]


def carries(x):
    """Return whether x is a dual or an array of duals."""
    return isinstance(x, Dual) or (isinstance(x, np.ndarray) and isinstance(x.dtype, DualDType))


def _owner(x):
    while isinstance(x.base, np.ndarray) and x.base.dtype == x.dtype:
        x = x.base
    return x


def float_operands(*operands):
    """
    Return the values of the operands as float64 arrays.

    What BLAS returns depends on strides and on two operands being one buffer, so operands that are views of one
    array of duals become views, with the same strides in elements, of one array of their values.
    """
    copies = {}
    result = []
    for x in operands:
        if not carries(x) or isinstance(x, Dual):
            result.append(value(x))
            continue
        owner = _owner(x)
        small = owner.size <= 8 * x.size + 64
        if not small or not (owner.flags.c_contiguous or owner.flags.f_contiguous):
            result.append(value(x).copy(order="K"))
            continue
        if id(owner) not in copies:
            copies[id(owner)] = value(owner).copy(order="K")
        itemsize = x.dtype.itemsize
        start = x.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        flat = copies[id(owner)].ravel(order="K")[start // itemsize :]
        strides = tuple(step // itemsize * 8 for step in x.strides)
        result.append(_strided(flat, x.shape, strides, copies[id(owner)], start // itemsize))
    return result


def _strided(flat, shape, strides, whole, start):
    if 0 in shape:
        return np.empty(shape)
    return np.ndarray(shape, dtype=float, buffer=whole.ravel(order="K").data, offset=8 * start, strides=strides)


def with_values(result, values):
    """Return result, an array or scalar of duals, with these values in place of its own."""
    values = np.asarray(values)
    array = np.array(result, subok=False)
    if array.shape != values.shape:
        raise ValueError(f"a rule expects a result of shape {values.shape}, got {array.shape}.")
    value(array)[...] = values
    return array[()] if array.ndim == 0 else array.view(DualArray)
