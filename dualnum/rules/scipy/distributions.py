"""scipy.stats: parts of its distributions that compute with complex numbers or in compiled code."""

import math

import numpy as np
from scipy import special, stats
from scipy.stats import _continuous_distns

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy.quadrature import quad


def _log_difference(p, q):
    """Return log(exp(p) - exp(q)) for p >= q."""
    return p + np.log(-np.expm1(q - p))


def _rule(original, formula):
    def on_duals(*args):
        values = np.real(original(*float_arguments(args)))
        with np.errstate(all="ignore"):
            return numpy_result(np.array(formula(*args)), values)

    return on_duals


def _log_gauss_mass(a, b):
    """Return the logarithm of the normal probability of a < x < b, by the tail that is nearer."""
    a, b = np.broadcast_arrays(np.atleast_1d(np.array(a)), np.atleast_1d(np.array(b)))
    left, right = value(b) <= 0, value(a) > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    tail = _log_difference(special.log_ndtr(high), special.log_ndtr(low))
    center = np.log1p(-special.ndtr(a) - special.ndtr(-b))
    return np.where(left | right, tail, center)


for _name, _formula in {"_log_diff": _log_difference, "_log_gauss_mass": _log_gauss_mass}.items():
    if hasattr(_continuous_distns, _name):
        rule(getattr(_continuous_distns, _name))(_rule(getattr(_continuous_distns, _name), _formula))


# ---- densities in compiled code, and distribution functions that integrate them -----------------------------------


def _log_generalized_inverse_gauss(x, p, b):
    return (p - 1) * np.log(x) - b * (x + 1 / x) / 2 - np.log(2.0) - np.log(special.kve(p, b)) + b


def _log_generalized_hyperbolic(x, p, a, b):
    """The density's logarithm; a Bessel function of the order p - 1/2 at ``a sqrt(1 + x^2)``."""
    inner, root = np.sqrt((a - b) * (a + b)), np.sqrt(1 + x * x)
    ratio = special.kve(p - 0.5, a * root) / special.kve(p, inner)
    powers = p * np.log(inner) - (p - 0.5) * np.log(a) + (p - 0.5) * np.log(root)
    return powers - math.log(2 * math.pi) / 2 + np.log(ratio) + inner - a * root + b * x


def _compiled(name, formula):
    original = getattr(stats._stats, name, None)
    if original is None:
        return

    def on_duals(*args):
        values = original(*float_arguments(args))
        with np.errstate(all="ignore"):
            return numpy_result(np.array(formula(*args)), values)

    rule(original)(on_duals)


_compiled("geninvgauss_logpdf", _log_generalized_inverse_gauss)
_compiled("genhyperbolic_logpdf", _log_generalized_hyperbolic)
_compiled("genhyperbolic_pdf", lambda *args: np.exp(_log_generalized_hyperbolic(*args)))


def _integrated(cls, name, log_density, sign=1.0):
    """Register the rule of a method of a family whose distribution function integrates a compiled density."""
    original = getattr(cls, name, None)
    if original is None:
        return

    def on_duals(self, x, *shapes):
        if not holds_duals((x, shapes)):
            return original(self, x, *shapes)
        values = np.asarray(original(self, *float_arguments((x, *shapes))))
        arrays = np.broadcast_arrays(*[np.asarray(item) for item in (x, *shapes)])
        found = []
        for at, *parameters in zip(*[a.ravel().tolist() for a in arrays], strict=True):
            low = self._get_support(*[value(p) for p in parameters])[0]

            def density(t, parameters=parameters):
                return np.exp(log_density(t, *parameters))

            found.append(sign * quad(density, low, at)[0])
        found = np.array(found).reshape(values.shape)
        return numpy_result(found, values) if is_dual(found) else values

    rule(original)(on_duals)


_integrated(stats.geninvgauss.__class__, "_cdf", _log_generalized_inverse_gauss)
_integrated(stats.genhyperbolic.__class__, "_cdf", _log_generalized_hyperbolic)
_integrated(stats.genhyperbolic.__class__, "_sf", _log_generalized_hyperbolic, -1.0)


@rule(getattr(stats._stats_pythran, "_poisson_binom", lambda k, args, tp: None))
def poisson_binomial(k, args, tp):
    """Probabilities of k successes, and of at most k: the product of ``1 - p + p z``, coefficient by coefficient."""
    values = stats._stats_pythran._poisson_binom(np.asarray(value(k)), np.array(value(np.asarray(args))), tp)
    masses = np.ones((1, *np.shape(args)[1:]))
    for p in np.asarray(args):
        zero = 0.0 * p[None]
        masses = np.concatenate([masses * (1 - p), zero]) + np.concatenate([zero, masses * p])
    table = np.cumsum(masses.view(DualArray), axis=0) if tp == "cdf" else masses
    places = np.asarray(value(k)).astype(int)
    found = np.take_along_axis(table, places[None], axis=0)[0] if np.ndim(places) else table[places]
    return numpy_result(np.array(np.reshape(np.asarray(found), np.shape(values))), values)
