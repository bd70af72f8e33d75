"""taylor and derivative of any order: closed forms, shapes, options, existence, errors."""

import math
import re

import mpmath as mp
import numpy as np
import pytest

import dualnum as dn

N = 12
GEOMETRIC = np.ones(N + 1)
FACTORIALS = np.array([math.factorial(k) for k in range(N + 1)], float)


def raises(error, message):
    return pytest.raises(error, match="^" + re.escape(message) + "$")


# ---- lecture examples --------------------------------------------------------------------------------------


def test_sine_and_cosine_about_zero():
    np.testing.assert_array_equal(
        dn.taylor(lambda x: dn.sin(x) + dn.cos(x), 5)(0.0) * FACTORIALS[:6], [1, 1, -1, -1, 1, 1]
    )


@pytest.mark.parametrize(
    ("f", "x", "want"),
    [
        (lambda x: 1 / (1 - x), 0.0, GEOMETRIC),
        (dn.exp, 0.0, 1 / FACTORIALS),
        (lambda x: x**3, 2.0, [8, 12, 6, 1] + [0] * (N - 3)),
        (lambda x: x**3, 0.0, [0, 0, 0, 1] + [0] * (N - 3)),
        (lambda x: x * x * x * x, 0.0, [0, 0, 0, 0, 1] + [0] * (N - 4)),
        (lambda x: dn.log1p(x), 0.0, [0] + [(-1) ** (k + 1) / k for k in range(1, N + 1)]),
        (lambda x: x**0, 0.0, [1] + [0] * N),
        (lambda x: 7.0, 0.0, [7] + [0] * N),
        (np.sinc, 0.0, [0 if k % 2 else (-1) ** (k // 2) * np.pi**k / math.factorial(k + 1) for k in range(N + 1)]),
    ],
)  # fmt: skip
def test_closed_forms(f, x, want):
    np.testing.assert_allclose(dn.taylor(f, N)(x), want, rtol=1e-13, atol=1e-15)


def test_a_series_exists_as_far_as_it_exists():
    np.testing.assert_array_equal(dn.taylor(lambda x: dn.sqrt(x**4 + x**8), 0)(0.0), [0])
    np.testing.assert_array_equal(dn.taylor(lambda x: dn.sqrt(x**2), 0)(0.0), [0])
    np.testing.assert_array_equal(dn.taylor(lambda x: x**2.5, 2)(0.0), [0, 0, 0])
    np.testing.assert_array_equal(dn.taylor(lambda x: abs(-x * x), 4)(0.0), [0, 0, 1, 0, 0])
    np.testing.assert_array_equal(dn.taylor(lambda x: np.maximum(x**2, 0), 4)(0.0), [0, 0, 1, 0, 0])
    np.testing.assert_array_equal(dn.taylor(lambda x: dn.sqrt(x**2), 5)(0.0), [0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(dn.taylor(lambda x: dn.sqrt(x**4), 5)(0.0), [0, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(dn.taylor(lambda x: (x * x) ** 1.5, 5)(0.0), [0, 0, 0, 1, 0, 0])


@pytest.mark.parametrize(
    ("f", "x", "got", "order"),
    [
        (dn.sqrt, 0.0, "inf", 1),
        (lambda x: x**2.5, 0.0, "inf", 3),
        (lambda x: (x * x) ** 1.25, 0.0, "nan", 3),
        (dn.arcsin, 1.0, "inf", 1),
        (lambda x: 1 / x, 1e-100, "-inf", 3),
    ],
)
def test_no_series(f, x, got, order):
    """Coefficients are inf or nan element by element; only the polynomial, useless with them, is an error."""
    alone = dn.taylor(f, 5)(x)
    assert np.isfinite(alone[:order]).all() and str(float(alone[order])) == got
    together = dn.taylor(f, 5)(np.array([0.5, x]))
    np.testing.assert_array_equal(together[:, 1], alone)
    np.testing.assert_array_equal(together[:, 0], dn.taylor(f, 5)(np.array([0.5]))[:, 0])
    assert np.isfinite(together[:, 0]).all()
    along = dn.taylor(lambda y: np.stack([f(y[0]), y[1]]), 5, direction=[1.0, 1.0])([x, 2.0])
    np.testing.assert_array_equal(along.T, [alone, [2, 1, 0, 0, 0, 0]])
    for driver in (dn.derivative, dn.derivative_tensor):
        np.testing.assert_allclose(driver(f, 5)(x), 120 * alone[5], rtol=1e-12)
    order = int(
        np.isfinite(dn.taylor(f, 6)(x)).argmin()
    )  # of the polynomial and its remainder: one order more
    use = "" if got == "nan" else f"; use order={order - 1}"
    with raises(
        ValueError,
        f"taylor_polynomial(f)(x) expects f to have finite coefficients up to order 5, got {got} at order "
        f"{order}{use}.",
    ):
        dn.taylor_polynomial(f, 5)(x)
    if use:
        assert np.isfinite(dn.taylor_polynomial(f, order - 1)(x).coefficients).all()


def test_no_warning_from_the_coefficients(recwarn):
    assert dn.taylor(dn.sqrt, 2)(0.0).tolist() == [0.0, math.inf, -math.inf]
    assert not recwarn.list


# ---- arguments ---------------------------------------------------------------------------------------------


def test_arrays_go_element_by_element():
    x = np.array([[0.5, 1.0, 2.0], [-1.0, 0.0, 3.0]])
    got = dn.taylor(lambda x: np.exp(x) * x, 4)(x)
    assert got.shape == (5, 2, 3) and type(got) is np.ndarray
    for place in np.ndindex(x.shape):
        want = dn.taylor(lambda x: dn.exp(x) * x, 4)(float(x[place]))
        np.testing.assert_allclose(got[(slice(None), *place)], want, rtol=1e-15)


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda x: x[::-1, ::2], lambda x: x.astype(np.float32)]
)
def test_memory_layouts(layout):
    x = layout(np.linspace(0.5, 2, 12).reshape(3, 4))
    before = x.copy()
    got = dn.taylor(np.sin, 3)(x)
    np.testing.assert_allclose(got[1], np.cos(x.astype(float)), rtol=1e-14)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "x", [3, True, np.float32(3), np.int64(3), [3], [[1, 2]], np.float64(3), np.array(3.0)]
)
def test_numbers_and_lists(x):
    np.testing.assert_array_equal(dn.taylor(lambda x: x * x, 2)(x)[1], 2.0 * np.asarray(x))


def test_empty_arrays_and_order_zero():
    assert dn.taylor(np.sin, 3)(np.zeros((0, 2))).shape == (4, 0, 2)
    np.testing.assert_array_equal(dn.taylor(np.sin, 0)(np.ones(2)), np.sin(np.ones((1, 2))))
    np.testing.assert_array_equal(dn.taylor(dn.sin, 0)(1.0), [math.sin(1.0)])
    assert dn.taylor(lambda x: 3.0, 0)(1.0).tolist() == [3.0]


def test_array_valued_function_of_a_number():
    got = dn.taylor(lambda x: np.array([[x, x**2], [x**3, 1.0 + 0 * x]]), 3)(1.0)
    assert got.shape == (4, 2, 2)
    np.testing.assert_array_equal(got[:, 1, 0], [1, 3, 3, 1])


def test_a_direction():
    def f(x):
        return np.array([x[0] * x[1] ** 2, x.sum()])

    x, v = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    got = dn.taylor(f, 3, direction=v)(x)
    np.testing.assert_array_equal(got, [[4, 3], [0, 0], [-3, 0], [1, 0]])
    np.testing.assert_array_equal(dn.taylor(f, 3, direction=[1, -1])([1, 2]), got)
    matrix = dn.taylor(lambda a: a @ a, 2, direction=np.eye(2))(np.ones((2, 2)))
    np.testing.assert_array_equal(matrix, [2 * np.ones((2, 2)), 2 * np.ones((2, 2)), np.eye(2)])


def test_a_direction_of_a_container():
    def f(p):
        return p["a"] * p["b"][0] ** 2

    got = dn.taylor(f, 3, direction={"a": 1.0, "b": np.array([2.0])})({"a": 3.0, "b": np.array([1.0])})
    np.testing.assert_array_equal(got, [3, 13, 16, 4])


def test_batches():
    x = np.arange(6.0).reshape(3, 2) + 1

    def f(x):
        return x[..., 0] * x[..., 1] ** 2

    v = np.array([[1.0, -1.0], [0.0, 1.0], [2.0, 0.5]])
    got = dn.taylor(f, 3, direction=v, batched=True)(x)
    assert got.shape == (4, 3)
    for i in range(3):
        np.testing.assert_allclose(got[:, i], dn.taylor(f, 3, direction=v[i])(x[i]))
    got = dn.taylor(lambda x: np.stack([np.sin(x), x], axis=-1), 2, batched=True)(x)
    assert got.shape == (3, 3, 2, 2)


def test_other_arguments():
    def f(a, x, k=1.0):
        return a * x**2 * k

    np.testing.assert_array_equal(dn.taylor(f, 2, argnum=1)(3.0, 2.0, k=10.0), [120, 120, 30])
    np.testing.assert_array_equal(dn.taylor(f, 2, argnum=-1)(3.0, 2.0), [12, 12, 3])
    assert type(dn.taylor(np.cumsum, 2, subok=False, direction=np.ones(2))(np.ones(2))) is np.ndarray


def test_errors():
    taylor = dn.taylor
    with raises(TypeError, "taylor(f) expects f to be callable, got float; use taylor(f)(x)."):
        taylor(3.0, 2)
    with raises(ValueError, "taylor(f, order=-1) expects order to be an int from 0 on, got -1."):
        taylor(dn.sin, -1)
    with raises(
        TypeError,
        "taylor(f, order) expects order to be an int from 0 on, got float; use taylor(f, order)(x).",
    ):
        taylor(dn.sin, 1.0)
    message = (
        "taylor(f, argnum=(0, 1)) expects argnum to be an int, got a tuple of 2; use a function of one array."
    )
    with raises(TypeError, message):
        taylor(dn.sin, 1, argnum=(0, 1))
    with raises(
        ValueError, "taylor(f)(x) expects f(x) to have the shape (3,) of x, got shape (); use direction=."
    ):
        taylor(np.sum, 1)(np.ones(3))
    with raises(ValueError, "taylor(f)(x) expects v to have the shape (3,) of x, got shape (2,)."):
        taylor(np.sum, 1, direction=np.ones(2))(np.ones(3))
    with raises(
        TypeError, "taylor(f)(x) expects x to be a number or an array, got a tuple of 2; use direction=."
    ):
        taylor(lambda x: x[0], 1)((1.0, 2.0))
    with raises(
        TypeError,
        "taylor(f)(x) expects x to be real numbers, got complex; use derivative(f, holomorphic=True), or the real "
        "and the imaginary part as two real arguments.",
    ):
        taylor(dn.sin, 1)(1j)


# ---- derivatives of any order ------------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(1, 25))
def test_derivatives_of_any_order(order):
    true = [math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)][order % 4](0.7)
    got = dn.derivative(dn.sin, order)(0.7)
    assert type(got) is float and got == pytest.approx(true, rel=1e-13)
    x = np.array([0.7, 0.7])
    np.testing.assert_allclose(dn.derivative(np.sin, order)(x), [true, true], rtol=1e-13)
    everything = dn.value_and_derivative(dn.sin, order)(0.7)
    assert len(everything) == order + 1 and everything[-1] == got


def test_order_50_of_a_reciprocal_and_order_100_of_exp():
    assert dn.derivative(lambda x: 1 / x, 50)(2.0) == pytest.approx(math.factorial(50) / 2.0**51, rel=1e-13)
    assert dn.derivative(dn.exp, 100)(0.5) == pytest.approx(math.exp(0.5), rel=1e-12)
    assert dn.derivative(dn.exp, 100)(600.0) == pytest.approx(math.exp(600), rel=1e-12)


@pytest.mark.parametrize("order", [101, 170, 200, 300])
def test_orders_whose_factorial_is_no_float(order):
    assert dn.derivative(dn.exp, order)(1.0) == pytest.approx(math.e, rel=1e-11)
    np.testing.assert_allclose(dn.derivative(np.exp, order)(np.ones(2)), math.e, rtol=1e-11)


def test_derivatives_at_kinks():
    assert dn.derivative(lambda x: x**3, 3)(0.0) == 6.0
    assert dn.derivative(lambda x: x**2.5, 2)(0.0) == 0.0
    assert dn.derivative(lambda x: x**2.5, 3)(0.0) == math.inf
    assert dn.derivative(lambda x: (x * x) ** 1.5, 3)(0.0) == 6.0  # that of x**3, as above 0
    got = dn.derivative(lambda x: (x * x) ** 1.5, 3)(np.array([0.0, -1.0, 2.0]))
    np.testing.assert_allclose(got, [6, -6, 6], rtol=1e-14)
    assert math.isnan(dn.derivative(abs, 100)(0.0))  # too long a series to look beside 0


def test_order_0_is_the_function():
    for x in (0.5, np.array([0.5, 1.0])):
        np.testing.assert_array_equal(dn.derivative(np.sin, 0)(x), np.sin(x))
        (got,) = dn.value_and_derivative(np.sin, 0)(x)
        np.testing.assert_array_equal(got, np.sin(x))
    assert type(dn.derivative(np.sin, order=0)(0.5)) is float
    assert dn.derivative(lambda a, x: a * x, 0, argnum=1)(2.0, 3.0) == 6.0
    assert dn.derivative(lambda x: 3, 0)(1.0) == 3.0
    with raises(ValueError, "derivative(f, order=-1) expects order to be an int from 0 on, got -1."):
        dn.derivative(np.sin, -1)


@pytest.mark.parametrize("order", [1000, 1900, 1980, 2000, 2400])
def test_orders_of_thousands(order, recwarn):
    assert dn.derivative(np.exp, order)(0.3) == pytest.approx(math.exp(0.3), rel=1e-13)
    np.testing.assert_allclose(dn.derivative(np.exp, order)(np.array([0.3])), math.exp(0.3), rtol=1e-13)
    assert dn.derivative(lambda x: x**5, order)(0.3) == 0.0
    assert not recwarn.list


def test_a_series_beyond_the_range_of_floats_warns():
    message = r"derivative\(f\)\(x\) left the range of float64 in a series of order 3000; use a lower order"
    for x in (0.3, np.array([0.3])):
        with pytest.warns(RuntimeWarning, match=message) as caught:
            dn.derivative(np.exp, 3000)(x)
        assert caught[0].filename == __file__


@pytest.mark.parametrize("order", [2**31, 2**63, 2**100])
def test_an_order_that_no_array_has(order):
    with raises(ValueError, f"taylor(f, order={order}) expects order to be at most 2147483647, got {order}."):
        dn.taylor(np.sin, order)


def test_shapes_of_higher_derivatives():
    x = np.ones((2, 3))
    assert dn.derivative(np.sin, 4)(x).shape == (2, 3)
    assert dn.derivative(lambda x: np.array([x, x**5]), 4)(2.0).tolist() == [0.0, 240.0]
    assert dn.derivative(lambda a, x: a * x**4, 3, argnum=1)(2.0, 1.0) == 48.0
    assert dn.derivative(lambda a, x: a * x**4, 3, argnum=(0, 1))(2.0, 1.0) == (0.0, 48.0)
    assert dn.derivative(lambda x: 5.0, 4)(1.0) == 0.0
    with raises(
        ValueError,
        "derivative(f)(x) expects f(x) to have the shape (2, 3) of x, got shape (); use jacobian(f).",
    ):
        dn.derivative(np.sum, 3)(x)


def test_cost_grows_with_the_square_of_the_order():
    import timeit

    x = np.linspace(0.1, 1, 200)

    def f(n):
        return dn.taylor(lambda x: np.exp(np.sin(x)) / (1 + x * x), n)(x)

    seconds = {n: min(timeit.repeat(lambda n=n: f(n), number=1, repeat=5)) for n in (40, 80)}
    assert seconds[80] < 8 * seconds[40]


@pytest.mark.parametrize("p", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("x", [1e-16, 1e-6, 0.01, -0.3, 2.0])
def test_whole_powers_of_small_numbers(p, x):
    """(x + x^2)^p is a polynomial, of whose coefficients none is divided by a small x."""
    with mp.workdps(60):
        v = mp.mpf(x)
        # sum_k C(p, k) x^(p + k), expanded at v
        want = [
            mp.fsum(
                mp.binomial(p, k) * mp.binomial(p + k, n) * v ** (p + k - n)
                for k in range(p + 1)
                if n <= p + k
            )
            for n in range(11)
        ]
    for f in (lambda t: np.power(t + t * t, p), lambda t: (t + t * t) ** float(p)):
        for got in (dn.taylor(f, 10)(x), dn.taylor(f, 10)(np.array([x]))[:, 0]):
            size = sum(abs(c) for c in (v, 1 + 2 * v, 1)) ** p
            np.testing.assert_allclose(got, np.array(want, float), rtol=1e-13, atol=1e-15 * float(size))
        third = dn.derivative(dn.derivative(dn.derivative(f)))(x)
        np.testing.assert_allclose(third, 6 * float(want[3]), rtol=1e-13, atol=6e-15 * float(size))
