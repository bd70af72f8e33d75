"""Output for a terminal only: colours, and the progress of long work."""

from __future__ import annotations

import functools
import os
import sys
import time

CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33}
QUIET = 1.0  # seconds without a word, for work that is short
INTERVAL = 0.1  # seconds between two lines


def is_terminal(stream):
    """Tell whether the stream is a terminal."""
    return stream is not None and stream.isatty()


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


class Progress:
    """A line on standard error that tells how many of the `total` points are done, if that is a terminal."""

    def __init__(self, total, shown):
        self.total = total
        self.done = self.calls = 0
        self.shown = shown and is_terminal(sys.stderr)
        self.start = self.last = time.monotonic()
        self.width = 0

    def watch(self, function):
        """Return the function with its calls counted."""
        if not self.shown:
            return function

        @functools.wraps(function)
        def watched(x):
            self.calls += 1
            self.tell()
            return function(x)

        return watched

    def each(self, outcomes):
        """Yield the outcomes, counted."""
        for outcome in outcomes:
            self.done += 1
            if self.shown:
                self.tell()
            yield outcome

    def tell(self):
        """Write the line when it is time to."""
        now = time.monotonic()
        if now - self.start > QUIET and now - self.last > INTERVAL:
            self.last = now
            self.write(self.line(now - self.start))

    def line(self, seconds):
        """Return the text after some seconds."""
        if self.total == 1 or not self.done:
            return f"{self.calls} calls of the function, {seconds:.0f} s"
        left = seconds / self.done * (self.total - self.done)
        return f"{self.done} of {self.total} points, {100 * self.done // self.total} %, {left:.0f} s left"

    def write(self, text):
        sys.stderr.write("\r" + text.ljust(self.width))
        sys.stderr.flush()
        self.width = len(text)

    def clear(self):
        """Wipe the line off."""
        if self.width:
            self.write("")
            sys.stderr.write("\r")
            self.width = 0
