"""Functions of Bessel, Airy, Kelvin and of parabolic cylinders by their argument; `bessel_orders` has the orders."""

import math

import numpy as np
from scipy import special

from dualnum.rules._registry import rule
from dualnum.rules.ufuncs._tables import differentiate, expand, gauss_rule, named
from dualnum.rules.ufuncs.equations import equations


def cylinder(function, sign, factor=1.0):
    """Return the n-th derivative as a function: ``(factor / 2)^n sum_k C(n, k) sign^k f(order - n + 2k, x)``."""

    def derivative(n, order, x):
        terms = [math.comb(n, k) * sign**k * function(order - n + 2.0 * k, x) for k in range(n + 1)]
        return (factor / 2) ** n * sum(terms)

    return derivative


def _blocks(f, order, x):
    """Return f(order, x) for arrays, computed a block at a time: f sums over nodes along a further axis."""
    order, x = np.broadcast_arrays(order, x)
    parts = [f(order[i : i + 4096, None], x[i : i + 4096, None]) for i in range(0, x.size, 4096)]
    return np.concatenate([np.empty(0), *parts])


_PARTS, _WEIGHTS = gauss_rule(96)
_HALF_ANGLES = _PARTS * math.pi / 2


def _scaled_i(n, order, x):
    """Return the n-th derivative of exp(-x) I_v(x), x > 0 and v an integer: the mean of a function of one sign.

    ``exp(-2 x s) (-2 s)^n cos(v a)`` with ``s = sin(a/2)^2``, over 0 < a < pi; its width shrinks like 1 / sqrt(x).
    """
    far = np.minimum(1.0, 7.0 / np.sqrt(2 * x))
    half = _HALF_ANGLES * far
    s = np.sin(half) ** 2
    return np.sum(np.exp(-2 * x * s) * (-2 * s) ** n * np.cos(2 * order * half) * _WEIGHTS * far, axis=-1)


def _scaled_k(n, order, x):
    """Return the n-th derivative of exp(x) K_v(x), x > 0: the integral of ``exp(-2 x s) (-2 s)^n cosh(v t)``.

    ``s = sinh(t/2)^2``; the trapezoidal rule converges exponentially.
    """
    far = np.arccosh(1 + (45 + 8 * n + np.abs(order) * 12) / x)
    t = far * np.arange(161) / 160
    s, weights = np.sinh(t / 2) ** 2, np.where(np.arange(161) == 0, 0.5, 1.0) / 160
    return np.sum(np.exp(-2 * x * s) * (-2 * s) ** n * np.cosh(order * t) * weights * far, axis=-1)


def _without_cancellation(derivative, integral, known):
    """Return the derivatives as a function, for n > 0 and known arguments by the integral."""

    def chosen(n, order, x):
        result = derivative(n, order, x)
        order, x = np.broadcast_arrays(np.asarray(order, float), np.asarray(x, float))
        here = known(order, np.abs(x)) if n else np.zeros(x.shape, bool)
        if here.any():
            v, u = order[here], x[here]
            sign = np.where(u < 0, (-1.0) ** (n + np.abs(v)), 1.0)
            result = np.array(result, float)
            result[here] = sign * _blocks(lambda v, u: integral(n, v, u), v, np.abs(u))
        return result

    return chosen


def _times_exponential(rate, derivative):
    """Return the n-th derivative of exp(rate x) f as a function, given exp(rate x) times that of f; rate is 1 or -1."""

    def of_product(n, order, x):
        powers = 1.0, rate(x)  # at the kink of exp(-|x|), rate 0 averages both sides
        return sum(math.comb(n, j) * powers[(n - j) % 2] * derivative(j, order, x) for j in range(n + 1))

    return of_product


def _bessel(kind, names, zero, one, reflected):
    """Register functions of any order, and the ufuncs for the orders 0 and 1; f_-1 = reflected * f_1."""
    general, f0, f1 = (getattr(special, name) for name in (names.split()[0], zero, one))
    known = {0: f0, 1: f1, -1: lambda x: reflected * f1(x)}
    whole = kind(lambda order, x: known[order](x) if order in known else general(order, x))
    expand(**dict.fromkeys(names.split(), kind(general)))
    expand(**{zero: lambda n, x: whole(n, 0, x), one: lambda n, x: whole(n, 1, x)})


_bessel(lambda f: cylinder(f, -1), "jv jn jve", "j0", "j1", -1)
_bessel(lambda f: cylinder(f, -1), "yv yn yve", "y0", "y1", -1)
_bessel(lambda f: cylinder(f, 1), "iv", "i0", "i1", 1)
_bessel(lambda f: cylinder(f, 1, -1.0), "kv kn", "k0", "k1", 1)
_bessel(
    lambda f: _without_cancellation(
        _times_exponential(lambda x: -np.sign(x), cylinder(f, 1)),
        _scaled_i,
        lambda order, x: (order == np.floor(order)) & (np.abs(order) < 20) & (x > 1 + order * order / 8) & (x < np.inf),
    ),
    "ive", "i0e", "i1e", 1,
)  # fmt: skip
_bessel(
    lambda f: _without_cancellation(
        _times_exponential(lambda x: 1.0, cylinder(f, 1, -1.0)),
        _scaled_k,
        lambda order, x: (x > 0.5 + np.abs(order)) & (x < np.inf),
    ),
    "kve", "k0e", "k1e", 1,
)  # fmt: skip
differentiate(airy=lambda x, ai, ai_slope, bi, bi_slope: [ai_slope, x * ai, bi_slope, x * bi])

# ---- integrals, Kelvin's functions and parabolic cylinders --------------------------------------------------------


def _airy_integrals(x, *_):
    ai, _, bi, _ = special.airy(x)
    ai_left, _, bi_left, _ = special.airy(-x)
    return [ai, bi, ai_left, bi_left]


differentiate(
    itairy=_airy_integrals,
    iti0k0=lambda x, i, k: [special.i0(x), special.k0(x)],
    itj0y0=lambda x, j, y: [special.j0(x), special.y0(x)],
)
differentiate(
    -1,
    pbdv=lambda v, x, y, slope: [slope, (x * x / 4 - v - 0.5) * y],
    pbwa=lambda a, x, y, slope: [slope, (a - x * x / 4) * y],
)


def _kelvin(real, imaginary):
    """Register Kelvin's functions ``y = real + i imaginary`` and slopes by ``y'' = i y - y' / x``, nan at 0."""

    u, v, p, q = (named(name) for name in (real, imaginary, f"{real}p", f"{imaginary}p"))
    pairs = {
        u: lambda x, u, v, p, q: p,
        v: lambda x, u, v, p, q: q,
        p: lambda x, u, v, p, q: -v - p / x,
        q: lambda x, u, v, p, q: u - q / x,
    }
    for first in pairs:
        order = [first, *[each for each in pairs if each is not first]]
        places = [order.index(each) for each in pairs]

        def slope_of(each, places=places):
            return lambda x, *state: pairs[each](x, *[state[i] for i in places])

        rule(first)(equations(*[(each, slope_of(each)) for each in order], by=(0,)))


_kelvin("ber", "bei")
_kelvin("ker", "kei")
