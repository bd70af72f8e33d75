"""Eight threads call every driver at once, again and again, and for the first time in a fresh process.

CONTRIBUTING.rst tells how to run this with ThreadSanitizer, on a Python without the GIL.
"""

import pickle
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from expect import together
from scenarios import ELEMENTWISE, FUNCTIONS
from test_threads import EVERY, MATRIX, X, frequent_switches, products, rosenbrock  # noqa: F401

import dualnum as dn
from dualnum import check

integrate, linalg, optimize, special = (
    pytest.importorskip(f"scipy.{name}") for name in ("integrate", "linalg", "optimize", "special")
)

THREADS, ROUNDS = 8, 3
LARGE = np.linspace(0.1, 2.0, 100_000)  # its results take memory from the cache of large blocks


def of_scenarios(driver, scenarios):
    """Return a call that gives the results of a driver of all scenarios at their first points, in one array."""
    return lambda: np.concatenate([np.ravel(driver(s.f)(s.points[0])) for s in scenarios])


def integral(a):
    """An integral, a root and special functions: lifting replaces SciPy's."""
    y, _ = integrate.quad(lambda t: np.exp(-a * t * t), 0.0, 1.0)
    return y * optimize.brentq(lambda t: t**3 - a, 0.0, 3.0) + special.erf(a) * special.gammaln(a)


def solution(x):
    return linalg.solve(MATRIX + np.outer(x, x), x) @ linalg.expm(0.1 * np.outer(x, x))[0]


def with_rule():
    """A rule that another thread registers again meanwhile."""

    def f(x):
        return unknown_to_numpy(x) + 1.0

    dn.rule(unknown_to_numpy)(lambda x: x * x)
    return dn.derivative(f, lift=True)(0.5)


def unknown_to_numpy(x):
    return float(x) ** 2


MORE = {
    "first derivatives of scenarios": of_scenarios(dn.derivative, ELEMENTWISE),
    "second derivatives of scenarios": of_scenarios(lambda f: dn.derivative(f, 2), ELEMENTWISE),
    "Jacobians of scenarios": of_scenarios(dn.jacobian, FUNCTIONS),
    "Hessians of scenarios": of_scenarios(dn.hessian, FUNCTIONS),
    "large arrays": lambda: dn.derivative(lambda x: np.exp(-x) * np.sin(x), 2)(LARGE),
    "sparse Jacobian": lambda: dn.jacobian(lambda x: x[1:] * x[:-1], sparse=True)(X).toarray(),
    "sparse Hessian": lambda: dn.hessian(rosenbrock, sparse=True)(X).toarray(),
    "holomorphic": lambda: dn.derivative(lambda z: np.exp(z) * z, holomorphic=True)(0.3 + 0.4j),
    "lifted SciPy": lambda: dn.derivative(integral, 2)(0.8),
    "linear algebra of SciPy": lambda: dn.gradient(solution)(X),
    "a pickle": lambda: dn.jacobian(lambda x: pickle.loads(pickle.dumps(x * x)))(X),
    "propagate": lambda: dn.propagate(products, X, 0.1 * np.eye(X.size))[1],
    "a rule": with_rule,
    "a report": lambda: check.compare(rosenbrock, X).agrees,
}
CALLS = EVERY | MORE


def test_every_driver_again_and_again():
    """Each thread calls all drivers in orders of its own: results have the bits of one thread."""
    want = {name: call() for name, call in CALLS.items()}

    def work(seed):
        order = random.Random(seed)
        for _ in range(ROUNDS):
            for name in order.sample(list(CALLS), len(CALLS)):
                np.testing.assert_array_equal(CALLS[name](), want[name], err_msg=name)

    together(*[lambda i=i: work(i) for i in range(THREADS)])


@pytest.mark.parametrize("name", CALLS)
def test_each_driver_first_in_eight_threads(name):
    """In a fresh process nothing is imported, lifted or in a cache before all threads ask for it."""
    code = """
        import sys
        sys.path[:0] = sys.argv[2:]
        sys.setswitchinterval(1e-6)
        import numpy as np
        import test_thread_stress as stress
        found = stress.together(*[stress.CALLS[sys.argv[1]]] * stress.THREADS)
        want = stress.CALLS[sys.argv[1]]()
        for result in found:
            np.testing.assert_array_equal(result, want)
    """
    here = Path(__file__).parent
    folders = [str(here), str(here.parent), str(Path(dn.__file__).parents[1])]
    command = [sys.executable, "-c", textwrap.dedent(code), name, *folders]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)
