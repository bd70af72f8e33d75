"""Second derivatives at kinks and singular points: one branch, whatever the driver, the chunk and the composition."""

import functools
import itertools
import math

import numpy as np
import pytest
from expect import close

import dualnum as dn
from dualnum.drivers._near import weights

L = np.linalg
NAN, INF = math.nan, math.inf
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def pair(x):
    return np.eye(2) + x * np.diag([1.0, -1.0])


# name -> (function, point, first derivative, second derivative)
EDGES = {
    "abs(x)": (abs, 0.0, 0, 0),
    "abs(x)**2": (lambda x: abs(x) ** 2, 0.0, 0, 2),
    "abs(-x**2)": (lambda x: abs(-(x**2)), 0.0, 0, 2),
    "fabs(x)*abs(x)": (lambda x: np.fabs(x) * abs(x), 0.0, 0, 2),
    "sign(x)*x": (lambda x: np.sign(x) * x, 0.0, 0, 0),
    "(sign(x)*x)**2": (lambda x: (np.sign(x) * x) ** 2, 0.0, 0, 2),
    "copysign(x, x)": (lambda x: np.copysign(x, x), 0.0, 1, 0),
    "copysign(x, 1)**2": (lambda x: np.copysign(x, 1.0) ** 2, 0.0, 0, 2),
    "max(x, 0)": (lambda x: np.maximum(x, 0), 0.0, 0.5, 0),
    "max(x, 0) * max(-x, 0)": (lambda x: np.maximum(x, 0) * np.maximum(-x, 0), 0.0, 0, 0),
    "max(x, 0)**2 + min(x, 0)**2": (lambda x: np.maximum(x, 0) ** 2 + np.minimum(x, 0) ** 2, 0.0, 0, 2),
    "clip(x, 0, 1) * (x - 1) at 1": (lambda x: np.clip(x, 0, 1) * (x - 1), 1.0, 1, 0),
    "heaviside(x, 0.5) * x * abs(x)": (lambda x: np.heaviside(x, 0.5) * x * abs(x), 0.0, 0, 2),
    "(x - floor(x))**2": (lambda x: (x - np.floor(x)) ** 2, 0.0, 0, 2),
    "(x % 1)**2": (lambda x: (x % 1) ** 2, 0.0, 0, 2),
    "modf(x)[0] * x at 1": (lambda x: np.modf(x)[0] * x, 1.0, 1, 2),
    "where(x > 0, x, -x) * abs(x)": (lambda x: np.where(x > 0, x, -x) * abs(x), 0.0, 0, 2),
    "where(x == 0, 1, sin(x) / x)": (lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0, -1 / 3),
    "sqrt(x * x)": (lambda x: np.sqrt(x * x), 0.0, 0, 0),
    "sqrt(x * x)**2": (lambda x: np.sqrt(x * x) ** 2, 0.0, 0, 2),
    "sqrt(x**4)": (lambda x: np.sqrt(x**4), 0.0, 0, 2),
    "sqrt(1 - cos(x))": (lambda x: np.sqrt(1 - np.cos(x)), 0.0, 0, 0),
    "1 - cos(x) by sqrt": (lambda x: np.sqrt(1 - np.cos(x)) ** 2, 0.0, 0, 1),
    "cbrt(x**3)": (lambda x: np.cbrt(x**3), 0.0, 1, 0),
    "cbrt(x**3)**2": (lambda x: np.cbrt(x**3) ** 2, 0.0, 0, 2),
    "(x**6)**(1/3)": (lambda x: (x**6) ** (1 / 3), 0.0, 0, 2),
    "arccos(cos(x))": (lambda x: np.arccos(np.cos(x)), 0.0, 0, 0),
    "arccos(cos(x))**2": (lambda x: np.arccos(np.cos(x)) ** 2, 0.0, 0, 2),
    "arcsin(1 - x**2)": (lambda x: np.arcsin(1 - x**2 / 2), 0.0, 0, 0),
    "arccosh(cosh(x))**2": (lambda x: np.arccosh(np.cosh(x)) ** 2, 0.0, 0, 2),
    "hypot(x, 2 x)**2": (lambda x: np.hypot(x, 2 * x) ** 2, 0.0, 0, 10),
    "norm([x, 2 x])**2": (lambda x: L.norm(np.array([x, 2 * x])) ** 2, 0.0, 0, 10),
    "sqrt(x)": (np.sqrt, 0.0, INF, -INF),
    "x**1.5": (lambda x: x**1.5, 0.0, 0, INF),
    "x**2.5": (lambda x: x**2.5, 0.0, 0, 0),
    "where(x > 0, sqrt(x), 0)": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0, 0),
    "x * log(x)": (lambda x: x * np.log(x), 0.0, NAN, NAN),
    "sum of exp(eigvalsh)": (lambda x: np.sum(np.exp(L.eigvalsh(pair(x)))), 0.0, 0, 2 * math.e),
    "norm(A, 2) * norm(A, -2)": (lambda x: L.norm(pair(x), 2) * L.norm(pair(x), -2), 0.0, 0, -2),
}  # fmt: skip


def of_vector(f):
    return lambda v: f(v[0])


SECOND = {
    "derivative": lambda f, x: dn.derivative(f, 2)(x),
    "value_and_derivative": lambda f, x: dn.value_and_derivative(f, 2)(x)[2],
    "value_and_derivative to order 3": lambda f, x: dn.value_and_derivative(f, 3)(x)[2],
    "hessian": lambda f, x: dn.hessian(of_vector(f))(np.array([x]))[0, 0],
    "hessian, chunk": lambda f, x: dn.hessian(of_vector(f), chunk=1)(np.array([x]))[0, 0],
    "value_gradient_hessian": lambda f, x: dn.value_gradient_hessian(of_vector(f))(np.array([x]))[2][0, 0],
    "hvp": lambda f, x: -dn.hvp(of_vector(f))(np.array([x]), np.array([-1.0]))[0],
    "vhv": lambda f, x: dn.vhv(of_vector(f))(np.array([x]), np.array([-1.0])),
    "laplacian": lambda f, x: dn.laplacian(of_vector(f))(np.array([x])),
    "derivative_tensor": lambda f, x: dn.derivative_tensor(of_vector(f), 2)(np.array([x]))[0, 0],
    "taylor": lambda f, x: 2 * dn.taylor(f, 2)(x)[2],
    "taylor along a direction": lambda f, x: (
        2 * dn.taylor(of_vector(f), 2, direction=[1.0])(np.array([x]))[2]
    ),
    "jvp of jvp": lambda f, x: dn.jvp(lambda t: dn.jvp(f)(t, -1.0)[1])(x, -1.0)[1],
    "derivative of derivative": lambda f, x: dn.derivative(dn.derivative(f))(x),
    "jacobian of gradient": lambda f, x: dn.jacobian(dn.gradient(of_vector(f)))(np.array([x]))[0, 0],
}
FIRST = {
    "derivative": lambda f, x: dn.derivative(f)(x),
    "gradient": lambda f, x: dn.gradient(of_vector(f))(np.array([x]))[0],
    "jvp": lambda f, x: -dn.jvp(f)(x, -1.0)[1],
    "value_gradient_hessian": lambda f, x: dn.value_gradient_hessian(of_vector(f))(np.array([x]))[1][0],
    "value_and_derivative to order 2": lambda f, x: dn.value_and_derivative(f, 2)(x)[1],
    "value_and_derivative to order 4": lambda f, x: dn.value_and_derivative(f, 4)(x)[1],
    "taylor": lambda f, x: dn.taylor(f, 3)(x)[1],
}
ELEMENTWISE = [name for name in EDGES if not any(word in name for word in ("norm", "eigvalsh"))]


@pytest.mark.parametrize("driver", SECOND)
@pytest.mark.parametrize("name", EDGES)
def test_every_driver_has_one_second_derivative(name, driver):
    f, x, _, second = EDGES[name]
    np.testing.assert_allclose(SECOND[driver](f, x), second, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("driver", FIRST)
@pytest.mark.parametrize("name", EDGES)
def test_the_first_derivative_does_not_depend_on_the_order_asked(name, driver):
    f, x, first, _ = EDGES[name]
    np.testing.assert_allclose(FIRST[driver](f, x), first, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_arrays_have_the_derivatives_of_their_elements(name):
    """Elements beside the edge keep theirs to the last bit."""
    f, x, first, second = EDGES[name]
    points = np.array([x, x + 0.3, x])
    _, got_first, got_second = dn.value_and_derivative(f, 2)(points)
    np.testing.assert_allclose(got_first[[0, 2]], first, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(got_second[[0, 2]], second, rtol=1e-13, atol=1e-13)
    assert got_second[1] == dn.derivative(f, 2)(points[1:2])[0] or "where" in name


# ---- compositions of two -------------------------------------------------------------------------------------------


def sign_of(c):
    """Return the sign of a polynomial for small t > 0."""
    return next((math.copysign(1, number) for number in c if number), 0.0)


def power(c, n):
    return functools.reduce(lambda a, b: np.convolve(a, b)[: len(c)], [c] * n)


# name -> (function, the same of the coefficients of a polynomial in t that vanishes at 0)
PIECES = {
    "abs": (abs, lambda c: sign_of(c) * c),
    "fabs": (np.fabs, lambda c: sign_of(c) * c),
    "positive part": (lambda x: np.maximum(x, 0), lambda c: c * (sign_of(c) > 0)),
    "negative part": (lambda x: np.fmin(0.0, x), lambda c: c * (sign_of(c) < 0)),
    "clip": (lambda x: np.clip(x, 0, 1), lambda c: c * (sign_of(c) > 0)),
    "sign times": (lambda x: np.sign(x) * x, lambda c: sign_of(c) * c),
    "heaviside times": (lambda x: np.heaviside(x, 0.5) * x, lambda c: c * (sign_of(c) > 0)),
    "where": (lambda x: np.where(x < 0, -3 * x, x), lambda c: -3 * c if sign_of(c) < 0 else c),
    "max with 3 x": (lambda x: np.maximum(x, 3 * x), lambda c: c * (3 if sign_of(c) > 0 else 1)),
    "root of the square": (lambda x: np.sqrt(x * x), lambda c: sign_of(c) * c),
    "root of the cube": (lambda x: np.cbrt(x * x * x), lambda c: c),
    "hypot": (lambda x: np.hypot(3 * x, 4 * x), lambda c: 5 * sign_of(c) * c),
    "square": (lambda x: x**2, lambda c: power(c, 2)),
    "minus the square": (lambda x: -x * x, lambda c: -power(c, 2)),
    "x - x**2": (lambda x: x - x**2, lambda c: c - power(c, 2)),
    "-2 x": (lambda x: -2 * x, lambda c: -2 * c),
}


@pytest.mark.parametrize("combine", ["of", "times", "plus"])
@pytest.mark.parametrize("outer", PIECES)
def test_two_pieces_together_follow_the_branch_above(outer, combine):
    """For x > 0, as far as order 3; by a series, on hyper-dual numbers and by nested drivers."""
    f, of_f = PIECES[outer]
    x = np.array([0.0, 1.0, 0.0, 0.0])
    for g, of_g in PIECES.values():
        if combine == "of":
            both, want = (lambda t, g=g: f(g(t))), of_f(of_g(x))
        elif combine == "times":
            both, want = (lambda t, g=g: f(t) * g(t)), np.convolve(of_f(x), of_g(x))[:4]
        else:
            both, want = (lambda t, g=g: f(t) + g(t)), of_f(x) + of_g(x)
        for got in (
            dn.taylor(both, 3)(0.0)[2:],
            [dn.hessian(of_vector(both))(np.zeros(1))[0, 0] / 2],
            [dn.derivative(dn.derivative(both))(0.0) / 2],
        ):
            np.testing.assert_allclose(got, want[2 : 2 + len(got)], rtol=1e-12, atol=1e-12)


# ---- several variables ---------------------------------------------------------------------------------------------


A = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0], [2.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
B = A @ [1.0, 2.0, 3.0]


def symmetric(x):
    return np.array([[x[0], x[1]], [x[1], x[2]]])


def matern(nu):
    c = math.sqrt(2 * nu)
    return {
        1.5: lambda r: (1 + c * r) * np.exp(-c * r),
        2.5: lambda r: (1 + c * r + (c * r) ** 2 / 3) * np.exp(-c * r),
    }[nu]


def tensor_of(constant):
    return lambda x: constant * np.eye(3)


# name -> (function, point, the same function written without kinks, or its Hessian)
SMOOTH = {
    "norm**2": (lambda x: L.norm(x) ** 2, np.zeros(3), lambda x: x @ x),
    "norm(A x - b)**2": (
        lambda x: L.norm(A @ x - B) ** 2,
        np.array([1.0, 2, 3]),
        lambda x: (A @ x - B) @ (A @ x - B),
    ),
    "norm**4 by powers": (lambda x: L.norm(x, 2) ** 4, np.zeros(3), lambda x: (x @ x) ** 2),
    "norm(x, 1)**2 at one zero": (
        lambda x: abs(x[0]) ** 2 + L.norm(x[1:], 1),
        np.array([0.0, 1, 2]),
        lambda x: x[0] ** 2 + x[1] + x[2],
    ),
    "hypot**2": (lambda x: np.hypot(np.hypot(x[0], x[1]), x[2]) ** 2, np.zeros(3), lambda x: x @ x),
    "ptp**2": (lambda x: np.ptp(x[:2]) ** 2, np.ones(3), lambda x: (x[0] - x[1]) ** 2),
    "sort": (lambda x: np.sum(np.sort(x) ** 3), np.ones(3), lambda x: np.sum(x**3)),
    "max + min": (lambda x: np.exp(np.max(x[:2]) + np.min(x[:2])), np.ones(3), lambda x: np.exp(x[0] + x[1])),
    "max * min": (lambda x: np.max(x[1:]) * np.min(x[1:]), np.ones(3), lambda x: x[1] * x[2]),
    "max minus last of sort": (
        lambda x: (np.max(x) - np.sort(x)[-1]) ** 2 + x[0] ** 2,
        np.ones(3),
        lambda x: x[0] ** 2,
    ),
    "median of sort": (
        lambda x: (np.median(x) - np.sort(x)[1]) ** 2 + x[2] ** 2,
        np.ones(3),
        lambda x: x[2] ** 2,
    ),
    "argmax": (lambda x: (x[np.argmax(x)] - np.max(x)) ** 2 + x[0] * x[1], np.ones(3), lambda x: x[0] * x[1]),
    "abs products": (lambda x: abs(x[0] - x[1]) * abs(x[1] - x[0]), np.ones(3), lambda x: (x[0] - x[1]) ** 2),
    "sign": (lambda x: np.sign(x[0]) ** 2 * x[0] * x[1], np.zeros(3), lambda x: x[0] * x[1]),
    "abs by where": (lambda x: np.where(x > 0, x, -x) @ abs(x), np.zeros(3), lambda x: x @ x),
    "exp(-norm**2)": (
        lambda x: np.exp(-(L.norm(x - 1) ** 2)),
        np.ones(3),
        lambda x: np.exp(-np.sum((x - 1) ** 2)),
    ),
    "rbf": (lambda x: np.exp(-0.5 * (np.sqrt(np.sum(x**2)) / 2) ** 2), np.zeros(3), tensor_of(-0.25)),
    "Matern 3/2": (lambda x: matern(1.5)(L.norm(x)), np.zeros(3), tensor_of(-3)),
    "Matern 5/2": (lambda x: matern(2.5)(L.norm(x)), np.zeros(3), tensor_of(-5 / 3)),
    "sinc(norm)": (lambda x: np.sinc(L.norm(x)), np.zeros(3), tensor_of(-(math.pi**2) / 3)),
    "cos(norm)": (lambda x: np.cos(np.sqrt(x[0] ** 2 + x[1] ** 2 + x[2] ** 2)), np.zeros(3), tensor_of(-1)),
    "norm of a matrix": (
        lambda x: L.norm(symmetric(x)) ** 2,
        np.zeros(3),
        lambda x: np.sum(symmetric(x) ** 2),
    ),
    "singular values": (
        lambda x: np.sum(L.svd(symmetric(x), compute_uv=False) ** 2),
        np.zeros(3),
        lambda x: np.sum(symmetric(x) ** 2),
    ),
    "norm(A, 2) norm(A, -2)": (
        lambda x: L.norm(symmetric(x), 2) * L.norm(symmetric(x), -2),
        np.array([1.0, 0, 1]),
        lambda x: x[0] * x[2] - x[1] ** 2,
    ),
    "eigenvalues": (
        lambda x: np.prod(L.eigvalsh(symmetric(x))),
        np.array([1.0, 0, 1]),
        lambda x: x[0] * x[2] - x[1] ** 2,
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_compositions_of_kinks_are_exact(name):
    f, x, smooth = SMOOTH[name]
    want = smooth(x)
    if not np.ndim(want):
        want = dn.hessian(smooth)(x)
        np.testing.assert_allclose(dn.gradient(f)(x), dn.gradient(smooth)(x), rtol=1e-12, atol=1e-12)
    v = np.array([1.0, -2.0, 0.5])
    for chunk in (None, 1, 2):
        hessian = dn.hessian(f, chunk=chunk)(x)
        assert np.array_equal(hessian, hessian.T)
        np.testing.assert_allclose(hessian, want, rtol=1e-12, atol=1e-12)
    for got in (dn.jacobian(dn.gradient(f))(x), dn.derivative_tensor(f, 2)(x)):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dn.hvp(f)(x, v), want @ v, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dn.vhv(f)(x, v), v @ want @ v, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dn.laplacian(f)(x), np.trace(want), rtol=1e-12, atol=1e-12)


def random_kinks(rng):
    """Return a function that is homogeneous of degree 2 and quadratic in each of its cells."""
    a = rng.integers(-2, 3, (8, 3)).astype(float)

    def f(x):
        u = a @ x
        s = np.sort(np.stack([u[0], u[1], u[2]]))
        return (
            abs(u[3]) * np.maximum(u[4], u[5])
            + np.max(u) * np.min(u)
            + s[0] * abs(s[1])
            + np.where(u[6] > u[7], u[6], u[7]) * np.sign(u[3]) * u[1]
            + np.clip(u[2], 0, u[4]) * np.ptp(u[5:])
        )

    return f


@pytest.mark.parametrize("seed", range(12))
def test_hessians_belong_to_one_cell(seed):
    """At 0, f(d) = d' H d / 2 for the direction of the page and those around it; the same Hessian for every chunk."""
    rng = np.random.default_rng(seed)
    f, x, w = random_kinks(rng), np.zeros(3), weights(0, 3)
    hessian = dn.hessian(f)(x)
    assert np.array_equal(hessian, hessian.T)
    for d in w + 1e-7 * rng.normal(size=(4, 3)):
        np.testing.assert_allclose(d @ hessian @ d / 2, f(d), rtol=1e-12)
    for chunk in (1, 2, 3):
        assert np.array_equal(dn.hessian(f, chunk=chunk)(x), hessian)
    v = rng.normal(size=3)
    np.testing.assert_allclose(dn.hvp(f)(x, v), hessian @ v, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(dn.jacobian(dn.gradient(f))(x), hessian, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(
        dn.derivative_tensor(lambda x: f(x) + x[0] ** 3, 3)(x)[0, 0, 0], 6.0, atol=1e-12
    )


@pytest.mark.parametrize("make", [dn.gradient, dn.jacobian])
def test_the_gradient_beside_a_hessian_is_that_of_first_order(make):
    """Branches average, ties share equally."""
    for f, x in (
        (lambda x: abs(x[0]) + np.maximum(x[1], 0) + np.max(x) * 3, np.zeros(3)),
        (lambda x: L.norm(x) + np.hypot(x[0], x[1]), np.zeros(3)),
        (lambda x: np.max(x) ** 2 + L.norm(x - 1), np.ones(3)),
    ):
        _, gradient, _ = dn.value_gradient_hessian(f)(x)
        assert np.array_equal(gradient, make(f)(x))


@pytest.mark.parametrize(
    "f", [L.norm, lambda x: np.hypot(x[0], x[1]), lambda x: np.sqrt(x @ x), lambda x: L.norm(x, 3)]
)
def test_second_derivatives_without_a_limit_are_nan(f):
    """In two directions or more; along one direction they are those of the absolute value."""
    for driver in (
        dn.hessian(f),
        dn.hessian(f, chunk=2),
        dn.jacobian(dn.gradient(f)),
        dn.derivative_tensor(f, 2),
    ):
        assert np.isnan(driver(np.zeros(2))).all()
    assert np.array_equal(dn.gradient(f)(np.zeros(2)), [0, 0])
    assert dn.derivative(lambda t: f(t * np.array([3.0, 4.0])), 2)(0.0) == pytest.approx(0, abs=1e-12)


def test_variables_at_rest_have_exact_zeros():
    """Nothing that the third variable does not move is nan."""
    hessian = dn.hessian(lambda x: L.norm(x[:2]) + np.sqrt(x[0]) + x[2] ** 2)(np.zeros(3))
    assert np.array_equal(hessian[2], [0, 0, 2])


def test_batches_change_only_the_points_at_kinks():
    points = np.random.default_rng(0).normal(size=(6, 3))
    points[2] = 0

    def f(x):
        return np.sin(L.norm(x, axis=-1)) + np.exp(x[..., 0]) * x[..., 1]

    got = dn.hessian(f, batched=True)(points)
    assert np.isnan(got[2]).any()
    others = [0, 1, 3, 4, 5]
    assert np.array_equal(got[others], dn.hessian(f, batched=True)(points[others]))


def test_functions_run_once_where_there_is_no_kink():
    calls = []

    def f(x):
        calls.append(1)
        return np.sum(abs(x) * np.maximum(x, 1)) + L.norm(x) + np.sqrt(x[0])

    dn.hessian(f)(np.array([0.5, 2.0]))
    calls.clear()
    dn.hessian(f)(np.array([0.5, 2.0]))
    assert len(calls) == 1


@pytest.mark.parametrize("root", [1 / 3, np.full(3, 1 / 3)], ids=["a number", "an array"])
def test_powers_of_an_array_of_zeros_that_rest(root):
    """(x^3)^(1/3) = x and (x^4)^(1/2) = x^2: every element of a block is noted, and not the exponent beside it."""
    x = np.zeros(3)
    close(dn.gradient(lambda x: np.sum((x**3) ** root))(x), np.ones(3), 1e-14)
    close(dn.hessian(lambda x: np.sum((x**4) ** (1.5 * root)))(x), 2 * np.eye(3), 1e-14)


def test_pairs_of_equal_points_are_at_rest():
    """Distances of a point from itself: a root of 0 that does not move, in gradients and Hessians."""

    def energy(x):
        d = np.sqrt(np.sum((x[:, None] - x[None]) ** 2, axis=-1))
        return np.sum(d * d)

    x = np.random.default_rng(1).normal(size=(3, 2))
    want = lambda x: np.sum((x[:, None] - x[None]) ** 2)  # noqa: E731
    np.testing.assert_allclose(dn.gradient(energy)(x), dn.gradient(want)(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dn.hessian(energy)(x), dn.hessian(want)(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("pair", list(itertools.combinations(["abs", "max", "where", "norm"], 2)))
def test_nested_drivers_follow_one_branch(pair):
    """An inner derivative by another variable: the derivative by x of d/dy f(x) g(y) at y = x."""
    pieces = {
        "abs": abs,
        "max": lambda t: np.maximum(t, -t),
        "where": lambda t: np.where(t > 0, t, -t),
        "norm": lambda t: L.norm(np.array([t])),
    }
    f, g = (pieces[name] for name in pair)

    def h(x):
        return dn.derivative(lambda y: f(x) * g(y))(x)

    assert dn.derivative(h)(0.0) == 1.0
    assert dn.value_and_derivative(h)(0.0) == (0.0, 1.0)


@pytest.mark.parametrize(
    "f, x",
    [
        (lambda x: L.norm(x[2] * x), np.zeros(3)),
        (lambda x: np.sign(x[2]) * x[0] ** 2, np.zeros(3)),
        (lambda x: np.floor(np.sum(np.maximum(x, x[0] - x[1]))) * (x[1] + 2 * x[2]) ** 2, np.array([0.0, -1, 0])),
        (lambda x: x[1] * np.where(np.hypot(x[0] * x[1], x[0]) == 0, 1.0, np.cos(x[0])), np.array([0.0, 1, 0])),
    ],
)  # fmt: skip
def test_kinks_that_only_other_variables_move(f, x):
    """A tile of a Hessian meets a kink at rest that moves in the direction of all variables."""
    whole = dn.hessian(f)(x)
    for chunk in (1, 2):
        np.testing.assert_allclose(dn.hessian(f, chunk=chunk)(x), whole, rtol=1e-13, atol=1e-13)
    for i, e in enumerate(np.eye(3)):
        np.testing.assert_allclose(dn.vhv(f)(x, e), whole[i, i], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("singular", [lambda x: np.sqrt(x * x * x * x), lambda x: np.cbrt(x**3)])
def test_a_singular_point_leaves_other_terms_their_first_order(singular):
    """Branches are those at x, and kinks average, beside a zero that is only computed as without it."""
    terms = {
        "where": lambda x: np.where(x > 0, x * x, x),
        "element": lambda x: x * x if x > 0 else x,
        "mask": lambda x: x * (x >= 0) + 3 * x,
        "kinks": lambda x: abs(x) + np.maximum(x, 0),
        "ties": lambda x: np.max(np.stack([x, 2 * x])),
        "sorted": lambda x: np.sort(np.stack([x, 3 * x]))[0],
    }
    alone = dn.derivative(singular)(0.0)
    for name, term in terms.items():
        both = dn.derivative(lambda x, term=term: term(x) + singular(x))(0.0)
        assert both == pytest.approx(dn.derivative(term)(0.0) + alone, abs=1e-14), name
        gradient = dn.gradient(lambda v, term=term: term(v[0]) + singular(v[1]) + term(v[2]))(np.zeros(3))
        slope = dn.derivative(term)(0.0)
        np.testing.assert_allclose(gradient, [slope, alone, slope], atol=1e-14, err_msg=name)


@pytest.mark.parametrize(
    "f",
    [lambda x: x * np.log(abs(x)), lambda x: x * np.log(x), lambda x: abs(x) / x],
    ids=["abs", "log", "sign"],
)
def test_where_the_value_is_nan_so_are_the_derivatives(f):
    with np.errstate(all="ignore"):
        assert np.isnan(dn.derivative(f, 2)(0.0)) and np.isnan(dn.value_and_derivative(f, 2)(0.0)).all()
        gradient, hessian = dn.value_gradient_hessian(lambda x: f(x[0]))(np.zeros(2))[1:]
    assert np.isnan([gradient[0], hessian[0, 0]]).all()
    assert gradient[1] == 0


def test_powers_with_exponents_that_move_at_a_base_that_seems_to_rest():
    """u**p log(u) is no series, so that the derivatives are nan; a base that rests has none."""
    assert np.isnan(dn.gradient(lambda v: (v[0] ** 3) ** v[1])(np.array([0.0, 1 / 3]))).all()
    assert np.isnan(dn.derivative(lambda x: (x**4) ** (0.5 + 0 * x), 2)(0.0))
    assert (dn.gradient(lambda v: (0 * v[0]) ** v[1])(np.array([1.0, 0.5])) == 0).all()
    assert (dn.hessian(lambda v: v[0] ** v[1])(np.array([0.0, 2.5])) == 0).all()
