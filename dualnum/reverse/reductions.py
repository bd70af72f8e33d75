"""Sums, means, extrema, cumulative sums and other reductions of recorded arrays."""

from math import prod as product_of

import numpy as np

from dualnum._core import (
    Tape,
    is_second,
    is_sparse,
    keep,
    pulled,
    recorded,
    refuse,
    scaled,
    values_of,
    with_values,
)
from dualnum.reverse._rules import array_of, axes_of, kept_shape, rule
from dualnum.reverse.elementwise import note_ties

GIVEN = np._NoValue


def _options(tape, name, options, allowed=()):
    """Refuse options other than the defaults and those allowed."""
    for option, given in options.items():
        default = given is GIVEN or given is None or (option == "where" and given is True)
        if option == "dtype" and given in (float, np.float64, np.dtype(float)):
            continue
        if option == "keepdims" and given in (False, True):
            continue
        if not default and option not in allowed:
            refuse(tape, f"np.{name} with {option}=")


def _sizes(x, axis):
    """Return the values of x, the axes of a reduction, its keepdims shape and how many elements each result has."""
    v = values_of(x)
    axes = axes_of(axis, v.ndim)
    return v, axes, kept_shape(v.shape, axes), product_of(v.shape[i] for i in axes)


def _linear(function, ufunc, mean):
    """Return the rule of a sum or mean."""

    def reduce(tape: Tape, x, axis=None, dtype=None, out=None, keepdims=GIVEN, **options):
        _options(tape, function.__name__, {"dtype": dtype, "out": out, "keepdims": keepdims, **options})
        x = array_of(tape, x)
        v, _, kept, count = _sizes(x, axis)
        keep = keepdims is True
        value = function(v, axis=axis, keepdims=keep) if mean else ufunc.reduce(v, axis, None, None, keep)
        slope = 1 / count if mean and count else 1.0
        return scaled(tape, value, [(x, slope)], kept, v.shape)

    return reduce


rule(np.sum, (np.add, "reduce"))(_linear(np.sum, np.add, False))
rule(np.mean)(_linear(np.mean, None, True))


@rule((np.add, "reduce"))
def _add_reduce(tape, x, axis=0, dtype=None, out=None, keepdims=False, **options):
    return np.sum(array_of(tape, x), axis=axis, dtype=dtype, out=out, keepdims=keepdims, **options)


def _extremum(function):
    """Return the rule of max or min: ties share equally; where the value is nan, slopes are nan."""

    def reduce(tape: Tape, x, axis=None, out=None, keepdims=GIVEN, **options):
        _options(tape, function.__name__, {"out": out, "keepdims": keepdims, **options})
        x = array_of(tape, x)
        v, _, kept, _ = _sizes(x, axis)
        value = function(v, axis=axis, keepdims=keepdims is True)
        top = np.reshape(value, kept)
        chosen = np.where(np.isnan(top), np.nan, v == top)
        with np.errstate(all="ignore"):
            count = chosen.sum(axis=axis, keepdims=True)
            chosen /= count
        if is_second(tape) and not np.all(count == 1):
            refuse(tape, "second derivatives of extrema with ties")
        return scaled(tape, value, [(x, chosen)], kept, v.shape, constant=True)

    return reduce


for _name in ("max", "min", "amax", "amin"):
    rule(getattr(np, _name))(_extremum(getattr(np, _name)))


@rule((np.maximum, "reduce"))
def _maximum_reduce(tape, x, axis=0, dtype=None, out=None, keepdims=False, **options):
    return np.max(array_of(tape, x), axis=axis, out=out, keepdims=keepdims, **options)


@rule((np.minimum, "reduce"))
def _minimum_reduce(tape, x, axis=0, dtype=None, out=None, keepdims=False, **options):
    return np.min(array_of(tape, x), axis=axis, out=out, keepdims=keepdims, **options)


@rule(np.ptp)
def _ptp(tape, x, axis=None, out=None, keepdims=GIVEN):
    _options(tape, "ptp", {"out": out, "keepdims": keepdims})
    keep = keepdims is True
    return np.max(x, axis=axis, keepdims=keep) - np.min(x, axis=axis, keepdims=keep)


def _others(v, axes):
    """Return for each element the product of all others along the axes, without a division."""
    order = [i for i in range(v.ndim) if i not in axes] + list(axes)
    moved = np.transpose(v, order)
    flat = moved.reshape(*moved.shape[: v.ndim - len(axes)], -1)
    ones = np.ones((*flat.shape[:-1], 1))
    before = np.cumprod(np.concatenate([ones, flat[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([ones, flat[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return np.transpose((before * after).reshape(moved.shape), np.argsort(order))


def _multiplied(x, axes, count, shape):
    """Return the product along axes, of this shape, from one multiplication after another."""
    rows = np.moveaxis(x, axes, range(len(axes))).reshape((count, *shape))
    made = np.positive(rows[0])
    for i in range(1, count):
        made = made * rows[i]
    return made


@rule(np.prod)
def _prod(tape, x, axis=None, dtype=None, out=None, keepdims=GIVEN, **options):
    _options(tape, "prod", {"dtype": dtype, "out": out, "keepdims": keepdims, **options})
    x = array_of(tape, x)
    v, axes, kept, count = _sizes(x, axis)
    value = np.multiply.reduce(v, axis, None, None, keepdims is True)
    if is_sparse(tape):
        return (
            with_values(_multiplied(x, axes, count, np.shape(value)), value)
            if count
            else recorded(tape, value)
        )
    values = keep(tape, x)

    def pull(adjoint):
        return [np.reshape(adjoint, kept) * _others(values.values(), axes)]

    return pulled(
        tape, value, [x], pull, lambda: np.prod(values.values(), axis=axis, keepdims=keepdims is True)
    )


@rule((np.multiply, "reduce"))
def _multiply_reduce(tape, x, axis=0, dtype=None, out=None, keepdims=False, **options):
    return np.prod(array_of(tape, x), axis=axis, dtype=dtype, out=out, keepdims=keepdims, **options)


def _spread(function):
    """Return the rule of var or std: var' = 2 (x - mean) / (n - ddof), std' = var' / (2 std)."""

    def reduce(tape: Tape, x, axis=None, dtype=None, out=None, ddof=0, keepdims=GIVEN, **options):
        name = function.__name__
        _options(tape, name, {"dtype": dtype, "out": out, "keepdims": keepdims, **options}, ("correction",))
        ddof = options["correction"] if options.get("correction", GIVEN) is not GIVEN else ddof
        x = array_of(tape, x)
        v, axes, kept, count = _sizes(x, axis)
        value = function(v, axis=axis, ddof=ddof, keepdims=keepdims is True)
        if is_second(tape):
            gap = x - np.mean(x, axis=axes, keepdims=True)
            made = np.sum(gap * gap, axis=axes, keepdims=keepdims is True) / (count - ddof)
            return with_values(made if name == "var" else np.sqrt(made), value)
        with np.errstate(all="ignore"):
            slope = (v - v.mean(axis=axes, keepdims=True)) / (count - ddof)
            slope = 2 * slope if name == "var" else slope / np.reshape(value, kept)
        return scaled(tape, value, [(x, slope)], kept, v.shape)

    return reduce


rule(np.var)(_spread(np.var))
rule(np.std)(_spread(np.std))


def _reversed_cumsum(a, axis):
    return np.flip(np.cumsum(np.flip(a, axis), axis=axis), axis)


@rule(np.cumsum)
def _cumsum(tape, x, axis=None, dtype=None, out=None):
    _options(tape, "cumsum", {"dtype": dtype, "out": out})
    x = array_of(tape, x)
    v = values_of(x)
    value = np.cumsum(v, axis=axis)
    kept = keep(tape, x)
    if axis is None:
        pull = lambda a: [_reversed_cumsum(a, 0).reshape(v.shape)]  # noqa: E731
    else:
        pull = lambda a: [_reversed_cumsum(a, axis)]  # noqa: E731
    return pulled(
        tape, value, [x], pull, lambda: np.cumsum(kept.values(), axis=axis), lambda: _before(v.shape, axis)
    )


def _before(shape, axis):
    """Return the local Jacobian of cumsum: ones, where a result comes after an element of its line or is at it."""
    places = np.arange(product_of(shape)).reshape(shape)
    lines = places.reshape(1, -1) if axis is None else np.moveaxis(places, axis, -1).reshape(-1, shape[axis])
    after, before = np.tril_indices(lines.shape[1])
    rows, columns = lines[:, after].reshape(-1), lines[:, before].reshape(-1)
    return rows, columns, np.ones(rows.size)


@rule((np.add, "accumulate"))
def _add_accumulate(tape, x, axis=0, dtype=None, out=None):
    return np.cumsum(array_of(tape, x), axis=axis, dtype=dtype, out=out)


@rule(np.cumprod)
def _cumprod(tape, x, axis=None, dtype=None, out=None):
    """x'_i = sum_(j >= i) y'_j y_j / x_i, for x without zeros."""
    _options(tape, "cumprod", {"dtype": dtype, "out": out})
    x = array_of(tape, x)
    v = values_of(x)
    if np.any(v == 0):
        refuse(tape, "np.cumprod of zeros")
    value = np.cumprod(v, axis=axis)
    values, along = keep(tape, x), 0 if axis is None else axis

    def again():
        return np.cumprod(values.values(), axis=axis)

    def pull(adjoint):
        total = _reversed_cumsum(adjoint * again(), along)
        return [total.reshape(v.shape) / values.values()]

    return pulled(tape, value, [x], pull, again)


@rule((np.multiply, "accumulate"))
def _multiply_accumulate(tape, x, axis=0, dtype=None, out=None):
    return np.cumprod(array_of(tape, x), axis=axis, dtype=dtype, out=out)


@rule(np.average)
def _average(tape, a, axis=None, weights=None, returned=False, *, keepdims=GIVEN):
    """The weighted mean, by NumPy's own steps."""
    keep = {} if keepdims is GIVEN else {"keepdims": keepdims}
    if returned:
        refuse(tape, "np.average with returned=")
    if weights is None:
        return np.mean(a, axis=axis, **keep)
    w = array_of(tape, weights)
    a = array_of(tape, a)
    if w.shape != a.shape:
        if w.ndim != 1 or not isinstance(axis, int):
            refuse(tape, "np.average with weights of another shape")
        w = np.broadcast_to(w, (a.ndim - 1) * (1,) + w.shape).swapaxes(-1, axis)
    scale = np.sum(w, axis=axis, **keep)
    if np.any(values_of(scale) == 0):
        refuse(tape, "np.average with weights of sum zero")
    return np.multiply(a, w).sum(axis, **keep) / scale


def _of_values(function):
    """Return the rule of a function whose result has no derivative."""

    def apply(tape, *args, **kwargs):
        if is_second(tape) and function not in (np.shape, np.ndim, np.size, np.result_type):
            refuse(tape, f"np.{function.__name__}, for second derivatives,")
        kwargs = {name: values_of(given) for name, given in kwargs.items()}
        args = [values_of(x) for x in args]
        if function in TESTS_FOR_ZERO:
            note_ties(tape, args[0] if args else kwargs["a"])
        elif function is np.isin:
            note_ties(tape, *np.meshgrid(*args[:2], indexing="ij", sparse=True))
        return function(*args, **kwargs)

    return apply


TESTS_FOR_ZERO = (np.all, np.any, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero)

for _name in (
    "all any argmax argmin argsort nonzero flatnonzero argwhere count_nonzero searchsorted isclose allclose "
    "array_equal shape ndim size isreal iscomplexobj isrealobj isin digitize nanargmax nanargmin result_type "
    "isposinf isneginf argpartition may_share_memory shares_memory"
).split():
    rule(getattr(np, _name))(_of_values(getattr(np, _name)))


def _ignoring_nan(function, fill):
    """Return the rule of a reduction that replaces nan, such as nansum."""

    def reduce(tape, x, *args, **kwargs):
        x = array_of(tape, x)
        if np.isnan(values_of(x)).any():
            refuse(tape, f"np.{function.__name__} of nan")
        return fill(x, *args, **kwargs)

    return reduce


for _name in ("sum", "mean", "max", "min", "prod", "var", "std", "cumsum", "cumprod"):
    rule(getattr(np, f"nan{_name}"))(_ignoring_nan(getattr(np, f"nan{_name}"), getattr(np, _name)))


@rule(np.trapezoid)
def _trapezoid(tape, y, x=None, dx=1.0, axis=-1):
    """NumPy's own steps."""
    y = array_of(tape, y)
    if x is None:
        d = dx
    else:
        x = array_of(tape, x)
        d = np.diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1:
            shape = [1] * y.ndim
            shape[axis] = d.shape[0]
            d = d.reshape(shape)
    left, right = [slice(None)] * y.ndim, [slice(None)] * y.ndim
    left[axis], right[axis] = slice(1, None), slice(None, -1)
    return (d * (y[tuple(left)] + y[tuple(right)]) / 2.0).sum(axis)
