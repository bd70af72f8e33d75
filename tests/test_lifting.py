"""Lifting: code for floats, by property of Python, has the derivatives of a formula in dualnum's own functions."""

import abc
import asyncio
import collections
import concurrent.futures
import contextlib
import copy
import dataclasses
import enum
import functools
import inspect
import itertools
import math
import operator
import sys
import threading
import typing

import numpy as np
import pytest

import dualnum as dn

X = 0.7
PROGRAMS = {}


def like(formula, x=X):
    """Return a decorator that notes a program together with a formula that dualnum differentiates as it is."""

    def register(f):
        name = f.__name__
        assert name not in PROGRAMS
        PROGRAMS[name] = f, formula, x
        return f

    return register


def cube_of_sine(x):
    return dn.sin(x) ** 3


def both(x):
    return dn.sin(x) * dn.exp(x)


# ---- frames, names and scopes -----------------------------------------------------------------------------------


@like(dn.sin)
def calls_in_their_own_frame(x):
    def caller():
        return sys._getframe(1).f_code.co_name

    assert caller() == "calls_in_their_own_frame" and inspect.currentframe().f_back is not None
    return math.sin(x)


@like(both)
def locals_are_as_before(x):
    y = math.exp(x)
    return math.sin(x) * y if sorted(locals()) == ["x", "y"] and eval("y") is y else -1.0


@like(dn.sin)
def globals_are_as_before(x):
    before = set(globals())
    y = math.sin(x)
    assert set(globals()) == before and not any("dualnum." in name for name in before | set(dir(math)))
    return y


COUNTER = 0


@like(dn.sin)
def global_statements(x):
    global COUNTER
    COUNTER += 1
    return math.sin(x)


@like(cube_of_sine)
def nonlocal_names(x):
    product = 1.0

    def multiply(y):
        nonlocal product
        product *= math.sin(y)

    for _ in range(3):
        multiply(x)
    return product


@like(lambda x: dn.sin(x) + 3 * x)
def closures(x):
    def inner(a):
        return lambda b: math.sin(x) + a * b

    return inner(3.0)(x)


@like(lambda x: x**900)
def recursion(x):
    def power(n):
        return 1.0 if n == 0 else float(x) * power(n - 1)

    return power(900)


@like(lambda x: dn.sin(dn.sin(x)))
def defaults_and_keywords(x, /, times=2, *rest, inner=math.sin, **others):
    for _ in range(times):
        x = inner(x)
    return x


@like(lambda x: dn.sin(x) + dn.cos(x))
def two_lambdas_on_a_line(x):
    f, g = lambda x: math.sin(x), lambda x: math.cos(x)
    return f(x) + g(x)


@like(lambda x: 3 * dn.exp(x))
def comprehensions(x):
    a = sum([math.exp(y) for y in [x]]) + sum(math.exp(y) for y in (x,))
    return a + {k: math.exp(v) for k, v in {"a": x}.items()}["a"]


@like(dn.exp)
def assignment_expressions(x):
    return y if (y := math.exp(x)) > 0 else x


@like(lambda x: dn.exp(x) + 1)
def starred_arguments(x):
    def add(a, b, *, c):
        return float(a) + b + c

    return add(*[math.exp(x), 0.5], c=0.5)


@like(dn.sqrt)
def conditions_and_exceptions(x):
    try:
        y = math.sqrt(x - 1000)
    except ValueError as error:
        assert "math domain error" in str(error) or "nonnegative" in str(error)
        y = math.sqrt(x)
    else:
        raise AssertionError
    finally:
        y = float(y)
    return y


@like(dn.exp)
def text_shows_values(x):
    return math.exp(x) if "%.3f" % x == "0.700" else -1.0  # noqa: UP031


# ---- kinds of functions -----------------------------------------------------------------------------------------


@like(lambda x: dn.exp(x) + dn.exp(2 * x))
def generators(x):
    def steps():
        received = yield math.exp(x)
        assert received == "more"
        yield math.exp(2 * x)
        return 5

    def outer():
        assert (yield from steps()) == 5

    generator = outer()
    first = next(generator)
    return first + generator.send("more")


@like(both)
def coroutines(x):
    async def wait(g):
        await asyncio.sleep(0)
        return g(x)

    async def main():
        async with Timer() as timer:
            a, b = await asyncio.gather(wait(math.sin), wait(lambda x: math.exp(x)))
        return a * b * timer.factor(x)

    return asyncio.run(main())


class Timer:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return None

    def factor(self, x):
        return math.exp(x) / math.exp(x)


@like(lambda x: 6.0 * dn.sqrt(x))
def asynchronous_generators(x):
    async def numbers():
        for i in range(1, 4):
            await asyncio.sleep(0)
            yield i * math.sqrt(x)

    async def total():
        return sum([y async for y in numbers()])

    return asyncio.run(total())


def twice(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return 2 * f(*args, **kwargs)

    return wrapper


@twice
def decorated(x):
    return math.sin(x)


@like(lambda x: 2 * dn.sin(x))
def decorators(x):
    return decorated(x)


@like(lambda x: dn.sin(x) * 8)
def partial_functions(x):
    f = functools.partial(pow_of, 3)
    return f(2.0) * functools.partial(math.sin, x)()


def pow_of(n, x):
    return math.pow(x, n)


@functools.cache
def cached(x):
    return math.exp(x)


@like(lambda x: dn.exp(x) + math.exp(2.0))
def caches_are_passed_by(x):
    return cached(x) + cached(2.0)


@functools.singledispatch
def kind(x):
    return -1000.0 * x


@kind.register(float)
def _(x):
    return math.exp(x)


@kind.register
def _(x: int):
    return -2000.0


@like(dn.exp)
def single_dispatch(x):
    return kind(x)


@like(dn.exp)
def match_statements(x):
    match x:
        case int() | bool():
            return -1.0
        case float(y):
            return math.exp(y)
        case _:
            return 0.0


@like(lambda x: 3 * dn.exp(x))
def match_within_patterns(x):
    total = 0.0
    for item in [("scale", x), {"scale": x}, [x, "no"], Point(x, 1.0)]:
        match item:
            case ("scale", float() as y) | {"scale": float() as y} if y > 100:
                total -= 1000 * y
            case ("scale", int() | float()):
                total += math.exp(item[1])
            case {"scale": y}:
                total += math.exp(y)
            case [float(), str()]:
                total += math.exp(item[0])
            case Point(u=float()):
                total += 0.0
            case _:
                total += 1e9
    return total


@like(lambda x: dn.sin(x) + dn.cos(x) + dn.exp(x) + x)
def functions_as_values(x):
    table = {"sin": math.sin, "cos": math.cos}
    total = sum(f(x) for f in table.values()) + getattr(math, "exp")(x)  # noqa: B009
    return (
        total
        + functools.reduce(lambda a, b: max(a, float(b)), [x, -1.0])
        + 0 * sorted([x], key=lambda y: math.exp(y))[0]
    )


@like(lambda x: 2 * dn.exp(x) + dn.exp(2 * x))
def higher_order_functions(x):
    a = list(map(math.exp, [x])) + [math.exp(y) for y in filter(lambda y: math.isfinite(y), [x])]
    return sum(a) + list(itertools.accumulate([x, x], lambda p, q: math.exp(p + q)))[1]


@like(lambda x: dn.exp(x) * x + x**2)
def operator_functions(x):
    return operator.add(operator.mul(math.exp(x), x), operator.pow(x, 2))


# ---- classes ----------------------------------------------------------------------------------------------------


class Base:
    scale = 2.0

    def __init__(self, x):
        self.x = float(x)

    def area(self):
        return self.scale * math.exp(self.x)


class Derived(Base):
    def __init__(self, x):
        super().__init__(x)
        self.__secret = math.sin(x)

    def area(self):
        return super().area() * self.__secret

    def kin(self):
        return __class__ is Derived

    @classmethod
    def of(cls, x):
        return cls(x)

    @staticmethod
    def sine(x):
        return math.sin(x)

    def __call__(self, y):
        return math.exp(y) * self.__secret


@like(lambda x: 2 * both(x))
def super_and_mangled_names(x):
    shape = Derived(x)
    assert shape.kin() and type(shape) is Derived and isinstance(shape, Base)
    return shape.area()


@like(lambda x: both(x) + dn.sin(x))
def callable_objects_class_and_static_methods(x):
    return Derived.of(x)(x) + Derived.sine(x)


class Kept:
    __slots__ = ("value",)

    def __new__(cls, x):
        made = super().__new__(cls)
        made.value = math.exp(x)
        return made

    def __init__(self, x):
        self.value = self.value * math.sin(x)


@like(both)
def new_init_and_slots(x):
    return Kept(x).value


class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner):
        return self if instance is None else math.fabs(getattr(instance, self.name))

    def __set__(self, instance, value):
        if not isinstance(value, float):
            raise TypeError("no float")
        setattr(instance, self.name, float(value))


class Circle:
    radius = Positive()

    def __init__(self, radius):
        self.radius = radius

    @property
    def area(self):
        return math.pi * math.pow(self.radius, 2)

    @area.setter
    def area(self, area):
        self.radius = math.sqrt(area / math.pi)

    @functools.cached_property
    def length(self):
        return 2 * math.pi * math.sqrt(self.radius**2)


@like(lambda x: math.pi * x**2)
def properties(x):
    return Circle(x).area


@like(lambda x: 2 * math.pi * dn.sqrt(x / math.pi))
def setters_and_cached_properties(x):
    circle = Circle(1.0)
    circle.area = x
    assert circle.length == circle.length
    return circle.length


@like(lambda x: math.pi * (2 * x) ** 2)
def operations_on_attributes(x):
    circle = Circle(x)
    circle.radius += x
    return circle.area


class Vector:
    def __init__(self, *items):
        self.items = [float(item) for item in items]

    def __add__(self, other):
        return Vector(*[math.fsum(pair) for pair in zip(self.items, other.items, strict=True)])

    def __mul__(self, factor):
        return (
            Vector(*[float(item) * factor for item in self.items])
            if not isinstance(factor, Vector)
            else NotImplemented
        )

    __rmul__ = __mul__

    def __matmul__(self, other):
        return math.fsum(a * b for a, b in zip(self.items, other.items, strict=True))

    def __neg__(self):
        return Vector(*[-math.fabs(item) for item in self.items])

    def __getitem__(self, i):
        return math.sqrt(self.items[i] ** 2)

    def __setitem__(self, i, value):
        self.items[i] = math.exp(value)

    def __iter__(self):
        return (math.fabs(item) for item in self.items)

    def __len__(self):
        return len(self.items)

    def __lt__(self, other):
        return math.fsum(self.items) < math.fsum(other.items)

    def __float__(self):
        return math.sqrt(self @ self)

    def __iadd__(self, other):
        self.items = [math.fsum((item, other)) for item in self.items]
        return self

    def __enter__(self):
        self.items = [math.exp(item) for item in self.items]
        return self

    def __exit__(self, *error):
        self.items = []

    def __abs__(self):
        return math.sqrt(self @ self)


OPERATORS = {
    "add": (lambda x: (Vector(x, 1.0) + Vector(x, 2.0)).items[0], lambda x: 2 * x),
    "mul": (lambda x: (Vector(x) * x).items[0], lambda x: x * x),
    "rmul": (lambda x: (x * Vector(x)).items[0], lambda x: x * x),
    "rmul of a float": (lambda x: (2.0 * Vector(x)).items[0], lambda x: 2 * x),
    "matmul": (lambda x: Vector(x, 1.0) @ Vector(x, x), lambda x: x * x + x),
    "neg": (lambda x: (-Vector(x)).items[0], lambda x: -x),
    "getitem": (lambda x: Vector(x)[0], lambda x: x),
    "setitem": (lambda x: set_first(Vector(0.0), x).items[0], dn.exp),
    "iter": (lambda x: sum([2 * y for y in Vector(x, -2.0)]), lambda x: 2 * x + 4),
    "for": (lambda x: total_of(Vector(x, -2.0)), lambda x: x + 2),
    "list": (lambda x: list(Vector(x, 1.0))[1] * tuple(Vector(1.0, x))[1], lambda x: x),
    "sum": (lambda x: sum(Vector(x, 1.0)), lambda x: x + 1),
    "lt": (lambda x: x * (Vector(x) < Vector(2.0)), lambda x: x),
    "float": (lambda x: float(Vector(x, 0.0)), lambda x: x),
    "abs": (lambda x: abs(Vector(x, 0.0)), lambda x: x),
    "iadd": (lambda x: increased(Vector(x), x).items[0], lambda x: 2 * x),
    "with": (lambda x: within(Vector(x)), dn.exp),
    "operator": (lambda x: operator.add(Vector(x), Vector(x)).items[0], lambda x: 2 * x),
    "sum of vectors": (lambda x: sum([Vector(x), Vector(x)], Vector(0.0)).items[0], lambda x: 2 * x),
}


def set_first(vector, x):
    vector[0] = x
    return vector


def total_of(vector):
    total = 0.0
    for y in vector:
        total += y
    return total


def increased(vector, x):
    vector += x
    return vector


def within(vector):
    with vector as v:
        return v.items[0]


PROGRAMS |= {f"operator {name}": (*row, X) for name, row in OPERATORS.items()}


@dataclasses.dataclass
class Point:
    u: float
    v: float = 1.0
    length: float = dataclasses.field(init=False, default=0.0)
    factor: dataclasses.InitVar[float] = 1.0

    def __post_init__(self, factor):
        if not isinstance(self.u, float):
            raise TypeError("u expects float")
        self.length = factor * math.hypot(self.u, self.v)


@dataclasses.dataclass(frozen=True)
class Frozen:
    u: float

    def __post_init__(self):
        object.__setattr__(self, "u", math.exp(self.u))


@like(lambda x: dn.sqrt(x * x + 1) + 2 * dn.sqrt(2 * x * x))
def data_classes(x):
    assert Point(1.0, 2.0) == Point(1.0, 2.0)
    moved = dataclasses.replace(Point(1.0, x), u=x, factor=2.0)
    return Point(x).length + moved.length


@like(dn.exp)
def frozen_data_classes(x):
    return dataclasses.asdict(Frozen(x))["u"]


class Pair(typing.NamedTuple):
    a: float
    b: float = 2.0

    def product(self):
        return math.exp(self.a) * self.b


@like(lambda x: 2 * dn.exp(x) + x)
def named_tuples(x):
    Row = collections.namedtuple("Row", "p q")
    return Pair(x).product() + Pair(b=x, a=0.0)._replace(a=1.0).b * Row(1.0, x).p


class Shape(abc.ABC):
    @abc.abstractmethod
    def size(self): ...


class Square(Shape):
    def __init__(self, x):
        self.x = x

    def size(self):
        return math.pow(self.x, 2)


class Mode(enum.Enum):
    EXP = "exp"

    def __call__(self, x):
        return getattr(math, self.value)(x)


@like(lambda x: x**2 * dn.exp(x))
def abstract_classes_and_enumerations(x):
    return Square(x).size() * Mode.EXP(x)


class Meta(type):
    def __call__(cls, x):
        made = super().__call__(x)
        made.y = math.exp(x)
        return made


class WithMeta(metaclass=Meta):
    def __init__(self, x):
        self.x = math.sin(x)


@like(both)
def metaclasses(x):
    made = WithMeta(x)
    return made.x * made.y


class Dynamic:
    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        if name.startswith("e_"):
            return math.exp(self.x)
        raise AttributeError(name)


@like(dn.exp)
def dynamic_attributes(x):
    return Dynamic(x).e_x


@like(lambda x: dn.exp(x) * 2)
def classes_in_functions(x):
    class Local:
        def __init__(self, y):
            self.y = math.exp(y)

        @property
        def double(self):
            return 2 * float(self.y)

    return Local(x).double


@like(both)
def context_managers(x):
    @contextlib.contextmanager
    def scaled(y):
        yield math.exp(y)

    with scaled(x) as e, contextlib.suppress(ZeroDivisionError):
        return e * math.sin(x)


@like(lambda x: 2 * dn.exp(x))
def copies_of_objects(x):
    a = copy.deepcopy({"p": [math.exp(x)]})
    return a["p"][0] + copy.copy(Circle(math.exp(x))).radius


@like(dn.exp)
def threads_in_f(x):
    results = []
    thread = threading.Thread(target=lambda: results.append(math.exp(x)))
    thread.start()
    thread.join()
    return results[0]


@like(lambda x: 6 * dn.exp(x))
def executors_in_f(x):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        a = pool.submit(math.exp, x).result() + pool.submit(lambda y: math.exp(y), x).result()
        return a + sum(pool.map(lambda i: math.exp(x), range(4)))


# ---- types and guards -------------------------------------------------------------------------------------------

GUARDS = {
    "isinstance": lambda x: math.exp(x) if isinstance(x, float) else 0.0,
    "isinstance of classes": lambda x: math.exp(x) if isinstance(x, (int, float)) else 0.0,
    "type is": lambda x: math.exp(x) if type(x) is float else 0.0,
    "type in": lambda x: math.exp(x) if type(x) in (int, float) else 0.0,
    "type name": lambda x: math.exp(x) if type(x).__name__ == "float" else 0.0,
    "class": lambda x: math.exp(x) if x.__class__ is float else 0.0,
    "issubclass": lambda x: math.exp(x) if issubclass(type(x), float) else 0.0,
    "type called": lambda x: math.exp(x) + type(x)(0),
    "float": lambda x: float(np.float64(math.exp(float(x)))),
    "is real": lambda x: math.exp(x) if np.isrealobj(x) and not np.iscomplexobj(x) else 0.0,
    "issubdtype": lambda x: np.exp(x) if np.issubdtype(np.asarray(x).dtype, np.floating) else 0.0,
    "kind": lambda x: np.exp(x) if np.asarray(x).dtype.kind == "f" else 0.0,
    "dtype": lambda x: np.exp(x) if np.asarray(x).dtype == np.float64 else 0.0,
    "finfo": lambda x: np.exp(x) + 0 * np.finfo(np.asarray(x).dtype).eps,
    "int": lambda x: math.exp(x) * (int(x) + 1) + 0 * round(x) + 0 * round(x, 2),
    "bool": lambda x: math.exp(x) * bool(x),
    "hash": lambda x: math.exp(x) * (hash(x) is not None),
    "in a list": lambda x: math.exp(x) if x in [X] else 0.0,
    "min and max": lambda x: min(math.exp(x), 1e9, key=lambda y: float(y)) + 0 * max(x, 3.0),
    "0-d": lambda x: math.exp(np.float64(x)),
    "item": lambda x: np.array([math.exp(x)]).item(),
    "tolist": lambda x: np.array([math.exp(x)]).tolist()[0],
    "is_integer": lambda x: math.exp(x) if not x.is_integer() else 0.0,
}
PROGRAMS |= {f"guard {name}": (f, dn.exp, X) for name, f in GUARDS.items()}


class Fraction:
    """Takes float(x) of an object of a class that has __float__."""

    def __init__(self, x):
        self.x = x

    def __float__(self):
        return self.x / 2


@like(lambda x: x / 2)
def float_of_objects(x):
    return float(Fraction(x))


# ---- the comparison of programs with formulas -------------------------------------------------------------------


@pytest.mark.parametrize("lift", [True, "auto"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_have_the_derivatives_of_their_formulas(name, lift):
    f, formula, x = PROGRAMS[name]
    want = dn.taylor(formula, 3)(x)
    got = dn.taylor(f, 3, lift=lift)(x)
    assert got[0] == f(x)
    np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)
    second = dn.derivative(dn.derivative(f, lift=lift), lift=lift)(x)
    np.testing.assert_allclose(second, 2 * want[2], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", PROGRAMS)
def test_lifted_functions_give_floats_for_floats(name):
    f, _, x = PROGRAMS[name]
    got = dn.lift(f)(x)
    assert type(got) is type(f(x)) and got == f(x)
