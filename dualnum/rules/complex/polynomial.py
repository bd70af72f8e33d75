"""Coefficients and roots of complex polynomials."""

import numpy as np

from dualnum._core import imaginary_part, is_complex_dual, real_part, register_function_of_complex, value
from dualnum.rules._components import components
from dualnum.rules._operands import as_dual_arrays, float_arguments, has_duals, with_values
from dualnum.rules.arrays import polynomial


def poly(seq_of_zeros):
    """np.poly; complex where the values are real, as of conjugate roots, but some derivative is not."""
    zeros = as_dual_arrays(np.asarray(seq_of_zeros))
    values = np.poly(value(zeros))
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result = with_values(polynomial.poly.__wrapped__(zeros), values)
    of_real = is_complex_dual(result) and not (
        np.iscomplexobj(values) or np.any(components(imaginary_part(result)))
    )
    return real_part(result).copy() if of_real else result


def polyfit(x, y, *args, w=None, **options):
    """np.polyfit."""
    x, y = np.asarray(x), np.asarray(y)
    w = w if w is None else np.asarray(w)
    x0, y0, w0 = float_arguments([x, y, w])
    values = np.polyfit(x0, y0, *args, w=w0, **options)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result = polynomial.polyfit.__wrapped__(x, y, *args, w=w, **options)
    return with_values(result, values) if has_duals(result) or isinstance(values, tuple) else values


register_function_of_complex(np.poly, poly)
register_function_of_complex(np.polyfit, polyfit)
register_function_of_complex(np.roots, polynomial.roots)
