"""No driver modifies its inputs, and no result shares memory with them or with f's own arrays."""

import numpy as np
import pytest
from scenarios import FUNCTIONS, cases, draw

import dualnum as dn

ONE = {
    name: getattr(dn, name)
    for name in (
        "gradient value_and_gradient jacobian value_and_jacobian hessian value_gradient_hessian laplacian "
        "divergence curl derivative value_and_derivative"
    ).split()
}
TWO = {name: getattr(dn, name) for name in "jvp directional_derivative hvp vhv".split()}
SCALAR_ONLY = {"gradient", "value_and_gradient", "hvp", "vhv"}
SAME_SHAPE = {"divergence", "curl", "derivative", "value_and_derivative"}
DRIVERS = {**ONE, **TWO}


def arrays(result):
    """Return all arrays in a result."""
    if isinstance(result, (tuple, list)):
        return [a for part in result for a in arrays(part)]
    if isinstance(result, dict):
        return arrays(tuple(result.values()))
    return [result] if isinstance(result, np.ndarray) else []


def greedy(x):
    """A function that overwrites its argument as rudely as it can."""
    x *= 2
    x[0] = x[1] * x[2]
    x.sort()
    return x


def call(name, f, x, v, **options):
    return DRIVERS[name](f, **options)(x, v) if name in TWO else DRIVERS[name](f, **options)(x)


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize("options", [{}, {"subok": False}, {"batched": True}, {"chunk": 2}], ids=str)
def test_inputs_survive_a_function_that_overwrites_them(name, options):
    x, v = draw(90, 3), draw(91, 3)
    before = x.copy(), v.copy()
    f = (lambda x: greedy(x).sum()) if name in SCALAR_ONLY else greedy
    if name in ("derivative", "value_and_derivative"):  # greedy mixes the elements
        options = {**options, "check": False}
    results = arrays(call(name, f, x, v, **options))
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(v, before[1])
    for result in results:
        assert not np.shares_memory(result, x) and not np.shares_memory(result, v)
        assert result.flags.writeable


@pytest.mark.parametrize("name", DRIVERS)
def test_read_only_inputs(name):
    x, v = draw(92, 3), draw(93, 3)
    x.flags.writeable = v.flags.writeable = False
    f = (lambda x: np.sum(x**2)) if name in SCALAR_ONLY else (lambda x: x**2)
    for result in arrays(call(name, f, x, v)):
        assert result.flags.writeable


@pytest.mark.parametrize("name", DRIVERS)
def test_constants_are_copied(name):
    """f may return an array of the caller's, which no result aliases."""
    x, v, own = draw(94, 3), draw(95, 3), np.ones(3)
    f = (lambda x: own[0]) if name in SCALAR_ONLY else (lambda x: own)
    for result in arrays(call(name, f, x, v)):
        assert not np.shares_memory(result, own)
        result += 1
    np.testing.assert_array_equal(own, 1)


@pytest.mark.parametrize("name", DRIVERS)
def test_the_identity_returns_no_alias(name):
    x, v = draw(96, 3), draw(97, 3)
    f = (lambda x: x[0]) if name in SCALAR_ONLY else (lambda x: x)
    for result in arrays(call(name, f, x, v)):
        assert not np.shares_memory(result, x)
        result += 1
    np.testing.assert_array_equal(x, draw(96, 3))


def test_extra_arguments_are_handed_over_as_they_are():
    a, seen = np.ones(3), []
    dn.gradient(lambda x, a: seen.append(a) or np.sum(a * x), check=False)(np.ones(3), a)
    dn.hessian(lambda x, a: seen.append(a) or np.sum(a * x), check=False)(np.ones(3), a=a)
    assert all(each is a for each in seen)


def test_containers_survive():
    tree = {"a": draw(98, 3), "b": (draw(99, 2), 1.0)}
    before = {"a": tree["a"].copy(), "b": (tree["b"][0].copy(), 1.0)}

    def f(tree):
        tree["a"] *= tree["b"][1]
        total = tree["a"].sum() + tree["b"][0].sum()
        tree.clear()
        return total

    for driver in (dn.gradient, dn.hessian, dn.value_and_jacobian):
        driver(f)(tree)
        assert list(tree) == ["a", "b"]
        np.testing.assert_array_equal(tree["a"], before["a"])
        np.testing.assert_array_equal(tree["b"][0], before["b"][0])


@pytest.mark.parametrize(**cases(s for s in FUNCTIONS if isinstance(s.points[0], np.ndarray)))
def test_scenarios_leave_their_points_alone(scenario, x):
    before = x.copy()
    for name in ("value_and_jacobian", "value_gradient_hessian", "laplacian"):
        for result in arrays(DRIVERS[name](scenario.f)(x)):
            assert not np.shares_memory(result, x)
    np.testing.assert_array_equal(x, before)


def test_the_seed_keeps_shape_and_memory_layout():
    strides = []

    def f(x):
        strides.append(np.argsort(x.strides, kind="stable").tolist())
        return np.sum(x)

    x = np.asfortranarray(draw(89, 3, 4, 2))
    dn.gradient(f, check=False)(x)
    dn.gradient(f, check=False)(np.ascontiguousarray(x))
    dn.jvp(f, check=False)(x, x)
    assert strides == [[0, 1, 2], [2, 1, 0], [0, 1, 2]]
