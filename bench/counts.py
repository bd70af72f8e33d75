"""
Instructions of a dozen hot paths, counted by valgrind: figures that do not drift with the machine's load.

``python -m bench.counts`` counts and compares with ``bench/counts.json``; it returns 1 when a count has risen by more
than the tolerance, and 2 when it cannot compare.  ``--update`` writes the file anew, so that a change of the counts
is seen in review.  Counts depend on the versions of Python and NumPy and on the processor's kind, which are kept
beside them.
"""

import argparse
import ctypes
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np

import dualnum as dn
from bench.calls import as_dual
from bench.case import Statement
from bench.elements import as_hyper
from bench.problems import curve, rosenbrock_of
from bench.timing import COPIES, timer
from dualnum._core import DualArray, Level, seed_tangents

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).with_name("counts.json")
TOLERANCE = 0.03

#: Python calls these marks through ctypes: they tell valgrind where a path begins and ends.
REQUESTS = """
#include <valgrind/callgrind.h>
void begin(void) { CALLGRIND_START_INSTRUMENTATION; CALLGRIND_ZERO_STATS; }
void end(const char* name) { CALLGRIND_DUMP_STATS_AT(name); CALLGRIND_STOP_INSTRUMENTATION; }
"""


def paths():
    """Return the hot paths: {name: (statement, how many loops of `COPIES` are counted)}."""
    one, many, ten = np.array([0.7]), np.linspace(0.1, 2.0, 1000), np.linspace(-1, 1, 10)
    rng = np.random.default_rng(1)

    def matrix(n, k):
        return seed_tangents(rng.normal(size=(n, n)) + n * np.eye(n), Level(), rng.normal(size=(n, n, k)))

    def statement(text, loops, **names):
        return Statement(text, **names), loops

    small, large = matrix(3, 3), matrix(100, 4)
    array = as_dual(one).view(DualArray)
    return {
        "reference: float64 array, n=1": statement("x * x", 50, x=one),
        "scalar: product": statement("a * a", 50, a=dn.Dual(1.3)),
        "scalar: sin": statement("sin(a)", 50, a=dn.Dual(1.3), sin=dn.sin),
        "array: product, n=1": statement("x * x", 50, x=as_dual(one)),
        "DualArray: product, n=1": statement("x * x", 50, x=array),
        "DualArray: number minus, n=1": statement("1.0 - x", 50, x=array),
        "DualArray: sum, n=1": statement("x.sum()", 50, x=array),
        "product, n=1000, k=1": statement("x * x", 2, x=as_dual(many)),
        "product, n=1000, 4x4": statement("x * x", 2, x=as_hyper(many, 4)),
        "exp, n=1000, k=4": statement("exp(x)", 2, x=as_dual(many, 4), exp=np.exp),
        "derivative of a number": statement("f(0.7)", 200, f=dn.derivative(curve(dn))),
        "gradient, n=10": statement("f(x)", 10, f=dn.gradient(rosenbrock_of(np)), x=ten),
        "hessian, n=10": statement("f(x)", 3, f=dn.hessian(rosenbrock_of(np)), x=ten),
        "taylor, order 10": statement("f(0.7)", 3, f=dn.taylor(curve(dn), 10)),
        "dot, 3x3": statement("dot(x, x)", 10, x=small, dot=np.dot),
        "solve, 3x3": statement("solve(x, x)", 5, x=small, solve=np.linalg.solve),
        "matrix times vector, n=100, k=4": statement("x @ y", 2, x=large, y=large[0]),
    }


def run(library):
    """Run every path between valgrind's marks: in the process that valgrind watches."""
    requests = ctypes.CDLL(library)
    for name, (statement, loops) in paths().items():
        clock, _ = timer(statement)
        clock.timeit(loops + 2)  # caches and Python's own warming up
        requests.begin()
        clock.timeit(loops)
        requests.end(name.encode())


def count():
    """Return {name: instructions of one run}."""
    if not shutil.which("valgrind"):
        raise SystemError(
            "valgrind is missing: install it (apt install valgrind, dnf install valgrind-devel)."
        )
    with tempfile.TemporaryDirectory() as scratch:
        library = build(Path(scratch))
        command = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={scratch}/out",
        ]
        code = f"from bench.counts import run; run({str(library)!r})"
        environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            [*command, sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemError(f"valgrind failed: {done.stderr.strip().splitlines()[-1]}")
        totals = dict(filter(None, (parsed(path.read_text()) for path in Path(scratch).glob("out.*"))))
    return {name: round(totals[name] / loops / COPIES) for name, (_, loops) in paths().items()}


def build(scratch):
    """Compile the marks; return the library's path."""
    source, library = scratch / "requests.c", scratch / "requests.so"
    source.write_text(REQUESTS)
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    try:
        subprocess.run(
            [compiler, "-O1", "-shared", "-fPIC", "-o", library, source], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise SystemError(
            f"{compiler} cannot compile with valgrind/callgrind.h: install a C compiler and valgrind's headers."
        ) from None
    return library


def parsed(text):
    """Return the name and the instructions of one of callgrind's files, None of one that no mark made."""
    name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
    total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    return (name[1].strip(), int(total[1])) if name and total else None


def versions():
    """Return the versions on which the counts depend."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": ".".join(np.__version__.split(".")[:2]),
    }


def refusal(kept, here):
    """Return why counts of two environments cannot be compared, or None."""
    if kept == here:
        return None
    there, found = (", ".join(f"{name} {known[name]}" for name in here) for known in (kept, here))
    return f"counts are kept for {there}, this is {found}: run there, or write them anew with --update."


def compare(kept, counts):
    """Return a line for each path, and the names of those that have risen."""
    lines, risen = [f"{'instructions':>12} {'kept':>9} {'change':>8}"], []
    for name, now in counts.items():
        before = kept.get(name)
        change = now / before - 1 if before else None
        if change is None or change > TOLERANCE:
            risen.append(name)
        verdict = "new" if change is None else f"{100 * change:+7.1f} %"
        mark = "  <-- risen" if change is not None and change > TOLERANCE else ""
        lines.append(f"{now:12d} {before or '':>9} {verdict:>9}  {name}{mark}")
    return lines, risen


def main(argv=None):
    """Count and compare, or update."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.counts", description=__doc__.strip().splitlines()[0]
    )
    parser.add_argument("--update", action="store_true", help=f"write {KEPT.name} anew")
    options = parser.parse_args(argv)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"versions": None, "counts": {}}
    why = None if options.update else refusal(kept["versions"], versions())
    try:
        if why:
            raise SystemError(why)
        counts = count()
    except SystemError as error:
        print(error, file=sys.stderr)
        return 2
    lines, risen = compare(kept["counts"], counts)
    print("\n".join(lines))
    if options.update:
        KEPT.write_text(json.dumps({"versions": versions(), "counts": counts}, indent=1) + "\n")
        return 0
    if risen:
        print(f"risen by more than {100 * TOLERANCE:.0f} %, or new: {', '.join(risen)}", file=sys.stderr)
    return 1 if risen else 0


if __name__ == "__main__":
    raise SystemExit(main())
