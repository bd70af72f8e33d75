"""A benchmark: contenders that do the same work.  The first is the floor, to which the others are compared."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Statement:
    """A line of Python that is timed without a call around it, for work that takes nanoseconds."""

    def __init__(self, text, **names):
        self.text = text
        self.names = names
        self.code = compile(text, "<bench>", "eval")

    def __call__(self):
        return eval(self.code, dict(self.names))


class Contender(NamedTuple):
    """One way of doing a case's work.

    Attributes
    ----------
    name : who does it
    run : a callable without arguments, or a `Statement`
    expected : what ``run()`` must return, up to `tolerance`; None where there is nothing to compare
    tolerance : relative to the largest element of `expected`
    read : turns what ``run()`` returns into an array
    """

    name: str
    run: Callable[[], Any]
    expected: Any = None
    tolerance: float = 1e-11
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Case:
    """A benchmark.

    Attributes
    ----------
    name : parts separated by slashes; cases that differ in ``n=...`` alone are one curve of a plot
    build : returns the contenders, the floor first; called just before the case runs
    n : elements or variables, 1 where that has no meaning
    slow : left out by ``--quick``
    unit : "s" where run() is timed, "B" where its peak memory counts, "once" where run() returns seconds itself
    """

    name: str
    build: Callable[[], list[Contender]] = field(repr=False)
    n: int = 1
    slow: bool = False
    unit: str = "s"
