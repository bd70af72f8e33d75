"""scipy.sparse.linalg: some of a matrix's eigenvalues or singular values, with the derivatives of the dense matrix's.

SciPy iterates on values.  NumPy's rules differentiate all eigenvalues of the dense matrix, of which those are taken
that SciPy has found: n^3 operations, and memory for n^2 duals.
"""

import functools
import inspect

import numpy as np
import scipy.linalg
from scipy import sparse
from scipy.sparse import linalg

from dualnum._core import DualArray, complex_from, holds_duals, is_complex_dual, rule_of, value
from dualnum.rules._operands import float_arguments, has_dual_dtype, has_duals, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.linalg._helpers import adjoint
from dualnum.rules.scipy import linear_algebra  # noqa: F401  # rules of scipy.linalg.eigh and eig
from dualnum.rules.scipy.sparse_solvers import _product, dense_matrix, float_matrix

#: How far SciPy's eigenvalues may be from those of the dense matrix, relative to the largest, and how near others.
FOUND, APART = 1e-5, 1e-8
#: How far its vectors may be from those of the dense matrix, relative to the largest element.
CLOSE = 1e-3
#: Options that have to be the usual ones: others add constraints, turn the problem round or return histories.
USUAL = {"mode": "normal", "Y": None, "retLambdaHistory": False, "retResidualNormsHistory": False}


def _of_duals(a):
    """Return whether a matrix or an operator has duals in it."""
    if isinstance(a, linalg.LinearOperator):
        return has_dual_dtype(_product(a)(np.ones(a.shape[1])))
    return has_dual_dtype(a)


def _arguments(original, args, kwargs, matrices):
    """Return SciPy's arguments by name, and the same on floats; None for these where no matrix has duals."""
    given = inspect.signature(original).bind(*args, **kwargs).arguments
    given |= given.pop("kwargs", {})
    if not any(_of_duals(given[name]) for name in matrices if given.get(name) is not None):
        return given, None
    floats = {
        name: float_matrix(x) if sparse.issparse(x) or isinstance(x, linalg.LinearOperator) else x
        for name, x in given.items()
    }
    return given, float_arguments(floats)


def _refuse(name, expected, instead):
    return ValueError(f"{name} of duals expects {expected}; use {instead}.")


def _places(name, w, w0, instead):
    """Return the places in w of the values w0 that SciPy has found."""
    distances = np.abs(np.asarray(value(w))[:, None] - w0)
    size = np.max(np.abs(value(w)), initial=0.0)
    places = np.argmin(distances, axis=0)
    nearest = np.min(distances, axis=0)
    distances[places, np.arange(len(places))] = np.inf
    apart = np.min(distances, axis=0, initial=np.inf) > 100 * nearest + APART * size
    if not (np.all(nearest <= FOUND * size) and np.all(apart) and len(set(places)) == len(places)):
        raise _refuse(
            name, "eigenvalues that are simple and have converged, got others", f"{instead} of A.toarray()"
        )
    return places


def _signed(name, v, v0, instead):
    """Return real vectors with the signs and the values of v0."""
    if np.any(np.imag(v0)) or np.any(np.imag(value(v))):
        raise _refuse(
            name, "real vectors, got complex ones, whose phases follow from the first vector", instead
        )
    v, v0 = np.real(v), np.real(v0)
    v = v * np.where(np.sum(value(v) * v0, axis=0) < 0, -1.0, 1.0)
    if not np.max(np.abs(value(v) - v0), initial=0.0) <= CLOSE * np.max(np.abs(v0), initial=0.0):
        raise _refuse(name, "vectors that have converged, got others", instead)
    return v


def _with_values(found, values):
    """Return duals with SciPy's values, complex ones where these are."""
    if np.iscomplexobj(values) and has_duals(found) and not is_complex_dual(np.asarray(found)):
        found = complex_from(found, np.zeros(found.shape))
    return numpy_result(np.array(found), np.asarray(values))


def _eigen(original, is_symmetric, second="M"):
    """Return the rule of eigsh, eigs or lobpcg, whose argument `second` is B in ``A v = w B v``."""
    name = original.__name__
    instead = f"np.linalg.{'eigh' if is_symmetric else 'eig'}"
    dense = getattr(scipy.linalg, "eigh" if is_symmetric else "eig")

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given, floats = _arguments(original, args, kwargs, ("A", second))
        if floats is None:
            return original(*args, **kwargs)
        for option, usual in USUAL.items():
            if given.get(option, usual) is not usual and np.any(given[option] != usual):
                raise _refuse(name, f"{option}={usual!r}, got another", f"{instead}(A.toarray())")
        values = original(**floats)
        vectors = isinstance(values, tuple)
        w0, v0 = values if vectors else (values, None)
        a, b = (None if x is None else dense_matrix(x) for x in (given["A"], given.get(second)))
        if is_symmetric:
            a, b = ((x + adjoint(x)) / 2 if x is not None else None for x in (a, b))
        elif b is not None and vectors:
            raise _refuse(name, "return_eigenvectors=False beside M, got True", f"{instead}(inv(M) @ A)")
        a = a.view(DualArray)
        if b is not None:
            w, v = rule_of(dense)(a, b.view(DualArray))
        elif vectors:
            w, v = (np.linalg.eigh if is_symmetric else np.linalg.eig)(a)
        else:
            w, v = (np.linalg.eigvalsh if is_symmetric else np.linalg.eigvals)(a), None
        places = _places(name, w, w0, instead)
        w = _with_values(w[places], w0)
        if not vectors:
            return w
        return w, _with_values(_signed(name, v[:, places], v0, f"{instead}(A.toarray())"), v0)

    return on_duals


rule(linalg.eigsh)(_eigen(linalg.eigsh, True))
rule(linalg.eigs)(_eigen(linalg.eigs, False))
rule(linalg.lobpcg)(_eigen(linalg.lobpcg, True, "B"))


@rule(linalg.svds)
def svds(A, *args, **kwargs):
    """Some singular values, with vectors of SciPy's signs."""
    _, floats = _arguments(linalg.svds, (A, *args), kwargs, ("A",))
    if floats is None:
        return linalg.svds(A, *args, **kwargs)
    instead = "np.linalg.svd(A.toarray(), full_matrices=False)"
    if isinstance(A, linalg.LinearOperator):
        raise _refuse("svds", "a sparse or a dense matrix, got an operator", instead)
    values = linalg.svds(**floats)
    u0, s0, vh0 = values if isinstance(values, tuple) else (None, values, None)
    u, s, vh = np.linalg.svd(dense_matrix(A).view(DualArray), full_matrices=False)
    places = _places("svds", s, s0, "np.linalg.svd")
    s = _with_values(s[places], s0)
    if not isinstance(values, tuple):
        return s
    u = None if u0 is None else _with_values(_signed("svds", u[:, places], u0, instead), u0)
    v = None if vh0 is None else _with_values(_signed("svds", vh[places].T, vh0.T, instead).T, vh0)
    return u, s, v


#: Functions of sparse matrices that approximate, or whose code is compiled, and what to call instead.
OTHERS = {"spilu": "splu", "funm_multiply_krylov": "f(A.toarray()) @ b with scipy.linalg's f"}


def _refused(original, instead):
    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given = [*args, *kwargs.values()]
        if not (holds_duals(given) or any(_of_duals(x) for x in given if sparse.issparse(x))):
            return original(*args, **kwargs)
        raise TypeError(
            f"{original.__name__} of duals has no derivatives; use {instead}, or dualnum.value(x) for the values alone."
        )

    return on_duals


for _name, _instead in OTHERS.items():
    if hasattr(linalg, _name):
        rule(getattr(linalg, _name))(_refused(getattr(linalg, _name), _instead))
