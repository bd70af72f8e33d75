"""The parts, the values and the composition of complex duals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dualnum._core import Dual, complex_from, imaginary_part, is_complex_dual, real_part
from dualnum.rules._components import components, from_components, nilpotent_part
from dualnum.rules._operands import is_dual, numpy_result


def parts(x: Any) -> tuple[Any, Any]:
    """Return the real and the imaginary part of numbers; None for the imaginary part of real ones."""
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if is_complex_dual(x) or np.iscomplexobj(x):
        return real_part(x), imaginary_part(x)
    return x, None


def with_complex_values(result: Any, values: Any) -> Any:
    """Return complex duals with these values in the place of their own, scalars where values are; in new memory."""
    return numpy_result(np.array(result, subok=False), values) if is_complex_dual(result) else values


def nilpotent(z: np.ndarray) -> np.ndarray:
    """Return z without its values."""
    return np.asarray(with_complex_values(z, np.zeros(z.shape, complex)))


def is_moving(x: np.ndarray) -> np.ndarray:
    """Return which elements of an array of complex duals have a derivative that is not 0."""
    flat = np.ascontiguousarray(nilpotent(x)).ravel()
    return (flat.view(np.uint8).reshape(x.size, -1) != 0).any(axis=1).reshape(x.shape) if x.size else x == x


def compose(coefficients: Sequence[np.ndarray], z: np.ndarray) -> np.ndarray:
    """Return the sum of c[k] h**k, where h is z without its values: f(z) for the Taylor coefficients c of f there."""
    h = nilpotent(z)
    known = [np.isfinite(c) for c in coefficients[2:]]
    with np.errstate(all="ignore"):
        result = np.zeros(z.shape, z.dtype)
        for c, finite in zip(coefficients[:1:-1], known[::-1], strict=True):
            result = nilpotent_part((result + np.where(finite, c, 0)) * h)
        if len(coefficients) > 1:
            result = nilpotent_part((result + coefficients[1]) * h)  # 0 times an infinite value would be nan
        if not all(finite.all() for finite in known):
            result = _without_unknown(result, known, h)
    return with_complex_values(result, np.asarray(coefficients[0]))


def _without_unknown(result, known, h):
    """Return a composition with nan for the components to which coefficients that are not finite belong."""
    numbers, power = components(result), h
    for finite in known:
        power = nilpotent_part(power * h)
        numbers[(components(power) != 0) & ~finite[..., None]] = complex(np.nan, np.nan)
    return from_components(numbers, result.dtype)


def bilinear(product: Any, x: Any, y: Any, values: Any, conjugate: bool = False) -> Any:
    """Return product(x, y), or that of x's conjugate, from products of their parts; with these values."""
    (a, b), (c, d) = parts(x), parts(y)
    if conjugate and b is not None:
        b = -b
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        re, im = product(a, c), None
        if b is not None and d is not None:
            re = re - product(b, d)
        if d is not None:
            im = product(a, d)
        if b is not None:
            im = product(b, c) if im is None else im + product(b, c)
        if not (is_dual(re) or is_dual(im)):
            return values
        return with_complex_values(complex_from(_number(re), _number(im)), values)


def _number(x):
    return x if isinstance(x, (np.ndarray, Dual)) else float(x)
