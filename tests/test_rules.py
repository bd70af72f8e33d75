"""NumPy's functions at their special points: knots, zeros, ties, multiple roots, and their refusals there."""

import numpy as np
import pytest

import dualnum as dn
from dualnum import _core


def curvature(f, x):
    return dn.derivative(f, order=2)(x)


def slope(f, x):
    return dn.derivative(f)(x)


KNOTS, HEIGHTS = np.array([0.0, 1.0, 3.0]), np.array([2.0, 5.0, 1.0])


@pytest.mark.parametrize(
    ("x", "left", "right", "expected"),
    [
        (0.5, None, None, 3.0),
        (1.0, None, None, 0.5),  # a kink: the mean of 3 and -2
        (0.0, None, None, 1.5),  # a kink between a constant and a slope
        (3.0, None, None, -1.0),
        (0.0, 7.0, None, 3.0),  # a jump: the inner side's
        (3.0, None, 7.0, -2.0),
        (-1.0, None, None, 0.0),
        (4.0, 7.0, 7.0, 0.0),
    ],
)
def test_interp_at_and_around_knots(x, left, right, expected):
    assert slope(lambda t: np.interp(t, KNOTS, HEIGHTS, left, right), x) == expected


def test_interp_at_a_knot_touched_from_one_side():
    """At a kink the sign of an even difference decides, as for maximum: interp(1 + t**2) grows with the right slope."""
    assert curvature(lambda t: np.interp(1 + t * t, KNOTS, HEIGHTS), 0.0) == 2 * -2.0
    assert curvature(lambda t: np.interp(1 - t * t, KNOTS, HEIGHTS), 0.0) == -2 * 3.0


def test_interp_at_the_last_knot_with_a_jump_behind_it():
    """The jump to `right` leaves the last height, whose derivative is that of fp[-1], and the slope before the knot."""
    x = dn.seed(HEIGHTS)
    assert np.interp(3.0, KNOTS, x, right=7.0).tangent.tolist() == [0, 0, 1]
    assert slope(lambda t: np.interp(t, KNOTS[:2], HEIGHTS[:2], right=7.0), 1.0) == 3


def test_interp_outside_depends_on_left_and_right():
    d = dn.Dual(5.0)
    assert np.interp(0 * d - 1, KNOTS, HEIGHTS, left=d).tangent == 1
    assert np.interp([9.0, 2.0], KNOTS, HEIGHTS + 0 * d, right=2 * d).tangent.tolist() == [[2], [0]]
    with pytest.raises(TypeError, match=r"dualnum\.value"):  # NumPy asks x, xp and fp only
        np.interp(-1.0, KNOTS, HEIGHTS, left=d)
    with pytest.raises(TypeError, match=r"interp expects real numbers beside duals, got dtype.*complex128"):
        np.interp(d, KNOTS * 1j, HEIGHTS)


def test_i0_and_sinc_at_zero():
    """I0''(0) = 1/2, sinc''(0) = -pi^2/3: NumPy's code has a kink or a constant there."""
    assert slope(np.i0, 0.0) == 0
    np.testing.assert_allclose(curvature(np.i0, 0.0), 0.5, rtol=1e-15)
    np.testing.assert_allclose(curvature(np.sinc, 0.0), -(np.pi**2) / 3, rtol=1e-15)


@pytest.mark.parametrize("x", [-0.31, -0.1, 1e-3, 0.2, 0.318, 0.319, 0.7, 4.0])
def test_sinc_against_mpmath(x):
    """The series and the quotient, which meet at pi x = 1."""
    import mpmath as mp

    with mp.workdps(40):
        series = mp.taylor(lambda t: mp.sin(mp.pi * t) / (mp.pi * t), mp.mpf(x), 4)
    np.testing.assert_allclose(dn.taylor(np.sinc, 4)(x), [float(c) for c in series], rtol=1e-12, atol=1e-13)


def test_sinc_of_a_plain_array_refuses_by_hand_and_is_lifted_in_drivers():
    with pytest.raises(TypeError, match="sinc of duals expects a DualArray, got a plain array"):
        np.sinc(np.asarray(dn.seed(np.zeros(1))))
    curvature = dn.hessian(lambda x: np.sum(np.sinc(np.array([x[0]]))))(np.zeros(1))
    np.testing.assert_allclose(curvature, [[-(np.pi**2) / 3]], rtol=1e-15)


@pytest.mark.parametrize("x", [1e-9, 0.3, 2.0, 7.9, 8.1, 30.0, 200.0, 700.0, -5.0, -90.0])
def test_i0_against_mpmath(x):
    import mpmath as mp

    with mp.workdps(40):
        first, second = mp.besseli(1, x), (mp.besseli(0, x) + mp.besseli(2, x)) / 2
    np.testing.assert_allclose(slope(np.i0, x), float(first), rtol=1e-12)
    np.testing.assert_allclose(curvature(np.i0, x), float(second), rtol=1e-12)


def test_roots_by_their_closed_form():
    """The roots of x^2 + b x + c are (-b +- sqrt(b^2 - 4 c)) / 2."""
    p = np.array([1.0, -5.0, 6.0])
    got = dn.jacobian(np.roots)(p)
    r = np.roots(p)
    expected = -np.vander(r, 3) / (2 * r - 5)[:, None]
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    np.testing.assert_array_equal(dn.jacobian(np.roots)([1.0, -1.0, 0.0]), [[-1, -1, -1], [0, 0, 1]])
    with pytest.raises(
        ValueError, match=r"roots\(p\) of duals expects simple roots, got a multiple one near 1\.0"
    ):
        dn.jacobian(np.roots)([1.0, -2.0, 1.0])
    for zeros in ([0.7, 0.7, -1.1], [0.7, 0.7, 0.2]):  # computed, a double root is two or a conjugate pair
        with pytest.raises(ValueError, match="expects simple roots"):
            dn.jacobian(np.roots)(np.poly(zeros))
        with pytest.raises(ValueError, match="expects simple roots"):  # the polynomial is concave there
            dn.jacobian(np.roots)(-np.poly(zeros))
    i = np.roots([1.0, 0.0, 1.0])
    np.testing.assert_array_equal(
        dn.jacobian(np.roots)([1.0, 0.0, 1.0]), np.stack([0.5 / i, 0 * i - 0.5, -0.5 / i]).T
    )


def test_a_vanishing_leading_coefficient_keeps_its_derivative():
    c = np.array([0.0, 3.0, 2.0])
    np.testing.assert_array_equal(dn.gradient(lambda c: np.poly1d(c)(2.0))(c), [4, 2, 1])
    np.testing.assert_array_equal(
        dn.gradient(lambda c: np.polyval(np.polymul(c, [1.0, 1.0]), 2.0))(c), [12, 6, 3]
    )
    for cls in (np.polynomial.Polynomial, np.polynomial.Chebyshev):
        got = dn.gradient(lambda c, cls=cls: cls(c)(2.0) + (cls(c) - cls([1.0]))(2.0))(c[::-1])
        expected = dn.gradient(lambda c, cls=cls: 2 * cls(c)(2.0))(c[::-1] + 1)
        np.testing.assert_array_equal(got, expected)


def test_other_numbers_are_numpys():
    """Arguments without duals go to NumPy's own helpers, and give the same."""
    assert np.polynomial.Polynomial([1, 2, 0]).trim() == np.polynomial.Polynomial([1, 2])
    assert (np.polynomial.Chebyshev([1, 2j]) ** 2).coef.dtype == complex
    assert np.vectorize(lambda t: t * 2)([1, 2]).dtype == int
    with pytest.raises(ValueError, match="not 1-d"):
        np.polynomial.Polynomial(dn.seed(np.eye(2)))
    with pytest.raises(ValueError, match="no common type"):
        np.polynomial.polynomial.polyadd(dn.seed([1.0]), ["a"])


def test_quantiles_at_the_places_of_the_data():
    """At a datum the quantile has a kink in q: the mean of both slopes; steps have none."""
    a = np.array([1.0, 2.0, 4.0])
    assert slope(lambda q: np.quantile(a, q), 0.5) == 3.0
    assert slope(lambda q: np.quantile(a, q), 0.25) == 2.0
    assert slope(lambda q: np.percentile(a, q), 75.0) == 0.04
    assert slope(lambda q: np.quantile(a, q, method="lower") + q, 0.25) == 1.0
    with pytest.raises(ValueError, match="without NaN"):
        slope(lambda q: np.nanquantile([1.0, np.nan], q), 0.5)


def test_functions_that_give_an_array_like_their_first_argument_refuse_integers():
    d = dn.Dual(2.5)
    for call in (
        lambda: np.insert(np.array([1, 2]), 1, d),
        lambda: np.full_like(np.array([1, 2]), dn.seed([1.0, 2.0])),
    ):
        with pytest.raises(TypeError, match="derivatives"):
            call()
    np.testing.assert_array_equal(_core.value(np.insert(np.array([1.0, 2.0]), 1, d)), [1.0, 2.5, 2.0])


def test_fourier_transforms_are_linear():
    matrix = np.exp(-2j * np.pi * np.outer(np.arange(5), np.arange(5)) / 5)
    np.testing.assert_allclose(dn.jacobian(np.fft.fft)(np.arange(5.0)), matrix, rtol=0, atol=1e-15)
    np.testing.assert_allclose(dn.jacobian(np.fft.rfft)(np.arange(5.0)), matrix[:3], rtol=0, atol=1e-15)


def test_a_dtype_without_derivatives_is_refused():
    for call in (lambda x: np.cov(x, dtype=float), lambda x: np.corrcoef(x, dtype=np.float32)):
        with pytest.raises(TypeError, match=r"dtype=None.*dualnum\.value"):
            call(dn.seed([1.0, 2.0, 4.0]))


def test_correlations_have_constant_ones():
    x = np.random.default_rng(0).normal(size=(3, 9))
    got = dn.jacobian(np.corrcoef)(x)
    assert not got[[0, 1, 2], [0, 1, 2]].any()


def test_histograms_count_as_numpy_does_on_edges():
    x = dn.seed(np.array([0.0, 0.5, 1.0, 1.0, 2.0]))
    counts, edges = np.histogram(x, bins=[0.0, 0.5, 1.0])
    np.testing.assert_array_equal(counts, [1, 3])
    weighted, _ = np.histogram(np.array([0.0, 0.5, 1.0, 1.0, 2.0]), bins=[0.0, 0.5, 1.0], weights=x)
    np.testing.assert_array_equal(weighted.tangent, [[1, 0, 0, 0, 0], [0, 1, 1, 1, 0]])
    counts, edges = np.histogram(x, bins=2)
    np.testing.assert_array_equal(edges.tangent[1], [0.5, 0, 0, 0, 0.5])
