"""The decorators of rules.  Every family of rules imports this module, which imports none of them."""

import functools
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dualnum._core import DualDType, register_rule, takes_rule
from dualnum.rules._operands import float_arguments, with_values

Rule = TypeVar("Rule", bound=Callable | None)


def numpy_rule(*functions: Callable) -> Callable[[Rule], Rule]:
    """Register the rule that computes NumPy functions on duals.

    Parameters
    ----------
    *functions : callable
        Functions of NumPy's public interface that dispatch through ``__array_function__``, or ufuncs for float64 from
        other packages.

    Returns
    -------
    callable
        A decorator that registers the rule and returns it unchanged.  The rule of a function is called with the
        function's arguments.  The rule of a ufunc is called with one-dimensional arrays of equal shape, duals with the
        same levels or numbers, and returns an array of that shape, or a tuple of them.

    Raises
    ------
    TypeError
        If one of the functions does not dispatch, so that NumPy would never call the rule, or is a ufunc that has
        derivatives already.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> @dn.numpy_rule(np.trapezoid)
    ... def trapezoid(y, x=None, dx=1.0, axis=-1):
    ...     y = np.moveaxis(np.asanyarray(y), axis, -1)
    ...     steps = dx if x is None else np.diff(x)
    ...     return np.sum((y[..., 1:] + y[..., :-1]) * steps, axis=-1) / 2
    >>> dn.gradient(np.trapezoid)([1.0, 2.0, 4.0])
    array([0.5, 1. , 0.5])
    >>> dn.numpy_rule(np.trapezoid)(None)  # NumPy's own again, which differentiates as well
    """
    for function in functions:
        if not takes_rule(function):
            raise TypeError(
                f"numpy_rule expects NumPy functions that dispatch, or ufuncs of float64 without derivatives, got "
                f"{function!r}."
            )

    def register(rule: Rule) -> Rule:
        for function in functions:
            register_rule(function, rule)
        return rule

    return register


def values_from(function: Callable) -> Callable[[Callable], Callable]:
    """Return a decorator for rules that compute the derivatives only: the values of their results become NumPy's.

    It calls the function on the values first, so that checks and warnings are NumPy's too.  A result without levels is
    replaced as a whole.  A ``dtype`` that cannot store derivatives raises TypeError.
    """

    def decorate(rule):
        @functools.wraps(rule)
        def rule_with_values(*args, **kwargs):
            dtype = kwargs.pop("dtype", None)
            if dtype is not None and not isinstance(dtype, DualDType):
                raise TypeError(
                    f"{function.__name__} of duals expects dtype=None, got {dtype!r}: that would lose their "
                    f"derivatives; use dualnum.value(x) to discard them on purpose."
                )
            values = function(*float_arguments(args), **float_arguments(kwargs))
            with np.errstate(all="ignore"):  # NumPy has warned of the values
                return with_values(rule(*args, **kwargs), values)

        return rule_with_values

    return decorate
