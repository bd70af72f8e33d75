"""Models of a chemical and a biological laboratory."""
# ruff: noqa

from __future__ import annotations

import math
import numpy as np
import scipy.integrate
import scipy.optimize
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from types import SimpleNamespace
from typing import Optional, Union

R_GAS = 8.314462618
Number = Union[int, float]


def arrhenius(temperature: float, prefactor: float = 1e7, energy: float = 5e4) -> float:
    """Rate constant in 1/s."""
    if not isinstance(temperature, (int, float)) or temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature!r}")
    return prefactor * math.exp(-energy / (R_GAS * temperature))


def antoine_mixture(temps):
    A, B, C = np.array([8.07, 8.20]), np.array([1730.6, 1642.9]), np.array([233.4, 230.3])
    out = np.empty((len(temps), 2), dtype=float)
    for row, t in enumerate(temps):
        out[row, :] = 10 ** (A - B / (C + t))
    return out.sum(axis=1)


@dataclass
class Reaction:
    k_forward: float
    k_backward: float = 0.1
    order: int = 1

    def rate(self, a: Number, b: Number) -> float:
        return float(self.k_forward * a**self.order - self.k_backward * b)

    @staticmethod
    def equilibrium(kf, kb):
        return kf / kb

    def scaled(self, factor) -> Reaction:
        return replace(self, k_forward=self.k_forward * factor)


def batch_reactor(k: float) -> float:
    reaction = Reaction(k, order=2)
    a, b = 1.0, 0.0
    history: list[dict[str, float]] = []
    for i in range(40):
        r = reaction.rate(a, b)
        a, b = a - 0.05 * r, b + 0.05 * r
        history.append(dict(time=0.05 * i, a=a, b=b))
    return history[-1]["b"]


def dataclass_sum(k):
    r = Reaction(k).scaled(2.0)
    return sum(v for v in astuple(r)) * asdict(r)["k_forward"]


def titration_ph(volume):
    """Henderson and Hasselbalch, or strong base after the equivalence point."""
    ca, va, cb, pka = 0.1, 50.0, 0.1, 4.76
    na, nb = ca * va, cb * volume
    if np.isclose(na, nb):
        return 8.72
    elif nb < na:
        return pka + np.log10(nb / (na - nb))
    return 14.0 + math.log10((nb - na) / (va + volume))


def charge_balance(ka):
    """pH of a weak acid by bisection in log space, then Newton."""

    def residual(h):
        return h - 1e-14 / h - 0.01 * ka / (ka + h)

    low, high = -14.0, 0.0
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        if residual(10**middle) > 0:
            high = middle
        else:
            low = middle
    h = 10.0**middle
    for _ in range(6):
        slope = 1 + 1e-14 / h**2 + 0.01 * ka / (ka + h) ** 2
        h -= residual(h) / slope
    return -math.log10(h)


def michaelis_menten_fit(noise):
    s = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    v = 3.0 * s / (1.5 + s) + noise * np.array([0.1, -0.2, 0.1, 0.05, -0.1])
    # Lineweaver-Burk
    x, y = 1 / s, 1 / v
    n = x.size
    slope = (n * np.dot(x, y) - x.sum() * y.sum()) / (n * np.dot(x, x) - x.sum() ** 2)
    intercept = y.mean() - slope * x.mean()
    return [1 / intercept, slope / intercept]


def beer_lambert(absorbances: Sequence[float]) -> list[float]:
    eps = [[1200.0, 300.0], [150.0, 900.0]]
    det = eps[0][0] * eps[1][1] - eps[0][1] * eps[1][0]
    a, b = map(float, absorbances)
    return [(a * eps[1][1] - b * eps[0][1]) / det * 1e3, (eps[0][0] * b - eps[1][0] * a) / det * 1e3]


def sir_epidemic(beta, gamma):
    S, I, R = np.zeros(61), np.zeros(61), np.zeros(61)
    S[0], I[0] = 0.99, 0.01
    for day in range(60):
        new = beta * S[day] * I[day]
        S[day + 1] = S[day] - new
        I[day + 1] = I[day] + new - gamma * I[day]
        R[day + 1] = R[day] + gamma * I[day]
    return I.max()


def pharmacokinetics(dose):
    ka, ke, V = 1.2, 0.3, 20.0

    def model(t, y):
        gut, plasma = y
        return np.array([-ka * gut, ka * gut / V - ke * plasma])

    result = scipy.integrate.solve_ivp(
        model, (0.0, 4.0), np.array([dose, 0.0]), method="DOP853", rtol=1e-10, atol=1e-12
    )
    assert result.success
    return result.y[1][-1]


def hodgkin_huxley_gate(V):
    alpha = 0.1 if abs(V + 40.0) < 1e-9 else 0.1 * (V + 40.0) / (1.0 - math.exp(-(V + 40.0) / 10.0))
    beta = 4.0 * math.exp(-(V + 65.0) / 18.0)
    tau, inf = 1 / (alpha + beta), alpha / (alpha + beta)
    return inf**3 * tau


def integrate_and_fire(current):
    v, trace = -65.0, []
    for _ in range(30):
        v += 0.1 * (-(v + 65.0) / 10 + current)
        if v >= -50.0:
            v = -65.0
        trace.append(v)
    return np.asarray(trace, dtype="float64").mean()


class Compartment:
    registry: dict[str, "Compartment"] = {}

    def __init__(self, name: str, volume: float, *, leak: Optional[float] = None):
        self._volume = volume
        self.leak = 0.0 if leak is None else leak
        self.amount = 0.0
        Compartment.registry[name] = self

    @property
    def concentration(self) -> float:
        return self.amount / self._volume

    @concentration.setter
    def concentration(self, value: float) -> None:
        self.amount = float(value) * self._volume

    def __iadd__(self, amount):
        self.amount += amount
        return self

    def __float__(self):
        return float(self.concentration)


def compartments(volume):
    blood, tissue = Compartment("blood", volume), Compartment("tissue", 5.0, leak=0.01)
    blood.concentration = 2.0
    blood += 1.5
    for _ in range(10):
        flow = 0.1 * (blood.concentration - tissue.concentration)
        blood += -flow
        tissue += flow * (1 - tissue.leak)
    return float(Compartment.registry["tissue"])


def hardy_weinberg(p):
    genotypes = {"AA": p**2, "Aa": 2 * p * (1 - p), "aa": (1 - p) ** 2}
    observed = {"AA": 30, "Aa": 50, "aa": 20}
    return sum((observed[g] - 100 * f) ** 2 / (100 * f) for g, f in genotypes.items())


def leslie_growth(fecundity):
    L = np.array([[0.0, fecundity, 1.2], [0.5, 0.0, 0.0], [0.0, 0.7, 0.0]])
    x = np.ones(3)
    for _ in range(80):
        x = np.dot(L, x)
        x /= np.linalg.norm(x)
    return float(x @ L @ x)


def goldbeter_steady_state(v):
    ns = SimpleNamespace(J1=0.1, J2=0.2, v2=1.0)
    B = ns.v2 - v + ns.J1 * ns.v2 + ns.J2 * v
    return 2 * v * ns.J2 / (B + np.sqrt(B**2 - 4 * (ns.v2 - v) * v * ns.J2))


def root_of_cubic(pressure):
    """Largest real root of the Redlich-Kwong cubic."""
    A, B = 0.3 * pressure, 0.08 * pressure
    roots = np.roots([1.0, -1.0, A - B - B**2, -A * B])
    return max(r.real for r in roots if abs(r.imag) < 1e-9)


def flash_drum(z1):
    z, K = [z1, 1 - z1], [2.5, 0.4]
    f: Callable[[float], float] = lambda b: sum(zi * (k - 1) / (1 + b * (k - 1)) for zi, k in zip(z, K))
    return scipy.optimize.bisect(f, 1e-6, 1 - 1e-6, xtol=1e-15, maxiter=200)


CASES = [
    (arrhenius, 320.0),
    (antoine_mixture, [60.0, 80.0, 100.0]),
    (batch_reactor, 0.8),
    (dataclass_sum, 0.7),
    (titration_ph, 30.0),
    (titration_ph, 60.0),
    (charge_balance, 1.8e-5),
    (michaelis_menten_fit, 0.3),
    (beer_lambert, [0.6, 0.8]),
    (sir_epidemic, (0.5, 0.2)),
    (pharmacokinetics, 100.0),
    (hodgkin_huxley_gate, -52.0),
    (integrate_and_fire, 0.8),
    (compartments, 4.0),
    (hardy_weinberg, 0.56),
    (leslie_growth, 1.1),
    (goldbeter_steady_state, 0.7),
    (root_of_cubic, 0.5),
    (flash_drum, 0.45),
]
