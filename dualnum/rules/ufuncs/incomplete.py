"""Incomplete gamma and beta functions by their parameters, and the distributions and inverses that consist of them.

Values are SciPy's.  The rules of `scipy_special` stay in charge where the parameters are constants.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import DualArray, rule_of, value
from dualnum.rules._components import components, degree, nilpotent_part
from dualnum.rules._operands import dtype_of, is_dual, numpy_result, set_values
from dualnum.rules._registry import rule
from dualnum.rules.ufuncs.incomplete_tails import along, beta_pair, gamma_pair, step_of

EPSILON = 2.0**-56
TERMS = 20000  # of a series


def _converged(step, total):
    """Return whether a term is negligible in each component of a sum, or relative to the largest one."""
    step, total = (np.abs(components(x) if is_dual(x) else np.asarray(x)[:, None]) for x in (step, total))
    total = np.where(np.isfinite(total), total, 0.0)
    small = step <= EPSILON * np.maximum(
        total, 1e-30 + EPSILON * total.max(axis=-1, initial=0.0, keepdims=True)
    )
    return bool(np.all(small | ~np.isfinite(step)))


def _split(near, f, g, *args):
    """Return f where near, else g; each sees its own elements alone."""
    result = np.zeros(near.shape, dtype_of(*args)).view(DualArray)
    for mask, function in ((near, f), (~near, g)):
        if mask.any():
            result[mask] = function(*[x[mask] for x in args])
    return result


def _student(df, t):
    """Return the distribution function of Student's t: (1 + sign(t) I_z(1/2, df/2)) / 2 for z = t^2 / (df + t^2)."""
    at = value(t).copy()
    square = np.where(at == 0, 1.0, at) ** 2
    pair = beta_pair(0.5 + 0.0 * df, df / 2, square / (df + square), df / (df + square))
    change = nilpotent_part(pair[0])
    result = np.sign(at) / 2 * change + along(step_of(t), lambda h: _student_density(df, at + h))
    set_values(result, special.stdtr(value(df), at))
    return result


def _ratio(m, n, x):
    return m * x / (n + m * x)


def _gamma_density(a, x):
    return np.exp((a - 1) * np.log(x) - x - special.gammaln(a))


def _beta_density(a, b, x):
    return np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - special.betaln(a, b))


def _f_density(m, n, x):
    return _beta_density(m / 2, n / 2, _ratio(m, n, x)) * m * n / (n + m * x) ** 2


def _student_density(df, t):
    return np.exp(-(df + 1) / 2 * np.log1p(t * t / df) - special.betaln(0.5, df / 2)) / np.sqrt(df)


def _inverse(f, density, sign=1.0):
    """Return the solution x of ``f(*parameters, x) = p``, given its values: Newton steps order by order.

    Where SciPy's value is no solution, it is an end of the domain if it is 0, which rests, else unknown.
    """

    def solve(x0, *parameters, p):
        slope = sign * density(*map(value, parameters), x0)
        x = x0
        for i in range(degree(dtype_of(p, *parameters))):
            rest = np.array(f(*parameters, x + 0.0 * p) - p)
            if i == 0:
                size = np.minimum(np.abs(value(p)), np.abs(1 - value(p)))
                slope = np.where(
                    np.abs(value(rest)) > 1e-3 * size + 1e-7, np.where(x0 == 0, np.inf, np.nan), slope
                )
            x = x - nilpotent_part(rest) / slope
        return x

    return solve


def _by(*parameters):
    """Return a decorator: the function computes a ufunc of its name where one of these arguments is no constant."""

    def register(name, f, inverse=False, at=-1, ends=()):
        """Register f; an inverse is a function of the values too, and gets the argument number `at` as p.

        At the ends of its domain, where formulas have 0 * inf, a function of a constant has the same value for all
        parameters.
        """
        ufunc = getattr(special, name, None) or getattr(special._ufuncs, name, None)
        if not isinstance(ufunc, np.ufunc):
            return
        otherwise = rule_of(ufunc)
        ends = (0.0, 1.0) if inverse else ends
        at %= ufunc.nin

        def on_duals(*args):
            if otherwise is not None and not any(_moves(args[i]).any() for i in parameters):
                return otherwise(*args)
            dtype = dtype_of(*args)
            values = ufunc(*map(value, args))
            fixed = np.isin(value(args[at]), ends) & ~_moves(args[at])
            with np.errstate(all="ignore"):
                args = [np.asarray(x).astype(dtype).view(DualArray) for x in args]
                found = f(values, *args[:at], *args[at + 1 :], p=args[at]) if inverse else f(*args)
            found = numpy_result(found, values, dtype)
            found[fixed] = values[fixed]
            return found

        rule(ufunc)(on_duals)

    return register


def _moves(x):
    """Return whether derivatives of x are not zero, for each element."""
    return components(x)[..., 1:].any(axis=-1) if is_dual(x) else np.zeros(np.shape(x), bool)


HALF_LINE = 0.0, np.inf
_first, _two = _by(0), _by(0, 1)
_first("gammainc", lambda a, x: gamma_pair(a, x)[0], ends=HALF_LINE)
_first("gammaincc", lambda a, x: gamma_pair(a, x)[1], ends=HALF_LINE)
_first("chdtr", lambda v, x: gamma_pair(v / 2, x / 2)[0], ends=HALF_LINE)
_first("chdtrc", lambda v, x: gamma_pair(v / 2, x / 2)[1], ends=HALF_LINE)
_two("gdtr", lambda a, b, x: gamma_pair(b, a * x)[0], ends=HALF_LINE)
_two("gdtrc", lambda a, b, x: gamma_pair(b, a * x)[1], ends=HALF_LINE)
_two("betainc", lambda a, b, x: beta_pair(a, b, x)[0], ends=(0.0, 1.0))
_two("betaincc", lambda a, b, x: beta_pair(a, b, x)[1], ends=(0.0, 1.0))
_first("stdtr", _student, ends=(-np.inf, np.inf))
_two("fdtr", lambda m, n, x: beta_pair(m / 2, n / 2, _ratio(m, n, x))[0], ends=HALF_LINE)
_two("fdtrc", lambda m, n, x: beta_pair(m / 2, n / 2, _ratio(m, n, x))[1], ends=HALF_LINE)

_first("gammaincinv", _inverse(lambda a, x: gamma_pair(a, x)[0], _gamma_density), inverse=True)
_first("gammainccinv", _inverse(lambda a, x: gamma_pair(a, x)[1], _gamma_density, -1.0), inverse=True)
_first(
    "chdtri", _inverse(lambda v, x: gamma_pair(v / 2, x / 2)[1], lambda v, x: _gamma_density(v / 2, x / 2) / 2, -1.0),
    inverse=True,
)  # fmt: skip
_two("betaincinv", _inverse(lambda a, b, x: beta_pair(a, b, x)[0], _beta_density), inverse=True)
_two("betainccinv", _inverse(lambda a, b, x: beta_pair(a, b, x)[1], _beta_density, -1.0), inverse=True)
_first("stdtrit", _inverse(_student, _student_density), inverse=True)
_two("fdtri", _inverse(lambda m, n, x: beta_pair(m / 2, n / 2, _ratio(m, n, x))[0], _f_density), inverse=True)

# ---- of scipy.stats ----


def _binomial(k, n, p):
    return special.binom(n, k) * p**k * (1 - p) ** (n - k)


def _negative_binomial(k, n, p):
    return special.binom(k + n - 1, k) * p**n * (1 - p) ** k


_by(1, 2)("_beta_pdf", lambda x, a, b: _beta_density(a, b, x))
_by(0, 1, 2)("_beta_ppf", _inverse(lambda a, b, x: beta_pair(a, b, x)[0], _beta_density), inverse=True, at=0)
_by(1, 2)("_binom_pmf", _binomial)
_by(1, 2)("_binom_cdf", lambda k, n, p: beta_pair(k + 1, n - k, p)[1])
_by(1, 2)("_binom_sf", lambda k, n, p: beta_pair(k + 1, n - k, p)[0])
_by(1, 2)("_nbinom_pmf", _negative_binomial)
_by(1, 2)("_nbinom_cdf", lambda k, n, p: beta_pair(n, k + 1, p)[0])
_by(1, 2)("_nbinom_sf", lambda k, n, p: beta_pair(n, k + 1, p)[1])
_by(0, 1, 2)("_cauchy_ppf", lambda p, loc, scale: loc - scale * np.cos(math.pi * p) / np.sin(math.pi * p))
_by(0, 1, 2)("_cauchy_isf", lambda p, loc, scale: loc + scale * np.cos(math.pi * p) / np.sin(math.pi * p))


def _skew_normal(loc, scale, a, x):
    z = (x - loc) / scale
    return special.ndtr(z) - 2 * special.owens_t(z, a)


def _skew_normal_density(loc, scale, a, x):
    z = (x - loc) / scale
    return math.sqrt(2 / math.pi) / scale * np.exp(-z * z / 2) * special.ndtr(a * z)


def _inverse_gauss(mean, shape, x):
    root = np.sqrt(shape / x)
    beyond = 2 * shape / mean + special.log_ndtr(-root * (x / mean + 1))
    return special.ndtr(root * (x / mean - 1)) + np.exp(beyond)


def _inverse_gauss_density(mean, shape, x):
    return np.sqrt(shape / (2 * math.pi * x**3)) * np.exp(-shape * (x / mean - 1) ** 2 / (2 * x))


_by(0, 1, 2, 3)("_skewnorm_cdf", lambda x, loc, scale, a: _skew_normal(loc, scale, a, x))
for _name, _parameters, _f, _density in (
    ("_skewnorm", (0, 1, 2, 3), _skew_normal, _skew_normal_density),
    ("_invgauss", (0, 1, 2), _inverse_gauss, _inverse_gauss_density),
):
    _by(*_parameters)(f"{_name}_ppf", _inverse(_f, _density), inverse=True, at=0)
    _by(*_parameters)(
        f"{_name}_isf", _inverse(lambda *args, f=_f: 1 - f(*args), _density, -1.0), inverse=True, at=0
    )
