"""Zeros among the derivatives of results that are nan.

A zero tangent stays zero, beside nan as well.  That is right for a variable on which a result does not depend, as in
``log(x)`` of arrays, and unknown where a slope of zero hides that it does, as in ``x / norm(x)`` at 0.  Plain f tells
these apart: a result depends on a variable if it becomes a number where the variable moves a little.
"""

import numpy as np

from dualnum._core import Level, NearPass, value
from dualnum.drivers._checks import as_output

#: Steps relative to the variables, to both sides.
STEPS = 2.0**-20, -(2.0**-20)


def mark_unknown(driver, variables, kwargs, seeds, result, firsts, second=None):
    """Set the zeros among derivatives of f's `result` to nan where it is nan and depends on their variables.

    Parameters
    ----------
    seeds : sequence
        One for each of `firsts`, the first derivatives along a last axis.
    second : ndarray, optional
        The second derivatives by the first and by the last seed, along two last axes.
    """
    missing = np.isnan(np.asarray(value(result)))
    if not missing.any() or driver.check is False or NearPass.is_open():  # near x zeros are series
        return
    depends = []
    for seed, first, other in zip(seeds, firsts, (-1, -2), strict=False):
        zeros = first == 0
        if second is not None:
            zeros = zeros | (second == 0).any(axis=other)
        found = _dependent(driver, variables, kwargs, seed, missing, zeros & missing[..., np.newaxis])
        first[found & (first == 0)] = np.nan
        depends.append(found)
    if second is not None:
        either = depends[0][..., :, np.newaxis] | depends[-1][..., np.newaxis, :]
        second[either & (second == 0)] = np.nan


def _dependent(driver, variables, kwargs, seed, missing, zeros):
    """Return which of the `zeros`, a mask of results by tangents of a seed, belong to tangents that move the result.

    All of them move together, and where that makes a number of a result, one after another.
    """
    from dualnum.lifting.nets import Directions, Plain
    from dualnum.lifting.state import State
    from dualnum.lifting.storage import copied

    level = Level()
    found, width = np.zeros_like(zeros), np.arange(zeros.shape[-1])
    chosen = width[zeros.any(axis=tuple(range(missing.ndim)))]
    try:
        arguments = variables.seed_again((seed, level)), kwargs
        directions = Directions(arguments, level)
        plain = Plain(driver.f, *copied(arguments), State(arguments))

        def becomes_number(tangents):
            moved, result = directions.along(np.isin(width, tangents)), np.zeros_like(missing)
            for step in STEPS:
                y = plain(moved, step)
                y = None if y is None else np.asarray(value(as_output(driver, y)))
                if np.shape(y) == missing.shape:
                    result = result | (missing & ~np.isnan(y))
            return result

        if chosen.size and directions.weigh() and becomes_number(chosen).any():
            for k in chosen:
                found[..., k] = becomes_number([k])
    finally:
        level.retire()
    return found & zeros
