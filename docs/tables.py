"""The tables of functions.rst, from the rows that the compiled loops are made from."""

from dualnum._core import BINARY, ELEMENTARY


def write(directory):
    """Write a table for each number of arguments into a directory."""
    unary = [
        (
            f"``{row.name}``",
            code(row.c) if row.c != "0" else "",
            code(row.dy),
            code(row.d2y),
            interval(row.lo, row.hi),
        )
        for row in ELEMENTARY
    ]
    binary = [
        (
            f"``{row.name}``",
            companions(row),
            code(row.z_x),
            code(row.z_y),
            f"{interval(row.x_lo, row.x_hi)}; {interval(row.y_lo, row.y_hi)}",
        )
        for row in BINARY
    ]
    text = table(("y", "c", "``y'``", "``y''``", "domain"), unary, (12, 28, 14, 20, 26))
    (directory / "elementary.inc").write_text(text, encoding="utf-8")
    text = table(("z", "companions", "``z_x``", "``z_y``", "domain of x; of y"), binary, (12, 26, 20, 20, 22))
    (directory / "binary.inc").write_text(text, encoding="utf-8")


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
