"""Features of the language and of NumPy that people reach for."""
# ruff: noqa

import asyncio
import contextlib
import copy
import functools
import itertools
import math
import operator
import typing
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

import numpy as np


def generator_sum(x):
    def terms():
        t = 1.0
        for n in itertools.count(1):
            if n > 20:
                return
            yield t
            t *= x / n

    return sum(terms())


def reduce_product(x):
    return functools.reduce(operator.mul, [x, x + 1, math.sqrt(x)], 1.0)


def vectorized(x):
    @np.vectorize
    def f(t):
        return math.sin(t) if t > 0 else t**2

    return f(np.array([-1.0, 0.5, 2.0]) * x)


def vectorized_otypes(x):
    f = np.vectorize(lambda t: math.exp(-t), otypes=[float])
    return f(np.arange(3) * x).sum()


def from_iterator(x):
    return np.fromiter((math.cos(k * x) for k in range(5)), dtype=float).sum()


def from_function(x):
    return np.fromfunction(lambda i, j: i * x + j * x**2, (2, 2)).sum()


def frompyfunc(x):
    f = np.frompyfunc(lambda a, b: a * math.log(b), 2, 1)
    return float(f(x, x + 1))


def concatenated(x):
    return np.r_[x, 2.0, x**2] * np.r_[1.0, np.zeros(2) + x]


def columns(x):
    return np.c_[np.ones(2) * x, np.array([x**2, 1.0])].sum(axis=0)


def stacked(x):
    return np.hstack([np.array([x]), np.ones(2), [x**2]]).cumsum()


def full_and_copy(x):
    a = np.full(4, x)
    b = copy.deepcopy(a)
    b[1:] *= 2
    return np.prod(b)


def arange_of(x):
    return np.sum(np.arange(x, x + 2.05, 0.5) ** 2)


def linspace_of(x):
    return np.trapezoid(np.linspace(0, x, 7) ** 2, np.linspace(0, x, 7))


def meshgrid_of(x):
    X, Y = np.meshgrid([x, 2 * x], [1.0, x**2], indexing="ij")
    return np.sum(np.hypot(X, Y))


def piecewise_of(x):
    t = np.array([-1.0, 0.5, 2.0]) * x
    return np.piecewise(t, [t < 0, t >= 0], [lambda v: -v, lambda v: v**2]).sum()


def select_of(x):
    t = np.linspace(0, 2, 5) * x
    return np.select([t < 1, t < 2], [t**2, 2 * t], default=3.0 * t).sum()


def einsum_of(x):
    A = np.array([[x, 1.0], [0.0, x**2]])
    return np.einsum("ij,jk->ik", A, A).trace()


def list_of_lists(x):
    A = [[x, 1.0], [2.0, x]]
    B = [[sum(A[i][k] * A[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
    return sum(map(sum, B))


def try_except(x):
    try:
        y = math.log(x - 1)
    except ValueError:
        y = x**3
    return y


def overflow_guard(x):
    try:
        return math.exp(1000 * x) + 1
    except OverflowError:
        return 50.0 * x


def attribute_error(x):
    try:
        n = x.shape[0]
    except (AttributeError, IndexError):
        x = np.array([x])
        n = 1
    return (x * n).sum() ** 2


def bare_except(x):
    try:
        return math.sin(x) * 2
    except:
        return 0.0


def memo(x):
    table = {}

    def fib(n):
        if n not in table:
            table[n] = x if n < 2 else math.tanh(fib(n - 1) + fib(n - 2))
        return table[n]

    return fib(8)


def cache_by_value(x):
    seen = {}
    for v in (x, 2 * x, x):
        seen[v] = seen.get(v, 0.0) + v**2
    return sum(seen.values())


def decorated(x):
    def scale(factor):
        def wrap(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                return factor * f(*args, **kwargs)

            return inner

        return wrap

    @scale(2.0)
    def g(t, power=3):
        return math.pow(t, power)

    return g(x, power=2.5)


def counter_closure(x):
    n = 0

    def f(t):
        nonlocal n
        n += 1
        return t**n

    return f(x) + f(x) + f(x)


@functools.singledispatch
def area(shape):
    raise TypeError(f"no area of {type(shape).__name__}")


@area.register
def _(shape: float):
    return math.pi * shape**2


@area.register(list)
def _(shape):
    return shape[0] * shape[1]


def dispatched(x):
    return area(x) + area([x, 2.0])


def matched(x):
    match x:
        case int():
            return x
        case float():
            return math.sin(x)
        case _:
            raise TypeError("a number, please")


def matched_tuple(x):
    match ("scale", x):
        case ("shift", v):
            return v + 1
        case ("scale", float(v)):
            return v**2
    return 0.0


class Unit(Enum):
    METRE = 1.0
    FOOT = 0.3048


def with_enum(x):
    return x**2 * Unit.FOOT.value


@contextlib.contextmanager
def scaled(x):
    yield x * 3


def context(x):
    with scaled(x) as y, contextlib.suppress(ZeroDivisionError):
        return math.log1p(y)


def coroutine(x):
    async def f(t):
        await asyncio.sleep(0)
        return math.sin(t)

    async def main():
        return sum(await asyncio.gather(f(x), f(2 * x)))

    return asyncio.run(main())


def thread_pool(x):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda k: math.sin(k * x), range(4)))


class Point(typing.NamedTuple):
    x: float
    y: float = 0.0


def named_tuple(x):
    p = Point(x, x**2)
    return math.hypot(*p)


def walrus(x):
    return [y for t in range(4) if (y := math.sin(t * x)) > 0.1]


def partial_of(x):
    power = functools.partial(pow, x)
    return power(3) + functools.partial(math.ldexp, x)(2)


def clipped(x):
    return np.clip(np.array([x, 5.0 * x, -x]), 0.0, 3.0).sum() + max(0.0, min(x, 10))


def floor_and_round(x):
    n = int(x)
    return (x - n) * round(x) + x // 1 + math.floor(x) * x + divmod(x, 1)[1]


def index_by_value(x):
    table = np.array([1.0, 3.0, 4.0, 2.0])
    i = int(math.floor(x))
    t = x - i
    return table[i] * (1 - t) + table[i + 1] * t


def searchsorted(x):
    knots = np.array([0.0, 1.0, 2.0])
    i = np.searchsorted(knots, x) - 1
    return (x - knots[i]) ** 2 + i


def frexp_modf(x):
    m, e = math.frexp(x)
    fraction, whole = math.modf(x)
    return m * 2**e + fraction * whole


def isfinite_guard(x):
    y = math.exp(x)
    if not math.isfinite(y) or math.isnan(y):
        return 0.0
    return math.copysign(y, -1.0)


CASES = [
    (f, x)
    for f, x in [
        (generator_sum, 0.7),
        (reduce_product, 1.3),
        (vectorized, 0.8),
        (vectorized_otypes, 0.8),
        (from_iterator, 0.8),
        (from_function, 0.8),
        (frompyfunc, 1.3),
        (concatenated, 1.3),
        (columns, 1.3),
        (stacked, 1.3),
        (full_and_copy, 1.3),
        (arange_of, 0.4),
        (linspace_of, 1.3),
        (meshgrid_of, 1.3),
        (piecewise_of, 1.3),
        (select_of, 1.3),
        (einsum_of, 1.3),
        (list_of_lists, 1.3),
        (try_except, 0.6),
        (overflow_guard, 1.3),
        (attribute_error, 1.3),
        (bare_except, 1.3),
        (memo, 0.3),
        (cache_by_value, 1.3),
        (decorated, 1.3),
        (counter_closure, 1.3),
        (dispatched, 1.3),
        (matched, 1.3),
        (matched_tuple, 1.3),
        (with_enum, 1.3),
        (context, 1.3),
        (coroutine, 0.4),
        (thread_pool, 0.4),
        (named_tuple, 1.3),
        (walrus, 0.6),
        (partial_of, 1.3),
        (clipped, 1.3),
        (floor_and_round, 1.3),
        (index_by_value, 1.3),
        (searchsorted, 1.3),
        (frexp_modf, 1.3),
        (isfinite_guard, 1.3),
    ]
]
