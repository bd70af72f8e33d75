"""The components of duals, one number for each monomial of an element: the value first, complex of complex duals."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dualnum._core import (
    DUAL_DTYPES,
    ComplexDualDType,
    DualDType,
    complex_dtype,
    complex_from,
    imaginary_part,
    is_complex_dual,
    real_dtype,
    real_part,
    value,
)


def components(x: np.ndarray) -> np.ndarray:
    """Return a copy of the components of an array of duals, of shape ``x.shape + (n,)``: complex of complex duals."""
    if is_complex_dual(x):
        return complex_from(components(real_part(x)), components(imaginary_part(x)))
    n = x.dtype.itemsize // 8
    if x.size == 0:
        return np.empty((*x.shape, n))
    return np.ascontiguousarray(x)[..., None].view(float).reshape(*x.shape, n)


def from_components(numbers: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the array of duals whose components are the last axis of numbers; dtype says their levels.

    Complex numbers give complex duals.
    """
    if np.iscomplexobj(numbers):
        real = real_dtype(dtype)
        return complex_from(from_components(numbers.real, real), from_components(numbers.imag, real))
    if numbers.size == 0:
        return np.empty(numbers.shape[:-1], dtype)
    return np.ascontiguousarray(numbers).view(dtype)[..., 0]


def nilpotent_part(x: np.ndarray) -> np.ndarray:
    """Return x - value(x), which x is overwritten with; for float64, zeros.

    An iteration applies it to a residual: the values are NumPy's and are not corrected.
    """
    if type(x.dtype) is DualDType:
        value(x)[...] = 0
        return x
    if type(x.dtype) is ComplexDualDType:
        value(real_part(x))[...] = 0
        value(imaginary_part(x))[...] = 0
        return x
    return np.zeros(x.shape)


def bilinear(operate: Callable, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return ``operate(a, b)`` of arrays of which one has duals, for an operation on numbers that is linear in each."""
    dtype = real_dtype(np.result_type(*[x.dtype for x in (a, b) if isinstance(x.dtype, DUAL_DTYPES)]))
    units = from_components(np.eye(dtype.itemsize // 8), dtype)
    kinds = (complex_dtype(dtype) if np.iscomplexobj(x) else dtype for x in (a, b))
    a, b = (
        np.moveaxis(components(x.astype(kind)), -1, 0) if isinstance(x.dtype, DUAL_DTYPES) else x[None]
        for x, kind in zip((a, b), kinds, strict=True)
    )
    total: Any = 0.0
    for i, left in enumerate(a):
        if i and not left.any():
            continue
        products = components(units[i] * units)
        for j, right in enumerate(b):
            if (i or j) and not (products[j].any() and right.any()):
                continue
            total = (
                total
                + operate(np.ascontiguousarray(left), np.ascontiguousarray(right))[..., None] * products[j]
            )
    return from_components(total, dtype)


def degree(dtype: np.dtype) -> int:
    """Return the largest d for which h^d does not vanish for every nilpotent h: the passes of an iteration."""
    return dtype.degree if isinstance(dtype, DUAL_DTYPES) else 0


def level_structure(dtype: np.dtype) -> tuple[tuple[int | None, int], ...]:
    """Return a pair for each level, oldest first: its degree, None for a Taylor level, and its size."""
    if not isinstance(dtype, DUAL_DTYPES):
        return ()
    return tuple([(level.degree, size) for level, size in zip(dtype.levels, dtype.sizes, strict=True)])


def orders(dtype: np.dtype) -> np.ndarray:
    """Return the degree of each component's monomial in each level: a shared, read-only array (levels, components)."""
    return _orders(level_structure(dtype))  # a cache keyed by dtypes would keep their levels alive


@functools.lru_cache(64)
def _orders(structure):
    found = np.zeros((0, 1), int)
    for degree, size in structure:  # the components of the oldest level are adjacent in memory
        counts = [1] * (size + 1)
        if degree is not None:
            counts = [1, *(math.comb(size + d - 1, d) for d in range(1, degree + 1))]
        own = np.repeat(np.arange(len(counts)), counts)
        found = np.vstack([np.tile(found, len(own)), np.repeat(own, found.shape[1])])
    found.flags.writeable = False
    return found
