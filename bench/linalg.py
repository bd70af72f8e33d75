"""Products and linear algebra against NumPy's BLAS and LAPACK, matrix calculus by hand, and other packages."""

import numpy as np

import dualnum as dn
from bench.case import Case, Contender
from bench.derivatives import peers
from bench.problems import Problem
from dualnum._core import Level, seed_tangents

# ---- gradients of functions of a matrix that depends on parameters -----------------------------------------

SIZE, PARAMETERS = 100, 10
_rng = np.random.default_rng(9)
CONSTANT = _rng.normal(size=(SIZE, SIZE)) + 10 * np.eye(SIZE)
SLOPES = _rng.normal(size=(PARAMETERS, SIZE, SIZE))
RIGHT = _rng.normal(size=SIZE)
POINT = _rng.normal(size=PARAMETERS) / 10


def log_det(m):
    return lambda p: m.linalg.slogdet(CONSTANT + m.tensordot(p, SLOPES, 1))[1]


def log_det_by_hand(p):
    """Return value and gradient: ``d log det A = tr(A^-1 dA)``."""
    a = CONSTANT + np.tensordot(p, SLOPES, 1)
    return np.linalg.slogdet(a)[1], np.tensordot(SLOPES, np.linalg.inv(a).T, 2)


def quadratic(m):
    return lambda p: m.dot(RIGHT, m.linalg.solve(CONSTANT + m.tensordot(p, SLOPES, 1), RIGHT))


def quadratic_by_hand(p):
    """Return value and gradient: ``d b'A^-1 b = -(A^-T b)' dA (A^-1 b)``."""
    a = CONSTANT + np.tensordot(p, SLOPES, 1)
    x, y = np.linalg.solve(a, RIGHT), np.linalg.solve(a.T, RIGHT)
    return RIGHT @ x, -(SLOPES @ x) @ y


def gradient_of(name, make, by_hand):
    """Return the case of value and gradient of a function of a 100 x 100 matrix with 10 parameters."""

    def build():
        f = make(np)
        df = dn.value_and_gradient(f)
        expected = by_hand(POINT)[1]

        def second(pair):
            return pair[1]

        return [
            Contender("numpy", lambda: f(POINT)),
            Contender("dualnum", lambda: df(POINT), expected, 1e-9, second),
            Contender("by hand", lambda: by_hand(POINT), expected, 1e-9, second),
            *peers("gradient", expected, Problem(make), POINT),
        ]

    return Case(f"linalg/gradient/{name}", build, n=SIZE)


# ---- one function at a time ---------------------------------------------------------------------------------


def symmetric(a):
    return a + np.swapaxes(a, -1, -2)


FUNCTIONS = {
    "solve": lambda a: np.linalg.solve(a, np.ones(len(a))),
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "eigvalsh": lambda a: np.linalg.eigvalsh(symmetric(a)),
    "cholesky": lambda a: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2)),
    "qr": lambda a: np.linalg.qr(a)[1],
    "svdvals": lambda a: np.linalg.svd(a, compute_uv=False),
    "norm": np.linalg.norm,
}


def function(name, n, k):
    """Return the case of a function of an n x n matrix with k tangents; the answer is the first, by differences."""

    def build():
        f, rng = FUNCTIONS[name], np.random.default_rng(n)
        a = rng.normal(size=(n, n)) + n * np.eye(n)
        tangents = rng.normal(size=(n, n, k))
        d, h = seed_tangents(a, Level(), tangents), 1e-3 * tangents[..., 0]
        slope = (8 * (f(a + h) - f(a - h)) - (f(a + 2 * h) - f(a - 2 * h))) / 12e-3

        def read(result):
            return dn.tangent(result)[..., 0]

        return [Contender("numpy", lambda: f(a)), Contender(f"k={k}", lambda: f(d), slope, 1e-6, read)]

    return Case(f"linalg/{name}/k={k}/n={n}", build, n=n)


# ---- products -------------------------------------------------------------------------------------------------


def operands(shape, k, seed, level):
    """Return a float64 array, the same with k tangents, and each tangent as an array of its own."""
    rng = np.random.default_rng(seed)
    a, tangents = rng.normal(size=shape), rng.normal(size=(*shape, k))
    return a, seed_tangents(a, level, tangents), [tangents[..., c].copy() for c in range(k)]


def every_tangent(result):
    return np.moveaxis(dn.tangent(result), -1, 0)


def matrices(n, k):
    """Return the case of products of n x n matrices beside the same products by BLAS alone."""

    def build():
        level = Level()
        (a, p, da), (b, q, db) = operands((n, n), k, 1, level), operands((n, n), k, 2, level)
        to_a, to_b = np.stack([t @ b for t in da]), np.stack([a @ t for t in db])
        return [
            Contender("numpy", lambda: a @ b),
            Contender(f"BLAS {1 + k} times", lambda: [a @ b] + [a @ t for t in db]),
            Contender("float @ dual", lambda: a @ q, to_b, read=every_tangent),
            Contender("dual @ float", lambda: p @ b, to_a, read=every_tangent),
            Contender(f"BLAS {1 + 2 * k} times", lambda: [a @ b] + [t @ b for t in da] + [a @ t for t in db]),
            Contender("dual @ dual", lambda: p @ q, to_a + to_b, read=every_tangent),
        ]

    return Case(f"matmul/k={k}/n={n}", build, n=n)


def matrix_and_vector(n, k):
    """Return the case of a matrix times a vector, for which memory sets the pace."""

    def build():
        level = Level()
        (a, p, da), (x, v, dx) = operands((n, n), k, 1, level), operands((n,), k, 2, level)
        of_matrix, of_vector = np.stack([t @ x for t in da]), np.stack([a @ t for t in dx])
        of_row = np.stack([x @ t for t in da])
        return [
            Contender("numpy", lambda: a @ x),
            Contender("float @ dual", lambda: a @ v, of_vector, read=every_tangent),
            Contender("dual @ float", lambda: p @ x, of_matrix, read=every_tangent),
            Contender("dual @ dual", lambda: p @ v, of_matrix + of_vector, read=every_tangent),
            Contender("float row @ dual", lambda: x @ p, of_row, read=every_tangent),
        ]

    return Case(f"matvec/k={k}/n={n}", build, n=n)


EINSUMS = {
    "matrices": ("ij,jk->ik", (200, 200), (200, 200), lambda a, b: a @ b),
    "rows": ("ij,ij->i", (200, 200), (200, 200), lambda a, b: np.sum(a * b, axis=1)),
    "stacks": ("bij,bjk->bik", (1000, 4, 4), (1000, 4, 4), lambda a, b: a @ b),
    "outer": ("i,j->ij", (200,), (200,), lambda a, b: a[:, np.newaxis] * b),
}


def einsum(name):
    """Return the case of an einsum of duals with 4 tangents beside the same by operators, and NumPy's einsum."""

    def build():
        text, left, right, operators = EINSUMS[name]
        level = Level()
        (a, p, da), (b, q, db) = operands(left, 4, 1, level), operands(right, 4, 2, level)
        pairs = zip(da, db, strict=True)
        expected = np.stack([operators(s, b) + operators(a, t) for s, t in pairs])

        def by_hand():
            slopes = [operators(s, b) + operators(a, t) for s, t in zip(da, db, strict=True)]
            return np.einsum(text, a, b), slopes

        return [
            Contender("numpy", lambda: np.einsum(text, a, b)),
            Contender("by hand", by_hand, expected, read=lambda pair: pair[1]),
            Contender("numpy operators", lambda: operators(a, b), operators(a, b)),
            Contender("dualnum", lambda: np.einsum(text, p, q), expected, read=every_tangent),
            Contender("dualnum operators", lambda: operators(p, q), expected, read=every_tangent),
        ]

    return Case(f"einsum/{name}", build)


CASES = [
    gradient_of("log_det", log_det, log_det_by_hand),
    gradient_of("quadratic", quadratic, quadratic_by_hand),
    *(function(name, n, 4) for name in FUNCTIONS for n in (3, 50)),
    *(matrices(n, k) for k in (1, 8) for n in (10, 100, 500)),
    *(matrix_and_vector(n, k) for k in (1, 8) for n in (10, 100, 1000)),
    *map(einsum, EINSUMS),
]
