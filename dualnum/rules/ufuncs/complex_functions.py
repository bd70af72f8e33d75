"""scipy.special of complex numbers: Taylor coefficients from differential equations and recurrences.

A function of `SERIES` gets the values v, SciPy's f(v) and a degree d, as those of dualnum.rules.complex.functions.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import real_part, register_complex_rule, value
from dualnum.rules._components import degree
from dualnum.rules.complex._elements import compose
from dualnum.rules.complex.functions import holomorphic

_ROOT_PI = math.sqrt(math.pi)


def _of_linear_equation(y, v, a, b, d):
    """Return the coefficients of a solution of y' = a z y + b."""
    c = [y]
    for k in range(d):
        before = c[k - 1] if k else 0.0
        c.append((a * (v * c[k] + before) + (b if k == 0 else 0.0)) / (k + 1))
    return c


def _erfcx_far(v, d):
    """Return the coefficients of exp(z^2) erfc(z) at |z| > FAR, Re z >= 0, by its asymptotic series."""
    series = [np.zeros_like(v) for _ in range(d + 1)]
    factor = 1 / (_ROOT_PI * v)
    for m in range(40):
        power = factor
        for k in range(d + 1):  # binomial(-2m - 1, k) / z^(2m + 1 + k)
            series[k] = series[k] + power
            power = power * -(2 * m + 1 + k) / ((k + 1) * v)
        factor = -factor * (2 * m + 1) / (2 * v * v)
    return series


def _erfcx_between(y, v, d):
    """Return the same at Re z >= 1, by Miller's recurrence for repeated integrals, c[n] = (-2)^n i^n erfc."""
    above, here, found = np.zeros_like(v), np.full_like(v, 1e-300), {}
    for n in range(150, 0, -1):  # i^(n-1) = 2 z i^n + 2 (n + 1) i^(n+1)
        if n <= d:
            found[n] = here
        above, here = here, 2 * v * here + 2 * (n + 1) * above
        large = np.abs(here) > 1e250
        above, here = np.where(large, above * 1e-250, above), np.where(large, here * 1e-250, here)
        found = {k: np.where(large, x * 1e-250, x) for k, x in found.items()}
    return [y, *((-2.0) ** n * found[n] * (y / here) for n in range(1, d + 1))]


#: Beyond this modulus the asymptotic series of erfcx has all digits.
FAR = 6.5


def _erfcx(v, y, d):
    """Return the coefficients of exp(z^2) erfc(z): the differential equation cancels where |z| is large."""
    left = v.real < 0
    u = np.where(left, -v, v)
    gauss = _of_linear_equation(2 * np.exp(v * v), v, 2.0, 0.0, d)
    right = np.where(left, special.erfcx(u), y)
    near = _of_linear_equation(right, u, 2.0, -2 / _ROOT_PI, d)
    between = _erfcx_between(right, np.where(u.real >= 1, u, 1.0), d)
    far = _erfcx_far(np.where(np.abs(u) > FAR, u, FAR), d)
    found = []
    for k in range(d + 1):
        c = np.where(np.abs(u) > FAR, far[k], np.where(u.real >= 1, between[k], near[k]))
        found.append(np.where(left, gauss[k] - (-1.0) ** k * c, c))
    return [y, *found[1:]]


def _wofz(v, y, d):
    """Return the coefficients of erfcx(-i z)."""
    return [y, *(c * (-1j) ** k for k, c in enumerate(_erfcx(v.imag - 1j * v.real, y, d)) if k)]


def _dawsn(v, y, d):
    """Return the coefficients of Dawson's integral, an odd function: by wofz in the upper half plane."""
    lower = v.imag < 0
    u = np.where(lower, -v, v)
    w = _wofz(u, special.wofz(u), d)
    gauss = _of_linear_equation(np.exp(-u * u), u, -2.0, 0.0, d)
    found = [y]
    for k in range(1, d + 1):
        c = 0.5j * _ROOT_PI * (gauss[k] - w[k])
        found.append(np.where(lower, (-1.0) ** (k + 1) * c, c))
    return found


def _integral(y, slopes):
    """Return the coefficients of a function with this value and the coefficients of its derivative."""
    return [y, *(c / (k + 1) for k, c in enumerate(slopes))]


def _of_gaussian(y, v, factor, sign, d):
    """Return the coefficients of a function with the slope factor exp(sign z^2)."""
    slopes = _of_linear_equation(factor * np.exp(sign * v * v), v, 2 * sign, 0.0, d - 1) if d else []
    return _integral(y, slopes)


def _of_exponential_over(y, v, sign, factor, d):
    """Return the coefficients of a function with the slope factor exp(sign z) / z."""
    slopes = []
    for k in range(d):  # z s = factor exp(sign z)
        term = factor * np.exp(sign * v) * sign**k / math.factorial(k)
        slopes.append((term - (slopes[-1] if k else 0.0)) / v)
    return _integral(y, slopes)


# B_2m / (2 m), of the asymptotic series of digamma
_BERNOULLI = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160, 43867 / 14364]
#: Real part from which that series has all digits, for the first derivatives.
SHIFTED = 16


def _digamma_right(v, d):
    """Return the coefficients of digamma at Re z >= 1/2: its asymptotic series behind a shift of the argument."""
    u = v + SHIFTED
    coefficients = [np.log(u) - 0.5 / u, 1 / u + 0.5 / u**2]
    coefficients += [(-1) ** (k + 1) / k * u**-k - 0.5 * (-1) ** k * u ** (-k - 1) for k in range(2, d + 1)]
    for k in range(d + 1):
        total = coefficients[k]
        for m, b in enumerate(_BERNOULLI, 1):
            total = total - b * (-1) ** k * math.comb(2 * m + k - 1, k) * u ** (-2 * m - k)
        for j in range(SHIFTED):
            total = total - (-1) ** k / (v + j) ** (k + 1)
        coefficients[k] = total
    return coefficients[: d + 1]


def _digamma(v, y, d):
    """Return the coefficients of digamma; on the left digamma(z) = digamma(1 - z) - pi cot(pi z)."""
    left = v.real < 0.5
    right = _digamma_right(np.where(left, 1 - v, v), d)
    cotangent = 1 / np.tan(np.pi * v)
    cot, slopes = [cotangent], [-np.pi / np.sin(np.pi * v) ** 2]  # s' = -2 pi cot s
    for k in range(d):
        cot.append(slopes[k] / (k + 1))
        slopes.append(-2 * np.pi / (k + 1) * sum(cot[i] * slopes[k - i] for i in range(k + 1)))
    found = [np.where(left, (-1) ** k * right[k] - np.pi * cot[k], right[k]) for k in range(d + 1)]
    return [y, *found[1:]]


def _by_digamma(sign):
    """Return the series of the solution of y' = sign y digamma."""

    def series(v, y, d):
        rates = _digamma(v, special.psi(v), d)
        c = [y]
        for k in range(d):
            c.append(sign / (k + 1) * sum(c[i] * rates[k - i] for i in range(k + 1)))
        return c

    return series


SERIES = {
    "psi": _digamma,
    "loggamma": lambda v, y, d: _integral(y, _digamma(v, special.psi(v), d - 1)) if d else [y],
    "gamma": _by_digamma(1.0),
    "rgamma": _by_digamma(-1.0),
    "wofz": _wofz,
    "erfcx": _erfcx,
    "dawsn": _dawsn,
    "erf": lambda v, y, d: _of_gaussian(y, v, 2 / _ROOT_PI, -1, d),
    "erfc": lambda v, y, d: _of_gaussian(y, v, -2 / _ROOT_PI, -1, d),
    "erfi": lambda v, y, d: _of_gaussian(y, v, 2 / _ROOT_PI, 1, d),
    "exp1": lambda v, y, d: _of_exponential_over(y, v, -1, -1.0, d),
    "expi": lambda v, y, d: _of_exponential_over(y, v, 1, 1.0, d),
}

for _name, _series in SERIES.items():
    register_complex_rule(getattr(special, _name), "CC", holomorphic(getattr(special, _name), _series))


def _bessel(function, sign, factor=1.0):
    """Return the rule of a Bessel function, f_n' = factor (f_(n-1) + sign f_(n+1)) / 2 of constant order."""

    def rule(order, z):
        v = np.asarray(value(z))
        coefficients = [function(order, v)]
        with np.errstate(all="ignore"):
            for k in range(1, degree(real_part(z).dtype) + 1):
                terms = (math.comb(k, i) * sign**i * function(order - k + 2 * i, v) for i in range(k + 1))
                coefficients.append((factor / 2) ** k * sum(terms) / math.factorial(k))
        return compose(coefficients, z)

    return rule


for _name, _sign, _factor in (
    ("jv", -1, 1.0),
    ("yv", -1, 1.0),
    ("hankel1", -1, 1.0),
    ("hankel2", -1, 1.0),
    ("iv", 1, 1.0),
    ("kv", 1, -1.0),
):
    register_complex_rule(getattr(special, _name), "dCC", _bessel(getattr(special, _name), _sign, _factor))


def _hypergeometric(function, above):
    """Return the rule of a hypergeometric function of constant parameters, the first `above` of which are above."""

    def rule(*args):
        *parameters, z = args
        v = np.asarray(value(z))
        coefficients, factor = [function(*parameters, v)], 1.0
        with np.errstate(all="ignore"):
            for k in range(1, degree(real_part(z).dtype) + 1):
                for i, p in enumerate(parameters):
                    factor = factor * (p + k - 1) if i < above else factor / (p + k - 1)
                factor = factor / k
                coefficients.append(factor * function(*[p + k for p in parameters], v))
        return compose(coefficients, z)

    return rule


for _name, _letters, _above in (("hyp2f1", "dddCC", 2), ("hyp1f1", "ddCC", 1), ("hyp0f1", "dCC", 0)):
    register_complex_rule(getattr(special, _name), _letters, _hypergeometric(getattr(special, _name), _above))
