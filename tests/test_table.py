"""Every row of the table of functions, against mpmath, in ulps, over the row's whole domain."""

import mpmath as mp
import numpy as np
import pytest
import truth
from elements import coefficients, fresh_levels, join, seeds

import dualnum
from dualnum import _core

FIRST, SECOND, VALUE = 4, 8, 2  # ulps allowed to f' and f'', and to NumPy's f for a point to count

# (row, column) -> (ulps allowed, why no more can be had)
EXCEPTIONS = {}

# (row, column): the true column changes sign where its terms cancel, so its error is measured against their sum.
TERMS = {
    ("power", "z_xy"): lambda x, y: mp.power(x, y - 1) * (1 + abs(y * mp.log(x))),
    ("float_power", "z_xy"): lambda x, y: mp.power(x, y - 1) * (1 + abs(y * mp.log(x))),
}

ROWS = [pytest.param(row, id=row.name) for row in _core.ELEMENTARY]
PAIRS = [pytest.param(row, id=row.name) for row in _core.BINARY]

# Everything that float64 has: whole range, both signs, infinities and NaN.
ANYTHING = np.concatenate([truth.points(-truth.LARGEST, truth.LARGEST), [np.inf, -np.inf, np.nan, -0.0]])


def second_order(f, x):
    """Return f's value, first and second derivative at an array, by two levels."""
    levels = fresh_levels(2)
    with np.errstate(all="ignore"):
        y = coefficients(f(join(seeds(x, 2), levels)), levels, (1, 1))
    same = (y[:, 0, 1] == y[:, 1, 0]) | np.isnan(y[:, 0, 1])
    assert same.all(), "both first-order parts of a hyper-dual number are f'"
    return y[:, 0, 0], y[:, 0, 1], y[:, 1, 1]


def same_bits(a, b):
    """Return where two float64 arrays agree bit for bit, any NaN being equal to any other."""
    a, b = np.ascontiguousarray(a, float), np.ascontiguousarray(b, float)
    return (a.view(np.uint64) == b.view(np.uint64)) | (np.isnan(a) & np.isnan(b))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("orders", [1, 2, 3])
def test_value_is_numpys(row, orders):
    ufunc = getattr(np, row.name)
    x = np.concatenate([truth.points(row.lo, row.hi), ANYTHING])
    with np.errstate(all="ignore"):
        want = ufunc(x)
        d = join(seeds(x, orders), fresh_levels(orders))
        for got in (ufunc(d), getattr(dualnum, row.name)(d)):
            assert same_bits(_core.value(got), want).all()


@pytest.mark.parametrize("row", ROWS)
def test_scalar_agrees_with_array(row):
    x = np.concatenate([truth.points(row.lo, row.hi, 20)[::7], ANYTHING[::25], ANYTHING[-4:]])
    for orders in (1, 2):
        levels = fresh_levels(orders)
        d = join(seeds(x, orders, 0.75), levels)
        f = getattr(dualnum, row.name)
        with np.errstate(all="ignore"):
            want, value = coefficients(f(d), levels, (1,) * orders), _core.value(f(d))
            for i, scalar in enumerate(d):
                assert isinstance(scalar, dualnum.Dual)
                for y in (f(scalar), getattr(scalar, row.name)(), getattr(np, row.name)(scalar)):
                    got = coefficients(y, levels, (1,) * orders)
                    assert np.array_equal(got, want[i], equal_nan=True), (x[i], got, want[i])
                    assert same_bits(_core.value(y), value[i]), x[i]


@pytest.mark.parametrize("row", ROWS)
def test_plain_numbers(row):
    f, ufunc = getattr(dualnum, row.name), getattr(np, row.name)
    x = truth.inner_point(row.name)
    assert f(x) == ufunc(np.float64(x)) and not isinstance(f(x), (dualnum.Dual, np.ndarray))
    assert isinstance(f(np.array([x, x])), np.ndarray)
    assert f(np.array([x, x])).dtype == np.float64
    with np.errstate(all="ignore"):
        assert type(f(2)) is type(f(2.0)) and np.array_equal(f(2), ufunc(2.0), equal_nan=True)
        assert np.array_equal(f(np.array([1, 2])), ufunc(np.array([1.0, 2.0])), equal_nan=True)


@pytest.mark.parametrize("row", ROWS)
def test_derivatives_in_ulps(row):
    x = truth.points(row.lo, row.hi)
    value, first, second = second_order(getattr(np, row.name), x)
    worst = {"dy": (0.0, None), "d2y": (0.0, None)}
    counted = 0
    for i, point in enumerate(x.tolist()):
        true = truth.elementary_limit(row, point, row.lo if point == row.hi else row.hi)
        if truth.ulps(value[i], true["y"]) > VALUE or 0 < abs(value[i]) < truth.TINY:
            continue  # NumPy's value itself is off, or a subnormal number with fewer digits
        counted += 1
        for name, got in (("dy", first[i]), ("d2y", second[i])):
            worst[name] = max(worst[name], (truth.ulps(got, true[name]), point), key=lambda pair: pair[0])
    assert counted >= 0.8 * x.size
    for name, allowed in (("dy", FIRST), ("d2y", SECOND)):
        allowed, _ = EXCEPTIONS.get((row.name, name), (allowed, ""))
        assert worst[name][0] <= allowed, (
            f"{row.name} {name}: {worst[name][0]:.2f} ulps at {worst[name][1]!r}"
        )


@pytest.mark.parametrize("row", ROWS)
def test_no_nan_where_the_value_is_a_number(row):
    """Outside the row's domain too: at 400 tanh is flat, not undefined."""
    x = ANYTHING[np.isfinite(ANYTHING)]
    value, first, second = second_order(getattr(np, row.name), x)
    number = ~np.isnan(value)
    assert not np.isnan(first[number]).any(), x[number][np.isnan(first[number])]
    assert not np.isnan(second[number]).any(), x[number][np.isnan(second[number])]


def raised(f, *arguments):
    """Return which floating-point errors a call raises, underflow included."""
    found = []
    for kind in ("divide", "over", "invalid", "under"):
        with np.errstate(all="ignore"), np.errstate(**{kind: "raise"}):
            try:
                f(*arguments)
            except FloatingPointError as error:
                found.append(str(error))
    return found


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("orders", [1, 2, 3])
def test_flags_are_those_of_the_value(row, orders):
    """A tangent that overflows sets no flag, and neither does any slope at infinity."""
    x = np.concatenate([ANYTHING[::9], ANYTHING[-4:], [0.0, 1.0, -1.0, 1e-200]])
    d = join(seeds(x, orders, 0.75), fresh_levels(orders))
    f, ufunc = getattr(dualnum, row.name), getattr(np, row.name)
    for i in range(x.size):
        assert raised(ufunc, d[i : i + 1]) == raised(ufunc, x[i : i + 1]), x[i]
        assert raised(f, d[i]) == raised(ufunc, x[i]), x[i]


TWO = [
    row.name for row in _core.BINARY
] + "add subtract maximum minimum fmax copysign remainder fmod floor_divide".split()


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("orders", [1, 2, 3])
def test_flags_of_two_arguments(name, orders):
    draw = np.random.default_rng(orders)
    x, y = draw.choice(ANYTHING, 120), draw.choice(ANYTHING, 120)
    levels = fresh_levels(orders)
    duals = [join(seeds(values, orders, 0.75), levels) for values in (x, y)]
    ufunc = getattr(np, name)
    for i in range(x.size):
        one = slice(i, i + 1)
        want = raised(ufunc, x[one], y[one])
        for left, right in ((duals[0], duals[1]), (duals[0], y), (x, duals[1])):
            assert raised(ufunc, left[one], right[one]) == want, (x[i], y[i])


@pytest.mark.parametrize("row", PAIRS)
def test_two_argument_values_are_numpys(row):
    ufunc = getattr(np, row.name)
    x, y = truth.pairs(row)
    x, y = (
        np.concatenate([x, np.tile(ANYTHING, 3)]),
        np.concatenate([y, np.roll(ANYTHING, 1), ANYTHING, ANYTHING[::-1]]),
    )
    dx, dy, _ = two_argument_seeds(x, y)
    with np.errstate(all="ignore"):
        want = ufunc(x, y)
        for got in (ufunc(dx, dy), ufunc(dx, y), ufunc(x, dy), getattr(dualnum, row.name)(dx, dy)):
            assert same_bits(_core.value(got), want).all()


def two_argument_seeds(x, y):
    """Return x and y with two levels of two tangents, the first along x and the second along y; and the levels."""
    levels = fresh_levels(2)
    sx, sy = np.zeros((x.size, 3, 3)), np.zeros((x.size, 3, 3))
    sx[:, 0, 0], sx[:, 1, 0], sx[:, 0, 1] = x, 1, 1
    sy[:, 0, 0], sy[:, 2, 0], sy[:, 0, 2] = y, 1, 1
    return join(sx, levels), join(sy, levels), levels


PARTS = {"z_x": (1, 0), "z_y": (2, 0), "z_xx": (1, 1), "z_xy": (1, 2), "z_yy": (2, 2)}


@pytest.mark.parametrize("row", PAIRS)
def test_two_argument_derivatives_in_ulps(row):
    x, y = truth.pairs(row)
    dx, dy, levels = two_argument_seeds(x, y)
    ufunc = getattr(np, row.name)
    with np.errstate(all="ignore"):
        z = coefficients(ufunc(dx, dy), levels, (2, 2))
        alone_x = coefficients(ufunc(dx, y), levels, (2, 2))
        alone_y = coefficients(ufunc(x, dy), levels, (2, 2))
    assert same_bits(z[:, 1, 2], z[:, 2, 1]).all()
    worst = dict.fromkeys(PARTS, (0.0, None))
    counted = 0
    for i, point in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        try:
            true = truth.binary(row, *point)
        except ZeroDivisionError:
            continue  # a pole
        if row.name == "hypot" and point == (0.0, 0.0):
            continue  # a kink: test_kinks.py
        if truth.ulps(z[i, 0, 0], true["z"]) > VALUE or 0 < abs(z[i, 0, 0]) < truth.TINY:
            continue  # NumPy's value itself is off, or a subnormal number with fewer digits
        counted += 1
        for name, place in PARTS.items():
            results = [z]
            results += [alone_x] * (name in ("z_x", "z_xx")) + [alone_y] * (name in ("z_y", "z_yy"))
            for result in results:
                worst[name] = max(
                    worst[name], (_distance(row, name, result[(i, *place)], true), point), key=lambda p: p[0]
                )
    assert counted >= 0.8 * x.size
    for name in PARTS:
        allowed, _ = EXCEPTIONS.get((row.name, name), (FIRST if len(name) == 3 else SECOND, ""))
        assert worst[name][0] <= allowed, (
            f"{row.name} {name}: {worst[name][0]:.2f} ulps at {worst[name][1]!r}"
        )


def _distance(row, name, got, true):
    terms = TERMS.get((row.name, name))
    if terms is None or not np.isfinite(got):
        return truth.ulps(got, true[name])
    return float(abs(mp.mpf(float(got)) - true[name]) / truth.ulp(terms(true["x"], true["y"])))


@pytest.mark.parametrize("row", ROWS)
def test_columns_are_consistent(row):
    """y is the function, dy its derivative, d2y the derivative of dy, dc that of c: at 50 digits."""
    with mp.workdps(50):
        for x in truth.inner_points(row.lo, row.hi, 8, 3) + truth.inner_points(row.lo, row.hi, 4, 4):
            true = truth.elementary(row, x, None)
            assert close(truth.column(row.y, x=mp.mpf(x)), true["y"])
            for name, derivative in (("y", "dy"), ("dy", "d2y"), ("c", "dc")):
                numeric = mp.diff(lambda t, name=name: truth.elementary(row, t, None)[name], mp.mpf(x))
                assert close(numeric, true[derivative]), (row.name, derivative, x)


@pytest.mark.parametrize("row", PAIRS)
def test_two_argument_columns_are_consistent(row):
    steps = "z x z_x|z y z_y|z_x x z_xx|z_x y z_xy|z_y x z_xy|z_y y z_yy|c x c_x|c y c_y|s x s_x|s y s_y"
    points = zip(
        truth.inner_points(row.x_lo, row.x_hi, 8, 5),
        truth.inner_points(row.y_lo, row.y_hi, 8, 6),
        strict=True,
    )
    with mp.workdps(50):
        for x, y in points:
            true = truth.binary(row, x, y, None)
            assert close(truth.column(row.z, x=mp.mpf(x), y=mp.mpf(y)), true["z"])
            for name, variable, derivative in map(str.split, steps.split("|")):

                def moved(t, name=name, variable=variable, x=x, y=y):
                    return truth.binary(row, *((t, y) if variable == "x" else (x, t)), None)[name]

                assert close(mp.diff(moved, mp.mpf(x if variable == "x" else y)), true[derivative]), (
                    row.name,
                    derivative,
                )


def close(a, b):
    return abs(a - b) <= mp.mpf(10) ** -30 * max(1, abs(b))


@pytest.mark.parametrize("row", ROWS)
def test_columns_are_free_of_cancellation(row):
    """The truth itself may not depend on the digits it is computed with."""
    for x in truth.points(row.lo, row.hi, 20)[::9].tolist():
        few, many = (
            truth.elementary_limit(row, x, row.lo if x == row.hi else row.hi, digits)
            for digits in (truth.DIGITS, 800)
        )
        for name in ("c", "dy", "d2y", "dc"):
            assert abs(few[name] - many[name]) <= mp.mpf(10) ** -40 * abs(many[name]), (name, x)


class Bounded:
    """A value with its derivative along x, and the sum of the derivative's terms taken absolutely."""

    def __init__(self, value, slope=0, terms=None):
        self.value, self.slope = mp.mpf(value), mp.mpf(slope)
        self.terms = abs(self.slope) if terms is None else terms

    def __add__(self, other):
        other = other if isinstance(other, Bounded) else Bounded(other)
        return Bounded(self.value + other.value, self.slope + other.slope, self.terms + other.terms)

    def __mul__(self, other):
        other = other if isinstance(other, Bounded) else Bounded(other)
        terms = abs(self.value) * other.terms + abs(other.value) * self.terms
        return Bounded(self.value * other.value, self.value * other.slope + other.value * self.slope, terms)

    def __neg__(self):
        return Bounded(-self.value, -self.slope, self.terms)

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return -self + other

    def inverse(self):
        square = self.value**2
        return Bounded(1 / self.value, -self.slope / square, self.terms / square)

    def __truediv__(self, other):
        return self * (other.inverse() if isinstance(other, Bounded) else 1 / mp.mpf(other))

    def __rtruediv__(self, other):
        return self.inverse() * other

    __radd__, __rmul__ = __add__, __mul__


@pytest.mark.parametrize("row", ROWS)
def test_third_order_by_three_levels(row):
    """Through the general composition: within 24 ulps of the sum of the third derivative's terms."""
    x = np.array(truth.inner_points(row.lo, row.hi, 60, 8))
    levels = fresh_levels(3)
    got = coefficients(getattr(np, row.name)(join(seeds(x, 3), levels)), levels, (1, 1, 1))
    for i, point in enumerate(x.tolist()):
        true = truth.elementary(row, point)
        with mp.workdps(truth.DIGITS):
            tracked = {n: Bounded(true[n], true[d]) for n, d in (("c", "dc"), ("y", "dy"), ("dy", "d2y"))}
            third = truth.compiled(row.d2y)
            third = eval(third, truth.namespace(), {**tracked, "x": Bounded(point, 1)})
            third = third if isinstance(third, Bounded) else Bounded(third)
            for place in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
                assert truth.ulps(got[(i, *place)], true["dy"]) <= 2 * FIRST + 4
            for place in ((1, 1, 0), (1, 0, 1), (0, 1, 1)):
                assert truth.ulps(got[(i, *place)], true["d2y"]) <= 2 * SECOND + 8
            error = abs(mp.mpf(float(got[i, 1, 1, 1])) - third.slope)
            assert error <= 24 * truth.ulp(third.terms), (
                row.name,
                point,
                float(error / truth.ulp(third.terms)),
            )
