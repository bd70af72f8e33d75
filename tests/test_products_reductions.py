"""Reductions: values bit-identical, derivatives against exact arithmetic, products at zero factors."""

import math
from fractions import Fraction

import numpy as np
import pytest
from elements import (
    Exact,
    coefficients,
    containers,
    fresh_levels,
    join,
    random_coefficients,
    structures,
    with_values,
)

import dualnum as dn
from dualnum import _core

FACTORS = {
    "no zero": [2, 3, -1, 4],
    "one zero": [2, 0, 3, -1],
    "first zero": [0, 5, 3, -1],
    "two zeros": [0, 5, 0, 2],
    "three zeros": [0, 0, 3, 0],
    "all zeros": [0, 0, 0, 0],
    "one factor": [0],
}


SUMS = [((7,), None), ((1000,), None), ((3, 50), 0), ((3, 50), 1)]
SUMS += [((4, 3, 5), (0, 2)), ((4, 0), 1), ((0,), None)]


def whole(values, sizes, seed=1):
    """Return coefficients with these values and small integers besides."""
    draw = np.random.default_rng(seed)
    return with_values(draw.integers(-4, 5, (len(values), *(1 + k for k in sizes))).astype(float), values)


def elements_of(terms):
    return [Exact.of(t) for t in terms]


def as_float(element):
    return element.terms.astype(float)


@structures
@containers
@pytest.mark.parametrize("name", FACTORS)
def test_prod_is_exact(sizes, subok, name):
    levels = fresh_levels(len(sizes))
    terms = whole(FACTORS[name], sizes)
    d = join(terms, levels, subok)
    want = as_float(math.prod(elements_of(terms[1:]), start=elements_of(terms)[0]))
    for got in (
        np.prod(d),
        d.prod(),
        np.multiply.reduce(d),
        np.prod(np.stack([d, d]), axis=1)[1],
        np.prod(d[:, None], axis=0)[0],
    ):
        np.testing.assert_array_equal(coefficients(got, levels, sizes), want)


@structures
@containers
@pytest.mark.parametrize("name", FACTORS)
def test_cumprod_is_exact(sizes, subok, name):
    levels = fresh_levels(len(sizes))
    terms = whole(FACTORS[name], sizes, 2)
    d = join(terms, levels, subok)
    running, want = None, []
    for element in elements_of(terms):
        running = element if running is None else running * element
        want.append(as_float(running))
    for got in (
        np.cumprod(d),
        d.cumprod(),
        np.multiply.accumulate(d),
        np.cumprod(np.stack([d, d]), axis=1)[1],
    ):
        np.testing.assert_array_equal(coefficients(got, levels, sizes), want)


@pytest.mark.parametrize("values", FACTORS.values(), ids=FACTORS)
def test_hessians_of_products_at_zeros(values):
    """torch 2.13 gets these wrong in silence."""
    x = np.array(values, float)
    n = x.size

    def without(*left_out):
        return math.prod(v for i, v in enumerate(x) if i not in left_out)

    want = np.array([[0.0 if i == j else without(i, j) for j in range(n)] for i in range(n)])
    np.testing.assert_array_equal(dn.gradient(np.prod)(x), [without(i) for i in range(n)])
    np.testing.assert_array_equal(dn.hessian(np.prod)(x), want)
    np.testing.assert_array_equal(dn.hessian(np.cumprod)(x)[-1], want)
    np.testing.assert_array_equal(dn.jacobian(np.cumprod)(x)[-1], [without(i) for i in range(n)])


def test_long_products_and_cumprods_at_zeros():
    x = np.linspace(0.5, 1.5, 60)
    x[[7, 31]] = 0
    gradient = dn.gradient(np.prod)(x)
    np.testing.assert_array_equal(gradient, np.zeros(60))
    hessian = dn.hessian(np.prod)(x)
    rest = math.prod(v for i, v in enumerate(x) if i not in (7, 31))
    np.testing.assert_allclose(hessian[7, 31], rest, rtol=1e-13)
    hessian[7, 31] = hessian[31, 7] = 0
    assert not hessian.any()


@structures
@containers
@pytest.mark.parametrize("shape, axis", SUMS)
@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_sums(sizes, subok, shape, axis, layout):
    levels = fresh_levels(len(sizes))
    terms = random_coefficients(shape, sizes, 3, -2, 2)
    d = join(terms, levels, subok)
    if layout == "F":
        d = d.copy(order="F")
    elif layout == "strided":
        big = np.zeros((*shape[:-1], 2 * shape[-1]), d.dtype)
        big = big.view(type(d)) if subok else big
        big[..., ::2] = d
        d = big[..., ::2]
    value = _core.value(d)
    plain = np.zeros((*shape[:-1], 2 * shape[-1]))[..., ::2] if layout == "strided" else np.empty_like(value)
    plain[...] = value
    for name in ("sum", "mean", "var", "std"):
        if 0 in shape and name != "sum":
            continue
        f = getattr(np, name)
        got = f(d, axis=axis)
        assert np.array_equal(_core.value(got), f(plain, axis=axis)), name
        if name in ("sum", "mean"):
            n = len(sizes)
            axes = tuple(range(len(shape))) if axis is None else axis
            want = f(np.moveaxis(terms, range(-n, 0), range(n)), axis=_shifted(axes, n))
            want = np.moveaxis(want, range(n), range(-n, 0))
            np.testing.assert_allclose(coefficients(got, levels, sizes), want, rtol=1e-12, atol=1e-13)


def _shifted(axes, n):
    return tuple(a + n for a in axes) if isinstance(axes, tuple) else axes + n


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("ddof", [0, 1])
def test_var_and_std(name, ddof):
    x = np.array([1.0, 4.0, -2.0, 0.5, 3.0])
    n, centred = x.size, x - x.mean()
    f = getattr(np, name)
    variance = x.var(ddof=ddof)
    gradient = 2 * centred / (n - ddof)
    hessian = 2 * (np.eye(n) - 1 / n) / (n - ddof)
    if name == "std":
        s = math.sqrt(variance)
        hessian = hessian / (2 * s) - np.outer(gradient, gradient) / (4 * s**3)
        gradient = gradient / (2 * s)
    np.testing.assert_allclose(dn.gradient(lambda v: f(v, ddof=ddof))(x), gradient, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(dn.hessian(lambda v: f(v, ddof=ddof))(x), hessian, rtol=1e-12, atol=1e-14)


@structures
@containers
def test_cumsum_where_initial_keepdims(sizes, subok):
    levels = fresh_levels(len(sizes))
    terms = whole([3, -1, 2, 5, 0, 4], sizes, 4)
    d = join(terms, levels, subok)
    np.testing.assert_array_equal(coefficients(np.cumsum(d), levels, sizes), np.cumsum(terms, axis=0))
    np.testing.assert_array_equal(coefficients(np.add.accumulate(d), levels, sizes), np.cumsum(terms, axis=0))
    mask = np.array([True, False, True, True, False, True])
    np.testing.assert_array_equal(coefficients(np.sum(d, where=mask), levels, sizes), terms[mask].sum(0))
    want = terms.sum(0)
    want[(0,) * len(sizes)] += 10
    np.testing.assert_array_equal(coefficients(np.sum(d, initial=10), levels, sizes), want)
    np.testing.assert_array_equal(coefficients(d.sum(0, None, None, False, 10, True), levels, sizes), want)
    out = d[:1].copy()
    assert d.sum(0, d.dtype if subok else None, out, True) is out
    np.testing.assert_array_equal(coefficients(out[0], levels, sizes), terms.sum(0))
    assert np.sum(d.reshape(2, 3), axis=1, keepdims=True).shape == (2, 1)
    np.testing.assert_array_equal(
        coefficients(d.reshape(2, 3).sum(axis=0), levels, sizes), terms.reshape(2, 3, *terms.shape[1:]).sum(0)
    )


@structures
@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "logaddexp", "arctan2"]
)
def test_accumulate_reduce_reduceat_outer_at(name, sizes):
    """Each method against the loop over elements that it stands for."""
    levels = fresh_levels(len(sizes))
    f = getattr(np, name)
    terms = random_coefficients((9,), sizes, 5)
    d = join(terms, levels)
    elements = list(d)
    running = [elements[0]]
    for e in elements[1:]:
        running.append(f(running[-1], e))
    want = np.array([coefficients(e, levels, sizes) for e in running])
    np.testing.assert_allclose(coefficients(f.accumulate(d), levels, sizes), want, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(coefficients(f.reduce(d), levels, sizes), want[-1], rtol=1e-12, atol=1e-13)
    got = coefficients(f.reduceat(d, [0, 4, 2, 7]), levels, sizes)
    for part, (start, stop) in zip(got, ((0, 4), (4, 5), (2, 7), (7, 9)), strict=True):
        np.testing.assert_allclose(
            part, coefficients(f.reduce(d[start:stop]), levels, sizes), rtol=1e-12, atol=1e-13
        )
    outer = coefficients(f.outer(d[:3], d[3:7]), levels, sizes)
    for i in range(3):
        for j in range(4):
            np.testing.assert_array_equal(
                outer[i, j], coefficients(f(elements[i], elements[3 + j]), levels, sizes)
            )
    changed = d.copy()
    f.at(changed, [1, 1, 5], d[[2, 3, 4]])
    want = coefficients(d, levels, sizes)
    want[1] = coefficients(f(f(elements[1], elements[2]), elements[3]), levels, sizes)
    want[5] = coefficients(f(elements[5], elements[4]), levels, sizes)
    np.testing.assert_array_equal(coefficients(changed, levels, sizes), want)


@pytest.mark.parametrize(
    "name", ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp"]
)
@pytest.mark.parametrize("shape, axis", [((50,), 0), ((6, 7), 0), ((6, 7), 1), ((3, 4, 5), 1)])
def test_values_of_ufunc_methods_are_numpys(name, shape, axis):
    levels = fresh_levels(2)
    f = getattr(np, name)
    terms = random_coefficients(shape, (2, 1), 6, -1, 1)
    d, x = join(terms, levels), terms[..., 0, 0].copy()
    assert np.array_equal(_core.value(f.reduce(d, axis=axis)), f.reduce(x, axis=axis))
    assert np.array_equal(_core.value(f.accumulate(d, axis=axis)), f.accumulate(x, axis=axis))
    at = [0, 2, 1]
    assert np.array_equal(_core.value(f.reduceat(d, at, axis=axis)), f.reduceat(x, at, axis=axis))


@containers
@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_along_axes(subok, name):
    values = np.array([[1.0, 4.0, 4.0], [4.0, 0.0, 1.0]])
    sign = 1 if name == "max" else -1
    f = getattr(np, name)
    jacobian = dn.jacobian(lambda x: f(sign * x, axis=0) * sign, subok=subok)(values)
    want = np.zeros((3, 2, 3))
    want[0, 1, 0], want[1, 0, 1], want[2, 0, 2] = 1, 1, 1
    np.testing.assert_array_equal(jacobian, want)
    gradient = dn.gradient(lambda x: f(sign * x) * sign, subok=subok)(values)
    np.testing.assert_allclose(gradient, np.where(values == 4, 1 / 3, 0), rtol=1e-15)


@containers
@pytest.mark.parametrize("seed", range(6))
def test_ties_share_equally_in_every_layout(subok, seed):
    """Blocks, several axes, reversed and strided views: each of n ties gets 1/n of the weight."""
    draw = np.random.default_rng(seed)
    shape = [(2500,), (40, 3), (3, 40), (7, 6, 5), (1, 9), (33, 33)][seed]
    terms = draw.uniform(-1, 1, (*shape, 3))
    terms[..., 0] = draw.integers(0, 3, shape)
    levels = fresh_levels(1)
    d = join(terms, levels, subok)
    axes = [None, *range(len(shape))] + [(0, 1), (0, -1)] * (len(shape) > 1)
    views = [
        (d, terms),
        (d.copy(order="F"), terms),
        (d[::-1], terms[::-1]),
        (d[..., ::2], terms[..., ::2, :]),
    ]
    for (x, t), axis in ((v, a) for v in views for a in axes):
        along = tuple(range(len(shape))) if axis is None else tuple(np.atleast_1d(axis) % len(shape))
        some = [(np.max, np.max), (np.fmax.reduce, np.max), (np.min, np.min), (np.fmin.reduce, np.min)]
        for f, choose in some:
            ties = t[..., 0] == choose(t[..., 0], axis=along, keepdims=True)
            weights = ties / ties.sum(axis=along, keepdims=True)
            want = np.sum(t * weights[..., None], axis=along)
            np.testing.assert_allclose(
                coefficients(f(x, axis=axis), levels, (2,)), want, rtol=1e-12, atol=1e-13
            )


def test_reference_arithmetic_is_itself_right():
    """(2 + e)(3 + e) / (2 + e) = 3 + e, exactly."""
    x, y = Exact.of([2.0, 1.0]), Exact.of([3.0, 1.0])
    assert ((x * y) / x).terms.tolist() == [Fraction(3), Fraction(1)]
