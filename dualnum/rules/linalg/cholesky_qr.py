"""Cholesky and QR factors, of real or complex matrices."""

import numpy as np

from dualnum._core import imaginary_part, value
from dualnum.rules._components import degree, nilpotent_part
from dualnum.rules._operands import float_operands, numpy_result, operands
from dualnum.rules._registry import rule_of_any
from dualnum.rules.linalg._helpers import adjoint, rank_tolerance, solution, symmetric


@rule_of_any(np.linalg.cholesky)
def cholesky(a, /, *, upper=False):
    """The triangular factor: ``dL = L phi(L^-1 dA L^-T)``, where phi takes the lower triangle with half the diagonal.

    NumPy reads one triangle of A, and the derivatives are those of a function of that triangle.
    """
    (a,) = operands("cholesky", a, or_complex=True)
    values = np.linalg.cholesky(*float_operands(a), upper=upper)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        whole = symmetric(a, lower=not upper)
        factor0 = factor = adjoint(values) if upper else values
        inverse = np.linalg.inv(factor0)
        half = np.tri(a.shape[-1]) - np.eye(a.shape[-1]) / 2
        for _ in range(degree(a.dtype)):
            residual = nilpotent_part(whole - factor @ adjoint(factor))
            factor = factor + factor0 @ (half * (inverse @ residual @ adjoint(inverse)))
    return numpy_result(adjoint(factor) if upper else factor, values, a.dtype)


@np.errstate(all="ignore")
def _thin(a, q0, r0, independent):
    """Return Q and the first columns of R, as many as are `independent` in A: all of a tall matrix, all but the last of
    a square one.

    With ``E = A - Q R`` and ``F = 1 - Q' Q``, the corrections are ``dQ = Q0 X + (1 - Q0 Q0') E R0^-1`` and
    ``dR = (Q0' E R0^-1 - X) R0``, where X + X' = F and X has the strict lower triangle of Q0' E R0^-1, and of complex
    matrices the imaginary part of its diagonal, since LAPACK makes that of R real.  The last column of a real square
    matrix has no entry there, so that R0^-1 may lack it.
    """
    q, r, n = q0, r0, a.shape[-1]
    strict_lower = np.tri(n, k=-1, dtype=bool)
    inverse = np.zeros(r0.shape, r0.dtype)
    inverse[..., :independent, :independent] = np.linalg.inv(r0[..., :independent, :independent])
    for _ in range(degree(a.dtype)):
        quotient = nilpotent_part(a - q @ r) @ inverse
        f = nilpotent_part(np.eye(n) - adjoint(q) @ q)
        m = adjoint(q0) @ quotient
        diagonal = f / 2
        if np.iscomplexobj(m):
            diagonal = diagonal + np.eye(n) * 1j * imaginary_part(m)
        x = np.where(strict_lower, m, np.where(strict_lower.T, f - adjoint(m), diagonal))
        q = q + q0 @ (x - m) + quotient
        r = r + np.where(strict_lower, 0.0, m - x) @ r0
    return q, r[..., :independent]


@np.errstate(all="ignore")
def completed(q: np.ndarray) -> np.ndarray:
    """Return the square Q whose first n columns are q, the product of LAPACK's n reflections 1 - v t v'.

    That product is ``1 - V T V'``, where V is lower trapezoidal with a unit diagonal.  So ``[1; 0] - q = V (T V1')`` is
    an LU factorisation without pivots, and the remaining columns of Q are ``[0; 1] - V T V2'``.
    """
    m, n = q.shape[-2:]
    work = np.eye(m, n) - q
    v, u = np.zeros_like(work), np.zeros_like(work[..., :n, :])
    for j in range(n):
        row = work[..., j : j + 1, :].copy()
        pivot = row[..., j : j + 1]
        if np.any(value(pivot) == 0):
            raise ValueError(
                "qr(A, mode='complete') of duals expects A not to be triangular, got a column that is so already, "
                "where a reflection's sign jumps; use mode='reduced'."
            )
        column = work[..., :, j : j + 1] / pivot
        column[..., :j, :] = 0
        column[..., j, :] = 1
        v[..., :, j : j + 1] = column
        u[..., j : j + 1, :] = row
        work = work - column @ row
    u[..., np.tril_indices(n, -1)[0], np.tril_indices(n, -1)[1]] = 0
    v1, v2 = v[..., :n, :], v[..., n:, :]
    u = adjoint(u)
    t = adjoint(solution(v1, u, np.linalg.solve(value(v1), value(u))))  # U V1'^-1
    return np.concatenate([q, np.eye(m)[:, n:] - v @ (t @ adjoint(v2))], axis=-1)


@rule_of_any(np.linalg.qr)
def qr(a, mode="reduced"):
    """The orthogonal and the triangular factor; the first min(m - 1, n) columns of a have to be independent.

    Of a complex matrix min(m, n), since LAPACK makes the last entry of R's diagonal real by a reflection.
    """
    (a,) = operands("qr", a, or_complex=True)
    (a0,) = float_operands(a)
    values = np.linalg.qr(a0, mode)
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"qr(A, mode={mode!r}) has no rule for duals; use mode='reduced', 'complete' or 'r'.")
    m, n = a.shape[-2:]
    k = independent = min(m, n)
    if not np.iscomplexobj(a):
        independent = max(min(m - 1, n), 0)  # LAPACK makes no reflection in the last row
    q0, r0 = values if mode == "reduced" else np.linalg.qr(a0)
    diagonal = np.abs(r0.diagonal(axis1=-2, axis2=-1)[..., :independent])
    largest = np.abs(r0).max(axis=(-2, -1), initial=0)
    if (diagonal <= rank_tolerance((m, n)) * largest[..., None]).any() and degree(a.dtype):
        raise ValueError(
            f"qr(A) of duals expects the first {independent} columns of A to be independent, got dependent ones, "
            f"where Q has no derivative."
        )
    q, r = _thin(a[..., :k], q0, r0[..., :k], independent)
    with np.errstate(all="ignore"):
        if n > independent:
            r = np.concatenate([r, adjoint(q) @ a[..., independent:]], axis=-1)
        if mode == "r":
            return numpy_result(r, values, a.dtype)
        if mode == "complete" and m > k:
            q = completed(q)
            r = np.concatenate([r, np.zeros((*r.shape[:-2], m - k, n))], axis=-2)
    return type(values)(numpy_result(q, values.Q, a.dtype), numpy_result(r, values.R, a.dtype))
