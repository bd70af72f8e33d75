"""scipy.special, scipy.fft and scipy.linalg of complex duals, against mpmath, matrices and Cauchy's integral."""

import mpmath
import numpy as np
import pytest
from scipy import fft, integrate, linalg, sparse, special

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
    for n in (1.5, 2.0):
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


@pytest.mark.parametrize("degree", range(4))
def test_legendre_functions(degree):
    """Of all orders, beside SciPy's own derivatives."""
    if not hasattr(special, "sph_harm_y"):
        pytest.skip("SciPy before 1.15")
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
    with pytest.raises(TypeError, match="elliprf of complex duals has no rule"):
        dn.derivative(lambda n: special.elliprf(n * 1j, 1.0, 2.0))(0.3)


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


def test_options_of_complex_matrices_are_refused():
    with pytest.raises(TypeError, match="solve of complex duals expects no options, got assume_a"):
        dn.derivative(lambda t: linalg.solve(A + t * B, np.ones(2), assume_a="sym"))(0.0)


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
