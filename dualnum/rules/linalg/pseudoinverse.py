"""Pseudoinverses and least squares, of real or complex matrices."""

from typing import Any

import numpy as np

from dualnum._core import real_dtype, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import dtype_of, float_operands, numpy_result, operands
from dualnum.rules._registry import rule_of_any
from dualnum.rules.linalg._helpers import (
    EPSILON,
    adjoint,
    inverse,
    rank_tolerance,
    solution,
    squares,
    symmetric,
    transpose,
)
from dualnum.rules.linalg.svd import singular_values


def full_rank_pseudoinverse(a: np.ndarray, x0: np.ndarray) -> np.ndarray:
    """Return the pseudoinverse of a matrix of full rank, given its values; a wide matrix is transposed."""
    m, n = a.shape[-2:]
    if m < n:
        return adjoint(full_rank_pseudoinverse(adjoint(a), adjoint(x0)))
    return inverse(a, x0) if m == n else least_squares(a, np.eye(m), x0, x0)


def least_squares(a: np.ndarray, b: np.ndarray, x: np.ndarray, pseudoinverse: np.ndarray) -> np.ndarray:
    """Return the solution x of ``A' (b - A x) = 0`` for a tall matrix of full rank, given its values and A0^+.

    With A = A0 + H and the residual r = b - A x, the correction (A0' A0)^-1 A' r is ``A0^+ r + (A0' A0)^-1 H' r``.  So
    only the second term, which is nilpotent, contains the square of the condition number.
    """
    h, inverse_gram = nilpotent_part(a.copy()), pseudoinverse @ adjoint(pseudoinverse)
    for _ in range(degree(dtype_of(a, b))):
        residual = b - a @ x
        x = x + nilpotent_part(pseudoinverse @ residual + inverse_gram @ (adjoint(h) @ residual))
    return x


def pseudoinverse_of_rank(name: str, a: np.ndarray, svd: Any, rank: int, cutoff: float) -> np.ndarray:
    """Return the pseudoinverse of one matrix, given the SVD of its values and the `rank` up to which NumPy keeps them.

    Q = U1 + X and W = V1 + Y, with U1' X = 0 = V1' Y, span the singular subspaces of the kept values if the residuals
    ``R = A W - Q (U1' A W)`` and ``P = A' Q - W (V1' A' Q)`` vanish; then ``A^+ = W (Q' A W)^-1 Q'``.  The corrections
    satisfy ``dX S1 - U2 S2 V2' dY = R`` and ``dY S1 - V2 S2 U2' dX = P``.
    """
    u, s, vt = svd
    u1, kept, v1 = u[:, :rank], s[:rank], adjoint(vt[:rank])
    u2, others, v2 = u[:, rank:], s[rank:, None], adjoint(vt[rank:])
    ratio = others / kept
    gap = (kept - others) * (1 + ratio)  # (s1^2 - s2^2) / s1, whose squares may underflow
    q, w = u1, v1
    for _ in range(degree(a.dtype)):
        aw, aq = a @ w, adjoint(a) @ q
        r, p = nilpotent_part(aw - q @ (adjoint(u1) @ aw)), nilpotent_part(aq - w @ (adjoint(v1) @ aq))
        inner_r, inner_p = adjoint(u2) @ r, adjoint(v2) @ p
        x = (inner_r + ratio * inner_p) / gap
        y = (inner_p + ratio * inner_r) / gap
        q, w = q + (r + u2 @ (others * y)) / kept, w + (p + v2 @ (others * x)) / kept
    zero = np.all(others <= rank_tolerance(a.shape) * s[0])
    jumps = zero and cutoff <= np.sqrt(EPSILON)  # zeros with derivatives exceed so small a cutoff at once
    if degree(a.dtype) and jumps and not _keeps_rank(a, q, u1, w, np.min(kept, initial=np.inf)):
        raise ValueError(
            f"{name}(A) of duals expects derivatives that keep the rank of A, which is {rank} of "
            f"{min(a.shape)}; where they raise it, the pseudoinverse jumps."
        )
    core = adjoint(q) @ a @ w
    return w @ inverse(core, np.linalg.inv(value(core))) @ adjoint(q)


def _keeps_rank(a, q, u1, w, smallest):
    """Return whether ``A = Q (U1' A)`` up to rounding, for each component relative to its own size.

    Rounding A by dA changes the difference by ``(1 - Q U1') dA (1 - V1 W')``, at most by |Q| |dA| |W|.  Q and W have
    rounding errors of their own, because they are quotients by singular values.
    """
    size = _sizes(a)
    rounded = nilpotent_part(size.copy()) / smallest
    bound = (_sizes(q) + rounded) * size * (_sizes(w) + rounded)
    lost = _sizes(a - q @ (adjoint(u1) @ a))
    return not np.any(components(lost)[..., 1:] > 10 * rank_tolerance(a.shape) * components(bound)[..., 1:])


def _sizes(a):
    """Return a dual, of shape (1, 1), whose components are the Frobenius norms of the components of a matrix."""
    sizes = np.hypot.reduce(np.abs(components(a)), axis=(0, 1), keepdims=True)
    return from_components(sizes, real_dtype(a.dtype))


@rule_of_any(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False, **options):
    """The pseudoinverse for the singular values that NumPy keeps."""
    (a,) = operands("pinv", a, or_complex=True)
    (a0,) = float_operands(a)
    options |= {"rcond": rcond, "hermitian": hermitian}
    values = np.linalg.pinv(a0, **options)
    if a.size == 0:
        return numpy_result(values, values, a.dtype)
    a = symmetric(a) if hermitian else a
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        trace = np.sum(transpose(values) * value(a), axis=(-1, -2))  # of the projection A^+ A: the rank
        full = ~(np.abs(trace - min(a.shape[-2:])) > 0.25)
        if np.all(full):
            return numpy_result(full_rank_pseudoinverse(a, values), values, a.dtype)
        cutoff = options.get("rtol", 1e-15) if rcond is None else rcond
        cutoffs = np.broadcast_to(max(a.shape[-2:]) * EPSILON if cutoff is None else cutoff, full.shape)
        result, low = np.empty(values.shape, a.dtype), ~full
        if np.any(full):
            result[full] = full_rank_pseudoinverse(a[full], values[full])
        svd = np.linalg.svd(a0[low], full_matrices=False, hermitian=hermitian)
        ranks = np.sum(svd.S > cutoffs[low, None] * svd.S[:, :1], axis=-1)
        each = zip(a[low], zip(*svd, strict=True), ranks, cutoffs[low], strict=True)
        result[low] = np.stack([pseudoinverse_of_rank("pinv", *one) for one in each])
    return numpy_result(result, values)


@rule_of_any(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """The least-squares solution, the sums of squared residuals, the rank and the singular values."""
    a, b = operands("lstsq", a, b, or_complex=True)
    x0, residuals, rank, s0 = np.linalg.lstsq(*float_operands(a, b), rcond=rcond)
    columns = b[:, None] if b.ndim == 1 else b
    x = x0[:, None] if b.ndim == 1 else x0
    dtype = dtype_of(a, b)
    m, n = a.shape
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if rank == m == n:
            x = solution(a, columns, x)
        elif rank == n:
            x = least_squares(a, columns, x, np.linalg.pinv(value(a), 0.0))
        elif rank == m:
            x = full_rank_pseudoinverse(a, np.linalg.pinv(value(a), 0.0)) @ columns
        elif a.size:
            svd = np.linalg.svd(value(a), full_matrices=False)
            x = pseudoinverse_of_rank("lstsq", a, svd, rank, 0.0 if rcond is None else rcond) @ columns
        else:
            x = x0.reshape(x.shape).astype(dtype)
        sums = np.sum(squares(columns - a @ x), axis=0) if residuals.size else residuals
        s = singular_values(a)[0] if a.size and degree(a.dtype) else s0
    return (
        numpy_result(x.reshape(x0.shape), x0, dtype),
        numpy_result(sums, residuals, real_dtype(dtype)),
        rank,
        numpy_result(s, s0, real_dtype(dtype)),
    )
