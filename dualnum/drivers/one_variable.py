"""Derivatives of any order by one number: derivative, value_and_derivative."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dualnum._core import Dual, pass_at_number
from dualnum._core import value as primal
from dualnum.drivers._base import Driver, Variables, split_or_zeros, unwrap
from dualnum.drivers._checks import (
    as_output,
    check_elementwise,
    check_flag,
    check_order,
    check_single,
    warn,
)
from dualnum.drivers._seeds import elementwise
from dualnum.drivers._taylor_pass import expand, first_elementwise, moving
from dualnum.drivers.holomorphic import ComplexVariables, Holomorphic, coefficients

if TYPE_CHECKING:
    from dualnum.drivers._types import Array, Derivative, Lift, P, Place, R


def derivative(
    f: Callable[P, R],
    order: int = 1,
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    holomorphic: bool = False,
) -> Derivative[P, Array, R, Place]:
    """Return the function that computes the derivative of `f`, of any order, in one call of `f`.

    Parameters
    ----------
    f : callable
        A function of a number: ``f(x, *args, **kwargs)`` is a number or an array of any shape. For an array
        `x` the function must treat each element by itself, and f(x) must have the shape of `x`.
    order : int, optional
        Which derivative, from 0, f itself, on. The cost grows with the square of the order.
    argnum, chunk, batched, subok, lift, check
        As for `gradient`; with ``batched=True`` every element of `x` is a point of its own, and the shape of
        f(x) begins with the shape of `x`. One tangent is carried whatever `chunk`.
        For an array `x` the first call of each driver also checks, unless ``check=False``, that `f` treats each element
        by itself. It carries one more tangent, from order 2 on in one more call of `f`.
    holomorphic : bool, optional
        Take `x` as complex numbers and return the complex derivative. Every call checks, unless ``check=False``, by the
        derivatives along a second direction that `f` satisfies the Cauchy-Riemann equations at `x`.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x), and is complex if that is. A derivative that does not
        exist is infinite or nan, element by element.

    Raises
    ------
    TypeError
        If `x` is complex without ``holomorphic=True``.
    ValueError
        If `x` is an array and f(x) has another shape, or `f` mixes the elements, as softmax or ``np.cumsum`` do: that
        is a matter for `jacobian`. If `f` is not holomorphic, as ``np.conj`` and ``abs`` are not.

    Warns
    -----
    RuntimeWarning
        If terms of a series of more than 100 orders leave the range of float64: that of ``np.exp`` does from 2500 on.

    Notes
    -----
    ``np.diag(derivative(f)(x))`` is ``jacobian(f)(x)`` for an `f` that treats each element of a vector by itself. The
    check of this compares J s with the derivatives times s, for one s whose elements are powers of two with
    pseudo-random signs. Without it the result for an `f` that mixes the elements is, at order 1, the sum of each row of
    the Jacobian.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.derivative(lambda x: x**3)(2.0)
    12.0
    >>> dn.derivative(lambda x: x**3, order=2)(np.array([1.0, 2.0]))
    array([ 6., 12.])
    >>> dn.derivative(lambda x: 1 / x, order=5)(2.0)  # -5! / 2**6
    -1.875
    >>> dn.derivative(lambda t: np.exp(2j * t))(0.0)  # of a real number; f(t) is complex
    2j
    >>> dn.derivative(lambda z: 1 / z, holomorphic=True)(1j)
    (1+0j)
    """
    extra = _own_options("derivative", order, batched, holomorphic)
    kind = Holomorphic if holomorphic else Driver
    return kind(f, _derivative, argnum, chunk, False, subok, lift, check, extra=extra)


#: The options that only these drivers have, as they are when they are not given.
_FIRST = {"order": 1, "batched": False, "holomorphic": False}


def _own_options(name, order, batched, holomorphic):
    """Return the options that only these drivers have, checked."""
    if type(order) is int and order == 1 and batched is False and holomorphic is False:
        return _FIRST
    return {
        "order": check_order(name, order, least=0),
        "batched": check_flag(name, "batched", batched),
        "holomorphic": check_flag(name, "holomorphic", holomorphic),
    }


def _derivative(driver, args, kwargs, found=None):
    """Return the derivative; `found`, what f returned at a float and its level, saves another call of f."""
    if type(driver.argnum) is tuple:
        return tuple(_one_by_one(driver, derivative, args, kwargs))
    return _derivatives(driver, args, kwargs, found)[-1]


def _one_by_one(driver, make, args, kwargs):
    """Return the results of a driver for each of several arguments."""
    options = {"chunk": driver.chunk, "subok": driver.subok, "lift": driver.lift, **driver.extra}
    options["check"] = False if driver.checked else driver.check
    results = [make(driver.f, argnum=argnum, **options)(*args, **kwargs) for argnum in driver.argnum]
    driver.checked = True
    return results


def value_and_derivative(
    f: Callable[P, R],
    order: int = 1,
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    holomorphic: bool = False,
) -> Derivative[P, tuple[Any, ...], tuple[Any, ...], Place]:
    """Return the function that computes f(x) and its derivative from one call of `f`.

    Parameters
    ----------
    f, order, argnum, chunk, batched, subok, lift, check, holomorphic
        As for `derivative`; a tuple of ints for `argnum` takes one call of `f` for each.

    Returns
    -------
    callable
        Of the same arguments; its result is ``(f(x), f'(x))``, with ``order=2`` ``(f(x), f'(x), f''(x))``, and
        so on.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.value_and_derivative(lambda x: x**3)(2.0)
    (8.0, 12.0)
    >>> dn.value_and_derivative(lambda x: x**3, order=2)(2.0)
    (8.0, 12.0, 12.0)
    """
    extra = _own_options("value_and_derivative", order, batched, holomorphic)
    kind = Holomorphic if holomorphic else Driver
    return kind(f, _value_and_derivative, argnum, chunk, False, subok, lift, check, extra=extra)


def _value_and_derivative(driver, args, kwargs):
    if type(driver.argnum) is not tuple:
        return _derivatives(driver, args, kwargs)
    values, *derivatives = zip(*_one_by_one(driver, value_and_derivative, args, kwargs), strict=True)
    return values[0], *derivatives


def _derivatives(driver, args, kwargs, found=None):
    """Return f's value and its derivatives up to the driver's order; `found` is as for `_derivative`."""
    order, batched, is_holomorphic = driver.extra.values()
    if is_holomorphic:
        variables = ComplexVariables(driver, args)
        value, rest = coefficients(driver, variables, kwargs, order, _rate(order))
        return tuple(map(unwrap, _unscaled(driver, value, rest, order)))
    if order and driver.argnum == 0 and args and type(args[0]) is float:
        found = found or pass_at_number(driver, _rate(order), order, args, kwargs)
        parts = found and _read(driver, order, *found)
        if parts and (order > 2 or not np.isnan(parts[0]).any()):
            return parts
    variables = Variables(driver, args)
    check_single(driver, variables, "gradient(f)")
    seed = elementwise(driver)
    checked = first_elementwise(driver, variables, kwargs, "jacobian(f)") if order else None
    if order == 1:
        value, first = checked or driver.first(variables, kwargs, seed)
        parts = value, first[..., 0]
    elif order == 2:  # on arrays this is faster than a series
        value, first, second = driver.squares(variables, kwargs, seed, 1)
        parts = value, first[..., 0], second[..., 0, 0]
    else:
        value, rest = expand(driver, variables, kwargs, moving(driver, order, _rate(order)), order)
        parts = _unscaled(driver, value, rest, order)
    check_elementwise(driver, variables, np.shape(parts[-1]), batched)
    return tuple(map(unwrap, parts))


def _read(driver, order, y, level):
    """Return f's value and its derivatives up to `order` from what f returned at a Python float."""
    value, rest = split_or_zeros(driver, y if type(y) is Dual else as_output(driver, y), level, order)
    if rest.ndim == 1 and type(value) is float and order <= EXACT:
        return value, *(c * math.factorial(k) for k, c in enumerate(rest.tolist(), 1))
    return tuple(map(unwrap, _unscaled(driver, value, rest, order)))


# ---- derivatives of high order -----------------------------------------------------------------------------

#: Up to this order the coefficients 1 / n! of exp are far within the range of float64.
EXACT = 100
#: The series f(x + RATE t) of exp has coefficients up to exp(RATE), almost the largest float64.
RATE = 700


def _rate(order):
    """Return the integer r such that the coefficients of f(x + r t) stay within range, those of exp up to order 2500.

    Coefficient n of exp is r^n / n!, which is largest, e^r, at n = r, and about 1 at n = r e. A power of two scales
    without rounding.
    """
    return 1 if order <= EXACT else min(1 << round(math.log2(order / math.e)), RATE)


def _unscaled(driver, value, rest, order):
    """Return the derivatives k! c[k] / r^k, from f's value and the coefficients c of f(x + r t) along the last axis."""
    rate = _rate(order)
    if order <= EXACT:
        return value, *(rest[..., k - 1] * math.factorial(k) for k in range(1, order + 1))
    size = np.abs(primal(rest))
    if not np.isfinite(size).all() or ((size > 0) & (size < sys.float_info.min)).any():
        warn(
            f"{driver} left the range of float64 in a series of order {order}; use a lower order.",
            RuntimeWarning,
        )
    parts = [value]
    for k in range(1, order + 1):
        above, below = math.factorial(k), rate**k
        exponent = above.bit_length() - below.bit_length()
        factor = above / (below << exponent) if exponent > 0 else (above << -exponent) / below
        with np.errstate(over="ignore"):
            parts.append(
                rest[..., k - 1] * factor * 2.0 ** (exponent // 2) * 2.0 ** (exponent - exponent // 2)
            )
    return parts
