"""The tables of docs/coming_from.rst: each entry for dualnum is a test of the page, and equals the peer's beside it."""

import ast
import doctest
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize

import dualnum as dn

PAGE = (Path(__file__).parents[1] / "docs" / "coming_from.rst").read_text(encoding="utf-8")
TABLE = re.compile(r"^=+  =+\n(\w+) +dualnum\n=+  =+\n(.+?)^=+  =+$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^``(.+?)``  +``(.+)``$", re.MULTILINE)
TABLES = {peer: ROW.findall(rows) for peer, rows in TABLE.findall(PAGE)}
SOURCES = [example.source for example in doctest.DocTestParser().get_examples(PAGE)]


def namespace(numpy):
    """Return the page's functions and points, made with one of the packages' NumPy."""
    names = {"np": numpy}
    for source in SOURCES:
        if isinstance(ast.parse(source).body[0], ast.FunctionDef | ast.Assign) and "dn." not in source:
            exec(source, names)
    return names


def autograd():
    package = pytest.importorskip("autograd")
    numpy = pytest.importorskip("autograd.numpy")
    return {name: getattr(package, name) for name in dir(package) if name[0] != "_"} | namespace(numpy)


def jax():
    package = pytest.importorskip("jax")
    package.config.update("jax_enable_x64", True)
    jet = pytest.importorskip("jax.experimental.jet")
    return {"jax": package, "jet": jet.jet} | namespace(package.numpy)


def numdifftools():
    return {"nd": pytest.importorskip("numdifftools")} | namespace(np)


def SciPy():
    pytest.importorskip("scipy.differentiate", reason="SciPy 1.15 has it")
    return {"scipy": scipy} | namespace(np)


PEERS = {"autograd": autograd, "JAX": jax, "numdifftools": numdifftools, "SciPy": SciPy}


def same(ours, theirs):
    if isinstance(ours, tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    else:
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_tables_are_found():
    assert list(TABLES) == ["autograd", "JAX", "numdifftools", "SciPy", "Julia"]
    assert [len(rows) for rows in TABLES.values()] == [12, 12, 7, 3, 9]
    assert all(len(ROW.findall(rows)) == rows.count("\n") for _, rows in TABLE.findall(PAGE))


@pytest.mark.parametrize("peer", TABLES)
def test_every_entry_is_an_example(peer):
    examples = {source.strip() for source in SOURCES}
    missing = (
        {ours for _, ours in TABLES[peer]} - examples - {"dn.Dual(t, 1.0)"}
    )  # the start of another example
    assert not missing


@pytest.mark.parametrize("peer", PEERS)
def test_equal(peer):
    names = PEERS[peer]()
    own = {"dn": dn} | namespace(np)
    for theirs, ours in TABLES[peer]:
        same(eval(ours, own), eval(theirs, names))
