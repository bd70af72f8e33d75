"""Functions of scipy.special by their parameters, against mpmath, to third order; inverses undo them."""

import numpy as np
import pytest

import dualnum as dn

mpmath = pytest.importorskip("mpmath")
special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")
mp = mpmath.mp
HALF = mpmath.mpf(1) / 2


def ufunc(name):
    found = getattr(special, name, None) or getattr(special._ufuncs, name, None)
    return found if isinstance(found, np.ufunc) else None


def gamma_p(a, x):
    return mpmath.gammainc(a, 0, x, regularized=True)


def beta(a, b, x):
    return mpmath.betainc(a, b, 0, x, regularized=True)


def poisson(half, j):
    return mpmath.exp(-half) * half**j / mpmath.factorial(j)


def ncx2(x, df, nc):
    return sum(poisson(nc / 2, j) * gamma_p(df / 2 + j, x / 2) for j in range(70))


def ncf(m, n, nc, x):
    return sum(poisson(nc / 2, j) * beta(m / 2 + j, n / 2, m * x / (m * x + n)) for j in range(50))


def nct(df, nc, t):
    if t < 0:
        return 1 - nct(df, -nc, -t)
    y, half = t * t / (t * t + df), nc * nc / 2
    odd = lambda j: nc / mpmath.sqrt(2) * mpmath.exp(-half) * half**j / mpmath.gamma(j + 3 * HALF)  # noqa: E731
    terms = (
        poisson(half, j) * beta(j + HALF, df / 2, y) + odd(j) * beta(j + 1, df / 2, y) for j in range(50)
    )
    return mpmath.ncdf(-nc) + sum(terms) / 2


def density(f, place):
    return lambda *args: mpmath.diff(lambda x: f(*args[:place], x, *args[place + 1 :]), args[place])


def first_last(f):
    """The function of (x, parameters) for one of (parameters, x)."""
    return lambda x, *parameters: f(*parameters, x)


def kolmogorov(x):
    return 2 * sum((-1) ** (k - 1) * mpmath.exp(-2 * k * k * x * x) for k in range(1, 60))


def smirnov(d, n=7):
    terms = (mpmath.binomial(n, j) * (d + mpmath.mpf(j) / n) ** (j - 1) * (1 - d - mpmath.mpf(j) / n) ** (n - j)
             for j in range(int(n * (1 - d)) + 1))  # fmt: skip
    return d * sum(terms)


def voigt(x, sigma, gamma):
    z = mpmath.mpc(x, gamma) / (sigma * mpmath.sqrt(2))
    return (mpmath.exp(-z * z) * mpmath.erfc(-1j * z)).real / (sigma * mpmath.sqrt(2 * mpmath.pi))


def scaled(f, sign):
    return lambda v, x: mpmath.exp(sign * x) * f(v, x)


ORDERS = [(1.3, 2.2), (0.5, 0.01), (0.0, 3.0), (10.3, 2.0), (3.7, 60.0), (-0.4, 1.7), (20.0, 35.0)]
#: name: (truth, points, orders)
FUNCTIONS = {
    "_zeta": (mpmath.zeta, [(2.3, 1.7), (1.2, 0.3), (9.0, 4.0)], 3),
    "_riemann_zeta": (mpmath.zeta, [(2.3,), (0.7,), (-1.3,)], 3),
    "zetac": (lambda s: mpmath.zeta(s) - 1, [(2.3,), (30.0,), (-2.5,)], 3),
    "_gen_harmonic": (lambda a: sum(mpmath.mpf(k) ** -a for k in range(1, 8)), [(1.3,), (-0.5,)], 3),
    "hyp0f1": (mpmath.hyp0f1, [(1.3, 2.2), (1.3, -2.2)], 3),
    "hyp1f1": (mpmath.hyp1f1, [(1.3, 2.2, 0.7), (1.3, 2.2, -9.7), (-0.3, 2.2, 20.0)], 3),
    "hyp2f1": (mpmath.hyp2f1, [(1.3, 2.2, 3.1, 0.7), (1.3, 2.2, 3.1, -5.0)], 2),
    "hyperu": (mpmath.hyperu, [(1.3, 2.2, 0.7), (0.4, -1.2, 3.0), (1.3, 0.4, 0.01)], 2),
    "ellipkinc": (mpmath.ellipf, [(0.7, 0.4), (1.5, 0.9), (4.0, 0.4), (-2.0, -3.0), (0.7, 0.0)], 3),
    "ellipeinc": (mpmath.ellipe, [(0.7, 0.4), (1.5, 0.9), (4.0, 0.4), (-2.0, -3.0)], 3),
    "elliprc": (mpmath.elliprc, [(1.3, 2.2), (2.2, 0.3), (1e-8, 5.0), (1.0, 1.0), (1e5, 1e-5)], 3),
    "elliprf": (mpmath.elliprf, [(1.3, 2.2, 0.7), (1.0, 1.0, 1.0), (1e-9, 1e5, 3.0)], 3),
    "elliprd": (mpmath.elliprd, [(1.3, 2.2, 0.7), (1.0, 1.0, 1.0), (1e-9, 1e5, 3.0), (0.1, 0.2, 30.0)], 3),
    "elliprg": (mpmath.elliprg, [(1.3, 2.2, 0.7), (1.0, 1.0, 1.0), (1e-9, 1e5, 3.0), (0.1, 0.2, 30.0)], 3),
    "elliprj": (mpmath.elliprj, [(1.3, 2.2, 0.7, 1.1), (1.0, 1.0, 1.0, 1.0), (1e-4, 1e3, 3.0, 0.01)], 2),
    "agm": (mpmath.agm, [(1.3, 2.2), (0.01, 5.0)], 3),
    "kv": (mpmath.besselk, ORDERS[:2] + ORDERS[3:6], 3),
    "kve": (scaled(mpmath.besselk, 1), ORDERS[3:6], 2),
    "iv": (mpmath.besseli, ORDERS, 3),
    "ive": (scaled(mpmath.besseli, -1), ORDERS[:6], 2),
    "jv": (mpmath.besselj, ORDERS, 3),
    "yv": (mpmath.bessely, ORDERS, 3),
    "kolmogorov": (kolmogorov, [(0.4,), (0.7,), (1.3,), (2.5,)], 3),
    "_kolmogp": (density(kolmogorov, 0), [(0.7,), (1.3,)], 1),
    "voigt_profile": (voigt, [(0.3, 0.7, 0.4), (3.0, 0.3, 0.1), (20.0, 0.3, 0.1)], 2),
    "chndtr": (ncx2, [(3.0, 2.5, 1.7), (30.0, 2.5, 20.0)], 2),
    "_ncx2_sf": (lambda *args: 1 - ncx2(*args), [(9.0, 2.5, 1.7)], 2),
    "_ncx2_pdf": (density(ncx2, 0), [(3.0, 2.5, 1.7)], 1),
    "ncfdtr": (ncf, [(3.0, 5.0, 1.7, 1.2)], 2),
    "_ncf_pdf": (first_last(density(ncf, 3)), [(1.2, 3.0, 5.0, 1.7)], 1),
    "nctdtr": (nct, [(3.3, 0.7, 1.2), (3.3, 0.7, -1.2), (14.0, -2.7, -1.2)], 2),
    "_nct_pdf": (first_last(density(nct, 2)), [(1.2, 3.3, 0.7), (-1.2, 3.3, 0.7), (5.0, 50.0, 3.0)], 1),
    "_log1mexp": (lambda x: mpmath.log(1 - mpmath.exp(x)), [(-0.3,), (-20.0,), (-1e-3,)], 3),
    "_scaled_exp1": (lambda x: x * mpmath.exp(x) * mpmath.e1(x), [(0.3,), (2.0,), (40.0,), (1e4,)], 3),
    "_cosine_cdf": (lambda x: (mpmath.pi + x + mpmath.sin(x)) / (2 * mpmath.pi), [(0.3,), (-3.0,)], 3),
    "itstruve0": (lambda x: mpmath.quad(lambda t: mpmath.struveh(0, t), [0, x]), [(2.2,)], 1),
}  # fmt: skip
LEADING = {"_gen_harmonic": (7,)}
POINTS = [(name, point) for name, (_, points, _) in FUNCTIONS.items() if ufunc(name) for point in points]


def check(f, truth, point, order, tolerance=1e-9):
    exact = [mpmath.mpf(x) for x in point]
    with mpmath.workdps(30):
        for i, x in enumerate(point):

            def along(g, p, i=i):
                return lambda t: g(*p[:i], t, *p[i + 1 :])

            for n in range(1, order + 1):
                expected = mpmath.diff(along(truth, exact), exact[i], n)
                found = dn.derivative(along(f, point), order=n, lift=False, check=False)(x)
                assert found == pytest.approx(float(expected), rel=tolerance), (i, n)


@pytest.mark.parametrize(("name", "point"), POINTS)
def test_derivatives_by_every_argument(name, point):
    truth, _, order = FUNCTIONS[name]
    leading = LEADING.get(name, ())
    f = lambda *args: ufunc(name)(*leading, *args)  # noqa: E731
    check(f, truth, point, order)
    assert dn.value(f(*dn.seed(np.array(point)))) == f(*point)  # SciPy's bits


INVERSES = [
    ("chndtrix", 0, (0.3, 2.5, 1.7), lambda v, x: special.chndtr(x, v[1], v[2])),
    ("ncfdtri", 3, (3.0, 5.0, 1.7, 0.3), lambda v, x: special.ncfdtr(v[0], v[1], v[2], x)),
    ("nctdtrit", 2, (3.0, 0.7, 0.3), lambda v, x: special.nctdtr(v[0], v[1], x)),
    ("pdtrik", 0, (0.3, 2.2), lambda v, k: special.gammaincc(k + 1, v[1])),
    ("bdtrik", 0, (0.3, 7.0, 0.4), lambda v, k: special.betainc(v[1] - k, k + 1, 1 - v[2])),
    ("nbdtrik", 0, (0.3, 7.0, 0.4), lambda v, k: special.betainc(v[1], k + 1, v[2])),
    ("btdtria", 0, (0.3, 2.2, 0.4), lambda v, a: special.betainc(a, v[1], v[2])),
    ("btdtrib", 1, (2.2, 0.3, 0.4), lambda v, b: special.betainc(v[0], b, v[2])),
    ("gdtria", 0, (0.3, 2.2, 1.4), lambda v, a: special.gdtr(a, v[1], v[2])),
    ("gdtrib", 1, (1.2, 0.3, 1.4), lambda v, b: special.gdtr(v[0], b, v[2])),
    ("gdtrix", 2, (0.3, 0.7, 0.4), lambda v, x: special.gdtr(v[0], v[1], x)),
    ("stdtridf", 0, (0.8, 1.1), lambda v, df: special.stdtr(df, v[1])),
    ("fdtridfd", 1, (3.0, 0.4, 1.2), lambda v, n: special.fdtr(v[0], n, v[2])),
    ("nrdtrimn", 0, (0.3, 0.7, 1.4), lambda v, mean: special.ndtr((v[2] - mean) / v[1])),
    ("nrdtrisd", 1, (0.3, 0.7, 1.4), lambda v, sd: special.ndtr((v[2] - v[0]) / sd)),
    ("kolmogi", 0, (0.3,), lambda v, x: special.kolmogorov(x)),
    ("bdtrin", 1, (2.0, 0.3, 0.4), lambda v, n: special.betainc(n - v[0], v[0] + 1, 1 - v[2])),
    ("gdtrib", 1, (1.2, 1e-6, 0.4), lambda v, b: special.gdtr(v[0], b, v[2])),
    ("tklmbda", 0, (0.2, 3.0), lambda v, p: (p ** v[1] - (1 - p) ** v[1]) / v[1]),
    ("nbdtrin", 1, (2.0, 0.3, 0.4), lambda v, n: special.betainc(n, v[0] + 1, v[2])),
]
TESTED = {*FUNCTIONS, *[row[0] for row in INVERSES], "bdtri", "pdtri", "nbdtri", "gammasgn",
          "it2struve0", "itmodstruve0", "itstruve0", "modstruve", "smirnov", "smirnovi", "struve",
          "tklmbda"}  # fmt: skip


@pytest.mark.parametrize(("name", "at", "point", "forward"), INVERSES)
def test_an_inverse_undoes_its_function(name, at, point, forward):
    def zero(v):
        return forward(v, getattr(special, name)(*v)) - v[at]

    point = np.array(point)
    np.testing.assert_allclose(dn.gradient(zero, check=False)(point), 0, atol=1e-9)
    np.testing.assert_allclose(dn.hessian(zero, check=False)(point), 0, atol=1e-9)


@pytest.mark.parametrize("nc", [1.7, 90.0])
def test_the_tails_of_the_noncentral_f_add_up_to_one(nc):
    """The upper one has a sum of its own, which starts at the first weight that counts."""

    def both(v):
        return special.ncfdtr(*v) + special._ufuncs._ncf_sf(v[3], *v[:3])

    np.testing.assert_allclose(
        dn.gradient(both, check=False)(np.array([3.0, 5.0, nc, 1.3 + nc / 3])), 0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("name", "point"),
    [("elliprc", (1.3, -2.2)), ("elliprj", (2.0, 3.0, 4.0, -0.5)), ("elliprj", (3.0, 0.1, 1.0, -2.0))],
)
def test_carlsons_integrals_by_their_principal_values(name, point):
    exact = {"elliprc": lambda *p: mpmath.elliprc(*p, pv=True), "elliprj": mpmath.elliprj}[name]
    check(getattr(special, name), lambda *p: exact(*p).real, point, 2, 1e-12)


def test_carlsons_second_integral_has_no_curvature_at_zero():
    """R_G(x, 1, 2) = R_G(0, 1, 2) + x R_F(0, 1, 2) / 4 - O(x^(3/2))."""
    f = lambda x: special.elliprg(x, 1.0, 2.0)  # noqa: E731
    assert dn.derivative(f)(0.0) == special.elliprf(0.0, 1.0, 2.0) / 4
    assert not np.isfinite(dn.derivative(f, 2)(0.0))


@pytest.mark.parametrize("nc", [1.0, -2.0, 0.3])
def test_the_noncentral_t_at_zero(nc):
    for order in (2, 3):
        expected = dn.derivative(lambda t: special._ufuncs._nct_pdf(t, 5.0, nc), order - 1)(0.0)
        assert dn.derivative(lambda t: special.nctdtr(5.0, nc, t), order)(0.0) == pytest.approx(
            expected, rel=1e-9
        )
        assert dn.derivative(lambda t: special._ufuncs._nct_sf(t, 5.0, nc), order)(0.0) == pytest.approx(
            -expected
        )
    mixed = dn.hessian(lambda v: special.nctdtr(5.0, v[0], v[1]))(np.array([nc, 0.0]))
    np.testing.assert_allclose(
        mixed[0], [nc * np.exp(-nc * nc / 2) / np.sqrt(2 * np.pi),
                   dn.derivative(lambda nc: special._ufuncs._nct_pdf(0.0, 5.0, nc))(nc)], rtol=1e-9
    )  # fmt: skip


@pytest.mark.parametrize("s", [0.0, 1e-9, 1e-6, -1e-4, 0.2, 0.49, -0.4, -0.6])
@pytest.mark.parametrize("name", ["zeta", "zetac"])
def test_zeta_near_zero(name, s):
    with mpmath.workdps(30):
        for order in (1, 2, 3):
            expected = (
                float(mpmath.zeta(s, derivative=order)) if s else float(mpmath.diff(mpmath.zeta, 0, order))
            )
            got = dn.derivative(lambda s: getattr(special, name)(s), order)(s)
            assert got == pytest.approx(expected, rel=1e-11), order


def test_constant_ends_of_distributions():
    """Beyond their support SciPy's functions are constants, and their inverses are 0 where no number solves them."""
    for f, inside, outside in (
        (special.kolmogorov, 0.8, (-1.0, 0.0)),
        (special._ufuncs._kolmogc, 0.8, (-1.0, 0.0)),
        (special._ufuncs._kolmogp, 0.8, (-1.0, 0.0)),
        (lambda x: special.tklmbda(x, 3.0), 0.2, (0.5, -0.5)),
        (lambda p: special.bdtrik(p, 5.0, 0.2), 0.6, (0.2,)),
        (lambda p: special.pdtrik(p, 0.5), 0.9, (0.2,)),
        (lambda p: special.nbdtrik(p, 5.0, 0.9), 0.9, (0.2,)),
    ):
        driver = dn.derivative(f)
        assert driver(inside) != 0
        for x in outside:
            assert driver(x) == 0
    assert dn.derivative(lambda shape: special.tklmbda(0.5, shape), check=False)(3.0) == 0
    assert np.isnan(dn.derivative(lambda p: special.stdtridf(p, 0.4), check=False)(0.9))


def test_quantiles_of_cauchy_at_the_median():
    expected = np.array([0, np.pi, 0, np.pi**3 / 3])
    for quantile, sign in ((stats.cauchy.ppf, 1), (stats.cauchy.isf, -1)):
        got = dn.taylor(lambda p, quantile=quantile: quantile(p, scale=2.0), 3)(0.5)
        np.testing.assert_allclose(got, sign * 2 * expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("kind", ["j", "y", "i", "k"])
def test_spherical_functions(kind, n):
    cylindrical = {"j": mpmath.besselj, "y": mpmath.bessely, "i": mpmath.besseli, "k": mpmath.besselk}[kind]
    truth = lambda z: mpmath.sqrt(mpmath.pi / 2 / z) * cylindrical(n + HALF, z)  # noqa: E731
    f = getattr(special, f"spherical_{kind}n")
    for order in (1, 2, 3):
        assert dn.derivative(lambda z: f(n, z), order=order)(1.7) == pytest.approx(
            float(mpmath.diff(truth, 1.7, order))
        )
        slope = dn.derivative(lambda z: f(n, z, derivative=True), order=order)(1.7)
        assert slope == pytest.approx(float(mpmath.diff(truth, 1.7, order + 1)))
    if kind in "ji":
        assert dn.derivative(lambda z: f(0, z), order=2)(0.0) == pytest.approx(
            -1 / 3 if kind == "j" else 1 / 3
        )


@pytest.mark.parametrize(("name", "truth"), [("struve", mpmath.struveh), ("modstruve", mpmath.struvel)])
def test_struve_functions_by_x(name, truth):
    for v, x in ((0.0, 2.2), (1.5, 3.0), (1.0, 20.0)):
        for order in (1, 2, 3):
            found = dn.derivative(lambda x: getattr(special, name)(v, x), order=order)(x)  # noqa: B023
            assert found == pytest.approx(float(mpmath.diff(lambda t: truth(v, t), x, order)), rel=1e-9)  # noqa: B023


def test_smirnov_by_the_deviation():
    check(lambda d: special.smirnov(7, d), smirnov, (0.31,), 3)
    p = special.smirnov(7, 0.31)
    for order in (1, 2):
        undone = dn.derivative(
            lambda p: special.smirnov(7, special.smirnovi(7, p)), order=order, check=False
        )(p)
        assert undone == pytest.approx(1.0 if order == 1 else 0.0, abs=1e-9)
    with pytest.raises(TypeError, match="derivatives by its argument number 1"):
        dn.derivative(lambda n: special.smirnov(n, 0.3))(7.0)


@pytest.mark.parametrize("name", ["i0e", "i1e", "k0e", "k1e", "ive", "kve"])
def test_scaled_functions_keep_their_digits(name):
    """Of the sixth derivative too: exp(x) times differences of functions loses 1e7 ulp at x = 1e4."""
    order, bessel, sign = int(name[1]) if name[1] in "01" else 2, mpmath.besseli, -1
    if name[0] == "k":
        bessel, sign = mpmath.besselk, 1
    f = getattr(special, name)
    f = f if name[1] in "01" else lambda x, f=f: f(2.0, x)

    def plain(n, x):  # the n-th derivative of the function without the factor
        terms = [mpmath.binomial(n, k) * bessel(order - n + 2 * k, x) for k in range(n + 1)]
        return mpmath.mpf(-sign) ** n / 2**n * sum(terms)

    with mpmath.workdps(80):
        for x in (0.4, 1.2, 4.0, 25.0, 1e4):
            for n, ulps in ((1, 50), (2, 500), (6, 1e5)):
                terms = [
                    mpmath.binomial(n, k) * sign ** (n - k) * plain(k, mpmath.mpf(x)) for k in range(n + 1)
                ]
                expected = float(mpmath.exp(sign * mpmath.mpf(x)) * sum(terms))
                found = dn.derivative(f, order=n, check=False)(x)
                assert abs(found / expected - 1) <= ulps * 2.2e-16, (x, n)


def test_bessel_functions_beyond_their_formulas_refuse():
    with pytest.raises(ValueError, match="jv of duals expects x > 0 where the order varies"):
        dn.derivative(lambda v: special.jv(v, -1.0), check=False)(2.0)
    with pytest.raises(ValueError, match="hyperu of duals expects a > 0"):
        dn.derivative(lambda a: special.hyperu(a, 1.5, 2.0), check=False)(-0.5)


def test_lambert_on_its_real_branches():
    for k, z in ((0, 2.0), (0, -0.2), (-1, -0.2)):
        for order in (1, 2, 3):
            found = dn.derivative(lambda z: special.lambertw(z, k).real, order=order)(z)  # noqa: B023
            expected = mpmath.diff(lambda t: mpmath.lambertw(t, k).real, z, order)  # noqa: B023
            assert found == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize(
    ("inverse", "forward", "point"),
    [("pdtri", "pdtr", (3.0, 0.4)), ("bdtri", "bdtr", (2.0, 7.0, 0.4)), ("nbdtri", "nbdtr", (2.0, 7.0, 0.4))],
)
def test_inverses_of_counts_by_the_probability(inverse, forward, point):
    *counts, p = point

    def undone(p):
        x = getattr(special, inverse)(*counts, p)
        if forward == "pdtr":
            return special.gammaincc(counts[0] + 1, x)
        if forward == "bdtr":
            return special.betainc(counts[1] - counts[0], counts[0] + 1, 1 - x)
        return special.betainc(counts[1], counts[0] + 1, x)

    for order, expected in ((1, 1.0), (2, 0.0), (3, 0.0)):
        assert dn.derivative(undone, order=order, check=False)(p) == pytest.approx(expected, abs=1e-9)


def test_integrals_of_struve_functions_and_the_sign_of_gamma():
    for name, slope in (
        ("it2struve0", lambda x: -special.struve(0.0, x) / x),
        ("itmodstruve0", lambda x: special.modstruve(0.0, x)),
    ):
        f = getattr(special, name)
        assert dn.derivative(f)(1.3) == pytest.approx(slope(1.3))
        assert dn.derivative(f, order=2)(1.3) == pytest.approx(dn.derivative(slope)(1.3))
    signs = special.gammasgn(dn.seed(np.array([-0.5, 2.0])))
    assert dn.value(signs).tolist() == [-1.0, 1.0] and not dn.tangent(signs).any()


def pseudo_huber(delta, r):
    return delta**2 * (mpmath.sqrt(1 + (r / delta) ** 2) - 1)


@pytest.mark.parametrize(
    ("name", "truth", "points"),
    [
        (
            "erfcx",
            lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
            [(0.1,), (1.5,), (3.0,), (6.0,), (9.0,), (50.0,)],
        ),
        ("beta", mpmath.beta, [(1e-3, 1e-3), (1e-8, 2.0), (0.5, 1e-5), (30.0, 1e-6)]),
        (
            "betaln",
            lambda a, b: mpmath.log(mpmath.beta(a, b)),
            [(1e-8, 2.0), (1e5, 1e-5), (1e6, 3.0), (2.0, 1e8)],
        ),
        ("pseudo_huber", pseudo_huber, [(1e-6, 3.0), (1e8, 1e-3), (2.0, 1e9), (1.0, 1.0), (1.0, -3.0)]),
    ],
)
def test_slopes_without_cancellation(name, truth, points):
    """50 ulp in f', 500 in f'', where differences of functions lost up to all digits."""
    f = getattr(special, name)
    for point in points:
        for i, x in enumerate(point):

            def along(g, p, i=i):
                return lambda t: g(*p[:i], t, *p[i + 1 :])

            for order, ulps in ((1, 50), (2, 500)):
                with mpmath.workdps(50):
                    exact = tuple(map(mpmath.mpf, point))
                    step = abs(exact[i]) * mpmath.mpf(10) ** -12
                    expected = float(mpmath.diff(along(truth, exact), exact[i], order, h=step))
                found = dn.derivative(along(f, point), order=order, check=False)(x)
                assert abs(found - expected) <= ulps * 2.2e-16 * abs(expected), (point, i, order)


def test_complete_elliptic_integrals_at_their_pole():
    assert dn.derivative(special.ellipk, check=False)(1.0) == np.inf
    assert dn.derivative(special.ellipkm1, check=False)(0.0) == -np.inf
