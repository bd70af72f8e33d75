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
        assert abs(got - expected) <= 1e-13 * abs(expected), (order, got, expected)


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("z", POINTS)
def test_functions_of_one_argument(name, z):
    compare(getattr(special, name), OF_ONE[name], z)


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
    with pytest.raises(TypeError, match="ndtr of complex duals has no rule"):
        dn.derivative(lambda n: special.ndtr(n * 1j))(0.3)


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
