"""Formulas: what they compute, what they refuse, and that nothing but arithmetic can happen in them."""

import math

import numpy as np
import pytest

import dualnum
from dualnum import functions
from dualnum.cli import formula
from dualnum.cli.formula import ALIASES, CONSTANTS, OTHERS, PREFIXES, Expression

VALUES = {
    "exp(-x**2)*sin(3*x)": lambda x: np.exp(-(x**2)) * np.sin(3 * x),
    "-x": lambda x: -x,
    "+x": lambda x: x,
    "x + 2 - 3": lambda x: x - 1,
    "x / 4 * 3": lambda x: x / 4 * 3,
    "7 // x": lambda x: 7 // x,
    "7 % x": lambda x: 7 % x,
    "2 ** x": lambda x: 2**x,
    "-x**2": lambda x: -(x**2),
    "np.sin(x) + numpy.cos(x) + math.tan(x)": lambda x: np.sin(x) + np.cos(x) + np.tan(x),
    "pi * e + np.pi": lambda x: math.pi * math.e + math.pi,
    "x if x > 0.5 else -x": lambda x: x if x > 0.5 else -x,
    "where(x >= 2, x, 3 * x)": lambda x: x if x >= 2 else 3 * x,
    "max(x, 1) + min(x, 1)": lambda x: max(x, 1.0) + min(x, 1.0),
    "abs(-x)": lambda x: abs(-x),
    "(x < 1) + (x <= 1) + (x == 1) + (x != 1)": lambda x: float((x < 1) + (x <= 1) + (x == 1) + (x != 1)),
    " x ": lambda x: x,
}


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize("x", [0.4, 1.0, 2.7])
def test_value_is_numpys(text, x):
    f = Expression(text)
    assert f(*[np.float64(x)] * len(f.variables)) == pytest.approx(VALUES[text](np.float64(x)), rel=1e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x[0] * x[-1]", 3.0),
        ("sum(x[1:])", 5.0),
        ("sum(x**2)", 14.0),
        ("prod(x) - mean(x)", 4.0),
        ("max(x) - min(x)", 2.0),
        ("dot(x, x)", 14.0),
        ("x @ x", 14.0),
        ("sum(x[::2])", 4.0),
    ],
)
def test_vector(text, expected):
    assert Expression(text)(np.array([1.0, 2.0, 3.0])) == expected


def test_matrix_subscript():
    assert Expression("m[0, 1] + m[1, :][0]")(np.array([[1.0, 2.0], [3.0, 4.0]])) == 5.0


def test_variables_are_in_order_of_appearance():
    assert Expression("sin(y) * x + pi * y").variables == ("y", "x")
    assert Expression("sin(y) * x")(0.0, 3.0) == 0.0
    assert Expression("2 + pi").variables == ()


def test_number_of_values_is_checked():
    with pytest.raises(TypeError) as caught:
        Expression("x * y")(1.0)
    assert str(caught.value) == "'x * y' expects 2 values (x, y), got 1"


@pytest.mark.parametrize("name", functions.__all__)
def test_every_function_of_the_table_can_be_called(name):
    assert name in formula._function_table()
    arguments = ", ".join("xy"[: 2 if name in {row.name for row in dualnum._core.BINARY} else 1])
    assert Expression(f"{name}({arguments})").variables == tuple(arguments.split(", "))


def test_no_name_has_two_meanings():
    assert not set(CONSTANTS) & set(formula._function_table())
    assert not set(PREFIXES) & set(formula._function_table())
    assert set(ALIASES.values()) <= set(functions.__all__)
    assert not set(OTHERS) & set(functions.__all__)


def test_derivatives():
    x = 0.4
    f = Expression("exp(-x**2)*sin(3*x)")
    slope = -2 * x * math.exp(-(x**2)) * math.sin(3 * x) + 3 * math.exp(-(x**2)) * math.cos(3 * x)
    assert dualnum.derivative(f)(x) == pytest.approx(slope, rel=1e-15)
    np.testing.assert_array_equal(
        dualnum.gradient(Expression("x[0] * x[1]"))(np.array([2.0, 5.0])), [5.0, 2.0]
    )


REFUSALS = {
    "": "'' is not a formula: invalid syntax",
    "x +": "'x +' is not a formula: invalid syntax",
    "x y": "'x y' is not a formula: invalid syntax",
    "x = 1": "'x = 1' is not a formula: invalid syntax",
    "x; y": "'x; y' is not a formula: invalid syntax",
    "x\0": None,
    "sine(x)": "unknown function 'sine'; did you mean sin?",
    "zeta(x)": "unknown function 'zeta'",
    "x(1)": "unknown function 'x'",
    "sin": "'sin' is a function: give its argument in parentheses",
    "x ^ 2": "'x ^ 2' has an operator that is not allowed in a formula; a power is written **",
    "x & 1": "'x & 1' has an operator that is not allowed in a formula; a power is written **",
    "sin(x, out=x)": "'sin(x, out=x)' has a keyword argument, which is not allowed in a formula",
    "x.real": "'x.real' is not allowed in a formula",
    "np.load": "'np.load' is not allowed in a formula",
    "np.open('f')": "unknown function 'open'",
    "os.system('ls')": "\"os.system('ls')\" is not allowed in a formula",
    "__import__('os')": "unknown function '__import__'",
    "().__class__": "'().__class__' is not allowed in a formula",
    "_x": "'_x' is not allowed in a formula",
    "'a'": "\"'a'\" is not allowed in a formula",
    "True": "'True' is not allowed in a formula",
    "[x]": "'[x]' is not allowed in a formula",
    "(x, x)": "'(x, x)' is not allowed in a formula",
    "{1: x}": "'{1: x}' is not allowed in a formula",
    "lambda: x": "'lambda: x' is not allowed in a formula",
    "(lambda: x)()": "'(lambda: x)()' is not allowed in a formula",
    "[y for y in x]": "'[y for y in x]' is not allowed in a formula",
    "(y := x)": "'y := x' is not allowed in a formula",
    "f'{x}'": "\"f'{x}'\" is not allowed in a formula",
    "x and y": "'x and y' is not allowed in a formula",
    "not x": "'not x' is not allowed in a formula",
    "0 < x < 1": "'0 < x < 1' is not allowed in a formula",
    "x is x": "'x is x' is not allowed in a formula",
    "x in y": "'x in y' is not allowed in a formula",
    "sum(*x)": "'*x' is not allowed in a formula",
    "x[y]": "'y' is not allowed as an index; use integers",
    "x['a']": "\"'a'\" is not allowed as an index; use integers",
    "x[1.5]": "'1.5' is not allowed as an index; use integers",
    "x[True]": "'True' is not allowed as an index; use integers",
    "await x": None,
    f"{'9' * 400} * x": f"'{'9' * 56} ...' is too large",
    "x" * 10_001: "the formula is longer than 10000 characters",
}


@pytest.mark.parametrize("text", REFUSALS, ids=lambda text: repr(text[:20]))
def test_refusal(text):
    expected = REFUSALS[text]
    with pytest.raises(ValueError) as caught:
        Expression(text)
    if expected is not None:
        assert str(caught.value) == expected


@pytest.mark.parametrize("text", ["(" * 4000 + "x" + ")" * 4000, "-" * 9000 + "x", "x" + "+x" * 4900])
def test_deep_nesting_is_refused_or_computed(text):
    try:
        value = Expression(text)(1.0)
    except ValueError as error:
        assert len(str(error)) < 20_100
    else:
        assert math.isfinite(value)


def test_power_of_large_integers_ends():
    with pytest.raises(OverflowError):
        Expression("9**9**9**9")()
