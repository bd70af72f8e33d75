"""scipy.special, scipy.fft and scipy.linalg of complex duals, against mpmath, matrices and Cauchy's integral."""

import mpmath
import numpy as np
import pytest
from scipy import fft, integrate, interpolate, linalg, signal, sparse, special

import dualnum as dn

OF_ONE = {
    "wofz": lambda z: mpmath.exp(-z * z) * mpmath.erfc(-1j * z),
    "erfcx": lambda z: mpmath.exp(z * z) * mpmath.erfc(z),
    "dawsn": lambda z: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-z * z) * mpmath.erfi(z),
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "erfi": mpmath.erfi,
    "psi": mpmath.digamma,
    "loggamma": mpmath.loggamma,
    "gamma": mpmath.gamma,
    "rgamma": mpmath.rgamma,
    "exp1": mpmath.e1,
    "expi": mpmath.ei,
    "ndtr": lambda z: mpmath.erfc(-z / mpmath.sqrt(2)) / 2,
    "log_ndtr": lambda z: mpmath.log(mpmath.erfc(-z / mpmath.sqrt(2)) / 2),
    "spence": lambda z: mpmath.polylog(2, 1 - z),
    "wrightomega": lambda z: mpmath.lambertw(
        mpmath.exp(z), mpmath.ceil((z.imag - mpmath.pi) / (2 * mpmath.pi))
    ),
    "expm1": mpmath.expm1,
    "log1p": lambda z: mpmath.log(1 + z),
}
SEVERAL = {
    "airy": [lambda z, k=k, f=f: f(z, derivative=k) for f in (mpmath.airyai, mpmath.airybi) for k in (0, 1)],
    "sici": [mpmath.si, mpmath.ci],
    "shichi": [mpmath.shi, mpmath.chi],
    "fresnel": [mpmath.fresnels, mpmath.fresnelc],
}
POLYNOMIALS = {
    "eval_chebyt": mpmath.chebyt,
    "eval_chebyu": mpmath.chebyu,
    "eval_chebyc": lambda n, z: 2 * mpmath.chebyt(n, z / 2),
    "eval_chebys": lambda n, z: mpmath.chebyu(n, z / 2),
    "eval_sh_chebyt": lambda n, z: mpmath.chebyt(n, 2 * z - 1),
    "eval_sh_chebyu": lambda n, z: mpmath.chebyu(n, 2 * z - 1),
    "eval_legendre": mpmath.legendre,
    "eval_sh_legendre": lambda n, z: mpmath.legendre(n, 2 * z - 1),
    "eval_laguerre": lambda n, z: mpmath.laguerre(n, 0, z),
    "eval_genlaguerre": lambda n, a, z: mpmath.laguerre(n, a, z),
    "eval_gegenbauer": mpmath.gegenbauer,
    "eval_jacobi": mpmath.jacobi,
    "eval_sh_jacobi": lambda n, p, q, z: (
        mpmath.jacobi(n, p - q, q - 1, 2 * z - 1) / mpmath.binomial(2 * n + p - 1, n)
    ),
}
SCALED = {
    "jve": lambda n, z: mpmath.besselj(n, z) * mpmath.exp(-abs(z.imag)),
    "yve": lambda n, z: mpmath.bessely(n, z) * mpmath.exp(-abs(z.imag)),
    "ive": lambda n, z: mpmath.besseli(n, z) * mpmath.exp(-abs(z.real)),
    "kve": lambda n, z: mpmath.besselk(n, z) * mpmath.exp(z),
    "hankel1e": lambda n, z: mpmath.hankel1(n, z) * mpmath.exp(-1j * z),
    "hankel2e": lambda n, z: mpmath.hankel2(n, z) * mpmath.exp(1j * z),
}
SPHERICAL = {
    "spherical_jn": lambda n, z: mpmath.besselj(n + 0.5, z) * mpmath.sqrt(mpmath.pi / 2 / z),
    "spherical_yn": lambda n, z: mpmath.bessely(n + 0.5, z) * mpmath.sqrt(mpmath.pi / 2 / z),
    "spherical_in": lambda n, z: mpmath.besseli(n + 0.5, z) * mpmath.sqrt(mpmath.pi / 2 / z),
    "spherical_kn": lambda n, z: mpmath.besselk(n + 0.5, z) * mpmath.sqrt(mpmath.pi / 2 / z),
}
BESSEL = {
    "jv": mpmath.besselj,
    "yv": mpmath.bessely,
    "iv": mpmath.besseli,
    "kv": mpmath.besselk,
    "hankel1": mpmath.hankel1,
    "hankel2": mpmath.hankel2,
}
POINTS = [0.7 - 0.9j, 2.5 + 1.2j, -0.4 + 0.3j, 0.3 + 2.0j, -2.2 + 0.1j]
FAR = [7.0 + 1j, 0.5 + 9.0j, 300.0 - 40j, -8.0 + 30j]


def compare(function, exact, z, check=None):
    for order in (1, 2, 3):
        got = dn.derivative(lambda t: function(z + t), order, check=check)(0.0)
        with mpmath.workdps(60):
            expected = complex(mpmath.diff(exact, mpmath.mpc(z), order))
        assert abs(got - expected) <= 1e-13 * abs(expected) + 1e-60, (order, got, expected)


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("z", POINTS)
def test_functions_of_one_argument(name, z):
    compare(getattr(special, name), OF_ONE[name], z)


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("z", [*POINTS, 0.01 + 0.02j, 1e-3j + 1e-4])
def test_functions_of_several_results(name, z):
    for i, exact in enumerate(SEVERAL[name]):
        compare(lambda z, i=i: getattr(special, name)(z)[i], exact, z)


def test_products_with_logarithms():
    x, y = 0.7 - 0.9j, -0.4 + 0.3j
    for name, log in (("xlogy", mpmath.log), ("xlog1py", lambda z: mpmath.log(1 + z))):
        f = getattr(special, name)
        compare(lambda t, f=f: f(t, y), lambda t, log=log: t * log(mpmath.mpc(y)), x)
        compare(lambda t, f=f: f(x, t), lambda t, log=log: x * log(t), y)
        compare(lambda t, f=f: f(t, t), lambda t, log=log: t * log(t), y)
    assert dn.derivative(lambda t: special.xlogy(t * 1j, 2j))(0.0) == 1j * np.log(2j)


@pytest.mark.parametrize("name", ["elliprc", "elliprd", "elliprf", "elliprg", "elliprj"])
@pytest.mark.parametrize("z", [0.7 - 0.9j, 2.5 + 1.2j, 0.3 + 2.0j])
def test_carlsons_integrals(name, z):
    f, exact = getattr(special, name), getattr(mpmath, name)
    others = (1.2, 0.3 + 0.4j, 2.0)[: f.nin - 1]
    for i in range(f.nin):
        compare(
            lambda t, i=i: f(*others[:i], t, *others[i:]),
            lambda t, i=i: exact(*others[:i], t, *others[i:]),
            z,
        )


@pytest.mark.parametrize("name", POLYNOMIALS)
@pytest.mark.parametrize("z", POINTS[:3])
def test_orthogonal_polynomials(name, z):
    f, parameters = getattr(special, name), (4.0, 1.5, 0.75)
    count = f.nin - 1
    compare(lambda z: f(*parameters[:count], z), lambda z: POLYNOMIALS[name](*parameters[:count], z), z)


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("z", [*POINTS[:3], -3.0 - 1.1j])
def test_scaled_bessel_functions(name, z):
    """Along a direction: those that the modulus of a part scales are not holomorphic."""
    d = 0.6 + 0.8j
    for n in (
        (1.5, 2.0) if z in (POINTS[0], -3.0 - 1.1j) else (1.5,)
    ):  # of whole orders mpmath takes a slow limit
        for order in (1, 2, 3):
            got = dn.derivative(lambda t, n=n: getattr(special, name)(n, z + t * d), order)(0.0)
            with mpmath.workdps(60):
                exact = SCALED[name]
                expected = complex(mpmath.diff(lambda t, n=n: exact(n, mpmath.mpc(z) + t * d), 0, order))  # noqa: B023
            assert abs(got - expected) <= 1e-13 * abs(expected)


@pytest.mark.parametrize("name", SPHERICAL)
def test_spherical_bessel_functions(name):
    for z in POINTS[:2]:
        for n in (0, 2):
            compare(lambda z, n=n: getattr(special, name)(n, z), lambda z, n=n: SPHERICAL[name](n, z), z)
    got = dn.derivative(lambda t: getattr(special, name)(1, POINTS[1] + t, True))(0.0)
    with mpmath.workdps(60):
        expected = complex(mpmath.diff(lambda z: SPHERICAL[name](1, z), mpmath.mpc(POINTS[1]), 2))
    assert abs(got - expected) <= 1e-13 * abs(expected)


@pytest.mark.parametrize("k", [0, -1, 1, 2])
@pytest.mark.parametrize("z", [0.3, -0.2, -5.0, 3 + 1j, -0.1 + 0.2j])
def test_lambertw_on_all_branches(k, z):
    compare(lambda z: special.lambertw(z, k), lambda z: mpmath.lambertw(z, k), z)


@pytest.mark.skipif(
    not hasattr(special, "sph_harm_y"),
    reason="these functions came with SciPy 1.15; dualnum takes SciPy from 1.13 on",
)
@pytest.mark.parametrize("degree", range(4))
def test_legendre_functions(degree):
    """Of all orders, beside SciPy's own derivatives."""
    orders = np.arange(-degree - 1, degree + 2)
    for theta in (0.3, 1.2, 2.8, -0.4, 4.0, 0.0):
        at, z = np.array([theta, 0.4]), np.cos(theta)
        f = special.sph_harm_y
        first, second = f(degree, orders, *at, diff_n=2)[1:]
        got = dn.jacobian(lambda p, f=f: f(degree, orders, p[0], p[1]))(at)
        np.testing.assert_allclose(got, first, rtol=1e-12, atol=1e-13)
        got = dn.derivative(lambda t, f=f: f(degree, orders, t, 0.4), 2)(theta)
        np.testing.assert_allclose(got, second[..., 0, 0], rtol=1e-11, atol=1e-13)
        f = special.sph_legendre_p
        got = dn.derivative(lambda t, f=f: f(degree, orders, t), 2)(theta)
        np.testing.assert_allclose(got, f(degree, orders, theta, diff_n=2)[2:], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(
            dn.derivative(lambda t: special.legendre_p(degree, t), 2)(z),
            special.legendre_p(degree, z, diff_n=2)[2:],
            rtol=1e-12,
        )
        f = special.assoc_legendre_p
        for norm in (False, True) if theta else ():
            got = dn.derivative(lambda t, f=f, norm=norm: f(degree, orders, t, norm=norm), 2)(z)
            np.testing.assert_allclose(
                got, f(degree, orders, z, norm=norm, diff_n=2)[2:], rtol=1e-11, atol=1e-13
            )
    with pytest.raises(TypeError, match=r"^sph_harm_y of duals expects diff_n=0, got 1"):
        dn.derivative(lambda t: special.sph_harm_y(2, 1, t, 0.3, diff_n=1)[0])(0.4)


@pytest.mark.parametrize("name", ["wofz", "erfcx", "dawsn"])
@pytest.mark.parametrize("z", FAR)
def test_functions_that_decay_slowly(name, z):
    if np.isfinite(getattr(special, name)(z)):
        compare(getattr(special, name), OF_ONE[name], z, check=False)


@pytest.mark.parametrize("name", BESSEL)
@pytest.mark.parametrize("order", [1.5, -0.5])
@pytest.mark.parametrize("z", POINTS[:2])
def test_bessel_functions(name, order, z):
    compare(lambda z: getattr(special, name)(order, z), lambda z: BESSEL[name](order, z), z)


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv"])
def test_bessel_functions_of_integer_order(name):
    derivative = getattr(special, f"{name}p")
    for order, z, k in [(0, 0.7 - 0.9j, 1), (1, 2.5 + 1.2j, 2), (3, -0.4 + 0.3j, 3)]:
        got = dn.derivative(lambda t, n=order, z=z: getattr(special, name)(n, z + t), k)(0.0)
        np.testing.assert_allclose(got, derivative(order, z, k), rtol=1e-13)


@pytest.mark.parametrize("z", [0.3 - 0.4j, -1.2 + 0.2j])
def test_hypergeometric_functions(z):
    compare(lambda z: special.hyp2f1(0.5, 1.5, 2.2, z), lambda z: mpmath.hyp2f1(0.5, 1.5, 2.2, z), z)
    compare(lambda z: special.hyp1f1(0.5, 2.2, z), lambda z: mpmath.hyp1f1(0.5, 2.2, z), z)
    compare(lambda z: special.hyp0f1(2.2, z), lambda z: mpmath.hyp0f1(2.2, z), z)


@pytest.mark.parametrize("name", ["psi", "loggamma", "gamma", "rgamma"])
@pytest.mark.parametrize("z", [-7.3 + 0.2j, 25.0 - 3j, 0.5 + 30j, -0.5 - 12j, 1.0 + 1e-3j])
def test_the_gamma_family_over_the_plane(name, z):
    compare(getattr(special, name), OF_ONE[name], z, check=False)


def test_a_function_of_complex_numbers_takes_real_duals():
    got = dn.derivative(special.wofz)(0.3)
    assert got == pytest.approx(-0.6 * special.wofz(0.3) + 2j / np.sqrt(np.pi), rel=1e-15)
    x = np.array([0.3, 0.4])
    assert np.count_nonzero(dn.jacobian(special.wofz)(x)) == 2


def test_orders_are_constants():
    with pytest.raises(TypeError, match="lose their derivatives"):
        dn.derivative(lambda n: special.jv(n, 1j))(0.3)
    with pytest.raises(TypeError, match="airye of complex duals has no rule"):
        dn.derivative(lambda n: special.airye(n * 1j)[0])(0.3)


def test_transforms():
    x = np.array([1.0, 2.0, 0.5, -1.0, 3.0])
    n = len(x)
    matrix = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
    np.testing.assert_allclose(dn.jacobian(fft.fft)(x), matrix, rtol=0, atol=1e-14)
    np.testing.assert_allclose(dn.jacobian(fft.rfft)(x), matrix[:3], rtol=0, atol=1e-14)
    np.testing.assert_allclose(dn.jacobian(lambda x: fft.ifft(fft.fft(x)))(x), np.eye(n), rtol=0, atol=1e-14)
    np.testing.assert_allclose(
        dn.jacobian(lambda x: fft.irfft(fft.rfft(x), n))(x), np.eye(n), rtol=0, atol=1e-14
    )
    got = dn.jacobian(lambda x: fft.dct(x * 1j))(x)
    np.testing.assert_allclose(got, 1j * dn.jacobian(fft.dct)(x), rtol=0, atol=1e-14)


def test_a_voigt_profile():
    """The profile by wofz, differentiated by its place and both widths, is that of special.voigt_profile."""
    x = np.linspace(-3, 3, 7)

    def by_wofz(p):
        centre, sigma, gamma = p
        z = (x - centre + 1j * gamma) / (sigma * np.sqrt(2))
        return special.wofz(z).real / (sigma * np.sqrt(2 * np.pi))

    def by_name(p):
        return special.voigt_profile(x - p[0], p[1], p[2])

    p = np.array([0.2, 0.7, 0.4])
    np.testing.assert_allclose(dn.jacobian(by_wofz)(p), dn.jacobian(by_name)(p), rtol=1e-12, atol=1e-14)


A = np.array([[2.0 + 1j, 0.3], [0.4, 1j]])
B = np.array([[0.5, 1j], [0.2 - 0.3j, 1.0]])
MATRICES = {
    "solve": lambda a: linalg.solve(a, np.array([1, 2j])),
    "inv": linalg.inv,
    "det": linalg.det,
    "pinv": linalg.pinv,
    "eigvals": lambda a: np.sum(linalg.eigvals(a) ** 3),  # in whatever order
    "expm": linalg.expm,
    "solve_triangular": lambda a: linalg.solve_triangular(a, np.array([1, 2j]), check_finite=False),
    "spsolve": lambda a: sparse.linalg.spsolve(
        sparse.csr_array([[2.0, 1.0], [1.0, 3.0]]), a @ np.array([1j, 2])
    ),
    "logsumexp": lambda a: special.logsumexp(a),
    "quad": lambda a: integrate.quad(lambda x: np.exp(x * a[0, 0]) * a[0, 1], 0, 1, complex_func=True)[0],
}


@pytest.mark.parametrize("name", MATRICES)
def test_matrices(name):
    """An analytic function along a complex line, against Cauchy's integral over a circle."""
    f = MATRICES[name]
    around = np.exp(2j * np.pi * np.arange(64) / 64)
    values = np.array([f(A + 0.2 * t * B) for t in around])
    for order in (1, 2):
        got = dn.derivative(lambda t: f(A + t * B), order)(0.0)
        weights = np.reshape(around**-order, (-1,) + (1,) * (values.ndim - 1))
        expected = order / 0.2**order * np.mean(values * weights, axis=0)
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)


BANDS = np.array([[0.3, -0.2, 0.5, 0.1], [4.0, 5.0, 3.0, 6.0], [0.2, 0.7, -0.4, 0.9]])
Z = np.array([0.4 + 0.3j, -0.8j, 1.2, 0.6 - 0.1j])
C = np.array([[-1.0 + 0.3j, 0.5 + 0.1j], [0.2 - 0.4j, 2.0 + 0.2j]])
REAL = np.array([[-1.0, 0.5], [0.2, 2.0]])
ONE = np.eye(2)


def wave(t, n=4):
    return np.exp(1j * t * np.arange(n))


def hermitian(t):
    return C @ C.conj().T * t + 3 * ONE


PROGRAMS = {
    "solve_banded": lambda t: linalg.solve_banded((1, 1), BANDS * (1 + t * 1j), Z),
    "solve_banded of bands": lambda t: linalg.solve_banded((1, 1), BANDS * t, Z),
    "solve_banded of sides": lambda t: linalg.solve_banded((1, 1), BANDS, np.stack([Z * t, Z * t * t], 1)),
    "solveh_banded": lambda t: linalg.solveh_banded(np.array([[0, t * 1j, 0.3], [3, 4.0, 5]]), Z[:3]),
    "solveh_banded, lower": lambda t: linalg.solveh_banded(
        np.array([[3, 4.0, 5], [t * 1j, 0.3, 0]]), Z[:3], lower=True
    ),
    "symmetric": lambda t: linalg.solve(C * t + C.T, Z[:2], assume_a="sym"),
    "positive": lambda t: linalg.solve(hermitian(t), Z[:2], assume_a="pos"),
    "adjoint triangle": lambda t: linalg.solve_triangular(C * t, Z[:2], trans="C"),
    "lu": lambda t: linalg.lu(C * t + t * t)[2],
    "lu_solve": lambda t: linalg.lu_solve(linalg.lu_factor(C * t + 1j), Z[:2]),
    "lu_solve, adjoint": lambda t: linalg.lu_solve(linalg.lu_factor(C * t + 1j), Z[:2], trans=2),
    "cho_solve": lambda t: linalg.cho_solve(linalg.cho_factor(hermitian(t)), Z[:2]),
    "qr": lambda t: linalg.qr(np.vstack([C, REAL]) * t + t**2, mode="economic")[0],
    "lstsq": lambda t: linalg.lstsq(np.vstack([C, REAL]) * t, Z)[0],
    "svd": lambda t: linalg.svd(C + t)[1],
    "eigh": lambda t: linalg.eigh(hermitian(t), ONE * 3 + REAL @ REAL.T * t, eigvals_only=True),
    "eigenvectors of three": lambda t: linalg.eigh(
        np.outer(Z[:3], Z[:3].conj()) * t + np.diag([1.0, 2, 4]) + 0.3
    )[1],
    "eigvals of real": lambda t: linalg.eigvals(np.array([[t, 1], [-1, t * t]])),
    "eig": lambda t: linalg.eig(C * t + REAL)[1],
    "sqrtm": lambda t: linalg.sqrtm(C * (1 + 1j * t)),
    "sqrtm of real": lambda t: linalg.sqrtm(REAL * t),
    "logm": lambda t: linalg.logm(C * (1 + 1j * t)),
    "logm of real": lambda t: linalg.logm(REAL + t * 0.1),
    "fractional_matrix_power": lambda t: linalg.fractional_matrix_power(REAL + t, 0.5),
    "signm": lambda t: linalg.signm(C * (1 + t)),
    "cosm": lambda t: linalg.cosm(C * t),
    "sinm": lambda t: linalg.sinm(C * t),
    "expm": lambda t: linalg.expm(C * t * 1j),
    "solve_sylvester": lambda t: linalg.solve_sylvester(C * t, REAL + 5 * ONE, C),
    "lyapunov": lambda t: linalg.solve_continuous_lyapunov(C * t, REAL),
    "discrete lyapunov": lambda t: linalg.solve_discrete_lyapunov(C * t * 0.1, REAL + C),
    "toeplitz": lambda t: linalg.solve_toeplitz(np.array([2, 0.3j * t, 0.1]), Z[:3]),
    "circulant": lambda t: linalg.solve_circulant(np.array([2, 0.3 * t, 0.1]), Z[:3]),
    "CubicSpline": lambda t: interpolate.CubicSpline(np.arange(5), wave(t, 5))(np.array([0.5, 2.2, t])),
    "natural": lambda t: interpolate.CubicSpline(np.arange(5), wave(t, 5), bc_type="natural")(t, 1),
    "make_interp_spline": lambda t: interpolate.make_interp_spline(np.arange(5), wave(t, 5))(
        np.array([0.5, 2.2])
    ),
    "BSpline": lambda t: interpolate.BSpline(np.arange(8.0), wave(t), 3)(3.3),
    "PPoly": lambda t: interpolate.PPoly(np.array([[t * 1j], [2.0]]), np.array([0, 1.0]))(0.3),
    "integral": lambda t: interpolate.CubicSpline(np.arange(5), wave(t, 5)).integrate(0.3, 2.2),
    "grid": lambda t: interpolate.RegularGridInterpolator((np.arange(3.0),) * 2, wave(t, 9).reshape(3, 3))(
        [[0.5, 1.2]]
    ),
    "spsolve": lambda t: sparse.linalg.spsolve(
        sparse.csc_array(np.diag([1 + 1j * t, 2, 3]) + np.eye(3, k=1)), Z[:3]
    ),
    "splu": lambda t: sparse.linalg.splu(sparse.csc_array(C * t + REAL)).solve(Z[:2]),
    "gmres": lambda t: sparse.linalg.gmres(sparse.csr_array(C * t + 3 * ONE), Z[:2], rtol=1e-14)[0],
    "lfilter": lambda t: signal.lfilter([1, t * 1j], [1, 0.2j], np.ones(4)),
    "recursive": lambda t: signal.lfilter([1, 0.3], [1, 0.2 + 1j * t], np.ones(4)),
    "filter of waves": lambda t: signal.lfilter([1, 0.3], [1, 0.2], wave(t)),
    "sosfilt": lambda t: signal.sosfilt(np.array([[1, 0.2, 0.1, 1, 0.3, 0.1]]), wave(t)),
    "filtfilt": lambda t: signal.filtfilt([1, 0.3], [1, 0.2], wave(t, 14)),
    "convolve": lambda t: signal.convolve(wave(t), [1, 2j]),
    "correlate": lambda t: signal.correlate(wave(t), np.array([1, 2j * t])),
    "upfirdn": lambda t: signal.upfirdn([1, 0.5 * t, 0.2j], wave(t), 2),
    "decimate": lambda t: signal.decimate(np.sin(t * np.arange(40)), 4, ftype="fir"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name):
    """Of a real variable: SciPy's values, and differences of order 8."""
    f, x, h = PROGRAMS[name], 0.7, 2e-3
    got, slope = dn.value_and_derivative(f)(x)
    np.testing.assert_array_equal(got, f(x))
    second = dn.derivative(f, 2)(x)
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    expected = sum(w * (f(x + k * h) - f(x - k * h)) for k, w in weights.items()) / h
    np.testing.assert_allclose(slope, expected, rtol=1e-9, atol=1e-11)
    slopes = dn.derivative(f)
    expected = sum(w * (slopes(x + k * h) - slopes(x - k * h)) for k, w in weights.items()) / h
    np.testing.assert_allclose(second, expected, rtol=1e-9, atol=1e-11)


def test_functions_of_hermitian_matrices():
    """Of a real variable: the moduli and the conjugates of complex functions, against those of np.linalg."""

    def hermitian(t):
        return np.array([[2.0 + t, 1j * t], [-1j * t, 3.0]])

    for ours, numpys in (
        (linalg.eigvalsh, np.linalg.eigvalsh),
        (lambda a: linalg.cholesky(a).conj().T, np.linalg.cholesky),
        (linalg.svdvals, np.linalg.svdvals),
        (linalg.norm, np.linalg.norm),
    ):
        for order in (1, 2):
            got = dn.derivative(lambda t, f=ours: f(hermitian(t)), order)(0.4)
            np.testing.assert_allclose(
                got, dn.derivative(lambda t, f=numpys: f(hermitian(t)), order)(0.4), rtol=1e-12
            )
