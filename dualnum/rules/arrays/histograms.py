"""Histograms: counts of values, which have no derivatives, sums of dual weights, and dual edges of bins."""

import math

import numpy as np

from dualnum._core import value
from dualnum.rules._operands import float_arguments
from dualnum.rules._registry import rule, values_from


@rule(np.bincount)
@values_from(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    """The sum of the weights for each integer."""
    weights = np.asarray(weights)
    return _sums(np.asarray(x), weights, max(np.max(x, initial=-1) + 1, minlength))


def _sums(places, weights, n):
    """Return the sum of the weights for each of n places."""
    sums = np.zeros(n, np.result_type(weights, float))
    np.add.at(sums, places, weights)
    return sums


@rule(np.digitize)
def digitize(x, bins, right=False):
    """The bins of the values, integers without derivatives."""
    return np.digitize(*float_arguments([x, bins]), right=right)


def _edges(a, bins, range, weights):
    """Return the edges of the bins of one variable, functions of the data unless bins or range are given."""
    values = np.histogram_bin_edges(*float_arguments([a, bins, range, weights]))
    if not isinstance(bins, str) and np.ndim(bins):
        return np.asarray(bins)
    a = np.asarray(a)
    first, last = range if range is not None else (a.min(), a.max()) if a.size else (0.0, 1.0)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return np.linspace(first, last, values.size)


@rule(np.histogram_bin_edges)
@values_from(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """The edges of bins between the smallest and the largest number."""
    return _edges(a, bins, range, weights)


@rule(np.histogram)
@values_from(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """Counts, sums of weights or densities; and the edges."""
    edges = _edges(a, bins, range, weights)
    counts = _counts([np.ravel(a)], [edges], weights)
    if density:
        counts = counts / np.diff(edges) / np.sum(counts)
    return counts, edges


def _counts(columns, edges, weights):
    """Return the sum of weights, or the number of points, in each cell of a grid."""
    numbers = [n - 1 for n in map(len, edges)]
    inside, cell = True, 0
    for column, edge, n in zip(columns, edges, numbers, strict=True):
        column, edge = value(np.asarray(column)), value(np.asarray(edge))
        place = np.searchsorted(edge, column, side="right") - 1
        place[column == edge[-1]] = n - 1
        inside = inside & (place >= 0) & (place < n)
        cell = cell * n + place
    if weights is None:
        counts = np.bincount(cell[inside], minlength=math.prod(numbers)).astype(float)
    else:
        counts = _sums(cell[inside], np.ravel(weights)[inside], math.prod(numbers))
    return counts.reshape(numbers)


@rule(np.histogramdd)
@values_from(np.histogramdd)
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    """Counts, sums of weights or densities in a grid of cells; and the edges along each axis."""
    points = np.ndim(sample) == 2 and isinstance(sample, np.ndarray)  # else the coordinates one by one
    columns = list(sample.T if points else np.atleast_2d(sample))
    each = [bins] * len(columns) if np.ndim(bins) == 0 and not isinstance(bins, (list, tuple)) else list(bins)
    ranges = [None] * len(columns) if range is None else list(range)
    edges = [_edges(c, b, r, None) for c, b, r in zip(columns, each, ranges, strict=True)]
    counts = _counts(columns, edges, weights)
    if density:
        counts = counts / np.sum(counts)
        for i, edge in enumerate(edges):
            counts = counts / np.diff(edge).reshape([-1 if j == i else 1 for j in np.arange(len(edges))])
    return counts, edges


@rule(np.histogram2d)
@values_from(np.histogram2d)
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    """Counts, sums of weights or densities in the cells of a plane; and the edges along both axes."""
    count = len(bins) if isinstance(bins, (list, tuple, np.ndarray)) and np.ndim(bins) != 0 else 1
    if count not in (1, 2):  # one array of edges serves both axes
        bins = [bins, bins]
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, *edges
