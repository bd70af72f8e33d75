"""The methods of recorded arrays: NumPy's functions of the same name, with the defaults of ndarray's methods."""

import numpy as np

from dualnum._core import (
    assign,
    copied_array,
    is_recorded,
    refuse,
    register_recorded_method,
    tape_of,
    values_of,
)


def _method(name, function):
    register_recorded_method(name, function)


for _name in (
    "sum mean max min prod var std cumsum cumprod dot swapaxes ravel repeat diagonal trace take compress squeeze clip "
    "argmax argmin any all searchsorted argsort nonzero argpartition"
).split():
    _method(_name, getattr(np, _name))


def _reshape(x, *shape, order="C"):
    return np.reshape(x, shape[0] if len(shape) == 1 else shape, order=order)


def _transpose(x, *axes):
    return np.transpose(x, None if not axes else axes[0] if len(axes) == 1 else axes)


def _flatten(x, order="C"):
    return copied_array(x, order).reshape(-1, order=order)


def _sort(x, axis=-1, kind=None, order=None, *, stable=None):
    assign(x, Ellipsis, np.sort(x, axis=axis, kind=kind))


def _fill(x, v):
    assign(x, Ellipsis, v)


def _item(x, *args):
    if args:
        return (
            x[args[0] if len(args) > 1 and isinstance(args[0], tuple) else args] if x.ndim > 1 else x[args[0]]
        )
    if x.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    return x.reshape(1)[0]


def _tolist(x):
    return [item.tolist() if item.ndim else item for item in x]


def _astype(x, dtype, order="K", casting="unsafe", subok=True, copy=True):
    if np.dtype(dtype) != float:
        refuse(tape_of(x), f"x.astype({dtype})")
    return copied_array(x, order) if copy else x


def _round(x, decimals=0, out=None):
    if out is not None:
        refuse(tape_of(x), "x.round with out=")
    return np.round(x, decimals)


def _view(x, *args):
    if args:
        refuse(tape_of(x), "x.view(dtype)")
    return x[...]


def _copy(x, order="C"):
    return copied_array(x, order)


def _conjugate(x, *args):
    return np.positive(x, *args)


def _tobytes(x, *args):
    return values_of(x).tobytes(*args) if not is_recorded(x) else refuse(tape_of(x), "x.tobytes()")


for _name, _function in {
    "reshape": _reshape,
    "transpose": _transpose,
    "flatten": _flatten,
    "sort": _sort,
    "fill": _fill,
    "item": _item,
    "tolist": _tolist,
    "astype": _astype,
    "round": _round,
    "view": _view,
    "copy": _copy,
    "conj": _conjugate,
    "conjugate": _conjugate,
    "tobytes": _tobytes,
}.items():
    _method(_name, _function)
