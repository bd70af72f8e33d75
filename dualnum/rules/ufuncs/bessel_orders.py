"""Bessel functions by their order and argument, for x > 0: power series and integrals that run on duals.

The integrals are Schlaefli's; Gauss-Legendre sums converge exponentially for them, as the trapezoidal rule does for K.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import value
from dualnum.rules.ufuncs._tables import gauss_rule
from dualnum.rules.ufuncs.incomplete import TERMS, _by, _converged, _split


def _power_series(v, x, sign):
    """Return ``sum_k (sign x^2/4)^k / (k! (v + 1)_k)``."""
    term = total = 1.0 + 0.0 * (v + x)
    for k in range(1, TERMS):
        term = term * (sign * x * x / 4) / (k * (v + k))
        total = total + term
        if k > 4 and _converged(term, total):
            break
    return total


def _leading(v, x):
    """Return ``(x/2)^v / gamma(v + 1)``."""
    return np.exp(v * np.log(x / 2)) * special.rgamma(v + 1)


def _over_half_turn(f, v, x):
    """Return the mean of f(angle) from 0 to pi."""
    nodes, weights = gauss_rule(
        int(40 + 4 * np.ceil(np.max(np.abs(value(x)) + np.abs(value(v)), initial=0.0) ** 0.9))
    )
    return np.sum(f(nodes * math.pi, v[..., None], x[..., None]) * weights, axis=-1)


def _over_half_line(f, v, x):
    """Return the integral of f(t) from 0 to where ``exp(-x sinh t + |v| t)`` is negligible, divided by pi."""
    far = np.arcsinh((800.0 + 40 * np.abs(value(v))) / value(x))
    nodes, weights = gauss_rule(400)
    return np.sum(f(far[..., None] * nodes, v[..., None], x[..., None]) * weights, axis=-1) * far / math.pi


def _j(v, x):
    def series(v, x):
        return _leading(v, x) * _power_series(v, x, -1.0)

    def integral(v, x):
        turn = _over_half_turn(lambda a, v, x: np.cos(v * a - x * np.sin(a)), v, x)
        rest = _over_half_line(lambda t, v, x: np.exp(-x * np.sinh(t) - v * t), v, x)
        return turn - np.sin(math.pi * v) * rest

    return _split(value(x) ** 2 < 16 * np.maximum(np.abs(value(v)), 1.0), series, integral, v, x)


def _y(v, x):
    turn = _over_half_turn(lambda a, v, x: np.sin(x * np.sin(a) - v * a), v, x)
    growing = _over_half_line(
        lambda t, v, x: (
            np.exp(v * t - x * np.sinh(t)) + np.exp(-v * t - x * np.sinh(t)) * np.cos(math.pi * v)
        ),
        v,
        x,
    )
    return turn - growing


def _scaled_i(v, x):
    """Return ``exp(-x) I_v(x)``."""

    def series(v, x):
        return _leading(v, x) * np.exp(-x) * _power_series(v, x, 1.0)

    def integral(v, x):
        return _over_half_turn(lambda a, v, x: np.exp(-2 * x * np.sin(a / 2) ** 2) * np.cos(v * a), v, x)

    return _split(value(x) < 100 + 2 * np.abs(value(v)), series, integral, v, x)


def _scaled_k(v, x):
    """Return ``exp(x) K_v(x) = int_0^inf exp(-2 x sinh(t/2)^2) cosh(v t) dt``, by the trapezoidal rule."""
    order = np.abs(value(v))
    peak = np.arcsinh(order / value(x))
    width = 1 / np.sqrt(np.hypot(order, value(x)))
    far = np.minimum(
        peak + np.maximum(40 * width, 1.0), np.arccosh(1 + (800 + 2 * order * (peak + 8)) / value(x))
    )
    steps = 600
    t = far[..., None] * np.arange(steps + 1) / steps
    weights = np.where(np.arange(steps + 1) == 0, 0.5, 1.0)
    v, x = v[..., None], x[..., None]
    both = np.exp(v * t - 2 * x * np.sinh(t / 2) ** 2) + np.exp(-v * t - 2 * x * np.sinh(t / 2) ** 2)
    return np.sum(both / 2 * weights, axis=-1) * far / steps


def _of_positive(name, f):
    def checked(v, x):
        if np.any(value(x) <= 0):
            raise ValueError(
                f"{name} of duals expects x > 0 where the order varies, got x <= 0; use dualnum.value(v) there."
            )
        return f(v, x)

    return checked


for _names, _f in (
    ("jv jve", _j),
    ("yv yve", _y),
    ("iv", lambda v, x: np.exp(x) * _scaled_i(v, x)),
    ("ive", _scaled_i),
    ("kv", lambda v, x: np.exp(-x) * _scaled_k(v, x)),
    ("kve", _scaled_k),
):
    for _name in _names.split():
        _by(0)(_name, _of_positive(_name, _f))
