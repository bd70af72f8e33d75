"""scipy.sparse.linalg of duals: eigenvalues, inverses, triangular systems, least squares; what it refuses."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import linalg

import dualnum as dn

N = 8
BAND = np.diag(3 + 0.5 * np.arange(N)) + np.diag(0.7 * np.ones(N - 1), 1) + np.diag(0.7 * np.ones(N - 1), -1)
SKEW = BAND + np.diag(0.3 * np.arange(1, N), 1) + np.diag(np.cos(np.arange(N)))
B = np.arange(1.0, N + 1)
X = np.array([1.1, 0.6])
TALL = np.vstack([BAND, np.cos(np.outer(np.arange(4), np.arange(N)))])
RIGHT = np.sin(np.arange(12.0))


def band(x, format="csc", a=BAND):
    """A matrix that both variables move, in one of SciPy's formats."""
    return sparse.csr_array(a * x[0] + np.diag(np.arange(N)) * x[1]).asformat(format)


def tall(x):
    return sparse.csr_array(TALL * x[0] + np.eye(12, N) * x[1])


def first(w):
    return np.sort(np.real(w))


CALLS = {
    "eigsh": lambda x: linalg.eigsh(band(x), 3, v0=B, return_eigenvectors=False),
    "eigsh, coo": lambda x: linalg.eigsh(band(x, "coo"), 3, v0=B, return_eigenvectors=False),
    "eigsh, lil": lambda x: linalg.eigsh(band(x, "lil").tocsr(), 3, v0=B, return_eigenvectors=False),
    "eigsh, dense": lambda x: linalg.eigsh(band(x).toarray(), 3, v0=B, return_eigenvectors=False),
    "eigsh, vectors": lambda x: linalg.eigsh(band(x), 3, which="SA", v0=B)[1],
    "eigsh, sigma": lambda x: linalg.eigsh(band(x), 3, sigma=4.0, v0=B)[0],
    "eigsh, operator": lambda x: linalg.eigsh(
        linalg.LinearOperator((N, N), lambda v: band(x) @ v, dtype=float), 3, v0=B
    )[0],
    "eigsh, M": lambda x: linalg.eigsh(band(np.array([2.0, 0.1])), 3, band(x), v0=B)[1],
    "eigs": lambda x: first(linalg.eigs(band(x, a=SKEW), 3, v0=B)[0]),
    "eigs, vectors": lambda x: linalg.eigs(band(x, a=SKEW), 2, v0=B)[1].real,
    "svds": lambda x: linalg.svds(band(x), 3, v0=B, return_singular_vectors=False),
    "svds, u": lambda x: linalg.svds(tall(x), 2, v0=B)[0],
    "svds, vh": lambda x: linalg.svds(tall(x), 2, v0=B)[2],
    "lobpcg": lambda x: linalg.lobpcg(band(x), B[:, None], tol=1e-10)[0],
    "inv": lambda x: linalg.inv(band(x)).toarray(),
    "inv of dense": lambda x: linalg.inv(band(x)) @ B,
    "spsolve, sparse": lambda x: linalg.spsolve(band(x), band(X * x)).toarray(),
    "spsolve, column": lambda x: linalg.spsolve(band(x), sparse.csc_array(B[:, None])),
    "expm": lambda x: linalg.expm(0.1 * band(x)).toarray(),
    "lower": lambda x: linalg.spsolve_triangular(sparse.tril(band(x)).tocsr(), B * x[0]),
    "upper": lambda x: linalg.spsolve_triangular(sparse.triu(band(x)).tocsr(), B, lower=False),
    "units": lambda x: linalg.spsolve_triangular(sparse.tril(band(x)).tocsr(), B, unit_diagonal=True),
    "triangle of floats": lambda x: linalg.spsolve_triangular(sparse.tril(band(X)).tocsr(), B * x[0] + x[1]),
    "lsqr": lambda x: linalg.lsqr(tall(x), RIGHT * x[0], atol=1e-14, btol=1e-14)[0],
    "lsqr, damp": lambda x: linalg.lsqr(tall(X), RIGHT, damp=x[0], atol=1e-14, btol=1e-14)[0],
    "lsqr, operator": lambda x: linalg.lsqr(linalg.aslinearoperator(tall(x)), RIGHT, atol=1e-14, btol=1e-14)[
        0
    ],
    "lsqr, residual": lambda x: linalg.lsqr(tall(x), RIGHT, atol=1e-14, btol=1e-14)[3],
    "lsmr": lambda x: linalg.lsmr(tall(x), RIGHT, atol=1e-14, btol=1e-14)[0],
}


@pytest.mark.filterwarnings("ignore:M does not have the same type precision")
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("name", CALLS)
def test_derivatives(name):
    """The values are SciPy's, the derivatives are differences of order 8."""
    f = CALLS[name]
    values, found = dn.value_and_jacobian(f)(X)
    np.testing.assert_allclose(
        values, f(X), rtol=0 if name != "lobpcg" else 1e-15
    )  # sums by BLAS, in other memory
    step, differences = 1e-3, []
    for unit in np.eye(2) * step:
        weights = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
        differences.append(
            sum(c * (f(X + k * unit) - f(X - k * unit)) for k, c in enumerate(weights, 1)) / step
        )
    size = np.max(np.abs(found))
    np.testing.assert_allclose(found, np.stack(differences, axis=-1), rtol=1e-8, atol=1e-8 * size)


def test_second_derivatives():
    def some(x):
        return np.sum(linalg.eigsh(band(x), 3, v0=B, return_eigenvectors=False) ** 2)

    def all_of_them(x):
        return np.sum(np.linalg.eigvalsh(band(x).toarray())[-3:] ** 2)

    np.testing.assert_allclose(dn.hessian(some)(X), dn.hessian(all_of_them)(X), rtol=1e-9)


def test_eigenvalues_of_hermitian_and_of_unsymmetric_matrices():
    turn = np.diag(np.ones(N - 1), 1) - np.diag(np.ones(N - 1), -1)

    def hermitian(t):
        return linalg.eigsh(sparse.csr_array(BAND + 1j * turn * t), 3, v0=B, return_eigenvectors=False)

    def rotating(t):
        return linalg.eigs(
            sparse.csr_array(SKEW + 9 * turn * t), 2, v0=B, which="LI", return_eigenvectors=False
        )

    def rotating_dense(t):
        w = np.linalg.eigvals(SKEW + 9 * turn * t)
        return w[np.argsort(-np.abs(w.imag))[:2]]

    expected = dn.derivative(lambda t: np.linalg.eigvalsh(BAND + 1j * turn * t)[-3:])(0.4)
    np.testing.assert_allclose(np.sort(dn.derivative(hermitian)(0.4)), np.sort(expected), rtol=1e-9)
    found, expected = (dn.derivative(f)(0.4) for f in (rotating, rotating_dense))
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(expected), rtol=1e-9)
    with pytest.raises(ValueError, match="eigs of duals expects real vectors, got complex ones"):
        dn.derivative(lambda t: linalg.eigs(sparse.csr_array(SKEW + 9 * turn * t), 2, v0=B)[1].real)(0.4)


def test_least_squares_that_stop_early():
    """The derivatives are those of the solution, for those of the iteration have not converged."""
    rng = np.random.default_rng(1)
    a, change, b = (
        rng.normal(size=(60, 40)) * np.geomspace(1, 30, 40),
        rng.normal(size=(60, 40)),
        rng.normal(size=60),
    )

    def found(t, solve):
        return solve(sparse.csr_array(a + t * change), b)[0]

    def closed(t):
        return np.linalg.lstsq(a + t * change, b, rcond=None)[0]

    np.testing.assert_allclose(
        dn.derivative(found, check=False)(0.3, linalg.lsqr), dn.derivative(closed)(0.3), rtol=1e-9, atol=1e-12
    )
    with pytest.raises(
        ValueError, match="lsmr of duals expects a solution that has converged, got one that is"
    ):
        dn.derivative(found)(0.3, linalg.lsmr)
    with pytest.raises(ValueError, match="lsqr of duals expects a matrix whose columns are independent"):
        dn.derivative(lambda t: linalg.lsqr(sparse.csr_array(a.T * t), b[:40])[0])(0.3)


def test_an_inverse_keeps_zeros_that_have_derivatives():
    def f(t):
        return linalg.inv(sparse.csc_array(np.eye(2) + t * np.array([[0, 1.0], [0, 0]]))).toarray()

    np.testing.assert_allclose(dn.derivative(f)(0.0), [[0, -1], [0, 0]])


def test_what_has_no_derivatives():
    identical = sparse.csr_array(np.diag([1.0, 2, 3, 3, 1, 1]))
    for f, error, words in (
        (lambda t: linalg.splu(t * band(X)).U.toarray(), TypeError, "use scipy.linalg.lu"),
        (
            lambda t: linalg.spilu(t * band(X)).solve(B),
            TypeError,
            "spilu of duals has no derivatives; use splu",
        ),
        (lambda t: linalg.eigsh(t * identical, 2, v0=B[:6])[0], ValueError, "eigenvalues that are simple"),
        (lambda t: linalg.eigsh(t * band(X), 2, band(X), 1.0, mode="cayley")[0], ValueError, "mode='normal'"),
        (lambda t: linalg.lobpcg(t * band(X), B[:, None], Y=np.eye(N)[:, 7:])[0], ValueError, "Y=None"),
    ):
        with pytest.raises(error, match=words):
            dn.derivative(f)(1.0)


def test_factors_of_floats_are_scipys():
    def f(t):
        return linalg.splu(band(X)).L.toarray() * t

    np.testing.assert_array_equal(dn.derivative(f, lift=True)(1.0), linalg.splu(band(X)).L.toarray())
