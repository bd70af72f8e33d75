"""Derivatives at kinks and singular points, from a pass at x + t w for small t > 0.

A pass tells the driver that it met a kink in elements of second order or more, or a singular slope at an argument
whose tangents are all zero. Then the driver calls f again with one level more, near to x: every number carries the
series in t of its value at x + t w, where w is a direction fixed for all variables. So each branch of f is followed on
one side, products of branches are exact, and a zero that is only computed, as that of ``x**4``, shows how it moves.
Derivatives are the limits for t -> 0; those that have none are nan.
"""

import numpy as np

from dualnum._core import (
    Dual,
    DualArray,
    DualDType,
    Level,
    Lost,
    NearPass,
    Tainting,
    calls_open,
    comparisons_of_last_call,
    complex_from,
    imaginary_part,
    is_near,
    points_met,
    real_part,
    seed_scalar,
    seed_tangents,
    split,
    value,
)
from dualnum.drivers._checks import OF_COMPLEX
from dualnum.rules._components import components, from_components, orders
from dualnum.rules.linalg.eigen import NotSmooth

#: How many orders more than the derivatives' the series in t have: those of a zero of an argument that can be told.
EXTRA = 6
#: Derivatives of higher orders at kinks are nan: their passes would take too long.
MOST = 32
#: Coefficients of a series that are smaller, relative to the largest, are rounding errors.
NOISE = 2.0**-38


def may_settle(variables):
    """Return whether a pass at these variables may be repeated.

    A pass within a pass of another driver leaves it to that one, whose variables it depends on.
    """
    return not calls_open() or not any(
        isinstance(leaf.x, Dual) or _is_dual(leaf.x) for leaf in variables.leaves()
    )


def _is_dual(x):
    return isinstance(getattr(x, "dtype", None), DualDType)


def _is_near(x):
    return _is_dual(x) and is_near(x.dtype)


def settled(driver, variables, kwargs, seeds, y, before, met, whole):
    """Return what f gave, `y`, with its derivatives from passes near to x.

    Parameters
    ----------
    seeds
        Those of the pass that gave `y`.
    before, met
        What `points_met` returned before and after that pass.
    whole : bool
        Whether it moved all variables.
    """

    def settle(call, y):
        return _settled(call, driver, variables, kwargs, seeds, y, before, met, whole)

    compared = comparisons_of_last_call()
    found = _by_parts(driver, settle, y)
    if met[2] == before[2] or driver.check is False or _degree(variables.seed_again(*seeds)) > 1:
        return found
    # beside a singular point f may take a branch at x alone
    lost = _loss(driver, variables, kwargs, seeds, found, compared)
    if not isinstance(lost, Lost):
        return found
    found = beside_ties(driver, variables, kwargs, seeds, compared)
    if found is None:
        raise lost
    return found


def beside_ties(driver, variables, kwargs, seeds, compared):
    """Return f's value with the first derivatives on which both sides of a tie agree, or None if they do not.

    There f is smooth although the branch that it takes at x is not, as ``if x == 0: return 1.0``.  At x it has
    `compared` numbers so often.
    """
    if _degree(variables.seed_again(*seeds)) > 1:
        return None

    def settle(call, y):
        above, below = (
            _pass_near(call, driver, variables, kwargs, seeds, 1 + EXTRA, sign, y) for sign in (1.0, -1.0)
        )
        if not _is_dual(above) or above.dtype is not getattr(below, "dtype", None):
            return None
        y = _like(np.asarray(y).astype(above.dtype), y)
        same = _agreement(y, above, below)
        if same is None or not same.all():
            return None
        return _replaced(y, [above, below], 1, 1, same, False)

    found = _by_parts(driver, settle, driver.call(variables.seed_again(), kwargs))
    if found is None or isinstance(_loss(driver, variables, kwargs, seeds, found, compared), Lost):
        return None
    if variables.state is not None:
        driver.call(variables.seed_again(), kwargs)  # which leaves the arguments as one call does
    return found


def _by_parts(driver, settle, y):
    """Return ``settle(call, y)``, for a driver of complex functions from both parts of results; None stays None."""
    if driver.name not in OF_COMPLEX:
        return settle(driver.call, y)
    is_complex = np.iscomplexobj(y)

    def call(args, kwargs):
        nonlocal is_complex
        found = driver.call(args, kwargs)
        is_complex = is_complex or np.iscomplexobj(found)
        return _both_parts(found)

    found = settle(call, _both_parts(y))
    return None if found is None else complex_from(*found) if is_complex else found[0]


def _loss(driver, variables, kwargs, seeds, found, compared):
    """Return what the nets of lifting say of a result; they refuse that of a search by comparisons, for example."""
    from dualnum.lifting import nets, storage
    from dualnum.lifting.state import State

    arguments = variables.seed_again(*seeds), kwargs
    at = nets.Plain(driver.f, *storage.copied(arguments), State(arguments))
    return nets.loss(at, found, compared=compared)


def _agreement(y, above, below):
    """Return where components of results near to x, on both sides, agree; None where they are no such results."""
    if not _is_dual(y) or not all(_is_dual(side) and side.dtype is y.dtype for side in (above, below)):
        return None
    if not (_same_values(above, y) and _same_values(below, y)):
        return None
    a, b = (components(np.asarray(side)) for side in (above, below))
    size = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
    return np.isclose(a, b, rtol=1e-7, atol=1e-12 * size) & np.isfinite(a)


def _degree(x):
    """Return the highest order of derivatives that numbers carry, in tuples, lists and dicts as well."""
    if isinstance(x, dict):
        x = tuple(x.values())
    if isinstance(x, (list, tuple)):
        return max(map(_degree, x), default=1)
    return x.dtype.degree if _is_dual(x) else 1


def _both_parts(y):
    """Return the real and the imaginary part of a result along a new first axis."""
    both = np.stack([np.asarray(real_part(y)), np.asarray(imaginary_part(y))])
    return both.view(DualArray) if _is_dual(both) else both


def _settled(call, driver, variables, kwargs, seeds, y, before, met, whole):
    """Return what `settled` does for real results, which ``call(args, kwargs)`` gives."""
    kinks, ties, zeros, rests, rest_ties, _, calls = [
        now - then for now, then in zip(met, before, strict=True)
    ]
    nested = calls > 1  # f called drivers, so derivatives are of a higher order than `y` shows
    order = _degree(y if _is_dual(y) else variables.seed_again(*seeds))  # of a constant at this x alone, too
    size = order + EXTRA + 2 * nested

    def near(seeds, sign=1.0, by_value=None):
        return _pass_near(call, driver, variables, kwargs, seeds, size, sign, y, by_value)

    if not (kinks or ties):
        near(())
        if points_met()[5] == met[5]:  # the arguments at all of these points are at rest
            return y
    # a pass with nan at kinks does not show what depends on ties, and averages may look as if they rested
    hidden = ties or (rest_ties and (kinks or zeros)) or (not whole and (rests or rest_ties))
    affected = None if hidden else _affected(call, variables, kwargs, seeds, y, False)
    if nested:
        y = _with_value(y, call(variables.seed_again(), kwargs))
    least = 1 if nested else 2
    above = near(seeds)
    if above is None and not _is_dual(y) and near(seeds, -1.0) is None:
        y = _without_derivatives(y, variables.seed_again(*seeds))  # a constant at this x alone, perhaps
    found = _replaced(y, [above], least, order, affected, nested)
    if (zeros and not nested) or np.any(_unknown(found)):
        below = near(seeds, -1.0)
        other = _replaced(y, [below], least, order, affected, nested)
        found = _chosen(other, found, _unknown(found) & ~_unknown(other))
        if zeros and not nested:  # to first order kinks average, and comparisons look at values
            affected = _affected(call, variables, kwargs, seeds, y, True)
            sides = [near(seeds, sign, "always") for sign in (1.0, -1.0)]
            found = _replaced(found, sides, 1, 1, affected, nested)
    # a branch that f takes at x alone has another slope than both sides
    if (ties or rest_ties) and not nested and order > 1:
        sides = [above, near(seeds, -1.0)]
        same = _agreement(found, *sides)
        if same is not None:
            found = _replaced(found, sides, 1, 1, same, nested)
    if len(seeds) == 2 and seeds[0][0] is seeds[1][0]:
        found = _symmetric(found, [level for _, level in seeds])
    return found


def _affected(call, variables, kwargs, seeds, y, zeros_alone):
    """Return which components of `y` depend on kinks or singular points, or on the latter; None if that is hidden."""
    try:
        with Tainting(zeros_alone), np.errstate(all="ignore"):
            tainted = call(variables.seed_again(*seeds), kwargs)
    except Exception:
        return None
    if not _is_dual(y) or getattr(tainted, "dtype", None) is not y.dtype or tainted.shape != y.shape:
        return None
    return np.isnan(components(np.asarray(tainted)))


def _pass_near(call, driver, variables, kwargs, seeds, size, sign, y, by_value=None):
    """Return f's result at x + t w, t -> 0, with derivatives by the seeds; None where f raises an error there.

    The seeds e are scaled: f is called at x + t (w + e). So all derivatives are power series: that of order k has the
    factor t**k, by which those of ``norm(x)``, such as 1 / t, have no poles before the end.
    """
    if size > MOST + EXTRA:
        return None
    level = Level(near=True)
    levels, scaled = _scaling(seeds)
    try:
        with NearPass(by_value), np.errstate(all="ignore"):
            pairs = (_direction(driver, size, sign), level), *seeds, (scaled, level)
            found = _limits(call(variables.seed_again(*pairs), kwargs), level, levels)
        if by_value is None and not _same_values(found, y):
            other = _pass_near(call, driver, variables, kwargs, seeds, size, sign, y, "equality")
            return other if other is not None and _same_values(other, y) else found
        return found
    except NotSmooth:
        raise
    except Exception:
        return None
    finally:
        level.retire()


def _scaling(seeds):
    """Return the levels of seeds, and a seed that multiplies their tangents by t, in numbers with a near level."""
    levels = [level for _, of in seeds for level in (of if isinstance(of, list) else [of])]

    def scaled(x, leaf, level):
        if not _is_near(x):
            return x
        numbers, order = _series(x, level, levels)
        for k in range(1, 1 + max(order, default=0)):
            numbers[..., order == k, k:] = numbers[..., order == k, :-k]
            numbers[..., order == k, :k] = 0.0
        return _like(from_components(numbers.reshape(*x.shape, -1), x.dtype), x)

    return levels, scaled


def within(driver, variables, kwargs, seeds):
    """Return f's result in a pass within one near to x: with scaled seeds as well, and their factors t taken out."""
    levels, scaled = _scaling(seeds)
    y = driver.call(variables.seed_arguments(*seeds, (scaled, None)), kwargs)
    if np.iscomplexobj(y):
        return complex_from(
            *(_unscaled(part, variables, levels) for part in (real_part(y), imaginary_part(y)))
        )
    return _unscaled(y, variables, levels)


def _unscaled(y, variables, levels):
    """Return a result without the factors t of scaled seeds."""
    if not _is_near(y) or not any(_is_near(leaf.x) for leaf in variables.leaves()):
        return y
    numbers, order = _series(y, None, levels)
    numbers[_has_pole(numbers, order)] = np.nan
    for k in range(1, 1 + max(order, default=0)):
        numbers[..., order == k, :-k] = numbers[..., order == k, k:]
        numbers[..., order == k, -k:] = np.nan
    return _like(from_components(numbers.reshape(*np.shape(y), -1), y.dtype), y)


def _same_values(near, y):
    near, y = value(near), value(y)
    return np.shape(near) == np.shape(y) and np.allclose(near, y, rtol=1e-9, equal_nan=True)


def _series(y, level, levels):
    """Return the components of `y`, the near level's along the last axis, and the order of each in the other levels."""
    y = np.asarray(y)
    degrees = orders(y.dtype)
    order = degrees[[one in levels for one in y.dtype.levels]].sum(axis=0)[degrees[0] == 0]
    return components(y).reshape(*y.shape, len(order), -1), order


def _limits(y, level, levels):
    """Return a result without the near level: of derivatives of order k the coefficients of t**k.

    Where lower ones are not zero, up to rounding errors, there is a pole and no limit: inf, as a mark.
    """
    rest, tangents = split(y, level)
    if tangents is None or not _is_dual(rest):
        return rest
    numbers, order = _series(y, level, levels)
    found = np.take_along_axis(numbers, np.broadcast_to(order, numbers.shape[:-1])[..., np.newaxis], -1)[
        ..., 0
    ]
    return _like(from_components(np.where(_has_pole(numbers, order), np.inf, found), rest.dtype), y)


def _has_pole(numbers, order):
    """Return which components' series have coefficients of lower powers than t**order, beyond rounding errors."""
    noise = NOISE * np.max(
        np.abs(numbers), axis=(-2, -1), keepdims=True, where=np.isfinite(numbers), initial=0.0
    )
    lower = np.arange(numbers.shape[-1]) < order[:, np.newaxis]
    return (lower & (np.abs(numbers) > noise)).any(axis=-1)


def _direction(driver, size, sign):
    """Seed the series x + sign * w * t of `size` orders; a variable moves by its own size, or by 1 if it is 0."""

    def seed(x, leaf, level):
        numbers = np.asarray(value(x))
        finite = np.isfinite(numbers) & (numbers != 0)
        scale = np.ldexp(sign, np.where(finite, np.frexp(np.where(finite, numbers, 1.0))[1] - 1, 0))
        rates = scale * weights(leaf.start, leaf.stop - leaf.start).reshape(leaf.shape)
        if not isinstance(x, np.ndarray):
            return seed_scalar(x, level, float(rates), size)
        series = np.zeros((*x.shape, size))
        series[..., 0] = rates
        return seed_tangents(x, level, series, driver.subok)

    return seed


def weights(start, count):
    """Return components start ... start + count - 1 of w, in [1, 2): those of ``ext/math/kinks.h``."""
    z = np.arange(start, start + count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return 1 + ((z ^ (z >> np.uint64(31))) >> np.uint64(44)).astype(float) / 2**20


def _with_value(y, found):
    """Return `y` with the values of `found`, which f gives without the seeds."""
    found = np.asarray(value(found))
    if found.shape != np.shape(y):
        return y
    if not _is_dual(y):
        return found[()]
    numbers = components(np.asarray(y))
    numbers[..., 0] = found
    return _like(from_components(numbers, y.dtype), y)


def _without_derivatives(y, seeded):
    """Return a constant with unknown derivatives of second order and more, in the levels of the arguments."""
    from dualnum.lifting.storage import dtype_of

    dtype = dtype_of(seeded)
    numbers = np.full((*np.shape(y), dtype.itemsize // 8), np.nan)
    numbers[..., orders(dtype).sum(axis=0) == 1] = 0.0
    numbers[..., 0] = y
    return _like(from_components(numbers, dtype), y)


def _replaced(y, sides, least, most, affected, nested):
    """Return `y` with its derivatives of order `least` to `most` replaced by the mean of those of results near to x.

    Those alone that are `affected`, a mask of components, unless it is None.

    Those with a pole are nan. An infinite one that has no series near to x stays. Where the value is nan, so are those
    that are affected; if that is not known, or the value is itself a derivative (`nested`), they stay.
    """
    ours, sides = np.asarray(y), [np.asarray(side) for side in sides]
    known = all(side.shape == ours.shape and side.dtype != object for side in sides)
    dtype = np.result_type(*[a.dtype for a in (ours, *sides)]) if known else ours.dtype
    if not isinstance(dtype, DualDType):
        return y
    numbers, total = components(ours.astype(dtype)), orders(dtype).sum(axis=0)
    chosen = (total >= least) & (total <= most)
    given = numbers[..., chosen]
    found = np.full_like(given, np.nan)
    if known:
        with np.errstate(invalid="ignore"):
            found = sum(components(side.astype(dtype))[..., chosen] for side in sides) / len(sides)
    without_value, kept = np.isnan(numbers[..., :1]), np.isnan(found) & np.isinf(given)
    found = np.where(np.isinf(found), np.nan, found)
    if affected is None or dtype is not ours.dtype:
        kept |= without_value
    else:
        if nested:
            kept |= without_value
        else:
            found, kept = np.where(without_value, np.nan, found), kept & ~without_value
        kept |= ~affected[..., chosen]
    numbers[..., chosen] = np.where(kept, given, found)
    return _like(from_components(numbers, dtype), y)


def _unknown(y):
    """Return which elements of a result have a value, but not all derivatives."""
    if not _is_dual(y):
        return np.zeros(np.shape(y), bool)
    numbers = components(np.asarray(y))
    return np.isnan(numbers).any(axis=-1) & ~np.isnan(numbers[..., 0])


def _chosen(a, b, first):
    """Return `a` where `first` holds, else `b`."""
    if not np.any(first):
        return b
    dtype = np.result_type(np.asarray(a).dtype, np.asarray(b).dtype)
    ours, others = (components(np.asarray(x).astype(dtype)) for x in (a, b))
    return _like(from_components(np.where(first[..., np.newaxis], ours, others), dtype), b)


def _symmetric(y, levels):
    """Return `y`, seeded alike in two levels of one size, with second derivatives symmetric to the last bit."""
    present = list(y.dtype.levels) if _is_dual(y) else []
    if not all(level in present for level in levels):
        return y
    numbers = components(np.asarray(y))
    sizes = [1 + size for size in reversed(y.dtype.sizes)]
    axes = [-1 - present.index(level) for level in levels]
    numbers = numbers.reshape(*y.shape, *sizes)
    numbers = ((numbers + numbers.swapaxes(*axes)) / 2).reshape(*y.shape, -1)
    return _like(from_components(numbers, y.dtype), y)


def _like(a, y):
    """Return an array of duals as the kind of result that `y` is."""
    if not a.ndim and not isinstance(y, np.ndarray):
        return a[()]
    return a.view(DualArray) if isinstance(y, DualArray) or not isinstance(y, np.ndarray) else a
