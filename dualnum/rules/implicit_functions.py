"""Functions that an equation defines: solved on values, differentiated by the implicit function theorem."""

import functools

import numpy as np

from dualnum._core import Dual, DualArray, is_complex_dual, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import float_arguments, is_dual, numpy_result


def implicit(solve, residual):
    """Return the function x(p) with ``residual(x, p) = 0``, given a solver of this equation.

    The solver sees floats only, so it may be any compiled code, a table or a search.  The derivatives of x follow from
    those of the residual, ``dx = -(df/dx)^-1 df/dp``, to every order.

    Parameters
    ----------
    solve : callable
        ``solve(*p)`` returns the solution x for floats p, a number or an array.
    residual : callable
        ``residual(x, *p)`` is zero at the solution, and has as many numbers as x.

    Returns
    -------
    callable
        A function of p, numbers or arrays, which returns x.

    Raises
    ------
    ValueError
        If `residual` has another size than x, or is not zero at the solution: the Newton step from there is longer
        than 0.1 % of 1 + max(abs(x)).

    Examples
    --------
    >>> import dualnum as dn
    >>> from scipy.optimize import brentq
    >>> def equation(x, p):
    ...     return x * dn.exp(x) - p
    >>> lambert = dn.implicit(lambda p: brentq(equation, 0.0, 10.0, args=(p,), xtol=1e-14), equation)
    >>> round(dn.derivative(lambert)(2.0), 12)            # 1 / (p + exp(x))
    0.230109837493
    >>> round(dn.derivative(lambert, order=3)(2.0), 12)
    0.061326839235
    """
    from dualnum.lifting import lift

    solve_on_floats, lifted = solve, lift(residual)

    @functools.wraps(solve)
    def solution(*args, **kwargs):
        x = solve_on_floats(*float_arguments(args), **float_arguments(kwargs))
        return at_solution(x, lambda y: lifted(y, *args, **kwargs))

    return solution


def at_solution(x0, residual, name="implicit"):
    """Return the solution of ``residual(x) = 0`` with its derivatives, given its values.

    Each pass of ``x -= J0^-1 residual(x)``, where J0 is the Jacobian of the values, makes one more order exact.  The
    derivatives are those at the root itself: passes on values go there from where the solver has stopped.
    """
    from dualnum.lifting.nets import solutions

    first = _array(residual(x0))
    if is_complex_dual(first):
        raise TypeError(
            f"{name} expects a residual of real numbers, got complex duals; use its real and imaginary parts."
        )
    if not is_dual(first):
        return x0  # no dual is in the equation
    solutions.count += 1
    shape = np.shape(x0)
    if first.size != np.size(x0):
        raise ValueError(
            f"{name} expects a residual of x's shape {shape}, got {first.shape}; return a number for each of x's."
        )
    divide = _divider(residual, x0, shape)
    with np.errstate(all="ignore"):
        step = divide(np.reshape(value(first), shape))
    size = np.max(np.abs(x0), initial=0.0)
    if not np.all(np.abs(step) <= 1e-3 * (1 + size)):
        raise ValueError(
            f"{name} of duals expects a residual of 0 at the solution and another slope, got a Newton step of length "
            f"{np.max(np.abs(step)):.3g}: the solution has no derivative, or is none."
        )
    x = np.asarray(x0, float)
    if np.max(np.abs(step), initial=0.0) > 1e-14 * (1 + size):
        x = _polished(residual, x, step, divide)
        divide, first = _divider(residual, _like(x, shape), shape), _array(residual(_like(x, shape)))
    f = first.reshape(shape)
    for remaining in reversed(range(degree(first.dtype))):
        e = nilpotent_part(np.array(f))
        numbers = components(e)
        x = x - from_components(divide(numbers), e.dtype)
        if remaining:
            f = _array(residual(_like(x, shape))).reshape(shape)
    return numpy_result(np.asarray(x), np.asarray(x0, float) if shape else float(x0))


def _polished(residual, x, step, divide):
    """Return the values after a few more Newton steps, the last of which no longer shrinks."""
    for _ in range(8):
        x = x - step
        before = np.max(np.abs(step))
        with np.errstate(all="ignore"):
            step = divide(np.reshape(value(_array(residual(_like(x, x.shape)))), x.shape))
        if not np.max(np.abs(step)) < before / 4:
            break
    return x


def _array(y):
    """Return a number, an array, or a list of duals as an array of duals, or of floats."""
    a = np.asarray(y)
    return np.array(a.tolist()) if a.dtype == object else a


def _like(x, shape):
    return x.view(DualArray) if shape else x[()]


def _divider(residual, x0, shape):
    """Return r -> J0^-1 r, for an array of numbers whose leading axes are x's."""
    from dualnum.drivers.first_order import jacobian
    from dualnum.drivers.one_variable import derivative

    def values(x):
        y = residual(x)
        return y if type(y) is Dual or isinstance(y, float) or not shape else _array(y)

    if not shape:
        slope = np.float64(value(derivative(values, lift=True, check=False)(float(x0))))
        return lambda r: r / slope
    n = int(np.prod(shape))
    j = np.reshape(value(_array(jacobian(values, lift=True, check=False)(np.asarray(x0, float)))), (n, n))
    if not np.isfinite(j).all() or np.linalg.matrix_rank(j) < n:  # a step of nan, which the caller refuses
        return lambda r: np.full(r.shape, np.nan)
    return lambda r: np.linalg.solve(j, r.reshape(n, -1)).reshape(r.shape)
