"""Functions of scipy.special by their parameters: series, sums and iterations that run on duals.

Values are SciPy's; each function here computes the derivatives, for all arguments at once and to every order.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import DualArray, value
from dualnum.rules._components import degree
from dualnum.rules._operands import dtype_of
from dualnum.rules.ufuncs.equations import constant
from dualnum.rules.ufuncs.incomplete import (
    TERMS,
    _by,
    _converged,
    _inverse,
    _split,
    _student,
    beta_pair,
    gamma_pair,
)

_one, _two, _three, _four = (_by(*range(n)) for n in (1, 2, 3, 4))

# ---- zeta functions ---------------------------------------------------------------------------------------------

BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
             854513 / 138, -236364091 / 2730, 8553103 / 6]  # fmt: skip


def _hurwitz(s, q, first=0):
    """Return ``sum_(k >= first) (k + q)^-s`` by the Euler-Maclaurin formula from k = 20 on."""
    total = 0.0 * (s + q)
    for k in range(first, 20):
        total = total + np.exp(-s * np.log(q + k))
    end = q + 20
    power = np.exp(-s * np.log(end))
    total = total + power * end / (s - 1) + power / 2
    factor = s * power / end
    for j, b in enumerate(BERNOULLI, 1):
        total = total + b / math.factorial(2 * j) * factor
        factor = factor * (s + 2 * j - 1) * (s + 2 * j) / (end * end)
    return total


def _riemann(s, first=0):
    """Return zeta(s), for s < -1/2 by its functional equation."""

    def left(s):
        t = 1 - s
        return (
            2
            * np.exp(-t * math.log(2 * math.pi))
            * np.sin(math.pi / 2 * s)
            * special.gamma(t)
            * _hurwitz(t, 1.0 + 0.0 * t)
        )

    return _split(value(s) < -0.5, left, lambda s: _hurwitz(s, 1.0 + 0.0 * s, first), s)


_one("_zeta", _hurwitz)
_one("_riemann_zeta", _riemann)
_one("zetac", lambda s: _split(value(s) < -0.5, lambda s: _riemann(s) - 1, lambda s: _riemann(s, 1), s))


def _harmonic(n, a):
    """Return ``sum_(k = 1)^n k^-a``; nan between whole n, where SciPy's value is that of zeta functions."""
    n = constant(special._ufuncs._gen_harmonic, 0, n)
    count = int(np.max(value(n), initial=0.0))
    if count > TERMS:
        raise ValueError(f"harmonic numbers of duals expect at most {TERMS} terms, got {count}.")
    k = np.arange(1.0, count + 1)
    total = np.sum(np.where(k <= n[..., None], np.exp(-a[..., None] * np.log(k)), 0.0), axis=-1)
    return np.where(n == np.floor(n), total, np.nan * a)


_by(1)("_gen_harmonic", _harmonic)
_by(3)(
    "_normalized_gen_harmonic", lambda j, k, n, a: (_harmonic(k, a) - _harmonic(j - 1, a)) / _harmonic(n, a)
)

# ---- hypergeometric functions -----------------------------------------------------------------------------------


def _hypergeometric(upper, lower, z):
    """Return ``sum_k prod (a)_k / prod (b)_k z^k / k!``."""
    term = total = 1.0 + 0.0 * sum(upper + lower, z)
    for k in range(TERMS):
        term = term * z / (k + 1)
        for a in upper:
            term = term * (a + k)
        for b in lower:
            term = term / (b + k)
        total = total + term
        if k > 4 and _converged(term, total):
            return total
    raise ValueError(
        f"hypergeometric functions of duals expect arguments for which {TERMS} terms suffice, got others; use "
        f"dualnum.value(x) for constant parameters."
    )


def _confluent(a, b, z):
    """Return 1F1(a; b; z), for z < 0 as ``exp(z) 1F1(b - a; b; -z)``, whose terms have one sign."""
    return _split(
        value(z) < 0,
        lambda a, b, z: np.exp(z) * _hypergeometric([b - a], [b], -z),
        lambda a, b, z: _hypergeometric([a], [b], z),
        a, b, z,
    )  # fmt: skip


def _gauss(a, b, c, z):
    """Return 2F1(a, b; c; z), for z < 0 as ``(1 - z)^-a 2F1(a, c - b; c; z / (z - 1))``."""
    return _split(
        value(z) < 0,
        lambda a, b, c, z: np.exp(-a * np.log1p(-z)) * _hypergeometric([a, c - b], [c], z / (z - 1)),
        lambda a, b, c, z: _hypergeometric([a, b], [c], z),
        a, b, c, z,
    )  # fmt: skip


def _tricomi(a, b, x):
    """Return ``U(a, b, x) = int_0^inf exp(-x t) t^(a - 1) (1 + t)^(b - a - 1) dt / gamma(a)`` for a > 0.

    The trapezoidal rule in log(t) converges exponentially, because the integrand decays so at both ends.
    """
    if np.any(value(a) <= 0):
        raise ValueError(
            "hyperu of duals expects a > 0 where parameters vary, got a <= 0; use dualnum.value(a)."
        )
    low = -np.maximum(45.0, np.max(45.0 / value(a), initial=0.0))
    high = np.log(800.0 / np.minimum(np.min(value(x), initial=1.0), 1.0))
    u = np.arange(low, high, 0.04)
    t = np.exp(u)
    exponent = a[..., None] * u - x[..., None] * t + (b - a - 1)[..., None] * np.log1p(t)
    return np.sum(np.exp(exponent - special.gammaln(a)[..., None]), axis=-1) * 0.04


_by(0)("hyp0f1", lambda v, z: _hypergeometric([], [v], z))
_two("hyp1f1", _confluent)
_three("hyp2f1", _gauss)
_two("hyperu", _tricomi)

# ---- means ---------------------------------------------------------------------------------------------------------


def _mean(a, b):
    """Return the arithmetic-geometric mean, which converges quadratically, and so do the derivatives.

    A mean of 0 is never reached, and has the derivatives of the first root.
    """
    first = np.sqrt(a * b)
    for _ in range(10 + degree(dtype_of(a, b))):
        a, b = (a + b) / 2, np.sqrt(a * b)
    return np.where(value(first) == 0, first, a)


def _mean_with_sign(a, b):
    sign = np.where(value(a) + value(b) < 0, -1.0, 1.0)
    return sign * _mean(sign * a, sign * b)


_two("agm", _mean_with_sign)

# ---- tests' statistics --------------------------------------------------------------------------------------------


def _kolmogorov(x):
    """Return the limit distribution of Kolmogorov's statistic and its complement, by the series that converges."""

    def small(x):
        odd = np.arange(1.0, 21, 2)
        below = (
            np.sum(np.exp(-((odd * math.pi / x[..., None]) ** 2) / 8), axis=-1) * math.sqrt(2 * math.pi) / x
        )
        return below

    def large(x):
        k = np.arange(1.0, 30)
        return 2 * np.sum(-((-1.0) ** k) * np.exp(-2 * (k * x[..., None]) ** 2), axis=-1)

    positive = value(x) > 0
    x = np.where(positive, x, 1.0)
    near = value(x) < 1
    below = _split(near, small, lambda x: 1 - large(x), x)
    above = _split(near, lambda x: 1 - small(x), large, x)
    return np.where(positive, below, 0.0), np.where(positive, above, 1.0)


def _kolmogorov_density(x):
    """Return the density; for constants and duals alike."""
    odd, k = np.arange(1.0, 21, 2), np.arange(1.0, 30)
    x = np.asarray(x).view(DualArray) if not isinstance(x, DualArray) else x
    positive = value(x) > 0
    x = np.where(positive, x, 1.0)
    near = np.where(value(x) < 1, x, 0.5)[..., None]
    far = np.where(value(x) < 1, 1.5, x)[..., None]
    u = (odd * math.pi / near) ** 2 / 8
    small = np.sum(np.exp(-u) * (2 * u - 1), axis=-1) * math.sqrt(2 * math.pi) / near[..., 0] ** 2
    large = 8 * np.sum(-((-1.0) ** k) * k * k * far * np.exp(-2 * (k * far) ** 2), axis=-1)
    return np.where(positive, np.where(value(x) < 1, small, large), 0.0)


def _smirnov(n, d, density=False):
    """Return the probability of a deviation above d: ``sum_j C(n, j) d (d + j/n)^(j - 1) (1 - d - j/n)^(n - j)``."""
    n = constant(special.smirnov, 0, n)
    j = np.arange(0.0, np.max(n, initial=1.0) + 1)
    n, d = n[..., None], d[..., None]
    inside = (j < n) & (value(d) + j / n < 1)
    u = d + np.where(inside, j, 0.0) / n
    rest, power = np.where(inside, 1 - u, 1.0), np.where(inside, n - j, 0.0)
    logs = special.gammaln(n + 1) - special.gammaln(j + 1) - special.gammaln(np.maximum(n - j, 0) + 1)
    terms = np.exp(logs + (j - 1) * np.log(u) + power * np.log(rest))
    if density:
        terms = terms * (1 + d * ((j - 1) / u - power / rest))
    else:
        terms = terms * d
    return np.sum(np.where(inside, terms, 0.0), axis=-1)


def _smirnov_density(n, d):
    return _smirnov(n, np.asarray(d).view(DualArray), True)


_of_one = {"at": 0, "ends": (0.0, np.inf)}
for _name, _f in (
    ("smirnov", _smirnov),
    ("_smirnovc", lambda n, d: 1 - _smirnov(n, d)),
    ("_smirnovp", lambda n, d: _smirnov(n, d, True)),
    ("smirnovi", _inverse(_smirnov, _smirnov_density)),
    ("_smirnovci", _inverse(lambda n, d: 1 - _smirnov(n, d), _smirnov_density, -1.0)),
):  # fmt: skip
    _two(_name, _f, inverse=_name.endswith("i"))
_one("kolmogorov", lambda x: _kolmogorov(x)[1], **_of_one)
_one("_kolmogc", lambda x: _kolmogorov(x)[0], **_of_one)
_one("_kolmogp", lambda x: -_kolmogorov_density(x), **_of_one)
_one("kolmogi", _inverse(lambda x: _kolmogorov(x)[1], _kolmogorov_density, -1.0), inverse=True)
_one("_kolmogci", _inverse(lambda x: _kolmogorov(x)[0], _kolmogorov_density), inverse=True)

# ---- inverses by other arguments ----------------------------------------------------------------------------------


def _solving(f):
    """Return the rule of the x with ``f(*parameters, x) = p``, whose slope is f's own."""

    def slope(*args):
        from dualnum.drivers.one_variable import derivative  # which is not there yet where SciPy came first

        *parameters, x = args
        slope_at = derivative(
            lambda x: f(*[p.view(DualArray) for p in map(np.asarray, parameters)], x), lift=False, check=False
        )
        return slope_at(np.asarray(x, float))

    return _inverse(f, slope)


def _beta(a, b, x):
    return beta_pair(a, b, x)[0]


def _ratio(m, n, x):
    return m * x / (m * x + n)


#: An inverse, the place of the probability among its arguments, and the function of the others and of x.
INVERSES = {
    "pdtrik": (0, lambda m, k: gamma_pair(k + 1, m + 0.0 * k)[1]),
    "pdtri": (1, lambda k, m: gamma_pair(np.floor(value(k)) + 1 + 0.0 * m, m)[1]),
    "bdtri": (2, lambda k, n, p: _beta(n - np.floor(value(k)), np.floor(value(k)) + 1 + 0.0 * p, 1 - p)),
    "bdtrik": (0, lambda n, p, k: _beta(n - k, k + 1, 1 - p + 0.0 * k)),
    "bdtrin": (1, lambda k, p, n: _beta(n - k, k + 1 + 0.0 * n, 1 - p + 0.0 * n)),
    "nbdtri": (2, lambda k, n, p: _beta(n + 0.0 * p, np.floor(value(k)) + 1 + 0.0 * p, p)),
    "nbdtrik": (0, lambda n, p, k: _beta(n + 0.0 * k, k + 1, p + 0.0 * k)),
    "nbdtrin": (1, lambda k, p, n: _beta(n, k + 1 + 0.0 * n, p + 0.0 * n)),
    "btdtria": (0, lambda b, x, a: _beta(a, b + 0.0 * a, x + 0.0 * a)),
    "btdtrib": (1, lambda a, x, b: _beta(a + 0.0 * b, b, x + 0.0 * b)),
    "gdtria": (0, lambda b, x, a: gamma_pair(b + 0.0 * a, a * x)[0]),
    "gdtrib": (1, lambda a, x, b: gamma_pair(b, a * x + 0.0 * b)[0]),
    "gdtrix": (2, lambda a, b, x: gamma_pair(b + 0.0 * x, a * x)[0]),
    "stdtridf": (0, lambda t, df: _student(df, t + 0.0 * df)),
    "fdtridfd": (1, lambda m, x, n: _beta(m / 2 + 0.0 * n, n / 2, _ratio(m, n, x))),
}
for _name, (_at, _f) in INVERSES.items():
    _by(*range(_f.__code__.co_argcount))(_name, _solving(_f), inverse=True, at=_at)
_three("nrdtrimn", lambda p, std, x: x - std * special.ndtri(p))
_three("nrdtrisd", lambda mean, p, x: (x - mean) / special.ndtri(p))
for _name in ("_binom_ppf", "_binom_isf", "_nbinom_ppf", "_nbinom_isf"):
    _three(_name, lambda p, n, q: 0.0 * value(p + n + q))  # step functions
_two("_nbinom_mean", lambda n, p: n * (1 - p) / p)
_two("_nbinom_variance", lambda n, p: n * (1 - p) / p**2)
_two("_nbinom_skewness", lambda n, p: (2 - p) / np.sqrt(n * (1 - p)))
_two("_nbinom_kurtosis_excess", lambda n, p: (p * (p - 6) + 6) / (n * (1 - p)))


def _tukey(x, shape):
    """Return the p with ``(p^s - (1 - p)^s) / s = x``."""
    p = special.tklmbda(value(x), value(shape))
    solve = _inverse(
        lambda s, p: special.boxcox(p, s) - special.boxcox1p(-p, s),
        lambda s, p: np.exp((s - 1) * np.log(p)) + np.exp((s - 1) * np.log1p(-p)),
    )
    return np.where((p > 0) & (p < 1), solve(np.clip(p, 1e-300, 1 - 2.0**-53), shape, p=x), p)


_two("tklmbda", _tukey)
