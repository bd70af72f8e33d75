"""Drivers as objects: what they show of f, how they bind, print, copy and pickle."""

import copy
import functools
import inspect
import multiprocessing
import operator
import pickle

import numpy as np
import pytest

import dualnum as dn

POINTS = [np.array([0.5, 2.0]), np.array([1.5, -1.0])]


def product(x: np.ndarray, scale: float = 1.0) -> float:
    """The product of the elements."""
    return scale * np.prod(x)


def square(x):
    return x * x


class Model:
    """A method made by a driver is called with the instance, as functions are."""

    factor = 3.0

    def loss(self, x):
        return self.factor * np.sum(x * x)

    gradient = dn.gradient(loss, argnum=1)


DRIVERS = [
    dn.derivative(square),
    dn.derivative(square, 2, batched=True),
    dn.value_and_derivative(square, 3),
    dn.gradient(product),
    dn.gradient(product, argnum=(0,), chunk=1, subok=False, workers=-1),
    dn.gradient(np.prod),
    dn.jacobian(dn.gradient(product)),
    dn.value_and_jacobian(np.cumsum, batched=False),
    dn.hessian(product),
    dn.value_gradient_hessian(np.prod),
    dn.laplacian(product, chunk=1),
    dn.taylor(product, 3, direction=[1.0, 2.0]),
    dn.derivative_tensor(product, 3),
    dn.finite_difference.gradient(product, method="complex", return_error=True),
    dn.finite_difference.derivative(square, 2, method="richardson"),
    functools.partial(dn.hvp(product), v := np.ones(2)).func,
]
#: An option of every driver, and a value that is not its default.
EVERY = {"argnum": -1, "subok": False, "lift": False}
MAKERS = [
    make
    for module in (dn, dn.finite_difference)
    for make in vars(module).values()
    if inspect.isfunction(make) and "argnum" in inspect.signature(make).parameters
    if make is not dn.sparsity  # which calls f on no duals
]


def test_representation_names_the_driver_its_options_and_the_function():
    assert repr(dn.gradient(product)) == "<dualnum.gradient of product>"
    assert (
        repr(dn.gradient(product, argnum=1, workers=-1))
        == "<dualnum.gradient(argnum=1, workers=-1) of product>"
    )
    assert repr(dn.derivative(square)) == "<dualnum.derivative of square>"
    assert repr(dn.derivative(square, 2)) == "<dualnum.derivative(order=2) of square>"
    assert repr(dn.hessian(product, batched=100)) == "<dualnum.hessian(batched=100) of product>"
    assert repr(dn.jacobian(dn.gradient(product))) == "<dualnum.jacobian of <dualnum.gradient of product>>"
    assert repr(dn.gradient(functools.partial(product))).startswith("<dualnum.gradient of functools.partial(")
    assert repr(dn.finite_difference.hessian(np.prod)) == "<dualnum.finite_difference.hessian of prod>"


@pytest.mark.parametrize("driver", DRIVERS, ids=repr)
@pytest.mark.parametrize("again", [lambda d: pickle.loads(pickle.dumps(d)), copy.copy, copy.deepcopy])
def test_copies_compute_the_same(driver, again):
    driver.note = [1]
    twin = again(driver)
    assert twin is not driver and repr(twin) == repr(driver) and twin.note == [1]
    args = (POINTS[0], POINTS[1]) if "hvp" in repr(driver) else (POINTS[0],)
    np.testing.assert_equal(twin(*args), driver(*args))
    del driver.note


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: f"{make.__module__}.{make.__name__}")
def test_every_driver_has_the_options_of_every_driver(make):
    order = {"order": 2} if "order" in inspect.signature(make).parameters else {}
    driver = make(square, **order, **EVERY)
    for twin in (driver, pickle.loads(pickle.dumps(driver))):
        assert {name: getattr(twin, name) for name in EVERY} == EVERY
        assert all(f"{name}={option}" in repr(twin) for name, option in EVERY.items())


@pytest.mark.parametrize(
    "driver",
    [
        dn.derivative(operator.mul, argnum=(0, 1), subok=False, lift=False),
        dn.value_and_derivative(operator.mul, argnum=(0, 1), subok=False, lift=False),
        *(dn.derivative_tensor(operator.mul, order, subok=False, lift=False) for order in (1, 2)),
    ],
    ids=repr,
)
def test_a_driver_hands_its_options_on_to_those_that_it_calls(driver, monkeypatch):
    found, kind = [], type(driver)
    check = kind.check_options
    monkeypatch.setattr(
        kind, "check_options", lambda inner, *options: (found.append(inner), check(inner, *options))
    )
    driver(2.0, 3.0)
    assert found and all((inner.subok, inner.lift) == (False, False) for inner in found)


def test_a_driver_pickles_when_its_function_does():
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(dn.gradient(lambda x: x))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_pool_of_processes_maps_a_driver(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.map_async(dn.gradient(np.prod), POINTS).get(60)
    np.testing.assert_array_equal(found, [[2.0, 0.5], [-1.0, 1.5]])


def test_unpickled_points_are_float64():
    x = pickle.loads(pickle.dumps(POINTS[0]))
    for make in (dn.gradient, dn.hessian):
        np.testing.assert_array_equal(make(np.prod)(x), make(np.prod)(POINTS[0]))
    np.testing.assert_array_equal(dn.tangent(dn.seed(x)), np.eye(2))


def test_a_driver_looks_like_its_function():
    driver = dn.gradient(product)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(driver, name) == getattr(product, name)
    assert driver.__wrapped__ is product
    assert inspect.signature(driver) == inspect.signature(product)
    assert str(inspect.signature(dn.jvp(product))) == "(*args, **kwargs)"
    assert not hasattr(dn.jvp(product), "__wrapped__")
    with pytest.raises(AttributeError, match="has no attribute 'grad'"):
        driver.grad  # noqa: B018
    assert dn.gradient(functools.partial(product)).__name__ == "gradient"

    @functools.wraps(driver)
    def wrapper(x):
        return driver(x)

    assert (wrapper.__name__, wrapper.__doc__, wrapper.__module__) == ("product", product.__doc__, __name__)
    functools.update_wrapper(driver, square)
    assert (driver.__name__, driver.__doc__) == ("square", None)


def test_a_driver_binds_as_a_method():
    np.testing.assert_array_equal(Model().gradient(POINTS[0]), [3.0, 12.0])
    assert isinstance(Model.gradient, type(dn.gradient(product)))


def test_making_a_driver_asks_nothing_of_the_function():
    class Function:
        def __call__(self, x):
            return x * x

        def __getattribute__(self, name):
            assert name in ("__doc__", "__module__") or made, name
            return object.__getattribute__(self, name)

    made = False
    driver = dn.derivative(Function())
    made = True
    assert driver(3.0) == 6.0


def test_wraps_gives_a_driver_another_look():
    driver = functools.wraps(len)(dn.gradient(product))
    assert (driver.__name__, driver.__wrapped__, driver.__doc__) == ("len", len, len.__doc__)
    assert driver(np.array([2.0, 3.0])).tolist() == [3.0, 2.0]
