"""Noncentral chi-square, F and t distributions by all arguments: sums of central ones with Poisson weights, on duals.

``F(x; nc) = sum_j w_j F_j(x)`` with ``w_j = exp(-nc/2) (nc/2)^j / j!``.  The central distribution functions of all j
follow from one by their recurrence, which adds positive terms: ``P(a, x) = P(a + 1, x) + x^a exp(-x) / gamma(a + 1)``,
``I_y(a, b) = I_y(a + 1, b) + y^a (1 - y)^b / (a B(a, b))``.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import value
from dualnum.rules._components import degree
from dualnum.rules._operands import dtype_of
from dualnum.rules.ufuncs._tables import gauss_rule
from dualnum.rules.ufuncs.incomplete import _by, _inverse, beta_pair, gamma_pair

HALF_LINE = 0.0, np.inf


def _terms(half):
    """Return the numbers j whose Poisson weights are not negligible for any element, along a last axis."""
    finite = value(half)[np.isfinite(value(half))]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    j = np.arange(
        max(0.0, np.floor(low - 12 * np.sqrt(low) - 10)), np.ceil(high + 12 * np.sqrt(high) + 60) + 1
    )
    if j.size > 20000:
        raise ValueError(
            f"noncentral distributions of duals expect noncentralities that differ less in one array, got up to "
            f"{high * 2:.3g}; use smaller arrays."
        )
    return j


def _poisson(half, j):
    """Return the weights ``exp(-h) h^j / j!``; at h = 0 the first ones, with their derivatives."""
    zero = value(half) == 0
    log = np.log(np.where(zero, 1.0, half))[..., None]
    weights = np.exp(j * log - half[..., None] - special.gammaln(j + 1))
    if not np.any(zero):
        return weights
    powers = np.ones_like(half)[..., None] * np.where(j == 0, 1.0, 0.0)
    power = np.ones_like(half)
    for k in range(1, min(12, j.size)):
        power = power * half / k
        powers = powers + power[..., None] * np.where(j == k, 1.0, 0.0)
    return np.where(zero[..., None], powers * np.exp(-half)[..., None], weights)


def _both_tails(first, last, steps):
    """Return a distribution function and its complement for all j, given both at the first and the last j.

    ``F_j = F_(j + 1) + steps_j`` and ``1 - F_(j + 1) = 1 - F_j + steps_j``.
    """
    steps = steps[..., :-1]
    lower = np.concatenate([np.cumsum(steps[..., ::-1], axis=-1)[..., ::-1], 0.0 * steps[..., :1]], axis=-1)
    upper = np.concatenate([0.0 * steps[..., :1], np.cumsum(steps, axis=-1)], axis=-1)
    return lower + last[..., None], upper + first[..., None]


def _chi_square(x, df, nc):
    half = nc / 2
    j = _terms(half)
    a, y = df / 2, x / 2
    log = np.log(y)[..., None]
    steps = np.exp((a[..., None] + j) * log - y[..., None] - special.gammaln(a[..., None] + j + 1))
    lower, upper = _both_tails(gamma_pair(a + j[0], y)[1], gamma_pair(a + j[-1], y)[0], steps)
    weights = _poisson(half, j)
    return np.sum(weights * lower, axis=-1), np.sum(weights * upper, axis=-1)


def _chi_square_density(x, df, nc):
    half = nc / 2
    j = _terms(half)
    a = df[..., None] / 2 + j
    densities = np.exp((a - 1) * np.log(x / 2)[..., None] - x[..., None] / 2 - special.gammaln(a)) / 2
    return np.sum(_poisson(half, j) * densities, axis=-1)


def _beta_steps(a, b, y, other, j):
    """Return ``y^a (1 - y)^b / (a B(a, b))`` for a + j."""
    a, b = a[..., None] + j, b[..., None]
    log = a * np.log(y)[..., None] + b * np.log(other)[..., None]
    return np.exp(log - special.betaln(a, b) - np.log(a))


def _f(m, n, nc, x):
    half, y, other = nc / 2, m * x / (m * x + n), n / (m * x + n)
    j = _terms(half)
    steps = _beta_steps(m / 2, n / 2, y, other, j)
    lower, upper = _both_tails(
        beta_pair(m / 2 + j[0], n / 2, y)[1], beta_pair(m / 2 + j[-1], n / 2, y)[0], steps
    )
    weights = _poisson(half, j)
    return np.sum(weights * lower, axis=-1), np.sum(weights * upper, axis=-1)


def _f_density(m, n, nc, x):
    half, y, other = nc / 2, m * x / (m * x + n), n / (m * x + n)
    j = _terms(half)
    a = (m / 2)[..., None] + j
    densities = _beta_steps(m / 2, n / 2, y, other, j) * a / y[..., None] / other[..., None]
    return np.sum(_poisson(half, j) * densities, axis=-1) * m * n / (m * x + n) ** 2


def _t_weights(nc, j):
    """Return the weights of even and odd terms: ``p_j``, and ``q_j = nc / sqrt(2) exp(-h) h^j / gamma(j + 3/2)``."""
    even = _poisson(nc * nc / 2, j)
    ratio = np.exp(special.gammaln(j + 1) - special.gammaln(j + 1.5))
    return even, even * ratio * nc[..., None] / math.sqrt(2)


def _t(df, nc, t):
    """Return the distribution function of noncentral t: of -t and -nc the complement."""
    flip = np.where(value(t) < 0, -1.0, 1.0)
    nc, t = nc * flip, t * flip
    j, y, other = _terms(nc * nc / 2), t * t / (t * t + df), df / (t * t + df)
    y = np.where(value(t) == 0, 1.0, y)
    other = np.where(value(t) == 0, 0.5, other)
    even, odd = _t_weights(nc, j)
    half, n = 0.5 + 0.0 * df, df / 2
    inside = 0.0
    for weights, a in ((even, half), (odd, half + 0.5)):
        steps = _beta_steps(a, n, y, other, j)
        lower, _ = _both_tails(0.0 * a, beta_pair(a + j[-1], n, y)[0], steps)
        inside = inside + np.sum(weights * lower, axis=-1) / 2
    below = special.ndtr(-nc)
    at_zero = value(t) == 0
    if at_zero.any():
        inside[at_zero] = _t_from_zero(df[at_zero], nc[at_zero], t[at_zero])
    return np.where(flip < 0, 1 - below - inside, below + inside), np.where(
        flip < 0, below + inside, 1 - below - inside
    )


def _t_density(df, nc, t):
    """Return the density, ``c (df + t^2)^(-(df + 1)/2) int_0^inf u^df exp(-u^2/2 + u z / sqrt(2)) du``.

    ``z = nc t sqrt(2 / (df + t^2))``.  The integrand is positive for every sign of z; the trapezoidal rule in log(u)
    converges exponentially.
    """
    z = nc * t * np.sqrt(2.0) / np.sqrt(df + t * t)
    peak = (value(z) / math.sqrt(2) + np.sqrt(value(z) ** 2 / 2 + 4 * (value(df) + 1))) / 2
    v = np.linspace(-12.0, 4.0, 801)
    width = 1 / np.sqrt(1 + value(df))
    v = np.clip(v * np.minimum(1.0, width * 3)[..., None], -60, 6)
    u = peak[..., None] * np.exp(v)
    exponent = (df[..., None] + 1) * np.log(u) - u * u / 2 + u * z[..., None] / math.sqrt(2)
    step = (v[..., 1] - v[..., 0])[..., None]
    integral = np.sum(
        np.exp(exponent - special.gammaln(df / 2)[..., None] - nc[..., None] ** 2 / 2) * step, axis=-1
    )
    scale = np.exp((1 - df / 2) * math.log(2) - 0.5 * math.log(2 * math.pi)) * np.power(df, df / 2)
    return scale * integral * np.power(df + t * t, -(df + 1) / 2)


def _t_from_zero(df, nc, t):
    """Return the integral of the density from 0 to t, whose value is 0: of a polynomial, in the part from 0 to t."""
    parts, weights = gauss_rule(degree(dtype_of(df, nc, t)) // 2 + 1)
    return t * sum(w * _t_density(df, nc, part * t) for w, part in zip(weights, parts, strict=True))


def _t_mean(df, nc):
    return nc * np.sqrt(df / 2) * np.exp(special.gammaln((df - 1) / 2) - special.gammaln(df / 2))


def _f_moments(m, n, nc):
    mean = n * (m + nc) / (m * (n - 2))
    variance = 2 * ((m + nc) ** 2 + (m + 2 * nc) * (n - 2)) / ((n - 2) ** 2 * (n - 4)) * (n / m) ** 2
    return mean, variance


_three, _four, _two = _by(0, 1, 2), _by(0, 1, 2, 3), _by(0, 1)
_three("chndtr", lambda x, df, nc: _chi_square(x, df, nc)[0], at=0, ends=HALF_LINE)
_three("_ncx2_sf", lambda x, df, nc: _chi_square(x, df, nc)[1], at=0, ends=HALF_LINE)
_three("_ncx2_pdf", _chi_square_density)
_of_chi_square = lambda df, nc, x: _chi_square(x, df, nc)[0]  # noqa: E731
_its_density = lambda df, nc, x: _chi_square_density(x, df, nc)  # noqa: E731
_three("chndtrix", _inverse(_of_chi_square, _its_density), inverse=True, at=0)
_three(
    "_ncx2_isf", _inverse(lambda df, nc, x: _chi_square(x, df, nc)[1], _its_density, -1.0), inverse=True, at=0
)

_four("ncfdtr", lambda m, n, nc, x: _f(m, n, nc, x)[0], ends=HALF_LINE)
_four("_ncf_sf", lambda x, m, n, nc: _f(m, n, nc, x)[1], at=0, ends=HALF_LINE)
_four("_ncf_pdf", lambda x, m, n, nc: _f_density(m, n, nc, x))
_four("ncfdtri", _inverse(lambda m, n, nc, x: _f(m, n, nc, x)[0], _f_density), inverse=True)
_four("_ncf_isf", _inverse(lambda m, n, nc, x: _f(m, n, nc, x)[1], _f_density, -1.0), inverse=True, at=0)
_three("_ncf_mean", lambda m, n, nc: _f_moments(m, n, nc)[0])
_three("_ncf_variance", lambda m, n, nc: _f_moments(m, n, nc)[1])

_three("nctdtr", lambda df, nc, t: _t(df, nc, t)[0], ends=(-np.inf, np.inf))
_three("_nct_sf", lambda t, df, nc: _t(df, nc, t)[1], at=0, ends=(-np.inf, np.inf))
_three("_nct_pdf", lambda t, df, nc: _t_density(df, nc, t))
_three("nctdtrit", _inverse(lambda df, nc, t: _t(df, nc, t)[0], _t_density), inverse=True)
_three("_nct_isf", _inverse(lambda df, nc, t: _t(df, nc, t)[1], _t_density, -1.0), inverse=True, at=0)
_two("_nct_mean", _t_mean)
_two("_nct_variance", lambda df, nc: (1 + nc * nc) * df / (df - 2) - _t_mean(df, nc) ** 2)
