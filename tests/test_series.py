"""The tools for power series: composition, reversion, derivative, integral, and numbers of DualDType(order=n)."""

import numpy as np
import pytest
from expect import raises

import dualnum as dn
from dualnum import series

N = 15


def close(a, b, tolerance=1e-11):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("f", "g", "x"),
    [
        (dn.exp, dn.sin, 0.3),
        (dn.log, dn.exp, 0.2),
        (dn.sin, lambda x: x * x, 0.5),
        (lambda x: 1 / x, dn.cos, 0.4),
    ],
)
def test_compose(f, g, x):
    inner = dn.taylor(g, N)(x)
    close(series.compose(dn.taylor(f, N)(float(inner[0])), inner), dn.taylor(lambda t: f(g(t)), N)(x))


@pytest.mark.parametrize(
    ("f", "inverse", "x"),
    [
        (dn.exp, dn.log, 0.3),
        (dn.tan, dn.arctan, 0.2),
        (dn.sinh, dn.arcsinh, 0.5),
        (lambda x: x**3, dn.cbrt, 1.5),
    ],
)
def test_reversion(f, inverse, x):
    c = dn.taylor(f, N)(x)
    back = series.reversion(c, x0=x)
    close(back, dn.taylor(inverse, N)(float(c[0])), 1e-8)
    identity = series.compose(back, c)
    close(identity, [x, 1] + [0] * (N - 1), 1e-6)


def test_derivative_and_integral():
    c = dn.taylor(dn.sin, N)(0.4)
    close(series.derivative(c), dn.taylor(dn.cos, N - 1)(0.4))
    close(series.integral(series.derivative(c), c[0]), c)
    np.testing.assert_array_equal(series.derivative([5.0]), [0.0])
    np.testing.assert_array_equal(series.integral([4.0]), [0.0, 4.0])


def test_multiply_and_evaluate():
    a, b = dn.taylor(dn.sin, N)(0.4), dn.taylor(dn.exp, N)(0.4)
    close(series.multiply(a, b), dn.taylor(lambda x: dn.sin(x) * dn.exp(x), N)(0.4))
    t = np.linspace(-0.2, 0.2, 6).reshape(2, 3)
    close(series.evaluate(a, t), np.sin(0.4 + t))
    assert type(series.evaluate(a, 0.1)) is float
    many = dn.taylor(np.sin, N)(np.array([0.4, 0.5]))
    assert series.evaluate(many, t).shape == (2, 2, 3)


def test_many_series_at_once():
    x = np.array([0.2, 0.4, 0.9])
    c = dn.taylor(np.exp, N)(x)
    back = series.reversion(c, x)
    assert back.shape == (N + 1, 3)
    for i in range(3):
        close(back[:, i], series.reversion(c[:, i], x[i]))
    close(series.compose(dn.taylor(np.sin, N)(c[0]), c), dn.taylor(lambda x: np.sin(np.exp(x)), N)(x))


def test_numbers_of_the_permanent_level():
    t = series.number([2.0, 1.0, 0.0, 0.0])
    assert isinstance(t, dn.Dual) and t.dtype is dn.DualDType(order=3)
    close(series.coefficients(dn.log(t)), dn.taylor(dn.log, 3)(2.0))
    array = series.number(np.ones((4, 2, 3)))
    assert array.dtype is dn.DualDType(order=3) and array.shape == (2, 3)
    close(series.coefficients(array @ array.T)[:, 0, 0], 3 * np.arange(1.0, 5.0))
    zeros = np.zeros(3, dn.DualDType(order=2))
    np.testing.assert_array_equal(series.coefficients(zeros), np.zeros((3, 3)))


def test_differentiable():
    slope = dn.derivative(lambda a: series.reversion(dn.taylor(lambda x: dn.exp(a * x), 4)(0.0)))(2.0)
    close(slope, [0, -1 / 4, 1 / 8, -1 / 12, 1 / 16])  # of log(1 + t) / a
    slope = dn.derivative(lambda a: series.compose([1.0, 2.0, 3.0], [0.0, a, a * a]))(2.0)
    close(slope, [0, 2, 2 * 2 * 2 + 3 * 2 * 2])
    assert type(dn.derivative(lambda a: series.evaluate([1.0, 2.0], a))(2.0)) is float


def test_errors():
    message = "reversion(f) expects f[1] to be different from zero, got 0; f has no inverse series there."
    with raises(ValueError, message):
        series.reversion([1.0, 0.0, 1.0])
    with raises(
        ValueError, "compose(f, g) expects g to have coefficients along its first axis, got a number."
    ):
        series.compose([1.0, 2.0], 3.0)
    with raises(ValueError, "number(c) expects c to have coefficients along its first axis, got none."):
        series.number([])
    with raises(
        TypeError,
        "coefficients(x) expects x to be of DualDType(order=n), got float; use dualnum.taylor(f, order)(x0).",
    ):
        series.coefficients(3.0)
