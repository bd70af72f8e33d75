"""Functions of `math`: values and errors are theirs, derivatives those of NumPy's or SciPy's function."""

import math

import numpy as np

from dualnum._core import FUNCTIONS, Dual, DualArray, holds_duals, math_function, value, with_primal
from dualnum._distribution import extra
from dualnum.lifting import resolve
from dualnum.lifting.resolve import REPLACED, replaces
from dualnum.lifting.tables.python import from_method, primal_of, real_of

#: math's names of functions that NumPy spells otherwise.
NUMPY = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power",
}  # fmt: skip
SAME = (
    "cbrt copysign cos cosh degrees exp exp2 expm1 fabs fmod log10 log1p log2 radians remainder sin sinh sqrt tan tanh"
).split()
OF_TWO = frozenset(("atan2", "copysign", "fmod", "nextafter", "pow", "remainder"))
SCIPY = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "gammaln"}


@np.errstate(all="ignore")  # math does not warn
def _ieee_remainder(x, y):
    """Return math.remainder of duals: x - n y with the nearest integer n, which may be NaN or too large to tell."""
    n = np.rint(np.divide(value(x) - math.remainder(value(x), value(y)), value(y)))
    return x - float(n) * y


SPECIAL = {"remainder": _ieee_remainder}

for _name in [*NUMPY, *SAME]:
    if hasattr(math, _name):
        _function = SPECIAL.get(_name) or FUNCTIONS.get(NUMPY.get(_name, _name)) or getattr(np, _name)
        REPLACED[getattr(math, _name)] = math_function(getattr(math, _name), _function, 1 + (_name in OF_TWO))


def _integer(function):
    def step(x, /):
        return from_method(f"__{function.__name__}__", primal_of(x), function)

    return step


for _name in ("ceil", "floor", "trunc"):
    REPLACED[getattr(math, _name)] = _integer(getattr(math, _name))


def of_scipy(name, spelled):
    """Return a function of scipy.special, which is imported when `spelled`, a function of Python's, needs it."""

    def function(x):
        try:
            import scipy.special
        except ImportError as error:
            raise ImportError(
                f"the derivative of {spelled} expects SciPy; install {extra('scipy')}."
            ) from error
        return getattr(scipy.special, name)(x)

    return function


for _name in SCIPY:
    REPLACED[getattr(math, _name)] = math_function(
        getattr(math, _name), of_scipy(SCIPY[_name], f"math.{_name}")
    )


def _predicate(function):
    def decide(*args, **kwargs):
        return function(
            *[primal_of(real_of(x)) for x in args], **{name: primal_of(x) for name, x in kwargs.items()}
        )

    return decide


for _name in ("isfinite", "isinf", "isnan", "isclose", "ulp"):
    REPLACED[getattr(math, _name)] = _predicate(getattr(math, _name))


@replaces(math.log)
def log(x, /, *base):
    if not base:
        return _log(x)
    x, *base = numbers = [real_of(x), *map(real_of, base)]
    primal = math.log(*map(primal_of, numbers))
    with np.errstate(all="ignore"):
        return _with(_log(x) / _log(base[0]), primal) if holds_duals(numbers) else primal


_log = math_function(math.log, FUNCTIONS["log"])


def _with(y, primal):
    """Return y with the value `primal`; y may have become a float."""
    return with_primal(y, primal) if type(y) is Dual else primal


@replaces(math.hypot)
@np.errstate(all="ignore")
def hypot(*coordinates):
    coordinates = [real_of(x) for x in coordinates]
    primal = math.hypot(*map(primal_of, coordinates))
    if not holds_duals(coordinates):
        return primal
    if len(coordinates) == 2:
        return _with(np.hypot(*coordinates), primal)
    return _with(np.linalg.norm(np.array(coordinates).view(DualArray)), primal)


@replaces(math.dist)
def dist(p, q, /):
    p, q = [[real_of(x) for x in resolve.FULL.iterate(point)] for point in (p, q)]
    primal = math.dist([*map(primal_of, p)], [*map(primal_of, q)])
    if not holds_duals((p, q)):
        return primal
    return _with(hypot(*[a - b for a, b in zip(p, q, strict=True)]), primal)


@replaces(math.fsum)
def fsum(items, /):
    items = [real_of(x) for x in resolve.FULL.iterate(items)]
    primal = math.fsum(map(primal_of, items))
    return _with(sum(items), primal) if holds_duals(items) else primal


@replaces(math.prod)
def prod(items, /, *, start=1):
    return math.prod(resolve.FULL.iterate(items), start=start)


if hasattr(math, "sumprod"):

    @replaces(math.sumprod)
    def sumprod(p, q, /):
        p, q = [[real_of(x) for x in resolve.FULL.iterate(each)] for each in (p, q)]
        primal = math.sumprod([*map(primal_of, p)], [*map(primal_of, q)])
        return _with(sum(a * b for a, b in zip(p, q, strict=True)), primal) if holds_duals((p, q)) else primal


if hasattr(math, "fma"):

    @replaces(math.fma)
    def fma(x, y, z, /):
        x, y, z = map(real_of, (x, y, z))
        primal = math.fma(*map(primal_of, (x, y, z)))
        return _with(x * y + z, primal) if holds_duals((x, y, z)) else primal


@replaces(math.nextafter)
def nextafter(x, y, /, **kwargs):
    x = real_of(x)
    return _with(x, math.nextafter(primal_of(x), primal_of(y), **kwargs))


@replaces(math.ldexp)
def ldexp(x, i, /):
    x = real_of(x)
    primal = math.ldexp(primal_of(x), i)
    return _with(np.ldexp(x, i), primal) if type(x) is Dual else primal


@replaces(math.frexp)
def frexp(x, /):
    x = real_of(x)
    mantissa, exponent = math.frexp(primal_of(x))
    return _with(ldexp(x, -exponent), mantissa) if type(x) is Dual else mantissa, exponent


@replaces(math.modf)
def modf(x, /):
    x = real_of(x)
    fraction, whole = math.modf(primal_of(x))
    return _with(x, fraction) if type(x) is Dual else fraction, whole
