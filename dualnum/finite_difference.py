"""Derivatives by finite differences, in the drivers' own calling style: one name is swapped for the other.

They take any function of real numbers, compiled ones included, and have fewer digits than dual numbers: an independent
check of exact derivatives, and a stand-in where a function does not take dual numbers.

==============  ================================================================  ==================  ========
method          formula for the first derivative                                  step / max(|x|, 1/10)  digits
==============  ================================================================  ==================  ========
``forward``     (f(x + h) - f(x)) / h                                             eps**(1/2)          7 to 8
``central``     (f(x + h) - f(x - h)) / 2h                                        eps**(1/3)          10
``five-point``  (f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)) / 12h           eps**(1/5)          12
``complex``     imag f(x + ih) / h, for functions that compute with complex x     1e-20               16
``richardson``  central, with h halved and extrapolated to 0 until that no        1/4, 1/8, 1/16 ...  12 to 13
                longer helps
==============  ================================================================  ==================  ========

A formula of order p for derivative n has a truncation error like h**p and a rounding error like eps / h**n: the
steps ``eps**(1/(n + p))`` balance the two for a function whose scale of change is that of `x`. Steps are powers of
two, so that ``x + h`` and ``x - h`` differ from `x` by exactly h. Where f is not finite there, they are shorter.

References
----------
.. [1] W. H. Press et al., Numerical Recipes, 3rd ed., Cambridge 2007, section 5.7: step sizes.
.. [2] B. Fornberg, Generation of finite difference formulas on arbitrarily spaced grids, Math. Comp. 51 (1988).
.. [3] W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40
   (1998).
.. [4] C. J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982):
   extrapolation with an error estimate.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dualnum._core import value
from dualnum.difference_quotients import ACCURACY, EPSILON, HALVINGS, Probe, difference, richardson
from dualnum.drivers._base import Driver, Variables, unwrap
from dualnum.drivers._checks import (
    check_elementwise,
    check_flag,
    check_leading,
    check_order,
    check_scalar,
    check_single,
    expects,
)
from dualnum.drivers._parallel import map_ordered
from dualnum.drivers._work import Work

if TYPE_CHECKING:
    from dualnum.drivers._types import Lift, Progress, Workers

__all__ = ["derivative", "gradient", "hessian", "jacobian"]

#: Richardson's first step, relative to the variables.
FIRST = 0.25


def derivative(
    f: Callable[..., Any],
    order: int = 1,
    *,
    argnum: int | tuple[int, ...] = 0,
    method: str = "central",
    step: Any = None,
    return_error: bool = False,
    batched: bool = False,
    chunk: int | None = None,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
) -> Callable[..., Any]:
    """Return the function that approximates the derivative of `f`, of any order, as `dualnum.derivative` does.

    Parameters
    ----------
    f, order, argnum, batched
        As for `dualnum.derivative`. A function of an array treats each element by itself: all are moved at once.
    method, step, return_error, chunk, subok, lift, check
        As for `gradient`. A derivative of order n takes the shortest stencil of the method's accuracy.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x).

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> round(dn.finite_difference.derivative(np.sin)(0.0), 9)
    1.0
    >>> dn.finite_difference.derivative(np.exp, order=2)(np.array([0.0, 1.0])).round(5)
    array([1.     , 2.71828])
    """
    order = check_order("finite_difference.derivative", order)
    options = method, step, return_error, batched, chunk, subok, lift, check
    driver = Differences(f, _derivative, argnum, *options, order=order)
    driver.batched = False  # every element of x is a point of its own in either case
    return driver


def _derivative(driver: Differences, args: Any, kwargs: Any) -> Any:
    options: dict[str, Any] = driver.extra
    if type(driver.argnum) is tuple:
        parts = [derivative(driver.f, argnum=argnum, **options) for argnum in driver.argnum]
        return driver.results(part(*args, **kwargs) for part in parts)
    variables = Variables(driver, args)
    check_single(driver, variables, "finite_difference.gradient(f)")

    def check(shape: tuple[int, ...]) -> None:
        check_elementwise(driver, variables, shape, options["batched"])

    probe = Probe(driver, variables, kwargs, check, everywhere=True)
    return driver.result(map(unwrap, driver.estimate(probe, (None,) * options["order"])))


def gradient(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...] = 0,
    method: str = "central",
    step: Any = None,
    return_error: bool = False,
    batched: bool = False,
    chunk: int | None = None,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[..., Any]:
    """Return the function that approximates the gradient of a scalar function, as `dualnum.gradient` does.

    Parameters
    ----------
    f, argnum, batched
        As for `dualnum.gradient`; `f` is called on floats and arrays of float64 (of complex numbers for
        ``method="complex"``).
    method : {"central", "forward", "five-point", "complex", "richardson"}, optional
        ``complex`` is exact to rounding, for functions that compute with complex numbers and are analytic (no
        ``abs``, no ``conj``); second and higher derivatives are central differences of it. ``richardson`` chooses
        its steps by itself.
    step : float or array_like, optional
        The step, or one for each variable in the structure of `x`; negative ones look backward. For ``richardson``
        the first and largest one; for ``complex`` that of the central differences (the imaginary step is not a
        matter of choice).
    return_error : bool, optional
        Return a pair: the derivative, and an estimate of its absolute error of the same shape. It is
        ``richardson``'s own; the other methods compute a second time, with doubled steps.
    chunk, subok, lift, check
        Without effect: they are here so that a driver's name can be swapped for this one.
    workers, progress
        As for `dualnum.gradient`: each worker takes the quotients of some variables.

    Returns
    -------
    callable
        Of the same arguments; its result has the structure and the shape of `x`.

    Raises
    ------
    TypeError
        If `x` or f(x) is not made of real numbers, or f(x) is not complex for ``method="complex"`` at a complex x;
        `derivative` and `jacobian` take complex f(x) by the other methods.
    ValueError
        If f(x) is not a scalar, or `method` or `step` is not one.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.finite_difference.gradient(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0])).round(8)
    array([2., 4., 6.])
    >>> value, error = dn.finite_difference.gradient(np.exp, method="richardson", return_error=True)(1.0)
    >>> abs(value - np.e) <= error < 1e-10
    True
    """
    options = method, step, return_error, batched, chunk, subok, lift, check
    return Differences(f, _gradient, argnum, *options, workers, progress)


def jacobian(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...] = 0,
    method: str = "central",
    step: Any = None,
    return_error: bool = False,
    batched: bool = False,
    chunk: int | None = None,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[..., Any]:
    """Return the function that approximates the Jacobian, as `dualnum.jacobian` does.

    Parameters
    ----------
    f, argnum, batched
        As for `dualnum.jacobian`.
    method, step, return_error, chunk, subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x) and then the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.finite_difference.jacobian(lambda x: [x[0] * x[1], x[0] ** 2])(np.array([2.0, 3.0])).round(8)
    array([[3., 2.],
           [4., 0.]])
    """
    options = method, step, return_error, batched, chunk, subok, lift, check
    return Differences(f, _jacobian, argnum, *options, workers, progress)


def hessian(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...] = 0,
    method: str = "central",
    step: Any = None,
    return_error: bool = False,
    batched: bool = False,
    chunk: int | None = None,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[..., Any]:
    """Return the function that approximates the Hessian, as `dualnum.hessian` does.

    Parameters
    ----------
    f, argnum, batched
        As for `dualnum.hessian`.
    method, step, return_error, chunk, subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x) and then twice the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> H = dn.finite_difference.hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    >>> np.allclose(H, [[6, 4], [4, 0]], atol=1e-6)
    True
    """
    options = method, step, return_error, batched, chunk, subok, lift, check
    return Differences(f, _hessian, argnum, *options, workers, progress)


def _first(check: Callable[..., None], driver: Differences, args: Any, kwargs: Any) -> Any:
    """Return the first derivatives in the structure of the variables; `check` refuses shapes of f(x)."""
    variables = Variables(driver, args)
    places = [(i,) for i in range(variables.size)]
    columns, shape = driver.estimates(variables, kwargs, check, places)
    return driver.result(variables.unflatten(column, shape) for column in driver.stack(columns, shape))


def _gradient(driver, args, kwargs):
    return _first(check_scalar, driver, args, kwargs)


def _jacobian(driver, args, kwargs):
    return _first(check_leading, driver, args, kwargs)


def _hessian(driver: Differences, args: Any, kwargs: Any) -> Any:
    variables = Variables(driver, args)
    places = list(itertools.combinations_with_replacement(range(variables.size), 2))
    estimates, shape = driver.estimates(variables, kwargs, check_leading, places)
    pairs = dict(zip(places, estimates, strict=True))
    entries = [pairs[min(i, j), max(i, j)] for i, j in itertools.product(range(variables.size), repeat=2)]
    square = shape + (variables.size, variables.size)
    columns = (column.reshape(square) for column in driver.stack(entries, shape))
    return driver.result(variables.unflatten_twice(column, shape) for column in columns)


def quotients(driver, variables, kwargs, check):
    """Return the function that estimates the derivative by the variables at a place."""
    return functools.partial(driver.estimate, probe_of(driver, variables, kwargs, check))


def probe_of(driver, variables, kwargs, check):
    """Return the `Probe` that refuses shapes of f(x) by `check`."""
    return Probe(driver, variables, kwargs, lambda shape: check(driver, variables.lead, shape))


class Differences(Driver):
    """A driver whose derivatives are finite differences."""

    __slots__ = ("method", "step", "return_error")

    def __init__(
        self,
        f,
        run,
        argnum,
        method,
        step,
        return_error,
        batched,
        chunk,
        subok,
        lift,
        check,
        workers=1,
        progress=None,
        **extra,
    ):
        name = f"finite_difference.{run.__name__[1:]}"
        extra |= {"method": method, "step": step, "return_error": return_error, "batched": batched}
        options = chunk, batched, subok, lift, check, workers, progress
        super().__init__(f, run, argnum, *options, extra=extra, name=name)
        self.method = check_method(name, method)
        self.step = step
        self.return_error = check_flag(name, "return_error", return_error)

    def estimates(self, variables, kwargs, check, places):
        """Return what `estimate` does at each of the places, and the shape of f's values."""
        found = list(map_ordered(Work(quotients, self, variables, kwargs, check), places))
        if found:
            return found, np.shape(found[0][0])
        return found, probe_of(self, variables, kwargs, check).shape()

    def estimate(self, probe, places):
        """Return the derivative by the variables at `places` and the estimate of its error, None if not asked for."""
        if self.method == "complex" and np.iscomplexobj(probe.centre):
            what = "f(x) to be real numbers where x is"
            raise TypeError(expects(self, what, "complex ones", 'method="richardson"'))
        if self.method == "richardson":
            return richardson(probe, places, self.steps(probe, FIRST))
        order = len(places) - (self.method == "complex")
        relative = EPSILON ** (1 / (order + ACCURACY[self.method]))
        steps = self.steps(probe, relative)
        found = self.quotient(probe, places, steps)
        if self.step is None and order and not np.isfinite(value(found[0])).all():
            with np.errstate(all="ignore"):
                return self.near_an_edge(probe, places, steps, relative, found)
        return found

    def quotient(self, probe, places, steps):
        """Return the derivative by these steps and the estimate of its error, None if not asked for."""
        quotient, rounding = difference(probe, places, self.method, steps)
        if not self.return_error:
            return quotient, None
        other, _ = difference(probe, places, self.method, 2 * steps)
        return quotient, abs(value(quotient - other)) + rounding

    def near_an_edge(self, probe, places, steps, relative, found):
        """Return `found` with shorter steps where it is not finite, because the steps leave f's domain.

        Halves the steps until the quotient is finite: that length, the distance to the edge, is the scale to which
        the steps are then `relative`.
        """
        least = probe.spacing()
        for _ in range(HALVINGS):
            bad = ~np.isfinite(value(found[0])) & np.isfinite(value(probe.centre))
            if not bad.any():
                break
            steps = np.maximum(steps / 2, least)
            inside = bad & np.isfinite(value(self.quotient(probe, places, steps)[0]))
            if inside.any():
                short = np.ldexp(1.0, np.frexp(relative * steps)[1])
                shorter = self.quotient(probe, places, np.maximum(short, least))
                pairs = zip(shorter, found, strict=True)
                found = tuple(old if old is None else np.where(inside, new, old) for new, old in pairs)
        return found

    def steps(self, probe, relative):
        """Return the steps of all variables: the caller's, or `relative` to the variables themselves."""
        return probe.steps(relative) if self.step is None else probe.given_steps(self.step)

    def stack(self, columns, shape):
        """Stack the derivatives, and the errors if they are asked for, along a new last axis."""
        kinds = zip(*columns, strict=True) if columns else [(), ()]
        kinds = itertools.islice(kinds, 1 + self.return_error)
        return [np.stack(kind, axis=-1) if kind else np.zeros((*shape, 0)) for kind in kinds]

    def result(self, parts):
        """Return the derivative, or the pair of it and its error."""
        parts = tuple(parts)
        return parts[: 1 + self.return_error] if self.return_error else parts[0]

    def results(self, parts):
        """Return the tuple of the derivatives by several arguments, or the pair of that and of their errors."""
        parts = tuple(parts)
        return tuple(zip(*parts, strict=True)) if self.return_error else parts


def check_method(name, method):
    """Return the name of a method."""
    if method not in ACCURACY:
        wanted = f"method to be one of {', '.join(ACCURACY)}"
        raise ValueError(expects(f"{name}(f, method={method!r})", wanted, f"{method!r}"))
    return method
