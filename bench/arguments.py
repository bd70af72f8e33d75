"""Arguments for the benchmark of every function: from its row's domain, or from NumPy's number of arguments."""

import numpy as np

from dualnum import _core

PLAIN, POSITIVE = (-2.0, 2.0), (0.5, 3.0)

#: Where a pole lies inside the domain, or an argument means something of its own: (low, high) for each argument.
OWN = {
    "tan": ((-0.9, 0.9),),
    "reciprocal": (POSITIVE,),
    **dict.fromkeys("divide floor_divide remainder fmod divmod".split(), (PLAIN, POSITIVE)),
    "ldexp": (PLAIN, (1, 4)),
    "clip": (PLAIN, (-1.5, -1.0), (1.0, 1.5)),
}

#: Several results, or none with derivatives: these are timed, and their values checked.
UNDIFFERENTIATED = {"divmod", "modf", "frexp", "ldexp"}


def functions():
    """Return the names of all functions: the rows', then the piecewise ones and the predicates."""
    rows = [row.name for row in (*_core.ELEMENTARY, *_core.BINARY)]
    return list(dict.fromkeys([*rows, *_core.FUNCTIONS]))


def _inside(lo, hi):
    """Return moderate bounds that keep away from the edges of a domain."""
    lo, hi = max(lo, -2.2), min(hi, 2.2)
    return lo + 0.05 * (hi - lo), hi - 0.05 * (hi - lo)


def bounds(name):
    """Return (low, high) of each argument of the function called `name`."""
    if name in OWN:
        return OWN[name]
    for row in _core.ELEMENTARY:
        if row.name == name:
            return (_inside(row.lo, row.hi),)
    for row in _core.BINARY:
        if row.name == name:
            return _inside(row.x_lo, row.x_hi), _inside(row.y_lo, row.y_hi)
    return (PLAIN,) * ufunc(name).nin


def ufunc(name):
    """Return NumPy's function; `np.clip` is a Python function around one."""
    return np._core.umath.clip if name == "clip" else getattr(np, name)


def draw(name, n):
    """Return n reproducible arguments of the function called `name`: a list of arrays."""
    rng = np.random.default_rng(len(name))
    return [
        rng.integers(low, high, n) if isinstance(low, int) else rng.uniform(low, high, n)
        for low, high in bounds(name)
    ]
