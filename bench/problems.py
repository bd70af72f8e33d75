"""The functions of the cases: written once, for any namespace, with their derivatives by hand where those exist.

A problem is a function of a namespace ``m`` (`numpy`, `math`, `dualnum`, `jax.numpy`, ...) that returns a function of
``x``. ``of_parts`` is the same for packages without arrays: ``x`` is a sequence of numbers.
"""

import sys
import types
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from scenarios import rosenbrock, rosenbrock_answer

__all__ = ["rosenbrock_answer"]


class NoParts(Exception):
    """The problem has no form for packages without arrays."""


def no_parts(m):
    raise NoParts


class Problem(NamedTuple):
    """A function in two forms, the second one for packages without arrays, where it makes sense."""

    of_array: Any
    of_parts: Any = no_parts


# ---- a function of a number -------------------------------------------------------------------------------


def curve(m):
    return lambda x: m.sqrt(1 + x * x) + m.exp(-0.5 * x) * m.sin(3 * x)


def curve_first(x, m=np):
    return x / m.sqrt(1 + x * x) + m.exp(-0.5 * x) * (3 * m.cos(3 * x) - 0.5 * m.sin(3 * x))


def curve_second(x, m=np):
    root = m.sqrt(1 + x * x)
    return 1 / (root * root * root) - m.exp(-0.5 * x) * (8.75 * m.sin(3 * x) + 3 * m.cos(3 * x))


CURVE = Problem(curve, curve)


# ---- Rosenbrock's function --------------------------------------------------------------------------------


def rosenbrock_of(m):
    """The scenario's own source, in another namespace."""
    return types.FunctionType(rosenbrock.__code__, {**rosenbrock.__globals__, "np": m})


def rosenbrock_of_parts(m):
    return lambda x: sum((100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x)), 0.0)


def rosenbrock_gradient(x):
    a, b = x[:-1], x[1:]
    gap = b - a * a
    g = np.zeros_like(x)
    g[1:] = 200 * gap
    g[:-1] -= 400 * a * gap + 2 * (1 - a)
    return g


def rosenbrock_hessian(x):
    n = len(x)
    h = np.zeros((n, n))
    diagonal = h.reshape(-1)[:: n + 1]
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    h.reshape(-1)[1 :: n + 1] = h.reshape(-1)[n :: n + 1] = -400 * x[:-1]
    return h


ROSENBROCK = Problem(rosenbrock_of, rosenbrock_of_parts)


# ---- many variables ---------------------------------------------------------------------------------------


def smoothing(x):
    """Three steps of a periodic stencil with tanh, then a mean and a norm."""
    for _ in range(3):
        x = np.tanh(0.5 * x + 0.25 * (np.roll(x, 1) + np.roll(x, -1)))
    return np.mean(x**2) + np.sqrt(np.sum(x * x))


def in_place(x):
    """Assignments to slices and to a mask; real parts for the complex step."""
    y = np.empty_like(x)
    y[1:] = x[1:] * x[:-1]
    y[0] = x[0]
    y[np.real(y) > 0] *= 2
    y[1:-1] += x[2:]
    y *= x
    return np.sum(y * y)


# ---- option prices ----------------------------------------------------------------------------------------

SLOPE, CUBIC = np.sqrt(2 / np.pi), 0.044715


def black_scholes_of_parts(m):
    """The price of a call; the normal distribution by Page's approximation, so that every package can follow."""

    def normal(d):
        return 0.5 * (1 + m.tanh(SLOPE * (d + CUBIC * d * d * d)))

    def price(x):
        spot, strike, time, rate, volatility = x
        spread = volatility * m.sqrt(time)
        d = (m.log(spot / strike) + (rate + 0.5 * volatility * volatility) * time) / spread
        return spot * normal(d) - strike * m.exp(-rate * time) * normal(d - spread)

    return price


def black_scholes(m):
    price = black_scholes_of_parts(m)
    return lambda x: price([x[..., i] for i in range(5)])


def black_scholes_by_hand(x):
    """The five Greeks, written out."""
    spot, strike, time, rate, volatility = (x[..., i] for i in range(5))
    root = np.sqrt(time)
    spread = volatility * root
    d = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * time) / spread
    e = d - spread
    td, te = np.tanh(SLOPE * (d + CUBIC * d * d * d)), np.tanh(SLOPE * (e + CUBIC * e * e * e))
    discount = strike * np.exp(-rate * time)
    weight_d = spot * 0.5 * SLOPE * (1 - td) * (1 + td) * (1 + 3 * CUBIC * d * d)
    weight_e = discount * 0.5 * SLOPE * (1 - te) * (1 + te) * (1 + 3 * CUBIC * e * e)
    weight = weight_d - weight_e
    below = 0.5 * (1 + te)
    d_time = (rate + 0.5 * volatility * volatility) / spread - 0.5 * d / time
    d_volatility = root - d / volatility
    greeks = np.empty_like(x)
    greeks[..., 0] = 0.5 * (1 + td) + weight / (spot * spread)
    greeks[..., 1] = -weight / (strike * spread) - discount / strike * below
    greeks[..., 2] = weight * d_time + weight_e * 0.5 * volatility / root + discount * rate * below
    greeks[..., 3] = weight * root / volatility + discount * time * below
    greeks[..., 4] = weight * d_volatility + weight_e * root
    return greeks


def options(n):
    rng = np.random.default_rng(5)
    low, high = np.array([80, 80, 0.2, 0.0, 0.1]), np.array([120, 120, 2.0, 0.1, 0.5])
    return rng.uniform(low, high, (n, 5))


BLACK_SCHOLES = Problem(black_scholes, black_scholes_of_parts)


# ---- bundle adjustment ------------------------------------------------------------------------------------


def projection_of_parts(m):
    """A point seen by a camera: rotation vector, centre, focal length, principal point, distortion; point; weight."""

    def project(x):
        r0, r1, r2, c0, c1, c2, focal, u0, v0, k1, k2, p0, p1, p2, weight = x
        d0, d1, d2 = p0 - c0, p1 - c1, p2 - c2
        square = r0 * r0 + r1 * r1 + r2 * r2
        angle = m.sqrt(square)
        cosine, sine = m.cos(angle), m.sin(angle) / angle
        along = (r0 * d0 + r1 * d1 + r2 * d2) * (1 - cosine) / square
        y0 = d0 * cosine + (r1 * d2 - r2 * d1) * sine + r0 * along
        y1 = d1 * cosine + (r2 * d0 - r0 * d2) * sine + r1 * along
        y2 = d2 * cosine + (r0 * d1 - r1 * d0) * sine + r2 * along
        u, v = y0 / y2, y1 / y2
        q = u * u + v * v
        scale = focal * (1 + q * (k1 + q * k2))
        return weight * (u * scale + u0 - 0.25), weight * (v * scale + v0 - 0.5)

    return project


def projection(m):
    project = projection_of_parts(m)
    return lambda x: m.stack(project([x[..., i] for i in range(15)]), -1)


def cameras(n):
    rng = np.random.default_rng(6)
    centre = np.array([0.3, -0.2, 0.5, 0, 0, -5, 1.2, 0.1, -0.1, 0.05, 0.01, 0, 0, 1, 1])
    return centre + rng.uniform(-0.05, 0.05, (n, 15))


BUNDLE = Problem(projection, projection_of_parts)


# ---- a robot's arm ----------------------------------------------------------------------------------------


def arm_of_parts(m):
    """Where the hand of an arm of three joints is: ``sum l_j cos(x_0 + ... + x_j)``, and the same of sines."""

    def hand(x):
        a, b, c = x[0], x[0] + x[1], x[0] + x[1] + x[2]
        return (
            1.0 * m.cos(a) + 0.8 * m.cos(b) + 0.5 * m.cos(c),
            1.0 * m.sin(a) + 0.8 * m.sin(b) + 0.5 * m.sin(c),
        )

    return hand


def arm(m):
    hand = arm_of_parts(m)
    return lambda x: m.stack(hand([x[..., i] for i in range(3)]), -1)


def arm_by_hand(x):
    """Return the Jacobian: each joint moves the parts beyond it."""
    angles = np.cumsum(x, axis=-1)
    rows = np.stack([-np.sin(angles), np.cos(angles)], -2) * np.array([1.0, 0.8, 0.5])
    return np.cumsum(rows[..., ::-1], axis=-1)[..., ::-1]


ARM = Problem(arm, arm_of_parts)


# ---- two layers -------------------------------------------------------------------------------------------

_rng = np.random.default_rng(7)
W1, W2, BIAS = _rng.normal(size=(50, 100)) / 10, _rng.normal(size=(50, 50)) / 7, _rng.normal(size=50)


#: Of four substances: the parameters of Peng and Robinson's equation of state, in units of the first.
ATTRACTION = (1.0, 1.7, 2.3, 0.4)
SIZE = (1.0, 1.2, 1.5, 0.8)
ACENTRIC = (0.4, 0.55, 0.7, 0.3)


def equation_of_state(m):
    """Return the residual Helmholtz energy of a mixture by its temperature, its volume and four amounts."""

    def energy(x):
        temperature, volume = x[..., 0], x[..., 1]
        amount = sum(x[..., 2 + i] for i in range(4))
        size = sum(x[..., 2 + i] * b for i, b in enumerate(SIZE))
        root = sum(
            x[..., 2 + i] * a * (1 + c * (1 - m.sqrt(temperature)))
            for i, (a, c) in enumerate(zip(ATTRACTION, ACENTRIC, strict=True))
        )
        repulsion = -amount * temperature * m.log(1 - size / volume)
        wide, narrow = volume + (1 + 2**0.5) * size, volume + (1 - 2**0.5) * size
        return repulsion - root * root / size * m.log(wide / narrow)

    return energy


def states(n):
    """Return n states of the mixture: temperatures, volumes and amounts."""
    low, high = np.array([0.7, 6.0, 0.2, 0.2, 0.2, 0.2]), np.array([1.5, 12.0, 1.0, 1.0, 1.0, 1.0])
    return np.random.default_rng(9).uniform(low, high, (n, 6))


def layers(m):
    return lambda x: m.tanh(W2 @ m.tanh(W1 @ x + BIAS))


def layers_by_hand(x):
    inner = np.tanh(W1 @ x + BIAS)
    outer = np.tanh(W2 @ inner)
    return ((1 - outer) * (1 + outer))[:, None] * (W2 @ (((1 - inner) * (1 + inner))[:, None] * W1))


LAYERS = Problem(layers)


# ---- sparse ------------------------------------------------------------------------------------------------


def brusselator(side):
    """The slopes of two reacting substances on a periodic square grid, which diffuse to their neighbours."""

    def slopes(y):
        u, v = y.reshape(2, side, side)
        return np.concatenate(
            [
                (1 + u * u * v - 4.4 * u + 0.02 * side**2 * spread(u)).ravel(),
                (3.4 * u - u * u * v + 0.02 * side**2 * spread(v)).ravel(),
            ]
        )

    def spread(a):
        return np.roll(a, 1, 0) + np.roll(a, -1, 0) + np.roll(a, 1, 1) + np.roll(a, -1, 1) - 4 * a

    return slopes


def brusselator_by_hand(y):
    """Return the Jacobian as a csr_array."""
    import scipy.sparse

    side = int((y.size // 2) ** 0.5)
    u, v = y.reshape(2, -1)
    ring = scipy.sparse.diags_array(
        [1.0, -2, 1, 1, 1], offsets=[-1, 0, 1, side - 1, 1 - side], shape=(side, side)
    )
    one = scipy.sparse.eye_array(side)
    laplace = 0.02 * side**2 * (scipy.sparse.kron(ring, one) + scipy.sparse.kron(one, ring))
    diagonal = scipy.sparse.diags_array
    return scipy.sparse.block_array(
        [
            [laplace + diagonal(2 * u * v - 4.4), diagonal(u * u)],
            [diagonal(3.4 - 2 * u * v), laplace - diagonal(u * u)],
        ],
        format="csr",
    )


def rosenbrock_diagonals(x):
    """Return the Hessian of Rosenbrock's function as a csr_array."""
    import scipy.sparse

    beside, main = -400 * x[:-1], np.zeros_like(x)
    main[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    main[1:] += 200
    return scipy.sparse.diags_array([beside, main, beside], offsets=[-1, 0, 1], format="csr")


# ---- a fit that spends its time in large arrays ------------------------------------------------------------


def spectrum(m):
    """The sum of squares of a sum of 8 damped oscillations at 20000 times, of their rates and frequencies."""
    t = np.linspace(0, 1, 20_000)

    def misfit(x):
        signal = 0 * t
        for i in range(8):
            signal = signal + m.exp(-x[i] * t) * m.sin(20 * x[8 + i] * t)
        return m.sum((signal - 1) ** 2)

    return misfit


# ---- answers without derivatives by hand, and differences --------------------------------------------------


def complex_step(f, x, axis=-1):
    """Return the derivatives of an analytic f by the entries of x's last axis, exact to rounding."""
    columns = []
    for i in range(x.shape[-1]):
        z = x.astype(complex)
        z[..., i] += 1e-30j
        columns.append(f(z).imag / 1e-30)
    return np.stack(columns, axis)


def differences(f, x):
    """Return the same by central differences, as one would write them."""
    columns = []
    for i in range(x.shape[-1]):
        h = np.zeros(x.shape[-1])
        h[i] = 1e-5
        columns.append((f(x + h) - f(x - h)) / 2e-5)
    return np.stack(columns, -1)


def second_differences(f, x):
    """Return the Hessian by central differences."""
    n, h = len(x), 1e-4
    steps = h * np.eye(n)
    hessian = np.empty((n, n))
    for i in range(n):
        for j in range(i, n):
            a, b = steps[i], steps[j]
            mixed = f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)
            hessian[i, j] = hessian[j, i] = mixed / (4 * h * h)
    return hessian
