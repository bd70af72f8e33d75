"""`dualnum.finite_difference`: the drivers' names and calls, known orders of accuracy, honest error estimates."""

import math
from collections import namedtuple

import mpmath
import numpy as np
import pytest
from expect import close, raises
from scenarios import CONTAINERS, ELEMENTWISE, SCALARS, cases

import dualnum as dn
from dualnum import finite_difference as fd
from dualnum.difference_quotients import ACCURACY, stencil

#: The relative error of first and second derivatives that each method may have at ordinary points.
TOLERANCE = {
    "forward": (1e-6, 1e-3),
    "central": (1e-8, 1e-5),
    "five-point": (1e-9, 1e-7),
    "complex": (1e-13, 1e-7),
    "richardson": (1e-10, 1e-7),
}
METHODS = pytest.mark.parametrize("method", ACCURACY)
ORDINARY = [s for s in SCALARS if s.name not in ("no_variables", "constant")]
#: Not analytic, or they sort complex numbers.
NOT_COMPLEX = {
    "sorted_weights",
    "maximum_element",
    "log_sum_exp",
    "radius",
    "absolute",
    "babylonian",
    "branches",
    "angle",
}


@METHODS
@pytest.mark.parametrize(**cases([s for s in ELEMENTWISE if s.name != "absolute"]))
def test_derivatives_of_numbers(scenario, x, method):
    if method == "complex" and scenario.name in NOT_COMPLEX:
        return
    _, first, second = scenario.answer(x)
    close(fd.derivative(scenario.f, method=method)(x), first, 10 * TOLERANCE[method][0])
    close(fd.derivative(scenario.f, 2, method=method)(x), second, 100 * TOLERANCE[method][1])


@METHODS
@pytest.mark.parametrize("scenario", ORDINARY, ids=repr)
def test_gradients_and_hessians(scenario, method):
    if method == "complex" and scenario.name in NOT_COMPLEX:
        return
    x = min(scenario.points, key=np.size)
    _, first, second = scenario.answer(x)
    close(fd.gradient(scenario.f, method=method)(x), first, 10 * TOLERANCE[method][0])
    close(fd.jacobian(scenario.f, method=method)(x), first, 10 * TOLERANCE[method][0])
    close(fd.hessian(scenario.f, method=method)(x), second, 100 * TOLERANCE[method][1])


# The drivers' calling style: what dualnum's driver gives, in the same structure


def field(x, k=1.0):
    return np.stack([x[..., 0] * x[..., 1] ** 2, k * np.sin(x[..., 0])], axis=-1)


def energy(x):
    return np.exp(x[..., 0]) * x[..., 1] ** 2


POINTS = np.array([[[0.3, -0.8], [1.1, 0.4]], [[0.0, 1.0], [-2.0, 0.5]]])
Pair = namedtuple("Pair", "p q")
CALLS = {
    "scalar": ("derivative", (np.sin,), {}, (0.3,)),
    "third": ("derivative", (np.sin, 3), {}, (0.3,)),
    "elementwise": ("derivative", (np.sin,), {}, (POINTS,)),
    "elementwise, values of any shape": ("derivative", (field,), {}, (np.zeros(()) + 0.5,)),
    "derivative, batched": ("derivative", (lambda t: np.stack([t, t**2], -1),), {"batched": True}, (POINTS,)),
    "derivative, argnums": ("derivative", (lambda x, y: x * y**2,), {"argnum": (1, 0)}, (2.0, 3.0)),
    "gradient of a number": ("gradient", (np.exp,), {}, (0.3,)),
    "gradient of a list": ("gradient", (lambda x: x[0] * x[1],), {}, ([2, 3],)),
    "gradient, argnum": ("gradient", (lambda a, x: a * x @ x,), {"argnum": -1}, (3.0, np.ones(3))),
    "gradient, argnums": ("gradient", (lambda a, x: a * x @ x,), {"argnum": (1, 0)}, (3.0, np.ones(3))),
    "gradient, batched": ("gradient", (energy,), {"batched": True}, (POINTS,)),
    "jacobian, keywords": ("jacobian", (lambda x: field(x, k=2.0),), {}, (POINTS[0, 0],)),
    "jacobian, batched": ("jacobian", (field,), {"batched": True}, (POINTS,)),
    "jacobian of a matrix": ("jacobian", (lambda X: X @ X.T,), {}, (POINTS[0],)),
    "jacobian in Fortran order": ("jacobian", (lambda X: X @ X.T,), {}, (np.asfortranarray(POINTS[0]),)),
    "hessian of an array": ("hessian", (field,), {}, (POINTS[0, 0],)),
    "hessian, batched": ("hessian", (energy,), {"batched": True}, (POINTS,)),
    "hessian of a number": ("hessian", (np.sin,), {}, (0.4,)),
    "hessian, argnums": ("hessian", (lambda a, x: a**2 * x @ x,), {"argnum": (0, 1)}, (3.0, np.ones(2))),
    "namedtuple": ("gradient", (lambda t: t.p * t.q @ t.q,), {}, (Pair(2.0, np.array([1.0, 2.0])),)),
    "empty": ("gradient", (lambda x: np.sum(x),), {}, (np.zeros(0),)),
    "empty container": ("jacobian", (lambda d: np.ones(2),), {}, ({"a": (), "b": np.zeros((0, 3))},)),
}


def compare_trees(found, expected, tolerance):
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = tuple(found.values()), tuple(expected.values())
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            compare_trees(a, b, tolerance)
        return
    assert np.shape(found) == np.shape(expected) and np.asarray(found).dtype == float
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@METHODS
@pytest.mark.parametrize("name", CALLS)
def test_one_name_is_swapped_for_the_other(name, method):
    driver, given, options, args = CALLS[name]
    if name.startswith("elementwise, values"):
        given = (lambda t: t * 2.0,)
    expected = getattr(dn, driver)(*given, **options)(*args)
    tolerance = {"forward": 1e-1, "central": 1e-3, "complex": 1e-3}.get(method, 1e-4)
    swapped = getattr(fd, driver)(*given, **options, method=method, chunk=2, subok=False)
    compare_trees(swapped(*args), expected, tolerance)
    both = getattr(fd, driver)(*given, **options, method=method, return_error=True)(*args)
    assert type(both) is tuple and len(both) == 2
    compare_trees(both[0], expected, tolerance)
    compare_trees(both[1], expected, 1e300)


@pytest.mark.parametrize(**cases(CONTAINERS))
def test_containers(scenario, x):
    compare_trees(fd.jacobian(scenario.f, method="five-point")(x), dn.jacobian(scenario.f)(x), 1e-6)
    compare_trees(fd.hessian(scenario.f, method="five-point")(x), dn.hessian(scenario.f)(x), 1e-4)


def test_arguments_pass_through():
    assert fd.derivative(lambda x, k, *, shift: k * x + shift)(1.0, 3.0, shift=2.0) == pytest.approx(3.0)
    assert fd.gradient(np.sum).__name__ == "sum" and fd.derivative(math.sin).__doc__ == math.sin.__doc__


def test_the_argument_is_left_as_it_is_and_results_are_new():
    x = np.array([1.0, 2.0])
    buffer = np.zeros(2)

    def f(x):
        x *= 2
        buffer[:] = x
        return buffer

    close(fd.jacobian(f)(x), 2 * np.eye(2), 1e-8)
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_it_works_inside_a_driver():
    """The difference quotient of duals carries their derivatives."""

    def inner(p):
        return fd.derivative(lambda x: np.sin(p * x), method="richardson")(0.7)

    expected = math.cos(0.7 * 1.3) - 0.7 * 1.3 * math.sin(0.7 * 1.3)
    assert dn.derivative(inner)(1.3) == pytest.approx(expected, rel=1e-9)
    x = np.array([1.0, 2.0])
    outer = dn.jacobian(fd.gradient(lambda x: x[0] ** 2 * x[1]))(x)
    close(outer, [[4, 2], [2, 0]], 1e-7)


# Formulas and steps


@pytest.mark.parametrize("method", ["forward", "central", "five-point"])
@pytest.mark.parametrize("order", range(1, 7))
def test_stencils_are_exact_for_polynomials_of_their_degree(method, order):
    pairs = stencil(method, order)
    assert len({s for s, _ in pairs}) == len(pairs)
    for m in range(order + ACCURACY[method]):
        moment = math.fsum(w * s**m for s, w in pairs)
        assert moment == pytest.approx(math.factorial(order) if m == order else 0, abs=1e-9)


def test_the_stencils_of_the_textbooks():
    assert dict(stencil("forward", 1)) == {0: -1, 1: 1}
    assert dict(stencil("central", 1)) == {-1: -0.5, 1: 0.5}
    assert dict(stencil("central", 2)) == {-1: 1, 0: -2, 1: 1}
    assert dict(stencil("five-point", 1)) == {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}


@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2), ("five-point", 4)])
def test_the_truncation_error_has_its_order(method, order):
    errors = [
        abs(fd.derivative(np.exp, method=method, step=h)(0.5) - math.exp(0.5)) for h in (2.0**-3, 2.0**-4)
    ]
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.1)


def test_automatic_steps_are_exact_and_leave_the_domain_alone():
    seen = []

    def f(x):
        seen.append(float(x))
        return np.log(x)

    for x in (1e-3, 1.0, 7.3, 1e8, 3e-200):
        seen.clear()
        fd.derivative(lambda x: f(abs(x) + 1e-300))(x)
    for method in ("forward", "central", "five-point"):
        seen.clear()
        assert math.isfinite(fd.derivative(f, method=method)(1e-3))
        steps = {abs(s - 1e-3) for s in seen} - {0.0}
        assert steps and all(math.frexp(step)[0] == 0.5 for step in steps)


def test_steps_of_ones_own():
    seen = []

    def f(x):
        seen.append(x - np.array([1.0, 2.0]))
        return x.sum()

    fd.gradient(f, step=0.25)(np.array([1.0, 2.0]))
    fd.gradient(f, step=[0.5, 0.125])(np.array([1.0, 2.0]))
    moves = [s[np.flatnonzero(s)] for s in seen]
    assert np.concatenate(moves).tolist() == [-0.25, 0.25, -0.25, 0.25, -0.5, 0.5, -0.125, 0.125]
    assert fd.derivative(np.sqrt, method="forward", step=-1e-6)(1.0) == pytest.approx(0.5, rel=1e-5)
    backward = fd.derivative(lambda x: np.sqrt(1 - x), method="forward", step=-(2.0**-20))(1.0)
    assert backward == -(2.0**10)
    tree = fd.gradient(lambda d: d["a"] ** 2 + d["b"] @ d["b"], step={"a": 1e-4, "b": [1e-3, 1e-5]})
    compare_trees(tree({"a": 1.0, "b": np.ones(2)}), {"a": 2.0, "b": np.array([2.0, 2.0])}, 1e-6)


# Error estimates, against 30 digits


@pytest.mark.parametrize("x", [-3.0, 0.0, 0.1, 1.0, 20.0])
@pytest.mark.parametrize("name", ["exp", "sin", "atan", "tanh", "erf"])
@METHODS
def test_errors_are_within_their_estimates(name, x, method):
    f = {"atan": np.arctan, "erf": np.vectorize(math.erf, otypes=[float])}.get(name, getattr(np, name, None))
    if method == "complex" and name == "erf":
        return
    with mpmath.workdps(30):
        for order in (1, 2):
            truth = float(mpmath.diff(getattr(mpmath, name), x, order))
            found, error = fd.derivative(f, order, method=method, return_error=True)(x)
            assert abs(found - truth) <= 4 * error
            assert error <= (1e-2 if method == "forward" else 1e-4) * max(abs(truth), abs(float(f(x))), 1e-2)


def test_richardson_adapts():
    """Where the scale of f is far from that of x, at the edge of a domain, and with noise."""
    adaptive = {"method": "richardson", "return_error": True}
    found, error = fd.derivative(lambda x: np.sin(1e6 * x), **adaptive)(0.0)
    assert abs(found - 1e6) <= error < 1e-2
    found, error = fd.derivative(np.log, **adaptive)(1e-9)
    assert abs(found - 1e9) <= error < 1.0
    found, error = fd.derivative(math.log, **adaptive)(1e-3)  # raises at larger steps
    assert abs(found - 1e3) <= error < 1e-3
    found, error = fd.derivative(lambda x: (1e8 + np.sin(x)) - 1e8, **adaptive)(1.0)
    assert abs(found - math.cos(1.0)) < 1e-4


def test_richardson_where_f_is_never_finite():
    found, error = fd.gradient(lambda x: x[0] + np.nan * x[1], method="richardson", return_error=True)(
        np.ones(2)
    )
    assert np.isnan(found).all() and np.isinf(error).all()


def test_a_failure_at_the_point_itself_is_the_functions_own():
    def refuses(x):
        raise ValueError(f"no value at {x}")

    with pytest.raises(ValueError, match=r"^no value at -1\.0$"):
        fd.derivative(refuses, method="richardson")(-1.0)


# Errors


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fd.gradient(np.sum, method="backward"), ValueError,
            "finite_difference.gradient(f, method='backward') expects method to be one of forward, central, "
            "five-point, complex, richardson, got 'backward'.",
        ),
        (lambda: fd.gradient(np.sum, return_error=1), TypeError,
         "finite_difference.gradient(f, return_error=1) expects return_error to be True or False, got int."),
        (lambda: fd.gradient(np.sum, step=0.0)(np.ones(2)), ValueError,
         "finite_difference.gradient(f)(x) expects step to be finite and not zero, got 0.0."),
        (lambda: fd.gradient(np.sum, step=[1.0, 2.0, 3.0])(np.ones(2)), ValueError,
         "finite_difference.gradient(f)(x) expects step to have the shape (2,) of x, got shape (3,)."),
        (lambda: fd.gradient(lambda x: x)(np.ones(3)), ValueError,
         "finite_difference.gradient(f)(x) expects f(x) to be a scalar, got shape (3,); use jacobian(f)."),
        (
            lambda: fd.derivative(np.sum)(np.ones(3)),
            ValueError,
            "finite_difference.derivative(f)(x) expects f(x) to have the shape (3,) of x, got shape (); "
            "use jacobian(f).",
        ),
        (
            lambda: fd.derivative(lambda d: d)({"a": 1.0}),
            TypeError,
            "finite_difference.derivative(f)(x) expects x to be a number or an array, got a dict with the keys 'a'; "
            "use finite_difference.gradient(f).",
        ),
        (
            lambda: fd.derivative(abs, method="complex")(1.0),
            TypeError,
            "finite_difference.derivative(f)(x) expects f(x) to be complex where x is, got dtype float64; "
            'use method="richardson".',
        ),
        (
            lambda: fd.jacobian(3.0),
            TypeError,
            "finite_difference.jacobian(f) expects f to be callable, got float; use finite_difference.jacobian(f)(x).",
        ),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with raises(error, text):
        call()


def test_the_modules_are_imported_when_asked_for():
    assert dn.finite_difference is fd
    assert {"check", "finite_difference"} <= set(dir(dn)) & set(dn.__all__)
    with pytest.raises(AttributeError, match=r"^module 'dualnum' has no attribute 'finite'; use isfinite\.$"):
        dn.finite  # noqa: B018


# Edges of the domain


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("method", ["central", "five-point"])
@pytest.mark.parametrize(
    ("f", "slope", "points"),
    [
        (np.log, lambda x: 1 / x, [1e-9, 1e-14, 1e-7, 2.0]),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), [1e-12, 1e-7, 1.0]),
        (np.arcsin, lambda x: 1 / np.sqrt((1 - x) * (1 + x)), [1 - 2.0**-30, 2.0**-21 - 1, 0.5]),
    ],
)
def test_automatic_steps_stay_in_the_domain(f, slope, points, method):
    x = np.array(points)
    np.testing.assert_allclose(fd.derivative(f, method=method)(x), slope(x), rtol=1e-4)
    for point in points:
        found, error = fd.derivative(f, method=method, return_error=True)(point)
        assert found == pytest.approx(slope(point), rel=1e-4) and np.isfinite(error)
        assert fd.jacobian(f, method=method)(np.array([point]))[0, 0] == pytest.approx(slope(point), rel=1e-4)
    assert np.isnan(fd.derivative(f, method=method)(-2.0))
