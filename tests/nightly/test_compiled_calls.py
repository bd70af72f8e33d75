"""Lifted code calls compiled functions of other packages: nothing crashes, no derivative becomes 0 silently.

Functions and arguments are drawn, and each call runs in a child process.  ``COMPILED_CALLS=4000`` asks for more calls
of each package.
"""

import contextlib
import faulthandler
import importlib
import io
import os
import pkgutil
import sys
import warnings
from collections import Counter, deque

import numpy as np
import pytest
import reach

import dualnum as dn

CALLS, BATCH = int(os.environ.get("COMPILED_CALLS", "500")), 50
PACKAGES = "scipy pandas sklearn skimage numexpr bottleneck h5py shapely".split()
EXTENSIONS = (".so", ".pyd")
#: Modules that import with side effects, and functions that end or stop the process, or change it for later calls.
SKIPPED_MODULES = (
    "test",
    "conftest",
    "setup",
    "__main__",
    "_build_utils",
    "datasets",
    "_pyarrow",
    "pytables",
)
SKIPPED = (
    "exit",
    "abort",
    "sleep",
    "fork",
    "set_num_threads",
    "openmp",
    "_set",
    "debug",
    "input",
    "breakpoint",
)
X, STEP = 0.7, 2.0**-10


class Holder:
    """An object that gives its number when compiled code asks."""

    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.x, dtype=dtype)

    def __float__(self):
        return float(self.x)


VARIABLE = {
    "x": lambda x: x,
    "vector": lambda x: np.array([x, 2.0, 1.0 - x]),
    "matrix": lambda x: np.array([[x, 0.3, 0.1], [0.2, 1.5, x], [0.1, 0.4, 2.0]]),
    "F-matrix": lambda x: np.asfortranarray(np.array([[x, 0.3, 0.1], [0.2, 1.5, x], [0.1, 0.4, 2.0]])),
    "slice": lambda x: np.array([x, 2.0, 1.0, x, 0.3, 0.1])[::2],
    "0-d": lambda x: np.array(x),
    "list": lambda x: [x, 2.0, x * x],
    "nested": lambda x: [[x, 2.0], [1.0, x]],
    "tuple": lambda x: (x, 1.0),
    "dict": lambda x: {"a": x},
    "objects": lambda x: np.array([x, 2.0, x * x]).astype(object),
    "filled": lambda x: _filled(x),
    "iterator": lambda x: iter([x, 2.0]),
    "deque": lambda x: deque([x, 1.0]),
    "holder": lambda x: Holder(x),
    "function": lambda x: lambda *args: x * args[0] if args else x,
    "function of arrays": lambda x: lambda *args: np.array([x, 2.0, x * x]),
}
CONSTANT = {
    "1.5": lambda x: 1.5,
    "2": lambda x: 2,
    "0": lambda x: 0,
    "None": lambda x: None,
    "True": lambda x: True,
    "text": lambda x: "a",
    "floats": lambda x: np.array([0.5, 2.0, 1.0]),
    "table": lambda x: np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.7], [0.1, 0.4, 2.0]]),
    "integers": lambda x: np.array([0, 1, 2]),
    "int32": lambda x: np.array([0, 1, 2], dtype=np.int32),
    "type": lambda x: float,
}


def _filled(x):
    a = np.zeros(3)
    a[1] = x
    return a


def import_all(name):
    """Import a module and all below it."""
    if any(skipped in name for skipped in SKIPPED_MODULES):
        return
    with (
        contextlib.suppress(BaseException),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for found in pkgutil.iter_modules(getattr(importlib.import_module(name), "__path__", ())):
            import_all(f"{name}.{found.name}")


def compiled(package):
    """Return the callables of a package's compiled modules, by name, sorted."""
    import_all(package)
    functions = {}
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == package and str(getattr(module, "__file__", "")).endswith(EXTENSIONS):
            for member, g in sorted(vars(module).items()):
                if callable(g) and member[:2] != "__" and not any(word in member.lower() for word in SKIPPED):
                    functions[f"{name}.{member}"] = g
    return functions


class Call:
    """A call of g with drawn arguments; in lifted code, a function of x."""

    def __init__(self, rng, functions):
        self.name = str(rng.choice(list(functions)))
        self.g = functions[self.name]
        kinds = [
            str(rng.choice(list(VARIABLE if rng.random() < 0.5 else CONSTANT)))
            for _ in range(rng.integers(1, 6))
        ]
        kinds[rng.integers(len(kinds))] = str(rng.choice(list(VARIABLE)))
        self.kinds = kinds
        self.makers = [{**VARIABLE, **CONSTANT}[kind] for kind in kinds]

    def __call__(self, x):
        return self.g(*[make(x) for make in self.makers])

    def __str__(self):
        return f"{self.name}({', '.join(self.kinds)})"


def leaves(y, depth=3):
    """Return the numbers in a result, duals among them."""
    if isinstance(y, dn.Dual) or isinstance(y, (float, int, np.number, np.bool_)):
        return [y]
    if hasattr(y, "to_numpy"):
        y = y.to_numpy()
    if isinstance(y, np.ndarray) and y.dtype.kind not in "SUMm":
        y = y.ravel().tolist() if y.dtype.names is None else []
    if isinstance(y, dict):
        y = list(y.values())
    return (
        [leaf for item in y for leaf in leaves(item, depth - 1)]
        if isinstance(y, (list, tuple)) and depth
        else []
    )


def slopes(y):
    return np.array(
        [dn.tangent(leaf).item() if isinstance(leaf, dn.Dual) else 0.0 for leaf in leaves(y)], float
    )


def values(y):
    return np.array([dn.value(leaf) for leaf in leaves(y)], float)


def outcome(call):
    """Return "right", "refused", "failed as for floats", or what is wrong with a call."""
    try:
        y = dn.lift(call)(dn.Dual(X))
    except Exception as error:
        return "refused" if "dualnum" in f"{error}{type(error).__module__}" else "refused by others"
    try:
        ends = [values(call(X + k * STEP)) for k in (0, 0, 1, -1, 2, -2)]
    except Exception:
        return "no truth"
    if not np.array_equal(ends[0], ends[1], equal_nan=True) or any(
        end.shape != ends[0].shape for end in ends
    ):
        return "no truth"
    wide, narrow = (ends[4] - ends[5]) / (4 * STEP), (ends[2] - ends[3]) / (2 * STEP)
    exact, got = (4 * narrow - wide) / 3, slopes(y)
    if got.shape != exact.shape:
        return f"wrong: {got.size} numbers, not {exact.size}"
    clear = np.isfinite(exact) & (np.abs(wide - narrow) < 1e-2 * np.abs(narrow) + 1e-9)
    wrong = clear & ~(np.abs(got - exact) <= 1e-3 * np.abs(exact) + 1e-6)
    return f"wrong: {got[wrong][0]}, not {exact[wrong][0]}" if wrong.any() else "right"


def quietly(work, *args):
    faulthandler.disable()
    with np.errstate(all="ignore"), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return work(*args)


def judge(calls):
    """Return the outcome of each call; where a child crashes, its calls run one by one."""
    try:
        return reach.in_child(lambda: [quietly(outcome, call) for call in calls], seconds=20)
    except (OSError, ArithmeticError) as failure:  # TimeoutError is an OSError
        if len(calls) > 1:
            return [found for call in calls for found in judge([call])]
        if isinstance(failure, TimeoutError):
            return ["time"]
        try:  # not our crash if it crashes for floats
            reach.in_child(lambda: [quietly(call, X) for call in calls] and None, seconds=20)
        except (OSError, ArithmeticError):
            return ["crash as for floats"]
        return [f"crash: {failure}"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_crash_and_no_silent_zero(monkeypatch, tmp_path, package):
    pytest.importorskip(package)
    functions = compiled(package)
    assert functions
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(int(os.environ.get("COMPILED_SEED", "17")))
    counts, bad = Counter(), {}
    for _ in range(0, CALLS, BATCH):
        calls = [Call(rng, functions) for _ in range(BATCH)]
        for call, found in zip(calls, judge(calls), strict=True):
            counts[found.partition(":")[0]] += 1
            if found.startswith(("wrong", "crash:")):
                bad[str(call)] = found
    print(dict(counts))
    assert not bad
