"""Identities between functions, with drawn numbers, on one to three levels, for scalars and arrays."""

import numpy as np
import pytest
from elements import coefficients, fresh_levels, join, with_values
from expect import functions, listed
from hypothesis import given, settings
from hypothesis import strategies as st

import dualnum as dn

EPS = np.finfo(float).eps

# left = right | lowest value, highest value, ulps: both sides are one function, written in two ways.
IDENTITIES = """
    dn.exp(dn.log(x)) = x | 0.3 10 32
    dn.log(dn.exp(x)) = x | 0.5 10 16
    dn.exp2(dn.log2(x)) = x | 0.3 10 32
    10 ** dn.log10(x) = x | 0.1 10 32
    dn.expm1(dn.log1p(x)) = x | -0.5 10 16
    dn.expm1(x) = dn.exp(x) - 1 | -3 3 16
    dn.sin(x) ** 2 + dn.cos(x) ** 2 = 1 + 0 * x | -10 10 16
    dn.cosh(x) ** 2 - dn.sinh(x) ** 2 = 1 + 0 * x | -1 1 64
    dn.tan(x) = dn.sin(x) / dn.cos(x) | -1.2 1.2 64
    dn.tanh(x) = dn.sinh(x) / dn.cosh(x) | -3 3 64
    dn.sin(2 * x) = 2 * dn.sin(x) * dn.cos(x) | -3 3 32
    dn.cos(2 * x) = 1 - 2 * dn.sin(x) ** 2 | -3 3 32
    dn.arcsin(dn.sin(x)) = x | -1.2 1.2 128
    dn.arccos(dn.cos(x)) = x | 0.4 2.7 128
    dn.arctan(dn.tan(x)) = x | -1.2 1.2 128
    dn.arcsin(x) + dn.arccos(x) = np.pi / 2 + 0 * x | -0.9 0.9 64
    dn.arcsinh(dn.sinh(x)) = x | -3 3 256
    dn.arccosh(dn.cosh(x)) = x | 0.5 3 256
    dn.arctanh(dn.tanh(x)) = x | -1.5 1.5 512
    dn.arctan2(x, 1.0) = dn.arctan(x) | -5 5 32
    dn.arctan2(1.0, x) = np.pi / 2 - dn.arctan(x) | 0.1 5 32
    dn.hypot(x, 2.0) = dn.sqrt(x * x + 4) | -5 5 32
    dn.sqrt(x) ** 2 = x | 0.1 10 16
    dn.cbrt(x) ** 3 = x | 0.1 10 64
    x**0.5 = dn.sqrt(x) | 0.1 10 16
    x**1.5 = x * dn.sqrt(x) | 0.1 10 32
    x**-1 = 1 / x | 0.1 10 16
    x**3 = x * x * x | -5 5 16
    x**x = dn.exp(x * dn.log(x)) | 0.3 4 128
    3**x = dn.exp(x * np.log(3)) | -3 3 64
    dn.square(x) = x * x | -5 5 4
    dn.reciprocal(x) = 1 / x | 0.1 10 16
    dn.logaddexp(x, 0.0) = dn.log1p(dn.exp(x)) | -5 5 32
    dn.logaddexp2(x, 0.0) = dn.log2(1 + 2**x) | -5 5 64
    dn.deg2rad(dn.rad2deg(x)) = x | -5 5 8
    abs(x) ** 2 = x**2 | 0.1 5 8
    dn.sign(x) * abs(x) = x | 0.1 5 4
    dn.copysign(x, -1.0) = -abs(x) | 0.1 5 0
    x % 1.0 + x // 1.0 = x | -5 5 8
    dn.sin(x) * dn.exp(x) = dn.exp(x) * dn.sin(x) | -3 3 0
    dn.sin(x) / dn.exp(x) = dn.sin(x) * dn.exp(-x) | -3 3 32
    dn.exp(dn.sin(x) + 1) = np.e * dn.exp(dn.sin(x)) | -3 3 32
"""

SIZES = [(1,), (2,), (1, 1), (2, 3), (1, 1, 1)]


def identity_points(values, sizes, seed):
    """Return elements with these values and drawn infinitesimal parts of order one."""
    shape = (len(values), *(1 + k for k in sizes))
    return with_values(np.random.default_rng(seed).uniform(-1, 1, shape), values)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("row", listed(IDENTITIES))
@settings(max_examples=20)
@given(fractions=st.lists(st.floats(0, 1), min_size=1, max_size=6), seed=st.integers(0, 1000))
def test_identity(row, sizes, fractions, seed):
    identity, _, numbers = row.partition(" | ")
    left, right = functions(identity.replace(" = ", " ; "), "x", dn=dn).values()
    lo, hi, allowed = map(float, numbers.split())
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
