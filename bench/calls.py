"""The cost of one call: ufuncs and operators on arrays of one element, scalars, drivers."""

import math

import numpy as np

import dualnum as dn
from bench.arguments import draw, functions, ufunc
from bench.case import Case, Contender, Statement
from bench.problems import curve, rosenbrock_of
from dualnum._core import DualArray, DualDType, Level, seed_identity, seed_scalar


def as_dual(x, k=1):
    """Return a float64 array as duals with k tangents, all 1; integers as they are."""
    if x.dtype.kind == "i":
        return x
    z = x.astype(DualDType(k))
    dn.tangent(z)[...] = 1.0
    return z


def plain(x):
    """Return the values of a result: an array, a number or a tuple of them."""
    return [dn.value(part) for part in x] if isinstance(x, tuple) else dn.value(x)


def three_kinds(text, arguments, expected, **names):
    """Return the contenders of a statement on arrays: float64, plain duals, `DualArray`."""
    duals = [as_dual(x) for x in arguments]
    views = [x.view(DualArray) if x.dtype.kind == "V" else x for x in duals]
    letters = "xyz"
    return [
        Contender(
            name, Statement(text, **names, **dict(zip(letters, operands, strict=False))), expected, 0.0, plain
        )
        for name, operands in (("numpy", arguments), ("dualnum", duals), ("DualArray", views))
    ]


def call(name):
    """Return the case of one ufunc's call on one element."""

    def build():
        f, arguments = ufunc(name), draw(name, 1)
        return three_kinds(f"f({', '.join('xyz'[: len(arguments)])})", arguments, f(*arguments), f=f)

    return Case(f"call/{name}", build)


OPERATORS = {
    "add": "x + y",
    "subtract": "x - y",
    "multiply": "x * y",
    "divide": "x / y",
    "add_number": "x + 2.0",
    "times_number": "2.0 * x",
    "square": "x ** 2",
    "negative": "-x",
    "less": "x < y",
    "item": "x[0]",
    "slice": "x[1:]",
    "sum": "x.sum()",
    "np_sum": "np.sum(x)",
}


def operator(name, n):
    """Return the case of an operator on n elements."""

    def build():
        arguments = draw("hypot", n)
        x, y = arguments
        expected = eval(OPERATORS[name], {"x": x, "y": y, "np": np})
        return three_kinds(OPERATORS[name], arguments, expected, np=np)

    return Case(f"operator/{name}/n={n}", build, n=n)


SCALARS = {
    "add": ("a + b", "a + b"),
    "subtract": ("a - b", "a - b"),
    "multiply": ("a * b", "a * b"),
    "divide": ("a / b", "a / b"),
    "times_number": ("2.0 * a", "2.0 * a"),
    "power": ("a ** 3", "a ** 3"),
    "negative": ("-a", "-a"),
    "less": ("a < b", "a < b"),
    "sin": ("math.sin(a)", "dn.sin(a)"),
    "exp": ("math.exp(a)", "dn.exp(a)"),
    "sqrt": ("math.sqrt(a)", "dn.sqrt(a)"),
}


def scalar(name):
    """Return the case of an operation on numbers: Python float, np.float64, Dual, 8 tangents, hyper-dual."""

    def build():
        text, dual_text = SCALARS[name]
        numbers = [("python", text, 1.3, 0.7), ("np.float64", text, np.float64(1.3), np.float64(0.7))]
        for label, make in (
            ("dualnum", dn.Dual),
            ("dualnum k=8", lambda v: dn.Dual(v, np.ones(8))),
            ("dualnum 1x1", dn.HyperDual),
        ):
            numbers.append((label, dual_text, make(1.3), make(0.7)))
        expected = eval(text, {"a": 1.3, "b": 0.7, "math": math})
        return [
            Contender(label, Statement(line, a=a, b=b, math=math, dn=dn), expected, 1e-15, dn.value)
            for label, line, a, b in numbers
        ]

    return Case(f"scalar/{name}", build)


# ---- drivers: their cost above the function that they call -------------------------------------------------


def driver(name, make, f, arguments, expected, read=None):
    """Return the case of a driver whose function returns at once; the floor is that function."""

    def build():
        run = make(f)
        return [
            Contender("function", lambda: f(arguments[0])),
            Contender("dualnum", lambda: run(*arguments), expected, 0.0, read),
        ]

    return Case(f"driver/{name}", build)


def itself(x):
    return x


def first(x):
    return x[0]


def last_of_pair(pair):
    return pair[-1]


NUMBER, TEN = (0.7,), (np.linspace(0, 1, 10),)
UNIT = np.eye(10)[0]
DRIVERS = [
    driver("derivative", dn.derivative, itself, NUMBER, 1.0),
    driver("value_and_derivative", dn.value_and_derivative, itself, NUMBER, 1.0, last_of_pair),
    driver("second_derivative", lambda f: dn.derivative(f, 2), itself, NUMBER, 0.0),
    driver("gradient/n=10", dn.gradient, first, TEN, UNIT),
    driver("value_and_gradient/n=10", dn.value_and_gradient, first, TEN, UNIT, last_of_pair),
    driver("jvp/n=10", dn.jvp, first, 2 * TEN, 0.0, last_of_pair),
    driver("jacobian/n=10", dn.jacobian, itself, TEN, np.eye(10)),
    driver("hessian/n=10", dn.hessian, first, TEN, np.zeros((10, 10))),
    driver(
        "value_gradient_hessian/n=10", dn.value_gradient_hessian, first, TEN, np.zeros((10, 10)), last_of_pair
    ),
    driver("hvp/n=10", dn.hvp, first, 2 * TEN, np.zeros(10)),
    driver("vhv/n=10", dn.vhv, first, 2 * TEN, 0.0),
    driver("laplacian/n=10", dn.laplacian, first, TEN, 0.0),
    driver("divergence/n=10", dn.divergence, itself, TEN, 10.0),
]


def gradient_above_function():
    """Return the gradient beside its function called once on seeded duals: the cost of the driver itself."""
    f, x = rosenbrock_of(np), np.linspace(-1, 1, 10)
    seeded = seed_identity(x, Level(), 0, 10)
    gradient = dn.gradient(f)
    return [
        Contender("function of duals", lambda: f(seeded)),
        Contender("dualnum", lambda: gradient(x)),
        Contender("function of floats", lambda: f(x)),
    ]


def gradient_above_floats():
    """Return the gradient beside its function called once on floats: the cost of differentiation in all."""
    f, x = rosenbrock_of(np), np.linspace(-1, 1, 10)
    gradient = dn.gradient(f)
    return [Contender("function of floats", lambda: f(x)), Contender("dualnum", lambda: gradient(x))]


def derivative_above_function():
    f = curve(dn)
    seeded = seed_scalar(0.7, Level())
    derivative = dn.derivative(f)
    return [Contender("function of duals", lambda: f(seeded)), Contender("dualnum", lambda: derivative(0.7))]


CASES = [
    *(call(name) for name in functions()),
    *(operator(name, n) for n in (1, 10) for name in OPERATORS),
    *(scalar(name) for name in SCALARS),
    *DRIVERS,
    Case("overhead/gradient/n=10", gradient_above_function, n=10),
    Case("overhead/gradient_of_floats/n=10", gradient_above_floats, n=10),
    Case("overhead/derivative", derivative_above_function),
]
