"""Answers are checked first; then the contenders take turns, and ratios are taken turn by turn."""

import gc
import time
import timeit
import tracemalloc
from collections.abc import Callable
from statistics import median, quantiles
from typing import NamedTuple

import numpy as np

from bench.case import Statement

#: Copies of a statement in one turn of timeit's loop, so that the loop itself does not count.
COPIES = 20


class WrongAnswer(Exception):
    """A contender's answer is not the expected one."""


class Effort(NamedTuple):
    """How long each contender runs in a turn, at least, and how many turns there are."""

    seconds: float
    turns: int
    longest: float  # contenders that take longer for one run get three turns
    clock: Callable[[], float] = time.perf_counter


FULL = Effort(0.004, 11, 0.3)
QUICK = Effort(0.0004, 5, 0.03)


class Result(NamedTuple):
    """The cost of one contender: seconds (or bytes) per run, and the same relative to the floor.

    A spread is half the distance between the quartiles; `excess` is the median difference to the floor.
    """

    name: str
    median: float
    spread: float
    ratio: float
    ratio_spread: float
    excess: float
    error: str | None = None


def check(contender):
    """Run a contender once and compare its answer with the expected one."""
    answer = contender.run()
    if contender.expected is None:
        return
    answer = np.asarray(contender.read(answer) if contender.read else answer, dtype=float)
    expected = np.asarray(contender.expected, dtype=float)
    if answer.shape != expected.shape:
        raise WrongAnswer(f"shape {answer.shape} instead of {expected.shape}")
    scale = np.max(np.abs(expected), initial=1e-300)
    error = np.max(np.abs(answer - expected), initial=0.0) / scale
    if not error <= contender.tolerance:
        raise WrongAnswer(f"relative error {error:.1e}")


def timer(run, clock=time.perf_counter):
    """Return a timer and how many runs one of its loops makes."""
    if isinstance(run, Statement):
        return timeit.Timer("; ".join([run.text] * COPIES), timer=clock, globals=dict(run.names)), COPIES
    return timeit.Timer("run()", timer=clock, globals={"run": run}), 1


def calibrate(clock, effort):
    """Return how many loops fill a turn."""
    number = 1
    while True:
        seconds = clock.timeit(number)
        if seconds >= effort.seconds or number > 1 << 24:
            return number, seconds / number
        number = max(2 * number, min(100 * number, int(1.1 * effort.seconds / max(seconds, 1e-9) * number)))


def measure_times(contenders, effort):
    """Return the seconds per run: a list for each contender, one entry a turn."""
    clocks = [timer(contender.run, effort.clock) for contender in contenders]
    gc.collect()
    plans = [calibrate(clock, effort) for clock, _ in clocks]
    turns = [3 if seconds > effort.longest else effort.turns for _, seconds in plans]
    samples = [[] for _ in contenders]
    for turn in range(effort.turns):
        for i in sorted(range(len(contenders)), key=lambda i: (i + turn) % len(contenders)):
            if turn < turns[i]:
                clock, copies = clocks[i]
                number = plans[i][0]
                samples[i].append(clock.timeit(number) / number / copies)
    return samples


def measure_once(contenders, effort):
    """Return the seconds that the runs report themselves."""
    samples = [[] for _ in contenders]
    for _ in range(max(3, effort.turns // 2)):
        for i, contender in enumerate(contenders):
            samples[i].append(contender.run())
    return samples


def measure_memory(contenders, effort):
    """Return the peak of the memory that a run allocates."""
    samples = []
    for contender in contenders:
        gc.collect()
        tracemalloc.start()
        contender.run()
        samples.append([float(tracemalloc.get_traced_memory()[1])])
        tracemalloc.stop()
    return samples


MEASURES = {"s": measure_times, "B": measure_memory, "once": measure_once}


def spread(sample):
    """Return half the distance between the quartiles."""
    if len(sample) < 2:
        return 0.0
    low, _, high = quantiles(sample, n=4, method="inclusive")
    return (high - low) / 2


def compare(names, samples):
    """Return a `Result` for each contender; the first is the floor."""
    results = []
    floor = samples[0]
    for name, sample in zip(names, samples, strict=True):
        pairs = list(zip(sample, floor, strict=False))
        ratios = [a / b for a, b in pairs]
        results.append(
            Result(
                name,
                median(sample),
                spread(sample),
                median(ratios),
                spread(ratios),
                median([a - b for a, b in pairs]),
            )
        )
    return results


def run_case(case, contenders, effort):
    """Check and measure the contenders of a case; those with a wrong answer are not measured."""
    good, bad = [], []
    for contender in contenders:
        try:
            check(contender)
            good.append(contender)
        except Exception as error:
            if contender is contenders[0]:
                raise
            message = str(error) if isinstance(error, WrongAnswer) else f"{type(error).__name__}: {error}"
            bad.append(Result(contender.name, *[float("nan")] * 5, error=message.splitlines()[0][:200]))
    samples = MEASURES[case.unit](good, effort)
    return compare([contender.name for contender in good], samples) + bad


def stopwatch():
    """Return a function that says how many seconds have passed."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start
