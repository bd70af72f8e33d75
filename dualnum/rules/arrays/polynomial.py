"""Coefficients of polynomials, given by roots or by a fit, their products, and roots."""

import numpy as np

from dualnum._core import value
from dualnum.rules._components import components, degree, nilpotent_part
from dualnum.rules._operands import as_dual_arrays, contains_duals, float_arguments, with_values
from dualnum.rules._registry import rule, values_from
from dualnum.rules.linalg._helpers import scaled_least_squares
from dualnum.rules.numpy_patches import ENABLED, numpy_implementation, trimmed


@rule(np.poly)
@values_from(np.poly)
def poly(seq_of_zeros):
    """The coefficients of the polynomial with these roots, or of the characteristic polynomial of a matrix."""
    zeros = np.atleast_1d(as_dual_arrays(np.asarray(seq_of_zeros)))
    if zeros.ndim == 2:
        return _characteristic(zeros)
    coefficients = np.ones(1, zeros.dtype)
    for zero in zeros:
        coefficients = np.append(coefficients, 0.0) - zero * np.append(0.0, coefficients)
    return coefficients


def _characteristic(a):
    """Return the characteristic polynomial by the recurrence of Faddeev and LeVerrier, ``c_k = -tr(A M) / k``.

    It has no need of eigenvalues, which may be complex.
    """
    n = len(a)
    coefficients, m = [1.0], np.zeros_like(a)
    for k in range(1, n + 1):
        m = np.matmul(a, m) + coefficients[-1] * np.eye(n)
        coefficients.append(-np.trace(np.matmul(a, m)) / k)
    return np.array(coefficients)


@rule(np.polymul)
def polymul(a1, a2):
    """The convolution of the coefficients."""
    product = np.convolve(*as_dual_arrays([_coefficients(a1), _coefficients(a2)]))
    return np.poly1d(product) if isinstance(a1, np.poly1d) or isinstance(a2, np.poly1d) else product


def _coefficients(p):
    """Return the coefficients of a polynomial without leading zeros, unless those have derivatives."""
    if isinstance(p, np.poly1d) or not contains_duals(p):
        return np.poly1d(p).coeffs
    np.poly1d(float_arguments(p))  # NumPy's check of the shape
    return trimmed(np.atleast_1d(np.asarray(p))[::-1])[::-1]


def refuse_lost_zeros(filt, trim="fb", axis=None):
    """Trim as NumPy does; raise TypeError where leading zeros, which np.poly1d drops, have derivatives."""
    result = numpy_implementation(np.trim_zeros)(filt, trim, *([] if axis is None else [axis]))
    if trim == "f" and axis is None and np.any(components(np.asarray(filt)[: len(filt) - len(result)])):
        raise TypeError(
            "trim_zeros(a, 'f') and poly1d(a) of duals expect leading zeros of a without derivatives while "
            "DUALNUM_PATCH_NUMPY=0, since they would be lost; use dualnum.value(a) to discard them on purpose."
        )
    return result


if not ENABLED:  # else np.poly1d has a trim_zeros of its own
    rule(np.trim_zeros)(refuse_lost_zeros)


@rule(np.roots)
def roots(p):
    """Simple roots, of real or complex duals; each of Newton's steps makes one more order exact."""
    p = np.atleast_1d(np.asarray(p))
    values = np.roots(value(p))
    if values.size == 0:
        return values
    with np.errstate(all="ignore"):
        powers = np.arange(len(p) - 1, 0, -1)
        slopes = p[:-1] * powers
        _check_simple(value(p), values)
        x = values.astype(np.result_type(p.dtype, values.dtype))
        for _ in range(degree(p.dtype)):
            x = x - nilpotent_part(np.asarray(np.polyval(p, x))) / np.polyval(slopes, x)
    return with_values(x, values)


def _check_simple(p, x):
    """Raise ValueError where a root is multiple up to rounding, by the convergence criterion of Newton's method."""
    slope, curvature = np.polyval(np.polyder(p), x), np.polyval(np.polyder(p, 2), x)
    rounding = len(p) * np.finfo(float).eps * np.polyval(np.abs(p), np.abs(x))
    multiple = (slope == 0) | (2 * rounding * np.abs(curvature) >= np.abs(slope) ** 2)
    if multiple.any():
        raise ValueError(
            f"roots(p) of duals expects simple roots, got a multiple one near {x[multiple][0]}: "
            f"its derivative is infinite."
        )


@rule(np.polyfit)
@values_from(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The polynomial of least squares; with full or cov also what NumPy returns besides."""
    x, y, order = np.asarray(x), np.asarray(y), int(deg) + 1
    results, matrix, scale = scaled_least_squares(np.vander(x, order), y, w, rcond)
    fit, residuals, *_ = results
    if full or not cov:
        return results if full else fit
    covariance = np.linalg.inv(np.matmul(matrix.T, matrix)) / np.outer(scale, scale)
    factor = 1.0 if cov == "unscaled" else residuals / (len(x) - order)
    return fit, (covariance if y.ndim == 1 else covariance[:, :, None]) * factor
