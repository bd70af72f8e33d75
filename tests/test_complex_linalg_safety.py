"""Linear algebra of complex duals where derivatives need care, and errors where there are none."""

import itertools

import numpy as np
import pytest
from complex_matrices import DTYPES, adjoint, draw, duals, zero
from expect import close, raises

import dualnum as dn
from dualnum import _core
from dualnum.rules._components import components

L = np.linalg


def leibniz(a):
    """Return a determinant by its definition."""
    n = len(a)
    total = 0.0
    for places in itertools.permutations(range(n)):
        term = L.det(np.eye(n)[list(places)]).round()
        for i, j in enumerate(places):
            term = term * a[i, j]
        total = total + term
    return total


@pytest.mark.parametrize("dtype", DTYPES, ids=repr)
@pytest.mark.parametrize("n, rank", [(n, rank) for n in range(1, 5) for rank in range(n + 1)])
def test_determinants_of_any_rank(n, rank, dtype):
    a = duals(draw(n, rank) @ draw(rank, n, seed=1), dtype)
    want = components(np.asarray(leibniz(a)))
    close(components(np.asarray(L.det(a)))[..., 1:], want[..., 1:])


def test_stacks_of_singular_and_regular_matrices():
    a = duals(np.stack([draw(3, 3), np.zeros((3, 3)), draw(3, 1) @ draw(1, 3), 1e-3 * draw(3, 3)]), DTYPES[0])
    for got, matrix in zip(L.det(a), a, strict=True):
        want = components(np.asarray(leibniz(matrix)))
        close(components(np.asarray(got))[1:], want[1:])
    sign, log = L.slogdet(a[[0, 1, 3]])
    for i, regular in ((0, a[0]), (2, a[3])):
        want = L.slogdet(regular)
        zero(np.asarray(sign[i] / want.sign - 1))
        zero(np.asarray(log[i] - want.logabsdet))


def test_the_logarithm_of_a_determinant_of_zero():
    sign, log = L.slogdet(duals(np.ones((2, 2)) + 0j, dn.DualDType(1)))
    assert (_core.value(sign), log.primal) == (0, -np.inf)
    assert np.isnan(sign.tangent) and np.isnan(log.tangent)


def rotated(f, *shape):
    """Return f of complex matrices that differ from real ones by unitary factors, which change no singular value."""
    left, right = (L.qr(draw(n, n))[0] for n in shape)
    return lambda a: f(left @ a @ right.conj().T)


BRANCHES = {
    "eigvalsh": (L.eigvalsh, (4, 4), [1.0, 1.0, 2.0, 2.0]),
    "eigvalsh of triple": (L.eigvalsh, (4, 4), [0.0, 0.0, 0.0, 1.0]),
    "svdvals": (L.svdvals, (5, 4), [2.0, 2.0, 1.0, 1.0]),
    "svdvals at 0": (L.svdvals, (5, 4), [1.0, 1.0, 0.0, 0.0]),
    "norm": (lambda a: L.norm(a, 2), (5, 4), [2.0, 2.0, 1.0, 1.0]),
    "smallest": (lambda a: L.norm(a, -2), (5, 4), [2.0, 1.0, 0.0, 0.0]),
    "nuclear": (lambda a: L.norm(a, "nuc"), (4, 5), [2.0, 2.0, 1.0, 1.0]),
    "cond": (L.cond, (5, 4), [2.0, 2.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", BRANCHES)
def test_repeated_values_follow_the_branches_of_real_matrices(name, order):
    f, shape, values = BRANCHES[name]
    rng = np.random.default_rng(order)
    moves = rng.integers(-3, 4, (order, *shape)).astype(float)
    if name.startswith("eigvalsh"):
        moves = moves + moves.swapaxes(1, 2)
    start = np.diag(values)
    start = start if shape == (4, 4) else np.eye(*shape)[:, :4] @ start @ np.eye(4, shape[1])

    def result(f):
        def along(t):
            return f(start + sum(move * t**k for k, move in enumerate(moves, 1)))

        try:
            return dn.taylor(along, order, check=False)(0.0)
        except ValueError as error:
            return str(error)

    want, got = result(f), result(rotated(f, *shape))
    if isinstance(want, str):
        assert got == want
    else:
        close(got, want, 1e-10)


@pytest.mark.parametrize("seed", range(50))
def test_defective_matrices_are_refused(seed):
    """S J S^-1 with a Jordan block of 2 to 5 rows, where S and its inverse have Gaussian integers."""
    rng = np.random.default_rng(seed)
    n = rng.integers(2, 6)
    jordan, k = np.diag(np.arange(n) + 1j), rng.integers(2, n + 1)
    jordan[:k, :k] = 1j * np.eye(k) + np.eye(k, k=1)
    low, up = (np.tril(rng.integers(-1, 2, (n, n, 2)) @ [1, 1j], -1) + np.eye(n) for _ in range(2))
    s = low @ up.T
    a = s @ jordan @ np.round(L.inv(s))
    for f in (L.eig, L.eigvals):
        with pytest.raises(ValueError, match="expects A to have distinct eigenvalues"):
            f(duals(a, dn.DualDType(1)))


def test_vectors_that_stay_need_no_order_of_components():
    """Those of rotations are (1, i) and (1, -i), whose components are equally large."""

    def rotation(t):
        return np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])

    w, v = (dn.derivative(lambda t, i=i: L.eig(rotation(t))[i])(0.4) for i in range(2))
    close(w, 1j * L.eig(rotation(0.4))[0] * np.sign(L.eig(rotation(0.4))[0].imag))
    close(v, np.zeros((2, 2)))


@pytest.mark.parametrize("triangle", ["L", "U"])
def test_phases_of_block_diagonal_matrices(triangle):
    """LAPACK makes a component of each block real; elsewhere it does not say which."""
    blocks = np.kron(np.diag([1, 3]), [[2, 1j], [-1j, 5]])
    a = duals(blocks, dn.DualDType(2)) * (blocks != 0)
    w, v = L.eigh(a, triangle)
    a = np.tril(a) + adjoint(np.tril(a, -1)) if triangle == "L" else np.triu(a) + adjoint(np.triu(a, 1))
    a = a - 1j * np.diag(np.diagonal(a.imag))
    zero(a @ v - v * w)
    zero(adjoint(v) @ v - np.eye(4))
    zero(v[::2].imag if triangle == "L" else v[1::2].imag)
    odd = [0, 2, 1, 3]
    with pytest.raises(ValueError, match=r"expects vectors whose (first|last) component is not zero"):
        L.eigh(a[np.ix_(odd, odd)], triangle)


DISTINCT = (
    "A to have distinct eigenvalues, got ones that are equal up to rounding; use trace, det or matrix_power, "
)
NONE = [
    ("eig(A)", 1j * np.eye(2), DISTINCT + "which have derivatives."),
    ("eigvals(A)", 1j * np.eye(2), DISTINCT + "which have derivatives."),
    ("eig(A)", np.array([[0, 1], [-1, 0j]]),
     "one largest component in each vector, which LAPACK makes real, got two that part; use eigvals(A), which needs no "
     "vectors."),
    ("eigh(A)", np.eye(2) + 0j,
     "distinct eigenvalues: the vectors of repeated ones have no derivatives; eigvalsh(A) needs no vectors."),
    ("eigh(A)", np.diag([1, 2 + 0j]),
     "vectors whose first component is not zero, which LAPACK makes real, got one of unknown phase; use eigvalsh(A), "
     "which needs no vectors."),
    ("svd(A)", np.diag([2, 1 + 0j]),
     "vectors whose first component is not zero, which LAPACK makes real, got one of unknown phase; use svdvals(A), "
     "which needs no vectors."),
    ("svd(A)", np.eye(2) * 1j,
     "distinct singular values above zero: the vectors of others have no derivatives; use svdvals(A) or "
     "compute_uv=False."),
    ("svd(A)", draw(3, 2),
     "full_matrices=False for matrices of shape (3, 2): the vectors that complete a basis are arbitrary and have no "
     "derivatives."),
]  # fmt: skip


@pytest.mark.parametrize("call, a, what", NONE)
def test_errors_where_no_derivative_exists(call, a, what):
    with raises(ValueError, f"{call.partition('(')[0]}(A) of complex duals expects {what}"):
        eval("L." + call, {"L": L, "A": duals(a, dn.DualDType(1))})


def test_other_errors():
    with raises(
        ValueError,
        "qr(A) of duals expects the first 2 columns of A to be independent, got dependent ones, where Q has no "
        "derivative.",
    ):
        L.qr(duals(np.ones((2, 2)) * 1j, dn.DualDType(1)))
    singular = duals(np.ones((3, 2)) * 1j, dn.DualDType(1))
    for f in (L.pinv, lambda a: L.lstsq(a, np.ones(3))):
        with pytest.raises(ValueError, match="keep the rank of A, which is 1 of 2; where they raise it"):
            f(singular)
    with pytest.raises(ValueError, match="expects simple roots, got a multiple one near"):
        np.roots(duals(np.poly([1j, 1j]), dn.DualDType(1)))
    with raises(TypeError, "qr(A, mode='raw') has no rule for duals; use mode='reduced', 'complete' or 'r'."):
        L.qr(singular, mode="raw")
    with raises(TypeError, "solve expects numbers beside complex duals, got object."):
        L.solve(singular[:2], np.array([None, 1.0]))
    with raises(
        TypeError,
        "i0 of complex duals has no rule that gives its derivatives; write it with the real and the imaginary part, "
        "z.real and z.imag.",
    ):
        np.i0(singular)


def test_a_polynomial_with_conjugate_roots_is_real_if_its_derivatives_are():
    """NumPy's is real; roots that move apart from the conjugates of each other would lose an imaginary part."""
    p = duals(np.array([1.0, 2.0, 5.0]), DTYPES[0])
    roots = np.roots(p)
    assert np.poly(roots).dtype == p.dtype
    close(components(np.poly(roots) * p[0]), components(p))
    apart = np.poly(duals(np.roots([1.0, 2.0, 5.0]), DTYPES[0]))
    assert _core.is_complex_dual(apart) and not _core.value(apart).imag.any()


def test_norms_where_every_entry_is_zero():
    """All derivatives are 0 at the kink, and powers of moduli are smooth at single zeros."""
    a = duals(np.zeros((2, 2)) + 0j, dn.DualDType(1))
    for p in (None, 2, "nuc", 1):
        assert L.norm(a, p).tangent == 0
    for p in (2, 3, 4):
        assert L.norm(a[0], p).tangent == 0
    close(dn.derivative(lambda t: L.norm(np.stack([1j, t + 1j * t]), 4) ** 4, order=4)(0.0), 96.0)
    close(dn.derivative(lambda t: L.norm(np.stack([1j, t + 1j * t])), order=2)(0.0), 2.0)


def parts_of(result):
    return list(result) if isinstance(result, tuple) else [result]


def test_numbers_without_levels():
    """Duals of degree 0 give NumPy's values, as duals."""
    a = (draw(3, 3) + 0j).astype(_core.complex_dtype(dn.DualDType())).view(dn.DualArray)
    for f in (L.inv, L.det, L.eig, L.eigvals, L.eigh, L.svd, L.qr, L.norm, L.pinv, lambda a: L.solve(a, a)):
        for part, plain in zip(parts_of(f(a)), parts_of(f(_core.value(a))), strict=True):
            assert np.array_equal(_core.value(part), plain)
