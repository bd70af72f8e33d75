"""Instruction counts: every path runs, the kept file names every path, and a rise is an error.  Nothing is counted."""

import json
import re

import pytest

from bench import counts

DUMP = """# callgrind format
version: 1
pid: 4
part: 3
desc: Timerange: Basic block 7 - 9
desc: Trigger: Client Request: dot, 3x3
events: Ir
summary: 4200
"""


@pytest.mark.parametrize("name", counts.paths())
def test_paths_run(name):
    statement, loops = counts.paths()[name]
    assert statement() is not None and loops > 0


def test_kept_counts_are_of_these_paths():
    kept = json.loads(counts.KEPT.read_text())
    assert list(kept["counts"]) == list(counts.paths())
    assert all(type(n) is int and n > 0 for n in kept["counts"].values())
    assert kept["versions"].keys() == counts.versions().keys()


def test_parsing():
    assert counts.parsed(DUMP) == ("dot, 3x3", 4200)
    assert counts.parsed(DUMP.replace("summary", "totals")) == ("dot, 3x3", 4200)
    assert counts.parsed(DUMP.replace("Client Request: dot, 3x3", "Program termination")) is None


def test_comparison():
    lines, risen = counts.compare({"a": 1000, "b": 1000, "c": 1000}, {"a": 1029, "b": 1031, "c": 500, "d": 7})
    assert risen == ["b", "d"]
    assert [line.split()[-1] for line in lines[1:]] == ["a", "risen", "c", "d"]


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """A kept file of this environment, and counts that cost nothing."""
    path = tmp_path / "counts.json"
    path.write_text(json.dumps({"versions": counts.versions(), "counts": {"a": 1000}}))
    monkeypatch.setattr(counts, "KEPT", path)
    return path


def test_a_rise_is_an_error(kept, monkeypatch, capsys):
    monkeypatch.setattr(counts, "count", lambda: {"a": 1000})
    assert counts.main([]) == 0
    monkeypatch.setattr(counts, "count", lambda: {"a": 1100})
    assert counts.main([]) == 1
    assert capsys.readouterr().err == "risen by more than 3 %, or new: a\n"
    assert counts.main(["--update"]) == 0
    assert json.loads(kept.read_text()) == {"versions": counts.versions(), "counts": {"a": 1100}}
    assert counts.main([]) == 0


def test_other_versions_are_not_compared(kept, capsys):
    there = counts.versions() | {"python": "3.0"}
    kept.write_text(json.dumps({"versions": there, "counts": {}}))
    assert counts.main([]) == 2
    assert re.fullmatch(
        r"counts are kept for machine .*, python 3\.0, numpy .*, this is machine .*: run there, or write them anew "
        r"with --update\.\n",
        capsys.readouterr().err,
    )


def test_missing_tools(kept, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(counts.shutil, "which", lambda name: None)
    assert counts.main([]) == 2
    assert (
        capsys.readouterr().err
        == "valgrind is missing: install it (apt install valgrind, dnf install valgrind-devel).\n"
    )
    monkeypatch.setattr(counts.sysconfig, "get_config_var", lambda name: "no-such-compiler -x")
    with pytest.raises(
        SystemError, match=r"^no-such-compiler cannot compile with valgrind/callgrind\.h: install a C"
    ):
        counts.build(tmp_path)
