"""What registers the rules of scipy.special's ufuncs, by name, and keeps the tables of their slopes and derivatives."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from dualnum._core import rule_of, value
from dualnum.rules._registry import rule
from dualnum.rules.ufuncs.equations import constant, equations, formula

ROOT_PI, ROOT_2PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)


def named(name):
    """Return SciPy's ufunc of this name, or None where this version of SciPy has none."""
    found = getattr(special, name, None) or getattr(special._ufuncs, name, None)
    return found if isinstance(found, np.ufunc) else None


#: What the two functions below register, by name: slopes by all arguments, and n-th derivatives by the last one.
SLOPES: dict[str, Any] = {}
DERIVATIVES: dict[str, Callable] = {}


def differentiate(by=None, **slopes):
    """Register functions by their slopes by one argument (default: by all), functions of the arguments and of y.

    (slope, companion, its slope): both slopes are functions of the companion, too.  The slopes of a function with
    several results are a list, and functions of all results.
    """
    SLOPES.update(slopes)
    for name, slope in slopes.items():
        if ufunc := named(name):
            slope, *companion = slope if type(slope) is tuple else (slope,)
            places = tuple(range(ufunc.nin)) if by is None else (by % ufunc.nin,)
            pairs = [(ufunc, slope), companion] if companion else [(ufunc, slope)]
            rule(ufunc)(equations(*pairs, by=places))


def expand(**derivatives):
    """Register functions by their n-th derivatives by the last argument, functions of n and of the arguments."""
    DERIVATIVES.update(derivatives)
    for name, derivative in derivatives.items():
        if ufunc := named(name):
            rule(ufunc)(formula(ufunc, derivative))


def count(**places):
    """Let the rules of functions see the whole parts of their arguments at these places, as SciPy's loops do."""
    for name, counts in places.items():
        if ufunc := named(name):
            rule(ufunc)(_of_whole_parts(ufunc, rule_of(ufunc), counts))


def _of_whole_parts(ufunc, own, counts):
    def of_counts(*args):
        given = [constant(ufunc, i, x) if i in counts else x for i, x in enumerate(args)]
        whole = [np.trunc(x) if i in counts else x for i, x in enumerate(given)]
        if any(np.any(given[i] != whole[i]) for i in counts):
            ufunc(*map(value, args))  # warns
        return own(*whole)

    return of_counts


# ---- sums, products and integrals ----


@functools.cache
def gauss_rule(n):
    """Return nodes and weights for integrals from 0 to 1."""
    x, w = np.polynomial.legendre.leggauss(n)
    return (x + 1) / 2, w / 2


def polynomial(x, coefficients):
    """Return sum c_k x^k."""
    total = 0.0 * x
    for c in reversed(coefficients):
        total = total * x + c
    return total


def or_series(x, radius, coefficients, f):
    """Return f(x), and where |x| < radius its power series."""
    near = np.abs(value(x)) < radius
    return np.where(near, polynomial(np.where(near, x, 0.0), coefficients), f(np.where(near, 2 * radius, x)))


def rising(a, k):
    """Return a (a + 1) ... (a + k - 1)."""
    return math.prod((a + i for i in range(k)), start=1.0)


def falling(a, k):
    """Return a (a - 1) ... (a - k + 1)."""
    return math.prod((a - i for i in range(k)), start=1.0)
