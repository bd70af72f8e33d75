"""Identities of matrix calculus, through gradients and Hessians of drivers."""

import numpy as np
import pytest
from expect import close
from linalg_cases import draw

import dualnum as dn

L = np.linalg
A = draw(5, 5, seed=31) + 3 * np.eye(5)
D = draw(5, 5, seed=32)
SPD = A @ A.T / 5
a, b, x = draw(5, seed=33), draw(5, seed=34), draw(5, seed=35)
INVERSE = np.linalg.inv(A)


def test_log_determinant():
    close(dn.gradient(lambda m: L.slogdet(m)[1])(A), INVERSE.T)
    hessian = -np.einsum("jk,li->ijkl", INVERSE, INVERSE)
    close(dn.hessian(lambda m: L.slogdet(m)[1])(A), hessian)
    close(dn.gradient(lambda m: np.log(np.abs(L.det(m))))(A), INVERSE.T)


def test_determinant():
    d = np.linalg.det(A)
    close(dn.gradient(L.det)(A), d * INVERSE.T)
    want = d * (np.einsum("ji,lk->ijkl", INVERSE, INVERSE) - np.einsum("jk,li->ijkl", INVERSE, INVERSE))
    close(dn.hessian(L.det)(A), want)


def test_determinant_of_singular_matrices_is_exact():
    """Cofactors, and second minors, which torch gets wrong in silence."""
    for rank in range(4):
        m = draw(4, rank, seed=36) @ draw(rank, 4, seed=37)
        gradient, hessian = dn.gradient(L.det)(m), dn.hessian(L.det)(m)
        for i in range(4):
            for j in range(4):
                minor = np.delete(np.delete(m, i, 0), j, 1)
                close(gradient[i, j], (-1) ** (i + j) * np.linalg.det(minor), 1e-13)
                inner = (-1) ** (i + j) * dn.gradient(L.det)(minor)
                got = np.delete(np.delete(hessian[i, j], i, 0), j, 1)
                close(got, inner, 1e-13)
                close(hessian[i, j, i], 0, 1e-13)
                close(hessian[i, j, :, j], 0, 1e-13)


@pytest.mark.parametrize("n", [6, 30])
def test_determinant_of_large_ill_conditioned_matrices(n):
    u, v = np.linalg.qr(draw(n, n, seed=38))[0], np.linalg.qr(draw(n, n, seed=39))[0]
    s = np.geomspace(1, 1e-8, n)
    m = u * s @ v.T
    adjugate = (
        np.linalg.det(u)
        * np.linalg.det(v)
        * (u * np.array([np.prod(np.delete(s, i)) for i in range(n)]))
        @ v.T
    )
    np.testing.assert_allclose(dn.gradient(L.det)(m), adjugate, rtol=0, atol=1e-7 * np.abs(adjugate).max())


def test_inverse():
    close(dn.jacobian(L.inv)(A), -np.einsum("ik,lj->ijkl", INVERSE, INVERSE))
    product = dn.jacobian(lambda m: m @ L.inv(m))(A)
    close(product, np.zeros_like(product))
    second = dn.hessian(lambda m: L.inv(m) @ m)(A)
    close(second, np.zeros_like(second), 1e-11)


def test_forms():
    close(dn.gradient(lambda m: a @ m @ b)(A), np.outer(a, b))
    y, z = np.linalg.solve(A.T, a), np.linalg.solve(A, b)
    close(dn.gradient(lambda m: a @ L.solve(m, b))(A), -np.outer(y, z))
    want = np.einsum("i,jk,l->ijkl", y, INVERSE, z)
    close(dn.hessian(lambda m: a @ L.solve(m, b))(A), want + want.transpose(2, 3, 0, 1))
    close(dn.gradient(lambda m: a @ L.inv(m) @ b)(A), -np.outer(y, z))
    close(dn.gradient(lambda v: v @ A @ v)(x), (A + A.T) @ x)
    close(dn.hessian(lambda v: v @ A @ v)(x), A + A.T)
    close(dn.hessian(lambda v: np.einsum("i,ij,j->", v, A, v))(x), A + A.T)
    close(dn.gradient(lambda v: np.dot(v, np.dot(A, v)))(x), (A + A.T) @ x)


def test_weighted_squares():
    s, w = draw(5, 3, seed=40), SPD
    point = draw(3, seed=41)

    def squares(p):
        rest = x - s @ p
        return rest @ w @ rest

    close(dn.gradient(squares)(point), -2 * s.T @ w @ (x - s @ point))
    close(dn.hessian(squares)(point), 2 * s.T @ w @ s)
    close(
        dn.gradient(lambda m: (x - m @ point) @ w @ (x - m @ point))(s),
        -2 * np.outer(w @ (x - s @ point), point),
    )


def test_traces_of_powers():
    for n in (1, 2, 3, -1, -2):
        want = n * np.linalg.matrix_power(A, n - 1).T
        close(dn.gradient(lambda m, n=n: np.trace(L.matrix_power(m, n)))(A), want)
    close(dn.gradient(lambda m: np.trace(m.T @ m))(A), 2 * A)
    close(dn.gradient(lambda m: np.vdot(m, m))(A), 2 * A)
    close(dn.gradient(lambda m: np.tensordot(m, m))(A), 2 * A)


def test_sums_of_eigenvalues_are_traces():
    for f in (np.linalg.eigvalsh, lambda m: L.eigh(m)[0]):
        close(dn.gradient(lambda m, f=f: np.sum(f(m)))(SPD), np.eye(5))
        close(dn.hessian(lambda m, f=f: np.sum(f(m)))(SPD), np.zeros((5, 5, 5, 5)), 1e-10)
        symmetric = dn.gradient(lambda m, f=f: np.sum(f((m + m.T) / 2) ** 3))(SPD)
        close(symmetric, 3 * SPD @ SPD)
    real = INVERSE @ np.diag([1.0, 2, 3, 4, -1]) @ A
    for f in (np.linalg.eigvals, lambda m: L.eig(m)[0]):
        close(dn.gradient(lambda m, f=f: np.sum(f(m)))(real), np.eye(5), 1e-11)
        close(dn.gradient(lambda m, f=f: np.sum(f(m) ** 2))(real), 2 * real.T, 1e-11)
        close(
            dn.hessian(lambda m, f=f: np.sum(f(m) ** 2))(real),
            2 * np.einsum("il,jk->ijkl", np.eye(5), np.eye(5)),
            1e-9,
        )


RECONSTRUCTIONS = {
    "eigh": (lambda m: (lambda w, v: v * w @ v.T)(*L.eigh((m + m.T) / 2)), lambda m: (m + m.T) / 2),
    "eig": (
        lambda m: (lambda w, v: v * w @ L.inv(v))(*L.eig(np.triu(m) + np.diag([1.0, 2, 4, 7, 11]))),
        lambda m: np.triu(m) + np.diag([1.0, 2, 4, 7, 11]),
    ),
    "svd": (lambda m: (lambda u, s, vt: u * s @ vt)(*L.svd(m)), lambda m: m),
    "svd(tall)": (
        lambda m: (lambda u, s, vt: u * s @ vt)(*L.svd(m[:, :3], full_matrices=False)),
        lambda m: m[:, :3],
    ),
    "qr": (lambda m: (lambda q, r: q @ r)(*L.qr(m)), lambda m: m),
    "qr(wide)": (lambda m: (lambda q, r: q @ r)(*L.qr(m[:3])), lambda m: m[:3]),
    "qr(complete)": (lambda m: (lambda q, r: q @ r)(*L.qr(m[:, :2], mode="complete")), lambda m: m[:, :2]),
    "qr(r)": (lambda m: (lambda r: r.T @ r)(L.qr(m, mode="r")), lambda m: m.T @ m),
    "cholesky": (lambda m: (lambda f: f @ f.T)(L.cholesky(m @ m.T)), lambda m: m @ m.T),
    "cholesky(upper)": (lambda m: (lambda f: f.T @ f)(L.cholesky(m @ m.T, upper=True)), lambda m: m @ m.T),
    "pinv": (lambda m: m[:, :3] @ L.pinv(m[:, :3]) @ m[:, :3], lambda m: m[:, :3]),
    "lstsq": (
        lambda m: m[:, :3].T @ (x - m[:, :3] @ L.lstsq(m[:, :3], x, rcond=None)[0]),
        lambda m: 0.0 * m[0, :3],
    ),
    "Q' Q": (
        lambda m: (lambda q: q.T @ q)(L.qr(m[:, :2], mode="complete")[0]),
        lambda m: 0.0 * m + np.eye(5),
    ),
    "U' U": (lambda m: (lambda u: u.T @ u)(L.svd(m[:, :4])[0]), lambda m: 0.0 * m + np.eye(5)),
    "V' V": (lambda m: (lambda v: v.T @ v)(L.eigh(m)[1]), lambda m: 0.0 * m + np.eye(5)),
}


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_factors_multiply_back(name, order):
    """The derivatives, too, satisfy the equations that define a decomposition."""
    product, whole = RECONSTRUCTIONS[name]
    weights = np.cos(np.arange(25.0))

    def scalar(f):
        def g(t):
            m = f((A + t * D).view(dn.DualArray))
            return np.sum(m * weights[: np.size(m)].reshape(np.shape(m)))

        return g

    got = dn.derivative(scalar(product), order=order)(0.0)
    want = dn.derivative(scalar(whole), order=order)(0.0)
    close(got, want, 1e-10)


def test_null_vectors_have_derivatives():
    """The last right singular vector of a 4 x 5 matrix, as homographies are fitted: A v = 0 through the derivatives."""
    wide = A[:4]

    def product(m):
        return m @ L.svd(m)[2][-1]

    got = dn.jacobian(product)(wide)
    close(got, np.zeros_like(got))
    got = dn.hessian(product)(wide)
    close(got, np.zeros_like(got), 1e-10)


def test_repeated_eigenvalues_share_first_derivatives():
    close(dn.gradient(lambda m: np.sum(L.eigvalsh(m) ** 2))(np.eye(3)), 2 * np.eye(3))
    close(dn.gradient(lambda m: L.eigvalsh(m)[0])(np.eye(3)), np.eye(3) / 3)
    close(dn.gradient(lambda m: np.sum(L.eigvals(m) ** 2))(np.eye(3)), 2 * np.eye(3))
    close(dn.gradient(lambda m: L.norm(m, "nuc"))(np.eye(3)), np.eye(3))
    close(dn.gradient(lambda m: L.norm(m, 2))(np.eye(3)), np.eye(3) / 3)
    q = np.linalg.qr(A)[0]
    m = (q * [1.0, 1.0, 2.0, 2.0, 5.0]) @ q.T
    close(
        dn.gradient(lambda m: np.sum(np.exp(L.eigvalsh((m + m.T) / 2))))(m),
        (q * np.exp([1, 1, 2, 2, 5])) @ q.T,
        1e-11,
    )


def test_repeated_eigenvalues_on_smooth_branches():
    """Where parts of a block have a common basis, symmetric functions are right to second order."""
    close(
        dn.hessian(lambda p: np.sum(L.eigvalsh(np.diag(p)) ** 3))(np.array([2.0, 2, 5])),
        np.diag([12.0, 12, 30]),
    )
    close(dn.hessian(lambda p: L.norm(np.diag(p), "nuc"))(np.array([2.0, 2, 5])), np.zeros((3, 3)))
    q = np.linalg.qr(A)[0]
    got = dn.hessian(lambda p: np.sum(L.eigvalsh((q * (p[0] * p[1])) @ q.T) ** 2))(np.array([2.0, 3.0]))
    close(got, 5 * np.array([[18.0, 24.0], [24.0, 8.0]]), 1e-10)


def test_repeated_singular_values_of_rectangular_matrices():
    """The singular values of U V' s, all equal to s, have the sum tr(V U' A), whose gradient is U V'."""
    q = np.linalg.qr(A)[0]
    stack = np.stack([2 * q[:, :2], 3 * q[:, 2:4]])
    for m in (stack[0], stack, np.swapaxes(stack, -1, -2)):
        scale = np.linalg.norm(m, 2, axis=(-2, -1))[..., None, None]
        close(dn.gradient(lambda m: np.sum(L.svdvals(m)))(m), m / scale)


@pytest.mark.parametrize("f", [L.eigvalsh, lambda m: np.sort(L.eigvals(m)), L.svdvals])
def test_slopes_of_repeated_values_do_not_depend_on_the_unit(f):
    """f(c A) = c f(A): which values count as equal is relative."""
    q = np.linalg.qr(A)[0]
    m, change = (q * [1.0, 1.0, 2.0, 4.0, 5.0]) @ q.T, D + D.T
    want = dn.jvp(f)(m, change)[1]
    for unit in (2.0**-70, 2.0**70):
        close(dn.jvp(f)(unit * m, change)[1], want, 1e-11)
    assert len(np.unique(np.round(want, 9))) == 4  # the two equal values alone share


@pytest.mark.parametrize("f", [L.eigh, L.eig])
def test_multiples_of_one_have_eigenvalues_and_vectors(f):
    got = dn.jacobian(lambda x: f(x[:, None, None] * np.eye(2)).eigenvalues)(np.array([2.0, 3.0]))
    np.testing.assert_array_equal(got, np.eye(2)[:, None, :] * np.ones((1, 2, 1)))
    np.testing.assert_array_equal(dn.jacobian(lambda t: f(t * np.eye(3)).eigenvalues)(2.0), np.ones(3))


def test_branches_are_the_same_at_two_levels_as_at_one():
    """Q (t diag(1, 2) + t^2 diag(3, 5)) Q' has the eigenvalues t + 3 t^2 and 2 t + 5 t^2."""
    q = np.linalg.qr(A[:2, :2])[0]

    def f(t):
        return L.eigvalsh(q @ np.diag([1.0, 2.0]) @ q.T * t + q @ np.diag([3.0, 5.0]) @ q.T * (t * t))

    close(dn.derivative(f)(0.0), [1.5, 1.5])  # which cross, so that to first order they share
    close(dn.derivative(f, order=2)(0.0), [6, 10])
    close(dn.derivative(dn.derivative(f))(0.0), [6, 10])


#: Branches of eigenvalues by their coefficients, and what those of a series made by hand get: from the first order k in
#: which branches differ on their mean, where k is odd and 2 k exceeds the order, 5.
SHARED = [[1, 0.5, 1, 0, 0, 1.5]] * 2 + [[1, 0.5, 2, 0, 0, 0]]
BRANCHES = [
    ([[1, 0, 1], [1, 0, 2, 0.3], [3, 1]], None),
    ([[1, 1, 0.2], [1, 1, 0.3], [1, 2, 0, 3]], None),
    ([[1, 0, 0, 1], [1, 0, 0, 2]], [[1, 0, 0, 1.5, 0, 0]] * 2),
    ([[1, 0.5, 1, 0, 1], [1, 0.5, 1, 0, 2], [1, 0.5, 2]], None),
    ([[1, 0.5, 1, 0, 0, 1], [1, 0.5, 1, 0, 0, 2], [1, 0.5, 2]], SHARED),
]


@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e3])
@pytest.mark.parametrize("branches, want", BRANCHES)
@pytest.mark.parametrize("f", [L.eigvalsh, lambda m: np.sort(L.eigvals(m)), lambda m: L.svdvals(m)[::-1]])
def test_branches_of_a_series_made_by_hand(f, branches, want, unit):
    """Q diag(branches) Q' where Q = (1 - t S)^-1 (1 + t S) Q0 is orthogonal, because S is skew."""
    n = len(branches)
    padded = np.array([np.pad(branch, (0, 6 - len(branch))) for branch in branches], float).T
    units = unit ** np.arange(6.0)[:, None]
    values, t = dn.series.number(padded * units), dn.series.number([0.0, unit, 0, 0, 0, 0])
    skew, one = (A - A.T)[:n, :n] * t, np.eye(n)
    q = L.solve(one - skew, (one + skew) @ L.qr(A[:n, :n])[0])
    got = dn.series.coefficients(f((q * values) @ q.T)) / units
    close(got, padded if want is None else np.transpose(want), 1e-11)


@pytest.mark.parametrize("f", [L.eigvalsh, L.eigvals])
def test_branches_of_hyper_dual_numbers_made_by_hand(f):
    """x^2 and 2 x^2 have the mixed parts 2 and 4."""
    x, q = dn.HyperDual(0.0, 1.0, 1.0, 0.0), np.linalg.qr(A[:2, :2])[0]
    got = dn.parts(f((q * np.array([1.0, 2.0])) @ q.T * (x * x)))
    close(np.sort(np.ravel(got["e12"])), [2, 4])
    close(np.ravel(got["e1"]), [0, 0])


def test_branches_with_a_common_basis_made_by_hand():
    """Q diag(p) Q' at p = (2, 2), for two variables at two levels: p_1^3 + p_2^3 has the Hessian diag(12, 12)."""
    p = np.array(
        [[2.0, 1, 0, 1, 0, 0, 0, 0, 0], [2.0, 0, 1, 0, 0, 0, 1, 0, 0]]
    )  # value, e1, and e2 with its e12
    p, q = np.frombuffer(p, dn.DualDType(2, 2)).view(dn.DualArray), np.linalg.qr(A[:2, :2])[0]
    for f in (L.eigvalsh, L.eigvals):
        close(dn.parts(np.sum(f((q * p) @ q.T) ** 3))["e12"], 12 * np.eye(2))


def test_multiples_of_one_beside_a_kink():
    """abs asks for a pass along one direction, in which the eigenvalues of (2 + t)^2 1 do not part either."""

    def f(t):
        return np.sum(L.eigvalsh((2 + t) ** 2 * np.eye(3)) * np.array([1.0, 2.0, 4.0])) + np.abs(t) * np.abs(
            t
        )

    close(dn.derivative(f, order=2)(0.0), 16)
    close(dn.derivative(f, order=3)(0.0), 0)
    got = dn.hessian(lambda p: f(p[0]) + p[0] * p[1] + np.abs(p[1]) ** 2)(np.zeros(2))
    close(got, [[16, 1], [1, 2]])


def test_zero_singular_values_and_zero_matrices_are_kinks():
    for f in (
        lambda m: L.norm(m, 2),
        lambda m: L.norm(m, "nuc"),
        L.norm,
        lambda m: np.sum(L.svd(m, compute_uv=False)),
    ):
        assert np.array_equal(dn.gradient(f)(np.zeros((3, 2))), np.zeros((3, 2)))
        assert np.isnan(dn.hessian(f)(np.zeros((3, 2)))).all()
        squared = dn.hessian(lambda m, f=f: f(m) ** 2 if f is L.norm else L.norm(m) ** 2)(np.zeros((3, 2)))
        close(squared.reshape(6, 6), 2 * np.eye(6), 1e-13)
        assert not np.signbit(dn.gradient(f)(np.zeros((3, 2)))).any()
    close(
        dn.jacobian(lambda m: L.svd(m, compute_uv=False))(np.diag([3.0, 0.0])),
        [np.diag([1.0, 0.0]), np.zeros((2, 2))],
    )


@pytest.mark.parametrize("exponent", [-1000, -700, -400, -230, -120, -40, 40, 120, 230, 400, 700, 1000])
@pytest.mark.parametrize("p", [2, 1.5, 2.5, 3, 4, 8, -1, -2, 0.5])
def test_norms_keep_huge_and_tiny_numbers(p, exponent):
    """A norm is homogeneous: its n-th derivative at ``c v`` is that at v times ``c^(1 - n)``; c is a power of two."""
    v, scale = np.array([3.0, -4.0, 12.0, 0.5]), 2.0**exponent

    def norm(x):
        return L.norm(x, p)

    with np.errstate(all="ignore"):  # the value overflows or vanishes, as NumPy has it
        close(dn.gradient(norm)(scale * v), dn.gradient(norm)(v), 1e-13)
        close(dn.hessian(norm)(scale * v) * scale, dn.hessian(norm)(v), 1e-12)
        for order in (1, 2, 3, 4):  # along v itself, however much it is scaled: c |1 + t| |v|
            got = dn.taylor(lambda t: norm(scale * v * (1 + t)), order)(0.0)[1:]
            close(got / scale / norm(v), [1.0, 0.0, 0.0, 0.0][:order], 1e-12)
        if abs(exponent) <= 300:
            third = dn.derivative_tensor(norm, 3)
            close(third(scale * v) * scale**2, third(v), 1e-11)


@pytest.mark.parametrize("p", [None, 2, 1.5, 3, 4, -1, 0.5])
def test_rows_have_the_norms_they_have_alone(p):
    """Rows of zeros, of huge, tiny and nonfinite numbers do not change the rows beside them."""
    ordinary = np.random.default_rng(4).normal(size=(4, 3))
    others = np.array([[0, 0, 0], [-0.0, 0, 0], [3e200, 4e200, 1e200], [1e-200, -2e-200, 3e-201]])
    unreal = np.array([[np.nan, 1, 2], [1, -np.inf, 2], [0, np.nan, 0]])
    rows = np.concatenate([ordinary, others, unreal])
    for batch in (rows, np.asfortranarray(rows)):
        with np.errstate(all="ignore"):
            got = dn.value_gradient_hessian(lambda x: L.norm(x, p, axis=-1), batched=True)(batch)
            alone = [dn.value_gradient_hessian(lambda x: L.norm(x, p))(row) for row in rows]
        for part, wanted in zip(got, zip(*alone, strict=True), strict=True):
            np.testing.assert_allclose(part, np.array(wanted), rtol=1e-13)
            np.testing.assert_array_equal(
                part[4:6], np.nan if part.ndim == 3 else 0
            )  # it depends on the direction


def test_euclidean_norm():
    v = np.array([3.0, -4.0, 12.0])
    close(dn.hessian(np.linalg.norm)(v), (np.eye(3) - np.outer(v, v) / 169) / 13)


@pytest.mark.parametrize("p", [2, 4, 6])
@pytest.mark.parametrize("scale", [1.0, 1e-60, 1e60])
def test_norms_of_even_order_are_smooth_where_an_entry_is_zero(p, scale):
    """``(1 + t^p)^(1/p) = 1 + t^p / p + …``"""
    with np.errstate(all="ignore"):  # the value overflows or vanishes, as NumPy has it
        got = dn.taylor(lambda t: L.norm(scale * np.stack([1 + 0 * t, t]), p), p)(0.0)[1:]
    close(got / scale, [0.0] * (p - 1) + [1 / p], 1e-14)


@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_norms_of_nothing(p, shape):
    """Zero, or from NumPy before 2.3 an error for the largest entry."""
    x = np.zeros(shape)
    try:
        want = np.linalg.norm(x, p, axis=-1)
    except ValueError:
        with pytest.raises(ValueError):
            np.linalg.norm(dn.seed(x), p, axis=-1)
        return
    np.testing.assert_array_equal(dn.value(np.linalg.norm(dn.seed(x), p, axis=-1)), want)


def test_norms_of_numbers():
    for p in (1, 2, 3, 2.5, -1, -2, np.inf, -np.inf):
        for number in (2.0, -3.0):
            d = L.vector_norm(dn.seed(number), ord=p)
            assert d.primal == L.vector_norm(number, ord=p) and np.shape(d) == ()
            close(d.tangent, np.sign(number), 1e-15)


def test_axes_of_norms_are_numpys():
    m = A[:2, :3]
    for axis in (True, False, 0.5, 1.5, np.int64(1), np.array(1)):
        got = L.norm(dn.seed(m), axis=axis)
        assert np.array_equal(dn.value(got), L.norm(m, axis=axis))
        assert np.array_equal(dn.tangent(got), dn.tangent(L.norm(dn.seed(m), axis=int(axis))))


def test_pseudoinverse_of_constant_rank():
    m = np.outer(np.arange(1.0, 4), [1.0, 2.0])
    got = dn.gradient(lambda p: L.pinv(p[0] * m * p[1])[0, 0])(np.array([2.0, 3.0]))
    value = np.linalg.pinv(6 * m)[0, 0]
    close(got, [-value / 2, -value / 3], 1e-13)
    second = dn.hessian(lambda p: L.pinv(p[0] * m * p[1])[1, 2])(np.array([2.0, 3.0]))
    value = np.linalg.pinv(6 * m)[1, 2]
    close(second, value * np.array([[2 / 4, 1 / 6], [1 / 6, 2 / 9]]), 1e-13)


@pytest.mark.parametrize("p", [1, np.inf, "fro", 2])
def test_condition_of_singular_matrices(p):
    """It is |A| over a distance that is 0 with a kink: infinite slopes where the norm has some, in all norms alike."""
    m = np.array([[2.0, 0.0], [0.0, 0.0]])
    with np.errstate(divide="ignore"):
        got = dn.gradient(lambda m: L.cond(m, p))(m)
    assert np.array_equal(got, [[np.inf, 0.0], [0.0, 0.0]])
    stack = np.stack([m, A[:2, :2]])
    with np.errstate(divide="ignore"):
        both = dn.derivative(lambda t: L.cond(t * stack + D[:2, :2] * (t - 1), p))(1.0)
    alone = dn.derivative(lambda t: L.cond(t * stack[1] + D[:2, :2] * (t - 1), p))(1.0)
    np.testing.assert_allclose(both[1], alone, rtol=1e-14)


@pytest.mark.parametrize("shape", [(5, 5), (8, 4), (4, 30)], ids=str)
@pytest.mark.parametrize("condition", [1.0, 1e4, 1e8])
def test_pseudoinverse_of_a_product_of_low_rank(shape, condition):
    """``(P Q')^+ = Q'^+ P^+`` for factors of full rank, to every order, however badly conditioned."""
    p, q = (np.linalg.qr(draw(n, 3, seed=42 + n))[0] for n in shape)
    p = p * np.geomspace(1, 1 / condition, 3)
    dp, dq = draw(shape[0], 3, seed=43), draw(shape[1], 3, seed=44)
    for order in (1, 2, 3):
        got = dn.taylor(lambda t: L.pinv((p + t * dp) @ (q + t * dq).T), order)(0.0)[order]
        want = dn.taylor(lambda t: L.pinv((q + t * dq).T) @ L.pinv(p + t * dp), order)(0.0)[order]
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-13 * condition * np.max(np.abs(want)))


@pytest.mark.parametrize("scale", [1e-200, 1e-10, 1.0, 1e10])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_rank_that_one_direction_raises(scale, order):
    """The pseudoinverse jumps at any order of the direction that raises the rank, and beside directions of any size."""

    def matrix(x):
        zero = 0 * x[0]
        return np.stack([np.stack([1 + scale * x[0], zero]), np.stack([zero, x[1] ** order])])

    for f in (L.pinv, lambda m: L.lstsq(m, np.ones(2), rcond=None)[0]):
        for small in (1.0, 1e-200):
            with pytest.raises(
                ValueError, match="expects derivatives that keep the rank of A, which is 1 of 2"
            ):
                dn.derivative_tensor(lambda x, f=f, s=small: f(s * matrix(x)), order)(np.zeros(2))
        if scale**order == 0:
            continue
        got = dn.derivative_tensor(lambda x, f=f: f(matrix(np.stack([x[0], 0 * x[0]]))), order)(np.zeros(2))
        assert abs(got[0, ...].ravel()[0] / (scale**order * (-1) ** order * (1, 1, 2, 6)[order]) - 1) < 1e-12


@pytest.mark.parametrize("small", [1.0, 1e-3, 1e-6])
def test_a_rank_raised_beside_small_singular_values(small):
    """By a thousandth of a direction that moves the others, however ill-conditioned they are."""
    a, direction = np.diag([1.0, small, 0.0]), np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    inverse = np.array([1, 1 / small, 0.0])
    close(dn.jvp(L.pinv)(a, direction)[1], -inverse[:, None] * direction * inverse)
    direction[2, 2] = 1e-3
    with pytest.raises(ValueError, match="expects derivatives that keep the rank of A, which is 2 of 3"):
        dn.jvp(L.pinv)(a, direction)


def test_tolerances_of_ranks_may_be_duals():
    a, tolerance = np.diag([3.0, 2.0, 1e-3]), dn.Dual(0.1)
    for x in (a, dn.seed(a)):
        assert (
            L.matrix_rank(x, tolerance)
            == L.matrix_rank(x, tol=tolerance)
            == L.matrix_rank(x, rtol=tolerance)
            == 2
        )
    close(dn.value(L.pinv(dn.seed(a), rcond=tolerance)), np.diag([1 / 3, 1 / 2, 0]))


def test_singular_values_below_a_cutoff_may_move():
    """Where NumPy drops a singular value, it does so in a neighbourhood: it need not be zero, nor stay zero."""
    for low in (0.0, 1e-3):
        got = dn.jacobian(lambda x, low=low: L.pinv(np.diag([1, low]) + np.diag(x), rcond=1e-2))(np.zeros(2))
        close(got, np.array([[[-1, 0], [0, 0]], [[0, 0], [0, 0]]]))
    top = A + 9 * np.outer(a, b)  # A_r^+ A = A_r^+ A_r is a projection on the directions that are kept

    def projection(m):
        return L.pinv(m, rcond=0.4) @ m

    assert 0 < np.linalg.matrix_rank(top, rtol=0.4) < 5
    for order in (1, 2, 3):
        for f, want in (
            (lambda m: np.trace(projection(m)), 0.0),
            (lambda m: projection(m) @ L.pinv(m, 0.4), None),
        ):
            got = dn.derivative(lambda t, f=f: f((top + t * D).view(dn.DualArray)), order)(0.0)
            if want is None:
                want = dn.derivative(lambda t: L.pinv((top + t * D).view(dn.DualArray), 0.4), order)(0.0)
            close(got, want, 1e-10)
