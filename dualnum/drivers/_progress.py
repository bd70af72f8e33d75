"""How far a driver is: a callback, or a line on a terminal."""

import sys
import time

QUIET = 1.0  # seconds without a word, for work that is short
INTERVAL = 0.1  # seconds between two lines


def is_terminal(stream):
    """Tell whether the stream is a terminal."""
    return stream is not None and stream.isatty()


class Line:
    """A line on standard error that is written again and again, if that is a terminal."""

    def __init__(self, shown=True):
        self.shown = shown and is_terminal(sys.stderr)
        self.start = self.last = time.monotonic()
        self.width = 0

    def tell(self, text):
        """Write ``text(seconds)``, of the seconds since the start, when it is time to."""
        if not self.shown:
            return
        now = time.monotonic()
        if now - self.start > QUIET and now - self.last > INTERVAL:
            self.last = now
            self.write(text(now - self.start))

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


def share(done, total, things, seconds):
    """Return the text after some seconds: how many things are done of all, and how long the others will take."""
    left = seconds / done * (total - done)
    return f"{done} of {total} {things}, {100 * done // total} %, {left:.0f} s left"


def counted(progress, results, total):
    """Yield the results; call ``progress(done, total)`` after each, or, for True, show a line on a terminal."""
    line = Line(progress is True)

    def tell(done, total):
        line.tell(lambda seconds: share(done, total, "passes", seconds))

    report = tell if progress is True else progress
    try:
        for done, result in enumerate(results, 1):
            report(done, total)
            yield result
    finally:
        line.clear()
