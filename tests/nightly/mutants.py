"""The mutants of a source: copies with one operator, constant, condition, call or statement changed, for mutate.py."""

import ast
import functools
import re
import tokenize
from collections.abc import Callable
from typing import NamedTuple

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
#: Of native sources: a regular expression and what to write in its place.
NATIVE = [
    (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " / "), (r" / ", " * "), (r" < ", " <= "), (r" <= ", " < "),
    (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "),
    (r"\b0\b", "1"), (r"\b1\b", "2"), (r"\b128\b", "127"), (r"\b0\.5\b", "0.25"),
]  # fmt: skip
#: Of Cython sources: tokens and what to write in their place, and the tokens beside brackets that end an expression.
CYTHON = {
    "+": "-", "-": "+", "*": "//", "//": "*", "/": "*", "%": "//", "&": "|", "|": "&", "<": "<=", "<=": "<",
    ">": ">=", ">=": ">", "==": "!=", "!=": "==", "and": "or", "or": "and", "is": "is not", "not": "",
    "in": "not in", "True": "False", "False": "True",
}  # fmt: skip
ENDS = {
    "if", "elif", "else", "while", "for", "return", "yield", "raise", "from", "assert", "lambda", "with", "as",
    "except", ",", ":", ";", "=", "->", ":=", "+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=",
}  # fmt: skip
#: Calls and keywords without which the program does the same, with another type, more slowly or less carefully.
IDLE = {"list", "tuple", "iter", "lru_cache", "cache", "errstate", "super", "asarray", "asanyarray", "strict"}


class Mutant(NamedTuple):
    """A change of the lines first ... last of a file, of a default if they are 0; statement: those of the statement."""

    name: str  # the file, its line and the change
    path: str
    first: int
    last: int
    statement: tuple[int, int]
    before: str
    after: str
    make: Callable  # returns the mutated syntax tree of a Python file, or the mutated text of a native one

    def text(self):
        made = self.make()
        return made if isinstance(made, str) else ast.unparse(made)

    def code(self, filename):
        return compile(self.make(), filename, "exec")


def python_mutants(path, text):
    """Return the mutants of a Python source; annotations and decorators stay."""
    tree = ast.parse(text)
    nodes, lines, found = list(ast.walk(tree)), text.splitlines(), {}
    kept, defaults, parents = set(), set(), {}
    for node in nodes:
        still = [getattr(node, field, None) for field in ("annotation", "returns", "exc")]
        kept.update(
            x for root in [*still, *getattr(node, "decorator_list", [])] if root for x in ast.walk(root)
        )
        if isinstance(node, ast.keyword) and node.arg in IDLE:
            kept.add(node.value)
        if isinstance(node, ast.arguments):
            defaults.update(ast.walk(node))
        parents |= dict.fromkeys(ast.iter_child_nodes(node), node)

    def statement(node):
        while not isinstance(node, ast.stmt):
            node = parents[node]
        last = getattr(node, "body", None)
        return node.lineno, (last[0].lineno - 1 if last else node.end_lineno)

    def make(number, place):
        mutant = ast.parse(text)
        node = list(ast.walk(mutant))[number]
        replacement = changes(node)[place](node)
        if replacement is not node:
            replace(mutant, node, ast.copy_location(replacement, node))
        return ast.fix_missing_locations(mutant)

    for number, node in enumerate(nodes):
        for place in range(len(changes(node)) if node not in kept else 0):
            (copy,) = ast.parse(ast.unparse(node)).body if isinstance(node, ast.stmt) else [None]
            after = changes(node)[place](copy or ast.parse(ast.unparse(node), mode="eval").body)
            before, after = (ast.unparse(getattr(n, "test", n)) for n in (node, after))
            name = f"{path} | {lines[node.lineno - 1].strip()} | {before} -> {after}"
            while name in found:
                name += "'"
            spans = (0, 0, (0, 0)) if node in defaults else (node.lineno, node.end_lineno, statement(node))
            found[name] = Mutant(name, path, *spans, before, after, functools.partial(make, number, place))
    return list(found.values())


def replace(tree, old, new):
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if value is old:
                setattr(node, field, new)
            elif isinstance(value, list):
                value[:] = [new if x is old else x for x in value]


def changes(node):
    """Return functions that change a node in place, or return another one for it."""

    def change(**fields):
        return lambda n: [setattr(n, k, v) for k, v in fields.items()] and n

    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in SWAPS:
        return [change(op=SWAPS[type(node.op)]())]
    if isinstance(node, ast.Compare):
        swapped = [SWAPS[type(op)]() for op in node.ops]
        return [change(ops=[*node.ops[:i], op, *node.ops[i + 1 :]]) for i, op in enumerate(swapped)]
    if isinstance(node, ast.UnaryOp):
        return [lambda n: n.operand]
    if isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        return [change(value=not node.value if type(node.value) is bool else node.value + 1)]
    if isinstance(node, (ast.IfExp, ast.If)) and isinstance(node.test, (ast.Name, ast.Call, ast.Attribute)):
        return [change(test=ast.UnaryOp(ast.Not(), node.test))]
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        return [] if name in IDLE or isinstance(node.args[0], ast.Starred) else [lambda n: n.args[0]]
    assigns = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    if assigns or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return [lambda n: ast.Pass()]
    return []


def native_mutants(path, text):
    """Return the mutants of a native source."""
    lines, found = text.splitlines(keepends=True), {}

    def make(number, start, stop, replacement):
        changed = lines[number][:start] + replacement + lines[number][stop:]
        return "".join([*lines[:number], changed, *lines[number + 1 :]])

    for number, start, stop, replacement in (cython_changes if path.endswith(".pxi") else cpp_changes)(lines):
        line, n = lines[number], number + 1
        before, after = line.strip(), (line[:start] + replacement + line[stop:]).strip()
        make_it = functools.partial(make, number, start, stop, replacement)
        name = f"{path} | {before} -> {after}"
        while name in found:
            name += "'"
        found[name] = Mutant(name, path, n, n, (n, n), before, after, make_it)
    return list(found.values())


def cpp_changes(lines):
    """Yield the line, the columns and the new text of each change of a C++ source.

    Comments, includes and assertions stay.
    """
    for number, line in enumerate(lines):
        code = line.partition("//")[0]
        if not re.match(r"\s*(#|\*|/\*|static_assert)", code) and "include" not in code:
            for pattern, replacement in NATIVE:
                for match in re.finditer(pattern, code):
                    yield number, match.start(), match.end(), replacement


def cython_changes(lines):
    """Yield the line, the columns and the new text of each change in the functions of a Cython source.

    The text is that of a whole expression of one line, between which and the original a switch can choose.
    """
    for statement in cython_statements(lines):
        for expression, is_condition in expressions(statement):
            (number, start), (last, stop) = expression[0].start, expression[-1].end
            line = lines[number - 1]
            words = ["", *(token.string for token in expression), ""]
            new = [changed_token(t, *near) for t, *near in zip(expression, words, words[2:], strict=False)]
            if number != last:
                continue
            if is_condition and not any(word is not None for word in new):
                yield number - 1, start, stop, f"not ({line[start:stop]})"
            for token, word in zip(expression, new, strict=True):
                if word is not None:
                    text = line[start : token.start[1]] + word + line[token.end[1] : stop]
                    yield number - 1, start, stop, text.strip()


def changed_token(token, previous, following):
    """Return what stands for a token of a Cython expression in a mutant, or None; the others are its neighbours."""
    before, after = token.line[: token.start[1]][-1:], token.line[token.end[1] :][:1]
    if token.type == tokenize.NUMBER:
        return str(ast.literal_eval(token.string) + 1)
    if (token.string, following) == ("is", "not") or (previous, token.string) == ("not", "in"):
        return None
    if token.string == "-" and after != " ":
        return ""
    return CYTHON.get(token.string) if token.type == tokenize.NAME or before == after == " " else None


def cython_statements(lines):
    """Yield the statements in the functions of a Cython source, and the headers of blocks there, as lists of tokens."""
    statement, header, in_function = [], [], [False]
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type == tokenize.NEWLINE:
            if in_function[-1]:
                yield statement
            header, statement = {token.string for token in statement}, []
        elif token.type == tokenize.INDENT:
            is_function = (
                "(" in header and {"def", "cdef", "cpdef"} & header and not {"class", "extern"} & header
            )
            in_function.append(in_function[-1] or bool(is_function))
        elif token.type == tokenize.DEDENT:
            in_function.pop()
        elif token.type not in {tokenize.NL, tokenize.COMMENT}:
            statement.append(token)


def expressions(statement):
    """Yield the expressions of a statement, as lists of tokens, and whether each is a condition.

    An expression ends at the brackets, commas, colons, assignments and keywords around it, and but for conditions at
    ``and`` and ``or``, whose C type a switch would hide from Cython.  What its own brackets enclose is not part of it.
    """
    if statement[0].string in {"def", "cpdef", "class", "@"}:
        return
    around = [("", [])]  # for each open bracket the last keyword within and the expression since
    for token in [*statement, None]:
        word = token.string if token else ""
        keyword, expression = around[-1]
        is_condition, closes = keyword in {"if", "elif", "while"}, word in {*")]}"}
        ends = (
            word in ENDS
            or (word == "in" and keyword == "for")
            or (word in {"and", "or"} and not is_condition)
        )
        if not token or closes or ends:
            if expression:
                yield expression, is_condition
            around[-1] = (keyword if word in {",", "and", "or"} else word), []
        else:
            expression.append(token)
        if closes:
            around.pop()
            around[-1][1].append(token)
        elif word in {*"([{"}:
            around.append(("", []))
