"""Products of complex vectors, matrices and tensors, from products of their real and imaginary parts."""

import itertools
from typing import Any

import numpy as np

from dualnum._core import DualArray, complex_from, is_real, register_function_of_complex
from dualnum.rules._operands import float_operands, has_duals, is_dual
from dualnum.rules.complex._elements import bilinear, parts, with_complex_values
from dualnum.rules.linalg.products import stored
from dualnum.rules.numpy_patches import numpy_implementation


def _values(name, *operands):
    """Return the values of numbers as arrays with the strides, and with the shared memory, of the operands."""
    arrays = {id(x): np.asarray(x) for x in operands}  # of one operand given twice only one
    for x in arrays.values():
        if not (has_duals(x) or is_real(x.dtype) or x.dtype.char in "FD"):
            raise TypeError(f"{name} expects numbers beside complex duals, got {x.dtype}.")
    return float_operands(*[arrays[id(x)] for x in operands])


def _product(function, conjugate=False):
    """Return the rule of a function that is linear in its first two arguments, or in the conjugate of the first."""

    def rule(x, y, *args, out=None, **kwargs):
        values = function(*_values(function.__name__, x, y), *args, **kwargs)

        def product(a, b):
            return function(_dual_array(a), _dual_array(b), *args, **kwargs)

        return _stored(bilinear(product, x, y, values, conjugate), out, function.__name__)

    return rule


def _dual_array(x):
    x = np.asarray(x)
    return x.view(DualArray) if is_dual(x) else x


def _stored(result, out, name):
    """Return result, or out filled with it."""
    if isinstance(out, tuple):
        (out,) = out
    if out is None:
        return result
    if not isinstance(out, np.ndarray) or out.dtype != result.dtype:
        return stored(result, out, name)
    out[...] = result
    return out


for _function, _conjugate in (
    (np.matmul, False),
    (np.dot, False),
    (np.inner, False),
    (np.vdot, True),
    (np.tensordot, False),
    (np.convolve, False),
    (np.vecdot if hasattr(np, "vecdot") else None, True),
    (getattr(np, "matvec", None), False),
    (getattr(np, "vecmat", None), True),
    (np.linalg.vecdot, True),
):
    if _function is not None:
        register_function_of_complex(_function, _product(_function, _conjugate))


def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """np.correlate, which takes the conjugate of its second argument."""
    numbers: Any = _values("correlate", a, v)
    values = np.correlate(numbers[0], numbers[1], mode)

    def product(b, c):
        return np.correlate(_dual_array(b), _dual_array(c), mode)

    return bilinear(product, a, np.conjugate(v), values)


register_function_of_complex(np.correlate, correlate)


def einsum(subscripts: Any, *operands: Any, out: Any = None, **options: Any) -> Any:
    """np.einsum, linear in each operand."""
    if not isinstance(subscripts, str):
        raise TypeError("einsum of complex duals expects a string of subscripts, got lists of them.")
    values = np.einsum(subscripts, *_values("einsum", *operands), **options)
    total = [0.0, 0.0]
    with np.errstate(all="ignore"):
        for chosen in itertools.product(
            *[[p for p in enumerate(parts(x)) if p[1] is not None] for x in operands]
        ):
            power = sum(i for i, _ in chosen)
            term = np.einsum(subscripts, *[_dual_array(part) for _, part in chosen], **options)
            total[power % 2] = total[power % 2] + (-term if power % 4 > 1 else term)
        return _stored(with_complex_values(complex_from(*total), values), out, "einsum")


register_function_of_complex(np.einsum, einsum)
register_function_of_complex(np.linalg.multi_dot, numpy_implementation(np.linalg.multi_dot))
