"""Identities between functions, with drawn numbers, on one to three levels, for scalars and arrays."""

import numpy as np
import pytest
from elements import coefficients, fresh_levels, join, with_values
from hypothesis import given, settings
from hypothesis import strategies as st

import dualnum as dn

EPS = np.finfo(float).eps

# name -> (left, right, lowest value, highest value, ulps): both sides are one function, written in two ways.
IDENTITIES = {
    "exp(log x) = x": (lambda x: dn.exp(dn.log(x)), lambda x: x, 0.3, 10, 32),
    "log(exp x) = x": (lambda x: dn.log(dn.exp(x)), lambda x: x, 0.5, 10, 16),
    "exp2(log2 x) = x": (lambda x: dn.exp2(dn.log2(x)), lambda x: x, 0.3, 10, 32),
    "10**log10 x = x": (lambda x: 10 ** dn.log10(x), lambda x: x, 0.1, 10, 32),
    "expm1(log1p x) = x": (lambda x: dn.expm1(dn.log1p(x)), lambda x: x, -0.5, 10, 16),
    "expm1 = exp - 1": (lambda x: dn.expm1(x), lambda x: dn.exp(x) - 1, -3, 3, 16),
    "sin^2 + cos^2 = 1": (lambda x: dn.sin(x) ** 2 + dn.cos(x) ** 2, lambda x: 1 + 0 * x, -10, 10, 16),
    "cosh^2 - sinh^2 = 1": (lambda x: dn.cosh(x) ** 2 - dn.sinh(x) ** 2, lambda x: 1 + 0 * x, -1, 1, 64),
    "tan = sin / cos": (dn.tan, lambda x: dn.sin(x) / dn.cos(x), -1.2, 1.2, 64),
    "tanh = sinh / cosh": (dn.tanh, lambda x: dn.sinh(x) / dn.cosh(x), -3, 3, 64),
    "sin 2x = 2 sin cos": (lambda x: dn.sin(2 * x), lambda x: 2 * dn.sin(x) * dn.cos(x), -3, 3, 32),
    "cos 2x = 1 - 2 sin^2": (lambda x: dn.cos(2 * x), lambda x: 1 - 2 * dn.sin(x) ** 2, -3, 3, 32),
    "arcsin(sin x) = x": (lambda x: dn.arcsin(dn.sin(x)), lambda x: x, -1.2, 1.2, 128),
    "arccos(cos x) = x": (lambda x: dn.arccos(dn.cos(x)), lambda x: x, 0.4, 2.7, 128),
    "arctan(tan x) = x": (lambda x: dn.arctan(dn.tan(x)), lambda x: x, -1.2, 1.2, 128),
    "arcsin + arccos = pi/2": (
        lambda x: dn.arcsin(x) + dn.arccos(x),
        lambda x: np.pi / 2 + 0 * x,
        -0.9,
        0.9,
        64,
    ),
    "arcsinh(sinh x) = x": (lambda x: dn.arcsinh(dn.sinh(x)), lambda x: x, -3, 3, 256),
    "arccosh(cosh x) = x": (lambda x: dn.arccosh(dn.cosh(x)), lambda x: x, 0.5, 3, 256),
    "arctanh(tanh x) = x": (lambda x: dn.arctanh(dn.tanh(x)), lambda x: x, -1.5, 1.5, 512),
    "arctan2(x, 1) = arctan x": (lambda x: dn.arctan2(x, 1.0), dn.arctan, -5, 5, 32),
    "arctan2(1, x) = pi/2 - arctan x": (
        lambda x: dn.arctan2(1.0, x),
        lambda x: np.pi / 2 - dn.arctan(x),
        0.1,
        5,
        32,
    ),
    "hypot = sqrt": (lambda x: dn.hypot(x, 2.0), lambda x: dn.sqrt(x * x + 4), -5, 5, 32),
    "sqrt(x)^2 = x": (lambda x: dn.sqrt(x) ** 2, lambda x: x, 0.1, 10, 16),
    "cbrt(x)^3 = x": (lambda x: dn.cbrt(x) ** 3, lambda x: x, 0.1, 10, 64),
    "x**0.5 = sqrt x": (lambda x: x**0.5, dn.sqrt, 0.1, 10, 16),
    "x**1.5 = x sqrt x": (lambda x: x**1.5, lambda x: x * dn.sqrt(x), 0.1, 10, 32),
    "x**-1 = 1 / x": (lambda x: x**-1, lambda x: 1 / x, 0.1, 10, 16),
    "x**3 = x x x": (lambda x: x**3, lambda x: x * x * x, -5, 5, 16),
    "x**x = exp(x log x)": (lambda x: x**x, lambda x: dn.exp(x * dn.log(x)), 0.3, 4, 128),
    "3**x = exp(x log 3)": (lambda x: 3**x, lambda x: dn.exp(x * np.log(3)), -3, 3, 64),
    "square = x x": (dn.square, lambda x: x * x, -5, 5, 4),
    "reciprocal = 1 / x": (dn.reciprocal, lambda x: 1 / x, 0.1, 10, 16),
    "logaddexp(x, 0) = log1p(exp x)": (
        lambda x: dn.logaddexp(x, 0.0),
        lambda x: dn.log1p(dn.exp(x)),
        -5,
        5,
        32,
    ),
    "logaddexp2(x, 0) = log2(1 + 2**x)": (
        lambda x: dn.logaddexp2(x, 0.0),
        lambda x: dn.log2(1 + 2**x),
        -5,
        5,
        64,
    ),
    "deg2rad(rad2deg x) = x": (lambda x: dn.deg2rad(dn.rad2deg(x)), lambda x: x, -5, 5, 8),
    "abs(x)^2 = x^2": (lambda x: abs(x) ** 2, lambda x: x**2, 0.1, 5, 8),
    "sign x abs x = x": (lambda x: dn.sign(x) * abs(x), lambda x: x, 0.1, 5, 4),
    "copysign": (lambda x: dn.copysign(x, -1.0), lambda x: -abs(x), 0.1, 5, 0),
    "x % 1 + x // 1 = x": (lambda x: x % 1.0 + x // 1.0, lambda x: x, -5, 5, 8),
    "product rule": (lambda x: dn.sin(x) * dn.exp(x), lambda x: dn.exp(x) * dn.sin(x), -3, 3, 0),
    "quotient rule": (lambda x: dn.sin(x) / dn.exp(x), lambda x: dn.sin(x) * dn.exp(-x), -3, 3, 32),
    "chain rule": (lambda x: dn.exp(dn.sin(x) + 1), lambda x: np.e * dn.exp(dn.sin(x)), -3, 3, 32),
}

SIZES = [(1,), (2,), (1, 1), (2, 3), (1, 1, 1)]


def identity_points(values, sizes, seed):
    """Return elements with these values and drawn infinitesimal parts of order one."""
    shape = (len(values), *(1 + k for k in sizes))
    return with_values(np.random.default_rng(seed).uniform(-1, 1, shape), values)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", IDENTITIES)
@settings(max_examples=20)
@given(fractions=st.lists(st.floats(0, 1), min_size=1, max_size=6), seed=st.integers(0, 1000))
def test_identity(name, sizes, fractions, seed):
    left, right, lo, hi, allowed = IDENTITIES[name]
    terms = identity_points([lo + (hi - lo) * f for f in fractions], sizes, seed)
    levels = fresh_levels(len(sizes))
    d = join(terms, levels)
    a, b = coefficients(left(d), levels, sizes), coefficients(right(d), levels, sizes)
    # Every coefficient in units of the largest derivative that went into it.
    scale = np.maximum(np.abs(b), 1) * np.maximum(1, np.abs(b).max())
    assert (np.abs(a - b) <= (allowed + 1) * 4 * EPS * scale).all(), (a, b)
    for i, scalar in enumerate(d):
        for f, result in ((left, a[i]), (right, b[i])):
            difference = np.abs(coefficients(f(scalar), levels, sizes) - result)
            assert (difference <= (allowed + 1) * 4 * EPS * max(1, np.abs(result).max())).all()


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@given(st.floats(0.2, 4), st.floats(0.2, 4), st.integers(0, 1000))
def test_identities_of_two_arguments(sizes, x, y, seed):
    levels = fresh_levels(len(sizes))
    a = join(identity_points([x], sizes, seed), levels)
    b = join(identity_points([y], sizes, seed + 1), levels)
    pairs = [
        (a**b, dn.exp(b * dn.log(a))),
        (dn.hypot(a, b), dn.sqrt(a * a + b * b)),
        (dn.arctan2(a, b), dn.arctan(a / b)),
        (dn.logaddexp(a, b), dn.log(dn.exp(a) + dn.exp(b))),
        (dn.logaddexp2(a, b), dn.log2(dn.exp2(a) + dn.exp2(b))),
        (dn.sin(a + b), dn.sin(a) * dn.cos(b) + dn.cos(a) * dn.sin(b)),
        (dn.exp(a - b), dn.exp(a) / dn.exp(b)),
        (dn.maximum(a, b) + dn.minimum(a, b), a + b),
        (dn.maximum(a, b) - dn.minimum(a, b), abs(a - b)),
        (a - a // b * b, a % b),
        (dn.float_power(a, b), a**b),
    ]
    for left, right in pairs:
        p, q = coefficients(left, levels, sizes), coefficients(right, levels, sizes)
        scale = np.maximum(1, np.abs(q).max()) * max(1, 1 / x, 1 / y) ** (len(sizes) + 1)
        assert (np.abs(p - q) <= 400 * EPS * scale).all(), (p, q)
