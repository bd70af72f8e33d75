"""Taylor polynomials of one or several variables: taylor_polynomial."""

import functools
import math

import numpy as np

from dualnum._core import value
from dualnum.drivers._base import Driver, Variables, finish
from dualnum.drivers._checks import as_variable, check_order, check_series, check_single, expects
from dualnum.drivers._taylor_pass import check_one_argument
from dualnum.drivers.derivative_tensor import (
    factorials,
    indices,
    partials,
    powers,
    scaled,
    tensor,
    worst_of_each,
)

PLOTTED = 400  # points of a curve


def taylor_polynomial(f, order, *, argnum=0, subok=True):
    """Return the function that computes the Taylor polynomial of `f` at a point.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` of a number or an array `x` is a number or an array of any shape.
    order : int
        Of the polynomial, at least 0.
    argnum : int, optional
        Which positional argument is the variable.
    subok : bool, optional
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result is a `TaylorPolynomial`.

    Raises
    ------
    ValueError
        If f(x) is finite and a coefficient is not: the polynomial does not exist.

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
    driver = Driver("taylor_polynomial", f, argnum, subok=subok)
    check_one_argument(driver)

    def taylor_polynomial_of(*args, **kwargs):
        variables = Variables(driver, args)
        check_single(driver, variables, "one array")
        # one order more, for the remainder; where that does not exist, without it
        flats = partials(driver, variables, kwargs, order + 1, divided=True)
        check_series(driver, worst_of_each(flats[:-1]))

        def function(x):
            place = driver.argnum % len(args)
            return f(*args[:place], x, *args[place + 1 :], **kwargs)

        return TaylorPolynomial(variables.tree.x, flats[:-1], flats[-1], function)

    return driver.wrap(taylor_polynomial_of)


class TaylorPolynomial:
    """A Taylor polynomial: what `taylor_polynomial` returns.

    It is called with a point of the shape of `center`, or with an array of points, whose last axes are a point's.

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

    def __init__(self, center, flats, following, function=None):
        self.center = center
        self.order = len(flats) - 1
        self._flats = tuple(
            flats
        )  # for each order the coefficients of the monomials in `indices`, along axis 0
        self._following = following
        self._function = function
        self._shape = getattr(center, "shape", ())
        self._size = math.prod(self._shape)
        self._outputs = flats[0].shape[1:]

    @functools.cached_property
    def tensors(self):
        return tuple(
            tensor(scaled(flat, factorials(self._size, k)), self._shape, k)
            for k, flat in enumerate(self._flats)
        )

    @property
    def coefficients(self):
        """Return the coefficients of a polynomial of one variable along the first axis, as `taylor` does."""
        self._check_one_variable("coefficients")
        return np.concatenate(self._flats)

    def terms(self):
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

    def __call__(self, x):
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
        if self._size == 1 and self._flats[0].size == 1:
            total = 0.0
            for flat in reversed(self._flats):  # Horner
                total = total * steps[:, 0] + flat.ravel()[0]
        else:
            total = sum(
                (self._term(flat, k, steps) for k, flat in enumerate(self._flats[1:], 1)), self._flats[0]
            )
        total = np.broadcast_to(total, (len(steps), *self._outputs) if self._outputs else (len(steps),))
        return finish(total.reshape(lead + self._outputs).copy())

    def remainder(self, x):
        """Return an estimate of f(x) - p(x): the size of the first term that the polynomial leaves out.

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
        return finish(abs(self._term(self._following, self.order + 1, steps)).reshape(lead + self._outputs))

    def truncated(self, order):
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

    def polynomial(self):
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
        self._check_one_variable("polynomial()")
        if self._outputs:
            raise ValueError(f"polynomial() expects f(x) to be a scalar, got shape {self._outputs}.")
        center = float(np.ravel(self.center)[0])
        return np.polynomial.Polynomial(self.coefficients, domain=[center - 1, center + 1], window=[-1, 1])

    def plot(self, lo=None, hi=None, *, orders=None, ax=None):
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
        self._check_one_variable("plot()")
        if self._outputs:
            raise ValueError(f"plot() expects f(x) to be a scalar, got shape {self._outputs}.")
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError('plot() expects matplotlib; install "dualnum[plot]".') from None
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

    def __repr__(self):
        return f"<TaylorPolynomial of order {self.order} about {self.center}: {self}>"

    def __str__(self):
        return format(self, ".8g")

    def _repr_latex_(self):
        from dualnum import notebook

        return notebook.polynomial_latex(self)

    def __format__(self, spec):
        """Return the sum of its terms; array-valued functions give a line for each element."""
        spec = spec or ".8g"
        names = _names(self._shape)
        indices, coefficients = self.terms()
        lines = []
        for column in value(coefficients).reshape(len(indices), -1).T.tolist():
            terms = zip(column, indices.tolist(), strict=True)
            lines.append(
                _sum([(c, self._monomial(names, index, spec)) for c, index in terms if c != 0], spec)
            )
        if not self._outputs:
            return lines[0]
        places = [", ".join(map(str, place)) for place in np.ndindex(self._outputs)]
        return "\n".join(f"[{place}] {line}" for place, line in zip(places, lines, strict=True))

    def _monomial(self, names, index, spec):
        factors = []
        for name, center, power in zip(names, np.ravel(value(self.center)).tolist(), index, strict=True):
            if power == 0:
                continue
            distance = f"{abs(center):{spec}}"
            base = name if center == 0 else f"({name} {'-' if center > 0 else '+'} {distance})"
            factors.append(base if power == 1 else f"{base}**{power}")
        return "*".join(factors)

    def _check_one_variable(self, what):
        if self._size != 1:
            raise ValueError(
                f"{what} expects a polynomial of one variable, got {self._size} variables; "
                f"use taylor(f, order, direction=v)."
            )

    def _steps(self, x):
        """Return the points' distances from the center, one row for each point, and the shape of the points."""
        x = as_variable("polynomial(x)", x, "x")
        shape = getattr(x, "shape", ())
        lead = shape[: len(shape) - len(self._shape)]
        if lead + self._shape != shape:
            raise ValueError(
                expects("polynomial(x)", f"x to have the shape (..., *{self._shape})", f"shape {shape}")
            )
        return np.reshape(x - self.center, (math.prod(lead), self._size)), lead

    def _term(self, flat, k, steps):
        """Return the terms of one order: a row for each point."""
        monomials = math.prod(
            (
                steps[:, i, np.newaxis] ** powers
                for i, powers in enumerate(indices(self._size, k).T.astype(float))
            ),
            start=np.ones((len(steps), 1)),
        )
        terms = monomials.reshape(monomials.shape + (1,) * len(self._outputs)) * flat[np.newaxis]
        return terms.sum(axis=1)


def _names(shape):
    """Return what the variables are called when a polynomial is printed."""
    if len(shape) < 2 and math.prod(shape) <= 3:
        return "xyz"[: math.prod(shape)]
    return [f"x[{', '.join(map(str, place))}]" for place in np.ndindex(shape)]


def _sum(terms, spec):
    """Return terms, pairs of a factor and a monomial, as a sum."""
    text = ""
    for c, monomial in terms:
        size = f"{abs(c):{spec}}"
        body = monomial if monomial and abs(c) == 1 else f"{size}*{monomial}" if monomial else size
        sign = "-" if c < 0 else "+"
        text += f" {sign} {body}" if text else f"-{body}" if c < 0 else body
    return text or f"{0.0:{spec}}"


def _plain(y):
    """Return a number, an array of one element or a dual as a float."""
    return float(np.ravel(value(y))[0])
