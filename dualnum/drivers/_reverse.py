"""The drivers' passes in reverse mode: one call of f on recorded variables, and a sweep for each result.

What a tape does not hold returns None, and the driver calls f on duals: operations without a record, results of other
shapes, derivatives that are not finite, where the rules of duals decide.
"""

from math import prod

import numpy as np

from dualnum._core import (
    FROM_VARIABLES,
    DriverBase,
    KeepMemory,
    Tape,
    current_run,
    is_recorded,
    pull_back,
    record_variable,
    values_of,
)
from dualnum.drivers._containers import items
from dualnum.lifting.state import State
from dualnum.reverse import nets

#: A Jacobian has at least this many variables for each of its results: each takes a sweep.
VARIABLES_OF_A_RESULT = 8


def takes_tape(driver, variables):
    """Return whether a call of a driver tries reverse mode; its options and the shapes decide."""
    return (
        driver.chunk is None
        and driver.subok
        and driver.lift is not True
        and variables.elements >= FROM_VARIABLES
        and not (variables.args and driver.takes_tape(variables.args[0]))  # which has been tried
        and not isinstance(driver.f, DriverBase)
        and current_run() is None
        and all(type(leaf.x) is float or leaf.x.dtype == float for leaf in leaves(variables.tree))
    )


def leaves(tree):
    """Return the leaves of nested containers, in order."""
    children = items(tree) if not hasattr(tree, "start") else None
    if children is None:
        return [tree]
    return [leaf for child in children.values() for leaf in leaves(child)]


def by_tape(driver, variables, kwargs):
    """Return f's value and its first derivatives, along a new last axis, or None."""
    tape = Tape()
    recorded = []

    def seed(x, leaf, _):
        made = record_variable(tape, np.array(x, order="K") if isinstance(x, np.ndarray) else x)
        recorded.append((leaf, made[...] if isinstance(x, np.ndarray) else made))
        return made

    others = variables.others(kwargs)
    state = State(others) if others else None
    try:
        with KeepMemory(variables.elements):
            y = driver.f(*variables.seed_arguments((seed, None)), **kwargs)
            found = None if tape.failed else _derivatives(driver, variables, tape, y, recorded)
        if found is not None and nets.is_verified(driver, variables, kwargs, state, *found):
            return found
    except Exception:
        pass  # f on duals decides
    finally:
        tape.close()
    if state is not None:
        state.restore()
    return None


def _derivatives(driver, variables, tape, y, recorded):
    """Return f's value and its derivatives from a sweep for each result of f, or of each point of a batch."""
    if isinstance(y, (list, tuple)) and any(is_recorded(item) for item in y):
        y = np.stack([np.positive(item) if is_recorded(item) else np.float64(item) for item in y])
    if not is_recorded(y):
        return None
    shape, lead = np.shape(values_of(y)), variables.lead
    own = shape[len(lead) :]
    if (
        shape[: len(lead)] != lead
        or (own and "gradient" in driver.name)
        or len(own) > (1 if driver.batched else 9)
    ):
        return None
    count = prod(own)
    if own and variables.size < VARIABLES_OF_A_RESULT * count and not driver.batched:
        return None
    rows = []
    for i in range(count):
        adjoint = np.zeros((*lead, count))
        adjoint[..., i] = 1.0
        adjoint = adjoint.reshape(shape) if shape else 1.0
        parts = pull_back(tape, y, adjoint, [made for _, made in recorded])
        flat = [
            np.reshape(part, (*lead, leaf.stop - leaf.start))
            for (leaf, _), part in zip(recorded, parts, strict=True)
        ]
        rows.append(flat[0] if len(flat) == 1 else np.concatenate(flat, axis=-1))
    first = np.stack(rows, axis=-2).reshape(shape + (variables.size,)) if own else rows[0]
    if not np.isfinite(first).all():
        return None
    value = values_of(y)
    return np.array(value) if shape else float(value), first
