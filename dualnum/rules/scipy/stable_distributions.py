"""scipy.stats.levy_stable: by x, alpha and beta as integrals of the characteristic function along fixed paths.

``pdf(x) = 1/pi Re int_0^inf exp(-psi(t)) dt`` and ``cdf(x) = 1/2 - 1/pi Im int_0^inf exp(-psi(t)) / t dt`` with
``psi = i x t + t^alpha (1 - i beta tan(pi alpha / 2))``; for alpha = 1 the bracket becomes ``1 + 2 i beta / pi log t``.
By Cauchy's theorem the path may be any in the sector where psi grows.  The values choose the path on which psi is real
(Zolotarev's and Nolan's integrals), so that nothing cancels; the derivatives are those of the integrand on this path.
"""

import math

import numpy as np
from scipy import stats

from dualnum._core import holds_duals, value
from dualnum.lifting import resolve
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy._registry import arrays
from dualnum.rules.scipy.distributions import TANH, TANH_WEIGHTS

#: Within this of alpha = 1 the path is that of alpha = 1, and psi a series in alpha - 1.
NEAR_ONE = 0.05


class _Steep:
    """The path ``t = r exp(-i theta)`` on which psi is real: log(r) as a function of theta in (low, pi / 2).

    Methods take the distances `above` low and `below` pi / 2, which keep their digits at both ends.
    """

    def __init__(self, x, alpha, beta):
        """Take x > 0, of the parameterization S1; for alpha near 1 any x, of S0."""
        self.x, self.alpha, self.beta = x, alpha, beta
        self.near_one = abs(alpha - 1) < NEAR_ONE
        slant = 0.0 if self.near_one else beta * math.tan(math.pi * alpha / 2)
        self.log_size = math.log1p(slant**2) / 2
        self.low = -math.pi / 2 if self.near_one else -math.atan(slant) / alpha
        self.span = math.pi / 2 - self.low

    def logarithm(self, above, below):
        """Return log(r) and its slope."""
        left, right = above < self.span / 2, below <= self.span / 2
        gap = _positive(math.pi / 2 + self.low)
        cosine = np.where(right, np.sin(below), np.sin(above + gap))  # of theta
        if self.near_one:
            beta, tangent = self.beta, np.where(right, 1 / np.tan(below), -1 / np.tan(above))
            weight = np.where(
                left, 1 - beta + 2 / math.pi * beta * above, 1 + beta - 2 / math.pi * beta * below
            )
            slope = weight / cosine**2 + tangent * 2 / math.pi * beta
            return (tangent * weight - self.x) * math.pi / 2 / beta, slope * math.pi / 2 / beta
        alpha = self.alpha
        rest = alpha * below + _positive(math.pi - alpha * self.span)  # of alpha above, to pi
        sine = np.where(right, np.sin(rest), np.sin(alpha * above))
        cotangent = np.where(right, -1 / np.tan(rest), 1 / np.tan(alpha * above))
        tangent = np.where(right, 1 / np.tan(below), -1 / np.tan(above + gap))
        log = self.log_size + np.log(sine) - np.log(self.x * cosine)
        return log / (1 - alpha), (alpha * cotangent + tangent) / (1 - alpha)

    def exponent(self, above, below):
        """Return psi."""
        log, _ = self.logarithm(above, below)
        theta = math.pi / 2 - below
        if self.near_one:
            weight = np.cos(theta) * (1 + 2 / math.pi * self.beta * theta)
            turned = np.sin(theta) * (2 / math.pi * self.beta * log + self.x)
            return np.exp(log) * (weight + turned)
        power = np.exp(self.log_size + self.alpha * log) * np.cos(self.alpha * above)
        return np.exp(log) * self.x * np.sin(theta) + power

    def nodes(self):
        """Return log(t) and ``dt / t``, from 0 outwards: two rules that meet where psi is its least value plus 1."""
        span, ends = self.span, np.array([1e-9, 1 - 1e-9])
        grown = self.exponent(span * ends, span * ends[::-1])
        least, (a, b) = min(grown), (0.0, 1.0) if grown[0] < grown[1] else (1.0, 0.0)
        for _ in range(50):
            middle = (a + b) / 2
            beyond = not self.exponent(span * middle, span * (1 - middle)) < least + 1
            a, b = (a, middle) if beyond else (middle, b)
        first, rest = span * (a + b) / 2, span * (1 - (a + b) / 2)
        above = np.concatenate([first * TANH, first + rest * TANH])
        below = np.concatenate([rest + first * TANH[::-1], rest * TANH[::-1]])
        log, slope = self.logarithm(above, below)
        steps = np.concatenate([first * TANH_WEIGHTS, rest * TANH_WEIGHTS]) * (slope - 1j)
        log = log - 1j * (math.pi / 2 - below)
        near, steps = (log[0], steps) if log[-1].real > log[0].real else (log[-1], -steps)
        if abs(self.beta) == 1 and near.real > -40:  # the path begins at a saddle point on the imaginary axis
            log = np.concatenate([near + np.log(TANH), log])
            steps = np.concatenate([TANH_WEIGHTS / TANH, steps])
        return log, steps


def _positive(x):
    """Return x, and 0 where it is rounding."""
    return x if x > 1e-15 else 0.0


def _ray(theta, alpha):
    """Return log(t) and ``dt / t`` on ``t = r exp(-i theta)``."""
    u = np.arange(-40.0 / alpha, 60.0, 0.02)
    return u - 1j * theta, np.full(u.shape, 0.02 + 0j)


def _nodes(x, alpha, beta):
    """Return log(t) and dt / t along a path for floats: x >= 0 of S1, or of S0 where alpha is near 1."""
    if abs(alpha - 1) < NEAR_ONE:
        return _ray(math.atan(x), alpha) if abs(beta) < 0.1 else _Steep(x, alpha, beta).nodes()
    path = _Steep(max(x, 1.0), alpha, beta)
    if path.span < 1e-9:  # beyond the support
        return _ray(math.pi / 2, alpha)
    if x < 1e-9:
        return _ray(path.low, alpha)
    return _Steep(x, alpha, beta).nodes()


def _product(z, real, imaginary):
    """Return the parts of a complex number times a pair of duals."""
    return z.real * real - z.imag * imaginary, z.real * imaginary + z.imag * real


def _exponent(x, alpha, beta, log):
    """Return both parts of psi for duals x, alpha and beta, at floats ``log(t)``; for alpha near 1 x is of S0."""
    t = np.exp(log)
    size = np.exp(alpha * log.real)
    real, imaginary = size * np.cos(alpha * log.imag), size * np.sin(alpha * log.imag)  # t^alpha
    if abs(value(alpha) - 1) < NEAR_ONE:  # t^alpha + i beta (t^alpha - t) cot(pi d / 2) with d = alpha - 1
        d = alpha - 1
        total_real = total_imaginary = 0.0 * d
        for k in range(40, 0, -1):
            total_real, total_imaginary = total_real * d / (k + 1), total_imaginary * d / (k + 1)
            total_real, total_imaginary = _product(log, total_real, total_imaginary)
            total_real = total_real + 1.0
        # exprel(d log t) = 1 + (d log t) / 2 (1 + (d log t) / 3 (1 + ...))
        slant = beta * 2 / math.pi * _times_cotangent(math.pi / 2 * d)
        skew = _product(t * log, total_real, total_imaginary)
        real, imaginary = real - slant * skew[1], imaginary + slant * skew[0]
    else:
        slant = beta * np.tan(math.pi / 2 * alpha)
        real, imaginary = real + slant * imaginary, imaginary - slant * real
    return real - x * t.imag, imaginary + x * t.real


def _times_cotangent(u):
    """Return u cot(u) for small u."""
    s = u * u
    coefficients = -1 / 3, -1 / 45, -2 / 945, -1 / 4725, -2 / 93555, -1382 / 638512875, -4 / 18243225
    total = 0.0 * s
    for c in reversed(coefficients):
        total = (total + c) * s
    return 1 + total


def _integral(x, alpha, beta, by):
    """Return the density (by = 0) or the distribution function without its constant (by = 1) of numbers, as S1."""
    near_one = abs(value(alpha) - 1) < NEAR_ONE
    sign = 1.0
    if not near_one and value(x) < 0:
        x, beta, sign = -x, -beta, -1.0 if by else 1.0
    with np.errstate(all="ignore"):
        log, step = _nodes(*(float(value(p)) for p in (x, alpha, beta)))
        real, imaginary = _exponent(x, alpha, beta, log)
        reach = np.min(
            log.real, where=value(real) >= 700, initial=np.inf
        )  # a ray may leave the sector far beyond
        kept = (log.real < reach) & np.isfinite(value(real)) & np.isfinite(value(imaginary))
        real, imaginary = np.where(kept, real, 0.0), np.where(kept, imaginary, 0.0)
        size = np.exp(-real)
        weight = np.where(kept, step if by else step * np.exp(log), 0.0)
        parts = _product(weight, size * np.cos(imaginary), -size * np.sin(imaginary))
        return sign * (-np.sum(parts[1]) if by else np.sum(parts[0])) / math.pi


def _of_stable(name, by):
    original = vars(stats.levy_stable.__class__).get(name)

    def on_duals(self, x, alpha, beta):
        if not holds_duals((x, alpha, beta)):
            return original(self, x, alpha, beta)
        values = np.asarray(original(self, *float_arguments((x, alpha, beta))))
        found = []
        arrays = np.broadcast_arrays(*map(np.asarray, (x, alpha, beta)))
        for x_, alpha_, beta_ in zip(*[a.ravel().tolist() for a in arrays], strict=True):
            found.append(_integral(_standard(self, x_, alpha_, beta_), alpha_, beta_, by))
        return numpy_result(np.array(found).reshape(values.shape), values)

    rule(original)(on_duals)


def _standard(self, x, alpha, beta):
    """Return x as `_integral` expects it, from the parameterization of the family: S0 near alpha = 1, S1 elsewhere."""
    near_one = abs(value(alpha) - 1) < NEAR_ONE
    if self._parameterization() == "S0":
        return x if near_one else x + beta * np.tan(math.pi / 2 * alpha)
    if value(alpha) != 1:
        return x - beta * np.tan(math.pi / 2 * alpha) if near_one else x
    if is_dual(alpha):
        raise ValueError(
            "levy_stable of duals expects alpha other than 1 where it varies in the parameterization S1, which jumps "
            "there, got 1; use the parameterization S0."
        )
    return x


def _shifted(name):
    """Return the rule of pdf or cdf: at alpha = 1 the scale moves the location of S1, too, and SciPy flattens x."""
    original = vars(stats.levy_stable.__class__).get(name)
    lifted = resolve.lifted_function(resolve.FULL, getattr(stats.rv_continuous, name))

    def on_duals(self, x, *args, **kwds):
        values = original(self, *float_arguments((x, *args)), **float_arguments(kwds))
        if not holds_duals((x, args, kwds)):
            return values
        (alpha, beta), loc, scale = self._parse_args(*args, **kwds)
        at_one = value(np.asarray(alpha)) == 1
        if self._parameterization() == "S1" and np.any(at_one):
            (scale,) = arrays("levy_stable", scale)
            loc = loc + np.where(at_one, 2 / math.pi * np.asarray(beta) * scale * np.log(scale), 0.0)
            x = np.ravel(np.asarray(x))
        found = np.array(lifted(self, x, alpha, beta, loc=loc, scale=scale))
        return numpy_result(found.reshape(np.shape(values)), values)

    rule(original)(on_duals)


for _name, _by in (("_pdf", 0), ("_cdf", 1)):
    _of_stable(_name, _by)
    _shifted(_name[1:])
