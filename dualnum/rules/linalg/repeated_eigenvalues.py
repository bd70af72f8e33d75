"""
Matrices decoupled into blocks of equal eigenvalues, and the branches of repeated ones.

With values ``A0 V0 = V0 diag(w0)``, each pass takes the residual ``R = A V - V C`` and ``G = V0^-1 R`` and corrects
``V += V0 K``, ``K_ij = G_ij / (w0_j - w0_i)``; C takes up G_ij where w0_i and w0_j are equal, so that it stays diagonal
for distinct eigenvalues and block diagonal for repeated ones.

A block is ``w0 + t^k (M + N t + ...)`` along one direction, with M the first part that is no multiple of 1.  The
eigenvalues of M tell branches apart, so that ``M + N t + ...``, decoupled in its turn, has them all (Rellich).
"""

import functools
from collections import namedtuple

import numpy as np

from dualnum._core import DualDType, value
from dualnum.rules._operands import components, degree, kinds, nilpotent, of_components, orders
from dualnum.rules.linalg.solve import transpose

__all__ = []

EPSILON = np.finfo(float).eps
NOISE = 64 * EPSILON  # of a sum of products, relative to the sum of their sizes
ORTHOGONAL_NOISE = 8 * EPSILON  # where rounding is not magnified by vectors that are nearly parallel

#: Which pairs of eigenvalues are equal, and the rounding errors of the blocks' components.
Blocks = namedtuple("Blocks", "same noise")

#: Of an element's components: their total orders, ``m! / (i! j! ...)``, and whether all levels carry one direction.
Places = namedtuple("Places", "orders weights single")


@np.errstate(all="ignore")
def equal_values(a, w, v, left, noise=None, unit=NOISE):
    """
    Return (same, v, left): for every pair whether two eigenvalues are equal up to rounding, and bases for their spaces.

    They are equal where ``P A Q`` is a multiple of 1 up to the rounding errors of A's entries, by default `unit` times
    sums as large as their row and column.  Q is orthonormal and spans their vectors, P Q is 1: of a matrix that is
    nearly defective it shows what those vectors, which are nearly parallel, do not.  With U' for `left` they are
    singular values.
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
        near = same[i][order[:-1], order[1:]] | same[i][order[1:], order[:-1]]
        same[i] = np.eye(w.shape[-1])
        for run in np.split(order, np.flatnonzero(~near) + 1):
            for members, p, q in _equal_among(run, a[i], w[i], v[i], left[i], noise[i]):
                same[i][np.ix_(members, members)] = True
                left[i][members], v[i][:, members] = p, q
    return same, v, left


def _length(a, axis):
    return np.hypot.reduce(a, axis=axis)  # squares may vanish or overflow


def _equal_among(members, a, w, v, left, noise):
    """Yield (members, p, q) for every set of equal eigenvalues among members, which ascend."""
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
    """
    Return (c, v, blocks): the eigenvalues, the vectors, and None where all are distinct.

    Else c is block diagonal, with a block for those that are the same.  The rounding errors of a are those of terms of
    this size, by default its own.  Without `vectors`, v lacks its highest order, which c does not need, where
    eigenvalues are distinct.
    """
    n = a.shape[-1]
    one = np.eye(n)
    repeated = bool((same > one).any())
    gap = np.where(same, np.inf, w0[..., None, :] - w0[..., :, None])
    c, v = w0[..., None] * one if repeated else w0, v0
    inner = one if orthogonal else transpose(v0) @ v0
    for rest in reversed(range(degree(a.dtype))):
        g = nilpotent(left @ (a @ v - (v @ c if repeated else v * c[..., None, :])))
        c = c + (g * same if repeated else _diagonal(g))
        if not (rest or vectors or repeated):
            break
        k = g / gap
        if orthogonal:
            k = k + nilpotent(one - transpose(v) @ v) * (same / 2)
        else:  # columns of length 1: 2 sum_i (v_j' v_i) K_ij = 1 - v_j' v_j
            length = nilpotent(1 - (v * v).sum(axis=-2)) / 2 - (inner * k).sum(axis=-2)
            k = k + one * length[..., None, :]
        v = v + v0 @ k
    if not repeated:
        return c, v, None
    size = _absolute(a) if size is None else size
    return c, v, Blocks(same, _noise(size, _absolute(c), _absolute(v), np.abs(left), gap))


def _absolute(x):
    """Return x with the absolute values of all components, whose products are never less than those of x."""
    return of_components(np.abs(components(x)), x.dtype)


def _noise(a, c, v, left, gap):
    """Return the rounding errors of V0^-1 (A V - V C), given sizes, and of V0, which has those of A0 over the gaps."""
    terms = components(left @ (a @ v + v @ c))
    largest = np.max(value(a), axis=(-2, -1), initial=0)[..., None]
    condition = np.maximum(1, largest / np.min(np.abs(gap), axis=-2, initial=np.inf))
    return NOISE * terms * condition[..., None, :, None]


def _diagonal(c):
    return c.diagonal(axis1=-2, axis2=-1)


def multiples(c, blocks):
    """Return whether every block is a multiple of 1, so that vectors may stay as they are."""
    if blocks is None:
        return True
    same = blocks.same
    share = np.sum(same * _diagonal(c)[..., None, :], axis=-1) / same.sum(axis=-1)
    rest = components(c - share[..., None, :] * np.eye(c.shape[-1]))[..., 1:]
    return not np.any(np.abs(rest) > blocks.noise[..., 1:])


def block_values(c, blocks, orthogonal, average=False, zero=None):
    """
    Return (w, smooth): eigenvalues from diagonal blocks, and whether each has the derivatives that it is given.

    Equal eigenvalues have the same ones as long as no function of all of them can tell; from then on they follow their
    branches, in the order that these have for t > 0.  Along one direction, a difference of even order puts them in
    order on both sides.  With `average`, for who takes one of them, those that cross are their mean to every order.
    Where `zero` holds they are singular values and their negatives: absolute values of branches, by the same rules.
    """
    w, smooth = _diagonal(c).copy(), np.ones(c.shape[:-1], bool)
    if blocks is None:
        return w, smooth
    w0, places = value(w).copy(), _places(*kinds(c.dtype))
    for i in np.ndindex(c.shape[:-2]):
        for members in _groups(w0[i], blocks.same[i]):
            if len(members) > 1:
                inside = np.ix_(members, members)
                noise = np.max(blocks.noise[i][inside], axis=(0, 1))
                absolute = zero is not None and bool(np.any(zero[i][members]))
                numbers, smooth[i][members] = _of_block(
                    components(c[i][inside]), noise, places, orthogonal, average, absolute
                )
                w[i][members] = of_components(numbers, c.dtype)
    value(w)[...] = w0
    return w, smooth


@functools.lru_cache(64)
def _places(*kinds):
    own = orders(*kinds)
    total = own.sum(axis=0)
    factorials = np.cumprod(np.maximum(1.0, np.arange(total.max() + 1)))
    weights = factorials[total] / np.prod(factorials[own], axis=0)
    return Places(total, weights, all(taylor or k < 2 for taylor, k in kinds))


def _groups(w, same):
    """Return the places of equal eigenvalues for each of the different ones, all in ascending order."""
    order = np.argsort(w, kind="stable")
    found = (order[same[j][order]] for j in order)
    return [members for j, members in zip(order, found, strict=True) if members[0] == j]


def _of_block(numbers, noise, places, orthogonal, average, absolute):
    """Return the components of one block's eigenvalues, and whether they have all these derivatives."""
    orders, weights, single = places
    count = len(numbers)
    mean = np.zeros(orders.size) if absolute else np.trace(numbers) / count
    shared = np.tile(mean, (count, 1))
    rest = numbers - mean * np.eye(count)[..., None]
    moving = np.any(np.abs(rest) > noise, axis=(0, 1)) & (orders > 0)
    if not np.any(moving):
        return shared, True
    if single:
        parts = [numbers[..., orders == m] / weights[orders == m] for m in range(orders.max() + 1)]
        series = np.stack([part.mean(axis=-1) for part in parts], axis=-1)
        if np.all(np.abs(series[..., orders] * weights - numbers)[..., 1:] <= noise[1:]):
            floor = [np.max((noise / weights)[orders == m]) for m in range(orders.max() + 1)]
            found = _branches(series, np.array(floor), 0, orthogonal, average, absolute)
            return (shared, False) if found is None else (found[:, orders] * weights, True)
    if absolute or 2 * orders[moving].min() > orders.max():
        return shared, True
    sizes = np.max(np.abs(rest), axis=(0, 1))
    scaled = rest[..., moving] / sizes[moving]
    basis = _basis(scaled @ np.cos(np.arange(1, scaled.shape[-1] + 1)), orthogonal)  # of any mixture of them
    if basis is None:
        return shared, False
    _, v, left = basis
    turned = np.moveaxis(left @ np.moveaxis(numbers, -1, 0) @ v, 0, -1)
    apart = turned * (1 - np.eye(count))[..., None]
    if np.any(np.abs(apart)[..., moving] > (count * noise + 1e-9 * sizes)[moving]):
        return shared, False
    return (shared if average else _diagonal(np.moveaxis(turned, -1, 0)).T), True


def _basis(matrix, orthogonal):
    """Return (w, v, v^-1), or None where they are not real or v is singular."""
    if orthogonal:
        w, v = np.linalg.eigh((matrix + matrix.T) / 2)
        return w, v, v.T
    w, v = np.linalg.eig(matrix)
    if np.any(np.imag(w)) or np.linalg.cond(v) > 1e12:
        return None
    return np.real(w), np.real(v), np.linalg.inv(np.real(v))


def _hull(noise):
    """
    Return the noise of coefficients that at some t rise above that of the others, whose sums they may come from.

    That is ``min over t of max_j noise_j t^(j - m)``, which does not depend on the unit of t: the concave hull of the
    logarithms.
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
    """
    Return the coefficients of one block's eigenvalues along one direction, in ascending order, or None.

    Both series and result lack the power `start` of t, by which earlier steps have divided.
    """
    count, length, noise = len(series), series.shape[-1], _hull(noise)
    mean = np.zeros(length) if absolute else np.trace(series) / count
    shared = np.tile(mean, (count, 1))
    rest = series - mean * np.eye(count)[..., None]
    moving = np.flatnonzero(np.any(np.abs(rest[..., 1:]) > noise[1:], axis=(0, 1)))
    if not moving.size:
        return shared
    k = 1 + moving[0]
    order, last = start + k, start + length - 1
    if order % 2 and not absolute and (average or 2 * order > last):
        return shared
    basis = _basis(rest[..., k], orthogonal)
    if basis is None:
        return None
    w, v, left = basis
    dtype = DualDType(order=length - 1 - k)
    size = of_components(np.broadcast_to(noise[k:] / NOISE, (count, count, length - k)), dtype)
    same, v, left = equal_values(rest[..., k], w, v, left, np.full((count, count), noise[k]))
    c, _, blocks = decoupled(of_components(rest[..., k:], dtype), w, v, left, orthogonal, same, size)
    c, floors = (c, blocks.noise) if blocks else (c[:, None] * np.eye(count), NOISE * components(size))
    found = []
    for members in _groups(w, same):
        inside = np.ix_(members, members)
        middle = absolute and abs(np.mean(w[members])) <= count * noise[k]
        if absolute and order % 2 and not middle:  # x and -x meet
            part = np.zeros((len(members), length - k))
        else:
            floor = np.max(floors[inside], axis=(0, 1))
            part = _branches(components(c[inside]), floor, order, orthogonal, average, middle)
        if part is None:
            return None
        found.append(part)
    shared[:, k:] += np.concatenate(found)
    return shared
