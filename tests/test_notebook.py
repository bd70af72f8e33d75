"""What a notebook shows: LaTeX of numbers and polynomials, tables of arrays, and that IPython picks them."""

import html.parser
import math
import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import dualnum as dn
from dualnum import notebook
from dualnum._core import Level


def shown_by_ipython(x):
    """Return what IPython hands to a notebook, by MIME type."""
    return DisplayFormatter().format(x)[0]


class Table(html.parser.HTMLParser):
    """The rows of a table, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open, self.caption = [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] == "caption":
            self.caption += data
        else:
            self.rows[-1][-1] += data


LATEX = [
    (dn.Dual(3.0, 2.0), r"$3 + 2\,\varepsilon$"),
    (dn.Dual(-3.0, -1.0), r"$-3 - \varepsilon$"),
    (dn.Dual(0.5, [1.0, -0.25]), r"$0.5 + \varepsilon_{1} - 0.25\,\varepsilon_{2}$"),
    (dn.Dual(1e-9, 2e30), r"$1 \times 10^{-9} + 2 \times 10^{30}\,\varepsilon$"),
    (dn.Dual(math.inf, math.nan), r"$\infty + \mathrm{nan}\,\varepsilon$"),
    (dn.HyperDual(3.0, 1.0, 1.0, 0.0),
     r"$3 + \varepsilon_{1} + \varepsilon_{2} + 0\,\varepsilon_{1}\,\varepsilon_{2}$"),
    (dn.series.number([1.0, 2.0, 3.0, -4.0]), r"$1 + 2\,\varepsilon + 3\,\varepsilon^{2} - 4\,\varepsilon^{3}$"),
]  # fmt: skip


@pytest.mark.parametrize(("d", "latex"), LATEX, ids=lambda value: None)
def test_scalars(d, latex):
    assert shown_by_ipython(d) == {"text/plain": repr(d), "text/latex": latex}


def test_scalars_of_several_levels_name_level_and_place():
    d = np.zeros((), dn.DualDType(2, 1))[()]
    zero = [r"\varepsilon_{1,1}", r"\varepsilon_{1,2}", r"\varepsilon_{2}"]
    products = [r"\varepsilon_{1,1}\,\varepsilon_{2}", r"\varepsilon_{1,2}\,\varepsilon_{2}"]
    assert d._repr_latex_() == "$0 + " + " + ".join(rf"0\,{unit}" for unit in zero + products) + "$"
    levels = Level(), Level(taylor=True)
    d = np.zeros((), dn.DualDType(1, 2, levels=levels))[()]
    assert r"\varepsilon_{1}\,\varepsilon_{2}^{2}" in d._repr_latex_()
    many = np.zeros((), dn.DualDType(*[1] * 10, levels=[Level() for _ in range(10)]))[()]
    assert many._repr_latex_().endswith(r"\,".join(rf"\varepsilon_{{{i}}}" for i in range(1, 11)) + "$")


def test_long_sums_are_cut_in_the_middle():
    latex = dn.Dual(1.0, np.ones(100))._repr_latex_()
    first = " + ".join(rf"\varepsilon_{{{i}}}" for i in range(1, 6))
    last = " + ".join(rf"\varepsilon_{{{i}}}" for i in range(95, 101))
    assert latex == rf"$1 + {first} + \cdots + {last}$"


@pytest.mark.parametrize(
    "x", [dn.seed(np.array([1.0, -2.5, 3e-9])), dn.seed(np.arange(4.0).reshape(2, 2)) ** 2]
)
def test_arrays_are_tables_of_values_and_tangents(x):
    shown = shown_by_ipython(x)
    assert shown["text/plain"] == repr(x)
    table = Table(shown["text/html"])
    assert table.caption == f"DualArray of shape {x.shape}, {x.dtype!r}"
    head, *rows = table.rows
    assert head == ["", "value", *(f"tangent[{i}]" for i in range(x.size))]
    for row, index in zip(rows, np.ndindex(x.shape), strict=True):
        assert row[0] == f"[{', '.join(map(str, index))}]"
        np.testing.assert_allclose(np.array(row[1:], float), [x.primal[index], *x.tangent[index]])


def test_arrays_of_other_levels_name_their_parts():
    x = np.zeros(1, dn.DualDType(1, 2)).view(dn.DualArray)
    assert Table(x._repr_html_()).rows[0][1:] == ["value", "e1[0]", "e2[0]", "e2[1]", "e12[0,0]", "e12[0,1]"]
    x = np.zeros(1, dn.DualDType(order=2)).view(dn.DualArray)
    assert Table(x._repr_html_()).rows[0][1:] == ["value", "c[1]", "c[2]"]


def test_large_arrays_are_cut_in_the_middle():
    x = dn.seed(np.arange(1000.0))
    head, *rows = Table(x._repr_html_()).rows
    assert head == [
        "",
        "value",
        "tangent[0]",
        "tangent[1]",
        "tangent[2]",
        "…",
        *(f"tangent[{i}]" for i in range(996, 1000)),
    ]
    assert [row[0] for row in rows] == [
        *(f"[{i}]" for i in range(5)), "⋮", *(f"[{i}]" for i in range(995, 1000))
    ]  # fmt: skip
    assert rows[-1][1:] == ["999", "0", "0", "0", "…", "0", "0", "0", "1"]
    assert len(x._repr_html_()) < 4000


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1, 1)])
def test_arrays_of_odd_shapes(shape):
    x = np.zeros(shape, dn.DualDType(1)).view(dn.DualArray)
    assert len(Table(x._repr_html_()).rows) == 1 + x.size


def test_text_is_escaped(monkeypatch):
    levels = (Level(),)
    x = np.zeros(1, dn.DualDType(1, levels=levels)).view(dn.DualArray)

    class Odd(dn.DualArray):
        pass

    Odd.__name__ = "<b>&"
    text = x.view(Odd)._repr_html_()
    assert "<b>" not in text
    assert Table(text).caption.startswith("<b>& of shape (1,), ")
    assert notebook.cells("td", ["<", "&"]) == "<td>&lt;</td><td>&amp;</td>"


# Polynomials


def test_polynomials():
    p = dn.taylor_polynomial(lambda x: 1 + (x - 2) - 3 * (x - 2) ** 3, 3)(2.0)
    assert shown_by_ipython(p) == {"text/plain": repr(p), "text/latex": r"$1 + (x - 2) - 3\,(x - 2)^{3}$"}
    p = dn.taylor_polynomial(lambda x: x[0] * x[1] - x[1] ** 2, 2)(np.array([0.0, -1.0]))
    assert p._repr_latex_() == r"$-1 - x + 2\,(y + 1) + x\,(y + 1) - (y + 1)^{2}$"
    p = dn.taylor_polynomial(lambda x: 0.0 * np.sum(x), 1)(np.zeros(3))
    assert p._repr_latex_() == "$0$"
    p = dn.taylor_polynomial(lambda x: np.sum(x), 1)(np.zeros((2, 2)))
    assert p._repr_latex_() == "$x_{0,0} + x_{0,1} + x_{1,0} + x_{1,1}$"


def test_array_valued_polynomials_have_a_line_for_each_element():
    latex = dn.taylor_polynomial(lambda x: np.stack([x, x * x]), 2)(0.0)._repr_latex_()
    assert latex == r"$\begin{aligned}&x\\&x^{2}\end{aligned}$"
    latex = dn.taylor_polynomial(lambda x: x, 1)(np.arange(100.0))._repr_latex_()
    assert latex.count(r"\\") == 10
    assert r"\\&\;\vdots\\" in latex


def test_the_latex_of_a_polynomial_is_the_polynomial():
    p = dn.taylor_polynomial(lambda x: np.exp(x[0]) / (2 + x[1]), 3)(np.array([0.5, -0.25]))
    python = p._repr_latex_().strip("$").replace(r"\,", "*").replace("^", "**")
    assert r"\cdots" not in python
    python = re.sub(r"\{(\d)\}", r"\1", python)
    x, y = 0.625, -0.5
    assert eval(python, {"x": x, "y": y}) == pytest.approx(p([x, y]), rel=1e-5)
