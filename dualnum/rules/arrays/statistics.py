"""Weighted averages, covariances, and quantiles at dual probabilities."""

import math

import numpy as np

from dualnum._core import value
from dualnum.rules._operands import as_dual_arrays, contains_duals, float_arguments, float_operands
from dualnum.rules._registry import rule, values_from
from dualnum.rules.numpy_patches import numpy_implementation


@rule(np.average)
@values_from(np.average, of_complex=True)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """The weighted mean; with returned, also the sum of the weights."""
    a = np.asarray(a)
    axes = tuple(range(a.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, a.ndim)
    weights = np.ones(a.shape) if weights is None else np.asarray(weights)
    if weights.shape != a.shape:  # the weights have the shape of the axes alone
        weights = weights.transpose(np.argsort(axes))
        weights = weights.reshape([n if i in axes else 1 for i, n in enumerate(a.shape)])
    scale = np.sum(weights, axis=axes, keepdims=keepdims)
    mean = np.sum(a * weights, axis=axes, keepdims=keepdims) / scale
    return (mean, np.broadcast_to(scale, np.shape(mean))) if returned else mean


def _of_plain_arrays(function):
    """Return NumPy's own code of a function, which takes a faster way for arrays that are no subclass."""
    return lambda a, *args, **kwargs: numpy_implementation(function)(np.asarray(a), *args, **kwargs)


rule(np.nanmax)(
    _of_plain_arrays(np.nanmax)
)  # by fmax, whose choice among zeros of either sign is another one
rule(np.nanmin)(_of_plain_arrays(np.nanmin))


#: Whether rowvar=False transposes a matrix of one row: not before NumPy 2.2.
_TRANSPOSES_ROWS = np.cov(np.zeros((1, 2)), rowvar=False, ddof=0).ndim == 2


def _covariance(m, y, rowvar, bias, ddof, fweights, aweights):
    x = np.array(m, ndmin=2)
    if not rowvar and np.ndim(m) != 1 and (_TRANSPOSES_ROWS or len(x) != 1):
        x = x.T
    if y is not None:
        y = np.array(y, ndmin=2)
        x = np.concatenate([x, y.T if not rowvar and y.shape[0] != 1 else y])
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = np.ones(x.shape[1]) if fweights is None else np.asarray(fweights).astype(float)
    weights = weights if aweights is None else weights * aweights
    total = np.sum(weights)
    surplus = ddof if aweights is None else ddof * np.sum(weights * aweights) / total
    x = x - (np.sum(x * weights, axis=1) / total)[:, None]
    return np.matmul(as_dual_arrays(x), np.conj(x * weights).T) / (total - surplus)


@rule(np.cov)
@values_from(np.cov, of_complex=True)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    """The covariances of variables, one in each row."""
    return np.squeeze(_covariance(m, y, rowvar, bias, ddof, fweights, aweights))


@rule(np.corrcoef)
@values_from(np.corrcoef, of_complex=True)
def corrcoef(x, y=None, rowvar=True, bias=None, ddof=None):
    """The covariances divided by both standard deviations; the diagonal is 1 and has no derivatives."""
    covariance = _covariance(x, y, rowvar, False, None, None, None)
    deviation = np.sqrt(np.real(np.diagonal(covariance)))
    correlation = covariance / deviation[:, None] / deviation
    np.fill_diagonal(correlation, 1.0)
    return np.squeeze(correlation)


# (a, b) of NumPy's continuous methods: the quantile q of n sorted numbers stands at q (n + 1 - a - b) + a - 1, clipped
# to 0 and n - 1.  All other methods are step functions of q.
_CONTINUOUS = {
    "linear": (1, 1),
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def _quantile_rule(function, percent):
    """Return the rule of np.quantile (percent = 1) or np.percentile (100), whose q may be dual."""
    own, name = numpy_implementation(function), function.__name__

    def by_q(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
        a, q = np.asarray(a), np.asarray(q) / percent
        axes = tuple(range(a.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, a.ndim)
        kept = [i for i in range(a.ndim) if i not in axes]
        n = math.prod(a.shape[i] for i in axes)
        columns = np.sort(np.transpose(a, [*axes, *kept]).reshape(n, -1), axis=0)
        first, last = _CONTINUOUS[method]
        places = np.ravel(np.clip(q * (n + 1 - first - last) + (first - 1), 0, n - 1))
        columns, places = as_dual_arrays([columns, places])
        numbers = np.stack([np.interp(places, np.arange(n), column) for column in columns.T], axis=-1)
        shape = [1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i in kept]
        return numbers.reshape((*q.shape, *shape))

    rule_by_q = values_from(function)(by_q)

    def rule(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, **options):
        given = {"axis": axis, "out": out, "method": method, "keepdims": keepdims, **options}
        if np.iscomplexobj(a) or np.iscomplexobj(q):
            return function(*float_arguments((a, q)), **given)  # which NumPy refuses
        if not contains_duals(q):
            return own(a, q, overwrite_input=overwrite_input, **given)
        if method not in _CONTINUOUS:  # a step function of q
            return function(a, *float_operands(np.asarray(q)), **given)
        if out is not None or options.get("weights") is not None:
            raise TypeError(
                f"{name}(a, q) with a dual q expects no out= and no weights=; use dualnum.value(q)."
            )
        if np.isnan(value(np.asarray(a))).any():
            raise ValueError(
                f"{name}(a, q) with a dual q expects a without NaN; drop them, or use dualnum.value(q)."
            )
        return rule_by_q(a, q, axis=axis, method=method, keepdims=keepdims)

    return rule


for _function in (np.quantile, np.percentile, np.nanquantile, np.nanpercentile):
    rule(_function)(_quantile_rule(_function, 100 if "percentile" in _function.__name__ else 1))
