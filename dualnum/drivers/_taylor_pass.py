"""Passes over a function on series: what every driver of Taylor coefficients shares."""

import numpy as np

from dualnum._core import DualArray, KeepMemory, Level, holds_duals, seed_scalar, seed_tangents
from dualnum._core import value as value_of
from dualnum.drivers._base import split_or_zeros
from dualnum.drivers._checks import FLOAT64, check_diagonal, check_elementwise


def check_one_argument(driver):
    """Refuse a tuple for argnum: a series is in one variable."""
    if type(driver.argnum) is tuple:
        raise TypeError(
            f"{driver.name}(f, argnum={driver.argnum}) expects argnum to be an int, got a tuple of "
            f"{len(driver.argnum)}; use a function of one array."
        )


def expand(driver, variables, kwargs, seed, order, whole=True):
    """Call f once with one fresh Taylor level.

    Returns f's value and its coefficients 1 ... order: the shape of the value and a last axis.
    """
    level = Level(taylor=True)
    try:
        with KeepMemory(variables.elements * (1 + order)):
            y = driver.evaluate(variables, kwargs, (seed, level), whole=whole)
            return split_or_zeros(driver, y, level, order)
    finally:
        level.retire()


def moving(driver, order, rate=1.0):
    """Seed every element x with the series x + rate * t."""
    coefficients = np.zeros(order)
    coefficients[:1] = rate

    def seed(x, leaf, level):
        if isinstance(x, np.ndarray):
            return seed_tangents(x, level, coefficients, driver.subok)
        return seed_scalar(x, level, rate, order)

    return seed


def moving_along(driver, order):
    """Seed the series x + v * t, for the direction v that `Variables.set_direction` gave to every leaf."""

    def seed(x, leaf, level):
        v = leaf.direction
        if type(v) is float and not isinstance(x, np.ndarray):
            return seed_scalar(x, level, v, order)
        v = np.asarray(v)
        coefficients = np.zeros(v.shape + (order,), v.dtype)
        coefficients[..., :1] = v[..., np.newaxis]
        if isinstance(x, np.ndarray):
            return seed_tangents(x, level, coefficients, driver.subok)
        return seed_tangents(np.asarray(x), level, coefficients)[()]

    return seed


def pseudo_random(count):
    """Return as many powers of two, up to 8, and their negatives, in an order without symmetries."""
    numbers = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.array([1.0, -1.0, 2.0, -2.0, 4.0, -4.0, 8.0, -8.0])[numbers >> np.uint64(61)]


#: Rows of ones beside the direction s of `first_elementwise`; larger arrays repeat them.
DIRECTIONS = np.stack([np.ones(1021), pseudo_random(1021)], axis=-1)


def first_elementwise(driver, variables, kwargs, use):
    """Check, once for each driver, that f treats each element of an array by itself: J s is diag(J) times s.

    The elements of s are powers of two and their negatives, so that for such an f both sides have the same bits. Calls
    f once, with a tangent for every element's own derivative and one for s.

    Returns
    -------
    pair or None
        f's value and these two derivatives along a new last axis; None where there was nothing to check.

    Raises
    ------
    ValueError
        If f mixes the elements; `use` is what the message names instead.
    """
    if driver.checked or driver.check is False or variables.size < 2:
        return None
    size, shape = variables.size, variables.tree.shape
    directions = DIRECTIONS[:size] if size <= len(DIRECTIONS) else np.resize(DIRECTIONS, (size, 2))
    seeds = directions.reshape(*shape, 2)

    def seed(x, leaf, level):
        return seed_tangents(x, level, seeds, driver.subok)

    y, first = driver.first(variables, kwargs, seed, 2)
    check_elementwise(driver, variables, first.shape[:-1], driver.extra["batched"], use)
    signs = seeds[..., 1].reshape(shape + (1,) * (first.ndim - 1 - len(shape)))
    check_diagonal(driver, value_of(first[..., 0]) * signs, value_of(first[..., 1]), use)
    driver.checked = True
    return y, first


def stack(value, rest):
    """Return a value and the coefficients after it, which have a last axis, as one array along the first axis."""
    if rest.dtype is FLOAT64 and (type(value) is float or getattr(value, "dtype", None) is FLOAT64):
        series = np.empty((1 + rest.shape[-1],) + rest.shape[:-1])
        series[0] = value
        series[1:] = rest if rest.ndim == 1 else np.moveaxis(rest, -1, 0)
        return series
    series = np.concatenate([np.asarray(value)[np.newaxis], np.moveaxis(np.asarray(rest), -1, 0)])
    return series.view(DualArray) if holds_duals(series) else series
