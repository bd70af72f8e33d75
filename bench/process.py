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


def peak_of_elementwise():
    x, f = np.linspace(-2, 2, 100_000), problems.curve(np)
    return [
        Contender("numpy", lambda: f(x)),
        Contender("dualnum", lambda: dn.derivative(f)(x)),
        Contender("by hand", lambda: problems.curve_first(x)),
    ]


def peak_of_gradient():
    x, f = np.linspace(-1, 1, 1000), problems.rosenbrock_of(np)
    return [Contender("numpy", lambda: f(x)), Contender("dualnum", lambda: dn.gradient(f)(x))]


def peak_of_hessian():
    x, f = np.linspace(-1, 1, 100), problems.rosenbrock_of(np)
    return [Contender("numpy", lambda: f(x)), Contender("dualnum", lambda: dn.hessian(f)(x))]


CASES = [
    Case("import", importing, unit="once"),
    Case("memory/elementwise/n=100000", peak_of_elementwise, n=100_000, unit="B"),
    Case("memory/gradient/n=1000", peak_of_gradient, n=1000, unit="B"),
    Case("memory/hessian/n=100", peak_of_hessian, n=100, unit="B"),
]
