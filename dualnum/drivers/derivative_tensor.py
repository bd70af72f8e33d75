"""Derivative tensors of any order: derivative_tensor, and the mixed partial derivatives behind it.

Two ways lead to the partial derivatives by n variables from order 3 on:

* one level of polynomials of degree d in all variables: one call of f on elements of C(n + d, d) coefficients, exact;
* rays (Griewank, Utke, Walther 2000): one Taylor level along each of C(n + d - 1, d) directions, in proportions of
  whole numbers that add up to d; coefficient k of the series is a homogeneous polynomial of degree k of the direction,
  which interpolation finds, from the terms in one variable to those in all. A batched function is called once, for all
  rays together. Interpolation loses digits as d rises, whatever n is: errors are some 1e-14 of the largest coefficient
  at d = 5, 1e-13 at 8 and 1e-9 at 12.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dualnum._core import DualDType, KeepMemory, Level, parts, seed_scalar, seed_tangents, value
from dualnum.drivers._base import Driver, Variables, split_or_zeros, unwrap
from dualnum.drivers._checks import (
    check_flag,
    check_leading,
    check_order,
    check_single,
)
from dualnum.drivers._parallel import map_ordered
from dualnum.drivers._seeds import identity
from dualnum.drivers._taylor_pass import check_one_argument
from dualnum.drivers._work import Work
from dualnum.drivers.first_order import jacobian
from dualnum.drivers.second_order import hessian

if TYPE_CHECKING:
    from dualnum.drivers._types import Lift, Progress, Workers

#: Numbers that all elements of x may have together in one call on polynomials, and products of coefficients that the
#: product of two elements may cost; rays need less memory, but more time.
NUMBERS, PRODUCTS = 2**23, 2**23


def derivative_tensor(
    f: Callable[..., Any],
    order: int,
    *,
    argnum: int = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
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
    chunk, batched, subok, lift, check, workers, progress
        As for `hessian`; in a batch of shape ``(..., p)`` f(x) has the shape ``(...)`` or ``(..., m)``, and f is called
        with the rays along one more leading axis.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x) and then `order` times the shape of `x`. Derivatives
        that do not exist are infinite or nan, entry by entry.

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
    driver = Driver(
        f, _derivative_tensor, argnum, chunk, batched, subok, lift, check, workers, progress, extra=extra
    )
    check_one_argument(driver)
    return driver


def _derivative_tensor(driver, args, kwargs):
    variables = Variables(driver, args)
    check_single(driver, variables, "one array")
    order, f = driver.extra["order"], driver.f
    if order in (1, 2):
        _, options = driver.origin()
        del options["order"]
        return (jacobian if order == 1 else hessian)(f, **options)(*args, **kwargs)
    found = partials(driver, variables, kwargs, order)
    return tensor(found[order], variables.tree.shape, order)


def tensor(flat, shape, order):
    """Return the symmetric tensor of the derivatives of one order, which lie along the first axis of `flat`."""
    n, outputs = math.prod(shape), flat.shape[1:]
    if order and not n:
        return np.zeros(outputs + order * shape)
    full = np.moveaxis(flat[places_of_all(n, order)], range(order), range(-order, 0))
    return unwrap(full.reshape(outputs + order * shape))


def partials(driver, variables, kwargs, order, divided=False):
    """Return f's partial derivatives: for each order from 0 an array with one entry for each of `indices`.

    Divided by the factorials of their indices they are the coefficients of the Taylor polynomial.
    """
    n = variables.size
    if order == 0:
        return [np.asarray(driver.evaluate(variables, kwargs))[np.newaxis]]
    if n == 1 or driver.batched:
        return along_rays(driver, variables, kwargs, order, divided)
    if order <= 2:
        return by_hessian(driver, variables, kwargs, order, divided)
    numbers = variables.elements * math.comb(n + order, order)
    if numbers <= NUMBERS and math.comb(2 * n + order, order) <= PRODUCTS:
        return by_polynomials(driver, variables, kwargs, order, divided)
    return along_rays(driver, variables, kwargs, order, divided)


# ---- multi-indices -----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def selections(n, order):
    """Return the derivatives of one order by n variables: for each the variables, a row in rising order.

    Examples
    --------
    >>> selections(2, 2).tolist()
    [[0, 0], [0, 1], [1, 1]]
    """
    rows = list(itertools.combinations_with_replacement(range(n), order))
    found = np.array(rows, int).reshape(len(rows), order)
    found.flags.writeable = False
    return found


@functools.lru_cache(maxsize=256)
def indices(n, order):
    """Return the same derivatives: for each how often every variable is differentiated by.

    Examples
    --------
    >>> indices(2, 2).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    chosen = selections(n, order)
    counts = np.zeros((len(chosen), n), int)
    np.add.at(counts, (np.arange(len(chosen))[:, np.newaxis], chosen), 1)
    counts.flags.writeable = False
    return counts


def powers(n, order):
    """Return the powers of every monomial of n variables up to an order, a row for each, by rising order."""
    return np.concatenate([indices(n, k) for k in range(order + 1)])


def places(n, chosen):
    """Return the place among ``selections(n, k)`` of each of many selections of k variables, along the first axis.

    Before a selection come those that have a smaller variable where they first differ. Variable i and t - 1 others not
    below it can be chosen in C(t - 1 + v, v) ways, v being the number of variables above i.

    Examples
    --------
    >>> places(2, np.array([[0, 0, 1], [0, 1, 1]])).tolist()
    [0, 1, 2]
    """
    k = len(chosen)
    ways = [[math.comb(t - 1 + v, v) for v in range(n)] for t in range(1, k + 1)]
    below = np.cumsum(np.insert(np.array(ways, int).reshape(k, n), 0, 0, axis=1), axis=1)
    place, last = np.zeros(chosen.shape[1:], int), 0
    for t, variable in zip(range(k, 0, -1), chosen, strict=True):
        place += below[t - 1][n - last] - below[t - 1][n - variable]
        last = variable
    return place


@functools.lru_cache(maxsize=32)
def places_of_all(n, order):
    """Return the place among ``selections(n, order)`` of every entry of a tensor, an array with `order` axes."""
    place = np.zeros((), int)
    for k in range(1, order + 1):  # of the selections of k variables, from those of k - 1 and one more
        longer = [np.insert(selections(n, k - 1), 0, variable, axis=1) for variable in range(n)]
        longer = np.sort(np.array(longer, int).reshape(-1, k), axis=1)
        place = places(n, longer.T).reshape(n, -1).T[place]
    place.flags.writeable = False
    return place


@functools.lru_cache(maxsize=256)
def factorials(n, order):
    """Return the product of the factorials of each of the `indices`."""
    return np.array([math.prod(map(math.factorial, index)) for index in indices(n, order).tolist()], float)


def scaled(flat, factors):
    """Return an array with each entry of its first axis multiplied."""
    return flat * factors.reshape((-1,) + (1,) * (flat.ndim - 1))


# ---- one call ----------------------------------------------------------------------------------------------


def by_polynomials(driver, variables, kwargs, order, divided):
    """Return the partial derivatives from one call of f, on polynomials of this degree in all variables."""
    n, level = variables.size, Level(degree=order)
    counts = [len(indices(n, k)) for k in range(1, order + 1)]
    try:
        with KeepMemory(variables.elements * (1 + sum(counts))):
            y = driver.evaluate(variables, kwargs, (identity(driver, 0, n), level))
            value, rest = split_or_zeros(driver, y, level, sum(counts))
    finally:
        level.retire()
    rest = np.split(np.moveaxis(np.asarray(rest), -1, 0), np.cumsum(counts)[:-1])
    found = [np.asarray(value)[np.newaxis], *rest]
    return found if divided else [scaled(flat, factorials(n, k)) for k, flat in enumerate(found)]


def by_hessian(driver, variables, kwargs, order, divided):
    """Return the partial derivatives up to order 2 from the passes of a Jacobian or a Hessian."""
    if order == 2:
        y, first, second = driver.flat_second(variables, kwargs, check_leading)
    else:
        y, first = driver.flat_first(variables, kwargs, check_leading)
    found = [np.asarray(y)[np.newaxis], np.moveaxis(np.asarray(first)[..., : variables.size], -1, 0)]
    if order == 2:
        row, column = selections(variables.size, 2).T
        flat = np.moveaxis(np.asarray(second)[..., row, column], -1, 0)
        found.append(scaled(flat, 1 / factorials(variables.size, 2)) if divided else flat)
    return found


# ---- rays --------------------------------------------------------------------------------------------------


def along_rays(driver, variables, kwargs, order, divided):
    """Return the partial derivatives, interpolated from the series along rays."""
    n = variables.size
    rays, faces = interpolation(n, order)
    if driver.batched:
        value, rest = batch_of_rays(driver, variables, kwargs, rays, order)
    else:
        passes = list(map_ordered(Work(ray_passes, driver, variables, kwargs, order), rays))
        value = passes[0][0]
        rest = np.stack([np.asarray(coefficients) for _, coefficients in passes])
    found = [np.asarray(value)[np.newaxis]]
    for k in range(1, order + 1):
        flat = interpolated(rest[..., k - 1], [face.order(k) for face in faces[:k]], len(indices(n, k)))
        found.append(flat if divided else scaled(flat, factorials(n, k)))
    return found


def interpolated(series, steps, count):
    """Return the coefficients of one order of the polynomial, from the series' coefficients of that order, a row a ray.

    A coefficient of one variable is that of the ray along it. Any other is nan where a ray that leads along some of its
    variables has a coefficient that is not finite.
    """
    finite = np.isfinite(value(series))
    whole = finite.all()
    flat = np.zeros_like(series, shape=(count, *series.shape[1:]))
    unknown = np.zeros((count, *series.shape[1:]), bool)
    axes = series[: len(steps[0].full)] if steps else series
    series = series if whole else np.where(finite, series, 0.0)
    for step in steps:
        supports, outputs = len(step.full), series.shape[1:]
        size = math.prod(outputs)
        rest = series[step.rays].reshape(supports, len(step.evaluate), size)
        rest = rest - step.evaluate @ flat[step.known].reshape(*step.known.shape, size)
        flat[step.full] = (step.solve @ rest).reshape(step.full.shape + outputs)
        if not whole:
            bad = ~finite[step.rays].reshape(supports, len(step.evaluate), *outputs).all(axis=1)
            unknown[step.full] = (bad | unknown[step.known].any(axis=1))[:, np.newaxis]
    if not whole:
        for part in parts(flat).values() if isinstance(flat.dtype, DualDType) else (flat,):
            part[unknown] = np.nan  # with all derivatives by outer levels
        flat[steps[0].full[:, 0]] = axes
    return flat


def ray_passes(driver, variables, kwargs, order):
    """Return the function that expands f along one ray."""
    return lambda ray: one_ray(driver, variables, kwargs, ray, order)


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
        y = driver.evaluate(variables, kwargs, (seed, level), whole=False)
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
        y = driver.evaluate(variables, kwargs, (seed, level), whole=False)
        check_leading(driver, (len(rays), *variables.lead), getattr(y, "shape", ()))
        value, rest = split_or_zeros(driver, y, level, order)
        return value[0], np.asarray(rest)
    finally:
        level.retire()


class Step(NamedTuple):
    """The linear maps from the series along a face's rays to the polynomial's coefficients of one order.

    For each choice of variables: ``c[full] = solve @ (series[rays] - evaluate @ c[known])``.
    """

    rays: slice
    known: (
        np.ndarray
    )  # the places among `indices` of the monomials in some of the chosen variables, a row a choice
    full: np.ndarray  # of those in all of them
    evaluate: np.ndarray  # the known monomials at the nodes
    solve: np.ndarray


class Face:
    """The rays on which s of n variables move and the others rest, for every choice of the s variables.

    Attributes
    ----------
    choices : the chosen variables, a row for each choice
    nodes : the directions of the rays within a choice, a row for each ray: the same for every choice
    rays : the slice of all rays that these are, choice by choice
    steps : the `Step` of each order for which one has been asked
    """

    def __init__(self, n, s, order, first):
        self.n = n
        self.choices = np.array(list(itertools.combinations(range(n), s)))
        steps = indices(s, order - s) + 1.0
        # lattice points in the interior of a simplex, scaled by a power of two, which is exact
        self.nodes = steps / 2.0 ** (order - 1).bit_length() if s > 1 else np.ones((1, 1))
        self.rays = slice(first, first + len(self.choices) * len(self.nodes))
        self.steps = {}

    def directions(self):
        """Return the rays, a row each, choice by choice."""
        directions = np.zeros((len(self.choices), len(self.nodes), self.n))
        rows, columns = np.ogrid[: len(self.choices), : len(self.nodes)]
        for i, variable in enumerate(self.choices.T):
            directions[rows, columns, variable[:, np.newaxis]] = self.nodes[:, i]
        return directions.reshape(-1, self.n)

    def order(self, k):
        """Return the `Step` of order k.

        The polynomial of order k on the face is sum c[a] x^a, |a| = k. Its terms in fewer than s variables are known
        from smaller faces. The others have the factor x1 ... xs; least squares finds the cofactor from its values at
        the nodes, in the basis of x^a times the multinomial coefficient of a, which scales the system well.
        """
        if k not in self.steps:
            self.steps[k] = self._step(k)
        return self.steps[k]

    def _step(self, k):
        s = self.choices.shape[1]
        powers, inner = indices(s, k), indices(s, k - s)
        within = (powers > 0).all(axis=1)
        place = places(self.n, np.moveaxis(self.choices[:, selections(s, k)], -1, 0))
        weights = math.factorial(k - s) / factorials(s, k - s)
        q, r = np.linalg.qr(monomials(self.nodes, inner) * weights)
        solve = np.linalg.solve(r, q.T) * weights[:, np.newaxis] / self.nodes.prod(axis=1)
        return Step(
            self.rays, place[:, ~within], place[:, within], monomials(self.nodes, powers[~within]), solve
        )


@functools.lru_cache(maxsize=16)
def interpolation(n, order):
    """Return the rays, a row each, and the faces, by the number of variables along which their rays lead."""
    faces, first = [], 0
    for s in range(1, min(n, order) + 1):
        faces.append(Face(n, s, order, first))
        first = faces[-1].rays.stop
    rays = [face.directions() for face in faces]
    return np.concatenate(rays) if rays else np.zeros((1, n)), faces


def monomials(x, powers):
    """Return each of the monomials, a column, at each of the points x, a row."""
    table = x[np.newaxis] ** np.arange(powers.max(initial=0) + 1)[:, np.newaxis, np.newaxis]
    found = np.ones((len(x), len(powers)))
    for i, column in enumerate(powers.T):
        found *= table[column, :, i].T
    return found
