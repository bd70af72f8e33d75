"""Derivative tensors of any order: derivative_tensor, and the mixed partial derivatives behind it.

Three ways lead to the partial derivatives by n variables up to order d, each faster where it is used:

* d first-order levels with n tangents each: one call of f on elements of (1 + n)^d components, exact;
* a Taylor level for each variable: one call of f on elements of (d + 1)^n components, exact;
* rays (Griewank, Utke, Walther 2000): one Taylor level along each of the C(n + d - 1, d) directions with whole
  components that add up to d; every partial derivative is a combination of the rays' coefficients with exact
  rational weights. A batched function is called once, for all rays together.
"""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dualnum._core import Level, seed_scalar, seed_tangents, value
from dualnum.drivers._base import Driver, Variables, finish, identity, split_or_zeros
from dualnum.drivers._checks import (
    check_derivatives,
    check_flag,
    check_leading,
    check_order,
    check_single,
)
from dualnum.drivers._taylor_pass import check_one_argument, stack
from dualnum.drivers.first_order import jacobian
from dualnum.drivers.second_order import hessian

#: Components of an element, up to which one exact call is faster than one call for each ray: of first-order levels,
#: and of Taylor levels, whose products cost twice as much and more.
DIRECTIONS, COEFFICIENTS = 4096, 400
#: Levels that one such call may take; an element has at most 16, those of drivers around it included.
MAX_LEVELS = 8


def derivative_tensor(
    f: Callable[..., Any],
    order: int,
    *,
    argnum: int = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> Callable[..., Any]:
    """Return the function that computes all derivatives of one order: the tensor D^order f.

    The tensor is symmetric in its last axes: order 1 is the Jacobian, order 2 the Hessian. From the third order on
    f is called once, or, where the elements would be large, once for each of C(n + order - 1, order) rays.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a number or an array of any shape.
    order : int
        Of the derivatives, at least 0.
    argnum : int, optional
        Which positional argument is differentiated.
    chunk, batched, subok
        As for `hessian`; in a batch of shape ``(..., p)`` f(x) has the shape ``(...)`` or ``(..., m)``, and f is called
        with the rays along one more leading axis.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x) and then `order` times the shape of `x`.

    Raises
    ------
    ValueError
        If f(x) is finite and a derivative is not a number, because it does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> f = lambda x: x[0] ** 2 + 2 * x[0] * x[1] + x[1] ** 3
    >>> dn.derivative_tensor(f, 2)(np.array([1.0, 2.0]))
    array([[ 2.,  2.],
           [ 2., 12.]])
    >>> dn.derivative_tensor(f, 3)(np.array([1.0, 2.0]))
    array([[[0., 0.],
            [0., 0.]],
    <BLANKLINE>
           [[0., 0.],
            [0., 6.]]])
    """
    order = check_order("derivative_tensor", order, least=0)
    check_flag("derivative_tensor", "batched", batched)
    extra = {"order": order}
    driver = Driver("derivative_tensor", f, argnum, chunk, batched, subok, "x", 1, _derivative_tensor, extra)
    check_one_argument(driver)
    return driver


def _derivative_tensor(driver, args, kwargs):
    variables = Variables(driver, args)
    check_single(driver, variables, "one array")
    order, f = driver.extra["order"], driver.f
    if order in (1, 2):
        options = {name: getattr(driver, name) for name in ("argnum", "chunk", "batched", "subok")}
        return (jacobian if order == 1 else hessian)(f, **options)(*args, **kwargs)
    found = partials(driver, variables, kwargs, order)
    check_derivatives(driver, worst_of_each(found))
    return tensor(found[order], variables.tree.shape, order)


def worst_of_each(found):
    """Return for each order one of its numbers for each element of f(x): one that is not finite, if there is one."""
    rows = []
    for flat in map(value, found):
        first = np.argmin(np.isfinite(flat), axis=0)[np.newaxis]
        rows.append(np.take_along_axis(flat, first, axis=0)[0])
    return np.stack(rows)


def tensor(flat, shape, order):
    """Return the symmetric tensor of the derivatives of one order, which lie along the first axis of `flat`."""
    n, outputs = math.prod(shape), flat.shape[1:]
    full = np.moveaxis(flat[places(n, order)], range(order), range(-order, 0)) if order else flat[0]
    return finish(full.reshape(outputs + order * shape))


def partials(driver, variables, kwargs, order, divided=False):
    """Return f's partial derivatives: for each order from 0 an array with one entry for each of `indices`.

    Divided by the factorials of their indices they are the coefficients of the Taylor polynomial.
    """
    n = variables.size
    if n == 1 or driver.batched:
        return along_rays(driver, variables, kwargs, order, divided)
    tangents = (1 + n) ** order
    coefficients = (1 + order) ** n if n <= MAX_LEVELS else math.inf
    if order > MAX_LEVELS or tangents > DIRECTIONS:
        tangents = math.inf
    if coefficients > COEFFICIENTS:
        coefficients = math.inf
    if tangents < 2 * coefficients:
        return by_direction(driver, variables, kwargs, order, divided)
    if coefficients < math.inf:
        return by_variable(driver, variables, kwargs, order, divided)
    return along_rays(driver, variables, kwargs, order, divided)


# ---- multi-indices -----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def indices(n, order):
    """Return the derivatives of one order by n variables: for each how often every variable is differentiated by.

    Examples
    --------
    >>> indices(2, 2).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    choices = list(itertools.combinations_with_replacement(range(n), order))
    counts = np.zeros((len(choices), n), int)
    for row, choice in zip(counts, choices, strict=True):
        for variable in choice:
            row[variable] += 1
    counts.flags.writeable = False
    return counts


def powers(n, order):
    """Return the powers of every monomial of n variables up to an order, a row for each, by rising order."""
    return np.concatenate([indices(n, k) for k in range(order + 1)])


@functools.lru_cache(maxsize=64)
def places(n, order):
    """Return for each entry of a tensor its place among `indices`: an array of `order` axes of length n."""
    choices = itertools.combinations_with_replacement(range(n), order)
    place_of = {choice: place for place, choice in enumerate(choices)}
    axes = np.sort(np.indices((n,) * order).reshape(order, -1), axis=0)
    found = np.array([place_of[choice] for choice in map(tuple, axes.T.tolist())], int)
    return found.reshape((n,) * order)


def factorials(n, order):
    """Return the product of the factorials of each of the `indices`."""
    return np.array([math.prod(map(math.factorial, index)) for index in indices(n, order).tolist()], float)


def scaled(flat, factors):
    """Return an array with each entry of its first axis multiplied."""
    return flat * factors.reshape((-1,) + (1,) * (flat.ndim - 1))


# ---- a level for each variable -----------------------------------------------------------------------------


def by_variable(driver, variables, kwargs, order, divided):
    """Return the partial derivatives from one call of f, on elements with a Taylor level for each variable."""
    levels = [Level(taylor=True) for _ in range(variables.size)]

    def seed(x, leaf, levels):
        if not isinstance(x, np.ndarray):
            return seed_scalar(x, levels[0], 1.0, order)
        for place, level in enumerate(levels):
            coefficients = np.zeros((x.size, order))
            coefficients[place, :1] = 1
            x = seed_tangents(x, level, coefficients.reshape(x.shape + (order,)), driver.subok)
        return x

    try:
        y = driver.call(variables.seeded((seed, levels)), kwargs)
        for level in reversed(levels):  # the first variable's axis ends up first
            y = stack(*split_or_zeros(driver, y, level, order))
    finally:
        for level in levels:
            level.retire()
    y = np.asarray(y)
    n = variables.size
    found = [y[tuple(indices(n, k).T)] for k in range(order + 1)]
    return found if divided else [scaled(flat, factorials(n, k)) for k, flat in enumerate(found)]


# ---- a first-order level for each derivative ---------------------------------------------------------------


def by_direction(driver, variables, kwargs, order, divided):
    """Return the partial derivatives from one call of f, on elements with `order` first-order levels."""
    n = variables.size
    levels = [Level() for _ in range(order)]
    seeds = [(identity(driver, 0, n), level) for level in levels]
    try:
        y = driver.call(variables.seeded(*seeds), kwargs)
        for level in levels:
            y = stack(*split_or_zeros(driver, y, level, n))
    finally:
        for level in levels:
            level.retire()
    y = np.asarray(y)
    found = []
    for k in range(order + 1):
        choices = np.array(list(itertools.combinations_with_replacement(range(1, n + 1), k)), int)
        absent = np.zeros((len(choices), order - k), int)
        flat = y[tuple(np.hstack([choices.reshape(len(choices), k), absent]).T)] if order else y[np.newaxis]
        found.append(scaled(flat, 1 / factorials(n, k)) if divided else flat)
    return found


# ---- rays --------------------------------------------------------------------------------------------------


def along_rays(driver, variables, kwargs, order, divided):
    """Return the partial derivatives, interpolated from the series along rays."""
    n = variables.size
    rays = indices(n, order) if n > 1 else np.ones((1, 1), int)
    if driver.batched:
        value, rest = batch_of_rays(driver, variables, kwargs, rays.astype(float), order)
    else:
        passes = [one_ray(driver, variables, kwargs, ray, order) for ray in rays.astype(float)]
        value = passes[0][0]
        rest = np.stack([np.asarray(coefficients) for _, coefficients in passes])
    found = [np.asarray(value)[np.newaxis]]
    for k in range(1, order + 1):
        if n == 1:
            found.append(rest[..., k - 1] if divided else scaled(rest[..., k - 1], factorials(1, k)))
            continue
        which, weights, denominators = interpolation(n, k, order)
        terms = rest[which, ..., k - 1]
        flat = (terms * weights.reshape(weights.shape + (1,) * (terms.ndim - 2))).sum(axis=1)
        if divided:
            denominators = denominators * factorials(n, k)
        found.append(flat / denominators.reshape((-1,) + (1,) * (flat.ndim - 1)))
    return found


def one_ray(driver, variables, kwargs, ray, order):
    """Call f once on x + t * ray; return its value and coefficients 1 ... order along a last axis."""
    level = Level(taylor=True)

    def seed(x, leaf, level):
        if not isinstance(x, np.ndarray):
            return seed_scalar(x, level, ray[0], order)
        coefficients = np.zeros((x.size, order))
        coefficients[:, :1] = ray[leaf.start : leaf.stop, np.newaxis]
        return seed_tangents(x, level, coefficients.reshape(x.shape + (order,)), driver.subok)

    try:
        y = driver.call(variables.seeded((seed, level)), kwargs)
        return split_or_zeros(driver, y, level, order)
    finally:
        level.retire()


def batch_of_rays(driver, variables, kwargs, rays, order):
    """Call a batched f once, with the rays along a new leading axis: the same for all rays, that axis first."""
    level = Level(taylor=True)

    def seed(x, leaf, level):
        axes = (1,) * (x.ndim - 1)
        coefficients = np.zeros((len(rays), *axes, rays.shape[1], order))
        coefficients[..., :1] = rays.reshape(len(rays), *axes, -1, 1)
        repeated = np.broadcast_to(x, (len(rays), *x.shape)).copy()
        return seed_tangents(repeated, level, coefficients, driver.subok)

    try:
        y = driver.call(variables.seeded((seed, level)), kwargs)
        check_leading(driver, (len(rays), *variables.lead), getattr(y, "shape", ()))
        value, rest = split_or_zeros(driver, y, level, order)
        return value[0], np.asarray(rest)
    finally:
        level.retire()


@functools.lru_cache(maxsize=64)
def interpolation(n, k, order):
    """Return how the partial derivatives of order k follow from coefficient k of the rays ``indices(n, order)``.

    For each derivative: the rays that count, their whole-numbered weights, and the denominator of all of them.
    """
    place_of = {tuple(ray): place for place, ray in enumerate(indices(n, order).tolist())}
    which, weights, denominators = [], [], []
    width = 0
    for index in indices(n, k).tolist():
        support = [variable for variable, count in enumerate(index) if count]
        found, denominator = ray_weights(tuple(index[variable] for variable in support), order)
        row = []
        for part, weight in found:
            ray = [0] * n
            for variable, step in zip(support, part, strict=True):
                ray[variable] = step
            row.append((place_of[tuple(ray)], weight))
        which.append([place for place, _ in row])
        weights.append([float(weight) for _, weight in row])
        denominators.append(float(denominator))
        width = max(width, len(row))
    for row, factors in zip(which, weights, strict=True):
        row += [0] * (width - len(row))
        factors += [0.0] * (width - len(factors))
    return np.array(which), np.array(weights), np.array(denominators)


@functools.lru_cache(maxsize=4096)
def ray_weights(index, order):
    """Return the rays j and weights w with D^index f = sum of w * (coefficient |index| along j).

    w_j = sum over 0 < k <= index of (-1)^|index - k| C(index, k) C(order k / |k|, j) (|k| / order)^|index|, the
    binomials being products over the variables. A ray that leaves the index's variables has no weight.

    Examples
    --------
    >>> ray_weights((1, 1), 2)
    ([((2, 0), -1), ((1, 1), 4), ((0, 2), -1)], 4)
    """
    from fractions import Fraction  # not with the package: it takes longer to import than most of this

    degree, found = sum(index), {}
    for ray in map(tuple, indices(len(index), order).tolist()):
        weight = Fraction(0)
        for k in itertools.product(*(range(i + 1) for i in index)):
            size = sum(k)
            if size == 0:
                continue
            term = Fraction((-1) ** (degree - size)) * Fraction(size, order) ** degree
            for i, choice, step in zip(index, k, ray, strict=True):
                term *= math.comb(i, choice) * binomial(Fraction(order * choice, size), step)
            weight += term
        if weight:
            found[ray] = weight
    denominator = math.lcm(*(weight.denominator for weight in found.values()))
    return [(ray, int(weight * denominator)) for ray, weight in found.items()], denominator


def binomial(x, k):
    """Return x (x - 1) ... (x - k + 1) / k! for a fraction x."""
    product = 1
    for i in range(k):
        product = product * (x - i) / (i + 1)
    return product
