"""scipy.stats: noncentral hypergeometric distributions by the odds, from the masses of their whole support."""

import numpy as np
from scipy import special, stats

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule


def _fisher(red, white, drawn, odds):
    """Return the masses ``C(red, k) C(white, drawn - k) odds^k / sum`` for k = 0 ... drawn."""
    k = np.arange(drawn + 1.0)
    g = special.gammaln  # infinite at the poles, beyond the support
    logs = k * np.log(odds) - g(k + 1) - g(red - k + 1) - g(drawn - k + 1) - g(white - drawn + k + 1)
    masses = np.exp(logs - np.max(value(logs)))
    return masses / np.sum(masses)


def _wallenius(red, white, drawn, odds):
    """Return the masses after each draw: of k red ones the next is red with odds (red - k) to the white ones left."""
    masses = np.zeros(drawn + 1, np.asarray(odds).dtype).view(DualArray)
    masses[0] = 1.0
    for j in range(drawn):
        k = np.arange(drawn + 1.0)
        weight, others = np.maximum(red - k, 0.0) * odds, np.maximum(white - (j - k), 0.0)
        total = np.where((red > k) | (others > 0), weight + others, 1.0)
        up = masses * weight / total
        masses = masses * others / total
        masses[1:] += up[:-1]
    return masses


MASSES = {"nchypergeom_fisher": _fisher, "nchypergeom_wallenius": _wallenius}


def _masses(self, M, n, N, odds):
    """Return an array of the parameters' shape, with the masses for k = 0 ... N in each place."""
    given = np.broadcast_arrays(*[np.asarray(value(x)) for x in (M, n, N)], np.asarray(odds))
    found = np.empty(given[0].shape, object)
    for place in np.ndindex(found.shape):
        total, red, drawn = (int(x[place]) for x in given[:3])
        found[place] = MASSES[self.name](red, total - red, drawn, given[3][place])
    return found


def _moving_odds(M, n, N, odds):
    return is_dual(odds) and not holds_duals((M, n, N))


_BASE = stats.nchypergeom_fisher.__class__.__mro__[1]
_MASS, _MOMENTS = vars(_BASE)["_pmf"], vars(_BASE)["_stats"]


@rule(_MASS)
def mass(self, x, M, n, N, odds):
    values = _MASS(self, *float_arguments((x, M, n, N, odds)))
    if not _moving_odds(M, n, N, odds):
        return values
    tables, places = np.broadcast_arrays(_masses(self, M, n, N, odds), np.asarray(value(x)))
    found = [table[int(k)] for table, k in zip(tables.ravel(), places.ravel(), strict=True)]
    return numpy_result(np.array(found).reshape(np.shape(values)), values) if found else values


@rule(_MOMENTS)
def moments(self, M, n, N, odds, moments="mv"):
    values = _MOMENTS(self, *float_arguments((M, n, N, odds)), moments)
    if not _moving_odds(M, n, N, odds) or values[0] is None:
        return values
    means, variances = [], []
    for masses in _masses(self, M, n, N, odds).ravel():
        k = np.arange(float(masses.size))
        means.append(np.sum(k * masses))
        variances.append(np.sum((k - means[-1]) ** 2 * masses))
    found = [np.array(part).reshape(np.shape(values[0])) for part in (means, variances)]
    return (*[numpy_result(part, plain) for part, plain in zip(found, values, strict=False)], *values[2:])
