"""The nets of lifting, cast over a call that a tape has recorded: two directions stand for all variables."""

import numpy as np

from dualnum._core import Level, is_trusted, seed_tangents, trust, with_callables
from dualnum.drivers._seeds import columns
from dualnum.lifting import nets
from dualnum.lifting.attempt import is_of_numpy, undecided
from dualnum.lifting.guards import NUMBERS, grade_asked
from dualnum.lifting.state import State


def is_verified(driver, variables, kwargs, state, value, first, tied):
    """Return whether the nets, at the first call of f's code, leave a derivative: True where they cannot tell.

    They look again where f has compared equal numbers, `tied`.

    `first` has the shape of the value and an axis for the variables, of each point in a batch, or is a csr_array with
    rows for all elements of the value; `state` is that of the other arguments before the recorded call, None if there
    are none.
    """
    keyed = with_callables(driver.f, variables.args, kwargs)
    if driver.check is not True and ((is_trusted(keyed) and not tied) or is_of_numpy(driver.f)):
        return True
    if grade_asked(driver.f, NUMBERS | {"ndarray"}):  # a record is no array
        return False
    if driver.check is False:
        return True
    lead = variables.lead
    is_sparse = not isinstance(first, np.ndarray)
    if is_sparse:
        still = np.bincount(first.indices[first.data != 0], minlength=variables.size) == 0
    else:
        between = tuple(range(len(lead), first.ndim - 1))
        still = np.all(first == 0, axis=between)
    seeds, level = np.zeros((*lead, variables.size, 2)), Level()

    def seed(x, leaf, level):
        """Seed the variables that move f along tangent 0, all others along tangent 1."""
        at = slice(leaf.start, leaf.stop)
        weights = 0.75 + 0.25 * np.cos(1.7 * np.arange(leaf.start, leaf.start + np.size(x)) + 1.0)
        weights = (np.where(x == 0, 1.0, np.abs(x)) * weights.reshape(np.shape(x))).reshape(*lead, -1)
        seeds[..., at, 0] = np.where(still[..., at], 0.0, weights)
        seeds[..., at, 1] = np.where(still[..., at], weights, 0.0)
        return columns(seeds)(x, leaf, level)

    state = state or State(())
    try:
        with state.again():  # the recorded call may have changed the other arguments, which Plain copies
            at = nets.Plain(driver.f, variables.seed_arguments((seed, level)), kwargs, state)
            if is_sparse:
                moved = (first @ seeds[..., 0]).reshape(np.shape(value))
            else:
                wide = np.expand_dims(seeds[..., 0], between) if between else seeds[..., 0]
                moved = np.sum(first * wide, axis=-1)
            slope = np.stack([moved, np.zeros(np.shape(moved))], axis=-1)
            found = nets.loss(at, seed_tangents(np.asarray(value), level, slope)[()])
    finally:
        level.retire()
    if isinstance(found, nets.Lost):
        return False
    if not undecided(keyed, found):
        trust(keyed)
    return True
