"""Values of results as NumPy computes them, float64 operands laid out as it would see them, and parts of duals."""

import functools

import numpy as np

from dualnum._core import Dual, DualArray, DualDType, float_copies, is_real, memory_owner, value

__all__ = [
    "components",
    "degree",
    "dtype_of",
    "finished",
    "float_operands",
    "is_dual",
    "kinds",
    "lifted",
    "nilpotent",
    "of_components",
    "operands",
    "orders",
    "with_values",
]

FLOAT64 = np.dtype(float)


def is_dual(x):
    """Return whether x is a dual or an array of duals."""
    return type(x) is Dual or (isinstance(x, np.ndarray) and type(x.dtype) is DualDType)


def operands(name, *arrays):
    """Return the arguments of a function as plain arrays of duals or of float64; anything else is refused by name."""
    result = []
    for given in arrays:
        if result and given is arrays[0]:  # one array stays one, for BLAS looks at that
            result.append(result[0])
            continue
        x = np.asarray(given)
        if type(x.dtype) is not DualDType:
            if not is_real(x.dtype):
                hint = "; complex duals do not exist yet" if x.dtype.kind == "c" else ""
                raise TypeError(f"{name} expects real numbers beside duals, got {x.dtype}{hint}.")
            x = x.astype(float, copy=False)
        result.append(x)
    return result


def dtype_of(*arrays):
    """Return the dtype with the levels of all the arrays, or float64."""
    found = FLOAT64
    for x in arrays:
        dtype = x.dtype
        if dtype is not found and type(dtype) is DualDType:
            if found is not FLOAT64:
                return np.result_type(*[x.dtype for x in arrays])
            found = dtype
    return found


def float_operands(*operands):
    """
    Return the values of the operands as float64 arrays.

    What BLAS returns depends on strides and on two operands being one buffer, so the copies have the same strides in
    elements, and operands that are views of one array of duals become views of one buffer of their values.  Of that
    buffer only the operands' own places are ever touched.
    """
    copies = float_copies(*operands)
    if copies is not None:
        return copies
    result, sharing = list(operands), {}
    for i, x in enumerate(operands):
        if not isinstance(x, np.ndarray):
            result[i] = value(x)
        elif is_dual(x):
            sharing.setdefault(id(memory_owner(x)), []).append(i)
    for places in sharing.values():
        for i, copy in zip(places, _buffered([operands[i] for i in places]), strict=True):
            result[i] = copy
    return result


def _buffered(views):
    """Return float64 copies of views of one array: views of one buffer with the same strides in elements."""
    copies = _empty_alike(views, FLOAT64)
    for copy, x in zip(copies, views, strict=True):
        copy[...] = value(x)
    return copies


def lifted(x, dtype):
    """Return an array of duals with the levels of a dtype, whose strides, in elements, are the same."""
    if x.dtype is dtype:
        return x
    if x.flags.forc:
        return x.astype(dtype)
    (copy,) = _empty_alike([x], dtype)
    copy[...] = x
    return copy


def _empty_alike(views, dtype):
    """Return arrays of a dtype for views of one array: views of one buffer with the same strides in elements."""
    size, width = views[0].dtype.itemsize, dtype.itemsize
    addresses = [x.__array_interface__["data"][0] for x in views]
    spans = [[step * (n - 1) for step, n in zip(x.strides, x.shape, strict=True)] for x in views]
    first = min(at + sum(s for s in span if s < 0) for at, span in zip(addresses, spans, strict=True))
    last = max(at + sum(s for s in span if s > 0) for at, span in zip(addresses, spans, strict=True))
    odd = (last - first) % size or any(step % size for x in views for step in x.strides)
    if odd or any(x.size == 0 for x in views):
        return [np.empty_like(x, dtype=dtype, subok=False) for x in views]
    buffer = np.empty((last - first) // size + 1, dtype)
    return [
        np.ndarray(
            x.shape,
            dtype,
            buffer=buffer,
            offset=(at - first) // size * width,
            strides=tuple(step // size * width for step in x.strides),
        )
        for x, at in zip(views, addresses, strict=True)
    ]


def with_values(result, values):
    """Return result, an array or scalar of duals, with these values in place of its own."""
    return finished(np.array(result, subok=False), values)


def finished(result, values, dtype=None):
    """
    Return what a rule computed as its caller gets it: with NumPy's values and strides, a scalar where NumPy gives one.

    The memory of result is overwritten.  Where dtype is given and result is not dual, it is lifted to that dtype.
    """
    array = np.asarray(result)
    if not is_dual(array):
        if not isinstance(dtype, DualDType):
            return values
        array = array.astype(dtype)
    if array.shape != np.shape(values):
        raise ValueError(f"a rule expects a result of shape {np.shape(values)}, got {array.shape}.")
    if not isinstance(values, np.ndarray):
        value(array)[...] = values
        return array[()]
    if not (array.flags.c_contiguous and values.flags.c_contiguous):
        array, given = _laid_out_like(values, array.dtype), array
        array[...] = given
    value(array)[...] = values
    return array.view(DualArray)


def _laid_out_like(values, dtype):
    """
    Return memory for duals with the strides, in elements, of these values, on which BLAS's sums depend.

    Only values with more holes than elements, parts of larger arrays, are not imitated.
    """
    reach = sum(abs(step) * (n - 1) for step, n in zip(values.strides, values.shape, strict=True))
    if values.flags.forc or reach >= 2 * values.nbytes:
        return np.empty_like(values, dtype=dtype)
    return _empty_alike([values], dtype)[0]


def components(x):
    """Return the components of an array of duals as float64 of shape x.shape + (n,), the values first."""
    n = x.dtype.itemsize // 8
    if x.size == 0:
        return np.empty((*x.shape, n))
    return np.ascontiguousarray(x)[..., None].view(float).reshape(*x.shape, n)


def of_components(numbers, dtype):
    """Return the array of duals with these components along the last axis."""
    if numbers.size == 0:
        return np.empty(numbers.shape[:-1], dtype)
    return np.ascontiguousarray(numbers).view(dtype)[..., 0]


def nilpotent(x):
    """Return x, memory of its own, with its values set to zero: a residual that the values alone would not have."""
    if is_dual(x):
        value(x)[...] = 0
        return x
    return np.zeros(x.shape)


def degree(dtype):
    """Return the largest power of a value-free number that does not vanish: the passes of an iteration."""
    return dtype.degree if isinstance(dtype, DualDType) else 0


def kinds(dtype):
    """Return for each level, oldest first, whether it is a series, and its size."""
    if not isinstance(dtype, DualDType):
        return ()
    return tuple([(level.taylor, size) for level, size in zip(dtype.levels, dtype.sizes, strict=True)])


@functools.lru_cache(64)
def orders(*kinds):
    """Return the order of each component in each level of these kinds: the powers that its monomial is made of."""
    found = np.zeros((0, 1), int)
    for taylor, size in kinds:  # the first level's components lie closest
        own = np.arange(size + 1) if taylor else np.minimum(np.arange(size + 1), 1)
        found = np.vstack([np.tile(found, size + 1), np.repeat(own, found.shape[1])])
    return found
