"""Lifting: caches of f's keep what was computed with duals for one call of f, and never hand it to another."""

import dataclasses
import functools
import math

import numpy as np
import pytest
from lifting_programs import X, has_the_derivatives_of_its_formula

import dualnum as dn

COUNT = {}


def counted(name):
    COUNT[name] = COUNT.get(name, 0) + 1


@functools.lru_cache
def chebyshev(n, x):
    counted("chebyshev")
    return 1.0 if n == 0 else x if n == 1 else 2 * x * chebyshev(n - 1, x) - chebyshev(n - 2, x)


@functools.cache
def sine_of(x, *, scale=1.0):
    counted("sine_of")
    return math.sin(float(x)) * scale


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float = 0.0


class Grid:
    def __init__(self, x):
        self.x = x

    @functools.cache  # noqa: B019
    def cost(self, i, j):
        counted("cost")
        if i == 0 or j == 0:
            return self.x
        return math.sqrt(self.cost(i - 1, j) ** 2 + self.cost(i, j - 1) ** 2)

    @functools.singledispatchmethod
    def scaled(self, k):
        raise NotImplementedError

    @scaled.register
    def _(self, k: float):
        return math.sin(self.x) * k

    @scaled.register
    def _(self, k: str):
        return math.sin(self.x) * len(k)


class Node:
    def __init__(self, v, *children):
        self.v, self.children = v, children

    @functools.cached_property
    def total(self):
        counted("total")
        return math.sin(self.v) + sum(child.total for child in self.children) / 2

    @functools.cached_property
    def table(self):
        return np.array([math.sin(self.v), 1.0])


def graph(x, depth=24):
    node = Node(x)
    for _ in range(depth):
        node = Node(x, node, node)
    return node.total


def made_in_f(x):
    @functools.lru_cache
    def binomial(n):
        counted("binomial")
        return math.sin(x) if n < 2 else binomial(n - 1) + binomial(n - 2)

    return binomial(20)


def by_points(x):
    @functools.cache
    def distance(p, q):
        counted("distance")
        return math.hypot(p.x - q.x, p.y - q.y)

    return sum(distance(Point(x, 1.0), Point(0.0, 1.0)) for _ in range(5))


def invalidated(x):
    node = Node(x)
    first = node.total
    node.v = 2 * x
    again = node.total
    del node.total
    return first + again + node.total


def cleared(x):
    grid = Grid(x)
    first = grid.cost(1, 0)
    grid.x = 2 * x
    again = grid.cost(1, 0)
    Grid.cost.cache_clear()
    assert Grid.cost.__wrapped__ and Grid.cost.cache_info() and Grid.cost.cache_parameters()
    return math.sin(x) * (first + again + grid.cost(1, 0))


PROGRAMS = {
    "recursion": (lambda x: math.sin(chebyshev(60, x)), lambda x: dn.sin(dn.cos(60 * dn.arccos(x)))),
    "keywords": (lambda x: sine_of(x, scale=2.0) + sine_of(x) + sum(map(sine_of, [x, x])), lambda x: 5 * dn.sin(x)),
    "method": (lambda x: Grid(x).cost(9, 9), lambda x: x * math.sqrt(math.comb(18, 9))),
    "singledispatchmethod": (lambda x: Grid(x).scaled(x) * Grid(x).scaled("ab"), lambda x: 2 * x * dn.sin(x) ** 2),
    "property": (graph, lambda x: 25 * dn.sin(x)),
    "made in f": (made_in_f, lambda x: 10946 * dn.sin(x)),
    "objects": (by_points, lambda x: 5 * x),
    "invalidated": (invalidated, lambda x: 2 * dn.sin(x) + dn.sin(2 * x)),
    "cleared": (cleared, lambda x: 4 * x * dn.sin(x)),
}  # fmt: skip


@pytest.mark.parametrize("lift", [True, "auto"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_with_caches_have_the_derivatives_of_their_formulas(name, lift):
    f, formula = PROGRAMS[name]
    want = dn.taylor(formula, 3)(X)
    np.testing.assert_allclose(dn.taylor(f, 3, lift=lift)(X), want, rtol=1e-9, atol=1e-12)
    second = dn.derivative(dn.derivative(f, lift=lift), lift=lift)(X)
    np.testing.assert_allclose(second, 2 * want[2], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "f, name, most",
    [(lambda x: chebyshev(300, x), "chebyshev", 301), (lambda x: Grid(x).cost(30, 30), "cost", 960),
     (graph, "total", 25), (made_in_f, "binomial", 21), (by_points, "distance", 1)],
)  # fmt: skip
def test_each_value_is_computed_once_in_a_call(f, name, most):
    df = dn.derivative(f, lift=True, check=False)
    df(X)
    COUNT.clear()
    df(X)
    assert COUNT[name] == most


def test_a_call_finds_nothing_of_another():
    sine_of.cache_clear()

    def f(x, k):
        return sine_of(x) * k + sine_of(Point(x).x)

    df = dn.derivative(f, check=False)
    info = sine_of.cache_info()
    assert df(X, 2.0) == pytest.approx(3 * math.cos(X), rel=1e-14)
    assert df(X, 3.0) == pytest.approx(4 * math.cos(X), rel=1e-14)
    assert sine_of.cache_info() == info  # nothing in the user's own


def test_equal_values_with_other_derivatives_are_other_keys():
    def f(x):
        return sine_of(x) + sine_of(x[0]) if isinstance(x, tuple) else sine_of(x) + sine_of(2 * x - X)

    def g(x):
        @functools.cache
        def product(pair):
            return pair[0] * math.sin(pair[1])

        return product((x, 2.0)) + product((2 * x - X, 2.0))

    assert dn.derivative(f, check=False)(X) == pytest.approx(3 * math.cos(X), rel=1e-14)
    assert dn.derivative(g, check=False)(X) == pytest.approx(3 * math.sin(2.0), rel=1e-14)


def test_nested_drivers_have_caches_of_their_own():
    def f(a):
        return dn.derivative(lambda x: chebyshev(3, x) * sine_of(x) + sine_of(a))(a)

    want = dn.derivative(dn.derivative(lambda x: (4 * x**3 - 3 * x) * dn.sin(x)))(X)
    assert dn.derivative(f)(X) == pytest.approx(want, rel=1e-13)


def test_constants_go_to_the_cache_of_the_user():
    @functools.cache
    def nodes(n):
        counted("nodes")
        return [math.cos(k) for k in range(n)]

    df = dn.derivative(lambda x: math.sin(x) * sum(nodes(3)))
    COUNT.clear()
    df(X), df(2 * X)
    assert COUNT["nodes"] == 1


def test_a_cached_property_of_an_object_that_lives_longer_keeps_no_dual():
    node = Node(1.0)

    def f(x):
        node.v = x
        assert node.table is node.table
        return node.table[0] + node.total

    for _ in range(2):
        assert dn.derivative(f, lift=True, check=False)(X) == pytest.approx(2 * math.cos(X), rel=1e-14)
    assert vars(node).keys() == {"v", "children"}


def test_arguments_that_do_not_hash_raise_as_for_floats():
    with pytest.raises(TypeError, match="unhashable type: 'list'"):
        dn.derivative(lambda x: sine_of([x]), lift=True)(X)


def test_programs_are_what_they_are_on_floats():
    has_the_derivatives_of_its_formula((*PROGRAMS["made in f"], X), "auto")
