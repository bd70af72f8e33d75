"""`complex`, `cmath` and NumPy's functions for real numbers with complex results: values and errors are their own."""

import cmath
import inspect

import numpy as np

from dualnum._core import FUNCTIONS, ComplexDual, Dual, complex_from, holds_duals, of_python, value
from dualnum.lifting import resolve, special
from dualnum.lifting.resolve import REPLACED, replaces
from dualnum.lifting.tables.math import NUMPY, _predicate, _with
from dualnum.lifting.tables.numpy import seen, to_complex
from dualnum.lifting.tables.python import number_of, primal_of


def _python(re, im):
    """Return re + i im as what stands for a complex number of Python's."""
    return complex_from(*[of_python(x, True) if type(x) is Dual else x for x in (re, im)])


def _number(x):
    """Return what Python takes for a complex number: a dual, or complex(x) of a class that defines it in Python."""
    x = number_of(x)
    if isinstance(x, (float, int, complex, Dual, ComplexDual)):
        return x
    method = special.special(resolve.FULL, x, "__complex__")
    return special.as_number(x) if method is None else method(x)


@replaces(complex)
def as_complex(*args, **kwargs):
    """Return complex(real, imag), where both may be complex: real + 1j * imag."""
    args = [_number(x) for x in args]
    kwargs = {name: _number(x) for name, x in kwargs.items()}
    given = dict(zip(("real", "imag"), args, strict=False)) | kwargs
    if not holds_duals(given) or len(given) < len(args) + len(kwargs):
        return complex(*args, **kwargs)
    complex(
        *map(primal_of, args), **{name: primal_of(x) for name, x in kwargs.items()}
    )  # which refuses what it does
    a, b = given.get("real", 0.0), given.get("imag", 0.0)
    re, im = a.real, b.real
    if isinstance(b, (complex, ComplexDual)):
        re = re - b.imag
    if isinstance(a, (complex, ComplexDual)):
        im = a.imag + im if "imag" in given else a.imag
    return _python(re, im)


@replaces(np.complex128)
def as_complex128(*args, **kwargs):
    """Return np.complex128(x), which of an array is an array."""
    if not holds_duals((args, kwargs)):
        return np.complex128(*args, **kwargs)
    if len(args) == 1 and np.ndim(args[0]):
        return to_complex(seen(args[0]))
    z = as_complex(*args, **kwargs)
    return complex_from(of_python(z.real, False), of_python(z.imag, False))


# ---- cmath -------------------------------------------------------------------------------------------------


def _with_value(z, primal):
    """Return a complex dual with the value that a function of Python's has."""
    re, im = z.real, z.imag
    return _python(_with(re, primal.real), _with(im, primal.imag))


def _lifted(name):
    original, spelled = getattr(cmath, name), NUMPY.get(name, name)
    of_real, of_complex = FUNCTIONS[spelled], getattr(np, spelled)

    def function(z, /):
        z = _number(z)
        primal = original(primal_of(z))
        if not holds_duals(z):
            return primal
        with np.errstate(all="ignore"):  # cmath does not warn
            if type(z) is Dual and primal.imag == 0:  # the function of real numbers is more accurate
                return _python(_with(of_real(z), primal.real), primal.imag)
            return _with_value(of_complex(to_complex(z)), primal)

    return function


for _name in "acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh".split():
    REPLACED[getattr(cmath, _name)] = _lifted(_name)
for _name in ("isfinite", "isinf", "isnan", "isclose"):
    REPLACED[getattr(cmath, _name)] = _predicate(getattr(cmath, _name))

_log = _lifted("log")


@replaces(cmath.log)
def log(z, /, *base):
    numbers = [_number(x) for x in (z, *base)]
    primal = cmath.log(*map(primal_of, numbers))
    if not holds_duals(numbers):
        return primal
    with np.errstate(all="ignore"):
        return _with_value(_log(numbers[0]) / _log(numbers[1]), primal) if base else _log(numbers[0])


@replaces(cmath.phase)
def phase(z, /):
    z = _number(z)
    primal = cmath.phase(primal_of(z))
    if not holds_duals(z):
        return primal
    with np.errstate(all="ignore"):
        return _with(np.arctan2(z.imag, z.real), primal)


@replaces(cmath.polar)
def polar(z, /):
    z = _number(z)
    modulus, angle = cmath.polar(primal_of(z))
    return (_with(abs(z), modulus), phase(z)) if holds_duals(z) else (modulus, angle)


@replaces(cmath.rect)
def rect(r, phi, /):
    r, phi = number_of(r), number_of(phi)
    primal = cmath.rect(primal_of(r), primal_of(phi))
    if not holds_duals((r, phi)):
        return primal
    with np.errstate(all="ignore"):
        return _with_value(complex_from(r * np.cos(phi), r * np.sin(phi)), primal)


# ---- numpy.emath -------------------------------------------------------------------------------------------


def _extended(g):
    def function(*args, **kwargs):
        """Return g(*args): of real numbers outside of its domain NumPy's function of complex ones."""
        if not holds_duals((args, kwargs)):
            return g(*args, **kwargs)
        args = [seen(x) for x in inspect.signature(g).bind(*args, **kwargs).args]
        if np.iscomplexobj(g(*map(value, args))):
            args = [to_complex(x) if holds_duals(x) else np.asarray(x, complex)[()] for x in args]
        if g is np.emath.logn:
            return np.log(args[1]) / np.log(args[0])
        return getattr(np, g.__name__)(*args)

    return function


for _name in "sqrt log log2 log10 logn power arccos arcsin arctanh".split():
    REPLACED[getattr(np.emath, _name)] = _extended(getattr(np.emath, _name))
