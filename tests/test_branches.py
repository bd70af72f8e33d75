"""
Repeated eigenvalues and singular values: branches along one direction, in order, whatever the scales.

Matrices are made of polynomials that tie to some order, turned by rotations that move; the truth is the polynomials.
"""

import functools
import itertools

import expect
import numpy as np
import pytest

import dualnum as dn

L = np.linalg
DIAGONAL = np.diag([1.0, -1.0])
close = functools.partial(expect.close, tolerance=1e-9)
SEEDS = pytest.mark.parametrize("seed", range(40))


def polynomials(rng, n, order, values):
    """Return n rows of coefficients, many of which are equal."""
    rows = np.zeros((n, order + 1))
    rows[:, 0] = rng.choice(values, n)
    for k in range(1, order + 1):
        rows[:, k] = rng.choice([0.0, 1.0, -1.0, 2.0] if rng.random() < 0.6 else [0.0, 0.5], n)
    return rows


def turning(rng, n):
    """Return t -> an orthogonal matrix that is a product of rotations at different rates."""
    pairs = list(itertools.combinations(range(n), 2))
    turns = [(*pairs[i], *rng.normal(size=2)) for i in rng.integers(0, len(pairs), 4)]

    def q(t):
        columns = list(np.eye(n))
        for i, j, start, rate in turns:
            c, s = np.cos(start + rate * t), np.sin(start + rate * t)
            columns[i], columns[j] = c * columns[i] + s * columns[j], c * columns[j] - s * columns[i]
        return np.stack([column + 0 * t for column in columns], axis=1)

    return q


def diagonal(rows, t):
    return np.stack([sum(c * t**k for k, c in enumerate(row)) for row in rows])


def branches(rows):
    """Return the polynomials of one value in ascending order for small t > 0; to first order all share."""
    ordered = rows[np.lexsort(rows.T[::-1])]
    ordered[:, 1] = np.sum(rows[:, 1]) / max(len(rows), 1)
    return ordered


def absolute(rows):
    """Return the absolute values of polynomials that vanish at 0, likewise; to first order they are 0."""
    leading = rows[np.arange(len(rows)), np.argmax(rows != 0, axis=1)]
    return branches(rows * np.where(leading < 0, -1.0, 1.0)[:, None]) * (np.arange(rows.shape[1]) != 1)


def integer_similarity(rng, n):
    """Return an integer matrix of determinant 1, and its inverse."""
    p, inverse = np.eye(n), np.eye(n)
    for _ in range(2 * n):
        i, j = rng.choice(n, 2, replace=False)
        c = rng.integers(-1, 2)
        p[i], inverse[:, j] = p[i] + c * p[j], inverse[:, j] - c * inverse[:, i]
    return p, inverse


@SEEDS
def test_eigenvalues_are_the_branches(seed):
    rng = np.random.default_rng(seed)
    n, order = rng.integers(2, 6), rng.integers(1, 7)
    rows = polynomials(rng, n, order, [1.0, 2.0, -3.0, 1.3])
    q = turning(rng, n)
    want = np.concatenate([branches(rows[rows[:, 0] == c]) for c in np.unique(rows[:, 0])])

    def f(t):
        return L.eigvalsh((q(t) * diagonal(rows, t)) @ q(t).T)

    close(dn.taylor(f, order)(0.0), want.T)
    if order == 2:  # levels of first order are a Taylor level
        close(dn.hessian(lambda t: f(t[0]))([0.0])[:, 0, 0] / 2, want.T[2])


@SEEDS
@pytest.mark.parametrize("tall", [0, 1, 2])
def test_singular_values_are_the_branches(seed, tall):
    rng = np.random.default_rng(100 + seed)
    n, order = rng.integers(2, 4), rng.integers(1, 6)
    rows = polynomials(rng, n, order, [0.0, 2.0, -2.0, 1.3])
    u, v = turning(rng, n + tall), turning(rng, n)

    def matrix(t):
        return (u(t)[:, :n] * diagonal(rows, t)) @ v(t).T

    signs = np.where(rows[:, :1] < 0, -1.0, 1.0)
    want = [absolute(rows[rows[:, 0] == 0])]
    for c in np.unique(np.abs(rows[:, 0])):
        if c:
            want.append(branches((signs * rows)[np.abs(rows[:, 0]) == c]))
    want = np.concatenate(want)[::-1]
    for some, f in (
        (slice(None), lambda a: L.svd(a, compute_uv=False)),
        (slice(None), lambda a: L.svd(a.T, compute_uv=False)),
        ([0, -1], lambda a: np.stack([L.norm(a, 2), L.norm(a, -2)])),
    ):
        close(dn.taylor(lambda t, f=f: f(matrix(t)), order)(0.0), want[some].T)


@SEEDS
@pytest.mark.parametrize("similar", [False, True])
def test_real_eigenvalues_are_the_branches(seed, similar):
    """A similarity that moves does not change them; at t = 0 it is none, or one whose matrix A is exact."""
    rng = np.random.default_rng(200 + seed)
    n, order = rng.integers(2, 5), rng.integers(1, 5)
    rows = polynomials(rng, n, order, [1.0, 2.0])
    b = rng.integers(-2, 3, (n, n)) / 4  # for products without rounding
    p, inverse = integer_similarity(rng, n) if similar else (np.eye(n), np.eye(n))
    want = np.concatenate([branches(rows[rows[:, 0] == c]) for c in np.unique(rows[:, 0])])

    def f(t):
        s = np.eye(n) + t * b
        return L.eigvals(p @ (s * diagonal(rows, t)) @ L.inv(s) @ inverse)

    if np.any(np.imag(np.linalg.eigvals((p * rows[:, 0]) @ inverse))):  # for LAPACK, by rounding
        with pytest.raises(ValueError, match="expects A to have distinct eigenvalues"):
            dn.taylor(f, order)(0.0)
        return
    got = dn.taylor(f, order)(0.0)
    close(got[:, np.argsort(got[0], kind="stable")], want.T)


@pytest.mark.parametrize("power", range(1, 8))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_largest_of_two_branches(power, sign):
    """norm(A, 2) of diag(1 + u, 1 - u) is 1 + |u|, its kinks included; every driver has the same."""

    def u(t):
        return sign * t**power - 3 * t ** (power + 1)

    def f(t):
        return L.norm(np.eye(2) + u(t) * DIAGONAL, 2)

    close(dn.taylor(f, 8)(0.0), dn.taylor(lambda t: 1 + abs(u(t)), 8)(0.0))
    value, gradient, hessian = dn.value_gradient_hessian(lambda t: f(t[0]))([0.0])
    close([value, gradient[0], hessian[0, 0]], dn.taylor(f, 2)(0.0) * [1, 1, 2])
    close(dn.gradient(lambda t: f(t[0]))([0.0]), gradient)


def test_second_order_in_several_directions_is_that_of_the_branch():
    """The eigenvalues 1 - x @ x and 1 + x @ x meet at 0."""
    for f, want in (
        (lambda a: L.eigvalsh(a)[0], -2),
        (lambda a: L.norm(a, 2), 2),
        (lambda a: L.norm(a, -2), -2),
    ):
        got = dn.hessian(lambda x, f=f: f(np.eye(2) + np.sum(x**2) * DIAGONAL))(np.zeros(3))
        close(got, want * np.eye(3))


@pytest.mark.parametrize("unit", [1e-12, 1e-3, 1.0, 1e5, 1e12])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_units_do_not_matter(unit, scale):
    """Branches of A(t) in any unit of t and of A, beside eigenvalues that are close and move fast."""

    def f(t):
        a = np.zeros_like(t, shape=(5, 5))
        a[[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]] = np.stack(
            [1 + t * t, 1 - t * t, 5 + 0 * t, 5.001 + 0 * t, 9 + 1e4 * t]
        )
        a[2, 3] = a[3, 2] = t
        return a

    got = dn.taylor(lambda t: L.eigvalsh(scale * f(unit * t)), 4)(0.0)[:, :2] / scale
    got = got / unit ** np.arange(5)[:, None]
    close(got, [[1, 1], [0, 0], [-1, 1], [0, 0], [0, 0]])


@pytest.mark.parametrize("power", [-1000, -565, 520, 1000])
@pytest.mark.parametrize("name", ["eigvalsh", "eigvals", "svdvals"])
def test_repeated_values_of_every_size(name, power):
    """Scales at which squares of the entries overflow or underflow."""
    a, b = np.ones((3, 3)) + np.eye(3), np.array([[1.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 3.0]])

    def at(unit):
        found = dn.taylor(lambda t: getattr(L, name)(a * unit + t * (b * unit)), 3)(0.0) / unit
        return found[:, np.argsort(found[1])]

    close(at(2.0**power), at(1.0))


@pytest.mark.parametrize("power", [-1000, -565, 520, 1000])
@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (3, 1), (1, 3), (1, 1)])
def test_distinct_singular_values_of_every_size(shape, power):
    a, b = np.random.default_rng(3).normal(size=(2, *shape))

    def at(unit):
        def f(t):
            u, s, _ = L.svd(a * unit + t * (b * unit), full_matrices=False)
            return np.concatenate([L.svdvals(a * unit + t * (b * unit)), s, u.ravel() * unit])

        return dn.taylor(f, 3)(0.0) / unit

    close(at(2.0**power), at(1.0))


def test_directions_have_scales_of_their_own():
    def f(x):
        return np.diag(np.stack([1 + x[1], 1 - x[1], 5 + 1e10 * x[0]]))

    with pytest.raises(ValueError, match="expects distinct eigenvalues"):
        dn.jacobian(lambda x: L.eigh(f(x))[1])(np.zeros(2))
    close(
        dn.hessian(lambda x: np.sum(L.eigvalsh(f(x))[:2] ** 2))(np.zeros(2)),
        np.diag([0.0, 4.0]),
        tolerance=1e-12,
    )


@pytest.mark.parametrize("small", [1e-14, 3e-15, 1e-16, 1e-20, 1e-150])
def test_small_singular_values_are_not_zero(small):
    a = np.diag([1.0, small])
    np.testing.assert_allclose(dn.gradient(lambda a: L.norm(a, -2))(a), np.diag([0.0, 1.0]), rtol=1e-12)
    np.testing.assert_allclose(dn.gradient(L.cond)(a), np.diag([1 / small, -1 / small**2]), rtol=1e-12)


def test_small_values_that_differ_are_distinct():
    """In a graded matrix, rounding of large entries says nothing of small ones."""
    a = np.diag([1e-20, 2e-20, 1.0])
    close(dn.jacobian(L.eigvalsh)(a), [np.diag(row) for row in np.eye(3)])
    close(dn.jacobian(L.eigvals)(a), [np.diag(row) for row in np.eye(3)])
    close(dn.jacobian(L.svdvals)(a), [np.diag(row) for row in np.eye(3)[::-1]])
    vectors = dn.jacobian(lambda a: L.eigh(a)[1])(a)  # dv_ij = dA_ij / (w_j - w_i)
    np.testing.assert_allclose(vectors[0, 1, 1, 0], 1e20, rtol=1e-12)


def test_values_that_are_close_are_distinct():
    """Eigenvalues count as distinct when their gap exceeds the rounding errors of a symmetric matrix."""
    a = np.diag([1.0, 1 + 1e-14])
    for f in (L.eigvalsh, lambda a: L.svdvals(a)[::-1], lambda a: L.eigh(a)[0]):
        close(dn.jacobian(f)(a), [np.diag(row) for row in np.eye(2)])
    rng = np.random.default_rng(0)
    q, b = L.qr(rng.normal(size=(60, 60)))[0], rng.normal(size=(60, 60))
    a = (q * np.append(np.linspace(-0.8, 0.8, 58), [1.0, 1 + 1e-12])) @ q.T
    v = L.eigh((a + a.T) / 2)[1]
    close(dn.jvp(L.eigvalsh)((a + a.T) / 2, b + b.T)[1], np.diag(v.T @ (b + b.T) @ v))


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize("scaled", [False, True])
def test_lapack_splits_repeated_values_of_matrices_that_are_not_symmetric(seed, scaled):
    """A gap below rounding errors times the condition number of the vectors counts as none."""
    rng = np.random.default_rng(400 + seed)
    n = rng.integers(2, 6)
    p, inverse = integer_similarity(rng, n)
    w = np.sort(rng.integers(-2, 3, n))
    w[0] = w[1]
    unit = 2.0 ** rng.integers(-3, 4, n) if scaled else np.ones(n)
    p, inverse = p * unit[:, None], inverse / unit
    a, move = (p * w) @ inverse, rng.normal(size=(n, n))
    values = np.linalg.eigvals(a)
    vectors = np.linalg.eig(a)[1]
    if np.any(np.imag(values)) or np.linalg.cond(vectors) > 1e12:
        with pytest.raises(ValueError, match="expects A to"):
            dn.jvp(L.eigvals)(a, move)
        return
    values, got = dn.jvp(L.eigvals)(a, move)
    along = np.diagonal(inverse @ move @ p)
    want = [np.mean(along[w == c]) for c in w]
    size = np.max(np.abs(inverse) @ np.abs(move) @ np.abs(p))
    np.testing.assert_allclose(got[np.argsort(values, kind="stable")], want, rtol=0, atol=1e-9 * size)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-11])
def test_nearly_defective_matrices_have_distinct_values(gap):
    """``[[1, 1], [s, 1 + gap]]`` has them at 1 + (gap -+ sqrt(gap^2 + 4 s)) / 2: slopes -+1 / gap at s = 0."""
    a, move = np.array([[1.0, 1.0], [0.0, 1 + gap]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    gap = a[1, 1] - 1
    np.testing.assert_allclose(np.sort(dn.jvp(L.eigvals)(a, move)[1]) * gap, [-1, 1], rtol=1e-9)
    q = np.array([[0.8, -0.6], [0.6, 0.8]])
    a, move = q @ a @ q.T, q @ move @ q.T  # with rounding errors of 1e-16, which part equal values by 1e-8
    if gap > 1e-7:
        np.testing.assert_allclose(np.sort(dn.jvp(L.eigvals)(a, move)[1]) * gap, [-1, 1], rtol=1e-3)
    else:
        with pytest.raises(
            ValueError, match=r"^eigvals\(A\) of duals expects A to (be diagonalisable|have distinct)"
        ):
            dn.jvp(L.eigvals)(a, move)


@pytest.mark.parametrize("f", [L.eig, L.eigvals])
def test_defective_matrices_are_refused_where_lapack_parts_their_values(f):
    a = np.array([[-3.0, 0.0, 4.0], [2.0, 1.0, -2.0], [-4.0, 0.0, 5.0]])
    with pytest.raises(ValueError, match="expects A to be diagonalisable"):
        f(dn.seed(a))


def test_exactly_defective_matrices_are_refused():
    """Integer matrices S J S^-1, where S and its inverse are integer and J has one Jordan block of two."""
    rng = np.random.default_rng(8)
    for jordan in (
        [[2, 1, 0], [0, 2, 0], [0, 0, 5]],
        [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 3, 1], [0, 0, 0, 3]],
    ):
        n = len(jordan)
        for _ in range(50):
            lower, upper = (np.tril(rng.integers(-1, 2, (n, n)), -1) + np.eye(n) for _ in range(2))
            s = lower @ upper.T
            with pytest.raises(ValueError, match=r"expects A to (be diagonalisable|have distinct)"):
                L.eigvals(dn.seed(s @ jordan @ np.rint(np.linalg.inv(s))))


@pytest.mark.parametrize("rank", [1, 2])
def test_zeros_up_to_rounding_are_kinks(rank):
    """Singular values of products of lower rank, which are noise, have no derivatives."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        for draw in (lambda *shape: rng.integers(-9, 9, shape), lambda *shape: rng.normal(size=shape)):
            a = draw(4, rank) @ draw(rank, 3) * np.ones(())
            if np.linalg.matrix_rank(a) == rank:
                assert not dn.jacobian(lambda a: L.svd(a, compute_uv=False))(a)[rank:].any()


def test_no_branches():
    """No branch is smooth where the first part that moves has complex eigenvalues, or too few vectors."""
    for part in ([[1.0, 2.0], [-2.0, 1.0]], [[1.0, 1.0], [0.0, 1.0]]):
        with pytest.raises(
            ValueError, match=r"eigvals\(A\) of duals expects distinct values beyond first order"
        ):
            dn.taylor(lambda t, part=part: L.eigvals(np.eye(2) + t * np.array(part)), 2)(0.0)
