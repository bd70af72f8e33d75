"""Singular values and vectors, and what is made of them."""

import numpy as np

from dualnum._core import value
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.eigen import EPSILON, block_values, checked, clusters, decoupled
from dualnum.numpy_rules.solve import symmetric, transpose
from dualnum.numpy_rules.values import degree, finished, float_operands, nilpotent, operands

__all__ = []


def rounding(shape):
    """Return the size up to which a singular value is zero, for a largest one of 1."""
    return 8 * max(shape) * EPSILON


def _zero(s, shape):
    """Return which singular values are zero up to rounding."""
    return s <= rounding(shape) * np.max(s, axis=-1, keepdims=True, initial=0)


@np.errstate(all="ignore")
def _decomposition(a, u0, s0, v0):
    """
    Return (u, s, v) of tall matrices with distinct singular values, v square.

    With ``E = A - U S V'``, ``P = U0' E V0`` and the defects ``F = 1 - U' U``, ``H = 1 - V' V``, the corrections
    ``dU = U0 X + (1 - U0 U0') E V0 S^-1`` and ``dV = V0 Y`` satisfy ``P = X S + dS + S Y'``, X + X' = F, Y + Y' = H.
    """
    n, k = a.shape[-1], u0.shape[-1]
    u, s, v = u0, s0, v0
    one = np.eye(n)
    row, column = s0[..., :, None], s0[..., None, :]
    gap = (column - row) * (column + row)
    gap[..., range(n), range(n)] = np.inf
    tall = k > n or a.shape[-2] > n
    for _ in range(degree(a.dtype)):
        e = nilpotent(a - u[..., :n] * s[..., None, :] @ transpose(v))
        f, h = nilpotent(np.eye(k) - transpose(u) @ u), nilpotent(one - transpose(v) @ v)
        ev = e @ v0
        p = transpose(u0[..., :n]) @ ev
        inner = f[..., :n, :n]
        q = row * inner + column * h - transpose(p)
        x = (column * p - row * q) / gap + inner * (one / 2)
        y = transpose((column * q - row * p) / gap) + h * (one / 2)
        s = s + np.diagonal(p, axis1=-2, axis2=-1) - s0 * np.diagonal(inner + h, axis1=-2, axis2=-1) / 2
        correction = u0[..., :n] @ x
        if tall:
            beyond = ev / column
            outside = beyond - u0[..., :n] @ (transpose(u0[..., :n]) @ beyond)
            correction = correction + outside
            if k > n:  # the one vector that completes the basis
                cross = f[..., :n, n:] - transpose(transpose(u0[..., n:]) @ outside)
                last = u0[..., :n] @ cross + u0[..., n:] * f[..., n:, n:] / 2
                correction = np.concatenate([correction, last], axis=-1)
        u, v = u + correction, v + v0 @ y
    return u, s, v


@np.errstate(all="ignore")
def singular_values(a):
    """
    Return (s, smooth): singular values with derivatives, and whether they are all there is to them.

    Zero ones are at a kink, where every derivative is 0.  Repeated ones are eigenvalues of ``[[0, A], [A', 0]]``.
    """
    if a.shape[-2] < a.shape[-1]:
        return singular_values(transpose(a))
    u0, s0, vt0 = np.linalg.svd(value(a), full_matrices=False)
    v0, n = transpose(vt0), a.shape[-1]
    zero = _zero(s0, a.shape[-2:])
    same = clusters(s0)
    if n == 1 and not zero.any():
        return np.sqrt(np.sum(a * a, axis=-2)), np.ones(s0.shape, bool)
    if not np.any(same & ~np.eye(n, dtype=bool)) and not np.any(zero):
        return _decomposition(a, u0, s0, v0)[1], np.ones(s0.shape, bool)
    m = a.shape[-2]
    u = np.linalg.svd(value(a))[0]
    pairs = np.concatenate([u[..., :n], v0], axis=-2) / np.sqrt(2)
    opposite = np.concatenate([u[..., :n], -v0], axis=-2) / np.sqrt(2)
    rest = np.concatenate([u[..., n:], np.zeros((*a.shape[:-2], n, m - n))], axis=-2)
    vectors = np.concatenate([pairs, opposite, rest], axis=-1)
    w0 = np.concatenate([s0, -s0, np.zeros((*a.shape[:-2], m - n))], axis=-1)
    upper = np.concatenate([np.zeros((*a.shape[:-2], m, m)), a], axis=-1)
    lower = np.concatenate([transpose(a), np.zeros((*a.shape[:-2], n, n))], axis=-1)
    double = np.concatenate([upper, lower], axis=-2)
    c, _, equal = decoupled(double, w0, vectors, transpose(vectors), True)
    w, smooth = block_values(c if equal is not None else c[..., None] * np.eye(m + n), equal, degree(a.dtype))
    return w[..., :n] * ~zero, smooth[..., :n] | zero


@numpy_rule(np.linalg.svdvals)
def svdvals(x, /):
    """Singular values; repeated ones share their derivatives equally, zero ones have none."""
    return svd(x, compute_uv=False)


@numpy_rule(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """Singular vectors and values; NumPy's signs are kept."""
    (a,) = operands("svd", a)
    plain = float_operands(a)[0]
    values = np.linalg.svd(plain, full_matrices, compute_uv, hermitian)
    if hermitian:
        a = symmetric(a)
    if not compute_uv:
        s = checked("svd", *singular_values(a)) if a.size else values
        return finished(s, values, a.dtype)
    u0, s0, vt0 = values
    m, n = a.shape[-2:]
    if full_matrices and abs(m - n) > 1 and degree(a.dtype):
        raise ValueError(
            f"svd(A) of duals expects full_matrices=False for matrices of shape {(m, n)}: the vectors that complete a "
            f"basis are arbitrary and have no derivatives."
        )
    distinct = not np.any(clusters(s0) & ~np.eye(s0.shape[-1], dtype=bool))
    if not (distinct and not np.any(_zero(s0, (m, n)))) and degree(a.dtype) and a.size:
        raise ValueError(
            "svd(A) of duals expects distinct singular values above zero: the vectors of others have no derivatives; "
            "use svdvals(A) or compute_uv=False."
        )
    if m >= n:
        u, s, v = _decomposition(a, u0, s0, transpose(vt0))
    else:
        v, s, u = _decomposition(transpose(a), transpose(vt0), s0, u0)
    parts = (u, u0), (s, s0), (transpose(v), vt0)
    return type(values)(*[finished(np.array(part), given, a.dtype) for part, given in parts])


@numpy_rule(np.linalg.matrix_rank)
def matrix_rank(A, *args, **kwargs):
    """The rank of the values: integers."""
    (a,) = operands("matrix_rank", A)
    return np.linalg.matrix_rank(
        *float_operands(a), *map(value, args), **{k: value(v) for k, v in kwargs.items()}
    )
