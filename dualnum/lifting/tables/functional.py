"""Functions that call their arguments: these are lifted before the call."""

import collections
import concurrent.futures
import functools
import itertools
import operator
import sys
import threading
import types

import numpy as np

from dualnum._core import Dual, Restart
from dualnum.lifting import special, storage
from dualnum.lifting.resolve import MAKERS

#: Arguments that are called, if anything is; other callable objects may be data as well.
CALLED = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial, type,
          functools._lru_cache_wrapper, operator.itemgetter, operator.attrgetter, operator.methodcaller)  # fmt: skip


#: Places of the arguments over which a function iterates.
OVER = {
    **dict.fromkeys((itertools.accumulate, itertools.groupby), range(1)),
    **dict.fromkeys((filter, functools.reduce, itertools.starmap, itertools.takewhile, itertools.dropwhile,
                     itertools.filterfalse), range(1, 2)),
    map: range(1, 100),
}  # fmt: skip


def _calling(lifter, g):
    """Return g such that it lifts the functions among its arguments, and the iteration over those of OVER."""
    over = OVER.get(g, ())

    def call(*args, **kwargs):
        if over:
            args = [lifter.iterate(arg) if i in over else arg for i, arg in enumerate(args)]
        return g(
            *[lifter.resolve(arg) if isinstance(arg, CALLED) else arg for arg in args],
            **{name: lifter.resolve(arg) if isinstance(arg, CALLED) else arg for name, arg in kwargs.items()},
        )

    return call


for _g in (
    map, filter, functools.reduce, functools.partial, itertools.accumulate, itertools.starmap,
    itertools.takewhile, itertools.dropwhile, itertools.filterfalse, itertools.groupby, functools.cmp_to_key,
):  # fmt: skip
    MAKERS[_g] = _calling


def _making(lifter, g):
    """Return a function of NumPy's such that it lifts the functions among its arguments."""
    calling = _calling(lifter, g)

    def call(*args, **kwargs):
        return storage.made(calling(*args, **kwargs), sys._getframe(1), (args, *kwargs.values()))

    return call


for _g in (np.apply_along_axis, np.apply_over_axes, np.fromfunction, np.piecewise):
    MAKERS[_g] = _making


NUMBERS = frozenset((float, int, Dual))


def _keyed(lifter, g):
    """Return sorted, min or max with lifted keys and comparisons; functions among the other arguments are data."""

    def call(*args, **kwargs):
        if kwargs.get("key") is not None:
            kwargs["key"] = lifter.resolve(kwargs["key"])
        if not lifter.full:
            return g(*(map(lifter.iterate, args) if len(args) == 1 else args), **kwargs)
        items = args[0] if len(args) == 1 else args
        if type(items) not in (list, tuple):
            args = lifter.iterate(items)
        elif (g is sorted and len(args) > 1) or (
            "key" not in kwargs and NUMBERS.issuperset(map(type, items))
        ):
            return g(*args, **kwargs)
        else:
            args = items
        return special.ordered(lifter, g, list(args), kwargs.pop("key", None), kwargs)

    return call


for _g in (sorted, min, max):
    MAKERS[_g] = _keyed


def _sorting(lifter, g):
    def sort(items, /, **options):
        return (lifter.resolve(items.sort) if type(items) is list else functools.partial(g, items))(**options)

    return sort


MAKERS[list.sort] = _sorting


def _iterating(lifter, g):
    """Return g such that it iterates over its arguments by their lifted __iter__."""

    def call(*args, **kwargs):
        return g(*[lifter.iterate(arg) for arg in args], **kwargs)

    return call


for _g in (
    list, tuple, enumerate, zip, collections.deque, itertools.chain, itertools.product, itertools.islice,
    itertools.cycle, itertools.tee, itertools.pairwise, itertools.zip_longest, itertools.combinations,
    itertools.permutations, itertools.compress,
):  # fmt: skip
    MAKERS[_g] = _iterating


# ---- threads -----------------------------------------------------------------------------------------------


def _submitting(lifter, g):
    def submit(executor, function, /, *args, **kwargs):
        return g(executor, storage.in_worker(lifter.resolve(function)), *args, **kwargs)

    return submit


for _executor in (concurrent.futures.Executor, concurrent.futures.ThreadPoolExecutor):
    MAKERS[_executor.submit] = MAKERS[_executor.map] = _submitting


def thread_class(lifter, cls, make):
    """Return `make`, which makes objects of a class of threads, such that their run() is lifted."""

    def started_later(*args, **kwargs):
        made = make(*args, **kwargs)
        work = storage.in_worker(lifter.resolve(made.run))

        def run():
            try:
                work()
            except (Restart, TypeError) as error:
                made.dualnum_error = error  # for join; threading would print it and go on

        made.run = run
        return made

    return started_later


def _thread(lifter, cls):
    return thread_class(lifter, cls, _calling(lifter, cls))


def _join(lifter, g):
    def join(thread, timeout=None):
        g(thread, timeout)
        error = getattr(thread, "dualnum_error", None)
        if error is not None:
            raise error

    return join


MAKERS[threading.Thread], MAKERS[threading.Thread.join] = _thread, _join


# operators that a module has as functions: binary ones go through the lifter, for classes of Python's


def _operator(name, method):
    def make(lifter, g):
        return functools.partial(getattr(lifter, method), name)

    return make


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift lt le gt ge eq ne".split():
    MAKERS[getattr(operator, f"__{_name}__")] = _operator(_name, "binary")
    if hasattr(operator, f"__i{_name}__"):
        MAKERS[getattr(operator, f"__i{_name}__")] = _operator(f"i{_name}", "inplace")
for _name in ("neg", "pos", "abs", "invert"):
    MAKERS[getattr(operator, f"__{_name}__")] = _operator(_name, "unary")
MAKERS[operator.getitem] = lambda lifter, g: lifter.getitem
MAKERS[operator.truth] = lambda lifter, g: lambda x, /: bool(lifter.truth(x))
MAKERS[operator.not_] = lambda lifter, g: lambda x, /: not lifter.truth(x)
MAKERS[operator.contains] = lambda lifter, g: lambda a, x, /: lifter.rules.keys().contains(x, a)


def of_getter(lifter, g):
    """Return an itemgetter, attrgetter or methodcaller that looks up by lifted methods and properties."""
    caller, args = g.__reduce__()[:2]
    if isinstance(g, operator.methodcaller):
        name, *rest = (*getattr(caller, "args", ()), *args)
        options = getattr(caller, "keywords", {})
        return lambda a: lifter.resolve(getattr(a, name))(*rest, **options)
    if isinstance(g, operator.itemgetter):
        looks = [functools.partial(lambda k, a: lifter.getitem(a, k), k) for k in args]
    else:
        looks = [functools.partial(_dotted, lifter, name.split(".")) for name in args]
    return looks[0] if len(looks) == 1 else lambda a: tuple([look(a) for look in looks])


def _dotted(lifter, names, a):
    return functools.reduce(lifter.attribute, names, a)
