"""Regularised incomplete gamma and beta functions of duals, from moments of the logarithms in their integrals.

``P(a + h, x) = int_0^x w(t) exp(h l(t) - r(h)) dt / t`` with ``w = t^a exp(-t) / gamma(a)``, ``l = log(t) - psi(a)``
and ``r = log gamma(a + h) - log gamma(a) - h psi(a)``, so that the derivatives by a consist of the moments
``int w l^n dt / t``, which are numbers.  The beta function is the same with two parameters.  Of both tails at x the
smaller one is integrated, where l hardly changes sign.  The step of x adds the integral of the density along it.
"""

import itertools
import math

import numpy as np
from scipy import special

from dualnum._core import DualArray, value
from dualnum.rules._components import components, degree, nilpotent_part
from dualnum.rules._operands import dtype_of, set_values
from dualnum.rules.ufuncs._tables import SLOPES, gauss_rule, polynomial

DECAY = 40.0  # a tail ends where its integrand has fallen by exp(-DECAY)
BLOCK = 128  # elements at a time, so that their numbers at all nodes stay in the cache


def _clenshaw_curtis(n):
    """Return nodes and weights for ``int_0^1 f(u) du``; those of NumPy's Gauss rules lose 4 digits at the ends."""
    j, k = np.arange(n + 1), np.arange(1, n // 2 + 1)
    terms = np.where(2 * k == n, 1.0, 2.0) / (4.0 * k * k - 1) * np.cos(2 * math.pi / n * np.outer(j, k))
    return np.sin(math.pi / 2 / n * j) ** 2, np.where(j % n, 1.0, 0.5) * (1 - terms.sum(axis=1)) / n


NODES, WEIGHTS = _clenshaw_curtis(72)

# ---- numbers -------------------------------------------------------------------------------------------------------

_STIRLING = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12]


def _log_minus_psi(a):
    """Return log(a) - psi(a), for a > 20 by Stirling's series."""
    far = a > 20
    if not far.any():
        return np.log(a) - special.psi(a)
    inverse = 1 / np.where(far, a, 20.0)
    square = inverse * inverse
    return np.where(far, inverse / 2 + square * polynomial(square, _STIRLING), np.log(a) - special.psi(a))


def _log_ratio(x, p, difference):
    """Return log(x / p), near 1 from x - p."""
    ratio = difference / p
    return np.where(np.abs(ratio) < 0.5, np.log1p(ratio), np.log(x / p))


_ARTANH = [2 / (2 * k + 3) for k in range(9)]


def _log1pmx(z, log):
    """Return log - z for log = log(1 + z); for small z by the series of 2 artanh(r) = log, where r = z / (2 + z)."""
    r = z / (2 + z)
    square = r * r
    return np.where(np.abs(z) < 0.25, r * (square * polynomial(square, _ARTANH) - z), log - z)


def _length(slope, curvature, fall):
    """Return the u with ``g(u) = DECAY`` by Newton's method, given g'(0), g''(0) and u -> (g, g') for a convex g."""
    u = 2 * DECAY / (slope + np.sqrt(slope * slope + 2 * DECAY * curvature))
    for _ in range(5):
        g, rate = fall(u)
        u = u + (DECAY - g) / rate
    return u


def _moments(weights, logs, powers):
    """Return the sums of weights times each product of powers of the logs."""
    terms = (
        math.prod([log for log, n in zip(logs, k, strict=True) for _ in range(n)], start=weights)
        for k in powers
    )
    return np.array([term.sum(axis=-1) for term in terms])


def _gamma_moments(powers, a, x, left):
    """Return the moments of the tail on the left, or on the right, of x, in u = |log(t / x)|."""
    sign = np.where(left, -1.0, 1.0)

    def fall(u):
        z = np.expm1(sign * u)
        return x * z - a * sign * u, sign * (x * (1 + z) - a)

    length = _length(np.abs(a - x), x, fall)
    u = (sign * length)[:, None] * NODES
    z = np.expm1(u)
    weights = np.exp((a - x)[:, None] * z + a[:, None] * _log1pmx(z, u)) * WEIGHTS
    logs = u + _gamma_slope(a, x)[:, None]
    return length * special._ufuncs._igam_fac(a, x) * _moments(weights, [logs], powers)


def _gamma_slope(a, x):
    """Return log(x) - psi(a)."""
    return _log_ratio(x, a, x - a) + _log_minus_psi(a)


def _beta_moments(powers, a, b, x, y):
    """Return the moments of the tail on the left of x = 1 - y, in the distance u of log(t / (1 - t))."""
    slope = a * y - b * x

    def fall(u):
        z = np.expm1(-u)
        return a * u + (a + b) * np.log1p(x * z), a - (a + b) * x * (1 + z) / (1 + x * z)

    length = _length(np.abs(slope), (a + b) * x * y, fall)
    a_, b_, x_, y_ = (each[:, None] for each in (a, b, x, y))
    u = length[:, None] * NODES
    z = np.expm1(-u)
    log = np.log1p(x_ * z)
    step = z / (1 + x_ * z)
    below, beyond = y_ * step, -x_ * step  # t / x - 1 and (1 - t) / y - 1
    log_below = np.where(below > -0.5, np.log1p(below), -u - log)
    rest = a_ * _log1pmx(below, log_below) + b_ * _log1pmx(beyond, -log)
    weights = np.exp(slope[:, None] * step + rest) * WEIGHTS
    of_a, of_b = _beta_slopes(a, b, x, y)
    logs = log_below + of_a[:, None], of_b[:, None] - log
    return length * _beta_weight(a, b, x, y) * _moments(weights, logs, powers)


def _beta_slopes(a, b, x, y):
    """Return log(x) - psi(a) + psi(a + b) and log(y) - psi(b) + psi(a + b)."""
    total = a + b
    p, q = a / total, b / total
    difference = np.where(x < y, x - p, q - y)
    of_total = _log_minus_psi(total)
    of_a, of_b = _log_minus_psi(a) - of_total, _log_minus_psi(b) - of_total
    if np.any(small := np.minimum(a, b) < 1):  # there the difference for the other parameter cancels
        by_a, by_b = SLOPES["betaln"](a, b, None)
        of_a, of_b = (
            np.where(small, -by_a - np.log1p(b / a), of_a),
            np.where(small, -by_b - np.log1p(a / b), of_b),
        )
    return _log_ratio(x, p, difference) + of_a, _log_ratio(y, q, -difference) + of_b


def _beta_weight(a, b, x, y):
    """Return x^a y^b / B(a, b)."""
    swap = x > y
    low, high = np.where(swap, (b, a), (a, b)), np.where(swap, (y, x), (x, y))
    return special._ufuncs._beta_pdf(high[0], low[0], low[1]) * x * y


# ---- duals ---------------------------------------------------------------------------------------------------------


def step_of(x):
    """Return x - value(x)."""
    return nilpotent_part(x.copy())


def _beyond_first_order(ufunc, slopes, *arguments):
    """Return a ufunc's terms of second and higher order in the steps of its arguments."""
    if degree(dtype_of(*arguments)) == 1:
        return 0.0
    steps = map(step_of, arguments)
    return step_of(ufunc(*arguments)) - sum(slope * h for slope, h in zip(slopes, steps, strict=True))


def _change(moments_of, steps, rest, *numbers):
    """Return ``int w (exp(sum l h - rest) - 1)`` for the steps h, by the function that gives moments of numbers."""
    order = degree(dtype_of(*steps))
    powers = [k for k in itertools.product(range(order + 1), repeat=len(steps)) if sum(k) <= order]
    if order == 1:
        powers.remove((0,) * len(steps))
    moments = np.concatenate(
        [
            moments_of(powers, *[x[i : i + BLOCK] for x in numbers])
            for i in range(0, numbers[0].size, BLOCK)
        ] or [np.empty((len(powers), 0))],
        axis=1,
    )  # fmt: skip
    total = sum(
        math.prod([h for h, n in zip(steps, k, strict=True) for _ in range(n)], start=m)
        / math.prod(map(math.factorial, k))
        for k, m in zip(powers, moments, strict=True)
    )
    return total if order == 1 else step_of(total * np.exp(-rest))


def along(step, density):
    """Return ``step int_0^1 density(s step) ds``: Gauss's rule is exact, because the step is nilpotent."""
    if not components(step).any():
        return step
    nodes, weights = gauss_rule((degree(step.dtype) + 1) // 2)
    return step * sum(w * density(s * step) for s, w in zip(nodes, weights, strict=True))


def _flat(*arguments):
    """Return arguments of one shape as vectors of duals with the levels of all, and the shape."""
    dtype = dtype_of(*arguments)
    arrays = np.broadcast_arrays(*arguments, subok=True)
    return [x.astype(dtype).view(DualArray).ravel() for x in arrays], arrays[0].shape


def _pair(step, lower, upper, shape):
    """Return a function and its complement by their values and the nilpotent part of the first."""
    pair = step, -step
    for x, values in zip(pair, (lower, upper), strict=True):
        set_values(x, values)
    return tuple([x.reshape(shape) for x in pair])


def gamma_pair(a, x):
    """Return the regularised incomplete gamma functions P and Q = 1 - P of duals.

    For a < 1 the left tail is that of ``P(a, x) = P(a + 1, x) + x^a exp(-x) / gamma(a + 1)``.
    """
    (a, x), shape = _flat(a, x)
    p, q, h = value(a), value(x), step_of(a)

    def rest(a):
        return _beyond_first_order(special.gammaln, [special.psi(value(a))], a)

    def density(step):
        ratio = step / q
        log = np.log1p(ratio)
        exponent = h * (_gamma_slope(p, q) + log) - of_a + (p - q) * ratio + p * (log - ratio)
        return special._ufuncs._igam_fac(p, q) / q * np.exp(exponent) / (1 + ratio)

    of_a = rest(a)
    left = q < np.maximum(p, 0.5)
    raised = left & (p < 1)
    of_tail = rest(a + raised)
    step = _change(_gamma_moments, [h], of_tail, p + raised, q, left)
    step = np.where(left, step, -step)
    if raised.any():
        whole = special._ufuncs._igam_fac(p, q) / p * np.exp(h * _gamma_slope(p + raised, q) - of_tail)
        step = step + np.where(raised, step_of(whole), 0.0)
    step = step + along(step_of(x), density)
    return _pair(step, special.gammainc(p, q), special.gammaincc(p, q), shape)


def beta_pair(a, b, x, y=None):
    """Return the regularised incomplete beta function I_x(a, b) and its complement, for duals x = 1 - y.

    For a < 1 the left tail is that of ``I_x(a, b) = I_x(a + 1, b) + x^a y^b / (a B(a, b))``.
    """
    (a, b, x, y), shape = _flat(a, b, x, 1 - x if y is None else y)
    p, q, u, v = map(value, (a, b, x, y))
    left = u * np.maximum(q, 0.5) < v * np.maximum(p, 0.5)

    def rest(a, b):
        return _beyond_first_order(special.betaln, SLOPES["betaln"](value(a), value(b), None), a, b)

    def swapped(*pairs):
        """Return pairs such that the tail is the one on the left."""
        return [each for one, two in pairs for each in (np.where(left, one, two), np.where(left, two, one))]

    def density(step):
        below, beyond = step / u, -step / v
        log_below, log_beyond = np.log1p(below), np.log1p(beyond)
        of_a, of_b = _beta_slopes(p, q, u, v)
        exponent = step_of(a) * (of_a + log_below) + step_of(b) * (of_b + log_beyond) - rest(a, b)
        exponent = exponent + (p * v - q * u) * (step / (u * v)) + p * (log_below - below)
        exponent = exponent + q * (log_beyond - beyond)
        return _beta_weight(p, q, u, v) / (u * v) * np.exp(exponent) / ((1 + below) * (1 + beyond))

    c, d, s, t = swapped((a, b), (u, v))
    raised = value(c) < 1
    e, g, h, k = value(c) + raised, value(d), step_of(c), step_of(d)
    of_tail = rest(c + raised, d)
    step = _change(_beta_moments, [h, k], of_tail, e, g, s, t)
    if raised.any():
        of_c, of_d = _beta_slopes(e, g, s, t)
        whole = _beta_weight(value(c), g, s, t) / value(c) * np.exp(h * of_c + k * of_d - of_tail)
        step = step + np.where(raised, step_of(whole / (1 + (h + k) / (value(c) + g))), 0.0)
    step = np.where(left, step, -step) + along(step_of(x), density)
    return _pair(step, special.betainc(p, q, u), special.betainc(q, p, v), shape)
