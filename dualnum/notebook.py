"""How numbers, arrays and polynomials look in a notebook: LaTeX, and tables in HTML.

The classes' ``_repr_latex_`` and ``_repr_html_`` end here; the module is imported when one of them is called.
"""

from __future__ import annotations

import html
import math
from typing import Any

import numpy as np

from dualnum._core import DualArray, parts, value

#: What is shown at most, half of it from either end: terms of a sum, rows and columns of a table.
TERMS, ROWS, COLUMNS = 12, 10, 8


def shown(count: int, most: int) -> list[int | None]:
    """Return the places that are shown of `count`, with None where some are left out.

    Examples
    --------
    >>> from dualnum.notebook import shown
    >>> shown(3, 4), shown(9, 4)
    ([0, 1, 2], [0, 1, None, 7, 8])
    """
    if count <= most:
        return list(range(count))
    return [*range(most // 2), None, *range(count - most // 2, count)]


# LaTeX


def number(x: float) -> str:
    """Return a number in LaTeX.

    Examples
    --------
    >>> from dualnum.notebook import number
    >>> number(0.25), number(-1e-9), number(float("inf"))
    ('0.25', '-1 \\\\times 10^{-9}', '\\\\infty')
    """
    text = f"{x:.6g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        return rf"{mantissa} \times 10^{{{int(exponent)}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


def total(terms: list[tuple[float, str]]) -> str:
    """Return the sum of terms, pairs of a factor and of what it multiplies."""
    text = ""
    for place in shown(len(terms), TERMS):
        if place is None:
            text += r" + \cdots"
            continue
        factor, rest = terms[place]
        sign = "-" if factor < 0 or (factor == 0 and str(factor)[0] == "-") else "+"
        size = "" if rest and abs(factor) == 1 else number(abs(factor))
        body = rf"{size}\,{rest}" if size and rest else size or rest
        text += f" {sign} {body}" if text else f"-{body}" if sign == "-" else body
    return text or "0"


def dual_latex(d: Any) -> str:
    """Return a scalar as its value and one term for each of its derivatives.

    Examples
    --------
    >>> import dualnum as dn
    >>> from dualnum.notebook import dual_latex
    >>> dual_latex(dn.Dual(3.0) ** 2)
    '$9 + 6\\\\,\\\\varepsilon$'
    """
    dtype = d.dtype
    terms = []
    for name, part in parts(d).items():
        levels = levels_of(name, len(dtype.levels))
        for index in np.ndindex(part.shape):
            factors = [unit(dtype, level, i) for level, i in zip(levels, index, strict=True)]
            terms.append((float(part[index]), r"\,".join(factors)))
    return f"${total(terms)}$"


def levels_of(name: str, count: int) -> list[int]:
    """Return the levels of a part by its name: none of ``value``, 0 and 1 of ``e12``."""
    if name == "value":
        return []
    return [int(level) - 1 for level in (name[2:].split("_") if count >= 10 else name[1:])]


def unit(dtype: Any, level: int, i: int) -> str:
    """Return the infinitesimal of a level's component number `i`."""
    several = len(dtype.levels) > 1
    if dtype.levels[level].taylor:
        power = f"^{{{i + 1}}}" if i else ""
        return rf"\varepsilon_{{{level + 1}}}{power}" if several else rf"\varepsilon{power}"
    places = [str(level + 1)] * several + [str(i + 1)] * (dtype.sizes[level] > 1)
    return rf"\varepsilon_{{{','.join(places)}}}" if places else r"\varepsilon"


def polynomial_latex(p: Any) -> str:
    """Return a `TaylorPolynomial`, a line for each element of an array-valued one.

    Examples
    --------
    >>> import dualnum as dn
    >>> from dualnum.notebook import polynomial_latex
    >>> polynomial_latex(dn.taylor_polynomial(dn.exp, 2)(1.0))
    '$2.71828 + 2.71828\\\\,(x - 1) + 1.35914\\\\,(x - 1)^{2}$'
    """
    powers, coefficients = p.terms()
    distances = list(map(distance, variables(np.shape(p.center)), np.ravel(value(p.center)).tolist()))
    monomials = [monomial(distances, row) for row in powers.tolist()]
    columns = value(coefficients).reshape(len(monomials), -1).T.tolist()
    lines = [total([(c, m) for c, m in zip(column, monomials, strict=True) if c != 0]) for column in columns]
    if len(lines) == 1:
        return f"${lines[0]}$"
    rows = [r"&\;\vdots" if place is None else "&" + lines[place] for place in shown(len(lines), ROWS)]
    return r"$\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}$"


def variables(shape: tuple[int, ...]) -> list[str]:
    """Return what the variables of a polynomial are called."""
    if len(shape) < 2 and math.prod(shape) <= 3:
        return list("xyz"[: math.prod(shape)])
    return [f"x_{{{','.join(map(str, index))}}}" for index in np.ndindex(shape)]


def distance(name: str, center: float) -> str:
    """Return the distance of a variable from the center."""
    if center == 0:
        return name
    return f"({name} {'-' if center > 0 else '+'} {number(abs(center))})"


def monomial(distances: list[str], powers: list[int]) -> str:
    """Return the product of powers of the distances."""
    factors = [
        d if power == 1 else f"{d}^{{{power}}}" for d, power in zip(distances, powers, strict=True) if power
    ]
    return r"\,".join(factors)


# HTML


def array_html(x: DualArray) -> str:
    """Return a table of an array: a row for each element, its value and its derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> from dualnum.notebook import array_html
    >>> "<td>2</td><td>0</td><td>1</td>" in array_html(dn.seed(np.array([1.0, 2.0])))
    True
    """
    down = shown(x.size, ROWS)
    places = [i for i in down if i is not None]
    names, columns = [], []
    for name, part in parts(x.reshape(-1)[places]).items():
        shape = part.shape[1:]
        names += [column(x.dtype, name, index) for index in np.ndindex(shape)]
        columns.append(part.reshape(len(places), math.prod(shape)))
    table = dict(zip(places, np.concatenate(columns, axis=1), strict=True))
    across = shown(len(names), COLUMNS)
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
    if len(dtype.levels) == 1:
        return f"c[{index[0] + 1}]" if dtype.levels[0].taylor else f"tangent[{index[0]}]"
    return f"{name}[{','.join(map(str, index))}]"
