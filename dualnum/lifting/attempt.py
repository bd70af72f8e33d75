"""How a driver calls f: as it is, then lifted, lean and full, until no derivative is lost.

The grade that succeeds is remembered for f's code, so that later drivers start there.
"""

import os
import traceback

import numpy as np

from dualnum._core import (
    GivenUp,
    NearPass,
    comparisons_of_last_call,
    current_run,
    grade_of,
    key_of,
    plain_call,
    points_met,
    settle,
    with_callables,
)
from dualnum.lifting import nets, storage
from dualnum.lifting.guards import FULL, LEAN, PLAIN, grade_asked
from dualnum.lifting.state import State
from dualnum.rules.foreign_errors import explain

#: DUALNUM_LIFT=always lifts every f that a driver calls with lift="auto": for tests of lifting.
ALWAYS = os.environ.get("DUALNUM_LIFT") == "always"


def call(f, args, kwargs, lift, check):
    """Return f(*args, **kwargs) on duals, by the lowest grade at which f refuses nothing and the nets find no loss.

    Parameters
    ----------
    f : callable
    args : tuple
    kwargs : dict
    lift : {'auto', True, False}
    check : bool or None
        Whether the nets look at the result; None for the first call of f's code.

    Raises
    ------
    Exception
        That of f, if plain f raises it for floats as well; else that of the highest grade.
    """
    if ALWAYS and lift == "auto":
        lift = True
    keyed = with_callables(f, args, kwargs)
    known, verified = grade_of(keyed)
    grades = {"auto": (PLAIN, LEAN, FULL), True: (LEAN, FULL), False: (PLAIN,)}[lift]
    start = known if known is not None else PLAIN if lift is False else grade_asked(f)
    later = [grade for grade in grades if grade >= start] or list(grades[-1:])
    grades = later if known is not None else later + [grade for grade in grades if grade < start]
    first = check is None and not is_of_numpy(f)
    state = State((args, kwargs))
    at = nets.Plain(f, *storage.copied((args, kwargs)), state)
    # floats alone show nothing about f, nor does a pass near to a tie, at which the nets have found a loss
    shows = storage.dtype_of((args, kwargs)) is not None and not NearPass.is_open()
    errors, jumped = [], ()
    for grade in grades:
        g = f if grade == PLAIN else lifted(f, grade)
        if g is f and grade != PLAIN:
            continue  # nothing to lift: no source, or no call
        if errors or jumped:
            state.restore()
        solved = nets.solutions.count, nets.solutions.coarse
        met = points_met()[:3]
        try:
            y = run(f, g, args, kwargs, state)
        except (Exception, GivenUp) as error:
            # a TypeError is a refusal, most likely; a call for floats now would fill f's caches with floats
            refusal = isinstance(error, (TypeError, GivenUp))
            if (
                not errors
                and lift is not False
                and not refusal
                and at.value is None
                and _is_same(error, at.error)
            ):
                if known is not None:
                    settle(keyed, known, True)
                state.restore()
                raise
            errors.append(error)
            continue
        checks = check or (first and not (verified and grade == known))
        solved = nets.solutions.count > solved[0], nets.solutions.coarse > solved[1]
        lost = nets.loss(at, y, *solved) if checks else None
        if isinstance(lost, nets.Lost) and met_kinks(met, y):
            lost = nets.UNDECIDED
        if isinstance(lost, nets.Lost):
            errors.append(lost)
            continue
        if lost is nets.JUMP and grade != grades[-1]:
            jumped = jumped or (g, grade)  # a text of x may be another one; lifted, it is that of the value
            continue
        doubtful = lost is nets.UNDECIDED or (checks and storage.dtype_of(y) is None)
        if doubtful and grade == PLAIN and len(grades) > 1 and comparisons_of_last_call() >= nets.SEARCH:
            refused = [error for error in errors if _raised_by_rule(error)]
            refused = refused or refused_by_a_rule(f, args, kwargs, state)
            if refused:
                state.restore()
                raise refused[0]
        if shows:
            verified = (verified or check is None or checks) and not undecided(keyed, lost)
            settle(keyed, grade, verified, state.has_changed())
        return y
    if jumped:  # as with the first of them
        g, grade = jumped
        state.restore()
        y = run(f, g, args, kwargs, state)
        if shows:
            settle(keyed, grade, True, state.has_changed())
        return y
    if not errors:  # nothing to lift
        return run(f, f, args, kwargs, state)
    of_duals = at.value is not None
    state.restore()
    raise best(errors, None if of_duals else at.error)


def refused_by_a_rule(f, args, kwargs, state):
    """Return the error of a rule that lifted f reaches, as that of quad at a jump of its integrand, in a list."""
    try:
        with state.again():
            run(f, lifted(f, FULL), args, kwargs, state)
    except (Exception, GivenUp) as error:
        return [error] if _raised_by_rule(error) else []
    return []


def met_kinks(before, y):
    """Return whether the driver looks closer at points that f has met, so that `y` is not the last word.

    It finds no more about a constant that f has found by many comparisons.
    """
    kinks, ties, zeros = (now != then for now, then in zip(points_met(), before, strict=False))
    searched = storage.dtype_of(y) is None and comparisons_of_last_call() >= nets.SEARCH
    return kinks or zeros or (ties and not searched)


#: How often calls of one code look again where the nets could not decide.
LOOKS = 3
_undecided: dict[int, int] = {}


def undecided(keyed, found):
    """Return whether the next call of a function looks again, because nets could not decide at this point."""
    if found is not nets.UNDECIDED:
        return False
    key = key_of(keyed)
    _undecided[key] = _undecided.get(key, 0) + 1
    return _undecided[key] < LOOKS


def is_of_numpy(f):
    """Return whether f is a function of NumPy's or a ufunc: there is no code of the user's that could lose anything."""
    return isinstance(f, np.ufunc) or (
        not isinstance(f, np.vectorize)
        and (getattr(f, "__module__", None) or "").partition(".")[0] == "numpy"
    )


def lifted(f, grade):
    """Return f lifted to a grade, or f itself."""
    from dualnum.lifting import resolve, tables  # noqa: F401  # registers what stands for Python's and NumPy's functions

    return resolve.lifters()[grade - 1].resolve(f)


def run(f, g, args, kwargs, state):
    """Return f(*args, **kwargs) by g, which is f or f lifted, and refuse an f that caught a refusal."""
    if g is f and current_run() is None:
        return plain_call(f, f, args, kwargs)
    # lifted code may have made f: then the arrays that f makes have the levels of its own arguments, too
    return plain_call(lambda *args, **kwargs: storage.run(g, args, kwargs, state), f, args, kwargs)


def best(errors, of_floats):
    """Return the error that tells most: f's own for floats, that of a call or a rule in lifted code, else the last.

    `of_floats` is the error of plain f for floats; None if it has a value, so that duals are the cause.
    """
    from dualnum.lifting.boundary import NotLifted

    for tells in (
        lambda error: _is_same(error, of_floats) and str(error) == str(of_floats),
        lambda error: isinstance(error, NotLifted) or _raised_by_rule(error),
        lambda error: isinstance(error, nets.Lost),
        lambda error: _is_same(error, of_floats),
        lambda error: isinstance(error, TypeError),
        lambda error: True,
    ):
        for error in reversed(errors):
            if tells(error):
                error = error if isinstance(error, Exception) else TypeError(*error.args)
                if of_floats is None and not _raised_by_dualnum(error):
                    explain(error, OF_DUALS)
                return error


#: The note to an error in words of another library's.
OF_DUALS = "f has a value for floats here and raises this for duals: a function that it calls takes no duals"


def _is_same(error, other):
    return type(error) is type(other)


def _frames(error):
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def _is_of(package, frame):
    return (frame.f_globals.get("__name__") or "").startswith(package)


def _raised_by_dualnum(error):
    """Return whether dualnum's own code raised an error, in Python or compiled."""
    *_, last = _frames(error) or [None]
    return last is None or _is_of("dualnum.", last) or last.f_code.co_filename.startswith("ext/cython")


def _raised_by_rule(error):
    """Return whether a rule raised an error, or what it called: NumPy may find a matrix singular."""
    return any(_is_of("dualnum.rules.", frame) for frame in _frames(error))
