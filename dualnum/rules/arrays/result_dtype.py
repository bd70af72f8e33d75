"""Functions whose result has the dtype of their first argument, here extended to hold the other arguments."""

import numpy as np

from dualnum._core import is_complex_dual
from dualnum.rules._operands import as_dual_arrays, is_dual
from dualnum.rules._registry import rule
from dualnum.rules.numpy_patches import numpy_implementation


def _holding(function, array, numbers):
    """Return array cast to a dtype that has the levels of numbers; raise TypeError unless it is float64 or dual."""
    array = np.asanyarray(array)
    duals = [np.asarray(x) for x in numbers if is_dual(x) or is_complex_dual(x)]
    if not duals or all(x.dtype == array.dtype for x in duals):
        return as_dual_arrays(array)
    if not (is_dual(array) or is_complex_dual(array)) and array.dtype not in (float, complex):
        raise TypeError(
            f"{function}(a) gives an array of a's dtype {array.dtype}, which cannot store duals without losing their "
            f"derivatives; pass a.astype(float)."
        )
    return as_dual_arrays(array.astype(np.result_type(array.dtype, *[x.dtype for x in duals])))


def _items(x):
    """Return the items of a list, however nested, or a list of x itself."""
    if isinstance(x, (list, tuple)):
        return [item for part in x for item in _items(part)]
    return [x]


@rule(np.insert)
def insert(arr, obj, values, axis=None):
    """np.insert into an array that can hold the values."""
    return numpy_implementation(np.insert)(_holding("insert", arr, _items(values)), obj, values, axis)


@rule(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    """np.piecewise into an array that can hold the constants of the pieces."""
    x = _holding("piecewise", x, _items(list(funclist)))
    return numpy_implementation(np.piecewise)(x, condlist, funclist, *args, **kw)


@rule(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, **options):
    """np.full_like for an array that can hold the fill value."""
    if dtype is None:
        a = _holding("full_like", a, _items(fill_value))
    return numpy_implementation(np.full_like)(a, fill_value, dtype, order, subok, shape, **options)


@rule(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """np.gradient into arrays that can hold quotients by dual distances."""
    f = _holding("gradient", np.asarray(f) * 1.0, _items(list(varargs)))
    return numpy_implementation(np.gradient)(f, *varargs, axis=axis, edge_order=edge_order)


@rule(np.common_type)
def common_type(*arrays):
    """Raise TypeError, because NumPy's scalar types cannot hold derivatives."""
    raise TypeError(
        "common_type of duals would name a type without their derivatives; use np.result_type(x, y), "
        "a dtype that has them."
    )
