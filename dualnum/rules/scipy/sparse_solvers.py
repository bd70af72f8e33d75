"""scipy.sparse.linalg: solutions of linear systems with sparse or implicit matrices, by the solver of the values."""

import inspect

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from dualnum._core import DualArray, complex_from, is_complex_dual, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import float_arguments, has_duals, numpy_result
from dualnum.rules._registry import rule


def _float_matrix(a):
    """Return a sparse, dense or implicit matrix on floats."""
    if isinstance(a, linalg.LinearOperator):
        apply = _product(a)
        return linalg.LinearOperator(a.shape, matvec=lambda v: np.array(value(apply(v))), dtype=float)
    if not sparse.issparse(a):
        return float_arguments([a])[0]
    data = getattr(a, "data", None)
    if not isinstance(data, np.ndarray) or not hasattr(a, "_with_data"):
        a = a.tocsr()
    # with indices of its own, which SciPy's solvers sort
    return a._with_data(np.array(value(a.data)), copy=True) if has_duals(a.data) else a


def _product(a):
    """Return x -> A x as a function of duals."""
    from dualnum.lifting import lift

    if isinstance(a, linalg.LinearOperator):
        apply = lift(a.matvec)
        return lambda x: np.asarray(apply(x))
    if not sparse.issparse(a):
        a = np.asarray(a).view(DualArray)
        return lambda x: np.asarray(a @ np.asarray(x).view(DualArray))

    def apply_sparse(x):
        x = np.asarray(x).view(DualArray)
        if is_complex_dual(x):
            return np.asarray(complex_from(a @ x.real, a @ x.imag))
        return np.asarray(a @ x)

    return apply_sparse


def _corrected(x0, a, b, solve):
    """Return the solution of ``A x = b`` with its derivatives, given its values: ``x += A0^-1 (b - A x)``.

    Each pass makes one more order exact.  solve(e) returns ``A0^-1 e`` for an array of numbers of b's shape.
    """
    apply, b = _product(a), np.asarray(b)
    e = b - np.reshape(apply(x0), b.shape)
    if not has_duals(e):
        return x0
    x = np.reshape(x0, b.shape)
    for remaining in reversed(range(degree(e.dtype))):
        e = nilpotent_part(np.array(e))
        numbers = np.moveaxis(components(e), -1, 0)
        step = np.stack([_by_parts(solve, number) if number.any() else number for number in numbers], axis=-1)
        x = x + from_components(step, e.dtype)
        if remaining:
            e = b - np.reshape(apply(x), b.shape)
    return numpy_result(np.reshape(np.asarray(x), np.shape(x0)), x0)


def _by_parts(solve, numbers):
    """Return solve(numbers), of complex ones from both parts: factors of a real matrix take real numbers alone."""
    if not np.iscomplexobj(numbers):
        return solve(np.ascontiguousarray(numbers))
    return solve(np.ascontiguousarray(numbers.real)) + 1j * solve(np.ascontiguousarray(numbers.imag))


def _factors(a):
    return linalg.splu(sparse.csc_matrix(_float_matrix(a)))


@rule(linalg.spsolve)
def spsolve(A, b, *args, **kwargs):
    """The solution of a sparse system."""
    if sparse.issparse(b):
        raise TypeError(
            "spsolve of duals expects a dense right-hand side, got a sparse one; use b.toarray()."
        )
    x0 = linalg.spsolve(_float_matrix(A), *float_arguments([b]), *args, **kwargs)
    return _corrected(x0, A, b, _factors(A).solve)


class Factors:
    """A factored matrix of duals, as `splu` returns one of floats."""

    def __init__(self, a, factors):
        self._matrix, self._factors = a, factors
        self.shape, self.nnz = factors.shape, factors.nnz

    def solve(self, rhs, trans="N"):
        """Return the solution of ``A x = rhs``, or of its transpose."""
        a = self._matrix if trans == "N" else self._matrix.T
        return _corrected(
            self._factors.solve(*float_arguments([rhs]), trans),
            a,
            rhs,
            lambda e: self._factors.solve(e, trans),
        )


def _factored(original):
    signature = inspect.signature(original)

    def on_duals(A, *args, **kwargs):
        signature.bind(A, *args, **kwargs)
        return Factors(A, original(sparse.csc_matrix(_float_matrix(A)), *args, **kwargs))

    return on_duals


rule(linalg.splu)(_factored(linalg.splu))


@rule(linalg.factorized)
def factorized(A):
    """A function that solves systems with this matrix."""
    return Factors(A, _factors(A)).solve


@rule(linalg.SuperLU.solve)
def solve_factored(self, rhs, trans="N"):
    """The solution of a system whose factored matrix is constant: it is linear in the right-hand side."""
    if not has_duals(rhs):
        return self.solve(rhs, trans)

    def solve(numbers):
        return self.solve(numbers, trans)

    x0 = _by_parts(solve, np.array(value(rhs)))
    numbers = np.moveaxis(components(np.asarray(rhs)), -1, 0)
    found = np.stack([_by_parts(solve, number) for number in numbers], axis=-1)
    return numpy_result(from_components(found, rhs.dtype), x0)


def _iterative(original):
    """Return the rule of an iterative solver, which solves for the derivatives too, to 1e-13."""
    names = inspect.signature(original).parameters
    tight = {("rtol" if "rtol" in names else "tol"): 1e-13} | ({"atol": 0.0} if "atol" in names else {})

    def on_duals(A, b, x0=None, *args, **kwargs):
        given = inspect.signature(original).bind(A, b, x0, *args, **kwargs).arguments
        a0 = _float_matrix(A)
        given = float_arguments(given) | {"A": a0}
        solution, info = original(**given)
        preconditioners = {key: item for key, item in given.items() if key in ("M", "M1", "M2")}

        def solve(e):
            step, _ = original(a0, e, **preconditioners, **tight)
            if np.linalg.norm(a0 @ step - e) <= 1e-11 * np.linalg.norm(e):
                return step
            if isinstance(a0, linalg.LinearOperator):
                raise ValueError(
                    f"{original.__name__} of duals expects a matrix for which it converges to 1e-13, got one where it "
                    f"stops before; give it a sparse matrix, or use spsolve."
                )
            return _factors(a0).solve(e)

        return _corrected(solution, A, b, solve), info

    return on_duals


for _name in "cg cgs bicg bicgstab gmres lgmres gcrotmk minres qmr tfqmr".split():
    if hasattr(linalg, _name):
        rule(getattr(linalg, _name))(_iterative(getattr(linalg, _name)))
