"""Compiled packages beside duals, each in a child process: no crash, no opaque bytes, no derivative lost in silence.

``python tests/test_partners.py PACKAGE FORM FIRST`` judges the calls of partners.txt from the first on, a line each.
"""

import functools
import importlib.util
import io
import os
import pathlib
import sys
import warnings

import numpy as np
import pytest
from expect import python

import dualnum

SECTIONS = {}
for line in pathlib.Path(__file__).with_name("partners.txt").read_text().splitlines():
    if line.endswith(":") and " " not in line:
        SECTIONS[line[:-1]] = []
    elif line and not line.startswith("#"):
        list(SECTIONS.values())[-1].extend(line.split(" ; "))
CASES = [(package, number) for package, calls in SECTIONS.items() for number in range(len(calls))]


@functools.cache
def verdicts(package, form):
    """Return the verdict of each call of a package; a child that dies is started again behind the call."""
    found, calls = [], SECTIONS[package]
    while len(found) < len(calls):
        if found and is_missing(package, found[-1]):
            found.append(found[-1])
            continue
        child = python(__file__, package, form, len(found), text=True)
        found += child.stdout.splitlines()
        if child.returncode != 0:
            found.append(f"CRASH {child.returncode} {child.stderr[-500:]}")
    return found


def is_missing(package, verdict):
    """Return whether this package itself is not installed; one that lacks another is broken, not missing."""
    return any(f"No module named '{name}'" in verdict for name in {package, package.partition(".")[0]})


@pytest.mark.parametrize("form", ["plain", "DualArray"])
@pytest.mark.parametrize(
    ("package", "number"), CASES, ids=lambda p: SECTIONS.get(p) and p if isinstance(p, str) else None
)
def test_exact_or_refused(package, number, form):
    verdict = verdicts(package, form)[number]
    if is_missing(package, verdict):
        # dualnum needs none of these packages; those that are installed are tried
        pytest.skip(f"{package} is not installed")
    bad = ("CRASH", "LOSS", "accepted", "ERROR SystemError", "ERROR RecursionError", "ERROR NameError")
    assert not verdict.startswith(bad), (SECTIONS[package][number], verdict)


def main(package, form, first):
    from judge import Case, Loss, judge

    # docs/tables.py, where docs is on the path
    found = importlib.util.find_spec(package.partition(".")[0])
    if found is None or str(found.origin).startswith(str(pathlib.Path(__file__).parents[1] / "docs")):
        raise ModuleNotFoundError(f"No module named {package!r}")
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    output, sys.stdout = sys.stdout, io.StringIO()
    case = Case(form, M=importlib.import_module(package), dualnum=dualnum)
    case.constants["x0"] = case.values["x"].copy()  # x - x0 has the value 0 and derivatives
    for call in SECTIONS[package][int(first) :]:
        try:
            verdict = judge(call, case)
        except Loss as loss:
            verdict = f"LOSS {loss}"
        except Exception as error:
            verdict = f"ERROR {type(error).__name__}: {error}"
        print(" ".join(verdict.split()), file=output, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
