"""Derivatives of any order by one number: derivative, value_and_derivative."""

import math

import numpy as np

from dualnum._core import Dual, derivative_at_number, pass_at_number
from dualnum.drivers._base import Driver, Variables, elementwise, finish, split_or_zeros
from dualnum.drivers._checks import (
    as_output,
    check_derivatives,
    check_elementwise,
    check_flag,
    check_order,
    check_single,
)
from dualnum.drivers._taylor_pass import expand, moving, stack


def derivative(f, order=1, *, argnum=0, chunk=None, batched=False, subok=True):
    """Return the function that computes the derivative of `f`, of any order, in one call of `f`.

    Parameters
    ----------
    f : callable
        A function of a number: ``f(x, *args, **kwargs)`` is a number or an array of any shape. For an array
        `x` the function must treat each element by itself, and f(x) must have the shape of `x`.
    order : int, optional
        Which derivative. The cost grows with the square of the order.
    argnum, chunk, batched, subok
        As for `gradient`; with ``batched=True`` every element of `x` is a point of its own, and the shape of
        f(x) begins with the shape of `x`. One tangent is carried whatever `chunk`.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x).

    Raises
    ------
    ValueError
        If `x` is an array and f(x) has another shape: that is a matter for `jacobian`. If f(x) is finite and a
        derivative from the third on is not a number: it does not exist, as that of ``np.sqrt(x * x) ** 3`` at 0.

    Notes
    -----
    Of an array `x` only the shape of f(x) can be checked. Where `f` mixes the elements all the same, as softmax or
    ``np.cumsum`` do, the result is not their derivatives but, at order 1, the sum of each row of the Jacobian.
    ``np.diag(derivative(f)(x))`` is ``jacobian(f)(x)`` for an `f` that treats each element of a vector by itself.

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
    """
    order = check_order("derivative", order)
    check_flag("derivative", "batched", batched)
    driver = Driver("derivative", f, argnum, chunk, subok=subok)
    if type(driver.argnum) is tuple:
        parts = [
            derivative(f, order, argnum=i, chunk=chunk, batched=batched, subok=subok) for i in driver.argnum
        ]
        return driver.wrap(lambda *args, **kwargs: tuple(part(*args, **kwargs) for part in parts))

    def general(args, kwargs, found=None):
        if found:
            return _read(driver, order, *found)[-1]
        return _derivatives(driver, order, batched, args, kwargs)[-1]

    if driver.argnum == 0 and order <= 2:
        return driver.wrap(derivative_at_number(f, order, general))
    return driver.wrap(lambda *args, **kwargs: general(args, kwargs))


def value_and_derivative(f, order=1, *, argnum=0, chunk=None, batched=False, subok=True):
    """Return the function that computes f(x) and its derivative from one call of `f`.

    Parameters
    ----------
    f, order, argnum, chunk, batched, subok
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
    order = check_order("value_and_derivative", order)
    check_flag("value_and_derivative", "batched", batched)
    driver = Driver("value_and_derivative", f, argnum, chunk, subok=subok)
    if type(driver.argnum) is tuple:
        parts = [
            value_and_derivative(f, order, argnum=i, chunk=chunk, batched=batched, subok=subok)
            for i in driver.argnum
        ]

        def derivatives_of(*args, **kwargs):
            values, *derivatives = zip(*(part(*args, **kwargs) for part in parts), strict=True)
            return values[0], *derivatives

        return driver.wrap(derivatives_of)
    return driver.wrap(lambda *args, **kwargs: _derivatives(driver, order, batched, args, kwargs))


def _derivatives(driver, order, batched, args, kwargs):
    """Return f's value and its derivatives up to `order`."""
    if driver.argnum == 0 and args and type(args[0]) is float:
        rate = math.ldexp(1, _halvings(order))
        return _read(driver, order, *pass_at_number(driver.f, rate, order, args, kwargs))
    variables = Variables(driver, args)
    check_single(driver, variables, "gradient(f)")
    seed = elementwise(driver)
    if order == 1:
        value, first = driver.first(variables, kwargs, seed)
        parts = value, first[..., 0]
    elif order == 2:  # on arrays a hyper-dual pass is three times faster than a series
        value, first, _, second = driver.second(variables, kwargs, seed, 1, seed, 1)
        parts = value, first[..., 0], second[..., 0, 0]
    else:
        halvings = _halvings(order)
        value, rest = expand(driver, variables, kwargs, moving(driver, order, math.ldexp(1, halvings)), order)
        parts = stack(value, rest)
        check_derivatives(driver, parts)
        parts = [part * _factor(k, halvings) for k, part in enumerate(parts)]
    check_elementwise(driver, variables, np.shape(parts[1]), batched)
    return tuple(map(finish, parts))


def _read(driver, order, y, level):
    """Return f's value and its derivatives up to `order` from what f returned at a Python float."""
    halvings = _halvings(order)
    value, rest = split_or_zeros(y if type(y) is Dual else as_output(driver, y), level, order)
    if order > 2:
        check_derivatives(driver, stack(value, rest))
    if rest.ndim == 1 and type(value) is float:
        return value, *(c * _factor(k, halvings) for k, c in enumerate(rest.tolist(), 1))
    return finish(value), *(finish(rest[..., k - 1] * _factor(k, halvings)) for k in range(1, order + 1))


def _halvings(order):
    """Return p such that the coefficients of f(x + 2**p t) stay within range: 0 up to order 100.

    Coefficient n of exp is 1 / n!, which a float64 cannot hold from 178 on; with 2**p near n / e the power makes
    up for the factorial.
    """
    return 0 if order <= 100 else round(math.log2(order / math.e))


def _factor(k, halvings):
    """Return k! / 2**(k * halvings), by which the coefficient of f(x + 2**halvings t) becomes the derivative."""
    return math.factorial(k) / (1 << k * halvings)
