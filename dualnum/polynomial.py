"""Taylor polynomials of one or several variables: taylor_polynomial, and how a polynomial is written as text."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dualnum._core import value
from dualnum._distribution import extra
from dualnum.drivers._base import Driver, Variables, unwrap
from dualnum.drivers._checks import as_variable, check_order, check_series, check_single, expects
from dualnum.drivers._taylor_pass import check_one_argument
from dualnum.drivers.derivative_tensor import (
    factorials,
    indices,
    partials,
    powers,
    scaled,
    tensor,
)

if TYPE_CHECKING:  # importing dualnum does not import it
    from numpy.typing import ArrayLike

    from dualnum.drivers._types import Lift, Progress, Workers

PLOTTED = 400  # points of a curve


def taylor_polynomial(
    f: Callable[..., Any],
    order: int,
    *,
    argnum: int = 0,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[..., TaylorPolynomial]:
    """Return the function that computes the Taylor polynomial of `f` at a point.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` of a number or an array `x` is a number or an array of any shape.
    order : int
        Of the polynomial, at least 0.
    argnum : int, optional
        Which positional argument is the variable.
    subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result is a `TaylorPolynomial`.

    Raises
    ------
    ValueError
        If f(x) or a coefficient is not finite: the polynomial does not exist. The error names the order up to which it
        does.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> p = dn.taylor_polynomial(lambda x: x[0] ** 2 + 2 * x[0] * x[1] + x[1] ** 3, 3)(np.array([1.0, 2.0]))
    >>> print(p)
    13 + 6*(x - 1) + 14*(y - 2) + (x - 1)**2 + 2*(x - 1)*(y - 2) + 6*(y - 2)**2 + (y - 2)**3
    >>> p([2.0, 3.0])
    43.0
    """
    order = check_order("taylor_polynomial", order, least=0)
    extra = {"order": order}
    driver = Driver(
        f, _taylor_polynomial, argnum, None, False, subok, lift, check, workers, progress, extra=extra
    )
    check_one_argument(driver)
    return driver


def _taylor_polynomial(driver: Driver, args: Any, kwargs: Any) -> TaylorPolynomial:
    variables = Variables(driver, args)
    check_single(driver, variables, "one array")
    # one order more, for the remainder; its coefficients alone may be infinite or nan
    flats = partials(driver, variables, kwargs, driver.extra["order"] + 1, divided=True)
    check_series(driver, _one_of_each(flats[:-1]))

    def function(x: Any) -> Any:
        place = driver.argnum % len(args)
        return driver.f(*args[:place], x, *args[place + 1 :], **kwargs)

    return TaylorPolynomial(variables.tree.x, flats[:-1], flats[-1], function)


def _one_of_each(flats: Sequence[Any]) -> Any:
    """Return for each order one coefficient for each element of f(x): one that is not finite, if there is one."""
    numbers = [value(flat) for flat in flats if len(flat)]  # without variables only order 0 has a coefficient
    worst = [np.argmin(np.isfinite(flat), axis=0)[np.newaxis] for flat in numbers]
    return np.stack([np.take_along_axis(*pair, axis=0)[0] for pair in zip(numbers, worst, strict=True)])


class TaylorPolynomial:
    """A Taylor polynomial, the result of `taylor_polynomial`.

    Call it with a point of the shape of `center`, or with an array of points along its leading axes.

    Attributes
    ----------
    center : float or ndarray
        The point of expansion.
    order : int
    tensors : tuple
        The derivatives at the center: ``tensors[k]`` has the shape of f(x) and then k times the shape of `center`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> p = dn.taylor_polynomial(dn.exp, 3)(0.0)
    >>> print(p)
    1 + x + 0.5*x**2 + 0.16666667*x**3
    >>> p(np.array([0.0, 1.0]))
    array([1.        , 2.66666667])
    >>> p.remainder(1.0)
    0.041666666666666664
    >>> p.truncated(1)(1.0)
    2.0
    """

    def __init__(self, center: Any, flats: Sequence[Any], following: Any, function: Any = None) -> None:
        self.center = center
        self.order = len(flats) - 1
        # for each order the coefficients of the monomials in `indices`, along axis 0
        self._flats = tuple(flats)
        self._following = following
        self._function = function
        self._shape = getattr(center, "shape", ())
        self._size = math.prod(self._shape)
        self._outputs = flats[0].shape[1:]

    @functools.cached_property
    def tensors(self) -> tuple[Any, ...]:
        return tuple(
            tensor(scaled(flat, factorials(self._size, k)), self._shape, k)
            for k, flat in enumerate(self._flats)
        )

    @property
    def coefficients(self) -> Any:
        """Return the coefficients of a polynomial of one variable along the first axis, as `taylor` does."""
        self._check_one_variable("coefficients")
        return np.concatenate(self._flats)

    def terms(self) -> tuple[np.ndarray, Any]:
        """Return the terms that make up the polynomial.

        Returns
        -------
        powers : ndarray of int, shape (terms, variables)
            Of the distances from the center, by rising order.
        coefficients : ndarray
            One for each term along the first axis, each of the shape of f(x).

        Examples
        --------
        >>> import dualnum as dn
        >>> p = dn.taylor_polynomial(lambda x: x[0] + 3 * x[0] * x[1], 2)([0.0, 0.0])
        >>> powers, coefficients = p.terms()
        >>> powers.tolist()
        [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
        >>> coefficients
        array([0., 1., 0., 0., 3., 0.])
        """
        return powers(self._size, self.order), np.concatenate(self._flats)

    def __call__(self, x: ArrayLike) -> Any:
        """Return the polynomial at one point or at many.

        Parameters
        ----------
        x : array_like
            Of shape ``(..., *center.shape)``.

        Returns
        -------
        float or ndarray
            Of the leading shape of `x` and then the shape of f(x).
        """
        steps, lead = self._steps(x)
        total: Any = 0.0
        if self._size == 1 and self._flats[0].size == 1:
            for flat in reversed(self._flats):  # Horner
                total = total * steps[:, 0] + flat.ravel()[0]
        else:
            terms = (self._term(flat, k, steps) for k, flat in enumerate(self._flats[1:], 1))
            total = sum(terms, self._flats[0])
        total = np.broadcast_to(total, (len(steps), *self._outputs) if self._outputs else (len(steps),))
        return unwrap(total.reshape(lead + self._outputs).copy())

    def remainder(self, x: ArrayLike) -> Any:
        """Estimate ``|f(x) - p(x)|`` by the size of the first term that the polynomial leaves out.

        Parameters
        ----------
        x : array_like
            As for the polynomial itself.

        Returns
        -------
        float or ndarray
            Not negative; nan where that term does not exist.
        """
        steps, lead = self._steps(x)
        return unwrap(abs(self._term(self._following, self.order + 1, steps)).reshape(lead + self._outputs))

    def truncated(self, order: int) -> TaylorPolynomial:
        """Return the polynomial of a lower order.

        Parameters
        ----------
        order : int
            From 0 to the order of the polynomial.

        Returns
        -------
        TaylorPolynomial
        """
        if not 0 <= order <= self.order:
            raise ValueError(f"truncated(order) expects order to be from 0 to {self.order}, got {order}.")
        flats = (*self._flats, self._following)
        return TaylorPolynomial(self.center, flats[: order + 1], flats[order + 1], self._function)

    def polynomial(self) -> np.polynomial.Polynomial:
        """Return a polynomial of one variable as NumPy's, for roots, integrals and arithmetic.

        Returns
        -------
        numpy.polynomial.Polynomial
            Its coefficients are those of ``x - center``, its domain is ``center - 1 ... center + 1``.

        Examples
        --------
        >>> import dualnum as dn
        >>> p = dn.taylor_polynomial(lambda x: x**2, 2)(3.0).polynomial()
        >>> float(p(5.0)), float(p.deriv()(5.0))
        (25.0, 10.0)
        """
        self._check_one_variable("polynomial()", scalar=True)
        center = float(np.ravel(self.center)[0])
        return np.polynomial.Polynomial(self.coefficients, domain=[center - 1, center + 1], window=[-1, 1])

    def plot(
        self,
        lo: float | None = None,
        hi: float | None = None,
        *,
        orders: Sequence[int] | None = None,
        ax: Any = None,
    ) -> Any:
        """Plot the function of one variable and its polynomials of rising order.

        Parameters
        ----------
        lo, hi : float, optional
            The interval, by default 3 to either side of the center.
        orders : sequence of int, optional
            By default up to six of them, the last one the polynomial's own.
        ax : matplotlib Axes, optional
            Where to plot; by default the current one.

        Returns
        -------
        matplotlib Axes
        """
        self._check_one_variable("plot()", scalar=True)
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError(f"plot() expects matplotlib; install {extra('plot')}.") from None
        ax = ax or plt.gca()
        center = float(np.ravel(value(self.center))[0])
        x = np.linspace(center - 3 if lo is None else lo, center + 3 if hi is None else hi, PLOTTED)
        if orders is None:
            orders = sorted({round(self.order * i / 5) for i in range(1, 6)} | {self.order})
        shape = getattr(self.center, "shape", ())
        truth = np.array([_plain(self._function(np.full(shape, t) if shape else float(t))) for t in x])
        bottom, top = np.nanmin(truth[np.isfinite(truth)]), np.nanmax(truth[np.isfinite(truth)])
        margin = 0.25 * (top - bottom) or 1.0
        colours = plt.get_cmap("viridis")(np.linspace(0.15, 0.85, len(orders)))
        for order, colour in zip(orders, colours, strict=True):
            p = self.truncated(order)
            ax.plot(x, p(x.reshape(-1, *(1,) * len(shape))), color=colour, lw=1.2, label=f"order {order}")
        ax.plot(x, truth, color="black", lw=2, label="f", zorder=1.9)
        ax.plot([center], [_plain(self._flats[0].ravel()[0])], "o", color="black")
        ax.set(xlim=(x[0], x[-1]), ylim=(bottom - margin, top + margin), xlabel="x")
        ax.legend()
        return ax

    def __repr__(self) -> str:
        return f"<TaylorPolynomial of order {self.order} about {self.center}: {self}>"

    def __str__(self) -> str:
        return format(self, ".8g")

    def _repr_latex_(self) -> str:
        from dualnum import notebook

        return notebook.polynomial_latex(self)

    def __format__(self, spec: str) -> str:
        """Return the sum of its terms; array-valued functions give a line for each element."""
        spec = spec or ".8g"
        lines = written(self, Notation(lambda x: format(x, spec), "*", "**{}", "x[{}]", ", "))
        if not self._outputs:
            return lines[0]
        places = [", ".join(map(str, place)) for place in np.ndindex(self._outputs)]
        return "\n".join(f"[{place}] {line}" for place, line in zip(places, lines, strict=True))

    def _check_one_variable(self, call: str, scalar: bool = False) -> None:
        if self._size != 1:
            got = f"got {self._size} variables; use taylor(f, order, direction=v)."
            raise ValueError(f"{call} expects a polynomial of one variable, {got}")
        if scalar and self._outputs:
            raise ValueError(f"{call} expects f(x) to be a scalar, got shape {self._outputs}.")

    def _steps(self, x: Any) -> tuple[Any, tuple[int, ...]]:
        """Return the points' distances from the center, one row for each point, and the shape of the points."""
        x = as_variable("polynomial(x)", x, "x")
        shape = getattr(x, "shape", ())
        lead = shape[: len(shape) - len(self._shape)]
        if lead + self._shape != shape:
            wanted = f"x to have the shape (..., *{self._shape})"
            raise ValueError(expects("polynomial(x)", wanted, f"shape {shape}"))
        return np.reshape(x - self.center, (math.prod(lead), self._size)), lead

    def _term(self, flat: Any, k: int, steps: Any) -> Any:
        """Return the sum of the terms of order k, a row for each point."""
        monomials: Any = np.ones((len(steps), 1))
        for i, exponents in enumerate(indices(self._size, k).T.astype(float)):
            monomials = monomials * steps[:, i, np.newaxis] ** exponents
        terms = monomials.reshape(monomials.shape + (1,) * len(self._outputs)) * flat[np.newaxis]
        return terms.sum(axis=1)


def _plain(y: Any) -> float:
    """Return a number, an array of one element or a dual as a float."""
    return float(np.ravel(value(y))[0])


# ---- text --------------------------------------------------------------------------------------------------


class Notation(NamedTuple):
    """How sums of monomials are written: in Python's syntax here, in LaTeX in `dualnum.notebook`."""

    number: Callable[[float], str]
    times: str  # between two factors
    power: str  # a template for the exponent
    variable: str  # a template for the index of a variable
    comma: str  # between the parts of an index
    most: int | None = None  # terms of a sum; more are elided in the middle


def elided(count: int, most: int | None) -> list[int | None]:
    """Return the indices of at most `most` of `count` items, half from either end, and None for the gap."""
    if most is None or count <= most:
        return list(range(count))
    return [*range(most // 2), None, *range(count - most // 2, count)]


def written(p: TaylorPolynomial, notation: Notation) -> list[str]:
    """Return a polynomial as text: a sum of terms for each element of f(x)."""
    exponents, coefficients = p.terms()
    shape = np.shape(p.center)
    if len(shape) < 2 and math.prod(shape) <= 3:
        names = list("xyz"[: math.prod(shape)])
    else:
        places = (notation.comma.join(map(str, place)) for place in np.ndindex(shape))
        names = [notation.variable.format(place) for place in places]
    distances = [
        name if c == 0 else f"({name} {'-' if c > 0 else '+'} {notation.number(abs(c))})"
        for name, c in zip(names, np.ravel(value(p.center)).tolist(), strict=True)
    ]
    monomials = []
    for row in exponents.tolist():
        factors = [(d, k) for d, k in zip(distances, row, strict=True) if k]
        monomials.append(
            notation.times.join([d + notation.power.format(k) if k > 1 else d for d, k in factors])
        )
    columns = value(coefficients).reshape(len(monomials), -1).T.tolist()
    terms = ([(c, m) for c, m in zip(column, monomials, strict=True) if c != 0] for column in columns)
    return [written_sum(t, notation) for t in terms]


def written_sum(terms: list[tuple[float, str]], notation: Notation) -> str:
    """Return the sum of terms, pairs of a coefficient and the text that it multiplies."""
    text = ""
    for place in elided(len(terms), notation.most):
        if place is None:
            text += r" + \cdots"
            continue
        c, monomial = terms[place]
        sign = "-" if c < 0 or (c == 0 and math.copysign(1.0, c) < 0) else "+"
        size = [] if monomial and abs(c) == 1 else [notation.number(abs(c))]
        body = notation.times.join([*size, monomial] if monomial else size)
        text += f" {sign} {body}" if text else f"-{body}" if sign == "-" else body
    return text or notation.number(0.0)
