"""Functions with known answers: one list, imported by tests, benchmarks and documentation.

A `Scenario` has a function of one argument, points, and a closed form that gives the value, the first and the
second derivatives at any point, in the shapes of `dualnum.jacobian` and `dualnum.hessian`. `ELEMENTWISE`
functions take a number or treat each element of an array by itself, `FUNCTIONS` take arrays of any shape,
`CONTAINERS` tuples and dicts. Where `batch` is true, the last axis of the argument holds the variables, and
leading axes are independent points.
"""

import numpy as np
from scenario import A43, B3, B4, W44, Scenario, cases, draw
from scenarios_of_arrays import ARRAYS, CONTAINERS, abc_flow

__all__ = [
    "ARRAYS",
    "CONTAINERS",
    "ELEMENTWISE",
    "FUNCTIONS",
    "SCALARS",
    "SCENARIOS",
    "Scenario",
    "abc_flow",
    "cases",
    "coulomb",
    "draw",
]

# ---- of one number -----------------------------------------------------------------------------------------


def sigmoid(x):
    """Return the logistic function."""
    return 1 / (1 + np.exp(-x))


def polynomial(x):
    return x**3 - 2 * x + 1


def lecture(x):
    """The worked example of many lectures on automatic differentiation."""
    return np.sqrt(x**2 + np.exp(x**2)) + np.sin(x**2 - 1)


def lecture_answer(x):
    u, e = x * x, np.exp(x * x)
    root = np.sqrt(u + e)
    first = (1 + e) / (2 * root) + np.cos(u - 1)
    second = e / (2 * root) - (1 + e) ** 2 / (4 * root**3) - np.sin(u - 1)
    return root + np.sin(u - 1), 2 * x * first, 2 * first + 4 * u * second


def bell(x):
    return np.exp(-(x**2)) * np.sin(3 * x)


def bell_answer(x):
    e, s, c = np.exp(-x * x), np.sin(3 * x), np.cos(3 * x)
    return e * s, e * (3 * c - 2 * x * s), e * ((4 * x * x - 11) * s - 12 * x * c)


def sigmoid_answer(x):
    y = 1 / (1 + np.exp(-x))
    return y, y * (1 - y), y * (1 - y) * (1 - 2 * y)


def on_circle(t):
    """The chain rule: x1**2 - x2**2 with x1 = sin t, x2 = cos t."""
    x1, x2 = np.sin(t), np.cos(t)
    return x1**2 - x2**2


def babylonian(x):
    """The square root by Newton's method: a loop with a test on the value."""
    y = x
    while np.any(abs(y * y - x) > 1e-15 * x):
        y, last = (y + x / y) / 2, y
        if np.all(y == last):
            break
    return (y + x / y) / 2


LAYERS = [(0.7, 0.1), (-1.3, 0.4), (0.9, -0.2), (1.1, 0.3), (-0.8, 0.5), (1.7, -0.6)]


def deep_tanh(x):
    for weight, bias in LAYERS:
        x = np.tanh(weight * x + bias)
    return x


def deep_tanh_answer(x):
    """Layer by layer: a' = s w a', a'' = s w a'' - 2 a s (w a')**2 with s = 1 / cosh**2."""
    first, second = np.ones_like(x), np.zeros_like(x)
    for weight, bias in LAYERS:
        z = weight * x + bias
        x, s = np.tanh(z), 1 / np.cosh(z) ** 2
        first, second = s * weight * first, s * weight * second - 2 * x * s * (weight * first) ** 2
    return x, first, second


def branches(x):
    """A piecewise function by where; both branches are smooth everywhere."""
    return np.where(x > 1, x**2, np.sin(x))


LINE = (0.3, 0.9, 1.7, 2.4)

ELEMENTWISE = [
    Scenario("polynomial", polynomial, (-1.5, 0.0, *LINE), lambda x: (x**3 - 2 * x + 1, 3 * x**2 - 2, 6 * x)),
    Scenario("lecture", lecture, (-1.2, 0.0, *LINE), lecture_answer),
    Scenario("bell", bell, (-1.5, 0.0, *LINE), bell_answer),
    Scenario("sigmoid", sigmoid, (-30.0, -1.0, 0.0, *LINE), sigmoid_answer),
    Scenario(
        "on_circle",
        on_circle,
        (-2.0, 0.0, *LINE),
        lambda t: (-np.cos(2 * t), 2 * np.sin(2 * t), 4 * np.cos(2 * t)),
    ),
    Scenario("babylonian", babylonian, LINE, lambda x: (np.sqrt(x), 0.5 / np.sqrt(x), -0.25 / x**1.5)),
    Scenario("deep_tanh", deep_tanh, (-3.0, 0.0, *LINE), deep_tanh_answer),
    Scenario(
        "x_to_the_x",
        lambda x: x**x,
        LINE,
        lambda x: (x**x, x**x * (1 + np.log(x)), x**x * ((1 + np.log(x)) ** 2 + 1 / x)),
    ),
    Scenario(
        "two_to_the_x",
        lambda x: 2**x,
        (-1.0, *LINE),
        lambda x: (2**x, np.log(2) * 2**x, np.log(2) ** 2 * 2**x),
    ),
    Scenario(
        "angle",
        lambda x: np.arctan2(x, 2.0),
        (-1.0, 0.0, *LINE),
        lambda x: (np.arctan2(x, 2.0), 2 / (4 + x * x), -4 * x / (4 + x * x) ** 2),
    ),
    Scenario(
        "rational",
        lambda x: (1 - x) / (1 + x**2),
        (-1.0, 0.0, *LINE),
        lambda x: (
            (1 - x) / (1 + x**2),
            (x * x - 2 * x - 1) / (1 + x * x) ** 2,
            -2 * (x**3 - 3 * x * x - 3 * x + 1) / (1 + x * x) ** 3,
        ),
    ),
    Scenario(
        "branches",
        branches,
        (-0.5, 0.0, *LINE),
        lambda x: (
            np.where(x > 1, x * x, np.sin(x)),
            np.where(x > 1, 2 * x, np.cos(x)),
            np.where(x > 1, 2.0, -np.sin(x)),
        ),
    ),
    Scenario("absolute", abs, (-0.5, 0.0, *LINE), lambda x: (np.abs(x), np.sign(x), np.zeros_like(x))),
]


# ---- scalars of vectors ------------------------------------------------------------------------------------


def quadratic_form(A, b=None):
    """Return the answers of 1/2 x'Ax - b'x for a symmetric A."""
    b = np.zeros(len(A)) if b is None else np.asarray(b)
    return lambda x: (0.5 * x @ A @ x - b @ x, A @ x - b, np.array(A))


def rosenbrock(x):
    return np.sum(100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2, axis=-1)


def rosenbrock_answer(x):
    n = len(x)
    first, second = np.zeros(n), np.zeros((n, n))
    for i in range(n - 1):
        gap = x[i + 1] - x[i] ** 2
        first[i] += -400 * x[i] * gap - 2 * (1 - x[i])
        first[i + 1] += 200 * gap
        second[i, i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        second[i, i + 1] = second[i + 1, i] = -400 * x[i]
        second[i + 1, i + 1] += 200
    value = sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(n - 1))
    return value, first, second


def radius(x):
    return np.sqrt(np.sum(x**2, axis=-1))


def radius_answer(x):
    r = np.sqrt(x @ x)
    return r, x / r, (np.eye(len(x)) - np.outer(x, x) / r**2) / r


def log_sum_exp(x):
    top = np.max(x, axis=-1)
    return top + np.log(np.sum(np.exp(x - top[..., None]), axis=-1))


def log_sum_exp_answer(x):
    p = np.exp(x - x.max())
    value = x.max() + np.log(p.sum())
    p = p / p.sum()
    return value, p, np.diag(p) - np.outer(p, p)


def product_answer(x):
    """Return the answers of the product of all elements, exact at zeros."""
    n = len(x)
    first, second = np.empty(n), np.zeros((n, n))
    for i in range(n):
        first[i] = np.prod(np.delete(x, i))
        for j in range(i):
            second[i, j] = second[j, i] = np.prod(np.delete(x, [i, j]))
    return np.prod(x), first, second


def rastrigin(x):
    return 10 * x.shape[-1] + np.sum(x**2 - 10 * np.cos(2 * np.pi * x), axis=-1)


def rastrigin_answer(x):
    w = 2 * np.pi
    return (
        10 * len(x) + np.sum(x**2 - 10 * np.cos(w * x)),
        2 * x + 10 * w * np.sin(w * x),
        np.diag(2 + 10 * w**2 * np.cos(w * x)),
    )


def neighbours(x):
    """The sum of the products of neighbours in a ring, assigned one by one."""
    products = np.zeros_like(x)
    for i in range(len(x)):
        products[i] = x[i] * x[i - 1]
    return products.sum()


def neighbours_answer(x):
    n = len(x)
    second = np.zeros((n, n))
    for i in range(n):
        second[i, i - 1] += 1
        second[i - 1, i] += 1
    return x @ np.roll(x, 1), second @ x, second


SAMPLES, LABELS = draw(1, 12, 4), np.sign(draw(2, 12))


def logistic_loss(w):
    return np.sum(np.log1p(np.exp(-LABELS * (SAMPLES @ w))))


def logistic_loss_answer(w):
    p = 1 / (1 + np.exp(LABELS * (SAMPLES @ w)))
    return (np.sum(-np.log1p(-p)), -SAMPLES.T @ (LABELS * p), (SAMPLES.T * (p * (1 - p))) @ SAMPLES)


STEEP = np.array([[2.0, 1.0], [1.0, 20.0]])
PLANE = np.array([1.0, 2.0, -3.0])


def coulomb(x):
    """The potential 1/r, harmonic in three dimensions."""
    return 1 / np.sqrt(np.sum(x**2, axis=-1))


def coulomb_answer(x):
    r = np.sqrt(x @ x)
    return 1 / r, -x / r**3, 3 * np.outer(x, x) / r**5 - np.eye(len(x)) / r**3


SCALARS = [
    Scenario(
        "saddle",
        lambda x: x[..., 0] ** 2 - x[..., 1] ** 2,
        (np.array([3.0, 2.0]), np.array([0.0, -1.0])),
        lambda x: (x[0] ** 2 - x[1] ** 2, np.array([2 * x[0], -2 * x[1]]), np.diag([2.0, -2.0])),
        True,
    ),
    Scenario(
        "plane_squared",
        lambda x: (x[..., 0] + 2 * x[..., 1] - 3 * x[..., 2]) ** 2,
        (draw(8, 3),),
        lambda x: ((PLANE @ x) ** 2, 2 * (PLANE @ x) * PLANE, 2 * np.outer(PLANE, PLANE)),
        True,
    ),
    Scenario(
        "cubic",
        lambda x: x[..., 0] ** 2 + 2 * x[..., 0] * x[..., 1] + x[..., 1] ** 3,
        (np.array([1.0, 2.0]), np.array([-0.5, 0.3])),
        lambda x: (
            x[0] ** 2 + 2 * x[0] * x[1] + x[1] ** 3,
            np.array([2 * x[0] + 2 * x[1], 2 * x[0] + 3 * x[1] ** 2]),
            np.array([[2.0, 2.0], [2.0, 6 * x[1]]]),
        ),
        True,
    ),
    Scenario(
        "steep_bowl",
        lambda x: 0.5 * x @ STEEP @ x - np.array([5.0, 3.0]) @ x,
        (np.array([1.0, -2.0]),),
        quadratic_form(STEEP, [5.0, 3.0]),
    ),
    Scenario(
        "rosenbrock",
        rosenbrock,
        (np.array([-1.2, 1.0]), draw(9, 3), draw(10, 9), draw(11, 17), draw(12, 30)),
        rosenbrock_answer,
        True,
    ),
    Scenario("radius", radius, (np.array([3.0, 4.0]), draw(13, 7)), radius_answer, True),
    Scenario("coulomb", coulomb, (np.array([1.0, 2.0, -0.5]),), coulomb_answer, True),
    Scenario("log_sum_exp", log_sum_exp, (draw(14, 5), 700 * draw(15, 3)), log_sum_exp_answer, True),
    Scenario("rastrigin", rastrigin, (draw(16, 2), draw(17, 11)), rastrigin_answer, True),
    Scenario(
        "product",
        lambda x: np.prod(x, axis=-1),
        (draw(18, 5), np.array([2.0, 0.0, 3.0]), np.array([0.0, 5.0, 0.0]), np.zeros(3)),
        product_answer,
        True,
    ),
    Scenario("neighbours", neighbours, (draw(19, 4), draw(20, 13)), neighbours_answer),
    Scenario("logistic_loss", logistic_loss, (draw(21, 4),), logistic_loss_answer),
    Scenario("inner_product", lambda a: B4 @ a, (draw(22, 4),), lambda a: (B4 @ a, B4, np.zeros((4, 4)))),
    Scenario(
        "bilinear",
        lambda a: B4 @ A43 @ a,
        (draw(23, 3),),
        lambda a: (B4 @ A43 @ a, A43.T @ B4, np.zeros((3, 3))),
    ),
    Scenario(
        "squared_norm",
        lambda a: np.sum(a**2, axis=-1),
        (draw(24, 6),),
        lambda a: (a @ a, 2 * a, 2 * np.eye(len(a))),
        True,
    ),
    Scenario(
        "squared_loss",
        lambda x: np.sum((A43 @ x - B4) ** 2),
        (draw(25, 3),),
        lambda x: (np.sum((A43 @ x - B4) ** 2), 2 * A43.T @ (A43 @ x - B4), 2 * A43.T @ A43),
    ),
    Scenario(
        "weighted_loss_in_s",
        lambda s: (B4 - A43 @ s) @ W44 @ (B4 - A43 @ s),
        (draw(26, 3),),
        lambda s: (
            (B4 - A43 @ s) @ W44 @ (B4 - A43 @ s),
            -A43.T @ (W44 + W44.T) @ (B4 - A43 @ s),
            A43.T @ (W44 + W44.T) @ A43,
        ),
    ),
    Scenario(
        "weighted_loss_in_x",
        lambda x: (x - A43 @ B3) @ W44 @ (x - A43 @ B3),
        (draw(27, 4),),
        lambda x: ((x - A43 @ B3) @ W44 @ (x - A43 @ B3), (W44 + W44.T) @ (x - A43 @ B3), W44 + W44.T),
    ),
    Scenario(
        "sorted_weights",
        lambda x: np.sum(np.sort(x) * np.arange(5.0)),
        (draw(28, 5),),
        lambda x: (np.sort(x) @ np.arange(5.0), np.argsort(np.argsort(x)).astype(float), np.zeros((5, 5))),
    ),
    Scenario(
        "maximum_element",
        lambda x: np.max(x, axis=-1),
        (draw(29, 5),),
        lambda x: (x.max(), (x == x.max()).astype(float), np.zeros((5, 5))),
        True,
    ),
    Scenario(
        "running_sums",
        lambda x: np.sum(np.cumsum(x) ** 2),
        (draw(30, 6),),
        lambda x: quadratic_form(2 * np.tril(np.ones((6, 6))).T @ np.tril(np.ones((6, 6))))(x),
    ),
    Scenario("constant", lambda x: 3.0, (draw(31, 3),), lambda x: (3.0, np.zeros(3), np.zeros((3, 3)))),
    Scenario(
        "no_variables",
        lambda x: np.sum(x) + 2.0,
        (np.zeros(0),),
        lambda x: (2.0, np.zeros(0), np.zeros((0, 0))),
    ),
]


FUNCTIONS = SCALARS + ARRAYS
SCENARIOS = ELEMENTWISE + FUNCTIONS + CONTAINERS
