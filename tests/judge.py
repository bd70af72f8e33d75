"""The judge of the safety test: a program that runs in a child process.

Every call is evaluated for duals that move along one direction, and for plain arrays moved along it: whatever depends
on the input must carry the first (with two levels also the second) central difference, or be of an integer or boolean
type, or have been refused.

    python judge.py FORM FIRST STOP

prints one line for each of the calls FIRST .. STOP: its number, a tab, the verdict.
"""

import io
import sys
import warnings

import numpy as np
import surface

from dualnum import Dual, _core
from dualnum._core import ComplexDual

CALLS = surface.every_call()
# form -> (levels, subclass)
FORMS = {"plain": (1, False), "DualArray": (1, True), "two levels": (2, True)}
# Of the central differences of first and second order
STEPS = {1: 1e-6, 2: 1e-4}
TOLERANCES = {1: 2e-5, 2: 1e-4}

# Results without numbers in them
TEXT = (str, bytes, memoryview, np.dtype, type, type(None), type(Ellipsis), np.ufunc)
REFUSALS = (TypeError, ValueError, NotImplementedError, AttributeError, IndexError, BufferError)


class Loss(Exception):
    """A derivative was dropped, or is wrong."""


def leaves(result):
    """Yield the numbers and arrays in a result, however nested; masked arrays by their data."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, np.ma.MaskedArray):
        result = result.filled(0)
    if isinstance(result, (list, tuple)):
        for item in result:
            yield from leaves(item)
    elif isinstance(result, np.ndarray) and result.dtype == object:
        for item in result.ravel():
            yield from leaves(item)
    elif isinstance(result, (np.ndarray, np.void)) and result.dtype.names:
        for name in result.dtype.names:
            yield from leaves(result[name])
    elif isinstance(
        result, (int, float, complex, np.ndarray, np.generic, Dual, ComplexDual)
    ) and not isinstance(result, TEXT):
        yield result


class Case:
    """The input: values, a direction for each, and constants."""

    def __init__(self, form, **helpers):
        self.helpers = {"np": np, "sink": io.BytesIO, **helpers}
        orders, self.subok = FORMS[form]
        self.levels = [_core.Level() for _ in range(orders)]
        self.values, self.constants, _ = surface.arguments()
        draw = np.random.default_rng(42)
        self.directions = {name: draw.uniform(-1, 1, value.shape) for name, value in self.values.items()}

    def _names(self, moving):
        copies = {name: value.copy() for name, value in self.constants.items()}
        return {**self.helpers, **copies, **moving, "s": moving["s"][()]}

    def duals(self):
        """Return the names of a call, as duals along the direction."""
        moving = dict(self.values)
        for level in self.levels:
            for name, x in moving.items():
                tangent = self.directions[name][..., None]
                moving[name] = _core.seed_tangents(x, level, tangent, subok=self.subok)
        return self._names(moving)

    def moved(self, step):
        """Return the names of a call, as plain arrays moved by a step along the direction."""
        return self._names({name: x + step * self.directions[name] for name, x in self.values.items()})

    def derivative(self, result):
        """Return the part of a result that belongs to all levels at once."""
        for level in self.levels:
            result = _core.split(result, level)[1]
            if result is None:
                return 0.0
            result = result[..., 0]
        return np.asarray(result, complex if np.iscomplexobj(result) else float)

    def difference(self, code):
        """Return the leaves of the plain call, and their central differences of the order of the levels."""
        step = STEPS[len(self.levels)]
        high, middle, low = (list(leaves(eval(code, self.moved(s)))) for s in (step, 0.0, -step))
        if len(self.levels) == 1:
            return middle, [_subtract(h, low_) / (2 * step) for h, low_ in zip(high, low, strict=True)]
        both = zip(high, middle, low, strict=True)
        return middle, [(_subtract(h, m) - _subtract(m, low_)) / step**2 for h, m, low_ in both]


def _subtract(a, b):
    return np.asarray(a, complex) - np.asarray(b, complex)


def judge(code, case):
    """Return the outcome of one call as one word; raise Loss where a derivative is missing or wrong."""
    try:
        result = eval(code, case.duals())
    except REFUSALS as error:
        return "refused " + type(error).__name__
    try:
        plain, differences = case.difference(code)
    except REFUSALS:
        return "accepted what NumPy refuses"
    duals = list(leaves(result))
    if len(duals) != len(plain):
        raise Loss(f"{len(duals)} results, float64 gives {len(plain)}")
    word = "exact"
    for got, want, difference in zip(duals, plain, differences, strict=True):
        dtype = np.result_type(got)
        if np.shape(got) != np.shape(want):
            raise Loss(f"shape {np.shape(got)}, float64 gives {np.shape(want)}")
        if not hasattr(dtype, "levels") and dtype.kind in "biuSU":
            word = "whole"
            continue
        derivative = case.derivative(got) if hasattr(dtype, "levels") else 0.0
        tolerance = TOLERANCES[len(case.levels)]
        if not (np.abs(derivative - difference) <= tolerance * (1 + np.abs(difference))).all():
            raise Loss(f"derivative {derivative!r}, difference {difference!r}, type {dtype}")
        if not np.array_equal(_core.value(got), want, equal_nan=True):
            word = "not the same value"
            if not np.allclose(_core.value(got), want, rtol=1e-12, atol=1e-12):
                raise Loss("the value is wrong")
    return word


def main(form, first, stop):
    """Judge the calls `first` to `stop`, one line each; a crash leaves the last line without a verdict."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    case = Case(form)
    for number in range(first, stop):
        sys.stdout.write(f"{number}\t")
        sys.stdout.flush()
        try:
            verdict = judge(CALLS[number], case)
        except Loss as loss:
            verdict = f"LOSS {loss}"
        except Exception as error:  # one that callers do not expect
            verdict = f"ERROR {type(error).__name__}: {error}"
        sys.stdout.write(" ".join(verdict.split()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
