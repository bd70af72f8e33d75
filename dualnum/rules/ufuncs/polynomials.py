"""Hypergeometric functions, orthogonal polynomials and Legendre functions, by their last argument."""

import math

import numpy as np
from scipy import special

from dualnum._core import value
from dualnum.rules._registry import rule, values_from
from dualnum.rules.ufuncs._tables import DERIVATIVES, expand, falling, rising
from dualnum.rules.ufuncs.equations import constant


def _lower(k, n, function, *arguments):
    """Return function(n - k, ...), 0 for integers n < k, and nan for n < 0, where there is no formula."""
    whole = n == np.floor(n)
    known = function(np.where(whole, np.maximum(n - k, 0), n - k), *arguments)
    return np.where(n < 0, np.nan, np.where(whole & (n < k), 0.0, known))


def _gegenbauer(n, k, alpha, x):
    """Return C_(n - k)^alpha(x)."""
    return _lower(k, n, special.eval_gegenbauer, alpha, x)


def _chebyshev_t(k, n, x):
    return 2.0 ** (k - 1) * math.factorial(k - 1) * n * _gegenbauer(n, k, float(k), x)


def _chebyshev_u(k, n, x):
    return 2.0**k * math.factorial(k) * _gegenbauer(n, k, k + 1.0, x)


def _legendre(k, n, x):
    return math.prod(range(1, 2 * k, 2)) * _gegenbauer(n, k, k + 0.5, x)


expand(
    hyp0f1=lambda k, v, z: special.hyp0f1(v + k, z) / rising(v, k),
    hyp1f1=lambda k, a, b, z: rising(a, k) / rising(b, k) * special.hyp1f1(a + k, b + k, z),
    hyp2f1=lambda k, a, b, c, z: (
        rising(a, k) * rising(b, k) / rising(c, k) * special.hyp2f1(a + k, b + k, c + k, z)
    ),
    hyperu=lambda k, a, b, x: (-1) ** k * rising(a, k) * special.hyperu(a + k, b + k, x),
    eval_chebyt=_chebyshev_t,
    eval_chebyu=_chebyshev_u,
    eval_chebyc=lambda k, n, x: 2.0 ** (1 - k) * _chebyshev_t(k, n, x / 2),
    eval_chebys=lambda k, n, x: 2.0**-k * _chebyshev_u(k, n, x / 2),
    eval_sh_chebyt=lambda k, n, x: 2.0**k * _chebyshev_t(k, n, 2 * x - 1),
    eval_sh_chebyu=lambda k, n, x: 2.0**k * _chebyshev_u(k, n, 2 * x - 1),
    eval_legendre=_legendre,
    eval_sh_legendre=lambda k, n, x: 2.0**k * _legendre(k, n, 2 * x - 1),
    eval_gegenbauer=lambda k, n, a, x: 2.0**k * rising(a, k) * _gegenbauer(n, k, a + k, x),
    eval_jacobi=lambda k, n, a, b, x: (
        2.0**-k * rising(n + a + b + 1, k) * _lower(k, n, special.eval_jacobi, a + k, b + k, x)
    ),
    eval_sh_jacobi=lambda k, n, p, q, x: (
        2.0**k * DERIVATIVES["eval_jacobi"](k, n, p - q, q - 1, 2 * x - 1) / special.binom(2 * n + p - 1, n)
    ),
    eval_hermite=lambda k, n, x: 2.0**k * falling(n, k) * _lower(k, n, special.eval_hermite, x),
    eval_hermitenorm=lambda k, n, x: falling(n, k) * _lower(k, n, special.eval_hermitenorm, x),
    eval_laguerre=lambda k, n, x: (-1) ** k * _lower(k, n, special.eval_genlaguerre, k, x),
    eval_genlaguerre=lambda k, n, a, x: (-1) ** k * _lower(k, n, special.eval_genlaguerre, a + k, x),
)


def associated_legendre(n, m, cosine, sine):
    """Return P_n^m(cosine) of a real n and an integer m, given the root of 1 - cosine^2; 0 for whole n < |m|."""
    order, is_whole = np.abs(m), n == np.floor(n)
    vanishes = is_whole & (n < order)
    polynomial = special.poch(0.5, order) * 2.0**order
    polynomial = polynomial * special.eval_gegenbauer(
        np.where(is_whole & ~vanishes, n - order, 0.0), order + 0.5, cosine
    )
    polynomial = np.where(vanishes, 0.0, polynomial)  # the derivative of P_n
    if not np.all(is_whole):
        v = np.where(is_whole, 0.5, n)
        factor = special.poch(-v, order) * special.poch(v + 1.0, order) / special.gamma(order + 1.0)
        series = special.hyp2f1(order - v, v + 1 + order, order + 1.0, (1 - cosine) / 2)
        polynomial = np.where(is_whole, polynomial, factor * (-0.5) ** order * series)
    reflected = (-1.0) ** order / special.poch(np.where(vanishes, 0, n - order) + 1.0, 2 * order)
    return np.where(m < 0, reflected, 1.0) * (-1.0) ** order * np.power(sine, order) * polynomial


def _lpmv(m, n, x):
    m, n = (constant(special.lpmv, place, p) for place, p in enumerate((m, n)))
    n = np.where(n < -0.5, -n - 1, n)
    unknown = np.isnan(special.lpmv(m, n, value(x)))
    return np.where(unknown, np.nan * x, associated_legendre(n, m, x, np.sqrt((1 - x) * (1 + x))))


rule(special.lpmv)(values_from(special.lpmv)(_lpmv))
