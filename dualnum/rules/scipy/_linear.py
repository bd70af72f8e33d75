"""Functions that are linear in an array act on each component of its elements."""

import functools
import inspect

import numpy as np

from dualnum._core import holds_duals, real_dtype
from dualnum.rules._components import components, from_components
from dualnum.rules._operands import with_values
from dualnum.rules._registry import rule


def linear(original):
    """Return the rule of a function that is linear in its first argument; others, but cval, have to be floats."""
    first = next(iter(inspect.signature(original).parameters))

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given = inspect.signature(original).bind(*args, **kwargs).arguments
        kwargs = given.pop("kwargs", {})
        x = given.pop(first)
        if holds_duals(given) or holds_duals(kwargs) or isinstance(given.get("output"), np.ndarray):
            raise TypeError(
                f"{original.__name__} of duals expects floats beside its first argument and no output, got others; use "
                f"NumPy's functions for what depends on x there."
            )
        if not holds_duals(x):
            return original(**{first: x}, **given, **kwargs)
        x = np.array(x)
        values, *others = np.moveaxis(components(x), -1, 0)
        values = original(**{first: np.ascontiguousarray(values)}, **given, **kwargs)
        if "cval" in given:
            given["cval"] = 0.0
        found = [original(**{first: np.ascontiguousarray(part)}, **given, **kwargs) for part in others]
        numbers = np.stack([values, *found], axis=-1)
        return with_values(from_components(numbers, real_dtype(x.dtype)), values)

    return on_duals


def register_linear(module, names):
    """Register the rules of a module's functions that are linear in their first argument."""
    for name in names.split():
        if hasattr(module, name):
            rule(getattr(module, name))(linear(getattr(module, name)))
