"""Points in files: CSV and .npy, on disk or from standard input."""

from __future__ import annotations

import csv
import io
import sys

import numpy as np

from dualnum.cli.errors import InputError

NPY = b"\x93NUMPY"
SUFFIXES = (".csv", ".dat", ".npy", ".tsv", ".txt")


def is_file(words):
    """Tell whether the words of ``--at`` name a file or, as ``-``, standard input."""
    return len(words) == 1 and (words[0].strip() == "-" or words[0].strip().lower().endswith(SUFFIXES))


def read_file(word):
    """Read the points of a file.

    Returns
    -------
    points : ndarray
        One point for each entry of the first axis; a single column of CSV gives numbers.
    header : list of str or None
        The names of the columns, where the file has them.
    place : callable
        Tells where the point of a row comes from, for messages.
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
    except (ValueError, EOFError) as error:
        raise InputError(f"cannot read {name}: {error}") from error
    if points.dtype.kind not in "biuf":
        raise InputError(f"{name} expects real numbers, got dtype {points.dtype}")
    if points.ndim == 0:
        raise InputError(f"{name} expects one point for each entry of the first axis, got a number")
    return points.astype(float), None, lambda row: f"{name}, row {row}"


def read_csv(name, data):
    """Read lines of numbers, separated by commas, semicolons, tabs or blanks; # begins a comment."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}"
        ) from error
    rows, numbers, header = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        cells = split(line)
        row = to_floats(cells)
        if row is None:
            if rows or header is not None:
                bad = next(cell for cell in cells if to_floats([cell]) is None)
                raise InputError(f"{name}, line {number}: {bad!r} is not a number")
            header = cells
            continue
        width = len(rows[0]) if rows else len(header or row)
        if len(row) != width:
            raise InputError(f"{name}, line {number}: expected {width} numbers, got {len(row)}")
        rows.append(row)
        numbers.append(number)
    points = np.array(rows)
    if points.ndim == 2 and points.shape[1] == 1:
        points = points[:, 0]
    return points, header, lambda row: f"{name}, line {numbers[row]}"


def split(line):
    """Return the cells of a line."""
    delimiter = next((mark for mark in "\t;," if mark in line), None)
    if delimiter is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]


def to_floats(cells):
    """Return the cells as floats, None where one is not; an empty cell is NaN."""
    try:
        return [float(cell or "nan") for cell in cells]
    except ValueError:
        return None
