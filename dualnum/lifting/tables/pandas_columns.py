"""Columns of pandas that hold duals, as objects: which do, their values, and how others become such."""

import numpy as np

from dualnum._core import holds_duals, value
from dualnum.lifting.special import is_pandas
from dualnum.lifting.storage import DUAL_DTYPES, stripped


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


def mixed(x, kinds="fiu"):
    """Return a Series or DataFrame whose numbers are objects, so that it can compute with duals."""
    if hasattr(x, "columns"):
        return x.astype(dict.fromkeys(_columns_of(x, kinds), object))
    return x.astype(object) if getattr(getattr(x, "dtype", None), "kind", "V") in kinds else x


def _columns_of(x, kinds):
    return [c for c in x.columns if x[c].dtype.kind in kinds]


def widen(x, key):
    """Make the columns of floats of which ``x[key]`` is a part columns of objects, in place; x may be ``df.loc``.

    From pandas 3 on, a column of floats takes no object.
    """
    target = getattr(x, "obj", x)
    if not hasattr(target, "columns"):
        target._update_inplace(mixed(target, "f"))
    elif target is not x and type(key) is tuple and len(key) == 2:
        by_place = type(x).__name__ in ("_iLocIndexer", "_iAtIndexer")
        columns = key[1] if isinstance(key[1], (list, slice, np.ndarray)) else [key[1]]
        if type(columns) is list and not by_place:
            columns = [c for c in columns if c in target.columns]  # pandas adds the others
        part = (target.iloc if by_place else target.loc)[:, columns]
        target._update_inplace(target.astype(dict.fromkeys(_columns_of(part, "f"), object)))
    elif target is not x or hasattr(key, "columns"):
        target._update_inplace(mixed(target, "f"))


def values_of(x):
    """Return columns, arrays of objects, numbers, or lists and dicts of these with the values of their duals."""
    if hasattr(x, "columns"):
        return x.apply(lambda column: values_of(column) if has_duals(column) else column)
    if is_pandas(x):
        return x.map(value) if has_duals(x) else x
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([stripped(item) for item in x.ravel().tolist()]).reshape(x.shape)
    if type(x) in (list, tuple):
        return type(x)([values_of(item) for item in x])
    return {key: values_of(item) for key, item in x.items()} if type(x) is dict else stripped(x)
