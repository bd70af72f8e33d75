"""scipy.special of complex numbers: Taylor coefficients from differential equations and recurrences.

A function of `SERIES` gets the values v, SciPy's f(v) and a degree d, as those of dualnum.rules.complex.functions.
"""

import math

import numpy as np
from scipy import special

from dualnum._core import imaginary_part, real_part, register_complex_rule, value
from dualnum.rules._components import degree
from dualnum.rules._operands import with_values
from dualnum.rules.complex._elements import compose
from dualnum.rules.complex.functions import SERIES as OF_NUMPY
from dualnum.rules.complex.functions import holomorphic
from dualnum.rules.ufuncs._tables import DERIVATIVES, ROOT_2PI, ROOT_PI, SLOPES, or_series
from dualnum.rules.ufuncs.bessel import cylinder
from dualnum.rules.ufuncs.equations import equations
from dualnum.rules.ufuncs.more_functions import SPHERICAL, of_whole_order, spherical


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
    factor = 1 / (ROOT_PI * v)
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
    near = _of_linear_equation(right, u, 2.0, -2 / ROOT_PI, d)
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
        c = 0.5j * ROOT_PI * (gauss[k] - w[k])
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
    "erf": lambda v, y, d: _of_gaussian(y, v, 2 / ROOT_PI, -1, d),
    "erfc": lambda v, y, d: _of_gaussian(y, v, -2 / ROOT_PI, -1, d),
    "erfi": lambda v, y, d: _of_gaussian(y, v, 2 / ROOT_PI, 1, d),
    "exp1": lambda v, y, d: _of_exponential_over(y, v, -1, -1.0, d),
    "expi": lambda v, y, d: _of_exponential_over(y, v, 1, 1.0, d),
}

for _name, _series in SERIES.items():
    register_complex_rule(getattr(special, _name), "CC", holomorphic(getattr(special, _name), _series))


# ---- by differential equations, as of real numbers ----


def _register(ufunc, rule, letters=None):
    register_complex_rule(ufunc, letters or "C" * ufunc.nargs, rule)


def _sici_slopes(z, si, ci):
    series = [(1 - k % 2) * (-1) ** (k // 2) / math.factorial(k + 1) for k in range(20)]
    return [or_series(z, 1.0, series, lambda z: np.sin(z) / z), np.cos(z) / z]


def _inverse_mills(z, y):
    """Return the normal density divided by the normal distribution function."""
    left = value(z).real < 0
    by_erfcx = math.sqrt(2 / math.pi) / special.erfcx(np.where(left, z, 0.0) * -math.sqrt(0.5))
    right = np.where(left, 0.0, z)
    return np.where(left, by_erfcx, np.exp(-0.5 * right * right) / ROOT_2PI / special.ndtr(right))


OWN_SLOPES = {
    "sici": _sici_slopes,
    "ndtr": lambda z, y: np.exp(-0.5 * z * z) / ROOT_2PI,
    "log_ndtr": _inverse_mills,
}
for _name in "airy fresnel log_ndtr ndtr shichi sici spence wrightomega xlog1py xlogy".split():
    _ufunc = getattr(special, _name)
    _slope = OWN_SLOPES.get(_name) or SLOPES[_name]
    _register(_ufunc, equations((_ufunc, _slope), by=tuple(range(_ufunc.nin))))
for _name in ("expm1", "log1p"):  # other ufuncs than NumPy's
    _register(getattr(special, _name), holomorphic(getattr(special, _name), OF_NUMPY[getattr(np, _name)]))

# ---- by all derivatives, as of real numbers ----


def _by_derivatives(function, derivative):
    """Return the rule of a function of constants and of z, whose n-th derivative by z is ``derivative(n, ...)``."""

    def rule(*args):
        *constants, z = args
        v = np.asarray(value(z))
        coefficients = [function(*constants, v)]
        with np.errstate(all="ignore"):
            for k in range(1, degree(z.dtype) + 1):
                coefficients.append(derivative(k, *constants, v) / math.factorial(k))
        return compose(coefficients, z)

    return rule


for _names, _constants in (
    ("hyp0f1 eval_chebyc eval_chebys eval_chebyt eval_chebyu eval_laguerre eval_legendre", 1),
    ("eval_sh_chebyt eval_sh_chebyu eval_sh_legendre jv yv iv kv", 1),
    ("hyp1f1 eval_gegenbauer eval_genlaguerre", 2),
    ("hyp2f1 eval_jacobi eval_sh_jacobi", 3),
):
    for _name in _names.split():
        _ufunc = getattr(special, _name)
        _register(_ufunc, _by_derivatives(_ufunc, DERIVATIVES[_name]), "d" * _constants + "CC")
for _ufunc in (special.hankel1, special.hankel2):
    _register(_ufunc, _by_derivatives(_ufunc, cylinder(_ufunc, -1)), "dCC")
for _name in SPHERICAL:
    for _ufunc in (getattr(special._ufuncs, _name), getattr(special._ufuncs, _name + "_d")):
        _register(_ufunc, _by_derivatives(of_whole_order(_ufunc), spherical(_ufunc.__name__)), "dCC")


def _scaled(function, derivative, exponent):
    """Return the rule of a function that is another one, of these derivatives, times exp(exponent(z))."""
    without_scale = _by_derivatives(function, derivative)  # times that constant factor

    def rule(order, z):
        result = without_scale(order, z)
        with np.errstate(all="ignore"):
            e = exponent(z)
            return with_values(result * np.exp(e - value(e)), value(result))

    return rule


for _name, _sign, _factor, _exponent in (
    ("jve", -1, 1.0, lambda z: -np.abs(imaginary_part(z))),
    ("yve", -1, 1.0, lambda z: -np.abs(imaginary_part(z))),
    ("hankel1e", -1, 1.0, lambda z: -1j * z),
    ("hankel2e", -1, 1.0, lambda z: 1j * z),
    ("ive", 1, 1.0, lambda z: -np.abs(real_part(z))),
    ("kve", 1, -1.0, lambda z: z),
):
    _ufunc = getattr(special, _name)
    _register(_ufunc, _scaled(_ufunc, cylinder(_ufunc, _sign, _factor), _exponent), "dCC")
