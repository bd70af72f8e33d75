"""Singular values and vectors, and the rank."""

import numpy as np

from dualnum._core import DualArray, value
from dualnum.rules._components import degree, nilpotent_part
from dualnum.rules._operands import float_arguments, float_operands, numpy_result, operands
from dualnum.rules._registry import rule
from dualnum.rules.linalg._helpers import adjoint, rank_tolerance, symmetric, transpose
from dualnum.rules.linalg.eigen import OF_COMPLEX, require_smooth
from dualnum.rules.linalg.repeated_eigenvalues import ORTHOGONAL_NOISE, block_values, decoupled, equal_values


def zero_values(a0: np.ndarray, u0: np.ndarray, s0: np.ndarray, v0: np.ndarray) -> np.ndarray:
    """Return which singular values are zero up to rounding.

    Rounding the entries of A changes u' A v by up to `unit` times ``|u|' |A| |v|``, and the residuals A v - u s and
    A' u - v s bound the error of NumPy's s.  Comparison with the largest s is not enough: small singular values of a
    diagonal or otherwise graded matrix may be accurate in all digits.
    """
    unit = rank_tolerance(a0.shape[-2:])
    zero = s0 <= unit * s0.max(axis=-1, keepdims=True, initial=0)
    if zero.any():
        left = np.linalg.norm(a0 @ v0 - u0 * s0[..., None, :], axis=-2)
        right = np.linalg.norm(adjoint(a0) @ u0 - v0 * s0[..., None, :], axis=-2)
        sizes = np.sum(np.abs(u0) * (np.abs(a0) @ np.abs(v0)), axis=-2)
        zero &= s0 <= np.maximum(unit * sizes, np.maximum(left, right))
    return zero


def same_values(a0: np.ndarray, u0: np.ndarray, s0: np.ndarray, v0: np.ndarray) -> np.ndarray:
    """Return for every pair whether two singular values are equal up to rounding."""
    return equal_values(a0, s0, v0, adjoint(u0), unit=ORTHOGONAL_NOISE)[0]


@np.errstate(all="ignore")
def _decomposition(a, u0, s0, v0, vectors=True):
    """Return (u, s, v) of tall matrices with distinct singular values; v is square.

    Without `vectors`, u and v lack their highest order, which s does not need.

    With ``E = A - U S V'``, ``P = U0' E V0`` and the defects ``F = 1 - U' U``, ``H = 1 - V' V``, the corrections
    ``dU = U0 X + (1 - U0 U0') E V0 S^-1`` and ``dV = V0 Y`` satisfy ``P = X S + dS + S Y'``, X + X' = F, Y + Y' = H.
    """
    n, k = a.shape[-1], u0.shape[-1]
    u, s, v = u0, s0, v0
    one = np.eye(n)
    row, column = s0[..., :, None], s0[..., None, :]
    gap = column - row
    gap[..., range(n), range(n)] = np.inf
    row_share, column_share = row / (column + row), column / (column + row)  # s^2 may underflow
    tall = k > n or a.shape[-2] > n
    for remaining in reversed(range(degree(a.dtype))):
        e = nilpotent_part(a - u[..., :n] * s[..., None, :] @ transpose(v))
        f, h = nilpotent_part(np.eye(k) - transpose(u) @ u), nilpotent_part(one - transpose(v) @ v)
        ev = e @ v0
        p = transpose(u0[..., :n]) @ ev
        inner = f[..., :n, :n]
        s = s + p.diagonal(axis1=-2, axis2=-1) - s0 * (inner + h).diagonal(axis1=-2, axis2=-1) / 2
        if not (remaining or vectors):
            break
        q = row * inner + column * h - transpose(p)
        x = (column_share * p - row_share * q) / gap + inner * (one / 2)
        y = transpose((column_share * q - row_share * p) / gap) + h * (one / 2)
        correction = u0[..., :n] @ x
        if tall:
            quotient = ev / column
            outside = quotient - u0[..., :n] @ (transpose(u0[..., :n]) @ quotient)
            correction = correction + outside
            if k > n:  # the one vector that completes the basis
                cross = f[..., :n, n:] - transpose(transpose(u0[..., n:]) @ outside)
                last = u0[..., :n] @ cross + u0[..., n:] * f[..., n:, n:] / 2
                correction = np.concatenate([correction, last], axis=-1)
        u, v = u + correction, v + v0 @ y
    return u, s, v


@np.errstate(all="ignore")
def singular_values(a, average=False, hermitian=False):
    """Return (s, smooth): singular values, and whether each has all the derivatives that s gives it.

    Repeated and zero singular values are computed as eigenvalues of ``[[0, A], [A', 0]]``; see block_values for
    `average`.
    """
    if np.iscomplexobj(a):
        return OF_COMPLEX["singular_values"](a, average, hermitian)
    if a.shape[-2] < a.shape[-1]:
        return singular_values(transpose(a), average)
    a0 = value(a)
    u0, s0, vt0 = np.linalg.svd(a0, full_matrices=False, hermitian=hermitian)
    v0, (m, n) = transpose(vt0), a.shape[-2:]
    zero, same = zero_values(a0, u0, s0, v0), same_values(a0, u0, s0, v0)
    if not zero.any():
        if n == 1:
            return np.linalg.norm(a.view(DualArray), axis=-2), np.ones(s0.shape, bool)
        if not (same > np.eye(n)).any():
            return _decomposition(a, u0, s0, v0, vectors=False)[1], np.ones(s0.shape, bool)
    zero = np.any(same & zero[..., None, :], axis=-1)
    label = np.where(zero, 0, 1 + np.argmax(same, axis=-1))  # equal singular values have equal labels
    if m > n:  # take all vectors from one basis
        u0, _, vt0 = np.linalg.svd(a0)
        v0 = transpose(vt0)
    kernel = np.zeros((*a.shape[:-2], m - n))  # eigenvalues of the left null space of A
    opposite = np.concatenate([u0[..., :n], -v0], axis=-2) / np.sqrt(2)
    pairs = np.concatenate([u0[..., :n], v0], axis=-2) / np.sqrt(2)
    null = np.concatenate([u0[..., n:], np.zeros((*a.shape[:-2], n, m - n))], axis=-2)
    vectors = np.concatenate([opposite, null, pairs[..., ::-1]], axis=-1)  # in ascending order
    w0 = np.concatenate([-s0, kernel, s0[..., ::-1]], axis=-1)
    label = np.concatenate([-label, kernel, label[..., ::-1]], axis=-1)
    same = label[..., None] == label[..., None, :]
    upper = np.concatenate([np.zeros((*a.shape[:-2], m, m)), a], axis=-1)
    lower = np.concatenate([transpose(a), np.zeros((*a.shape[:-2], n, n))], axis=-1)
    double = np.concatenate([upper, lower], axis=-2)
    c, _, blocks = decoupled(double, w0, vectors, transpose(vectors), True, same)
    c = c if blocks is not None else c[..., None] * np.eye(m + n)
    w, smooth = block_values(c, blocks, True, average, label == 0)
    return w[..., : -n - 1 : -1], smooth[..., : -n - 1 : -1]


@rule(np.linalg.svdvals)
def svdvals(x, /):
    """Singular values; repeated ones share their derivatives equally, and zero ones are kinks as those of abs."""
    return svd(x, compute_uv=False)


@rule(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """Singular vectors and values, with NumPy's signs."""
    (a,) = operands("svd", a)
    values = np.linalg.svd(*float_operands(a), full_matrices, compute_uv, hermitian)
    if hermitian:
        a = symmetric(a)
    if not a.size:
        parts = [numpy_result(part, part, a.dtype) for part in (values if compute_uv else [values])]
        return type(values)(*parts) if compute_uv else parts[0]
    if not compute_uv:
        return numpy_result(require_smooth("svd", *singular_values(a, hermitian=hermitian)), values, a.dtype)
    u0, s0, vt0 = values
    m, n = a.shape[-2:]
    if full_matrices and abs(m - n) > 1 and degree(a.dtype):
        raise ValueError(
            f"svd(A) of duals expects full_matrices=False for matrices of shape {(m, n)}: the vectors that complete a "
            f"basis are arbitrary and have no derivatives."
        )
    k, v0 = min(m, n), transpose(vt0)
    vectors = value(a), u0[..., :k], s0, v0[..., :k]
    if degree(a.dtype) and ((same_values(*vectors) > np.eye(k)).any() or zero_values(*vectors).any()):
        raise ValueError(
            "svd(A) of duals expects distinct singular values above zero: the vectors of others have no derivatives; "
            "use svdvals(A) or compute_uv=False."
        )
    if m >= n:
        u, s, v = _decomposition(a, u0, s0, v0)
    else:
        v, s, u = _decomposition(transpose(a), v0, s0, u0)
    parts = (u, u0), (s, s0), (transpose(v), vt0)
    return type(values)(*[numpy_result(np.array(part, order="C"), given, a.dtype) for part, given in parts])


@rule(np.linalg.matrix_rank)
def matrix_rank(A, *args, **kwargs):
    """The rank of the values, an integer without derivatives."""
    (a,) = operands("matrix_rank", A)
    return np.linalg.matrix_rank(*float_operands(a), *map(value, args), **float_arguments(kwargs))
