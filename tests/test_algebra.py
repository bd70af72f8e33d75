"""Arithmetic of elements of one to three levels, against exact fractions."""

import copy
import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from elements import Exact, coefficients, fresh_levels, join, random_coefficients, structures, with_values
from hypothesis import given
from hypothesis import strategies as st

import dualnum
from dualnum import _core

kinds = pytest.mark.parametrize("scalar", [False, True], ids=["array", "scalar"])


def integers(sizes, seed, shape=(5,), low=-9, high=10, value=None):
    """Return coefficients that are small integers, so that sums and products are exact in float64."""
    draw = np.random.default_rng(seed)
    result = draw.integers(low, high, (*shape, *(1 + k for k in sizes))).astype(float)
    return result if value is None else with_values(result, value)


def exact(operation, *arguments):
    """Apply an operation to exact elements one by one."""
    return [operation(*(Exact.of(a[i]) for a in arguments)) for i in range(len(arguments[0]))]


def check_exact(result, wanted, levels, sizes, scalar):
    """Check a dual array, or the list of scalars, against exact elements, bit for bit."""
    got = [coefficients(r, levels, sizes) for r in result] if scalar else coefficients(result, levels, sizes)
    for one, want in zip(got, wanted, strict=True):
        assert np.array_equal(one, want.terms.astype(float)), (one, want.terms)


def apply(operation, scalar, *arrays):
    if not scalar:
        return operation(*arrays)
    return [operation(*elements) for elements in zip(*(list(a) for a in arrays), strict=True)]


RING = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "negative": lambda a, b: -a,
    "polynomial": lambda a, b: a * a * b - b * (a + b) + a * 3 - 2,
    "constant left": lambda a, b: 3 * a + 2 * b,
    "constant right": lambda a, b: a * 3 - 2,
    "cube": lambda a, b: a * a * a,
}


@structures
@kinds
@pytest.mark.parametrize("name", RING)
def test_ring_is_exact(sizes, scalar, name):
    levels = fresh_levels(len(sizes))
    a, b = integers(sizes, 1), integers(sizes, 2)
    result = apply(RING[name], scalar, join(a, levels), join(b, levels))
    check_exact(result, exact(RING[name], a, b), levels, sizes, scalar)


@structures
@kinds
def test_division_by_powers_of_two_is_exact(sizes, scalar):
    levels = fresh_levels(len(sizes))
    a, b = integers(sizes, 3), integers(sizes, 4, value=[1, -2, 4, 0.5, -0.25])
    result = apply(operator.truediv, scalar, join(a, levels), join(b, levels))
    check_exact(result, exact(operator.truediv, a, b), levels, sizes, scalar)
    result = apply(lambda d: 3 / d, scalar, join(b, levels))
    check_exact(result, exact(lambda d: d.constant(3) / d, b), levels, sizes, scalar)


@structures
@kinds
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 7])
def test_integer_powers_are_exact(sizes, scalar, exponent):
    levels = fresh_levels(len(sizes))
    a = integers(sizes, 5, low=-3, high=4, value=[1, -1, 2, -2, 3])
    result = apply(lambda d: d**exponent, scalar, join(a, levels))
    wanted = exact(lambda d: math.prod([d] * exponent, start=d.constant(1)), a)
    check_exact(result, wanted, levels, sizes, scalar)


@structures
@kinds
@pytest.mark.parametrize("exponent", [-1, -2, -3])
def test_negative_powers_of_powers_of_two_are_exact(sizes, scalar, exponent):
    levels = fresh_levels(len(sizes))
    a = integers(sizes, 6, low=-3, high=4, value=[1, -1, 2, -2, 0.5])
    result = apply(lambda d: d**exponent, scalar, join(a, levels))
    wanted = exact(lambda d: d.constant(1) / math.prod([d] * -exponent, start=d.constant(1)), a)
    check_exact(result, wanted, levels, sizes, scalar)


@structures
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "polynomial"])
@pytest.mark.parametrize("split_at", [0, 1, 2, 3])
def test_mixed_levels_give_the_union(sizes, name, split_at):
    """An operand that lacks a level has zeros there; the result has all levels, oldest first."""
    if split_at > len(sizes):
        split_at = len(sizes)
    levels = fresh_levels(len(sizes))
    a, b = integers(sizes, 7), integers(sizes, 8)
    for axis in range(len(sizes)):  # a carries the levels before split_at, b the others
        lacking = a if axis >= split_at else b
        lacking[(slice(None), *(slice(1, None) if i == axis else slice(None) for i in range(len(sizes))))] = 0
    here = (slice(None), *(slice(None) if i < split_at else 0 for i in range(len(sizes))))
    there = (slice(None), *(0 if i < split_at else slice(None) for i in range(len(sizes))))
    da, db = join(a[here], levels[:split_at]), join(b[there], levels[split_at:])
    wanted = exact(RING[name], a, b)
    check_exact(RING[name](da, db), wanted, levels, sizes, False)
    reverse = exact(RING[name], b, a)
    check_exact(RING[name](db, da), reverse, levels, sizes, False)
    if 0 < split_at < len(sizes):
        result = da + db
        assert result.dtype.levels == tuple(levels) and result.dtype.sizes == sizes
        for x, y in zip(list(da), list(db), strict=True):
            assert (x * y).dtype is result.dtype


@structures
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_mixed_with_float64_equals_constant(sizes, name):
    """A float64 operand gives what its cast to the dual dtype gives, bit for bit, without the cast."""
    levels = fresh_levels(len(sizes))
    d = join(random_coefficients((37,), sizes, 9), levels)
    x = np.random.default_rng(10).uniform(0.5, 3, 37)
    constant = x.astype(d.dtype)
    f = getattr(np, name)
    for got, want in (
        (f(d, x), f(d, constant)),
        (f(x, d), f(constant, d)),
        (f(d, 2.5), f(d, np.full(37, 2.5).astype(d.dtype))),
    ):
        assert got.dtype is d.dtype
        assert np.array_equal(coefficients(got, levels, sizes), coefficients(want, levels, sizes))


@structures
@pytest.mark.parametrize(
    "name", "add subtract multiply divide power maximum arctan2 hypot logaddexp remainder".split()
)
def test_scalars_and_arrays_agree_bit_for_bit(sizes, name):
    levels = fresh_levels(len(sizes))
    a = join(random_coefficients((40,), sizes, 11), levels)
    b = join(random_coefficients((40,), sizes, 12), levels)
    f = getattr(np, name)
    want = coefficients(f(a, b), levels, sizes)
    sign = {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
    }
    sign |= {"power": operator.pow, "remainder": operator.mod}
    for i, (x, y) in enumerate(zip(list(a), list(b), strict=True)):
        for g in [f, getattr(dualnum, name)] + ([sign[name]] if name in sign else []):
            got = coefficients(g(x, y), levels, sizes)
            if g(np.float64(x.primal), np.float64(y.primal)) == want[i].flat[0]:
                assert np.array_equal(got, want[i])
            else:  # np.float64's operator takes the C library's pow, arrays NumPy's own on some processors
                np.testing.assert_allclose(got, want[i], rtol=1e-14)


@structures
def test_levels_are_removed_one_by_one_in_any_order(sizes):
    levels = fresh_levels(len(sizes))
    terms = random_coefficients((3,), sizes, 13)
    d = join(terms, levels)
    for axis, level in enumerate(levels):
        primal, tangents = _core.split(d, level)
        others, rest = levels[:axis] + levels[axis + 1 :], sizes[:axis] + sizes[axis + 1 :]
        assert np.array_equal(coefficients(primal, others, rest), np.take(terms, 0, axis + 1))
        assert tangents.shape == (3, sizes[axis])
        moved = np.moveaxis(terms, axis + 1, 1)[:, 1:]
        assert np.array_equal(coefficients(tangents, others, rest), moved)
    assert _core.split(d, _core.Level())[1] is None


numbers = st.floats(-100, 100, allow_nan=False).map(lambda v: round(v * 64) / 64)
elements = st.lists(numbers, min_size=8, max_size=8).map(lambda v: np.reshape(v, (2, 2, 2)))


@given(elements, elements, elements)
def test_ring_laws(x, y, z):
    """Sums of dyadic numbers are exact: commutative, associative; products distribute."""
    levels = fresh_levels(3)
    a, b, c = (join(v, levels)[()] for v in (x, y, z))

    def parts(d):
        return coefficients(d, levels, (1, 1, 1))

    assert np.array_equal(parts(a + b), parts(b + a))
    assert np.array_equal(parts((a + b) + c), parts(a + (b + c)))
    assert np.array_equal(parts(a * b), parts(b * a))
    assert np.array_equal(parts(a * (b + c)), parts(a * b + a * c))
    assert np.array_equal(parts(a - b), parts(-(b - a)))
    assert np.array_equal(parts(a - a), np.zeros((2, 2, 2)))
    assert np.array_equal(parts(+a), parts(a)) and np.array_equal(parts(copy.copy(a)), parts(a))


@given(elements, elements, elements)
def test_products_associate_within_rounding(x, y, z):
    levels = fresh_levels(3)
    a, b, c = (join(v, levels)[()] for v in (x, y, z))
    left, right = coefficients((a * b) * c, levels, (1, 1, 1)), coefficients(a * (b * c), levels, (1, 1, 1))
    size = Exact.of(np.abs(x)) * Exact.of(np.abs(y)) * Exact.of(np.abs(z))
    assert (np.abs(left - right) <= 8 * np.finfo(float).eps * size.terms.astype(float)).all()


@given(elements, elements)
def test_quotient_times_divisor(x, y):
    y = y.copy()
    y[0, 0, 0] = abs(y[0, 0, 0]) + 1
    levels = fresh_levels(3)
    a, b = join(x, levels)[()], join(y, levels)[()]
    back = coefficients((a / b) * b, levels, (1, 1, 1))
    bound = Exact.of(np.abs(x))
    slack = Exact.of(np.abs(y)) * (1 / y[0, 0, 0])
    for _ in range(4):
        bound = bound * slack
    size = (bound + Exact.of(np.abs(x))).terms.astype(float) + np.abs(x)
    assert (np.abs(back - x) <= 64 * np.finfo(float).eps * size).all()


@given(elements, st.floats(-5, 5), st.integers(0, 3))
def test_composition_matches_exact_arithmetic(x, shift, which):
    """f of an element equals its Taylor polynomial, summed exactly."""
    x = x.copy() / 64
    x[0, 0, 0] = 1 + abs(x[0, 0, 0])
    v = x[0, 0, 0]
    levels = fresh_levels(3)
    d = join(x, levels)[()]
    f, slopes = [
        (dualnum.exp, [math.exp(v)] * 4),
        (dualnum.log, [math.log(v), 1 / v, -1 / v**2, 2 / v**3]),
        (dualnum.sin, [math.sin(v), math.cos(v), -math.sin(v), -math.cos(v)]),
        (lambda u: u**2.5, [v**2.5, 2.5 * v**1.5, 3.75 * v**0.5, 1.875 * v**-0.5]),
    ][which]
    want = Exact.of(x).compose([Fraction(s) for s in slopes]).terms.astype(float)
    bound = Exact.of(np.abs(x)).compose([Fraction(abs(s)) for s in slopes]).terms.astype(float)
    got = coefficients(f(d), levels, (1, 1, 1))
    assert (np.abs(got - want) <= 32 * np.finfo(float).eps * bound).all()


@structures
def test_a_zero_tangent_stays_zero(sizes):
    """0 * inf = 0 per tangent: sqrt and log at 0 leave tangents of zero alone."""
    levels = fresh_levels(len(sizes))
    constant = np.zeros((1, *(1 + k for k in sizes)))
    with np.errstate(all="ignore"):
        roots = [np.sqrt, np.log, np.cbrt, np.reciprocal]
        for f in (*roots, lambda d: d**0.5, lambda d: 1 / d, lambda d: np.hypot(d, 0)):
            for d in (join(constant, levels), join(constant, levels)[0]):
                got = coefficients(f(d), levels, sizes).ravel()
                assert not got[1:].any()
        moving = constant.copy()
        moving[(0, 1, *(0 for _ in sizes[1:]))] = 1
        got = coefficients(np.sqrt(join(moving, levels)), levels, sizes)[0]
        assert got[(1, *(0 for _ in sizes[1:]))] == np.inf
        assert not np.isnan(got).any()
        if sizes[0] > 1:
            assert not got[2:].any()
