"""The memory of large arrays in a driver's call: kept for the next array, bounded, and only within the call."""

import ctypes
import functools
import os
import pathlib

import numpy as np
import pytest
from expect import ENVIRONMENT, python, together

import dualnum as dn
from dualnum import derivative, gradient, hessian, jacobian, taylor

LARGE = np.linspace(0.1, 2.0, 20_000)

# name -> (a driver that calls f with a large array, its result for f = np.sin)
CALLS = {
    "derivative": (derivative, np.cos),
    "second derivative": (lambda f: derivative(f, order=2), lambda x: -np.sin(x)),
    "third derivative": (lambda f: derivative(f, order=3), lambda x: -np.cos(x)),
    "taylor": (lambda f: taylor(f, 1), lambda x: np.stack([np.sin(x), np.cos(x)])),
    "batched gradient": (
        lambda f: lambda x: gradient(lambda v: f(v[..., 0]), batched=True)(x[:, np.newaxis])[:, 0],
        np.cos,
    ),
}


def name_of_handler(array=None):
    name = np._core.multiarray.get_handler_name
    return name() if array is None else name(array)


@pytest.mark.parametrize("call", CALLS)
def test_only_within_the_call(call):
    driver, expected = CALLS[call]
    seen = []

    def f(x):
        seen.append(name_of_handler())
        seen.append(name_of_handler(np.ones(10)))
        return np.sin(x)

    before = name_of_handler()
    for _ in range(3):  # the second time the memory is not new
        np.testing.assert_allclose(driver(f)(LARGE), expected(LARGE), rtol=1e-14)
    assert len(seen) >= 6 and set(seen) == {"dualnum"}
    assert name_of_handler() == before == "default_allocator"
    assert name_of_handler(np.ones(10)) == before


def test_not_for_small_arrays():
    seen = []
    derivative(lambda x: seen.append(name_of_handler()) or x, check=False)(np.ones(100))
    assert seen == ["default_allocator"]


def test_an_exception_ends_it():
    def f(x):
        raise KeyError

    with pytest.raises(KeyError):
        derivative(f)(LARGE)
    assert name_of_handler() == "default_allocator"


def test_drivers_in_drivers():
    seen = []

    def f(x):
        y = derivative(np.sin)(x)
        seen.append(name_of_handler())
        return y

    np.testing.assert_allclose(derivative(f, check=False)(LARGE), -np.sin(LARGE), rtol=1e-14)
    assert seen == ["dualnum"]
    assert name_of_handler() == "default_allocator"


def test_memory_that_was_used_before_is_zeroed_filled_and_resized():
    def f(x):
        for n in (20_000, 30_000, 1_000_000):
            dirty = np.full(n, np.nan)
            del dirty
            assert not np.zeros(n).any()
            assert not dn.value(np.zeros(n, dtype=x.dtype)).any()
            grown = np.arange(n, dtype=float)
            grown.resize(3 * n, refcheck=False)
            np.testing.assert_array_equal(grown[:n], np.arange(n))
            assert not grown[n:].any()
            grown.resize(5, refcheck=False)
            np.testing.assert_array_equal(grown, np.arange(5))
        return x

    np.testing.assert_array_equal(derivative(f)(LARGE), 1)


def test_arrays_outlive_the_call():
    kept = []

    def f(x):
        kept.append(x * np.arange(len(x)))
        return np.exp(x)

    results = [derivative(f, check=False)(LARGE + i) for i in range(8)]
    for i, result in enumerate(results):
        np.testing.assert_allclose(result, np.exp(LARGE + i), rtol=1e-14)
        np.testing.assert_array_equal(kept[i].primal, (LARGE + i) * np.arange(len(LARGE)))


def test_threads_take_turns():
    def work(seed):
        x = np.random.default_rng(seed).uniform(0.1, 1.0, 30_000 + 1000 * seed)
        for _ in range(20):
            np.testing.assert_array_equal(derivative(lambda v: v * v * v)(x), x * x + x * (x + x))

    together(*(functools.partial(work, seed) for seed in range(6)))


def test_a_handler_of_the_users_stays():
    handler = UsersHandler()
    seen = []
    handler.set()
    try:
        derivative(lambda x: seen.append(name_of_handler(np.ones(10))) or x, check=False)(LARGE)
    finally:
        handler.reset()
    assert seen == ["users"]


class UsersHandler:
    """NumPy's default handler under another name, set through NumPy's C interface."""

    SET, GET = 304, 305  # the places of PyDataMem_SetHandler and PyDataMem_GetHandler in that interface

    def __init__(self):
        self.interface = np._core._multiarray_umath._ARRAY_API
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        make = ctypes.pythonapi.PyCapsule_New
        make.restype = ctypes.py_object
        make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        functions = ctypes.cast(pointer(self.interface, None), ctypes.POINTER(ctypes.c_void_p))
        self.setter = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(functions[self.SET])
        getter = ctypes.PYFUNCTYPE(ctypes.py_object)(functions[self.GET])
        # a handler is a name of 127 characters, a version, and an allocator of five pointers
        size = 128 + 5 * ctypes.sizeof(ctypes.c_void_p)
        self.struct = ctypes.create_string_buffer(ctypes.string_at(pointer(getter(), b"mem_handler"), size))
        self.struct[:6] = b"users\0"
        self.capsule = make(ctypes.addressof(self.struct), b"mem_handler", None)

    def set(self):
        self.before = self.setter(self.capsule)

    def reset(self):
        self.setter(self.before)


RESIDENT = """
import os
import numpy as np
import dualnum as dn

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""

LARGE_ARRAYS = """
def f(x):
    arrays = [x * i for i in range(60)]  # 2.4 MB each
    more = [np.ones(100_000 + 50_000 * i) for i in range(30)]
    return arrays[-1]

x = np.ones(100)
dn.derivative(f)(x)
before = resident()
for n in (150_000, 140_000, 130_000):
    dn.derivative(f)(np.ones(n))
"""

PRODUCTS_OF_EVER_LARGER_MATRICES = """
before = resident()
for n in range(8, 250):
    x = np.zeros_like(dn.seed(np.zeros(3)), shape=(n, n))
    x @ x
"""


@pytest.mark.skipif(
    not pathlib.Path("/proc/self/statm").exists(), reason="the resident set is read from /proc, as on Linux"
)
@pytest.mark.parametrize(
    "work, most", [(LARGE_ARRAYS, (128 << 20) + (16 << 20)), (PRODUCTS_OF_EVER_LARGER_MATRICES, 64 << 20)]
)
def test_kept_memory_is_bounded(work, most):
    code = RESIDENT + work + "print(resident() - before)"
    options = (
        os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    )  # AddressSanitizer's quarantine keeps freed memory
    done = python("-c", code, text=True, env={**ENVIRONMENT, "ASAN_OPTIONS": options})
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < most


@pytest.mark.parametrize("driver", [gradient, hessian, jacobian])
def test_passes_of_many_variables(driver):
    """The handler is set and taken back for each of many passes."""
    x = np.linspace(-1.0, 1.0, 300)
    f = np.cos if driver is jacobian else lambda v: np.sum(np.sin(v))
    expected = {"gradient": np.cos(x), "hessian": np.diag(-np.sin(x)), "jacobian": np.diag(-np.sin(x))}
    np.testing.assert_allclose(driver(f)(x), expected[driver.__name__], rtol=1e-13, atol=1e-16)
    assert name_of_handler() == "default_allocator"
    assert isinstance(dn.value(driver(f)(x)), np.ndarray)


@pytest.mark.parametrize("driver", [gradient, hessian, jacobian], ids=lambda driver: driver.__name__)
def test_from_the_first_large_array_on(driver):
    """A function of few variables that makes large arrays of them: matrices of parameters, a grid of times."""
    seen = []

    def f(x):
        seen.append(name_of_handler())
        y = x[0] * LARGE
        seen.append(name_of_handler())
        return np.sum(y * x[1])

    driver(f, check=False)(np.array([1.0, 2.0]))
    assert seen == ["default_allocator", "dualnum"]
    assert name_of_handler() == "default_allocator"


def test_large_arrays_outside_of_drivers_are_numpys():
    x = dn.seed(np.ones(3))[0] * LARGE
    assert name_of_handler(x.view(np.ndarray).base) == name_of_handler() == "default_allocator"


OUT_OF_MEMORY = """
import resource
import numpy as np
import dualnum as dn
from scipy import special

x = np.zeros(3, dn.DualDType(4_500_000))  # 36 MB an element, which the C library asks of the system for each array
x[...] = [1.5, 0.5, 2.5]
calls = {
    "add.reduce": lambda: np.add.reduce(x),
    "maximum.reduce": lambda: np.maximum.reduce(x),
    "max": lambda: x.max(),
    "minimum.accumulate": lambda: np.minimum.accumulate(x),
    "x + 2": lambda: x + 2.0,
    "x[0] * x[1]": lambda: x[0] * x[1],
    "frexp": lambda: np.frexp(x),
    "sin": lambda: np.sin(x),
    "sort": lambda: np.sort(x),
    "matmul": lambda: x @ np.ones(3),
    "astype": lambda: np.ones(3).astype(x.dtype),
    "erf": lambda: special.erf(x),
    "list": lambda: list(x),
    "derivative": lambda: dn.derivative(np.sin)(np.ones(10_000_000)),
}
unlimited = resource.getrlimit(resource.RLIMIT_AS)
for name, call in calls.items():
    for spare in (0, 20, 60, 100):
        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + spare * 1_000_000, unlimited[1]))
        try:
            call()
        except MemoryError:
            found = "MemoryError"
        except BaseException as error:
            found = repr(error)
        else:
            found = "a result"
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
        if found != "MemoryError" and (spare == 0 or found != "a result"):
            print(name, spare, found)
"""


@pytest.mark.skipif(
    not pathlib.Path("/proc/self/statm").exists() or "ASAN_OPTIONS" in os.environ,
    reason="the test limits the address space, as Linux without the address sanitizer can",
)
def test_a_call_without_memory_raises_memory_error():
    pytest.importorskip("scipy")
    done = python("-c", OUT_OF_MEMORY, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
