"""Struve functions, Voigt's profile, spherical Bessel functions, and ufuncs that scipy.stats calls."""

import functools
import math

import numpy as np
from scipy import special

from dualnum._core import DualArray, value
from dualnum.rules._components import degree
from dualnum.rules._operands import dtype_of
from dualnum.rules._registry import rule
from dualnum.rules.ufuncs._tables import ROOT_PI, differentiate, expand, named
from dualnum.rules.ufuncs.equations import formula, primitive
from dualnum.rules.ufuncs.incomplete import _by, _split

# ---- Struve functions -------------------------------------------------------------------------------------------


def _struve(function, sign):
    """Return the n-th derivative: ``f' = (f_(v - 1) + sign f_(v + 1)) / 2 + (x/2)^v / (2 sqrt(pi) gamma(v + 3/2))``."""

    def derivative(n, v, x):
        if n == 0:
            return function(v, x)
        half = (derivative(n - 1, v - 1.0, x) + sign * derivative(n - 1, v + 1.0, x)) / 2
        falling = math.prod((v - k for k in range(n - 1)), start=0.5**n)
        return half + falling * np.power(x / 2, v - n + 1) * special.rgamma(v + 1.5) / ROOT_PI

    return derivative


expand(struve=_struve(special.struve, -1), modstruve=_struve(special.modstruve, 1))
differentiate(
    itstruve0=lambda x, y: special.struve(0.0, x),
    it2struve0=lambda x, y: -special.struve(0.0, x) / x,
    itmodstruve0=lambda x, y: special.modstruve(0.0, x),
    # ---- of scipy.stats ----
    _cosine_cdf=lambda x, y: np.where(np.abs(value(x)) < math.pi, np.cos(x / 2) ** 2 / math.pi, 0.0),
    _cosine_invcdf=lambda p, x: math.pi / np.cos(x / 2) ** 2,
    _log1mexp=lambda x, y: -1 / np.expm1(-x),
)


LAST = 100  # partial fraction of E2 for x > 1.5


def _exponential_integral(x):
    """Return ``x exp(x) E1(x)``, for large x as 1 - exp(x) E2(x) by the continued fraction of E2."""

    def near(x):
        return x * np.exp(x) * special.exp1(x)

    def far(x):
        h = x + 2 * (LAST + 1)
        for i in range(LAST, 0, -1):
            h = x + 2 * i - i * (i + 1.0) / h
        return 1 - 1 / h

    return _split(value(x) < 1.5, near, far, x)


_by(0)("_scaled_exp1", _exponential_integral)

# ---- Voigt's profile ----------------------------------------------------------------------------------------------


def _faddeeva_slope(u, v, real, imaginary):
    """Return both parts of ``w' = 2i / sqrt(pi) - 2 z w``, for large z by its asymptotic series."""
    near = -2 * (u * real - v * imaginary), 2 / ROOT_PI - 2 * (u * imaginary + v * real)
    far = value(u) ** 2 + value(v) ** 2 > 60
    if not np.any(far):
        return near
    p, q = np.where(far, u, 9.0), np.where(far, v, 0.0)
    size = (p * p + q * q) ** 2 * 2
    a, b = (p * p - q * q) / size, -2 * p * q / size  # 1 / (2 z^2)
    c, d = 0.0 * a, 0.0 * b
    for n in range(25, 0, -1):  # S = sum_(n >= 1) (2n - 1)!! / (2 z^2)^n
        c, d = (2 * n - 1) * (a * (1 + c) - b * d), (2 * n - 1) * (a * d + b * (1 + c))
    return np.where(far, 2 / ROOT_PI * d, near[0]), np.where(far, -2 / ROOT_PI * c, near[1])


def _faddeeva(u, v):
    """Return the real part of w(u + i v) on duals: ``dw = w' (du + i dv)``, a pass for each order."""
    w = special.wofz(np.asarray(value(u)) + 1j * np.asarray(value(v)))
    state = np.array(w.real), np.array(w.imag)
    numbers = np.asarray(value(u)), np.asarray(value(v))
    for i in range(degree(dtype_of(u, v))):
        at = (u, v) if i else numbers
        a, b = _faddeeva_slope(*at, *state)
        state = primitive(w.real, (a, u), (-b, v)), primitive(w.imag, (b, u), (a, v))
    return state[0]


def _voigt(x, sigma, gamma):
    scale = 1 / (sigma * math.sqrt(2))
    return _faddeeva(x * scale, gamma * scale).view(DualArray) * scale / ROOT_PI


_by(0, 1, 2)("voigt_profile", _voigt)

# ---- spherical Bessel functions -----------------------------------------------------------------------------------

#: Names, and the weights of the orders n - 1 and n + 1 in ``(2n + 1) f'``.
SPHERICAL = {
    "_spherical_jn": (lambda n: n, lambda n: -(n + 1)),
    "_spherical_yn": (lambda n: n, lambda n: -(n + 1)),
    "_spherical_in": (lambda n: n, lambda n: n + 1),
    "_spherical_kn": (lambda n: -n, lambda n: -(n + 1)),
}


def spherical(name):
    """Return the k-th derivative of a function of that name, or of its derivative ``name_d``, of integer orders."""
    first, name = int(name.endswith("_d")), name.removesuffix("_d")
    function, (low, high) = named(name), SPHERICAL[name]

    def derivative(k, n, z):
        if k == 0:
            return function(n, z)
        below = np.where(n > 0, derivative(k - 1, np.maximum(n - 1, 0), z), 0.0)
        return (low(n) * below + high(n) * derivative(k - 1, n + 1, z)) / (2 * n + 1)

    return lambda k, n, z: derivative(k + first, np.asarray(n).astype(int), z)


def of_whole_order(ufunc):
    """Return a spherical Bessel function as one that takes orders that are floats."""
    return functools.wraps(ufunc)(lambda n, z: ufunc(np.asarray(n).astype(int), z))


for _name in SPHERICAL:
    for _ufunc in (named(_name), named(_name + "_d")):
        if _ufunc is not None:
            rule(_ufunc)(formula(of_whole_order(_ufunc), spherical(_ufunc.__name__)))

if (_sign := named("gammasgn")) is not None:
    _by(0)("gammasgn", lambda x: 0.0 * value(x))  # a step function
