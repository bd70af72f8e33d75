"""Mutation run: change one operator or constant of the sources at a time, and list the changes that no test notices.

::

    python tests/nightly/mutate.py rules --count 100 --seed 1
    python tests/nightly/mutate.py ext --count 20            # rebuilds the extension for each

It works on a copy of the checkout in a temporary directory.  A mutant is killed when one of the tests of its file
fails; a survivor is printed with its line, for a test or an argument that it is equivalent.
"""

import argparse
import ast
import collections
import concurrent.futures
import functools
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
TIMEOUT = 300
#: For the files that a pattern finds, the tests that should notice a change, the quickest first.
TESTS = {
    "dualnum/rules/linalg/products.py|dualnum/rules/linalg/einsum.py": "edges matrix_products linalg surface",
    "dualnum/rules/linalg/": "linalg determinants linalg_safety kinks linalg_identities edges surface",
    "dualnum/rules/ufuncs/": "edges scipy_special rules",
    "dualnum/rules/guests.py|dualnum/rules/foreign": "foreign_code guests partners",
    "dualnum/rules/numpy_patches.py": "numpy_patches foreign_code reports edges rules surface",
    "dualnum/rules/scipy_sparse.py": "reports",
    "dualnum/rules/": "edges rules reports operands arrays surface safety kinks bit_identity",
    "ext/math/|ext/loops/matmul": "edges kernels matrix_products algebra table taylor_table kinks products_reductions",
    "ext/": "edges kernels reports arrays algebra dtype scalar kinks table bit_identity taylor_levels",
}
PYTHON = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
#: Of native sources: a regular expression and what to write in its place.
NATIVE = [
    (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " / "), (r" / ", " * "), (r" < ", " <= "), (r" <= ", " < "),
    (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "),
    (r"\b0\b", "1"), (r"\b1\b", "2"), (r"\b128\b", "127"), (r"\b0\.5\b", "0.25"),
]  # fmt: skip


def python_mutants(text):
    """Return a function for each operator, constant and negation: it returns (line, before, after, mutated text)."""

    def make(number, place):
        mutant = ast.parse(text)
        node = list(ast.walk(mutant))[number]
        before = ast.unparse(node)
        changes(node)[place](node)
        return node.lineno, before, ast.unparse(node), ast.unparse(mutant)

    nodes = enumerate(ast.walk(ast.parse(text)))
    return [functools.partial(make, n, place) for n, node in nodes for place in range(len(changes(node)))]


def changes(node):
    """Return functions that change a node of a syntax tree in place."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in PYTHON:
        return [lambda n: setattr(n, "op", PYTHON[type(n.op)]())]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in PYTHON:
        return [lambda n: n.ops.__setitem__(0, PYTHON[type(n.ops[0])]())]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        return [
            lambda n: setattr(n, "op", ast.UAdd() if isinstance(n.op, ast.USub) else ast.Not()) or negate(n)
        ]
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        return [lambda n: setattr(n, "value", not n.value)]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return [lambda n: setattr(n, "value", n.value + 1)]
    return []


def negate(node):
    if isinstance(node.op, ast.Not):
        node.operand = ast.UnaryOp(ast.Not(), node.operand)


def native_mutants(text):
    """Return the same for native sources, outside of comments, includes and assertions."""
    lines, found = text.splitlines(keepends=True), []

    def make(number, start, stop, replacement):
        changed = lines[number][:start] + replacement + lines[number][stop:]
        mutant = "".join([*lines[:number], changed, *lines[number + 1 :]])
        return number + 1, lines[number].strip(), changed.strip(), mutant

    for number, line in enumerate(lines):
        code = line.partition("//")[0].partition("# ")[0]
        if re.match(r"\s*(#|\*|/\*|static_assert|cdef enum|\"\"\")", code) or "include" in code:
            continue
        for pattern, replacement in NATIVE:
            places = re.finditer(pattern, code)
            found += [functools.partial(make, number, m.start(), m.end(), replacement) for m in places]
    return found


def tests_of(path):
    return next(names for pattern, names in TESTS.items() if re.search(pattern, path)).split()


def run(command, where):
    """Return whether a command ends without an error in time."""
    environment = {**os.environ, "PYTHONPATH": str(where), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return (
            subprocess.run(
                command, cwd=where, env=environment, capture_output=True, timeout=TIMEOUT
            ).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        return False


def killer(where, path, mutant, native):
    """Return the first test file that fails with the mutated text of a file, "build", or None for a survivor."""
    target = where / path
    original = target.read_text()
    target.write_text(mutant)
    try:
        if native and not run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], where):
            return "build"
        quick = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        return next(
            (name for name in tests_of(path) if not run([*quick, f"tests/test_{name}.py"], where)), None
        )
    finally:
        target.write_text(original)


def passes(where, names):
    """Refuse to start where a test fails without any change."""
    for name in names:
        if not run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/test_{name}.py"], where
        ):
            sys.exit(f"tests/test_{name}.py fails or takes longer than {TIMEOUT} s without a change")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["rules", "ext"])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the paths")
    parser.add_argument(
        "--no-baseline", action="store_true", help="trust that all tests pass without a change"
    )
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    native = options.what == "ext"
    folder, suffixes = ("ext", {".h", ".cpp", ".pxi"}) if native else ("dualnum/rules", {".py"})
    paths = sorted(p.relative_to(ROOT) for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)
    paths = [p for p in paths if options.only in str(p)]
    make = native_mutants if native else python_mutants
    every = [(str(path), mutant) for path in paths for mutant in make((ROOT / path).read_text())]
    chosen = random.Random(options.seed).sample(every, min(options.count, len(every)))
    chosen = [(path, *mutant()) for path, mutant in chosen]
    with (
        tempfile.TemporaryDirectory() as temporary,
        concurrent.futures.ThreadPoolExecutor(options.workers) as pool,
    ):
        free = [pathlib.Path(temporary) / str(i) for i in range(options.workers)]
        for where in free:
            shutil.copytree(ROOT, where, ignore=shutil.ignore_patterns(".git"))

        if not options.no_baseline:
            passes(free[0], sorted({name for mutant in chosen for name in tests_of(mutant[0])}))

        def judge(mutant):
            where = free.pop()
            try:
                return killer(where, mutant[0], mutant[4], native)
            finally:
                free.append(where)
                print(".", end="", file=sys.stderr, flush=True)

        killers = collections.Counter()
        for (path, line, before, after, _), by in zip(chosen, pool.map(judge, chosen), strict=True):
            killers[by] += 1
            if by is None:
                print(f"{path}:{line}: {before}  ->  {after}", flush=True)
    survivors = killers.pop(None, 0)
    print(f"{survivors} of {len(chosen)} survive, of {len(every)} mutants; killed by {dict(killers)}")


if __name__ == "__main__":
    main()
