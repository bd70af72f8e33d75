"""The table, the goals, and the results as JSON."""

import importlib.metadata
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from bench.goals import GOALS, reached

PACKAGES = (
    "numpy dualnum scipy jax autograd casadi num-dual hyperjet daceypy algopy torch numdifftools".split()
)


def machine():
    """Return what a reader needs to judge the figures."""
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


def without_nan(row):
    """Return a result as a dict; what was not measured has its error alone."""
    return {"name": row.name, "error": row.error} if row.error else row._asdict()


def as_json(cases, results, effort):
    """Return everything that was measured, as text."""
    return json.dumps(
        {
            "machine": machine(),
            "argv": sys.argv[1:],
            "turns": effort.turns,
            "clock": effort.clock.__name__,
            "cases": [
                {
                    "name": case.name,
                    "n": case.n,
                    "unit": "B" if case.unit == "B" else "s",
                    "results": [without_nan(row) for row in results[case.name]],
                }
                for case in cases
            ],
            "goals": [{**goal._asdict(), "reached": reached(goal, results)} for goal in GOALS],
        },
        indent=1,
    )
