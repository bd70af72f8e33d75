"""What the documentation promises beside its doctests: command lines with their output, every name, every picture."""

import re
import shlex
from pathlib import Path

import pytest

import dualnum
from dualnum.cli import main
from dualnum.functions import __all__ as elementwise

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {page.relative_to(DOCS).as_posix(): page.read_text(encoding="utf-8") for page in DOCS.rglob("*.rst")}
CONSOLE = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", re.MULTILINE)
COMMANDS = [
    command
    for page in PAGES.values()
    for block in CONSOLE.findall(page)
    for command in re.split(r"^   \$ ", block, flags=re.MULTILINE)
    if command.startswith("dualnum")
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.partition("\n")[0])
def test_command_line(command, capsys, tmp_path, monkeypatch):
    (tmp_path / "points.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
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
