"""scipy.linalg: SciPy's values, and the derivatives of NumPy's rules or of the equation that defines the result."""

import functools

import numpy as np
from scipy import linalg

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import as_dual_arrays, dtype_of, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.linalg._helpers import adjoint, inverse, solution, symmetric, transpose
from dualnum.rules.scipy._registry import arrays, of_scipy, require_close
from dualnum.rules.scipy.matrix_functions import corrected


def _refuse(name, expected, got):
    return ValueError(
        f"{name} of duals expects {expected}, got {got}; use dualnum.value(x) for the values alone."
    )


# ---- linear systems ------------------------------------------------------------------------------------------


def _as_read(a, assume_a, lower):
    """Return the matrix that SciPy takes a for, if it is told a structure."""
    if assume_a in ("pos", "positive definite", "her", "hermitian"):
        return symmetric(a, lower)
    if assume_a in ("sym", "symmetric"):
        kept = np.tri(a.shape[-1], dtype=bool)
        return np.where(kept if lower else kept.T, a, transpose(a))
    n = a.shape[-1]
    distance = np.subtract.outer(np.arange(n), np.arange(n))
    kept = {
        "diagonal": distance == 0, "tridiagonal": abs(distance) <= 1, "upper triangular": distance <= 0,
        "lower triangular": distance >= 0,
    }.get(assume_a)  # fmt: skip
    return a if kept is None else np.where(kept, a, 0.0)


def _solution(a, b, x):
    """Return A^-1 b with the values x, whose shape tells whether b is a vector."""
    if b.ndim == 1:
        return solution(a, b[:, None], x[..., None])[..., 0]
    return solution(a, b, x)


@of_scipy(linalg, "solve")
def solve(x, a, b, lower, assume_a=None, transposed=False, **_):
    a, b = arrays("solve", a, b)
    if a.size == 1:
        return b / a.reshape(())[()]
    a = _as_read(a, assume_a, lower)
    return _solution(transpose(a) if transposed else a, b, x)


@of_scipy(linalg, "inv")
def inv(x, a, assume_a=None, lower=False, **_):
    (a,) = arrays("inv", a)
    return inverse(_as_read(a, assume_a, lower), x)


@of_scipy(linalg, "det")
def det(y, a, **_):
    return np.linalg.det(*arrays("det", a))


@of_scipy(linalg, "lstsq")
def lstsq(y, a, b, cond=None, **_):
    a, b = arrays("lstsq", a, b)
    x, residuals, _, s = np.linalg.lstsq(a, b, np.finfo(float).eps if cond is None else cond)
    require_close("lstsq", x, y[0])
    residuals = np.reshape(residuals, np.shape(y[1])) if np.size(y[1]) else y[1]
    return x, residuals, y[2], None if y[3] is None else s


def _triangle(a, lower, unit_diagonal=False):
    n = a.shape[-1]
    kept = np.tri(n, k=-unit_diagonal, dtype=bool)
    return np.where(kept if lower else kept.T, a, np.eye(n) if unit_diagonal else 0.0)


@of_scipy(linalg, "solve_triangular")
def solve_triangular(x, a, b, trans=0, lower=False, unit_diagonal=False, **_):
    a, b = arrays("solve_triangular", a, b)
    a = _triangle(a, lower, unit_diagonal)
    return _solution(_transposed(a, trans), b, x)


def _transposed(a, trans):
    """Return a, its transpose or its adjoint, as LAPACK's option says."""
    return transpose(a) if trans in (1, "T") else adjoint(a) if trans in (2, "C") else a


@of_scipy(linalg, "cho_solve")
def cho_solve(x, c_and_lower, b, **_):
    c, b = arrays("cho_solve", c_and_lower[0], b)
    factor = _triangle(c, c_and_lower[1])
    return _solution(factor @ adjoint(factor) if c_and_lower[1] else adjoint(factor) @ factor, b, x)


@of_scipy(linalg, "lu_solve")
def lu_solve(x, lu_and_piv, b, trans=0, **_):
    lu, b = arrays("lu_solve", lu_and_piv[0], b)
    a = _triangle(lu, True, True) @ _triangle(lu, False)
    a = a[np.argsort(_permutation(lu_and_piv[1], len(a)))]
    return _solution(_transposed(a, trans), b, x)


def _permutation(pivots, n):
    """Return the order of the rows after LAPACK's interchanges."""
    order = np.arange(n)
    for i, j in enumerate(pivots):
        order[[i, j]] = order[[j, i]]
    return order


@of_scipy(linalg, "solve_banded")
def solve_banded(x, l_and_u, ab, b, **_):
    ab, b = arrays("solve_banded", ab, b)
    return _banded_solution(l_and_u, ab, b, x)


def _banded_solution(l_and_u, ab, b, x):
    """Return the solution of a banded system: as `solution`, with products and quotients of bands."""
    _, upper = l_and_u
    n, rows = ab.shape[-1], b.reshape(len(b), -1)
    x, ab0 = x.reshape(rows.shape), value(ab)
    for _ in range(degree(dtype_of(ab, b))):
        product = np.zeros(rows.shape, np.result_type(ab, x))
        for i, diagonal in enumerate(ab):
            k = upper - i  # above the main one
            if abs(k) >= n:
                continue
            at, of = slice(max(-k, 0), n - max(k, 0)), slice(max(k, 0), n - max(-k, 0))
            product[at] += diagonal[of, None] * x[of]
        residual = nilpotent_part(np.array(rows - product))
        numbers = components(residual)
        step = linalg.solve_banded(l_and_u, ab0, numbers.reshape(n, -1)).reshape(numbers.shape)
        x = x + (from_components(step, residual.dtype) if residual.dtype != float else 0.0)
    return x.reshape(b.shape)


@of_scipy(linalg, "solveh_banded")
def solveh_banded(x, ab, b, lower=False, **_):
    ab, b = arrays("solveh_banded", ab, b)
    return _symmetric_banded_solution(ab, b, lower, x)


def _symmetric_banded_solution(ab, b, lower, x):
    n, width = ab.shape[-1], len(ab) - 1
    whole = np.zeros((2 * width + 1, n), ab.dtype)
    for k, diagonal in enumerate(_diagonals(ab, lower)):
        whole[width - k, k:] = np.conjugate(diagonal) if lower else diagonal
        whole[width + k, : n - k] = diagonal if lower else np.conjugate(diagonal)
    return _banded_solution((width, width), whole.view(DualArray), b, x)


def _diagonals(ab, lower):
    """Return the diagonals of a symmetric or triangular matrix from its banded form, the main one first."""
    n, width = ab.shape[-1], len(ab) - 1
    return [ab[k, : n - k] if lower else ab[width - k, k:] for k in range(width + 1)]


def _dense(diagonals):
    """Return the symmetric matrix with these diagonals, the main one first."""
    a = np.diag(diagonals[0])
    for k, diagonal in enumerate(diagonals[1:], 1):
        a = a + np.diag(diagonal, k) + np.diag(diagonal, -k)
    return a


def _toeplitz(name, c_or_cr):
    c, r = arrays(name, *(c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, np.conjugate(c_or_cr))))
    if c.ndim > 1 or r.ndim > 1:  # batches, which SciPy before 1.17 flattens
        raise _refuse(name, "vectors c and r", f"arrays of shape {c.shape} and {r.shape}")
    place = np.subtract.outer(np.arange(len(c)), np.arange(len(r)))
    return np.concatenate([c, r[:0:-1]])[place]


@of_scipy(linalg, "matmul_toeplitz")
def matmul_toeplitz(y, c_or_cr, x, **_):
    (x,) = arrays("matmul_toeplitz", x)
    return _toeplitz("matmul_toeplitz", c_or_cr) @ x


@of_scipy(linalg, "solve_toeplitz")
def solve_toeplitz(x, c_or_cr, b, **_):
    (b,) = arrays("solve_toeplitz", b)
    return _solution(_toeplitz("solve_toeplitz", c_or_cr), b, x)


@of_scipy(linalg, "solve_circulant")
def solve_circulant(x, c, b, caxis=-1, baxis=0, outaxis=0, **_):
    c, b = arrays("solve_circulant", c, b)
    if c.ndim > 1 or b.ndim > 1:
        raise _refuse("solve_circulant", "vectors", f"arrays of shape {c.shape} and {b.shape}")
    return _solution(c[np.subtract.outer(np.arange(len(c)), np.arange(len(c)))], b, x)


# ---- factors ---------------------------------------------------------------------------------------------------


def _cholesky(a, lower):
    (a,) = arrays("cholesky", a)
    return np.linalg.cholesky(symmetric(a, lower).view(DualArray), upper=not lower)


@of_scipy(linalg, "cholesky")
def cholesky(c, a, lower=False, **_):
    return require_close("cholesky", _cholesky(a, lower), c)


@of_scipy(linalg, "cho_factor")
def cho_factor(values, a, lower=False, **_):
    (a,) = arrays("cho_factor", a)
    kept = np.tri(a.shape[-1], dtype=bool)
    return np.where(kept if lower else kept.T, _cholesky(a, lower), a), lower


@of_scipy(linalg, "cholesky_banded")
def cholesky_banded(c, ab, lower=False, **_):
    (ab,) = arrays("cholesky_banded", ab, or_complex=False)
    factor = np.linalg.cholesky(_dense(_diagonals(ab, lower)))
    found = np.array(ab)  # SciPy leaves the elements beyond the ends of diagonals as they are
    for k in range(len(ab)):
        _diagonals(found, lower)[k][...] = np.diagonal(factor, -k)
    return require_close("cholesky_banded", found, c)


@of_scipy(linalg, "cho_solve_banded")
def cho_solve_banded(x, cb_and_lower, b, **_):
    c, b = arrays("cho_solve_banded", cb_and_lower[0], b, or_complex=False)
    factor = sum(np.diag(d, -k) for k, d in enumerate(_diagonals(c, cb_and_lower[1])))
    a = factor @ transpose(factor)  # L L', whose bands are as many as those of L
    bands = [np.concatenate([np.diagonal(a, -k), np.zeros(k)]) for k in range(len(c))]
    return _symmetric_banded_solution(np.stack(bands), b, True, x)


def _lu(a, lower, upper):
    """Return L and U of L U = A, given their values: ``L^-1 dA U^-1`` is the sum of L^-1 dL and dU U^-1."""
    k = lower.shape[-1]
    left, right = np.linalg.inv(lower[..., :k, :]), np.linalg.inv(upper[..., :, :k])
    l0, u0 = lower, upper
    strict = np.tri(k, k=-1)
    for _ in range(degree(a.dtype)):
        e = as_dual_arrays(nilpotent_part(np.array(a - lower @ upper)))
        f = left @ e[..., :k, :k] @ right
        d_l, d_u = l0[..., :k, :] @ (strict * f), ((1 - strict) * f) @ u0[..., :, :k]
        below = (e[..., k:, :k] - l0[..., k:, :] @ d_u) @ right
        beside = left @ (e[..., :k, k:] - d_l @ u0[..., :, k:])
        lower = lower + np.concatenate([d_l, below], axis=-2)
        upper = upper + np.concatenate([d_u, beside], axis=-1)
    return lower, upper


@of_scipy(linalg, "lu_factor")
def lu_factor(values, a, **_):
    (a,) = arrays("lu_factor", a)
    packed, pivots = values
    if a.ndim != 2:
        raise _refuse("lu_factor", "one matrix", f"an array of shape {a.shape}")
    m, n = a.shape
    k = min(m, n)
    lower, upper = np.tril(packed[:, :k], -1) + np.eye(m, k), np.triu(packed[:k])
    lower, upper = _lu(a[_permutation(pivots, m)], lower, upper)
    below = np.concatenate([lower, np.zeros((m, n - k))], axis=1) if n > k else lower
    above = np.concatenate([upper, np.zeros((m - k, n))], axis=0) if m > k else upper
    return np.where(np.tri(m, n, -1, dtype=bool), below, above), pivots


@of_scipy(linalg, "lu")
def lu(values, a, permute_l=False, p_indices=False, **_):
    (a,) = arrays("lu", a)
    if a.ndim != 2:
        raise _refuse("lu", "one matrix", f"an array of shape {a.shape}")
    order, lower, upper = linalg.lu(value(a), p_indices=True)
    lower, upper = _lu(a[np.argsort(order)], lower, upper)
    return (lower[order], upper) if permute_l else (values[0], lower, upper)


@of_scipy(linalg, "qr")
def qr(values, a, mode="full", pivoting=False, **_):
    (a,) = arrays("qr", a)
    modes = {"full": "complete", "economic": "reduced", "r": "r"}
    if mode not in modes:
        raise _refuse("qr", "mode='full', 'economic' or 'r'", repr(mode))
    if pivoting:
        a = a[:, values[-1]]
    found = np.linalg.qr(a, modes[mode])
    found = (found,) if mode == "r" else tuple(found)
    if mode == "r" and a.shape[0] > found[0].shape[0]:
        found = (np.concatenate([found[0], np.zeros((a.shape[0] - a.shape[1], a.shape[1]))]),)
    for factor, expected in zip(found, values, strict=False):
        require_close("qr", factor, expected)
    return (*found, values[-1]) if pivoting else found


# ---- eigenvalues and singular values ---------------------------------------------------------------------------


def _signed(v, v0):
    """Return vectors with the signs of v0; LAPACK's drivers make the same element of complex ones real."""
    along = np.sum(np.conjugate(value(v)) * v0, axis=-2, keepdims=True)
    return v * np.where(along.real < 0, -1.0, 1.0)


def _selected(w, subset_by_index, subset_by_value):
    if subset_by_index is not None:
        return slice(subset_by_index[0], subset_by_index[1] + 1)
    if subset_by_value is not None:
        return (value(w) > subset_by_value[0]) & (value(w) <= subset_by_value[1])
    return slice(None)


@of_scipy(linalg, "eigh", "eigvalsh")
def eigh(
    values, a, b=None, lower=True, eigvals_only=None, type=1, subset_by_index=None, subset_by_value=None, **_
):
    """Eigenvalues, and vectors with SciPy's signs; of two matrices by the Cholesky factor of the second."""
    only = not isinstance(values, tuple)
    (a,) = arrays("eigh", a)
    a = symmetric(a, lower)
    if b is not None:
        (b,) = arrays("eigh", b)
        factor = np.linalg.cholesky(symmetric(b, lower).view(DualArray))
        if type == 1:
            a = adjoint(np.linalg.solve(factor, adjoint(np.linalg.solve(factor, a))))
        else:
            a = adjoint(factor) @ a @ factor
        a = symmetric(a)
    if only:
        w = np.linalg.eigvalsh(a)
        return require_close("eigh", w[..., _selected(w, subset_by_index, subset_by_value)], values)
    w, v = np.linalg.eigh(a)
    if b is not None:
        v = factor @ v if type == 3 else np.linalg.solve(adjoint(factor), v)
    chosen = _selected(w, subset_by_index, subset_by_value)
    w, v = w[..., chosen], _signed(v[..., chosen], values[1])
    return require_close("eigh", w, values[0]), require_close("eigh", v, values[1])


def _bands(a_band=None, lower=False, d=None, e=None):
    if a_band is not None:
        return _dense(_diagonals(*arrays("eig_banded", a_band, or_complex=False), lower))
    return _dense(arrays("eigh_tridiagonal", d, e))


@of_scipy(linalg, "eig_banded", "eigvals_banded", "eigh_tridiagonal", "eigvalsh_tridiagonal")
def eigh_of_bands(values, a_band=None, lower=False, d=None, e=None, select="a", select_range=None, **_):
    if select not in ("a", "i", 0, 2):
        raise _refuse("eig_banded", "select='a' or 'i'", repr(select))
    return eigh(
        values, _bands(a_band, lower, d, e), subset_by_index=None if select in ("a", 0) else select_range
    )


@of_scipy(linalg, "svd")
def svd(values, a, full_matrices=True, compute_uv=True, **_):
    (a,) = arrays("svd", a)
    if not compute_uv:
        return np.linalg.svd(a, compute_uv=False)
    u, s, vt = np.linalg.svd(a, full_matrices)
    if np.iscomplexobj(u):
        return require_close("svd", u, values[0]), s, require_close("svd", vt, values[2])
    k = s.shape[-1]
    flip = np.where(np.sum(value(u) * values[0], axis=-2) < 0, -1.0, 1.0)
    u, rows = u * flip[..., None, :], transpose(_signed(transpose(vt), transpose(values[2])))
    rows[..., :k, :] = flip[..., :k, None] * vt[..., :k, :]
    return require_close("svd", u, values[0]), s, require_close("svd", rows, values[2])


@of_scipy(linalg, "svdvals")
def svdvals(s, a, **_):
    return np.linalg.svd(*arrays("svdvals", a), compute_uv=False)


@of_scipy(linalg, "pinv")
def pinv(values, a, atol=None, rtol=None, return_rank=False, **_):
    (a,) = arrays("pinv", a)
    largest = np.linalg.norm(value(a), 2)
    rtol = max(a.shape) * np.finfo(float).eps if rtol is None and atol is None else rtol or 0.0
    cut = rtol + value(atol or 0.0) / largest if largest else rtol
    found = require_close("pinv", np.linalg.pinv(a, rcond=cut), values[0] if return_rank else values)
    return (found, values[1]) if return_rank else found


def _eig(original, with_vectors):
    """Return the rule of eig or eigvals: real arrays where SciPy returns complex ones of real numbers."""

    def on_duals(a, b=None, left=False, right=True, **options):
        if left or options.get("homogeneous_eigvals"):
            raise _refuse("eig", "right vectors and homogeneous_eigvals=False", "other arguments")
        (a,) = arrays("eig", a)
        if b is None:
            values = original(value(a), **options)
        else:
            (b,) = arrays("eig", b)
            values = original(value(a), value(b), **options)
            a = np.linalg.solve(b, a)
        vectors = with_vectors and right
        w0, v0 = values if vectors else (values, None)
        if np.isrealobj(a) and not np.imag(w0).any():
            w0, v0 = np.real(w0), np.real(v0) if vectors else None
        w, v = np.linalg.eig(a) if vectors else (np.linalg.eigvals(a), None)
        if b is not None:  # another algorithm, with another order
            places = np.take_along_axis(np.argsort(value(w)), np.argsort(np.argsort(w0)), -1)
            w = np.take_along_axis(w, places, -1)
            v = np.take_along_axis(v, places[..., None, :], -1) if vectors else None
        w = numpy_result(np.array(require_close(original.__name__, w, w0)), w0)
        if not vectors:
            return w
        return w, numpy_result(np.array(require_close("eig", _signed(v, v0), v0)), v0)

    return on_duals


# ---- norms, matrix equations -----------------------------------------------------------------------------------------


@of_scipy(linalg, "norm")
def norm(y, a, ord=None, axis=None, keepdims=False, **_):
    return np.linalg.norm(*arrays("norm", a), ord=ord, axis=axis, keepdims=keepdims)


@of_scipy(linalg, "solve_sylvester")
def solve_sylvester(x, a, b, q):
    a, b, q = arrays("solve_sylvester", a, b, q)
    a0, b0 = value(a), value(b)
    return corrected(
        x, dtype_of(a, b, q), lambda y: q - a @ y - y @ b, lambda e: linalg.solve_sylvester(a0, b0, e)
    )


@of_scipy(linalg, "solve_continuous_lyapunov", "solve_lyapunov")
def solve_continuous_lyapunov(x, a, q):
    a, q = arrays("solve_continuous_lyapunov", a, q)
    a0 = value(a)
    return corrected(
        x, dtype_of(a, q), lambda y: q - a @ y - y @ adjoint(a),
        lambda e: linalg.solve_continuous_lyapunov(a0, e),
    )  # fmt: skip


@of_scipy(linalg, "solve_discrete_lyapunov")
def solve_discrete_lyapunov(x, a, q, **_):
    a, q = arrays("solve_discrete_lyapunov", a, q)
    a0 = value(a)
    return corrected(
        x,
        dtype_of(a, q),
        lambda y: q + a @ y @ adjoint(a) - y,
        lambda e: linalg.solve_discrete_lyapunov(a0, e),
    )


@of_scipy(linalg, "solve_continuous_are")
def solve_continuous_are(x, a, b, q, r, e=None, s=None, **_):
    a, b, q, r = arrays("solve_continuous_are", a, b, q, r, or_complex=False)
    if e is not None or s is not None:
        raise _refuse("solve_continuous_are", "e=None and s=None", "a generalized equation")
    feedback = b @ np.linalg.solve(r, transpose(b))  # B R^-1 B'
    closed = value(a) - value(feedback) @ x
    return corrected(
        x, dtype_of(a, b, q, r), lambda y: transpose(a) @ y + y @ a - y @ feedback @ y + q,
        lambda e: -linalg.solve_continuous_lyapunov(closed.T, e),
    )  # fmt: skip


@of_scipy(linalg, "solve_discrete_are")
def solve_discrete_are(x, a, b, q, r, e=None, s=None, **_):
    a, b, q, r = arrays("solve_discrete_are", a, b, q, r, or_complex=False)
    if e is not None or s is not None:
        raise _refuse("solve_discrete_are", "e=None and s=None", "a generalized equation")

    def gain(y):
        return np.linalg.solve((r + transpose(b) @ y @ b).view(DualArray), transpose(b) @ y @ a)

    closed = value(a) - value(b) @ value(gain(x))
    return corrected(
        x, dtype_of(a, b, q, r), lambda y: transpose(a) @ y @ a - y - transpose(a) @ y @ b @ gain(y) + q,
        lambda e: linalg.solve_discrete_lyapunov(closed.T, e),
    )  # fmt: skip


rule(linalg.eig)(_eig(linalg.eig, True))
rule(linalg.eigvals)(_eig(linalg.eigvals, False))


# ---- what has no rule -----------------------------------------------------------------------------------------

#: Factors of no use to derivatives, and what to call instead.
OTHERS = {
    "schur": "eig, or eigh", "rsf2csf": "eig", "hessenberg": "eig", "qz": "eig(a, b)", "ordqz": "eig(a, b)",
    "ldl": "lu or cholesky", "rq": "qr", "qr_multiply": "qr", "cossin": "svd", "matrix_balance": "the matrix itself",
}  # fmt: skip


def _refused(original, instead):
    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        if not (holds_duals(args) or holds_duals(kwargs)):
            return original(*args, **kwargs)
        raise TypeError(
            f"{original.__name__} of duals has no derivatives; use {instead}, or dualnum.value(x) for the values alone."
        )

    return on_duals


for _name, _instead in OTHERS.items():
    rule(getattr(linalg, _name))(_refused(getattr(linalg, _name), _instead))
