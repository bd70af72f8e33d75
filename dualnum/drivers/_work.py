"""Passes over the function as units of work: in this process, or pickled, in another one.

A unit holds f, its arguments, the driver's options and which passes to make: floats go in, and floats come out. Levels
are made where the passes are, so that none leaves its process.
"""

import _thread
import contextvars
import functools
import io
import pickle
import warnings
from typing import NamedTuple

import numpy as np

from dualnum.drivers._checks import expects


class Work:
    """What a driver does at each of many places: ``passes(driver, subject, kwargs, *options)`` is the function of one.

    Parameters
    ----------
    passes : callable
        A function of a module.
    driver : Driver
    subject : Variables or tuple
        The variables that the passes seed, or, without the parts that the places hold, the arguments of f.
    kwargs : dict
        Those of f.
    *options
        Anything else that the passes take, of pickleable types.
    """

    __slots__ = ("passes", "driver", "subject", "kwargs", "options")

    def __init__(self, passes, driver, subject, kwargs, *options):
        self.passes, self.driver, self.subject = passes, driver, subject
        self.kwargs, self.options = kwargs, options

    def start(self):
        """Return the function that does the work at one place."""
        return self.passes(self.driver, self.subject, self.kwargs, *self.options)

    def attempt(self, one, place):
        """Return ``one(place)``, where no call of the driver is under way."""
        return self.driver.attempt(functools.partial(one, place), self.args(), self.kwargs)

    def args(self):
        """Return the positional arguments of f, without a batch that places hold."""
        return self.subject if isinstance(self.subject, tuple) else self.subject.args

    def others(self):
        """Return what every pass gets as it is: the arguments of f that are not seeded."""
        if isinstance(self.subject, tuple):
            return [*self.subject, *self.kwargs.values()]
        return self.subject.others(self.kwargs)

    def parts(self):
        """Return what travels to another process, each part with the name that messages use."""
        make, options = self.driver.origin()
        for name in ("workers", "progress"):  # which stay with the caller
            options.pop(name, None)
        of_variables = not isinstance(self.subject, tuple)
        return [
            ("f", self.driver.f),
            ("x and the other arguments", self.args()),
            ("the arguments by name", self.kwargs),
            ("v", getattr(self.subject, "direction", None)),
            ("the options", (make, options, of_variables, self.passes, self.options)),
        ]

    def __reduce__(self):
        return _remade, tuple([part for _, part in self.parts()])


def _remade(f, args, kwargs, direction, own):
    """Return the `Work` of a pickle."""
    from dualnum.drivers._base import Variables

    make, own, of_variables, passes, options = own
    driver = make(f, **own)
    subject = args
    if of_variables:
        subject = Variables(driver, args)
        if direction is not None:
            subject.set_direction(direction)
    return Work(passes, driver, subject, kwargs, *options)


class Made(NamedTuple):
    """What a unit returns: for each of its places the number and the result; and the warnings to be given again."""

    results: list
    warnings: list


class Unit:
    """Does the work at some places, a list of pairs of number and place.

    In this process each pass runs in a copy of the context in which the unit was made, so that ``np.errstate`` and
    other context variables hold there too; of those another process gets ``np.errstate``.
    """

    __slots__ = ("work", "one", "context", "errstate", "pickled")

    def __init__(self, work):
        self.work, self.one = work, None
        self.context, self.errstate = contextvars.copy_context(), np.geterr()
        self.pickled = None

    def __call__(self, items):
        if self.one is None:
            self.one = self.work.start()
        one = self.one
        return Made([(number, self.context.copy().run(one, place)) for number, place in items], [])

    def __reduce__(self):
        if self.pickled is None:  # once for all tasks
            self.pickled = pickled(self.work)
        return functools.partial, (_elsewhere, self.pickled, self.errstate)


# ---- in another process ------------------------------------------------------------------------------------

#: Of this thread, the last work and its pickle: the next unit is of the same call, as a rule.
_last = _thread._local()


def _elsewhere(pickled, errstate, items):
    """Do the work of a pickled `Unit`."""
    import threading

    from dualnum.drivers._parallel import from_the_same

    if getattr(_last, "pickled", None) != pickled:
        _last.pickled = None  # of two large works one is held at a time
        _last.work = _last.one = None
        _last.work = work = pickle.loads(pickled)
        _last.one, _last.pickled = from_the_same(work.others(), work.start()), pickled
    work, one = _last.work, _last.one
    results = []
    # Python's list of filters belongs to all threads
    alone = threading.current_thread() is threading.main_thread()
    try:
        with np.errstate(**errstate), warnings.catch_warnings(record=alone) as noted:
            if alone:
                warnings.simplefilter("always")
            for number, place in items:
                results.append((number, work.attempt(one, place)))
    except Exception as error:
        failure = pickleable(error)
    else:
        return Made(results, [(w.message, w.category, w.filename, w.lineno) for w in noted or ()])
    raise failure


def pickleable(error):
    """Return an error that arrives in the caller's process as it is, or one that tells of it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        told = RuntimeError(f"{type(error).__qualname__}: {error}")
        return told.with_traceback(error.__traceback__)
    return error


# ---- pickles -----------------------------------------------------------------------------------------------


def pickled(work):
    """Return the pickle of a `Work`: by cloudpickle where pickle fails, or would look f up in ``__main__``.

    Raises
    ------
    TypeError
        That names what cannot be pickled.
    """
    found, error = _dumped(pickle.Pickler, work)
    if error is None and b"__main__" not in found:
        return found
    try:
        import cloudpickle
    except ImportError:
        cloudpickle = None
    if cloudpickle is not None:
        by_value, error = _dumped(cloudpickle.Pickler, work)
        found = by_value or found
    if found is not None:
        return found
    base = pickle.Pickler if cloudpickle is None else cloudpickle.Pickler
    tried = [(name, _dumped(base, part)[1]) for name, part in work.parts()]
    name, error = next((failed for failed in tried if failed[1] is not None), ("f", error))
    use = "a function of a module, or install cloudpickle" if cloudpickle is None else None
    what = f"{name} to be pickleable for workers in other processes"
    raise TypeError(expects(work.driver, what, f"{type(error).__name__}: {error}", use)) from error


def _dumped(base, x):
    """Return the pickle of x and None, or None and the error.

    It keeps the strides of arrays, on which the last bit of f(x) may depend; pickle keeps C's or Fortran's order.
    """
    stream = io.BytesIO()
    usual = getattr(base, "reducer_override", lambda pickler, x: NotImplemented)

    def reducer_override(pickler, x):
        if type(x) is np.ndarray and not (x.flags.forc or x.dtype.hasobject):
            return _with_strides, (np.ascontiguousarray(x), x.strides)
        return usual(pickler, x)

    pickler = type("Pickler", (base,), {"reducer_override": reducer_override})
    try:
        pickler(stream, pickle.HIGHEST_PROTOCOL).dump(x)
    except Exception as error:
        return None, error
    return stream.getvalue(), None


def _with_strides(x, strides):
    """Return a copy of an array that has these strides."""
    reach = [stride * (length - 1) for stride, length in zip(strides, x.shape, strict=True)]
    first = -sum(step for step in reach if step < 0)
    memory = np.zeros(first + sum(step for step in reach if step > 0) + x.itemsize, np.uint8)
    made = np.ndarray(x.shape, x.dtype, memory, first, strides)
    made[...] = x
    return made
