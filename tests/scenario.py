"""The type of a scenario, and helpers of the lists of scenarios."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Scenario(NamedTuple):
    """A function with points, and at each its value, first and second derivative."""

    name: str
    f: Callable
    points: tuple
    answer: Callable[[Any], tuple]
    batch: bool = False

    def __repr__(self):
        return self.name


def cases(scenarios):
    """Return a test parameter and an id for each point of each scenario."""
    pairs = [(s, x) for s in scenarios for x in s.points]
    ids = [f"{s.name}-{i}" for s in scenarios for i in range(len(s.points))]
    return {"argnames": "scenario, x", "argvalues": pairs, "ids": ids}


def draw(seed, *shape):
    """Return reproducible numbers between -1 and 1."""
    return np.random.default_rng(seed).uniform(-1, 1, shape)


# matrices and vectors that several functions share
A43, W44 = draw(3, 4, 3), draw(5, 4, 4)
B3, B4 = draw(6, 3), draw(7, 4)
