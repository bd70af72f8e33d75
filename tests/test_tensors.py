"""derivative_tensor and taylor_polynomial: symmetry, exactness, both ways of computing, printing, plots."""

import itertools
import math
import sys
import time

import numpy as np
import pytest
from expect import raises

import dualnum as dn
from dualnum import _core
from dualnum.drivers._base import Driver, Variables

tensors = sys.modules[
    "dualnum.drivers.derivative_tensor"
]  # the package's attribute of this name is the function


def lecture(x):
    return x[0] ** 2 + 2 * x[0] * x[1] + x[1] ** 3


POINT = np.array([1.0, 2.0])


def monomial(powers):
    """Return a function that is a monomial, and its exact derivative by any list of variables."""

    def derivative(x, by):
        result = 1.0
        for i, power in enumerate(powers):
            times = by.count(i)
            result *= math.perm(power, times) * x[i] ** (power - times) if times <= power else 0.0
        return result

    return lambda x: np.prod(x ** np.array(powers)), derivative


def test_lecture_example():
    assert dn.derivative_tensor(lecture, 0)(POINT) == 13.0
    np.testing.assert_array_equal(dn.derivative_tensor(lecture, 1)(POINT), [6, 14])
    np.testing.assert_array_equal(dn.derivative_tensor(lecture, 2)(POINT), [[2, 2], [2, 12]])
    third = np.zeros((2, 2, 2))
    third[1, 1, 1] = 6
    np.testing.assert_array_equal(dn.derivative_tensor(lecture, 3)(POINT), third)
    np.testing.assert_array_equal(dn.derivative_tensor(lecture, 4)(POINT), np.zeros((2,) * 4))


@pytest.mark.parametrize("powers", [(3, 2), (1, 4), (2, 1, 3), (1, 1, 1, 2), (3, 1, 1, 1, 1), (2,)])
@pytest.mark.parametrize("order", [3, 4, 5])
def test_monomials(powers, order):
    f, derivative = monomial(powers)
    x = np.linspace(0.5, 1.5, len(powers))
    got = dn.derivative_tensor(f, order)(x)
    want = np.array(
        [derivative(x, by) for by in itertools.product(range(len(powers)), repeat=order)]
    ).reshape(got.shape)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-11)
    for axes in itertools.permutations(range(order)):
        np.testing.assert_array_equal(got, got.transpose(axes))


def smooth(x):
    return np.exp(np.sum(x * x) / 3) * np.sin(x[0]) + np.prod(1 + x) + np.sqrt(1 + x[0] * x[-1])


@pytest.mark.parametrize(("n", "order"), [(1, 6), (2, 3), (2, 6), (3, 3), (3, 4), (4, 3)])
@pytest.mark.parametrize("divided", [False, True])
def test_both_ways_agree(n, order, divided):
    driver = Driver(smooth, name="derivative_tensor")
    variables = Variables(driver, (np.linspace(0.2, 0.7, n),))
    rays = tensors.along_rays(driver, variables, {}, order, divided)
    polynomials = tensors.by_polynomials(driver, variables, {}, order, divided)
    for a, b in zip(rays, polynomials, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11 * np.abs(b).max())


@pytest.mark.parametrize(
    ("n", "order", "error"),
    [(2, 9, 1e-11), (3, 8, 1e-11), (4, 9, 1e-9), (6, 6, 1e-11), (9, 3, 1e-14), (30, 2, 1e-15)],
)
def test_interpolation_finds_the_polynomial(n, order, error):
    """Random polynomials, whose values along the rays are the coefficients of the series."""
    rng = np.random.default_rng(2)
    rays, faces = tensors.interpolation(n, order)
    assert len(rays) == math.comb(n + order - 1, order) == len(np.unique(rays, axis=0))
    for k in range(1, order + 1):
        want = rng.standard_normal((len(tensors.indices(n, k)), 2))
        along = tensors.monomials(rays, tensors.indices(n, k)) @ want
        got = tensors.interpolated(along, [face.order(k) for face in faces[:k]], len(want))
        assert np.abs(got - want).max() <= error * np.abs(want).max()


def test_places_are_those_of_itertools():
    for n, order in itertools.product((1, 2, 3, 5), (0, 1, 2, 4)):
        chosen = tensors.selections(n, order)
        assert chosen.tolist() == [list(c) for c in itertools.combinations_with_replacement(range(n), order)]
        np.testing.assert_array_equal(tensors.places(n, chosen.T), range(len(chosen)))


@pytest.mark.parametrize(("n", "order"), [(4, 8), (6, 5), (8, 5), (100, 1), (2, 100), (20, 2)])
def test_first_calls_are_quick(n, order):
    """No table that takes long the first time: exact rational weights took 115 s for the first of these."""
    tensors.interpolation.cache_clear()
    x = np.linspace(0.1, 0.2, n)
    start = time.perf_counter()
    p = dn.taylor_polynomial(lambda x: np.exp(np.sum(x)), order)(x)
    assert time.perf_counter() - start < 5  # 0.1 s; a loaded machine takes longer
    powers, coefficients = p.terms()
    want = math.exp(np.sum(x)) / np.array(
        [math.prod(map(math.factorial, row)) for row in powers.tolist()], float
    )
    np.testing.assert_allclose(coefficients, want, rtol=1e-7 if n > 3 else 1e-12)


def test_large_tensors_of_low_order_are_the_hessian():
    x = np.linspace(0.1, 0.9, 70)
    tensor = dn.taylor_polynomial(smooth, 2)(x[:36]).tensors[2]
    np.testing.assert_allclose(tensor, dn.hessian(smooth)(x[:36]), rtol=1e-12, atol=1e-12)
    p = dn.taylor_polynomial(smooth, 1)(x)
    np.testing.assert_array_equal(p.tensors[1], dn.gradient(smooth)(x))
    hessian = dn.hessian(smooth)(x)
    v = np.linspace(-1.0, 1.0, 70)
    np.testing.assert_allclose(p.remainder(x + v), abs(v @ hessian @ v) / 2, rtol=1e-12)
    pairs = dn.taylor_polynomial(lambda x: np.array([smooth(x), x[0]]), 1)(x)
    np.testing.assert_array_equal(pairs.tensors[1][1], np.eye(70)[0])
    assert dn.taylor_polynomial(np.sum, 0)(np.ones(5000)).tensors == (5000.0,)


def test_no_variables():
    empty = np.zeros(0)
    assert dn.derivative_tensor(np.sum, 3)(empty).shape == (0, 0, 0)
    assert dn.derivative_tensor(lambda x: np.ones(2), 3)(empty).shape == (2, 0, 0, 0)
    assert dn.derivative_tensor(np.sum, 0)(empty) == 0.0
    p = dn.taylor_polynomial(lambda x: np.sum(x) + 2.0, 3)(empty)
    assert str(p) == "2" and p(empty) == 2.0 and p.remainder(empty) == 0.0


def test_third_order_is_the_derivative_of_the_hessian():
    x = np.linspace(0.2, 0.7, 6)
    np.testing.assert_allclose(
        dn.derivative_tensor(smooth, 3)(x), dn.jacobian(dn.hessian(smooth))(x), rtol=1e-11, atol=1e-11
    )


def test_array_valued_functions_and_matrix_arguments():
    def f(a):
        return a @ a @ a

    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    got = dn.derivative_tensor(f, 3)(x)
    assert got.shape == (2, 2) + (2, 2) * 3
    want = dn.jacobian(dn.hessian(f))(x)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_a_number():
    assert dn.derivative_tensor(lambda x: x**5, 3)(2.0) == 240.0
    assert dn.derivative_tensor(lambda x: 1.0, 3)(2.0) == 0.0


def test_one_batched_pass():
    calls = []

    def f(x):
        calls.append(x.shape)
        return np.exp(x[..., 0] * x[..., 1]) + x[..., 2] ** 3

    x = np.random.default_rng(1).uniform(0.2, 1, (5, 3))
    got = dn.derivative_tensor(f, 3, batched=True, check=False)(x)
    assert got.shape == (5, 3, 3, 3) and calls == [(10, 5, 3)]
    for i in range(5):
        np.testing.assert_allclose(got[i], dn.derivative_tensor(f, 3)(x[i]), rtol=1e-11, atol=1e-11)


def test_one_call_inside_another_driver():
    def f(x, a):
        return a * np.prod(x) ** 2

    x = np.array([1.0, 2.0])
    got = dn.derivative(lambda a: dn.derivative_tensor(f, 3)(x, a))(3.0)
    np.testing.assert_allclose(got, dn.derivative_tensor(f, 3)(x, 1.0))


def test_errors():
    with raises(ValueError, "derivative_tensor(f, order=-1) expects order to be an int from 0 on, got -1."):
        dn.derivative_tensor(lecture, -1)
    with raises(
        TypeError,
        "derivative_tensor(f)(x) expects x to be a number or an array, got a tuple of 2; use one array.",
    ):
        dn.derivative_tensor(lambda x: x[0], 3)((1.0, 2.0))


@pytest.fixture(params=["polynomials", "rays"])
def way(request, monkeypatch):
    """Take either way to the derivatives from order 3 on."""
    if request.param == "rays":
        monkeypatch.setattr(tensors, "NUMBERS", 0)
    return request.param


def test_derivatives_that_do_not_exist(way):
    """Entry by entry: those that only contain other variables are right."""
    assert math.isnan(dn.derivative_tensor(lambda x: (x * x) ** 1.25, 3)(0.0))
    for n, order in [(2, 3), (5, 5), (8, 3)]:
        x = np.linspace(0.5, 1.0, n)
        x[1] = 0.0
        got = dn.derivative_tensor(lambda x: np.prod(x[2:]) + x[0] ** 5 + np.sqrt(x[1]), order)(x)
        assert got[(0,) * order] == pytest.approx(math.perm(5, order) * 0.5 ** (5 - order), rel=1e-12)
        assert got[(1,) * order] == math.inf
        want = dn.derivative_tensor(lambda x: np.prod(x[1:]) + x[0] ** 5, order)(np.delete(x, 1))
        others = np.ix_(*order * [[0, *range(2, n)]])
        np.testing.assert_allclose(got[others], want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("subok", [True, False])
def test_inside_another_driver(subok, way):
    def f(x, a):
        return np.exp(a * np.sum(x[:3])) * x[-1] ** 2 + a**2 * np.sqrt(x[1])

    def fifth(a):
        return dn.derivative_tensor(f, 5, subok=subok)(x, a)

    x = np.linspace(0.2, 1.0, 5)
    slope = dn.derivative(fifth)(0.7)
    quotient = (fifth(0.7 + 1e-5) - fifth(0.7 - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope, quotient, rtol=1e-6, atol=1e-6 * np.abs(slope).max())
    x[1] = 0.0  # where derivatives by x[1] do not exist, their derivatives by a do not either
    value, slope = dn.value_and_derivative(fifth)(0.7)
    assert np.isfinite(slope[np.ix_(*5 * [[0, 2, 3, 4]])]).all()
    assert value[1, 1, 1, 1, 1] == math.inf and not np.isfinite(slope[1, 1, 1, 1, 1])
    if way == "rays":
        assert math.isnan(value[1, 1, 1, 1, 0]) and math.isnan(slope[1, 1, 1, 1, 0])
        return
    total, end = np.sum(x[:3]), x[-1] ** 2  # of the first term alone
    np.testing.assert_allclose(value[1, 1, 1, 1, 0], 0.7**5 * math.exp(0.7 * total) * end, rtol=1e-13)
    expected = (5 * 0.7**4 + 0.7**5 * total) * math.exp(0.7 * total) * end
    np.testing.assert_allclose(slope[1, 1, 1, 1, 0], expected, rtol=1e-13)


# ---- polynomials -------------------------------------------------------------------------------------------


def test_the_polynomial_of_a_polynomial_is_the_function():
    p = dn.taylor_polynomial(lecture, 3)(POINT)
    assert [np.shape(t) for t in p.tensors] == [(), (2,), (2, 2), (2, 2, 2)]
    np.testing.assert_array_equal(p.tensors[2], [[2, 2], [2, 12]])
    points = np.random.default_rng(3).uniform(-2, 2, (4, 5, 2))
    np.testing.assert_allclose(p(points), lecture(np.moveaxis(points, -1, 0)), rtol=1e-12, atol=1e-12)
    assert type(p(POINT)) is float and p(POINT) == 13.0
    assert np.abs(p.remainder(points)).max() == 0.0
    assert (
        str(p) == "13 + 6*(x - 1) + 14*(y - 2) + (x - 1)**2 + 2*(x - 1)*(y - 2) + 6*(y - 2)**2 + (y - 2)**3"
    )
    assert eval(str(p), {"x": 3.0, "y": -1.0}) == lecture([3.0, -1.0])
    with raises(
        ValueError,
        "polynomial() expects a polynomial of one variable, got 2 variables; "
        "use taylor(f, order, direction=v).",
    ):
        p.polynomial()
    with raises(ValueError, "polynomial(x) expects x to have the shape (..., *(2,)), got shape (3,)."):
        p(np.ones(3))


def test_one_variable():
    p = dn.taylor_polynomial(dn.exp, 5)(0.0)
    x = np.linspace(-0.5, 0.5, 11)
    error = np.abs(p(x) - np.exp(x))
    assert p(x).shape == (11,) and (error <= 1.2 * p.remainder(x) + 1e-16).all()
    assert p.order == 5 and p.truncated(2).order == 2
    np.testing.assert_array_equal(p.truncated(2).coefficients, [1, 1, 0.5])
    assert p.truncated(2).remainder(1.0) == pytest.approx(1 / 6)
    numpys = p.polynomial()
    assert type(numpys) is np.polynomial.Polynomial
    np.testing.assert_allclose(numpys(x), p(x), rtol=1e-15)
    q = dn.taylor_polynomial(dn.log, 3)(2.0)
    np.testing.assert_allclose(q.polynomial().deriv()(2.0), 0.5)
    assert str(q) == "0.69314718 + 0.5*(x - 2) - 0.125*(x - 2)**2 + 0.041666667*(x - 2)**3"
    assert f"{q:.2f}" == "0.69 + 0.50*(x - 2.00) - 0.12*(x - 2.00)**2 + 0.04*(x - 2.00)**3"
    assert repr(p.truncated(1)) == "<TaylorPolynomial of order 1 about 0.0: 1 + x>"
    assert str(dn.taylor_polynomial(lambda x: 0 * x, 2)(1.0)) == "0"
    assert str(dn.taylor_polynomial(lambda x: -x, 2)(-1.0)) == "1 - (x + 1)"
    assert dn.taylor_polynomial(dn.exp, 100)(0.0)(1.0) == pytest.approx(math.e, rel=1e-15)


def test_several_outputs_and_names():
    p = dn.taylor_polynomial(lambda x: np.array([x[0] * x[1], x[2] ** 2]), 2)(np.zeros(3))
    assert str(p) == "[0] x*y\n[1] z**2"
    assert p(np.ones((4, 3))).shape == (4, 2)
    q = dn.taylor_polynomial(np.sum, 1)(np.zeros((2, 2)))
    assert str(q) == "x[0, 0] + x[0, 1] + x[1, 0] + x[1, 1]"
    assert q(np.ones((2, 2))) == 4.0
    r = dn.taylor_polynomial(lambda x, y: x * y, 1, argnum=1)(3.0, 2.0)
    assert str(r) == "6 + 3*(x - 2)"


def test_a_polynomial_that_does_not_exist():
    call = "taylor_polynomial(f)(x)"
    message = f"{call} expects f to have finite coefficients up to order 3, got inf at order 1; use order=0."
    with raises(ValueError, message):
        dn.taylor_polynomial(dn.sqrt, 3)(0.0)
    with raises(ValueError, message):
        dn.taylor_polynomial(lambda x: np.array([x[0], np.sqrt(x[1])]), 3)(np.zeros(2))
    with np.errstate(divide="ignore"), raises(ValueError, f"{call} expects f(x) to be finite, got inf."):
        dn.taylor_polynomial(lambda x: 1 / x, 3)(0.0)
    p = dn.taylor_polynomial(lambda x: x**2.5, 2)(0.0)
    assert not np.isfinite(p.remainder(1.0))


def test_differentiable():
    slope = dn.derivative(lambda a: dn.taylor_polynomial(lambda x: dn.exp(a * x), 3)(0.0)(1.0))(2.0)
    assert slope == pytest.approx(1 + 2.0 + 4 / 2)  # of 1 + a + a^2/2 + a^3/6


def test_plot():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    p = dn.taylor_polynomial(dn.sin, 9)(0.0)
    ax = p.plot(-4, 4, orders=[1, 3, 9])
    labels = [line.get_label() for line in ax.get_lines()]
    assert labels[:4] == ["order 1", "order 3", "order 9", "f"]
    np.testing.assert_allclose(ax.get_lines()[3].get_ydata(), np.sin(ax.get_lines()[3].get_xdata()))
    pyplot.close("all")


def test_plot_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with raises(ImportError, 'plot() expects matplotlib; install "numpy-dualnum[plot]".'):
        dn.taylor_polynomial(dn.sin, 3)(0.0).plot()


def test_levels_are_retired():
    seen = []
    dn.derivative_tensor(lambda x: seen.append(x) or np.prod(x), 3)(POINT)
    assert len(seen[0].dtype.levels) == 1 and isinstance(seen[0], _core.DualArray)
