"""Cholesky and QR factors of complex matrices, with the real diagonals that LAPACK gives them."""

import numpy as np

from dualnum._core import complex_from, imaginary_part, register_function_of_complex
from dualnum.rules._components import degree, nilpotent_part
from dualnum.rules._operands import float_operands
from dualnum.rules.complex._matrices import hermitian, operands, with_values_of_numpy
from dualnum.rules.linalg._helpers import adjoint, rank_tolerance
from dualnum.rules.linalg.cholesky_qr import completed


@np.errstate(all="ignore")
def _cholesky(whole, factor0):
    """Return L, by ``dL = L phi(L^-1 dA L^-H)``, where phi takes the lower triangle with half the diagonal."""
    inverse, factor = np.linalg.inv(factor0), factor0
    half = np.tri(whole.shape[-1]) - np.eye(whole.shape[-1]) / 2
    for _ in range(degree(whole.dtype)):
        residual = nilpotent_part(whole - factor @ adjoint(factor))
        factor = factor + factor0 @ (half * (inverse @ residual @ adjoint(inverse)))
    return factor


def cholesky(a, /, *, upper=False):
    """np.linalg.cholesky, of the triangle that NumPy reads."""
    (a,) = operands("cholesky", a)
    values = np.linalg.cholesky(*float_operands(a), upper=upper)
    factor = _cholesky(hermitian(a, lower=not upper), adjoint(values) if upper else values)
    return with_values_of_numpy(adjoint(factor) if upper else factor, values, a.dtype)


@np.errstate(all="ignore")
def _thin(a, q0, r0):
    """Return Q and R of a matrix with no more columns than rows.

    With ``E = A - Q R`` and ``F = 1 - Q^H Q``, the corrections are ``dQ = Q0 X + (1 - Q0 Q0^H) E R0^-1`` and
    ``dR = (Q0^H E R0^-1 - X) R0``.  X + X^H = F, X has the strict lower triangle of ``Q0^H E R0^-1``, and the imaginary
    part of its diagonal, which keeps that of R real.
    """
    q, r, n = q0, r0, a.shape[-1]
    strict_lower, one = np.tri(n, k=-1, dtype=bool), np.eye(n)
    inverse = np.linalg.inv(r0)
    for _ in range(degree(a.dtype)):
        quotient = nilpotent_part(a - q @ r) @ inverse
        f = nilpotent_part(one - adjoint(q) @ q)
        m = adjoint(q0) @ quotient
        diagonal = f / 2 + one * complex_from(np.zeros(m.shape), imaginary_part(m))
        x = np.where(strict_lower, m, np.where(strict_lower.T, f - adjoint(m), diagonal))
        q = q + q0 @ (x - m) + quotient
        r = r + np.where(strict_lower, 0.0, m - x) @ r0
    return q, r


def qr(a, mode="reduced"):
    """np.linalg.qr; the first min(m, n) columns of a have to be independent."""
    (a,) = operands("qr", a)
    (a0,) = float_operands(a)
    values = np.linalg.qr(a0, mode)
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"qr(A, mode={mode!r}) has no rule for duals; use mode='reduced', 'complete' or 'r'.")
    m, n = a.shape[-2:]
    k = min(m, n)
    q0, r0 = values if mode == "reduced" else np.linalg.qr(a0)
    diagonal = np.abs(r0.diagonal(axis1=-2, axis2=-1))
    largest = np.abs(r0).max(axis=(-2, -1), initial=0)
    if (diagonal <= rank_tolerance((m, n)) * largest[..., None]).any() and degree(a.dtype):
        raise ValueError(
            f"qr(A) of complex duals expects the first {k} columns of A to be independent, got dependent ones, where "
            f"Q has no derivative."
        )
    q, r = _thin(a[..., :k], q0, r0[..., :k])
    with np.errstate(all="ignore"):
        if n > k:
            r = np.concatenate([r, adjoint(q) @ a[..., k:]], axis=-1)
        if mode == "r":
            return with_values_of_numpy(r, values, a.dtype)
        if mode == "complete" and m > k:
            q = completed(q)
            r = np.concatenate([r, np.zeros((*r.shape[:-2], m - k, n))], axis=-2)
    return type(values)(
        with_values_of_numpy(q, values.Q, a.dtype), with_values_of_numpy(r, values.R, a.dtype)
    )


for _rule in (cholesky, qr):
    register_function_of_complex(getattr(np.linalg, _rule.__name__), _rule)
