"""Kinks and corners: every decision of the documentation's table, first and second derivative."""

import math
import warnings

import numpy as np
import pytest
from elements import coefficients, fresh_levels, join
from expect import functions, listed

import dualnum as dn

INF = math.inf
XX = 1.5**1.5

# name -> (function, point, first derivative, second derivative); None is not decided
TABLE = {
    "abs at 0": (abs, 0.0, 0, 0),
    "np.abs at 0": (np.abs, 0.0, 0, 0),
    "fabs at 0": (np.fabs, 0.0, 0, 0),
    "abs at -0": (abs, -0.0, 0, 0),
    "max(x, 0) at 0": (lambda x: np.maximum(x, 0), 0.0, 0.5, 0),
    "max(0, x) at 0": (lambda x: np.maximum(0.0, x), 0.0, 0.5, 0),
    "min(x, 0) at 0": (lambda x: np.minimum(x, 0), 0.0, 0.5, 0),
    "fmax(x, 0) at 0": (lambda x: np.fmax(x, 0), 0.0, 0.5, 0),
    "fmin(x, 0) at 0": (lambda x: np.fmin(x, 0), 0.0, 0.5, 0),
    "max(x, x)": (lambda x: np.maximum(x, x), 0.0, 1, 0),
    "max(x, -x) at 0": (lambda x: np.maximum(x, -x), 0.0, 0, 0),
    "max(3 x, x) at 0": (lambda x: np.maximum(3 * x, x), 0.0, 2, 0),
    "sqrt at 0": (np.sqrt, 0.0, INF, -INF),
    "cbrt at 0": (np.cbrt, 0.0, INF, None),
    "sqrt(x x) at 0": (lambda x: np.sqrt(x * x), 0.0, 0, 0),
    "sqrt(x x + 0 x) at 0": (lambda x: np.sqrt(x * x + 0 * x), 0.0, 0, 0),
    "hypot(x, 0) at 0": (lambda x: np.hypot(x, 0.0), 0.0, 0, 0),
    "hypot(x, x) at 0": (lambda x: np.hypot(x, x), 0.0, 0, 0),
    "x**0 at 0": (lambda x: x**0, 0.0, 0, 0),
    "x**0.0 at 0": (lambda x: x**0.0, 0.0, 0, 0),
    "x**1 at 0": (lambda x: x**1, 0.0, 1, 0),
    "x**1.0 at 0": (lambda x: np.power(x, 1.0), 0.0, 1, 0),
    "x**2 at 0": (lambda x: x**2, 0.0, 0, 2),
    "x**2.0 by power at 0": (lambda x: np.power(x, 2.0), 0.0, 0, 2),
    "x**3 at 0": (lambda x: x**3, 0.0, 0, 0),
    "x**3.0 at -2": (lambda x: x**3.0, -2.0, 12, -12),
    "x**2.5 at 0": (lambda x: x**2.5, 0.0, 0, 0),
    "x**1.5 at 0": (lambda x: x**1.5, 0.0, 0, INF),
    "x**0.5 at 0": (lambda x: x**0.5, 0.0, INF, -INF),
    "float_power(x, 2.5) at 0": (lambda x: np.float_power(x, 2.5), 0.0, 0, 0),
    "0**x at 2": (lambda x: 0.0**x, 2.0, 0, 0),
    "1**x at 2": (lambda x: 1.0**x, 2.0, 0, 0),
    "x**x at 1.5": (lambda x: x**x, 1.5, XX * (math.log(1.5) + 1), XX * ((math.log(1.5) + 1) ** 2 + 1 / 1.5)),
    "abs(-x x) at 0": (lambda x: abs(-x * x), 0.0, 0, 2),
    "abs(-x**2) at 0": (lambda x: abs(-(x**2)), 0.0, 0, 2),
    "abs(x**2) at 0": (lambda x: abs(x**2), 0.0, 0, 2),
    "abs(x - x) at 0": (lambda x: abs(x - x), 0.0, 0, 0),
    "max(x**2, 0) at 0": (lambda x: np.maximum(x**2, 0), 0.0, 0, 2),
    "max(-x**2, 0) at 0": (lambda x: np.maximum(-(x**2), 0), 0.0, 0, 0),
    "min(x**2, 0) at 0": (lambda x: np.minimum(x**2, 0), 0.0, 0, 0),
    "min(-x**2, 0) at 0": (lambda x: np.minimum(-(x**2), 0), 0.0, 0, -2),
    "max(x**2, 3 x**2) at 0": (lambda x: np.maximum(x**2, 3 * x**2), 0.0, 0, 6),
    "max(x + x**2, x) at 0": (lambda x: np.maximum(x + x**2, x), 0.0, 1, 2),
    "max(2 x + x**2, x) at 0": (lambda x: np.maximum(2 * x + x**2, x), 0.0, 1.5, 2),
    "clip(x**2, 0, 1) at 0": (lambda x: np.clip(x**2, 0, 1), 0.0, 0, 2),
    "sinc at 0": (
        lambda x: np.sinc(x.view(dn.DualArray) if isinstance(x, np.ndarray) else x),
        0.0,
        0,
        -(math.pi**2) / 3,
    ),
    "arcsin at 1": (np.arcsin, 1.0, INF, INF),
    "arcsin at -1": (np.arcsin, -1.0, INF, -INF),
    "arccos at 1": (np.arccos, 1.0, -INF, -INF),
    "arctanh at 0": (np.arctanh, 0.0, 1, 0),
    "clip(x, 0, 1) at 1": (lambda x: np.clip(x, 0, 1), 1.0, 0.5, 0),
    "clip(x, 0, 1) at 0": (lambda x: np.clip(x, 0, 1), 0.0, 0.5, 0),
    "clip(x, 0, 1) inside": (lambda x: np.clip(x, 0, 1), 0.25, 1, 0),
    "clip(x, 0, 1) outside": (lambda x: np.clip(x, 0, 1), 1.25, 0, 0),
    "tanh at 400": (np.tanh, 400.0, 0, 0),
    "tanh at -400": (np.tanh, -400.0, 0, 0),
    "1 / x at 1e-100": (lambda x: 1 / x, 1e-100, -1e200, 2e300),
    "reciprocal at 1e-100": (np.reciprocal, 1e-100, -1e200, 2e300),
    "x**-1 at 1e-100": (lambda x: x**-1, 1e-100, -1e200, 2e300),
    "sign at 0": (np.sign, 0.0, 0, 0),
    "sign": (np.sign, -2.0, 0, 0),
    "floor": (np.floor, 1.5, 0, 0),
    "floor at 1": (np.floor, 1.0, 0, 0),
    "ceil": (np.ceil, 1.5, 0, 0),
    "rint": (np.rint, 1.6, 0, 0),
    "trunc": (np.trunc, 1.6, 0, 0),
    "heaviside at 0": (lambda x: np.heaviside(x, 0.5), 0.0, 0, 0),
    "copysign(x, 1)": (lambda x: np.copysign(x, 1.0), -2.0, -1, 0),
    "copysign(x, -1)": (lambda x: np.copysign(x, -1.0), -2.0, 1, 0),
    "x % 3": (lambda x: x % 3.0, 7.5, 1, 0),
    "7 % x": (lambda x: 7.0 % x, 3.0, -2, 0),
    "-7 % x": (lambda x: -7.0 % x, 3.0, 3, 0),
    "fmod(-7, x)": (lambda x: np.fmod(-7.0, x), 3.0, 2, 0),
    "x // 3": (lambda x: x // 3.0, 7.5, 0, 0),
    "divmod(x, 3)[1]": (lambda x: divmod(x, 3.0)[1], 7.5, 1, 0),
    "modf(x)[0]": (lambda x: np.modf(x)[0], 2.75, 1, 0),
    "modf(x)[1]": (lambda x: np.modf(x)[1], 2.75, 0, 0),
    "ldexp": (lambda x: np.ldexp(x * x, 3), 1.5, 24, 16),
    "frexp": (lambda x: np.frexp(x * x)[0], 3.0, 0.375, 0.125),
    "where, branch not taken": (lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0), 0.0, 0, 0),
}

# The first derivatives that numbers with two levels, made by hand, have at a kink: that of the branch for x above the
# point, which their second derivative belongs to.
ABOVE = {
    **dict.fromkeys(
        ["abs at 0", "np.abs at 0", "fabs at 0", "abs at -0", "max(x, 0) at 0", "max(0, x) at 0"], 1
    ),
    **dict.fromkeys(["fmax(x, 0) at 0", "max(x, -x) at 0", "clip(x, 0, 1) at 0", "hypot(x, 0) at 0"], 1),
    **dict.fromkeys(["min(x, 0) at 0", "fmin(x, 0) at 0", "clip(x, 0, 1) at 1"], 0),
    "max(3 x, x) at 0": 3,
    "max(2 x + x**2, x) at 0": 2,
}
# Those of which such numbers cannot tell the second derivative.
UNKNOWN_BY_HAND = {"hypot(x, x) at 0": math.nan, "sqrt(x x) at 0": INF, "sqrt(x x + 0 x) at 0": INF}


def first_and_second(f, x, sizes=(1, 1)):
    """Return f's derivatives at a number, through a scalar of two levels."""
    levels = fresh_levels(2)
    seed = np.zeros((1 + sizes[0], 1 + sizes[1]))
    seed[0, 0], seed[1:, 0], seed[0, 1:] = x, 1, 1
    with np.errstate(all="ignore"):
        scalar = coefficients(f(join(seed, levels)[()]), levels, sizes)
        array = coefficients(f(join(seed[None].repeat(3, 0), levels, subok=True)), levels, sizes)
        plain = coefficients(f(join(seed[None].repeat(3, 0), levels)), levels, sizes)
    for result in (*plain, *array):
        # np.float64(x) ** -1 and array ** -1 round differently in NumPy too
        np.testing.assert_allclose(result, scalar, rtol=1e-15)
    return scalar


def agree(got, want):
    if want is None:
        return True
    return got == want or (np.isfinite(want) and abs(got - want) <= 8 * np.finfo(float).eps * abs(want))


@pytest.mark.parametrize("name", TABLE)
def test_table(name):
    f, x, first, second = TABLE[name]
    result = first_and_second(f, x)
    first = ABOVE.get(name, first)
    if name in UNKNOWN_BY_HAND:
        second = None
        np.testing.assert_equal(result[1, 1], UNKNOWN_BY_HAND[name])
    assert agree(result[1, 0], first) and agree(result[0, 1], first), result
    assert agree(result[1, 1], second), result


@pytest.mark.parametrize("name", TABLE)
def test_table_by_one_level(name):
    f, x, first, _ = TABLE[name]
    levels = fresh_levels(1)
    with np.errstate(all="ignore"):
        many = [[x, 1.0]] * 5
        for d in (join(many, levels)[0], join(many, levels), join(many, levels, subok=True)):
            assert all(agree(slope, first) for slope in np.ravel(coefficients(f(d), levels, (1,))[..., 1]))


@pytest.mark.parametrize("name", TABLE)
def test_table_by_driver(name):
    f, x, first, second = TABLE[name]
    with np.errstate(all="ignore"):
        assert agree(dn.derivative(f)(x), first)
        assert agree(dn.derivative(f, order=2)(x), second)


def test_infinite_slopes_are_silent():
    """sqrt(0.) warns of nothing in NumPy, so its infinite slope does not either."""
    for f, x, slope, curvature in (
        (np.sqrt, 0.0, INF, -INF),
        (np.arcsin, 1.0, INF, INF),
        (np.arccos, 1.0, -INF, -INF),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert dn.derivative(f)(x) == slope
            assert dn.derivative(f, order=2)(x) == curvature


# Functions with a slope of zero at 0: times an infinite tangent it is indeterminate.
FLAT = """
    x * x ; x**2 ; x**3 ; np.power(x, 2.0) ; np.square(x) ; np.cos(x) ; np.cosh(x) ; np.abs(x)
    np.copysign(x, 1.0) ; np.hypot(x, 0.0) ; 0.0 * x ; np.linalg.norm(np.stack([x]), axis=0)
    np.linalg.norm(np.stack([x]), 3, axis=0) ; np.prod(np.stack([x, x]), axis=0)
    (x[..., None, None] @ x[..., None, None])[..., 0, 0] ; np.vecdot(x[..., None], x[..., None])
    np.einsum('i,i->i', x, x) if x.ndim else x * x
    np.dot(x.reshape(1, -1)[:, :1], x.reshape(-1, 1)[:1])[0, 0] + 0 * x
"""


@pytest.mark.parametrize("f", functions(FLAT, "x").values(), ids=listed(FLAT))
@pytest.mark.parametrize("sizes", [(2,), (2, 2), (2, 2, 1)], ids=str)
def test_infinite_tangents_do_not_vanish(f, sizes):
    """0 * inf is indeterminate, as in sqrt(x) * sqrt(x) at 0: no finite tangent comes out.  Zero tangents stay zero."""
    levels = fresh_levels(len(sizes))
    c = np.zeros([1 + k for k in sizes])
    along_first = (1,) + (0,) * (len(sizes) - 1)  # all other directions stay at rest
    c[along_first] = INF
    with np.errstate(all="ignore"):
        for x in (join(np.stack([c, c]), levels, subok=True), join(c[None], levels, subok=True)[0]):
            x = np.asanyarray(x).view(dn.DualArray)
            result = coefficients(f(x), levels, sizes).reshape(*np.shape(x), -1)
            moved = np.ravel_multi_index(along_first, c.shape)
            assert not np.isfinite(result[..., moved]).any()
            assert (np.delete(result, [0, moved], axis=-1) == 0).all()


@pytest.mark.parametrize("f", functions(FLAT, "x").values(), ids=listed(FLAT))
@pytest.mark.parametrize("order", [1, 2, 3])
def test_infinite_coefficients_do_not_vanish(f, order):
    c = np.array([0.0, INF, -INF, INF])[: 1 + order]  # as those of roots at 0
    x = np.frombuffer(np.stack([c, c]), dn.DualDType(order=order)).view(dn.DualArray)
    with np.errstate(all="ignore"):
        result = np.asarray(f(x))
    assert not np.isfinite(np.ascontiguousarray(result).view(float).reshape(2, -1)[:, 1:]).any()


@pytest.mark.parametrize("one", [False, True], ids=["arrays", "numbers"])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: y * np.sqrt(x),
        lambda x, y: np.sqrt(x) / y,
        lambda x, y: np.exp(np.sqrt(x)),
        lambda x, y: np.hypot(np.sqrt(x), y),
        lambda x, y: np.sqrt(x) ** 1.5 + np.arctan2(y, np.sqrt(x) + 1),
        lambda x, y: np.sin(y) * np.arcsin(1 - x),
    ],
    ids=["product", "quotient", "exp", "hypot", "power", "arcsin"],
)
def test_variables_at_rest_have_zero_second_derivatives_beside_infinite_ones(f, one):
    """Second derivatives by the third variable are 0, by the second finite, by the first not."""
    point = np.array([0.0, 2.0, 1.0])

    def g(v):
        return f(v[0], v[1]) if one else f(v[:1], v[1:2])[0]

    with np.errstate(all="ignore"):
        by_tiles = dn.hessian(g)(point)
        nested = dn.jacobian(dn.jacobian(g))(point)
        tensor = dn.derivative_tensor(g, 2)(point)
    for hessian in (by_tiles, nested, tensor):
        assert (hessian[2] == 0).all() and (hessian[:, 2] == 0).all()
        assert np.isfinite(hessian[1, 1]) and not np.isfinite(hessian[0, 0])


def test_zeros_that_do_not_move_contribute_nothing_to_products():
    """A constant 0 times an infinite tangent is 0; so a matrix with zeros takes roots of 0."""
    matrix = np.array([[0.0, 1.0], [0.0, 0.0]])
    for f in (
        lambda x: matrix @ np.sqrt(x),
        lambda x: (matrix + 0 * x[1]) @ np.sqrt(x),
        lambda x: np.einsum("ij,j", matrix, np.sqrt(x)),
    ):
        with np.errstate(all="ignore"):
            assert np.array_equal(dn.jacobian(f)(np.array([0.0, 4.0])), [[0, 0.25], [0, 0]])


@pytest.mark.parametrize("x", [(1.0, -2.0), (3.0, 1.0), (-1.0, -1.0)])
@pytest.mark.parametrize(
    "f", [abs, lambda x: np.maximum(x, -x), lambda x: np.hypot(x, 0.0)], ids=["abs", "max", "hypot"]
)
def test_numbers_made_by_hand_follow_one_branch(f, x):
    """In the direction of their tangents, weighted: so the square of a kink is exact."""
    levels = fresh_levels(2)
    seed = np.zeros((3, 3))
    seed[1:, 0] = seed[0, 1:] = x
    d = join(seed, levels)[()]
    result = coefficients(f(d), levels, (2, 2))
    assert np.array_equal(result, seed) or np.array_equal(result, -seed)
    assert np.array_equal(coefficients(f(d) ** 2, levels, (2, 2)), coefficients(d**2, levels, (2, 2)))


def test_second_order_parts_decide_where_the_first_vanish():
    """abs(u) with u = x**2 - y**2 at 0: one of the branches u and -u."""
    levels = fresh_levels(2)
    seed = np.zeros((3, 3))
    seed[1, 1], seed[2, 2] = 2, -2
    result = coefficients(abs(join(seed, levels)[()]), levels, (2, 2))
    assert np.array_equal(result, seed) or np.array_equal(result, -seed)
    seed = np.zeros((2, 2))
    seed[1, 1] = -2
    assert coefficients(abs(join(seed, levels)[()]), levels, (1, 1))[1, 1] == 2


@pytest.mark.parametrize("power, wanted", [(3, 6.0), (4, 24.0)])
def test_the_lowest_part_decides_for_small_positive_x(power, wanted):
    """abs(-x**power) at 0."""
    levels = fresh_levels(power)
    seed = np.zeros((2,) * power)
    for axis in range(power):
        seed[tuple(int(a == axis) for a in range(power))] = 1
    d = join(seed, levels)[()]
    u = d
    for _ in range(power - 1):
        u = u * d
    assert coefficients(abs(-u), levels, (1,) * power)[(1,) * power] == wanted


@pytest.mark.parametrize(
    "reduce", [np.max, np.maximum.reduce, lambda x: x.max(), lambda x: -np.min(-x), lambda x: np.amax(x)]
)
@pytest.mark.parametrize(
    "values, shares",
    [
        ([1, 3, 3], [0, 0.5, 0.5]),
        ([3, 1, 3, 3], [1 / 3, 0, 1 / 3, 1 / 3]),
        ([2, 2, 2, 2], [0.25] * 4),
        ([5], [1]),
        ([1, 2, 3], [0, 0, 1]),
    ],
)
def test_ties_share_equally(reduce, values, shares):
    x = np.array(values, float)
    for subok in (True, False):
        got = dn.gradient(reduce, subok=subok)(x)
        np.testing.assert_allclose(got, shares, rtol=1e-15)
    np.testing.assert_array_equal(dn.hessian(reduce)(x), np.zeros((x.size, x.size)))


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_nan_in_a_choice(name):
    """The tangent follows the operand that NumPy returns."""
    levels = fresh_levels(1)
    f = getattr(np, name)
    x, y = join([[np.nan, 1.0], [1.0, 2.0]], levels), join([[1.0, 3.0], [np.nan, 4.0]], levels)
    with np.errstate(all="ignore"):
        got = coefficients(f(x, y), levels, (1,))
    if name.startswith("f"):
        np.testing.assert_array_equal(got, [[1, 3], [1, 2]])
    else:
        np.testing.assert_array_equal(got, [[np.nan, 1], [np.nan, 4]])


@pytest.mark.parametrize("base", [0.0, 2.0, 0.5])
@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, 2.5])
def test_power_of_two_duals_at_its_corners(base, exponent):
    """With a dual exponent too; log(0) times a vanishing power vanishes."""
    levels = fresh_levels(2)
    x, y = np.zeros((3, 3)), np.zeros((3, 3))
    x[0, 0], x[1, 0], x[0, 1] = base, 1, 1
    y[0, 0], y[2, 0], y[0, 2] = exponent, 1, 1
    with np.errstate(all="ignore"):
        got = coefficients(join(x, levels)[()] ** join(y, levels)[()], levels, (2, 2))
    assert got[0, 0] == base**exponent
    slope = exponent * base ** (exponent - 1) if exponent else 0.0
    curvature = exponent * (exponent - 1) * base ** (exponent - 2) if exponent not in (0, 1) else 0.0
    assert agree(got[1, 0], slope) and agree(got[1, 1], curvature)
    if base > 0:
        log = math.log(base)
        assert agree(got[2, 0], base**exponent * log) and agree(got[2, 2], base**exponent * log**2)
    elif exponent > 0:
        assert got[2, 0] == 0 and got[2, 2] == 0


@pytest.mark.parametrize("order", [2, 3])
def test_tangents_whose_squares_overflow(order):
    """Second derivatives stay finite where the function's values do, between 1e154 and 1e308."""
    for factor, f in (
        (2.0, lambda x: 2 * np.exp(x)),
        (1 / 3, lambda x: np.exp(x) / 3),
        (np.pi / 180, lambda x: np.deg2rad(np.exp(x))),
    ):
        for x in (360.0, 400.0, 700.0):
            want = factor * np.exp(x)
            assert abs(dn.derivative(f, order)(x) / want - 1) < 1e-12
            if order == 2:
                got = dn.hessian(lambda x, f=f: f(x[0]))(np.array([x]))
                assert abs(got[0, 0] / want - 1) < 1e-12


@pytest.mark.parametrize("x", [360.0, 372.0, 400.0, 700.0])
def test_logarithms_of_what_is_large(x):
    for f in (np.log, np.log2, np.log10, np.log1p):
        assert abs(dn.derivative(lambda t, f=f: f(np.exp(t)), 2)(x)) < 1e-12


@pytest.mark.parametrize("p, x", [(3, 1e-120), (3.0, 1e-160), (2.5, 1e-200), (5, 1e-70)])
def test_powers_that_underflow(p, x):
    """x**p is denormal or 0, its derivatives are not."""
    assert abs(dn.derivative(lambda t: t**p, 2)(x) / (p * (p - 1) * x ** (p - 2)) - 1) < 1e-12
    assert abs(dn.derivative(lambda t: t**p)(x) - p * x ** (p - 1)) <= 1e-12 * p * x ** (p - 1)


NAN = np.nan
#: Functions whose value is nan in some results, a point, and their Jacobian there: nan where the result depends on the
#: variable beside the point, and 0 where it does not.
UNKNOWN = {
    "direction": (lambda x: x / np.linalg.norm(x), np.zeros(3), np.full((3, 3), NAN)),
    "quotient": (lambda x: [x[0] / x[1] ** 2, x[1]], np.zeros(2), [[NAN, NAN], [0, 1]]),
    "elementwise": (lambda x: x / abs(x), np.zeros(3), np.diag([NAN] * 3)),
    "partly": (lambda x: x / abs(x), np.array([0.0, 2.0, 0.0]), np.diag([NAN, 0, NAN])),
    "pairs": (
        lambda x: x / np.hypot(x, x[::-1]),
        np.array([0.0, 3.0, 4.0, 0.0]),
        [[NAN, 0, 0, NAN], [0, 0.128, -0.096, 0], [0, -0.096, 0.072, 0], [NAN, 0, 0, NAN]],
    ),
    "one side": (lambda x: np.sqrt(x[:1] - 0) * x[1:] / x[1:] ** 3, np.zeros(2), [[NAN, NAN]]),
    "nan beside": (lambda x: x + np.array([NAN, 0.0]), np.ones(2), np.eye(2)),
}


@pytest.mark.parametrize(
    "options", [{}, {"chunk": 1}, {"batched": True}, {"sparse": True}, {"subok": False}], ids=str
)
@pytest.mark.parametrize("f, x, expected", UNKNOWN.values(), ids=UNKNOWN)
def test_zeros_of_results_that_are_nan(f, x, expected, options):
    if "batched" in options:  # the same points twice, beside one where all is known
        one, x = f, np.array([x, x])

        def f(x):
            return np.stack([np.stack(list(one(point))) for point in x])

        expected = [expected] * 2
    with np.errstate(all="ignore"):
        got = dn.jacobian(f, **options)(x)
    got = got.toarray() if "sparse" in options else got
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("count, chunk", [(3, None), (3, 1), (3, 2), (60, None)])
@pytest.mark.parametrize("batched", [False, True])
def test_second_derivatives_of_results_that_are_nan(count, chunk, batched):
    """Those by a variable on which the result depends are nan; the others are 0, or nan if one tile has all of them."""

    def f(x):
        return x[..., 0] / np.hypot(x[..., 0], x[..., 1]) + np.sum(x[..., 2:], axis=-1)

    x, first = np.zeros(count), np.ones(count)
    first[:2] = NAN
    if batched:
        x, first = np.stack([x, x]), np.stack([first, first])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(dn.gradient(f, chunk=chunk, batched=batched)(x), first)
        _, gradient, hessian = dn.value_gradient_hessian(f, chunk=chunk, batched=batched)(x)
    np.testing.assert_array_equal(gradient, first)
    assert np.isnan(hessian[..., :2, :]).all() and np.isnan(hessian[..., :2]).all()
    assert ((hessian == 0) | np.isnan(hessian)).all()


def test_derivatives_of_numbers_that_are_nan():
    with np.errstate(all="ignore"):
        for order in (1, 2):
            assert np.isnan(dn.derivative(lambda x: x**3 / x**3, order)(0.0))
            assert np.isnan(dn.derivative(lambda x: x**3 / x**3, order)(np.zeros(2))).all()
            assert dn.derivative(lambda x: NAN * x.shape[0] + 0 * x, order)(np.ones(2)).tolist() == [0.0, 0.0]
        assert np.isnan(dn.jvp(lambda x: x / np.linalg.norm(x))(np.zeros(2), np.array([0.0, 1.0]))[1]).all()
        assert dn.derivative(lambda x: x**3 / x**3 + 0 * x, check=False)(0.0) == 0.0
