"""Derivatives by one number: derivative, value_and_derivative."""

from dualnum._checks import as_output, check_elementwise, check_flag, check_order, check_single
from dualnum._core import Dual, Level, seed_scalar
from dualnum._driver import Driver, Variables, elementwise, finish, split_or_zeros, split_twice


def derivative(f, order=1, *, argnum=0, chunk=None, batched=False, subok=True):
    """Return the function that computes the derivative of `f`, or the second one.

    Parameters
    ----------
    f : callable
        A function of a number: ``f(x, *args, **kwargs)`` is a number or an array of any shape. For an array
        `x` the function must treat each element by itself, and f(x) must have the shape of `x`.
    order : 1 or 2
        Which derivative. Nest the driver for higher ones: ``derivative(derivative(f, 2))``.
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
        If `x` is an array and f(x) has another shape: that is a matter for `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.derivative(lambda x: x**3)(2.0)
    12.0
    >>> dn.derivative(lambda x: x**3, order=2)(np.array([1.0, 2.0]))
    array([ 6., 12.])
    """
    order = check_order("derivative", order)
    check_flag("derivative", "batched", batched)
    driver = Driver("derivative", f, argnum, chunk, subok=subok)
    if type(driver.argnum) is tuple:
        parts = [
            derivative(f, order, argnum=i, chunk=chunk, batched=batched, subok=subok) for i in driver.argnum
        ]
        return driver.wrap(lambda *args, **kwargs: tuple(part(*args, **kwargs) for part in parts))
    ordinary = driver.argnum == 0 and order == 1

    def derivative_of(*args, **kwargs):
        if not (ordinary and args and type(args[0]) is float):
            return _derivatives(driver, order, batched, args, kwargs)[-1]
        # the first derivative at a Python float: as little overhead as can be
        level = Level()
        try:
            y = f(seed_scalar(args[0], level), *args[1:], **kwargs)
            _, first = split_or_zeros(y if type(y) is Dual else as_output(driver, y), level, 1)
        finally:
            level.retire()
        return first.item() if first.ndim == 1 else first[..., 0]

    return driver.wrap(derivative_of)


def value_and_derivative(f, order=1, *, argnum=0, chunk=None, batched=False, subok=True):
    """Return the function that computes f(x) and its derivative from one call of `f`.

    Parameters
    ----------
    f, order, argnum, chunk, batched, subok
        As for `derivative`; a tuple of ints for `argnum` takes one call of `f` for each.

    Returns
    -------
    callable
        Of the same arguments; its result is ``(f(x), f'(x))``, with ``order=2`` ``(f(x), f'(x), f''(x))``.

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
    if order == 2 and driver.argnum == 0 and args and type(args[0]) is float:
        return _twice_at_number(driver, args, kwargs)
    variables = Variables(driver, args)
    check_single(driver, variables, "gradient(f)")
    seed = elementwise(driver)
    if order == 1:
        parts = driver.first(variables, kwargs, seed)
    else:
        value, first, _, second = driver.second(variables, kwargs, seed, 1, seed, 1)
        parts = value, first, second[..., 0]
    check_elementwise(driver, variables, parts[1].shape[:-1], batched)
    return finish(parts[0]), *(finish(part[..., 0]) for part in parts[1:])


def _twice_at_number(driver, args, kwargs):
    """Return f's value and its first two derivatives at a Python float."""
    older, younger = Level(), Level()
    try:
        x = seed_scalar(seed_scalar(args[0], older), younger)
        y = as_output(driver, driver.f(x, *args[1:], **kwargs))
        value, first, _, second = split_twice(y, younger, 1, older, 1)
    finally:
        younger.retire()
        older.retire()
    return finish(value), finish(first[..., 0]), finish(second[..., 0, 0])
