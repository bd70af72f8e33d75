"""Measures how much code that was not written for dualnum differentiates: ``python -m tests.nightly.reach everyday-A``.

A corpus is a list of cases, each a function, its arguments and thereby the truth: differences of order 8.  `everyday-A`
and `everyday-B` are the modules of tests/ordinary_code, `packages-A` and `packages-B` the lines of packages_a.txt and
packages_b.txt beside this file (`*` marks code that calls compiled functions of other packages), `packages-0` those of
real_packages.txt.  Corpora A are for development; run B rarely, and change nothing for the sake of one of its cases.

Each call of a driver runs in a child process with a time limit, so that a crash is an outcome too.
"""

import argparse
import contextlib
import gc
import importlib
import itertools
import json
import os
import pathlib
import pickle
import re
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np

import dualnum as dn

HERE = pathlib.Path(__file__).parent
EVERYDAY = {
    "everyday-A": "students engineers finance robots researchers analysts tools guards",
    "everyday-B": "laboratory workshop pipelines",
}
PACKAGES = {
    "packages-0": "real_packages.txt",
    "packages-A": "packages_a.txt",
    "packages-B": "packages_b.txt",
}
STENCIL = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}  # the central difference of order 8
KINK = dict(
    zip(STENCIL, np.linalg.solve([[k**n for k in STENCIL] for n in (1, 2, 4, 6)], [1, 0, 0, 0]), strict=True)
)
STEPS = [2.0**-k for k in (4, 6, 8, 10, 12, 14)]  # relative to the variable's size
CLOSE_UP = 2.0**-20  # a step at which functions show that they round
RTOL = 1e-6
SECONDS = 20
MEMORY = 8 << 30
REFUSED_BY_US, REFUSED_BY_OTHERS = "refused, dualnum's words", "refused, others' words"
OUTCOMES = [
    "right",
    "wrong",
    "wrong, warned",
    "nan",
    REFUSED_BY_US,
    REFUSED_BY_OTHERS,
    "crash",
    "time",
    "no truth",
    "missing",
]
# Messages of dualnum that C code of other libraries raises; and how those print types and files, which does not count.
OURS = re.compile(r"dualnum|derivative|tangent|\blift", re.IGNORECASE)
PRINTED = re.compile(r"DualDType\([^)]*\)( \([^)]*\))?|dualnum(\._core)?\.Dual\w*|\S*/\S*")


class Case(NamedTuple):
    """A function and its arguments; all of them are differentiated."""

    name: str
    function: object
    args: tuple


def cases_of(corpus):
    """Yield the cases of a corpus, and the names of those whose package is not installed with function None."""
    if corpus in EVERYDAY:
        sys.path.insert(0, str(HERE.parent))  # not below "tests", a name that some packages install, too
        for module in EVERYDAY[corpus].split():
            for function, point in importlib.import_module("ordinary_code." + module).CASES:
                name = f"{module}.{getattr(function, '__qualname__', repr(function))}"
                yield Case(name, function, point if isinstance(point, tuple) else (point,))
        return
    lines = (HERE / PACKAGES[corpus]).read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        for number, line in enumerate(lines, 1):
            if line and not line.startswith("#"):
                mark, module, code, point = re.fullmatch(r"([!*] )?(.+?) : (.+) : (.+)", line).groups("")
                yield Case(
                    f"{mark}{module} : {code}", _of_line(folder, number, module, code), (_number(point),)
                )


def _number(text):
    """Return the float, or the array of floats, that the text says."""
    point = np.asarray(eval(text), float)
    return point if point.ndim else float(point)


def _of_line(folder, number, module, code):
    """Return the function of t, from a source file as a user has one; None if the package is not installed."""
    name = f"case_{number}"
    path = pathlib.Path(folder, name + ".py")
    path.write_text(  # "import a.b as M" takes a function b of the package a before the module
        "from importlib import import_module\n\nimport numpy as np\n\n"
        f"M = import_module({module!r})\n\n\ndef f(t):\n    return {code}\n"
    )
    spec = importlib.util.spec_from_file_location(name, path)
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(None):
            warnings.simplefilter("ignore")
            spec.loader.exec_module(made)
    except Exception:
        return None
    return made.f


def numbers(result):
    """Return the numbers of a result, which may be nested, in one array."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return np.concatenate([numbers(part) for part in result]) if len(result) else np.zeros(0)
    array = np.asarray(result)
    return np.ravel(array.astype(float))


# The truth


def scales(args):
    """Return the size of each variable, in which steps and derivatives are measured: |x|, or 0.1 for 0."""
    return np.concatenate([np.abs(numbers(a)) for a in args]) + [
        0.1 * (v == 0) for a in args for v in numbers(a)
    ]


def truth(function, args):
    """Return the Jacobian by differences, (outputs, variables), and each column's error, both times variable sizes.

    A column is that of two consecutive steps that agree best, because rounding, a near jump and the end of the domain
    each spoil some steps.  The error is their disagreement, or the kink |f'(x+) - f'(x-)| / 2, if that is larger.

    A function that is constant by pieces has none, though the steps may fall on its grid: np.around(x, 3) at x = 16.
    """
    variables = [(which, element) for which, a in enumerate(args) for element in range(np.size(a))]
    columns, errors = [], []
    for (which, element), size in zip(variables, scales(args), strict=True):
        found = list(_estimates(function, args, which, element, size))
        pairs = [(_largest(a[0] - b[0], b[1] / 2), b[0]) for a, b in itertools.pairwise(found)]
        pairs = [p for p in pairs if np.isfinite(p[0])]
        if not pairs:
            raise ArithmeticError("no two steps give finite differences")
        error, column = min(pairs, key=lambda p: p[0])
        if _jumps(function, args, which, element, size, column):
            raise ArithmeticError("f is constant by pieces, or jumps")
        columns.append(column)
        errors.append(error)
    return np.stack(columns, -1), np.array(errors)


def _largest(*arrays):
    return max(np.max(np.abs(a), initial=0.0) for a in arrays)


def _estimates(function, args, which, element, size):
    """Yield the differences by one variable, and f'(x+) - f'(x-), at each step that stays within the domain."""
    middle = _moved(function, args, which, element, 0.0)
    for step in STEPS:
        try:
            ends = {
                k: _moved(function, args, which, element, k * step * size) for n in STENCIL for k in (n, -n)
            }
        except Exception:
            continue
        slope = sum(weight * (ends[k] - ends[-k]) for k, weight in STENCIL.items()) / step
        # f(x + kh) + f(x - kh) - 2 f(x) = kink kh + f'' (kh)^2 + ...; the weights keep the first term
        yield slope, sum(weight * (ends[k] + ends[-k] - 2 * middle) for k, weight in KINK.items()) / step


def _jumps(function, args, which, element, size, column):
    """Return whether the differences at a much smaller step vanish, or are far from those of the larger steps."""
    above, below = (_moved(function, args, which, element, sign * CLOSE_UP * size) for sign in (1, -1))
    rounding = 100 * np.finfo(float).eps / CLOSE_UP * np.abs(above)
    apart = np.abs((above - below) / (2 * CLOSE_UP) - column)
    return np.any(apart > 0.1 * np.abs(column) + 1e-4 * _largest(column) + rounding)


def _moved(function, args, which, element, step):
    moved = [np.array(a, float) if np.ndim(a) else a for a in args]
    if np.ndim(args[which]):
        moved[which].reshape(-1)[element] += step
        moved[which] = moved[which] if isinstance(args[which], np.ndarray) else moved[which].tolist()
    else:
        moved[which] = float(args[which] + step)
    return numbers(function(*moved))


# What dualnum says


def differentiate(function, args, scalar, options):
    """Return the Jacobian, (outputs, variables), by the driver that a user takes."""
    argnum = tuple(range(len(args))) if len(args) > 1 else 0
    if len(args) == 1 and not np.ndim(args[0]):
        driver = dn.derivative
    else:
        driver = dn.gradient if scalar else dn.jacobian
    result = driver(function, argnum=argnum, **options)(*args)
    parts = result if len(args) > 1 else (result,)
    blocks = [numbers(p).reshape(-1, np.size(a)) for p, a in zip(parts, args, strict=True)]
    return np.concatenate(blocks, -1)


def _refusal(error):
    """Return what an exception says, and whether it says so in dualnum's words."""
    text = " ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]).replace("\n", " ")
    file = traceback.extract_tb(error.__traceback__)[-1].filename
    ours = file.startswith(os.path.dirname(dn.__file__)) or file.endswith((".pxi", ".pyx"))
    return text, ours or bool(OURS.search(PRINTED.sub("", text)))


def _truth_in_child(case):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (np.ndim(case.function(*case.args)) == 0, *truth(case.function, case.args))


def _derivative_in_child(case, scalar, options):
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", dn.ConstantResultWarning)
        try:
            return "value", differentiate(case.function, case.args, scalar, options), bool(caught)
        except Exception as error:
            return "refused", *_refusal(error)


def in_child(work, *args, seconds=SECONDS):
    """Return ``work(*args)`` of a child process; raise TimeoutError, or OSError if a signal ends the child.

    Files that `work` names without a folder are written to one that is gone afterwards.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _in_child(folder, work, args, seconds)


def _in_child(folder, work, args, seconds):
    reading, writing = os.pipe()
    gc.freeze()  # so that a collection in the child copies no pages
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.chdir(folder)
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            try:
                answer = True, work(*args)
            except BaseException as error:
                answer = False, f"{type(error).__name__}: {error}"
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(writing)
    end, data = time.monotonic() + seconds, b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            piece = pipe.read(1 << 16)
            if not piece:
                break
            data += piece
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError(f"more than {seconds} s")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0 or not data:
        raise OSError(signal.strsignal(-status) if status < 0 else "the child ends without an answer")
    good, answer = pickle.loads(data)
    if not good:
        raise ArithmeticError(answer)
    return answer


def judge(case, options):
    """Return the outcome of a case and a line about it."""
    if case.function is None:
        return "missing", ""
    try:
        scalar, expected, errors = in_child(_truth_in_child, case)
    except (ArithmeticError, OSError) as failure:
        return "no truth", str(failure)
    size = np.maximum(np.max(np.abs(expected), axis=0), 1e-4 * np.max(np.abs(expected)))
    if not np.all(np.isfinite(size)) or np.any(errors > 0.1 * RTOL * np.maximum(size, 1e-300)):
        return "no truth", f"differences of {np.max(size):.3g} disagree by {np.max(errors):.1g}"
    try:
        kind, *answer = in_child(_derivative_in_child, case, scalar, options)
    except TimeoutError as failure:
        return "time", str(failure)
    except OSError as failure:
        return "crash", str(failure)
    except ArithmeticError as failure:  # not an Exception: BaseException leaves a driver
        return REFUSED_BY_OTHERS, str(failure)
    if kind == "refused":
        text, ours = answer
        return REFUSED_BY_US if ours else REFUSED_BY_OTHERS, text
    got, warned = answer
    units = scales(case.args)
    if got.shape == expected.shape and np.all(np.abs(got * units - expected) <= RTOL * size + 10 * errors):
        return "right", ""
    shapes = "" if got.shape == expected.shape else f"shape {got.shape}, not {expected.shape}; "
    line = f"{shapes}{_short(got)}, not {_short(expected / units)}"
    if np.any(np.isnan(got)):
        return "nan", line
    return "wrong, warned" if warned else "wrong", line


def _short(array):
    flat = np.ravel(array)
    return " ".join(f"{v:.6g}" for v in flat[:3]) + (" …" if flat.size > 3 else "")


# The report


def run(corpus, options=None, only=""):
    """Return ``{name: (outcome, line)}`` of the cases whose name contains `only`."""
    found = {}
    for case in cases_of(corpus):
        if only in case.name:
            name, again = case.name, 2
            while name in found:
                name, again = f"{case.name} ({again})", again + 1
            found[name] = judge(case, options or {})
    return found


def share(found):
    """Return the share of the right cases among those with a truth."""
    counts = Counter(outcome for outcome, _ in found.values())
    return counts["right"] / max(1, len(found) - counts["no truth"] - counts["missing"])


def table(found):
    """Return the counts by outcome, as text."""
    counts = Counter(outcome for outcome, _ in found.values())
    lines = [f"{counts[o]:5}  {o}" for o in OUTCOMES if counts[o]]
    return "\n".join([*lines, f"{share(found):5.1%}  right, of those with a truth"])


def missing(found):
    """Return the packages that are not installed, as modules are called, of a corpus of packages."""
    names = [name for name, (outcome, _) in found.items() if outcome == "missing"]
    return sorted({re.match(r"(?:[!*] )?(\w+)", name)[1] for name in names})


def python_only(found):
    """Return the outcomes of the cases that call no compiled code but NumPy's and Python's."""
    return {name: outcome for name, outcome in found.items() if not name.startswith("* ")}


def obstacles(found):
    """Return the messages by outcome, the most frequent first, each with its cases, as text."""
    groups = defaultdict(list)
    for name, (outcome, line) in found.items():
        if outcome not in ("right", "missing"):
            key = (
                line
                if outcome.startswith(("wrong", "nan", "no truth"))
                else re.sub(r"\d+(\.\d+)?(e[-+]\d+)?", "#", line)
            )
            groups[outcome, key].append(name)
    order = sorted(groups.items(), key=lambda g: (OUTCOMES.index(g[0][0]), -len(g[1]), g[0][1]))
    return "\n".join(
        f"{len(names):4} {key[0]}: {key[1][:200]}\n     {'; '.join(names)}" for key, names in order
    )


def main(words=None):
    parser = argparse.ArgumentParser(
        prog="python -m tests.nightly.reach", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("corpus", choices=[*EVERYDAY, *PACKAGES])
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains the text")
    parser.add_argument("--lift", choices=["auto", "True", "False"], help="the drivers' option of that name")
    parser.add_argument("--table", action="store_true", help="no messages and no names")
    parser.add_argument("--save", metavar="FILE", help="write the outcomes as JSON")
    parser.add_argument("--against", metavar="FILE", help="list what differs from outcomes written before")
    given = parser.parse_args(words)
    options = (
        {} if given.lift is None else {"lift": {"True": True, "False": False}.get(given.lift, given.lift)}
    )
    save, against = (name and pathlib.Path(name).resolve() for name in (given.save, given.against))
    with contextlib.chdir(tempfile.mkdtemp()):  # for code that writes files
        found = run(given.corpus, options, given.only)
    if against:
        before = json.loads(against.read_text())
        for name, (outcome, line) in found.items():
            if name in before and before[name][0] != outcome:
                print(f"{before[name][0]} -> {outcome}: {name} {line[:200]}")
    elif not given.table:
        print(obstacles(found))
    print(table(found))
    if len(python_only(found)) < len(found):
        print("without the cases that call other compiled code:", table(python_only(found)), sep="\n")
    if save:
        save.write_text(json.dumps(found, indent=0))


if __name__ == "__main__":
    main()
