"""Statistics of pandas' columns, windows and groups of duals, which pandas computes for floats alone.

Those of windows with exponential weights are linear or bilinear in the numbers, so that pandas computes the derivatives
as well; the others are computed by NumPy's functions.
"""

import functools
import math

import numpy as np

from dualnum._core import holds_duals
from dualnum.lifting.tables.numpy import seen
from dualnum.lifting.tables.pandas_columns import values_of
from dualnum.rules._components import bilinear, components, from_components


def _spread(function):
    return lambda numbers, ddof=1: function(numbers, ddof=ddof) if len(numbers) > ddof else np.nan


def _skewness(numbers):
    n = len(numbers)
    if n < 3:
        return np.nan
    deviations = numbers - np.mean(numbers)
    squares = np.sum(deviations**2)
    if squares == 0:
        return np.nan
    return n * math.sqrt(n - 1) / (n - 2) * np.sum(deviations**3) / squares**1.5


def _kurtosis(numbers):
    n = len(numbers)
    if n < 4:
        return np.nan
    deviations = numbers - np.mean(numbers)
    squares = np.sum(deviations**2)
    if squares == 0:
        return np.nan
    scale = (n - 1) / (n - 2) / (n - 3)
    return scale * (n * (n + 1) * np.sum(deviations**4) / squares**2 - 3 * (n - 1))


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
BY_PANDAS = frozenset(["sum", "min", "max"])  # of columns, for objects as well
OF_TWO = {"cov": _covariance, "corr": _correlation}
EXPONENTIAL = frozenset("ExponentialMovingWindow ExponentialMovingWindowGroupby".split())


def statistic(name, x, *args, **options):
    """Return a statistic of a column, of each column, of each window or of each group; NotImplemented for others."""
    kind = type(x).__name__
    if kind in EXPONENTIAL:
        return _of_exponential_window(name, x, *args, **options) if "Groupby" not in kind else NotImplemented
    is_columns = hasattr(x, "iloc")
    if name in OF_TWO and is_columns:
        return _of_pairs(name, x, *args, **options)
    if name == "apply" and kind in ("Rolling", "Expanding"):
        return _of_windows(_applied(*args, **options), x)
    if (
        name == "transform"
        and kind in ("SeriesGroupBy", "DataFrameGroupBy")
        and args
        and args[0] in list(OF_ONE)
    ):
        return _spread_out(x, args[0])
    if name in ("nlargest", "nsmallest") and is_columns:
        places = getattr(values_of(x).reset_index(drop=True), name)(*args, **options).index
        return x.iloc[places]
    if name == "interpolate" and not hasattr(x, "columns"):
        return _interpolated(x, *args, **options)
    if name == "autocorr" and is_columns:
        return _of_pairs("corr", x, x.shift(*args, **options))
    if name in OF_TWO and kind in ("Rolling", "Expanding"):
        return _of_pairs_of_windows(name, x, *args, **options)
    if name not in OF_ONE or args or set(options) - {"ddof"} or (is_columns and name in BY_PANDAS):
        return NotImplemented
    compute = functools.partial(OF_ONE[name], **options)
    if is_columns:
        return _of_columns(compute, x)
    if kind in ("Rolling", "Expanding"):
        return _of_windows(lambda window: compute(numbers(window)), x)
    if kind.endswith("Resampler") and name not in BY_PANDAS:
        return _of_bins(compute, x)
    return _of_groups(compute, x)


def numbers(column):
    """Return the numbers of a column without those that are missing."""
    return seen(column.dropna().to_numpy())


def _column_of(found, like):
    """Return a column of objects with the index and the name of another."""
    import pandas as pd

    return pd.Series(list(found), index=like.index, name=like.name, dtype=object)


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
    if method not in ("linear", "index", "values", "time") or options.get("inplace"):
        return NotImplemented
    a = seen(x.to_numpy())

    def of_part(part):
        return _column_of(np.where(np.isnan(a), np.nan, part), x).astype(float).interpolate(method, **options)

    return _column_of(_linear(of_part, a), x)


# ---- of two columns ----------------------------------------------------------------------------------------


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


def _applied(func, raw=False, engine=None, engine_kwargs=None, args=None, kwargs=None):
    """Return what Rolling.apply computes of a window."""
    return lambda window: func(seen(window.to_numpy()) if raw else window, *(args or ()), **(kwargs or {}))


def _of_pairs_of_windows(name, x, other=None, pairwise=None, ddof=1):
    if hasattr(x.obj, "columns") or hasattr(other, "columns") or not _is_plain(x):
        return NotImplemented
    other = x.obj if other is None else other.reindex(x.obj.index)
    pairs = zip(x, window_over(x, other), strict=True)
    return _column_of([_of_pairs(name, a, b, min_periods=_least(x), ddof=ddof) for a, b in pairs], x.obj)


def _of_exponential_window(name, x, other=None, pairwise=None, bias=False):
    """Return a statistic of windows with exponential weights: pandas' own one of the components of the numbers."""
    if name not in ("mean", "sum", "var", "std", "cov", "corr") or hasattr(other, "columns"):
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
    if type(x).__name__ == "DataFrameGroupBy":
        table = {c: [compute(numbers(group[c])) for _, group in x] for c in _grouped_columns(x)}
        return pd.DataFrame(table, index=x.size().index, dtype=object)
    return NotImplemented


def _of_bins(compute, x):
    """Return a statistic of each bin of a column that is sampled anew."""
    import pandas as pd

    if hasattr(x.obj, "columns"):
        return NotImplemented
    found = pd.Series({start: _of_columns(compute, part) for start, part in x}, dtype=object)
    return found.reindex(x.size().index).rename(x.obj.name)


def _spread_out(x, name):
    """Return the statistic of its group in the place of each number."""
    import pandas as pd

    def of_column(column):
        found = np.full(len(column), np.nan, object)
        for places in x.indices.values():
            found[places] = OF_ONE[name](numbers(column.iloc[places]))
        return _column_of(found, column)

    if type(x).__name__ == "SeriesGroupBy":
        return of_column(x.obj)
    return pd.DataFrame({c: of_column(x._selected_obj[c]) for c in _grouped_columns(x)})
