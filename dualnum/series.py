"""Tools for power series, given by their coefficients along the first axis as `dualnum.taylor` returns them.

Further axes hold independent series. The coefficients may be complex, and duals, so that results can be differentiated.
A function of two series truncates both to the order of the shorter one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from dualnum._core import (
    DualArray,
    DualDType,
    complex_from,
    holds_duals,
    imaginary_part,
    real_part,
    seed_tangents,
    split,
    value,
)
from dualnum.drivers._checks import as_complex_variable
from dualnum.drivers._taylor_pass import stack

__all__: Final = [
    "coefficients",
    "compose",
    "derivative",
    "evaluate",
    "integral",
    "multiply",
    "number",
    "reversion",
]

PERMANENT = DualDType(order=1).levels[0]  # the level of DualDType(order=n)


def _series(call: str, c: Any, name: str) -> Any:
    """Return the coefficients as an array with at least one of them."""
    c = as_complex_variable(call, c, name)
    if getattr(c, "ndim", 0) == 0 or len(c) == 0:
        got = "a number" if getattr(c, "ndim", 0) == 0 else "none"
        raise ValueError(f"{call} expects {name} to have coefficients along its first axis, got {got}.")
    return np.asarray(c)


def stack_duals(arrays: Iterable[Any], axis: int = 0) -> Any:
    """Broadcast arrays or numbers and stack them along a new axis: a `DualArray` where one of them is dual."""
    stacked = np.stack(np.broadcast_arrays(*map(np.asarray, arrays)), axis=axis)
    return stacked.view(DualArray) if holds_duals(stacked) else stacked


def number(c: Any) -> Any:
    """Return the number, or array, of ``DualDType(order=n)`` with these Taylor coefficients.

    A function of dualnum or NumPy maps it to the series of the function of it.

    Parameters
    ----------
    c : array_like
        Coefficients 0 ... n along the first axis.

    Returns
    -------
    Dual or DualArray
        Of the shape of ``c[0]``.

    Examples
    --------
    >>> import dualnum as dn
    >>> t = dn.series.number([0.0, 1.0, 0.0, 0.0])
    >>> dn.series.coefficients(6 * dn.exp(t))
    array([6., 6., 3., 1.])
    """
    c = _series("number(c)", c, "c")
    if np.iscomplexobj(c):
        return complex_from(number(real_part(c)), number(imaginary_part(c)))
    return seed_tangents(np.asarray(c[0]), PERMANENT, np.moveaxis(c[1:], 0, -1))[()]


def coefficients(x: Any) -> Any:
    """Return the Taylor coefficients that a number, or an array, of ``DualDType(order=n)`` holds.

    Parameters
    ----------
    x : Dual or array of duals

    Returns
    -------
    ndarray
        Coefficients 0 ... n along the first axis, and then the shape of `x`.

    Examples
    --------
    >>> import dualnum as dn
    >>> t = dn.series.number([2.0, 1.0, 0.0])
    >>> dn.series.coefficients(t * t)
    array([4., 4., 1.])
    """
    primal, tangents = split(x, PERMANENT)
    if tangents is None:
        raise TypeError(
            f"coefficients(x) expects x to be of DualDType(order=n), got {type(x).__name__}; "
            f"use dualnum.taylor(f, order)(x0)."
        )
    return stack(primal, tangents)


def multiply(f: Any, g: Any) -> Any:
    """Return the product of two series.

    Parameters
    ----------
    f, g : array_like
        Coefficients along the first axis.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.series.multiply([1.0, 1.0, 0.0], [1.0, -1.0, 0.0])
    array([ 1.,  0., -1.])
    """
    f, g = _series("multiply(f, g)", f, "f"), _series("multiply(f, g)", g, "g")
    return stack_duals(_product(f, g, min(len(f), len(g))))


def _product(f: Any, g: Any, count: int) -> list[Any]:
    """Return `count` coefficients of f g as a list: coefficient k is the sum of f_i g_(k - i)."""
    return [sum((f[i] * g[k - i] for i in range(1, k + 1)), f[0] * g[k]) for k in range(count)]


def evaluate(f: Any, t: Any) -> Any:
    """Return the sum of ``f[k] * t**k``.

    Parameters
    ----------
    f : array_like
        Coefficients along the first axis.
    t : array_like
        Of any shape.

    Returns
    -------
    float or ndarray
        Of the shape of ``f[0]`` and then that of `t`.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.series.evaluate([1.0, 2.0, 3.0], 10.0)
    321.0
    """
    f, t = _series("evaluate(f, t)", f, "f"), as_complex_variable("evaluate(f, t)", t, "t")
    f = f.reshape(f.shape + (1,) * np.ndim(t))
    total = f[-1] + 0 * t
    for c in f[-2::-1]:
        total = total * t + c
    return total.item() if np.ndim(total) == 0 and not holds_duals(total) else total


def compose(f: Any, g: Any) -> Any:
    """Return the series of f(g(t)).

    Parameters
    ----------
    f : array_like
        Coefficients of f about the point ``g[0]``.
    g : array_like
        Coefficients of g.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import dualnum as dn
    >>> sine = dn.taylor(dn.sin, 4)(0.0)
    >>> dn.series.compose(dn.taylor(dn.exp, 4)(0.0), sine)  # exp(sin(t)) = 1 + t + t^2/2 - t^4/8 ...
    array([ 1.   ,  1.   ,  0.5  ,  0.   , -0.125])
    """
    f, g = _series("compose(f, g)", f, "f"), _series("compose(f, g)", g, "g")
    count = min(len(f), len(g))
    h = [g[0] * 0.0, *g[1:count]]
    total = [f[count - 1]]
    for c in f[count - 2 :: -1] if count > 1 else ():  # Horner; one more coefficient is known after each step
        total = _product([*total, total[0] * 0.0], h, len(total) + 1)
        total[0] = total[0] + c
    return stack_duals(total)


def reversion(f: Any, x0: Any = 0.0) -> Any:
    """Return the series of the inverse function.

    Parameters
    ----------
    f : array_like
        Coefficients of f about `x0`; ``f[1]`` is not zero.
    x0 : array_like, optional
        The point, which becomes coefficient 0 of the result.

    Returns
    -------
    ndarray
        Coefficients about ``f[0]``: x as a series in ``y - f[0]``.

    Raises
    ------
    ValueError
        If ``f[1]`` is zero.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.series.reversion(dn.taylor(dn.exp, 4)(0.0))  # log(1 + t)
    array([ 0.        ,  1.        , -0.5       ,  0.33333333, -0.25      ])
    """
    f = _series("reversion(f)", f, "f")
    if len(f) > 1 and np.any(value(f[1]) == 0):
        raise ValueError(
            "reversion(f) expects f[1] to be different from zero, got 0; f has no inverse series there."
        )
    # Lagrange: coefficient k is 1 / k times coefficient k - 1 of h^k, with h(t) = t / (f(t) - f_0)
    result = [x0 + 0.0 * f[0]]
    count = len(f) - 1
    slope = f[1:]
    h: list[Any] = []
    for k in range(count):
        known = sum((slope[i] * h[k - i] for i in range(1, k + 1)), 0.0 * slope[0])
        h.append(((1.0 if k == 0 else 0.0) - known) / slope[0])
    power = h
    for k in range(1, count + 1):
        result.append(power[k - 1] / k)
        if k < count:
            power = _product(power, h, count)
    return stack_duals(result)


def derivative(f: Any) -> Any:
    """Return the series of f', of one order less.

    Parameters
    ----------
    f : array_like
        Coefficients along the first axis.

    Returns
    -------
    ndarray
        One coefficient less; of a single one a zero is left.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.series.derivative([5.0, 1.0, 1.0, 1.0])
    array([1., 2., 3.])
    """
    f = _series("derivative(f)", f, "f")
    return stack_duals([float(k) * c for k, c in enumerate(f[1:], 1)] or [0.0 * f[0]])


def integral(f: Any, constant: Any = 0.0) -> Any:
    """Return the series of the integral of f, of one order more.

    Parameters
    ----------
    f : array_like
        Coefficients along the first axis.
    constant : array_like, optional
        Coefficient 0 of the result.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.series.integral([1.0, 2.0, 3.0], constant=5.0)
    array([5., 1., 1., 1.])
    """
    f = _series("integral(f)", f, "f")
    return stack_duals([constant + 0.0 * f[0], *(c / float(k) for k, c in enumerate(f, 1))])
