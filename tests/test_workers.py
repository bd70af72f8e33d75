"""``workers=``: the passes of a driver in threads give the bits that they give one after the other."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from expect import raises

import dualnum as dn

X = np.linspace(-0.9, 1.1, 11)
V = np.cos(np.arange(11.0))
W = np.sin(np.arange(121.0)).reshape(11, 11)


def energy(x):
    return np.sum(np.tanh(W @ x) ** 2 * x) + np.max(x) * np.prod(np.cos(x))


def field(x):
    return np.sin(W @ x) * x[::-1]


def each(x):  # of a batch
    return np.sum(np.exp(x) * x[..., ::-1], axis=-1)


CALLS = {
    "gradient": (energy, X, {"chunk": 3}),
    "value_and_gradient": (energy, X, {"chunk": 2}),
    "jacobian": (field, X, {"chunk": 4}),
    "value_and_jacobian": (field, X, {"chunk": 4}),
    "hessian": (energy, X, {"chunk": 3}),
    "value_gradient_hessian": (energy, X, {"chunk": 4}),
    "hvp": (energy, X, {"chunk": 2}),
    "laplacian": (energy, X, {"chunk": 2}),
    "divergence": (field, X, {"chunk": 2}),
    "curl": (lambda x: np.sin(x) * np.roll(x, 1), X[:3], {"chunk": 1}),
}


def called(name, f, x, **options):
    driver = getattr(dn, name)(f, **options)
    return driver(x, V) if name == "hvp" else driver(x)


def same(a, b):
    a, b = (result if isinstance(result, tuple) else (result,) for result in (a, b))
    return len(a) == len(b) and all(
        type(p) is type(q) and np.array_equal(p, q, equal_nan=True) for p, q in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("workers", [2, 3, 50, -1])
@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_one_worker(name, workers):
    f, x, options = CALLS[name]
    threads = set()

    def seen(*args):
        threads.add(threading.get_ident())
        return f(*args)

    assert same(called(name, seen, x, workers=workers, **options), called(name, f, x, **options))
    if workers > 1:
        assert threading.get_ident() not in threads


@pytest.mark.parametrize("name", CALLS)
def test_maps_are_workers(name):
    f, x, options = CALLS[name]
    want = called(name, f, x, **options)
    with ThreadPoolExecutor(3) as pool:
        assert same(called(name, f, x, workers=pool.map, **options), want)
    assert same(called(name, f, x, workers=map, **options), want)


def test_several_passes_run_at_once():
    """Each pass waits for the other: one after the other they would wait in vain."""
    together = threading.Barrier(2)

    def f(x):
        together.wait(timeout=60)
        return energy(x)

    assert np.array_equal(dn.gradient(f, chunk=6, workers=2)(X), dn.gradient(energy, chunk=6)(X))


def test_one_pass_needs_no_thread():
    here = threading.get_ident()

    def f(x):
        assert threading.get_ident() == here
        return energy(x)

    assert dn.gradient(f, workers=4)(X).shape == X.shape


def test_containers_batches_and_further_arguments():
    points = np.sin(np.arange(60.0)).reshape(4, 3, 5)
    want = dn.gradient(each, batched=True, chunk=2)(points)
    assert np.array_equal(dn.gradient(each, batched=True, chunk=2, workers=3)(points), want)

    def f(tree, scale, *, shift):
        return np.sum(np.sin(tree["a"] * scale) + shift) * tree["b"]

    tree = {"a": X, "b": 2.0}
    want = dn.gradient(f, chunk=3)(tree, 3.0, shift=1.0)
    got = dn.gradient(f, chunk=3, workers=2)(tree, 3.0, shift=1.0)
    assert got.keys() == want.keys() and all(np.array_equal(got[key], want[key]) for key in want)


@pytest.mark.parametrize("inner, outer", [(1, 2), (2, 1), (2, 2)])
def test_nesting(inner, outer):
    """The outer number is seen by the inner driver's threads, and no perturbation is confused."""

    def total(x, workers):
        return np.sum(dn.gradient(lambda y: np.sum(x * y**3) + energy(y), chunk=4, workers=workers)(x * x))

    want = dn.gradient(lambda x: total(x, 1), chunk=4)(X)
    assert np.array_equal(dn.gradient(lambda x: total(x, inner), chunk=4, workers=outer)(X), want)


def test_confusion_across_threads():
    f = dn.gradient(
        lambda x: np.sum(x * dn.gradient(lambda y: np.sum(x + y), chunk=1, workers=2)(np.ones(2))), chunk=1
    )
    assert np.array_equal(f(np.ones(2)), [1.0, 1.0])


def test_the_first_pass_that_raises_decides():
    def f(x):
        first = int(np.argmax(np.any(dn.tangent(x) != 0, axis=-1)))
        if first >= 4:
            raise LookupError(f"variable {first}")
        return np.sum(x)

    for workers in (1, 4):
        with raises(LookupError, "variable 4"):
            dn.gradient(f, chunk=2, workers=workers)(X)


def test_results_of_f_are_checked():
    message = "gradient(f)(x) expects f(x) to be a scalar, got shape (11,); use jacobian(f)."
    with raises(ValueError, message):
        dn.gradient(field, chunk=3, workers=2)(X)


def test_context_reaches_the_threads():
    variable = contextvars.ContextVar("variable", default="default")
    found = []

    def f(x):
        found.append((variable.get(), np.geterr()["divide"]))
        variable.set("changed")
        return np.sum(x) / 0.0

    variable.set("set")
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        dn.gradient(f, chunk=4, workers=2, check=False, lift=False)(X)
    assert set(found) == {("set", "raise")}
    assert variable.get() == "set"


def reversing(function, places):
    return [function(place) for place in reversed(places)]


def losing(function, places):
    return map(function, places[:-1])


def repeating(function, places):
    return [function(place) for place in [*places, places[-1]]]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("workers", [reversing, losing, repeating, lambda *_: None, lambda *_: [1, 2, 3]])
def test_maps_that_do_not_keep_the_order(workers, name):
    f, x, options = CALLS[name]
    call = f"{name}(f)({'x, v' if name == 'hvp' else 'x'})"
    what = "expects workers to be an int, an executor or a map that keeps the order, "
    what += "got another order or number of results."
    with raises(ValueError, f"{call} {what}"):
        called(name, f, x, workers=workers, **options)


@pytest.mark.parametrize("name", CALLS)
def test_options_are_checked_when_the_driver_is_made(name):
    make = getattr(dn, name)
    what = "expects workers to be a positive int, -1, an executor or a map"
    for workers in (0, -2):
        with raises(ValueError, f"{name}(f, workers={workers}) {what}, got {workers}."):
            make(abs, workers=workers)
    for workers, kind in ((2.0, "float"), ("2", "str"), (None, "NoneType"), (True, "bool")):
        with raises(TypeError, f"{name}(f, workers={workers!r}) {what}, got {kind}."):
            make(abs, workers=workers)
