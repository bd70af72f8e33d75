"""The cost of the package as a whole: the time of its import, and memory."""

import subprocess
import sys

import numpy as np

import dualnum as dn
from bench import problems
from bench.case import Case, Contender
from bench.timing import stopwatch


def importing():
    """A fresh interpreter that imports NumPy, and one that imports dualnum."""

    def run(module):
        def seconds():
            elapsed = stopwatch()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
            return elapsed()

        return seconds

    return [Contender("numpy", run("numpy")), Contender("dualnum", run("dualnum"))]


def peak(name, n, f, driver, bound=1.0, by_hand=None):
    """Return the case of the memory that a driver takes at n points or for n variables."""

    def build():
        x = np.linspace(-bound, bound, n)
        hand = [Contender("by hand", lambda: by_hand(x))] if by_hand else []
        return [Contender("numpy", lambda: f(x)), Contender("dualnum", lambda: driver(f)(x)), *hand]

    return Case(f"memory/{name}/n={n}", build, n=n, unit="B")


ROSENBROCK = problems.rosenbrock_of(np)
CASES = [
    Case("import", importing, unit="once"),
    peak("elementwise", 100_000, problems.curve(np), dn.derivative, 2.0, problems.curve_first),
    peak("gradient", 1000, ROSENBROCK, dn.gradient),
    peak("hessian", 100, ROSENBROCK, dn.hessian),
]
