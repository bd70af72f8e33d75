"""scipy.ndimage: filters and interpolations that are linear in the image, or that pick its elements."""

import functools
import itertools
import math

import numpy as np
from scipy import ndimage

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy._linear import linear, register_linear
from dualnum.rules.scipy._registry import arguments, require_close

register_linear(
    ndimage,
    "gaussian_filter gaussian_filter1d uniform_filter uniform_filter1d convolve correlate convolve1d correlate1d "
    "laplace sobel prewitt gaussian_laplace spline_filter spline_filter1d zoom shift rotate affine_transform "
    "sum sum_labels mean",
)


# ---- interpolation at coordinates ---------------------------------------------------------------------------------


def _spline_weight(order, s):
    """Return the centred B-spline: ``sum_k (-1)^k C(n + 1, k) (s + (n + 1)/2 - k)_+^n / n!``.

    Its n-th derivatives average at the knots, which takes the taps on both sides of them.
    """
    total = 0.0 * s
    for k in range(order + 2):
        u = s + (order + 1) / 2 - k
        power = np.maximum(u, 0.0) ** order if order else np.where(value(u) < 0, 0.0, 1.0)
        total = total + (-1) ** k * math.comb(order + 1, k) * power
    return total / math.factorial(order)


#: How the coordinate i of n elements is continued, for i beyond the ends.
EXTENDED = {
    "constant": lambda i, n: _mirrored(i, n),
    "mirror": lambda i, n: _mirrored(i, n),
    "nearest": lambda i, n: np.clip(i, 0, n - 1),
    "reflect": lambda i, n: np.where((j := i % (2 * n)) < n, j, 2 * n - 1 - j),
    "grid-wrap": lambda i, n: i % n,
}


#: Beyond it a coordinate has no digits left for its place between two elements.
FARTHEST = 1e15


def _mirrored(i, n):
    j = i % max(2 * n - 2, 1)
    return np.where(j < n, j, 2 * n - 2 - j)


@rule(ndimage.map_coordinates)
def map_coordinates(input, coordinates, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """The spline through the image at coordinates, both of which may be dual."""
    if not holds_duals(coordinates):
        return linear(ndimage.map_coordinates)(input, coordinates, output, order, mode, cval, prefilter)
    if output is not None or mode not in EXTENDED or is_dual(cval):
        raise TypeError(
            f"map_coordinates of duals expects output=None and mode to be one of {', '.join(EXTENDED)}, got others."
        )
    if not (is_dual(input) or np.asarray(input).dtype.kind == "f") or not np.all(
        np.abs(value(np.array(coordinates))) < FARTHEST
    ):
        raise ValueError(
            f"map_coordinates of duals expects a real floating image and coordinates of a size below {FARTHEST:g}, got "
            f"others."
        )
    values = ndimage.map_coordinates(
        *float_arguments([np.array(input), np.array(coordinates)]), None, order, mode, cval, prefilter
    )
    x = np.array(coordinates).view(DualArray)
    table = np.array(input) if is_dual(input) else np.asarray(input, float)
    if prefilter and order > 1:
        if mode == "nearest":  # SciPy continues the image before it filters
            table, x = np.pad(table, 12, mode="edge"), x + 12
        make = linear(ndimage.spline_filter) if is_dual(table) else ndimage.spline_filter
        table = make(table, order, mode="mirror" if mode == "constant" else mode)
    table = table.view(DualArray) if is_dual(table) else table
    outside = functools.reduce(
        np.logical_or, [(value(c) < 0) | (value(c) > n - 1) for c, n in zip(x, table.shape, strict=True)]
    )
    first = [
        np.floor(value(c) - (order - 1) / 2 if order % 2 == 0 else value(c) - order // 2).astype(int)
        for c in x
    ]
    found = 0.0
    for taps in itertools.product(range(-1, order + 1), repeat=len(x)):
        places = [i + k for i, k in zip(first, taps, strict=True)]
        weight = functools.reduce(
            lambda a, b: a * b, [_spline_weight(order, c - i) for c, i in zip(x, places, strict=True)]
        )
        at = tuple(EXTENDED[mode](i, n) for i, n in zip(places, table.shape, strict=True))
        found = found + weight * table[at]
    if mode == "constant":
        found = np.where(outside, cval, found)
    return numpy_result(np.array(require_close("map_coordinates", found, values)), values)


# ---- filters that pick elements -----------------------------------------------------------------------------------


def _picking(original):
    """Return the rule of a rank filter: the same filter, run on the ranks of the elements, tells which one it picks."""

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given = arguments(original, args, kwargs)
        image = np.array(given.pop("input"))
        if not is_dual(image) or holds_duals(given) or given.get("output") is not None:
            raise TypeError(
                f"{original.__name__} of duals expects floats beside its first argument and no output."
            )
        if given.get("structure") is not None:
            raise TypeError(
                f"{original.__name__} of duals expects no structure, got one: it would pick what is no element."
            )
        values = original(np.array(value(image)), **given)
        elements = np.append(image, given.get("cval", 0.0))  # the last one stands beyond the edges
        order = np.argsort(value(elements), kind="stable")
        ranks = np.empty(elements.size)
        ranks[order] = np.arange(elements.size)
        picked = original(ranks[:-1].reshape(image.shape), **given | {"cval": ranks[-1]}).astype(int)
        found = elements[order[picked]]
        if not np.array_equal(value(found), values, equal_nan=True):
            raise ValueError(f"{original.__name__} of duals expects an image without nan, got one.")
        return numpy_result(found, values)

    return on_duals


for _name in (
    "median_filter maximum_filter maximum_filter1d minimum_filter minimum_filter1d percentile_filter rank_filter "
    "grey_erosion grey_dilation"
).split():
    rule(getattr(ndimage, _name))(_picking(getattr(ndimage, _name)))
