"""The gain of threads: the clock's time of one thread beside that of two or four that share the work."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import dualnum as dn
from bench import problems
from bench.calls import as_dual
from bench.case import Case, Contender
from bench.timing import stopwatch

COUNTS = [count for count in (2, 4, 8) if count <= (os.cpu_count() or 1)]


def seconds_of(work):
    """Return a function that does the work and returns the seconds that it took."""

    def run():
        elapsed = stopwatch()
        work()
        return elapsed()

    return run


def loops(make, n=1_000_000):
    """Return the contenders of a function of n elements, cut into as many pieces as there are threads."""

    def build():
        x = make(np.linspace(0.1, 2.0, n))

        def work(count):
            pieces = np.array_split(x, count)
            with ThreadPoolExecutor(count) as pool:
                return list(pool.map(lambda piece: np.exp(piece) * np.tanh(piece), pieces))

        names = ["1 thread"] + [f"{count} threads" for count in COUNTS]
        return [
            Contender(name, seconds_of(lambda count=count: work(count)))
            for name, count in zip(names, [1, *COUNTS], strict=True)
        ]

    return build


def passes():
    """The gradient of a function that spends its time in large arrays, a chunk of 4 variables a pass."""
    f, x = problems.spectrum(np), np.linspace(0.2, 1.0, 16)
    expected = dn.gradient(f, chunk=4)(x)
    contenders = [Contender("workers=1", seconds_of(lambda: dn.gradient(f, chunk=4)(x)))]
    for count in COUNTS:
        df = dn.gradient(f, chunk=4, workers=count)
        if not np.array_equal(df(x), expected):
            raise AssertionError(f"workers={count} changes the gradient")
        contenders.append(Contender(f"workers={count}", seconds_of(lambda df=df: df(x))))
    return contenders


CASES = [
    Case("threads/float64", loops(lambda x: x), unit="once"),
    Case("threads/k=1", loops(as_dual), unit="once"),
    Case("threads/gradient", passes, unit="once"),
]
