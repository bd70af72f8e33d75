"""Derivatives by finite differences, in the drivers' own calling style: one name is swapped for the other.

They take any function of real numbers, compiled ones included, and are good to some digits only: an independent
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
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from dualnum._core import value
from dualnum.drivers._base import Driver, Variables, finish, tree_map
from dualnum.drivers._checks import (
    as_output,
    check_elementwise,
    check_flag,
    check_leading,
    check_order,
    check_scalar,
    check_single,
    expects,
)

__all__ = ["derivative", "gradient", "hessian", "jacobian"]

EPSILON = float(np.finfo(float).eps)
#: What a step is relative to where `x` is smaller.
SMALLEST_SCALE = 0.1
#: The imaginary step: its square, the truncation error, is nothing beside 1.
IMAGINARY = 1e-20
#: Richardson's first step, and how often it is halved at most.
FIRST, HALVINGS = 0.25, 40

#: The order of each method's truncation error; that of the complex step is of its central differences.
ACCURACY = {"forward": 1, "central": 2, "five-point": 4, "complex": 2, "richardson": 2}


# ---- the drivers -------------------------------------------------------------------------------------------


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
) -> Callable[..., Any]:
    """Return the function that approximates the derivative of `f`, of any order, as `dualnum.derivative` does.

    Parameters
    ----------
    f, order, argnum, batched
        As for `dualnum.derivative`. A function of an array treats each element by itself: all are moved at once.
    method, step, return_error, chunk, subok
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
    options = method, step, return_error, batched, chunk, subok
    driver = Differences("derivative", f, argnum, *options)
    if type(driver.argnum) is tuple:
        parts = [
            derivative(
                f, order, argnum=i, method=method, step=step, return_error=return_error, batched=batched
            )
            for i in driver.argnum
        ]
        return driver.wrap(lambda *args, **kwargs: driver.results(part(*args, **kwargs) for part in parts))
    driver.batched = False  # every element of x is a point of its own in either case

    def derivative_of(*args, **kwargs):
        variables = Variables(driver, args)
        check_single(driver, variables, "finite_difference.gradient(f)")
        probe = Probe(
            driver,
            variables,
            kwargs,
            lambda shape: check_elementwise(driver, variables, shape, batched),
            everywhere=True,
        )
        return driver.result(map(finish, driver.estimate(probe, (None,) * order)))

    return driver.wrap(derivative_of)


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
    chunk, subok
        Without effect: they are here so that a driver's name can be swapped for this one.

    Returns
    -------
    callable
        Of the same arguments; its result has the structure and the shape of `x`.

    Raises
    ------
    TypeError
        If `x` or f(x) is not made of real numbers, or f(x) is not complex for ``method="complex"``.
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
    driver = Differences("gradient", f, argnum, method, step, return_error, batched, chunk, subok)
    return driver.wrap(lambda *args, **kwargs: driver.first_differences(args, kwargs, check_scalar))


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
) -> Callable[..., Any]:
    """Return the function that approximates the Jacobian, as `dualnum.jacobian` does.

    Parameters
    ----------
    f, argnum, batched
        As for `dualnum.jacobian`.
    method, step, return_error, chunk, subok
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
    driver = Differences("jacobian", f, argnum, method, step, return_error, batched, chunk, subok)
    return driver.wrap(lambda *args, **kwargs: driver.first_differences(args, kwargs, check_leading))


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
) -> Callable[..., Any]:
    """Return the function that approximates the Hessian, as `dualnum.hessian` does.

    Parameters
    ----------
    f, argnum, batched
        As for `dualnum.hessian`.
    method, step, return_error, chunk, subok
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
    driver = Differences("hessian", f, argnum, method, step, return_error, batched, chunk, subok)

    def hessian_of(*args, **kwargs):
        variables = Variables(driver, args)
        probe = Probe(driver, variables, kwargs, lambda shape: check_leading(driver, variables.lead, shape))
        places = range(variables.size)
        pairs = {(i, j): driver.estimate(probe, (i, j)) for i in places for j in places[i:]}
        entries = [pairs[min(i, j), max(i, j)] for i in places for j in places]
        shape = probe.shape()
        square = shape + (variables.size, variables.size)
        return driver.result(
            variables.nest_twice(column.reshape(square), shape) for column in driver.stack(entries, shape)
        )

    return driver.wrap(hessian_of)


class Differences(Driver):
    """A driver whose derivatives are finite differences."""

    __slots__ = ("method", "step", "return_error")

    def __init__(self, name, f, argnum, method, step, return_error, batched, chunk, subok):
        name = f"finite_difference.{name}"
        super().__init__(name, f, argnum, chunk, batched, subok)
        self.method = check_method(name, method)
        self.step = step
        self.return_error = check_flag(name, "return_error", return_error)

    def first_differences(self, args, kwargs, check):
        """Return the first derivatives in the structure of the variables."""
        variables = Variables(self, args)
        probe = Probe(self, variables, kwargs, lambda shape: check(self, variables.lead, shape))
        columns = [self.estimate(probe, (i,)) for i in range(variables.size)]
        shape = probe.shape()
        return self.result(variables.nest(column, shape) for column in self.stack(columns, shape))

    def estimate(self, probe, places):
        """Return the derivative by the variables at `places` and the estimate of its error, None if not wanted."""
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
        """Return the derivative by these steps and the estimate of its error, None if not wanted."""
        quotient, rounding = difference(probe, places, self.method, steps)
        if not self.return_error:
            return quotient, None
        other, _ = difference(probe, places, self.method, 2 * steps)
        return quotient, abs(value(quotient - other)) + rounding

    def near_an_edge(self, probe, places, steps, relative, found):
        """Return the same where steps leave f's domain: with steps `relative` to the first halved one that does not."""
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
        if self.step is None:
            return probe.steps(relative)
        return probe.given_steps(self.step)

    def stack(self, columns, shape):
        """Return the derivatives, and the errors if wanted, along a new last axis."""
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
        raise ValueError(
            expects(
                f"{name}(f, method={method!r})", f"method to be one of {', '.join(ACCURACY)}", f"{method!r}"
            )
        )
    return method


# ---- the function around the point -------------------------------------------------------------------------


class Probe:
    """A function near a point: its values where some variables are moved.

    Attributes
    ----------
    everywhere : whether all elements of the one array are moved at once, each by a step of its own
    lead : the shape of the steps of one move, with which f's values begin: () or that of a batch
    lenient : whether f's failures away from the point itself, and its warnings, count as NaN
    """

    def __init__(self, driver, variables, kwargs, check, everywhere=False):
        self.driver = driver
        self.variables = variables
        self.kwargs = kwargs
        self.check = check
        self.everywhere = everywhere
        self.lead = np.shape(variables.tree.x) if everywhere else variables.lead
        self.lenient = False
        self._centre = None
        self._shape = None

    def at(self, moves=(), imaginary=None):
        """Return f where each variable of `moves`, pairs of its place and a distance, is moved.

        With `imaginary`, such a pair, the imaginary part of f where that variable is moved off the real line.
        """
        if imaginary is not None:
            place, distance = imaginary
            moves = (*moves, (place, distance * 1j))
        if not self.lenient:
            y = self._call(moves)
        else:
            try:
                with np.errstate(all="ignore"):
                    y = self._call(moves)
            except (ArithmeticError, ValueError):
                return np.full(self.centre.shape, np.nan) if moves else self._call(moves)
        y = real_output(self.driver, y) if imaginary is None else imaginary_output(self.driver, y)
        if y.shape != self._shape:
            self.check(y.shape)
            self._shape = y.shape
        return y

    def _call(self, moves):
        return self.driver.f(*self.variables.seeded((move, moves)), **self.kwargs)

    @property
    def centre(self):
        """Return f at the point itself."""
        if self._centre is None:
            self._centre = self.at()
        return self._centre

    def shape(self):
        """Return the shape of f's values."""
        return self.centre.shape if self._shape is None else self._shape

    def steps(self, relative):
        """Return steps, powers of two, of `relative` to the variables, along the last axis or of shape `lead`."""

        def step(leaf):
            scale = np.maximum(np.abs(value(leaf.x)), SMALLEST_SCALE)
            return np.ldexp(1.0, np.frexp(relative * scale)[1] - 1)

        return self._joined(step)

    def spacing(self):
        """Return the shortest steps that move the variables, in the same layout."""
        return self._joined(lambda leaf: np.spacing(np.abs(value(leaf.x))))

    def given_steps(self, step):
        """Return the caller's steps: one number for all, or what has the structure and shapes of the variables."""
        if np.ndim(step) == 0 and not isinstance(step, dict):
            steps = self._joined(lambda leaf: np.full(np.shape(leaf.x), float(step)))
        else:
            self.variables._aim(self.variables.tree, step, "step")
            steps = self._joined(lambda leaf: np.asarray(leaf.v))
        if not (np.isfinite(steps) & (steps != 0)).all():
            raise ValueError(expects(self.driver, "step to be finite and not zero", f"{step!r}"))
        return steps

    def _joined(self, function):
        """Return what `function` gives for each leaf as the steps of all variables."""
        if self.everywhere:
            return function(self.variables.tree)
        parts = []
        tree_map(lambda leaf: parts.append(np.reshape(function(leaf), (*self.lead, -1))), self.variables.tree)
        return np.concatenate(parts, axis=-1)


def move(x, leaf, moves):
    """Return a copy of the array or number of a leaf, with the variables that `moves` names moved."""
    if not isinstance(x, np.ndarray):
        for place, distance in moves:
            if place is None or leaf.start <= place < leaf.stop:
                x = x + distance
        return np.float64(x) if type(x) is float else x
    x = x.copy(order="K")
    for place, distance in moves:
        if np.iscomplexobj(distance):
            x = x.astype(complex)
        if place is None:
            x += distance
        elif leaf.start <= place < leaf.stop:
            x[(..., *np.unravel_index(place - leaf.start, leaf.shape))] += distance
    return x


def real_output(driver, y):
    """Return a copy of f(x) as an array."""
    return np.array(as_output(driver, y), subok=True)


def imaginary_output(driver, y):
    """Return the imaginary part of f(x), which must be complex: a real one may have lost it."""
    y = np.asarray(y)
    if y.dtype.kind != "c":
        raise TypeError(
            expects(driver, "f(x) to be complex where x is", f"dtype {y.dtype}", 'method="richardson"')
        )
    return y.imag.astype(np.float64)


# ---- formulas ----------------------------------------------------------------------------------------------


@functools.cache
def stencil(method, order):
    """Return the offsets and weights of a method's formula for a derivative, as pairs, nearest offsets first.

    The weights are those for which the formula is exact for polynomials of the highest degree.

    Examples
    --------
    >>> from dualnum.finite_difference import stencil
    >>> stencil("central", 2)
    ((0, -2.0), (-1, 1.0), (1, 1.0))
    """
    if method == "forward":
        offsets = range(order + 1)
    else:
        reach = (order + 1) // 2 + (method == "five-point")
        offsets = sorted(range(-reach, reach + 1), key=abs)
    # row m: sum of w s**m = n! where m is the order n, else 0
    rows = [
        [Fraction(s) ** m for s in offsets] + [Fraction(math.factorial(order) * (m == order))]
        for m in range(len(offsets))
    ]
    for i in range(len(rows)):  # Gauss and Jordan
        pivot = next(k for k in range(i, len(rows)) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [a / rows[i][i] for a in rows[i]]
        for k in range(len(rows)):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return tuple((s, float(row[-1])) for s, row in zip(offsets, rows, strict=True) if row[-1])


def difference(probe, places, method, steps, imaginary=IMAGINARY):
    """Return the difference quotient for the derivative by the variables at `places`, each as often as it is named.

    By different variables it is the product of the formulas of one each. The second result is how large its
    rounding error may be, for an f that is right to an eps or two.
    """
    aside = None
    if method == "complex":
        aside = places[0], np.full(probe.lead, imaginary)
        places = places[1:]
    orders = Counter(places)
    formulas = [stencil(method, order) for order in orders.values()]
    distances = [at(steps, place) for place in orders]
    # where the centre takes part, differences from it: a constant gives exactly zero
    even = bool(places) and (method == "forward" or all(order % 2 == 0 for order in orders.values()))
    base = total = size = 0.0
    if even:
        base = probe.at((), aside) if aside else probe.centre
        size = abs(value(base))
    for points in itertools.product(*formulas):
        moves = tuple((i, s * h) for i, h, (s, _) in zip(orders, distances, points, strict=True) if s)
        if moves or not even:
            y = probe.at(moves, aside)
            size = np.maximum(size, abs(value(y)))
            total = total + math.prod(w for _, w in points) * (y - base)
    for h, order in zip(distances, orders.values(), strict=True):
        h = over(h, total) ** order
        total, size = total / h, size / abs(h)
    if aside:
        total, size = total / imaginary, size / imaginary
    return total, 4 * EPSILON * (size + abs(value(total)))


def at(steps, place):
    """Return the steps of one variable, of all where `place` is None."""
    return steps if place is None else steps[..., place]


def over(h, y):
    """Return `h` with axes appended until it broadcasts against `y` from the left."""
    return h.reshape(h.shape + (1,) * (np.ndim(y) - h.ndim))


def richardson(probe, places, steps):
    """Return the limit of central differences for vanishing steps, and the estimate of its error.

    The error of a central difference is a series in h**2, so that ``T[j, k] = T[j, k-1] + (T[j, k-1] - T[j-1, k-1])
    / (4**k - 1)`` removes one power after the other from ``T[j, 0]``, the quotient with steps ``h / 2**j``. Of all
    entries, that with the least estimate of its error is taken, for each element by itself: the larger difference
    from the two entries it comes from, and the rounding error. When that alone is larger, halving has ended.
    """
    probe.lenient = True
    best, least, row = np.nan, np.inf, []
    for j in range(HALVINGS + 1):
        last = row
        quotient, rounding = difference(probe, places, "central", steps / 2**j)
        row = [quotient]
        for k, above in enumerate(last, 1):
            entry = row[-1] + (row[-1] - above) / (4.0**k - 1)
            error = np.maximum(abs(value(entry - row[-1])), abs(value(entry - above))) + rounding
            better = error < least
            best, least = np.where(better, entry, best), np.where(better, error, least)
            row.append(entry)
        if np.all(rounding >= least):
            break
    return best, least
