"""The output: each format is a generator of text, or of bytes, from the outcomes at the points."""

from __future__ import annotations

import csv
import io
import itertools
import json

import numpy as np

from dualnum.check import agreeing_digits
from dualnum.check.report import label, portable
from dualnum.cli import tables
from dualnum.cli.derivatives import differences

SUFFIXES = {".csv": "csv", ".json": "json", ".jsonl": "json", ".npy": "npy", ".txt": "table", "": "table"}


def as_table(problem, work, outcomes, options, paint):
    """Yield the report on the one point of the arguments, or a table of the points of a file."""
    if problem.place is None:
        yield from tables.report(problem, work, next(outcomes), options, paint)
        return
    first = next(outcomes)
    some = itertools.islice(itertools.chain([first], outcomes), options.rows)
    rows = [numbers(problem, outcome) for outcome in some]
    yield from tables.many(header(problem, work, first), rows, len(problem.points), options, paint)


def as_csv(problem, work, outcomes, options, paint):
    """Yield a head and a line for each point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for outcome in outcomes:
        if outcome.row == 0:
            writer.writerow(header(problem, work, outcome))
        writer.writerow(numbers(problem, outcome))
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def header(problem, work, outcome):
    """Return the names of the columns."""
    shape = outcome.value.shape
    names = problem.variables.labels() + [label("f", index) for index in np.ndindex(shape)]
    for k in range(len(outcome.tables)):
        names += [work.column(of, by) for _, of, by in work.entries(k, shape)]
    return names


def numbers(problem, outcome):
    """Return a point's row: the point, the value and the derivatives."""
    arrays = (problem.points[outcome.row], outcome.value, *outcome.tables.values())
    return [x for array in arrays for x in np.ravel(array).tolist()]


def as_json(problem, work, outcomes, options, paint):
    """Yield an object for each point, a line each; nan, inf and -inf are text, because JSON has no such numbers."""
    for outcome in outcomes:
        point = portable(problem.variables.plain(problem.points[outcome.row]), str)
        found = {"function": problem.title, "at": point}
        if outcome.error is None:
            found["value"] = portable(outcome.value, str)
            for k, (name, exact) in enumerate(outcome.tables.items()):
                found[name.replace(" ", "_")] = json_table(problem, work, k, exact, options)
        else:
            found["error"] = str(outcome.error)
        yield json.dumps(found, allow_nan=False) + "\n"


def json_table(problem, work, k, exact, options):
    """Return a table of Taylor coefficients or derivatives; at the one point of the arguments with differences."""
    if not work.checkable:
        return {"powers": work.powers.tolist(), "coefficients": portable(exact, str)}
    table = {"exact": portable(exact, str)}
    if options.check and problem.place is None:
        approximate = differences(problem, k + 1, exact.shape)
        digits = np.round(agreeing_digits(exact, approximate), 1)
        table["central_difference"] = portable(approximate, str)
        table["digits"] = portable(digits, str)
    return table


def as_npy(problem, work, outcomes, options, paint):
    """Yield one .npy file: a record for each point, with the fields ``at``, ``value``, ``gradient`` and so on."""
    rows = {
        outcome.row: {"at": problem.points[outcome.row], "value": outcome.value, **outcome.tables}
        for outcome in outcomes
    }
    fields = []
    for name, array in rows[0].items():
        is_complex = any(np.iscomplexobj(arrays[name]) for arrays in rows.values())
        fields.append((name.replace(" ", "_"), complex if is_complex else float, array.shape))
    records = np.empty(len(problem.points), fields)
    for row, arrays in rows.items():
        records[row] = tuple(arrays.values())
    file = io.BytesIO()
    np.save(file, records if problem.place else records[0])
    yield file.getvalue()


WRITERS = {"table": as_table, "json": as_json, "csv": as_csv, "npy": as_npy}
