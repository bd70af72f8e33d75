"""Functions that call their arguments: these are lifted before the call."""

import concurrent.futures
import functools
import itertools
import operator
import threading
import types

import numpy as np

from dualnum._core import Restart
from dualnum.lifting import storage
from dualnum.lifting.resolve import MAKERS

#: Arguments that are called, if anything is; other callable objects may be data as well.
CALLED = types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial, type


def _calling(lifter, g):
    """Return g such that it lifts the functions among its arguments."""

    def call(*args, **kwargs):
        return g(
            *[lifter.resolve(arg) if isinstance(arg, CALLED) else arg for arg in args],
            **{name: lifter.resolve(arg) if isinstance(arg, CALLED) else arg for name, arg in kwargs.items()},
        )

    return call


for _g in (
    map, filter, functools.reduce, functools.partial, itertools.accumulate, itertools.starmap,
    itertools.takewhile, itertools.dropwhile, itertools.filterfalse, itertools.groupby, iter,
    np.apply_along_axis, np.apply_over_axes, np.fromfunction, np.piecewise,
):  # fmt: skip
    MAKERS[_g] = _calling


def _keyed(lifter, g):
    """Return g such that it lifts its key; its other arguments are data, which may be functions and classes."""

    def call(*args, **kwargs):
        if kwargs.get("key") is not None:
            kwargs["key"] = lifter.resolve(kwargs["key"])
        return g(*(map(lifter.iterate, args) if len(args) == 1 else args), **kwargs)

    return call


for _g in (sorted, min, max, list.sort):
    MAKERS[_g] = _keyed


def _iterating(lifter, g):
    """Return g such that it iterates over its arguments by their lifted __iter__."""

    def call(*args, **kwargs):
        return g(*[lifter.iterate(arg) for arg in args], **kwargs)

    return call


for _g in (list, tuple, enumerate, zip, any, all):
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


def _operator(name):
    def make(lifter, g):
        def operate(a, b, /):
            return lifter.binary(name, a, b)

        return operate

    return make


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    MAKERS[getattr(operator, _name)] = _operator(_name)
