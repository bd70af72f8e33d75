"""Grids, spectra, waves, statistics of experiments."""
# ruff: noqa

import math
import warnings

import numpy as np
import scipy
from scipy import integrate, interpolate, linalg, ndimage, optimize, signal, sparse, special
from scipy.sparse.linalg import spsolve


def heat_explicit(alpha):
    nx, nt = 21, 30
    u = np.zeros(nx)
    u[8:13] = 1.0
    for n in range(nt):
        un = u.copy()
        for i in range(1, nx - 1):
            u[i] = un[i] + alpha * (un[i + 1] - 2 * un[i] + un[i - 1])
    return u[10]


def heat_vectorised(alpha):
    u = np.sin(np.linspace(0, np.pi, 33))
    for _ in range(20):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u)


def crank_nicolson(nu):
    n = 8
    A = np.diag(np.full(n, 2.0)) - np.diag(np.ones(n - 1), 1) - np.diag(np.ones(n - 1), -1)
    I = np.eye(n)
    u = np.sin(np.arange(1, n + 1))
    for _ in range(3):
        u = np.linalg.solve(I + 0.5 * nu * A, (I - 0.5 * nu * A).dot(u))
    return u


def thomas(k):
    n = 10
    a, b, c, d = -k * np.ones(n), (2 * k + 1) * np.ones(n), -k * np.ones(n), np.ones(n)
    cp, dp, x = np.zeros(n), np.zeros(n), np.zeros(n)
    cp[0], dp[0] = c[0] / b[0], d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i] * cp[i - 1]
        cp[i] = c[i] / m
        dp[i] = (d[i] - a[i] * dp[i - 1]) / m
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x.max()


def poisson_sparse(k):
    n = 10
    A = sparse.diags([-k, 2 * k + 0.1, -k], [-1, 0, 1], shape=(n, n), format="csc")
    return spsolve(A, np.ones(n)).sum()


def banded(k):
    ab = np.zeros((3, 6))
    ab[0, 1:] = -k
    ab[1, :] = 2 + k**2
    ab[2, :-1] = -1
    return linalg.solve_banded((1, 1), ab, np.ones(6))[2]


def jacobi_2d(source):
    p = np.zeros((8, 8))
    b = np.zeros((8, 8))
    b[3, 3] = source
    for it in range(30):
        pn = np.copy(p)
        p[1:-1, 1:-1] = 0.25 * (pn[2:, 1:-1] + pn[:-2, 1:-1] + pn[1:-1, 2:] + pn[1:-1, :-2] - b[1:-1, 1:-1])
    return p[4, 4]


def advection_upwind(c):
    x = np.linspace(0, 2, 41)
    u = np.where((x > 0.5) & (x < 1), 2.0, 1.0)
    for _ in range(10):
        u = np.concatenate([[u[0]], u[1:] - c * (u[1:] - u[:-1])])
    return (u * x).sum()


def lotka_volterra(p):
    def f(t, z):
        x, y = z
        dz = np.zeros(2)
        dz[0] = p[0] * x - p[1] * x * y
        dz[1] = -0.5 * y + p[2] * x * y
        return dz

    return integrate.solve_ivp(f, [0, 2], [1.0, 0.5], rtol=1e-9, atol=1e-11).y[:, -1]


def lorenz_odeint(rho):
    def f(y, t):
        return [10 * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]]

    return integrate.odeint(f, [1.0, 1.0, 1.0], [0.0, 0.1, 0.2], rtol=1e-11, atol=1e-11)[-1, 0]


def planck(T):
    h, c, kB = scipy.constants.h, scipy.constants.c, scipy.constants.k
    lam = 1e-6
    return 2 * h * c**2 / lam**5 / (math.exp(h * c / (lam * kB * T)) - 1) / 1e12


def quad_integral(a):
    return integrate.quad(lambda t: math.exp(-a * t**2), 0, 1)[0]


def spectral_power(f):
    t = np.arange(64) / 64
    s = np.sin(2 * np.pi * f * t)
    return np.abs(np.fft.rfft(s))[5]


def low_pass(alpha):
    x = np.sin(np.arange(30) * 0.4)
    y = np.zeros(30)
    for i in range(1, 30):
        y[i] = alpha * x[i] + (1 - alpha) * y[i - 1]
    return np.mean(y**2)


def low_pass_lfilter(alpha):
    return signal.lfilter([alpha], [1.0, alpha - 1.0], np.sin(np.arange(20)))[-1]


def gaussian_smooth(scale):
    img = scale * np.outer(np.arange(6.0), np.ones(6)) ** 2
    return ndimage.gaussian_filter(img, 1.0)[2, 2]


def spline_value(y):
    cs = interpolate.CubicSpline([0.0, 1.0, 2.0, 3.0], [0.0, y, 1.0, 0.5])
    return cs(1.3)


def linear_interpolation(y):
    return np.interp(0.4, [0.0, 1.0, 2.0], [1.0, y, 2.0])


def interp1d_value(x):
    f = interpolate.interp1d([0, 1, 2, 3], [0.0, 1.0, 4.0, 9.0], kind="linear")
    return f(x)


def least_squares_fit(noise):
    x = np.linspace(0, 1, 12)
    y = 2 * x + noise * np.sin(9 * x)
    A = np.vstack([x, np.ones(len(x))]).T
    m, c = np.linalg.lstsq(A, y, rcond=None)[0]
    return m


def polyfit_slope(noise):
    x = np.arange(6.0)
    y = x**2 + noise * np.cos(x)
    return np.polyfit(x, y, 2)[1]


def curve_fit_parameter(amplitude):
    x = np.linspace(0, 3, 20)
    popt, _ = optimize.curve_fit(
        lambda t, a, b: a * np.exp(-b * t), x, amplitude * np.exp(-0.7 * x), p0=[1.0, 1.0]
    )
    return popt[0]


def fsolve_root(c):
    return optimize.fsolve(lambda z: [z[0] ** 2 + z[1] - c, z[1] - z[0]], [1.0, 1.0], xtol=1e-13)[0]


def eigenfrequency(k):
    K = np.array([[2 * k, -k], [-k, k + 1]])
    w2, modes = np.linalg.eigh(K)
    return np.sqrt(w2)


def generalized_eigen(m):
    K = np.array([[3.0, -1.0], [-1.0, 2.0]])
    return linalg.eigh(K, np.diag([m, 1.0]), eigvals_only=True)[0]


def bessel_and_gamma(x):
    return special.jv(1.0, x) + special.gamma(x) + special.erfc(x)


def harmonic_oscillator_leapfrog(omega):
    x, v, dt = 1.0, 0.0, 0.05
    xs = np.zeros(40)
    for i in range(40):
        v -= 0.5 * dt * omega**2 * x
        x += dt * v
        v -= 0.5 * dt * omega**2 * x
        xs[i] = x
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.sqrt(np.mean(np.square(xs)))


def ising_partition(beta):
    Z = 0.0
    for s in range(2**4):
        spins = [1 if s >> i & 1 else -1 for i in range(4)]
        energy = -sum(spins[i] * spins[(i + 1) % 4] for i in range(4))
        Z += math.exp(-beta * energy)
    return math.log(Z)


def lennard_jones(positions):
    pos = np.asarray(positions, dtype=float).reshape(-1, 3)
    e = 0.0
    for i in range(len(pos)):
        for j in range(i):
            r = np.linalg.norm(pos[i] - pos[j])
            e += 4 * (r**-12 - r**-6)
    return e


def finite_volume_block(k):
    A = np.block([[np.eye(2) * k, np.ones((2, 1))], [np.ones((1, 2)), np.array([[k**2]])]])
    return np.linalg.inv(A)[2, 2]


def chebyshev_sum(x):
    return np.polynomial.chebyshev.chebval(x, [1.0, 0.5, 0.25]) + np.polyval([1, 2, 3], x)


CASES = [
    (heat_explicit, 0.2),
    (heat_vectorised, 0.3),
    (crank_nicolson, 0.5),
    (thomas, 1.5),
    (poisson_sparse, 1.2),
    (banded, 0.8),
    (jacobi_2d, -1.0),
    (advection_upwind, 0.4),
    (lotka_volterra, np.array([0.9, 0.6, 0.4])),
    (lorenz_odeint, 28.0),
    (planck, 5000.0),
    (quad_integral, 1.3),
    (spectral_power, 4.6),
    (low_pass, 0.3),
    (low_pass_lfilter, 0.3),
    (gaussian_smooth, 1.1),
    (spline_value, 1.4),
    (linear_interpolation, 1.4),
    (interp1d_value, 1.4),
    (least_squares_fit, 0.2),
    (polyfit_slope, 0.2),
    (curve_fit_parameter, 2.0),
    (fsolve_root, 2.5),
    (eigenfrequency, 1.7),
    (generalized_eigen, 1.3),
    (bessel_and_gamma, 1.6),
    (harmonic_oscillator_leapfrog, 1.3),
    (ising_partition, 0.4),
    (lennard_jones, [0.0, 0.0, 0.0, 1.1, 0.0, 0.1, 0.3, 1.2, 0.0]),
    (finite_volume_block, 1.4),
    (chebyshev_sum, 0.6),
]
