"""The decorators of rules.  Every family of rules imports this module, which imports none of them."""

import functools
import sys
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dualnum._core import (
    DualDType,
    is_complex_dual,
    register_function_of_complex,
    register_rule,
    takes_rule,
    value,
)
from dualnum.rules._operands import float_arguments, has_duals, with_values

Rule = TypeVar("Rule", bound=Callable | None)


def rule(*functions: Callable) -> Callable[[Rule], Rule]:
    """Register the rule that computes functions on duals.

    Parameters
    ----------
    *functions : callable
        Functions of NumPy's public interface that dispatch through ``__array_function__``, ufuncs for float64 from
        other packages, or any other functions: compiled ones, those of a package, your own.

    Returns
    -------
    callable
        A decorator that registers the rule and returns it unchanged; applied to None it removes the rule.  The rule of
        a function is called with the function's arguments.  The rule of a ufunc is called with one-dimensional arrays
        of equal shape, duals with the same levels or numbers, and returns an array of that shape, or a tuple of them.

    Raises
    ------
    TypeError
        If one of the functions is not callable, or is a ufunc that has derivatives already or no loop for float64.

    Notes
    -----
    NumPy calls the rules of its own functions and of ufuncs wherever duals meet them.  Lifted code alone (`lift`) calls
    the rules of other functions, where a dual or a function is among the arguments; a function, which may hold duals,
    comes to the rule lifted.

    Where a ufunc's value is nan, it has no derivatives, whatever its rule returns.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> @dn.rule(np.trapezoid)
    ... def trapezoid(y, x=None, dx=1.0, axis=-1):
    ...     y = np.moveaxis(np.asanyarray(y), axis, -1)
    ...     steps = dx if x is None else np.diff(x)
    ...     return np.sum((y[..., 1:] + y[..., :-1]) * steps, axis=-1) / 2
    >>> dn.gradient(np.trapezoid)([1.0, 2.0, 4.0])
    array([0.5, 1. , 0.5])
    >>> dn.rule(np.trapezoid)(None)  # NumPy's own again, which differentiates as well

    A function that lifted code of another module calls:

    >>> import colorsys
    >>> @dn.rule(colorsys.rgb_to_yiq)
    ... def luminance_and_chroma(r, g, b):
    ...     return 0.3 * r + 0.59 * g + 0.11 * b, None, None
    >>> dn.gradient(lambda x: float(colorsys.rgb_to_yiq(*x)[0]))([0.2, 0.5, 0.1])
    array([0.3 , 0.59, 0.11])
    >>> dn.rule(colorsys.rgb_to_yiq)(None)
    """
    for function in functions:
        if not callable(function) or (isinstance(function, np.ufunc) and not takes_rule(function)):
            raise TypeError(
                f"rule expects functions, or ufuncs of float64 without derivatives, got {function!r}."
            )

    def register(rule: Rule) -> Rule:
        for function in functions:
            of_ufunc = rule is not None and isinstance(function, np.ufunc)
            register_rule(function, _nan_where_no_value(rule) if of_ufunc else rule)
        lifting = sys.modules.get("dualnum.lifting.resolve")
        if lifting is not None:
            lifting.forget()  # lifted code asks for the rules again
        return rule

    return register


def _nan_where_no_value(rule):
    """Return the rule of a ufunc such that a result whose value is nan has no derivatives along what moves.

    Formulas of derivatives go on beyond the domains of functions.
    """

    @functools.wraps(rule)
    def checked(*args):
        def of_result(y):
            if has_duals(y) and np.any(missing := np.isnan(value(y))):
                y = y.copy()  # the rule may keep its own
                y[missing] = sum([np.nan * x[missing] for x in args if has_duals(x)], np.nan * y[missing])
            return y

        results = rule(*args)
        return tuple(map(of_result, results)) if type(results) is tuple else of_result(results)

    return checked


def rule_of_any(*functions: Callable) -> Callable[[Callable], Callable]:
    """Return a decorator that registers the rule of NumPy's functions for real and for complex duals."""

    def register(on_duals: Callable) -> Callable:
        for function in functions:
            register_function_of_complex(function, on_duals)
        return rule(*functions)(on_duals)

    return register


def values_from(function: Callable, of_complex: bool = False) -> Callable[[Callable], Callable]:
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
            if not of_complex and any(map(is_complex_dual, (*args, *kwargs.values()))):
                raise TypeError(
                    f"{function.__name__} of complex duals has no rule that gives its derivatives; write it with the "
                    f"real and the imaginary part, z.real and z.imag."
                )
            values = function(*float_arguments(args), **float_arguments(kwargs))
            with np.errstate(all="ignore"):  # NumPy has warned of the values
                return with_values(rule(*args, **kwargs), values)

        return rule_with_values

    return decorate
