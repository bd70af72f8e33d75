"""Points in files: CSV and .npy, on disk or from standard input."""

from __future__ import annotations

import csv
import io
import re
import sys

import numpy as np

from dualnum.cli.errors import InputError, abbreviate, describe

NPY = b"\x93NUMPY"
SUFFIXES = (".csv", ".dat", ".npy", ".tsv", ".txt")
#: A cell that cannot name a column: it begins like a number, or as a formula of a spreadsheet does, which would run in
#: CSV output that repeats the name, or it holds a control character.
NO_NAME = re.compile(r"[-+=@]|\.?\d|.*[\x00-\x1f\x7f-\x9f]", re.DOTALL)


def is_file(words):
    """Tell whether the words of ``--at`` name a file or, as ``-``, standard input."""
    return len(words) == 1 and (words[0].strip() == "-" or words[0].strip().lower().endswith(SUFFIXES))


def read_file(word):
    """Read a file; return its points, the names of its columns or None, and a function.

    Each entry along the first axis is a point; a single column of CSV gives numbers. The function returns the place
    of a row's point in the file, for messages.
    """
    word = word.strip()
    try:
        if word == "-":
            word, data = "standard input", sys.stdin.buffer.read()
        else:
            with open(word, "rb") as file:
                data = file.read()
    except OSError as error:
        raise InputError(f"cannot read {word}: {error.strerror}") from error
    points, header, place = read_npy(word, data) if data.startswith(NPY) else read_csv(word, data)
    if points.size == 0:
        raise InputError(f"{word} has no points")
    return points, header, place


def read_npy(name, data):
    """Read an array of points, one for each entry of its first axis."""
    try:
        points = np.load(io.BytesIO(data), allow_pickle=False)
        points = points.astype(float) if points.dtype.kind in "biuf" else points
    except Exception as error:  # NumPy raises many kinds, MemoryError for a shape that does not fit included
        raise InputError(f"cannot read {name}: {str(error) or describe(error)}") from error
    if points.dtype.kind not in "biuf":
        raise InputError(f"{name} expects real numbers, got dtype {points.dtype}")
    if points.ndim == 0:
        raise InputError(f"{name} expects one point for each entry of the first axis, got a number")
    return points, None, lambda row: f"{name}, row {row}"


def read_csv(name, data):
    """Read lines of numbers, separated by commas, semicolons, tabs or blanks; # begins a comment.

    The first line names the columns if every cell of it can be a name, and none is a number.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = f"byte {error.start} is {data[error.start]:#04x}"
        raise InputError(f"{name} is not UTF-8 text: {bad}") from error
    rows, numbers, header = [], [], None
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        where = f"{name}, line {number}"
        cells = split(line, where)
        row = [to_float(cell) for cell in cells]
        if None in row:
            words = [cell for cell, x in zip(cells, row, strict=True) if x is None]
            first = not rows and header is None
            if first and any(map(NO_NAME.match, words)):
                bad = next(filter(NO_NAME.match, words))
                raise InputError(f"{where}: {abbreviate(bad)!r} is neither a number nor the name of a column")
            if not first or len(words) < len(list(filter(None, cells))):
                raise InputError(f"{where}: {abbreviate(words[0])!r} is not a number")
            header = cells
            continue
        width = len(rows[0]) if rows else len(header or row)
        if len(row) != width:
            raise InputError(f"{where}: expected {width} numbers, got {len(row)}")
        rows.append(row)
        numbers.append(number)
    points = np.array(rows)
    if points.ndim == 2 and points.shape[1] == 1:
        points = points[:, 0]
    return points, header, lambda row: f"{name}, line {numbers[row]}"


def split(line, where):
    """Return the cells of a line."""
    delimiter = next((mark for mark in "\t;," if mark in line), None)
    if delimiter is None:
        return line.split()
    try:
        (cells,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    except csv.Error as error:
        raise InputError(f"{where}: {error}") from error
    return [cell.strip() for cell in cells]


def to_float(cell):
    """Return a cell as a float, NaN if it is empty, None if it is no number."""
    try:
        return float(cell or "nan")
    except ValueError:
        return None
