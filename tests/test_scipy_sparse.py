"""Sparse matrices and duals: all that dense matrices give, in ordinary code; solvers in lifted code."""

import warnings

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


COMPLEX = {
    "product": (lambda s, x, z: (s * z) @ x, lambda a, x, z: (a * z) @ x),
    "from the left": (lambda s, x, z: x @ s, lambda a, x, z: x @ a),
    "of a table": (lambda s, x, z: s @ np.stack([x, x * x], 1), lambda a, x, z: a @ np.stack([x, x * x], 1)),
    "by a real number": (lambda s, x, z: s * z.real, lambda a, x, z: a * z.real),
    "compressed": (lambda s, x, z: (s * z).tocsc(), lambda a, x, z: a * z),
    "of matrices": (lambda s, x, z: (s * z) @ (s * z.imag), lambda a, x, z: (a * z) @ (a * z.imag)),
    "sum": (lambda s, x, z: s * z - s.T * z.real, lambda a, x, z: a * z - a.T * z.real),
    "sum of elements": (lambda s, x, z: (s * z).sum(), lambda a, x, z: (a * z).sum()),
    "sums of columns": (lambda s, x, z: np.ravel((s * z).sum(0)), lambda a, x, z: (a * z).sum(0)),
    "transpose": (lambda s, x, z: (s * z).T, lambda a, x, z: (a * z).T),
    "diagonal": (lambda s, x, z: (s * z).diagonal(), lambda a, x, z: np.diagonal(a * z)),
    "element": (lambda s, x, z: (s * z).tocsr()[1, 2], lambda a, x, z: (a * z)[1, 2]),
    "rows": (lambda s, x, z: (s * z).tocsr()[1:3], lambda a, x, z: (a * z)[1:3]),
    "by elements": (lambda s, x, z: s.multiply(x), lambda a, x, z: a * x),
    "conjugate": (lambda s, x, z: (s * z).conj(), lambda a, x, z: np.conj(a * z)),
    "real": (lambda s, x, z: (s * z).real, lambda a, x, z: (a * z).real),
    "imag": (lambda s, x, z: (s * z).imag, lambda a, x, z: (a * z).imag),
    "absolute": (lambda s, x, z: abs(s * z), lambda a, x, z: abs(a * z)),
    "of an array": (lambda s, x, z: type(s)(s.toarray() * z), lambda a, x, z: a * z),
    "kron": (lambda s, x, z: sparse.kron(s * z, s), lambda a, x, z: np.kron(a * z, a)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_complex_duals(name):
    x = dn.seed(POINT)
    z = x[0] + 1j * x[1]
    x = x * (1 + np.arange(4) * 1j)
    for a in (A + 1j * B, A):
        for kind in ("array", "matrix"):
            s = getattr(sparse, f"{name}_{kind}")(a)
            for on_sparse, on_dense in COMPLEX.values():
                same(on_sparse(s, x, z), on_dense(a, x, z))


def test_matrices_of_floats_stay_as_they_are():
    for name in FORMATS:
        s = getattr(sparse, f"{name}_array")(A)
        assert s.sum() == A.sum()
        np.testing.assert_array_equal(s.real.toarray(), A)


def springs(k, make):
    s = make((4, 4))
    for i in range(3):
        s[i, i] += k[i]
        s[i + 1, i + 1] += k[i]
        s[i, i + 1] -= k[i]
        s[i + 1, i] = s[i, i + 1]
    s[0, 0] += 1
    return s


def pieces(k, make):
    s = make((4, 4))
    s.setdiag(np.ones(4) * k[0])
    s.setdiag(k[1], 2)
    s[0, :] = k[2] * k[0]
    s[1:3, 1:3] = np.array([[2 * k[0], k[1]], [k[2], 3.0]])
    s[[0, 3], [3, 1]] = k[:2]
    s[-1, -1] = k[0] * k[1]
    s *= k[2] + 1
    return s


def from_parts(k, make):
    s = make((4, 4))
    s[:, :] = sparse.diags_array(k[:3]).tocsr()[[0, 1, 2, 0]][:, [0, 2, 1, 1]]
    s /= k[0] + 2
    return s


@pytest.mark.parametrize("assemble", [springs, pieces, from_parts])
@pytest.mark.parametrize("name", ["lil", "dok", "csr", "csc"])
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
def test_a_matrix_that_is_filled_in_lifted_code(name, assemble, zero):
    k = np.array([0.7, 0.0 if zero else -0.3, 2.0])
    for kind in ("array", "matrix"):
        make = getattr(sparse, f"{name}_{kind}")
        if assemble is springs:
            np.testing.assert_array_equal(
                dn.jacobian(lambda k, make=make: springs(k, make).toarray())(k),
                dn.jacobian(lambda k: springs(k, np.zeros))(k),
            )
        got = dn.jacobian(lambda k, make=make: assemble(k, make).tocsc() @ POINT)
        steps = [
            assemble(k + 1e-30j * e, lambda shape, make=make: make(shape, dtype=complex)) for e in np.eye(3)
        ]
        expected = [(s.tocsc() @ POINT).imag / 1e-30 for s in steps]
        np.testing.assert_allclose(got(k), np.transpose(expected), rtol=1e-14)
        np.testing.assert_array_equal(
            dn.value_and_jacobian(lambda k, make=make: assemble(k, make).toarray())(k)[0],
            assemble(k, make).toarray(),
        )


def test_a_matrix_from_outside_takes_no_duals():
    for name in ("lil", "dok", "csr"):
        s = getattr(sparse, f"{name}_array")(A)

        def f(k, s=s):
            s[0, 0] = k
            return (s @ POINT).sum()

        with pytest.raises(TypeError, match="cannot store duals in a sparse matrix of floats"):
            dn.derivative(f)(0.3)
        assert s.dtype == float
        with pytest.raises(TypeError, match="cannot store duals"):
            s[0, 0] = dn.Dual(2.0)
        t = getattr(sparse, f"{name}_array")((4, 4), dtype=dn.Dual(2.0).dtype)
        t[0, 1] = dn.Dual(0.0)
        assert t.toarray()[0, 1].tangent == 1


def test_what_has_no_rule_refuses():
    s = with_data(sparse.csr_array(A), dn.seed(POINT))
    for f in (lambda: s.max(axis=0), lambda: linalg.inv(s)):
        with pytest.raises((TypeError, ValueError, KeyError), match=r"dual|type|7f|Dual"):
            f()


def of(x, format="csc"):
    return sparse.csr_array(np.diag(x) + S).asformat(format)


def test_diagonals_do_not_warn():
    """SciPy compares common_type with result_type: both name what x.dtype is in lifted code."""
    for make in (lambda x: sparse.diags(x), lambda x: sparse.diags_array([x, x[1:]], offsets=[0, 1])):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = dn.jacobian(lambda x, make=make: make(x * x).toarray())(POINT)
        expected = [make(2 * x).toarray() for x in np.diag(POINT)]
        np.testing.assert_array_equal(found, np.stack(expected, axis=-1))


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


INDICES = {"unsorted": [2, 0, 1, 1, 2, 0], "twice": [2, 0, 2, 1, 2, 0]}
OPERATIONS = {
    "product": lambda s, b, q: s @ b,
    "toarray": lambda s, b, q: s.toarray(),
    "tocsc": lambda s, b, q: s.tocsc().toarray(),
    "element": lambda s, b, q: np.array([s[2, 0], s[0, 2]]),
    "rows": lambda s, b, q: s[[2, 0]].toarray(),
    "diagonal": lambda s, b, q: s.diagonal(),
    "sum": lambda s, b, q: (s + q).toarray(),
    "difference": lambda s, b, q: (q - s).toarray(),
    "by elements": lambda s, b, q: s.multiply(q).toarray(),
    "maximum": lambda s, b, q: s.maximum(q).toarray(),
    "both": lambda s, b, q: (s + s.T).toarray(),
    "matrices": lambda s, b, q: (s @ q @ s).toarray(),
    "summed": lambda s, b, q: (s.sum_duplicates(), s.toarray())[1],
    "assigned": lambda s, b, q: (s.__setitem__((0, 1), b[0]), s.toarray())[1],
    "spsolve": lambda s, b, q: linalg.spsolve(s, b),
    "twice": lambda s, b, q: linalg.spsolve(s, b) + linalg.spsolve(s, b) + s @ b,
    "splu": lambda s, b, q: linalg.splu(s.tocsc()).solve(b),
    "transposed": lambda s, b, q: linalg.splu(s.tocsc()).solve(b, "T"),
    "gmres": lambda s, b, q: linalg.gmres(s, b, rtol=1e-14)[0],
    "expm_multiply": lambda s, b, q: linalg.expm_multiply(s * 0.1, b),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("order", INDICES)
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
def test_elements_in_any_order_and_twice(name, order):
    """SciPy sorts the indices of what its solvers get; these are of a matrix of their own."""
    b, q = np.array([1.0, -2.0, 0.5]), sparse.csr_array(np.array([[1.0, 0, 2], [0, 3, 0], [4, 0, 5]]))
    v = np.array([0.7, 2.0, 3.0, 4.0, 5.0, 1.3])
    for make in (sparse.csr_array, sparse.csc_array, sparse.csr_matrix):

        def f(v, make=make):
            indices, places = np.array(INDICES[order]), np.array([0, 3, 4, 6])
            return OPERATIONS[name](make((1.0 * v, indices, places), shape=(3, 3)), b, q)

        weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
        expected = [
            sum(w * (f(v + k * 1e-2 * e) - f(v - k * 1e-2 * e)) for k, w in weights.items()) / 1e-2
            for e in np.eye(6)
        ]
        got = dn.jacobian(f, check=False)(v)
        np.testing.assert_allclose(got, np.moveaxis(np.array(expected), 0, -1), rtol=1e-7, atol=1e-9)
