"""Elementwise functions without a row in the tables: duals with a tangent for each operand carry their slopes."""

import numpy as np

from dualnum._core import (
    Level,
    Tape,
    is_recorded,
    is_second,
    refuse,
    scaled,
    seed_tangents,
    split,
    values_of,
)
from dualnum.reverse._rules import rule


def by_duals(tape: Tape, function, *args, **kwargs):
    """Return an elementwise function of recorded arrays, from one call of it on duals.

    Operand k has the tangent 1 in direction k, so the result's tangent k is the slope by that operand.
    """
    places = [i for i, x in enumerate(args) if is_recorded(x)]
    level = Level()
    seeded = list(args)
    for k, i in enumerate(places):
        unit = np.eye(len(places))[k]
        seeded[i] = seed_tangents(np.asarray(values_of(args[i])), level, unit)
        if not seeded[i].ndim:
            seeded[i] = seeded[i][()]
    try:
        results = function(*seeded, **kwargs)
    except Exception:
        refuse(tape, f"{getattr(function, '__name__', 'a ufunc')} of these operands")
    finally:
        level.retire()
    shape = np.broadcast_shapes(*map(np.shape, args))
    made = []
    for result in results if isinstance(results, tuple) else (results,):
        value, slopes = split(result, level)
        if np.shape(value) != shape:
            refuse(tape, f"{getattr(function, '__name__', 'a ufunc')} with a result of another shape")
        if slopes is None:
            made.append(value)
            continue
        value = np.array(value)[()]
        made.append(scaled(tape, value, [(args[i], np.array(slopes[..., k])) for k, i in enumerate(places)]))
    return tuple(made) if isinstance(results, tuple) else made[0]


rule("other ufuncs")(by_duals)


# ---- second derivatives: at ties and jumps duals look beyond the values ----


@rule("ties")
def note_ties(tape: Tape, x, y=0.0):
    """Note a comparison of equal numbers; refuse it for second derivatives."""
    if np.any(np.equal(x, y)):
        if tape.second:
            refuse(tape, "a comparison of equal numbers, for second derivatives,")
        tape.tied = True


JUMPING = {
    *(
        np.sign,
        np.copysign,
        np.heaviside,
        np.floor,
        np.ceil,
        np.rint,
        np.trunc,
        np.floor_divide,
        np.remainder,
    ),
    *(np.fmod, np.maximum, np.minimum, np.fmax, np.fmin, np.absolute, np.fabs, np.hypot, np.sqrt, np.cbrt),
    *(np.power, np.float_power),
}


@rule("jumps")
def _jumps(tape: Tape, ufunc, x, y):
    """Refuse a step function at its jumps."""
    if ufunc not in JUMPING:
        return
    with np.errstate(all="ignore"):
        if ufunc in (np.sign, np.copysign, np.heaviside):
            at = np.equal(x, 0) | (y is not None and np.equal(y, 0))
        elif ufunc in (np.floor, np.ceil, np.rint, np.trunc):
            at = np.equal(np.multiply(2, x), np.rint(np.multiply(2, x)))
        elif ufunc in (np.floor_divide, np.remainder, np.fmod):
            at = np.equal(np.remainder(x, y), 0) | np.equal(np.fmod(x, y), 0) | np.equal(y, 0)
        elif ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
            at = np.equal(x, y)
        elif ufunc in (np.absolute, np.fabs, np.hypot, np.sqrt, np.cbrt):
            at = np.equal(x, 0) & (y is None or np.equal(y, 0))
        else:  # powers
            at = np.equal(x, 0)
    if np.any(at):
        refuse(tape, f"np.{ufunc.__name__} at a kink or jump, for second derivatives,")


def _by_duals(function):
    def apply(tape: Tape, *args, **kwargs):
        return by_duals(tape, function, *args, **kwargs)

    return apply


for _name in ("sinc", "i0", "nan_to_num", "fix", "around", "round", "angle", "heaviside"):
    _function = getattr(np, _name)
    if not isinstance(_function, np.ufunc):
        rule(_function)(_by_duals(_function))


@rule(np.interp)
def _interp(tape, x, xp, fp, left=None, right=None, period=None):
    if is_recorded(xp) or is_recorded(fp) or any(is_recorded(a) for a in (left, right, period)):
        refuse(tape, "np.interp with a recorded table")
    return by_duals(tape, lambda v: np.interp(v, xp, fp, left, right, period), x)


@rule(np.clip)
def _clip(
    tape, a, a_min=np._NoValue, a_max=np._NoValue, out=None, *, min=np._NoValue, max=np._NoValue, **kwargs
):
    low, high = (
        None if given is np._NoValue and other is np._NoValue else other if given is np._NoValue else given
        for given, other in ((a_min, min), (a_max, max))
    )
    if kwargs:
        refuse(tape, "np.clip with options")
    into = {} if out is None else {"out": out}
    if low is None and high is None:
        return np.positive(a, **into)
    if low is None:
        return np.minimum(a, high, **into)
    if high is None:
        return np.maximum(a, low, **into)
    if is_second(tape):
        v, bottom, top = values_of(a), values_of(low), values_of(high)
        if np.any(np.equal(v, bottom) | np.equal(v, top) | np.equal(bottom, top)):
            refuse(tape, "np.clip at a kink, for second derivatives,")
    return np._core.umath.clip(a, low, high, **into)


@rule((None, "outer"))
def _outer(tape, ufunc, x, y):
    return ufunc(np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y)


@rule(np.polyval)
def _polyval(tape, p, x):
    y = np.zeros_like(values_of(x)) if not is_recorded(x) else np.zeros_like(x)
    for i in range(len(p)):
        y = y * x + p[i]
    return y
