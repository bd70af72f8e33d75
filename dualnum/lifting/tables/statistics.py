"""Python's `statistics`: values are the module's own, which computes with fractions; derivatives by the formulas."""

import statistics

from dualnum._core import FUNCTIONS, holds_duals, value
from dualnum.lifting.resolve import REPLACED, replaces
from dualnum.lifting.tables.math import _with, of_scipy
from dualnum.lifting.tables.python import number_of


def _mean(data, weights=None):
    if weights is None:
        return sum(data) / len(data)
    return sum(a * w for a, w in zip(data, weights, strict=True)) / sum(weights)


def _central(data, n, center=None):
    center = _mean(data) if center is None else center
    return sum((x - center) ** 2 for x in data) / n


def _harmonic_mean(data, weights=None):
    least = min(data)  # its inverse, which may be infinite, cancels
    ratios = [1.0 if x is least else least / x for x in data]
    return least / _mean(ratios, weights)


def _median(data):
    data, n = sorted(data), len(data)
    return data[n // 2] if n % 2 else (data[n // 2 - 1] + data[n // 2]) / 2


def _covariance(x, y):
    a, b = _mean(x), _mean(y)
    return sum((u - a) * (v - b) for u, v in zip(x, y, strict=True)) / (len(x) - 1)


def _correlation(x, y, /, *, method="linear"):
    if method != "linear":
        return 0.0  # ranks are steps
    return _covariance(x, y) / (_covariance(x, x) * _covariance(y, y)) ** 0.5


#: The parameters have the names of the module's, which are keywords.
FORMULAS = {
    "mean": _mean,
    "fmean": _mean,
    "geometric_mean": lambda data: FUNCTIONS["exp"](_mean([FUNCTIONS["log"](x) for x in data])),
    "harmonic_mean": _harmonic_mean,
    "median": _median,
    "median_low": lambda data: sorted(data)[(len(data) - 1) // 2],
    "median_high": lambda data: sorted(data)[len(data) // 2],
    "pvariance": lambda data, mu=None: _central(data, len(data), mu),
    "variance": lambda data, xbar=None: _central(data, len(data) - 1, xbar),
    "pstdev": lambda data, mu=None: _central(data, len(data), mu) ** 0.5,
    "stdev": lambda data, xbar=None: _central(data, len(data) - 1, xbar) ** 0.5,
    "covariance": _covariance,
    "correlation": _correlation,
}


def _listed(x):
    """Return an argument that may be an iterator as a list, and an array of one number as that number."""
    return list(x) if hasattr(x, "__iter__") and getattr(x, "ndim", 1) else number_of(x)


def _values(x):
    return [value(item) for item in x] if isinstance(x, list) else value(x)


def _by(original, formula):
    def function(*args, **kwargs):
        args = [_listed(x) for x in args]
        kwargs = {name: _listed(x) for name, x in kwargs.items()}
        if not holds_duals((args, kwargs)):
            return original(*args, **kwargs)
        primal = original(*map(_values, args), **{name: _values(x) for name, x in kwargs.items()})
        return _with(formula(*args, **kwargs), primal)

    return function


for _name, _formula in FORMULAS.items():
    if hasattr(statistics, _name):
        REPLACED[getattr(statistics, _name)] = _by(getattr(statistics, _name), _formula)


def _regression(x, y, /, *, proportional=False):
    x, y = _listed(x), _listed(y)
    if not holds_duals((x, y)):
        return statistics.linear_regression(x, y, proportional=proportional)
    primal = statistics.linear_regression(_values(x), _values(y), proportional=proportional)
    if proportional:
        slope = sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)
        return type(primal)(_with(slope, primal.slope), primal.intercept)
    slope = _covariance(x, y) / _covariance(x, x)
    intercept = _mean(y) - slope * _mean(x)
    return type(primal)(_with(slope, primal.slope), _with(intercept, primal.intercept))


REPLACED[statistics.linear_regression] = _regression


@replaces(statistics._normal_dist_inv_cdf)
def normal_inverse(p, mu, sigma):
    p, mu, sigma = map(number_of, (p, mu, sigma))
    primal = statistics._normal_dist_inv_cdf(*map(value, (p, mu, sigma)))
    return _with(mu + sigma * _quantile(p), primal) if holds_duals((p, mu, sigma)) else primal


_quantile = of_scipy("ndtri", "statistics.NormalDist.inv_cdf")
