"""Passes over a function on series: what every driver of Taylor coefficients shares."""

import numpy as np

from dualnum._core import DualArray, DualDType, KeepMemory, Level, seed_scalar, seed_tangents
from dualnum.drivers._base import split_or_zeros
from dualnum.drivers._checks import FLOAT64


def check_one_argument(driver):
    """Refuse a tuple for argnum: a series is in one variable."""
    if type(driver.argnum) is tuple:
        raise TypeError(
            f"{driver.name}(f, argnum={driver.argnum}) expects argnum to be an int, got a tuple of "
            f"{len(driver.argnum)}; use a function of one array."
        )


def expand(driver, variables, kwargs, seed, order):
    """Call f once with one fresh Taylor level.

    Returns f's value and its coefficients 1 ... order: the shape of the value and a last axis.
    """
    level = Level(taylor=True)
    try:
        with KeepMemory(variables.elements * (1 + order)):
            y = driver.call(variables.seeded((seed, level)), kwargs)
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
    """Seed the series x + v * t, for the direction v that `Variables.aim` gave to every leaf."""

    def seed(x, leaf, level):
        v = leaf.v
        if type(v) is float and not isinstance(x, np.ndarray):
            return seed_scalar(x, level, v, order)
        v = np.asarray(v)
        coefficients = np.zeros(v.shape + (order,), v.dtype)
        coefficients[..., :1] = v[..., np.newaxis]
        if isinstance(x, np.ndarray):
            return seed_tangents(x, level, coefficients, driver.subok)
        return seed_tangents(np.asarray(x), level, coefficients)[()]

    return seed


def stack(value, rest):
    """Return a value and the coefficients after it, which have a last axis, as one array along the first axis."""
    dtype = getattr(value, "dtype", FLOAT64)
    if rest.dtype is FLOAT64 and not isinstance(dtype, DualDType):
        series = np.empty((1 + rest.shape[-1],) + rest.shape[:-1])
        series[0] = value
        series[1:] = rest if rest.ndim == 1 else np.moveaxis(rest, -1, 0)
        return series
    return np.concatenate([np.asarray(value)[np.newaxis], np.moveaxis(np.asarray(rest), -1, 0)]).view(
        DualArray
    )
