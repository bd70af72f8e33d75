"""Tuples and dicts of arrays: results have their structure, Jacobians and Hessians nest it."""

import dataclasses
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from scenarios import CONTAINERS, cases, draw
from test_drivers import close

import dualnum as dn

Point = namedtuple("Point", "x y")


def leaves(tree):
    """Return the arrays of a tree in order."""
    if isinstance(tree, (tuple, dict)):
        children = tree.values() if isinstance(tree, dict) else tree
        return [leaf for child in children for leaf in leaves(child)]
    return [tree]


def like(tree, make):
    """Return a tree of the same structure."""
    if isinstance(tree, tuple):
        return tuple(like(child, make) for child in tree)
    if isinstance(tree, dict):
        return {key: like(child, make) for key, child in tree.items()}
    return make(tree)


@pytest.mark.parametrize(**cases(CONTAINERS))
def test_directions_have_the_structure_of_x(scenario, x):
    value, first, second = scenario.answer(x)
    v = like(x, lambda a: draw(80, *np.shape(a)) if np.shape(a) else 0.6)
    expected = sum(np.tensordot(f, d, np.ndim(d)) for f, d in zip(leaves(first), leaves(v), strict=True))
    close(dn.jvp(scenario.f)(x, v), (value, expected))
    if np.shape(value) == ():
        flat = np.concatenate([np.ravel(d) for d in leaves(v)])
        n = flat.size
        blocks = iter(leaves(second))
        full = np.block(
            [[np.reshape(next(blocks), (np.size(a), np.size(b))) for b in leaves(x)] for a in leaves(x)]
        ).reshape(n, n)
        close(np.concatenate([np.ravel(a) for a in leaves(dn.hvp(scenario.f)(x, v))]), full @ flat)
        close(dn.vhv(scenario.f)(x, v), flat @ full @ flat)
        close(dn.laplacian(scenario.f)(x), np.trace(full))
        close(dn.gradient(scenario.f)(x), first)
        close(dn.value_and_gradient(scenario.f)(x), (value, first))


def test_namedtuples_stay_namedtuples():
    gradient = dn.gradient(lambda p: p.x * p.y**2)(Point(2.0, 3.0))
    assert gradient == Point(9.0, 12.0) and type(gradient) is Point
    hessian = dn.hessian(lambda p: p.x * p.y**2)(Point(2.0, 3.0))
    assert hessian == Point(Point(0.0, 6.0), Point(6.0, 4.0)) and type(hessian.x) is Point


def test_f_sees_the_container_it_was_given():
    seen = []
    x = {"b": (1.0, [2.0, 3.0]), "a": np.ones((2, 2))}

    def f(tree):
        seen.append(tree)
        return tree["b"][0] * tree["b"][1] @ tree["a"] @ tree["b"][1]

    gradient = dn.gradient(f)(x)
    assert list(gradient) == ["b", "a"]
    assert gradient["b"][0] == 25.0
    assert list(seen[0]) == ["b", "a"] and type(seen[0]["b"]) is tuple
    assert x == {"b": (1.0, [2.0, 3.0]), "a": x["a"]}


def test_dict_subclasses_and_empty_containers():
    assert dn.gradient(lambda d: d["x"] ** 2)(OrderedDict(x=3.0)) == {"x": 6.0}
    assert dn.gradient(lambda d: 1.0)({}) == {}
    assert dn.gradient(lambda d: d["x"] ** 2)({"x": 3.0, "none": ()}) == {"x": 6.0, "none": ()}
    close(dn.jacobian(lambda t: t[1])((np.zeros((0, 2)), np.ones(2))), (np.zeros((2, 0, 2)), np.eye(2)))


def test_the_parts_of_a_result_do_not_share_memory_that_is_written_to():
    x, y = dn.gradient(lambda p: p[0] @ p[0] + p[1] @ p[1])((np.ones(2), np.ones(2)))
    x += 1
    np.testing.assert_array_equal(y, [2.0, 2.0])


def test_the_same_array_twice_is_two_arguments():
    x = np.array([1.0, 2.0])
    close(dn.gradient(lambda p: p[0] @ p[1] ** 2)((x, x)), (x**2, 2 * x * x))


def test_nested_drivers_on_containers():
    """grad of grad through a container: outer levels ride along in the inner results."""

    def inner(a):
        g = dn.gradient(lambda p: p["x"] ** 2 * p["y"])({"x": a, "y": 3.0})
        return g["x"] * g["y"]  # 2 a y * a**2 = 6 a**3

    close(dn.derivative(inner)(2.0), 72.0)
    close(dn.derivative(dn.derivative(inner))(2.0), 72.0)


@dataclasses.dataclass(frozen=True)
class Spring:
    stiffness: float
    ends: np.ndarray

    def energy(self):
        return self.stiffness * self.ends @ self.ends


SPRING = Spring(2.0, np.array([1.0, 3.0]))


def test_dataclasses_are_differentiated_field_by_field():
    found = dn.gradient(Spring.energy)(SPRING)
    assert type(found) is Spring and found.stiffness == 10.0
    np.testing.assert_array_equal(found.ends, [4.0, 12.0])
    value, along = dn.jvp(Spring.energy)(SPRING, Spring(1.0, np.array([0.0, 1.0])))
    assert (value, along) == (20.0, 22.0)
    found = dn.hessian(Spring.energy)(SPRING)
    np.testing.assert_array_equal(found.ends.stiffness, [2.0, 6.0])
    np.testing.assert_array_equal(found.ends.ends, 4 * np.eye(2))


def test_lists_of_layers_are_containers():
    layers = [
        (np.array([[0.3, -0.7], [0.2, 0.9]]), np.array([0.1, 0.2])),
        (np.array([[1.0, -2.0]]), np.array([0.5])),
    ]

    def network(layers):
        x = np.array([0.4, -0.6])
        for weights, bias in layers:
            x = np.tanh(weights @ x + bias)
        return x[0]

    found = dn.gradient(network)(layers)
    assert type(found) is list and [type(layer) for layer in found] == [tuple, tuple]
    flat = dn.gradient(lambda p: network([(p[:4].reshape(2, 2), p[4:6]), (p[6:8].reshape(1, 2), p[8:])]))
    p = np.concatenate([part.ravel() for layer in layers for part in layer])
    np.testing.assert_allclose(
        np.concatenate([part.ravel() for layer in found for part in layer]), flat(p), rtol=1e-15
    )
    with pytest.raises(TypeError, match=r"expects v to be a list of 2 as x is, got list\.$"):
        dn.jvp(network)(layers, layers[:1])


@pytest.mark.parametrize("x", [[np.ones(2), np.ones(3)], [{"a": np.ones(2)}, {"a": np.ones(3)}]])
def test_lists_of_arrays_of_several_shapes_are_containers(x):
    def total(x):
        return sum(
            np.sum(part**2) for item in x for part in (item.values() if type(item) is dict else [item])
        )

    for item, found in zip(x, dn.gradient(total)(x), strict=True):
        np.testing.assert_equal(found, {"a": 2 * item["a"]} if type(item) is dict else 2 * item)


def test_object_arrays_of_numbers_are_arrays():
    x = np.array([1.0, 2], dtype=object)
    np.testing.assert_array_equal(dn.gradient(lambda x: x @ x)(x), [2.0, 4.0])
    np.testing.assert_array_equal(
        dn.jacobian(lambda x: np.array([x[1], 3], object))(x), [[0.0, 1.0], [0.0, 0.0]]
    )
