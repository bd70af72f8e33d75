"""Functions of several arrays that join or choose: new memory, into which the parts are written."""

import numpy as np

from dualnum._core import Tape, assign, is_recorded, recorded, refuse, scaled, values_of
from dualnum.reverse._rules import array_of, rule
from dualnum.reverse.elementwise import note_ties


@rule(np.concatenate)
def _concatenate(tape: Tape, arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """Write each part into its slice; the memory layout is that of NumPy's result."""
    if out is not None or dtype not in (None, float):
        refuse(tape, "np.concatenate with out= or dtype=")
    arrays = [array_of(tape, a) for a in arrays]
    value = np.concatenate([values_of(a) for a in arrays], axis=axis)
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    made = recorded(tape, value)
    start, key = 0, [slice(None)] * made.ndim
    for a in arrays:
        stop = start + a.shape[axis]
        if is_recorded(a):
            key[axis] = slice(start, stop)
            made[tuple(key)] = a
        start = stop
    return made


@rule(np.stack)
def _stack(tape, arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    arrays = [array_of(tape, a) for a in arrays]
    if len({a.shape for a in arrays}) != 1:
        raise ValueError("all input arrays must have the same shape")
    return np.concatenate([np.expand_dims(a, axis) for a in arrays], axis, out, dtype=dtype)


def _joining(prepare, axis_of):
    """Return the rule of a function that prepares its arrays and concatenates them."""

    def join(tape: Tape, tup, *, dtype=None, casting="same_kind"):
        arrays = [prepare(array_of(tape, a)) for a in tup]
        return np.concatenate(arrays, axis_of(arrays), dtype=dtype)

    return join


rule(np.vstack, getattr(np, "row_stack", None))(_joining(np.atleast_2d, lambda arrays: 0))
rule(np.hstack)(_joining(np.atleast_1d, lambda arrays: 0 if arrays and arrays[0].ndim == 1 else 1))
rule(np.dstack)(_joining(np.atleast_3d, lambda arrays: 2))
rule(np.column_stack)(
    _joining(lambda a: a if a.ndim >= 2 else a.reshape(1, -1).T, lambda arrays: 1),
)


@rule(np.append)
def _append(tape, arr, values, axis=None):
    if axis is None:
        return np.concatenate([np.ravel(array_of(tape, arr)), np.ravel(array_of(tape, values))])
    return np.concatenate([arr, values], axis)


@rule(np.insert)
def _insert(tape, arr, obj, values, axis=None):
    if axis is None:
        arr, axis = np.ravel(array_of(tape, arr)), 0
    if not isinstance(obj, (int, np.integer)) or values_of(arr).ndim != 1:
        refuse(tape, "np.insert at several places")
    obj = obj + len(arr) if obj < 0 else obj
    return np.concatenate([arr[:obj], np.atleast_1d(array_of(tape, values)), arr[obj:]])


@rule(np.where)
def _where(tape, condition, *branches):
    if is_recorded(condition):
        condition = values_of(condition)
        note_ties(tape, condition)
    if not branches:
        return np.where(condition)
    x, y = branches
    value = np.where(condition, values_of(x), values_of(y))
    if value.dtype != float:
        refuse(tape, f"np.where of {value.dtype}")
    # each branch moves where it is taken, and its slope is 0 elsewhere: so 0 * inf asks for duals
    taken = np.array(condition, dtype=float)
    return scaled(tape, value[()], [(x, taken), (y, 1 - (taken != 0))], constant=True)


@rule(np.select)
def _select(tape, condlist, choicelist, default=0):
    made = default
    for condition, choice in list(zip(condlist, choicelist, strict=True))[::-1]:
        made = np.where(condition, choice, made)
    return made


@rule(np.choose)
def _choose(tape, a, choices, out=None, mode="raise"):
    if out is not None or mode != "raise":
        refuse(tape, "np.choose with options")
    a = values_of(a)
    made = choices[0]
    for i, choice in enumerate(choices):
        made = np.where(a == i, choice, made)
    return made


@rule(np.piecewise)
def _piecewise(tape, x, condlist, funclist, *args, **kw):
    """Assign each function of the chosen elements."""
    x = array_of(tape, x)
    conditions = [np.asarray(values_of(c), dtype=bool) for c in condlist]
    if any(c.shape != x.shape for c in conditions):
        refuse(tape, "np.piecewise with conditions of another shape")
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    made = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        chosen = function(x[condition], *args, **kw) if callable(function) else function
        made[condition] = chosen
    return made


@rule(np.copyto)
def _copyto(tape, dst, src, casting="same_kind", where=True):
    if not is_recorded(dst):
        refuse(tape, "np.copyto of a recorded array to another")
    if where is True:
        assign(dst, Ellipsis, src)
    else:
        where = np.broadcast_to(values_of(where), dst.shape)
        assign(dst, where, np.broadcast_to(array_of(tape, src), dst.shape)[where])


@rule(np.put)
def _put(tape, a, ind, v, mode="raise"):
    flat = a.reshape(-1)
    if not np.shares_memory(values_of(flat), values_of(a)):
        refuse(tape, "np.put of an array that is not contiguous")
    v = np.ravel(array_of(tape, v))
    ind = np.ravel(np.asarray(ind))
    assign(flat, ind, v if v.size in (1, ind.size) else np.resize(v, ind.size))


@rule(np.putmask)
def _putmask(tape, a, mask, values):
    values = array_of(tape, values)
    if values.ndim and values.shape != a.shape:
        refuse(tape, "np.putmask with values of another shape")
    mask = values_of(mask)
    assign(a, mask, values[mask] if values.ndim else values)


@rule(np.fill_diagonal)
def _fill_diagonal(tape, a, val, wrap=False):
    if a.ndim != 2 or wrap:
        refuse(tape, "np.fill_diagonal of other than matrices")
    i = np.arange(min(a.shape))
    assign(a, (i, i), val)
