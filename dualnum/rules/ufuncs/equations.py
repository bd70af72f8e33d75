"""Rules for compiled ufuncs: the ufunc computes the values, and a differential equation or a formula the derivatives.

A rule takes one-dimensional arrays, of duals with the same levels or of numbers, and returns an array of duals.
`equations` makes a rule from first derivatives that are functions of x and of the results, as in
``erf' = 2 / sqrt(pi) exp(-x^2)``; `formula` makes one from all derivatives, as of ``J_0^(n)``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dualnum._core import real_dtype, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part, orders
from dualnum.rules._operands import dtype_of, has_duals, is_dual, set_values, with_values


def _times(slope, x):
    """Return slope * x for nilpotent x, with 0 * inf = 0 in every product of components; the value is arbitrary.

    Most tangents of x may be zero, and those must not become nan where the slope is infinite.
    """
    if not has_duals(slope):  # the value 1, since a value inf * 0 would make infinite tangents nan
        return slope * with_values(x, np.ones(np.shape(x)))
    if np.isfinite(components(slope)).all():
        return slope * x
    dtype = dtype_of(slope, x)
    slope, x = components(slope.astype(dtype)), components(x.astype(dtype))
    nonfinite, levels = ~np.isfinite(slope), real_dtype(dtype)

    def product(a, b):
        return components(from_components(a, levels) * from_components(b, levels))

    count = product(nonfinite.astype(float), (x != 0).astype(float))  # of infinite or nan terms in each sum
    if np.iscomplexobj(slope):
        total = np.full(count.shape, complex(np.nan, np.nan))
    else:
        balance = product(np.where(np.isinf(slope), np.sign(slope), 0.0), np.sign(x))
        total = np.where(np.abs(balance) == count, np.copysign(np.inf, balance), np.nan)  # inf - inf is nan
    return from_components(np.where(count > 0, total, product(np.where(nonfinite, 0.0, slope), x)), dtype)


def primitive(values: np.ndarray, *terms: tuple[Any, Any]) -> np.ndarray:
    """Return the duals y with these values and ``dy = sum slope dx``, given pairs (slope, x).

    Let N multiply each component by its total order.  N is a derivation, so that ``N y = sum slope N x``.
    """
    dual_terms = [(slope, x) for slope, x in terms if has_duals(x)]
    dtype = dtype_of(*[x for _, x in dual_terms])
    total = orders(dtype).sum(axis=0)
    if degree(dtype) > 1:
        dual_terms = [(slope, from_components(components(x) * total, dtype)) for slope, x in dual_terms]
    y = sum([_times(slope, x) for slope, x in dual_terms[1:]], _times(*dual_terms[0]))
    if degree(dtype) > 1:
        y = from_components(components(y) / np.maximum(total, 1), dtype)
    set_values(y, values)
    return y


def constant(ufunc: np.ufunc, place: int, x: Any) -> Any:
    """Return the values of an argument that has to be constant; raise TypeError where it has derivatives."""
    if not has_duals(x):
        return x
    if np.any(components(x)[..., 1:]):
        raise TypeError(
            f"{ufunc.__name__} of duals has no rule for derivatives by its argument number {place + 1}; use "
            f"dualnum.value(x) for that one to discard them on purpose."
        )
    return value(x)


def _with_slope(rule: Any, slope: Callable) -> Callable:
    """Return the rule of a function of one argument with its slope, a function of the numbers x and y."""
    rule.slope = slope
    return rule


def equations(*pairs: Any, by: tuple[int, ...]) -> Callable:
    """Return the rule of a ufunc y and its companions c, ... that satisfy ``dy = sum slope dx``, ``dc = ...``.

    A pair holds a function of values, first the ufunc, and its slopes: a function of the arguments and of y, c, ...,
    which the first pass calls with values, the others with duals.  It returns one slope, or a tuple with one for each
    argument in `by`, or their list for a ufunc with several results and no companions.  Arguments that are not in `by`
    have to be constant.
    """
    ufunc = pairs[0][0]
    several = ufunc.nout > 1

    def rule(*args):
        args = [x if i in by else constant(ufunc, i, x) for i, x in enumerate(args)]
        numbers = [value(x) for x in args]
        values = ufunc(*numbers)
        starts = list(values) if several else [values]
        with np.errstate(all="ignore"):  # the values have warned
            starts += [function(*numbers) for function, _ in pairs[1:]]
            state, passes = starts, degree(dtype_of(*args))
            for i in range(passes):
                at = args if i else numbers
                count = 1 if i == passes - 1 else len(pairs)  # only a next pass needs the companions
                slopes = [slope(*at, *state) for _, slope in pairs[:count]]
                state = []
                for start, each in zip(starts, slopes[0] if several else slopes, strict=False):
                    each = each if type(each) is tuple else (each,)
                    state.append(primitive(start, *zip(each, [args[k] for k in by], strict=True)))
        return tuple(state) if several else state[0]

    if ufunc.nin != 1 or several:
        return rule
    return _with_slope(rule, lambda x, y: pairs[0][1](x, y, *[function(x) for function, _ in pairs[1:]]))


def formula(ufunc: np.ufunc, derivative: Callable) -> Callable:
    """Return the rule of a ufunc whose n-th derivative by its last argument is ``derivative(n, *values)``."""

    def rule(*args):
        last = len(args) - 1
        numbers = [constant(ufunc, i, x) for i, x in enumerate(args[:last])] + [value(args[last])]
        if not is_dual(args[last]):
            return ufunc(*numbers)
        values = ufunc(*numbers)
        with np.errstate(all="ignore"):  # the values have warned
            if degree(args[last].dtype) == 1:
                return primitive(values, (derivative(1, *numbers), args[last]))
            h = nilpotent_part(args[last].copy())
            y, power, factorial = np.zeros_like(h), h, 1.0
            for n in range(1, 1 + degree(h.dtype)):
                factorial *= n
                y = y + _times(derivative(n, *numbers) / factorial, power)
                power = nilpotent_part(power * h)
        value(y)[...] = values
        return y

    return _with_slope(rule, lambda x, y: derivative(1, x)) if getattr(ufunc, "nin", None) == 1 else rule
