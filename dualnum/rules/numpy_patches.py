"""
NumPy functions in Python that do not dispatch: numpy.polynomial, poly1d, vectorize, parts of medians and quantiles.

They look a helper up each time they run.  Those helpers get a few words more here, for duals; whatever else they are
called with goes to NumPy's own, unchanged.
"""

import functools
import sys

import numpy as np
from numpy.polynomial import polyutils

from dualnum._core import Dual, DualDType
from dualnum.rules._decorators import as_duals, contains_duals, plain, restored
from dualnum.rules._operands import components, is_dual

__all__ = ["extended"]

_poly1d_module = sys.modules.get("numpy.lib._polynomial_impl", np.lib)
_FAMILIES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "laguerre": "lag",
    "hermite": "herm",
    "hermite_e": "herme",
}


def extended(owner, name):
    """Decorate what a helper of NumPy is on duals: called with NumPy's own helper, and the arguments."""

    def decorate(on_duals):
        own = getattr(owner, name, None)
        if own is None:  # a NumPy without this helper: its functions refuse duals
            return on_duals

        @functools.wraps(own)
        def helper(*args, **kwargs):
            return on_duals(own, *args, **kwargs)

        setattr(owner, name, helper)
        return helper

    return decorate


@extended(polyutils, "as_series")
def as_series(own, alist, trim=True):
    """One-dimensional arrays of coefficients, without the zeros at the end of each that have no derivatives either."""
    alist = list(alist)
    arrays = [np.array(a, ndmin=1) for a in alist]
    if not any(is_dual(a) for a in arrays):
        return own(alist, trim=trim)
    own([np.zeros(a.shape) for a in arrays], trim=False)  # NumPy's checks of the shapes
    if any(a.dtype.kind in "cOSU" for a in arrays):
        raise ValueError("Coefficient arrays have no common type: duals expect real numbers beside them.")
    dtype = np.result_type(float, *[a.dtype for a in arrays])
    arrays = [a.astype(dtype) for a in arrays]
    return as_duals([trimmed(a) for a in arrays] if trim else arrays)


def trimmed(a):
    """Return a without its last coefficients that are zero with all their derivatives; at least one is left."""
    count = np.flatnonzero(np.any(components(a), axis=-1))
    return a[: max(count[-1] + 1, 1)] if count.size else a[:1]


@extended(polyutils, "trimseq")
def trimseq(own, seq):
    """NumPy's trimseq, for which a derivative of zero makes a coefficient stay."""
    return as_duals(trimmed(seq)) if is_dual(seq) and len(seq) else own(seq)


@extended(polyutils, "_fit")
def fit(own, vander_f, x, y, deg, rcond=None, full=False, w=None):
    """NumPy's least squares on its values; the coefficients by np.linalg.lstsq of duals."""
    if not contains_duals(x, y, w):
        return own(vander_f, x, y, deg, rcond, full, w)
    values = own(vander_f, *plain([x, y, deg, rcond, full, w]))
    x, y, deg = np.asarray(x), np.asarray(y), np.asarray(deg)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        terms = np.arange(deg + 1) if deg.ndim == 0 else np.sort(deg)
        matrix = vander_f(x, int(terms[-1]))[:, terms]
        if w is not None:
            w = np.asarray(w)
            matrix, y = matrix * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
        scale = np.sqrt(np.sum(matrix * matrix, axis=0))
        scale = np.where(scale == 0, 1.0, scale)
        rcond = len(x) * np.finfo(float).eps if rcond is None else rcond
        fitted, *rest = np.linalg.lstsq(as_duals(matrix / scale), as_duals(y), rcond)
        fitted = (fitted.T / scale).T
        result = np.zeros((int(terms[-1]) + 1, *y.shape[1:]), fitted.dtype)
        result[terms] = fitted
    return restored((result, [*rest, rcond]), values) if full else restored(result, values)


@extended(_poly1d_module, "trim_zeros")
def trim_zeros(own, filt, trim="fb", **options):
    """NumPy's trim_zeros for np.poly1d, for which a derivative of zero makes a leading coefficient stay."""
    if is_dual(filt) and trim == "f" and not options:
        return filt[::-1][: len(trimmed(filt[::-1]))][::-1] if len(filt) else filt
    return own(filt, trim, **options)


@extended(np.polynomial.chebyshev, "_cseries_to_zseries")
def cseries_to_zseries(own, c):
    """NumPy's, as a DualArray: the product of Chebyshev series convolves it."""
    return as_duals(own(c))


def _extend_companions():
    """The companion matrices, whose eigenvalues are the roots: as DualArrays, which np.linalg has rules for."""
    for module, prefix in _FAMILIES.items():

        @extended(getattr(np.polynomial, module), f"{prefix}companion")
        def companion(own, c):
            return as_duals(own(c))


_extend_companions()


@extended(getattr(np.linalg, "_linalg", np.linalg), "_to_real_if_imag_zero")
def to_real_if_imag_zero(own, w, t):
    """NumPy 2.5's way from complex roots to real ones; those of duals are real already."""
    return w if is_dual(w) else own(w, t)


@extended(sys.modules.get("numpy.lib._function_base_impl", np.lib), "_lerp")
def lerp(own, a, b, t, out=None):
    """NumPy's interpolation for quantiles, which is made in place: a single dual goes as an array of one."""
    if out is None and isinstance(a, Dual):
        return own(np.asarray(a)[np.newaxis], np.asarray(b)[np.newaxis], t)[0]
    return own(a, b, t, out)


@extended(sys.modules.get("numpy.lib._utils_impl", np.lib), "_median_nancheck")
def median_nancheck(own, data, result, axis):
    """NumPy's, which writes nan into arrays, and returns it for scalars, of which it does not take a dual for one."""
    if isinstance(result, Dual) and data.size:
        last = data.take(-1, axis=axis)
        return last if np.isnan(last) else result
    return own(data, result, axis)


@extended(np.vectorize, "_get_ufunc_and_otypes")
def otypes_of(own, vectorized, func, args):
    """NumPy's, with the class of duals for the letter that stands for them in a result."""
    ufunc, otypes = own(vectorized, func=func, args=args)
    return ufunc, [DualDType if letter == _LETTER else letter for letter in otypes]


_LETTER = DualDType().char


@extended(np.vectorize, "_vectorize_call")
def vectorize_call(own, vectorized, func, args):
    """NumPy's, with duals in a DualArray."""
    return as_duals(own(vectorized, func=func, args=args))
