"""Determinants, exact to every order at singular matrices too."""

import itertools
import math

import numpy as np

from dualnum._core import value
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.solve import solution
from dualnum.numpy_rules.values import (
    components,
    degree,
    finished,
    float_operands,
    nilpotent,
    of_components,
    operands,
)

__all__ = []

ILL = 1e6  # condition number (of Frobenius norms) from which the determinant goes by singular values
SMALL = 1e-3  # singular values below this part of the largest are not divided by


def _log_det(x0, h):
    """Return log det(1 + x0 h), h without its values: the sum of ``(-1)^(m+1) tr((x0 h)^m) / m``."""
    n, numbers = h.shape[-1], components(h)
    rows = x0.swapaxes(-1, -2).reshape(*x0.shape[:-2], 1, n * n)
    sums = (rows @ numbers.reshape(*h.shape[:-2], n * n, numbers.shape[-1]))[..., 0, :]
    sums[..., 0] = 0
    trace = of_components(sums, h.dtype)
    orders = degree(h.dtype)
    if orders > 1:
        e = x0 @ nilpotent(h.copy())
        power = e
        for m in range(2, orders + 1):
            if m > 2:
                power = power @ e
            trace = trace + np.sum(power * e.swapaxes(-1, -2), axis=(-1, -2)) * ((-1) ** (m + 1) / m)
    return trace


def _laplace(m):
    """Return the determinant of a small matrix without a division."""
    if len(m) == 0:
        return 1.0
    rest = [[row[:j] + row[j + 1 :] for row in m[1:]] for j in range(len(m))]
    return sum((-1) ** j * m[0][j] * _laplace(rest[j]) for j in range(len(m)))


def _by_singular_values(a):
    """
    Return the determinant of one matrix, however singular.

    Between the singular vectors of the values stands diag(s) + h.  The block of large s is eliminated; in what is left,
    ``det(diag(s) + c)`` is the sum over index sets T of ``prod(s outside T) det(c[T, T])``, with c nilpotent, so that
    sets larger than the number of orders vanish and nothing is divided by a small s.
    """
    if not np.isfinite(value(a)).all():
        return np.sum(a * math.nan)
    u, s, vt = np.linalg.svd(value(a))
    h = nilpotent(u.T @ a @ vt.T)
    r = int(np.sum(s > SMALL * s[0]))
    orders = degree(a.dtype)
    head, tail, rest = np.diag(s[:r]) + h[:r, :r], s[r:], h[r:, r:]
    large = math.copysign(1.0, np.linalg.det(u) * np.linalg.det(vt)) * np.prod(s[:r])
    if r:
        rest = rest - h[r:, :r] @ solution(head, h[:r, r:], np.zeros((r, len(tail))))
        large = large * np.exp(_log_det(np.diag(1 / s[:r]), h[:r, :r]))
    small = np.zeros((), a.dtype)[()] + np.prod(tail)
    zeros = int(np.sum(tail == 0))
    for size in range(max(zeros, 1), min(orders, len(tail)) + 1):
        for t in itertools.combinations(range(len(tail)), size):
            factor = np.prod(np.delete(tail, t))
            if factor != 0:
                small = small + factor * _laplace([[rest[i, j] for j in t] for i in t])
    return large * small


def _square(a):
    """Return the squares of the Frobenius norms of a stack of matrices."""
    rows = a.reshape(len(a), a.shape[-1] ** 2)
    return np.vecdot(rows, rows)


@np.errstate(all="ignore")
def _determinants(a, values, logarithm):
    """Return the determinants of a stack, or the logarithms of their absolute values."""
    shape, n = a.shape[:-2], a.shape[-1]
    if a.size == 0:
        return np.zeros(shape, a.dtype)
    stack, given = a.reshape(-1, n, n), np.reshape(values, -1)
    regular = given > -np.inf if logarithm else given != 0
    a0 = value(stack) if regular.all() else value(stack)[regular]
    x0 = np.linalg.inv(a0)
    well = _square(a0) * _square(x0) < ILL**2
    if well.all():
        part = x0
    else:
        regular[regular], part = well, x0[well]
    if regular.all():
        logs = _log_det(part, stack)
        return (logs if logarithm else given * np.exp(logs)).reshape(shape)
    result = np.zeros(len(stack), a.dtype)
    logs = _log_det(part, stack[regular])
    result[regular] = logs if logarithm else given[regular] * np.exp(logs)
    for i in np.flatnonzero(~regular):
        det = np.asarray(_by_singular_values(stack[i]))
        if logarithm:  # at a determinant of 0 the logarithm's slope is infinite
            det = det * np.sign(value(det)) if given[i] > -np.inf else nilpotent(det)
        result[i] = np.log(det) if logarithm else det
    return result.reshape(shape)


@numpy_rule(np.linalg.det)
def det(a):
    """The determinant: ``d det A = tr(adj(A) dA)``."""
    (a,) = operands("det", a)
    values = np.linalg.det(*float_operands(a))
    return finished(_determinants(a, values, False), values)


@numpy_rule(np.linalg.slogdet)
def slogdet(a):
    """The sign of the determinant, a constant, and the logarithm of its absolute value."""
    (a,) = operands("slogdet", a)
    values = np.linalg.slogdet(*float_operands(a))
    result = finished(_determinants(a, values.logabsdet, True), values.logabsdet)
    return type(values)(values.sign, result)
