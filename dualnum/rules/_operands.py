"""Arguments of rules as arrays of duals or of float64, and results of rules with NumPy's values.

Values are NumPy's bit for bit, so NumPy's function runs on float64 copies of the values that are laid out as NumPy
would see them (`float_operands`), and its results replace the values of a rule's (`numpy_result`, `with_values`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dualnum._core import (
    DUAL_DTYPES,
    Dual,
    DualArray,
    DualDType,
    complex_dtype,
    float_copies,
    imaginary_part,
    is_complex_dual,
    is_real,
    memory_owner,
    real_part,
    value,
)

FLOAT64, COMPLEX128 = np.dtype(float), np.dtype(complex)


def is_dual(x: object) -> bool:
    """Return whether x is a dual or an array of duals."""
    return type(x) is Dual or (isinstance(x, np.ndarray) and type(x.dtype) is DualDType)


def has_duals(x: object) -> bool:
    """Return whether x is a dual or an array of duals, real or complex."""
    return is_dual(x) or is_complex_dual(x)


def has_dual_dtype(x: object) -> bool:
    """Return whether a number, an array or a sparse matrix is dual, by its dtype."""
    return type(getattr(x, "dtype", None)) in DUAL_DTYPES


def _duals_in(x):
    """Yield the duals, real and complex, in lists and tuples, however nested."""
    if has_duals(x):
        yield x
    elif isinstance(x, (list, tuple)):
        for item in x:
            yield from _duals_in(item)


def contains_duals(*arguments: object) -> bool:
    """Return whether a dual is among the arguments, however nested in lists and tuples."""
    return any(True for _ in _duals_in(arguments))


def as_dual_arrays(x: Any) -> Any:
    """Return arrays of duals as DualArray, in tuples and lists too, and everything else unchanged."""
    if isinstance(x, np.ndarray) and isinstance(x.dtype, DUAL_DTYPES):
        return x.view(DualArray)
    return type(x)(map(as_dual_arrays, x)) if type(x) in (list, tuple) else x


def operands(name: str, *arrays: Any, or_complex: bool = False) -> list[np.ndarray]:
    """Return the arguments of a function as plain arrays of duals or of float64; for other dtypes raise TypeError.

    With `or_complex` return the `complex_operands` where one of them is complex.
    """
    result: list[np.ndarray] = []
    for given in arrays:
        if result and given is arrays[0]:  # BLAS asks whether both operands are one array
            result.append(result[0])
            continue
        x = np.asarray(given)
        if type(x.dtype) is not DualDType:
            if or_complex and np.iscomplexobj(x):
                return complex_operands(name, *arrays)
            if not is_real(x.dtype):
                got = "complex duals" if is_complex_dual(x) else str(x.dtype)
                hint = "; use real and imaginary parts" if np.iscomplexobj(x) else ""
                raise TypeError(f"{name} expects real numbers beside duals, got {got}{hint}.")
            x = x.astype(float, copy=False)
        result.append(x)
    return result


def complex_operands(name: str, *arrays: Any) -> list[np.ndarray]:
    """Return the arguments as DualArray, float64 or complex128; raise TypeError for other dtypes."""
    result: list[np.ndarray] = []
    for given in arrays:
        if result and given is arrays[0]:
            result.append(result[0])
            continue
        x = np.asarray(given)
        if has_duals(x):
            x = x.view(DualArray)
        elif is_real(x.dtype):
            x = x.astype(float, copy=False)
        elif x.dtype.char in "FD":
            x = x.astype(complex, copy=False)
        else:
            raise TypeError(f"{name} expects numbers beside complex duals, got {x.dtype}.")
        result.append(x)
    return result


def dtype_of(*arrays: Any) -> np.dtype:
    """Return the dtype with the levels of all arrays, or float64."""
    found = FLOAT64
    for x in arrays:
        dtype = x.dtype
        if dtype is not found and type(dtype) in DUAL_DTYPES:
            if found is not FLOAT64:
                return np.result_type(*[x.dtype for x in arrays])
            found = dtype
    return found


def float_operands(*operands: Any) -> Sequence[Any]:
    """Return the values of the operands, float64 arrays for arrays of duals, complex128 for those of complex duals.

    What BLAS returns depends on strides and on two operands being one buffer.  So the copies have the same strides in
    elements, and operands that are views of one array of duals become views of one buffer of values.  Only the
    elements of the operands are written in that buffer.
    """
    copies = float_copies(*operands)
    if copies is not None:
        return copies
    result = list(operands)
    sharing: dict[tuple, list[int]] = {}  # places of the views of one array
    for i, x in enumerate(operands):
        if not isinstance(x, np.ndarray):
            result[i] = value(x)
        elif has_duals(x):
            sharing.setdefault((id(memory_owner(x)), is_complex_dual(x)), []).append(i)
    for (_, of_complex), places in sharing.items():
        views = [operands[i] for i in places]
        for i, copy in zip(places, _empty_alike(views, COMPLEX128 if of_complex else FLOAT64), strict=True):
            copy[...] = value(operands[i])
            result[i] = copy
    return result


def float_arguments(arguments: Any) -> Any:
    """Return arguments with values in the place of duals, nested in lists, tuples and the values of a dict."""
    if isinstance(arguments, dict):
        return dict(zip(arguments, float_arguments(list(arguments.values())), strict=True))
    values = iter(float_operands(*_duals_in(arguments)))

    def stripped(x):
        if has_duals(x):
            return next(values)
        return type(x)(map(stripped, x)) if type(x) in (list, tuple) else x

    return stripped(arguments)


def lifted(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return x cast to a dual dtype that has all its levels, with the same strides in elements."""
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


def with_values(result: Any, values: Any) -> Any:
    """Return result with these values in the place of its own, however nested; values where result has no levels."""
    if type(result) in (list, tuple):
        return type(values)([with_values(r, v) for r, v in zip(result, values, strict=True)])
    return numpy_result(np.array(result, subok=False), values) if has_duals(result) else values


def numpy_result(result: Any, values: Any, dtype: np.dtype | None = None) -> Any:
    """Return result as NumPy would: with these values and their strides, and a scalar where they are one.

    The memory of result is overwritten.  A result without levels gets those of dtype; without a dual dtype, values are
    returned.  Raises ValueError where the shapes differ.
    """
    array = np.asarray(result)
    if not has_duals(array):
        if not isinstance(dtype, DUAL_DTYPES):
            return values
        array = array.astype(complex_dtype(dtype) if np.iscomplexobj(array) else dtype)
    if array.shape != np.shape(values):
        raise ValueError(f"a rule expects a result of shape {np.shape(values)}, got {array.shape}.")
    if not isinstance(values, np.ndarray):
        set_values(array, values)
        return array[()]
    if not (array.flags.c_contiguous and values.flags.c_contiguous):
        array, given = laid_out_like(values, array.dtype), array
        array[...] = given
    set_values(array, values)
    return array.view(DualArray)


def set_values(array: np.ndarray, values: Any) -> None:
    """Overwrite the values of an array of duals."""
    if type(array.dtype) is DualDType:
        value(array)[...] = values
        return
    value(real_part(array))[...] = np.real(values)
    value(imaginary_part(array))[...] = np.imag(values)


def laid_out_like(values, dtype):
    """Return memory for duals with the strides of values, in elements, because BLAS's sums depend on them.

    Views that skip more elements than they have, parts of larger arrays, get NumPy's layout instead.
    """
    reach = sum(abs(step) * (n - 1) for step, n in zip(values.strides, values.shape, strict=True))
    if values.flags.forc or reach >= 2 * values.nbytes:
        return np.empty_like(values, dtype=dtype)
    return _empty_alike([values], dtype)[0]
