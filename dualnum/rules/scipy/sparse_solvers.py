"""scipy.sparse.linalg: solutions of linear systems with sparse or implicit matrices, by the solver of the values."""

import inspect

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from dualnum._core import DualArray, complex_from, is_complex_dual, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import float_arguments, has_dual_dtype, has_duals, numpy_result, with_values
from dualnum.rules._registry import rule
from dualnum.rules.scipy.matrix_functions import expm as dense_expm


def float_matrix(a):
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
            re, im = a @ x.real, a @ x.imag
            return np.asarray(re + 1j * im if np.iscomplexobj(re) else complex_from(re, im))
        return np.asarray(a @ x)

    return apply_sparse


def dense_matrix(a):
    """Return a sparse or a dense matrix, or that of an operator, as an array of duals or of numbers."""
    if sparse.issparse(a):
        return a.toarray()
    if not isinstance(a, linalg.LinearOperator):
        return np.asarray(a)
    apply = _product(a)
    return np.stack([np.ravel(apply(unit)) for unit in np.eye(a.shape[1])], axis=1)


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
    return linalg.splu(sparse.csc_matrix(float_matrix(a)))


def _sparse_like(dense, given):
    """Return an array of duals as a sparse matrix of the class and format of another; zeros with derivatives stay."""
    coordinates = sparse.coo_array if isinstance(given, sparse.sparray) else sparse.coo_matrix
    return coordinates(dense).asformat(given.format)


@rule(linalg.spsolve)
def spsolve(A, b, *args, **kwargs):
    """The solution of a sparse system; of a sparse right-hand side it is sparse."""
    b0 = float_matrix(b) if sparse.issparse(b) else float_arguments([b])[0]
    x0 = linalg.spsolve(float_matrix(A), b0, *args, **kwargs)
    if not (has_dual_dtype(A) or has_dual_dtype(b)):
        return x0
    b = b.toarray() if sparse.issparse(b) else b
    if not sparse.issparse(x0):
        return _corrected(x0, A, b, _factors(A).solve)
    return _sparse_like(_corrected(x0.toarray(), A, b, _factors(A).solve), x0)


@rule(linalg.inv)
def inv(A):
    """The inverse: the solution for the identity matrix."""
    x0 = linalg.inv(float_matrix(A))
    if not has_dual_dtype(A):
        return x0
    if not sparse.issparse(x0):
        return _corrected(x0, A, np.eye(A.shape[0]), _factors(A).solve)
    return _sparse_like(_corrected(x0.toarray(), A, np.eye(A.shape[0]), _factors(A).solve), x0)


@rule(linalg.expm)
def expm(A):
    """The exponential, with the derivatives of the dense matrix's."""
    if not has_dual_dtype(A):
        return linalg.expm(A)
    y0 = linalg.expm(float_matrix(A))
    if not sparse.issparse(A):
        return with_values(dense_expm(y0, A), y0)
    return _sparse_like(with_values(dense_expm(y0.toarray(), A.toarray()), y0.toarray()), y0)


@rule(linalg.spsolve_triangular)
def spsolve_triangular(
    A, b, lower=True, overwrite_A=False, overwrite_b=False, unit_diagonal=False, **options
):
    """The solution of a triangular system; with `unit_diagonal` the diagonal is not read."""
    options |= {"lower": lower, "unit_diagonal": unit_diagonal}
    if not (has_dual_dtype(A) or has_dual_dtype(b)):
        return linalg.spsolve_triangular(A, b, overwrite_A=overwrite_A, overwrite_b=overwrite_b, **options)
    a0, b0 = float_matrix(A), float_arguments([b])[0]
    x0 = linalg.spsolve_triangular(a0, b0, **options)
    if unit_diagonal:
        n = A.shape[0]
        triangle = sparse.tril(A, -1) if lower else sparse.triu(A, 1)
        A = triangle.tocsr() + sparse.csr_array(sparse.eye_array(n))
    a0 = sparse.csc_array(a0)
    return _corrected(x0, A, b, lambda e: linalg.spsolve_triangular(a0, e, **options))


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

    @property
    def perm_r(self):
        """The places of the rows."""
        return self._factors.perm_r

    @property
    def perm_c(self):
        """The places of the columns."""
        return self._factors.perm_c

    @property
    def L(self):
        """Refuse: the factors are those of the values."""
        raise TypeError(
            "splu(A).L and splu(A).U of duals have no derivatives; use scipy.linalg.lu(A.toarray()), or solve(b)."
        )

    U = L


def _factored(original):
    signature = inspect.signature(original)

    def on_duals(A, *args, **kwargs):
        signature.bind(A, *args, **kwargs)
        if not has_dual_dtype(A):
            return original(A, *args, **kwargs)  # whose solve has a rule
        return Factors(A, original(sparse.csc_matrix(float_matrix(A)), *args, **kwargs))

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
        a0 = float_matrix(A)
        preconditioners = {
            key: float_matrix(given[key]) for key in ("M", "M1", "M2") if given.get(key) is not None
        }
        given = float_arguments(given | preconditioners) | {"A": a0}
        solution, info = original(**given)

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


def _least_squares(original, names):
    """Return the rule of lsqr or lsmr, the solution of ``(A' A + damp^2) x = A' b``; `names` are those of the results.

    SciPy's solution has converged to a tolerance, and derivatives of its iteration to less.  Norms of the solution and
    of the residual have derivatives, estimates of others have nan.
    """
    signature = inspect.signature(original)
    name = original.__name__

    def on_duals(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        a, b, damp = given["A"], given["b"], given.get("damp", 0.0)
        if isinstance(a, linalg.LinearOperator):
            a = dense_matrix(a)
        if not any(map(has_dual_dtype, (a, b, damp))):
            return original(*args, **kwargs)
        floats = {key: float_matrix(x) if sparse.issparse(x) else x for key, x in given.items()}
        if isinstance(given["A"], linalg.LinearOperator):
            floats["A"] = _float_operator(given["A"])
        x0, *others = original(**float_arguments(floats))
        adjoint = a.conj().T if sparse.issparse(a) else np.conjugate(np.asarray(a).view(DualArray)).T
        apply, apply_adjoint = _product(a), _product(adjoint)
        b = np.ravel(np.asarray(b))
        if np.iscomplexobj(x0):
            raise TypeError(f"{name} of duals expects real numbers, got complex ones; use np.linalg.lstsq.")
        a0 = sparse.csc_array(float_matrix(a))
        normal = sparse.csc_array(a0.T @ a0 + value(damp) ** 2 * sparse.eye_array(a0.shape[1]))
        solve = _solver_of_normal(name, normal)

        def residual(x):
            return apply_adjoint(b - apply(x)) - damp * damp * np.asarray(x)

        step = solve(np.asarray(value(residual(x0)), float))
        if not np.linalg.norm(step) <= 1e-3 * (1 + np.linalg.norm(x0)):
            raise ValueError(
                f"{name} of duals expects a solution that has converged, got one that is {np.linalg.norm(step):.2g} "
                f"from it; use smaller tolerances, more iterations, or np.linalg.lstsq(A.toarray(), b)."
            )
        x = _by_passes(np.asarray(x0 + step), residual, solve)
        x = numpy_result(np.array(x), x0)
        norms = {"normx": _norm(x)} | ({} if np.any(value(damp)) else {"normr": _norm(b - apply(x))})
        found = [
            _if_close(norms.get(key), other, x) if isinstance(other, (float, np.floating)) else other
            for key, other in zip(names, others, strict=True)
        ]
        return (x, *found)

    return on_duals


def _float_operator(a):
    """Return an operator on floats that has the adjoint, too."""
    from dualnum.lifting import lift

    def on_values(product):
        apply = lift(product)
        return lambda v: np.array(value(np.asarray(apply(v))))

    return linalg.LinearOperator(a.shape, on_values(a.matvec), on_values(a.rmatvec), dtype=float)


def _solver_of_normal(name, normal):
    """Return the solver of normal equations; raise ValueError where the rank is not full."""
    try:
        factors = linalg.splu(normal)
        pivots = np.abs(factors.U.diagonal())
        if np.min(pivots) > 1e-13 * np.max(pivots):
            return factors.solve
    except RuntimeError:
        pass  # exactly singular
    raise ValueError(
        f"{name} of duals expects a matrix whose columns are independent; use np.linalg.lstsq(A.toarray(), b)."
    )


def _by_passes(x, residual, solve):
    """Return the root of a residual with its derivatives, from its values: each pass makes one more order exact."""
    e = np.asarray(residual(x))
    for remaining in reversed(range(degree(e.dtype))):
        numbers = np.moveaxis(components(nilpotent_part(np.array(e))), -1, 0)
        x = x + from_components(np.stack([solve(np.array(part)) for part in numbers], axis=-1), e.dtype)
        if remaining:
            e = np.asarray(residual(x))
    return x


def _norm(x):
    return np.linalg.norm(np.asarray(x).view(DualArray))


def _if_close(found, plain, x):
    """Return a number with the derivatives of what it is, or with nan where that is not known."""
    if found is None or not np.isclose(value(found), plain, rtol=1e-6):
        found = np.sum(np.asarray(x).view(DualArray)) * np.nan
    return numpy_result(np.array(found), plain)


rule(linalg.lsqr)(_least_squares(linalg.lsqr, "istop itn normr normr anorm acond arnorm normx var".split()))
rule(linalg.lsmr)(_least_squares(linalg.lsmr, "istop itn normr normar norma conda normx".split()))
