"""The lines of scipy_arguments.txt, which the tests walk and of which the documentation makes a table."""

import ast
import dataclasses
import pathlib
import re


@dataclasses.dataclass(frozen=True)
class Row:
    """A call, with the text of each argument's point; `refused` are the arguments without derivatives."""

    module: str
    call: str
    points: dict[str, str]
    refused: frozenset[str]

    @property
    def function(self):
        """The name of the function that is called."""
        return self.call.partition("(")[0]


def rows():
    """Return all rows."""
    found, module = [], None
    for line in pathlib.Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.endswith(":") and "|" not in line:
            module = line[:-1]
            continue
        given, _, call = line.partition(" | ")
        keywords = ast.parse(f"dict({given.replace('!', '')})", mode="eval").body.keywords
        points = {k.arg: ast.unparse(k.value) for k in keywords}
        found.append(Row(module, call, points, frozenset(re.findall(r"!(\w+)=", given))))
    return found
