"""Determinants: their derivatives are accurate in every order, for matrices of any condition and scale."""

import itertools
import math

import numpy as np

from dualnum._core import value
from dualnum.rules._components import components, degree, from_components, nilpotent_part, orders
from dualnum.rules._operands import float_operands, numpy_result, operands
from dualnum.rules._registry import rule, rule_of_any
from dualnum.rules.linalg._helpers import adjoint

MAX_LOSS = 1e4  # factor by which cancellation may magnify the rounding error
MAX_CONDITION = 1e6  # of Frobenius norms, up to which first derivatives are computed by the inverse
MAX_EXPANDED = 4  # rows up to which Laplace's expansion is the cheapest formula


def log_det(x0: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Return log det(1 + x0 h) for the nilpotent part of h: the sum of ``(-1)^(m+1) tr((x0 h)^m) / m``."""
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
    """Return determinants by Laplace's expansion, without a division, from the minors of the first rows."""
    n, minors = a.shape[-1], {(): 1.0}
    for i in range(n):
        row, larger = [a[..., i, j] for j in range(n)], {}
        for columns in itertools.combinations(range(n), i + 1):
            terms = [row[j] * minors[columns[:k] + columns[k + 1 :]] for k, j in enumerate(columns)]
            larger[columns] = sum(terms[i % 2 :: 2]) - sum(terms[1 - i % 2 :: 2])
        minors = larger
    return minors[tuple(range(n))]


def _product(s):
    """Return the products along the last axis as mantissas and exponents of two, which cannot overflow."""
    mantissa, exponent = np.ones(s.shape[:-1]), np.zeros(s.shape[:-1], int)
    for column in np.moveaxis(s, -1, 0):
        mantissa, more = np.frexp(mantissa * column)
        exponent += more
    return mantissa, exponent


def _units(s, h, order):
    """Return exponents of two as units: one for the values, given the singular values s, and one for each level.

    In these units every component of h is at most 1, and some component of each level is near 1.  The unit of the
    values lies between the largest and the smallest s other than 0, at a place where powers of 1 / s do not overflow
    and the reciprocal of the largest s does not underflow.
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
    """Return x with its components multiplied by powers of two, given along the last axis of `power`."""
    numbers = components(x)
    parts = numbers.view(float).reshape(*numbers.shape, -1)  # two of a complex number
    return from_components(np.ldexp(parts, power[..., None]).view(numbers.dtype)[..., 0], x.dtype)


def _by_singular_values(a):
    """Return the determinants of a stack, singular or not and of any size, and the exponents of two to scale them by.

    In the basis of the singular vectors of its values, the matrix is diag(s) + h.  Its determinant has the terms
    ``h^k prod(s)``, where the product omits k of the s, and order k is as large as the term that omits the k smallest.
    Eliminating row j introduces powers of h / s_j.  With K orders, they are no larger than the determinant's own terms
    if s_j is not among the K smallest s.  If it is, they are larger by the product of ``s_i / s_j`` over the s_i above
    s_j among these, and by (h / s_j)^m if there are m orders more than s.  Rows are eliminated while this loss is below
    MAX_LOSS; Laplace's expansion gives the determinant of the remaining rows.
    """
    n, passes, order = a.shape[-1], degree(a.dtype), orders(a.dtype)
    finite = np.isfinite(value(a)).all(axis=(1, 2))
    u, s, vt = np.linalg.svd(np.where(finite[:, None, None], value(a), 0))
    h = nilpotent_part(adjoint(u) @ a @ adjoint(vt))
    unit, step = _units(s, h, order)
    h = _times_power(h, -(unit[:, None] + step @ order)[:, None, None])
    scaled = np.ldexp(s, -unit[:, None])
    candidates = min(passes, n)
    logs = np.log(scaled[:, n - candidates :])
    far = np.maximum(np.max(step, axis=1, initial=0)[:, None] * math.log(2) - logs, 0)  # log of h / s_j, or 0
    loss = np.cumsum(logs, axis=-1) - np.arange(1, candidates + 1) * logs + (passes - candidates) * far
    ranks = n - candidates + np.sum(loss < math.log(MAX_LOSS), axis=-1)
    result, power = np.sum(a * math.nan, axis=(1, 2)), np.zeros(len(a), int)
    for r in set(ranks[finite].tolist()):
        at = finite & (ranks == r)
        mantissa, exponent = _product(s[at, :r])
        result[at] = mantissa * _eliminated(scaled[at], h[at], r)
        power[at] = exponent + (n - r) * unit[at]
    return np.sign(np.linalg.det(u @ vt)) * result, power[:, None] + step @ order


def _eliminated(s, h, r):
    """Return det(diag(s) + h) divided by the product of the first r of s, for a stack: r rows are eliminated."""
    n, passes = s.shape[-1], degree(h.dtype)
    tail = h[:, r:, r:] + np.eye(n - r) * s[:, None, r:]
    if r == 0:
        return _laplace(tail)
    inverse = np.eye(r) * np.where(s[:, None, :r] > 0, 1 / s[:, None, :r], 0)  # at s = 0 the product is 0 too
    if r < n:
        first, head = inverse @ h[:, :r, r:], inverse @ h[:, :r, :r]
        x = first
        for _ in range(passes - 2):
            x = first - head @ x
        tail = tail - h[:, r:, :r] @ x
    return np.exp(log_det(inverse, h[:, :r, :r])) * _laplace(tail)


def _squared_norm(a):
    """Return the squares of the Frobenius norms of a stack of matrices."""
    rows = a.reshape(len(a), a.shape[-1] ** 2)
    return np.vecdot(rows, rows).real


def _inverses(a0, det0, passes):
    """Return (inverses, accurate): for which matrices of a stack ``det A0 exp(log det(1 + A0^-1 h))`` is accurate.

    det0 are the values of the determinants.  With K > 2 orders that formula magnifies rounding errors by up to
    ``(|A^-1| |det A|^(1/n))^K``, for the reasons given in _by_singular_values.
    """
    n = a0.shape[-1]
    try:
        x0 = np.linalg.inv(a0)
    except np.linalg.LinAlgError:
        x0, regular = np.full(a0.shape, math.nan, a0.dtype), np.abs(det0) > 0
        x0[regular] = np.linalg.inv(a0[regular])
    size = _squared_norm(x0)
    condition = MAX_CONDITION if passes == 1 else MAX_LOSS
    accurate = (_squared_norm(a0) * size < condition**2) & np.isfinite(det0 + 1 / det0)
    if passes > 2:
        accurate &= (size * np.abs(det0) ** (2 / n)) ** (passes / 2) < (MAX_LOSS if passes <= n else 0)
    return x0, accurate


def determinants(a: np.ndarray, det0: np.ndarray) -> np.ndarray:
    """Return the determinants of a stack, given their values.

    Laplace's expansion serves small matrices that have no more rows than there are orders; it magnifies rounding errors
    by up to ``|A|^n / |det A|``.
    """
    a0, n, passes = value(a), a.shape[-1], degree(a.dtype)
    small = n <= min(passes, MAX_EXPANDED)
    if small:
        x0, accurate = a0, _squared_norm(a0) ** (n / 2) < MAX_LOSS * np.abs(det0)
    else:
        x0, accurate = _inverses(a0, det0, passes)

    def direct(a, det0, x0):
        return _laplace(a) if small else det0 * np.exp(log_det(x0, a))

    if accurate.all():
        return direct(a, det0, x0)
    result = np.empty(len(a), a.dtype)
    result[accurate] = direct(a[accurate], det0[accurate], x0[accurate])
    result[~accurate] = _times_power(*_by_singular_values(a[~accurate]))
    return result


def _logarithms(a, log0):
    """Return the logarithms of the absolute values of the determinants of a stack, given their values."""
    regular = log0 > -np.inf
    if regular.all():
        return log_det(np.linalg.inv(value(a)), a)
    result = np.empty(len(a), a.dtype)
    result[regular] = log_det(np.linalg.inv(value(a[regular])), a[regular])
    det, _ = _by_singular_values(a[~regular])
    result[~regular] = np.log(nilpotent_part(det))  # the slope is infinite
    return result


def _stacked(f, a, values):
    """Return the rule's result f(a, values), where f takes the matrices as one stack and their values as a vector."""
    if a.size == 0:
        return numpy_result(np.zeros(a.shape[:-2], a.dtype), values)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result = f(a.reshape(-1, *a.shape[-2:]), values.reshape(-1))
    return numpy_result(result.reshape(a.shape[:-2]), values)


@rule_of_any(np.linalg.det)
def det(a):
    """The determinant: ``d det A = tr(adj(A) dA)``."""
    (a,) = operands("det", a, or_complex=True)
    return _stacked(determinants, a, np.linalg.det(*float_operands(a)))


@rule(np.linalg.slogdet)
def slogdet(a):
    """The sign of the determinant, a constant, and the logarithm of its absolute value."""
    (a,) = operands("slogdet", a)
    values = np.linalg.slogdet(*float_operands(a))
    return type(values)(values.sign, _stacked(_logarithms, a, values.logabsdet))
