"""
Rules for ufuncs that are compiled for floats: their own values, and derivatives by what calculus says of them.

A rule gets one-dimensional arrays, of duals with the same levels or of numbers, and returns an array of duals.  Where
the derivatives are functions of x and of the results, as in ``erf' = 2 / sqrt(pi) exp(-x^2)``, they are equations;
where one knows all of them, as of ``J_0^(n)``, a formula.
"""

import numpy as np

from dualnum._core import value
from dualnum.rules._components import components, degree, from_components, nilpotent_part, orders
from dualnum.rules._operands import dtype_of, is_dual

__all__ = ["constant", "equations", "formula", "primitive"]


def _times(slope, x):
    """Return slope x, where 0 inf = 0 in all components: x has no values, and most of the tangents may be zero."""
    if not is_dual(slope) or np.isfinite(components(slope)).all():
        return slope * x
    dtype = dtype_of(slope, x)
    slope, x = components(slope.astype(dtype)), components(x.astype(dtype))
    ends = ~np.isfinite(slope)

    def product(a, b):
        return components(from_components(a, dtype) * from_components(b, dtype))

    met = product(ends.astype(float), (x != 0).astype(float))  # how many terms are infinite or nan
    balance = product(np.where(np.isinf(slope), np.sign(slope), 0.0), np.sign(x))
    infinite = np.where(np.abs(balance) == met, np.copysign(np.inf, balance), np.nan)
    return from_components(np.where(met > 0, infinite, product(np.where(ends, 0.0, slope), x)), dtype)


def primitive(values, *terms):
    """
    Return the duals y with these values and ``dy = sum slope dx``, given pairs (slope, x).

    By Euler's theorem: with N multiplying each component by its order, ``N y = sum slope N x``.
    """
    moved = [(slope, x) for slope, x in terms if is_dual(x)]
    dtype = dtype_of(*[x for _, x in moved])
    total = orders(dtype).sum(axis=0)
    if degree(dtype) > 1:
        moved = [(slope, from_components(components(x) * total, dtype)) for slope, x in moved]
    y = sum([_times(slope, x) for slope, x in moved[1:]], _times(*moved[0]))
    if degree(dtype) > 1:
        y = from_components(components(y) / np.maximum(total, 1), dtype)
    value(y)[...] = values
    return y


def constant(ufunc, place, x):
    """Return the values of an argument by which there are no derivatives, or raise where it moves."""
    if not is_dual(x):
        return x
    if np.any(components(x)[..., 1:]):
        raise TypeError(
            f"{ufunc.__name__} of duals has no rule for derivatives by its argument number {place + 1}; use "
            f"dualnum.value(x) for that one to discard them on purpose."
        )
    return value(x)


def equations(*pairs, by=(0,), results=1):
    """
    Return the rule of functions y, c, ... that satisfy ``dy = sum slope dx``, ``dc = ...``.

    Parameters
    ----------
    *pairs : tuple
        For each function its ufunc, called with values, and its slopes: a function of the arguments, then of y, c, ...,
        which returns one slope, or one for each argument in `by`.  It is called with values, then with duals.
    by : tuple of int
        The arguments by which there are derivatives.
    results : int
        How many of the functions are results; the others are companions.  Where more than one, the first pair has the
        ufunc that returns all of them, and the others have None.
    """
    ufunc = pairs[0][0]

    def rule(*args):
        args = [x if i in by else constant(ufunc, i, x) for i, x in enumerate(args)]
        numbers = [value(x) for x in args]
        values = ufunc(*numbers)
        starts = list(values) if results > 1 else [values]
        with np.errstate(all="ignore"):  # the values have warned
            starts += [function(*numbers) for function, _ in pairs[results:]]
            state, passes = starts, degree(dtype_of(*args))
            for i in range(passes):
                at = args if i else numbers
                count = results if i == passes - 1 else len(pairs)  # companions serve the next pass
                slopes = [slope(*at, *state) for _, slope in pairs[:count]]
                state = [
                    primitive(
                        start,
                        *zip(each if type(each) is tuple else (each,), [args[k] for k in by], strict=True),
                    )
                    for start, each in zip(starts, slopes, strict=False)
                ]
        return tuple(state[:results]) if results > 1 else state[0]

    return rule


def formula(ufunc, derivative):
    """Return the rule of a function whose derivatives by the last argument are ``derivative(n, *values)``."""

    def rule(*args):
        last = len(args) - 1
        numbers = [constant(ufunc, i, x) for i, x in enumerate(args[:last])] + [value(args[last])]
        if not is_dual(args[last]):
            return ufunc(*numbers)
        values = ufunc(*numbers)
        with np.errstate(all="ignore"):  # the values have warned
            if degree(args[last].dtype) == 1:
                return primitive(values, (derivative(1, *numbers), args[last]))
            move = nilpotent_part(args[last].copy())
            y, power, factorial = np.zeros_like(move), move, 1.0
            for n in range(1, 1 + degree(move.dtype)):
                factorial *= n
                y = y + derivative(n, *numbers) / factorial * power
                power = nilpotent_part(power * move)
        value(y)[...] = values
        return y

    return rule
