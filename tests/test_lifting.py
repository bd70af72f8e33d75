"""Lifting: code for floats, by property of Python, has the derivatives of a formula in dualnum's own functions."""

import asyncio
import functools
import inspect
import itertools
import math
import operator
import sys

import numpy as np
import pytest
from lifting_programs import (
    X,
    both,
    cube_of_sine,
    gives_floats_for_floats,
    has_the_derivatives_of_its_formula,
)
from lifting_programs import like as like_in

import dualnum as dn

PROGRAMS = {}
like = functools.partial(like_in, PROGRAMS)


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


class Labelled:
    def __init__(self, u):
        self.u = u


@like(lambda x: 3 * dn.exp(x))
def match_within_patterns(x):
    total = 0.0
    for item in [("scale", x), {"scale": x}, [x, "no"], Labelled(x)]:
        match item:
            case ("scale", float() as y) | {"scale": float() as y} if y > 100:
                total -= 1000 * y
            case ("scale", int() | float()):
                total += math.exp(item[1])
            case {"scale": y}:
                total += math.exp(y)
            case [float(), str()]:
                total += math.exp(item[0])
            case Labelled(u=float()):
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
    has_the_derivatives_of_its_formula(PROGRAMS[name], lift)


@pytest.mark.parametrize("name", PROGRAMS)
def test_lifted_functions_give_floats_for_floats(name):
    gives_floats_for_floats(PROGRAMS[name])
