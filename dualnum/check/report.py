"""The result of `dualnum.check.compare`: a report to print, to plot and to save."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from dualnum._distribution import extra
from dualnum.check.diagnosis import (
    AGREES,
    EDGE,
    JUMP,
    KINK,
    NEARBY,
    NOISE,
    NOT_FINITE,
    STEEP,
    UNDECIDED,
    WRONG,
)

#: The meanings of the suspicions, as the verdict spells them.
MEANINGS = {
    KINK: "the derivatives on the two sides of x differ",
    JUMP: "f jumps at x",
    NOISE: "f scatters by far more than the rounding of its values",
    STEEP: "difference quotients grow without bound",
    NEARBY: "f changes abruptly close to x",
    EDGE: "f has values on one side of x only",
    NOT_FINITE: "f has no derivative there",
}
#: The entry of an array of suspicions where nothing is suspected.
NO_SUSPICION = np.array(None)
#: Components that the printed report shows at most.
MOST_COMPONENTS = 10


@dataclass(frozen=True)
class Method:
    """The errors and the cost of one method.

    Attributes
    ----------
    name : str
    steps : ndarray
        Step sizes, relative to each variable's scale (the power of two below it, or below 0.1 for smaller ones);
        empty for dual numbers.
    errors : ndarray
        The largest error of a component for each step, relative to the largest component.
    evaluations : int
        The number of calls of f for one derivative by one step size.
    seconds : float
        The time of these calls.
    note : str
        Why there are no results, if there are none.
    """

    name: str
    steps: np.ndarray
    errors: np.ndarray
    evaluations: int
    seconds: float
    note: str = ""

    @property
    def best(self) -> int | None:
        """The place of the best step, None where there is none."""
        finite = np.isfinite(self.errors)
        return int(np.argmin(np.where(finite, self.errors, np.inf))) if finite.any() else None

    @property
    def best_step(self) -> float:
        """The step with the least error, NaN where there is none."""
        return np.nan if self.best is None or not len(self.steps) else float(self.steps[self.best])

    @property
    def best_error(self) -> float:
        """The least error."""
        return np.nan if self.best is None else float(self.errors[self.best])

    @property
    def digits(self) -> float:
        """The digits that agree at the best step, at most 16; NaN where there is no error."""
        return float(digits(self.best_error))


@dataclass(frozen=True)
class Component:
    """One number of a derivative that does not simply agree.

    Attributes
    ----------
    label : str
        The value of f and the variables of the derivative: ``f[0] x[1]``.
    index : tuple of int
        Its place in the report's arrays.
    status, suspicion : str
        As in the report.
    given, expected : float or complex
        The derivative and the estimate by differences.
    error : float
        The error of that.
    excess : float
        By how many times `error` the two differ.
    """

    label: str
    index: tuple[int, ...]
    status: str
    suspicion: str | None
    given: float | complex
    expected: float | complex
    error: float

    @property
    def relative_error(self) -> float:
        """The difference of the two relative to the expected one (relative to the given one where that is zero)."""
        gap = abs(self.given - self.expected)
        size = abs(self.expected) or abs(self.given)
        return gap / size if gap else 0.0

    @property
    def excess(self) -> float:
        """By how many times their own error estimate the differences are off."""
        gap = abs(self.given - self.expected)
        return gap / self.error if self.error else (np.inf if gap else 0.0)


@dataclass(frozen=True)
class Report:
    """Derivatives, and their judgement by finite differences; `print` shows a table.

    Attributes
    ----------
    name : str
        ``gradient of f``.
    order : int
    source : str
        Where the derivatives are from: ``dual numbers``, ``jac`` or ``hess``.
    given : ndarray
        The derivatives: the shape of f(x), then the shape of `x`, for order 2 twice; the variables of a container
        are along one axis.
    estimate, error : ndarray
        The best that the differences can say, with its error.
    status : ndarray of str
        ``agrees``, ``undecided`` or ``wrong`` for each component.
    suspicion : ndarray of object
        The suspected cause: ``kink``, ``discontinuity``, ``noise``, ``infinite slope``, ``edge of the
        domain``, ``kink or discontinuity nearby``, ``f(x) is not finite``, or None.
    methods : tuple of Method
    notes : tuple of str
    """

    name: str
    order: int
    source: str
    x: np.ndarray
    value: np.ndarray
    given: np.ndarray
    estimate: np.ndarray
    error: np.ndarray
    status: np.ndarray
    suspicion: np.ndarray
    methods: tuple[Method, ...]
    notes: tuple[str, ...] = ()
    variables: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def components(self) -> list[Component]:
        """The components that do not agree, or where something is suspected; the worst first."""
        shape = np.shape(self.value)
        sizes = self.given.shape[len(shape) :]
        names: Any = np.array(self.variables, dtype=object).reshape(sizes[: len(sizes) // self.order])
        suspicion: Any = self.suspicion
        found, shown = [], (self.status != AGREES) | ~np.equal(self.suspicion, NO_SUSPICION)
        for index in map(tuple, np.argwhere(shown).tolist()):
            row, by = index[: len(shape)], index[len(shape) :]
            parts = [label("f", row)] if row else []
            width = len(by) // self.order
            parts += [names[by[k * width : (k + 1) * width]] for k in range(self.order)]
            judged = str(self.status[index]), suspicion[index]
            numbers = [a[index].item() for a in (self.given, self.estimate, self.error)]
            found.append(Component(" ".join(parts), index, *judged, *numbers))
        rank = {WRONG: 0, UNDECIDED: 1, AGREES: 2}
        return sorted(found, key=lambda c: (rank[c.status], -np.nan_to_num(c.relative_error, nan=np.inf)))

    @property
    def agrees(self) -> bool:
        """Whether all derivatives agree with the differences, as far as these can tell."""
        return bool(np.all(self.status == AGREES))

    @property
    def wrong(self) -> bool:
        """Whether a derivative is further off than the differences' own error can explain."""
        return bool(np.any(self.status == WRONG))

    @property
    def suspicions(self) -> tuple[str, ...]:
        """The suspicions of all components."""
        return tuple(sorted({c.suspicion for c in self.components if c.suspicion}))

    @property
    def digits(self) -> float:
        """The digits in which derivatives without a suspicion agree with the differences, relative to the largest one.

        If a derivative is wrong, the digits of the worst of the wrong ones, relative to itself.
        """
        if self.wrong:
            off = [c.relative_error for c in self.components if c.status == WRONG]
            return float(np.min(np.nan_to_num(digits(off))))
        plain = np.equal(self.suspicion, NO_SUSPICION) | (self.suspicion == NOISE)
        gap, size = np.abs(self.given - self.estimate), np.abs(self.given)
        size = np.max(size, initial=0.0, where=np.isfinite(size))
        worst = np.max(gap, initial=0.0, where=plain & np.isfinite(gap))
        return float(digits(worst / (size or 1.0)))

    @property
    def verdict(self) -> str:
        """One sentence."""
        total = self.given.size
        wrong, undecided = (int(np.sum(self.status == kind)) for kind in (WRONG, UNDECIDED))
        if wrong:
            worst = self.components[0]
            text = f"The derivative is wrong here: {worst.label or 'it'} is {worst.given:.10g} instead of "
            text += f"{worst.expected:.10g}, give or take {worst.error:.1g}"
            text += f" ({wrong} of {total} components are wrong)" if total > 1 else ""
        elif undecided:
            text = "The difference quotient is noisy here and decides nothing"
            text += f" for {undecided} of {total} components" if total > 1 else ""
        else:
            text = "The derivatives agree"
            if not set(self.suspicions) - {NOISE}:
                accuracy = f", to {self.digits:.1f} digits" if self.digits >= 1 else ""
                text += accuracy or ", as far as the differences can tell"
        suspicions = "; ".join(f"{word} ({MEANINGS[word]})" for word in self.suspicions)
        return text + (f"; suspected: {suspicions}." if suspicions else ".")

    @property
    def heads(self) -> tuple[str, str]:
        """The headings of the errors and the digits; the error may be that of a hand-written derivative."""
        if self.source == "dual numbers":
            return "error", "digits"
        return f"off from {self.source}", "digits shared"

    def __str__(self) -> str:
        """Return the table of the methods, the components that do not agree, and the verdict."""
        head: tuple[str, ...] = ("method", "best step", *self.heads, "calls of f", "time")
        rows: list[tuple[str, ...]] = [
            (
                m.name,
                "" if np.isnan(m.best_step) else f"{m.best_step:.1e}",
                "" if np.isnan(m.best_error) else f"{m.best_error:.1e}",
                "" if np.isnan(m.best_error) else f"{m.digits:.1f}",
                str(m.evaluations) if m.evaluations else "",
                duration(m.seconds) if m.evaluations else "",
            )
            for m in self.methods
        ]
        point = np.array2string(self.x, threshold=8, edgeitems=2, precision=6, separator=", ")
        lines = [f"{self.name}, by {self.source}, beside finite differences", f"at x = {point}", ""]
        lines += table([head, *rows])
        for number, method in enumerate(self.methods, len(lines) - len(self.methods)):
            lines[number] += f"  {method.note}" if method.note else ""
        if self.components:
            head = ("component", "given", "differences", "error of these", "off by", "", "suspected")
            rows = [
                (
                    c.label or "f'",
                    f"{c.given:.10g}",
                    f"{c.expected:.10g}",
                    f"{c.error:.1e}",
                    f"{c.relative_error:.1e}",
                    c.status,
                    c.suspicion or "",
                )
                for c in self.components[:MOST_COMPONENTS]
            ]
            lines += ["", *table([head, *rows])]
            if len(self.components) > MOST_COMPONENTS:
                lines.append(f"... and {len(self.components) - MOST_COMPONENTS} more")
        return "\n".join([*lines, "", *self.notes, self.verdict])

    def plot(self, ax: Any = None) -> Any:
        """Plot the methods' errors against their steps, the well-known V.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to plot; by default the current one.

        Returns
        -------
        matplotlib Axes
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError(f"plot() expects matplotlib; install {extra('plot')}.") from None
        ax = ax or plt.gca()
        ax.set(xscale="log", xlabel="step / max(|x|, 0.1)")
        ax.set(yscale="log", ylabel="relative error", title=self.name)
        for method in self.methods:
            if len(method.steps):
                shown = np.isfinite(method.errors)
                # an error of exactly zero has no place on the axis: it is at the rounding of one number
                errors = np.maximum(method.errors[shown], np.finfo(float).eps / 4)
                ax.plot(method.steps[shown], errors, marker=".", label=method.name)
        if ax.lines:
            ax.legend()
        return ax

    def to_json(self) -> str:
        """Return the report as JSON; numbers that are not finite are null."""
        method = "name best_step best_error digits evaluations seconds note steps errors".split()
        component = "label index status suspicion given expected error relative_error excess".split()
        whole = "name order source x value given estimate error status suspicion notes agrees verdict".split()
        found = attributes(self, whole)
        found["methods"] = [attributes(m, method) for m in self.methods]
        found["components"] = [attributes(c, component) for c in self.components]
        return json.dumps(portable(found), allow_nan=False)


def attributes(x: object, names: list[str]) -> dict[str, Any]:
    """Return attributes of `x` by name."""
    return {name: getattr(x, name) for name in names}


def portable(x: Any, not_finite: Callable[[float], str | None] = lambda x: None) -> Any:
    """Return `x` as JSON can hold it: arrays as lists, and `not_finite(x)` in place of nan, inf and -inf.

    A complex number is an object with its ``real`` and its ``imag``.
    """
    if isinstance(x, dict):
        return {str(key): portable(item, not_finite) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return [portable(item, not_finite) for item in x]
    if isinstance(x, (np.ndarray, np.generic)):
        return portable(x.tolist(), not_finite)
    if isinstance(x, complex):
        return {"real": portable(x.real, not_finite), "imag": portable(x.imag, not_finite)}
    return x if not isinstance(x, float) or np.isfinite(x) else not_finite(x)


def digits(error: Any) -> Any:
    """Return the decimal digits that a relative error leaves: -log10(error) between 0 and 16, nan for nan."""
    with np.errstate(all="ignore"):
        return np.clip(-np.log10(error), 0, 16)


def label(name: str, index: tuple[int, ...]) -> str:
    """Return ``x`` for a scalar's element, ``x[0]`` for a vector's, ``x[0,1]`` for a matrix's."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return lines of aligned columns: the first and the last to the left, the others to the right."""
    columns = []
    for k, column in enumerate(zip(*rows, strict=True)):
        pad = str.ljust if k in (0, len(rows[0]) - 1) else str.rjust
        columns.append([pad(cell, max(map(len, column))) for cell in column])
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def duration(seconds: float) -> str:
    """Return a time with its unit."""
    units = {"s": 1, "ms": 1e3, "us": 1e6}
    unit = next((unit for unit, factor in units.items() if seconds * factor >= 1), "us")
    return f"{seconds * units[unit]:.3g} {unit}"
