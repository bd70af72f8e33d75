"""What lifting costs: ordinary functions beside the same functions written for duals, and the first call of each."""

import itertools
import linecache
import time
import types
from pathlib import Path

import numpy as np

import dualnum as dn
from bench import ordinary
from bench.case import Case, Contender
from dualnum._core import DualArray, grade_of


def formula(x):
    return dn.exp(-x * x) * dn.sin(3 * x) + dn.sqrt(x * x + 1) * dn.cos(x)


def fill(x):
    a = np.zeros_like(x, shape=20)
    for i in range(20):
        a[i] = x[0] * i + x[1] * dn.sin(x[2])
    return a.sum()


def vectors(x):
    return np.sum(np.exp(-(x**2)) * np.sin(x))


def assemble(k):
    stiffness, load = np.zeros_like(k, shape=(8, 8)), np.ones(8)
    for i in range(8):
        stiffness[i, i] = 2 * k[0]
        if i:
            stiffness[i, i - 1] = -k[1]
            stiffness[i - 1, i] = -k[1]
    return np.linalg.solve(stiffness, load)[3]


class Pendulum(ordinary.Pendulum):
    def rate(self, y):
        return np.array([y[1], -self.k * dn.sin(y[0])]).view(DualArray)


def pendulum(k):
    return Pendulum(k).run(np.array([0.5, 0.0]), 0.02, 50)[0]


#: The functions written for duals; their drivers and arguments.
PROBLEMS = {
    formula: (dn.derivative, 1.3),
    fill: (dn.gradient, np.array([1.0, 2.0, 3.0])),
    vectors: (dn.gradient, np.linspace(0, 1, 30)),
    assemble: (dn.gradient, np.array([2.0, 1.0])),
    pendulum: (dn.derivative, 1.3),
}

_numbers = itertools.count()


def fresh():
    """Return the module `ordinary` anew, from a file name that nobody has seen: what a program's first call meets."""
    text = Path(ordinary.__file__).read_text(encoding="utf-8")
    module = types.ModuleType(f"ordinary_{next(_numbers)}")
    name = f"<{module.__name__}>"
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    exec(compile(text, name, "exec"), vars(module))
    return module


def later(by_hand):
    """Return the case of calls after the first one."""
    driver, x = PROBLEMS[by_hand]
    f = getattr(ordinary, by_hand.__name__)

    def build():
        from dualnum.lifting.resolve import lifters

        expected = driver(by_hand)(x)
        df, dh = driver(f), driver(by_hand)
        df(x)
        lifted = lifters()[max(grade_of(f)[0], 1) - 1].resolve(f)
        return [
            Contender("function", lambda: f(x)),
            Contender("for duals", lambda: dh(x), expected),
            Contender("dualnum", lambda: df(x), expected, 1e-12),
            Contender("dualnum, lifted on floats", lambda: lifted(x), f(x), 1e-14),
        ]

    return Case(f"lifting/{by_hand.__name__}", build)


def first(by_hand):
    """Return the case of the first call: the attempt on f as it is, the lifting, the nets."""
    driver, x = PROBLEMS[by_hand]

    def build():
        def seconds(wrap):
            def run():
                f = wrap(getattr(fresh(), by_hand.__name__))
                start = time.process_time()  # other programs on the machine do not count
                f(x)
                return time.process_time() - start

            return run

        return [Contender("function", seconds(lambda f: f)), Contender("dualnum", seconds(driver))]

    return Case(f"lifting_first/{by_hand.__name__}", build, unit="once")


CASES = [*(later(f) for f in PROBLEMS), *(first(f) for f in PROBLEMS)]
