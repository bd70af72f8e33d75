"""Lifting: arrays of floats that f fills learn to hold duals; drivers, threads, tracebacks and refusals."""

import copy
import importlib.util
import inspect
import math
import operator
import pickle
import re
import statistics
import sys
import traceback
import types

import numpy as np
import pytest
from expect import python, together

import dualnum as dn
from dualnum.lifting import boundary, record

X = np.array([0.5, 1.5, 2.5])
CONSTANTS = np.arange(9.0).reshape(3, 3)


def filled(make, store):
    """Return a function that makes an array, stores elements of x in it, and returns it."""

    def f(x):
        a = make(x)
        store(a, x)
        return a

    return f


def elements(a, x):
    for i in range(len(x)):
        a[i] = x[i] ** 2


def increments(a, x):
    a[...] = 0.0
    for i in range(len(x)):
        a[i] += x[i] * x[i]


def products(a, x):
    a[...] = 1.0
    for i in range(len(x)):
        a[i] *= x[i]
        a[i] /= 1 / x[i]


def whole(a, x):
    a[:] = x * x


def slices(a, x):
    a[:2], a[2:] = x[:2] ** 2, x[2] ** 2


def view(a, x):
    b = a[1:]
    a[0] = x[0] ** 2
    b[:] = x[1:] ** 2


def reversed_view(a, x):
    a[::-1][:] = (x**2)[::-1]


def mask(a, x):
    a[x > 1] = x[x > 1] ** 2
    a[x <= 1] = x[x <= 1] ** 2


def by_functions(a, x):
    np.copyto(a, x)
    np.put(a, [0, 1], [x[0] ** 2, x[1] ** 2])
    np.place(a, [False, False, True], [x[2] ** 2])


def by_methods(a, x):
    a.fill(x[0])
    a.put([0, 1, 2], x**2)


def in_place(a, x):
    a[...] = 0.0
    a += x**2


def out(a, x):
    np.multiply(x, x, out=a)


def iterated(a, x):
    for v, place in np.nditer([x, a], op_flags=[["readonly"], ["writeonly"]]):
        place[...] = v * v


def mathematics(a, x):
    for i in range(3):
        a[i] = math.pow(float(x[i]), 2)


STORES = [elements, increments, products, whole, slices, view, reversed_view, mask, by_functions, by_methods]
STORES += [in_place, out, iterated, mathematics]
MAKERS = {
    "zeros": lambda x: np.zeros(len(x)), "empty": lambda x: np.empty(3), "ones": lambda x: np.ones((3,), dtype=float),
    "full": lambda x: np.full(3, 7.0), "zeros_like": lambda x: np.zeros_like(np.arange(3.0)),
    "array": lambda x: np.array([1.0, 2.0, 3.0]), "arange": lambda x: np.arange(3.0),
    "copy": lambda x: CONSTANTS[0].copy(),
    "astype": lambda x: np.arange(3).astype(float),
    "row": lambda x: np.zeros((2, 3))[1], "column": lambda x: np.zeros((3, 2))[:, 0],
    "reshaped": lambda x: np.zeros((3, 1)).ravel(),
    "transposed": lambda x: np.zeros((3, 3)).T[0], "product": lambda x: CONSTANTS[0] * 2.0,
    "listed": lambda x: np.asarray([0.0] * 3, dtype=np.float64),
    "concatenated": lambda x: np.concatenate([np.zeros(1), np.ones(2)]),
}  # fmt: skip


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.__name__)
@pytest.mark.parametrize("name", MAKERS)
def test_arrays_of_floats_learn_to_hold_duals(name, store):
    f = filled(MAKERS[name], store)
    np.testing.assert_array_equal(f(X), X**2)
    np.testing.assert_allclose(dn.jacobian(f)(X), np.diag(2 * X), rtol=1e-15)
    np.testing.assert_allclose(dn.hessian(f)(X)[1, 1, 1], 2.0, rtol=1e-14)


SOURCES = {
    "elements": lambda x: CONSTANTS[1][[0, 1, 2]], "mask": lambda x: CONSTANTS[1][CONSTANTS[1] > 0],
    "columns": lambda x: CONSTANTS[:, [0, 1]][:, 1], "deepcopy": lambda x: copy.deepcopy(CONSTANTS[0]),
    "copy of a list": lambda x: copy.deepcopy({"a": [CONSTANTS[0]]})["a"][0], "copy": lambda x: copy.copy(CONSTANTS[0]),
    "roll": lambda x: np.roll(CONSTANTS[0], 1), "kron": lambda x: np.kron([1.0], CONSTANTS[0]),
    "cross": lambda x: np.cross([1.0, 0, 0], [0, 1.0, 0]), "meshgrid": lambda x: np.meshgrid(np.ones(3), [1.0])[0][0],
    "polyfit": lambda x: np.polyfit([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 4.0], 2),
    "loadtxt": lambda x: np.loadtxt(["1 2 3"]),
    "genfromtxt": lambda x: np.genfromtxt(["1 2 3"]), "vectorize": lambda x: np.vectorize(float)([1, 2, 3]),
    "piecewise": lambda x: np.piecewise(CONSTANTS[0], [CONSTANTS[0] > 1], [1.0, 0.0]),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: row * 1, 0, CONSTANTS[0]),
    "fromfunction": lambda x: np.fromfunction(lambda i: i * 1.0, (3,)), "mgrid": lambda x: np.mgrid[0:3.0],
    "r_": lambda x: np.r_[0.0, CONSTANTS[0, :2]], "ndarray": lambda x: np.ndarray(3),
    "linspace": lambda x: np.linspace(0.0, 1.0, 3), "eigh": lambda x: np.linalg.eigh(np.eye(3)).eigenvectors[1],
    "qr": lambda x: np.linalg.qr(np.eye(3))[1][0], "gradient": lambda x: np.gradient(CONSTANTS)[0][1],
    "unbound": lambda x: np.ndarray.copy(CONSTANTS[0]), "tile": lambda x: np.tile(CONSTANTS[0], 2)[:3],
    "as_strided": lambda x: np.lib.stride_tricks.as_strided(np.zeros(3)),
    "raveled": lambda x: CONSTANTS[:, :1].T.ravel(), "split": lambda x: np.split(np.zeros(6), 2)[1],
}  # fmt: skip


@pytest.mark.parametrize("store", [elements, in_place], ids=lambda store: store.__name__)
@pytest.mark.parametrize("name", SOURCES)
def test_new_arrays_of_any_function_of_numpy_learn(name, store):
    constants = CONSTANTS.copy()
    f = filled(SOURCES[name], store)
    np.testing.assert_allclose(dn.jacobian(f)(X), np.diag(2 * X), rtol=1e-15)
    np.testing.assert_array_equal(CONSTANTS, constants)


PLACES = [
    "K[[0, 2]]", "K[K > 1]", "K[np.ix_([0, 2], [0, 2])]", "K[0, [1, 2]]", "K[..., [0]]", "K[:, 1]", "K[1, 2]",
    "K[[0, 1], [1, 2]]", "K[np.array([True, False, True])]", "K[None, 1]", "K.T[[1, 1]]", "K[1][[0]]", "K.flat[[0, 4]]",
    "held.K[1:][0][[1, 2]]", "{'K': [K]}['K'][0][[0]]", "K[K[:, 1] > 1, ::2]", "held.K[1]", "held.K",
]  # fmt: skip
UPDATES = [(place, symbol, "x[0] ** 2") for place in PLACES for symbol in "+ - * / // % **".split()]
UPDATES += [(place, "@", "np.full((2, 2), x[0])") for place in ("K[np.ix_([0, 2], [0, 2])]", "K[[0, 2], :2]")]


@pytest.mark.parametrize("place, symbol, operand", UPDATES)
def test_augmented_assignments_learn_by_every_kind_of_index(place, symbol, operand, tmp_path):
    source = "".join(
        f"def {name}(x):\n K = {made}\n held.K = K\n {place} {symbol}= {operand}\n return K\n"
        for name, made in (
            ("of_floats", "np.full((3, 3), 2.0)"),
            ("of_duals", "2.0 + np.zeros((3, 3)) * x[0]"),
        )
    )
    path = tmp_path / "augmented.py"
    path.write_text(source)
    names = {"np": np, "held": types.SimpleNamespace(), "__name__": "augmented"}
    exec(compile(source, str(path), "exec"), names)
    got, want = (dn.jacobian(names[name])(X) for name in ("of_floats", "of_duals"))
    np.testing.assert_array_equal(got, want)
    assert np.any(want) or symbol == "//"


def integrate(x):
    """Fill a table by the trapezoidal rule, with a table of constants beside it."""
    weights = np.zeros((3, 3))
    weights[:] = np.eye(3)
    y = np.zeros(4)
    for i, row in enumerate(weights):
        y[i + 1] = y[i] + math.sin(row @ x) * (x[i] - float(x[0]))
    state = np.array([[math.cos(x[0]), -math.sin(x[0])], [math.sin(x[0]), math.cos(x[0])]])
    return np.dot(state, y[2:]).sum() + np.linalg.norm(np.asarray(x, dtype=float))


def as_formula(x):
    y = np.cumsum(np.sin(x) * (x - x[0]))
    c, s = np.cos(x[0]), np.sin(x[0])
    return (c + s) * y[1] + (c - s) * y[2] + np.sqrt(np.sum(x**2))


DRIVERS = {
    "gradient": dn.gradient, "hessian": dn.hessian, "jacobian": dn.jacobian, "laplacian": dn.laplacian,
    "chunk": lambda f, **o: dn.gradient(f, chunk=1, **o), "tiles": lambda f, **o: dn.hessian(f, chunk=2, **o),
    "workers": lambda f, **o: dn.gradient(f, chunk=1, workers=3, **o),
    "plain": lambda f, **o: dn.gradient(f, subok=False, **o),
    "third": lambda f, **o: dn.derivative_tensor(f, 3, **o), "taylor": lambda f, **o: dn.taylor(f, 4, direction=X, **o),
    "jvp": lambda f, **o: lambda x: dn.jvp(f, **o)(x, X), "hvp": lambda f, **o: lambda x: dn.hvp(f, **o)(x, X),
    "nested": lambda f, **o: dn.jacobian(dn.gradient(f, **o), **o), "value_gradient_hessian": dn.value_gradient_hessian,
    "nested thrice": lambda f, **o: dn.jacobian(dn.jacobian(dn.gradient(f, **o), **o), **o),
}  # fmt: skip


@pytest.mark.parametrize("lift", ["auto", True])
@pytest.mark.parametrize("name", DRIVERS)
def test_every_driver_lifts(name, lift):
    make = DRIVERS[name]
    got, want = make(integrate, lift=lift)(X), make(as_formula)(X)
    for a, b in zip(*([y] if not isinstance(y, tuple) else y for y in (got, want)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_arrays_of_floats_can_be_resized():
    def f(x):
        a, b = np.ones(2), np.arange(3.0)
        # from 3.14 on NumPy takes a method object, as lifted code calls, for another owner
        a.resize(4, refcheck=sys.version_info < (3, 14))
        b.resize((2, 3), refcheck=False)
        return math.sin(x) * a.size * (a.sum() + b.sum())

    assert dn.derivative(f)(0.5) == pytest.approx(4 * 5 * math.cos(0.5), rel=1e-15)


def test_batched_points():
    def f(p):
        y = np.zeros(len(p))
        y[:] = np.sqrt(p[:, 0]) * p[:, 1]
        return y

    points = np.array([[1.0, 2.0], [4.0, 3.0]])
    np.testing.assert_allclose(dn.gradient(f, batched=True)(points), [[1.0, 1.0], [0.75, 2.0]])


@pytest.mark.parametrize("lift", ["auto", True])
def test_outer_duals_that_f_closes_over(lift):
    def outer(a):
        def inner(x):
            y = np.zeros(2)
            y[0], y[1] = math.sin(x) * a, math.exp(a)
            return y.sum()

        return dn.derivative(inner, lift=lift)(a) + math.cos(a)

    a = 0.7
    want = -math.sin(a) * a + math.cos(a) - math.sin(a)
    np.testing.assert_allclose(dn.derivative(outer, lift=lift)(a), want, rtol=1e-14)


def test_duals_of_a_function_that_is_not_lifted_itself():
    def outer(a):
        def inner(x):
            y = np.zeros(1)
            y[0] = math.sin(x) * a
            return y[0]

        return dn.derivative(inner)(2.0) * a

    assert dn.derivative(outer)(3.0) == pytest.approx(6 * math.cos(2.0), rel=1e-15)


def test_eight_threads():
    want = dn.hessian(as_formula)(X)

    def work(number):
        def f(x, scale=1.0 + number):
            return integrate(x) * scale

        for _ in range(8):
            np.testing.assert_allclose(dn.hessian(f)(X), want * (1.0 + number), rtol=1e-11, atol=1e-12)

    together(*(lambda number=number: work(number) for number in range(8)))


class Model:
    """Keeps an array that its first call made."""

    def __init__(self):
        self.buffer = None

    def __call__(self, x):
        if self.buffer is None:
            self.buffer = np.zeros(3)
        for i in range(3):
            self.buffer[i] = x[i] ** 2
        return float(self.buffer.sum())


def test_an_array_that_an_earlier_call_made_is_refused_and_holds_no_dual_afterwards():
    model = Model()
    for lift in ("auto", True, "auto"):
        with pytest.raises(TypeError, match=r"^cannot store duals as float64"):
            dn.gradient(model, lift=lift)(X)
        assert model.buffer.dtype == float
    assert model(X) == np.sum(X**2)


# ---- code and its source ----------------------------------------------------------------------------------------


def module_from(path, text, name):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_edited_source_is_not_run(tmp_path):
    path = tmp_path / "edited.py"
    module = module_from(path, "import math\n\ndef f(x):\n    return math.sin(x)\n", "edited")
    path.write_text("import math\n\ndef f(x):\n    return math.cos(x)\n")
    assert dn.derivative(module.f)(0.5) == pytest.approx(math.cos(0.5), rel=1e-15)


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_modules_with_futures_and_imported_names(tmp_path, future):
    text = f"{future}import math\nfrom math import sin as s\n"
    text += "class A:\n    @staticmethod\n    def f(x: 'A'): return s(x) + math.exp(x)\n"
    module = module_from(tmp_path / "imported.py", text, "imported")
    assert dn.derivative(module.A.f)(0.5) == math.cos(0.5) + math.exp(0.5)


def test_a_command_line_program():
    script = "import math, dualnum\ndef f(x): return math.sin(x)\nprint(dualnum.derivative(f)(0.5))"
    assert float(python("-c", script, text=True, check=True).stdout) == math.cos(0.5)


def failing(x):
    y = math.exp(x)
    raise KeyError(y)  # the line of the traceback


@pytest.mark.parametrize("lift", ["auto", True])
def test_tracebacks_have_the_lines_of_the_user(lift):
    with pytest.raises(KeyError) as caught:
        dn.derivative(failing, lift=lift)(0.5)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.name) == (__file__, "failing") and "raise KeyError(y)" in last.line


def test_compiled_code_gets_the_values_of_duals_without_derivatives():
    a = 0.0 * dn.seed(X)
    written = boundary.guarded(lambda a, b: a.fill(2.0) or (a if b == 3.0 else None))(a, dn.value(a[0]) + 3.0)
    assert written is a and np.all(dn.value(a) == 2.0)
    with pytest.raises(boundary.NotLifted, match="expects floats, got duals"):
        boundary.guarded(np.fft.fft)(dn.seed(X))


def test_the_callees_that_lifting_replaces_are_reported_each_time():
    for _ in range(2):
        with record.replaced_callees() as names:
            dn.derivative(lambda x: statistics.mean([x, math.sin(x)]) + np.zeros(1).astype(float)[0])(0.5)
        assert list(names) == ["statistics.mean", "math.sin", "ndarray.astype"]


def test_refusals_name_the_call_and_the_line():
    import scipy.ndimage

    def f(x):
        return scipy.ndimage.label(x)[0].sum()

    with pytest.raises(TypeError) as caught:
        dn.gradient(f)(X)
    assert "test_lifting_arrays.py:" in str(caught.value) and "dualnum.value" in str(caught.value)
    line = inspect.getsourcelines(f)[1] + 1
    assert f":{line}, in f" in str(caught.value)


def _stored(a, x):
    a[0] = math.sin(x)


def _added(a, x):
    a[[0]] += math.sin(x)


@pytest.mark.parametrize(
    "store",
    [_stored, _added, lambda a, x: np.multiply(x, [1.0, 2.0], out=a), lambda a, x: np.copyto(a, [x, 2.0]),
     lambda a, x: a.fill(math.sin(x)), lambda a, x: operator.iadd(a, math.sin(x)), lambda a, x: a.put([0], x)],
)  # fmt: skip
def test_an_array_from_outside_of_the_call_is_named_as_the_cause(store):
    held = types.SimpleNamespace(buffer=np.zeros(2))

    def f(x):
        store(held.buffer, x)
        return held.buffer[0] * math.sin(x)

    with pytest.raises(TypeError, match=r"^cannot store duals as float64 in an array from outside") as caught:
        dn.derivative(f, lift=True)(0.5)
    assert f", at {__file__}:" in str(caught.value) and "np.zeros(n) and a.copy() hold duals" in str(
        caught.value
    )
    stored = re.search(r"py:(\d+), in", str(caught.value))
    assert store.__code__.co_firstlineno in (int(stored[1]), int(stored[1]) - 1)


def test_a_matrix_times_a_matrix():
    def f(x):
        m = np.matrix([[x, 1.0], [2.0, x]])
        return (m * m)[0, 0] + (m * [[x], [1.0]])[0, 0] + (m * 2.0)[1, 1] * math.sin(x)

    want = dn.derivative(lambda x: 2 * x * x + 3 + 2 * x * dn.sin(x))(0.5)
    assert dn.derivative(f)(0.5) == pytest.approx(want, rel=1e-15)


def test_lifted_functions_look_as_before():
    lifted = dn.lift(failing)
    assert inspect.signature(lifted) == inspect.signature(failing) and lifted.__wrapped__ is failing
    assert lifted.__name__ == "failing" and pickle.loads(pickle.dumps(failing)) is failing
    assert dn.lift(math.hypot)(3.0, 4.0) == 5.0


def test_lifting_leaves_modules_alone():
    before = {name: set(vars(sys.modules[name])) for name in ("math", "numpy", __name__)}
    dn.derivative(integrate_number, lift=True)(0.5)
    assert before == {name: set(vars(sys.modules[name])) for name in before}


def integrate_number(x):
    return integrate(np.array([x, 1.0, 2.0]))


def test_result_type_names_the_dtype_of_floats():
    def f(x):
        assert np.result_type(x, np.float32) in (np.float64, np.complex128)
        return np.sum(np.zeros(3, np.result_type(x)) + x)

    np.testing.assert_array_equal(dn.gradient(f)(X), np.ones(3))


def window(beta):
    """Kaiser's window of three elements."""
    height = np.sqrt(1 - np.array([-1.0, 0.0, 1.0]) ** 2)
    return np.i0(beta * height) / np.i0(beta)


def test_kaisers_window():
    def f(x):
        return np.kaiser(3, x[0] * x[1]) * x

    values, found = dn.value_and_jacobian(f)(X)
    np.testing.assert_array_equal(values, f(X))
    np.testing.assert_allclose(found, dn.jacobian(lambda x: window(x[0] * x[1]) * x)(X), rtol=1e-13)


CONVERSIONS = {
    "int": (lambda x: x * np.floor(x.sum() / 0.5).astype(int), lambda x: x * int(dn.value(x.sum()) / 0.5)),
    "int32": (lambda x: x * np.round(x.mean()).astype(np.int32), lambda x: x * round(dn.value(x.mean()))),
    "bool": (lambda x: x * x.mean().astype(bool), lambda x: x),
    "float": (lambda x: x * x.mean().astype(float), lambda x: x * x.mean()),
    "object": (lambda x: x * x.mean().astype(object), lambda x: x * x.mean()),
    "complex": (lambda x: x * (1j * x.mean().astype(complex)).imag, lambda x: x * x.mean()),
    "dtype": (lambda x: x * x.mean().astype(x.dtype), lambda x: x * x.mean()),
}
if hasattr(np, "astype"):
    CONVERSIONS |= {
        "np.astype float": (lambda x: np.astype(x, float) ** 2, lambda x: x**2),
        "np.astype int": (lambda x: np.astype(x, int) * x, lambda x: np.floor(dn.value(x)) * x),
    }


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions_in_lifted_code(name):
    """As of arrays: to floats a dual is what it is, integers are those of the value."""
    f, formula = CONVERSIONS[name]
    values, found = dn.value_and_jacobian(f)(X)
    np.testing.assert_array_equal(values, f(X))
    np.testing.assert_allclose(found, dn.jacobian(formula)(X), rtol=1e-13)


def test_a_conversion_to_float32_refuses():
    for f in (lambda x: x * x.mean().astype(np.float32), lambda x: x.astype(np.float32) * 2):
        with pytest.raises(TypeError, match="astype expects float64 or complex128, got float32"):
            dn.jacobian(f)(X)
