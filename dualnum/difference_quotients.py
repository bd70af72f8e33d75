"""Difference quotients: a function at shifted points, the formulas of every method, Richardson's extrapolation.

`dualnum.finite_difference` and `dualnum.check` share them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np

from dualnum._core import value
from dualnum.drivers._base import tree_map
from dualnum.drivers._checks import as_output, expects

EPSILON = float(np.finfo(float).eps)
#: Steps are relative to the variable, or to this where the variable is smaller.
SMALLEST_SCALE = 0.1
#: The imaginary step: its square, the truncation error, is negligible beside 1.
IMAGINARY = 1e-20
#: The most halvings of a step, by Richardson's scheme or at the edge of a domain.
HALVINGS = 40

#: The order of each method's truncation error; that of the complex step is of its central differences.
ACCURACY = {"forward": 1, "central": 2, "five-point": 4, "complex": 2, "richardson": 2}


class Probe:
    """A function near a point: f(x + sum of moves)."""

    def __init__(self, driver, variables, kwargs, check, everywhere=False):
        self.driver, self.variables, self.kwargs, self.check = driver, variables, kwargs, check
        #: Whether one move shifts all elements of the one array, each by a step of its own.
        self.everywhere = everywhere
        #: The shape of the steps of one move, with which f's values begin: () or that of a batch.
        self.lead = np.shape(variables.tree.x) if everywhere else variables.lead
        #: Whether an exception of f away from the point itself counts as NaN, and its warnings are hidden.
        self.lenient = False
        self._centre = self._shape = None

    def at(self, moves=(), imaginary=None):
        """Return f(x + sum of h_i e_i) for the pairs (i, h_i) in `moves`.

        With a pair (j, h) as `imaginary`, return the imaginary part of f(x + sum of h_i e_i + 1j h e_j).
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
        y = self.output(y) if imaginary is None else imaginary_output(self.driver, y)
        if y.shape != self._shape:
            self.check(y.shape)
            self._shape = y.shape
        return y

    def output(self, y):
        """Return a copy of f(x) as an array."""
        return np.array(as_output(self.driver, y), subok=True)

    def _call(self, moves):
        return self.driver.f(*self.variables.seed_arguments((move, moves)), **self.kwargs)

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
        """Return the caller's steps: one number for all variables, or numbers in their structure and shapes."""
        if np.ndim(step) == 0 and not isinstance(step, dict):
            steps = self._joined(lambda leaf: np.full(np.shape(leaf.x), float(step)))
        else:
            self.variables._set_direction(self.variables.tree, step, "step")
            steps = self._joined(lambda leaf: np.asarray(leaf.direction))
        if not (np.isfinite(steps) & (steps != 0)).all():
            raise ValueError(expects(self.driver, "step to be finite and not zero", f"{step!r}"))
        return steps

    def _joined(self, function):
        """Concatenate `function` of every leaf along the last axis: a step for each variable."""
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


def imaginary_output(driver, y):
    """Return the imaginary part of f(x); raise a TypeError if f(x) is real, because f may have dropped it."""
    y = np.asarray(y)
    if y.dtype.kind != "c":
        wanted = "f(x) to be complex where x is"
        raise TypeError(expects(driver, wanted, f"dtype {y.dtype}", 'method="richardson"'))
    return y.imag.astype(np.float64)


# ---- formulas ----------------------------------------------------------------------------------------------


@functools.cache
def stencil(method, order):
    """Return the offsets and weights of a method's formula for a derivative, as pairs, nearest offsets first.

    The weights make the formula exact for polynomials of the highest degree: ``((0, -2.0), (-1, 1.0), (1, 1.0))``
    for the central one of order 2.
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
    # where f(x) takes part, subtract it from every value: then a constant f gives exactly zero
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
