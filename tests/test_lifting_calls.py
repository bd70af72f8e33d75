"""What a driver's call of f leaves behind: in f's arguments, in its exceptions, in what f's lifted form is."""

import ast
import io
import json
import logging
import math
import pickle

import numpy as np
import pytest

import dualnum as dn
from dualnum.lifting import rewrite


def changes(x, numbers, table, nested):
    numbers[0] += 1
    table["count"] += 1
    nested[0][0] += 1.0
    return math.sin(x) * numbers[0] * table["count"] * nested[0][0]


@pytest.mark.parametrize("lift", ["auto", True])
def test_arguments_change_as_in_one_call(lift):
    numbers, table, nested = [1], {"count": 1}, [np.zeros(1)]
    inner = nested[0]
    assert dn.derivative(changes, lift=lift)(0.5, numbers, table, nested) == 4 * math.cos(0.5)
    assert (numbers, table, inner.tolist()) == ([2], {"count": 2}, [1.0]) and nested[0] is inner
    assert dn.derivative(changes, lift=lift)(0.5, numbers, table, nested) == 18 * math.cos(0.5)


def failing(x, numbers):
    numbers.append(x)
    raise LookupError("mine")


def test_a_failed_call_changes_no_argument():
    numbers = [1.0]
    for f in (failing, lambda x, numbers: numbers.clear() or math.erfc(complex(x))):
        with pytest.raises((LookupError, TypeError)):
            dn.derivative(f)(0.5, numbers)
        assert numbers == [1.0]


def retries(x):
    while x > 1:
        try:
            return math.log(x)
        except Exception:
            continue
    return x * x


@pytest.mark.parametrize("settled", [False, True])
def test_a_loop_that_retries_a_refusal_ends(settled):
    if settled:
        assert dn.derivative(retries, check=False)(0.5) == 1.0
    assert dn.derivative(retries)(2.0) == 0.5
    with pytest.raises(TypeError, match=r"^float\(\) would lose the derivatives"):
        dn.derivative(retries, lift=False, check=False)(2.0)


def test_what_lift_returns_looks_like_f_binds_and_pickles():
    lifted = dn.lift(math.hypot)
    assert lifted.__name__ == "hypot" and pickle.loads(pickle.dumps(lifted))(dn.Dual(3.0), 4.0) == 5.0
    again = pickle.loads(pickle.dumps(dn.lift(retries)))
    assert again(dn.Dual(2.0)).tangent == 0.5 and repr(again) == "<dualnum.lift of retries>"

    class Model:
        @dn.lift
        def energy(self, x):
            return math.exp(x)

    assert Model().energy(dn.Dual(0.0)).tangent == 1.0


@pytest.mark.parametrize("full", [False, True])
def test_each_call_is_resolved_once(full):
    lines = (
        "def f():",
        "a[g(1)] = b[h(2), k(3):l(4)]",
        "a[g(5)] += h(b[g(6)])",
        "del a[g(7)]",
        "return a[g(8)]",
    )
    text = "\n    ".join(lines)
    tree = rewrite.rewritten(ast.parse(text).body[0], full)
    names = [
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")
    ]
    assert names.count("resolve") == text.count("(") - 1  # but that of f


def test_errors_in_words_of_others_say_that_duals_are_the_cause():
    def picky(x):
        if not isinstance(x, float):
            raise RuntimeError("only floats here")
        return x

    with pytest.raises(RuntimeError) as caught:
        dn.derivative(picky, lift=False)(0.5)
    assert caught.value.__notes__ == [
        "dualnum: f has a value for floats here and raises this for duals: a function that it calls takes no duals."
    ]


def test_what_writes_and_draws_gets_values(caplog):
    """Of numbers, arrays and containers: json, np.savetxt, logging, matplotlib."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    written, lines = [], []

    def f(x):
        out = io.StringIO()
        np.savetxt(out, x)
        json.dump({"x": x[0]}, out)
        written.append(out.getvalue() + json.dumps([x[0], list(x)]))
        logging.getLogger("dualnum.test").warning("%s at %s", x[0], {"x": x})
        figure, axes = pyplot.subplots()
        lines.append(axes.plot(x, 2 * x)[0].get_ydata())
        axes.bar(x, x)
        axes.axvline(x[0])
        axes.set_title(x[0])
        pyplot.close(figure)
        return np.sum(x**3)

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(dn.gradient(f, check=False)(x), 3 * x**2)
    assert (
        written[-1] == "1.000000000000000000e+00\n2.000000000000000000e+00\n" + '{"x": 1.0}[1.0, [1.0, 2.0]]'
    )
    assert type(lines[-1]) is np.ndarray
    np.testing.assert_array_equal(lines[-1], 2 * x)
    assert caplog.messages[-1] == "1.0 at {'x': array([1., 2.])}"


def test_what_is_no_number_belongs_into_another_argument():
    with pytest.raises(
        TypeError, match=r"x\['name'\] to be real numbers, got str; use another argument of f for what"
    ):
        dn.gradient(lambda d: d["a"] * 2)({"a": 1.0, "name": "x"})
