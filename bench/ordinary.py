"""Functions as they are written for floats, which drivers lift; `bench.lifting` has them written for duals."""

import math

import numpy as np


def formula(x):
    return math.exp(-x * x) * math.sin(3 * x) + math.sqrt(x * x + 1) * math.cos(x)


def fill(x):
    a = np.zeros(20)
    for i in range(20):
        a[i] = x[0] * i + x[1] * math.sin(x[2])
    return a.sum()


def vectors(x):
    x = np.asarray(x, dtype=float)
    y = np.exp(-(x**2))
    return float(np.sum(y * np.sin(x)))


def assemble(k):
    stiffness, load = np.zeros((8, 8)), np.ones(8)
    for i in range(8):
        stiffness[i, i] = 2 * k[0]
        if i:
            stiffness[i, i - 1] = -k[1]
            stiffness[i - 1, i] = -k[1]
    return np.linalg.solve(stiffness, load)[3]


class Pendulum:
    def __init__(self, k):
        self.k = k

    def rate(self, y):
        return np.array([y[1], -self.k * math.sin(y[0])])

    def run(self, y, h, n):
        for _ in range(n):
            k1 = self.rate(y)
            k2 = self.rate(y + h / 2 * k1)
            k3 = self.rate(y + h / 2 * k2)
            k4 = self.rate(y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y


def pendulum(k):
    return Pendulum(k).run(np.array([0.5, 0.0]), 0.02, 50)[0]
