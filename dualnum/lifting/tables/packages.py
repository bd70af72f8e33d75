"""Compiled functions of other packages that have a twin in Python or NumPy: duals go to the twin."""

import functools
import types

import numpy as np

from dualnum._core import holds_duals


def twin_of(lifter, g, package):
    """Return what takes duals in the place of a compiled function, or None."""
    if package == "numba":  # a jitted function keeps the function that it was made from
        function = getattr(g, "py_func", None) or getattr(getattr(g, "_dispatcher", None), "py_func", None)
        if not isinstance(function, types.FunctionType):
            return None
        return lifter.resolve(
            np.vectorize(function) if isinstance(g, np.ufunc) or hasattr(g, "nin") else function
        )
    if package == "bottleneck":  # its names and arguments are NumPy's
        function = getattr(np, getattr(g, "__name__", ""), None)
        return lifter.resolve(function) if callable(function) else None
    return None


def with_twin(lifter, g, package):
    """Return `g` such that duals go to its twin, or None if it has none."""
    twin = twin_of(lifter, g, package)
    if twin is None:
        return None

    @functools.wraps(g, updated=())
    def call(*args, **kwargs):
        return (twin if holds_duals(args) or holds_duals(kwargs) else g)(*args, **kwargs)

    return call
