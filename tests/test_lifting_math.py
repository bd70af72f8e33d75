"""`math`, `cmath`, `statistics` in lifted code: their own values and errors, derivatives of mpmath to third order."""

import cmath
import decimal
import fractions
import math
import statistics

import mpmath as mp
import numpy as np
import pytest

import dualnum as dn

BITS = 240
ITEMS = [2.5, -1.25, 0.75, 3.5, 1.5]
OTHERS = [0.5, 2.0, -1.0, 4.0, 3.0]


def log2(x):
    return mp.log(x) / mp.log(2)


# Name: (call of the module's function, truth, points).  Functions of several arguments move in one after the other.
ONE = {
    "acos": (lambda x: math.acos(x), mp.acos, [-0.9, 0.1, 0.99]),
    "acosh": (lambda x: math.acosh(x), mp.acosh, [1.01, 2.0, 1e5]),
    "asin": (lambda x: math.asin(x), mp.asin, [-0.9, 0.1, 0.99]),
    "asinh": (lambda x: math.asinh(x), lambda x: mp.sign(x) * mp.asinh(abs(x)), [-3.0, 0.1, 1e5]),
    "atan": (lambda x: math.atan(x), mp.atan, [-3.0, 0.1, 1e3]),
    "atan2 y": (lambda x: math.atan2(x, -2.0), lambda x: mp.atan2(x, -2), [-3.0, 0.1]),
    "atan2 x": (lambda x: math.atan2(-2.0, x), lambda x: mp.atan2(-2, x), [-3.0, 0.1]),
    "atanh": (lambda x: math.atanh(x), mp.atanh, [-0.9, 0.1]),
    "cos": (lambda x: math.cos(x), mp.cos, [-9.0, 0.1, 1e4]),
    "cosh": (lambda x: math.cosh(x), mp.cosh, [-3.0, 0.1, 30.0]),
    "degrees": (lambda x: math.degrees(x), mp.degrees, [-3.0, 0.1]),
    "erf": (lambda x: math.erf(x), mp.erf, [-1.5, 0.1, 3.0]),
    "erfc": (lambda x: math.erfc(x), mp.erfc, [-1.5, 0.1, 5.0]),
    "exp": (lambda x: math.exp(x), mp.exp, [-30.0, 0.1, 300.0]),
    "expm1": (lambda x: math.expm1(x), mp.expm1, [-3.0, 1e-9, 30.0]),
    "fabs": (lambda x: math.fabs(x), abs, [-3.0, 0.1]),
    "fmod x": (lambda x: math.fmod(x, 0.7), lambda x: x - mp.mpf(0.7) * int(x / 0.7), [-3.0, 5.3]),
    "fmod y": (lambda x: math.fmod(5.3, x), lambda x: mp.mpf(5.3) - x * int(5.3 / x), [-3.0, 0.7]),
    "fsum": (lambda x: math.fsum([x * x, 1e16, x, -1e16]), lambda x: x * x + x, [0.1, 7.3]),
    "gamma": (lambda x: math.gamma(x), mp.gamma, [-1.5, 0.3, 20.0]),
    "hypot": (
        lambda x: math.hypot(x, 2.0, x),
        lambda x: mp.sqrt(2 * x * x + 4),
        [-3.0, 1.295841772600371, 1e9],
    ),
    "dist": (
        lambda x: math.dist((x, 1.0), [3.0, x]),
        lambda x: mp.sqrt((x - 3) ** 2 + (1 - x) ** 2),
        [0.5, 7.0],
    ),
    "frexp": (lambda x: math.frexp(x)[0], lambda x: x / mp.mpf(2) ** math.frexp(float(x))[1], [5.3, -0.01]),
    "ldexp": (lambda x: math.ldexp(x, -7), lambda x: x / 128, [5.3, -0.01]),
    "lgamma": (lambda x: math.lgamma(x), lambda x: mp.log(abs(mp.gamma(x))), [-1.5, 0.3, 20.0]),
    "log": (lambda x: math.log(x), mp.log, [0.1, 1e9]),
    "log base": (lambda x: math.log(x, 10.0), mp.log10, [0.1, 1e9]),
    "log of base": (lambda x: math.log(7.0, x), lambda x: mp.log(7) / mp.log(x), [0.1, 3.0]),
    "log10": (lambda x: math.log10(x), mp.log10, [0.1, 1e9]),
    "log1p": (lambda x: math.log1p(x), mp.log1p, [-0.9, 1e-9, 1e9]),
    "log2": (lambda x: math.log2(x), log2, [0.1, 1e9]),
    "modf": (lambda x: math.modf(x)[0], lambda x: x - int(x), [5.3, -2.7]),
    "pow": (lambda x: math.pow(x, 2.5), lambda x: x**2.5, [0.1, 7.0]),
    "pow exponent": (lambda x: math.pow(2.5, x), lambda x: mp.mpf(2.5) ** x, [-3.0, 7.0]),
    "pow both": (lambda x: math.pow(x, x), lambda x: x**x, [0.3, 7.0]),
    "prod": (lambda x: math.prod([x, 3.0, x], start=x), lambda x: 3 * x**3, [0.3, 7.0]),
    "radians": (lambda x: math.radians(x), mp.radians, [-3.0, 0.1]),
    "remainder x": (
        lambda x: math.remainder(x, 0.7),
        lambda x: x - mp.mpf(0.7) * mp.nint(x / 0.7),
        [-3.0, 5.3],
    ),
    "remainder y": (
        lambda x: math.remainder(5.3, x),
        lambda x: mp.mpf(5.3) - x * mp.nint(5.3 / x),
        [-3.0, 0.7],
    ),
    "copysign": (lambda x: math.copysign(x, -1.0), lambda x: -abs(x), [-3.0, 0.1]),
    "sin": (lambda x: math.sin(x), mp.sin, [-9.0, 0.1, 1e4]),
    "sinh": (lambda x: math.sinh(x), mp.sinh, [-3.0, 0.1, 30.0]),
    "sqrt": (lambda x: math.sqrt(x), mp.sqrt, [1e-9, 0.1, 1e9]),
    "tan": (lambda x: math.tan(x), mp.tan, [-9.0, 0.1, 1.5]),
    "tanh": (lambda x: math.tanh(x), mp.tanh, [-3.0, 0.1, 15.0]),
}


def plus_step(step):
    return lambda x: x + step(x)


def real_part(function):
    return lambda x: function(x).real


ONE |= {
    "ceil": (plus_step(math.ceil), lambda x: x + 6, [5.3]),
    "floor": (plus_step(math.floor), lambda x: x + 5, [5.3]),
    "trunc": (plus_step(math.trunc), lambda x: x + 5, [5.3]),
}
if hasattr(math, "cbrt"):
    ONE["cbrt"] = lambda x: math.cbrt(x), lambda x: mp.sign(x) * mp.cbrt(abs(x)), [-3.0, 0.1, 1e9]
    ONE["exp2"] = lambda x: math.exp2(x), lambda x: mp.mpf(2) ** x, [-30.0, 0.1, 300.0]
if hasattr(math, "sumprod"):
    ONE["sumprod"] = lambda x: math.sumprod([x, 2.0], [3.0, x * x]), lambda x: 3 * x + 2 * x * x, [0.3]
if hasattr(math, "fma"):
    ONE["fma"] = lambda x: math.fma(x, x, x), lambda x: x * x + x, [0.3]

COMPLEX = {
    name: (real_part(getattr(cmath, name)), *ONE[name][1:])
    for name in "acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh".split()
}


def mean(items):
    return mp.fsum(items) / len(items)


def central(items, n):
    return mp.fsum((x - mean(items)) ** 2 for x in items) / n


def together(x, y):
    return mp.fsum((a - mean(x)) * (b - mean(y)) for a, b in zip(x, y, strict=True)) / (len(x) - 1)


def slope(x, y):
    return together(x, y) / together(x, x)


def moved(items, x):
    """Return the items with x for the first, twice x for the fourth."""
    return [x, *items[1:3], 2 * x, *items[4:]]


# Name: (call on a list, truth on a list), of `moved(ITEMS, x)`, or of absolute values where only these are allowed.
STATISTICS = {
    "mean": (lambda a: statistics.mean(a), mean),
    "fmean": (lambda a: statistics.fmean(a), mean),
    "fmean weights": (
        lambda a: statistics.fmean(a, weights=[1, 2, 3, 4, 5]),
        lambda a: mp.fsum((i + 1) * x for i, x in enumerate(a)) / 15,
    ),
    "median": (lambda a: statistics.median(a), lambda a: sorted(a)[2]),
    "median of four": (lambda a: statistics.median(a[:4]), lambda a: mean(sorted(a[:4])[1:3])),
    "median_low": (lambda a: statistics.median_low(a[:4]), lambda a: sorted(a[:4])[1]),
    "median_high": (lambda a: statistics.median_high(a[:4]), lambda a: sorted(a[:4])[2]),
    "pvariance": (lambda a: statistics.pvariance(a), lambda a: central(a, 5)),
    "variance": (lambda a: statistics.variance(a), lambda a: central(a, 4)),
    "pstdev": (lambda a: statistics.pstdev(a), lambda a: mp.sqrt(central(a, 5))),
    "stdev": (lambda a: statistics.stdev(a), lambda a: mp.sqrt(central(a, 4))),
    "covariance": (lambda a: statistics.covariance(a, OTHERS), lambda a: together(a, OTHERS)),
    "correlation": (
        lambda a: statistics.correlation(a, OTHERS),
        lambda a: together(a, OTHERS) / mp.sqrt(together(a, a) * together(OTHERS, OTHERS)),
    ),
    "slope": (lambda a: statistics.linear_regression(a, OTHERS).slope, lambda a: slope(a, OTHERS)),
    "intercept": (
        lambda a: statistics.linear_regression(OTHERS, a).intercept,
        lambda a: mean(a) - slope(OTHERS, a) * mean(OTHERS),
    ),
    "proportional": (
        lambda a: statistics.linear_regression(OTHERS, a, proportional=True).slope,
        lambda a: mp.fdot(a, OTHERS) / mp.fdot(OTHERS, OTHERS),
    ),
}
POSITIVE = {
    "geometric_mean": (lambda a: statistics.geometric_mean(a), lambda a: mp.root(mp.fprod(a), 5)),
    "harmonic_mean": (lambda a: statistics.harmonic_mean(a), lambda a: 5 / mp.fsum(1 / x for x in a)),
    "harmonic weights": (
        lambda a: statistics.harmonic_mean(a, weights=[1, 2, 3, 4, 5]),
        lambda a: 15 / mp.fsum((i + 1) / x for i, x in enumerate(a)),
    ),
}


def of_items(row, items):
    call, truth = row
    return lambda x: call(moved(items, x)), lambda x: truth(moved(items, x)), [2.25, 0.8]


CASES = {f"math.{name}": row for name, row in ONE.items()}
CASES |= {f"cmath.{name}": row for name, row in COMPLEX.items()}
CASES |= {f"statistics.{name}": of_items(row, ITEMS) for name, row in STATISTICS.items()}
CASES |= {f"statistics.{name}": of_items(row, list(map(abs, ITEMS))) for name, row in POSITIVE.items()}
POINTS = [(name, x) for name, (_, _, xs) in CASES.items() for x in xs]

# The modules' functions that have no derivatives: of integers, of classes, of the order alone.
WITHOUT = set(
    "comb factorial gcd isclose isfinite isinf isnan isqrt lcm perm ulp nextafter cos exp log phase polar rect".split()
) | {
    "mode",
    "multimode",
    "quantiles",
    "median_grouped",
    "fisher",
    "NormalDist",
    "StatisticsError",
    "kde",
    "kde_random",
}


@pytest.mark.parametrize("module", [math, cmath, statistics], ids=lambda module: module.__name__)
def test_every_function_is_here(module):
    names = {name.partition(" ")[0] for name in ONE if module is math}
    names |= {name.partition(" ")[0] for name in COMPLEX if module is cmath}
    names |= {name.partition(" ")[0] for name in {**STATISTICS, **POSITIVE} if module is statistics}
    public = {name for name in getattr(module, "__all__", dir(module)) if callable(getattr(module, name))}
    missing = {name for name in public if name[0] != "_"} - names - WITHOUT
    assert missing <= {"linear_regression"}, f"add rows for {sorted(missing)}"


@pytest.mark.parametrize("name, x", POINTS)
def test_values_and_derivatives(name, x):
    f, truth, _ = CASES[name]
    with mp.workprec(BITS):
        want = mp.taylor(truth, mp.mpf(x), 3)
    got = dn.taylor(f, 3, lift=True)(x)
    assert got[0] == f(x)
    largest = max(map(abs, want))
    for k in range(1, 4):
        scale = abs(want[k]) + 1e-6 * largest * max(1.0, abs(1 / x)) ** k * 1e-3
        assert abs(got[k] - want[k]) <= 2e-11 * scale + 1e-25, k
        nested = f
        for _ in range(k):
            nested = dn.derivative(nested, lift=True)
        assert np.isclose(nested(x), got[k] * math.factorial(k), rtol=1e-9, atol=1e-12 * float(largest))


ERRORS = {
    "exp": (lambda x: math.exp(1000 * x), 1.0),
    "cosh": (lambda x: math.cosh(x), 1e4),
    "pow": (lambda x: math.pow(x, 300.0), 1e9),
    "pow of a negative number": (lambda x: math.pow(x, 0.5), -1.0),
    "log of 0": (lambda x: math.log(x), 0.0),
    "log of a negative number": (lambda x: math.log(x), -1.0),
    "sqrt": (lambda x: math.sqrt(x), -1.0),
    "acos": (lambda x: math.acos(x), 1.5),
    "acosh": (lambda x: math.acosh(x), 0.5),
    "atanh": (lambda x: math.atanh(x), 1.0),
    "gamma": (lambda x: math.gamma(x), 200.0),
    "gamma at a pole": (lambda x: math.gamma(x), -2.0),
    "fmod": (lambda x: math.fmod(x, 0.0), 1.0),
    "log of base 1": (lambda x: math.log(2.0, x), 1.0),
    "sin of inf": (lambda x: math.sin(x), math.inf),
    "log1p": (lambda x: math.log1p(x), -1.0),
    "ldexp": (lambda x: math.ldexp(x, 5000), 1.0),
    "text": (lambda x: x + math.sin("1"), 1.0),
    "mean of nothing": (lambda x: statistics.mean([]), 1.0),
    "stdev of one": (lambda x: statistics.stdev([x]), 1.0),
    "harmonic_mean": (lambda x: statistics.harmonic_mean([x, 1.0]), -1.0),
}


@pytest.mark.parametrize("lift", [True, "auto"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_the_modules_own(name, lift):
    f, x = ERRORS[name]
    with pytest.raises(Exception) as of_floats:
        f(x)
    with pytest.raises(type(of_floats.value)) as of_duals:
        dn.derivative(f, lift=lift)(x)
    assert type(of_duals.value) is type(of_floats.value) and str(of_duals.value) == str(of_floats.value)


def saturated(x):
    try:
        return x * math.exp(x)
    except OverflowError:
        return x * 1e300


@pytest.mark.parametrize("x, slope", [(1e4, 1e300), (1.0, 2 * math.e)])
def test_an_except_branch_is_taken_as_for_floats(x, slope):
    assert dn.derivative(saturated)(x) == pytest.approx(slope, rel=1e-15)


DECISIONS = {
    "isfinite": lambda x: x if math.isfinite(x) else -x,
    "isnan": lambda x: -x if math.isnan(x) else x,
    "isinf": lambda x: -x if math.isinf(x) else x,
    "isclose": lambda x: x if math.isclose(x, 2.0, rel_tol=1e-9) else -x,
    "cmath": lambda x: x if cmath.isfinite(x) and not cmath.isnan(x) and not cmath.isinf(x) else -x,
    "ulp": lambda x: x + 0 * math.ulp(x),
    "nextafter": lambda x: math.nextafter(x, 3.0),
    "ceil is an int": lambda x: x * [7, 8, 1][math.ceil(x)],
    "floor is an int": lambda x: x * (math.floor(x) // 2),
    "integers": lambda x: x * math.comb(4, 0) * math.gcd(3, 2),
    "constants": lambda x: x * math.pi / math.pi,
    "0-d array": lambda x: math.sqrt(np.asarray(x) * x),
    "1-element array": lambda x: float(np.array([x])[0]),
    "integers stay integers": lambda x: x * math.floor(1.5) if type(math.floor(1.5)) is int else -x,
}


@pytest.mark.parametrize("name", DECISIONS)
def test_decisions_and_integers(name):
    f = DECISIONS[name]
    value, slope = dn.value_and_derivative(f, lift=True)(2.0)
    assert value == f(2.0) and slope == 1.0


@pytest.mark.parametrize("exact", [fractions.Fraction, decimal.Decimal])
def test_exact_numbers_refuse(exact):
    with pytest.raises(
        TypeError, match=f"^{exact.__module__}.{exact.__name__} expects floats, got duals, at {__file__}:"
    ):
        dn.derivative(lambda x: float(exact(x)))(2.0)
