"""pandas: its columns carry duals as objects, with which its own code computes; it never sees arrays of duals.

pandas' Python code is not rewritten.  Its compiled code gets object arrays and duals as numbers: where it wants floats,
it asks a dual for its float, which refuses.  Means and their kin are those of pandas_statistics.
"""

import functools
import sys
import types

from dualnum.lifting import boundary
from dualnum.lifting.special import is_pandas
from dualnum.lifting.tables import pandas_statistics
from dualnum.lifting.tables.numpy import asked_dtype, seen
from dualnum.lifting.tables.pandas_columns import as_objects, has_duals, mixed, values_of, widen

OPERATORS = frozenset("add sub mul truediv floordiv mod pow".split())
#: Methods that return a new object, and may mix its numbers with the duals of another argument.
MIXING = frozenset(
    [f"__{prefix}{name}__" for name in OPERATORS for prefix in ("", "r")]
    + [prefix + name for name in [*OPERATORS, "div"] for prefix in ("", "r")]
    + "dot where mask clip fillna replace combine combine_first".split()
)
#: Methods that leave out object columns, or turn what they hold into NaN.
LOSING = frozenset("select_dtypes describe convert_dtypes".split())
#: The place of ``dtype`` among the arguments of what makes columns.
DTYPE = {"Series": 2, "DataFrame": 3, "Index": 1, "array": 1}


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
    return (values_of(args), values_of(kwargs)) if kind == "i" else (args, kwargs)


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
            return seen(g(values_of(args[0]), *args[1:], **kwargs))
        if own and (name in LOSING or kwargs.get("numeric_only")):
            raise boundary.refuse(g, frame)
        try:
            if args and is_pandas(args[0]) and not isinstance(g, type):
                made = pandas_statistics.statistic(name, *args, **kwargs)
                if made is not NotImplemented:
                    return made
            if name == "__setitem__" and others:
                widen(*args[:2])
            if name in MIXING and not kwargs.get("inplace"):
                args = [mixed(x) if is_pandas(x) else x for x in args]
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
