"""Arguments for the benchmark of every function; `check_complete` refuses to run when one has none."""

import numpy as np

from dualnum import _core

# From where to where the arguments of each function are drawn: (low, high) for each argument.
PLAIN, POSITIVE, INSIDE = (-2.0, 2.0), (0.5, 3.0), (-0.9, 0.9)
ARGUMENTS = {
    **dict.fromkeys("exp exp2 expm1 square sin cos arctan sinh cosh tanh arcsinh cbrt".split(), (PLAIN,)),
    **dict.fromkeys("deg2rad radians rad2deg degrees".split(), (PLAIN,)),
    **dict.fromkeys("negative positive conjugate absolute fabs sign floor ceil rint trunc".split(), (PLAIN,)),
    **dict.fromkeys("modf frexp isfinite isnan isinf signbit logical_not".split(), (PLAIN,)),
    **dict.fromkeys("log log2 log10 log1p sqrt reciprocal".split(), (POSITIVE,)),
    **dict.fromkeys("arcsin arccos arctanh tan".split(), (INSIDE,)),
    "arccosh": ((1.1, 3.0),),
    **dict.fromkeys("add subtract multiply".split(), (PLAIN, PLAIN)),
    **dict.fromkeys("hypot arctan2 logaddexp logaddexp2 copysign heaviside".split(), (PLAIN, PLAIN)),
    **dict.fromkeys("maximum minimum fmax fmin".split(), (PLAIN, PLAIN)),
    **dict.fromkeys("equal not_equal less less_equal greater greater_equal".split(), (PLAIN, PLAIN)),
    **dict.fromkeys("logical_and logical_or logical_xor".split(), (PLAIN, PLAIN)),
    **dict.fromkeys("divide floor_divide remainder fmod divmod".split(), (PLAIN, POSITIVE)),
    **dict.fromkeys("power float_power".split(), (POSITIVE, PLAIN)),
    "ldexp": (PLAIN, (1, 4)),
    "clip": (PLAIN, (-1.5, -1.0), (1.0, 1.5)),
}

#: Several results, or none with derivatives: these are timed, and their values checked.
UNDIFFERENTIATED = {"divmod", "modf", "frexp", "ldexp"}


def functions():
    """Return the names of all functions, whichever table they come from."""
    rows = [row.name for row in (*_core.ELEMENTARY, *_core.BINARY)]
    return list(dict.fromkeys([*rows, *_core.FUNCTIONS]))


def check_complete():
    """Refuse to run when a function has no benchmark.

    Raises
    ------
    SystemExit
        With the names of the functions.
    """
    missing = [name for name in functions() if name not in ARGUMENTS]
    if missing:
        raise SystemExit(f"no benchmark for {', '.join(missing)}: add arguments to bench/arguments.py.")


def ufunc(name):
    """Return NumPy's function; `np.clip` is a Python function around one."""
    return np._core.umath.clip if name == "clip" else getattr(np, name)


def draw(name, n):
    """Return n reproducible arguments of the function called `name`: a list of arrays."""
    rng = np.random.default_rng(len(name))
    return [
        rng.integers(*bounds, n) if isinstance(bounds[0], int) else rng.uniform(*bounds, n)
        for bounds in ARGUMENTS[name]
    ]
