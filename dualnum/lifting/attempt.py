"""How a driver calls f: as it is, then lifted, lean and full, until no derivative is lost.

The grade that succeeds is remembered for f's code, so that later drivers start there.
"""

import os

import numpy as np

from dualnum._core import GivenUp, current_run, grade_of, key_of, plain_call, settle, with_callables
from dualnum.lifting import nets, storage

PLAIN, LEAN, FULL = range(3)
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
    start = known if known is not None else PLAIN
    grades = {"auto": (PLAIN, LEAN, FULL), True: (LEAN, FULL), False: (PLAIN,)}[lift]
    grades = [grade for grade in grades if grade >= start] or grades[-1:]
    first = check is None and not is_of_numpy(f)
    clean = storage.copied((args, kwargs))
    at = nets.Plain(f, *clean)
    expected = _UNKNOWN
    errors = []
    for grade in grades:
        g = f if grade == PLAIN else lifted(f, grade)
        if g is f and grade != PLAIN:
            continue  # nothing to lift: no source, or no call
        if errors:
            storage.restore((args, kwargs), clean)
        try:
            y = run(f, g, args, kwargs)
        except (Exception, GivenUp) as error:
            # a TypeError is a refusal, most likely; a call for floats now would fill f's caches with floats
            if not errors and lift is not False and not isinstance(error, (TypeError, GivenUp)):
                expected = at()
                if type(at.error) is type(error):
                    if known is not None:
                        settle(keyed, known, True)
                    raise
            errors.append(error)
            continue
        checks = check or (first and not (verified and grade == known))
        lost = nets.loss(f, *clean, y, None if expected is _UNKNOWN else expected) if checks else None
        if isinstance(lost, nets.Lost):
            errors.append(lost)
            continue
        if storage.dtype_of((args, kwargs)) is not None:  # floats alone show nothing about f
            settle(keyed, grade, (verified or check is None or checks) and not undecided(keyed, lost))
        return y
    if not errors:  # nothing to lift
        return run(f, f, args, kwargs)
    if at.error is None and expected is _UNKNOWN and not isinstance(errors[-1], nets.Lost):
        at()
    storage.restore((args, kwargs), clean)
    raise best(errors, at.error)


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


_UNKNOWN = object()


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


def run(f, g, args, kwargs):
    """Return f(*args, **kwargs) by g, which is f or f lifted, and refuse an f that caught a refusal."""
    if g is f and current_run() is None:
        return plain_call(f, f, args, kwargs)
    # lifted code may have made f: then the arrays that f makes have the levels of its own arguments, too
    return plain_call(lambda *args, **kwargs: storage.run(g, args, kwargs), f, args, kwargs)


def best(errors, of_floats):
    """Return the error that tells most: f's own for floats, that of a call or a rule in lifted code, else the first.

    `of_floats` is the error of plain f for floats, or None.
    """
    from dualnum.lifting.boundary import NotLifted

    for tells in (
        lambda error: type(error) is type(of_floats) and str(error) == str(of_floats),
        lambda error: isinstance(error, NotLifted) or _is_of_rule(error),
        lambda error: isinstance(error, nets.Lost),
        lambda error: type(error) is type(of_floats),
        lambda error: isinstance(error, TypeError),
    ):
        for error in reversed(errors):
            if tells(error):
                return error
    error = errors[0]
    return error if isinstance(error, Exception) else TypeError(*error.args)


def _is_of_rule(error):
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and (trace.tb_frame.f_globals.get("__name__") or "").startswith("dualnum.rules.")
