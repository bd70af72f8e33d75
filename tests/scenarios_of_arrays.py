"""Functions of matrices, vectors of vectors, and functions of containers; imported through scenarios.py."""

import numpy as np
from scenario import A43, B3, B4, Scenario, draw

# ---- scalars and arrays of matrices, vectors of vectors ----------------------------------------------------


def delta(*shape):
    """Return the identity as a tensor of ``shape + shape``."""
    n = int(np.prod(shape))
    return np.eye(n).reshape(shape + shape)


def gram(R):
    return R.T @ R


def gram_answer(R):
    """d(R'R)[p, q] / dR[i, j] = [p = j] R[i, q] + [q = j] R[i, p], four indices and, for the second, six."""
    eye, rows = np.eye(R.shape[1]), np.eye(R.shape[0])
    first = np.einsum("pj,iq->pqij", eye, R) + np.einsum("qj,ip->pqij", eye, R)
    second = np.einsum("pj,ik,ql->pqijkl", eye, rows, eye) + np.einsum("qj,ik,pl->pqijkl", eye, rows, eye)
    return R.T @ R, first, second


def polar(x):
    r, phi = x[..., 0], x[..., 1]
    return np.stack([r * np.cos(phi), r * np.sin(phi)], axis=-1)


def polar_answer(x):
    r, (c, s) = x[0], (np.cos(x[1]), np.sin(x[1]))
    second = np.array([[[0, -s], [-s, -r * c]], [[0, c], [c, -r * s]]])
    return np.array([r * c, r * s]), np.array([[c, -r * s], [s, r * c]]), second


def spherical(x):
    r, theta, phi = x[..., 0], x[..., 1], x[..., 2]
    rho = r * np.sin(theta)
    return np.stack([rho * np.cos(phi), rho * np.sin(phi), r * np.cos(theta)], axis=-1)


def spherical_answer(x):
    r, (s, c), (sp, cp) = x[0], (np.sin(x[1]), np.cos(x[1])), (np.sin(x[2]), np.cos(x[2]))
    first = np.array([[s * cp, r * c * cp, -r * s * sp], [s * sp, r * c * sp, r * s * cp], [c, -r * s, 0]])
    second = np.array(
        [
            [[0, c * cp, -s * sp], [c * cp, -r * s * cp, -r * c * sp], [-s * sp, -r * c * sp, -r * s * cp]],
            [[0, c * sp, s * cp], [c * sp, -r * s * sp, r * c * cp], [s * cp, r * c * cp, -r * s * sp]],
            [[0, -s, 0], [-s, -r * c, 0], [0, 0, 0]],
        ]
    )
    return np.array([r * s * cp, r * s * sp, r * c]), first, second


W1, W2, BIAS = draw(32, 5, 3), draw(33, 2, 5), draw(34, 5)


def two_layers(x):
    return np.tanh(W2 @ np.tanh(W1 @ x + BIAS))


def two_layers_answer(x):
    h, y = np.tanh(W1 @ x + BIAS), np.tanh(W2 @ np.tanh(W1 @ x + BIAS))
    dh, dy = 1 - h * h, 1 - y * y
    inner = W2 @ (dh[:, None] * W1)
    second = np.einsum("mh,hi,hj->mij", W2 * (-2 * h * dh), W1, W1)
    second = dy[:, None, None] * second - (2 * y * dy)[:, None, None] * inner[:, :, None] * inner[:, None, :]
    return y, dy[:, None] * inner, second


def squares_answer(x):
    eye = delta(*x.shape)
    n = x.size
    second = np.zeros((n, n, n))
    second[range(n), range(n), range(n)] = 2
    return x**2, 2 * x.reshape((1,) * x.ndim + x.shape) * eye, second.reshape(3 * x.shape)


def abc_flow(x):
    """A Beltrami field: its curl is the field itself, its divergence zero."""
    x, y, z = x[..., 0], x[..., 1], x[..., 2]
    return np.stack(
        [np.sin(z) + 2 * np.cos(y), 3 * np.sin(x) + np.cos(z), 2 * np.sin(y) + 3 * np.cos(x)], axis=-1
    )


def abc_flow_answer(x):
    s, c = np.sin(x), np.cos(x)
    first = np.array([[0, -2 * s[1], c[2]], [3 * c[0], 0, -s[2]], [-3 * s[0], 2 * c[1], 0]])
    second = np.zeros((3, 3, 3))
    second[0, 1, 1], second[0, 2, 2] = -2 * c[1], -s[2]
    second[1, 0, 0], second[1, 2, 2] = -3 * s[0], -c[2]
    second[2, 0, 0], second[2, 1, 1] = -3 * c[0], -2 * s[1]
    return np.array([s[2] + 2 * c[1], 3 * s[0] + c[2], 2 * s[1] + 3 * c[0]]), first, second


ARRAYS = [
    Scenario(
        "trace", np.trace, (draw(35, 3, 3),), lambda A: (np.trace(A), np.eye(3), np.zeros((3, 3, 3, 3)))
    ),
    Scenario(
        "bilinear_in_X",
        lambda X: B4 @ X @ B3,
        (draw(36, 4, 3),),
        lambda X: (B4 @ X @ B3, np.outer(B4, B3), np.zeros((4, 3, 4, 3))),
    ),
    Scenario(
        "quadratic_in_B",
        lambda B: B3 @ B @ B3,
        (draw(37, 3, 3),),
        lambda B: (B3 @ B @ B3, np.outer(B3, B3), np.zeros((3, 3, 3, 3))),
    ),
    Scenario(
        "frobenius",
        lambda X: np.sum(X * X),
        (draw(38, 2, 3), draw(39, 2, 2, 2)),
        lambda X: (np.sum(X * X), 2 * X, 2 * delta(*X.shape)),
    ),
    Scenario(
        "trace_of_gram",
        lambda X: np.trace(X.T @ X),
        (draw(40, 4, 3),),
        lambda X: (np.sum(X * X), 2 * X, 2 * delta(*X.shape)),
    ),
    Scenario(
        "matrix_vector", lambda x: A43 @ x, (draw(41, 3),), lambda x: (A43 @ x, A43, np.zeros((4, 3, 3)))
    ),
    Scenario(
        "matrix_vector_in_A",
        lambda A: A @ B3,
        (draw(42, 4, 3),),
        lambda A: (A @ B3, np.einsum("ik,l->ikl", np.eye(4), B3), np.zeros((4, 4, 3, 4, 3))),
    ),
    Scenario("gram", gram, (draw(43, 3, 2), draw(44, 2, 3)), gram_answer),
    Scenario(
        "transpose",
        lambda X: X.T,
        (draw(45, 2, 3),),
        lambda X: (X.T, delta(2, 3).transpose(1, 0, 2, 3), np.zeros((3, 2, 2, 3, 2, 3))),
    ),
    Scenario("polar", polar, (np.array([2.0, 0.5]),), polar_answer, True),
    Scenario("spherical", spherical, (np.array([2.0, 0.5, 1.1]),), spherical_answer, True),
    Scenario("two_layers", two_layers, (draw(46, 3),), two_layers_answer),
    Scenario("squares", lambda x: x**2, (draw(47, 4), draw(48, 2, 3), draw(49, 11)), squares_answer),
    Scenario("abc_flow", abc_flow, (np.array([0.3, -1.2, 2.0]),), abc_flow_answer, True),
    Scenario(
        "list_of_numbers",
        lambda x: [x[0] * x[1], x[1] ** 2, 5.0],
        (np.array([2.0, 3.0]),),
        lambda x: (
            np.array([x[0] * x[1], x[1] ** 2, 5.0]),
            np.array([[x[1], x[0]], [0, 2 * x[1]], [0, 0]]),
            np.array([[[0.0, 1], [1, 0]], [[0, 0], [0, 2]], [[0, 0], [0, 0]]]),
        ),
    ),
    Scenario(
        "identity",
        lambda x: x,
        (draw(50, 3), draw(51, 2, 2)),
        lambda x: (x, delta(*x.shape), np.zeros(3 * x.shape)),
    ),
    Scenario(
        "constant_array",
        lambda x: np.arange(4).reshape(2, 2),
        (draw(52, 3),),
        lambda x: (np.arange(4.0).reshape(2, 2), np.zeros((2, 2, 3)), np.zeros((2, 2, 3, 3))),
    ),
    Scenario(
        "curve",
        lambda t: [np.cos(t), np.sin(t)],
        (0.7, -2.0),
        lambda t: (
            np.array([np.cos(t), np.sin(t)]),
            np.array([-np.sin(t), np.cos(t)]),
            np.array([-np.cos(t), -np.sin(t)]),
        ),
    ),
]


# ---- of containers -----------------------------------------------------------------------------------------

INPUT = draw(53, 3)


def neuron(parameters):
    """sigmoid(w x + b) in w and b."""
    w, b = parameters
    return 1 / (1 + np.exp(-(w @ INPUT + b)))


def neuron_answer(parameters):
    w, b = parameters
    y = 1 / (1 + np.exp(-(w @ INPUT + b)))
    d, dd = y * (1 - y), y * (1 - y) * (1 - 2 * y)
    return y, (d * INPUT, d), ((dd * np.outer(INPUT, INPUT), dd * INPUT), (dd * INPUT, dd))


def line_fit(parameters):
    """A line through points, with named parameters."""
    return np.sum((parameters["slope"] * np.arange(4.0) + parameters["offset"] - B4) ** 2)


def line_fit_answer(parameters):
    t = np.arange(4.0)
    r = parameters["slope"] * t + parameters["offset"] - B4
    return (
        np.sum(r**2),
        {"slope": 2 * r @ t, "offset": 2 * np.sum(r)},
        {
            "slope": {"slope": 2 * t @ t, "offset": 2 * np.sum(t)},
            "offset": {"slope": 2 * np.sum(t), "offset": 8.0},
        },
    )


def nested_sum(tree):
    """A product across containers: X c * y, an array."""
    (X, more), y = tree["layer"], tree["y"]
    return X @ more["c"] * y


def nested_sum_answer(tree):
    (X, more), y = tree["layer"], tree["y"]
    c = more["c"]
    m, n = X.shape
    eye = np.eye(m)
    XX, Xc = np.zeros((m, m, n, m, n)), np.einsum("ik,lj->iklj", eye, np.eye(n)) * y
    Xy, cc, cy, yy = np.einsum("ik,l->ikl", eye, c), np.zeros((m, n, n)), X, np.zeros(m)
    cX = np.einsum("ik,lj->ijkl", eye, np.eye(n)) * y
    first = {"layer": (np.einsum("ik,l->ikl", eye, c) * y, {"c": X * y}), "y": X @ c}
    second = {
        "layer": ({"layer": (XX, {"c": Xc}), "y": Xy}, {"c": {"layer": (cX, {"c": cc}), "y": cy}}),
        "y": {"layer": (Xy, {"c": cy}), "y": yy},
    }
    return X @ c * y, first, second


CONTAINERS = [
    Scenario("neuron", neuron, ((draw(54, 3), 0.3),), neuron_answer),
    Scenario("line_fit", line_fit, ({"slope": 0.5, "offset": -1.0},), line_fit_answer),
    Scenario(
        "nested_sum",
        nested_sum,
        ({"layer": (draw(55, 2, 3), {"c": draw(56, 3)}), "y": 1.5},),
        nested_sum_answer,
    ),
    Scenario(
        "tuple_of_numbers",
        lambda p: p[0] * p[1] ** 2,
        ((2.0, 3.0),),
        lambda p: (p[0] * p[1] ** 2, (p[1] ** 2, 2 * p[0] * p[1]), ((0.0, 2 * p[1]), (2 * p[1], 2 * p[0]))),
    ),
]
