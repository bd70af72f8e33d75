"""How a notebook shows numbers and polynomials (LaTeX) and arrays (tables in HTML).

The methods ``_repr_latex_`` and ``_repr_html_`` of the classes import this module when a notebook calls them.
"""

from __future__ import annotations

import html
import itertools
import math
from typing import Any

import numpy as np

from dualnum._core import DualArray, parts
from dualnum.polynomial import Notation, elided, written, written_sum

#: How many terms of a sum, rows and columns of a table are shown; half of them are from either end.
TERMS, ROWS, COLUMNS = 12, 10, 8


# LaTeX


def number(x: float) -> str:
    """Return a number in LaTeX."""
    text = f"{x:.6g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        return rf"{mantissa} \times 10^{{{int(exponent)}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


LATEX = Notation(number, r"\,", "^{{{}}}", "x_{{{}}}", ",", TERMS)


def dual_latex(d: Any) -> str:
    """Return a scalar as its value and one term for each of its derivatives: ``$9 + 6\\,\\varepsilon$``."""
    dtype = d.dtype
    terms = []
    for name, part in parts(d).items():
        levels = levels_of(name, len(dtype.levels))
        for index in np.ndindex(part.shape):
            factors = [unit(dtype, *level, i) for level, i in zip(levels, index, strict=True)]
            terms.append((float(part[index]), r"\,".join(factors)))
    return f"${written_sum(terms, LATEX)}$"


def levels_of(name: str, count: int) -> list[tuple[int, int]]:
    """Return the levels that the name of a part denotes, each with its degree: [(0, 2), (1, 1)] for ``e112``."""
    if name == "value":
        return []
    found = [int(level) - 1 for level in (name[2:].split("_") if count >= 10 else name[1:])]
    return [(level, found.count(level)) for level in dict.fromkeys(found)]


def variables_of(dtype: Any, level: int, degree: int, i: int) -> tuple[int, ...]:
    """Return the variables of monomial `i` of a degree in a level."""
    every = itertools.combinations_with_replacement(range(dtype.sizes[level]), degree)
    return next(itertools.islice(every, i, None))


def unit(dtype: Any, level: int, degree: int, i: int) -> str:
    """Return the infinitesimals of monomial `i` of a degree in a level."""
    several = len(dtype.levels) > 1
    if dtype.levels[level].taylor:
        power = f"^{{{i + 1}}}" if i else ""
        return rf"\varepsilon_{{{level + 1}}}{power}" if several else rf"\varepsilon{power}"
    factors = []
    for variable, same in itertools.groupby(variables_of(dtype, level, degree, i)):
        places = [str(level + 1)] * several + [str(variable + 1)] * (dtype.sizes[level] > 1)
        count = len(list(same))
        below, above = f"_{{{','.join(places)}}}" if places else "", f"^{{{count}}}" if count > 1 else ""
        factors.append(rf"\varepsilon{below}{above}")
    return r"\,".join(factors)


def polynomial_latex(p: Any) -> str:
    """Return a `TaylorPolynomial`, a line for each element of an array-valued one.

    Examples
    --------
    >>> import dualnum as dn
    >>> from dualnum.notebook import polynomial_latex
    >>> polynomial_latex(dn.taylor_polynomial(dn.exp, 2)(1.0))
    '$2.71828 + 2.71828\\\\,(x - 1) + 1.35914\\\\,(x - 1)^{2}$'
    """
    lines = written(p, LATEX)
    if len(lines) == 1:
        return f"${lines[0]}$"
    rows = [r"&\;\vdots" if place is None else "&" + lines[place] for place in elided(len(lines), ROWS)]
    return r"$\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}$"


# HTML


def array_html(x: DualArray) -> str:
    """Return an array as an HTML table: a row for each element, with its value and its derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> from dualnum.notebook import array_html
    >>> "<td>2</td><td>0</td><td>1</td>" in array_html(dn.seed(np.array([1.0, 2.0])))
    True
    """
    down = elided(x.size, ROWS)
    places = [i for i in down if i is not None]
    names, columns = [], []
    for name, part in parts(x.reshape(-1)[places]).items():
        shape = part.shape[1:]
        names += [column(x.dtype, name, index) for index in np.ndindex(shape)]
        columns.append(part.reshape(len(places), math.prod(shape)))
    table = dict(zip(places, np.concatenate(columns, axis=1), strict=True))
    across = elided(len(names), COLUMNS)
    rows = [cells("th", ["", *("…" if j is None else names[j] for j in across)])]
    for i in down:
        if i is None:
            rows.append(cells("th", ["⋮"]) + cells("td", ["⋮"] * len(across)))
        else:
            index = ", ".join(str(place) for place in np.unravel_index(i, x.shape))
            texts = ["…" if j is None else f"{table[i][j]:.6g}" for j in across]
            rows.append(cells("th", [f"[{index}]"]) + cells("td", texts))
    caption = html.escape(f"{type(x).__name__} of shape {x.shape}, {x.dtype!r}")
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="dualnum"><caption>{caption}</caption>{body}</table>'


def cells(tag: str, texts: list[str]) -> str:
    """Return the cells of a row."""
    return "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts)


def column(dtype: Any, name: str, index: tuple[int, ...]) -> str:
    """Return the head of a column: value, tangent[0], of several levels e12[0,1], of a Taylor level c[2]."""
    if not index:
        return name
    if len(dtype.levels) == 1 and (dtype.levels[0].taylor or name == "e1"):
        return f"c[{index[0] + 1}]" if dtype.levels[0].taylor else f"tangent[{index[0]}]"
    places = [
        (i,) if dtype.levels[level].taylor else variables_of(dtype, level, degree, i)
        for (level, degree), i in zip(levels_of(name, len(dtype.levels)), index, strict=True)
    ]
    return f"{name}[{','.join(str(i) for place in places for i in place)}]"
