"""The nets: a derivative that f loses is an error at the first call of f's code, and nothing else is one."""

import functools
import math
import random

import numpy as np
import pytest
from lifting_programs import bisect

import dualnum as dn

DIFFERENT_VALUE = r"^f\(x\) expects the same value for duals and floats"
LOST_SLOPE = r"^f\(x\) expects the derivative of f on duals to be that of f on floats"
LOST_VARIABLE = r"^f\(x\) expects to carry the derivative of each variable, got none along some"
OWN_TYPE = r"^f\(x\) expects f to make floats with float"

X = np.array([1.5, 2.5, 0.5])


def sinc_with_a_constant(x):
    return 1.0 if x == 0.0 else np.expm1(x) / x


# What f loses without a word: f, x, the message with lift=False, the derivative once it is lifted, or None: refused.
LOSSES = {
    "isinstance": (lambda x: x * 2 if isinstance(x, float) else 0.0, 1.5, DIFFERENT_VALUE, 2.0),
    "another formula": (lambda x: x**3 if isinstance(x, float) else x, 1.5, DIFFERENT_VALUE, 6.75),
    "sum of floats": (
        lambda x: sum(v for v in {"a": x, "b": 1.0}.values() if isinstance(v, float)), 1.5, DIFFERENT_VALUE, 1.0,
    ),
    "dtype": (lambda x: np.sum(x / 255 if x.dtype != np.float64 else x), X, DIFFERENT_VALUE, np.ones(3)),
    "constant of equal value": (lambda x: x - 1.5 if isinstance(x, float) else 0.0, 1.5, LOST_SLOPE, 1.0),
    "own type": (lambda x: x * type(x)(2), 1.5, OWN_TYPE, 2.0),
    "rounded": (lambda x: np.round(x, 9), 0.3, LOST_SLOPE, None),
    "bisection": (bisect, 2.0, LOST_SLOPE, None),
    "one variable of three": (lambda x: x[0] + bisect(x[1]) + x[2], X, LOST_VARIABLE, None),
    "one component": (lambda x: np.stack([x[0], x[0] * 0 + bisect(x[1])]), X, LOST_VARIABLE, None),
}  # fmt: skip


def driver_for(x, y):
    return dn.jacobian if np.ndim(y) else dn.gradient if np.ndim(x) else dn.derivative


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_found(name):
    f, x, message, slope = LOSSES[name]
    make = driver_for(x, f(x))
    for _ in range(2):  # a call that failed settles nothing
        with pytest.raises(TypeError, match=message):
            make(f, lift=False)(x)
    if slope is None:
        with pytest.raises(TypeError, match=message):
            make(f)(x)
    else:
        np.testing.assert_allclose(make(f)(x), slope, rtol=1e-14)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", ["bisection", "isinstance", "constant of equal value"])
def test_losses_are_found_at_every_order(name, order):
    f, x, message, _ = LOSSES[name]
    for driver in (dn.derivative(f, order, lift=False), dn.taylor(f, order, lift=False)):
        with pytest.raises(TypeError, match=message):
            driver(x)


def test_check_decides_when_the_nets_look():
    def f(x):
        return x if x > 0 else bisect(-x)

    assert dn.derivative(f)(1.0) == 1.0  # the first call settles f's code
    with pytest.warns(dn.ConstantResultWarning):
        assert dn.derivative(f)(-2.0) == 0.0
    with pytest.raises(TypeError, match=LOST_SLOPE):
        dn.derivative(f, check=True)(-2.0)
    with pytest.warns(dn.ConstantResultWarning):
        assert dn.derivative(bisect, check=False)(2.0) == 0.0


def test_where_the_nets_cannot_tell_they_look_again():
    """At three calls of f's code, not more."""
    calls = []

    def f(x):
        calls.append(x)
        return abs(x - 4.0) + (x * bisect(x) if x > 5.0 else 0.0)

    for _ in range(2):
        dn.derivative(f)(4.0)  # a kink
        with pytest.raises(TypeError, match=LOST_SLOPE):
            dn.derivative(f)(9.0)
    dn.derivative(f)(4.0)
    calls.clear()
    dn.derivative(f)(4.0)
    assert len(calls) == 1


def test_calls_of_f():
    """At most four calls on floats at the first call of a code, none afterwards."""
    calls = []

    def f(x):
        calls.append(type(x))
        return np.sin(x)

    driver = dn.derivative(f, lift=False)  # type(x) is float in lifted code
    driver(1.0)
    assert calls[0] is dn.Dual and 1 <= calls.count(float) <= 4 and calls.count(dn.Dual) == 1
    calls.clear()
    driver(2.0), dn.derivative(f, lift=False)(3.0), dn.derivative(f, lift=False, check=False)(3.0)
    assert calls == [dn.Dual] * 3


# ---- no false alarms --------------------------------------------------------------------------------------------

GENERATOR = np.random.default_rng(1)
STATE = {"calls": 0}


def counting(x):
    STATE["calls"] += 1
    return STATE["calls"] * x


def logistic_map(x):
    for _ in range(200):
        x = 3.9 * x * (1 - x)
    return x


def lorenz(x):
    for _ in range(4000):
        x = x + 0.01 * np.stack([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])
    return x


def newton(a):
    x = dn.value(a)
    for _ in range(60):
        x = (x + dn.value(a) / x) / 2
    return (x + a / x) / 2


QUIET = {
    "abs": (abs, 0.0), "max": (lambda x: np.maximum(x, 0.0), 0.0), "abs near 0": (abs, 1e-12),
    "norm": (np.linalg.norm, np.zeros(3)), "sqrt": (np.sqrt, 0.0), "sqrt near 0": (np.sqrt, 1e-300),
    "cbrt": (np.cbrt, 0.0), "ties": (np.max, np.ones(3)), "median": (np.median, np.array([1.0, 2.0, 2.0, 3.0])),
    "hypot": (lambda x: np.hypot(x[0], x[1]), np.zeros(2)), "x log x": (lambda x: x * np.log(x), 1e-9),
    "floor": (np.floor, 2.0), "floor between": (np.floor, 2.5), "sign": (np.sign, 0.0),
    "round": (lambda x: round(x), 2.5),
    "step": (lambda x: 1.0 if x > 1.0 else 0.0, 1.0), "jump": (lambda x: x if x >= 1 else x + 5, 1.0),
    "noise": (lambda x: x + 1e-7 * np.sin(1e9 * x), 0.3),
    "random": (lambda x: x * random.random(), 0.3), "generator": (lambda x: x * GENERATOR.normal(), 0.3),
    "stateful": (counting, 0.3), "random constant": (lambda x: random.random(), 0.3),
    "value": (lambda x: x * dn.value(x), 0.3), "primal": (lambda x: x * x.primal if type(x) is dn.Dual else x * x, 0.3),
    "value of an array": (lambda x: np.sum(x * dn.value(x)), X), "Newton step": (newton, 2.0),
    "rounded otherwise": (lambda x: logistic_map(x if isinstance(x, float) else x + 1e-16), 0.3),
    "sign of one variable": (lambda x: x[0] + np.sign(x[1]), np.array([1.0, 0.0])),
    "eigenvalues": (lambda x: np.linalg.eigvalsh(x + x.T), np.eye(3)),
    "singular values": (lambda x: np.linalg.svd(x, compute_uv=False), np.eye(3)),
    "sort": (np.sort, np.ones(4)), "logistic map": (logistic_map, 0.3), "Lorenz": (lorenz, np.array([1.0, 1.0, 1.0])),
    "underflow": (lambda x: np.exp(-x * x), 27.0), "tiny": (lambda x: x**3, 1e-100), "zero": (lambda x: 0.0 * x, 1.0),
    "flat": (lambda x: np.exp(-1 / x**2), 0.01), "huge": (lambda x: np.exp(x), 700.0), "large": (lambda x: x**2, 1e150),
    "scales": (lambda x: np.sum(x**2), np.array([1e-12, 1.0, 1e12])), "overflow": (np.exp, 1000.0),
    "cancelling": (lambda x: (1 + x) - 1 - x, 1e-9), "cancelling sum": (lambda x: (x + 1e15) - 1e15, 0.3),
    "oscillation": (lambda x: np.sin(1e6 * x), 0.3), "nan": (lambda x: x * np.nan, 1.0),
    "inf": (lambda x: x * np.inf, 1.0),
    "at infinity": (np.arctan, math.inf), "at nan": (np.sin, math.nan), "integers": (lambda x: x**2, 3),
    "empty": (lambda x: np.sum(x), np.zeros(0)), "constant": (lambda x: 3.0, 1.0), "list": (lambda x: [x, 2.0], 1.0),
    "cube root of a sum": (lambda x: np.sum(x) ** (1 / 3), np.zeros(3)), "edge": (np.arcsin, 1.0),
    "log edge": (np.log, 0.0),
    "power": (lambda x: np.power(x, 0.5), 0.0), "polynomial": (lambda x: np.polyval(np.arange(9.0), x), 1.0),
    "raises elsewhere": (lambda x: x if x == 1.5 else 1 / 0, 1.5), "det": (np.linalg.det, np.ones((2, 2))),
}  # fmt: skip


@pytest.mark.parametrize("lift", ["auto", False, True])
@pytest.mark.parametrize("name", QUIET)
def test_no_false_alarm(name, lift):
    f, x = QUIET[name]
    with np.errstate(all="ignore"):
        driver = driver_for(x, f(x))(f, check=True, lift=lift)
        driver(x)
        driver(x)


def test_a_loss_names_the_function_and_its_line():
    with pytest.raises(TypeError, match=LOST_SLOPE) as caught:
        dn.derivative(functools.partial(bisect))(4.0)
    code = bisect.__code__
    assert str(caught.value).endswith(f"\nf is bisect, at {code.co_filename}:{code.co_firstlineno}")


def test_nets_compute_whatever_np_seterr_says():
    """Differences of tiny numbers underflow; what f itself does still raises."""
    with np.errstate(all="raise"):
        assert dn.derivative(lambda x: x**3)(1e-100) == pytest.approx(3e-200)
        np.testing.assert_allclose(dn.gradient(lambda x: np.sum(x**3))(X * 1e-100), 3e-200 * X**2)
        with pytest.raises(FloatingPointError):
            dn.derivative(lambda x: x**3)(1e-120)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: 40 * x[0] + float(repr(float(x[0]))), [1.3]),
        (lambda x: np.sum(x**2) + x[0] * float(repr(float(x[0]))), [1.0, 2.0, 3.0]),
        (
            lambda x: np.array([2.0 * float(repr(float(x[0]))), abs(x[1])]),
            [0.0, 0.0],
        ),  # beside a kink of equal value
    ],
)
def test_a_loss_beside_larger_slopes_is_found(f, x):
    with pytest.raises(TypeError, match="expects the derivative of f on duals to be that of f on floats"):
        dn.jacobian(f)(np.array(x))


def test_a_slope_that_begins_at_x_is_no_loss():
    def f(x):
        return 128.0 + x[0] ** 2 + (x[1] ** 3 if x[1] >= 0 else -(x[1] ** 2))

    def beam(x):
        bracket = lambda t, n: t**n if t > 0 else 0.0  # noqa: E731
        a, b = x[0], x[0] - x[1]
        return -5 * bracket(a, 3) / 6 + 3 * bracket(b, 3) / 6 + x[2] * a + 20 * bracket(b, 2)

    np.testing.assert_array_equal(dn.gradient(f)(np.array([-2.0, 0.0])), [-4, 0])
    np.testing.assert_allclose(dn.gradient(beam)(np.array([4.0, 4.0, 1e4])), [9960, 0, 4])


# ---- comparisons of equal numbers that move -----------------------------------------------------------------------


def annuity(r, n=10.0):
    if r == 0:
        return n
    return (1 - (1 + r) ** -n) / r


INPUTS = np.random.default_rng(0).normal(size=(30, 400))
LABELS = np.arange(30) % 2.0


def logistic(x, y):
    """The usual loss without overflow, by branches of values beside an abs that averages."""
    return lambda w: np.sum(np.where(x @ w > 0, x @ w, 0) - (x @ w) * y + np.log1p(np.exp(-np.abs(x @ w))))


@pytest.mark.parametrize(
    ("driver", "elsewhere", "at"),
    [
        (dn.derivative(annuity), 0.1, 0.0),
        (dn.derivative(lambda p: np.log(2.0) if p == 0 else (2.0**p - 1) / p), 0.3, 0.0),
        (dn.derivative(lambda x: x * x + 3 * x if x else 0.0), 0.3, 0.0),
        (dn.derivative(lambda x: 2.25 if x == 1.5 else x * x), 0.3, 1.5),
        (dn.derivative(sinc_with_a_constant), 0.3, 0.0),
        (dn.derivative(lambda x: 0.0 if not x else np.sin(x)), 0.3, 0.0),
        (dn.gradient(lambda u: u[u != 0].sum()), np.array([1.0, 2.0]), np.array([0.0, 2.0])),
        (dn.gradient(lambda u: sum(3 * v for v in u if v)), np.array([1.0, 2.0]), np.array([0.0, 2.0])),
        (
            dn.gradient(lambda u: np.where(u[0] == u[1], u[0], u[0] * u[1] / u[1])),
            np.array([1.0, 2.0]),
            np.ones(2),
        ),
        (dn.gradient(logistic(INPUTS[:2, :2], LABELS[:2])), np.ones(2), np.zeros(2)),
        (dn.gradient(logistic(INPUTS, LABELS)), np.ones(400), np.zeros(400)),
        (
            dn.jacobian(lambda u: np.where(u > 0, np.sin(u), 0 * u) - np.sin(np.abs(u)) / 2),
            np.ones(2),
            np.zeros(2),
        ),
    ],
)
def test_a_smooth_function_whose_branches_are_not(driver, elsewhere, at):
    """Both sides agree on the derivative, at later calls as at the first one."""
    step = 1e-5 * np.eye(np.size(at)).reshape(-1, *np.shape(at))
    expected = [(driver.f(at + h) - driver.f(at - h)) / 2e-5 for h in step]
    for x in (elsewhere, elsewhere, at, elsewhere, at):
        got = driver(x)
    np.testing.assert_allclose(np.ravel(got), np.ravel(np.moveaxis(expected, 0, -1)), rtol=1e-5, atol=1e-8)


def test_gradients_beside_second_derivatives_agree_with_both_sides():
    loss = logistic(INPUTS[:2, :2], LABELS[:2])
    value, gradient, hessian = dn.value_gradient_hessian(loss)(np.zeros(2))
    x = INPUTS[:2, :2]
    assert value == loss(np.zeros(2))
    np.testing.assert_allclose(gradient, x.T @ (0.5 - LABELS[:2]), rtol=1e-14)
    np.testing.assert_allclose(hessian, x.T @ x / 4, rtol=1e-14)
    assert dn.value_and_derivative(annuity, 2)(0.0) == pytest.approx((10, -55, 440))


def rodrigues(v):
    """The rotation by a vector."""
    angle = np.sqrt(v @ v)
    if angle == 0:
        return np.eye(3)
    k = v / angle
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def by_square(v):
    square = v @ v
    return np.zeros(2) if square == 0 else np.sin(square) / square * v


def by_norm(v):
    length = np.linalg.norm(v)
    return v if length == 0 else np.sinh(length) / length * v


def by_absolute(x):
    r = abs(x)
    return 0.0 if r == 0 else math.sin(r) / r * x


@pytest.mark.parametrize("check", [None, True])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("make", "elsewhere", "at", "expected"),
    [
        (lambda **options: dn.jacobian(by_square, **options), np.ones(2), np.zeros(2), np.eye(2)),
        (lambda **options: dn.jacobian(by_norm, **options), np.ones(2), np.zeros(2), np.eye(2)),
        (lambda **options: dn.derivative(by_absolute, **options), 1.3, 0.0, 1.0),
        (
            lambda **options: dn.jacobian(rodrigues, **options),
            np.ones(3),
            np.zeros(3),
            -np.array([[[0, 0, 0], [0, 0, 1], [0, -1, 0]], [[0, 0, -1], [0, 0, 0], [1, 0, 0]],
                       [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]], float),
        ),
    ],
)  # fmt: skip
def test_a_length_that_is_asked_whether_it_is_zero(make, elsewhere, at, expected, first, check):
    """To first order it rests there, and f is smooth."""
    driver = make(check=check)
    for x in () if first else (elsewhere, 2 * elsewhere):
        driver(x)
    for _ in range(2):
        np.testing.assert_allclose(driver(at), expected, atol=1e-15)


def test_what_is_asked_whether_it_is_zero_at_rest_looks_again_a_few_times():
    """A constant may be 0 for ever."""
    calls = []

    def f(x):
        calls.append(1)
        return x[0] * x[0] if 0 * x[1] == 0 else x[0]

    driver = dn.gradient(f)
    for _ in range(12):
        driver(np.ones(2))
    calls.clear()
    driver(np.ones(2))
    assert len(calls) == 1


ZEROS = {
    "flatnonzero": lambda x: np.sum(x[np.flatnonzero(x)]),
    "nonzero": lambda x: np.sum(x[x.nonzero()]),
    "where": lambda x: np.sum(x[np.where(x)]),
    "argwhere": lambda x: np.sum(x[np.argwhere(x)]),
    "count_nonzero": lambda x: np.sum(x) if np.count_nonzero(x) == len(x) else np.sum(x[1:]),
    "compress": lambda x: np.sum(np.compress(x, x)),
    "trim_zeros": lambda x: np.sum(np.trim_zeros(x)),
    "if": lambda x: (x[0] if x[0] else 0.0) + np.sum(x[1:]),
    "if an array": lambda x: (x[0] if x[:1] else 0.0) + np.sum(x[1:]),
    "any": lambda x: (x[0] if np.any(x[:1]) else 0.0 * x[1]) + np.sum(x[1:]),
    "all": lambda x: np.sum(x) if x.all() else np.sum(x[1:]),
    "and": lambda x: np.sum(x[np.logical_and(x, x)]),
    "in": lambda x: np.sum(x) if 0.0 not in x else np.sum(x[1:]),
    "isin": lambda x: np.sum(x[~np.isin(x, [0.0])]),
    "filter": lambda x: sum(filter(None, x)),
}


@pytest.mark.parametrize("n", [5, 100])
@pytest.mark.parametrize("name", ZEROS)
def test_every_way_to_ask_whether_a_number_is_zero(name, n):
    """By duals and by tapes; each of these functions is the sum."""
    x = np.linspace(1, 2, n)
    driver = dn.gradient(ZEROS[name])
    driver(x)
    driver(x + 1)
    x[0] = 0
    try:
        got = driver(x)
    except TypeError as error:
        assert name == "trim_zeros", error  # whose result has another length beside x
    else:
        np.testing.assert_array_equal(got, 1.0)


def drawn(x, rng):
    h = x * rng.normal(size=3)
    h[h < 0] = 0
    return np.sum(h**2)


def noted(x, log):
    log.append(1)
    return 0.0 if x[0] == 0 else math.sin(x[0]) + x[1]


def in_place(x):
    x *= 2
    return sum(v * v if v == 0 else v * v + v for v in x)


def test_a_function_with_a_state_runs_once_at_a_tie():
    driver = dn.value_and_gradient(drawn)
    for x in (np.array([2.0, 3.0, 1.0]), np.array([0.0, 3.0, 1.0])):
        assert driver(x, np.random.default_rng(0))[0] == drawn(x, np.random.default_rng(0))
    for elsewhere in (None, np.ones(2)):
        log, driver = [], dn.gradient(lambda x, log: noted(x, log))
        if elsewhere is not None:
            driver(elsewhere, [])
            driver(elsewhere, [])
        np.testing.assert_array_equal(driver(np.array([0.0, 0.0]), log), [1, 1])
        assert log == [1]
    for x in (np.array([1.0, 3.0]), np.array([0.0, 3.0]), np.array([0.0, 3.0])):
        before = x.copy()
        np.testing.assert_array_equal(dn.gradient(in_place)(x), 8 * x + 2)
        np.testing.assert_array_equal(x, before)


def guarded_product(v):
    return 0.0 if v[0] == 0 else math.sin(v[0]) * v[1]


def test_second_derivatives_at_a_tie_where_plain_f_refuses_beside_it():
    driver = dn.value_gradient_hessian(guarded_product)
    for _ in range(3):
        value, gradient, hessian = driver(np.array([0.0, 2.0]))
        assert value == 0
        np.testing.assert_array_equal(gradient, [2, 0])
        np.testing.assert_array_equal(hessian, [[0, 1], [1, 0]])
    for order, expected in ((2, -1 / 3), (4, 1 / 5)):
        got = dn.derivative(lambda x: 1.0 if x == 0 else math.sin(x) / x, order)(0.0)
        assert got == pytest.approx(expected, rel=1e-14)


def test_a_constant_whose_sides_are_unknown_has_no_second_derivatives():
    def f(x):
        if x == 0:
            return 0.0
        raise ValueError("beside 0 f has no value")

    assert np.isnan(dn.derivative(f, 2, check=False)(0.0))


def test_drivers_in_drivers_at_a_tie():
    logarithm = lambda x: 0.0 if x == 1 else np.log(x)  # noqa: E731
    assert dn.derivative(lambda t: dn.derivative(logarithm)(t))(1.0) == -1
    assert dn.derivative(dn.derivative(logarithm))(1.0) == -1
    gradient = dn.gradient(lambda v: 0.0 if v[0] == v[1] else np.sin(v[0] - v[1]) * v[0])
    np.testing.assert_allclose(dn.jacobian(gradient)(np.ones(2)), [[2, -1], [-1, 0]])


def test_complex_results_at_a_tie():
    f = lambda x: 1 + 0j if x == 0 else np.exp(1j * x)  # noqa: E731
    assert dn.derivative(f)(0.0) == 1j
    assert dn.derivative(f, order=2)(0.0) == -1


def test_kinks_at_comparisons_keep_their_branch():
    for f, expected in (
        (lambda x: x if x > 0 else 0 * x, 0.0),
        (lambda x: -x if x < 0 else x, 1.0),
        (lambda x: np.where(x > 0, x, 0.0), 0.0),
    ):
        driver = dn.derivative(f)
        driver(0.3)
        assert driver(0.0) == expected
        assert dn.derivative(f, check=False)(0.0) == expected


def test_calls_at_a_tie():
    """Where the numbers do not move, or check=False, nothing is added."""
    calls = []

    def f(x, y):
        calls.append(x)
        return x * x if y == 0 else x

    driver = dn.derivative(f)
    driver(1.0, 0.0)
    calls.clear()
    driver(1.0, 0.0)
    assert len(calls) == 1
    calls.clear()
    assert dn.derivative(lambda x: f(x, x), check=False)(0.0) == 0
    assert len(calls) == 1


def removable(x):
    if x == 0:
        return 1.0
    return np.sin(x) / x


def test_a_constant_at_one_point_alone_has_higher_derivatives():
    assert dn.derivative(removable)(0.0) == 0
    assert dn.derivative(removable, 2)(0.0) == pytest.approx(-1 / 3, rel=1e-15)
    np.testing.assert_allclose(dn.taylor(removable, 4)(0.0), [1, 0, -1 / 6, 0, 1 / 120], rtol=1e-14)
    got = dn.hessian(lambda p: removable(p[0]) + 0 * p[1])(np.zeros(2))
    np.testing.assert_allclose(got, [[-1 / 3, 0], [0, 0]], rtol=1e-15)


# ---- texts of numbers, rounding, searches -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda t: {"0.5": 0.2, "1.0": 0.25}.get(str(t), 0.1) * t, 0.5, 0.2),
        (lambda x: x**2 if f"{x}".endswith(".0") else x**3, 2.0, 4.0),
        (lambda x: len(str(x)) * x, 1.3, 3.0),
        (lambda x: len(repr(x)) * x + len("%s" % x), 1.3, 3.0),  # noqa: UP031
        (lambda x: float(f"{x:.1f}") * x, 0.25, 0.2),
    ],
)
def test_a_text_is_that_of_the_value(f, x, slope):
    assert dn.value_and_derivative(f)(x) == (f(x), slope)


@pytest.mark.parametrize("digits", range(6, 11))
def test_a_number_that_is_rounded_is_found(digits):
    def of_price(price):
        target, low, high = round(float(price), 6), 0.0, 5.0
        for _ in range(200):
            middle = (low + high) / 2
            if round(math.exp(middle) - 1, 6) == target:
                break
            low, high = (low, middle) if math.exp(middle) - 1 > target else (middle, high)
        return middle

    for f, x in (
        (lambda x: math.exp(round(x, digits)), 1.23456789),
        (lambda x: round(math.exp(x), digits), 0.3),
        (lambda x: np.round(x, digits) ** 2 + x, 6.123456789),
        (of_price, 1.23456789),
    ):
        with pytest.raises(TypeError, match=r"expects (its derivative|the derivative of f)"):
            dn.derivative(f)(x)


@pytest.mark.parametrize("size", [1e-4, 1e-5, 1e-6, 1e-7, 1e-8])
@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_ripples_kinks_and_spikes_are_no_stairs(size, place):
    x = 1.23456789
    for f, slope in (
        (lambda x: x + size * np.sin(x / size), 1 + np.cos(x / size)),
        (lambda x: x + abs(x - 1.23456789 - place * size), 2.0 if place == 0 else 0.0),
        (lambda x: 2 * x + np.exp(-((x - 1.23456789) ** 2) / size**2), 2.0),
        (lambda x: x + (x > 1.23456789 + place * size + size / 7), 1.0),
    ):
        got = dn.derivative(f)(x)
        assert got == pytest.approx(slope, rel=1e-6) or (place == 0 and got == 1.0)


def golden(a):
    low, high, ratio = 0.0, 4.0, (5**0.5 - 1) / 2
    for _ in range(40):
        c, d = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, d) if (c - a) ** 2 < (d - a) ** 2 else (c, high)
    return (low + high) / 2 * a


def halving(a):
    low, high = 0.0, 3.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 < a else (low, middle)
    return (low + high) / 2 * a


@pytest.mark.parametrize("search", [golden, halving])
def test_a_search_by_comparisons_is_found_in_a_factor(search):
    with pytest.raises(TypeError, match="f searches by comparisons, which carry none"):
        dn.derivative(search)(1.1)
