"""What pages include: tables from the rows that the loops are made from and from tests/surface.txt, names, help."""

import itertools
import os
import pathlib
import re
import sys
from unittest import mock

from docutils import nodes

from dualnum import functions
from dualnum._core import BINARY, ELEMENTARY
from dualnum.cli.arguments import make_parser


def write(directory):
    """Write a table for each number of arguments into a directory."""
    unary, binary = [], []
    for row in ELEMENTARY:
        c = code(row.c) if row.c != "0" else ""
        unary.append((code(row.name), c, code(row.dy), code(row.d2y), interval(row.lo, row.hi)))
    for row in BINARY:
        domain = f"{interval(row.x_lo, row.x_hi)}; {interval(row.y_lo, row.y_hi)}"
        binary.append((code(row.name), companions(row), code(row.z_x), code(row.z_y), domain))
    text = table(("y", "c", "``y'``", "``y''``", "domain"), unary, (12, 28, 14, 20, 26))
    (directory / "elementary.inc").write_text(text, encoding="utf-8")
    text = table(("z", "companions", "``z_x``", "``z_y``", "domain of x; of y"), binary, (12, 26, 20, 20, 22))
    (directory / "binary.inc").write_text(text, encoding="utf-8")


def write_surface(directory):
    """Write NumPy's public names by decision, from the list that the tests walk."""
    text = (pathlib.Path(__file__).parents[1] / "tests" / "surface.txt").read_text(encoding="utf-8")
    sections = {}
    for line in text.splitlines():
        if line.startswith("["):
            names = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith(("#", " ")):
            given, _, rest = line.partition(":")
            names += [(name, rest) for name in given.split()]
    lines = []
    for title in ("differentiable", "moves elements", "value-only", "not for floats", "no array", "memory"):
        lines += [f"**{title}**: " + ", ".join(f"``{name}``" for name, _ in sections[title]), ""]
    reasons = {}
    for name, rest in sections["refused"]:
        reasons.setdefault(rest.partition(" -> ")[2].partition(" ~ ")[0].strip(), []).append(f"``{name}``")
    lines += ["**refused**:", ""]
    lines += [f"- {', '.join(names)}: {why or 'see the error text'}" for why, names in reasons.items()]
    (directory / "surface.inc").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_scipy(directory):
    """Write which functions of SciPy have derivatives by which argument, from the calls that the tests walk."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
    import scipy_arguments

    lines = []
    for row in scipy_arguments.rows():
        given = [name for name in row.points if name not in row.refused]
        refused = ", ".join(code(name) for name in row.points if name in row.refused)
        lines.append((code(row.module), code(row.call), ", ".join(map(code, given)), refused))
    text = table(("module", "call", "derivatives by", "refused"), lines, (12, 58, 18, 12))
    (directory / "scipy.inc").write_text(text, encoding="utf-8")


def write_names(directory):
    """Write the names of all elementwise functions."""
    text = ", ".join(f"``{name}``" for name in functions.__all__) + ".\n"
    (directory / "names.inc").write_text(text, encoding="utf-8")


def write_help(directory):
    """Write what the command line answers to --help."""
    with mock.patch.dict(os.environ, COLUMNS="110"):
        (directory / "help.txt").write_text(make_parser().format_help(), encoding="utf-8")


def write_thumbnails(directory, gallery):
    """Write the pictures of the gallery's pages, small, each a link to the section that it is in."""
    cells = []
    for page in re.findall(r"^   (\w+)$", (gallery / "index.rst").read_text(encoding="utf-8"), re.MULTILINE):
        title = ""
        lines = (gallery / f"{page}.rst").read_text(encoding="utf-8").split("\n")
        for line, following in itertools.pairwise(lines):
            if following and set(following) <= {"=", "-"}:
                title = line
            elif line.startswith(".. plot::"):
                name = pathlib.PurePath(line).stem
                picture = f'<img src="../_images/{name}.png" alt=""><span>{title}</span>'
                cells.append(f'<a href="{page}.html#{nodes.make_id(title)}">{picture}</a>')
    html = "\n".join(f"   {cell}" for cell in cells)
    text = f'.. raw:: html\n\n   <div class="thumbnails">\n{html}\n   </div>\n'
    (directory / "thumbnails.inc").write_text(text, encoding="utf-8")


def table(header, rows, widths):
    """Return a list-table."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in (header, *rows):
        lines += [f"   {' ' if place else '*'} - {cell}".rstrip() for place, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def code(expression):
    """Return an expression as a literal."""
    return f"``{expression}``"


def companions(row):
    """Return the companions that a row has."""
    found = [f"``{name} = {text}``" for name, text in (("c", row.c), ("s", row.s)) if text != "0"]
    return ", ".join(found)


def interval(lo, hi):
    """Return an interval in few characters: -1 ... 1."""
    return f"{lo:g} … {hi:g}".replace("-", "\N{MINUS SIGN}").replace("e+", "e")
