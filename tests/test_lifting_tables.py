"""What stands for functions of Python, NumPy and others in lifted code: derivatives against closed forms."""

import collections
import decimal
import math
import statistics
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

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
    def both(self, q):
        return self.tip(q) + self.extra
    @property
    def extra(self):
        return math.exp(self.length)

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

def local_object(x):
    made = Arm(x)
    made.length *= 2
    return made.both(0.5)

def method_of_method(x):
    return arm.both(x)

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
    "local_object": lambda x: 2 * math.cos(0.5) + 2 * math.exp(2 * x),
    "method_of_method": lambda x: -2 * math.sin(x),
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
    [
        "def f(x):\n    global n\n    n = 1\n    return math.sin(x)",
        "g = [math.sin]\ndef f(x):\n    return g[0](x)",
    ],
)
def test_code_without_a_source_refuses_what_it_cannot_lift(text):
    names = pasted("import math\n" + text)
    with pytest.raises(TypeError, match="would lose the derivatives"):
        dn.derivative(names["f"])(0.7)
    assert names["f"](0.7) == math.sin(0.7)


# ---- random numbers ----------------------------------------------------------------------------------------

DRAWS = {
    "normal": lambda rng, x: rng.normal(x, 2 * x, size=4),
    "normal by keyword": lambda rng, x: rng.normal(scale=x, size=(2, 3)),
    "a number": lambda rng, x: rng.normal(x),
    "arrays": lambda rng, x: rng.normal(np.array([x, 2.0]), np.array([0.3, x])),
    "uniform": lambda rng, x: rng.uniform(-x, 2 * x, 3),
    "exponential": lambda rng, x: rng.exponential(x, 3),
    "lognormal": lambda rng, x: rng.lognormal(0.1 * x, 0.3, 3),
    "gumbel": lambda rng, x: rng.gumbel(x, x),
    "laplace": lambda rng, x: rng.laplace(x, x),
    "logistic": lambda rng, x: rng.logistic(x, x),
    "rayleigh": lambda rng, x: rng.rayleigh(x, 2),
    "gamma by its scale": lambda rng, x: rng.gamma(2.0, x, 3),
    "multivariate": lambda rng, x: rng.multivariate_normal(np.array([x, 1.0]), np.eye(2)),
    "no duals": lambda rng, x: x * rng.normal(0.0, 1.0, 3),
}


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_random_numbers_are_numpys_and_move_with_location_and_scale(make, draw):
    def f(x):
        rng = make(7)
        return np.append(draw(rng, x), rng.normal())  # the last shows the place in the stream

    x, h = 0.7, 2.0**-12
    y = dn.lift(f)(dn.Dual(x))
    assert np.array_equal(dn.value(y), f(x))
    exact = (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)
    np.testing.assert_allclose(dn.jacobian(f)(x), exact, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, x: rng.gamma(x, 2.0),
        lambda rng, x: rng.poisson(x),
        lambda rng, x: rng.beta(x, 2.0),
        lambda rng, x: rng.multivariate_normal([0.0], [[x]]),
    ],
)
def test_distributions_without_a_fixed_standard_refuse(draw):
    with pytest.raises(TypeError, match=r"expects floats, got duals, at .*test_lifting_tables"):
        dn.lift(lambda x: draw(np.random.default_rng(1), x))(dn.Dual(0.7))


# ---- threads that f starts ---------------------------------------------------------------------------------


def submits(x):
    def work(k):
        a = np.zeros(3)
        a[1] = math.sin(x * k)
        return a.sum()

    with ThreadPoolExecutor(3) as pool:
        return sum(future.result() for future in [pool.submit(work, k) for k in range(3)])


def maps(x):
    with ThreadPoolExecutor(2) as pool:
        return pool.submit(math.sin, x).result() + sum(pool.map(lambda k: math.sin(x * k), [2]))


def starts(x):
    out = np.zeros(3)

    def work(k):
        out[k] = math.sin(k * x)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out.sum()


class Worker(threading.Thread):
    def __init__(self, x, k):
        super().__init__()
        self.x, self.k = x, k

    def run(self):
        self.result = math.sin(self.k * self.x)


def runs(x):
    workers = [Worker(x, k) for k in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(worker.result for worker in workers)


def forgets(x):
    out = np.zeros(3)

    def work(k):
        out[k] = math.sin(k * x)

    with ThreadPoolExecutor(2) as pool:
        for k in range(3):
            pool.submit(work, k)  # nobody asks for the result, and so not for an error either
    return out.sum()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # of the attempt before
@pytest.mark.parametrize("lift", ["auto", True])
@pytest.mark.parametrize("f", [submits, maps, starts, runs, forgets])
def test_threads_of_f_are_lifted(f, lift):
    np.testing.assert_allclose(dn.derivative(f, lift=lift)(0.7), SLOPES["fills"](0.7), rtol=1e-13)


def test_a_refusal_in_a_thread_reaches_join():
    def f(x):
        thread = threading.Thread(target=lambda: out.append(decimal.Decimal(x)))
        out = [0.0]
        thread.start()
        thread.join()
        return x

    with pytest.raises(TypeError, match="Decimal expects floats"):
        dn.derivative(f, lift=True)(0.7)


# ---- places and shown numbers ------------------------------------------------------------------------------


def places(x):
    a, b, c, d = np.zeros(3), np.zeros((2, 2)), np.zeros(3), np.zeros(2)
    np.add.at(a, [0, 0, 2], [x, 2 * x, 3 * x])
    b.flat[0] = x
    b.T[1] = [x, 2 * x]
    np.multiply(np.array([x, 1.0, 2.0]), x, out=c)
    np.dot(np.array([[x, 1.0], [2.0, x]]), np.array([1.0, 2.0]), out=d)
    return a.sum() + b.sum() + c.sum() + d.sum()


def test_places_of_arrays_that_f_fills():
    assert dn.derivative(places)(0.7) == pytest.approx(6 + 4 + 3 + 2 * 0.7 + 3, rel=1e-14)


@pytest.mark.parametrize(
    "show",
    [
        str, repr, format, lambda x: f"{x:.3f} {x!r}", lambda x: f"{[x]}",
        lambda x: "%g %s" % (x, x), lambda x: "{:.2e} {y}".format(x, y=x),  # noqa: UP031, UP032
    ],
)  # fmt: skip
def test_lifted_code_shows_values(show):
    def f(x):
        return show(x)

    assert dn.lift(f)(dn.Dual(0.7)) == show(0.7)


def test_integers_do_not_take_duals():
    def f(x):
        a = np.zeros(3, dtype=int)
        a[0] = x
        return a[0]

    with pytest.raises(TypeError, match=r"expects an array of floats for a dual v, got int64, at .*_tables"):
        dn.derivative(f)(0.7)


# ---- duals as keys -----------------------------------------------------------------------------------------


def memo(x):
    table = {}

    def fibonacci(n, y):
        if (n, y) in table:
            return table[n, y]
        table[n, y] = y if n < 2 else fibonacci(n - 1, y) + fibonacci(n - 2, y)
        return table[n, y]

    return fibonacci(6, x)


def seen_before(x):
    seen, total = set(), 0.0
    for v in (x, 2 * x, x):
        if v not in seen:
            seen.add(v)
            total += v**2
    return total


def displays(x):
    squares = {k * x: (k * x) ** 2 for k in range(3)}
    return sum(squares.values()) + {x: x, 2 * x: 1.0}[x] + sum({x, 2 * x, x}) + sum({1 * v for v in (x, x)})


def counts(x):
    found = collections.defaultdict(float)
    for v in (x, 2 * x, x):
        found[v] += v**2
    counted = collections.Counter([x, x, 2 * x])
    return sum(found.values()) + sum(k * n for k, n in counted.items()) + dict.fromkeys([x], 2 * x)[x]


def methods(x):
    table = {"a": x}
    return (
        table.get("b", x)
        + table.setdefault(x, x * x)
        + table.pop(x)
        + sum(set(iter([x, 2 * x])).union([3 * x]))
    )


KEYS = {
    memo: lambda x: 13,
    seen_before: lambda x: 10 * x,
    displays: lambda x: 10 * x + 1 + 3 + 1,
    counts: lambda x: 12 * x + 4 + 2,
    methods: lambda x: 1 + 4 * x + 6,
}


@pytest.mark.parametrize("f", KEYS)
def test_keys_go_by_value_in_dicts_of_the_call(f):
    assert dn.derivative(f)(0.7) == pytest.approx(KEYS[f](0.7), rel=1e-14)


CACHE = {}


def cached(x):
    if x not in CACHE:
        CACHE[x] = math.sin(x)
    return CACHE[x]


def cached_by_get(x):
    return CACHE.get(x, x * x)


def test_caches_that_outlive_a_call_refuse_duals():
    for f in (cached, cached_by_get):
        with pytest.raises(
            TypeError, match="a dict that lives longer than the call expects floats as keys, got duals"
        ):
            dn.derivative(f, check=False)(0.7)
    CACHE.clear()


def test_keys_of_equal_value_have_equal_derivatives():
    def f(x):
        return {x: x**2}[2 * 0.7 - x]

    assert f(0.7) == 0.7**2
    with pytest.raises(
        TypeError, match="keys that are duals expect equal derivatives where their values are equal"
    ):
        dn.derivative(f, check=False)(0.7)


# ---- NumPy's Python code, and functions that f finds ready-made ----------------------------------------------

SMOOTH = np.vectorize(lambda t: math.exp(-t) if t > 0 else 0.0)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: SMOOTH([x, -x, 2 * x]).sum(), lambda x: -math.exp(-x) - 2 * math.exp(-2 * x)),
        (lambda x: np.polynomial.hermite.hermadd([x, 1.0], [2.0])[0], lambda x: 1.0),
        (lambda x: np.polynomial.laguerre.poly2lag([x, x])[0], lambda x: 2.0),
        (lambda x: np.polynomial.chebyshev.chebval(x, [1.0, 2.0, x]), lambda x: 2 + 6 * x**2 - 1),
        (
            lambda x: sum(np.array([x, x**2])) if type(np.array([x])) is np.ndarray else 0.0,
            lambda x: 1 + 2 * x,
        ),
        (
            lambda x: np.float64([x, 1.0])[0] + np.float64(np.array(x)) + np.float64(0.5).item() * x,
            lambda x: 2.5,
        ),
        (lambda x: np.polynomial.Polynomial([1.0, x]).deriv()(x), lambda x: 1.0),
        (lambda x: np.polynomial.Polynomial([x, 2.0])(math.exp(x)), lambda x: 1 + 2 * math.exp(x)),
        (lambda x: np.poly1d([x, 2.0])(math.exp(x)), lambda x: math.exp(x) * (1 + x)),
    ],
)
def test_numpy_objects_that_call_python(f, slope):
    assert dn.derivative(f)(0.7) == pytest.approx(slope(0.7), rel=1e-13)


def test_the_inverse_of_a_normal_distribution():
    def f(q):
        return statistics.NormalDist(q[1], math.exp(q[2])).inv_cdf(q[0])

    def formula(q):
        return q[1] + dn.exp(q[2]) * special.ndtri(q[0])

    q = np.array([0.3, 1.0, -0.2])
    special = pytest.importorskip("scipy.special")
    np.testing.assert_allclose(dn.gradient(f)(q), dn.gradient(formula)(q), rtol=1e-14)
    np.testing.assert_allclose(dn.hessian(f)(q), dn.hessian(formula)(q), rtol=1e-13)


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_choices_by_dual_probabilities_are_refused(make):
    with pytest.raises(TypeError, match=r"choice expects floats, got duals, at .*test_lifting_tables"):
        dn.derivative(lambda x: make(1).choice(3, p=[x, 0.5, 0.5 - x]) * x)(0.25)
    assert dn.derivative(lambda x: float(make(1).choice([x, x])))(0.25) == 1.0
