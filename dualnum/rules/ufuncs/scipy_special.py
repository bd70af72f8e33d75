"""Rules for the ufuncs of scipy.special; importing that module imports this one (numpy_patches.when_imported).

Slopes are written in a form without cancellation: ``expit(x) expit(-x)``, never ``y (1 - y)``.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import value
from dualnum.rules._components import components
from dualnum.rules._operands import contains_duals, with_values
from dualnum.rules._registry import rule, values_from
from dualnum.rules.numpy_patches import extends
from dualnum.rules.ufuncs._tables import (
    ROOT_2PI,
    ROOT_PI,
    count,
    differentiate,
    expand,
    falling,
    gauss_rule,
    or_series,
    polynomial,
    rising,
)

DEGREE = math.pi / 180
psi, gammaln = special.psi, special.gammaln


def _zero_over(x, q):
    """Return x / q, and x where both are 0: xlogy(0, q) is 0 for all q."""
    return x / np.where((value(x) == 0) & (value(q) == 0), 1.0, q)


def _exp_of_square(factor, x):
    """Return exp(factor x^2), corrected to first order for the rounding error of the square."""
    v = np.minimum(np.maximum(value(x), -40.0), 40.0)  # of one number in half of np.clip's time
    high = v * 134217729.0  # splits v into halves of its digits (Dekker)
    high = high - (high - v)
    low = v - high
    error = ((high * high - v * v) + 2 * high * low) + low * low
    return np.exp(factor * (x * x)) * (1 + factor * error)


# ---- error functions and the normal distribution ----


def _density(x):
    return _exp_of_square(-0.5, x) / ROOT_2PI


def _inverse_mills(x):
    """Return the normal density divided by the normal distribution function."""
    left = value(x) < 5
    by_erfcx = math.sqrt(2 / math.pi) / special.erfcx(np.where(left, x, 0.0) * -math.sqrt(0.5))
    right = np.where(left, 5.0, x)
    return np.where(left, by_erfcx, _density(right) / special.ndtr(right))


def _asymptotic(x, sign, y):
    """Return y, and for |x| > 7 its asymptotic series sum_(n >= 1) (2n - 1)!! (sign / (2 x^2))^n.

    There the formula of y cancels.  The series is cut off before its terms begin to grow.
    """
    far, factorials = np.abs(value(x)) > 7, np.cumprod(np.arange(1.0, 90.0, 2.0))
    large = np.where(far, x, 10.0)
    return np.where(far, polynomial(sign / (2 * large * large), [0.0, *factorials]), y)


_TIMES, _SHARES = (column[:, None] for column in gauss_rule(48))


def _erfcx_slope(x, y):
    """Return ``2 x y - 2 / sqrt(pi)``; for x > 1 as ``-4 / sqrt(pi) int_0^inf t exp(-t^2 - 2 x t) dt``, of one sign."""
    slope = np.where(value(x) > 7, 2 / ROOT_PI * _asymptotic(x, -1.0, 0.0), 2 * (x * y) - 2 / ROOT_PI)
    near = (value(x) > 1) & (value(x) <= 7)
    if near.any():
        end = np.minimum(6.4, 22 / np.where(near, value(x), 1.0))
        t, weights = _TIMES * end, _SHARES * end
        integral = np.sum(weights * t * np.exp(-t * (t + 2 * np.where(near, x, 1.0))), axis=0)
        slope = np.where(near, -4 / ROOT_PI * integral.reshape(np.shape(slope)), slope)
    return slope


differentiate(
    erf=lambda x, y: 2 / ROOT_PI * _exp_of_square(-1.0, x),
    erfc=lambda x, y: -2 / ROOT_PI * _exp_of_square(-1.0, x),
    erfi=lambda x, y: 2 / ROOT_PI * _exp_of_square(1.0, x),
    erfcx=_erfcx_slope,
    dawsn=lambda x, y: -_asymptotic(x, 1.0, 2 * (x * y) - 1),
    erfinv=lambda x, y: ROOT_PI / 2 * _exp_of_square(1.0, y),
    erfcinv=lambda x, y: -ROOT_PI / 2 * _exp_of_square(1.0, y),
    ndtr=lambda x, y: _density(x),
    ndtri=lambda x, y: ROOT_2PI * _exp_of_square(0.5, y),
    log_ndtr=lambda x, y: _inverse_mills(x),
    ndtri_exp=lambda x, y: 1 / _inverse_mills(y),
    owens_t=lambda h, a, y: (
        -_density(h) / 2 * special.erf(a * h * math.sqrt(0.5)),
        _density(h) * _exp_of_square(-0.5, a * h) / (1 + a * a) / ROOT_2PI,
    ),
)

# ---- logarithms, powers, robust losses, angles in degrees ----


def _power_slope(log_x, p, y):
    """Return the slope by p of y = (x^p - 1) / p; near p log(x) = 0, log(x)^2 sum (k + 1) / (k + 2)! (p log x)^k."""
    coefficients = [(k + 1) / math.factorial(k + 2) for k in range(20)]
    u = p * log_x
    near = np.abs(value(u)) < 1
    series = log_x * log_x * polynomial(np.where(near, u, 0.0), coefficients)
    power = np.exp(u)
    return np.where(near, series, (np.where(value(power) == 0, 0.0, power * log_x) - y) / p)


def _inverse_slopes(slope, by_p):
    """Return the slopes by y and p of x where y = f(x, p), given dx / dy and df / dp."""
    return slope, -slope * by_p


def _huber_slopes(delta, r, y):
    inside = np.abs(value(r)) <= value(delta)
    delta = np.where(value(delta) < 0, np.nan, delta)  # SciPy's value is inf
    return np.where(inside, 0.0, np.abs(r) - delta), np.where(inside, r, delta * np.sign(r))


def _pseudo_huber_slopes(delta, r, y):
    delta = np.where(value(delta) < 0, np.nan, delta)  # SciPy's value is inf
    far = np.abs(value(r)) > value(delta)  # there in delta / r, in which nothing cancels
    u, w = np.where(far, 0.0, r) / delta, delta / np.where(far, np.abs(r), delta)
    root, other = np.hypot(1.0, u), np.hypot(1.0, w)
    root_minus_1 = u * (u / (1 + root))
    rest = 1 / (other + w)  # other - w
    by_delta = np.where(far, np.abs(r) * rest * (rest / other), delta * root_minus_1 * (root_minus_1 / root))
    return by_delta, np.where(far, np.sign(value(r)) * delta / other, delta * u / root)


differentiate(
    logit=lambda x, y: 1 / (x * (1 - x)),
    expit=(lambda x, y, c: y * c, lambda x: special.expit(-x), lambda x, y, c: -y * c),
    log_expit=lambda x, y: special.expit(-x),
    entr=lambda x, y: -1 - np.log(x),
    rel_entr=lambda x, q, y: (1 + np.log(x / q), -x / q),
    kl_div=lambda x, q, y: (np.log(x / q), with_values(1 - x / q, (value(q) - value(x)) / value(q))),
    xlogy=lambda x, q, y: (np.log(q), _zero_over(x, q)),
    xlog1py=lambda x, q, y: (np.log1p(q), _zero_over(x, 1 + q)),
    exprel=lambda x, y: or_series(
        x,
        1.0,
        [(k + 1) / math.factorial(k + 2) for k in range(20)],
        lambda x: np.where(value(x) > 0, y * (1 - 1 / x) + 1 / x, (np.exp(x) - y) / x),
    ),
    spence=lambda x, y: or_series(
        x - 1, 0.25, [(-1.0) ** (k + 1) / (k + 1) for k in range(30)], lambda u: np.log(x) / (1 - x)
    ),
    boxcox=lambda x, p, y: (np.power(x, p - 1), _power_slope(np.log(x), p, y)),
    boxcox1p=lambda x, p, y: (np.exp((p - 1) * np.log1p(x)), _power_slope(np.log1p(x), p, y)),
    inv_boxcox=lambda y, p, x: _inverse_slopes(np.power(x, 1 - p), _power_slope(np.log(x), p, y)),
    inv_boxcox1p=lambda y, p, x: _inverse_slopes(np.power(1 + x, 1 - p), _power_slope(np.log1p(x), p, y)),
    huber=_huber_slopes,
    pseudo_huber=_pseudo_huber_slopes,
    wrightomega=lambda x, y: y / (1 + y),
    sindg=(lambda x, y, c: DEGREE * c, special.cosdg, lambda x, y, c: -DEGREE * y),
    cosdg=(lambda x, y, c: -DEGREE * c, special.sindg, lambda x, y, c: DEGREE * y),
    tandg=lambda x, y: DEGREE / special.cosdg(x) ** 2,
    cotdg=lambda x, y: -DEGREE / special.sindg(x) ** 2,
)

# NumPy's functions have the derivatives of these
for _ufunc, _on_duals in (
    (special.exp2, np.exp2),
    (special.exp10, lambda x: np.power(10.0, x)),
    (special.expm1, np.expm1),
    (special.log1p, np.log1p),
    (special.cbrt, np.cbrt),
    (special.cosm1, np.cos),
    (special.powm1, np.power),
):
    rule(_ufunc)(values_from(_ufunc)(_on_duals))

# ---- gamma and related functions ----

_zeta = special._ufuncs._zeta  # Hurwitz's, which special.zeta calls


def _polygamma(n, x):
    return (-1) ** (n + 1) * math.factorial(n) * _zeta(n + 1.0, x) if n else psi(x)


def _rgamma_slope(x, y):
    """Return -y psi(x); for x < 1/2, where psi has poles, from y = sin(pi x) gamma(1 - x) / pi."""
    left = value(x) < 0.5
    u = np.where(left, x, 0.0)
    reflected = np.cos(math.pi * u) * special.gamma(1 - u) - y * psi(1 - u)
    return np.where(left, reflected, -y * psi(np.where(left, 1.0, x)))


_STIRLING = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12]  # of psi


def _psi_difference(a, b):
    """Return psi(a + b) - psi(a), for 0 < b < a / 2 without cancellation.

    ``sum_(n < 16) b / ((a + n)(a + b + n))``, and from a + 16 on Stirling's series in ``log(1 + b / a)``.
    """
    near = (value(a) > 0) & (value(b) > 0) & (value(b) < value(a) / 2)
    plain = psi(a + b) - psi(a)
    if not np.any(near):
        return plain
    p, q = np.where(near, a, 1.0), np.where(near, b, 0.25)
    total = 0.0
    for n in range(16):
        total = total + q / (p + n) / (p + q + n)
    p = p + 16
    ratio = np.log1p(q / p)
    total = total + ratio + q / (2 * p * (p + q))
    for k, c in enumerate(_STIRLING, 1):
        total = total - c * np.expm1(-2 * k * ratio) / p ** (2 * k)
    return np.where(near, total, plain)


expand(
    _zeta=lambda n, s, q: (-1) ** n * rising(s, n) * _zeta(s + n, q),
    psi=_polygamma,
    digamma=_polygamma,
    gammaln=lambda n, x: _polygamma(n - 1, x),
    loggamma=lambda n, x: _polygamma(n - 1, x),
)
differentiate(
    gamma=lambda x, y: y * psi(x),
    rgamma=_rgamma_slope,
    beta=lambda a, b, y: (-y * _psi_difference(a, b), -y * _psi_difference(b, a)),
    betaln=lambda a, b, y: (-_psi_difference(a, b), -_psi_difference(b, a)),
    binom=lambda n, k, y: (y * (psi(n + 1) - psi(n - k + 1)), y * (psi(n - k + 1) - psi(k + 1))),
    poch=lambda z, m, y: (y * (psi(z + m) - psi(z)), y * psi(z + m)),
)

# ---- exponential, trigonometric and Fresnel integrals ----


def _expn(p, x):
    """Return E_p(x), for integers p < 0 in closed form."""
    result = special.expn(np.maximum(p, 0), x)
    for m in np.unique(-p[p < 0]):
        low = np.exp(-x) / x * sum(falling(m, j) / x**j for j in range(int(m) + 1))
        result = np.where(p == -m, low, result)
    return result


def _shichi_slopes(x, shi, chi):
    series = [(1 - k % 2) / math.factorial(k + 1) for k in range(20)]
    return [or_series(x, 1.0, series, lambda x: np.sinh(x) / x), np.cosh(x) / x]


expand(expn=lambda n, p, x: (-1) ** n * _expn(p - n, x))
differentiate(
    exp1=lambda x, y: -np.exp(-x) / x,
    expi=lambda x, y: np.exp(x) / x,
    sici=lambda x, si, ci: [np.sinc(x / math.pi), np.cos(x) / x],
    shichi=_shichi_slopes,
    fresnel=lambda x, s, c: [np.sin(math.pi / 2 * (x * x)), np.cos(math.pi / 2 * (x * x))],
)

# ---- distributions, by their last argument ----


def _power_times_exp(x, p, exponent):
    """Return x^p exp(exponent) as one exponential, except at x = 0, where log(x) has no derivatives."""
    zero = value(x) == 0
    inside = np.exp(p * np.log(np.where(zero, 1.0, x)) + exponent)
    return np.where(zero, np.power(np.where(zero, x, 1.0), p) * np.exp(exponent), inside)


def _gamma_density(a, x):
    return _power_times_exp(x, a - 1, -x - gammaln(a))


def _beta_density(a, b, x):
    other = np.where(value(x) == 1, 0.0, special.xlog1py(b - 1, -x))
    density = _power_times_exp(x, a - 1, other - special.betaln(a, b))
    at_one = np.where(value(x) == 1, 1 - x, 1.0)
    return density * np.power(at_one, np.where(value(x) == 1, b - 1, 0.0))


def _student_density(df, t):
    normal = np.isinf(value(df))
    df = np.where(normal, 1.0, df)
    density = np.exp(-special.betaln(df / 2, 0.5) - (df + 1) / 2 * np.log1p(t * t / df)) / np.sqrt(df)
    return np.where(normal, _density(t), density) if normal.any() else density


def _f_density(m, n, x):
    u = m * x / (m * x + n)
    return _beta_density(m / 2, n / 2, u) * m * n / (m * x + n) ** 2


differentiate(
    -1,
    gammainc=lambda a, x, y: _gamma_density(a, x),
    gammaincc=lambda a, x, y: -_gamma_density(a, x),
    gammaincinv=lambda a, p, x: 1 / _gamma_density(a, x),
    gammainccinv=lambda a, p, x: -1 / _gamma_density(a, x),
    chdtr=lambda v, x, y: _gamma_density(v / 2, x / 2) / 2,
    chdtrc=lambda v, x, y: -_gamma_density(v / 2, x / 2) / 2,
    chdtri=lambda v, p, x: -2 / _gamma_density(v / 2, x / 2),
    pdtr=lambda k, m, y: -_gamma_density(np.floor(k) + 1, m),
    pdtrc=lambda k, m, y: _gamma_density(np.floor(k) + 1, m),
    stdtr=lambda df, t, y: _student_density(df, t),
    stdtrit=lambda df, p, t: 1 / _student_density(df, t),
    betainc=lambda a, b, x, y: _beta_density(a, b, x),
    betaincc=lambda a, b, x, y: -_beta_density(a, b, x),
    betaincinv=lambda a, b, p, x: 1 / _beta_density(a, b, x),
    betainccinv=lambda a, b, p, x: -1 / _beta_density(a, b, x),
    gdtr=lambda a, b, x, y: a * _gamma_density(b, a * x),
    gdtrc=lambda a, b, x, y: -a * _gamma_density(b, a * x),
    fdtr=lambda m, n, x, y: _f_density(m, n, x),
    fdtrc=lambda m, n, x, y: -_f_density(m, n, x),
    fdtri=lambda m, n, p, x: 1 / _f_density(m, n, x),
    bdtr=lambda k, n, p, y: -_beta_density(np.floor(k) + 1, n - np.floor(k), p),
    nbdtr=lambda k, n, p, y: _beta_density(n, np.floor(k) + 1, p),
    nbdtrc=lambda k, n, p, y: -_beta_density(n, np.floor(k) + 1, p),
    bdtrc=lambda k, n, p, y: _beta_density(np.floor(k) + 1, n - np.floor(k), p),
)
differentiate(0, _beta_pdf=lambda x, a, b, y: y * ((a - 1) / x - (b - 1) / (1 - x)))  # of scipy.stats

# ---- elliptic integrals and functions ----

_N = np.arange(1, 40)
_RATIOS = math.pi / 2 * np.cumprod((2 * _N - 1) / (2 * _N)) ** 2  # K(m) = pi/2 + sum_(n >= 1) ratio_n m^n


def _k_slope(m, p, k, e):
    """Return dK / dm, where m + p = 1; at m = 1 it is infinite."""
    slope = or_series(m, 0.25, _N * _RATIOS, lambda m: (e - p * k) / (2 * m * p))
    return np.where(value(p) == 0, np.inf, slope)


def _e_slope(m, k, e):
    return or_series(m, 0.25, -_N * _RATIOS / (2 * _N - 1), lambda m: (e - k) / (2 * m))


differentiate(
    0,
    ellipk=(lambda m, k, e: _k_slope(m, 1 - m, k, e), special.ellipe, _e_slope),
    ellipe=(lambda m, e, k: _e_slope(m, k, e), special.ellipk, lambda m, e, k: _k_slope(m, 1 - m, k, e)),
    ellipkm1=(
        lambda p, k, e: -_k_slope(1 - p, p, k, e),
        lambda p: special.ellipe(1 - p),
        lambda p, k, e: -_e_slope(1 - p, k, e),
    ),
    ellipkinc=lambda phi, m, y: 1 / np.sqrt(1 - m * np.sin(phi) ** 2),
    ellipeinc=lambda phi, m, y: np.sqrt(1 - m * np.sin(phi) ** 2),
    ellipj=lambda u, m, sn, cn, dn, phi: [cn * dn, -sn * dn, -m * sn * cn, dn],
)

# ---- helpers of functions in Python ----


@extends
def log_of_sum(own, a, b, *, axis, return_sign, xp):
    """Return (log |sum b exp(a)|, sign)."""
    if not contains_duals(a, b):
        return own(a, b, axis=axis, return_sign=return_sign, xp=xp)
    values, sign = own(value(a), None if b is None else value(b), axis=axis, return_sign=return_sign, xp=xp)
    with np.errstate(all="ignore"):  # the values have warned
        weights = np.ones_like(a) if b is None else b
        counts = np.any(components(weights), axis=-1)  # a weight 0 with derivatives counts
        shift = np.max(np.where(counts, np.real(value(a)), -np.inf), axis=axis, keepdims=True)
        shift = np.where(np.isfinite(shift), shift, 0.0)
        total = np.sum(weights * np.exp(np.where(counts, a - shift, 0.0)), axis=axis, keepdims=True)
        size = total if np.iscomplexobj(total) else np.abs(total)
        return with_values(np.log(size) + shift, values), sign


from dualnum.rules.ufuncs import bessel, polynomials  # noqa: E402, F401, I001

# These take over where parameters vary.
from dualnum.rules.ufuncs import bessel_orders, carlson, incomplete, noncentral, parameters  # noqa: E402, F401
from dualnum.rules.ufuncs import complex_functions, landau, more_functions  # noqa: E402, F401

count(
    expn=(0,), kn=(0,), yn=(0,), smirnov=(0,), smirnovi=(0,),
    _smirnovc=(0,), _smirnovci=(0,), _smirnovp=(0,), bdtr=(1,), bdtrc=(1,), bdtri=(1,), nbdtr=(0, 1), nbdtrc=(0, 1),
    nbdtri=(0, 1),
)  # fmt: skip
