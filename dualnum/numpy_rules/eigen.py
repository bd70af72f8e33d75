"""
Eigenvalues and eigenvectors.

With values ``A0 V0 = V0 diag(w0)``, each pass takes the residual ``R = A V - V C`` and ``G = V0^-1 R`` and corrects
``V += V0 K``, ``K_ij = G_ij / (w0_j - w0_i)``; C takes up G_ij where w0_i and w0_j are equal, so that it stays diagonal
for distinct eigenvalues and block diagonal for repeated ones.  Only the blocks' symmetric functions are smooth then.
"""

import numpy as np

from dualnum._core import value
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.solve import symmetric, transpose
from dualnum.numpy_rules.values import components, degree, finished, float_operands, nilpotent, operands

__all__ = []

EPSILON = np.finfo(float).eps


def clusters(w):
    """Return for every pair whether two eigenvalues are equal up to rounding: matrices of bool."""
    n = w.shape[-1]
    order = np.argsort(w, axis=-1)
    ascending = np.take_along_axis(w, order, -1)
    tolerance = 8 * n * EPSILON * np.max(np.abs(w), axis=-1, keepdims=True, initial=0)
    numbers = np.cumsum(np.diff(ascending, axis=-1, prepend=ascending[..., :1]) > tolerance, axis=-1)
    labels = np.empty_like(numbers)
    np.put_along_axis(labels, order, numbers, -1)
    return labels[..., :, None] == labels[..., None, :]


@np.errstate(all="ignore")
def decoupled(a, w0, v0, left, orthogonal):
    """Return (c, v, same): the eigenvalues, as blocks on the diagonal of c, the vectors, and which pairs are equal."""
    n = a.shape[-1]
    same, one = clusters(w0), np.eye(n)
    repeated = bool(np.any(same & (one == 0)))
    gap = np.where(same, np.inf, w0[..., None, :] - w0[..., :, None])
    c, v = w0[..., None] * one if repeated else w0, v0
    inner = one if orthogonal else transpose(v0) @ v0
    for _ in range(degree(a.dtype)):
        g = nilpotent(left @ (a @ v - (v @ c if repeated else v * c[..., None, :])))
        c = c + (g * same if repeated else np.diagonal(g, axis1=-2, axis2=-1))
        k = g / gap
        if orthogonal:
            k = k + nilpotent(one - transpose(v) @ v) * (same / 2)
        else:  # columns of length 1: 2 sum_i (v_j' v_i) K_ij = 1 - v_j' v_j
            length = nilpotent(1 - np.sum(v * v, axis=-2)) / 2 - np.sum(inner * k, axis=-2)
            k = k + one * length[..., None, :]
        v = v + v0 @ k
    return c, v, same if repeated else None


def _diagonal(c):
    return np.diagonal(c, axis1=-2, axis2=-1)


def block_values(c, same, orders):
    """
    Return (w, smooth): eigenvalues from diagonal blocks, and whether each has the derivatives that it is given.

    The eigenvalues of a block that is a multiple of 1 are smooth.  Others cross: to first order they share equally, as
    max and min do among ties, which keeps every symmetric function right; to higher order they follow their branches
    if the block's parts have a common basis.  Otherwise they are the block's mean, of which only the sum is right.
    """
    w, smooth = _diagonal(c).copy(), np.ones(c.shape[:-1], bool)
    if same is None:
        return w, smooth
    for i in np.ndindex(c.shape[:-2]):
        done = np.zeros(c.shape[-1], bool)
        for j in range(c.shape[-1]):
            if done[j]:
                continue
            members = np.flatnonzero(same[i][j])
            done[members] = True
            if len(members) > 1:
                w[i][members], smooth[i][members] = _of_block(c[i], members, orders)
    return w, smooth


def _of_block(c, members, orders):
    block = c[np.ix_(members, members)]
    mean = np.sum(np.diagonal(block)) / len(members)
    size = 1e-9 * np.max(np.abs(components(c)[..., 1:]), initial=0)
    rest = components(block - mean * np.eye(len(members)))[..., 1:]
    if not np.any(np.abs(rest) > size):
        return mean, True
    if orders < 2:
        return mean, True
    weights = np.cos(np.arange(1, rest.shape[-1] + 1))  # any mixture in general position
    mixture = rest @ weights
    basis = np.linalg.eigh((mixture + mixture.T) / 2)[1]
    turned = basis.T @ np.moveaxis(rest, -1, 0) @ basis
    apart = turned - turned * np.eye(len(members))
    if np.any(np.abs(apart) > size):
        return mean, False
    return np.diagonal(basis.T @ block @ basis), True


def multiples(c, same):
    """Return whether every block is a multiple of 1, so that vectors may stay as they are."""
    if same is None:
        return True
    share = np.sum(same * _diagonal(c)[..., None, :], axis=-1) / same.sum(axis=-1)
    rest = components(c - share[..., None, :] * np.eye(c.shape[-1]))[..., 1:]
    return not np.any(np.abs(rest) > 1e-9 * np.max(np.abs(components(c)[..., 1:]), initial=0))


def checked(name, w, smooth):
    """Return w, or raise where an eigenvalue or singular value has no derivatives."""
    if not np.all(smooth):
        raise ValueError(
            f"{name}(A) of duals expects distinct values beyond first order: repeated ones have no second derivatives "
            f"in several directions; trace, det, norm(A, 'fro') and matrix_power of A do."
        )
    return w


def _distinct(name, c, same):
    if not multiples(c, same):
        raise ValueError(
            f"{name}(A) of duals expects distinct eigenvalues: the vectors of repeated ones have no derivatives; "
            f"{'eigvals' if name == 'eig' else 'eigvalsh'}(A) needs no vectors."
        )
    return c if same is None else _diagonal(c)


def _triangle(name, uplo):
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueError(f"{name} expects UPLO to be 'L' or 'U', got {uplo!r}.")
    return uplo.upper() == "L"


@numpy_rule(np.linalg.eigh)
def eigh(a, UPLO="L"):
    """Eigenvalues and vectors of the symmetric matrix of which NumPy reads one triangle."""
    (a,) = operands("eigh", a)
    values = np.linalg.eigh(*float_operands(a), UPLO)
    w0, v0 = values
    c, v, same = decoupled(symmetric(a, _triangle("eigh", UPLO)), w0, v0, transpose(v0), True)
    w = _distinct("eigh", c, same)
    return type(values)(finished(w.copy(), w0, a.dtype), finished(v.copy(), v0, a.dtype))


@numpy_rule(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    """Eigenvalues of a symmetric matrix; repeated ones share their derivatives equally."""
    (a,) = operands("eigvalsh", a)
    values = np.linalg.eigvalsh(*float_operands(a), UPLO)
    whole = symmetric(a, _triangle("eigvalsh", UPLO))
    w0, v0 = np.linalg.eigh(value(whole))
    c, _, same = decoupled(whole, w0, v0, transpose(v0), True)
    w = c.copy() if same is None else checked("eigvalsh", *block_values(c, same, degree(a.dtype)))
    return finished(w, values, a.dtype)


def _left(name, v0):
    """Return the inverse of the vectors, which a matrix that lacks some of them does not have."""
    if v0.size and np.any(np.linalg.cond(v0) > 1e12):
        raise ValueError(
            f"{name}(A) of duals expects A to be diagonalisable: elsewhere eigenvalues have no derivatives."
        )
    return np.linalg.inv(v0)


def _real(name, w, *vectors):
    """Return the arrays without their imaginary parts, which from NumPy 2.5 on they have even where these are zero."""
    if np.any(np.imag(w)):
        raise ValueError(
            f"{name}(A) of duals expects A to have real eigenvalues, got complex ones; complex duals do not exist yet."
        )
    return [np.real(values) for values in (w, *vectors)]


@numpy_rule(np.linalg.eig)
def eig(a):
    """Real eigenvalues and vectors of length 1."""
    (a,) = operands("eig", a)
    values = np.linalg.eig(*float_operands(a))
    w0, v0 = _real("eig", *values)
    c, v, same = decoupled(a, w0, v0, _left("eig", v0), False)
    w = _distinct("eig", c, same)
    return type(values)(finished(w.copy(), w0, a.dtype), finished(v.copy(), v0, a.dtype))


@numpy_rule(np.linalg.eigvals)
def eigvals(a):
    """Real eigenvalues; repeated ones share their derivatives equally."""
    (a,) = operands("eigvals", a)
    (values,) = _real("eigvals", np.linalg.eigvals(*float_operands(a)))
    w0, v0 = _real("eigvals", *np.linalg.eig(value(a)))
    c, _, same = decoupled(a, w0, v0, _left("eigvals", v0), False)
    w = c.copy() if same is None else checked("eigvals", *block_values(c, same, degree(a.dtype)))
    ordered = np.empty_like(w)  # two calls of LAPACK need not agree on the order
    np.put_along_axis(
        ordered, np.argsort(values, axis=-1), np.take_along_axis(w, np.argsort(w0, axis=-1), -1), -1
    )
    return finished(ordered, values, a.dtype)
