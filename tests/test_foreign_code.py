"""Protocols and habits of other packages: arrays of duals answer as float64 arrays do."""

import operator
import pathlib

import numpy as np
import pytest

import dualnum as dn
from dualnum.rules.foreign_errors import NOTES


class Rival:
    """An array-like of another library."""

    def __radd__(self, other):
        return "rival"

    __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __rfloordiv__ = __rmatmul__ = __radd__


@pytest.mark.parametrize(
    "hints", [{"__array_ufunc__": None}, {"__array_priority__": 1000.0}], ids=["ufunc", "priority"]
)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "floordiv", "matmul"])
@pytest.mark.parametrize("subok", [False, True], ids=["plain", "DualArray"])
def test_operators_give_up_where_float64_arrays_do(hints, name, subok):
    rival, operate = type("Hinting", (Rival,), hints)(), getattr(operator, name)
    x = dn.seed(np.ones(3)).view(dn.DualArray if subok else np.ndarray)
    assert operate(np.ones(3), rival) == operate(x, rival) == "rival"


def test_operators_do_not_give_up_for_a_lower_priority():
    class Number(Rival):
        __array_priority__ = -5.0

        def __rmul__(self, other):
            return other * 2.0

    x = dn.seed(np.ones(3))
    assert (x * Number()).dtype == object == (np.ones(3) * Number()).dtype


NUMBERS = [np.float64(2), np.float32(2), np.float16(2), np.int64(2), np.uint8(2), np.bool_(True)]
NUMBERS += [2, 2.0, True]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "iadd", "imul", "lt", "eq"]
)
@pytest.mark.parametrize("kind", [np.ndarray, dn.DualArray])
@pytest.mark.parametrize("shape", [(3,), (2, 3), ()], ids=str)
def test_operators_beside_every_scalar_type(number, name, kind, shape):
    operate = getattr(operator, name)
    values = np.linspace(1, 2, 6).reshape(2, 3)[(0,) * (2 - len(shape))] if shape else np.array(1.5)
    x = dn.seed(values).view(kind)
    assert np.array_equal(dn.value(operate(x.copy(), number)), operate(values.copy(), number))
    if not name.startswith("i"):
        assert np.array_equal(dn.value(operate(number, x)), operate(number, values))


def test_lists_that_give_nothing_up_and_priorities_of_instances():
    class Mine(list):
        __array_ufunc__ = None

        def __radd__(self, other):
            return "mine"

    rival = Rival()
    rival.__array_priority__ = 1000.0
    for x in (np.ones(2), dn.seed(np.ones(2))):
        assert x + Mine([1.0, 2.0]) == "mine" and x + rival == "rival"


def test_subclasses_in_python():
    class Sub(dn.DualArray):
        pass

    x = dn.seed(np.array([1.0, 2.0])).view(Sub)
    some = [x + 1, x * x, np.sin(x), np.dot(x, x), x.sum(), np.add.reduce(x)]
    for result in (*some, x @ x, 2 - x, x**2, x[:1], -x):
        assert isinstance(result, (dn.DualArray, dn.Dual))
    assert dn.value(x * x).tolist() == [1, 4] and dn.tangent(x * x).tolist() == [[2, 0], [0, 4]]


def test_conjugates_are_the_array_itself():
    """conj returns the array itself, as for real numbers: writing to the result writes to the array."""
    for x in (np.arange(3.0), dn.seed(np.arange(3.0))):
        x.conj()[0] = x.conjugate()[1] = x[2]
        assert dn.value(x).tolist() == [2, 2, 2]


def test_attributes_as_a_subclass_of_ndarray_has_them():
    x = dn.seed(np.ones(3))
    x.unit = "m"
    assert x.__dict__ == {"unit": "m"} and (x * 2).__dict__ == {} == x[1:].__dict__


@pytest.mark.parametrize("subok", [False, True], ids=["plain", "DualArray"])
def test_constants_by_the_type_of_the_dtype(subok):
    """x.dtype.type(2), the usual way to write a constant of x's type, fits x of any levels."""
    x = dn.seed(np.array([1.0, 2.0, 3.0])).view(dn.DualArray if subok else np.ndarray)
    two = x.dtype.type(2)
    assert type(two) is np.float64 and two == 2
    assert (two * x).dtype is x.dtype
    x[0] = x.dtype.type(0)
    assert dn.value(x)[0] == 0 and not dn.tangent(x)[0].any()
    assert x.dtype.type(x[1]) is not None and dn.value(x.dtype.type(x[1])) == 2
    assert isinstance(dn.gradient(lambda x: np.sum(x.dtype.type(2) * x), subok=subok)(np.ones(2))[0], float)
    assert dn.gradient(lambda x: x.dtype.type(2), subok=subok)(np.ones(2)).tolist() == [0, 0]
    with pytest.raises(TypeError, match=r"^x\.dtype\.type expects real numbers, got str\.$"):
        x.dtype.type("2")


NOTED = {
    "np.stack or .view": [
        lambda x: np.dot(np.asarray(x), X),
        lambda x: np.eye(3).dot(np.asarray(x)),
        lambda x: np.einsum("i,i", np.asarray(x), X),
        lambda x: np.linalg.inv(np.diag(np.asarray(x))),
        lambda x: np.interp(np.asarray(x), X, X),
        lambda x: np.average(np.asarray(x), weights=X),
    ],
    "np.zeros_like(x)": [lambda x: np.zeros(3).flat.__setitem__(0, x[0])],
    "np.asanyarray(x)": [lambda x: np.array(x, dtype=float, copy=False)],
    "dualnum.value(x)": [lambda x: x.astype(str), lambda x: x.astype("V8")],
    "with NumPy's functions": [
        lambda x: pytest.importorskip("scipy.linalg").expm(np.outer(x, x)),
        lambda x: pytest.importorskip("scipy.linalg").det(np.outer(x, x)),
    ],
    "as a loop": [lambda x: pytest.importorskip("scipy.signal").lfilter([1.0], [1.0, 0.5], x)],
}
X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(("remedy", "f"), [(remedy, f) for remedy, calls in NOTED.items() for f in calls])
@pytest.mark.parametrize(
    "driver", [dn.gradient, dn.hessian, dn.jacobian, dn.laplacian, dn.value_and_gradient]
)
def test_errors_of_other_libraries_carry_a_note(remedy, f, driver):
    with pytest.raises(Exception) as caught:
        driver(f, lift=False)(X)
    (note,) = caught.value.__notes__
    assert note.startswith("dualnum: if duals are the cause, ") and remedy in note


def test_other_errors_carry_no_note():
    with pytest.raises(ZeroDivisionError) as caught:
        dn.derivative(lambda x: 1 // 0)(1.0)
    assert not hasattr(caught.value, "__notes__")


def test_every_noted_text_is_on_the_limits_page():
    page = (pathlib.Path(__file__).parents[1] / "docs" / "limits.rst").read_text()
    missing = [text for text in NOTES if text.replace("\x7f", "\\x7f") not in page]
    assert not missing


PRINTED = [
    ({"precision": 3}, "[Dual(0.0, [1.0, 0.0]) Dual(0.143, [0.0, 1.0])]"),
    (
        {"formatter": {"float": "<{:.1f}>".format}},
        "[Dual(<0.0>, [<1.0>, <0.0>]) Dual(<0.1>, [<0.0>, <1.0>])]",
    ),
    ({"sign": "+"}, "[Dual(+0.0, [+1.0, +0.0]) Dual(+0.14285714, [+0.0, +1.0])]"),
    ({"formatter": {"all": lambda d: "d"}}, "[d d]"),
    ({}, "[Dual(0.0, [1.0, 0.0]) Dual(0.14285714, [0.0, 1.0])]"),
]


@pytest.mark.parametrize(("options", "text"), PRINTED)
def test_arrays_obey_print_options(options, text):
    for x in (dn.seed(np.array([0.0, 1 / 7])), np.asarray(dn.seed(np.array([0.0, 1 / 7])))):
        assert np.array2string(x, max_line_width=200, **options) == text
        with np.printoptions(linewidth=200, **options):
            assert str(x) == text and text[1:-1].replace(") D", "), D").replace("d d", "d, d") in repr(x)


def test_small_and_suppressed_numbers():
    tiny = dn.seed(np.array([1.0])) * 1e-9
    assert str(tiny) == "[Dual(1.0e-09, 1.0e-09)]"
    assert np.array2string(tiny, suppress_small=True) == "[Dual(0.0, 0.0)]"
    assert repr(dn.Dual(1 / 3)) == f"Dual({1 / 3!r}, 1.0)"  # of a number all digits, as of a float


MASKED = {
    "fill_value": lambda m: m.fill_value,
    "filled": lambda m: m.filled(0.0).sum() + (m.filled() == 1e20).sum(),
    "max": lambda m: m.max(),
    "min": lambda m: m.min(axis=0).sum(),
    "sort": lambda m: (np.ma.sort(m, axis=None) * np.arange(9)).sum(),
    "argmin": lambda m: m.argmin(),
    "median": lambda m: np.ma.median(m),
    "average": lambda m: np.ma.average(m, weights=np.arange(1.0, 10).reshape(3, 3)),
    "average of an axis": lambda m: np.ma.average(m, axis=1, weights=[1.0, 2.0, 5.0]).sum(),
    "average of the last": lambda m: np.ma.average(m, axis=-1, weights=[1.0, 2.0, 5.0], keepdims=True).sum(),
    "average of two axes": lambda m: np.ma.average(m, axis=(1, 0), weights=np.arange(1.0, 10).reshape(3, 3)),
    "sum of weights": lambda m: np.ma.average(m, axis=1, weights=[1.0, 2.0, 5.0], returned=True)[1].sum(),
    "dual weights": lambda m: np.ma.average(np.arange(9.0).reshape(3, 3), weights=m),
    "both": lambda m: np.ma.average(m, axis=0, weights=m[:, 0]).sum(),
}


@pytest.mark.parametrize("name", MASKED)
def test_masked_arrays_of_duals(name):
    """np.ma knows built-in dtypes only: its fill value was b'???', extrema and weights raised."""

    def f(x):
        return MASKED[name](np.ma.array(np.outer(x, x * x), mask=[[0, 1, 0], [0, 0, 0], [1, 0, 0]])) * x[0]

    x = np.array([0.7, 1.3, 2.1])
    value, gradient = dn.value_and_gradient(f)(x)
    assert value == f(x)
    np.testing.assert_allclose(gradient, dn.finite_difference.gradient(f)(x), rtol=1e-7, atol=1e-7)


def test_masked_average_checks_its_weights():
    m = np.ma.array(dn.seed(X), mask=[0, 1, 0])
    for weights, axis in ((np.ones(2), 0), (np.ones((3, 1)), None)):
        with pytest.raises((TypeError, ValueError), match=r"[Ss]hape"):
            np.ma.average(m, axis=axis, weights=weights)


def test_logaddexp_of_minus_infinity_agrees_with_logsumexp():
    special = pytest.importorskip("scipy.special")
    for x in (1.0, np.array([1.0, 2.0])):
        for f in (
            lambda x: np.logaddexp(-np.inf, x - np.inf),
            lambda x: np.logaddexp2(x - np.inf, x - np.inf),
            lambda x: np.logaddexp.reduce(np.stack([x - np.inf])),
            lambda x: special.logsumexp(np.stack([0 * x - np.inf, x - np.inf]), axis=0),
        ):
            value, slope = dn.value_and_derivative(f)(x)
            assert np.all(value == -np.inf) and np.all(slope == 0.0)
