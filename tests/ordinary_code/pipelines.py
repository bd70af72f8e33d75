"""Longer programs in the manner of a library: validation, abstraction, arrays throughout."""
# ruff: noqa

import enum
import inspect
import logging
import math
import numbers
import typing as t
import warnings
from abc import ABC, abstractmethod
from functools import lru_cache, reduce, singledispatchmethod, wraps

import numpy as np
import numpy.typing as npt
from scipy import linalg as sla
from scipy import special, stats
from scipy.integrate import cumulative_trapezoid, quad, simpson
from scipy.interpolate import PchipInterpolator, RegularGridInterpolator
from scipy.optimize import minimize_scalar, root_scalar
from scipy.spatial.distance import cdist

log = logging.getLogger(__name__)
FloatArray = npt.NDArray[np.float64]


def as_float_array(values, ndim=1) -> FloatArray:
    out = np.ascontiguousarray(values, dtype=np.float64)
    if out.ndim != ndim:
        raise ValueError(f"expected {ndim} dimensions, got {out.ndim}")
    if not np.isfinite(out).all():
        raise ValueError("values must be finite")
    return out


def check_positive(*names):
    def decorate(function):
        signature = inspect.signature(function)

        @wraps(function)
        def wrapper(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            for name in names:
                value = bound.arguments[name]
                if not isinstance(value, numbers.Number):
                    raise TypeError(f"{name} must be a number")
                if value <= 0:
                    raise ValueError(f"{name} must be positive")
            return function(*bound.args, **bound.kwargs)

        return wrapper

    return decorate


@check_positive("length", "variance")
def rbf_kernel(length, variance=1.0):
    x = np.linspace(0, 1, 5)[:, None]
    return variance * np.exp(-0.5 * cdist(x, x, "sqeuclidean") / length**2)


def gaussian_process(length):
    K = rbf_kernel(length) + 1e-2 * np.eye(5)
    y = np.array([0.1, 0.5, 0.3, -0.2, 0.4])
    L = sla.cholesky(K, lower=True)
    alpha = sla.cho_solve((L, True), y)
    return -0.5 * y @ alpha - np.log(np.diag(L)).sum()


class Transform(ABC):
    @abstractmethod
    def forward(self, x): ...

    def __call__(self, x):
        return self.forward(as_float_array(x))

    def __or__(self, other):
        return Chain(self, other)


class Chain(Transform):
    def __init__(self, *stages):
        self.stages = stages

    def forward(self, x):
        return reduce(lambda v, stage: stage(v), self.stages, x)


class Standardize(Transform):
    def forward(self, x):
        return (x - x.mean()) / x.std(ddof=1)


class BoxCox(Transform):
    def __init__(self, lam: float):
        self.lam = lam

    def forward(self, x):
        x = x - x.min() + 1.0
        return np.log(x) if abs(self.lam) < 1e-12 else (x**self.lam - 1) / self.lam


def transformed(lam):
    return (Standardize() | BoxCox(lam))([1.0, 2.0, 4.0, 7.0])


def standardized(x):
    return (Standardize() | BoxCox(0.5))(x).sum()


class Activation(enum.Enum):
    TANH = "tanh"
    RELU = "relu"
    SIGMOID = "sigmoid"

    def __call__(self, z):
        if self is Activation.RELU:
            return np.where(z > 0, z, 0.0)
        return np.tanh(z) if self is Activation.TANH else special.expit(z)


class Dense:
    def __init__(self, n_in, n_out, activation, rng):
        self.W = rng.normal(scale=0.5, size=(n_in, n_out))
        self.b = np.zeros(n_out)
        self.activation = Activation(activation)

    def __call__(self, x):
        return self.activation(x @ self.W + self.b)


def network_input(x):
    rng = np.random.default_rng(0)
    layers = [Dense(3, 4, "tanh", rng), Dense(4, 4, "relu", rng), Dense(4, 1, "sigmoid", rng)]
    out = np.atleast_2d(x)
    for layer in layers:
        out = layer(out)
    return out.item()


def network_bias(b):
    layer = Dense(2, 2, "sigmoid", np.random.default_rng(1))
    layer.b[:] = b
    return layer(np.array([0.3, 0.4])).prod()


class Distribution(t.Protocol):
    def logpdf(self, x) -> t.Any: ...


class Normal:
    def __init__(self, mu, sigma):
        self.mu, self.sigma = mu, sigma

    def logpdf(self, x):
        z = (np.asarray(x) - self.mu) / self.sigma
        return -0.5 * z**2 - np.log(self.sigma) - 0.5 * np.log(2 * np.pi)


def mixture_loglik(params):
    w, m1, m2, s = params
    data = np.array([-1.0, 0.2, 0.5, 2.0, 2.2])
    components = [Normal(m1, s), Normal(m2, 0.7)]
    logs = np.stack([c.logpdf(data) for c in components])
    logs += np.log([w, 1 - w])[:, None]
    return special.logsumexp(logs, axis=0).sum()


def em_step(mu):
    data = np.array([-1.0, 0.2, 0.5, 2.0, 2.2])
    means = np.array([mu, 2.0])
    for _ in range(3):
        resp = np.exp(-0.5 * (data[:, None] - means) ** 2)
        resp /= resp.sum(axis=1, keepdims=True)
        means = (resp * data[:, None]).sum(0) / resp.sum(0)
    return means


class Accumulator:
    """Welford's running mean and variance."""

    def __init__(self):
        self.n, self.mean, self.m2 = 0, 0.0, 0.0

    @singledispatchmethod
    def add(self, value):
        raise TypeError(f"cannot add {type(value)}")

    @add.register(int)
    @add.register(float)
    def _(self, value):
        self.n += 1
        delta = value - self.mean
        self.mean += delta / self.n
        self.m2 += delta * (value - self.mean)

    @add.register(list)
    def _(self, value):
        for v in value:
            self.add(v)

    @property
    def variance(self):
        return self.m2 / (self.n - 1) if self.n > 1 else float("nan")


def running_variance(x):
    acc = Accumulator()
    acc.add([1.0, x, x**2, 3.0])
    return acc.variance


def extended_kalman(noise):
    x = np.array([1.0, 0.5])
    P = np.eye(2) * 0.1
    Q, Rm = np.eye(2) * noise, np.array([[0.05]])
    for z in (0.9, 1.1, 1.3):
        F = np.array([[1, 0.1], [-0.1 * np.cos(x[0]), 1]])
        x = np.array([x[0] + 0.1 * x[1], x[1] - 0.1 * np.sin(x[0])])
        P = F.dot(P).dot(F.T) + Q
        H = np.array([[2 * x[0], 0.0]])
        S = H.dot(P).dot(H.T) + Rm
        K = np.linalg.solve(S.T, (P.dot(H.T)).T).T
        x = x + K.dot(np.array([z - x[0] ** 2]))
        P = P - K.dot(H).dot(P)
    return x


def adaptive_simpson(a):
    def recurse(f, lo, hi, eps, whole):
        mid = (lo + hi) / 2
        left, right = simpson_(f, lo, mid), simpson_(f, mid, hi)
        if abs(left + right - whole) < 15 * eps:
            return left + right + (left + right - whole) / 15
        return recurse(f, lo, mid, eps / 2, left) + recurse(f, mid, hi, eps / 2, right)

    def simpson_(f, lo, hi):
        return (hi - lo) / 6 * (f(lo) + 4 * f((lo + hi) / 2) + f(hi))

    g = lambda x: math.cos(a * x) / (1 + x * x)
    return recurse(g, 0.0, 1.0, 1e-14, simpson_(g, 0.0, 1.0))


def sampled_integral(a):
    x = np.linspace(0, 1, 21)
    return simpson(np.exp(-a * x), x=x) + cumulative_trapezoid(x**a, x, initial=0)[-1]


def cauchy_tail(scale):
    value, error = quad(lambda x: 1 / (np.pi * scale * (1 + (x / scale) ** 2)), 1.0, 5.0)
    log.debug("quadrature error %g", error)
    return value


def golden_section_value(a):
    res = minimize_scalar(lambda x: (x - a) ** 2 * (1 + a) + 0.1 * x**4, bracket=(0, 1), tol=1e-12)
    return res.fun


def secant_root(c):
    return root_scalar(lambda x: x**3 + x - c, bracket=[0.0, 3.0], method="brentq", xtol=1e-15).root


def monotone_interpolation(y):
    return float(PchipInterpolator([0.0, 1.0, 2.0, 4.0], [0.0, 1.0, y, 5.0])(1.7))


def grid_interpolation(x):
    grid = RegularGridInterpolator(([0.0, 1.0, 2.0], [0.0, 1.0]), np.arange(6.0).reshape(3, 2) ** 2)
    return grid([x, x / 3])[0]


def gamma_quantile(shape):
    return stats.gamma.ppf(0.3, shape)


def weibull_survival(shape):
    return stats.weibull_min.sf(np.array([0.5, 1.5]), shape, scale=1.2)


def poisson_deviance(rate):
    y = np.array([0, 2, 3, 1])
    mu = np.full_like(y, rate, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(y > 0, y * np.log(y / mu), 0.0)
    return 2 * np.sum(term - (y - mu))


def ridge(penalty):
    X = np.array([[1.0, 0.2], [0.5, 1.5], [-0.3, 0.8]])
    y = np.array([1.0, 2.0, 0.5])
    return sla.solve(X.T @ X + penalty * np.identity(2), X.T @ y, assume_a="pos")


def pca_variance(scale):
    data = np.array([[1.0, 0.3], [scale, -0.4], [-0.7, 0.9], [0.2, scale**2]])
    centred = data - data.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)
    return singular[0] ** 2 / np.sum(singular**2)


def whitening(scale):
    C = np.cov(np.array([[1.0, scale, 0.2, -1.0], [0.5, 0.1, scale**2, 0.3]]))
    w, V = np.linalg.eigh(C)
    W = V @ np.diag(w**-0.5) @ V.T
    return W.trace()


def autocorrelation(phi):
    x = [0.0]
    shocks = np.sin(np.arange(1, 25) ** 2)
    for e in shocks:
        x.append(phi * x[-1] + e)
    x = np.array(x) - np.mean(x)
    full = np.correlate(x, x, mode="full")
    return full[full.size // 2 + 1] / full[full.size // 2]


def exponential_smoothing(alpha):
    series = [3.0, 5.0, 4.0, 6.0, 7.0]
    level, trend = series[0], series[1] - series[0]
    errors = np.zeros(len(series) - 1)
    for i, value in enumerate(series[1:]):
        forecast = level + trend
        errors[i] = value - forecast
        level, last = alpha * value + (1 - alpha) * forecast, level
        trend = 0.3 * (level - last) + 0.7 * trend
    return np.sqrt(np.mean(errors**2))


@lru_cache
def legendre_table(n):
    return np.polynomial.legendre.leggauss(n)


def gauss_legendre(a):
    nodes, weights = legendre_table(12)
    return sum(w * math.exp(math.sin(a * x)) for x, w in zip(nodes.tolist(), weights.tolist()))


def upwind_burgers(amplitude):
    nx, dx, dt = 40, 0.05, 0.01
    u = amplitude * np.sin(np.pi * np.arange(nx) * dx) + 2.0
    for _ in range(15):
        flux = 0.5 * u**2
        u = u - dt / dx * (flux - np.roll(flux, 1))
    return np.array([u.max(), u.min()])


def shallow_water(depth):
    h, v = np.full(20, depth), np.zeros(20)
    h[8:12] += 0.1
    for _ in range(10):
        v[1:] -= 9.81 * 0.01 * np.diff(h)
        h[:-1] -= 0.01 * depth * np.diff(v)
        v[0], v[-1] = 0, 0
    return np.sum(h * np.arange(20))


def fem_1d(conductivity):
    nodes = np.linspace(0, 1, 6)
    K, f = np.zeros((6, 6)), np.zeros(6)
    for e, (left, right) in enumerate(zip(nodes[:-1], nodes[1:])):
        h = right - left
        k = conductivity * (1 + nodes[e]) / h * np.array([[1.0, -1.0], [-1.0, 1.0]])
        dofs = [e, e + 1]
        K[np.ix_(dofs, dofs)] += k
        f[dofs] += h / 2
    free = np.arange(1, 6)
    u = np.zeros_like(f)
    u[free] = sla.solve(K[np.ix_(free, free)], f[free])
    return u.max()


def safe_parameter(value):
    try:
        value = float(value)
    except (TypeError, ValueError):
        warnings.warn("not a number, using the default")
        value = 1.0
    return math.gamma(value) + math.lgamma(value) ** 2


def unit_or_array(x):
    """Accepts numbers and arrays, returns what it got."""
    scalar = np.ndim(x) == 0 and isinstance(x, (float, np.floating))
    x = np.atleast_1d(x).astype(float)
    y = np.empty(x.shape)
    mask = x > 1.0
    y[mask] = np.sqrt(x[mask])
    y[~mask] = x[~mask] ** 2
    return y[0] if scalar else y


CASES = [
    (rbf_kernel, 0.4),
    (gaussian_process, 0.4),
    (transformed, 0.4),
    (standardized, [1.0, 2.0, 4.0, 7.0]),
    (network_input, np.array([0.4, -0.2, 0.9])),
    (network_bias, 0.2),
    (mixture_loglik, [0.3, -0.2, 1.8, 0.6]),
    (em_step, 0.1),
    (running_variance, 1.4),
    (extended_kalman, 0.02),
    (adaptive_simpson, 1.4),
    (sampled_integral, 1.4),
    (cauchy_tail, 0.8),
    (golden_section_value, 0.8),
    (secant_root, 1.8),
    (monotone_interpolation, 1.6),
    (grid_interpolation, 1.3),
    (gamma_quantile, 2.2),
    (weibull_survival, 1.7),
    (poisson_deviance, 1.6),
    (ridge, 0.3),
    (pca_variance, 1.3),
    (whitening, 1.3),
    (autocorrelation, 0.6),
    (exponential_smoothing, 0.4),
    (gauss_legendre, 1.3),
    (upwind_burgers, 0.8),
    (shallow_water, 1.1),
    (fem_1d, 1.3),
    (safe_parameter, 2.4),
    (unit_or_array, 1.7),
    (unit_or_array, np.array([0.4, 1.7])),
]
