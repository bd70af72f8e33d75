"""The table, the goals, and the results as JSON."""

import importlib.metadata
import itertools
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from bench.case import Case
from bench.goals import GOALS, reached
from bench.timing import Result

PACKAGES = (
    "numpy dualnum scipy jax autograd casadi num-dual hyperjet daceypy algopy torch numdifftools".split()
)


def machine():
    """Return the machine and the versions, which a reader needs to judge the figures."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "packages": versions,
        "date": time.strftime("%Y-%m-%d"),
    }


def processor():
    """Return the processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


def quantity(x, unit):
    """Return seconds or bytes in three digits and a unit."""
    if unit == "B":
        names = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B"))
    else:
        names = ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
    size, name = next((pair for pair in names if abs(x) >= pair[0]), names[-1])
    return f"{x / size:.3g} {name}" if abs(x / size) < 1000 else f"{x / size:.0f} {name}"


def lines_of(case, rows):
    """Return the lines of one case: contender, time, spread, ratio to the floor."""
    lines = [case.name]
    for row in rows:
        if row.error:
            lines.append(f"    {row.name:<24} {row.error}")
            continue
        spread = f"+-{100 * row.spread / row.median:3.0f} %" if row.median else ""
        ratio = f"x{row.ratio:<8.3g} +-{100 * row.ratio_spread / row.ratio:3.0f} %" if row.ratio else ""
        time = quantity(row.median, case.unit)
        each = (
            quantity(row.median / case.n, "s") + " an element" if case.unit == "s" and case.n >= 1000 else ""
        )
        lines.append(f"    {row.name:<24} {time:>10} {spread:<9} {ratio:<20} {each}".rstrip())
    return lines


def goal_lines(results):
    """Return a line for each goal that these results say something about."""
    lines = []
    for goal in GOALS:
        value = reached(goal, results)
        if value is None:
            continue
        unit = "x" if goal.measure == "ratio" else "us "
        beside = f" against {goal.against}" if goal.against else ""
        verdict = "met" if value <= goal.limit else "missed"
        limit = f"goal {unit}{goal.limit:<6g} {verdict}{beside}"
        lines.append(f"    {goal.pattern:<46} {goal.contender:<12} {unit}{value:<9.3g} {limit}")
    return ["goals (ratio to the floor; us: microseconds above it)", *lines] if lines else []


def as_dict(row):
    """Return a result with six digits, or its error alone where nothing was measured."""
    if row.error:
        return {"name": row.name, "error": row.error}
    return {key: float(f"{x:.6g}") if isinstance(x, float) else x for key, x in row._asdict().items()}


def as_json(cases, results, effort):
    """Return everything that was measured, as text with a line for each family of cases, such as all calls."""
    head = {
        "machine": machine(),
        "turns": effort.turns,
        "clock": effort.clock.__name__,
        "goals": [{**goal._asdict(), "reached": reached(goal, results)} for goal in GOALS],
    }
    lines = []
    for _, family in itertools.groupby(cases, lambda case: case.name.partition("/")[0]):
        measured = [
            {
                "name": case.name,
                "n": case.n,
                "unit": "B" if case.unit == "B" else "s",
                "results": [as_dict(row) for row in results[case.name]],
            }
            for case in family
        ]
        lines.append(json.dumps(measured)[1:-1])
    return json.dumps(head)[:-1] + ',\n"cases": [\n' + ",\n".join(lines) + "\n]}"


def from_json(text):
    """Read the text of `as_json`: return the machine and the run, the cases (which cannot be run), their results."""
    data = json.loads(text)
    cases = [Case(case["name"], list, case["n"], unit=case["unit"]) for case in data["cases"]]
    blank = dict.fromkeys(Result._fields[1:-1], float("nan"))
    results = {case["name"]: [Result(**(blank | row)) for row in case["results"]] for case in data["cases"]}
    return data["machine"] | {"clock": data["clock"], "turns": data["turns"]}, cases, results
