"""scipy.stats: kstwo by x, studentized_range by x, k and df."""

import functools
import math

import numpy as np
from scipy import special, stats
from scipy.stats import _ksstats

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._components import degree, nilpotent_part
from dualnum.rules._operands import dtype_of, float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy.distributions import _smooth

# ---- Kolmogorov's two-sided statistic ---------------------------------------------------------------------------

#: Up to this number of samples the distribution function is a polynomial of exact coefficients, beyond a series.
EXACT = 1000


def _durbin(n, x):
    """Return ``n! / n^n (H^n)_kk`` with k = ceil(n x) and a matrix H of polynomials in k - n x.

    Durbin's formula as Marsaglia, Tsang and Wang (2003) compute it; a row vector is enough.
    """
    k = math.ceil(n * value(x))
    h, m = k - n * x, 2 * k - 1
    steps = np.subtract.outer(np.arange(m), np.arange(m)) + 1
    matrix = np.where(steps >= 0, special.rgamma(np.maximum(steps, 0) + 1.0), 0.0) + 0.0 * h
    tail = np.power(h, np.arange(1, m + 1)) * special.rgamma(np.arange(2.0, m + 2))
    matrix[:, 0] -= tail
    matrix[-1] -= tail[::-1]
    if value(h) > 0.5:
        matrix[-1, 0] += (2 * h - 1) ** m * special.rgamma(m + 1.0)
    row = np.zeros(m, matrix.dtype).view(DualArray)
    row[k - 1] = 1.0
    matrix = matrix.view(DualArray)
    for i in range(1, n + 1):
        row = row @ matrix * (i / n)
    return row[k - 1]


def _pelz_good(n, x):
    from dualnum.lifting import resolve

    return resolve.lifted_function(resolve.FULL, _ksstats._kolmogn_PelzGood)(n, x)


def _two_sided(n, x, below=True):
    """Return P(D_n <= x), or P(D_n > x), by the formulas that SciPy chooses among."""
    at, t = value(x), n * x
    if at <= 0.5 / n or at >= 1:
        return (0.0 if (at < 0.5) == below else 1.0) + 0.0 * x
    if value(t) <= 1:
        found = math.exp(special.gammaln(n + 1) - n * math.log(n)) * (2 * t - 1) ** n
    elif value(t) >= n - 1:
        above = 2 * (1 - x) ** n
        return 1 - above if below else above
    elif at >= 0.5 or n * at * at > (4.0 if n <= 140 else 2.2):
        above = 2 * special.smirnov(n, x)
        return 1 - above if below else above
    else:
        found = _durbin(n, x) if n <= EXACT else _pelz_good(n, x)
    return found if below else 1 - found


def _density(n, x):
    from dualnum.drivers.one_variable import derivative

    return derivative(functools.partial(_two_sided, n), lift=True, check=False)(x)


def _quantile(n, p, x, below=True):
    """Return the x with P(D_n <= x) = p, given its value: Newton steps order by order."""
    slope = _density(n, x) * (1.0 if below else -1.0)
    for _ in range(degree(dtype_of(p))):
        x = x - nilpotent_part(np.array(_two_sided(n, x + 0.0 * p, below) - p))[()] / slope
    return x


def _elementwise(original, formula):
    def on_duals(n, x, cdf=True):
        given = (cdf,) if original is not _ksstats.kolmognp else ()
        if holds_duals(n):
            raise TypeError(
                "kstwo of duals expects a number of samples that is no dual; use dualnum.value(n)."
            )
        values = np.asarray(original(n, *float_arguments((x,)), *given))
        counts, points, flags = np.broadcast_arrays(n, np.asarray(x), cdf)
        found = []
        with np.errstate(all="ignore"):
            for m, at, below, y in zip(
                *[a.ravel().tolist() for a in (counts, points, flags, values)], strict=True
            ):
                known = np.isfinite(y) and np.isfinite(value(at))
                found.append(formula(int(m), at, y, below) if known else y + 0.0 * at)
        return numpy_result(np.array(found).reshape(values.shape), values) if found else values

    rule(original)(on_duals)


_elementwise(_ksstats.kolmogn, lambda n, x, y, below: _two_sided(n, x, below))
_elementwise(_ksstats.kolmognp, lambda n, x, y, below: _density(n, x))
_elementwise(_ksstats.kolmogni, lambda n, p, x, below: _quantile(n, p, x, below))

# ---- the studentized range --------------------------------------------------------------------------------------
#
# The range w of k normal numbers, divided by s, the root of an independent chi square over df.


def _normals(k):
    """Return nodes z and the weights ``k phi(z) dz`` of the trapezoidal rule."""
    step = min(0.125, 0.6 / math.sqrt(np.max(value(k))))
    z = np.arange(-14.0, 9.0, step)
    return z, step * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _between(z, w):
    """Return the normal probability between z and z + w, from the nearer tail."""
    right = z > 0
    near, far = np.where(right, -z, z), z + w
    return np.where(right, special.ndtr(near) - special.ndtr(-far), special.ndtr(far) - special.ndtr(near))


def _power(base, exponent):
    """Return base^exponent, 0 where the base is none."""
    kept = value(base) > 1e-300
    return np.where(kept, np.exp(exponent * np.log(np.where(kept, base, 1.0))), 0.0)


def _range(w, k):
    """Return the distribution function of the range: ``k int phi(z) (Phi(z + w) - Phi(z))^(k - 1) dz``."""
    z, weights = _normals(k)
    return k * np.sum(weights * _power(_between(z, w[..., None]), k - 1), axis=-1)


def _range_density(w, k):
    z, weights = _normals(k)
    w = w[..., None]
    density = np.exp(-(z + w) * (z + w) / 2) / math.sqrt(2 * math.pi)
    return k * (k - 1) * np.sum(weights * density * _power(_between(z, w), k - 2), axis=-1)


#: The largest df by which a derivative is computed: its share of 1/df^2 is lost among terms of 1/df beyond.
MOST_FREEDOM = 1e7


def _remainder(a):
    """Return ``a log(a) - a - log(gamma(a))``, which cancels for large a, there by Stirling's series."""
    if value(a) < 100:
        return a * np.log(a) - a - special.gammaln(a)
    return np.log(a / (2 * math.pi)) / 2 - (1 - (1 / 30 - 1 / (105 * a * a)) / (a * a)) / (12 * a)


def _curvature(t):
    """Return ``exp(t) - 1 - t``, near 0 by its series."""
    total = 0.0 * t
    for k in range(16, 2, -1):
        total = t / k * (1 + total)
    return np.where(np.abs(t) < 0.2, t * t / 2 * (1 + total), np.expm1(t) - t)


def _roots(df):
    """Return nodes s and their weights with the density of s: the trapezoidal rule in log(s)."""
    v = value(df)
    if is_dual(df) and v > MOST_FREEDOM:
        raise ValueError(
            f"studentized_range of duals expects df of at most {MOST_FREEDOM:g} where it varies, got {v:g}; use "
            f"dualnum.value(df)."
        )
    if math.isinf(v):
        return np.ones(1), np.ones(1)
    high = 0.5 * math.log1p(90 / v + 2 * math.sqrt(90 / v))
    low, step = -(40 / v + math.sqrt(40 / v)), min(0.125, 0.5 / math.sqrt(v))
    u = np.arange(low, high + step, step)
    return np.exp(u), 2 * step * np.exp(_remainder(df / 2) - df / 2 * _curvature(2 * u))


def _by_elements(f):
    def formula(x, k, df):
        arrays = np.broadcast_arrays(x, k, df)
        found = [
            f(*each) if value(each[0]) > 0 else 0.0 * sum(each)
            for each in zip(*[np.asarray(a).ravel().tolist() for a in arrays], strict=True)
        ]
        return np.array(found).reshape(arrays[0].shape).view(DualArray)

    return formula


def _studentized(x, k, df):
    s, weights = _roots(df)
    return np.sum(weights * _range(x * s, k))


def _studentized_density(x, k, df):
    s, weights = _roots(df)
    return np.sum(weights * s * _range_density(x * s, k))


_smooth("studentized_range", _cdf=_by_elements(_studentized), _pdf=_by_elements(_studentized_density))
_MOMENT = vars(stats.studentized_range.__class__)["_munp"]


def _moment_of_roots(n, a):
    """Return ``E(s^-n) = a^(n/2) gamma(a - n/2) / gamma(a)`` for ``a = df / 2``."""
    if math.isinf(value(a)):
        return 1.0
    b = a - n / 2
    return np.exp(b * np.log1p(-n / 2 / a) + n / 2 + _remainder(a) - _remainder(b))


@rule(_MOMENT)
def moment(self, K, k, df):
    """The moment ``E(w^K) E(s^-K)`` of the range of k normal numbers and of s."""
    values = np.asarray(_MOMENT(self, K, *float_arguments((k, df))))
    if not holds_duals((k, df)):
        return values[()]
    u = np.arange(-20.0, 3.7, 0.0625)
    w = np.exp(u)
    orders, shapes, freedoms = np.broadcast_arrays(K, np.asarray(k), np.asarray(df))
    found = []
    for n, a, v in zip(
        orders.ravel().tolist(), shapes.ravel().tolist(), freedoms.ravel().tolist(), strict=True
    ):
        of_range = 0.0625 * np.sum(w ** (n + 1.0) * _range_density(w, a))
        found.append(of_range * _moment_of_roots(n, v / 2))
    return numpy_result(np.array(found).reshape(values.shape), values)
