"""Sparse Jacobians and Hessians: with the structure of the last call, and with one of their own."""

import numpy as np

import dualnum as dn
from bench import problems
from bench.case import Case, Contender


def sparse_case(name, make, f, x, by_hand, slow):
    """Return the case of a sparse matrix; its answers are compared as vectors, the product with x."""

    def build():
        expected = by_hand(x) @ x

        def read(matrix):
            return matrix @ x

        known = make(f, sparse=True)
        known(x)
        return [
            Contender("numpy", lambda: f(x)),
            Contender("dualnum", lambda: known(x), expected, read=read),
            Contender("dualnum, new", lambda: make(f, sparse=True)(x), expected, read=read),
            Contender("by hand", lambda: by_hand(x), expected, read=read),
        ]

    return Case(name, build, n=x.size, slow=slow)


def brusselator(side):
    """Return the case of the Brusselator's Jacobian on a square grid."""
    y = np.random.default_rng(9).uniform(0.5, 2, 2 * side * side)
    f, by_hand = problems.brusselator(side), problems.brusselator_by_hand
    return sparse_case(f"sparse_jacobian/brusselator/n={y.size}", dn.jacobian, f, y, by_hand, side > 32)


def rosenbrock(n):
    """Return the case of the Hessian of Rosenbrock's function."""
    x, f = np.linspace(-1.2, 1.1, n), problems.rosenbrock_of(np)
    name, by_hand = f"sparse_hessian/rosenbrock/n={n}", problems.rosenbrock_diagonals
    return sparse_case(name, dn.hessian, f, x, by_hand, n > 1000)


CASES = [*(brusselator(side) for side in (32, 256)), *(rosenbrock(n) for n in (1_000, 10_000))]
