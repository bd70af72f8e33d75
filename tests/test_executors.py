"""``workers=`` in other processes: executors, pools and Dask give the bits of one process, its errors and warnings."""

import functools
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import warnings
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from expect import raises

import dualnum as dn
from dualnum.drivers import _work

X = np.linspace(-0.9, 1.1, 11)
V = np.cos(np.arange(11.0))
MATRIX = np.cos(np.arange(726.0)).reshape(33, 22)
W = np.sin(np.arange(121.0)).reshape(11, 11)
POINTS = np.sin(np.arange(60.0)).reshape(4, 3, 5)


@pytest.fixture(autouse=True)
def rays(monkeypatch):
    """Take rays, which are many passes, where one call on polynomials would do."""
    monkeypatch.setattr(sys.modules["dualnum.drivers.derivative_tensor"], "NUMBERS", 0)


def energy(x):
    return np.sum(np.tanh(W @ x) ** 2 * x) + np.max(x) * np.prod(np.cos(x))


def field(x):
    return np.sin(W @ x) * x[::-1]


def turning(x):
    return np.sin(x) * np.roll(x, 1)


def each(x):  # of a batch
    return np.sum(np.exp(x) * x[..., ::-1], axis=-1)


def kinked(x):
    """At 0 passes near to it decide the second derivatives."""
    return np.sum(np.abs(x) ** 3 + np.maximum(x, 0) ** 2 * x[0]) + np.linalg.norm(x) ** 2


def lifted(x):
    """Needs lifting: a loop that stores into an array of floats."""
    import math

    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = math.sin(x[i]) * x[i - 1]
    return y


def scaled(tree, scale, *, shift):
    return np.sum(np.sin(tree["a"] * scale) + shift) * tree["b"]


def strided(x, a):
    return a @ np.exp(x)


def guarded(x, lock):
    with lock:
        return np.sum(x)


def raising(x):
    first = int(np.argmax(np.any(dn.tangent(x) != 0, axis=-1)))
    if first >= 4:
        raise LookupError(f"variable {first}")
    return np.sum(x)


def dying(x):
    os._exit(3)


def dividing(x):
    return np.sum(x) / 0.0


def constant(x):
    return sum(1.0 for _ in range(50) if x[0] < x[1])


def warning(x):
    warnings.warn("heard", UserWarning, stacklevel=1)
    return np.sum(x)


class Odd(Exception):
    """An exception that pickle cannot make again."""

    def __init__(self, one, two):
        super().__init__(one)


def odd(x):
    raise Odd("this", "that")


#: For each call of the drivers: what makes it with the options of a process, and its arguments.
CALLS = {
    "gradient": (functools.partial(dn.gradient, energy, chunk=3), X),
    "value_and_gradient": (functools.partial(dn.value_and_gradient, energy, chunk=2), X),
    "jacobian": (functools.partial(dn.jacobian, field, chunk=4), X),
    "value_and_jacobian": (functools.partial(dn.value_and_jacobian, field, chunk=4), X),
    "hessian": (functools.partial(dn.hessian, energy, chunk=3), X),
    "value_gradient_hessian": (functools.partial(dn.value_gradient_hessian, energy, chunk=4), X),
    "hvp": (functools.partial(dn.hvp, energy, chunk=2), X, V),
    "laplacian": (functools.partial(dn.laplacian, energy, chunk=2), X),
    "divergence": (functools.partial(dn.divergence, field, chunk=2), X),
    "curl": (functools.partial(dn.curl, turning, chunk=1), X[:3]),
    "derivative_tensor, rays": (functools.partial(dn.derivative_tensor, field, 4), X),
    "derivative_tensor, tiles": (functools.partial(dn.derivative_tensor, energy, 2, chunk=4), X),
    "taylor_polynomial": (lambda **options: polynomial_terms(**options), X),
    "batch of gradients": (functools.partial(dn.gradient, each, batched=5), POINTS),
    "batch of Hessians": (functools.partial(dn.value_gradient_hessian, each, batched=7), POINTS),
    "batch in Fortran's order": (functools.partial(dn.hessian, each, batched=2), np.asfortranarray(POINTS[0])),
    "kinks of second order": (functools.partial(dn.hessian, kinked, chunk=2), np.zeros(5)),
    "lifted": (functools.partial(dn.jacobian, lifted, chunk=3), X),
    "strides": (functools.partial(dn.jacobian, strided, chunk=3), X, MATRIX[::-3, ::2]),
    "duals by hand": (functools.partial(dn.jacobian, field, chunk=4), dn.seed(X)),
    "differences": (functools.partial(dn.finite_difference.jacobian, field, return_error=True), X),
    "second differences": (functools.partial(dn.finite_difference.hessian, turning, method="richardson"), X[:4]),
}  # fmt: skip


def polynomial_terms(**options):
    return lambda x: dn.taylor_polynomial(energy, 3, **options)(x).terms()


def numbers(result):
    """Return what makes up a result: a list of arrays of floats, the components of duals among them."""
    if isinstance(result, tuple):
        return [a for part in result for a in numbers(part)]
    return (
        list(dn.parts(result).values())
        if isinstance(getattr(result, "dtype", None), dn.DualDType)
        else [result]
    )


def same(a, b):
    a, b = numbers(a), numbers(b)
    return len(a) == len(b) and all(
        type(p) is type(q) and np.array_equal(p, q, equal_nan=True) for p, q in zip(a, b, strict=True)
    )


@pytest.fixture(scope="module", params=["spawn", "fork"])
def pool(request):
    if request.param not in multiprocessing.get_all_start_methods():  # Windows has no fork
        pytest.skip(f"this system has no {request.param}")
    with ProcessPoolExecutor(2, multiprocessing.get_context(request.param)) as executor:
        yield executor


@pytest.fixture(scope="module")
def one_pool():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_one_process(pool, name):
    make, *args = CALLS[name]
    assert same(make(workers=pool)(*args), make()(*args))


@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_one_thread(name):
    make, *args = CALLS[name]
    with ThreadPoolExecutor(2) as threads:
        assert same(make(workers=threads)(*args), make()(*args))


def test_the_map_of_a_pool_of_processes():
    with multiprocessing.get_context("spawn").Pool(1) as processes:
        for name in ("hessian", "batch of gradients"):
            make, *args = CALLS[name]
            for workers in (processes.map, processes.imap):
                assert same(make(workers=workers)(*args), make()(*args))


def test_containers_and_further_arguments(one_pool):
    tree = {"a": X, "b": 2.0}
    want = dn.gradient(scaled, chunk=3)(tree, 3.0, shift=1.0)
    got = dn.gradient(scaled, chunk=3, workers=one_pool)(tree, 3.0, shift=1.0)
    assert got.keys() == want.keys() and all(np.array_equal(got[key], want[key]) for key in want)


def test_drivers_in_drivers_stay_in_their_process(one_pool):
    """The inner driver's variables carry a level of the outer one, which no other process has."""

    def total(x, workers):
        return np.sum(dn.gradient(lambda y: np.sum(x * y**3) + energy(y), chunk=4, workers=workers)(x * x))

    want = dn.gradient(lambda x: total(x, 1))(X)
    assert np.array_equal(dn.gradient(lambda x: total(x, one_pool))(X), want)


def test_the_first_pass_that_raises_decides(one_pool):
    with raises(LookupError, "variable 4"):
        dn.gradient(raising, chunk=2, workers=one_pool)(X)
    message = "gradient(f)(x) expects f(x) to be a scalar, got shape (11,); use jacobian(f)."
    with raises(ValueError, message):
        dn.gradient(field, chunk=3, workers=one_pool)(X)


def test_an_error_cancels_what_has_not_begun():
    calls = []

    def failing(x):
        calls.append(1)
        raise LookupError("at once")

    with ThreadPoolExecutor(1) as threads:
        with raises(LookupError, "at once"):
            dn.gradient(failing, chunk=1, workers=threads, check=False, lift=False)(np.ones(400))
    assert len(calls) <= 2 * -(-400 // 4)  # two of four tasks at most


def test_a_worker_that_dies_gives_the_error_of_the_engine():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        with pytest.raises(BrokenExecutor):
            dn.gradient(dying, chunk=4, workers=executor)(X)


def test_an_exception_that_does_not_pickle(one_pool):
    with raises(RuntimeError, "Odd: this"):
        dn.gradient(odd, chunk=4, workers=one_pool)(X)


def test_floating_point_errors_follow_the_caller(one_pool):
    driver = dn.gradient(dividing, chunk=4, workers=one_pool, check=False, lift=False)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        driver(X)
    with np.errstate(divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        driver(X)


def test_warnings_come_back_once_a_line(one_pool):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        dn.gradient(warning, chunk=1, workers=one_pool)(X)
    assert [str(w.message) for w in found] == ["heard"]
    assert found[0].filename == __file__
    with pytest.warns(RuntimeWarning, match="comparisons of duals"):
        dn.gradient(constant, chunk=4, workers=one_pool)(X)


def test_what_cannot_be_pickled_is_named(one_pool, monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)

    def local(x, *_):
        return np.sum(x)

    what = "pickleable for workers in other processes, got "
    with pytest.raises(TypeError) as error:
        dn.gradient(local, chunk=4, workers=one_pool)(X)
    text = str(error.value)
    assert text.startswith(f"gradient(f)(x) expects f to be {what}")
    assert text.endswith("; use a function of a module, or install cloudpickle.") and "local" in text
    with pytest.raises(TypeError) as error:
        dn.gradient(guarded, chunk=4, workers=one_pool)(X, threading.Lock())
    start = f"gradient(f)(x) expects x and the other arguments to be {what}TypeError: "
    assert str(error.value).startswith(start)


def test_functions_without_a_module_by_cloudpickle(one_pool):
    pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    scale = 3.0
    driver = dn.jacobian(lambda x: scale * np.sin(x), chunk=4, workers=one_pool)
    assert np.array_equal(driver(X), dn.jacobian(lambda x: scale * np.sin(x), chunk=4)(X))


def test_functions_of_the_main_module(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor
            import numpy as np
            import dualnum as dn

            def f(x):
                return np.sum(np.sin(x) ** 2)

            if __name__ == "__main__":
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                    x = np.linspace(0, 1, 7)
                    assert np.array_equal(dn.hessian(f, chunk=2, workers=pool)(x), dn.hessian(f, chunk=2)(x))
                    print("same")
            """
        )
    )
    paths = os.pathsep.join([os.path.dirname(os.path.dirname(dn.__file__)), *sys.path])
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert (done.stdout, done.returncode) == ("same\n", 0), done.stderr


def test_pickled_arrays_keep_their_strides():
    a = np.arange(120.0).reshape(4, 5, 6)
    for x in (a[::2, ::-1, ::3], a.transpose(1, 0, 2), np.broadcast_to(a[0], (3, 5, 6)), a[0, :0, ::2], a[1]):
        stream, error = _work._dumped(pickle.Pickler, x)
        twin = pickle.loads(stream)
        assert error is None and np.array_equal(twin, x)
        assert x.flags.forc or twin.strides == x.strides


def test_tasks_take_several_passes_where_workers_are_few():
    class Counting(ThreadPoolExecutor):
        sizes = ()

        def submit(self, unit, items):
            self.sizes = (*self.sizes, len(items))
            return super().submit(unit, items)

    with Counting(2) as threads:
        dn.gradient(energy, chunk=1, workers=threads)(X)
    assert sum(threads.sizes) == 11 and len(threads.sizes) <= 8


@pytest.mark.parametrize("workers", [1, 2, map])
@pytest.mark.parametrize("name", CALLS)
def test_progress_tells_passes_done_of_passes(name, workers):
    make, *args = CALLS[name]
    told = []
    result = make(workers=workers, progress=lambda done, total: told.append((done, total)))(*args)
    assert same(result, make()(*args))
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)] and len(told) > 1


def test_progress_is_that_of_the_outermost_driver():
    told = []

    def f(x):
        inner = dn.gradient(energy, chunk=2, progress=lambda *_: told.append("inner"))
        return np.sum(inner(x) * np.ones(11))

    dn.gradient(f, chunk=6, progress=lambda done, total: told.append((done, total)), check=False)(X)
    assert told == [(1, 2), (2, 2)]
    what = "expects progress to be a function of (done, total), True or False"
    with raises(TypeError, f"gradient(f, progress=3) {what}, got int."):
        dn.gradient(energy, progress=3)


def test_progress_on_a_terminal_only(monkeypatch, capsys):
    from dualnum.drivers import _progress

    dn.gradient(energy, chunk=1, progress=True)(X)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(_progress, "is_terminal", lambda stream: True)
    monkeypatch.setattr(_progress, "QUIET", -1.0)
    monkeypatch.setattr(_progress, "INTERVAL", -1.0)
    dn.gradient(energy, chunk=1, progress=True)(X)
    lines = [line.rstrip() for line in capsys.readouterr().err.split("\r") if line.strip()]
    assert [line.partition(",")[0] for line in lines] == [f"{i} of 11 passes" for i in range(1, 12)]
