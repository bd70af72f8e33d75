"""Output for a terminal only: colours, and the progress of long work."""

from __future__ import annotations

import functools
import os

from dualnum.drivers._progress import Line, is_terminal, share

CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33}


def is_colourful(stream):
    """Tell whether to colour the output to a stream: see no-color.org."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not is_terminal(stream):
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ


def painter(stream):
    """Return ``paint(text, colour)``, which colours text for a stream that shows colours, else returns it as it is."""
    if not is_colourful(stream):
        return lambda text, colour: text
    return lambda text, colour: f"\x1b[{CODES[colour]}m{text}\x1b[0m" if colour else text


class Progress(Line):
    """A line that tells how many of the `total` points are done."""

    def __init__(self, total, shown):
        super().__init__(shown)
        self.total = total
        self.done = self.calls = 0
        self.of_passes = None  # the passes done at the one point, and all

    def watch(self, function):
        """Return the function with its calls counted."""
        if not self.shown:
            return function

        @functools.wraps(function)
        def watched(x):
            self.calls += 1
            self.tell(self.line)
            return function(x)

        return watched

    def each(self, outcomes):
        """Yield the outcomes, counted."""
        for outcome in outcomes:
            self.done += 1
            self.tell(self.line)
            yield outcome

    def passes(self, done, total):
        """Note how many passes of a driver are done."""
        self.of_passes = done, total
        self.tell(self.line)

    def line(self, seconds):
        """Return the text after some seconds."""
        if self.total == 1 and self.of_passes:
            return share(*self.of_passes, "passes", seconds)
        if self.total == 1 or not self.done:
            return f"{self.calls} calls of the function, {seconds:.0f} s"
        return share(self.done, self.total, "points", seconds)
