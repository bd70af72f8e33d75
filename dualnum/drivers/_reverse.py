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
    gradient_and_hessian,
    is_recorded,
    is_recorded_number,
    mirror,
    pull_back,
    record_variable,
    second_pull_backs,
    tape_of,
    values_of,
)
from dualnum.lifting.state import State
from dualnum.reverse import nets

#: A Jacobian has at least this many variables for each of its results: each takes a sweep.
VARIABLES_OF_A_RESULT = 8
#: Points of fewer variables carry tangents through Jacobians faster, and those of fewer than twice as many through
#: Hessians.
VARIABLES_OF_A_POINT = 8


def takes_tape(driver, variables):
    """Return whether a call of a driver tries reverse mode; its options and the shapes decide."""
    return (
        driver.chunk is None
        and driver.subok
        and driver.lift is not True
        and variables.elements >= FROM_VARIABLES
        and (not driver.batched or variables.size >= VARIABLES_OF_A_POINT or "gradient" in driver.name)
        and not (variables.args and driver.takes_tape(variables.args[0]))  # which has been tried
        and not isinstance(driver.f, DriverBase)
        and current_run() is None
        and all(type(leaf.x) is float or leaf.x.dtype == float for leaf in variables.leaves())
    )


def by_tape(driver, variables, kwargs, derivatives=None):
    """Return f's value and its first derivatives, along a new last axis, or None.

    ``derivatives(driver, variables, tape, y, recorded)`` takes them from sweeps over the tape. By default these two are
    all; another function may add second ones.
    """
    tape = Tape(second=derivatives is not None)
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
            found = None if tape.failed else (derivatives or _first)(driver, variables, tape, y, recorded)
            if found is not None and nets.is_verified(
                driver, variables, kwargs, state, *found[:2], tape.tied
            ):
                return found
    except Exception:
        pass  # f on duals decides
    finally:
        tape.close()
    if state is not None:
        state.restore()
    return None


def _first(driver, variables, tape, y, recorded):
    """Return f's value and its derivatives from a sweep for each result of f, or of each point of a batch."""
    if isinstance(y, (list, tuple)) and any(is_recorded(item) for item in y):
        y = np.stack([np.positive(item) if is_recorded(item) else np.float64(item) for item in y])
    if not is_recorded(y) or tape_of(y) is not tape:
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
        rows.append(_flat(parts, recorded, lead))
    first = np.stack(rows, axis=-2).reshape(shape + (variables.size,)) if own else rows[0]
    if not np.isfinite(first).all():
        return None
    value = values_of(y)
    return np.array(value) if shape else float(value), first


def _flat(parts, recorded, lead):
    """Return the adjoints of all variables along one last axis."""
    flat = [
        np.reshape(part, (*lead, leaf.stop - leaf.start))
        for (leaf, _), part in zip(recorded, parts, strict=True)
    ]
    return flat[0] if len(flat) == 1 else np.concatenate(flat, axis=-1)


def along(directions):
    """Return what takes the derivatives of f's gradient along directions, of a scalar or of each point of a batch.

    ``directions(variables)`` yields arrays v of shape ``lead + (size,)``; the products H v lie along a new axis before
    the last.
    """

    def take(driver, variables, tape, y, recorded):
        lead = variables.lead
        if not is_recorded(y) or tape_of(y) is not tape or np.shape(values_of(y)) != lead:
            return None
        made = [made for _, made in recorded]
        if (
            directions is units
            and len(made) == 1
            and not lead
            and made[0].ndim == 1
            and is_recorded_number(y)
        ):
            first, second = gradient_and_hessian(tape, y, made[0])
        else:
            seeds = (_split(v, recorded) for v in directions(variables))
            adjoints, products = second_pull_backs(tape, y, 1.0, made, seeds)
            first = _flat(adjoints, recorded, lead)
            second = np.stack([_flat(parts, recorded, lead) for parts in products], axis=-2)
        finite = mirror(second) if directions is units else np.isfinite(second).all()
        if not finite or not np.isfinite(first).all():
            return None
        value = values_of(y)
        return (np.array(value) if lead else float(value)), first, second

    return take


def _split(v, recorded):
    """Return the parts of a direction that belong to the variables."""
    return [
        v[..., leaf.start : leaf.stop].reshape(np.shape(leaf.x)) if np.ndim(leaf.x) else float(v[leaf.start])
        for leaf, _ in recorded
    ]


def units(variables):
    """Yield the unit vectors, of each point in a batch: the columns of the Hessian."""
    for i in range(variables.size):
        v = np.zeros((*variables.lead, variables.size))
        v[..., i] = 1.0
        yield v


def second_by_tape(driver, variables, kwargs, directions=units):
    """Return f's value, gradient and products H v, or None where duals have to take them."""
    return by_tape(driver, variables, kwargs, along(directions)) if takes_tape(driver, variables) else None


def hessian_by_tape(driver, variables, kwargs):
    """Return f's value, gradient and Hessian, symmetric to the last bit, or None."""
    narrow = driver.batched and variables.size < 2 * VARIABLES_OF_A_POINT
    return None if narrow else second_by_tape(driver, variables, kwargs)
