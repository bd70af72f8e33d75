"""Edges that changes of single characters in the sources once passed: values as NumPy's, derivatives as differences."""

import numpy as np
import pytest
from expect import close

import dualnum as dn

draw = np.random.default_rng(7)


@pytest.mark.parametrize("n", [1, 511, 512, 513, 1025, 1100])
@pytest.mark.parametrize("k", [1, 3, 7])
def test_rows_times_wide_matrices(n, k):
    """The tangents of a row times a matrix are computed in groups of columns."""
    row, matrix, tangents = draw.normal(size=7), draw.normal(size=(7, n)), draw.normal(size=(7, k))
    x = dn._core.seed_tangents(row, dn._core.E1, tangents)
    y = dn._core.seed_tangents(matrix, dn._core.E1, np.stack([matrix[::-1]] * k, axis=-1))
    for product in (lambda x: x @ matrix, lambda x: np.dot(x, matrix), lambda x: matrix.T @ x):
        np.testing.assert_array_equal(dn.value(product(x)), product(row))
        close(dn.tangent(product(x)), matrix.T @ tangents)
    close(dn.tangent(row @ y), np.stack([row @ matrix[::-1]] * k, axis=-1))
    np.testing.assert_array_equal(dn.value(row @ y), row @ matrix)
    close(dn.tangent(x @ y), matrix.T @ tangents + (row @ matrix[::-1])[:, None])
    np.testing.assert_array_equal(dn.value(x @ y), row @ matrix)


def test_every_float16_is_converted_exactly():
    every = np.arange(65536, dtype=np.uint16).view(np.float16)
    x = dn.seed(np.ones(1))
    np.testing.assert_array_equal(dn.value(every.astype(x.dtype)), every.astype(float))
    np.testing.assert_array_equal(np.signbit(dn.value(every.astype(x.dtype))), np.signbit(every))


@pytest.mark.parametrize("f", [np.remainder, np.fmod, np.floor_divide, lambda x, y: divmod(x, y)[1]])
@pytest.mark.parametrize("y", [np.inf, -np.inf, 2.5, -2.5])
@pytest.mark.parametrize("x", [3.0, -3.0, 0.0, -0.0])
def test_remainders_of_infinite_divisors(f, x, y):
    """x % inf is x, with x's slope, where the signs agree; else inf."""
    value, slope = dn.value_and_derivative(lambda t: f(t, y))(x)
    want = f(np.float64(x), y)
    assert value == want and np.signbit(value) == np.signbit(want)
    if np.isfinite(want):
        step = dn.finite_difference.derivative(lambda t: f(t, y))(x) if x else None
        assert x == 0 or abs(slope - step) < 1e-6
    if np.isinf(y):  # as y grows, x % y stays x, or is y + x
        assert dn.derivative(lambda y: f(x, y))(y) == (0 if np.isfinite(want) or f is np.floor_divide else 1)
    array = f(dn.seed(np.array([x, x])), y)
    np.testing.assert_array_equal(dn.value(array), want)
    assert dn.tangent(array)[0, 0] == dn.tangent(array)[1, 1] and (x == 0 or dn.tangent(array)[0, 0] == slope)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (1,), (3,), (2, 3)])
@pytest.mark.parametrize("f", [np.sum, np.prod, np.add.reduce, np.nansum, lambda x, **o: x.sum(**o)])
def test_signs_of_sums_of_nothing_and_of_zeros(f, shape):
    for axis in (None, *range(len(shape))):
        zeros = np.full(shape, -0.0)
        want, got = np.asarray(f(zeros, axis=axis)), np.asarray(dn.value(f(dn.seed(zeros), axis=axis)))
        assert np.array_equal(got, want) and np.array_equal(np.signbit(got), np.signbit(want))


def same(f, *arguments, rtol=1e-7):
    """Compare f's value with floats', and its gradient in the first argument with differences."""
    x, *rest = arguments
    weights = np.cos(np.arange(np.size(f(*arguments)))).reshape(np.shape(f(*arguments)))
    got = f(dn.seed(x), *rest)
    np.testing.assert_array_equal(dn.value(got), f(*arguments))
    gradient = dn.gradient(lambda x: np.sum(weights * f(x, *rest)))(x)
    want = dn.finite_difference.gradient(lambda x: np.sum(weights * f(x, *rest)))(x)
    np.testing.assert_allclose(gradient, want, rtol=rtol, atol=1e-7)


@pytest.mark.parametrize("rowvar", [True, False])
@pytest.mark.parametrize("y", [(1, 4), (4, 1), (3, 4), (4, 3), (4,)])
@pytest.mark.parametrize("x", [(1, 4), (4, 1), (3, 4), (4, 3), (4,)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_covariances_of_single_rows(rowvar, x, y):
    a, b = draw.normal(size=x), draw.normal(size=y)
    try:
        np.cov(a, b, rowvar=rowvar)
    except ValueError:
        with pytest.raises(ValueError):
            np.cov(dn.seed(a), b, rowvar=rowvar)
        return
    if np.isfinite(np.cov(a, b, rowvar=rowvar)).all():
        same(lambda a: np.cov(a, b, rowvar=rowvar), a)
        same(lambda b: np.cov(a, b, rowvar=rowvar), b)


def test_covariances_of_one_row_of_observations():
    """Since NumPy 2.2 rowvar=False makes four variables of them, before that one."""
    x = np.array([[1.0, -2.0, 0.5, 4.0]])
    got, want = np.cov(dn.seed(x), rowvar=False, bias=True), np.cov(x, rowvar=False, bias=True)
    np.testing.assert_array_equal(dn.value(got), want)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (2, 0), (-1, 0), (1, 2), (2, 1, 0), (1,)])
def test_averages_over_axes_in_any_order(axes):
    a = draw.uniform(1, 2, (2, 3, 4))
    w = draw.uniform(1, 2, [a.shape[i] for i in axes])
    same(lambda a: np.average(a, axis=axes, weights=w), a)
    same(lambda w: np.average(a, axis=axes, weights=w), w)


@pytest.mark.parametrize("period", [5.0, -5.0, 2.5])
def test_interpolation_with_a_period(period):
    xp, fp = np.array([0.3, 4.1, 2.2]), np.array([1.0, -2.0, 0.5])
    x = np.array([0.7, -3.3, 11.9, 4.9])
    same(lambda x: np.interp(x, xp, fp, period=period), x)
    same(lambda fp: np.interp(x, xp, fp, period=period), fp)
    same(lambda xp: np.interp(x, xp, fp, period=period), xp)


@pytest.mark.parametrize("shapes", [((0,), (1,)), ((1,), (0,)), ((0, 2), (1, 2)), ((2, 1), (2, 0))])
@pytest.mark.parametrize("signature", ["...,...->...", "i...,i...->..."])
def test_einsum_of_no_elements(shapes, signature):
    a, b = (np.ones(shape) for shape in shapes)
    try:
        want = np.einsum(signature, a, b)
    except ValueError:
        with pytest.raises(ValueError):
            np.einsum(signature, dn.seed(a), b)
        return
    got = np.einsum(signature, dn.seed(a), b)
    assert got.shape == want.shape
    np.testing.assert_array_equal(dn.value(got), want)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_infinities_that_cancel_in_rules():
    """At 0 xlogy(t, t) = t log(t) has the slope -inf; xlogy(0, y) is 0 for all y."""
    special = pytest.importorskip("scipy.special")
    for log in (special.xlogy, lambda x, y: special.xlog1py(x, y - 1)):
        for at in (0.0, np.zeros(2)):
            assert np.all(dn.derivative(lambda t, log=log: log(0.0, t))(at) == 0.0)
            assert np.all(dn.derivative(lambda t, log=log: log(t, 0.0))(at) == -np.inf)
            assert np.all(dn.derivative(lambda t, log=log: log(t, t))(at) == -np.inf)
        assert dn.hessian(lambda x, log=log: log(x[0], x[1]))(np.array([0.0, 2.0])).tolist() == [
            [0.0, 0.5],
            [0.5, 0.0],
        ]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_infinities_of_both_signs_do_not_make_one():
    """At 0 the slope of -x log(x) is inf and its bend -inf: f(t + t^2)'' = 2 f' + f'' is indeterminate."""
    special = pytest.importorskip("scipy.special")
    for f, sign in ((special.entr, 1), (lambda x: special.xlogy(x, x), -1)):
        assert np.isnan(dn.derivative(lambda t, f=f: f(t + t * t), order=2)(0.0))
        assert dn.derivative(lambda t, f=f: f(t - t * t), order=2)(0.0) == -sign * np.inf
        np.testing.assert_array_equal(
            dn.taylor(lambda t, f=f: f(t - t * t), 2)(0.0), [0, sign * np.inf, -sign * np.inf]
        )


def test_bessel_values_are_scipys_to_the_bit():
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([np.linspace(-30, 30, 401), [0.0, 8.0, -8.0, 1e-300]])
    for f in (np.i0, special.i0, special.i1, special.i0e, special.i1e, special.j0, special.k0):
        x = np.abs(x) + 0.1 if f is special.k0 else x
        np.testing.assert_array_equal(dn.value(f(dn.seed(x))), f(x))
        assert all(dn.value(f(dn.Dual(t))) == f(t) for t in x[::40].tolist())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_polynomials_refuse_coefficients_that_are_not_finite(order):
    """The first order that is not finite, of the value to the last, decides."""
    for f, at in ((np.sqrt, 1), (np.log, 0), (lambda x: x**2.5, 3)):
        call = dn.taylor_polynomial(lambda x, f=f: np.sum(f(x)), order)
        if at <= order:
            with pytest.raises(ValueError, match="finite"):
                call(np.array([0.0, 1.0]))
        else:
            assert np.isfinite(call(np.array([0.0, 1.0]))(np.array([0.1, 1.1])))


@pytest.mark.parametrize("t_eval", [[1.0, 0.7, 0.25, 0.0], [0.9, 0.1], [0.5], [0.0]])
def test_solving_backwards_at_given_times(t_eval):
    solution = dn.taylor_solve(lambda t, y: -2 * t * y, (1.0, 0.0), np.array([3.0]), t_eval=np.array(t_eval))
    np.testing.assert_array_equal(solution.t, t_eval)
    close(solution.y[0], 3.0 * np.exp(1 - np.array(t_eval) ** 2), 1e-10)
    forwards = dn.taylor_solve(
        lambda t, y: -2 * t * y, (0.0, 1.0), np.array([3.0]), t_eval=np.array(t_eval[::-1])
    )
    close(forwards.y[0], 3.0 * np.exp(-(np.array(t_eval[::-1]) ** 2)), 1e-10)


@pytest.mark.parametrize("end", [-3.0, 3.0])
def test_times_beyond_a_solution_that_ends_are_left_out(end):
    """y' = y^2 sign(t) has a pole at |t| = 1."""
    times = np.linspace(0, end, 11)
    solution = dn.taylor_solve(lambda t, y: np.sign(end) * y * y, (0.0, end), 1.0, t_eval=times)
    assert solution.status == -1 and len(solution.t) == 4
    close(solution.y, 1 / (1 - np.abs(times[:4])), 1e-9)


@pytest.mark.parametrize("x", [0.25, 0.5, 1.0, 1.25, 2.0])
def test_reciprocal_gamma_where_the_reflection_ends(x):
    special = pytest.importorskip("scipy.special")
    slope = -special.psi(x) / special.gamma(x)
    assert abs(dn.derivative(special.rgamma)(x) - slope) < 1e-15 + 1e-14 * abs(slope)
