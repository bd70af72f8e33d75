"""Complex matrices as real ones of twice their size."""

from typing import Any

import numpy as np

from dualnum._core import DualArray, complex_dtype, complex_from, is_complex_dual, real_dtype
from dualnum.rules._operands import numpy_result
from dualnum.rules.complex._elements import parts


def as_complex(x: np.ndarray) -> np.ndarray:
    """Return an array of duals as one of complex duals."""
    return x if is_complex_dual(x) else x.astype(complex_dtype(x.dtype)).view(DualArray)


def embedded(a: np.ndarray) -> np.ndarray:
    """Return the real matrix ``[[Re A, -Im A], [Im A, Re A]]``, a homomorphism that maps A^H to the transpose."""
    re, im = (np.asarray(part) for part in parts(a + 0j))
    rows = np.concatenate([re, -im], axis=-1), np.concatenate([im, re], axis=-1)
    return np.concatenate(rows, axis=-2)


def from_embedded(x: np.ndarray) -> np.ndarray:
    """Return the complex matrix with this embedding."""
    return from_stacked(x[..., : x.shape[-1] // 2])


def stacked(b: np.ndarray) -> np.ndarray:
    """Return the columns ``[Re b; Im b]``, on which embedded matrices act as A acts on b."""
    return np.concatenate([np.asarray(part) for part in parts(b + 0j)], axis=-2)


def from_stacked(x: np.ndarray) -> np.ndarray:
    """Return the complex columns Re b + i Im b."""
    rows = x.shape[-2] // 2
    return complex_from(x[..., :rows, :], x[..., rows:, :])


def with_values_of_numpy(result: Any, values: Any, dtype: np.dtype) -> Any:
    """Return a result with NumPy's values, real or complex as these are, and at least the levels of dtype."""
    array = np.reshape(np.asarray(result), np.shape(values))
    dtype = complex_dtype(dtype) if np.iscomplexobj(values) else real_dtype(dtype)
    return numpy_result(array if type(array.dtype) is type(dtype) else array.astype(dtype), values)
