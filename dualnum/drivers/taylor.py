"""Taylor coefficients of a function: taylor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dualnum._core import pass_at_number
from dualnum.drivers._base import Driver, Variables, split_or_zeros
from dualnum.drivers._checks import (
    as_output,
    check_elementwise,
    check_flag,
    check_leading,
    check_order,
    check_single,
)
from dualnum.drivers._taylor_pass import (
    check_one_argument,
    expand,
    first_elementwise,
    moving,
    moving_along,
    stack,
)

if TYPE_CHECKING:
    from dualnum.drivers._types import Lift


def taylor(
    f: Callable[..., Any],
    order: int,
    *,
    argnum: int = 0,
    direction: Any = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
) -> Callable[..., Any]:
    """Return the function that computes the Taylor coefficients of `f` at a point, in one call of `f`.

    Coefficient k is the k-th derivative divided by k!, so that ``f(x + t)`` is the sum of ``c[k] * t**k``.
    The cost grows with the square of the order.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a number or an array of any shape. For an array `x` without `direction`
        the function must treat each element by itself, and f(x) must have the shape of `x`.
    order : int
        Of the last coefficient, at least 0.
    argnum : int, optional
        Which positional argument the series is in.
    direction : array_like, optional
        Of the shape and structure of `x`: the series is that of ``f(x + t * direction)`` in t, and f(x) may have
        any shape.
    batched, subok, lift, check
        As for `gradient`; without `direction`, ``batched=True`` takes every element of `x` as a point of its
        own, and the shape of f(x) begins with the shape of `x`.
        For an array `x` without `direction` the first call also checks, by one more call of `f`, that it treats each
        element by itself.

    Returns
    -------
    callable
        Of the same arguments; its result has the coefficients along the first axis, ``order + 1`` of them, and
        then the shape of f(x). Where the series does not exist, as that of ``sqrt`` at 0, or overflows, coefficients
        are infinite or nan, element by element; `taylor_polynomial` raises an error there.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.taylor(lambda x: 1 / (1 - x), 4)(0.0)
    array([1., 1., 1., 1., 1.])
    >>> dn.taylor(lambda x: x**2, 2)(np.array([0.0, 3.0]))
    array([[0., 9.],
           [0., 6.],
           [1., 1.]])
    >>> dn.taylor(lambda x: x[0] * x[1] ** 2, 3, direction=[1.0, 1.0])(np.array([1.0, 2.0]))
    array([4., 8., 5., 1.])
    """
    order = check_order("taylor", order, least=0)
    check_flag("taylor", "batched", batched)
    extra = {"order": order, "direction": direction, "batched": bool(batched)}
    batched = batched and direction is not None
    driver = Driver(f, _taylor, argnum, None, batched, subok, lift, check, extra=extra)
    check_one_argument(driver)
    return driver


def _taylor(driver, args, kwargs):
    order, direction, batched = driver.extra.values()
    if order > 1 and direction is None and driver.argnum == 0 and args and type(args[0]) is float:
        found = pass_at_number(driver, 1.0, order, args, kwargs)
        if found:
            y, level = found
            return stack(*split_or_zeros(driver, as_output(driver, y), level, order))
    variables = Variables(driver, args)
    if direction is None:
        check_single(driver, variables, "direction=")
        if order:
            first_elementwise(driver, variables, kwargs, "direction=")
        value, rest = expand(driver, variables, kwargs, moving(driver, order), order)
        check_elementwise(driver, variables, rest.shape[:-1], batched, "direction=")
    else:
        variables.set_direction(direction)
        value, rest = expand(driver, variables, kwargs, moving_along(driver, order), order, whole=False)
        check_leading(driver, variables.lead, rest.shape[:-1])
    return stack(value, rest)
