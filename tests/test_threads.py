"""Two threads at once: levels never mix, results are those of one thread."""

import sys

import numpy as np
import pytest
from expect import together

import dualnum as dn
from dualnum import _core


@pytest.fixture(autouse=True)
def frequent_switches():
    """Let threads take turns as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_ages_are_unique():
    found = together(*[lambda: [_core.Level().age for _ in range(5000)]] * 4)
    ages = [age for part in found for age in part]
    assert len(set(ages)) == len(ages)
    assert all(part == sorted(part) for part in found)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def network(x):
    w = np.outer(x, x) / x.size
    return np.sum(np.tanh(w @ np.sin(x)) ** 2)


DRIVERS = {
    "gradient": (lambda f: dn.gradient(f), 150),
    "hessian": (lambda f: dn.hessian(f), 40),
    "gradient of gradient": (lambda f: dn.gradient(lambda x: np.sum(dn.gradient(f)(x) ** 2)), 15),
    "hvp": (lambda f: lambda x: dn.hvp(f)(x, np.ones_like(x)), 100),
}


@pytest.mark.parametrize("name", DRIVERS)
def test_drivers_in_two_threads(name):
    driver, times = DRIVERS[name]
    x, y = np.linspace(-1, 1, 12), np.linspace(0.2, 2, 7)
    want = driver(rosenbrock)(x), driver(network)(y)
    first, second = together(
        lambda: [driver(rosenbrock)(x) for _ in range(times)],
        lambda: [driver(network)(y) for _ in range(times)],
    )
    assert all(np.array_equal(result, want[0]) for result in first)
    assert all(np.array_equal(result, want[1]) for result in second)


def test_a_driver_started_inside_another_thread_of_a_driver():
    """Levels of an outer driver are seen by a thread that the function starts."""

    def f(t):
        results = together(
            lambda: dn.derivative(lambda u: t * u * u)(t), lambda: dn.derivative(lambda u: dn.sin(u))(t)
        )
        return results[0] + results[1]

    assert abs(dn.derivative(f)(0.7) - (4 * 0.7 - np.sin(0.7))) < 1e-14


def test_shared_arrays_and_large_loops():
    """Loops that release the GIL read one array at once."""
    d = dn.seed(np.linspace(0.1, 3, 40))
    wide = np.tile(d, 500)
    want = _core.tangent(np.exp(wide) * wide)
    for got in together(*[lambda: [_core.tangent(np.exp(wide) * wide) for _ in range(5)]] * 2):
        assert all(np.array_equal(g, want) for g in got)


def test_descriptors_are_cached_once():
    """The same union asked for by two threads is one object."""
    for _ in range(200):
        a, b = _core.Level(), _core.Level()
        x, y = _core.seed_scalar(1.0, a), _core.seed_scalar(2.0, b)
        first, second = together(lambda x=x, y=y: (x * y).dtype, lambda x=x, y=y: (y + x).dtype)
        assert first is second and first.levels == (a, b)


def test_scalars_in_two_threads():
    """The free list of scalars is shared."""

    def work(seed):
        total = dn.Dual(0.0, np.zeros(seed)) if seed > 1 else dn.Dual(0.0, 0.0)
        for i in range(20_000):
            total = total + dn.Dual(1.0, np.ones(seed) if seed > 1 else 1.0) * (i % 3)
        return total

    for result, seed in zip(together(lambda: work(1), lambda: work(9)), (1, 9), strict=True):
        assert result.primal == 19_999.0 and np.array_equal(np.ravel(result.tangent), np.full(seed, 19_999.0))
