"""Determinants, right to every order whatever the condition and the scale of the matrix."""

import itertools
import math

import numpy as np

from dualnum._core import value
from dualnum.rules._components import components, degree, from_components, nilpotent_part, orders
from dualnum.rules._operands import float_operands, numpy_result, operands
from dualnum.rules._registry import numpy_rule

__all__ = []

LOSS = 1e4  # what cancellation may cost, in units of the rounding error
ILL = 1e6  # condition number (of Frobenius norms) up to which first derivatives go by the inverse
SMALL = 4  # rows of a matrix that is cheaper multiplied out


def _log_det(x0, h):
    """Return log det(1 + x0 h), h without its values: the sum of ``(-1)^(m+1) tr((x0 h)^m) / m``."""
    n, numbers = h.shape[-1], components(h)
    rows = x0.swapaxes(-1, -2).reshape(*x0.shape[:-2], 1, n * n)
    sums = (rows @ numbers.reshape(*h.shape[:-2], n * n, numbers.shape[-1]))[..., 0, :]
    sums[..., 0] = 0
    trace = from_components(sums, h.dtype)
    passes = degree(h.dtype)
    if passes > 1:
        e = x0 @ nilpotent_part(h.copy())
        power = e
        for m in range(2, passes + 1):
            if m > 2:
                power = power @ e
            trace = trace + np.sum(power * e.swapaxes(-1, -2), axis=(-1, -2)) * ((-1) ** (m + 1) / m)
    return trace


def _laplace(a):
    """Return the determinants of small matrices without a division, by the minors of their first rows."""
    n, minors = a.shape[-1], {(): 1.0}
    for i in range(n):
        row, larger = [a[..., i, j] for j in range(n)], {}
        for columns in itertools.combinations(range(n), i + 1):
            terms = [row[j] * minors[columns[:k] + columns[k + 1 :]] for k, j in enumerate(columns)]
            larger[columns] = sum(terms[i % 2 :: 2]) - sum(terms[1 - i % 2 :: 2])
        minors = larger
    return minors[tuple(range(n))]


def _product(s):
    """Return the products along the last axis as mantissas and exponents of two, whatever their size."""
    mantissa, exponent = np.ones(s.shape[:-1]), np.zeros(s.shape[:-1], int)
    for column in np.moveaxis(s, -1, 0):
        mantissa, more = np.frexp(mantissa * column)
        exponent += more
    return mantissa, exponent


def _units(s, h, order):
    """
    Return powers of two in which to count: one for the values, given the singular values, and one for each level.

    Counted in these, no part of h is above 1, and some part of each level is near it.  The values' stands so far above
    the smallest s other than 0 that neither the powers of 1 / s overflow nor 1 over the largest s underflows.
    """
    powers, passes, total = np.frexp(s)[1], degree(h.dtype), np.sum(order, axis=0)
    least = np.min(np.where(s > 0, powers, powers[:, :1]), axis=-1)
    unit = (powers[:, 0] + passes * least) // (passes + 1)
    sizes = np.max(np.abs(components(h)), axis=(1, 2))
    above = np.where(sizes > 0, np.frexp(sizes)[1] - unit[:, None], -np.inf)[:, 1:]
    step = np.zeros((len(s), len(order)))
    for i, own in enumerate(order[:, 1:]):
        alone = own == total[1:]
        step[:, i] = np.max(above[:, alone] / own[alone], axis=1, initial=-np.inf)
    step = np.ceil(np.where(np.isfinite(step), step, 0))
    step += np.ceil(np.max((above - step @ order[:, 1:]) / total[1:], axis=1, initial=0))[:, None]
    return unit, step.astype(int)


def _times_power(x, power):
    """Return x with its components, along the last axis of power, times powers of two."""
    return from_components(np.ldexp(components(x), power), x.dtype)


def _by_singular_values(a):
    """
    Return the determinants of a stack, however singular and whatever their size, and the powers of two to multiply by.

    Between the singular vectors of the values stands diag(s) + h, whose determinant has terms ``h^k prod(s)`` with k
    of the s left out; order k is as large as the term without the k smallest.  To eliminate s_j brings in powers of
    h / s_j.  They are no larger where s_j is none of the K smallest, K the number of orders; where it is one of them,
    they are larger by the product of ``s_i / s_j`` over those of the K smallest that are above s_j, and by (h / s_j)^m
    with m orders more than s.  What is not eliminated is multiplied out.
    """
    n, passes, order = a.shape[-1], degree(a.dtype), orders(a.dtype)
    finite = np.isfinite(value(a)).all(axis=(1, 2))
    u, s, vt = np.linalg.svd(np.where(finite[:, None, None], value(a), 0))
    h = nilpotent_part(u.swapaxes(-1, -2) @ a @ vt.swapaxes(-1, -2))
    unit, step = _units(s, h, order)
    h = _times_power(h, -(unit[:, None] + step @ order)[:, None, None])
    scaled = np.ldexp(s, -unit[:, None])
    candidates = min(passes, n)
    logs = np.log(scaled[:, n - candidates :])
    far = np.maximum(np.max(step, axis=1, initial=0)[:, None] * math.log(2) - logs, 0)  # log of h / s_j, or 0
    loss = np.cumsum(logs, axis=-1) - np.arange(1, candidates + 1) * logs + (passes - candidates) * far
    ranks = n - candidates + np.sum(loss < math.log(LOSS), axis=-1)
    result, power = np.sum(a * math.nan, axis=(1, 2)), np.zeros(len(a), int)
    for r in set(ranks[finite].tolist()):
        at = finite & (ranks == r)
        mantissa, exponent = _product(s[at, :r])
        result[at] = mantissa * _eliminated(scaled[at], h[at], r)
        power[at] = exponent + (n - r) * unit[at]
    return np.linalg.det(u @ vt).round() * result, power[:, None] + step @ order


def _eliminated(s, h, r):
    """Return the determinants of the matrices diag(s) + h over the product of the first r of s."""
    n, passes = s.shape[-1], degree(h.dtype)
    tail = h[:, r:, r:] + np.eye(n - r) * s[:, None, r:]
    if r == 0:
        return _laplace(tail)
    inverse = np.eye(r) * np.where(s[:, None, :r] > 0, 1 / s[:, None, :r], 0)  # at 0, so is the product
    if r < n:
        first, head = inverse @ h[:, :r, r:], inverse @ h[:, :r, :r]
        x = first
        for _ in range(passes - 2):
            x = first - head @ x
        tail = tail - h[:, r:, :r] @ x
    return np.exp(_log_det(inverse, h[:, :r, :r])) * _laplace(tail)


def _square(a):
    """Return the squares of the Frobenius norms of a stack of matrices."""
    rows = a.reshape(len(a), a.shape[-1] ** 2)
    return np.vecdot(rows, rows)


def _inverses(a0, given, passes):
    """
    Return the inverses of a stack, given the determinants, and of which ``det A0 exp(log det(1 + A0^-1 h))`` is right.

    Where there are more than two orders, K, it costs up to ``(|A^-1| |det A|^(1/n))^K``: see _by_singular_values.
    """
    n = a0.shape[-1]
    try:
        x0 = np.linalg.inv(a0)
    except np.linalg.LinAlgError:
        x0, regular = np.full(a0.shape, math.nan), np.abs(given) > 0
        x0[regular] = np.linalg.inv(a0[regular])
    size = _square(x0)
    well = (_square(a0) * size < (ILL if passes == 1 else LOSS) ** 2) & np.isfinite(given + 1 / given)
    if passes > 2:
        well &= (size * np.abs(given) ** (2 / n)) ** (passes / 2) < (LOSS if passes <= n else 0)
    return x0, well


def _determinants(a, given):
    """
    Return the determinants of a stack, given their values.

    A small matrix of no more rows than there are orders is multiplied out, which costs ``|A|^n / |det A|``.
    """
    a0, n, passes = value(a), a.shape[-1], degree(a.dtype)
    small = n <= min(passes, SMALL)
    if small:
        x0, well = a0, _square(a0) ** (n / 2) < LOSS * np.abs(given)
    else:
        x0, well = _inverses(a0, given, passes)

    def short(a, given, x0):
        return _laplace(a) if small else given * np.exp(_log_det(x0, a))

    if well.all():
        return short(a, given, x0)
    result = np.empty(len(a), a.dtype)
    result[well] = short(a[well], given[well], x0[well])
    result[~well] = _times_power(*_by_singular_values(a[~well]))
    return result


def _logarithms(a, given):
    """Return the logarithms of the absolute values of the determinants of a stack, given their values."""
    regular = given > -np.inf
    if regular.all():
        return _log_det(np.linalg.inv(value(a)), a)
    result = np.empty(len(a), a.dtype)
    result[regular] = _log_det(np.linalg.inv(value(a[regular])), a[regular])
    det, _ = _by_singular_values(a[~regular])
    result[~regular] = np.log(nilpotent_part(det))  # the slope is infinite
    return result


def _stacked(f, a, values):
    """Return f of the matrices of a as one stack and of their values, as it is handed to the caller."""
    if a.size == 0:
        return numpy_result(np.zeros(a.shape[:-2], a.dtype), values)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result = f(a.reshape(-1, *a.shape[-2:]), values.reshape(-1))
    return numpy_result(result.reshape(a.shape[:-2]), values)


@numpy_rule(np.linalg.det)
def det(a):
    """The determinant: ``d det A = tr(adj(A) dA)``."""
    (a,) = operands("det", a)
    return _stacked(_determinants, a, np.linalg.det(*float_operands(a)))


@numpy_rule(np.linalg.slogdet)
def slogdet(a):
    """The sign of the determinant, a constant, and the logarithm of its absolute value."""
    (a,) = operands("slogdet", a)
    values = np.linalg.slogdet(*float_operands(a))
    return type(values)(values.sign, _stacked(_logarithms, a, values.logabsdet))
