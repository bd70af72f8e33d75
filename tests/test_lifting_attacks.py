"""Programs by which readers of the source tried to make lifting lose a derivative, loop, or change what Python does."""

import decimal
import math
import typing

import numpy as np
import pytest
from lifting_programs import bisect

import dualnum as dn


def root(a):
    return a**0.5


def logged(x):
    note = f"{x:.3f}"
    assert note
    return x * bisect(x)


class Memo:
    v = None

    def f(self, x):
        if self.v is None:
            self.v = math.sin(x)
        return self.v * x


def with_keyword(g):
    def f(x, *, g=g):
        return x * g(x)

    return f


def with_list(gs):
    def f(x):
        return x * sum(g(x) for g in gs)

    return f


LOSSES = {
    "logged": (logged, 4.0),
    "text": (lambda x: float(str(x)) * x, 0.3),
    "beside a large slope": (lambda p: 1e4 * p[0] + bisect(p[1]), np.array([1.0, 4.0])),
    "vectorize": (np.vectorize(lambda x: x * bisect(x)), 4.0),
    "memo": (Memo().f, 0.5),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_found(name):
    f, x = LOSSES[name]
    with pytest.raises(TypeError, match=r"^f\(x\) expects "):
        (dn.derivative if type(x) is float else dn.gradient)(f)(x)


@pytest.mark.parametrize("make", [with_keyword, with_list])
def test_functions_that_hold_others_are_told_apart(make):
    right, wrong = (root, bisect) if make is with_keyword else ([root], [bisect])
    assert dn.derivative(make(right))(4.0) == 3.0
    with pytest.raises(TypeError, match="loses the derivative"):
        dn.derivative(make(wrong))(4.0)


def test_arguments_change_once():
    def f(x, data):
        data -= data.mean()
        data /= 2.0
        return math.exp(x) * float((data**2).sum())

    data = np.array([1.0, 2.0, 3.0])
    assert dn.derivative(f)(0.0, data) == 0.5
    np.testing.assert_array_equal(data, [-0.5, 0.0, 0.5])


class Pair(typing.NamedTuple):
    a: np.ndarray
    b: np.ndarray


def changes(x, data):
    """Changes every kind of container that a driver restores before it calls f again."""
    data["array"] *= 2.0
    data["pair"].a[...] += 1.0
    data["list"].append(3.0)
    data["new"] = data.pop("old")
    table = np.zeros(1)
    table[0] = math.sin(x)
    return table[0] * (data["array"].sum() + data["pair"].b.sum() + len(data["list"]))


def containers():
    both = np.arange(3.0)  # a and b of the pair
    return {"array": np.ones(3), "pair": Pair(both, both), "list": [0.0], "old": 0.0}


@pytest.mark.parametrize("lift", ["auto", True])
def test_a_call_changes_containers_once(lift):
    data, expected = containers(), containers()
    array = data["array"]
    changes(0.5, expected)
    assert dn.derivative(changes, lift=lift)(0.5, data) == math.cos(0.5) * (6 + 6 + 2)
    np.testing.assert_equal(data, expected)
    assert data["array"] is array


@pytest.mark.parametrize("lift", ["auto", True])
def test_a_call_that_fails_changes_nothing(lift):
    data = containers()
    with pytest.raises(TypeError, match="Decimal expects floats, got duals"):
        dn.derivative(lambda x, data: decimal.Decimal(changes(x, data)), lift=lift)(0.5, data)
    np.testing.assert_equal(data, containers())


def test_replaced_code_is_lifted_anew():
    def late(v):
        return math.sin(v)

    def f(x):
        return late(x)

    assert dn.derivative(f)(0.5) == math.cos(0.5)
    late.__code__ = (lambda v: math.cos(v)).__code__
    assert dn.derivative(f)(0.5) == -math.sin(0.5)


class Transaction:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind:
            raise RuntimeError("rolled back") from error


def transaction(x):
    a = np.zeros(1)
    with Transaction():
        a[0] = x
    return a[0]


def retries(x):
    h = 1.0
    while True:
        try:
            return math.log(x - h)
        except Exception:
            h /= 2


def masks(x):
    mask = np.array([True, False])
    mask[1] |= True
    flags = [3]
    flags[0] &= 1
    return math.sin(x) * flags[0] * mask.sum()


class Base:
    @property
    def two(self):
        return 2.0


class Derived(Base):
    def __init__(self, x):
        self.x = x

    @property
    def product(self):
        return super().two * math.sin(self.x)


def nested(x):
    def residual(u, p):
        r = np.zeros_like(u)
        r[0] = u[0] ** 2 - p * np.exp(u[0])
        return r

    return dn.jacobian(residual)(np.ones(1), x)[0, 0]


def interpolation(k):
    d = np.linspace(1.0, 2.0, 4)
    d[1] -= k * d[0]
    return d.sum()


RIGHT = {
    transaction: (0.5, 1.0),
    retries: (0.8, 1 / 0.3),
    masks: (0.5, 2 * math.cos(0.5)),
    lambda x: Derived(x).product: (0.5, 2 * math.cos(0.5)),
    nested: (2.0, -math.e),
    interpolation: (0.5, -1.0),
    lambda x: x + 1e-9 * np.tanh(x / 1e-9): (0.0, 2.0),
    lambda x: x + x * np.exp(-((x * 1e7) ** 2)): (0.0, 2.0),
}


@pytest.mark.parametrize("f", RIGHT)
def test_what_is_right_stays_right(f):
    x, want = RIGHT[f]
    for _ in range(2):
        assert dn.derivative(f)(x) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("lift", ["auto", True])
def test_an_error_of_f_for_floats_too_ends_the_search(lift):
    calls = []

    def f(x):
        calls.append(x)
        raise ValueError("expects more")

    with pytest.raises(ValueError, match="expects more"):
        dn.derivative(f, lift=lift)(0.5)
    assert len(calls) == 2


def test_the_last_obstacle_is_named():
    buffer = np.zeros(2)

    def f(x):
        buffer[0] = math.sin(x)
        return buffer[0]

    with pytest.raises(TypeError, match=r"^cannot store duals as float64"):
        dn.derivative(f)(0.3)
    with pytest.raises(TypeError, match=r"^object of type 'int' has no len\(\)$"):
        dn.derivative(lambda x: math.sin(x) + len(5))(0.3)


def test_arguments_that_hold_themselves():
    def f(x, held):
        try:
            return math.sin(x) if held[0] else x
        except TypeError:
            return x * x

    held = [1]
    held.append(held)
    assert dn.derivative(f)(0.5, held) == math.cos(0.5)
