"""The ufuncs of complex numbers: Taylor coefficients of holomorphic ones, real formulas for the others.

Each function of `SERIES` gets the values v, NumPy's f(v) and a degree d, and returns the coefficients c[0], ..., c[d]
of f(v + t).  They are computed by recurrences, from a differential equation of f; branch cuts are NumPy's, because c[0]
is, and because roots are taken of factors whose zeros keep their signs.
"""

import math

import numpy as np

from dualnum._core import complex_from, imaginary_part, real_part, register_complex_rule, value
from dualnum.rules._components import degree
from dualnum.rules._operands import numpy_result
from dualnum.rules.complex._elements import compose, is_moving, nilpotent, with_complex_values

# ---- Taylor coefficients -----------------------------------------------------------------------------------


def _geometric(c, ratio, d):
    """Return c and c[k] = c[k-1] ratio(k)."""
    found = [c]
    for k in range(1, d + 1):
        found.append(found[-1] * ratio(k))
    return found


def _cycle(y, other, signs, d):
    """Return the coefficients of a function whose derivatives are y, other, and both again with signs."""
    return [y, *(signs[k % 4] * (other if k % 2 else y) / math.factorial(k) for k in range(1, d + 1))]


def _tangent(y, cosine, sign, d):
    """Return the coefficients of y, a solution of y' = s and s' = 2 sign y s with s = 1 / cosine^2."""
    overflows = ~np.isfinite(cosine) & ~np.isnan(y)
    c, slope = [y], [np.where(overflows, 0, (1 / cosine) ** 2)]
    for k in range(d):
        c.append(slope[k] / (k + 1))
        slope.append(2 * sign / (k + 1) * sum(c[i] * slope[k - i] for i in range(k + 1)))
    return c


def _power_of_quadratic(p, factors, q1, q2, a, d):
    """Return the coefficients of (q + q1 t + q2 t^2)^a, given p = q^a and two factors of q, which may overflow."""
    found, q = [p], (None, q1, q2)
    for k in range(1, d + 1):
        terms = (q[j] * found[k - j] * (a * j - (k - j)) for j in range(1, min(k, 2) + 1))
        found.append(sum(terms) / k / factors[0] / factors[1])
    return found


def _integral(y, slope):
    """Return the coefficients of a function with this value and the coefficients of its derivative."""
    return [y, *(c / (k + 1) for k, c in enumerate(slope))]


def _shifted(v, shift=0.0, factor=1.0):
    """Return shift + factor v, for a factor of 1, -1, 1j or -1j, where zeros keep their signs."""
    re, im = v.real, v.imag
    if factor in (1j, -1j):
        re, im = -im * factor.imag, re * factor.imag
    else:
        re, im = re * factor, im * factor
    return complex_from(shift + re if shift else re, im)


def _inverse_root(factors, q1, q2, d):
    """Return the coefficients of 1 / sqrt(q + q1 t + q2 t^2), given two factors of q."""
    root = np.sqrt(factors[0]) * np.sqrt(factors[1])
    return _power_of_quadratic(1 / root, factors, q1, q2, -0.5, d)


def _inverse_sine(y, v, sign, d):
    """Return the coefficients of a function with the slope sign / sqrt(1 - v^2)."""
    slope = _inverse_root((_shifted(v, 1, -1), _shifted(v, 1)), -2 * v, -1.0, d - 1)
    return _integral(y, [sign * c for c in slope]) if d else [y]


def _arcsinh(v, y, d):
    factors = _shifted(v, 1, 1j), _shifted(v, 1, -1j)
    return _integral(y, _inverse_root(factors, 2 * v, 1.0, d - 1)) if d else [y]


def _arccosh(v, y, d):
    factors = _shifted(v, -1), _shifted(v, 1)
    return _integral(y, _inverse_root(factors, 2 * v, 1.0, d - 1)) if d else [y]


def _inverse_tangent(y, v, sign, d):
    """Return the coefficients of a function with the slope 1 / (1 + sign v^2)."""
    factor = 1j if sign > 0 else 1.0
    factors = _shifted(v, 1, factor), _shifted(v, 1, -factor)
    slope = _power_of_quadratic(1 / factors[0] / factors[1], factors, 2 * sign * v, sign * 1.0, -1.0, d - 1)
    return _integral(y, slope) if d else [y]


def _logarithm(y, v, base, d):
    slope = 1 / v if base == math.e else 1 / v / math.log(base)
    return [y, *_geometric(slope, lambda k: -k / (k + 1) / v, d - 1)] if d else [y]


def power_coefficients(y, v, a, d):
    """Return the coefficients of v^a for constants a, elementwise: binomial coefficients times v^(a - k)."""
    c, binomial = [y], 1.0
    whole = (a.imag == 0) & (a.real >= 0) & (a.real == np.floor(a.real))
    far = ~((np.abs(y) > 1e-290) & (np.abs(y) < 1e290))  # where v^a may be less exact than v^(a - k)
    for k in range(1, d + 1):
        c.append(c[-1] * (a - (k - 1)) / k / v)
        if far.any():
            binomial = binomial * (a - (k - 1)) / k
            c[-1] = np.where(far, binomial * np.power(v, a - k), c[-1])
        at_zero = np.where(whole, 1.0 * (a.real == k), np.where(a.real > k, 0.0, np.nan))
        c[-1] = np.where((v == 0) & ~((a == k) & whole), at_zero, np.where(a == k, 1.0 + 0j, c[-1]))
        c[-1] = np.where(whole & (a.real < k), 0.0, c[-1])
    return c


def _square_root(v, y, d):
    return [y, *_geometric(0.5 / y, lambda k: (0.5 - k) / (k + 1) / v, d - 1)] if d else [y]


SERIES = {
    np.exp: lambda v, y, d: _geometric(y, lambda k: 1 / k, d),
    np.exp2: lambda v, y, d: _geometric(y, lambda k: math.log(2) / k, d),
    np.expm1: lambda v, y, d: [y, *_geometric(np.exp(v), lambda k: 1 / k, d)[1:]],
    np.log: lambda v, y, d: _logarithm(y, v, math.e, d),
    np.log2: lambda v, y, d: _logarithm(y, v, 2, d),
    np.log10: lambda v, y, d: _logarithm(y, v, 10, d),
    np.log1p: lambda v, y, d: _logarithm(y, _shifted(v, 1), math.e, d),
    np.sqrt: _square_root,
    np.square: lambda v, y, d: [y, 2 * v, np.ones_like(v), *[np.zeros_like(v)] * d][: d + 1],
    np.reciprocal: lambda v, y, d: _geometric(y, lambda k: -y, d),
    np.sin: lambda v, y, d: _cycle(y, np.cos(v), (1, 1, -1, -1), d),
    np.cos: lambda v, y, d: _cycle(y, np.sin(v), (1, -1, -1, 1), d),
    np.tan: lambda v, y, d: _tangent(y, np.cos(v), 1, d),
    np.sinh: lambda v, y, d: _cycle(y, np.cosh(v), (1, 1, 1, 1), d),
    np.cosh: lambda v, y, d: _cycle(y, np.sinh(v), (1, 1, 1, 1), d),
    np.tanh: lambda v, y, d: _tangent(y, np.cosh(v), -1, d),
    np.arcsin: lambda v, y, d: _inverse_sine(y, v, 1, d),
    np.arccos: lambda v, y, d: _inverse_sine(y, v, -1, d),
    np.arctan: lambda v, y, d: _inverse_tangent(y, v, 1, d),
    np.arcsinh: _arcsinh,
    np.arccosh: _arccosh,
    np.arctanh: lambda v, y, d: _inverse_tangent(y, v, -1, d),
}


def holomorphic(function, series):
    """Return the rule of a function with these Taylor coefficients."""

    def rule(z):
        v = np.asarray(value(z))
        y = function(v)
        with np.errstate(all="ignore"):
            return compose(series(v, y, degree(real_part(z).dtype)), z)

    return rule


for _function, _series in SERIES.items():
    register_complex_rule(_function, "CC", holomorphic(_function, _series))


# ---- functions of two arguments ----------------------------------------------------------------------------


def _power(function):
    def power(x, y):
        """x ** y: of a constant y by its binomial coefficients, else exp(y log(x))."""
        v, a = value(x), value(y)
        values = function(v, a)
        d = degree(real_part(x).dtype)
        with np.errstate(all="ignore"):
            result = compose(power_coefficients(values, v, a, d), x)
            moving = is_moving(y)
            if moving.any():
                exponent = nilpotent(np.multiply(y, np.log(x)))
                by_exp = compose(_geometric(values, lambda k: 1 / k, d), exponent)
                result[moving] = by_exp[moving]
        return result

    return power


register_complex_rule(np.power, "CCC", _power(np.power))
register_complex_rule(np.float_power, "CCC", _power(np.float_power))


# ---- real-analytic functions, and those of values alone ------------------------------------------------------


def absolute(z):
    """The modulus, by the rule of hypot, with its kink at 0."""
    values = np.absolute(value(z))
    with np.errstate(all="ignore"):
        return numpy_result(np.hypot(real_part(z), imaginary_part(z)), values)


def sign(z):
    """z / |z|, and 0 at 0, where the derivatives do not exist."""
    v = value(z)
    values = np.sign(v)
    with np.errstate(all="ignore"):
        return with_complex_values(np.where(v == 0, z * np.nan, z / np.absolute(z)), values)


def rint(z):
    """The nearest integer of each part."""
    return complex_from(np.rint(real_part(z)), np.rint(imaginary_part(z)))


def _ordered(compare, x, y):
    """Return x < y, or another comparison, in NumPy's order: by the real parts, then by the imaginary ones.

    Those compare as real duals do, so that beside a tie the direction decides.
    """
    (a, b), (c, d) = ((real_part(z), imaginary_part(z)) for z in (x, y))
    strict = np.less if compare in (np.less, np.less_equal) else np.greater
    numbers = ~np.isnan(b) & ~np.isnan(d)
    return strict(a, c) & numbers | np.equal(a, c) & compare(b, d)


def _comparison(function):
    def comparison(x, y):
        """x < y, or another comparison."""
        function(value(x), value(y))  # which warns of nan
        with np.errstate(invalid="ignore"):
            return _ordered(function, x, y)

    return comparison


def _extremum(function):
    strict = np.greater if function in (np.maximum, np.fmax) else np.less

    def extremum(x, y):
        """The larger or smaller of both in NumPy's order; equal ones share."""
        v, w = value(x), value(y)
        values = function(v, w)
        with np.errstate(all="ignore"):  # NumPy has warned of the values
            chosen = np.where((values == v) | (np.isnan(v) & np.isnan(values)), x, y)
            tied = v.real == w.real  # to the values, and perhaps beside them
            if tied.any():
                first, second = _ordered(strict, x, y), _ordered(strict, y, x)
                beside = np.where(first, x, np.where(second, y, (x + y) / 2))
                chosen = np.where(tied & ~np.isnan(v) & ~np.isnan(w), beside, chosen)
            return with_complex_values(chosen, values)

    return extremum


def clip(x, low, high):
    """The smaller of high and of the larger of x and low, in NumPy's order."""
    return np.minimum(np.maximum(x, low), high)


register_complex_rule(np._core.umath.clip, "CCCC", clip)  # type: ignore[attr-defined]
register_complex_rule(np.absolute, "CD", absolute)
register_complex_rule(np.sign, "CC", sign)
register_complex_rule(np.rint, "CC", rint)
for _choice in (np.maximum, np.minimum, np.fmax, np.fmin):
    register_complex_rule(_choice, "CCC", _extremum(_choice))
for _order in (np.less, np.less_equal, np.greater, np.greater_equal):
    register_complex_rule(_order, "CC?", _comparison(_order))
