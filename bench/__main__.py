"""The command line: ``python -m bench``."""

import argparse
import re
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from bench import (
    calls,
    complex,
    derivatives,
    elements,
    lifting,
    linalg,
    process,
    scipy_inside,
    sparse,
    special,
    taylor,
    threads,
)
from bench.report import as_json, goal_lines, lines_of, machine
from bench.timing import FULL, QUICK, run_case

CASES = [
    *derivatives.CASES,
    *calls.CASES,
    *elements.CASES,
    *linalg.CASES,
    *complex.CASES,
    *lifting.CASES,
    *special.CASES,
    *scipy_inside.CASES,
    *sparse.CASES,
    *taylor.CASES,
    *threads.CASES,
    *process.CASES,
]


def parser():
    """Return the parser of the command line."""
    p = argparse.ArgumentParser(
        prog="python -m bench",
        description="Time dualnum against NumPy, derivatives by hand, differences and every package that is installed.",
    )
    p.add_argument("--filter", metavar="REGEX", default="", help="only the cases whose name contains this")
    p.add_argument("--quick", action="store_true", help="short turns, and without the slow cases")
    p.add_argument(
        "--cpu",
        action="store_true",
        help="count processor time instead of the clock's: for machines that are shared",
    )
    p.add_argument("--json", metavar="FILE", help="write the results to a file")
    p.add_argument("--plot", metavar="DIR", help="draw cost against n into a directory (needs matplotlib)")
    p.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    return p


def chosen(options):
    """Return the cases that the options ask for."""
    try:
        pattern = re.compile(options.filter)
    except re.error as error:
        raise SystemExit(f"--filter expects a regular expression, got {options.filter!r}: {error}.") from None
    cases = [case for case in CASES if pattern.search(case.name) and not (options.quick and case.slow)]
    if not cases:
        raise SystemExit(
            f"--filter expects to match a case, got {options.filter!r}; --list prints their names."
        )
    return cases


def main(argv=None):
    """Run the chosen cases; return 1 if one of dualnum's answers was wrong."""
    options = parser().parse_args(argv)
    cases = chosen(options)
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    effort = QUICK if options.quick else FULL
    if options.cpu:
        effort = effort._replace(clock=time.process_time)
    about = machine()
    print(f"{about['processor']}, {about['cores']} cores; Python {about['python']}, NumPy {about['numpy']}")
    results, wrong = {}, 0
    for number, case in enumerate(cases, 1):
        print(f"[{number}/{len(cases)}] {case.name}", file=sys.stderr, flush=True)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            rows = results[case.name] = run_case(case, case.build(), effort)
        print("\n".join(lines_of(case, rows)), flush=True)
        wrong += sum(1 for row in rows if row.error and ours(row.name))
    print("\n".join(goal_lines(results)))
    if options.json:
        Path(options.json).write_text(as_json(cases, results, effort) + "\n", encoding="utf-8")
    if options.plot:
        from bench.plots import draw

        for path in draw(cases, results, options.plot):
            print(path, file=sys.stderr)
    return 1 if wrong else 0


def ours(name):
    """Say whether a contender is one of dualnum's."""
    return bool(re.match(r"dualnum|DualArray|k=|\d+x\d+|dual @|float @|float row @", name))


if __name__ == "__main__":
    raise SystemExit(main())
