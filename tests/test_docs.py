"""What the documentation promises beside its doctests: commands with their output, names, pictures, the map."""

import re
import shlex
import textwrap
from pathlib import Path

import numpy as np
import pytest

import dualnum
from dualnum._core import rule_of
from dualnum.cli import main
from dualnum.functions import __all__ as elementwise

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {page.relative_to(DOCS).as_posix(): page.read_text(encoding="utf-8") for page in DOCS.rglob("*.rst")}
CONSOLE = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", re.MULTILINE)
CODE = {".py", ".pxi", ".h", ".def"}
CONSOLES = [
    command
    for page in PAGES.values()
    for block in CONSOLE.findall(page)
    for command in re.split(r"^   \$ ", block, flags=re.MULTILINE)
]
COMMANDS = [command for command in CONSOLES if command.startswith("dualnum")]
FILES = [command.removeprefix("cat ").split("\n", 1) for command in CONSOLES if command.startswith("cat ")]


def places_on_the_map():
    """Yield the files and folders on the map, each with the names that follow it in its row or paragraph."""
    for text in re.split(r"\n(?:   \* - |\n)", PAGES["dev/map.rst"]):
        found = []
        for literal in re.findall(r"``([^`]+)``", text):
            if re.fullmatch(r"[\w./]+/[\w.]*|[A-Z]+\.rst", literal):
                found.append((literal, []))
            elif found and re.fullmatch(r"[A-Za-z_][\w.]*", literal):
                found[-1][1].extend(literal.split("."))
        yield from ((path, tuple(names)) for path, names in found)


def is_defined(name, text):
    """Tell whether a line of Python, Cython or C++ begins a definition of this name, or a table's row of it."""
    starts = r"\s*(?:[cp]*def|class) [^=(]*|ROW2?\(|[A-Za-z_][^(={.]*|"
    return re.search(rf"^(?:{starts})\b{name}\b(?!\.)", text, re.MULTILINE) is not None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.partition("\n")[0])
def test_command_line(command, capsys, tmp_path, monkeypatch):
    for name, text in FILES:
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    words, *output = command.split("\n")
    main(shlex.split(words)[1:])
    printed = "".join(capsys.readouterr())
    assert [line.strip() for line in output if line.strip()] == [
        line.strip() for line in printed.split("\n") if line.strip()
    ]


def test_command_lines_are_found():
    assert len(COMMANDS) >= 7


def test_every_public_name_is_in_the_reference():
    text = "\n".join(PAGES.values())
    documented = set(re.findall(r"^\.\. (?:auto|current)\w+:: (?:dualnum\.)?(\w+)", text, re.MULTILINE))
    assert set(dualnum.__all__) - set(elementwise) - documented == set()


def test_every_program_is_on_a_page():
    programs = {path.name for path in (DOCS / "gallery").glob("*.py")}
    shown = re.findall(r"^\.\. plot:: gallery/(\w+\.py)$", "\n".join(PAGES.values()), re.MULTILINE)
    assert sorted(shown) == sorted(programs)


in_a_checkout = pytest.mark.skipif(not (ROOT / "ext").is_dir(), reason="the map is of a checkout")


@in_a_checkout
@pytest.mark.parametrize(("path", "names"), sorted(set(places_on_the_map())), ids=str)
def test_what_the_map_names_is_there(path, names):
    assert (ROOT / path).exists()
    text = (ROOT / path).read_text(encoding="utf-8") if names else ""
    assert [name for name in names if not is_defined(name, text)] == []


@in_a_checkout
def test_the_map_has_every_room():
    on_map = {path for path, _ in places_on_the_map()}
    files = [path for room in ("ext", "dualnum") for path in (ROOT / room).rglob("*") if path.suffix in CODE]
    assert {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in files} - on_map == set()


def test_every_special_function_is_on_its_page():
    special = pytest.importorskip("scipy.special")
    rules = {name for name, ufunc in vars(special).items() if isinstance(ufunc, np.ufunc) and rule_of(ufunc)}
    assert rules - set(re.findall(r"\w+", PAGES["scipy.rst"])) == set()
