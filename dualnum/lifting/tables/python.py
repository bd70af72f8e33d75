"""Python's built-in functions and classes: a dual answers as the float that it replaces."""

import decimal
import fractions
import sys

import numpy as np

from dualnum._core import ComplexDual, Dual, DualArray, holds_duals, of_python, value
from dualnum.lifting import boundary, resolve, special
from dualnum.lifting.resolve import MAKERS, REPLACED, class_of, float_dtype, replaces
from dualnum.lifting.storage import DUAL_DTYPES


def number_of(x):
    """Return a dual as a number, if x is one or an array of duals with one element; else x."""
    if isinstance(x, np.ndarray) and isinstance(x.dtype, DUAL_DTYPES) and x.size == 1:
        return x.reshape(())[()]
    return x


def real_of(x):
    """Return number_of(x), or float(x) of an object whose class defines it in Python."""
    x = number_of(x)
    return x if type(x) in (float, int, Dual) else special.as_number(x)


def primal_of(x):
    """Return the value of a dual; anything else as it is, so that Python's own function judges it."""
    x = number_of(x)
    return value(x) if type(x) in (Dual, ComplexDual) else x


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
    if not isinstance(x, (str, int, float, Dual)):
        x = special.as_number(primal_of(x))  # Python's own function refuses complex numbers
    return of_python(x, True) if type(x) is Dual else float(x)


def _step(cls):
    """Return int or one of NumPy's integers: of a dual's value, a step function, whose derivative is 0."""

    def make(*args, **kwargs):
        return cls(*map(primal_of, args), **kwargs)

    return make


REPLACED.update(
    (cls, _step(cls))
    for cls in (int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
)


@replaces(bool)
def as_bool(x=False, /):
    return bool(resolve.FULL.truth(x))


def from_method(name, x, otherwise, *args):
    """Return what a special method of x gives, lifted; otherwise(x, *args), where none is written in Python."""
    method = special.special(resolve.FULL, x, name)
    return otherwise(x, *args) if method is None else method(x, *args)


def _seen(x):
    """Return the class that f takes x for."""
    if type(x) in (Dual, ComplexDual):
        return class_of(x)
    return np.ndarray if type(x) is DualArray else type(x)


@replaces(isinstance)
def is_instance(x, kinds, /):
    if type(x) in (Dual, ComplexDual):
        return isinstance(x, kinds) or issubclass(class_of(x), kinds)
    if isinstance(x, DUAL_DTYPES) and x.names is None:
        return isinstance(x, kinds) or isinstance(float_dtype(x), kinds)
    return isinstance(x, kinds)


class _Type:
    """The replacement of `type`; its one object may be compared, called and subclassed as `type` itself."""

    __slots__ = ()

    def __call__(self, *args, **kwargs):
        return _seen(args[0]) if len(args) == 1 and not kwargs else type(*args, **kwargs)


MAKERS[type] = lambda lifter, g: _Type()


@replaces(issubclass)
def is_subclass(kind, kinds, /):
    numbers = {Dual: float, ComplexDual: complex}
    return issubclass(numbers.get(kind, kind), kinds) or issubclass(kind, kinds)


@replaces(round)
def rounded(number, ndigits=None):
    return from_method("__round__", primal_of(number), round, *([] if ndigits is None else [ndigits]))


@replaces(divmod)
def divided(x, y, /):
    return resolve.FULL.binary("divmod", x, y)


@replaces(pow)
def power(base, exp, mod=None):
    return resolve.FULL.binary("pow", base, exp) if mod is None else pow(base, exp, mod)


@replaces(str)
def as_text(*args, **kwargs):
    return str(*map(special.shown, args), **kwargs)


@replaces(repr)
def representation(x, /):
    return repr(special.shown(x))


@replaces(format)
def formatted(x, spec="", /):
    return format(special.shown(x), spec)


@replaces(print)
def printed(*args, **kwargs):
    print(*map(special.shown, args), **kwargs)


REPLACED[np.savetxt] = special.on_values(np.savetxt)


@replaces(hash)
def hashed(x, /):
    return from_method("__hash__", value(x) if type(x) in (Dual, ComplexDual) else x, hash)


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
            isinstance(item, (float, int, complex, Dual, ComplexDual, np.ndarray)) for item in items
        ):
            return sum(items, start)  # refuses text
        for item in items:
            start = lifter.binary("add", start, item)
        return start

    return add


MAKERS[abs], MAKERS[sum] = _absolute, _sum


OF_C = frozenset((list, tuple, dict, str, set, range, np.ndarray, DualArray))


def _by_method(name):
    """Return a maker of a function that calls a special method; the lean grade calls it as it is."""

    def make(lifter, g):
        return (lambda x, /: g(x) if type(x) in OF_C else from_method(name, x, g)) if lifter.full else g

    return make


MAKERS[len] = _by_method("__len__")


def _next(lifter, g):
    def advance(x, /, *default):
        if special.special(lifter, x, "__next__") is None:
            return g(x, *default)
        try:
            return special.special(lifter, x, "__next__")(x)
        except StopIteration:
            if default:
                return default[0]
            raise

    return advance if lifter.full else g


def _iter(lifter, g):
    def start(x, /, *sentinel):
        if sentinel:
            return g(lifter.resolve(x) if callable(x) else x, *sentinel)
        method = special.special(lifter, x, "__iter__")
        return method(x) if method is not None else g(lifter.iterate(x))

    return start


def _reversed(lifter, g):
    def back(x, /):
        if special.special(lifter, x, "__reversed__") is not None:
            return special.special(lifter, x, "__reversed__")(x)
        if special.special(lifter, x, "__getitem__") is not None:
            return (lifter.getitem(x, i) for i in range(lifter.resolve(len)(x) - 1, -1, -1))
        return g(x)

    return back


def _quantifier(lifter, g):
    def decide(items, /):
        return g(map(lifter.truth, lifter.iterate(items)))

    return decide


def _getattr(lifter, g):
    def get(a, name, /, *default):
        if not isinstance(name, str) or len(default) > 1:
            return g(a, name, *default)
        try:
            return lifter.attribute(a, name)
        except AttributeError:
            if default:
                return default[0]
            raise

    return get if lifter.full else g


def _hasattr(lifter, g):
    missing = object()

    def has(a, name, /):
        if type(a) in (Dual, ComplexDual):
            return g(class_of(a), name)
        return lifter.resolve(getattr)(a, name, missing) is not missing if lifter.full else g(a, name)

    return has


def _setattr(lifter, g):
    return (lambda a, name, v, /: lifter.rules.set_attribute(lifter, a, name, v)) if lifter.full else g


MAKERS[getattr], MAKERS[hasattr], MAKERS[setattr] = _getattr, _hasattr, _setattr
MAKERS[next], MAKERS[iter], MAKERS[reversed], MAKERS[any], MAKERS[all] = (
    _next, _iter, _reversed, _quantifier, _quantifier
)  # fmt: skip
