"""Each row of the tables of lifting does on floats what its original does: value, type, error, warnings, keywords."""

import cmath
import concurrent.futures
import decimal
import fractions
import inspect
import itertools
import math
import operator
import re
import statistics
import threading
import warnings

import numpy as np
import pytest

import dualnum as dn
import dualnum.lifting.tables
from dualnum.lifting.boundary import name_of
from dualnum.lifting.resolve import FULL, MAKERS, REPLACED

DRAWS = [g for kind in (np.random.Generator, np.random.RandomState) for g in vars(kind).values()]
OTHERS = [
    threading.Thread, threading.Thread.join, concurrent.futures.Executor.submit, concurrent.futures.Executor.map,
    concurrent.futures.ThreadPoolExecutor.submit,  # they start threads
    np.empty_like, np.ndarray,  # what they return is arbitrary
    dn.Dual.astype, dn.ComplexDual.astype,  # methods of duals alone
]  # fmt: skip
ROWS = [g for g in [*REPLACED, *MAKERS] if not any(g is other for other in DRAWS + OTHERS)]


def samples():
    """Return new arguments: functions may change them."""
    return [
        0.5, -2, 0.0, True, float("inf"), 10**400, np.float64(2.5), np.int64(3), None, "ab", "1.5", 1j, range(3),
        np.array([3.0, 1.0]), np.array(1.5), np.array([2.0]), np.arange(4).reshape(2, 2), [0.25, 4.0], (1, 2, 3), [],
        [[1.0], [2.0]], ["a", "b"], fractions.Fraction(1, 3), decimal.Decimal("1.5"), int, float, np.dtype("f8"), abs,
    ]  # fmt: skip


def as_text(y):
    """Return what tells a result from another one; iterators run, functions are all alike."""
    if isinstance(y, np.ndarray):
        return type(y), y.dtype, y.shape, as_text(y.tolist())
    if isinstance(y, (list, tuple)):
        return type(y), [as_text(item) for item in y]
    if hasattr(y, "__next__"):
        return "iterator", outcome(lambda: list(itertools.islice(y, 20)), (), {})
    if callable(y) and not isinstance(y, type):
        return "function"
    return type(y), re.sub("0x[0-9a-f]+", "", repr(y))


def outcome(g, args, kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            y = as_text(g(*args, **kwargs))
        except Exception as error:
            y = next(base for base in type(error).__mro__ if base.__module__ == "builtins")
    changed = [as_text(x) for x in [*args, *kwargs.values()] if isinstance(x, (np.ndarray, list))]
    return y, [str(warning.message) for warning in caught], changed


def keywords_of(g):
    try:
        parameters = inspect.signature(g).parameters.values()
    except ValueError:
        return []
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    return [] if names == ["object", "dtype"] else names  # np.array's first one


@pytest.mark.parametrize("g", ROWS, ids=name_of)
def test_rows_do_on_floats_what_their_originals_do(g, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # "1.5" may name a file
    stands_for_g = REPLACED.get(g) or MAKERS[g](FULL, g)
    number = len(samples())
    for count, step in ((0, 1), (1, 1), (2, 2)):
        for chosen in itertools.product(range(0, number, step), repeat=count):
            for names in {(), tuple(keywords_of(g)[:count])}:
                results = []
                for function in (g, stands_for_g):
                    given = [samples()[i] for i in chosen]
                    args, kwargs = (given[len(names) :], dict(zip(names, given, strict=False)))
                    results.append((outcome(function, args, kwargs), capsys.readouterr().out))
                assert results[0] == results[1], (args, kwargs)


# ---- duals by every spelling of a call: value and derivative against differences of f --------------------------


def stores(fill):
    def f(x):
        a = np.zeros(2)
        fill(a, x)
        return a.sum()

    return f


def made_by(make):
    def f(x):
        a = make(np.array([[1.0, 2.0], [3.0, 4.0]]))
        a[0] = x
        return a.sum()

    return f


class Pair:
    def __init__(self, x):
        self.x = x

    def __iter__(self):
        yield math.sin(self.x)
        yield math.cos(self.x)


SPELLINGS = {
    "prod of arrays": lambda x: math.prod([np.array([x, 2.0]), np.array([x, x])]).sum(),
    "fsum of arrays": lambda x: math.fsum([np.array(x), np.array([x])[0]]),
    "isclose by names": lambda x: x * math.isclose(a=x, b=1.0, abs_tol=x),
    "cmath.isclose": lambda x: x * cmath.isclose(x, 1.0, abs_tol=2 * x),
    "cmath.log": lambda x: cmath.log(x).real + cmath.log(x, 2.0).real + cmath.log(2.0, x).real,
    "ldexp": lambda x: math.ldexp(x, 3) + math.ldexp(0.0, 5000),
    "asarray by position": lambda x: np.asarray([x, 1.0], float, "C").sum(),
    "require float": lambda x: np.require([x, 1.0], float, "C").sum(),
    "require int": lambda x: np.require(np.array([x, 9.0]), int).sum() * x,
    "full with an order": lambda x: np.full((2, 2), x, float, "F").sum(),
    "full by names": lambda x: np.full(fill_value=x, shape=3).sum(),
    "full_like, shape": lambda x: np.full_like(np.zeros(2), x, shape=3).sum(),
    "full_like of integers": lambda x: np.full_like(np.array([1, 2]), x).sum() * x,
    "full_like by names": lambda x: np.full_like(fill_value=x, a=[1.0, 2.0]).sum(),
    "full_like of duals": lambda x: (np.full_like(np.array([x, x]), 2.0, dtype=float) * x).sum(),
    "arange by names": lambda x: np.arange(x, stop=9.0, step=x).sum(),
    "arange of integers": lambda x: np.arange(0.0, 3 * x, dtype=int).sum() * x,
    "vectorize, otypes": lambda x: np.vectorize(lambda u: u + 0.5, otypes=[int])([x, 9 * x]).sum() * x,
    "vectorize, otypes of a number": lambda x: np.vectorize(lambda u: u * u, otypes=[int])(x) * x,
    "vectorize, excluded": lambda x: np.vectorize(lambda u, p: u * p[0], excluded=[1])([x, 1.0], [x]).sum(),
    "fromiter stops": lambda x: (lambda it: np.fromiter(it, float, 2).sum() + next(it))(
        iter([x, x, x**2, 9.0])
    ),
    "np.int64": lambda x: np.int64(9 * x) * x,
    "round by name": lambda x: round(number=9 * x) * x,
    "issubdtype by names": lambda x: x * np.issubdtype(arg1=np.array([x]).dtype, arg2=np.floating),
    "can_cast by names": lambda x: x * np.can_cast(from_=np.array([x]).dtype, to=float),
    "finfo by name": lambda x: x * (np.finfo(dtype=np.array([x]).dtype).bits),
    "mean by name": lambda x: statistics.mean(data=(x, x * x)),
    "fmean of iterators": lambda x: statistics.fmean(iter([x, 1.0]), weights=iter([x, 3.0])),
    "harmonic mean": lambda x: statistics.harmonic_mean([x, 2.0, x * x], weights=[x, 1.0, 2.0]),
    "pvariance by a mean": lambda x: statistics.pvariance([x, 1.0, 5.0], mu=np.array(x * x)),
    "copyto by names": stores(lambda a, x: np.copyto(dst=a, src=[x, x * x])),
    "copyto, where": stores(lambda a, x: np.copyto(a, x, where=[True, False])),
    "place by names": stores(lambda a, x: np.place(arr=a, mask=[True, False], vals=[x])),
    "put_along_axis": stores(lambda a, x: np.put_along_axis(arr=a, indices=np.arange(2), values=x, axis=0)),
    "put": stores(lambda a, x: a.put([0], values=x)),
    "the result of a method": made_by(lambda a: a.sum(axis=0)),
    "the result of dot": made_by(lambda a: a.dot([1.0, 2.0])),
    "the result of clip": made_by(lambda a: a.clip(0.0, 3.0)),
    "max of an iterable": lambda x: max(Pair(x)) + sorted(Pair(x))[0],
    "values of fromkeys": lambda x: dict.fromkeys(["a", "b"], Pair(x))["b"].x * x,
    "functions as data": lambda x: operator.mul(x, max(math.floor, math.ceil, key=lambda g: g(0.5))(9 * x)),
}


@pytest.mark.parametrize("f", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_calls_keep_value_and_derivative(f):
    x, h = 0.7, 2.0**-12
    assert dn.value(dn.lift(f)(dn.Dual(x))) == f(x)
    exact = (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)
    assert dn.derivative(f, lift=True, check=False)(x) == pytest.approx(exact, rel=1e-9)


def test_harmonic_mean_of_a_zero_has_the_slope_of_its_limit():
    def f(x):
        return statistics.harmonic_mean([x, 2.0, 4.0])

    with np.errstate(divide="ignore"):
        assert dn.derivative(f)(0.0) == 3.0


def test_fromiter_counts():
    with pytest.raises(ValueError, match="iterator too short"):
        dn.lift(lambda x: np.fromiter([x], float, 2))(dn.Dual(0.7))


def test_draws_that_overflow_and_neighbours_of_infinity_keep_their_values():
    def f(x):
        rng = np.random.default_rng(1)
        return np.append(rng.lognormal(x, 1.0, 2), np.nextafter(1e308 * x, np.inf))

    with np.errstate(over="ignore", invalid="ignore"):
        assert np.array_equal(dn.value(dn.lift(f)(dn.Dual(800.0))), f(800.0))


@pytest.mark.parametrize("g", [g for g in ROWS if getattr(g, "__module__", "") == "math"], ids=name_of)
def test_rows_of_math_have_its_values_and_errors_on_duals_without_warnings(g):
    def on_duals(*args):
        duals = [dn.Dual(x, [1.0]) for x in args if type(x) is float]
        y = REPLACED[g](*duals, *args[len(duals) :])
        return tuple(map(dn.value, y)) if isinstance(y, tuple) else dn.value(y)

    numbers = [0.0, -0.0, 5e-324, 0.7, 1.0, -2.5, 1e-300, 1e300, -1e300, math.inf, -math.inf, math.nan]
    # a dual power of infinity warns as NumPy's does
    second = [*(x for x in numbers if g is not math.pow or abs(x) < math.inf), 3, -5000, 5000]
    for args in [*zip(numbers), *itertools.product(numbers, second)]:
        assert outcome(on_duals, args, {}) == outcome(g, args, {}), args
