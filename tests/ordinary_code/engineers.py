"""Beams, pipes, circuits, heat and fluids."""
# ruff: noqa

import math
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp, trapezoid
from scipy.optimize import brentq, newton

GRAVITY = 9.81


def friction_factor(Re):
    """Colebrook by fixed-point iteration."""
    eps = 1e-4
    f = 0.02
    for _ in range(100):
        f_new = (-2 * math.log10(eps / 3.7 + 2.51 / (Re * math.sqrt(f)))) ** -2
        if math.fabs(f_new - f) < 1e-16:
            break
        f = f_new
    return f


def pressure_drop(diameter, flow):
    area = math.pi * diameter**2 / 4
    v = flow / area
    Re = 1000 * v * diameter / 1e-3
    if Re < 2300:
        f = 64 / Re
    else:
        f = 0.316 / Re**0.25
    return f * 100 / diameter * 1000 * v**2 / 2


@dataclass
class Beam:
    length: float
    E: float = 210e9
    I: float = 8e-6

    def deflection(self, load: float) -> float:
        return load * self.length**3 / (48 * self.E * self.I)

    @property
    def stiffness(self):
        return 48 * self.E * self.I / self.length**3


def beam_deflection(L):
    return Beam(length=float(L)).deflection(1000.0)


def beam_stiffness(L):
    return Beam(L).stiffness / 1e6


def truss(angle):
    """Two bar forces by a 2x2 solve."""
    a = math.radians(angle)
    K = np.array([[math.cos(a), -math.cos(a)], [math.sin(a), math.sin(a)]])
    return np.linalg.solve(K, np.array([10.0, 5.0]))


def bar_fem(E):
    """Assemble a stiffness matrix of 4 bars and solve."""
    n = 4
    K = np.zeros((n + 1, n + 1))
    for e in range(n):
        k = E * (1 + 0.1 * e) * np.array([[1, -1], [-1, 1]])
        K[e : e + 2, e : e + 2] += k
    F = np.zeros(n + 1)
    F[-1] = 2.0
    u = np.zeros(n + 1)
    u[1:] = np.linalg.solve(K[1:, 1:], F[1:])
    return u[-1]


def heat_fin(h):
    m = math.sqrt(h * 0.04 / (200 * 1e-4))
    return math.tanh(m * 0.1) / (m * 0.1)


def rc_filter_gain(R):
    C, w = 1e-6, 2 * math.pi * 1000
    H = 1 / (1 + 1j * w * R * C)
    return abs(H)


def rlc_response(R):
    def rhs(t, y):
        q, i = y
        return [i, (1.0 - R * i - q / 0.5) / 0.2]

    sol = solve_ivp(rhs, (0, 1.0), [0.0, 0.0], rtol=1e-10, atol=1e-12)
    return sol.y[0, -1]


def terminal_velocity(mass):
    def balance(v):
        return mass * GRAVITY - 0.5 * 1.2 * 0.7 * v**2

    return brentq(balance, 0.1, 500.0, xtol=1e-14)


def compressibility(T):
    """van der Waals by scipy's newton."""
    a, b, R, P = 0.364, 4.27e-5, 8.314, 1e6

    def f(v):
        return (P + a / v**2) * (v - b) - R * T

    return newton(f, R * T / P, tol=1e-16) * P / (R * T)


State = namedtuple("State", ["pressure", "temperature", "velocity"])


def nozzle(mach):
    g = 1.4
    s = State(1 / (1 + 0.2 * mach**2) ** 3.5, 1 / (1 + 0.2 * mach**2), mach * (1.4 * 287) ** 0.5)
    s = s._replace(velocity=s.velocity * np.sqrt(s.temperature))
    return s.pressure * s.velocity


def section_properties(w):
    pts = [(0.0, 0.0), (w, 0.0), (w, 2.0), (w / 2, 2.5), (0.0, 2.0)]
    area = cx = cy = 0.0
    for (x0, y0), (x1, y1) in zip(pts, pts[1:] + pts[:1]):
        c = x0 * y1 - x1 * y0
        area += c
        cx += (x0 + x1) * c
        cy += (y0 + y1) * c
    area *= 0.5
    return [area, cx / (6 * area), cy / (6 * area)]


class Tank:
    def __init__(self, level):
        self.level = float(level)
        self.history = []

    def step(self, dt):
        out = 0.1 * math.sqrt(2 * GRAVITY * self.level)
        self.level -= out * dt
        self.history.append(self.level)


def drain(level):
    tank = Tank(level)
    for _ in range(20):
        tank.step(0.05)
    return tank.history[-1]


def rainflow_damage(amplitude):
    t = np.linspace(0, 10, 101)
    stress = np.asarray(amplitude * np.sin(t), dtype=float)
    ranges = np.abs(np.diff(stress))
    return float(np.sum((ranges / 50.0) ** 3))


def lmtd(temperatures):
    T_in, Tho, Tci, Tco = temperatures
    d1, d2 = T_in - Tco, Tho - Tci
    if math.isclose(d1, d2):
        return d1
    return (d1 - d2) / math.log(d1 / d2)


def chezy_depth(Q):
    """Normal depth in a channel."""
    y = 1.0
    for _ in range(60):
        A, P = 3.0 * y, 3.0 + 2 * y
        f = A * (A / P) ** (2 / 3) / 0.013 * 0.001**0.5 - Q
        df = (
            3.0 * (y + 1e-6) * ((3.0 * (y + 1e-6)) / (3 + 2 * (y + 1e-6))) ** (2 / 3) / 0.013 * 0.001**0.5
            - Q
            - f
        ) / 1e-6
        y -= f / df
    return y


def fatigue_table(stress):
    table = {"a": 1e3, "b": 2.5}
    cycles = table["a"] * stress ** (-table["b"])
    return round(10 / cycles, 6) * 0 + 10 / cycles


def moment_diagram(P):
    x = np.linspace(0, 4, 41)
    M = np.empty_like(x)
    for i, xi in enumerate(x):
        M[i] = P * xi / 2 if xi <= 2 else P * (4 - xi) / 2
    return trapezoid(M**2, x)


CASES = [
    (friction_factor, 5e4),
    (pressure_drop, (0.1, 0.01)),
    (beam_deflection, 3.0),
    (beam_stiffness, 3.0),
    (truss, 40.0),
    (bar_fem, 3.0),
    (heat_fin, 25.0),
    (rc_filter_gain, 150.0),
    (rlc_response, 0.4),
    (terminal_velocity, 80.0),
    (compressibility, 350.0),
    (nozzle, 0.8),
    (section_properties, 1.5),
    (drain, 2.0),
    (rainflow_damage, 60.0),
    (lmtd, [90.0, 60.0, 20.0, 45.0]),
    (chezy_depth, 20.0),
    (fatigue_table, 3.0),
    (moment_diagram, 2.0),
]
