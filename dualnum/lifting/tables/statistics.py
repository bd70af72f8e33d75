"""Python's `statistics`: values are the module's own, which computes with fractions; derivatives by the formulas."""

import statistics

from dualnum._core import holds_duals, value
from dualnum.lifting.resolve import REPLACED
from dualnum.lifting.tables.math import _with


def _mean(items):
    return sum(items) / len(items)


def _central(items, n, center=None):
    center = _mean(items) if center is None else center
    return sum((x - center) ** 2 for x in items) / n


def _geometric(items):
    from dualnum._core import FUNCTIONS

    return FUNCTIONS["exp"](_mean([FUNCTIONS["log"](x) for x in items]))


def _median(items):
    items, n = sorted(items), len(items)
    return items[n // 2] if n % 2 else (items[n // 2 - 1] + items[n // 2]) / 2


def _covariance(x, y):
    a, b = _mean(x), _mean(y)
    return sum((u - a) * (v - b) for u, v in zip(x, y, strict=True)) / (len(x) - 1)


FORMULAS = {
    "mean": _mean,
    "fmean": lambda x, weights=None: (
        _mean(x) if weights is None else sum(a * w for a, w in zip(x, weights, strict=True)) / sum(weights)
    ),
    "geometric_mean": _geometric,
    "harmonic_mean": lambda x, weights=None: (
        len(x) / sum(1 / a for a in x)
        if weights is None
        else sum(weights) / sum(w / a for a, w in zip(x, weights, strict=True))
    ),
    "median": _median,
    "median_low": lambda x: sorted(x)[(len(x) - 1) // 2],
    "median_high": lambda x: sorted(x)[len(x) // 2],
    "pvariance": lambda x, mu=None: _central(x, len(x), mu),
    "variance": lambda x, xbar=None: _central(x, len(x) - 1, xbar),
    "pstdev": lambda x, mu=None: _central(x, len(x), mu) ** 0.5,
    "stdev": lambda x, xbar=None: _central(x, len(x) - 1, xbar) ** 0.5,
    "covariance": _covariance,
    "correlation": lambda x, y, /: _covariance(x, y) / (_covariance(x, x) * _covariance(y, y)) ** 0.5,
}


def _values(x):
    return [value(item) for item in x] if isinstance(x, list) else value(x)


def _by(original, formula):
    def function(*args, **kwargs):
        args = [list(x) if hasattr(x, "__iter__") else x for x in args]
        primal = original(*map(_values, args), **{name: _values(x) for name, x in kwargs.items()})
        if not holds_duals(args) and not holds_duals(kwargs):
            return primal
        return _with(formula(*args, **kwargs), primal)

    return function


for _name, _formula in FORMULAS.items():
    if hasattr(statistics, _name):
        REPLACED[getattr(statistics, _name)] = _by(getattr(statistics, _name), _formula)


def _regression(x, y, /, *, proportional=False):
    x, y = list(x), list(y)
    primal = statistics.linear_regression(_values(x), _values(y), proportional=proportional)
    if proportional:
        slope = sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)
        return type(primal)(_with(slope, primal.slope), primal.intercept)
    slope = _covariance(x, y) / _covariance(x, x)
    intercept = _mean(y) - slope * _mean(x)
    return type(primal)(_with(slope, primal.slope), _with(intercept, primal.intercept))


REPLACED[statistics.linear_regression] = _regression
