"""Every row of the tables as a series: orders 0 to 20 against mpmath.

Coefficient k may be off by 64 (k + 1) ulps of what the same recurrence gives on absolute values, in which nothing
cancels: the rounding errors that the recurrence itself makes are of this size.
"""

import math

import mpmath as mp
import numpy as np
import pytest
import truth

import dualnum as dn
from dualnum import _core

ORDER = 20
NOTHING = 1e-40  # the error of a zero by mpmath's numerical differentiation
ROWS = [pytest.param(row, id=row.name) for row in _core.ELEMENTARY]
PAIRS = [pytest.param(row, id=row.name) for row in _core.BINARY]
POWERS = ("power", "float_power")

# Beside points drawn from the inner domain: where functions are steep, flat or nearly singular.
MORE = {
    "exp": [-300.0, 300.0],
    "expm1": [1e-8, -30.0],
    "log": [1e-5, 1e5],
    "log1p": [-0.999, 1e-9],
    "sqrt": [1e-6, 1e6],
    "cbrt": [1e-6, -1e6],
    "reciprocal": [1e-3, -1e4],
    "sin": [0.0, 1e3],
    "cos": [0.0, 1e3],
    "tan": [1.5, 30.0],
    "arcsin": [0.0, 0.99],
    "arccos": [0.0, -0.99],
    "arctan": [0.0, 50.0],
    "sinh": [0.0, 20.0],
    "cosh": [0.0, 20.0],
    "tanh": [0.0, 20.0],
    "arcsinh": [0.0, -50.0],
    "arccosh": [1.01, 50.0],
    "arctanh": [0.0, 0.99],
}


class Absolute:
    """A truncated series of magnitudes: sums and differences add, quotients divide by the first term as it is."""

    def __init__(self, terms, first=None):
        self.terms = np.abs(np.asarray(terms, float))
        self.first = float(np.asarray(terms)[0] if first is None else first)

    def lift(self, other):
        if isinstance(other, Absolute):
            return other
        return Absolute(np.eye(1, len(self.terms))[0] * float(other))

    def __add__(self, other):
        other = self.lift(other)
        return Absolute(self.terms + other.terms, self.first + other.first)

    def __sub__(self, other):
        return self + -self.lift(other)

    def __rsub__(self, other):
        return self.lift(other) - self

    def __mul__(self, other):
        other = self.lift(other)
        terms = np.convolve(self.terms, other.terms)[: len(self.terms)]
        return Absolute(terms, self.first * other.first)

    def __truediv__(self, other):
        other, terms = self.lift(other), np.zeros_like(self.terms)
        for k in range(len(terms)):
            terms[k] = (self.terms[k] + terms[:k] @ other.terms[k:0:-1]) / abs(other.first)
        return Absolute(terms, self.first / other.first)

    def __rtruediv__(self, other):
        return self.lift(other) / self

    def __neg__(self):
        return Absolute(self.terms, -self.first)

    __radd__, __rmul__ = __add__, __mul__


CONSTANTS = {"LN2": math.log(2), "LN10": math.log(10), "PI": math.pi, "quotient0": lambda x, y: x / y}


def magnitudes(columns, known, moving, order):
    """Run the recurrences k y_k = sum of i u_i [dy/du]_(k-i) on magnitudes.

    `columns` maps each outcome to its column by each variable, `known` holds the values of all outcomes, `moving` the
    variables' series.
    """
    series = {name: [abs(float(start))] for name, start in known.items()}
    for k in range(1, order + 1):
        names = {name: Absolute(terms, float(known[name])) for name, terms in series.items()}
        names |= {name: Absolute(terms[:k]) for name, terms in moving.items()}
        one = Absolute(np.eye(1, k)[0])
        found = {}
        for outcome, by in columns.items():
            total = 0.0
            for variable, text in by.items():
                slope = one.lift(0.0) + eval(truth.compiled(text), CONSTANTS, names)
                steps = np.arange(1, k + 1) * np.abs(moving[variable][1 : k + 1])
                total += steps @ slope.terms[::-1]
            found[outcome] = total / k
        for outcome, term in found.items():
            series[outcome].append(term)
    return series


def true_series(f, points, order):
    """Return the Taylor coefficients of f along a line by mpmath, on a scale that is fitted to the point."""
    with mp.workdps(60):
        scale = mp.mpf(max([1.0, *map(abs, points)]))
        found = mp.taylor(lambda t: f(scale * t), 0, order, chop=False)
        return [mp.re(c) / scale**k for k, c in enumerate(found)]


def expand(f, starts, order):
    """Return the coefficients of f along the straight line through `starts`, of scalars and of arrays alike."""
    level = _core.Level(taylor=True)
    scalars = [_core.seed_scalar(x, level, v, order) if v else x for x, v in starts]
    slopes = [np.eye(1, order)[0] * v for _, v in starts]
    arrays = [
        _core.seed_tangents(np.full(3, x), level, slope) if v else np.full(3, x)
        for (x, v), slope in zip(starts, slopes, strict=True)
    ]
    value, rest = _core.split(f(*scalars), level)
    values, rests = _core.split(f(*arrays), level)
    assert np.array_equal(values, np.full(3, value), equal_nan=True)
    assert np.array_equal(rests, np.tile(rest, (3, 1)), equal_nan=True)
    return np.array([value, *rest])


def check(f, true_f, starts, bound):
    got = expand(f, starts, ORDER)
    want = true_series(true_f, [x for x, _ in starts], ORDER)
    for k, (a, b, size) in enumerate(zip(got.tolist(), want, bound, strict=True)):
        with mp.workdps(60):
            error = float(abs(mp.mpf(a) - b) / truth.ulp(mp.mpf(max(size, NOTHING))))
        assert error <= 64 * (k + 1), (starts, k, a, float(b), error)
    for order in range(ORDER):
        assert np.array_equal(expand(f, starts, order), got[: order + 1])


@pytest.mark.parametrize("row", ROWS)
def test_orders_to_20(row):
    for x in truth.inner_points(row.lo, row.hi, 4, 11) + MORE.get(row.name, []):
        for rate in (1.0, -0.5):
            moving = {"x": np.array([x, rate] + [0.0] * (ORDER - 1))}
            true = truth.elementary(row, x)
            known = {name: true[name] for name in ("y", "c")}
            bound = magnitudes({"y": {"x": row.dy}, "c": {"x": row.dc}}, known, moving, ORDER)["y"]
            f = truth.FUNCTIONS[row.name]
            check(getattr(np, row.name), lambda t, x=x, r=rate, f=f: f(x + r * t), [(x, rate)], bound)


@pytest.mark.parametrize("row", PAIRS)
def test_two_arguments_to_order_20(row):
    points = zip(
        truth.inner_points(0.2, row.x_hi, 3, 12), truth.inner_points(0.2, row.y_hi, 3, 13), strict=True
    )
    for x, y in points:
        for speeds in ((1.0, 1.0), (1.0, -0.5), (0.0, 1.0), (1.0, 0.0)):
            moving = {
                name: np.array([p, v] + [0.0] * (ORDER - 1))
                for name, p, v in zip("xy", (x, y), speeds, strict=True)
            }
            if row.name in POWERS:
                bound = power_magnitudes(x, y, moving, speeds[1] != 0)
            else:
                true = truth.binary(row, x, y)
                columns = {
                    "z": {"x": row.z_x, "y": row.z_y},
                    "c": {"x": row.c_x, "y": row.c_y},
                    "s": {"x": row.s_x, "y": row.s_y},
                }
                bound = magnitudes(columns, {name: true[name] for name in columns}, moving, ORDER)["z"]
            f = truth.FUNCTIONS_OF_TWO[row.name]
            v, w = speeds
            check(
                getattr(np, row.name),
                lambda t, x=x, y=y, v=v, w=w, f=f: f(x + v * t, y + w * t),
                [(x, v), (y, w)],
                bound,
            )


def power_magnitudes(x, p, moving, exponent_moves):
    """Return magnitudes of x^(p + h) = x^p exp(h log(x)), where x^p goes by y' = p y / x."""
    z = magnitudes({"y": {"x": f"{p!r} * y / x"}}, {"y": x**p}, moving, ORDER)["y"]
    if not exponent_moves:
        return z
    log = magnitudes({"y": {"x": "c"}, "c": {"x": "-c * c"}}, {"y": math.log(x), "c": 1 / x}, moving, ORDER)[
        "y"
    ]
    h = np.array([0.0, *moving["y"][1:]])
    exponent = (Absolute(h) * Absolute(log)).terms
    e = magnitudes({"y": {"x": "y"}}, {"y": 1.0}, {"x": exponent}, ORDER)["y"]
    return (Absolute(z) * Absolute(e)).terms


@pytest.mark.parametrize("row", ROWS)
def test_a_constant_stays_constant(row):
    x = truth.inner_point(row.name)
    got = expand(getattr(dn, row.name), [(x, 1e-300)], 3)[:1]
    assert got[0] == getattr(np, row.name)(x)


@pytest.mark.parametrize("p", [-3, -1, 0, 1, 2, 3, 7, 0.5, -0.5, 1.5, 2.5, 1 / 3])
def test_powers_with_constant_exponents(p):
    for x in (0.3, 1.7, 40.0):
        moving = {"x": np.array([x, 1.0] + [0.0] * (ORDER - 1))}
        bound = magnitudes({"y": {"x": f"{float(p)!r} * y / x"}}, {"y": x**p}, moving, ORDER)["y"]
        check(
            lambda x, p=p: np.power(x, p), lambda t, x=x, p=p: mp.power(x + t, mp.mpf(p)), [(x, 1.0)], bound
        )


# ---- identities at order 30 --------------------------------------------------------------------------------


def series_at(x, order=30):
    return dn.series.number(x * np.array([1.0] + [0.2**k for k in range(1, order + 1)]))


def close(a, b, tolerance=1e-12):
    a, b = dn.series.coefficients(a), dn.series.coefficients(b)
    scale = np.maximum.accumulate(np.maximum(np.abs(b), 1.0))
    assert (np.abs(a - b) <= tolerance * scale).all(), np.abs(a - b) / scale


@pytest.mark.parametrize("x", [0.4, 0.7, 1.2])
def test_identities(x):
    t = series_at(x)
    close(dn.exp(dn.log(t)), t)
    close(dn.log(dn.exp(t)), t)
    close(dn.sin(t) ** 2 + dn.cos(t) ** 2, t * 0 + 1)
    close(dn.tan(t), dn.sin(t) / dn.cos(t), 1e-10)
    close(dn.sqrt(t) ** 2, t)
    close(dn.cbrt(t) ** 3, t)
    close(dn.cosh(t) ** 2 - dn.sinh(t) ** 2, t * 0 + 1, 1e-11)
    close(dn.tanh(t), dn.sinh(t) / dn.cosh(t), 1e-10)
    close(dn.arctan(dn.tan(t / 2)), t / 2, 1e-10)
    close(dn.sin(dn.arcsin(t / 4)), t / 4)
    close(dn.arcsinh(dn.sinh(t)), t, 1e-10)
    close(dn.arctanh(t / 4), (dn.log(1 + t / 4) - dn.log(1 - t / 4)) / 2)
    close(t**1.5 * t**-1.5, t * 0 + 1, 1e-9)
    close(t**t, dn.exp(t * dn.log(t)), 1e-10)
    close((1 / t) * t, t * 0 + 1)
    close(dn.hypot(t, 2 * t), np.sqrt(5.0) * t)
    close(np.arctan2(dn.sin(t), dn.cos(t)), t, 1e-10)
    close(np.logaddexp(t, t), t + math.log(2))


def test_series_of_the_inverse():
    c = dn.taylor(dn.sin, 30)(0.0)
    np.testing.assert_allclose(dn.series.reversion(c), dn.taylor(dn.arcsin, 30)(0.0), rtol=1e-10, atol=1e-16)


# ---- high orders -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, 1.0, -20.0, 600.0])
def test_exp_to_order_100(x):
    got, value = dn.taylor(dn.exp, 100)(x), math.exp(x)
    with mp.workdps(30):
        want = [float(mp.exp(x) / mp.factorial(k)) for k in range(101)]
    assert got[0] == value
    np.testing.assert_allclose(got, want, rtol=1e-13)


@pytest.mark.parametrize("x", [0.0, 1.0, 1e3])
def test_sin_to_order_100(x):
    got = dn.taylor(dn.sin, 100)(x)
    with mp.workdps(30):
        want = [float(mp.sin(x + k * mp.pi / 2) / mp.factorial(k)) for k in range(101)]
        size = [float(1 / mp.factorial(k)) for k in range(101)]
    assert (np.abs(got - want) <= 1e-13 * np.array(size)).all()


@pytest.mark.parametrize("x", [0.01, 1.0, 3e2])
def test_log_and_reciprocal_to_order_100(x):
    with mp.workdps(30):
        want = [float((-1) ** k / mp.mpf(x) ** (k + 1)) for k in range(101)]
        logs = [math.log(x)] + [float((-1) ** (k + 1) / (k * mp.mpf(x) ** k)) for k in range(1, 101)]
    np.testing.assert_allclose(dn.taylor(lambda x: 1 / x, 100)(x), want, rtol=1e-13)
    np.testing.assert_allclose(dn.taylor(dn.reciprocal, 100)(x), want, rtol=1e-12)
    np.testing.assert_allclose(dn.taylor(dn.log, 100)(x), logs, rtol=1e-12)
