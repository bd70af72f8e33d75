"""Linear algebra and polynomials of complex duals: identities to every order, mpmath to second, values NumPy's bits."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from complex_matrices import DTYPES, adjoint, draw, duals, spread, zero
from expect import close, functions, listed

import dualnum as dn
from dualnum import _core

L = np.linalg


def largest(v):
    """Return the largest component of each vector."""
    at = np.argmax(np.abs(_core.value(v)), axis=-2)
    return np.take_along_axis(v, at[..., None, :], axis=-2)


def one(a):
    return np.eye(a.shape[-1])


# ---- identities, to every order of every kind of levels ----------------------------------------------------


def solve(a, b):
    yield a @ L.solve(a, b) - b
    if a.ndim == 2:
        yield a @ L.solve(a, b[:, 0]) - b[:, 0]
    yield a @ L.solve(a, _core.value(b)) - _core.value(b)
    yield _core.value(a) @ L.solve(_core.value(a), b) - b
    yield L.solve(a.real, b) - L.inv(a.real) @ b
    yield a @ L.solve(a, b.real) - b.real


def inv(a, b):
    yield a @ L.inv(a) - one(a)
    yield L.matrix_power(a, -2) @ a @ a - one(a)
    yield L.matrix_power(a, 3) - a @ a @ a
    yield L.matrix_power(a, 0) - one(a)
    yield L.matrix_power(a, 1) - a


def det(a, b):
    yield (L.det(a) * L.det(b) - L.det(a @ b)) / 1e4
    yield L.det(a @ L.inv(a)) - 1
    sign, log = L.slogdet(a)
    yield (sign * np.exp(log) - L.det(a)) / 1e3
    yield sign * np.conjugate(sign) - 1
    yield L.slogdet(adjoint(a)).sign - np.conjugate(sign)
    yield L.det(a) - np.prod(L.eigvals(a), axis=-1)


def cholesky(a, b):
    a = a @ adjoint(a) + one(a)
    low, up = L.cholesky(a), L.cholesky(a, upper=True)
    yield low @ adjoint(low) - a
    yield adjoint(up) @ up - a
    yield np.triu(low, 1)
    yield np.tril(up, -1)
    yield np.diagonal(low, axis1=-2, axis2=-1).imag
    yield L.cholesky(np.tril(a) + np.triu(b, 1)) - low  # NumPy reads one triangle
    yield L.cholesky(np.triu(a) + np.tril(b, -1), upper=True) - up


def qr(a, b):
    tall, wide = np.concatenate([a, b], axis=-2), np.concatenate([a, b], axis=-1)
    for m, mode in ((a, "reduced"), (tall, "reduced"), (tall, "complete"), (wide, "reduced")):
        q, r = L.qr(m, mode)
        yield q @ r - m
        yield adjoint(q) @ q - one(q)
        yield np.tril(r, -1)
        yield np.diagonal(r, axis1=-2, axis2=-1).imag
        yield L.qr(m, "r") - r if mode == "reduced" else 0.0


def eigh(a, b):
    a = a + adjoint(a)
    for triangle, anchor in (("L", 0), ("U", -1)):
        w, v = L.eigh(a, triangle)
        yield a @ v - v * w[..., None, :]
        yield adjoint(v) @ v - one(a)
        yield v[..., anchor, :].imag
        yield L.eigvalsh(a, triangle) - w
    yield L.eigvalsh(np.tril(a) + np.triu(b, 1)) - w
    yield L.eigvalsh(np.triu(a) + np.tril(b, -1), "U") - w


def eig(a, b):
    w, v = L.eig(a)
    yield a @ v - v * w[..., None, :]
    yield (v.real**2 + v.imag**2).sum(axis=-2) - 1
    yield largest(v).imag
    yield L.eigvals(a) - w


def svd(a, b):
    tall, wide = np.concatenate([a, b], axis=-2), np.concatenate([a, b], axis=-1)
    for m in (a, tall, wide):
        u, s, vt = L.svd(m, full_matrices=m is a)
        yield u * s[..., None, :] @ vt - m
        yield adjoint(u) @ u - one(u)
        yield vt @ adjoint(vt) - np.eye(vt.shape[-2])
        yield u[..., 0, :].imag if m is wide else vt[..., 0].imag
        yield L.svdvals(m) - s
        yield L.norm(m, 2, axis=(-2, -1)) - s[..., 0]
        yield L.norm(m, -2, axis=(-2, -1)) - s[..., -1]
        yield L.norm(m, "nuc", axis=(-2, -1)) - s.sum(axis=-1)
        yield (L.norm(m, axis=(-2, -1)) ** 2 - (s * s).sum(axis=-1)) / 1e2
        yield L.cond(m) - s[..., 0] / s[..., -1]
    hermitian = a + adjoint(a)
    u, s, vt = L.svd(np.tril(hermitian) + np.triu(b, 1), hermitian=True)
    yield u * s[..., None, :] @ vt - hermitian
    yield L.svd(hermitian, compute_uv=False, hermitian=True) - s


def pinv(a, b):
    tall, wide = np.concatenate([a, b], axis=-2), np.concatenate([a, b], axis=-1)
    for m, options in ((a, {}), (tall, {}), (wide, {}), (tall[..., :2] @ wide[..., :2, :], {"rcond": 1e-9})):
        p = L.pinv(m, **options)
        yield m @ p @ m - m
        yield p @ m @ p - p
        yield m @ p - adjoint(m @ p)
        yield p @ m - adjoint(p @ m)
    hermitian = a + adjoint(a)
    yield L.pinv(np.tril(hermitian) + np.triu(b, 1), hermitian=True) - L.inv(hermitian)


def lstsq(a, b):
    if a.ndim > 2:
        return
    tall, wide = np.concatenate([a, b], axis=-2), np.concatenate([a, b], axis=-1)
    right = np.concatenate([b, a], axis=-2)[:, :2]
    for m, y in ((tall, right), (tall, right[:, 0]), (tall, right.real), (tall.real, right)):
        x, squares, rank, s = L.lstsq(m, y)
        r = np.reshape(y - m @ x, (len(m), -1))
        yield adjoint(m) @ r
        yield squares - (r.real**2 + r.imag**2).sum(axis=0)
        yield s - L.svdvals(m)
        assert rank == 3
    for m, options in ((a, {}), (wide, {}), (a[:, :2] @ wide[:2], {"rcond": 1e-9})):
        x, squares, rank, s = L.lstsq(m, b, **options)
        yield x - L.pinv(m, **options) @ b
        assert squares.size == 0


def tensors(a, b):
    if a.ndim > 2:
        return
    t = np.concatenate([np.concatenate([a, b]), np.concatenate([b @ b, a])], axis=1)
    x = L.tensorsolve(t.reshape(2, 3, 6), b[:2])
    yield np.tensordot(t.reshape(2, 3, 6), x, 1) - b[:2]
    yield L.tensorsolve(np.moveaxis(t.reshape(2, 3, 6), -1, 0), b[:2], axes=(0,)) - x
    yield np.tensordot(L.tensorinv(t.reshape(2, 3, 6)), t.reshape(2, 3, 6), 2) - np.eye(6)
    yield L.tensorinv(t.reshape(6, 2, 3), ind=1).reshape(6, 6) - L.inv(t)
    yield L.multi_dot([a[0], a, b, a[:, 0]]) - a[0] @ a @ b @ a[:, 0]
    yield L.multi_dot([a, b]) - a @ b
    yield np.trace(a) - a[0, 0] - a[1, 1] - a[2, 2]
    yield L.diagonal(a) - np.stack([a[i, i] for i in range(3)])
    yield np.outer(a[0], b[0]) - a[0][:, None] * b[0]
    yield (np.kron(a, b)[3:6, :3] - a[1, 0] * b)
    yield np.cross(a[0], b[0]) @ a[0]
    yield np.cross(a[0], b[0])[2] - a[0, 0] * b[0, 1] + a[0, 1] * b[0, 0]


def norms(a, b):
    modulus = np.abs(a)
    for p, axis in itertools.product((1, 2, 3, 4, 6, -1, 0.5), (-1, -2)):
        yield (L.norm(a, p, axis=axis) - (modulus**p).sum(axis=axis) ** (1 / p)) / 1e2
    for p, axis, other in ((np.inf, -1, -2), (1, -2, -1)):
        yield L.norm(a, p, axis=(-2, -1)) - modulus.sum(axis=axis).max(axis=-1)
        yield L.norm(a, -p, axis=(-2, -1)) - modulus.sum(axis=axis).min(axis=-1)
        yield L.norm(a, np.inf, axis=other) - modulus.max(axis=other)
        yield L.cond(a, p) - L.norm(a, p, axis=(-2, -1)) * L.norm(L.inv(a), p, axis=(-2, -1))
    yield L.norm(a, axis=-1, keepdims=True)[..., 0] - L.vector_norm(a, axis=-1)
    yield L.norm(a, "fro", axis=(-2, -1)) - L.matrix_norm(a)
    yield L.norm(a, 0, axis=-1) - 3


def polynomials(a, b):
    if a.ndim > 2:
        return
    p, x = a[0], b[0]
    yield np.polyval(p, np.roots(p))
    yield np.polyval(p.real, np.roots(p.real))
    yield np.polyval(np.poly(p), p) / 1e2
    yield np.poly(a) - np.poly(L.eigvals(a))
    yield np.poly(p) * p[0] - np.polymul(p[0] * np.array([1, -p[0]]), np.poly(p[1:]))
    fit = np.polyfit(x, p, 2)
    yield np.polyval(fit, x) - p
    yield np.vander(x, 3) @ fit - p
    weights = 1.0 + np.abs(_core.value(x))
    fit, covariance = np.polyfit(x, p, 1, w=weights, cov="unscaled")
    m = np.vander(x, 2) * weights[:, None]
    yield adjoint(m) @ (m @ fit - p * weights)
    yield covariance @ (m.T @ m) - np.eye(2)
    poly = np.polynomial.polynomial
    yield poly.polyval(poly.polyroots(p), p)
    yield poly.polyfromroots(p) - np.poly(p)[::-1]
    yield np.polynomial.Polynomial(p)(np.polynomial.Polynomial(p).roots())
    cheb = np.polynomial.Chebyshev(p)
    yield cheb(cheb.roots())
    yield poly.polyval(x, poly.polyfit(x, p, 2)) - p


IDENTITIES = [
    solve, inv, det, cholesky, qr, eigh, eig, svd, pinv, lstsq, tensors, norms, polynomials
]  # fmt: skip


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype, stack", [*((dtype, ()) for dtype in DTYPES), (DTYPES[1], (2, 1))], ids=str)
def test_identities(dtype, stack, identity):
    a, b = duals(spread(*stack, 3, 3), dtype), duals(draw(*stack, 3, 3, seed=7), dtype, seed=3)
    for residual in identity(a, b):
        zero(residual, 1e-9)


# ---- to second order against mpmath ------------------------------------------------------------------------

DIGITS, STEP = 100, mp.mpf(10) ** -25


def matrix(a):
    return mp.matrix(np.asarray(a).tolist())


def turned(vectors, like, row):
    """Return columns of length 1 whose entry in this row is real and has the sign of NumPy's."""
    result = vectors.copy()
    for j in range(vectors.cols):
        anchor, size = vectors[row[j], j], mp.sqrt(sum(abs(x) ** 2 for x in vectors[:, j]))
        sign = 1 if like[row[j], j].real > 0 else -1
        result[:, j] = vectors[:, j] * (sign * mp.conj(anchor) / abs(anchor) / size)
    return result


def qr_truth(a, q0, r0):
    q, r = mp.qr(a, mode="skinny")
    phase = [r[j, j] / abs(r[j, j]) * (1 if r0[j, j].real > 0 else -1) for j in range(r.rows)]
    for j, p in enumerate(phase):
        q[:, j], r[j, :] = q[:, j] * p, r[j, :] / p
    return q, r


def eigh_truth(a, w0, v0):
    w, v = mp.eighe(a)
    return mp.matrix(w), turned(v, v0, [0] * v.cols)


def eig_truth(a, w0, v0):
    w, v = mp.eig(a)
    nearest = [min(range(len(w)), key=lambda j, x=x: abs(w[j] - complex(x))) for x in w0]
    v = mp.matrix([[v[i, j] for j in nearest] for i in range(v.rows)])
    return mp.matrix([w[j] for j in nearest]), turned(v, v0, np.argmax(np.abs(v0), axis=0).tolist())


def svd_truth(a, u0, s0, vt0):
    w, v = mp.eighe(a.H * a)
    s = [mp.sqrt(x) for x in w][::-1]
    v = turned(mp.matrix([row[::-1] for row in v.tolist()]), vt0.conj().T, [0] * v.cols)
    return a * v * mp.diag([1 / x for x in s]), mp.matrix(s), v.H


def roots_truth(p, x0):
    """Return the roots of a quadratic polynomial by Newton's method."""
    x = [mp.mpc(complex(r)) for r in x0]
    for _ in range(8):
        x = [r - (p[0] * r * r + p[1] * r + p[2]) / (2 * p[0] * r + p[1]) for r in x]
    return mp.matrix(x)


def singular_values(a):
    return [mp.sqrt(x) for x in mp.eighe(a.H * a, eigvals_only=True)][::-1]


# name: (the call, the same of a matrix of mpmath's, and of NumPy's values where the call has signs or an order)
TRUTHS = {
    "inv": (L.inv, lambda a: a**-1),
    "solve": (lambda a: L.solve(a, a[:, 0] ** 2), lambda a: a**-1 * mp.matrix([x**2 for x in a[:, 0]])),
    "det": (L.det, lambda a: mp.det(a)),
    "slogdet": (L.slogdet, lambda a: (mp.sign(mp.det(a)), mp.log(abs(mp.det(a))))),
    "cholesky": (lambda a: L.cholesky(a @ a.conj().T), lambda a: mp.cholesky(a * a.H)),
    "qr": (L.qr, qr_truth),
    "qr of tall": (lambda a: L.qr(a[:, :2]), lambda a, *v: qr_truth(a[:, :2], *v)),
    "eigh": (lambda a: L.eigh(a + a.conj().T), lambda a, *v: eigh_truth(a + a.H, *v)),
    "eigvalsh": (
        lambda a: L.eigvalsh(a @ a.conj().T),
        lambda a: mp.matrix(mp.eighe(a * a.H, eigvals_only=True)),
    ),
    "eig": (L.eig, eig_truth),
    "eigvals": (L.eigvals, lambda a, w: eig_truth(a, w, np.ones((3, 3)))[0]),
    "eig of real": (lambda a: L.eig(a.real), lambda a, *v: eig_truth((a + a.conjugate()) / 2, *v)),
    "svd": (L.svd, svd_truth),
    "svd of tall": (
        lambda a: L.svd(a[:, :2], full_matrices=False),
        lambda a, *v: svd_truth(a[:, :2], *v),
    ),
    "svd of wide": (
        lambda a: L.svd(a[:2], full_matrices=False),
        lambda a, u, s, vt: tuple(x.H for x in svd_truth(a[:2, :].H, vt.conj().T, s, u.conj().T)[::-1]),
    ),
    "norm 2": (lambda a: L.norm(a, 2), lambda a: singular_values(a)[0]),
    "norm nuc": (lambda a: L.norm(a, "nuc"), lambda a: sum(singular_values(a))),
    "norm fro": (L.norm, lambda a: mp.sqrt(sum(abs(x) ** 2 for x in a))),
    "norm 1": (lambda a: L.norm(a[0], 1), lambda a: sum(abs(x) for x in a[0, :])),
    "norm 3": (lambda a: L.norm(a[0], 3), lambda a: mp.cbrt(sum(abs(x) ** 3 for x in a[0, :]))),
    "norm 4": (lambda a: L.norm(a[0], 4), lambda a: mp.root(sum(abs(x) ** 4 for x in a[0, :]), 4)),
    "cond": (L.cond, lambda a: singular_values(a)[0] / singular_values(a)[-1]),
    "pinv": (lambda a: L.pinv(a[:, :2]), lambda a: (a[:, :2].H * a[:, :2]) ** -1 * a[:, :2].H),
    "lstsq": (
        lambda a: L.lstsq(a[:, :2], a[:, 2])[:2],
        lambda a, *v: lstsq_truth(a[:, :2], a[:, 2]),
    ),
    "matrix_power": (lambda a: L.matrix_power(a, -3), lambda a: a**-3),
    "roots": (lambda a: np.roots(a[0]), lambda a, x: roots_truth(a[0, :], x)),
    "roots of real": (
        lambda a: np.roots(a[0].real),
        lambda a, x: roots_truth([mp.re(z) for z in a[0, :]], x),
    ),
    "polyroots": (
        lambda a: np.polynomial.polynomial.polyroots(a[0]),
        lambda a, x: roots_truth(list(a[0, :])[::-1], x),
    ),
    "poly": (
        lambda a: np.poly(a[0, :2]),
        lambda a: mp.matrix([1, -a[0, 0] - a[0, 1], a[0, 0] * a[0, 1]]),
    ),
}


def lstsq_truth(a, b):
    x = (a.H * a) ** -1 * a.H * b
    return x, mp.matrix([sum(abs(r) ** 2 for r in b - a * x)])


def outputs(result):
    return list(result) if isinstance(result, tuple) else [result]


def numbers(x):
    return np.array([complex(z) for z in x] if isinstance(x, mp.matrix) else complex(x))


def derivatives_of(truth, a, b, values):
    """Return the first and the second derivatives of each output along b: central differences, right to 40 digits."""
    with mp.workdps(DIGITS):
        at = [outputs(truth(matrix(a) + k * STEP * matrix(b), *values)) for k in (-1, 0, 1)]
        first = [numbers((high - low) / (2 * STEP)) for low, _, high in zip(*at, strict=True)]
        return first, [numbers((high - 2 * x + low) / STEP**2) for low, x, high in zip(*at, strict=True)]


ROTATING = np.array([[0, 2, 0], [-3, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("name", TRUTHS)
def test_first_and_second_derivatives(name):
    call, truth = TRUTHS[name]
    a, b = spread(3, 3) + ROTATING, draw(3, 3, seed=2)
    values = outputs(call(a)) if truth.__code__.co_argcount > 1 or truth.__code__.co_flags & 4 else []
    first, second = derivatives_of(truth, a, b, values)
    for i in range(len(first)):

        def f(t, i=i):
            return outputs(call(a + t * b))[i]

        close(np.ravel(dn.derivative(f)(0.0)), np.ravel(first[i]), 1e-12)
        close(np.ravel(dn.derivative(f, 2)(0.0)), np.ravel(second[i]), 1e-11)
        nested = dn.jacobian(dn.jacobian(f))(0.0)
        close(np.ravel(nested), np.ravel(second[i]), 1e-11)


# ---- values, shapes and memory -----------------------------------------------------------------------------

CALLS = """
    L.inv(a) ; L.det(a) ; L.slogdet(a) ; L.pinv(a) ; L.pinv(a, hermitian=True) ; L.cholesky(a @ adjoint(a))
    L.qr(a) ; L.qr(a, "r") ; L.qr(a[..., :2], "complete") ; L.eig(a) ; L.eigvals(a) ; L.eigh(a) ; L.eigh(a, "U")
    L.eigvalsh(a) ; L.eigvalsh(a, "U") ; L.svd(a) ; L.svd(a[..., :2, :], full_matrices=False) ; L.svdvals(a)
    L.svd(a, compute_uv=False) ; L.svd(a, hermitian=True) ; L.matrix_power(a, 5) ; L.matrix_power(a, 1)
    L.matrix_power(a, 0) ; L.matrix_power(a, -2) ; L.cond(a) ; L.cond(a, 1) ; L.cond(a, "fro") ; L.norm(a)
    L.norm(a, 2, axis=(-1, -2)) ; L.norm(a, axis=-1) ; L.norm(a, 3, axis=-2, keepdims=True) ; L.norm(a, 1, (0, 1))
    L.norm(a, 4, 1) ; L.norm(a, 0, -1) ; L.norm(a, np.inf, -1) ; L.norm(a, "nuc", (-2, -1)) ; L.vector_norm(a)
    L.vector_norm(a, axis=(0, 1), keepdims=True) ; L.matrix_norm(a, ord=-2) ; L.matrix_rank(a) ; L.solve(a, a)
    L.solve(a, a.real) ; L.solve(a.real, a) ; L.solve(a, a[..., :, :1]) ; L.solve(a, v) ; L.solve(c, a)
    L.tensorinv(a[..., None, :], ind=a.ndim - 1) ; L.trace(a) ; L.diagonal(a) ; L.multi_dot([a[..., 0], a[..., 1].T])
    L.multi_dot([v, v[:, None], v]) ; L.cross(a, a[..., ::-1, :]) ; np.cross(a, v) ; np.kron(a, v) ; np.outer(a, v)
    L.lstsq(a[..., 0], a[..., 1]) ; L.lstsq(a[..., 0], v, rcond=0.4) ; L.lstsq(a[..., 0], a[..., 0]) ; np.vander(v)
    np.roots(v) ; np.roots(v.real) ; np.poly(v) ; np.polyval(v, a) ; np.polyfit(v, v**3, 1) ; np.polymul(v, v)
    np.polyfit(v, v[:, None] ** [1, 2], 1, full=True) ; np.polyfit(v, v**3, 1, cov="unscaled")
    np.polynomial.polynomial.polyroots(v) ; np.polynomial.Chebyshev(v).roots() ; np.polynomial.Legendre(v)(a)
    np.polynomial.polynomial.polyfit(v, v**2, 1) ; np.polynomial.Polynomial.fit(v.real, v, 1).coef
    np.poly(a.reshape(-1, 3, 3)[0]) ; np.poly([1j, *v[:2]]) ; np.poly1d(v).roots ; np.polydiv(v, v[:2])
"""
NAMES = {"adjoint": adjoint, "v": None, "c": None}


def laid_out(x, layout):
    """Return x with other strides; of "strided", as every other element of a larger array."""
    if layout == "transposed":
        return x.swapaxes(-1, -2).copy().swapaxes(-1, -2)
    if layout == "strided":
        return np.repeat(np.repeat(x, 2, axis=-1), 2, axis=0)[::2, ..., ::2]
    return x


def strides(x):
    return [step // x.itemsize for step, n in zip(x.strides, x.shape, strict=True) if n > 1]


@pytest.mark.parametrize("layout, stack", [("C", ()), ("transposed", ()), ("strided", (2, 2))])
@pytest.mark.parametrize("call", listed(CALLS))
def test_values_are_numpys(call, layout, stack):
    """Bits, types, shapes and strides are NumPy's, of arrays laid out alike; where NumPy refuses, so do duals."""
    a, v = spread(*stack, 3, 3), draw(3)
    f = functions(call, "a, v, c", adjoint=adjoint)[call]

    def run(a, v):
        try:
            return outputs(f(laid_out(a, layout), v, spread(3, 3)))
        except (ValueError, np.linalg.LinAlgError) as error:
            return error

    want, got = run(a, v), run(duals(a, DTYPES[0]), duals(v, DTYPES[0]))
    if isinstance(want, Exception):
        assert type(got) is type(want)
        return
    for part, plain in zip(got, want, strict=True):
        assert np.shape(part) == np.shape(plain)
        assert isinstance(part, np.ndarray) == isinstance(plain, np.ndarray)
        values = np.asarray(_core.value(part))
        assert values.dtype == np.asarray(plain).dtype or not np.iscomplexobj(plain)
        assert np.array_equal(values, plain)
        if _core.is_complex_dual(part) and isinstance(part, np.ndarray):
            assert type(part) is dn.DualArray
            assert strides(part) == strides(plain)


PRODUCTS = """
    a.T @ a ; a @ a.conj().T ; a[:, 0] @ a ; a[::2] @ a[:, ::2] ; a[::-1] @ a ; a.T @ a.real ; a.imag.T @ a
    np.dot(a.T, a[0]) ; np.inner(a, a) ; np.vdot(a.T, a) ; np.tensordot(a, a, ([0], [1])) ; np.dot(a, 2j)
    np.einsum("ij,kj->ik", a, a) ; np.correlate(a[:, 0], a[1, ::2])
    L.matrix_power(a.T, 3) ; L.multi_dot([a.T, a, a.T])
"""


@pytest.mark.parametrize("call", listed(PRODUCTS))
def test_values_of_products_are_numpys(call):
    """BLAS's sums depend on strides, and on two operands being one matrix."""
    a, f = draw(17, 17), functions(PRODUCTS)[call]
    assert np.array_equal(_core.value(np.asarray(f(duals(a, DTYPES[0])))), f(a))
