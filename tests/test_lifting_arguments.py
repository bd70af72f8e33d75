"""A driver calls f several times: each call finds the arguments as the first one did; they end as after one call."""

import array
import collections
import copy
import io
import itertools
import math
import random
import types
from dataclasses import dataclass

import numpy as np
import pytest

import dualnum as dn

X = 0.5


@dataclass
class Counted:
    n: int = 0


@dataclass(slots=True)
class InSlots:
    n: int = 0


class InBoth(InSlots):
    pass


def add_one(a):
    a += 1
    return a.sum()


def append_one(a):
    a.append(1)
    return len(a)


def add_length(a):
    a.add(len(a))
    return len(a)


def count_key(a):
    a["n"] += 1
    return a["n"]


def count(a):
    a.n += 1
    return a.n


def count_of(place):
    return lambda a: append_one(place(a))


def new_attribute(a):
    a.seen = getattr(a, "seen", 0) + 1
    return a.seen


def set_column(frame):
    frame["a"] = frame["a"] + 1
    return frame["a"].sum()


def set_first(series):
    series.iloc[0] += 1
    return series.sum()


def pandas(make):
    return lambda: make(pytest.importorskip("pandas"))


#: name: (what f does to its argument: a number; a fresh argument)
CASES = {
    "array": (add_one, lambda: np.zeros(3)),
    "column": (add_one, lambda: np.zeros((3, 2), order="F")[:, 1]),
    "array of objects": (lambda a: append_one(a[0]), lambda: np.array([[], None], dtype=object)),
    "list": (append_one, list),
    "deque": (append_one, lambda: collections.deque([2], maxlen=3)),
    "bytearray": (append_one, bytearray),
    "array of Python's": (append_one, lambda: array.array("d", [2.0])),
    "set": (add_length, set),
    "dict": (count_key, lambda: {"n": 0}),
    "defaultdict": (count_key, lambda: collections.defaultdict(int)),
    "Counter": (count_key, collections.Counter),
    "OrderedDict": (count_key, lambda: collections.OrderedDict(m=1, n=0)),
    "namespace": (count, lambda: types.SimpleNamespace(n=0)),
    "dataclass": (count, Counted),
    "slots": (count, InSlots),
    "slots and attributes": (count, InBoth),
    "new attribute": (new_attribute, InBoth),
    "bound method": (lambda method: method() or 1.0, lambda: types.MethodType(count, Counted())),
    "frame": (set_column, pandas(lambda pd: pd.DataFrame({"a": [0.0, 1.0]}))),
    "series": (set_first, pandas(lambda pd: pd.Series([0.0, 1.0]))),
    "generator of Python's": (lambda a: a.random(), lambda: random.Random(3)),
    "generator": (lambda a: a.random(), lambda: np.random.default_rng(3)),
    "legacy generator": (lambda a: a.rand(), lambda: np.random.RandomState(3)),
    "file": (lambda a: sum(map(float, a)), lambda: io.StringIO("1\n2\n")),
    "iterator": (sum, lambda: iter([1.0, 2.0])),
    "zip": (lambda a: sum(x * y for x, y in a), lambda: zip([1.0, 2.0], [3.0, 4.0], strict=True)),
    "endless": (lambda a: next(a) + next(a), lambda: itertools.count(1)),
    "generator expression": (sum, lambda: (x for x in [1.0, 2.0])),
    "nested": (count_of(lambda a: a["l"][0]), lambda: {"l": ([],)}),
    "in an object": (count_of(lambda a: a.n), lambda: Counted([])),
}


def shown(a):
    """Return what tells the state of an argument."""
    if isinstance(a, random.Random):
        return a.getstate()
    if isinstance(a, np.random.Generator):
        return a.bit_generator.state
    if isinstance(a, np.random.RandomState):
        return repr(a.get_state())
    if isinstance(a, types.MethodType):
        return a.__self__.n
    if hasattr(a, "read"):
        return a.read()
    return (
        list(a)
        if isinstance(a, (zip, types.GeneratorType))
        else repr(a).partition(" object at ")[0] + repr(getattr(a, "seen", None))
    )


@pytest.mark.parametrize("lifted", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_arguments_are_left_as_after_one_call(name, lifted):
    change, make = CASES[name]
    sine = math.sin if lifted else np.sin

    def f(x, a):
        return sine(x * change(a))

    plain = make()
    scale = change(plain)
    driver = dn.value_and_derivative(f)
    for _ in range(3):
        a = make()
        found = driver(X, a)
        np.testing.assert_allclose(found, (math.sin(X * scale), scale * math.cos(X * scale)), rtol=1e-15)
        assert shown(a) == shown(plain)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("driver", [dn.gradient, dn.hessian, dn.laplacian])
def test_every_pass_finds_the_same_arguments(driver, workers):
    """Of iterators, that is; with several threads f may not write to what they share."""
    x, pairs = np.linspace(1, 2, 7), [(i, i + 1.0) for i in range(7)]

    def f(x, pairs):
        return sum(a * x[i] ** 3 for i, a in pairs)

    got = driver(f, chunk=2, workers=workers)(x, iter(pairs))
    np.testing.assert_array_equal(got, driver(f)(x, pairs))


@pytest.mark.parametrize("driver", [dn.gradient, dn.hessian, lambda f, **_: dn.derivative_tensor(f, 3)])
def test_every_pass_finds_the_arguments_unchanged(driver):
    def f(x, a, counted):
        a *= 2
        return np.sum(a * x**3) * count(counted)

    x = np.linspace(1, 2, 7)
    given, once, calls = np.ones(7), np.full(7, 2.0), Counted()
    got = driver(f, chunk=2)(x, given, calls)
    np.testing.assert_allclose(got, driver(lambda x: np.sum(2.0 * x**3))(x), rtol=1e-14)
    np.testing.assert_array_equal(given, once)
    assert calls.n == 1


@pytest.mark.parametrize(
    "others", [([0.0],), (np.zeros(1),), (iter([1.0] * 9),)], ids=["list", "array", "iterator"]
)
@pytest.mark.parametrize("calls", [1, 2])
def test_passes_near_to_a_kink_find_the_arguments_unchanged(others, calls):
    """The second derivative of a kink takes more passes; f has a smooth square of one."""

    def f(x, state):
        if hasattr(state, "__next__"):
            factor = next(state)
        else:
            state[0] += 1
            factor = state[0]
        return abs(x) * abs(x) * factor

    drivers = [
        lambda a: dn.derivative(f, 2)(0.0, a),
        lambda a: dn.hessian(lambda x, a: f(x[0], a))(np.zeros(1), a)[0, 0],
        lambda a: dn.taylor(f, 2)(0.0, a)[2] * 2,
        lambda a: dn.hvp(lambda x, a: f(x[0], a))(np.zeros(1), np.ones(1), a)[0],
    ]
    for driver in drivers:
        for _ in range(calls):
            assert driver(copy.copy(others[0])) == 2


@pytest.mark.parametrize("driver", [dn.hessian, dn.value_gradient_hessian, dn.laplacian])
def test_a_function_that_begins_to_change_its_arguments_at_a_kink_is_refused_once(driver):
    """What they were before the first call is lost then; later calls keep it."""

    def f(x, a):
        if x[0] > 1:
            a[0] *= 2
        return np.sum(np.abs(x) ** 2 * a[0])

    f.__code__ = f.__code__.replace(co_name=driver.__name__)  # of which no call is known
    derivatives = driver(f)
    for _ in range(2):
        derivatives(np.array([0.5, 0.7]), np.ones(1))
    at = np.array([2.0, 0.0])
    with pytest.raises(TypeError, match="expects f to change its other arguments from its first call on"):
        derivatives(at, np.ones(1))
    a = np.ones(1)
    found, right = derivatives(at, a), driver(lambda x: np.sum(2 * np.abs(x) ** 2))(at)
    for got, expected in zip(found, right, strict=True) if isinstance(found, tuple) else [(found, right)]:
        np.testing.assert_array_equal(got, expected)
    assert a[0] == 2
