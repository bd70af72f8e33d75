"""Exercises of a first course in numerical analysis."""
# ruff: noqa

import cmath
import math
from math import cos, exp, log, pi, sin, sqrt

import numpy as np


def formula(x):
    return math.exp(-x) * math.sin(3 * x) + math.sqrt(x)


def taylor_sine(x):
    total = 0.0
    for k in range(12):
        total += (-1) ** k * x ** (2 * k + 1) / math.factorial(2 * k + 1)
    return total


def newton_sqrt(a):
    x = a
    while abs(x * x - a) > 1e-13 * a:
        x = 0.5 * (x + a / x)
    return x


def kepler(M, e=0.3):
    E = M
    for i in range(50):
        dE = (E - e * math.sin(E) - M) / (1 - e * math.cos(E))
        E -= dE
        if abs(dE) < 1e-14:
            break
    return E


def bisection_root(c):
    """Root of cos(t) = c t."""
    lo, hi = 0.0, 2.0
    for _ in range(60):
        mid = (lo + hi) / 2
        if math.cos(mid) > c * mid:
            lo = mid
        else:
            hi = mid
    # polish
    t = mid
    for _ in range(3):
        t = t - (math.cos(t) - c * t) / (-math.sin(t) - c)
    return t


def trapezoid_rule(b):
    n = 200
    x = np.linspace(0, b, n + 1)
    y = np.zeros(n + 1)
    for i in range(n + 1):
        y[i] = np.exp(-(x[i] ** 2))
    h = b / n
    return h * (0.5 * y[0] + sum(y[1:-1]) + 0.5 * y[-1])


def simpson_rule(w):
    a, b, n = 0.0, pi, 20
    h = (b - a) / n
    s = sin(w * a) + sin(w * b)
    for i in range(1, n):
        s += (4 if i % 2 else 2) * sin(w * (a + i * h))
    return s * h / 3


def euler_decay(k):
    y, dt = 1.0, 0.01
    for n in range(100):
        y = y + dt * (-k * y)
    return y


def rk4_pendulum(theta0):
    def rhs(t, y):
        return np.array([y[1], -9.81 * np.sin(y[0])])

    y = np.array([theta0, 0.0])
    h, t = 0.01, 0.0
    for i in range(50):
        k1 = rhs(t, y)
        k2 = rhs(t + h / 2, y + h / 2 * k1)
        k3 = rhs(t + h / 2, y + h / 2 * k2)
        k4 = rhs(t + h, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
    return y[0]


def lagrange(x, nodes=(0.0, 0.5, 1.0, 1.5)):
    values = [exp(t) for t in nodes]
    result = 0
    for i, xi in enumerate(nodes):
        term = values[i]
        for j, xj in enumerate(nodes):
            if i != j:
                term *= (x - xj) / (xi - xj)
        result += term
    return result


def gauss_elimination(a):
    A = [[a, 2.0, 1.0], [2.0, 5.0, a * a], [1.0, 0.5, 4.0]]
    b = [1.0, 2.0, sin(a)]
    n = len(b)
    for k in range(n):
        p = max(range(k, n), key=lambda r: abs(A[r][k]))
        A[k], A[p] = A[p], A[k]
        b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = A[i][k] / A[k][k]
            for j in range(k, n):
                A[i][j] -= f * A[k][j]
            b[i] -= f * b[k]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (b[i] - sum(A[i][j] * x[j] for j in range(i + 1, n))) / A[i][i]
    return x


def quadratic_roots(c):
    a, b = 1.0, -3.0
    d = b**2 - 4 * a * c
    return np.array([(-b + math.sqrt(d)) / 2, (-b - math.sqrt(d)) / 2])


def quadratic_cmath(c):
    d = cmath.sqrt(9 - 4 * c)
    return ((3 + d) / 2).real


def euclid_distance(p):
    return math.dist(p, [0.5, 0.5, 0.0])


def hypotenuse(a, b):
    return math.hypot(a, b) + math.atan2(a, b)


def log_base(x):
    return math.log(x, 3) + math.log10(x) + math.log2(x) + math.log1p(x)


def determinant(x):
    M = np.array([[x, 1.0, 0.0], [2.0, x**2, 1.0], [0.0, x, 3.0]])
    return np.linalg.det(M)


def fixed_size_vector(x):
    v = np.zeros(3)
    v[0] = x
    v[1] = x**2
    v[2] = np.sin(x)
    return v


def matrix_power_series(t):
    A = np.array([[0.0, 1.0], [-2.0, -3.0]]) * t
    term, total = np.eye(2), np.eye(2)
    for k in range(1, 15):
        term = term.dot(A) / k
        total += term
    return total[0, 1]


def horner(x):
    coeffs = [2, -6, 2, -1]
    result = coeffs[0]
    for c in coeffs[1:]:
        result = result * x + c
    return float(result)


def recursive_power(x, n=7):
    if n == 0:
        return 1
    if n % 2:
        return x * recursive_power(x, n - 1)
    return recursive_power(x * x, n // 2)


CASES = [
    (formula, 0.7),
    (taylor_sine, 0.9),
    (newton_sqrt, 2.0),
    (kepler, 1.1),
    (bisection_root, 0.8),
    (trapezoid_rule, 1.3),
    (simpson_rule, 0.6),
    (euler_decay, 1.5),
    (rk4_pendulum, 0.5),
    (lagrange, 0.7),
    (gauss_elimination, 1.7),
    (quadratic_roots, 1.2),
    (quadratic_cmath, 1.2),
    (euclid_distance, [1.0, 2.0, -0.5]),
    (hypotenuse, (3.0, 4.0)),
    (log_base, 2.5),
    (determinant, 1.4),
    (fixed_size_vector, 0.8),
    (matrix_power_series, 0.4),
    (horner, 1.3),
    (recursive_power, 1.1),
]
