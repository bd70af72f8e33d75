"""Statistics of pandas' columns, windows and groups of duals, which pandas computes for floats alone.

Those of windows with exponential weights are linear or bilinear in the numbers, so that pandas computes the derivatives
as well; the others are computed by NumPy's functions.
"""

import functools
import math

import numpy as np

from dualnum._core import holds_duals, value
from dualnum.lifting.tables.numpy import seen
from dualnum.lifting.tables.pandas_columns import values_of
from dualnum.rules._components import bilinear, components, from_components


def _spread(function):
    return lambda numbers, ddof=1: function(numbers, ddof=ddof) if len(numbers) > ddof else np.nan


def _standardised(numbers, power):
    """Return the sum of a power of the deviations from the mean, in units of the root of the sum of their squares."""
    deviations = numbers - np.mean(numbers)
    squares = np.sum(deviations**2)
    return np.sum(deviations**power) / squares ** (power / 2) if value(squares) else np.nan


def _skewness(numbers):
    n = len(numbers)
    return n * math.sqrt(n - 1) / (n - 2) * _standardised(numbers, 3) if n > 2 else np.nan


def _kurtosis(numbers):
    n = len(numbers)
    if n < 4:
        return np.nan
    return (n - 1) / (n - 2) / (n - 3) * (n * (n + 1) * _standardised(numbers, 4) - 3 * (n - 1))


def _covariance(x, y, ddof=1):
    return np.sum((x - np.mean(x)) * (y - np.mean(y))) / (len(x) - ddof) if len(x) > ddof else np.nan


@np.errstate(all="ignore")  # as pandas
def _correlation(x, y):
    x, y = x - np.mean(x), y - np.mean(y)
    return np.sum(x * y) / np.sqrt(np.sum(x * x) * np.sum(y * y)) if len(x) > 1 else np.nan


OF_ONE = {
    "mean": np.mean,
    "median": np.median,
    "std": _spread(np.std),
    "var": _spread(np.var),
    "sem": lambda numbers, ddof=1: _spread(np.std)(numbers, ddof) / len(numbers) ** 0.5,
    "skew": _skewness,
    "kurt": _kurtosis,
    "kurtosis": _kurtosis,
    "sum": np.sum,
    "min": np.min,
    "max": np.max,
}
BY_PANDAS = frozenset(["sum", "min", "max"])  # of columns and bins, for objects as well
OF_TWO = {"cov": _covariance, "corr": _correlation}


def statistic(name, x, *args, **options):
    """Return a statistic of a column, of each column, of each window or of each group; NotImplemented for others."""
    kind = type(x).__name__
    if hasattr(x, "iloc"):
        rules = OF_COLUMNS
    else:
        rules = OF_BINS if kind.endswith("Resampler") else RULES.get(kind, {})
    rule = rules.get(name)
    return NotImplemented if rule is None else rule(x, *args, **options)


def _of_each(function, besides=()):
    """Return the rules of the statistics of one column: ``function(compute, x)`` for what computes it of numbers."""

    def rule_of(compute):
        def rule(x, *args, **options):
            if args or set(options) - {"ddof"}:
                return NotImplemented
            return function(functools.partial(compute, **options), x)

        return rule

    return {name: rule_of(compute) for name, compute in OF_ONE.items() if name not in besides}


def numbers(column):
    """Return the numbers of a column without those that are missing."""
    return seen(column.dropna().to_numpy())


def _column_of(found, like):
    """Return a column of objects with the index and the name of another."""
    import pandas as pd

    return pd.Series(list(found), index=like.index, name=like.name, dtype=object)


# ---- columns -----------------------------------------------------------------------------------------------


def _of_columns(compute, x):
    import pandas as pd

    if hasattr(x, "columns"):
        return pd.Series({c: _of_columns(compute, x[c]) for c in x.columns})
    found = numbers(x)
    return compute(found) if len(found) else np.nan


def _linear(function, a):
    """Return a linear function of an array of duals: of the values, and of every derivative, alike."""
    parts = [function(part) for part in np.moveaxis(components(a), -1, 0)]
    return from_components(np.stack(parts, axis=-1), a.dtype)


def _interpolated(x, method="linear", **options):
    if hasattr(x, "columns") or method not in ("linear", "index", "values", "time") or options.get("inplace"):
        return NotImplemented
    a = seen(x.to_numpy())

    def of_part(part):
        return _column_of(np.where(np.isnan(a), np.nan, part), x).astype(float).interpolate(method, **options)

    return _column_of(_linear(of_part, a), x)


def _selected(name):
    """Return the rule of nlargest or nsmallest, which select by values."""
    return lambda x, *args, **options: x.iloc[
        getattr(values_of(x).reset_index(drop=True), name)(*args, **options).index
    ]


def _autocorrelation(x, lag=1):
    return _of_pairs("corr", x, x.shift(lag))


def _of_pairs(name, x, other=None, method="pearson", min_periods=None, ddof=1):
    """Return the covariance or correlation of two columns, or the matrix of those of all columns."""
    import pandas as pd

    if method != "pearson":
        return NotImplemented
    options = {"ddof": ddof} if name == "cov" else {}

    def of_two(a, b):
        both = a.notna() & b.notna()
        a, b = numbers(a[both]), numbers(b[both])
        return OF_TWO[name](a, b, **options) if len(a) >= max(min_periods or 1, 1) else np.nan

    if hasattr(x, "columns"):
        if other is not None:
            return NotImplemented
        if x.isna().any(axis=None):
            options = {}  # pandas' ddof is for columns without missing numbers
        table = {c: [of_two(x[c], x[r]) for r in x.columns] for c in x.columns}
        return pd.DataFrame(table, index=x.columns, dtype=object)
    x, other = x.align(other, join="inner")
    return of_two(x, other)


# ---- windows -----------------------------------------------------------------------------------------------


def _each_column(of_column, x):
    """Return the results of a function of windows over a column, for each column of a frame."""
    import pandas as pd

    if hasattr(x.obj, "columns"):
        return pd.DataFrame({c: of_column(window_over(x, x.obj[c])) for c in x.obj.columns})
    return of_column(x)


def window_over(x, column):
    """Return windows like x over another column."""
    return type(x)(column, **{name: getattr(x, name) for name in x._attributes})


def _is_plain(x):
    """Whether windows are over rows in order, one for each row."""
    return getattr(x, "on", None) is None and getattr(x, "step", None) in (None, 1)


def _least(x):
    """Return how many numbers a window needs."""
    size = getattr(x, "window", 1)
    least = x.min_periods if x.min_periods is not None else getattr(size, "window_size", size)
    return max(int(least), 1)


def _of_windows(compute, x):
    def of_column(x):
        return _column_of([compute(w) if w.count() >= _least(x) else np.nan for w in x], x.obj)

    return _each_column(of_column, x) if _is_plain(x) else NotImplemented


def _applied(x, func, raw=False, engine=None, engine_kwargs=None, args=None, kwargs=None):
    def compute(window):
        return func(seen(window.to_numpy()) if raw else window, *(args or ()), **(kwargs or {}))

    return _of_windows(compute, x)


def _of_pairs_of_windows(name, x, other=None, pairwise=None, ddof=1):
    if hasattr(x.obj, "columns") or hasattr(other, "columns") or not _is_plain(x):
        return NotImplemented
    other = x.obj if other is None else other.reindex(x.obj.index)
    pairs = zip(x, window_over(x, other), strict=True)
    return _column_of([_of_pairs(name, a, b, min_periods=_least(x), ddof=ddof) for a, b in pairs], x.obj)


def _of_exponential_window(name, x, other=None, pairwise=None, bias=False):
    """Return a statistic of windows with exponential weights: pandas' own one of the components of the numbers."""
    if hasattr(other, "columns"):
        return NotImplemented

    def of_column(x):
        a = seen(x.obj.to_numpy())
        b = a if other is None else seen(other.reindex(x.obj.index).to_numpy())
        missing = np.isnan(a) | np.isnan(b)

        def over(part):  # a derivative is missing where its number is
            return window_over(x, _column_of(np.where(missing, np.nan, part), x.obj).astype(float))

        def covariance(a, b, bias=bias):
            if not (holds_duals(a) or holds_duals(b)):
                return over(a).cov(_column_of(b, x.obj).astype(float), bias=bias).to_numpy()
            return bilinear(lambda a, b: covariance(a, b, bias), a, b)

        if name in ("mean", "sum"):
            found = _linear(lambda part: getattr(over(part), name)(), a)
        elif name == "corr":
            with np.errstate(all="ignore"):  # a window of one number has none
                found = covariance(a, b, True) / np.sqrt(covariance(a, a, True) * covariance(b, b, True))
        else:
            found = covariance(a, b)
            found = np.sqrt(found) if name == "std" else found
        return _column_of(found, x.obj)

    return _each_column(of_column, x)


# ---- groups ------------------------------------------------------------------------------------------------


def _grouped_columns(x):
    return [c for c in x._selected_obj.columns if c not in x.exclusions]


def _of_groups(compute, x):
    import pandas as pd

    if type(x).__name__ == "SeriesGroupBy":
        found = [compute(numbers(group)) for _, group in x]
        return pd.Series(found, index=x.size().index, name=x.obj.name, dtype=object)
    table = {c: [compute(numbers(group[c])) for _, group in x] for c in _grouped_columns(x)}
    return pd.DataFrame(table, index=x.size().index, dtype=object)


def _of_bins(compute, x):
    """Return a statistic of each bin of a column that is sampled anew."""
    import pandas as pd

    if hasattr(x.obj, "columns"):
        return NotImplemented
    found = pd.Series({start: _of_columns(compute, part) for start, part in x}, dtype=object)
    return found.reindex(x.size().index).rename(x.obj.name)


def _spread_out(x, name, *args, **options):
    """Return the statistic of its group in the place of each number."""
    import pandas as pd

    if not isinstance(name, str) or name not in OF_ONE or args or options:
        return NotImplemented

    def of_column(column):
        found = np.full(len(column), np.nan, object)
        for places in x.indices.values():
            found[places] = OF_ONE[name](numbers(column.iloc[places]))
        return _column_of(found, column)

    if type(x).__name__ == "SeriesGroupBy":
        return of_column(x.obj)
    return pd.DataFrame({c: of_column(x._selected_obj[c]) for c in _grouped_columns(x)})


# ---- rules -------------------------------------------------------------------------------------------------

#: The rules of the methods of Series and DataFrames, of their windows, groups and bins, by the classes' names.
OF_COLUMNS = _of_each(_of_columns, BY_PANDAS) | {
    "cov": functools.partial(_of_pairs, "cov"),
    "corr": functools.partial(_of_pairs, "corr"),
    "autocorr": _autocorrelation,
    "nlargest": _selected("nlargest"),
    "nsmallest": _selected("nsmallest"),
    "interpolate": _interpolated,
}
OF_WINDOWS = _of_each(lambda compute, x: _of_windows(lambda window: compute(numbers(window)), x)) | {
    "cov": functools.partial(_of_pairs_of_windows, "cov"),
    "corr": functools.partial(_of_pairs_of_windows, "corr"),
    "apply": _applied,
}
OF_GROUPS = _of_each(_of_groups) | {"transform": _spread_out}
OF_BINS = _of_each(_of_bins, BY_PANDAS)
RULES = {
    "Rolling": OF_WINDOWS,
    "Expanding": OF_WINDOWS,
    "ExponentialMovingWindow": {
        name: functools.partial(_of_exponential_window, name)
        for name in ("mean", "sum", "var", "std", "cov", "corr")
    },
    "SeriesGroupBy": OF_GROUPS,
    "DataFrameGroupBy": OF_GROUPS,
}
