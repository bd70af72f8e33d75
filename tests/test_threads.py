"""Two threads at once: levels never mix, results are those of one thread."""

import math
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from expect import together

import dualnum as dn
from dualnum import _core
from dualnum.lifting import registered, resolve


@pytest.fixture(autouse=True)
def frequent_switches():
    """Let threads take turns as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_the_gil_is_left_as_it_is():
    """An extension that does not declare to run without it turns it on in a free-threaded Python."""
    code = """
        import sys
        is_on = getattr(sys, "_is_gil_enabled", lambda: True)  # Python 3.13 and later can tell
        import numpy
        before = is_on()
        import dualnum
        dualnum.gradient(lambda x: x @ x)([1.0, 2.0])
        assert is_on() == before
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)


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


# ---- every driver in eight threads ---------------------------------------------------------------------------

X = np.linspace(0.2, 2.0, 9)
BATCH = np.sin(np.arange(60.0)).reshape(20, 3)
MATRIX = np.cos(np.arange(81.0)).reshape(9, 9) + 9 * np.eye(9)
HAND = dn.Dual(0.7, np.array([1.0, -2.0]))


def products(x):
    """Linear algebra, einsum and a sum over a list."""
    a = MATRIX + np.einsum("i,j->ij", x, np.sin(x))
    return np.linalg.solve(a, x) @ np.sort(x)[::-1] + np.linalg.norm(x) * sum([*x])


def ordinary(x):
    """What lifting has to replace, with storage."""
    import math

    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = math.exp(-x[i]) * x[i - 1]
    return y


def points(p):
    return np.sum(np.exp(p) * p[..., ::-1], axis=-1)


def flat(x):
    """At 0 a kink of second order."""
    return np.sum(np.abs(x) ** 3 + np.maximum(x, 0) ** 2)


#: Drivers of every family, by reverse mode too; of the same functions, which the threads share with their caches.
EVERY = {
    "derivative": lambda: dn.derivative(lambda t: dn.sin(t) * np.exp(t))(0.4),
    "derivative of order 5": lambda: dn.derivative(np.tanh, 5)(X),
    "gradient": lambda: dn.gradient(products)(X),
    "gradient in chunks": lambda: dn.gradient(products, chunk=2, workers=2)(X),
    "gradient in reverse mode": lambda: dn.gradient(network)(np.linspace(-1, 1, 200)),
    "Hessian in reverse mode": lambda: dn.hvp(network)(np.linspace(-1, 1, 200), np.ones(200)),
    "jacobian of lifted code": lambda: dn.jacobian(ordinary)(X),
    "value_gradient_hessian": lambda: dn.value_gradient_hessian(rosenbrock)(X)[2],
    "hessian at kinks": lambda: dn.hessian(flat)(np.zeros(4)),
    "batch": lambda: dn.hessian(points, batched=7)(BATCH),
    "laplacian": lambda: dn.laplacian(products, chunk=3)(X),
    "divergence": lambda: dn.divergence(np.cumsum)(X),
    "curl": lambda: dn.curl(lambda x: np.sin(x) * np.roll(x, 1))(X[:3]),
    "vhv": lambda: dn.vhv(products)(X, X),
    "taylor": lambda: dn.taylor(np.exp, 12)(X),
    "derivative_tensor": lambda: dn.derivative_tensor(rosenbrock, 4)(X[:6]),
    "taylor_polynomial": lambda: dn.taylor_polynomial(rosenbrock, 3)(X[:4]).terms()[1],
    "finite_difference": lambda: dn.finite_difference.hessian(rosenbrock)(X[:4]),
    "taylor_solve": lambda: dn.taylor_solve(lambda t, y: -y * t, (0.0, 1.0), np.ones(2)).y,
    "a shared number": lambda: dn.tangent(np.sum([HAND * HAND, dn.sin(HAND)])),
    "nested": lambda: dn.gradient(lambda x: np.sum(dn.gradient(rosenbrock)(x) ** 2))(X[:5]),
}


def test_every_driver_in_eight_threads():
    """Each thread calls all drivers, from another one on: results have the bits of one thread."""
    want = {name: call() for name, call in EVERY.items()}
    names = list(EVERY)

    def work(first):
        for name in names[first:] + names[:first]:
            np.testing.assert_array_equal(EVERY[name](), want[name], err_msg=name)
        return True

    assert all(together(*[lambda i=i: work(i * len(names) // 8) for i in range(8)]))


def test_a_driver_that_threads_share():
    driver, want = dn.hessian(rosenbrock), dn.hessian(rosenbrock)(X)
    for found in together(*[lambda: [driver(X) for _ in range(20)]] * 8):
        assert all(np.array_equal(a, want) for a in found)


def test_two_threads_call_again():
    """Both meet code that needs lifting, after f has been settled without: one while the other calls f again."""
    entered, again, ended = threading.Event(), threading.Event(), threading.Event()
    calls = []

    def f(x):
        if x > 2:
            entered.set()
            again.wait(60)
        elif x > 1:
            calls.append(None)
            if len(calls) > 1:
                again.set()
                ended.wait(60)
        return math.exp(x) if x > 1 else x * x

    derivative = dn.derivative(f)
    assert derivative(0.5) == 1.0

    def of_first():
        entered.wait(60)
        return derivative(1.5)

    def of_second():
        try:
            return derivative(2.5)
        finally:
            ended.set()

    assert together(of_first, of_second) == [math.exp(1.5), math.exp(2.5)]


def test_a_thread_sees_who_discards_derivatives_in_it_alone():
    inside, outside = threading.Event(), threading.Event()

    def watch():
        with _core.watch_values() as seen:
            inside.set()
            outside.wait(60)
            dn.value(HAND)
        return seen

    def look_too():
        inside.wait(60)
        with _core.watch_values() as seen:
            pass
        dn.value(HAND)
        outside.set()
        return seen

    assert together(watch, look_too) == [[__name__], []]


def test_what_watches_nest():
    with _core.watch_values() as outer:
        with _core.watch_values() as inner:
            dn.value(HAND)
        assert (outer, inner) == ([], [__name__])
        dn.value(HAND)
    dn.value(HAND)
    assert outer == [__name__]


def test_a_rule_registered_while_another_thread_looks_it_up(monkeypatch):
    """What was found without the rule is not kept."""

    def unruled(x):
        return float(x)

    def lifted_function(lifter, g, own=resolve.lifted_function):
        if g is unruled:
            dn.rule(unruled)(lambda x: 3 * x)
        return own(lifter, g)

    monkeypatch.setattr(resolve, "lifted_function", lifted_function)
    lifter, x = resolve.lifters()[0], dn.Dual(0.5)
    lifter.resolve(unruled)
    assert dn.tangent(lifter.resolve(unruled)(x)) == 3.0
    dn.rule(unruled)(None)


def test_rules_of_scipy_are_waited_for(monkeypatch):
    """A thread that meets SciPy while another imports its rules does not go on without them."""
    monkeypatch.setattr(registered, "SCIPY", {"sys": "a b"})
    imported, started = [], threading.Event()

    def import_extension(module, extension):
        imported.append(extension)
        if not started.is_set():
            started.set()
            registered._import_rules()  # as the second thread does now

    monkeypatch.setattr(registered.numpy_patches, "import_extension", import_extension)
    registered._import_rules()
    rules = [f"dualnum.rules.scipy.{name}" for name in "ab"]
    assert imported == [rules[0], *rules, rules[1]] and not registered.SCIPY


def test_first_calls_at_once():
    """In a fresh process: threads that import, lift, cast nets and fill caches for the first time at once."""
    code = """
        import sys, threading
        sys.setswitchinterval(1e-6)
        sys.path.insert(0, sys.argv[1])
        start, failed = threading.Barrier(8), []

        def work(i):
            start.wait()
            try:
                import numpy as np
                import test_threads
                names = list(test_threads.EVERY)
                for k in range(i, len(names), 8):
                    found = test_threads.EVERY[names[k]]()
                    start_again = test_threads.EVERY[names[k]]()
                    np.testing.assert_array_equal(found, start_again, err_msg=names[k])
            except BaseException as error:
                failed.append((i, repr(error)))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(failed)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), os.path.dirname(__file__)]
    paths = os.pathsep.join([os.path.dirname(os.path.dirname(dn.__file__)), *filter(None, sys.path)])
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr + done.stdout


def test_rules_of_tapes_are_waited_for():
    """A thread that records while another imports the rules does not go on with those that are there."""
    code = """
        import sys, threading
        import numpy as np, dualnum as dn
        started, ended = threading.Event(), threading.Event()

        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == "dualnum.reverse.reductions":
                    started.set()
                    ended.wait(1)

        sys.meta_path.insert(0, Finder())
        made = []

        def f(x):
            y = np.prod(x)
            made.append(type(y).__name__)
            return y

        first = threading.Thread(target=lambda: dn.gradient(lambda x: np.prod(x))(np.ones(100)))
        first.start()
        started.wait(60)
        dn.gradient(f, check=False)(np.ones(100))
        ended.set()
        first.join()
        assert made[0] == "RecordedNumber", made
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)
