"""What stands for functions of Python, NumPy and others in lifted code: derivatives against closed forms."""

import math
import textwrap

import numpy as np
import pytest

import dualnum as dn

PASTED = """
import functools
import math
from math import exp
import numpy as np
import dualnum as dn

class Arm:
    def __init__(self, length):
        self.length = length
    def tip(self, q):
        return self.length * math.cos(q)

class Sine(Arm):
    def __init__(self, q):
        super().__init__(math.sin(q))

arm, A, scale = Arm(2.0), np.array([[1.0, 2.0], [3.0, 4.0]]), 3.0

def helper(x):
    return scale * math.sqrt(x)

def formula(x):
    return math.exp(x) * float(x)

def fills(x):
    a = np.zeros(3)
    for i in range(3):
        a[i] = math.sin(i * x)
    return a.sum()

def method(x):
    return arm.tip(x)

def generator(x):
    return sum(math.sin(x * k) for k in range(3))

def calls_helper(x):
    return [helper(x + k) for k in range(3)][2]

def imports(x):
    import numpy.linalg as la
    from math import log
    return la.norm(np.array([x, 2.0], dtype=float)) + log(x)

def passes_a_lambda(x):
    return functools.reduce(lambda a, b: a * exp(b), [x, x, x])

def asks_a_type(x):
    return x * math.exp(x) if isinstance(x, float) else 0.0

def global_array(x):
    return A.dot(np.array([x, 1.0]))[0]

def makes_an_object(x):
    return Sine(x).tip(1.0)

def nested(x):
    def inner(t):
        return math.sin(t) * x
    return dn.derivative(inner)(x)

def callee_of_module(x):
    return np.float64(x) * np.sin(math.cos(x))
"""
SLOPES = {
    "formula": lambda x: math.exp(x) * (x + 1),
    "fills": lambda x: math.cos(x) + 2 * math.cos(2 * x),
    "method": lambda x: -2 * math.sin(x),
    "generator": lambda x: math.cos(x) + 2 * math.cos(2 * x),
    "calls_helper": lambda x: 1.5 / math.sqrt(x + 2),
    "imports": lambda x: x / math.hypot(x, 2.0) + 1 / x,
    "passes_a_lambda": lambda x: (2 * x + 1) * math.exp(2 * x),
    "asks_a_type": lambda x: math.exp(x) * (x + 1),
    "global_array": lambda x: 1.0,
    "makes_an_object": lambda x: math.cos(x) * math.cos(1.0),
    "nested": lambda x: math.cos(x) - x * math.sin(x),
    "callee_of_module": lambda x: math.sin(math.cos(x)) - x * math.sin(x) * math.cos(math.cos(x)),
}


def pasted(text):
    """Return the names that a program without a source file defines."""
    names = {"__name__": "__main__"}
    exec(compile(textwrap.dedent(text), "<pasted>", "exec"), names)
    return names


@pytest.mark.parametrize("name", SLOPES)
def test_code_without_a_source_is_lifted(name):
    f = pasted(PASTED)[name]
    np.testing.assert_allclose(dn.derivative(f)(0.7), SLOPES[name](0.7), rtol=1e-13)


@pytest.mark.parametrize(
    "text",
    ["def f(x):\n    global n\n    n = 1\n    return math.sin(x)", "g = [math.sin]\ndef f(x):\n    return g[0](x)"],
)
def test_code_without_a_source_refuses_what_it_cannot_lift(text):
    names = pasted("import math\n" + text)
    with pytest.raises(TypeError, match="would lose the derivatives"):
        dn.derivative(names["f"])(0.7)
    assert names["f"](0.7) == math.sin(0.7)
