"""Matrices decoupled into blocks of equal eigenvalues, and the branches of repeated eigenvalues.

With values ``A0 V0 = V0 diag(w0)``, each pass computes ``G = V0^-1 R`` from the residual ``R = A V - V C``.  Where
w0_i and w0_j differ, it corrects ``V += V0 K``, ``K_ij = G_ij / (w0_j - w0_i)``; where they are equal, it adds G_ij
to C.  So C stays diagonal for distinct eigenvalues and block diagonal for repeated ones.

Along one direction a block is ``w0 + t^k (M + N t + ...)``, where M is the first coefficient that is not a multiple of
1.  The eigenvalues of M are distinct on distinct branches, so decoupling ``M + N t + ...`` in its turn separates all
branches (Rellich).
"""

from collections import namedtuple

import numpy as np

from dualnum._core import DualDType, is_near, note_rest, note_split, value
from dualnum.rules._components import (
    components,
    degree,
    from_components,
    level_structure,
    nilpotent_part,
    orders,
)
from dualnum.rules.linalg._helpers import EPSILON, transpose

NOISE = 64 * EPSILON  # rounding error of a sum of products, relative to the sum of their absolute values
ORTHOGONAL_NOISE = 8 * EPSILON  # the same for orthogonal vectors, which do not magnify rounding errors

#: Which pairs of eigenvalues are equal, and the rounding errors of the blocks' components.
Blocks = namedtuple("Blocks", "same noise")

#: The total order m of each component, its weight ``m! / (i! j! ...)``, and whether all levels have one direction.
Monomials = namedtuple("Monomials", "total weights single")


@np.errstate(all="ignore")
def equal_values(a, w, v, left, noise=None, unit=NOISE):
    """Return (same, v, left): which pairs of eigenvalues are equal up to rounding, and bases of their spaces.

    They are equal where ``P A Q`` is a multiple of 1 up to `noise`, the rounding errors of A's entries.  By default,
    that of an entry is `unit` times the length of its row or of its column, whichever is less.  Q is an orthonormal
    basis of the span of their vectors, and P Q = 1.  The vectors themselves, nearly parallel where A is nearly
    defective, would not show that eigenvalues differ.  With U' for `left`, w are singular values.
    """
    entry = unit * _length(a, (-2, -1)) if noise is None else np.max(noise, axis=(-2, -1))
    reach = max(a.shape[-2:]) * entry[..., None] * _length(left, -1)  # of rounding errors, at most
    same = np.abs(w[..., :, None] - w[..., None, :]) <= reach[..., None]
    if np.count_nonzero(same) <= w.size:
        return same, v, left
    if noise is None:
        noise = unit * np.minimum(_length(a, -1)[..., :, None], _length(a, -2)[..., None, :])
    v, left = v.copy(), left.copy()
    for i in np.ndindex(w.shape[:-1]):
        order = np.argsort(w[i])
        joined = same[i][order[:-1], order[1:]] | same[i][order[1:], order[:-1]]
        same[i] = np.eye(w.shape[-1])
        for run in np.split(order, np.flatnonzero(~joined) + 1):
            for members, p, q in _equal_among(run, a[i], w[i], v[i], left[i], noise[i]):
                same[i][np.ix_(members, members)] = True
                left[i][members], v[i][:, members] = p, q
    return same, v, left


def _length(a, axis):
    return np.hypot.reduce(np.abs(a), axis=axis)  # squares may underflow or overflow


def _equal_among(members, a, w, v, left, noise):
    """Yield (members, p, q) for every set of equal eigenvalues among members, which are in ascending order."""
    if len(members) < 2:
        return
    q, r = np.linalg.qr(v[:, members])
    p = r @ left[members]
    share = np.eye(len(members)) / len(members)
    block, bound = p @ a @ q, np.abs(p) @ noise @ np.abs(q)
    if np.all(np.abs(block - np.trace(block) * share) <= bound + np.trace(bound) * share):
        yield members, p, q
        return
    split = 1 + np.argmax(np.diff(w[members]))
    yield from _equal_among(members[:split], a, w, v, left, noise)
    yield from _equal_among(members[split:], a, w, v, left, noise)


@np.errstate(all="ignore")
def decoupled(a, w0, v0, left, orthogonal, same, size=None, vectors=True):
    """Return (c, v, blocks): the eigenvalues c and the vectors v; blocks is None where all eigenvalues are distinct.

    Else c is block diagonal, with one block for each set of equal eigenvalues.  `size` bounds the terms whose rounding
    errors a has, by default a itself.  Without `vectors` v may lack its highest order, which c does not need.
    """
    n = a.shape[-1]
    one = np.eye(n)
    repeated = bool((same > one).any())
    gap = np.where(same, np.inf, w0[..., None, :] - w0[..., :, None])
    c, v = w0[..., None] * one if repeated else w0, v0
    inner = one if orthogonal else transpose(v0) @ v0
    for remaining in reversed(range(degree(a.dtype))):
        g = nilpotent_part(left @ (a @ v - (v @ c if repeated else v * c[..., None, :])))
        c = c + (g * same if repeated else _diagonal(g))
        if not (remaining or vectors or repeated):
            break
        k = g / gap
        if orthogonal:
            k = k + nilpotent_part(one - transpose(v) @ v) * (same / 2)
        else:  # columns of length 1: 2 sum_i (v_j' v_i) K_ij = 1 - v_j' v_j
            length = nilpotent_part(1 - (v * v).sum(axis=-2)) / 2 - (inner * k).sum(axis=-2)
            k = k + one * length[..., None, :]
        v = v + v0 @ k
    if not repeated:
        return c, v, None
    size = _absolute(a) if size is None else size
    return c, v, Blocks(same, _noise(size, _absolute(c), _absolute(v), np.abs(left), gap))


def _absolute(x):
    """Return x with the absolute values of all components; products of such numbers bound those of x."""
    return from_components(np.abs(components(x)), x.dtype)


def _noise(a, c, v, left, gap):
    """Return a bound on the rounding errors of V0^-1 (A V - V C), given absolute values.

    The errors of V0 are those of A0 divided by the gaps between eigenvalues.
    """
    terms = components(left @ (a @ v + v @ c))
    largest = np.max(value(a), axis=(-2, -1), initial=0)[..., None]
    condition = np.maximum(1, largest / np.min(np.abs(gap), axis=-2, initial=np.inf))
    return NOISE * terms * condition[..., None, :, None]


def _diagonal(c):
    return c.diagonal(axis1=-2, axis2=-1)


def multiples(c, blocks):
    """Return whether every block is a multiple of 1, so that any basis of its space consists of eigenvectors."""
    if blocks is None:
        return True
    same = blocks.same
    mean = np.sum(same * _diagonal(c)[..., None, :], axis=-1) / same.sum(axis=-1)
    deviation = components(c - mean[..., None, :] * np.eye(c.shape[-1]))[..., 1:]
    return not np.any(np.abs(deviation) > blocks.noise[..., 1:])


def block_values(c, blocks, orthogonal, average=False, zero=None):
    """Return (w, smooth): the eigenvalues of diagonal blocks, and whether each has all the derivatives that w gives it.

    Symmetric functions of all branches that first differ in order k tell them apart in order 2 k.  So equal eigenvalues
    share their derivatives if 2 k exceeds the degree, and else follow their branches, ascending for t > 0.  Along one
    direction and for even k, branches ascend in the same order on both sides of t = 0, and the eigenvalues follow them
    in any case.  With `average`, for a caller that uses one of them, eigenvalues whose branches cross are their mean to
    every order.  Where `zero` holds, w are singular values and their negatives: absolute values of branches, by the
    same rules.
    """
    w, smooth = _diagonal(c).copy(), np.ones(c.shape[:-1], bool)
    if blocks is None:
        return w, smooth
    w0, monomials = value(w).copy(), _monomials(c.dtype)
    for i in np.ndindex(c.shape[:-2]):
        for members in _groups(w0[i], blocks.same[i]):
            if len(members) > 1:
                inside = np.ix_(members, members)
                noise = np.max(blocks.noise[i][inside], axis=(0, 1))
                absolute = zero is not None and bool(np.any(zero[i][members]))
                block = components(c[i][inside])
                if is_near(c.dtype):
                    found = _near_branches(block, noise, c.dtype, orthogonal)
                    found = (np.full(block.shape[1:], np.nan), average) if found is None else (found, True)
                else:
                    found = _one_block(block, noise, monomials, orthogonal, average, absolute)
                w[i][members], smooth[i][members] = from_components(found[0], c.dtype), found[1]
    value(w)[...] = w0
    return w, smooth


def _monomials(dtype):
    own = orders(dtype)
    total = own.sum(axis=0)
    factorials = np.cumprod(np.maximum(1.0, np.arange(total.max() + 1)))
    weights = factorials[total] / np.prod(factorials[own], axis=0)
    return Monomials(total, weights, all(degree is None or k < 2 for degree, k in level_structure(dtype)))


def _groups(w, same):
    """Return the places of equal eigenvalues, one array for each distinct eigenvalue, in ascending order."""
    order = np.argsort(w, kind="stable")
    found = (order[same[j][order]] for j in order)
    return [members for j, members in zip(order, found, strict=True) if members[0] == j]


def _one_block(numbers, noise, monomials, orthogonal, average, absolute):
    """Return the components of one block's eigenvalues, and whether these are all their derivatives."""
    total, weights, single = monomials
    count = len(numbers)
    mean = np.zeros(total.size) if absolute else np.trace(numbers) / count
    shared = np.tile(mean, (count, 1))
    deviation = numbers - mean * np.eye(count)[..., None]
    # the components in which branches differ
    split = (total > 0) & np.any(np.abs(deviation) > noise, axis=(0, 1))
    if not np.any(split):
        if total.max() > 1:
            note_rest(False)
        return shared, True
    unknown = note_split() if total.max() > 1 else None
    if unknown is not None:
        return shared + unknown, True
    if single:
        parts = [numbers[..., total == m] / weights[total == m] for m in range(total.max() + 1)]
        series = np.stack([part.mean(axis=-1) for part in parts], axis=-1)
        if np.all(np.abs(series[..., total] * weights - numbers)[..., 1:] <= noise[1:]):
            floor = [np.max((noise / weights)[total == m]) for m in range(total.max() + 1)]
            found = _branches(series, np.array(floor), 0, orthogonal, average, absolute)
            return (shared, False) if found is None else (found[:, total] * weights, True)
    if absolute or 2 * total[split].min() > total.max():
        return shared, True
    sizes = np.max(np.abs(deviation), axis=(0, 1))
    scaled = deviation[..., split] / sizes[split]
    generic = scaled @ np.cos(np.arange(1, scaled.shape[-1] + 1))
    basis = _basis(generic, orthogonal)
    if basis is None:
        return shared, False
    _, v, left = basis
    rotated = np.moveaxis(left @ np.moveaxis(numbers, -1, 0) @ v, 0, -1)
    off_diagonal = rotated * (1 - np.eye(count))[..., None]
    if np.any(np.abs(off_diagonal)[..., split] > (count * noise + 1e-9 * sizes)[split]):
        return shared, False
    return (shared if average else _diagonal(np.moveaxis(rotated, -1, 0)).T), True


def _near_branches(numbers, noise, dtype, orthogonal):
    """Return the components of one block's eigenvalues at x + t w, in ascending order for small t > 0, or None.

    The block is its mean and ``t^k B``, where k is the first order in t in which eigenvalues part. Those of B that are
    equal part in a higher one.  None means that they part in another direction first, or are not real.
    """
    count, length = len(numbers), 1 + dtype.sizes[0]
    series, noise = numbers.reshape(count, count, -1, length), noise.reshape(-1, length)
    noise = np.broadcast_to(_hull(noise.max(axis=0)), noise.shape)
    mean = np.trace(series) / count
    deviation = series - mean * np.eye(count)[..., None, None]
    split = np.any(np.abs(deviation) > noise, axis=(0, 1))
    found = np.tile(mean, (count, 1, 1))
    if not np.any(split[:, 1:]) and not np.any(split[1:]):
        return found.reshape(count, -1)
    k = int(np.argmax(split[0, 1:])) + 1
    note_rest(True)
    if not split[0, k] or np.any(split[1:, :k]):
        return None
    smaller = DualDType(length - 1 - k, *dtype.sizes[1:], levels=dtype.levels)
    a = from_components(deviation[..., k:].reshape(count, count, -1), smaller)
    basis = _basis(value(a), orthogonal)
    if basis is None:
        return None
    w, v, left = basis
    size = np.broadcast_to((noise[:, k:] / NOISE).ravel(), components(a).shape)
    same, v, left = equal_values(value(a), w, v, left, np.full((count, count), noise[0, k]))
    c, _, blocks = decoupled(a, w, v, left, orthogonal, same, from_components(size, smaller))
    parts = []
    for members in _groups(w, same):
        if len(members) == 1:
            part = components(c[members] if blocks is None else _diagonal(c)[members])
        else:
            inside = np.ix_(members, members)
            floor = np.max(blocks.noise[inside], axis=(0, 1))
            part = _near_branches(components(c[inside]), floor, smaller, orthogonal)
        if part is None:
            return None
        parts.append(part)
    found[..., k:] += np.concatenate(parts).reshape(count, -1, length - k)
    return found.reshape(count, -1)


def _basis(matrix, orthogonal):
    """Return (w, v, v^-1), the eigenvalues and vectors, or None where they are not real or v is nearly singular."""
    if orthogonal:
        w, v = np.linalg.eigh((matrix + matrix.T) / 2)
        return w, v, v.T
    w, v = np.linalg.eig(matrix)
    if np.any(np.imag(w)) or np.linalg.cond(v) > 1e12:
        return None
    return np.real(w), np.real(v), np.linalg.inv(np.real(v))


def _hull(noise):
    """Return the noise of each coefficient m of a series in t, whose rounding errors may come from the others.

    It is ``min over t of max_j noise_j t^(j - m)``, the concave hull of the logarithms; the unit of t cancels.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(noise)
    hull = logs.copy()
    for m in range(1, len(logs) - 1):
        for i in range(m):
            for j in range(m + 1, len(logs)):
                hull[m] = max(hull[m], ((j - m) * logs[i] + (m - i) * logs[j]) / (j - i))
    return np.exp(hull)


def _branches(series, noise, start, orthogonal, average, absolute):
    """Return the coefficients of one block's eigenvalues along one direction, in ascending order, or None.

    None means that eigenvalues are not real or have no vectors.  Series and result are divided by ``t^start``.
    """
    count, length, noise = len(series), series.shape[-1], _hull(noise)
    mean = np.zeros(length) if absolute else np.trace(series) / count
    shared = np.tile(mean, (count, 1))
    deviation = series - mean * np.eye(count)[..., None]
    split = np.flatnonzero(np.any(np.abs(deviation[..., 1:]) > noise[1:], axis=(0, 1)))
    if not split.size:
        return shared
    k = 1 + split[0]  # the first order in which branches differ
    order, last = start + k, start + length - 1
    if order % 2 and not absolute and (average or 2 * order > last):
        return shared
    basis = _basis(deviation[..., k], orthogonal)
    if basis is None:
        return None
    w, v, left = basis
    dtype = DualDType(order=length - 1 - k)
    size = from_components(np.broadcast_to(noise[k:] / NOISE, (count, count, length - k)), dtype)
    same, v, left = equal_values(deviation[..., k], w, v, left, np.full((count, count), noise[k]))
    c, _, blocks = decoupled(from_components(deviation[..., k:], dtype), w, v, left, orthogonal, same, size)
    c, floors = (c, blocks.noise) if blocks else (c[:, None] * np.eye(count), NOISE * components(size))
    found = []
    for members in _groups(w, same):
        inside = np.ix_(members, members)
        middle = absolute and abs(np.mean(w[members])) <= count * noise[k]
        if absolute and order % 2 and not middle:  # branches x and -x cross: their absolute values are equal
            part = np.zeros((len(members), length - k))
        else:
            floor = np.max(floors[inside], axis=(0, 1))
            part = _branches(components(c[inside]), floor, order, orthogonal, average, middle)
        if part is None:
            return None
        found.append(part)
    shared[:, k:] += np.concatenate(found)
    return shared
