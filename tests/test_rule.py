"""`dualnum.rule` on functions that NumPy does not dispatch: lifted code calls the rule."""

import colorsys

import pytest

import dualnum as dn


@pytest.fixture
def rule():
    """Registers rules as `dualnum.rule` does, and removes them."""
    registered = []

    def register(function):
        registered.append(function)
        return dn.rule(function)

    yield register
    for function in registered:
        dn.rule(function)(None)


def test_lifted_code_of_another_module_uses_the_rule_of_a_compiled_function(rule):
    stats = pytest.importorskip("scipy.stats")
    compiled = stats._stats.geninvgauss_logpdf

    def f(x):
        return x * stats.geninvgauss.logpdf(x, 1.5, 0.8)

    def log_density(x):  # p = 1.5, b = 0.8, without the constant
        return 0.5 * dn.log(x) - 0.4 * (x + 1 / x)

    with pytest.raises(TypeError, match="geninvgauss_logpdf"):
        dn.derivative(f)(0.7)

    @rule(compiled)
    def _(x, p, b):
        return compiled(dn.value(x), p, b) + (log_density(x) - log_density(dn.value(x)))

    for order in (1, 2, 3):
        expected = dn.derivative(lambda x: x * (log_density(x) + f(1.0) + 0.8), order=order)(0.7)
        assert dn.derivative(f, order=order)(0.7) == pytest.approx(expected, rel=1e-12)


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
    import math

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
