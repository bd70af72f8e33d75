"""Elements of any number of levels: put together, taken apart, and a slow exact arithmetic to compare with.

The coefficients of an element over the levels `l1 .. ln` of sizes `k1 .. kn` are an array of shape
``(1 + k1, ..., 1 + kn)``: index 0 along an axis means "without this level", index j its j-th tangent.
"""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from dualnum import _core

UFUNCS = {f.__name__: f for f in vars(np).values() if isinstance(f, np.ufunc)}
PREDICATES = [name for name, f in UFUNCS.items() if "d->?" in f.types]
COMPARISONS = [name for name, f in UFUNCS.items() if "dd->?" in f.types]

# The level structures that properties are tested on; sizes above 1 and unequal ones included.
STRUCTURES = [(1,), (3,), (1, 1), (2, 3), (1, 1, 1), (2, 1, 3)]
structures = pytest.mark.parametrize("sizes", STRUCTURES, ids=str)
containers = pytest.mark.parametrize("subok", [False, True], ids=["plain", "DualArray"])


def fresh_levels(n):
    """Return `n` fresh levels, oldest first."""
    return [_core.Level() for _ in range(n)]


def join(coefficients, levels, subok=False):
    """Return the dual array with these coefficients, whose trailing axes belong to `levels`."""
    coefficients = np.asarray(coefficients, float)
    if not levels:
        return coefficients.copy()
    lead = coefficients.ndim - len(levels)
    primal = join(coefficients[..., 0], levels[:-1], subok)
    tangents = join(np.moveaxis(coefficients[..., 1:], -1, lead), levels[:-1], subok)
    return _core.seed_tangents(primal, levels[-1], tangents, subok=subok)


def coefficients(y, levels, sizes):
    """Return the coefficients of `y` along `levels`: float64 of shape ``y.shape + (1 + k1, ..., 1 + kn)``."""
    if not levels:
        return np.asarray(y, float)
    primal, tangents = _core.split(y, levels[-1])
    head = coefficients(primal, levels[:-1], sizes[:-1])
    lead = head.ndim - len(levels) + 1
    if tangents is None:
        tail = np.zeros(head.shape[:lead] + (sizes[-1],) + head.shape[lead:])
    else:
        tail = coefficients(tangents, levels[:-1], sizes[:-1])
    return np.concatenate([head[..., None], np.moveaxis(tail, lead, -1)], axis=-1)


def random_coefficients(shape, sizes, seed=1, low=0.5, high=2.0):
    """Return random coefficients: values between `low` and `high`, everything else between -1 and 1."""
    draw = np.random.default_rng(seed)
    result = draw.uniform(-1, 1, (*shape, *(1 + k for k in sizes)))
    result[(..., *(0 for _ in sizes))] = draw.uniform(low, high, shape)
    return result


def duals(shape, sizes, levels, seed=1, subok=False):
    """Return a dual array of `random_coefficients`."""
    return join(random_coefficients(shape, sizes, seed), levels, subok)


def with_values(terms, values):
    """Set the values of coefficients of a vector's elements, and return these."""
    terms[(slice(None), *(0,) * (terms.ndim - 1))] = values
    return terms


def seeds(x, orders, others=None):
    """Return coefficients of a vector over levels of one tangent: first order 1 and the rest 0, or all `others`."""
    terms = with_values(np.full((len(x), *(2,) * orders), others or 0.0), x)
    if others is None:
        for axis in range(orders):
            terms[(slice(None), *np.eye(orders, dtype=int)[axis])] = 1
    return terms


def laid_out(x, layout):
    """Return an array equal to x in another memory layout: F, T (transposed), strided, reversed or C."""
    if layout == "F":
        return x.copy(order="F")
    if layout == "T":
        return x.T.copy().T
    if layout == "reversed":
        return x[::-1].copy()[::-1]
    if layout == "strided" and x.ndim:
        view = np.zeros([2 * n for n in x.shape], x.dtype).view(type(x))[(slice(None, None, 2),) * x.ndim]
        view[...] = x
        return view
    return x


class Exact:
    """An element of first-order levels with exact coefficients: numbers of any type that has + - * /."""

    def __init__(self, terms):
        self.terms = np.asarray(terms, dtype=object)

    @classmethod
    def of(cls, coefficients):
        """Return the element with these doubles as exact fractions."""
        flat = [Fraction(float(c)) for c in np.ravel(coefficients)]
        terms = np.empty(len(flat), object)
        terms[:] = flat
        return cls(terms.reshape(np.shape(coefficients)))

    def constant(self, number):
        """Return the constant of these levels."""
        terms = self.terms * 0
        terms[self.origin] = number
        return Exact(terms)

    @property
    def origin(self):
        return (0,) * self.terms.ndim

    @property
    def value(self):
        return self.terms[self.origin]

    @property
    def nilpotent(self):
        terms = self.terms.copy()
        terms[self.origin] = terms[self.origin] * 0
        return Exact(terms)

    def _lift(self, other):
        return other if isinstance(other, Exact) else self.constant(other)

    def __add__(self, other):
        return Exact(self.terms + self._lift(other).terms)

    def __sub__(self, other):
        return Exact(self.terms - self._lift(other).terms)

    def __neg__(self):
        return Exact(-self.terms)

    def __mul__(self, other):
        other = self._lift(other)
        terms = self.terms * 0
        for i, j in itertools.product(np.ndindex(self.terms.shape), repeat=2):
            if not any(a and b for a, b in zip(i, j, strict=True)):  # eps * eps = 0 within a level
                k = tuple(a + b for a, b in zip(i, j, strict=True))
                terms[k] = terms[k] + self.terms[i] * other.terms[j]
        return Exact(terms)

    __radd__, __rmul__ = __add__, __mul__

    def compose(self, derivatives):
        """Return f of this element, given f, f', f'' ... at its value."""
        result, power, factorial = self.constant(derivatives[0]), self.constant(1), 1
        for n, slope in enumerate(derivatives[1:], 1):
            power, factorial = power * self.nilpotent, factorial * n
            result = result + Exact(power.terms * slope / factorial)
        return result

    def __truediv__(self, other):
        """Return the quotient by way of the reciprocal's derivatives (-1)^n n! / v^(n+1)."""
        other = self._lift(other)
        slope, slopes = 1 / other.value, []
        for n in range(other.terms.ndim + 1):
            slopes.append(slope)
            slope = -(n + 1) * slope / other.value
        return self * other.compose(slopes)
