"""Rules whose values, checks and warnings are those of the NumPy function itself, called on the values."""

import functools

import numpy as np

from dualnum._core import DualArray, DualDType
from dualnum.rules._operands import float_operands, is_dual, with_values

__all__ = [
    "as_duals",
    "check_dtype",
    "contains_duals",
    "numpys_own",
    "plain",
    "restored",
    "with_numpys_values",
]


def _leaves(x):
    if is_dual(x):
        yield x
    elif isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)


def contains_duals(*arguments):
    """Return whether a dual is among the arguments, however nested in lists and tuples."""
    return any(True for _ in _leaves(arguments))


def plain(arguments):
    """Return the arguments, nested in lists, tuples and a dict's values, with values in the place of duals."""
    if isinstance(arguments, dict):
        return dict(zip(arguments, plain(list(arguments.values())), strict=True))
    duals = list(_leaves(arguments))
    values = iter(float_operands(*duals))

    def stripped(x):
        if is_dual(x):
            return next(values)
        return type(x)(map(stripped, x)) if type(x) in (list, tuple) else x

    return stripped(arguments)


def as_duals(x):
    """Return arrays of duals as DualArray, in tuples and lists too, and everything else as it is."""
    if isinstance(x, np.ndarray) and isinstance(x.dtype, DualDType):
        return x.view(DualArray)
    return type(x)(map(as_duals, x)) if type(x) in (list, tuple) else x


def check_dtype(dtype, who):
    """Raise TypeError where a dtype is asked for that cannot hold derivatives."""
    if dtype is not None and not isinstance(dtype, DualDType):
        raise TypeError(
            f"{who} of duals expects dtype=None, got {dtype!r}: that would lose their derivatives; "
            f"use dualnum.value(x) to discard them on purpose."
        )


def with_numpys_values(function):
    """
    Return a decorator for rules that give the derivatives only.

    NumPy's function is called on the values first: its checks and warnings are the rule's, and its results take the
    place of the values of what the rule returns, bit by bit.  What the rule returns without levels is NumPy's result.

    Parameters
    ----------
    function : callable
        The NumPy function.

    Returns
    -------
    callable
        The decorator.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> @with_numpys_values(np.trapezoid)
    ... def trapezoid(y):
    ...     return np.sum(y) - (y[0] + y[-1]) / 2
    >>> trapezoid(dn.seed([1.0, 2.0, 4.0]))
    Dual(4.5, [0.5, 1.0, 0.5])
    """

    def decorate(rule):
        @functools.wraps(rule)
        def rule_with_values(*args, **kwargs):
            dtype = kwargs.pop("dtype", None)
            check_dtype(dtype, function.__name__)
            values = function(*plain(args), **plain(kwargs))
            with np.errstate(all="ignore"):  # NumPy has warned of the values
                return restored(rule(*args, **kwargs), values)

        return rule_with_values

    return decorate


def restored(result, values):
    """Return what a rule gave with NumPy's values in it, however nested; NumPy's result where it has no levels."""
    if type(result) in (list, tuple):
        return type(values)([restored(r, v) for r, v in zip(result, values, strict=True)])
    return with_values(result, values) if is_dual(result) else values


def numpys_own(function):
    """Return NumPy's own code of a function as a rule: on duals where every operation in it has a loop."""

    @functools.wraps(function)
    def rule(*args, **kwargs):
        return as_duals(function._implementation(*args, **kwargs))

    return rule
