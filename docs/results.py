"""The tables and plots of results.rst, from results.json: one run of ``python -m bench --json docs/results.json``."""

import re
from pathlib import Path

from bench.goals import GOALS, reached
from bench.plots import draw
from bench.report import from_json, quantity

FILE = Path(__file__).with_name("results.json")

#: Contenders that are no package: the floor, work by hand, and approximations.
FLOORS = ("numpy", "python", "f alone", "scipy")
HANDS = ("by hand", "lists")
ROUGH = ("differences", "numdifftools")

DERIVATIVES = (
    "scalar_function|elementwise|special|gradient/|hessian/"
    "|black_scholes|bundle|two_layers|batched|linalg/gradient"
)
TAYLOR = "taylor/"
PRODUCTS = "linalg/(?!gradient)|matmul|matvec|einsum"
PLOTS = (
    "elementwise",
    "gradient/rosenbrock",
    "hessian/rosenbrock",
    "black_scholes",
    "batched_jacobian/arm",
    "multiply",
    "matvec/k=1",
    "reduction/sum",
)


def write(directory):
    """Write what results.rst includes into a directory."""
    about, cases, results = from_json(FILE.read_text(encoding="utf-8"))
    derivatives, taylor = (
        {name: rows for name, rows in results.items() if re.match(pattern, name)}
        for pattern in (DERIVATIVES, TAYLOR)
    )
    texts = {
        "machine": machine(about),
        "verdicts": verdicts(derivatives | taylor),
        "derivatives": comparison(derivatives),
        "taylor": comparison(taylor),
        "products": products(results),
        "functions": functions(results),
        "whole": whole(cases, results),
        "goals": goals(results),
        "plots": plots(cases, results, directory),
    }
    for name, text in texts.items():
        (directory / f"results_{name}.inc").write_text(text, encoding="utf-8")


def machine(about):
    """Return the sentence about where this was measured."""
    versions = about["packages"].items()
    others = ", ".join(f"{name} {version}" for name, version in versions if name != "dualnum")
    clock = "processor time" if about["clock"] == "process_time" else "time by the clock"
    return (
        f"Measured on {about['date']} on {about['processor']}, {about['cores']} cores, with Python {about['python']}: "
        f"{others}. Figures are {clock}, medians of {about['turns']} turns.\n"
    )


# ---- one row a case: dualnum beside work by hand, differences and the fastest package --------------------------


def measured(rows):
    """Return the rows that have a figure, by name."""
    return {row.name: row for row in rows if not row.error}


def ours(rows):
    """Return dualnum's fastest row, or None."""
    found = [row for name, row in measured(rows).items() if name.startswith("dualnum")]
    return min(found, key=lambda row: row.median, default=None)


def best_peer(rows):
    """Return the fastest row of another package with exact derivatives, or None."""
    known = {name: row for name, row in measured(rows).items() if name not in (*FLOORS, *HANDS, *ROUGH)}
    found = [row for name, row in known.items() if not name.startswith("dualnum")]
    return min(found, key=lambda row: row.median, default=None)


def ratio(row):
    return f"{row.ratio:.3g}" if row else ""


def comparison(results):
    """Return the table of the cases in which whole functions are differentiated."""
    rows = []
    for name, found in results.items():
        known, peer = measured(found), best_peer(found)
        hand = next((known[label] for label in HANDS if label in known), None)
        rows.append(
            (
                f"``{name}``",
                quantity(found[0].median, "s"),
                f"**{ratio(ours(found))}**" if ours(found) else "",
                ratio(hand),
                ratio(known.get("differences")),
                f"{ratio(peer)} ({peer.name})" if peer else "",
            )
        )
    header = ("case", "f itself", "dualnum", "by hand", "differences", "best other package")
    return table(header, rows, (34, 12, 10, 10, 12, 22))


def verdicts(results):
    """Return two lists: where dualnum is the fastest package, and who is faster elsewhere by how much."""
    won, lost = [], []
    for name, rows in results.items():
        we, they = ours(rows), best_peer(rows)
        if we is None or they is None:
            continue
        factor = they.median / we.median
        if factor >= 1:
            won.append(f"- ``{name}``: {they.name} takes {factor:.3g} times as long")
        else:
            lost.append(f"- ``{name}``: dualnum takes {1 / factor:.3g} times as long as {they.name}")
    total = len(won) + len(lost)
    lines = [f"dualnum is the fastest package in {len(won)} of {total} cases that others can do:", ""]
    lines += [*(won or ["- none"]), "", "Others are faster in these:", "", *(lost or ["- none"]), ""]
    return "\n".join(lines)


# ---- the other tables -------------------------------------------------------------------------------------------


def products(results):
    """Return the table of products and linear algebra: every contender's ratio to NumPy on floats."""
    rows = []
    for name, found in results.items():
        if re.match(PRODUCTS, name):
            ratios = ", ".join(f"{row.name}: {ratio(row)}" for row in found[1:] if not row.error)
            rows.append((f"``{name}``", quantity(found[0].median, "s"), ratios))
    return table(("case", "float64", "ratio to it"), rows, (26, 12, 62))


def functions(results):
    """Return the table of every function: calls on one element, and arrays of 1000 elements."""
    kinds = ("k=1", "k=4", "k=8", "k=16", "1x1", "4x4")
    rows = []
    for name, found in results.items():
        if not name.startswith("element/"):
            continue
        function, known = name.removeprefix("element/"), measured(found)
        call = measured(results.get(f"call/{function}", ()))
        calls = [ratio(call.get(kind)) for kind in ("dualnum", "DualArray")]
        cells = [*calls, *(ratio(known.get(k)) for k in kinds)]
        rows.append((f"``{function}``", quantity(found[0].median / 1000, "s"), *cells))
    header = ("function", "float64, an element", "call", "call, DualArray", *kinds)
    return table(header, rows, (20, 14, 8, 12, 8, 8, 8, 8, 8, 8))


def whole(cases, results):
    """Return the table of what the package costs as a whole: memory, threads, import."""
    rows = []
    for case in cases:
        if re.match("memory|threads|import", case.name):
            found = [row for row in results[case.name] if not row.error]
            figures = ", ".join(f"{row.name}: {quantity(row.median, case.unit)}" for row in found)
            rows.append((f"``{case.name}``", figures))
    return table(("case", "figures"), rows, (30, 70))


def goals(results):
    """Return the table of what dualnum is held to."""
    rows = []
    for goal in GOALS:
        value = reached(goal, results)
        if value is not None:
            who = goal.contender + (f" against {goal.against}" if goal.against else "")
            verdict = "met" if value <= goal.limit else "**missed**"
            unit = "" if goal.measure == "ratio" else " us"
            rows.append((f"``{goal.pattern}``", who, f"{value:.3g}{unit}", f"{goal.limit:g}{unit}", verdict))
    return table(("case", "who", "reached", "goal", ""), rows, (40, 26, 10, 10, 10))


def plots(cases, results, directory):
    """Draw cost against n for each family that has several sizes; return what shows the pictures."""
    chosen = [case for case in cases if case.name.rpartition("/n=")[0] in PLOTS]
    paths = draw(chosen, results, directory / "results")
    return "\n".join(f".. image:: _generated/results/{path.name}\n   :width: 80%\n" for path in paths)


def table(header, rows, widths):
    """Return a list-table, or a sentence where nothing was measured."""
    from tables import table

    return table(header, rows, widths) if rows else "Not measured in this run.\n"
