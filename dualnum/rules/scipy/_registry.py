"""The decorator of SciPy's rules: SciPy computes the values, the rule the derivatives."""

import functools
import inspect

import numpy as np

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._operands import float_arguments, has_duals, operands, with_values
from dualnum.rules._registry import rule


def of_scipy(module, *names):
    """Return a decorator that registers a function as the rule of SciPy's functions of these names.

    The function is called with the values, which SciPy has computed from those of the arguments, then with all
    arguments of SciPy's function by name.  Its result gets these values, at the same places in tuples.
    """

    def register(derivatives):
        for name in names:
            original = getattr(module, name, None)
            if original is not None:
                rule(original)(_rule(original, derivatives))
        return derivatives

    return register


def _rule(original, derivatives):
    signature = inspect.signature(original)

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        for name in bound.arguments:
            if name.startswith("overwrite"):
                bound.arguments[name] = False  # an argument in floats is still read for the derivatives
        values = original(*float_arguments(bound.args), **float_arguments(bound.kwargs))
        if not holds_duals(args) and not holds_duals(kwargs):
            return values
        bound.apply_defaults()
        with np.errstate(all="ignore"):  # SciPy has warned of the values
            return with_values(derivatives(values, **bound.arguments), values)

    return on_duals


def arguments(original, args, kwargs):
    """Return the arguments of a call by name, with defaults."""
    bound = inspect.signature(original).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def arrays(name, *given, or_complex=True):
    """Return arguments as arrays of duals or numbers that NumPy's functions dispatch on; refuse complex ones or not."""
    return [x.view(DualArray) if has_duals(x) else x for x in operands(name, *given, or_complex=or_complex)]


def require_close(name, found, values):
    """Return what a rule has found, if its values are SciPy's up to rounding; raise ValueError for another branch."""
    size = np.max(np.abs(values), initial=0.0, where=np.isfinite(values))
    if not np.allclose(value(found), values, rtol=1e-6, atol=1e-6 * size, equal_nan=True):
        raise ValueError(
            f"{name} of duals expects a well-conditioned problem, got one that NumPy and SciPy solve in two ways."
        )
    return found
