"""Functions and properties with caches: what f computes with duals is kept for the run of f alone.

The cache that the user has made lives longer.  It would give a later call the derivatives of this one, so that only
what cannot depend on duals goes there.
"""

import dataclasses
import functools
import sys
import types

import numpy as np

from dualnum._core import ComplexDual, Dual, bits_of, current_run
from dualnum.lifting.state import ATOMS
from dualnum.lifting.storage import DUAL_DTYPES

#: More objects than these among the arguments of a cached function count as duals.
MANY = 200


def carries(x):
    """Return whether a dual is found from x: in containers, attributes, closures, owners of methods; or may be."""
    found, seen = [x], set()
    while found:
        x = found.pop()
        if type(x) in (Dual, ComplexDual):
            return True
        if isinstance(x, ATOMS) or id(x) in seen:
            continue
        seen.add(id(x))
        reached = None if len(seen) > MANY else _reached(x)
        if reached is None:
            return True
        found += reached
    return False


def _reached(x):
    """Return the objects that x refers to; None where they are not known, or duals for certain."""
    if isinstance(x, np.ndarray):
        if isinstance(x.dtype, DUAL_DTYPES):
            return None
        return x.ravel().tolist() if x.dtype.kind == "O" else []
    if isinstance(x, types.FunctionType):
        cells = x.__closure__ or ()
        return [cell.cell_contents for cell in cells if cell != _EMPTY] + list(x.__defaults__ or ())
    if isinstance(x, types.MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, functools.partial):
        return [x.func, *x.args, *x.keywords.values()]
    if isinstance(x, functools._lru_cache_wrapper):
        return [x.__wrapped__]
    items = None
    if isinstance(x, (list, tuple, set, frozenset)):
        items = list(x)
    elif isinstance(x, dict):
        items = [*x, *x.values()]
    names = [name for base in type(x).__mro__ for name in _slots(base)]
    if hasattr(x, "__dict__") or names:
        return (
            (items or []) + list(getattr(x, "__dict__", {}).values()) + [getattr(x, n, None) for n in names]
        )
    module = type(x).__module__.partition(".")[0]
    return [] if items is None and module in sys.stdlib_module_names and module != "builtins" else items


_EMPTY = types.CellType()


def _slots(cls):
    slots = cls.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else slots
    return [name for name in names if name not in ("__dict__", "__weakref__")]


# ---- keys --------------------------------------------------------------------------------------------------


class _NoKey(Exception):
    """An object with duals compares by a method of its own, which sees their values alone."""


def _key(x):
    """Return what stands for an argument in a key: for duals, all their components."""
    if type(x) is Dual:
        return bits_of(x)
    if type(x) is ComplexDual:
        return bits_of(x.real), bits_of(x.imag)
    if isinstance(x, (tuple, frozenset)):
        return (tuple if isinstance(x, tuple) else frozenset)(map(_key, x))
    cls = type(x)
    if (cls.__hash__ is object.__hash__ and cls.__eq__ is object.__eq__) or not carries(x):
        return x
    if cls.__hash__ is None:
        raise TypeError(f"unhashable type: '{cls.__name__}'")
    made = dataclasses.is_dataclass(x) and cls.__dataclass_params__
    if made and made.eq and (made.frozen or made.unsafe_hash):
        fields = [
            field for field in dataclasses.fields(x) if (field.hash is None and field.compare) or field.hash
        ]
        return cls, *[_key(getattr(x, field.name)) for field in fields]
    if isinstance(x, (types.MethodType, types.FunctionType, functools.partial, functools._lru_cache_wrapper)):
        return x
    raise _NoKey


def _key_of_call(args, kwargs, typed):
    kinds = (*map(type, args), *map(type, kwargs.values())) if typed else ()
    return tuple(map(_key, args)), tuple([(name, _key(x)) for name, x in kwargs.items()]), kinds


# ---- what lifted code calls --------------------------------------------------------------------------------


class Cached:
    """A function of `functools.lru_cache`, lifted: calls that duals may reach have a cache that ends with the run."""

    __slots__ = ("function", "lifter")

    def __init__(self, lifter, function):
        self.lifter, self.function = lifter, function

    def __getattr__(self, name):
        return getattr(self.function, name)

    def __call__(self, *args, **kwargs):
        function = self.function
        if not (carries(args) or carries(kwargs) or carries(function)):
            return function(*args, **kwargs)
        lifted, run = self.lifter.resolve(function.__wrapped__), current_run()
        try:
            key = _key_of_call(args, kwargs, function.cache_parameters()["typed"])
        except _NoKey:
            run = None
        if run is None:
            return lifted(*args, **kwargs)
        if run.caches is None:
            run.caches = {}
        kept = run.caches.setdefault(function, {})
        if key not in kept:
            kept[key] = lifted(*args, **kwargs)
        return kept[key]


def clearing(clear, function):
    """Return cache_clear of a function with a cache, which clears that of the running calls, too."""

    def call():
        run = current_run()
        while run is not None:
            if run.caches:
                run.caches.pop(function, None)
            run = run.outer
        clear()

    return call


def keep(a, name, v):
    """Store the value v of a cached property among the attributes of a; for the run alone, if it has duals."""
    if carries(v):
        run = current_run()
        if run is None:
            return
        if run.cached is None:
            run.cached = []
        run.cached.append((a.__dict__, name, v))
    a.__dict__[name] = v
