"""Complex duals against complex128: arithmetic, functions, products of matrices and Fourier transforms."""

import numpy as np

from bench.case import Case, Contender
from dualnum._core import Level, complex_from, seed_tangents, value

OPERATIONS = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "exp": lambda x, y: np.exp(x),
    "absolute": lambda x, y: np.absolute(x),
}


def arguments(n, k):
    """Return two arrays of complex duals with k tangents."""
    rng = np.random.default_rng(n)
    level = Level()
    parts = [seed_tangents(rng.uniform(1, 2, n), level, rng.normal(size=(n, k))) for _ in range(4)]
    return complex_from(*parts[:2]), complex_from(*parts[2:])


def operation(name, n):
    """Return the case of an operation on n elements with one tangent."""

    def build():
        f = OPERATIONS[name]
        x, y = arguments(n, 1)
        a, b = value(x), value(y)
        return [
            Contender("numpy", lambda: f(a, b)),
            Contender("dualnum", lambda: f(x, y), f(a, b), 0.0, value),
        ]

    return Case(f"complex/{name}/n={n}", build, n)


def product(n):
    """Return the case of a product of matrices of n rows with one tangent."""

    def build():
        x, y = (z.reshape(n, n) for z in arguments(n * n, 1))
        a, b = value(x), value(y)
        return [Contender("numpy", lambda: a @ b), Contender("dualnum", lambda: x @ y, a @ b, 0.0, value)]

    return Case(f"complex/matmul/n={n}", build, n)


def transform(name, n, k):
    """Return the case of a Fourier transform of n real points with k tangents."""

    def build():
        f = getattr(np.fft, name)
        rng = np.random.default_rng(n)
        x = seed_tangents(rng.normal(size=n), Level(), rng.normal(size=(n, k)))
        a = np.array(value(x))
        return [Contender("numpy", lambda: f(a)), Contender("dualnum", lambda: f(x), f(a), 0.0, value)]

    return Case(f"complex/{name}/k={k}/n={n}", build, n)


CASES = [
    *(operation(name, n) for name in OPERATIONS for n in (1000, 100_000)),
    product(64),
    transform("rfft", 4096, 4),
    transform("fft", 4096, 1),
]
