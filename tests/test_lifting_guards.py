"""Questions about types that matter at a later point than the first: the nets do not see them."""

import linecache
import math
import numbers

import numpy as np
import pytest

import dualnum as dn

#: Questions that are true for floats, about a number x or an array v.
GUARDS = """
isinstance(x, float)
isinstance(x, (int, float))
type(x) is float
type(x) in (int, float)
type(x).__name__ == "float"
x.__class__ is float
isinstance(x, numbers.Real)
issubclass(type(x), float)
not hasattr(x, "shape")
hasattr(x, "is_integer")
not hasattr(x, "shape") and x.__class__ is float
isinstance(x > 0, bool)
isinstance(x * 2, float)
isinstance(math.sqrt(x), float)
isinstance(np.sin(x), np.float64)
v.dtype == float
v.dtype.kind == "f"
v.dtype in (np.float64, np.float32)
np.issubdtype(v.dtype, np.floating)
v.itemsize == 8 and v.nbytes == 16 and v.strides == (8,)
type(v) is np.ndarray
v.__class__ is np.ndarray
isinstance(v[0], np.float64)
isinstance(v[0], np.floating)
type(v[0]) is np.float64
""".strip().splitlines()

PROGRAM = """
class Asking:
    def ask(self, {name}):
        return {guard}

def ask({name}):
    return {guard}

def f({name}):
    if {question} and {number} > 2:
        return {number} * 3.0
    return {number} * {number}
"""


def made(text):
    """Return the f of a program whose source is known."""
    file = f"<guards {hash(text)}>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    names = {"np": np, "math": math, "numbers": numbers, "__name__": "guards", "__file__": file}
    exec(compile(text, file, "exec"), names)
    return names["f"]


@pytest.mark.parametrize("lift", ["auto", True])
@pytest.mark.parametrize("question", ["{guard}", "ask({name})", "Asking().ask({name})"])
@pytest.mark.parametrize("guard", GUARDS)
def test_the_answer_is_that_for_floats(guard, question, lift):
    name = "v" if "v" in guard else "x"
    text = {"name": name, "guard": guard, "number": "v[0]" if name == "v" else "x"}
    f = made(PROGRAM.format(question=question.format(**text), **text))
    driver = (dn.gradient if name == "v" else dn.derivative)(f, lift=lift)
    for x, slope in ((1.0, 2.0), (3.0, 3.0), (1.5, 3.0), (5.0, 3.0)):
        point = np.array([x, 1.0]) if name == "v" else x
        assert f(point) == (3.0 * x if x > 2 else x * x)
        assert np.ravel(driver(point))[0] == slope


def test_code_without_questions_runs_as_it_is():
    seen = []

    def f(x):
        seen.append(x)
        return x * x

    assert dn.derivative(f, check=False)(3.0) == 6.0
    assert len(seen) == 1
