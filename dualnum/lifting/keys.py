"""Duals as keys of dicts and elements of sets, by value, where f makes the dict or the set in the running call.

A dict that lives longer would give a later call the number of an earlier one; such dicts refuse duals.  Two keys of
equal value with other derivatives are one key for floats, but two numbers: they are refused as well.
"""

import collections
import operator

from dualnum._core import current_run, hashed_by_value, holds_duals
from dualnum.lifting import boundary, resolve, special
from dualnum.lifting.resolve import MAKERS

HASHED = dict, set, frozenset


def own(made):
    """Note a dict or a set that lifted code makes as the running call's own, and return it."""
    run = current_run()
    if run is not None:
        if run.own is None:
            run.own = {}
        run.own[id(made)] = made
    return made


def _is_own(a):
    run = current_run()
    while run is not None:
        if run.own is not None and id(a) in run.own:
            return True
        run = run.outer
    return False


def keyed(a, operate, *args):
    """Return operate(*args), which looks duals up in a."""
    if not _is_own(a):
        raise boundary.NotLifted(
            f"a {type(a).__name__} that lives longer than the call expects floats as keys, got duals: a later call "
            f"would find this call's numbers; make the {type(a).__name__} in the function, or drop the cache."
        )
    try:
        return hashed_by_value(operate, *args)
    except TypeError as error:
        raise boundary.NotLifted(*error.args) from None


def dict_of(pairs):
    return own(hashed_by_value(dict, pairs))


def set_of(items):
    return own(hashed_by_value(set, items))


def contains(x, a):
    if isinstance(a, HASHED) and holds_duals(x):
        return keyed(a, operator.contains, a, x)
    return x in a if type(a) in HASHED or type(a) is str else special.contains(resolve.FULL, x, a)


def excludes(x, a):
    return not contains(x, a)


def getitem(lifter, a, k):
    """Return a[k] of a dict with a dual in k."""
    if keyed(a, operator.contains, a, k):
        return hashed_by_value(operator.getitem, a, k)
    if isinstance(a, collections.defaultdict) and a.default_factory is not None:
        v = lifter.resolve(a.default_factory)()
        hashed_by_value(operator.setitem, a, k, v)
        return v
    missing = getattr(type(a), "__missing__", None)
    if missing is None or isinstance(a, collections.defaultdict):
        raise KeyError(k)
    return lifter.resolve(missing)(a, k)


def setitem(a, k, v):
    keyed(a, operator.setitem, a, k, v)


_BY_FIRST = frozenset(("get", "setdefault", "pop"))
_SPECIAL = frozenset(("__contains__", "__getitem__", "__setitem__", "__delitem__"))
#: Methods that iterate over their arguments.
_ITERATING = frozenset(
    "update union intersection difference symmetric_difference issubset issuperset isdisjoint "
    "difference_update intersection_update symmetric_difference_update".split()
)


def of_method(g, owner):
    """Return a method of a dict or a set that takes duals as keys."""

    if g.__name__.startswith("__") and g.__name__ not in _SPECIAL:
        return g  # as __setattr__ of a class in Python

    def call(*args, **kwargs):
        args = _without_iterators(args) if g.__name__ in _ITERATING else args
        if holds_duals(_keys_among(g, owner, args)):
            made = keyed(owner, g, *args, **kwargs)
        else:
            made = g(*args, **kwargs)
        return own(made) if type(made) in HASHED and _is_own(owner) else made

    return call


def _keys_among(g, owner, args):
    """Return those arguments of a method that it takes as keys."""
    if g.__name__ in _BY_FIRST:
        return args[:1]
    if isinstance(owner, dict) and g.__name__ == "update":
        return [list(x.keys()) if hasattr(x, "keys") else [pair[0] for pair in x] for x in args]
    return args


def _without_iterators(args):
    """Return arguments in which lists replace iterators, which would run code of f's while keys are hashed."""
    return [list(x) if hasattr(x, "__next__") else x for x in args]


def making(lifter, g):
    def make(*args, **kwargs):
        iterated = len(args) if g != dict.fromkeys else 1  # its second argument is a value
        keys = _without_iterators([lifter.iterate(arg) for arg in args[:iterated]])
        return own(hashed_by_value(g, *keys, *args[iterated:], **kwargs))

    return make if lifter.full else g


for _g in (*HASHED, dict.fromkeys, collections.Counter, collections.OrderedDict, collections.defaultdict):
    MAKERS[_g] = making
