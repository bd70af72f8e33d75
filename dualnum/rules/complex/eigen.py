"""Eigenvalues, singular values and their vectors, for complex matrices and for real ones with complex eigenvalues.

Vectors have the phases that LAPACK gives them: one component, the anchor, is real.  Of eig it is the largest one; of
eigh the first one, or the last one where NumPy reads the upper triangle; of svd the first one of the shorter vectors.
LAPACK reduces matrices of the latter to real tridiagonal or bidiagonal ones by reflections that leave that component
unchanged.
"""

import numpy as np

from dualnum._core import complex_from, imaginary_part, register_function_of_complex, value
from dualnum.rules._components import components, degree, nilpotent_part
from dualnum.rules._operands import as_dual_arrays, complex_operands, float_operands
from dualnum.rules.complex._matrices import as_complex, embedded, with_values_of_numpy
from dualnum.rules.linalg import svd as real_svd
from dualnum.rules.linalg._helpers import EPSILON, adjoint, squares, symmetric, transpose
from dualnum.rules.linalg.eigen import OF_COMPLEX, require_smooth, triangle
from dualnum.rules.linalg.repeated_eigenvalues import ORTHOGONAL_NOISE, equal_values

NOISE = 64 * EPSILON  # of the components of a vector of length 1
MAX_NOISE = 1e-10  # of derivatives, relative to the largest one, up to which one may be zero


@np.errstate(all="ignore")
def _decoupled(a, w0, v0, left, anchors=None, count=None):
    """Return (w, v): the first `count` eigenvalues, all by default, and vectors of length 1 whose anchors are real.

    With left = V0^-1, each pass takes ``G = V0^-1 (A V - V W)``, adds its diagonal to W, and V0 times
    ``G_ij / (w0_j - w0_i)`` to V.  Without anchors v lacks its highest order, which w does not need.
    """
    w, v = w0[..., :count], v0[..., :count]
    own = np.eye(*v.shape[-2:], dtype=bool)
    gap = np.where(own, np.inf, w[..., None, :] - w0[..., :, None])
    v1 = v
    for remaining in reversed(range(degree(a.dtype))):
        g = left @ nilpotent_part(a @ v - v * w[..., None, :])
        w = w + g.diagonal(axis1=-2, axis2=-1)
        if not remaining and anchors is None:
            break
        v = v + v0 @ (g * (1 / gap))
        length = nilpotent_part(1 - squares(v).sum(axis=-2, keepdims=True)) / 2
        if anchors is None:
            v = v + v1 * length
            continue
        turn = -imaginary_part(_at(v, anchors)) / _at(v1, anchors).real
        v = v + v1 * complex_from(length, turn)
    return w, v


def _at(v, anchors):
    """Return the anchors of the columns, as rows of one entry a column."""
    return np.take_along_axis(v, anchors[..., None, :], axis=-2)


def _zero(x, size):
    """Return which duals are zero with all their derivatives, up to rounding errors of numbers of this size."""
    largest = np.max(np.abs(components(size)), axis=tuple(range(size.ndim)), initial=0)
    return (np.abs(components(x)) <= MAX_NOISE * largest).all(axis=-1)


# ---- matrices with any eigenvalues -------------------------------------------------------------------------


@np.errstate(all="ignore")
def _inverse_vectors(name, a0, w0, v0):
    """Return V^-1; raise ValueError where eigenvalues are equal up to rounding, as those of a defective matrix are.

    Rounding the entries of A changes w_j by up to EPSILON times ``(|V^-1| |A| |V|)_jj``.
    """
    try:
        left = np.linalg.inv(v0)
        error = 16 * EPSILON * (np.abs(left) * transpose(np.abs(a0) @ np.abs(v0))).sum(axis=-1)
        close = np.abs(w0[..., :, None] - w0[..., None, :]) <= error[..., :, None] + error[..., None, :]
        distinct = np.count_nonzero(close) == w0.size
    except np.linalg.LinAlgError:
        distinct = False
    if not distinct:
        raise ValueError(
            f"{name}(A) of complex duals expects A to have distinct eigenvalues, got ones that are equal up to "
            f"rounding; use trace, det or matrix_power, which have derivatives."
        )
    return left


def _largest(v0):
    """Return the places of the largest components, among those that LAPACK made real."""
    size = np.abs(v0)
    anchors = np.argmax(np.where(v0.imag == 0, size, -1.0), axis=-2)
    if (_at(np.where(v0.imag == 0, size, 0.0), anchors) < (1 - NOISE) * size).any():
        raise ValueError(
            "eig(A) of complex duals expects the largest component of each vector to be real, as LAPACK returns it."
        )
    return anchors


def _require_one_largest(v, anchors):
    """Raise ValueError where two largest components of a vector part: then another one becomes real."""
    square, v0 = squares(v), value(v)
    difference = square - _at(square, anchors)
    tied = value(difference) >= -NOISE
    tied &= (np.abs(v0.imag) > NOISE) | ~_zero(imaginary_part(v), v)
    if (tied & ~_zero(nilpotent_part(difference), square)).any():
        raise ValueError(
            "eig(A) of complex duals expects one largest component in each vector, which LAPACK makes real, got two "
            "that part; use eigvals(A), which needs no vectors."
        )


def eig(a, values=None):
    """np.linalg.eig, also of a real matrix, where NumPy's values are complex."""
    (a,) = complex_operands("eig", a)
    (a0,) = float_operands(a)
    values = np.linalg.eig(a0) if values is None else values
    w, v = w0, v0 = values
    if degree(a.dtype) and a.size:
        anchors = _largest(v0)
        w, v = _decoupled(as_complex(a), w0, v0, _inverse_vectors("eig", a0, w0, v0), anchors)
        _require_one_largest(v, anchors)
    return type(values)(with_values_of_numpy(w, w0, a.dtype), with_values_of_numpy(v, v0, a.dtype))


def eigvals(a, values=None):
    """np.linalg.eigvals, also of a real matrix, where NumPy's values are complex."""
    (a,) = complex_operands("eigvals", a)
    (a0,) = float_operands(a)
    values = w = np.linalg.eigvals(a0) if values is None else values
    if degree(a.dtype) and a.size:
        w0, v0 = np.linalg.eig(a0)
        w, _ = _decoupled(as_complex(a), w0 + 0j, v0, _inverse_vectors("eigvals", a0, w0, v0))
        nearest = np.argmin(
            np.abs(values[..., :, None] - w0[..., None, :]), axis=-1
        )  # eig's order may be another
        w = np.take_along_axis(w, nearest, axis=-1)
    return with_values_of_numpy(w, values, a.dtype)


# ---- Hermitian matrices and singular values ----------------------------------------------------------------


def _first(name, other, a, vectors, last=False):
    """Return the anchors, the first or last components above zero; raise ValueError where phases are not LAPACK's.

    Where a component before the anchor is zero, LAPACK fixes the phase at the anchor only if A is block diagonal.
    """
    above = np.abs(vectors) > NOISE
    n = vectors.shape[-2]
    anchors = n - 1 - np.argmax(above[..., ::-1, :], axis=-2) if last else np.argmax(above, axis=-2)
    known = np.abs(_at(vectors, anchors).imag)[..., 0, :] <= NOISE
    moving = np.any(components(a) != 0, axis=-1)
    for r in set(anchors.ravel().tolist()) - {n - 1 if last else 0}:
        cut = r + 1 if last else r
        blocks = moving[..., :cut, cut:].any(axis=(-2, -1)) | moving[..., cut:, :cut].any(axis=(-2, -1))
        known &= ~((anchors == r) & blocks[..., None])
    if not known.all():
        raise ValueError(
            f"{name}(A) of complex duals expects vectors whose {'last' if last else 'first'} component is not zero, "
            f"which LAPACK makes real, got one of unknown phase; use {other}, which needs no vectors."
        )
    return anchors


def eigh(a, UPLO="L"):
    """np.linalg.eigh, of the triangle that NumPy reads."""
    (a,) = complex_operands("eigh", a)
    values = np.linalg.eigh(*float_operands(a), UPLO)
    lower = triangle("eigh", UPLO)
    w, v = w0, v0 = values
    if degree(a.dtype) and a.size:
        whole = symmetric(a, lower)
        if _repeated(whole, w0, v0):
            raise ValueError(
                "eigh(A) of complex duals expects distinct eigenvalues: the vectors of repeated ones have no "
                "derivatives; eigvalsh(A) needs no vectors."
            )
        anchors = _first("eigh", "eigvalsh(A)", whole, v0, last=not lower)
        w, v = _decoupled(whole, w0, v0, adjoint(v0), anchors)
    return type(values)(with_values_of_numpy(w.real, w0, a.dtype), with_values_of_numpy(v, v0, a.dtype))


def _repeated(a, w0, v0):
    same = equal_values(value(a), w0, v0, adjoint(v0), unit=ORTHOGONAL_NOISE)[0]
    return np.count_nonzero(same) > w0.size


def eigvalsh(a, UPLO="L"):
    """np.linalg.eigvalsh; repeated eigenvalues by the embedding, which has each of them twice."""
    (a,) = complex_operands("eigvalsh", a)
    values = np.linalg.eigvalsh(*float_operands(a), UPLO)
    w = values
    if degree(a.dtype) and a.size:
        a = symmetric(a, triangle("eigvalsh", UPLO))
        w0, v0 = np.linalg.eigh(value(a))
        if _repeated(a, w0, v0):
            w = np.linalg.eigvalsh(as_dual_arrays(embedded(a)))[..., ::2]
        else:
            w = _decoupled(a, w0, v0, adjoint(v0))[0].real
    return with_values_of_numpy(w, values, a.dtype)


def _of_pairs(a, u, s, v, anchors=None):
    """Return (u, s, v) of a matrix with no more columns than rows, by eigenvectors ``[u; v] / sqrt(2)``.

    Those of ``[[0, A], [A^H, 0]]`` are these, ``[u; -v] / sqrt(2)`` of the eigenvalues -s, and the left null space's.
    """
    m, n = a.shape[-2:]
    double = np.concatenate(
        [
            np.concatenate([np.zeros((*a.shape[:-2], m, m)), a], axis=-1),
            np.concatenate([adjoint(a), np.zeros((*a.shape[:-2], n, n))], axis=-1),
        ],
        axis=-2,
    )
    null = np.linalg.svd(u)[0][..., n:] if m > n else u[..., :0]
    null = np.concatenate([null, np.zeros((*a.shape[:-2], n, m - n))], axis=-2)
    pairs, opposite = (np.concatenate([u, v * sign], axis=-2) / np.sqrt(2) for sign in (1, -1))
    vectors = np.concatenate([pairs, opposite, null], axis=-1)
    w0 = np.concatenate([s, -s, np.zeros((*a.shape[:-2], m - n))], axis=-1)
    w, x = _decoupled(double, w0, vectors, adjoint(vectors), None if anchors is None else m + anchors, n)
    x = x * np.sqrt(2)
    return x[..., :m, :], w.real, x[..., m:, :]


def singular_values(a: np.ndarray, average: bool = False, hermitian: bool = False) -> tuple:
    """Return (s, smooth) as the function of real matrices does; repeated and zero ones are found by the embedding."""
    if a.shape[-2] < a.shape[-1]:
        return singular_values(adjoint(a), average)
    u0, s0, vt0 = np.linalg.svd(value(a), full_matrices=False, hermitian=hermitian)
    if not degree(a.dtype) or not a.size:
        return s0, np.ones(s0.shape, bool)
    if _smooth(value(a), u0, s0, adjoint(vt0)):
        return _of_pairs(a, u0, s0, adjoint(vt0))[1], np.ones(s0.shape, bool)
    s, smooth = real_svd.singular_values(embedded(a), average)
    return s[..., ::2], smooth[..., ::2]


def _smooth(a0, u0, s0, v0):
    """Return whether singular values are distinct and above zero."""
    same, zero = real_svd.same_values(a0, u0, s0, v0), real_svd.zero_values(a0, u0, s0, v0)
    return np.count_nonzero(same) == s0.size and not zero.any()


def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """np.linalg.svd; vectors of distinct singular values above zero."""
    (a,) = complex_operands("svd", a)
    values = np.linalg.svd(*float_operands(a), full_matrices, compute_uv, hermitian)
    a = symmetric(a) if hermitian else a
    if not compute_uv:
        s = require_smooth("svd", *singular_values(a, hermitian=hermitian))
        return with_values_of_numpy(s, values, a.dtype)
    u, s, vt = u0, s0, vt0 = values
    if degree(a.dtype) and a.size:
        (m, n), v0 = a.shape[-2:], adjoint(vt0)
        if full_matrices and m != n:
            raise ValueError(
                f"svd(A) of complex duals expects full_matrices=False for matrices of shape {(m, n)}: the vectors that "
                f"complete a basis are arbitrary and have no derivatives."
            )
        if not _smooth(value(a), u0, s0, v0):
            raise ValueError(
                "svd(A) of complex duals expects distinct singular values above zero: the vectors of others have no "
                "derivatives; use svdvals(A) or compute_uv=False."
            )
        if m >= n:
            anchors = _first("svd", "svdvals(A)", a, v0)
            u, s, v = _of_pairs(a, u0, s0, v0, anchors)
        else:
            anchors = _first("svd", "svdvals(A)", adjoint(a), u0)
            v, s, u = _of_pairs(adjoint(a), v0, s0, u0, anchors)
        vt = adjoint(v)
    return type(values)(*[with_values_of_numpy(x, x0, a.dtype) for x, x0 in ((u, u0), (s, s0), (vt, vt0))])


def svdvals(x, /):
    """np.linalg.svdvals."""
    return svd(x, compute_uv=False)


for _rule in (eig, eigvals, eigh, eigvalsh, svd, svdvals):
    register_function_of_complex(getattr(np.linalg, _rule.__name__), _rule)
OF_COMPLEX |= {"eig": eig, "eigvals": eigvals, "singular_values": singular_values}
