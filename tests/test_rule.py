"""`dualnum.rule` on functions that NumPy does not dispatch: lifted code calls the rule."""

import colorsys
import math

import numpy as np
import pytest

import dualnum as dn


@pytest.fixture
def rule():
    """Registers rules as `dualnum.rule` does, and puts those back that were there before."""
    before = {}

    def register(function):
        before.setdefault(function, dn._core.rule_of(function))
        return dn.rule(function)

    yield register
    for function, own in before.items():
        dn.rule(function)(own)


def test_lifted_code_of_another_module_uses_the_rule_of_a_compiled_function(rule):
    stats = pytest.importorskip("scipy.stats")
    import dualnum.rules.scipy.distributions  # noqa: F401  # whose rule this test takes away

    compiled = stats._stats.genhyperbolic_pdf

    def f(x):
        return x * stats.genhyperbolic.pdf(x, 0.5, 1.5, -0.5)

    rule(compiled)(None)
    with pytest.raises(TypeError, match="genhyperbolic_pdf"):
        dn.derivative(f)(0.7)
    rule(compiled)(lambda x, p, a, b: x * x * p)
    for order in (1, 2, 3):
        expected = dn.derivative(lambda x: x**3 / 2, order=order)(0.7)
        assert dn.derivative(f, order=order, check=False)(0.7) == pytest.approx(expected, rel=1e-12)


def test_a_rule_may_come_late_and_go(rule):
    def f(x):
        return 3.0 * colorsys.rgb_to_hls(x, 0.1, 0.2)[1]  # the mean of the largest and the least

    slope = dn.derivative(f, lift=True, check=False)
    assert slope(0.7) == 1.5
    rule(colorsys.rgb_to_hls)(lambda r, g, b: (0.0, 5.0 * r, 0.0))
    assert slope(0.7) == 15.0
    dn.rule(colorsys.rgb_to_hls)(None)
    assert slope(0.7) == 1.5


def test_a_function_that_may_hold_duals_comes_to_its_rule_lifted(rule):
    def twice(f, x):
        return float(f(f(x)))

    @rule(twice)
    def _(f, x):
        return f(f(x)) * 10.0

    def f(p):
        return twice(lambda x: math.sin(p * x), 0.3)

    plain = dn.derivative(lambda p: dn.sin(p * dn.sin(p * 0.3)))(0.8)
    assert dn.derivative(f, lift=True, check=False)(0.8) == pytest.approx(10.0 * plain, rel=1e-14)


def test_what_a_rule_cannot_be():
    with pytest.raises(TypeError, match=r"rule expects functions, .* got 3\."):
        dn.rule(3)


def hypot_slopes(x, y):
    r = math.hypot(x, y)
    return x / r, y / r


def hypot_bends(x, y):
    r3 = math.hypot(x, y) ** 3
    return (y * y / r3, -x * y / r3), (-x * y / r3, x * x / r3)


def scalar(f):
    """A function of numbers alone, as compiled ones are."""
    return lambda *args: f(*map(float, args))


SINE = dn.elementwise(np.cos, d2f=lambda x: -np.sin(x))(scalar(math.sin))
HYPOT = dn.elementwise(np.vectorize(hypot_slopes), d2f=lambda x, y: hypot_bends(x, y))(scalar(math.hypot))


def test_a_scalar_function_with_its_derivatives():
    x = np.array([[0.3, 1.2], [-0.4, 2.0]])
    np.testing.assert_array_equal(SINE(x), np.vectorize(math.sin)(x))
    assert type(SINE(0.3)) is float and SINE(0.3) == math.sin(0.3)
    np.testing.assert_allclose(dn.gradient(lambda x: np.sum(SINE(x) ** 2))(x), np.sin(2 * x), rtol=1e-14)
    np.testing.assert_allclose(dn.derivative(SINE, order=2)(x), -np.sin(x), rtol=1e-14)
    assert dn.derivative(dn.derivative(lambda x: SINE(x * x)))(0.7) == pytest.approx(
        dn.derivative(lambda x: dn.sin(x * x), order=2)(0.7), rel=1e-13
    )


def test_a_function_of_two_numbers_with_its_hessian():
    def f(v):
        return HYPOT(v[0] * v[1], 3.0 - v[0])

    def plain(v):
        return np.hypot(v[0] * v[1], 3.0 - v[0])

    v = np.array([1.2, 0.7])
    np.testing.assert_allclose(dn.gradient(f)(v), dn.gradient(plain)(v), rtol=1e-13)
    np.testing.assert_allclose(dn.hessian(f)(v), dn.hessian(plain)(v), rtol=1e-13)
    assert HYPOT(3.0, np.array([4.0])) == [5.0]


def test_orders_beyond_the_given_derivatives_raise():
    first = dn.elementwise(np.cos)(scalar(math.sin))
    assert dn.derivative(first)(0.3) == math.cos(0.3)
    for f, order in ((first, 2), (SINE, 3)):
        with pytest.raises(
            TypeError, match=f"expects derivatives up to order {order}, got functions for {order - 1}"
        ):
            dn.derivative(f, order=order)(0.3)
    with pytest.raises(TypeError, match="elementwise expects functions, got 3 and None"):
        dn.elementwise(3)


def test_lifted_code_calls_a_scalar_function_with_its_derivatives(rule):
    def luma(r, g, b):
        return colorsys.rgb_to_yiq(r, g, b)[0]

    rule(luma)(None)
    dn.elementwise(lambda r, g, b: (1.0, 2.0, 3.0))(luma)
    assert list(dn.gradient(lambda x: luma(*x), lift=True, check=False)([0.2, 0.3, 0.4])) == [1.0, 2.0, 3.0]


def test_an_infinite_slope_beside_a_zero_tangent():
    root = dn.elementwise(lambda x: 0.5 / np.sqrt(x))(scalar(math.sqrt))
    assert dn.jacobian(lambda x: root(np.stack([0.0 * x, x])))(4.0).tolist() == [0.0, 0.25]
