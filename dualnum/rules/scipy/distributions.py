"""scipy.stats: parts of its distributions that compute with complex numbers or in compiled code."""

import functools
import math

import numpy as np
from scipy import special, stats
from scipy.stats import _continuous_distns

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._components import components
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


#: Densities that SciPy computes number by number, of arrays.
DENSITIES = {
    "genhyperbolic": lambda self, *args: np.exp(_log_generalized_hyperbolic(*args)),
    "geninvgauss": lambda self, *args: np.exp(_log_generalized_inverse_gauss(*args)),
}
_U = np.arange(-136, 137) / 40
#: Nodes and weights of the tanh-sinh rule on (0, 1), and of the exp-sinh rule on (0, inf); TANH[::-1] is 1 - TANH.
TANH = 1 / (1 + np.exp(-math.pi * np.sinh(_U)))
TANH_WEIGHTS = math.pi / 40 * np.cosh(_U) * TANH * TANH[::-1]
SINH = np.exp(math.pi / 2 * np.sinh(_U))
SINH_WEIGHTS = math.pi / 80 * np.cosh(_U) * SINH


def _tail(density, x, end):
    """Return the integral of the density between x and an end of the support, and whether half the nodes agree.

    They have to agree for every component by its own size, because a kink may be in the derivative by one shape only.
    """
    with np.errstate(all="ignore"):
        if np.isinf(value(end)):
            shares = density(x + math.copysign(1.0, value(end)) * SINH) * SINH_WEIGHTS
        else:
            shares = density(end + (x - end) * TANH) * TANH_WEIGHTS * abs(x - end)
    parts = components(shares) if is_dual(shares) else np.asarray(shares)[:, None]
    if np.isinf(value(end)):
        lost = ~np.isfinite(parts).all(axis=-1) & ~(parts[:, 0] > 0)  # far out where the density underflows
        parts, shares = np.where(lost[:, None], 0.0, parts), np.where(lost, 0.0, shares)
    gap = parts.sum(axis=0) - 2 * parts[::2].sum(axis=0)
    return np.array(np.sum(shares))[()], bool(np.all(np.abs(gap) <= 1e-6 * np.abs(parts).sum(axis=0)))


def _integrated(cls, name, sign=1.0):
    """Register the rule of a distribution function that SciPy integrates: the density at all nodes in one call.

    The lighter side of x is integrated.  Where half the nodes give another result, or SciPy's value is another, the
    density has kinks or peaks between the nodes, and `quad` integrates it adaptively.
    """
    from dualnum.lifting import resolve

    original = vars(cls).get(name)
    if original is None:
        return

    def on_duals(self, x, *shapes):
        if not holds_duals((x, shapes)):
            return original(self, x, *shapes)
        values = np.asarray(original(self, *float_arguments((x, *shapes))))
        density = DENSITIES.get(self.name) or resolve.lifted_function(resolve.FULL, type(self)._pdf)
        support = resolve.lifted_function(resolve.FULL, type(self)._get_support)
        arrays = np.broadcast_arrays(*[np.asarray(item) for item in (x, *shapes)])
        found = []
        for at, *parameters, y in zip(*[a.ravel().tolist() for a in (*arrays, values)], strict=True):
            below = y if sign > 0 else 1 - y
            left = below < 0.5
            ends = support(self, *parameters)

            def mass_at(t, parameters=parameters):
                return np.asarray(density(self, t, *parameters)).view(DualArray)

            mass, converged = _tail(mass_at, at, ends[0 if left else 1])
            if converged and abs(value(mass) - (below if left else 1 - below)) < 1e-7 * value(mass) + 1e-9:
                found.append(sign * (mass if left else -mass))
            else:
                found.append(quad(mass_at, *((ends[0], at) if sign > 0 else (at, ends[1])))[0])
        found = np.array(found).reshape(values.shape)
        return numpy_result(found, values) if is_dual(found) else values

    rule(original)(on_duals)


if hasattr(stats, "rel_breitwigner"):
    _integrated(stats.rel_breitwigner.__class__, "_cdf")
    _integrated(stats.rel_breitwigner.__class__, "_sf", -1.0)
_integrated(stats.geninvgauss.__class__, "_cdf")
_integrated(stats.genhyperbolic.__class__, "_cdf")
_integrated(stats.genhyperbolic.__class__, "_sf", -1.0)
_integrated(stats.rv_continuous, "_cdf")


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


# ---- families with other formulas at single values of a shape -----------------------------------------------------


def _log1p_ratio(u):
    """Return ``log(1 + u) / u``, near 0 by its series."""
    near = np.abs(value(u)) < 0.1
    small, total = np.where(near, u, 0.0), 0.0 * u
    for k in range(18, -1, -1):
        total = total * -small + 1 / (k + 1)
    large = np.where(near, 1.0, u)
    return np.where(near, total, np.log1p(large) / large)


def _method(family, name, make):
    """Register the rule ``make(method)`` of a method that a family defines itself: others share what it inherits."""
    original = vars(getattr(stats, family).__class__).get(name)
    if original is not None:
        rule(original)(make(original))


def _smooth(family, **formulas):
    """Register formulas of methods of a family: SciPy's own lose the derivative by a shape where it is special."""
    for name, formula in formulas.items():
        _method(family, name, functools.partial(_with_formula, formula=formula))


def _with_formula(original, formula):
    def on_duals(self, *args):
        values = original(self, *float_arguments(args))
        if not holds_duals(args):
            return values
        arrays = [np.asarray(x).view(DualArray) if is_dual(x) else np.asarray(x) for x in args]
        with np.errstate(all="ignore"):
            found = np.array(np.broadcast_to(formula(*arrays), np.shape(values)))
        return numpy_result(found, values)

    return on_duals


def _normal_density(x):
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _log_extreme(x, c):
    inside = value(c) * value(x) < 1
    x = np.where(inside, x, 0.0)
    t = -x * _log1p_ratio(-c * x)
    return np.where(inside, t - np.exp(t) - np.log1p(-c * x), 0.0)


def _log_scaled_i0(u):
    """Return ``log(I0(u)) - u`` for u >= 0, without the kink of i0e at 0."""
    near = value(u) < 1
    small = np.where(near, u, 0.0)
    return np.where(near, np.log(special.i0(small)) - small, np.log(special.i0e(np.where(near, 1.0, u))))


_smooth(
    "genextreme",
    _logpdf=_log_extreme,
    _pdf=lambda x, c: np.where(value(c) * value(x) < 1, np.exp(_log_extreme(x, c)), 0.0),
    _loglogcdf=lambda x, c: -x * _log1p_ratio(-c * x),
    _ppf=lambda q, c: -np.log(-np.log(q)) * special.exprel(c * np.log(-np.log(q))),
    _isf=lambda q, c: -np.log(-np.log1p(-q)) * special.exprel(c * np.log(-np.log1p(-q))),
)
_smooth("genpareto", _logpdf=lambda x, c: -(c + 1) * x * _log1p_ratio(c * x))
_smooth(
    "skewnorm",
    _pdf=lambda x, a: 2 * _normal_density(x) * special.ndtr(a * x),
    _logpdf=lambda x, a: math.log(2) - x * x / 2 - math.log(2 * math.pi) / 2 + special.log_ndtr(a * x),
)
_smooth(
    "rice",
    _pdf=lambda x, b: x * np.exp(-(x - b) * (x - b) / 2 + _log_scaled_i0(x * b)),
    _logpdf=lambda x, b: np.log(x) - (x - b) * (x - b) / 2 + _log_scaled_i0(x * b),
)
_smooth(
    "vonmises",
    _pdf=lambda x, kappa: np.exp(kappa * special.cosm1(x) - _log_scaled_i0(kappa)) / (2 * math.pi),
    _logpdf=lambda x, kappa: kappa * special.cosm1(x) - math.log(2 * math.pi) - _log_scaled_i0(kappa),
)
_smooth(
    "ncx2",
    _logpdf=lambda x, df, nc: np.log(special._ufuncs._ncx2_pdf(x, df, nc)),
    _pdf=lambda x, df, nc: special._ufuncs._ncx2_pdf(x, df, nc),
    _cdf=lambda x, df, nc: special.chndtr(x, df, nc),
    _sf=lambda x, df, nc: special._ufuncs._ncx2_sf(x, df, nc),
    _ppf=lambda q, df, nc: special.chndtrix(q, df, nc),
    _isf=lambda q, df, nc: special._ufuncs._ncx2_isf(q, df, nc),
)


def _refused_at(family, methods, special_values, words):
    """Let methods refuse duals where a shape that moves has a value with another formula of SciPy's."""

    def check(shapes):
        for shape, special_value in zip(shapes, special_values, strict=False):
            if special_value is not None and is_dual(shape):
                at = np.abs(value(np.asarray(shape)) - special_value) <= 2e-5 * (family == "pearson3")
                if np.any(at):
                    raise ValueError(
                        f"{family} of duals expects {words}; use dualnum.value(x) for a constant shape."
                    )

    for name in methods.split():
        _method(family, name, functools.partial(_checked, check=check))


def _checked(original, check):
    from dualnum.lifting import resolve

    def on_duals(self, x, *shapes):
        check(shapes)
        lifted = resolve.lifted_function(resolve.FULL, original)  # SciPy's own code, without this rule
        return lifted(self, x, *shapes)

    return on_duals


_refused_at("kappa4", "_logpdf _logcdf _ppf", (0.0, 0.0), "h and k that are not 0 where they vary, got 0")
_refused_at("pearson3", "_preprocess", (0.0,), "a skew of more than 2e-5 where it varies, got a smaller one")


def _von_mises(k, x):
    """Return ``1/2 + (x + 2 sum_j I_j(k) / I_0(k) sin(j x) / j) / (2 pi)``."""
    k, x = (np.asarray(item).view(DualArray) if is_dual(item) else np.asarray(item, float) for item in (k, x))
    terms = int(20 + 9 * np.sqrt(np.max(value(k), initial=0.0)))
    total, base = 0.0, special.ive(0.0, k)
    for j in range(1, terms):
        total = total + special.ive(float(j), k) / base * np.sin(j * x) / j
    return 0.5 + (x + 2 * total) / (2 * math.pi)


_compiled("von_mises_cdf", _von_mises)
