"""Python's built-in functions and classes: a dual answers as the float that it replaces."""

import decimal
import fractions
import sys

import numpy as np

from dualnum._core import Dual, DualArray, DualDType, class_for_floats, holds_duals, of_python, value
from dualnum.lifting import boundary, storage
from dualnum.lifting.resolve import MAKERS, REPLACED, replaces


def number_of(x):
    """Return a dual as a Dual, if x is one or an array of duals with one element; else x."""
    if isinstance(x, np.ndarray) and isinstance(x.dtype, DualDType) and x.size == 1:
        return x.reshape(())[()]
    return x


def primal_of(x):
    """Return the value of a dual; anything else as it is, so that Python's own function judges it."""
    x = number_of(x)
    return value(x) if type(x) is Dual else x


@replaces(np.float64)
def as_float64(x=0.0, /):
    """Return np.float64(x), which of an array is an array."""
    if not holds_duals(x):
        return np.float64(x)
    return np.array(x).view(DualArray) if np.ndim(x) else of_python(as_float(x), False)


@replaces(float)
def as_float(x=0.0, /):
    if type(x) is not Dual:
        x = number_of(x)
    if type(x) is Dual:
        return of_python(x, True)
    if not isinstance(x, (str, int, float)) and hasattr(type(x), "__float__"):
        return _from_method(x, "__float__")
    return float(x)


def _from_method(x, name):
    """Return float(x) of an object; its method may return a dual, if it is written in Python."""
    from dualnum.lifting.resolve import FULL

    method = getattr(type(x), name)
    lifted = FULL.resolve(method)
    return float(x) if lifted is method else lifted(x)


def _step(cls):
    """Return int or one of NumPy's integers: of a dual's value, a step function, whose derivative is 0."""

    def make(*args, **kwargs):
        return cls(*map(primal_of, args), **kwargs)

    return make


REPLACED.update(
    (cls, _step(cls))
    for cls in (int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
)


@replaces(complex)
def as_complex(*args, **kwargs):
    if holds_duals((args, kwargs)):
        raise boundary.NotLifted(
            "complex(x) expects floats, got a dual: dualnum differentiates real numbers; use the real and the "
            "imaginary part as two numbers."
        )
    return complex(*args, **kwargs)


@replaces(bool)
def as_bool(x=False, /):
    return bool(x)


def _seen(x):
    """Return the class that f takes x for."""
    return class_for_floats(x) if type(x) is Dual else np.ndarray if type(x) is DualArray else type(x)


@replaces(isinstance)
def is_instance(x, kinds, /):
    if type(x) is Dual:
        return isinstance(x, kinds) or issubclass(class_for_floats(x), kinds)
    if isinstance(x, DualDType) and x.names is None:
        return isinstance(x, kinds) or isinstance(np.dtype(float), kinds)
    return isinstance(x, kinds)


@replaces(hasattr)
def has_attribute(x, name, /):
    return hasattr(class_for_floats(x) if type(x) is Dual else x, name)


class _Type:
    """The replacement of `type`; its one object may be compared, called and subclassed as `type` itself."""

    __slots__ = ()

    def __call__(self, *args, **kwargs):
        return _seen(args[0]) if len(args) == 1 and not kwargs else type(*args, **kwargs)


MAKERS[type] = lambda lifter, g: _Type()


@replaces(issubclass)
def is_subclass(kind, kinds, /):
    return issubclass(float if kind is Dual else kind, kinds) or issubclass(kind, kinds)


@replaces(round)
def rounded(number, ndigits=None):
    return round(primal_of(number), ndigits)


@replaces(str)
def as_text(*args, **kwargs):
    return str(*map(storage.stripped, args), **kwargs)


@replaces(repr)
def representation(x, /):
    return repr(storage.stripped(x))


@replaces(format)
def formatted(x, spec="", /):
    return format(storage.stripped(x), spec)


@replaces(print)
def printed(*args, **kwargs):
    print(*map(storage.stripped, args), **kwargs)


@replaces(hash)
def hashed(x, /):
    return hash(value(x) if type(x) is Dual else x)


def _exact(lifter, cls):
    def make(*args, **kwargs):
        if holds_duals((args, kwargs)):
            raise boundary.refuse(cls, sys._getframe(1))
        return cls(*args, **kwargs)

    return make


MAKERS[fractions.Fraction] = MAKERS[decimal.Decimal] = _exact


def _absolute(lifter, g):
    def absolute(x, /):
        return lifter.unary("abs", x)

    return absolute


def _sum(lifter, g):
    def add(items, /, start=0):
        items = list(lifter.iterate(items))
        if isinstance(start, (str, bytes, bytearray)) or all(
            isinstance(item, (float, int, Dual, np.ndarray)) for item in items
        ):
            return sum(items, start)  # refuses text
        for item in items:
            start = lifter.binary("add", start, item)
        return start

    return add


MAKERS[abs], MAKERS[sum] = _absolute, _sum
