"""scipy.linalg in lifted code: derivatives satisfy the equation that defines the result; values are SciPy's bits."""

import functools
import inspect
import itertools

import numpy as np
import pytest

import dualnum as dn

la = pytest.importorskip("scipy.linalg")

rng = np.random.default_rng(1)
M0, M1, M2 = rng.normal(size=(3, 4, 4))
R0, R1 = rng.normal(size=(2, 6, 4))
B0, B1 = rng.normal(size=(2, 4, 2))
ONE = np.eye(4)


def m(x):
    return M0 + 3 * ONE + x * M1 + x * x * M2 / 3


def symmetric(x):
    return (m(x) + m(x).T) / 2


def blocks(x):
    """With vectors of which two elements are 0."""
    return symmetric(x) * [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]


def positive(x):
    return m(x) @ m(x).T + ONE


def tall(x):
    return R0 + x * R1 + np.sin(x) * R0[::-1]


def b(x):
    return B0 * np.cos(x) + x * B1


def a(x):
    return (m(x) - 4 * ONE) / 4


def vector(x):
    return b(x)[:, 0]


def bands(x):
    return np.array([[0, x, x * x, 1.0], [5.0, 6 + x, 7.0, 8 + x * x], [1.0, x, 2.0, 0]])


def dense(ab, lower_ones=True):
    """The matrix with the diagonals ab; without the lower ones, the symmetric one."""
    below = ab[2, :3] if lower_ones else ab[0, 1:]
    return np.diag(ab[1]) + np.diag(ab[0, 1:], 1) + np.diag(below, -1)


def upper(a, k=0):
    return np.where(np.tri(4, k=-1 - k, dtype=bool), 0.0, a)


def mixed(x):
    return positive(x) + upper(m(x), -1)  # its lower triangle is that of positive(x)


#: A call, and what of its result x is zero.
CASES = {
    "solve": (lambda x: la.solve(m(x), b(x)), lambda x, y: m(x) @ y - b(x)),
    "solve by keyword": (lambda x: la.solve(M0, b=b(x)), lambda x, y: M0 @ y - b(x)),
    "solve of a vector": (lambda x: la.solve(m(x), vector(x)), lambda x, y: m(x) @ y - vector(x)),
    "solve transposed": (lambda x: la.solve(m(x), b(x), transposed=True), lambda x, y: m(x).T @ y - b(x)),
    "solve pos": (lambda x: la.solve(mixed(x), b(x), lower=True, assume_a="pos"), lambda x, y: positive(x) @ y - b(x)),
    "solve upper": (lambda x: la.solve(m(x), b(x), assume_a="upper triangular"), lambda x, y: upper(m(x)) @ y - b(x)),
    "solve lower": (
        lambda x: la.solve(m(x), b(x), assume_a="lower triangular"), lambda x, y: upper(m(x).T).T @ y - b(x)
    ),
    "solve stacks": (
        lambda x: la.solve(np.array([m(x), positive(x)]), b(x)),
        lambda x, y: np.array([m(x), positive(x)]) @ y - b(x),
    ),
    "inv": (lambda x: la.inv(m(x)), lambda x, y: m(x) @ y - ONE),
    "inv pos": (lambda x: la.inv(mixed(x), assume_a="pos", lower=True), lambda x, y: positive(x) @ y - ONE),
    "det": (lambda x: la.det(m(x)), lambda x, y: y - np.prod(np.linalg.eigvals(positive(x) - ONE)) ** 0.5 * SIGN),
    "lstsq": (lambda x: la.lstsq(tall(x), np.sin(x) * R0)[0], lambda x, y: tall(x).T @ (tall(x) @ y - np.sin(x) * R0)),
    "lstsq gelsy": (
        lambda x: la.lstsq(tall(x), np.sin(x) * R0, lapack_driver="gelsy")[0],
        lambda x, y: tall(x).T @ (tall(x) @ y - np.sin(x) * R0),
    ),
    "pinv": (lambda x: la.pinv(tall(x)), lambda x, y: y @ tall(x) - ONE),
    "pinv with a cutoff": (
        lambda x: la.pinv(np.diag([10.0, 2.0, 0.5]) * x, atol=1.0),
        lambda x, y: y * x - np.diag([0.1, 0.5, 0.0]),
    ),
    "solve_triangular": (
        lambda x: la.solve_triangular(m(x).T, b(x), lower=True, unit_diagonal=True),
        lambda x, y: (upper(m(x), -1).T + ONE) @ y - b(x),
    ),
    "solve_banded": (lambda x: la.solve_banded((1, 1), bands(x), b(x)), lambda x, y: dense(bands(x)) @ y - b(x)),
    "solveh_banded": (
        lambda x: la.solveh_banded(bands(x)[:2], vector(x)),
        lambda x, y: dense(bands(x), False) @ y - vector(x),
    ),
    "solve_toeplitz": (
        lambda x: la.solve_toeplitz(m(x)[0] + 5 * ONE[0], b(x)),
        lambda x, y: la.toeplitz(m(x)[0] + 5 * ONE[0]) @ y - b(x),
    ),
    "solve_circulant": (
        lambda x: la.solve_circulant(m(x)[0] + 5 * ONE[0], vector(x)),
        lambda x, y: la.circulant(m(x)[0] + 5 * ONE[0]) @ y - vector(x),
    ),
    "cholesky": (
        lambda x: la.cholesky(mixed(x), lower=True),
        lambda x, y: y @ y.T - positive(x), lambda x, y: upper(y, -1),
    ),
    "cho_solve": (
        lambda x: la.cho_solve(la.cho_factor(mixed(x), lower=True), b(x)), lambda x, y: positive(x) @ y - b(x)
    ),
    "cho_solve_banded": (
        lambda x: la.cho_solve_banded((la.cholesky_banded(bands(x)[:2]), False), b(x)),
        lambda x, y: dense(bands(x), False) @ y - b(x),
    ),
    "lu_solve": (lambda x: la.lu_solve(la.lu_factor(m(x)), b(x)), lambda x, y: m(x) @ y - b(x)),
    "lu_solve trans": (lambda x: la.lu_solve(la.lu_factor(m(x)), b(x), trans=1), lambda x, y: m(x).T @ y - b(x)),
    "lu_solve with interchanges": (
        lambda x: la.lu_solve(la.lu_factor(m(x)[[2, 0, 3, 1]]), b(x)), lambda x, y: m(x)[[2, 0, 3, 1]] @ y - b(x)
    ),
    "lu": (lambda x: la.lu(m(x)), lambda x, p, low, u: p @ low @ u - m(x), lambda x, p, low, u: upper(low, -1)),
    "lu tall": (lambda x: la.lu(tall(x), permute_l=True), lambda x, low, u: low @ u - tall(x)),
    "lu wide": (
        lambda x: la.lu(tall(x).T),
        lambda x, p, low, u: p @ low @ u - tall(x).T, lambda x, p, low, u: upper(low, -1),
    ),
    "qr": (lambda x: la.qr(m(x)), lambda x, q, r: q @ r - m(x), lambda x, q, r: q.T @ q - ONE,
           lambda x, q, r: r - upper(r)),
    "qr economic": (
        lambda x: la.qr(tall(x), mode="economic"), lambda x, q, r: q @ r - tall(x), lambda x, q, r: q.T @ q - ONE
    ),
    "qr full": (lambda x: la.qr(tall(x)), lambda x, q, r: q @ r - tall(x), lambda x, q, r: q.T @ q - np.eye(6)),
    "r of qr": (lambda x: (la.qr(tall(x), mode="r")[0],), lambda x, r: r.T @ r - tall(x).T @ tall(x)),
    "qr pivoting": (lambda x: la.qr(m(x), pivoting=True), lambda x, q, r, p: q @ r - m(x)[:, p]),
    "eigh": (
        lambda x: la.eigh(symmetric(x)),
        lambda x, w, v: symmetric(x) @ v - v * w, lambda x, w, v: v.T @ v - ONE,
    ),
    "eigh of blocks": (
        lambda x: la.eigh(blocks(x)), lambda x, w, v: blocks(x) @ v - v * w, lambda x, w, v: v.T @ v - ONE,
    ),
    "eigh of two": (
        lambda x: la.eigh(symmetric(x), positive(x)),
        lambda x, w, v: symmetric(x) @ v - positive(x) @ v * w, lambda x, w, v: v.T @ positive(x) @ v - ONE,
    ),
    "eigh type 2": (
        lambda x: la.eigh(symmetric(x), positive(x), type=2),
        lambda x, w, v: symmetric(x) @ positive(x) @ v - v * w, lambda x, w, v: v.T @ positive(x) @ v - ONE,
    ),
    "eigh type 3": (
        lambda x: la.eigh(symmetric(x), positive(x), type=3),
        lambda x, w, v: positive(x) @ symmetric(x) @ v - v * w,
        lambda x, w, v: v.T @ np.linalg.solve(positive(x), v) - ONE,
    ),
    "eigh subset": (
        lambda x: la.eigh(symmetric(x), subset_by_index=[1, 2]), lambda x, w, v: symmetric(x) @ v - v * w
    ),
    "eigvalsh": (
        lambda x: la.eigvalsh(symmetric(x), positive(x)),
        lambda x, w: w - np.linalg.eigvals(np.linalg.solve(positive(x), symmetric(x)))[ORDER],
    ),
    "eigvals_banded": (
        lambda x: la.eigvals_banded(bands(x)[:2]), lambda x, w: w - np.linalg.eigvalsh(dense(bands(x), False))
    ),
    "eigh_tridiagonal": (
        lambda x: la.eigh_tridiagonal(bands(x)[1], bands(x)[0, 1:]),
        lambda x, w, v: dense(bands(x), False) @ v - v * w, lambda x, w, v: v.T @ v - ONE,
    ),
    "svd": (
        lambda x: la.svd(m(x)), lambda x, u, s, v: u * s @ v - m(x), lambda x, u, s, v: u.T @ u - ONE,
        lambda x, u, s, v: v @ v.T - ONE,
    ),
    "svd gesvd": (
        lambda x: la.svd(m(x), lapack_driver="gesvd"), lambda x, u, s, v: u * s @ v - m(x),
        lambda x, u, s, v: u.T @ u - ONE, lambda x, u, s, v: v @ v.T - ONE,
    ),
    "svd gesvd tall": (
        lambda x: la.svd(tall(x), False, lapack_driver="gesvd"), lambda x, u, s, v: u * s @ v - tall(x),
    ),
    "svd thin": (lambda x: la.svd(tall(x), full_matrices=False), lambda x, u, s, v: u * s @ v - tall(x)),
    "svdvals": (
        lambda x: la.svdvals(tall(x)),
        lambda x, s: np.sum(s**2) - np.sum(tall(x) ** 2),
        lambda x, s: np.prod(s) ** 2 - np.linalg.det(tall(x).T @ tall(x)),
    ),
    "norm": (lambda x: la.norm(vector(x)), lambda x, y: y * y - vector(x) @ vector(x)),
    "sqrtm": (lambda x: la.sqrtm(positive(x)), lambda x, y: y @ y - positive(x)),
    "expm": (
        lambda x: la.expm(m(x)),
        lambda x, y: y - similar(np.exp(np.array([x, 1.0, 3 * x, -x]))),
    ),
    "logm": (lambda x: la.logm(positive(x)), lambda x, y: la.expm(y) - positive(x)),
    "cosm": (lambda x: la.cosm(a(x)), lambda x, y: y @ y + la.sinm(a(x)) @ la.sinm(a(x)) - ONE),
    "sinm": (lambda x: la.sinm(2 * a(x)), lambda x, y: y - 2 * la.sinm(a(x)) @ la.cosm(a(x))),
    "tanm": (lambda x: la.tanm(a(x)), lambda x, y: la.cosm(a(x)) @ y - la.sinm(a(x))),
    "coshm": (lambda x: la.coshm(a(x)), lambda x, y: 2 * y @ y - la.coshm(2 * a(x)) - ONE),
    "signm": (
        lambda x: la.signm(symmetric(x) - 3 * ONE), lambda x, y: y @ y - ONE,
        lambda x, y: y @ symmetric(x) - symmetric(x) @ y,
    ),
    "fractional_matrix_power": (
        lambda x: la.fractional_matrix_power(positive(x), 1 / 3), lambda x, y: y @ y @ y - positive(x)
    ),
    "fractional_matrix_power of the exponent": (
        lambda x: la.fractional_matrix_power(positive(0.3), x),
        lambda x, y: la.logm(y) - x * la.logm(positive(0.3)),
    ),
    "a whole power": (lambda x: la.fractional_matrix_power(m(x), 3), lambda x, y: y - m(x) @ m(x) @ m(x)),
    "funm": (lambda x: la.funm(positive(x), np.sqrt), lambda x, y: y @ y - positive(x)),
    "funm of a triangle": (
        lambda x: la.funm(x * upper(m(x)), np.exp), lambda x, y: y - la.expm(x * upper(m(x)))
    ),
    "matmul_toeplitz": (
        lambda x: la.matmul_toeplitz((vector(x), np.array([1.0, x, 3.0])), b(x)[:3]),
        lambda x, y: y - la.toeplitz(vector(x), np.array([1.0, x, 3.0])) @ b(x)[:3],
    ),
    "eigvals of two": (
        lambda x: la.eigvals(symmetric(x), positive(x)).real[ORDER],
        lambda x, w: np.sum(w) - np.trace(np.linalg.solve(positive(x), symmetric(x))),
        lambda x, w: np.prod(w) * np.linalg.det(positive(x)) - np.linalg.det(symmetric(x)),
    ),
    "solve_sylvester": (
        lambda x: la.solve_sylvester(m(x), positive(x), x * M1), lambda x, y: m(x) @ y + y @ positive(x) - x * M1
    ),
    "solve_continuous_lyapunov": (
        lambda x: la.solve_continuous_lyapunov(m(x), positive(x)), lambda x, y: m(x) @ y + y @ m(x).T - positive(x)
    ),
    "solve_discrete_lyapunov": (
        lambda x: la.solve_discrete_lyapunov(m(x) / 9, positive(x)),
        lambda x, y: m(x) @ y @ m(x).T / 81 - y + positive(x),
    ),
    "solve_continuous_are": (
        lambda x: la.solve_continuous_are(a(x), b(x), positive(x), np.eye(2) + x * x),
        lambda x, y: a(x).T @ y + y @ a(x) + positive(x)
        - y @ b(x) @ np.linalg.solve(np.eye(2) + x * x, b(x).T @ y),
    ),
    "solve_discrete_are": (
        lambda x: la.solve_discrete_are(a(x), b(x), positive(x), np.eye(2) * (1 + x * x)),
        lambda x, y: a(x).T @ y @ a(x) - y + positive(x)
        - a(x).T @ y @ b(x) @ np.linalg.solve(np.eye(2) * (1 + x * x) + b(x).T @ y @ b(x), b(x).T @ y @ a(x)),
    ),
}  # fmt: skip
X = 0.7
SIGN = np.sign(np.linalg.det(m(X)))
ORDER = np.argsort(np.linalg.eigvals(np.linalg.solve(positive(X), symmetric(X))))


def similar(values):
    """The matrix with the eigenvectors M0 and these eigenvalues."""
    return M0 @ (values[:, None] * np.linalg.inv(M0))


CASES["expm"] = (lambda x: la.expm(similar(np.array([x, 1.0, 3 * x, -x]))), CASES["expm"][1])


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


@pytest.mark.parametrize("name", CASES)
def test_the_equation_holds_to_third_order(name):
    f, *equations = CASES[name]

    def zeros(x):
        y = as_tuple(f(x))
        return np.concatenate([np.ravel(equation(x, *y)) for equation in equations])

    def size(x):
        return np.concatenate([np.ravel(y) for y in as_tuple(f(x))])

    def third(g):
        return dn.jacobian(dn.jacobian(dn.jacobian(g, lift=True, check=False)))

    scale = 1 + np.max(
        np.abs(dn.taylor(size, 3, lift=True)(X))
    )  # and the driver's nets compare with differences
    np.testing.assert_allclose(dn.taylor(zeros, 3, lift=True, check=False)(X), 0, atol=2e-10 * scale)
    np.testing.assert_allclose(third(zeros)(X), 0, atol=2e-9 * scale)
    np.testing.assert_allclose(
        third(size)(X), 6 * dn.taylor(size, 3, lift=True)(X)[3], rtol=1e-8, atol=1e-8 * scale
    )


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_scipy(name):
    f = CASES[name][0]
    found, expected = as_tuple(dn.lift(f)(dn.Dual(X))), as_tuple(f(X))
    assert type(found) is type(expected)
    for y, y0 in zip(found, expected, strict=True):
        np.testing.assert_array_equal(dn.value(y), y0)


def test_eigenvalues_of_a_general_matrix():
    def f(x):
        return la.eigvals(similar(np.array([x, 1.0, 3 * x, -x]))).real

    np.testing.assert_allclose(np.sort(dn.jacobian(f)(X)), [-1, 0, 1, 3], atol=1e-12)

    def zeros(x):
        w, v = la.eig(positive(x))
        return np.ravel(positive(x) @ v - v * w.real)

    np.testing.assert_allclose(dn.taylor(zeros, 3, lift=True, check=False)(X), 0, atol=1e-10)


def test_what_has_no_real_derivative_refuses():
    with pytest.raises(TypeError, match="schur of duals has no derivatives; use eig, or eigh, or"):
        dn.jacobian(lambda x: la.schur(m(x))[0], lift=True)(0.5)
    with pytest.raises(ValueError, match="one largest component in each vector"):
        dn.jacobian(lambda x: la.funm(np.array([[0, -x], [x, 0]]), np.exp), lift=True, check=False)(0.5)


def test_real_matrices_with_complex_results():
    got = dn.jacobian(lambda x: la.eigvals(np.array([[0, -x], [x, 0]])).imag, lift=True)(0.5)
    np.testing.assert_array_equal(np.sort(got), [-1, 1])
    got = dn.jacobian(lambda x: la.sqrtm(np.array([[-x, 1.0], [0, -1.0]])).imag, lift=True)(0.5)
    root = np.sqrt(0.5)
    np.testing.assert_allclose(got, [[1 / (2 * root), 1 / (2 * root * (1 + root) ** 2)], [0, 0]], atol=1e-15)
    got = dn.jacobian(lambda t: la.fractional_matrix_power(np.diag([1.0, -1.0]), 2.0 + t))(0.0)
    np.testing.assert_allclose(got, np.diag([0, 1j * np.pi]), atol=1e-15)


@pytest.mark.parametrize("size", [2, 3])
def test_funm_of_close_eigenvalues_is_exact_or_refuses(size):
    """Derivatives of ``V func(w) V^-1`` lose all digits there, where its values keep theirs."""
    moving, outcomes = np.random.default_rng(0).normal(size=(size, size)), []
    moving[-1, 0] = 1.0
    for gap, order in itertools.product((1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9), (1, 2)):
        at = np.triu(np.ones((size, size))) + gap * np.diag(np.arange(size))
        exact = dn.derivative(lambda t: la.expm(at + t * moving), order)(0.0)  # noqa: B023
        f = dn.derivative(lambda t: la.funm(at + t * moving, np.exp), order, check=False)  # noqa: B023
        try:
            found = f(0.0)
        except ValueError as error:
            assert "eig" in str(error)
            outcomes.append(None)
        else:
            np.testing.assert_allclose(found, exact, rtol=0, atol=1e-5 * np.max(np.abs(exact)))
            outcomes.append(gap)
    assert {1.0, None} <= set(outcomes)


def test_funm_refuses_where_the_function_has_no_derivative():
    with pytest.raises(ValueError, match=r"funm of duals expects .* func to have derivatives"):
        dn.jacobian(lambda x: la.funm(np.diag([0.0, 1.0]) + x * symmetric(0.3)[:2, :2], np.sqrt))(0.0)


SINGULAR = np.array([[1.0, 1.0], [1.0, 1.0]])
WITHOUT_A_SLOPE = {
    "sqrtm": lambda t: la.sqrtm(SINGULAR + t * np.diag([1.0, 0.5])),
    "sqrtm of a diagonal": lambda t: la.sqrtm(np.diag([1.0, 0.0]) + t * np.eye(2)),
    "logm": lambda t: la.logm(np.diag([1.0, 0.0]) + t * np.eye(2)),
    "fractional_matrix_power": lambda t: la.fractional_matrix_power(SINGULAR + t * np.diag([1.0, 0.5]), 0.5),
    "fractional_matrix_power by t": lambda t: la.fractional_matrix_power(np.diag([1.0, 0.0]), 0.5 + t),
}


@pytest.mark.filterwarnings("ignore")  # SciPy warns of singular matrices
@pytest.mark.parametrize("name", WITHOUT_A_SLOPE)
def test_functions_of_singular_matrices_refuse(name):
    with pytest.raises(ValueError, match=f"{name.split()[0]} of duals expects an invertible matrix"):
        dn.jacobian(WITHOUT_A_SLOPE[name])(0.0)


@pytest.mark.filterwarnings("ignore")
def test_errors_give_the_reason_of_a_rule():
    invertible = np.diag([2.0, 1.0])
    for f in (la.sqrtm, la.logm, functools.partial(la.funm, func=np.exp)):
        if "disp" in inspect.signature(f).parameters:  # which SciPy deprecates
            with pytest.raises(ValueError, match=r"of duals expects (one matrix and no disp=|a real result)"):
                dn.jacobian(lambda t: f(invertible + t, disp=False))(0.0)  # noqa: B023
    for f in (
        lambda t: la.signm(np.diag([1.0, 0.0]) + t * np.eye(2)),
        lambda t: la.eigvals(invertible + t, np.diag([1.0, 0.0])),
    ):
        with pytest.raises(np.linalg.LinAlgError, match=r"[Ss]ingular matrix"):
            dn.jacobian(f)(0.0)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_generalized_eigenvalues_satisfy_their_equation_in_any_order(size):
    draw = np.random.default_rng(3)
    for _ in range(12):
        a, b = draw.normal(size=(2, size, size))
        a, b = a + a.T, b @ b.T + np.eye(size) / 2
        to_a, to_b = draw.normal(size=(2, size, size))

        def pencil(t, a=a, b=b, to_a=to_a, to_b=to_b):
            return a + t * to_a, b + t * to_b

        def residual(t, pencil=pencil):
            a, b = pencil(t)
            w, v = la.eig(a, b)
            return np.concatenate([np.ravel(a @ v - b @ v * w), w - la.eigvals(a, b)]).real

        found = dn.jacobian(residual, check=False)(0.0)
        w, slope = dn.value_and_jacobian(lambda t: la.eigvals(*pencil(t)).real, check=False)(0.0)
        np.testing.assert_array_equal(w, la.eigvals(a, b))
        np.testing.assert_allclose(found, 0.0, atol=1e-8 * np.max(np.abs(slope)))


@pytest.mark.parametrize("name", ["matmul_toeplitz", "solve_toeplitz"])
def test_toeplitz_matrices_are_of_vectors(name):
    c, x = np.array([[4.0, 2.0, 3.0]]), np.array([0.3, 0.7, 0.2])
    with pytest.raises(
        ValueError, match=rf"{name} of duals expects vectors c and r, got arrays of shape \(1, 3\)"
    ):
        dn.jacobian(lambda t: getattr(la, name)((c + t, c[0]), x))(0.0)


def test_functions_of_matrices_with_complex_eigenvalues():
    def turning(f):
        return dn.jacobian(lambda x: f(np.array([[0.5, -2 * x], [x, 0.0]])), lift=True)(0.5)

    np.testing.assert_allclose(turning(lambda a: la.funm(a, np.exp)), turning(la.expm), rtol=1e-12)
