"""scipy.spatial.distance: distances between all pairs of points, by their formulas."""

import inspect

import numpy as np
from scipy.spatial import distance

from dualnum._core import holds_duals
from dualnum.rules._operands import float_arguments, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy._registry import arrays


def _cosine(a, b):
    length = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return 1 - np.sum(a * b, axis=-1) / length


def _mean_free(a):
    return a - np.mean(a, axis=-1, keepdims=True)


def _minkowski(a, b, p=2, w=None):
    terms = np.abs(a - b) ** p
    return np.sum(terms if w is None else terms * w, axis=-1) ** (1 / p)


def _weighted(terms, w):
    return terms if w is None else terms * w


def _quadratic(a, b, VI):
    d = a - b
    return np.sqrt(np.sum((d @ VI) * d, axis=-1))


#: Distances of points a and b along the last axis.
METRICS = {
    "euclidean": lambda a, b, w=None: np.linalg.norm((a - b) * (1.0 if w is None else np.sqrt(w)), axis=-1),
    "sqeuclidean": lambda a, b, w=None: np.sum(_weighted((a - b) ** 2, w), axis=-1),
    "cityblock": lambda a, b, w=None: np.sum(_weighted(np.abs(a - b), w), axis=-1),
    "chebyshev": lambda a, b: np.max(np.abs(a - b), axis=-1),
    "minkowski": _minkowski,
    "cosine": _cosine,
    "correlation": lambda a, b: _cosine(_mean_free(a), _mean_free(b)),
    "canberra": lambda a, b: np.sum(np.abs(a - b) / (np.abs(a) + np.abs(b)), axis=-1),
    "braycurtis": lambda a, b: np.sum(np.abs(a - b), axis=-1) / np.sum(np.abs(a + b), axis=-1),
    "seuclidean": lambda a, b, V: np.sqrt(np.sum((a - b) ** 2 / V, axis=-1)),
    "mahalanobis": _quadratic,
}
SHORT = {"sqe": "sqeuclidean", "manhattan": "cityblock", "cheby": "chebyshev", "mahal": "mahalanobis"}


def _distances(name, metric, a, b, options):
    options = {key: item for key, item in options.items() if item is not None and key != "out"}
    metric = SHORT.get(metric, metric)
    if metric not in METRICS or not set(options) <= set(inspect.signature(METRICS[metric]).parameters) - {
        "a",
        "b",
    }:
        raise TypeError(f"{name} of duals expects one of {', '.join(METRICS)} as its metric, got {metric!r}.")
    if metric in ("seuclidean", "mahalanobis") and not options:
        raise TypeError(f"{name} of duals expects V or VI beside the metric {metric!r}, got none.")
    with np.errstate(all="ignore"):
        options = {key: arrays(name, item)[0] if np.ndim(item) else item for key, item in options.items()}
        return METRICS[metric](a, b, **options)


@rule(distance.cdist)
def cdist(XA, XB, metric="euclidean", **options):
    if callable(metric) or not (holds_duals((XA, XB)) or holds_duals(options)):
        if not callable(metric):
            return distance.cdist(XA, XB, metric, **options)
        return np.array([[metric(a, b, **options) for b in np.asarray(XB)] for a in np.asarray(XA)])
    values = distance.cdist(*float_arguments((XA, XB)), metric, **float_arguments(options))
    a, b = arrays("cdist", XA, XB)
    return numpy_result(np.array(_distances("cdist", metric, a[:, None], b[None], options)), values)


@rule(distance.pdist)
def pdist(X, metric="euclidean", **options):
    i, j = np.triu_indices(len(X), 1)
    if callable(metric):
        x = np.asarray(X)
        return np.array([metric(a, b, **options) for a, b in zip(x[i], x[j], strict=True)])
    if not (holds_duals(X) or holds_duals(options)):
        return distance.pdist(X, metric, **options)
    values = distance.pdist(*float_arguments((X,)), metric, **float_arguments(options))
    (x,) = arrays("pdist", X)
    return numpy_result(np.array(_distances("pdist", metric, x[i], x[j], options)), values)


@rule(distance.squareform)
def squareform(X, force="no", checks=True):
    """The matrix of a vector of distances, and back."""
    values = distance.squareform(*float_arguments((X,)), force, checks)
    if not holds_duals(X):
        return values
    (x,) = arrays("squareform", X)
    n = len(values) if values.ndim == 2 else len(x)
    i, j = np.triu_indices(n, 1)
    if values.ndim == 1:
        return numpy_result(np.array(x[i, j]), values)
    matrix = np.zeros((n, n), x.dtype)
    matrix[i, j] = matrix[j, i] = x
    return numpy_result(matrix, values)
