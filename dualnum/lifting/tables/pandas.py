"""pandas: its columns carry duals as objects, with which its own code computes; it never sees arrays of duals.

pandas' Python code is not rewritten.  Its compiled code gets object arrays and duals as numbers: where it wants floats,
it asks a dual for its float, which refuses.  Means and their kin, which pandas computes for numbers only, are computed
here by NumPy's functions.
"""

import functools
import sys
import types

import numpy as np

from dualnum._core import holds_duals, value
from dualnum.lifting import boundary
from dualnum.lifting.storage import DUAL_DTYPES, stripped
from dualnum.lifting.tables.numpy import asked_dtype, seen

OPERATORS = frozenset("add sub mul truediv floordiv mod pow".split())
#: Methods that return a new object, and may mix its numbers with the duals of another argument.
MIXING = frozenset(
    [f"__{prefix}{name}__" for name in OPERATORS for prefix in ("", "r")]
    + [prefix + name for name in [*OPERATORS, "div"] for prefix in ("", "r")]
    + "dot where mask clip fillna replace combine combine_first".split()
)
#: Methods that leave out object columns, or turn what they hold into NaN.
LOSING = frozenset("select_dtypes describe convert_dtypes".split())


def is_pandas(x):
    return type(x).__module__.partition(".")[0] == "pandas"


def has_duals(x):
    """Return whether a Series, a DataFrame, or an object that groups or windows one, has duals in it."""
    x = getattr(x, "obj", x) if is_pandas(x) else x
    if not is_pandas(x):
        return holds_duals(x)
    columns = getattr(x, "dtypes", None)
    if isinstance(columns, np.dtype):
        return columns == np.dtype(object) and holds_duals(x.to_numpy())
    return x is not None and hasattr(x, "columns") and any(has_duals(x[c]) for c in x.columns if c in x)


def as_objects(x):
    """Return x with object arrays for its arrays of duals, in lists and dicts too."""
    if isinstance(x, np.ndarray):
        return np.asarray(x).astype(object) if isinstance(x.dtype, DUAL_DTYPES) else x
    if type(x) in (list, tuple):
        return type(x)([as_objects(item) for item in x])
    return {key: as_objects(item) for key, item in x.items()} if type(x) is dict else x


def mixed(x):
    """Return a Series or DataFrame whose numbers are objects, so that it can compute with duals."""
    if hasattr(x, "columns"):
        return x.astype({c: object for c in x.columns if x[c].dtype.kind in "fiu"})
    return x.astype(object) if getattr(getattr(x, "dtype", None), "kind", "") in ("f", "i", "u") else x


#: The place of ``dtype`` among the arguments of what makes columns.
DTYPE = {"Series": 2, "DataFrame": 3, "Index": 1, "array": 1}


def _values(x):
    """Return columns, arrays of objects, numbers, or lists and dicts of these with the values of their duals."""
    if hasattr(x, "columns"):
        return x.apply(lambda column: _values(column) if has_duals(column) else column)
    if is_pandas(x):
        return x.map(value) if has_duals(x) else x
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([stripped(item) for item in x.ravel().tolist()]).reshape(x.shape)
    if type(x) in (list, tuple):
        return type(x)([_values(item) for item in x])
    return {key: _values(item) for key, item in x.items()} if type(x) is dict else stripped(x)


def _kind(dtype):
    """Return "float64" for it, "i" for integers and booleans, None for others."""
    try:
        asked = asked_dtype(dtype)
    except TypeError:  # a dtype of pandas, or one for each column
        return None
    return asked if asked in (None, "float64", "complex128") else "i" if asked.kind in "biu" else None


def _as_asked(name, args, kwargs):
    """Return arguments of what makes columns of duals: float64 is what these are, integers are those of the values."""
    place = DTYPE[name]
    dtype = args[place] if len(args) > place else kwargs.get("dtype")
    kind = _kind(dtype)
    if kind == "float64":
        args = [*args[:place], *([object] if len(args) > place else []), *args[place + 1 :]]
        return args, kwargs | ({"dtype": object} if "dtype" in kwargs else {})
    return (_values(args), _values(kwargs)) if kind == "i" else (args, kwargs)


# ---- statistics --------------------------------------------------------------------------------------------


def _numbers(column):
    """Return the numbers of a column without those that are missing."""
    return seen(column.dropna().to_numpy())


def _spread(function):
    return lambda numbers, ddof=1: function(numbers, ddof=ddof) if len(numbers) > ddof else np.nan


STATISTICS = {
    "mean": np.mean,
    "median": np.median,
    "std": _spread(np.std),
    "var": _spread(np.var),
    "sem": lambda numbers, ddof=1: _spread(np.std)(numbers, ddof) / len(numbers) ** 0.5,
    "sum": np.sum,
    "min": np.min,
    "max": np.max,
}
OF_COLUMNS = frozenset(
    ("mean", "median", "std", "var", "sem")
)  # the others pandas computes for objects as well


def _statistic(name, x, **options):
    """Return a statistic of a column, of each column, of each window or of each group."""
    import pandas as pd

    compute = functools.partial(STATISTICS[name], **options)
    kind = type(x).__name__
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        return pd.Series({c: _statistic(name, x[c], **options) for c in x.columns})
    if hasattr(x, "iloc"):
        numbers = _numbers(x)
        return compute(numbers) if len(numbers) else np.nan
    if kind in ("Rolling", "Expanding") and not hasattr(x.obj, "columns"):
        least = x.min_periods if x.min_periods is not None else (x.window if kind == "Rolling" else 1)
        windows = [_numbers(window) for window in x]
        found = [compute(w) if len(w) >= max(least, 1) else np.nan for w in windows]
        return pd.Series(found, index=x.obj.index, name=x.obj.name, dtype=object)
    if kind == "SeriesGroupBy":
        found = [compute(_numbers(group)) for _, group in x]
        return pd.Series(found, index=x.size().index, name=x.obj.name, dtype=object)
    if kind == "DataFrameGroupBy":
        return pd.DataFrame(
            {c: _statistic(name, x[c], **options) for c in x.obj.columns if c not in x.exclusions}
        )
    return NotImplemented


# ---- calls -------------------------------------------------------------------------------------------------


def of_pandas(lifter, g):
    """Return a function or a class of pandas that takes duals."""
    name = g.__name__

    def call(*args, **kwargs):
        args = [lifter.resolve(x) if isinstance(x, types.FunctionType) else as_objects(x) for x in args]
        kwargs = {
            key: lifter.resolve(x) if isinstance(x, types.FunctionType) else as_objects(x)
            for key, x in kwargs.items()
        }
        if name in DTYPE and any(map(has_duals, (*args, *kwargs.values()))):
            args, kwargs = _as_asked(name, args, kwargs)
        own = bool(args) and is_pandas(args[0]) and not isinstance(g, type) and has_duals(args[0])
        others = any(map(has_duals, args[1:])) or any(map(has_duals, kwargs.values()))
        if not own and not others:
            return seen(g(*args, **kwargs)) if args and is_pandas(args[0]) else g(*args, **kwargs)
        frame = sys._getframe(1)
        kind = _kind([*args[1:], kwargs.get("dtype")][0]) if own and name == "astype" else None
        if name == "to_numeric" or kind == "float64":
            return args[0]
        if kind == "i":
            return seen(g(_values(args[0]), *args[1:], **kwargs))
        if own and (name in LOSING or kwargs.get("numeric_only")):
            raise boundary.refuse(g, frame)
        if own and name in STATISTICS and len(args) == 1 and not set(kwargs) - {"ddof"}:
            if name in OF_COLUMNS or not hasattr(args[0], "iloc"):
                made = _statistic(name, args[0], **kwargs)
                if made is not NotImplemented:
                    return made
        if name in MIXING and not kwargs.get("inplace"):
            args = [mixed(x) if is_pandas(x) else x for x in args]
        try:
            return seen(g(*args, **kwargs))
        except Exception as error:
            if isinstance(error, boundary.NotLifted):
                raise
            raise boundary.refuse(g, frame) from error

    return functools.update_wrapper(call, g, updated=())


def binary(a, b, operate):
    """Return ``a op b`` of which one is of pandas and the other may hold duals."""
    if has_duals(a) or has_duals(b):
        a, b = (mixed(x) if is_pandas(x) else as_objects(x) for x in (a, b))
    return operate(a, b)
