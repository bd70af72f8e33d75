"""
The cases of every function of linear algebra: a call, its argument, and its truth in arbitrary precision.

A truth takes a matrix of mpmath numbers (an object array); one that is `signed` also takes NumPy's float64 answers, for
the signs of vectors.  Its derivatives are central differences with a step of 1e-25 in 100 digits, right to 40 digits or
more.
"""

import itertools
from collections import namedtuple

import mpmath as mp
import numpy as np
from expect import functions

Case = namedtuple("Case", "call argument truth signed", defaults=[False])

DIGITS, STEP = 100, mp.mpf(10) ** -25


def outputs(result):
    """Return the results of a function as a list of arrays: real parts, because NumPy 2.5's eig gives complex ones."""
    arrays = list(result) if isinstance(result, tuple) else [result]
    return [np.real(x) if np.iscomplexobj(x) else x for x in arrays]


def exact(array):
    """Return float64 as an object array of mpmath numbers."""
    return np.vectorize(mp.mpf, otypes=[object])(np.asarray(array, float))


def mixed_derivative(case, directions):
    """Return the derivative of the truth along each of the directions in turn, as float64 arrays."""
    like = [outputs(case.call(case.argument))] if case.signed else []
    with mp.workdps(DIGITS):
        base, total = exact(case.argument), None
        moves = [exact(d) * STEP for d in directions]
        for signs in itertools.product((1, -1), repeat=len(moves)):
            moved = base
            for sign, move in zip(signs, moves, strict=True):
                moved = moved + sign * move
            weight = np.prod(signs, dtype=int) / (2 * STEP) ** len(moves)
            terms = [np.asarray(part, dtype=object) * weight for part in outputs(case.truth(moved, *like))]
            total = terms if total is None else [t + u for t, u in zip(total, terms, strict=True)]
        return [np.array([float(z) for z in np.ravel(t)]).reshape(np.shape(t)) for t in total]


def matrix(a):
    """Return an object array as an mpmath matrix."""
    return mp.matrix(a.tolist())


def array(m):
    """Return an mpmath matrix as an object array."""
    return np.array([[m[i, j] for j in range(m.cols)] for i in range(m.rows)], dtype=object).reshape(
        m.rows, m.cols
    )


def inverse(a):
    return array(matrix(a) ** -1)


def signed(vectors, like):
    """Return the columns with the signs of NumPy's."""
    dots = [
        sum(float(x) * y for x, y in zip(vectors[:, j], like[:, j], strict=True))
        for j in range(like.shape[1])
    ]
    return vectors * np.array([1 if d > 0 else -1 for d in dots], dtype=object)


def lower(a):
    return np.tril(a) + np.tril(a, -1).T


def upper(a):
    return np.triu(a) + np.triu(a, 1).T


def eigh_truth(a, like):
    w, v = mp.eigsy(matrix(a))
    return np.array(list(w), dtype=object), signed(array(v), like[1])


def eig_truth(a, like):
    w, v = mp.eig(matrix(a))
    order = [min(range(len(w)), key=lambda i: abs(w[i] - float(x))) for x in like[0]]
    w, v = np.array([mp.re(w[i]) for i in order], dtype=object), array(v)[:, order]
    v = np.vectorize(mp.re, otypes=[object])(v)
    lengths = np.array([mp.sqrt(z) for z in (v * v).sum(axis=0)], dtype=object)
    return w, signed(v / lengths, like[1])


def svd_truth(a, like):
    u0, s0, vt0 = like
    if a.shape[0] < a.shape[1]:
        u, s, vt = svd_truth(a.T, (vt0.T, s0, u0.T))
        return vt.T, s, u.T
    u, s, vt = mp.svd_r(matrix(a), full_matrices=False)
    u, vt, s = array(u), array(vt), np.array(list(s), dtype=object)
    v = signed(vt.T, vt0.T)
    u = (a @ v) / s
    if u0.shape[1] > u.shape[1]:  # one vector completes the basis
        for basis in np.eye(a.shape[0]):
            last = exact(basis) - u @ (u.T @ exact(basis))
            if float(last @ last) > 0.05:
                break
        u = np.concatenate([u, signed((last / mp.sqrt(last @ last))[:, None], u0[:, -1:])], axis=1)
    return u, s, v.T


def householder(a, complete=True):
    """Return Q and R by LAPACK's reflections, with its signs."""
    m, n = a.shape
    r, q = a.copy(), exact(np.eye(m))
    for j in range(min(m - 1, n)):
        x = r[j:, j].copy()
        beta = -mp.sign(x[0]) * mp.sqrt(x @ x)
        x[0] = x[0] - beta
        tau = 2 / (x @ x)
        r[j:] = r[j:] - tau * np.outer(x, x @ r[j:])
        q[:, j:] = q[:, j:] - tau * np.outer(q[:, j:] @ x, x)
    k = m if complete else min(m, n)
    return q[:, :k], r[:k]


def singular(a):
    """Return singular values, largest first."""
    tall = a if a.shape[0] >= a.shape[1] else a.T
    return np.array(list(mp.svd_r(matrix(tall), compute_uv=False)), dtype=object)


def pseudoinverse(a):
    return inverse(a.T @ a) @ a.T if a.shape[0] >= a.shape[1] else a.T @ inverse(a @ a.T)


def cut_off(a, rank):
    """Return the pseudoinverse of the largest singular values."""
    if a.shape[0] < a.shape[1]:
        return cut_off(a.T, rank).T
    s, v = mp.eigsy(matrix(a.T @ a))  # in ascending order
    v = array(v)[:, -rank:]
    return v / np.array(list(s)[-rank:], dtype=object) @ v.T @ a.T


def power_sum(a, p, axis=None):
    total = np.sum(np.abs(a) ** p, axis=axis)
    return np.vectorize(lambda z: z ** (mp.mpf(1) / p), otypes=[object])(total)


def determinant(a):
    return mp.det(matrix(a))


def log_det(a):
    return mp.log(abs(determinant(a)))


def draw(*shape, seed=7):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


L = np.linalg
SQUARE = draw(4, 4) + 2 * np.eye(4)
DEFINITE = SQUARE @ SQUARE.T / 4
TALL, WIDE = draw(5, 3, seed=8), draw(3, 5, seed=9)
LEFT, RIGHT, VECTOR = draw(4, 4, seed=10), draw(4, 2, seed=11), draw(4, seed=12)
REAL = np.linalg.inv(SQUARE) @ np.diag([1.0, 2.0, 3.5, -1.0]) @ SQUARE
SINGULAR = np.outer(VECTOR, LEFT[0]) + np.outer(LEFT[1], RIGHT[:, 0]) + np.outer(LEFT[2], RIGHT[:, 1])
CUT = draw(5, 3, seed=8) + 2 * np.eye(5, 3)[:, ::-1]  # singular values 3.1, 2.6, 1.1
LOW = draw(4, 2, seed=14)


CASES = {
    "inv": Case(L.inv, SQUARE, inverse),
    "solve(A, B)": Case(lambda a: L.solve(a, RIGHT), SQUARE, lambda a: inverse(a) @ exact(RIGHT)),
    "solve(A, b)": Case(lambda a: L.solve(a, VECTOR), SQUARE, lambda a: inverse(a) @ exact(VECTOR)),
    "solve(A0, B)": Case(lambda b: L.solve(LEFT, b), RIGHT, lambda b: inverse(exact(LEFT)) @ b),
    "solve(A, B(A))": Case(lambda a: L.solve(a, a[:, :2] ** 2), SQUARE, lambda a: inverse(a) @ a[:, :2] ** 2),
    "det": Case(L.det, SQUARE, determinant),
    "det of rank 3": Case(L.det, SINGULAR, determinant),
    "det of rank 2": Case(L.det, np.outer(VECTOR, VECTOR) + np.outer(LEFT[0], LEFT[1]), determinant),
    "det of rank 1": Case(L.det, np.outer(VECTOR, LEFT[0]), determinant),
    "det of zeros": Case(L.det, np.zeros((2, 2)), determinant),
    "det of a permuted diagonal with a zero": Case(
        L.det, np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]), determinant
    ),
    "slogdet": Case(lambda a: L.slogdet(a)[1], SQUARE, log_det),
    "lstsq": Case(
        lambda a: L.lstsq(a, TALL[:, :2] ** 2, rcond=None)[0],
        TALL,
        lambda a: pseudoinverse(a) @ exact(TALL[:, :2] ** 2),
    ),
    "lstsq(wide)": Case(
        lambda a: L.lstsq(a, VECTOR[:3], rcond=None)[0], WIDE, lambda a: pseudoinverse(a) @ exact(VECTOR[:3])
    ),
    "lstsq(A0, b)": Case(
        lambda b: L.lstsq(TALL, b, rcond=None)[0], draw(5, seed=13), lambda b: pseudoinverse(exact(TALL)) @ b
    ),
    "lstsq residuals": Case(
        lambda a: L.lstsq(a, TALL[:, :2] ** 2, rcond=None)[1],
        TALL,
        lambda a: ((exact(TALL[:, :2] ** 2) - a @ pseudoinverse(a) @ exact(TALL[:, :2] ** 2)) ** 2).sum(
            axis=0
        ),
    ),
    "lstsq singular values": Case(lambda a: L.lstsq(a, TALL[:, 0], rcond=None)[3], TALL, singular),
    "pinv(tall)": Case(L.pinv, TALL, pseudoinverse),
    "pinv(wide)": Case(L.pinv, WIDE, pseudoinverse),
    "pinv(hermitian)": Case(lambda a: L.pinv(a, hermitian=True), DEFINITE, lambda a: inverse(lower(a))),
    "pinv(cut off)": Case(lambda a: L.pinv(a, rcond=0.5), CUT, lambda a: cut_off(a, 2)),
    "pinv(cut off, wide)": Case(lambda a: L.pinv(a, rcond=0.9), CUT.T, lambda a: cut_off(a, 1)),
    "pinv(cut off, hermitian)": Case(
        lambda a: L.pinv(a, 0.3, hermitian=True), DEFINITE - np.eye(4), lambda a: cut_off(lower(a), 3)
    ),
    "pinv of rank 2": Case(
        lambda a: L.pinv(a @ RIGHT.T), LOW, lambda a: pseudoinverse(exact(RIGHT.T)) @ pseudoinverse(a)
    ),
    "lstsq of rank 2": Case(
        lambda a: L.lstsq(a @ RIGHT.T, VECTOR, rcond=None)[0],
        LOW,
        lambda a: pseudoinverse(exact(RIGHT.T)) @ pseudoinverse(a) @ exact(VECTOR),
    ),
    "lstsq(cut off)": Case(
        lambda a: L.lstsq(a, a[:, :2] ** 2, rcond=0.5)[0], CUT, lambda a: cut_off(a, 2) @ a[:, :2] ** 2
    ),
    "cholesky": Case(L.cholesky, DEFINITE, lambda a: array(mp.cholesky(matrix(lower(a))))),
    "cholesky(upper)": Case(
        lambda a: L.cholesky(a, upper=True), DEFINITE, lambda a: array(mp.cholesky(matrix(upper(a)))).T
    ),
    "qr(square)": Case(L.qr, SQUARE, householder),
    "qr(tall)": Case(L.qr, TALL, lambda a: householder(a, complete=False)),
    "qr(wide)": Case(L.qr, WIDE, householder),
    "qr(square, last column dependent)": Case(L.qr, SQUARE @ np.diag([1.0, 1.0, 1.0, 0.0]), householder),
    "qr(wide, third column dependent)": Case(L.qr, WIDE[:, [0, 1, 1, 2]], householder),
    "qr(row)": Case(L.qr, np.array([[0.0, 1.0]]), householder),
    "qr(zero)": Case(L.qr, np.zeros((1, 1)), householder),
    "qr(r)": Case(lambda a: L.qr(a, mode="r"), TALL, lambda a: householder(a, complete=False)[1]),
    "qr(complete)": Case(lambda a: L.qr(a, mode="complete"), TALL, householder),
    "eigh": Case(L.eigh, DEFINITE, lambda a, like: eigh_truth(lower(a), like), signed=True),
    "eigh(U)": Case(
        lambda a: L.eigh(a, "U"), DEFINITE, lambda a, like: eigh_truth(upper(a), like), signed=True
    ),
    "eigvalsh": Case(
        L.eigvalsh,
        DEFINITE,
        lambda a: np.array(list(mp.eigsy(matrix(lower(a)), eigvals_only=True)), dtype=object),
    ),
    "eig": Case(L.eig, REAL, eig_truth, signed=True),
    "eigvals": Case(
        L.eigvals, REAL, lambda a, like: eig_truth(a, [like[0], np.ones((4, 4))])[0], signed=True
    ),
    "svd(tall)": Case(lambda a: L.svd(a, full_matrices=False), TALL, svd_truth, signed=True),
    "svd(wide)": Case(lambda a: L.svd(a, full_matrices=False), WIDE, svd_truth, signed=True),
    "svd(square)": Case(L.svd, SQUARE, svd_truth, signed=True),
    "svd(full)": Case(L.svd, TALL[:4], svd_truth, signed=True),
    "svd(full, wide)": Case(L.svd, WIDE[:, :4], svd_truth, signed=True),
    "svd(hermitian)": Case(
        lambda a: L.svd(a, compute_uv=False, hermitian=True), DEFINITE, lambda a: singular(lower(a))
    ),
    "svdvals": Case(lambda a: L.svd(a, compute_uv=False), WIDE, singular),
    "norm": Case(L.norm, TALL, lambda a: power_sum(a, 2)),
    "norm(axis)": Case(
        lambda a: L.norm(a, axis=1, keepdims=True), TALL, lambda a: power_sum(a, 2, 1)[:, None]
    ),
    "norm(1)": Case(lambda a: L.norm(a, 1), TALL, lambda a: np.abs(a).sum(axis=0).max()),
    "norm(-1)": Case(lambda a: L.norm(a, -1), TALL, lambda a: np.abs(a).sum(axis=0).min()),
    "norm(inf)": Case(lambda a: L.norm(a, np.inf), TALL, lambda a: np.abs(a).sum(axis=1).max()),
    "norm(-inf)": Case(lambda a: L.norm(a, -np.inf), TALL, lambda a: np.abs(a).sum(axis=1).min()),
    "norm(2)": Case(lambda a: L.norm(a, 2), TALL, lambda a: singular(a)[0]),
    "norm(-2)": Case(lambda a: L.norm(a, -2), TALL, lambda a: singular(a)[-1]),
    "norm(nuc)": Case(lambda a: L.norm(a, "nuc"), TALL, lambda a: singular(a).sum()),
    "norm(vector, 3)": Case(lambda a: L.norm(a, 3, axis=0), TALL, lambda a: power_sum(a, 3, 0)),
    "norm(vector, -2)": Case(lambda a: L.norm(a, -2, axis=0), TALL, lambda a: power_sum(a, -2, 0)),
    "norm(vector, inf)": Case(lambda a: L.norm(a, np.inf, axis=0), TALL, lambda a: np.abs(a).max(axis=0)),
    "norm(vector, 0)": Case(lambda a: L.norm(a, 0, axis=0), TALL, lambda a: (a != 0).sum(axis=0)),
    "cond": Case(L.cond, SQUARE, lambda a: singular(a)[0] / singular(a)[-1]),
    "cond(-2)": Case(lambda a: L.cond(a, -2), SQUARE, lambda a: singular(a)[-1] / singular(a)[0]),
    "cond(1)": Case(
        lambda a: L.cond(a, 1),
        SQUARE,
        lambda a: np.abs(a).sum(axis=0).max() * np.abs(inverse(a)).sum(axis=0).max(),
    ),
    "cond(fro)": Case(
        lambda a: L.cond(a, "fro"), SQUARE, lambda a: power_sum(a, 2) * power_sum(inverse(a), 2)
    ),
    "matrix_power(5)": Case(lambda a: L.matrix_power(a, 5), SQUARE, lambda a: a @ a @ a @ a @ a),
    "matrix_power(-2)": Case(lambda a: L.matrix_power(a, -2), SQUARE, lambda a: inverse(a @ a)),
    "matrix_power(1)": Case(lambda a: L.matrix_power(a, 1), SQUARE, lambda a: a),
    "matrix_power(0)": Case(lambda a: L.matrix_power(a, 0), SQUARE, lambda a: exact(np.eye(4))),
    "trace": Case(np.trace, SQUARE, lambda a: np.trace(a)),
    "linalg.trace": Case(L.trace, SQUARE, lambda a: np.trace(a)),
    "tensorinv": Case(
        lambda a: L.tensorinv(a.reshape(2, 2, 4)), SQUARE, lambda a: inverse(a).reshape(4, 2, 2)
    ),
    "tensorsolve": Case(
        lambda a: L.tensorsolve(a.reshape(2, 2, 2, 2), VECTOR.reshape(2, 2)),
        SQUARE,
        lambda a: (inverse(a) @ exact(VECTOR)).reshape(2, 2),
    ),
    "tensorsolve(axes)": Case(
        lambda a: L.tensorsolve(a.reshape(2, 2, 2, 2), VECTOR.reshape(2, 2), axes=(0, 2)),
        SQUARE,
        lambda a: (
            inverse(a.reshape(2, 2, 2, 2).transpose(1, 3, 0, 2).reshape(4, 4)) @ exact(VECTOR)
        ).reshape(2, 2),
    ),
    "matrix_norm": Case(lambda a: L.matrix_norm(a, ord=2), TALL, lambda a: singular(a)[0]),
    "vector_norm": Case(lambda a: L.vector_norm(a, ord=3), TALL, lambda a: power_sum(a, 3)),
    "dot(A0, A)": Case(lambda a: np.dot(LEFT, a), SQUARE, lambda a: exact(LEFT) @ a),
    "linalg.matmul": Case(lambda a: L.matmul(a, a), SQUARE, lambda a: a @ a),
    "linalg.vecdot": Case(lambda a: L.vecdot(a, a), SQUARE, lambda a: (a * a).sum(-1)),
    "linalg.outer": Case(lambda a: L.outer(a, a), VECTOR, lambda a: np.outer(a, a)),
    "linalg.cross": Case(lambda a: L.cross(a, a[::-1]), TALL, lambda a: np.cross(a, a[::-1])),
    "multi_dot": Case(
        lambda a: L.multi_dot([a, a.T, a[:, :2], a[:2, 1:]]), SQUARE, lambda a: a @ a.T @ a[:, :2] @ a[:2, 1:]
    ),
    "multi_dot(vectors)": Case(lambda a: L.multi_dot([a[0], a, a[1]]), SQUARE, lambda a: a[0] @ a @ a[1]),
}

# Sums of products: on object arrays NumPy itself is the truth.
OF_SQUARE = """
    np.dot(a, a) ; np.dot(a.reshape(2, 2, 4), a.reshape(2, 4, 2)) ; np.dot(a.reshape(2, 2, 4), a[0])
    a.dot(a[0]) ; a @ a ; a[0] @ a ; L.tensordot(a, a, axes=1) ; np.inner(a, a[1])
    np.inner(a.reshape(2, 2, 4), a) ; np.vdot(a, a.T) ; np.tensordot(a, a.T, axes=2)
    np.tensordot(a.reshape(2, 2, 4), a.reshape(4, 2, 2), axes=([0, 2], [1, 0]))
    np.tensordot(a, a, axes=(-1, 0)) ; np.kron(a[:2, :2], a[:2]) ; np.einsum('ij,jk->ik', a, a)
    np.einsum('ij,jk', a, a) ; np.einsum('ii', a) ; np.einsum('ii->i', a) ; np.einsum('ij->', a)
    np.einsum('i,ij,j->', a[0], a, a[1]) ; np.einsum('bn,anm,bm->ba', a[:2], a.reshape(1, 4, 4), a[2:])
    np.einsum('bij,bjk->bik', a.reshape(2, 2, 4), a.reshape(2, 4, 2))
    np.einsum('...ij,j...->i...', a.reshape(2, 2, 4), a[:, :2]) ; np.einsum('i...,i...', a, a[:, :1])
    np.einsum('iij,jk->k', a.reshape(2, 2, 4), a) ; np.einsum(a, [0, 1], a, [1, 2], [2, 0])
    np.einsum(a, [..., 1], a, [1, 2], [..., 2]) ; np.einsum('ij,jk,kl->li', a, a, a[:, :2], optimize=True)
    np.einsum('ij,jk,kl->li', a, a, a[:, :2], optimize=['einsum_path', (1, 2), (0, 1)])
    np.einsum(' i j , j -> i ', a, a[0])
"""
OF_VECTOR = """
    np.dot(a, a) ; np.dot(2, a) ; np.outer(a, a[::-1]) ; np.tensordot(a, a, axes=0) ; np.convolve(a, a[:3])
    np.convolve(a[:3], a, 'same') ; np.convolve(a, a[1:3], 'valid') ; np.correlate(a, a[:3])
    np.correlate(a[:2], a, 'full') ; np.correlate(a[:3], a, 'same') ; np.einsum('i,j->ji', a, a)
    np.einsum(',i->i', a[0], a)
"""
OF_TALL = """
    a.T @ a ; np.cross(a, a[::-1]) ; np.einsum('ba', a) ; np.einsum('ij,ij->i', a, a)
"""
CASES |= {
    f"{code} of {argument.shape}": Case(f, argument, f)
    for argument, text in ((SQUARE, OF_SQUARE), (VECTOR, OF_VECTOR), (TALL, OF_TALL))
    for code, f in functions(text).items()
}
