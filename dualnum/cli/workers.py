"""The points of a file in several processes, each of which loads the function by itself."""

from __future__ import annotations

import contextlib
import functools
import signal
import sys

import numpy as np

from dualnum.cli.errors import InputError
from dualnum.cli.points import adapted
from dualnum.drivers._parallel import checked, submitted
from dualnum.drivers._work import Unit, pickleable
from dualnum.lifting.record import replaced_callees

POINTS = 64  # of a task at most, so that the first rows come soon


class Points:
    """The unit of work: what `work` finds at each point. A pickle holds the function's text and loads it anew."""

    def __init__(self, problem, work):
        self.problem, self.work = problem, work

    def __reduce__(self):
        bare = self.problem._replace(function=None, adapt=None, place=None, progress=None, lifted=None)
        return _loaded, (bare._replace(points=bare.points[:1]), self.work.kind, self.work.order)

    def start(self):
        """Return the function of a point, which returns its result, or its error, and what lifting has replaced."""
        self.recording = replaced_callees()  # as long as this process lives
        names = self.recording.__enter__()

        def one(x):
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    return self.work.at(x), None, list(names)
            except (Exception, SystemExit) as error:
                return None, pickleable(error), list(names)

        return one

    def others(self):
        return []

    def attempt(self, one, x):
        return one(x)


def _loaded(problem, kind, order):
    problem = problem._replace(function=adapted(problem.recipe))
    return Points(problem, kind(problem, order))


def results(problem, work):
    """Yield for each finite point, in order, a function that returns its result or raises its error."""
    points = [problem.point(row) for row, x in enumerate(problem.points) if np.isfinite(x).all()]
    if problem.workers == 1 or len(points) < 2:
        for x in points:
            yield functools.partial(work.at, x)
        return
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

    count = min(problem.workers, len(points))
    with ProcessPoolExecutor(count, initializer=_end_at_interrupt) as pool:
        tasks = submitted(pool, Unit(Points(problem, work)), list(enumerate(points)), POINTS)
        try:
            for found, error, names in checked("dualnum", tasks, len(points)):
                problem.lifted.update(dict.fromkeys(names))
                yield functools.partial(_result, found, error)
        except BrokenExecutor:  # at which point is not known
            raise InputError(f"{problem.title} ended a worker process") from None


def _result(found, error):
    if error is not None:
        raise error
    return found


def _end_at_interrupt():
    """Let a worker end without a word when the terminal interrupts all processes: the command says what happened."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
