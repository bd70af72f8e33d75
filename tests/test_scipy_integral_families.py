"""Families of scipy.stats that are integrals or sums, by every parameter: mpmath, closed forms and identities."""

import itertools
import warnings

import numpy as np
import pytest

import dualnum as dn

mpmath = pytest.importorskip("mpmath")
stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")


def slope(f, x, order=1):
    return dn.derivative(f, order=order, lift=True, check=False)(x)


# ---- landau -------------------------------------------------------------------------------------------------------


def landau_density(n, x):
    """The n-th derivative of the density: the integral along a vertical line through the saddle point, or folded."""
    half = mpmath.pi / 2
    z = half * x + mpmath.log(half)
    if z < -1:
        saddle = mpmath.exp(-1 - z)
        f = lambda y: (s := mpmath.mpc(saddle, y)) ** n * mpmath.exp(s * mpmath.log(s) + z * s)  # noqa: E731
        width = mpmath.sqrt(saddle) + 1
        total = mpmath.quad(lambda y: f(y).real, [k * width for k in (0, 1, 2, 4, 8, 20, 80)])
    else:
        f = lambda t: (-t) ** n * mpmath.exp(-t * mpmath.log(t) - z * t) * mpmath.sin(mpmath.pi * t)  # noqa: E731
        width = 1 / (1 + max(z, 0))
        total = mpmath.quad(f, [0, *[width * mpmath.mpf(2) ** k for k in range(-2, 8)]])
    return float(total / mpmath.pi * half ** (n + 1))


@pytest.mark.parametrize("x", [-3.4, -1.0, -0.5, 0.3, 40.0, 1e4])
def test_landau_by_x(x):
    exact = [landau_density(n, mpmath.mpf(x)) for n in range(3)]
    for n, expected in enumerate(exact):
        assert slope(stats.landau.cdf, x, n + 1) == pytest.approx(expected, rel=1e-11)
        assert slope(stats.landau.sf, x, n + 1) == pytest.approx(-expected, rel=1e-11)
    for n in (1, 2):
        assert slope(stats.landau.pdf, x, n) == pytest.approx(exact[n], rel=1e-11)


def test_landau_by_probability_location_and_scale():
    for inverse, function in (("ppf", "cdf"), ("isf", "sf")):
        undone = lambda p: getattr(stats.landau, function)(getattr(stats.landau, inverse)(p))  # noqa: B023, E731
        assert slope(undone, 0.3) == pytest.approx(1)
        assert slope(undone, 0.3, 2) == pytest.approx(0, abs=1e-9)
    x = np.array([-1.0, 2.0])
    by_scale = slope(lambda s: stats.landau.logpdf(x, 0.2, s), 1.4)
    expected = -(1 + (x - 0.2) / 1.4 * slope(stats.landau.logpdf, (x - 0.2) / 1.4)) / 1.4
    np.testing.assert_allclose(by_scale, expected, rtol=1e-10)


# ---- levy_stable --------------------------------------------------------------------------------------------------


def stable(x, alpha, beta, by):
    """The density (by = 0), or the distribution function less 1/2, by an integral along a slanted ray."""
    tangent = np.tan(np.pi * alpha / 2)
    turn = np.arctan(beta * tangent)
    limit = min(np.pi / 2, (np.pi / 2 - np.sign(x) * turn) / alpha)
    u = np.arange(-22500, 7500) / 250
    slant = 0.55 * np.sign(x) * limit
    log = u - 1j * slant
    with np.errstate(all="ignore"):
        psi = 1j * x * np.exp(log) + np.exp(alpha * log) * (1 - 1j * beta * tangent)
        total = np.sum(np.nan_to_num(np.exp(-psi) * (1 if by else np.exp(log)))) / 250
    return (slant - total.imag if by else total.real) / np.pi  # from 0 the path turns by the slant


STABLE = [(0.7, 1.5, 0.3), (-2.0, 1.5, 0.9), (-1.0, 1.5, 1.0), (3.0, 0.8, 0.5), (-0.5, 0.6, -0.2), (0.7, 1.95, 0.5),
          (4.0, 1.2, -0.7), (1e-3, 1.4, 0.5), (0.3, 1.04, 0.5), (30.0, 1.5, 0.0), (-1.5, 0.97, 0.05)]  # fmt: skip


@pytest.mark.parametrize("point", STABLE)
@pytest.mark.parametrize("name", ["pdf", "cdf"])
def test_levy_stable_by_every_parameter(name, point):
    f = getattr(stats.levy_stable, name)
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    value, found = dn.value_and_gradient(lambda v: f(*v), lift=True, check=False)(point)
    assert value == f(*point)
    for i, h in enumerate((1e-2 * max(abs(point[0]), 0.1), 1e-3, 1e-2)):
        moved = lambda k: stable(*(np.array(point) + k * h * np.eye(3)[i]), by=name == "cdf")  # noqa: B023, E731
        expected = sum(w * (moved(k) - moved(-k)) for k, w in weights.items()) / h
        if point[0] < 0.1 and i == 0:
            expected = stable(*point, 0) if name == "cdf" else np.nan
        if np.isfinite(expected):
            assert found[i] == pytest.approx(expected, rel=2e-6, abs=1e-8), i


CLOSED = [
    (2.0, 0.0, lambda x: stats.norm.logpdf(x, 0, np.sqrt(2))),
    (1.0, 0.0, stats.cauchy.logpdf),
    (0.5, 1.0, stats.levy.logpdf),
]


@pytest.mark.parametrize(("alpha", "beta", "closed"), CLOSED)
def test_levy_stable_of_a_normal_cauchy_and_levy_distribution(alpha, beta, closed):
    for x, order in itertools.product((0.4, 1.3, 7.0), (1, 2, 3)):
        found = slope(lambda x: stats.levy_stable.logpdf(x, alpha, beta), x, order)
        assert found == pytest.approx(slope(closed, x, order), rel=1e-8)


def test_levy_stable_at_alpha_1():
    """The scale moves the location there; landau is the family's member with beta = 1."""
    for f in ("pdf", "cdf"):
        of_stable = lambda v, f=f: getattr(stats.levy_stable, f)(0.3, 1.0, 1.0, loc=v[0], scale=v[1])  # noqa: E731
        of_landau = lambda v, f=f: getattr(stats.landau, f)(  # noqa: E731
            0.3, v[0] + 2 / np.pi * v[1] * np.log(v[1]), v[1]
        )
        found = dn.gradient(of_stable, lift=True, check=False)([0.2, 1.4])
        np.testing.assert_allclose(
            found, dn.gradient(of_landau, lift=True, check=False)([0.2, 1.4]), rtol=1e-8
        )
    with pytest.raises(ValueError, match="levy_stable of duals expects alpha other than 1 where it varies"):
        slope(lambda alpha: stats.levy_stable.pdf(0.3, alpha, 0.5), 1.0)


@pytest.mark.parametrize("name", ["pdf", "cdf"])
def test_levy_stable_at_alpha_1_has_scipys_values_and_shapes(name):
    """SciPy moves the location itself there, which rounds, and flattens x."""
    f, draw = getattr(stats.levy_stable, name), np.random.default_rng(0)
    for _ in range(40):
        x, beta, loc, scale = draw.normal(), draw.uniform(-1, 1), draw.normal(), draw.uniform(0.2, 3)
        found, _ = dn.value_and_gradient(lambda v: f(v[0], 1.0, beta, *v[1:]), lift=True, check=False)(  # noqa: B023
            [x, loc, scale]
        )
        assert found == f(x, 1.0, beta, loc, scale)
    for x, alpha in (([[0.1], [0.2]], [1.0, 1.5]), ([[0.1, 0.2]], 1.0), ([[0.1]], [1.0])):
        expected = f(x, alpha, 0.3)
        g = lambda t: f(t + np.array(x), alpha, 0.3)  # noqa: B023, E731
        found, by_x = dn.value_and_jacobian(g, lift=True, check=False)(0.0)
        assert np.shape(found) == np.shape(by_x) == np.shape(expected)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("beta", [-0.09, 0.02, 0.05, 0.08])
def test_levy_stable_with_a_small_skew_at_alpha_1(beta):
    """A ray leaves the sector where the characteristic function decays, but only far out."""
    for x in (-3.0, -1.0, 0.4, 2.0):
        f = lambda x: stats.levy_stable.cdf(x, 1.0, beta)  # noqa: E731
        assert slope(f, x) == pytest.approx(stats.levy_stable.pdf(x, 1.0, beta), rel=1e-8)


# ---- Kolmogorov's two-sided statistic -----------------------------------------------------------------------------


def test_kstwo_of_few_samples_in_closed_form():
    """D_2 <= x has the probability 2 (2x - 1/2)^2 up to 1/2, then 1 - 2 (1 - x)^2."""
    for x, expected in ((0.4, (8 * (0.8 - 0.5), 16.0)), (0.7, (4 * 0.3, -4.0))):
        for method, sign in (("cdf", 1), ("sf", -1)):
            f = lambda x: getattr(stats.kstwo, method)(x, 2)  # noqa: B023, E731
            assert [sign * slope(f, x, n) for n in (1, 2)] == pytest.approx(expected, rel=1e-12)
        assert slope(lambda x: stats.kstwo.pdf(x, 2), x) == pytest.approx(expected[1], rel=1e-12)


@pytest.mark.parametrize(
    ("n", "x"), [(5, 0.31), (20, 0.22), (20, 0.6), (100, 0.08), (300, 0.07), (1500, 0.025)]
)
def test_kstwo_by_x(n, x):
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    h = x / 200
    for method in ("cdf", "sf"):
        f = lambda x: getattr(stats.kstwo, method)(x, n)  # noqa: B023, E731
        expected = sum(w * (f(x + k * h) - f(x - k * h)) for k, w in weights.items()) / h
        assert slope(f, x) == pytest.approx(expected, rel=1e-5)
    density = lambda x: stats.kstwo.pdf(x, n)  # noqa: E731
    assert slope(density, x) == pytest.approx(slope(lambda x: stats.kstwo.cdf(x, n), x, 2), rel=1e-8)


def test_kstwo_by_probability():
    for inverse, function in (("ppf", "cdf"), ("isf", "sf")):
        undone = lambda p: getattr(stats.kstwo, function)(getattr(stats.kstwo, inverse)(p, 30), 30)  # noqa: B023, E731
        assert slope(undone, 0.3) == pytest.approx(1)
        assert slope(undone, 0.3, 2) == pytest.approx(0, abs=1e-8)
    with pytest.raises(TypeError, match="kstwo of duals expects a number of samples that is no dual"):
        slope(lambda n: stats.kstwo.cdf(0.3, n), 7.0)


# ---- the studentized range ----------------------------------------------------------------------------------------


def test_studentized_range_of_two_is_a_t_test():
    """For k = 2 the range is sqrt(2) |t|."""
    f = lambda v: stats.studentized_range.cdf(v[0], 2, v[1])  # noqa: E731
    g = lambda v: 1 - 2 * stats.t.sf(v[0] / np.sqrt(2), v[1])  # noqa: E731
    for point in ([2.5, 7.3], [0.8, 40.0], [5.0, 1.5]):
        for driver in (dn.gradient, dn.hessian):
            found, expected = (driver(h, lift=True, check=False)(point) for h in (f, g))
            np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11)


def test_studentized_range_by_all_parameters():
    density = lambda x, k, df: stats.studentized_range.pdf(x, k, df)  # noqa: E731
    x, k, df = 2.5, 3.4, 10.0
    by_x = slope(lambda x: stats.studentized_range.cdf(x, k, df), x)
    assert by_x == pytest.approx(density(x, k, df), rel=1e-9)
    for place in (1, 2):  # d/dx d/dp cdf = d/dp pdf

        def moved(p, x=x, place=place):
            return (x, p, df) if place == 1 else (x, k, p)

        at = (x, k, df)[place]
        mixed = slope(lambda x: slope(lambda p: stats.studentized_range.cdf(*moved(p, x)), at), x)  # noqa: B023
        assert mixed == pytest.approx(slope(lambda p: density(*moved(p)), at), rel=1e-8)


@pytest.mark.parametrize("df", [1e7, 1e12, np.inf])
def test_studentized_range_of_many_degrees_of_freedom(df):
    """For k = 2 the limit is sqrt(2) |z| of a normal z, up to terms of 1/df."""
    limit = lambda x: 2 * stats.norm.cdf(x / np.sqrt(2)) - 1  # noqa: E731
    for order in (1, 2, 3):
        found = slope(lambda x: stats.studentized_range.cdf(x, 2, df), 2.5, order)
        assert found == pytest.approx(slope(limit, 2.5, order), rel=1e-9 + 2 / df)
    assert slope(lambda x: stats.studentized_range.sf(x, 2, df), 2.5) == pytest.approx(
        -slope(limit, 2.5), rel=1e-9 + 2 / df
    )
    assert slope(lambda x: stats.studentized_range.pdf(x, 2, df), 2.5) == pytest.approx(
        slope(limit, 2.5, 2), rel=1e-9 + 2 / df
    )
    if df <= 1e7:
        by_df = slope(lambda v: stats.studentized_range.cdf(2.5, 2, v), df)
        u = 2.5 / np.sqrt(2)  # P(|t| < u) = P(|z| < u) - u (1 + u^2) phi(u) / (2 df) + O(1 / df^2)
        assert by_df == pytest.approx(u * (1 + u * u) * stats.norm.pdf(u) / 2 / df**2, rel=1e-5)
    else:
        with pytest.raises(ValueError, match="studentized_range of duals expects df of at most"):
            slope(lambda v: stats.studentized_range.cdf(2.5, 2, v), df)


def test_the_mean_of_the_studentized_range_by_k_and_df():
    """The mean range of k normal numbers is ``int 1 - Phi^k - (1 - Phi)^k``."""
    k, df = 2.0, 3.0
    found = dn.gradient(lambda v: stats.studentized_range.mean(*v), lift=True, check=False)([k, df])
    power = lambda p: p**k * mpmath.log(p)  # noqa: E731
    places = [-12, -4, 0, 4, 12]
    by_k = -mpmath.quad(lambda x: power(mpmath.ncdf(x)) + power(mpmath.ncdf(-x)), places)
    of_range = mpmath.quad(lambda x: 1 - mpmath.ncdf(x) ** k - mpmath.ncdf(-x) ** k, places)
    of_root = lambda v: mpmath.sqrt(v / 2) * mpmath.gamma((v - 1) / 2) / mpmath.gamma(v / 2)  # noqa: E731
    expected = [float(by_k * of_root(df)), float(of_range * mpmath.diff(of_root, df))]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


# ---- noncentral hypergeometric ------------------------------------------------------------------------------------


def test_noncentral_hypergeometric_in_closed_form():
    """Two draws from 3 red and 4 white balls: all masses are rational functions of the odds."""
    w = 0.6
    total = 6 + 12 * w + 3 * w**2
    fisher = [6 / total, 12 * w / total, 3 * w**2 / total]
    first = 3 * w / (3 * w + 4)
    wallenius = [(1 - first) * 3 / (3 * w + 3), None, first * 2 * w / (2 * w + 4)]
    wallenius[1] = 1 - wallenius[0] - wallenius[2]
    for family, expected in ((stats.nchypergeom_fisher, fisher), (stats.nchypergeom_wallenius, wallenius)):
        np.testing.assert_allclose(family.pmf([0, 1, 2], 7, 3, 2, w), expected, rtol=1e-10)

    def rational(family, w):
        if family is stats.nchypergeom_fisher:
            return np.array([6 / (s := 6 + 12 * w + 3 * w**2), 12 * w / s, 3 * w**2 / s])
        none, both = 4 / (3 * w + 4) * 3 / (3 * w + 3), 3 * w / (3 * w + 4) * 2 * w / (2 * w + 4)
        return np.array([none, 1 - none - both, both])

    k = np.arange(3)
    for family in (stats.nchypergeom_fisher, stats.nchypergeom_wallenius):
        for order in (1, 2, 3):
            exact = slope(lambda w: rational(family, w), w, order)  # noqa: B023
            found = slope(lambda w: family.pmf(k, 7, 3, 2, w), w, order)  # noqa: B023
            np.testing.assert_allclose(found, exact, rtol=1e-10, atol=1e-12)
            found = slope(lambda w: family.cdf(1, 7, 3, 2, w), w, order)  # noqa: B023
            assert found == pytest.approx(exact[0] + exact[1])
            mean = lambda w: np.sum(k * rational(family, w))  # noqa: B023, E731
            assert slope(lambda w: family.mean(7, 3, 2, w), w, order) == pytest.approx(slope(mean, w, order))  # noqa: B023
            var = lambda w: np.sum((k - mean(w)) ** 2 * rational(family, w))  # noqa: B023, E731
            assert slope(lambda w: family.var(7, 3, 2, w), w, order) == pytest.approx(slope(var, w, order))  # noqa: B023


def test_noncentral_hypergeometric_of_large_and_short_urns():
    """Binomial coefficients overflow, or are 0 beyond the support."""
    fisher, exact = stats.nchypergeom_fisher, mpmath.binomial
    for total, red, drawn, places, w in ((4000, 2000, 2000, (900, 1000), 0.8), (20, 8, 10, (3, 8), 0.6)):
        masses = [exact(red, k) * exact(total - red, drawn - k) for k in range(drawn + 1)]
        moving = [mpmath.mpf(w) ** k * m for k, m in enumerate(masses)]
        mean = sum(k * m for k, m in enumerate(moving)) / sum(moving)
        expected = [float((k - mean) / w * moving[k] / sum(moving)) for k in places]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = dn.jacobian(lambda w: fisher.pmf(places, total, red, drawn, w), lift=True, check=False)(w)  # noqa: B023
        np.testing.assert_allclose(found, expected, rtol=1e-9)


# ---- distribution functions that SciPy integrates -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "shapes"),
    [
        (stats.geninvgauss, (2.3, 1.5)),
        (stats.genhyperbolic, (0.5, 1.5, -0.5)),
        (stats.gausshyper, (1.4, 3.1, 2.5, 3.0)),
    ],
)
def test_distribution_functions_by_quadrature(family, shapes):
    """The mixed derivative d/dx d/dp of the distribution function is d/dp of the density, in both tails."""
    for p in (0.15, 0.9):
        x = float(family.ppf(p, *shapes))
        assert slope(lambda x: family.cdf(x, *shapes), x) == pytest.approx(family.pdf(x, *shapes), rel=1e-9)
        found = dn.hessian(lambda v: family.cdf(*v, *shapes[1:]), lift=True, check=False)([x, shapes[0]])[
            0, 1
        ]
        expected = dn.gradient(lambda v: family.pdf(*v, *shapes[1:]), lift=True, check=False)([x, shapes[0]])[
            1
        ]
        assert found == pytest.approx(expected, rel=1e-8)


class Mixture(stats.rv_continuous):
    """Both halves of a normal distribution, with the weights w and 1 - w."""

    def _argcheck(self, w):
        return (w >= 0) & (w <= 1)

    def _pdf(self, x, w):
        return 2 * np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * np.where(x > 0, w, 1 - w)


@pytest.mark.parametrize("w", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("x", [-3.0, -1.0, 0.7, 2.0])
def test_a_density_of_0_has_a_derivative(x, w):
    """An infinite tail without probability still gains some with the weight."""
    expected = -2 * stats.norm.sf(abs(x))  # of 1 - w below 0; -(1 - cdf) by w above
    assert slope(lambda w: Mixture().cdf(x, w), w) == pytest.approx(expected, rel=1e-8)


class Tilted(stats.rv_continuous):
    """A normal density, tilted by one parameter, and by another one beyond a jump."""

    jump = -1.2345

    def _argcheck(self, a, b):
        return np.isfinite(a) & np.isfinite(b)

    def _pdf(self, x, a, b):
        tilt = 1 + 1e9 * a * x + b * np.where(x < self.jump, 0.3 * x, 0.5)
        return np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * tilt


def test_a_large_derivative_hides_no_kink_of_a_small_one():
    by_a, by_b = dn.gradient(lambda v: Tilted().cdf(-1.0, *v), lift=True, check=False)([0.0, 0.0])
    below = stats.norm.cdf(Tilted.jump)
    assert by_a == pytest.approx(-1e9 * stats.norm.pdf(1.0), rel=1e-8)
    expected = -0.3 * stats.norm.pdf(Tilted.jump) + 0.5 * (stats.norm.cdf(-1.0) - below)
    assert by_b == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(100, 0.3), (500, 0.08), (3000, 0.03), (10, 0.3)])
def test_smirnov_at_deviations_that_are_fractions_of_n(n, d):
    """Where 1 - d is a multiple of 1/n the last term is 0, and was nan."""
    assert slope(lambda d: special.smirnov(n, d), d) == pytest.approx(-stats.ksone.pdf(d, n), rel=1e-9)
