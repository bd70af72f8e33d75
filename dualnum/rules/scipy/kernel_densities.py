"""scipy.stats.gaussian_kde: sums of normal densities around the data, by the points, the data and the weights."""

import math

import numpy as np
from scipy import stats

from dualnum._core import DualArray, value
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule


def _log_terms(points, weights, at, factor):
    """Return ``log(w_j) - |L^-1 (x_i - X_j)|^2 / 2`` less the normalisation, of shape (points, data)."""
    points, at, factor = (
        np.array(x).view(DualArray) if is_dual(x) else np.asarray(x) for x in (points, at, factor)
    )
    d = points.shape[1]
    difference = np.reshape(at[:, None, :] - points[None, :, :], (-1, d))
    scaled = np.linalg.solve(factor, difference.T)
    squares = np.reshape(np.sum(scaled * scaled, axis=0), (len(at), len(points)))
    logs = -squares / 2 - np.sum(np.log(np.diagonal(factor))) - d / 2 * math.log(2 * math.pi)
    return logs + np.log(np.asarray(weights)[:, 0])


def _estimate(original, logarithm):
    def on_duals(points, weights, at, cho_cov, dtype):
        given = [np.ascontiguousarray(x) for x in float_arguments((points, weights, at, cho_cov))]
        values = np.asarray(original(*given, "f8"))
        with np.errstate(all="ignore"):
            logs = _log_terms(points, weights, at, cho_cov)
            top = np.max(value(logs), axis=1, keepdims=True)
            total = np.sum(np.exp(logs - top), axis=1)
            found = np.log(total) + top[:, 0] if logarithm else total * np.exp(top[:, 0])
        return numpy_result(np.reshape(np.array(found), values.shape), values)

    return on_duals


for _name, _logarithm in (("gaussian_kernel_estimate", False), ("gaussian_kernel_estimate_log", True)):
    _fused = getattr(stats._stats, _name, None)
    if _fused is not None and "double" in getattr(_fused, "__signatures__", ()):
        rule(_fused["double"])(_estimate(_fused["double"], _logarithm))
