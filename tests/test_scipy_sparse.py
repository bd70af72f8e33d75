"""Sparse matrices and duals: all that dense matrices give, in ordinary code; solvers in lifted code."""

import numpy as np
import pytest

import dualnum as dn

sparse = pytest.importorskip("scipy.sparse")
linalg = pytest.importorskip("scipy.sparse.linalg")

FORMATS = "csr csc coo dia bsr lil dok".split()
A = np.array([[4.0, 1, 0, 0], [1, 5, 2, 0], [0, 0, 0, 3], [0, 2, 0, 6]])
B = np.array([[0.0, 1, 0, 0], [-1, 0, -2, 0], [0, 0, 7, 0], [1, 0, 0, 1]])  # A + B and A * B have new zeros
S = A @ A.T + np.eye(4)
POINT = np.array([0.7, -1.2, 2.0, 0.5])


def seeds():
    """Vectors of duals: three tangents, hyper-dual with a zero value, a series."""
    level = dn.seed(POINT)
    yield level
    yield np.array([dn.HyperDual(v, *part) for v, part in zip([0.0, 1.0, -2.0, 3.0], PARTS, strict=True)])
    yield np.array([2.0, 0.0, 1.0, 3.0]) + POINT * series()


PARTS = np.random.default_rng(3).normal(size=(4, 3))


def series():
    found = []
    dn.taylor(lambda x: (found.append(x), x)[1], 3, check=False)(0.3)
    return found[0]


X = list(seeds())


def same(found, expected):
    if sparse.issparse(found):
        found = found.toarray()
    assert np.shape(found) == np.shape(expected)
    for part in dn.parts(expected):
        np.testing.assert_allclose(
            dn.parts(found)[part], dn.parts(expected)[part], rtol=1e-14, atol=1e-14, err_msg=part
        )


@pytest.mark.parametrize("x", X, ids=str)
@pytest.mark.parametrize("name", FORMATS)
def test_a_constant_matrix(name, x):
    for kind in ("array", "matrix"):
        s = getattr(sparse, f"{name}_{kind}")(A)
        table = np.outer(x, x)[:, :3]
        for found, expected in (
            (s @ x, A @ x), (s.dot(x), A @ x), (s.T @ x, A.T @ x), (x @ s, x @ A), (s @ table, A @ table),
            (table.T @ s, table.T @ A), (s @ table[:, :1], A @ table[:, :1]), (s * x[1], A * x[1]),
            (s.multiply(x), A * x), (s.multiply(np.outer(x, x)), A * np.outer(x, x)), (s / x[3], A / x[3]),
            (s + np.outer(x, x), A + np.outer(x, x)),
        ):  # fmt: skip
            same(found, expected)
    same(sparse.csr_array((4, 4)) @ x, np.zeros((4, 4)) @ x)


def with_data(matrix, x):
    matrix.data = (
        matrix.data[..., None] * x[0] + np.arange(matrix.data.size).reshape(*matrix.data.shape, 1) * x[1]
    )[..., 0]
    return matrix


@pytest.mark.parametrize("x", X, ids=str)
@pytest.mark.parametrize("name", ["csr", "csc", "coo", "dia", "bsr"])
def test_a_matrix_of_duals(name, x):
    s = with_data(getattr(sparse, f"{name}_array")(A), x)
    dense = s.toarray()
    assert type(dense) is dn.DualArray
    floats = getattr(sparse, f"{name}_array")(B)
    for other in FORMATS[:5]:
        same(s.asformat(other), dense)
    for found, expected in (
        (s.T, dense.T), (s.tocsr()[1:, ::2], dense[1:, ::2]), (s.tocsr()[1], dense[1]), (s.tocsr()[1, 2], dense[1, 2]),
        (s.tocsr()[[0, 2, 2]], dense[[0, 2, 2]]), (s + floats, dense + B), (s - floats, dense - B),
        (s * floats, dense * B), (s - s, dense - dense), (s @ floats, dense @ B), (floats @ s, B @ dense),
        (s @ s, dense @ dense), (s @ x, dense @ x), (s.diagonal(), np.diagonal(dense)), (s.sum(), dense.sum()),
        (s.sum(axis=0), dense.sum(axis=0)), (s.sum(axis=1), dense.sum(axis=1)), (s.sum(axis=-1), dense.sum(axis=-1)),
        (s.sum((0, 1)), dense.sum()), (s.mean(axis=0), dense.mean(axis=0)), (s.mean(), dense.mean()), (-s, -dense),
        (abs(s), abs(dense)),
        (s.power(2), dense * dense), (s.trace(), np.trace(dense)), (sparse.kron(s, floats), np.kron(dense, B)),
        (sparse.vstack([s, floats]), np.vstack([dense, B])), (sparse.hstack([s, floats]), np.hstack([dense, B])),
        (sparse.block_diag([s, floats]), np.block([[dense, 0 * B], [0 * B, B + 0 * x[0]]])),
        (sparse.triu(s), np.triu(dense)), (sparse.diags_array(POINT) @ s, POINT[:, None] * dense),
    ):  # fmt: skip
        same(found, expected)


def test_duplicates_add_up_and_zeros_with_derivatives_stay():
    x = dn.seed(np.array([2.0, 0.0, -2.0]))
    places = [0, 0, 0], [1, 2, 1]
    dense = sparse.coo_array((x, places), shape=(2, 3)).tocsr().toarray()
    np.testing.assert_array_equal(dn.tangent(dense)[0], [[0, 0, 0], [1, 0, 1], [0, 1, 0]])
    s = sparse.coo_array((x, places), shape=(2, 3)).tocsr()
    s.sum_duplicates()
    s.eliminate_zeros()
    assert s.nnz == 2
    np.testing.assert_array_equal(dn.tangent(s.toarray()), dn.tangent(dense))
    outer = sparse.csr_array(np.outer(x, x))
    np.testing.assert_array_equal(dn.tangent(outer.toarray()), dn.tangent(np.outer(x, x)))


def test_what_has_no_rule_refuses():
    s = with_data(sparse.csr_array(A), dn.seed(POINT))
    for f in (lambda: s.max(axis=0), lambda: linalg.inv(s), lambda: sparse.tril(s).tolil().tocsc()):
        with pytest.raises((TypeError, ValueError, KeyError), match=r"dual|type|7f|Dual"):
            f()


def of(x, format="csc"):
    return sparse.csr_array(np.diag(x) + S).asformat(format)


SOLVERS = {
    "spsolve": lambda a, b: linalg.spsolve(a, b),
    "several": lambda a, b: linalg.spsolve(a, np.stack([b, 2 * b * b], axis=1))[:, 0],
    "factorized": lambda a, b: linalg.factorized(a.tocsc())(b),
    "splu": lambda a, b: linalg.splu(a.tocsc()).solve(b),
    **{
        name: lambda a, b, name=name: getattr(linalg, name)(a, b)[0]
        for name in "cg cgs bicg bicgstab gmres lgmres gcrotmk minres qmr tfqmr".split()
    },
    "cg of an operator": lambda a, b: linalg.cg(linalg.LinearOperator((4, 4), matvec=lambda v: a @ v), b)[0],
    "cg with M": lambda a, b: linalg.cg(a, b, M=sparse.diags_array(1 / S.diagonal()))[0],
}


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers(name):
    """Of both, the matrix alone and the right-hand side alone, to second order; values are SciPy's."""
    solve = SOLVERS[name]

    def both(x):
        return solve(of(x * x), x)

    for f, dense in (
        (both, lambda x: np.linalg.solve(np.diag(x * x) + S, x)),
        (lambda x: solve(of(x), POINT), lambda x: np.linalg.solve(np.diag(x) + S, POINT)),
        (lambda x: solve(of(POINT), x), lambda x: np.linalg.solve(np.diag(POINT) + S, x)),
    ):
        for driver in (dn.jacobian, dn.hessian):
            np.testing.assert_allclose(
                driver(f, lift=True)(POINT), driver(dense)(POINT), rtol=1e-9, atol=1e-11
            )
    np.testing.assert_array_equal(dn.value(dn.lift(both)(dn.seed(POINT))), both(POINT))


def test_a_transposed_solution():
    def f(x):
        return linalg.splu(of(x)).solve(POINT, "T")

    np.testing.assert_allclose(
        dn.jacobian(f)(POINT),
        dn.jacobian(lambda x: np.linalg.solve(np.diag(x) + S.T, POINT))(POINT),
        rtol=1e-12,
    )


def test_iterative_solvers_that_stop_before_they_converge():
    """Of p A x = b: x' = -x at p = 1, by factors where cgs gives up."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(30, 30)), rng.normal(size=30)
    x = np.linalg.solve(a, b)
    assert linalg.cgs(sparse.csr_array(a), a @ b, rtol=1e-13)[1]
    got = dn.derivative(lambda p: linalg.cgs(p * sparse.csr_array(a), b, x)[0], lift=True)(1.0)
    np.testing.assert_allclose(got, -x, rtol=1e-9)
