"""Tables for people: a report on one point, or a row for each of many."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import sys

import numpy as np

from dualnum.check import agreeing_digits
from dualnum.check.report import label
from dualnum.cli.derivatives import differences
from dualnum.cli.terminal import is_terminal


def report(problem, work, outcome, options, paint):
    """Yield the report on one point: blocks of rows, all numbers aligned at their decimal points."""
    point = problem.variables.plain(problem.points[0])
    yield paint(problem.title, "bold") + "\n"
    yield "at " + ", ".join(f"{name} = {json.dumps(x)}" for name, x in point.items()) + "\n"
    blocks = [value_rows(outcome.value)]
    blocks += [table_rows(problem, work, k, outcome, options.check) for k in range(len(outcome.tables))]
    shown = [block[: options.rows + 1] for block in blocks]
    widths = [column_widths(c) for c in itertools.zip_longest(*itertools.chain(*shown), fillvalue="")]
    for block, rows in zip(blocks, shown, strict=True):
        yield "\n"
        for i, row in enumerate(rows):
            cells = [align(cell, width) for cell, width in zip(row, widths, strict=False)]
            if i == 0:
                yield paint("  ".join(cells).rstrip(), "bold" if len(rows) > 1 else None) + "\n"
            else:
                if len(cells) == 4:
                    cells[3] = paint(cells[3], colour_of(row[3]))
                yield "  ".join(cells).rstrip() + "\n"
        if len(block) > len(rows):
            yield f"... and {plural(len(block) - len(rows), 'row')} more: see --rows and --format\n"


def value_rows(value):
    """Return the rows of the value: one for a scalar, else a head and an entry each."""
    if value.ndim == 0:
        return [("value", number(value))]
    entries = np.ndenumerate(value)
    return [("value", ""), *((label("f", index), number(entry)) for index, entry in entries)]


def number(x):
    """Return a real or complex number as Python writes it."""
    return repr(complex(x) if np.iscomplexobj(x) else float(x))


def table_rows(problem, work, k, outcome, check):
    """Return the rows of a table: a head, then an entry each; of a Hessian the upper triangle."""
    name, exact = list(outcome.tables.items())[k]
    columns = [exact]
    head = (name, "exact" if work.checkable else "coefficient")
    if check and work.checkable:
        approximate = differences(problem, k + 1, exact.shape)
        columns += [approximate, agreeing_digits(exact, approximate)]
        head += ("central difference", "digits")
    columns = [np.reshape(column, work.flat(k, outcome.value.shape)) for column in columns]
    rows = [head]
    for index, of, by in work.entries(k, outcome.value.shape):
        if not work.checkable or is_upper(index[outcome.value.ndim :]):
            by = by if problem.variables.shape else by[:1]
            names = " ".join([of, *by] if outcome.value.ndim else by)
            numbers = [number(column[index]) for column in columns[:2]]
            digits = [f"{column[index]:.1f}".replace("nan", "-") for column in columns[2:]]
            rows.append((names, *numbers, *digits))
    return rows


def is_upper(by):
    return by == tuple(sorted(by))


def colour_of(digits):
    """Return the colour of a number of digits that agree."""
    if digits == "-":
        return "yellow"
    return "green" if float(digits) >= 5 else "yellow" if float(digits) >= 2 else "red"


def many(header, rows, total, options, paint):
    """Yield a table of many points, a row for each; as many columns as fit."""
    rows = [[f"{x:.8g}" for x in row] for row in rows]
    widths = [column_widths([name, *column]) for name, *column in zip(header, *rows, strict=True)]
    fitting = columns_that_fit([width for *_, width in widths], options)
    for i, row in enumerate([header, *rows]):
        text = "  ".join(map(align, row[:fitting], widths)).rstrip()
        yield paint(text, None if i else "bold") + "\n"
    if fitting < len(header):
        yield f"... and {plural(len(header) - fitting, 'column')} more: see --format\n"
    if total > len(rows):
        yield f"... and {plural(total - len(rows), 'point')} more: see --rows and --format\n"


def plural(count, thing):
    """Return a count and its noun: ``1 row``, ``2 rows``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def columns_that_fit(widths, options):
    """Return the number of columns that fit the terminal; all of them fit a file or a pipe."""
    if options.output is not None or not is_terminal(sys.stdout):
        return len(widths)
    columns = shutil.get_terminal_size().columns
    ends = itertools.accumulate(widths, lambda end, width: end + 2 + width)
    return max(sum(end <= columns for end in ends), 1)


def column_widths(cells):
    """Return the widths before and after the decimal point, and that of the widest cell."""
    numbers = [split_number(cell) for cell in cells if is_number(cell)]
    before, after = (max(map(len, parts)) for parts in zip(*numbers, strict=True)) if numbers else (0, 0)
    return before, after, max(before + after, *map(len, cells))


def align(cell, widths):
    """Return the cell padded: numbers aligned at the point, heads over them to the right, words to the left."""
    before, after, width = widths
    if not before:
        return cell.ljust(width)
    if not is_number(cell):
        return cell.rjust(width)
    left, right = split_number(cell)
    return (left.rjust(before) + right.ljust(after)).rjust(width)


def is_number(cell):
    return re.fullmatch(r"-?(\d.*|inf|nan)", cell) is not None


def split_number(cell):
    """Split a number's text before its point or exponent."""
    match = re.match(r"-?(\d+|inf|nan)", cell)
    return cell[: match.end()], cell[match.end() :]
