"""Functions that move elements, repeat them or leave some out: the same function of the elements' places says which."""

import numpy as np

from dualnum._core import (
    Tape,
    copied_array,
    gathered,
    is_recorded,
    is_recorded_number,
    is_second,
    moved,
    positions,
    recorded,
    refuse,
    values_of,
)
from dualnum.reverse._rules import array_of, rule
from dualnum.reverse.elementwise import note_ties


def _moving(function):
    """Return the rule of a function of one array."""

    def apply(tape: Tape, x, *args, **kwargs):
        return moved(tape, function, array_of(tape, x), *args, **kwargs)

    return apply


for _name in (
    "reshape ravel transpose swapaxes moveaxis rollaxis expand_dims squeeze flip flipud fliplr rot90 atleast_1d "
    "atleast_2d atleast_3d broadcast_to diagonal split array_split hsplit vsplit dsplit repeat tile delete "
    "matrix_transpose"
).split():
    rule(getattr(np, _name, None))(_moving(getattr(np, _name, None)))


def _with_zeros(function):
    """Return the rule of a function that fills with zeros."""

    def apply(tape: Tape, x, *args, **kwargs):
        x = array_of(tape, x)
        value = function(values_of(x), *args, **kwargs)
        return gathered(x, np.array(value), function(positions(x) + 1, *args, **kwargs) - 1)

    return apply


for _name in ("triu", "tril", "diag", "diagflat"):
    rule(getattr(np, _name))(_with_zeros(getattr(np, _name)))


@rule(np.pad)
def _pad(tape, array, pad_width, mode="constant", **kwargs):
    if (
        mode not in ("constant", "edge", "wrap", "reflect", "symmetric")
        or kwargs.get("reflect_type", "even") != "even"
    ):
        refuse(tape, f"np.pad with mode={mode!r}")
    value = np.pad(values_of(array), pad_width, mode, **kwargs)
    if mode == "constant":
        kwargs = {}
    return gathered(array, value, np.pad(positions(array) + 1, pad_width, mode, **kwargs) - 1)


@rule(np.roll)
def _roll(tape, a, shift, axis=None):
    """Write both parts into new memory, whose layout is that of NumPy's result."""
    a = array_of(tape, a)
    if a.ndim == 1 and axis is None:
        axis = 0
    one = isinstance(shift, (int, np.integer)) and isinstance(axis, (int, np.integer))
    if not one or not -a.ndim <= axis < a.ndim or not a.size:
        return moved(tape, np.roll, a, shift, axis)
    n = a.shape[axis]
    made, before = recorded(tape, np.empty_like(values_of(a))), (slice(None),) * (axis % a.ndim)
    shift %= n
    made[(*before, slice(shift, None))] = a[(*before, slice(None, n - shift))]
    if shift:
        made[(*before, slice(None, shift))] = a[(*before, slice(n - shift, None))]
    return made


@rule(np.take)
def _take(tape, a, indices, axis=None, out=None, mode="raise"):
    if out is not None:
        refuse(tape, "np.take with out=")
    return moved(tape, np.take, array_of(tape, a), indices, axis=axis, mode=mode)


@rule(np.take_along_axis)
def _take_along_axis(tape, arr, indices, axis=-1):
    return moved(tape, np.take_along_axis, array_of(tape, arr), indices, axis)


@rule(np.compress)
def _compress(tape, condition, a, axis=None, out=None):
    if out is not None:
        refuse(tape, "np.compress with out=")
    if is_recorded(condition):
        condition = values_of(condition)
        note_ties(tape, condition)
    return moved(tape, lambda v: np.compress(condition, v, axis), array_of(tape, a))


@rule(np.extract)
def _extract(tape, condition, arr):
    condition = values_of(condition)
    return moved(tape, lambda v: np.extract(condition, v), array_of(tape, arr))


@rule(np.sort)
def _sort(tape, a, axis=-1, kind=None, order=None, *, stable=None):
    """By NumPy's order of the values, ties included."""
    a = array_of(tape, a)
    v = values_of(a)
    value = np.sort(v, axis=axis, kind=kind)
    if is_second(tape) and np.any(np.diff(value, axis=-1 if axis is None else axis) == 0):
        refuse(tape, "np.sort of equal numbers, for second derivatives,")
    if axis is None:
        a, axis = a.ravel(), 0
        v = values_of(a)
    chosen = np.argsort(v, axis=axis, kind=kind)
    return gathered(a, value, np.take_along_axis(positions(a), chosen, axis))


@rule(np.copy)
def _copy(tape, a, order="K", subok=False):
    return copied_array(array_of(tape, a), order)


@rule(np.diff)
def _diff(tape, a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    """NumPy's own steps."""
    a = array_of(tape, a)
    if prepend is not np._NoValue or append is not np._NoValue:
        parts = []
        for part in (prepend, a, append):
            if part is not np._NoValue:
                part = array_of(tape, part)
                if part.ndim == 0:
                    shape = list(a.shape)
                    shape[axis] = 1
                    part = np.broadcast_to(part, tuple(shape))
                parts.append(part)
        a = np.concatenate(parts, axis)
    after, before = [slice(None)] * a.ndim, [slice(None)] * a.ndim
    after[axis], before[axis] = slice(1, None), slice(None, -1)
    for _ in range(n):
        a = np.subtract(a[tuple(after)], a[tuple(before)])
    return a


@rule(np.ediff1d)
def _ediff1d(tape, ary, to_end=None, to_begin=None):
    if to_end is not None or to_begin is not None:
        refuse(tape, "np.ediff1d with ends")
    ary = np.ravel(ary)
    return ary[1:] - ary[:-1]


@rule(np.real, np.asarray_chkfinite)
def _real(tape, x):
    return x


@rule(np.imag)
def _imag(tape, x):
    return np.zeros(np.shape(values_of(x)))


def _like(function):
    """Return the rule of zeros_like and its kin."""

    def make(tape: Tape, a, *args, **kwargs):
        if is_recorded_number(a):
            return function(values_of(a), *args, **kwargs)
        value = function(values_of(a), *args, **kwargs)
        return recorded(tape, value) if value.dtype == float else value

    return make


for _name in ("zeros_like", "ones_like", "empty_like"):
    rule(getattr(np, _name))(_like(getattr(np, _name)))


@rule(np.full_like)
def _full_like(tape, a, fill_value, dtype=None, order="K", subok=True, shape=None):
    value = np.empty_like(values_of(a), dtype, order, subok, shape)
    made = recorded(tape, np.array(value))
    if made.dtype != float:
        refuse(tape, "np.full_like with a dtype")
    made[...] = fill_value
    return made


@rule(np.broadcast_arrays)
def _broadcast_arrays(tape, *arrays, subok=False):
    shape = np.broadcast_shapes(*[np.shape(values_of(a)) for a in arrays])
    return tuple(np.broadcast_to(array_of(tape, a), shape) for a in arrays)


@rule(np.meshgrid)
def _meshgrid(tape, *xi, copy=True, sparse=False, indexing="xy"):
    if sparse or not copy:
        refuse(tape, "np.meshgrid with sparse=")
    arrays = [array_of(tape, x) for x in xi]
    shapes = [[1] * len(xi) for _ in xi]
    for i, x in enumerate(arrays):
        swapped = {0: 1, 1: 0}.get(i, i) if indexing == "xy" and len(xi) > 1 else i
        shapes[i][swapped] = x.size
    grids = np.broadcast_arrays(*[x.reshape(shape) for x, shape in zip(arrays, shapes, strict=True)])
    return tuple(np.copy(grid, order="C") for grid in grids)
