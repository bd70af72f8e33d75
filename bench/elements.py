"""The cost of one element: every function on arrays, for several numbers of tangents, and products."""

import numpy as np

import dualnum as dn
from bench.arguments import UNDIFFERENTIATED, draw, functions, ufunc
from bench.calls import as_dual, plain
from bench.case import Case, Contender
from dualnum import _core
from dualnum._core import DualDType

ELEMENTS = 1000
TANGENTS = (1, 4, 8, 16)
HYPER = (1, 4)

#: The names in the columns of the table: NumPy's functions and three constants.
COLUMNS = {**vars(np), "LN2": np.log(2), "LN10": np.log(10), "PI": np.pi}


def as_hyper(x, k):
    """Return a float64 array as hyper-duals with k by k second derivatives; first derivatives are 1."""
    if x.dtype.kind == "i":
        return x
    z = x.astype(DualDType(k, k))
    parts = dn.parts(z)
    parts["e1"][...] = parts["e2"][...] = 1.0
    return z


def by_hand(name, arguments):
    """Return a NumPy function that computes value and first derivative from the table's row, or None."""
    row = next((row for row in _core.ELEMENTARY if row.name == name), None)
    f = ufunc(name)
    if row is None:
        return None
    companion, slope = (compile(text, f"<{name}>", "eval") for text in (row.c, row.dy))
    if not {*companion.co_names, *slope.co_names} <= {*COLUMNS, *"xyc"}:
        return None  # a helper of the header that defines it
    (x,) = arguments
    tangent = np.ones_like(x)

    def run():
        y = f(x)
        names = {"x": x, "y": y}
        names["c"] = eval(companion, COLUMNS, names)
        return y, eval(slope, COLUMNS, names) * tangent

    return run


def slopes(f, arguments):
    """Return the derivative of f along (1, 1, ...) by central differences of fourth order."""
    reals = [x.dtype.kind == "f" for x in arguments]

    def at(h):
        return f(*(x + h if real else x for x, real in zip(arguments, reals, strict=True)))

    h = 5e-4
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def second_slopes(f, arguments):
    """Return the second derivative of f along (1, 1, ...) likewise."""

    def at(h):
        return f(*(x + h for x in arguments))

    h = 2e-3
    return (16 * (at(h) + at(-h)) - (at(2 * h) + at(-2 * h)) - 30 * at(0.0)) / (12 * h * h)


def away_from_kinks(name, arguments):
    """Move arguments that lie so close to a kink that differences would reach across it."""
    margin = 0.02
    if name in {"floor", "ceil", "trunc", "rint", "floor_divide", "remainder", "fmod"}:
        x, scale = arguments[0], arguments[1] if len(arguments) > 1 else 1.0
        # quotients in the middle of a step, for rint at its quarter
        quotient = np.floor(x / scale) + (0.25 if name == "rint" else 0.5)
        return [quotient * scale, *arguments[1:]]
    if name in {"maximum", "minimum", "fmax", "fmin"}:
        x, y = arguments
        return [np.where(np.abs(x - y) < margin, x + 2 * margin, x), y]
    return [np.where(np.abs(x) < margin, 2 * margin, x) if x.dtype.kind == "f" else x for x in arguments]


def first_part(result):
    """Return the first tangent of every element; booleans have none."""
    if result.dtype.kind == "b":
        return np.zeros(result.shape)
    names = [name for name in dn.parts(result) if name != "value"]
    part = dn.parts(result)[names[-1]]
    return part.reshape(len(result), -1)[:, 0]


def element(name):
    """Return the case of a function on arrays; the floor is NumPy's on float64."""

    def build():
        f, arguments = ufunc(name), away_from_kinks(name, draw(name, ELEMENTS))
        contenders = [Contender("numpy", lambda: f(*arguments))]
        hand = by_hand(name, arguments)
        differentiated = name not in UNDIFFERENTIATED
        boolean = differentiated and f(*arguments).dtype.kind == "b"
        if boolean:
            first, second = np.zeros(ELEMENTS), np.zeros(ELEMENTS)
        elif differentiated:
            first, second = slopes(f, arguments), second_slopes(f, arguments)
            for slope in (first, second):
                slope[np.abs(slope) < 1e-8] = 0.0  # the differences' rounding, where the truth is 0
        else:
            first = second = f(*arguments)
        read = first_part if differentiated else plain
        if hand:
            contenders.append(Contender("by hand", hand, first, 1e-6, lambda pair: pair[1]))
        for k in TANGENTS:
            duals = [as_dual(x, k) for x in arguments]
            contenders.append(Contender(f"k={k}", lambda duals=duals: f(*duals), first, 1e-6, read))
        for k in HYPER:
            duals = [as_hyper(x, k) for x in arguments]
            contenders.append(Contender(f"{k}x{k}", lambda duals=duals: f(*duals), second, 1e-4, read))
        return contenders

    return Case(f"element/{name}", build, n=ELEMENTS)


def multiply(n):
    """Return the case of a product of n elements with one tangent: plain arrays and operators."""

    def build():
        x, y = draw("hypot", n)
        p, q = as_dual(x), as_dual(y)
        u, v = p.view(dn.DualArray), q.view(dn.DualArray)
        out, dual_out = np.empty_like(x), np.empty_like(p)
        expected = x + y

        def by_hand():
            return x * y, x * 1.0 + y * 1.0

        def read(z):
            return dn.tangent(z)[..., 0]

        return [
            Contender("numpy", lambda: x * y),
            Contender("by hand", by_hand, expected, read=lambda pair: pair[1]),
            Contender("dualnum", lambda: p * q, expected, read=read),
            Contender("DualArray", lambda: u * v, expected, read=read),
            Contender("numpy out=", lambda: np.multiply(x, y, out=out)),
            Contender("dualnum out=", lambda: np.multiply(p, q, out=dual_out), expected, read=read),
        ]

    return Case(f"multiply/n={n}", build, n=n)


SECOND_ORDER = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "sqrt": lambda x, y: np.sqrt(x),
    "sin": lambda x, y: np.sin(x),
    "sum": lambda x, y: x.sum(),
    "dot": lambda x, y: x @ y,
}


def second_order(name, n, k=3):
    """Return the case of arithmetic with second derivatives in k variables: one level of degree 2, and a pair."""

    def build():
        f, (x, y) = SECOND_ORDER[name], np.random.default_rng(5).uniform(0.5, 2.0, (2, n))
        dtype, contenders = DualDType(k, degree=2), [Contender("numpy", lambda: f(x, y))]

        def seeded(a):
            z = a.astype(dtype)
            dn.parts(z)["e1"][...] = 1.0
            return z.view(dn.DualArray)

        for label, p, q in (("degree=2", seeded(x), seeded(y)), (f"{k}x{k}", as_hyper(x, k), as_hyper(y, k))):
            p, q = p.view(dn.DualArray), q.view(dn.DualArray)
            contenders.append(Contender(label, lambda p=p, q=q: f(p, q), f(x, y), 1e-15, dn.value))
        return contenders

    return Case(f"second_order/{name}/n={n}", build, n=n)


REDUCTIONS = {name: getattr(np, name) for name in "sum prod cumsum max sort mean".split()}


def reduction(name, n):
    """Return the case of a reduction (or of sort) of n elements."""

    def build():
        f, x = REDUCTIONS[name], np.random.default_rng(3).uniform(0.9, 1.1, n)
        contenders = [Contender("numpy", lambda: f(x))]
        for k in (1, 8):
            z = as_dual(x, k)
            contenders.append(Contender(f"k={k}", lambda z=z: f(z), f(x), 1e-15, dn.value))
        return contenders

    return Case(f"reduction/{name}/n={n}", build, n=n)


def product(name, text, left, right):
    """Return the case of a matrix product: dual by float64, float64 by dual, dual by dual, 8 tangents."""

    def build():
        rng = np.random.default_rng(4)
        a, b = rng.normal(size=left), rng.normal(size=right)
        p, q = as_dual(a, 8).view(dn.DualArray), as_dual(b, 8).view(dn.DualArray)
        to_a = np.ones(left) @ b
        to_b = a @ np.ones(right)

        def read(z):
            return dn.tangent(z)[..., 3]

        return [
            Contender("numpy", lambda: a @ b),
            Contender("dual @ float", lambda: p @ b, to_a, read=read),
            Contender("float @ dual", lambda: a @ q, to_b, read=read),
            Contender("dual @ dual", lambda: p @ q, to_a + to_b, read=read),
        ]

    return Case(f"matmul/{name}", build, n=text)


CASES = [
    *(element(name) for name in functions()),
    *(multiply(n) for n in (10, 1_000, 100_000, 1_000_000)),
    *(second_order(name, 1_000) for name in SECOND_ORDER),
    *(reduction(name, n) for n in (10, 1_000, 100_000) for name in REDUCTIONS),
    product("vector_50", 50, (50, 50), (50,)),
    product("matrix_50", 50, (50, 50), (50, 50)),
]
