"""Methods of NumPy's arrays, and np.astype."""

import functools
import sys

import numpy as np

from dualnum._core import ComplexDual, Dual, DualArray, holds_duals
from dualnum.lifting import storage
from dualnum.lifting.resolve import REPLACED, replaces
from dualnum.lifting.storage import DUAL_DTYPES
from dualnum.lifting.tables.numpy import as_asked, learn_targets, noted_array, seen

METHODS = {}


def _method(*names):
    def register(function):
        for name in names:
            METHODS[name] = function
        return function

    return register


def of_method(lifter, g, owner):
    """Return what stands for a method of an array."""
    if g.__name__ == "resize":
        storage.forget(owner)  # NumPy resizes no array that has a weak reference
    function = METHODS.get(g.__name__)
    if function is not None:
        return functools.partial(function, owner)
    if type(owner) is not np.ndarray:
        return g
    if isinstance(owner.dtype, DUAL_DTYPES):
        return getattr(owner.view(DualArray), g.__name__)
    return _making(g) if g.__name__ in MAKING else g


#: Methods that return new arrays, always or where no view will do.
MAKING = frozenset(
    "byteswap compress conj conjugate cumprod cumsum flatten max mean min prod ravel repeat reshape round std sum take "
    "trace var __copy__ __deepcopy__ __getitem__".split()
)


def _making(g):
    def call(*args, **kwargs):
        frame = sys._getframe(1)
        while frame.f_globals.get("__name__") in ("copy", "dualnum.lifting.resolve"):
            frame = frame.f_back  # each copy of a call of copy.copy has the site of that call
        return storage.made(g(*args, **kwargs), frame, (g.__self__,))

    return call


@_method("astype")
def _astype(a, dtype, *args, **kwargs):
    if isinstance(a.dtype, DUAL_DTYPES):
        return as_asked(a.copy() if kwargs.get("copy", True) else a, dtype, sys._getframe(1))
    return storage.made(a.astype(dtype, *args, **kwargs), sys._getframe(1))


def _of_number(cls):
    def astype(a, dtype, *args, **kwargs):
        if type(a) is not cls:
            raise TypeError(f"descriptor 'astype' expects a {cls.__name__}, got a {type(a).__name__}.")
        return as_asked(np.asarray(a).view(DualArray), dtype, sys._getframe(1))[()]

    return astype


for _cls in (Dual, ComplexDual):
    REPLACED[_cls.astype] = _of_number(_cls)

if hasattr(np, "astype"):  # NumPy 2.1 and later

    @replaces(np.astype)
    def astype(x, dtype, /, *, copy=True, **options):
        if isinstance(x, np.ndarray) and isinstance(x.dtype, DUAL_DTYPES):
            return as_asked((x.copy() if copy else x).view(DualArray), dtype, sys._getframe(1))
        return storage.made(np.astype(x, dtype, copy=copy, **options), sys._getframe(1))


@_method("copy")
def _copy(a, *args, **kwargs):
    made = a.copy(*args, **kwargs)
    return noted_array(made, sys._getframe(1))


@_method("dot")
def _dot(a, b, *args, **kwargs):
    return storage.made(np.dot(seen(a), seen(b), *args, **kwargs), sys._getframe(1))


def _storing_method(name):
    def store(a, *args, **kwargs):
        if holds_duals(args) or holds_duals(kwargs):
            learn_targets(a, (args, kwargs))
        return getattr(a, name)(*args, **kwargs)

    return store


for _name in ("fill", "put", "__setitem__"):
    METHODS[_name] = _storing_method(_name)


def _by_function(name):
    function = getattr(np, name)

    def call(a, *args, **kwargs):
        if not isinstance(a.dtype, DUAL_DTYPES) and not holds_duals((args, kwargs)):
            return storage.made(getattr(a, name)(*args, **kwargs), sys._getframe(1))
        return function(seen(a), *map(seen, args), **kwargs)

    return call


for _name in ("clip", "searchsorted", "choose"):
    METHODS[_name] = _by_function(_name)
