"""Protocols and habits of other packages: arrays of duals answer as float64 arrays do."""

import operator

import numpy as np
import pytest

import dualnum as dn


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
