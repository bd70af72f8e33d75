"""The tangents that the copy of a leaf gets in a level: functions ``seed(x, leaf, level)`` of the drivers' passes."""

import numpy as np

from dualnum._core import seed_identity, seed_scalar, seed_tangents

ONE = np.ones(1)


def identity(driver, start, width):
    """Seed variables start ... start + width - 1 with unit vectors; tangents beyond the last variable stay zero."""
    batched, subok = driver.batched, driver.subok

    def seed(x, leaf, level):
        first, size = start - leaf.start, leaf.stop - leaf.start
        if first >= 0 and first + width <= size:
            if isinstance(x, np.ndarray):
                return seed_identity(x, level, first, first + width, batched, subok)
            if width == 1:
                return seed_scalar(x, level)
        ones = np.eye(size, width, -first).reshape(leaf.shape + (width,))
        if isinstance(x, np.ndarray):
            return seed_tangents(x, level, ones, subok)
        return seed_tangents(np.asarray(x), level, ones)[()]

    return seed


def along(driver):
    """Seed the direction that `Variables.set_direction` gave to every leaf."""
    subok = driver.subok

    def seed(x, leaf, level):
        if isinstance(x, np.ndarray):
            return seed_tangents(x, level, np.asarray(leaf.direction)[..., np.newaxis], subok)
        if type(leaf.direction) is float:
            return seed_scalar(x, level, leaf.direction)
        return seed_tangents(np.asarray(x), level, np.asarray(leaf.direction)[np.newaxis])[()]

    return seed


def columns(directions):
    """Seed the columns of an array of directions, of shape (batch, variables, width)."""

    def seed(x, leaf, level):
        own = directions[..., leaf.start : leaf.stop, :].reshape(*np.shape(x), directions.shape[-1])
        made = seed_tangents(np.asarray(x), level, own)
        return made if np.ndim(x) else made[()]

    return seed


def elementwise(driver):
    """Seed every element with tangent 1."""
    subok = driver.subok

    def seed(x, leaf, level):
        return seed_tangents(x, level, ONE, subok) if isinstance(x, np.ndarray) else seed_scalar(x, level)

    seed.whole = True  # every variable moves, though there is one tangent
    return seed
