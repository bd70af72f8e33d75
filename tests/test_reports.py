"""Faults that public reports and random programs found, each as the right value."""

import pathlib
import warnings

import numpy as np
import pytest
from expect import raises

import dualnum as dn

X = np.array([-1.5, 2.0, 3.0])
IDENTITIES = ["add", "multiply", "hypot", "logaddexp", "logaddexp2"]


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("n", range(4))
def test_reductions_begin_with_the_identity(name, n):
    """np.hypot.reduce([-1.5]) is 1.5; of no elements, and with where=, the identity alone decides."""
    reduce = getattr(np, name).reduce
    where = np.arange(3) < n
    for of in (lambda x: reduce(x[:n]), lambda x: reduce(x, where=where)):
        assert dn.value(of(dn.seed(X))) == of(X)
        if n:
            expected = dn.finite_difference.gradient(of)(X)
            np.testing.assert_allclose(dn.gradient(of)(X), expected, rtol=1e-7, atol=1e-7)
        np.testing.assert_array_equal(dn.gradient(of)(X)[n:], 0.0)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda v: setattr(v, "dtype", float), "x.dtype = dtype"),
        (lambda v: v.getfield("f8"), "getfield(x, dtype)"),
        (lambda v: v.setfield(3.0, "f8"), "setfield(x, dtype)"),
        (lambda v: v.view(float), "view(x, dtype)"),
        (lambda v: v.view(dtype=float), "view(x, dtype)"),
    ],
)
def test_bytes_of_duals_are_no_numbers(refused, message):
    """These once gave derivatives of zero."""
    text = f"{message} of duals expects a dtype of duals, got float64: that would lose what is value and what is "
    with raises(TypeError, text + "derivative; use dualnum.parts(x)."):
        dn.gradient(lambda v: np.sum(v) if refused(v) is None else np.sum(refused(v)))(X)
    x = dn.seed(X)
    x.dtype = x.dtype
    assert (
        type(x.view()) is type(x.view(dn.DualArray)) is dn.DualArray
        and type(x.view(np.ndarray)) is np.ndarray
    )


ZEROS = [[0.0, -0.0], [-0.0, 0.0], [-0.0, 0.0, -0.0], [0.0] * 9 + [-0.0], [-0.0] * 20 + [0.0, -0.0]]


@pytest.mark.parametrize("zeros", ZEROS, ids=len)
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_signs_of_zero_in_extrema(name, zeros):
    """NumPy's loops choose one zero or the other by their place in contiguous memory."""
    f, x = getattr(np, name), np.array(zeros)
    for a in (x, np.array([zeros, zeros]), np.array([zeros, zeros]).T.copy()):
        d = dn.seed(a)
        for axis in range(a.ndim):
            assert np.array_equal(np.signbit(f.reduce(d, axis=axis)), np.signbit(f.reduce(a, axis=axis)))
        assert np.array_equal(np.signbit(f(d, d[::-1].copy())), np.signbit(f(a, a[::-1].copy())))
        assert np.array_equal(np.signbit(f(d, 0.0)), np.signbit(f(a, 0.0)))
        assert np.signbit(np.nanmax(d)) == np.signbit(np.nanmax(a)) and np.signbit(
            np.nanmin(d)
        ) == np.signbit(np.nanmin(a))


@pytest.mark.parametrize("low", [0.0, -0.0, np.array([0.0, -0.0] * 150), None])
@pytest.mark.parametrize("high", [1.0, 0.0, -0.0, np.full(300, 0.0), None])
def test_signs_of_zero_in_clip(low, high):
    """1 / np.array([-0.0, 1.0]).clip(0.0, 1.0) is -inf."""
    x = np.array([-0.0, 0.0, 1.0, -1.0, 0.5, np.nan] * 50)
    for a in () if low is high is None else (x, x[:2], x[:1]):  # NumPy 2.0 refuses to clip by nothing
        bounds = [b[: len(a)] if isinstance(b, np.ndarray) else b for b in (low, high)]
        got, want = dn.value(dn.seed(a).clip(*bounds)), a.clip(*bounds)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


ASKING = {
    "where": lambda x: np.where(x > 1, x, 0.0),
    "select": lambda x: np.select([x > 1], [x], 0.0),
    "sinc": np.sinc,
    "interp": lambda x: np.interp(x, [0.0, 1.0], [0.0, 2.0]),
    "nan_to_num": np.nan_to_num,
    "can_cast": lambda x: x * np.can_cast(np.asarray(x).dtype, float),
    "percentile": lambda x: np.percentile(np.stack([x, 2 * x]), 30, axis=0),
    "geomspace": lambda x: np.geomspace(x, 2 * x, 3)[1],
}


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("x", [0.7, np.array([0.3, 2.0])], ids=["number", "array"])
def test_a_question_is_no_refusal(name, x):
    """NumPy asks whether a cast exists and clears the error in C: f runs once, not again on floats."""
    calls = []
    dn.derivative(lambda x: calls.append(1) or ASKING[name](x), check=False)(x)
    assert len(calls) == 1


@pytest.mark.parametrize("f", [np.var, np.std, lambda x: x.var(), lambda x: x.std()])
def test_spread_of_one_number(f):
    for x in (dn.Dual(2.0), dn.seed(X)[:1].reshape(())):
        assert dn.value(f(x)) == 0.0


def test_square_roots_of_minus_zero():
    """The slope is +inf, as the limit from the right, whatever the sign of the zero."""
    for x in (0.0, -0.0):
        for f in (np.sqrt, lambda x: x**0.5):
            assert dn.derivative(f)(x) == np.inf and dn.derivative(f, order=2)(x) == -np.inf
            assert (
                dn.derivative(f)(np.array([x])) == np.inf
                and dn.derivative(f, order=2)(np.array([x])) == -np.inf
            )


def test_a_zero_tangent_stays_zero_beside_nan():
    for x in (dn.Dual(np.nan, 0.0), np.array([dn.Dual(np.nan, 0.0)])):
        for f in (np.abs, np.fabs):
            assert np.all(dn.tangent(f(x)) == 0.0)


def test_many_tangents_print_abbreviated():
    """An array of 400 variables once printed 800 000 characters."""
    x = dn.seed(np.arange(400.0))
    assert len(repr(x)) < 40_000
    assert repr(x[0]) == "Dual(0.0, [1., 0., 0., ..., 0., 0., 0.])"
    assert repr(dn.Dual(1.5, np.arange(20.0))) == f"Dual(1.5, {np.arange(20.0).tolist()})"


@pytest.mark.parametrize("v", [2.0, 2, np.float64(2), np.array(2.0), True], ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("x", [3.0, 3, np.float64(3), np.array(3.0)], ids=lambda x: type(x).__name__)
def test_directions_of_numbers_and_0d_arrays(x, v):
    assert dn.jvp(lambda x: x**3)(x, v) == (27.0, 27.0 * v)
    assert dn.directional_derivative(lambda x: x**3)(x, v) == 27.0 * v
    assert dn.hvp(lambda x: x**3)(x, v) == 18.0 * v
    assert dn.vhv(lambda x: x**3)(x, v) == 18.0 * v**2
    assert dn.taylor(lambda x: x**3, 1, direction=v)(x).tolist() == [27.0, 27.0 * v]
    assert dn.derivative(lambda t: dn.jvp(lambda x: x**3)(x, t)[1])(1.0) == 27.0


def ratio(x):
    return x / np.linalg.norm(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_slope_of_nan_is_not_infinite():
    """x / norm(x) at 0 once had the value nan and the slope inf."""
    assert np.isnan(dn.derivative(lambda x: x / abs(x))(0.0))
    for n in (1, 3):
        jacobian = dn.jacobian(ratio)(np.zeros(n))
        assert np.isnan(np.diag(jacobian)).all() and not np.isinf(jacobian).any()
    for x in (0.0, np.zeros(2)):
        for order in (2, 3, 5):
            series = dn.taylor(lambda x: x / abs(x), order)(x)
            assert np.isnan(series[:2]).all() and not np.isinf(series).any()
    x = dn.seed(np.array([0.0, 1.0]))
    for y in (np.inf * x, np.dot(np.inf, x), np.tensordot(np.inf, x, 0), [[np.inf]] @ x[None, :]):
        np.testing.assert_array_equal(dn.tangent(y).reshape(2, 2), [[np.nan, 0.0], [0.0, np.inf]])
    np.testing.assert_array_equal(dn.jacobian(lambda x: 1 / x)(np.zeros(2)), np.diag([-np.inf] * 2))


@pytest.mark.parametrize("f", [np.dot, np.inner, np.multiply, np.outer])
def test_infinite_products_warn_once(f):
    x = np.array([0.0, 1.0])
    counts = []
    for y in (x, dn.seed(x)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f(np.inf, y)
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 1


@pytest.mark.skipif(
    not pathlib.Path("/proc/self/statm").exists(), reason="reads the resident memory of Linux"
)
def test_dtypes_of_many_sizes_are_forgotten():
    """Each size of DualDType once kept 640 bytes for ever; those in use are kept."""
    resource = pytest.importorskip("resource")
    kept = {k: dn.DualDType(k) for k in (0, 7, 300, 2500)}

    def resident_after(sizes):
        for k in sizes:
            dn.DualDType(k)
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    assert -resident_after(range(3000)) + resident_after(range(3000, 43_000)) < 10_000_000
    assert all(dn.DualDType(k) is dtype for k, dtype in kept.items())


@pytest.mark.parametrize("name", ["median", "percentile", "sort"])
def test_equal_elements_of_a_sort_do_not_share(name):
    f = {"median": np.median, "percentile": lambda x: np.percentile(x, 50), "sort": lambda x: np.sort(x)[2]}[
        name
    ]
    gradient = dn.gradient(f)(np.array([1.0, 2.0, 2.0, 2.0, 3.0]))
    assert sorted(gradient.tolist()) == [0.0, 0.0, 0.0, 0.0, 1.0] and gradient[1:4].sum() == 1.0
