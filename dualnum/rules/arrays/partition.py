"""Partitions, with float64's order of equal values."""

import numpy as np

from dualnum.rules._operands import float_operands, with_values
from dualnum.rules._registry import rule


@rule(np.argpartition)
def argpartition(a, kth, axis=-1, kind="introselect", order=None):
    """The places that NumPy's argpartition gives for the values."""
    return np.argpartition(*float_operands(np.asarray(a)), kth, axis=axis, kind=kind, order=order)


@rule(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """The elements in the places where NumPy's partition puts their values."""
    a = np.asarray(a)
    if axis is None:
        a, axis = a.ravel(), -1
    values = np.partition(*float_operands(a), kth, axis=axis, kind=kind, order=order)
    # The stable sorts of values and of a agree, so each element gets the place of its value.
    result, ascending = np.empty_like(a), np.take_along_axis(a, np.argsort(a, axis=axis, kind="stable"), axis)
    np.put_along_axis(result, np.argsort(values, axis=axis, kind="stable"), ascending, axis)
    return with_values(result, values)
