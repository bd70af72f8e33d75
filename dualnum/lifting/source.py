"""Find the syntax tree of a running function, and prove that it is the one that the function was compiled from.

The proof compiles the top-level statement around the function again, unmodified, and looks for a code object equal to
the function's own. Edited files, stale caches and generated code fail it, and are not rewritten.
"""

import __future__

import ast
import linecache
import os
import stat
import sys
import types
import warnings

from dualnum._core import TableLock

FUTURE = 0
for _name in __future__.all_feature_names:
    FUTURE |= getattr(__future__, _name).compiler_flag

_table = TableLock()
_modules = {}  # file name: (lines, tree of the module, statements that import the names it imports)


def lines_of(filename, module_globals):
    """Return the source lines of a file, an interactive cell, ``python -c`` or ``python < file``; [] if unknown."""
    lines = linecache.getlines(filename, module_globals)
    if not lines and filename == "<stdin>":
        return _lines_of_input()
    if not lines and filename == "<string>" and "-c" in sys.orig_argv[1:-1]:
        return sys.orig_argv[sys.orig_argv.index("-c", 1) + 1].splitlines(keepends=True)
    return lines


def _lines_of_input():
    """Return the lines of standard input if it is a file, as some shells make of a here-document; a pipe is gone."""
    try:
        if stat.S_ISREG(os.fstat(0).st_mode):
            return os.pread(0, os.fstat(0).st_size, 0).decode().splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        pass
    return []


def module_of(filename, module_globals):
    """Return the syntax tree of a file and its imports, or None if there is no source, or it does not parse."""
    lines = lines_of(filename, module_globals)
    if not lines:
        return None
    found = _modules.get(filename)
    if found is None or (found[0] is not lines and found[0] != lines):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse("".join(lines), filename)
        except (SyntaxError, ValueError):
            return None
        found = _modules[filename] = lines, tree, _imports(tree)
    return found


def _imports(tree):
    """Return a statement that imports the names which the module's own scope imports.

    CPython compiles ``name.f()`` differently where the module imports `name`.
    """
    names = []
    scope = list(tree.body)
    while scope:
        node = scope.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names += [
                alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*"
            ]
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            scope += ast.iter_child_nodes(node)
    where = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
    names = [ast.alias(name, None, **where) for name in dict.fromkeys(names)]
    return [ast.Import(names, **where)] if names else []


def statements_around(tree, line):
    """Return the top-level statements whose lines, decorators included, contain `line`."""
    return [node for node in tree.body if _first_line(node) <= line <= node.end_lineno]


def _first_line(node):
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


def compiled(statement, imports, filename, flags):
    """Return the code of a module that consists of the imports and one statement."""
    tree = ast.Module([*imports, statement], [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(tree, filename, "exec", flags, dont_inherit=True)


def codes_in(code):
    """Yield the code objects within a code object, each with its path: places among the codes at each depth."""
    stack = [((), code)]
    while stack:
        path, outer = stack.pop()
        inner = [c for c in outer.co_consts if isinstance(c, types.CodeType)]
        for i, c in enumerate(inner):
            yield (*path, i), c
            stack.append(((*path, i), c))


def at_path(code, path):
    """Return the code object at a path of `codes_in`."""
    for i in path:
        code = [c for c in code.co_consts if isinstance(c, types.CodeType)][i]
    return code


def is_same(code, candidate):
    """Whether a compiled candidate is the running code, to the last instruction and line.

    pytest rewrites the assertions of the code that it runs, and leaves its mark there or in a nested function; then the
    name, the line and the parameters decide.
    """
    if code == candidate:
        return True
    return (
        any("@pytest_ar" in inner.co_names for inner in (code, *(inner for _, inner in codes_in(code))))
        and code.co_qualname == candidate.co_qualname
        and code.co_firstlineno == candidate.co_firstlineno
        and code.co_varnames[: code.co_argcount] == candidate.co_varnames[: candidate.co_argcount]
    )


def _codes_of(statement, imports, filename, flags):
    """Return `codes_in` of a statement as a list, and keep it with the statement."""
    kept = statement.__dict__.setdefault("_codes", {})
    if flags not in kept:
        kept[flags] = list(codes_in(compiled(statement, imports, filename, flags)))
    return kept[flags]


def find(code, module_globals):
    """Return (statement, imports, flags, path) for the top-level statement that holds the running code, or None."""
    with _table.lock:
        found = module_of(code.co_filename, module_globals)
        if found is None:
            return None
        _, tree, imports = found
        flags = code.co_flags & FUTURE
        for statement in statements_around(tree, code.co_firstlineno):
            for path, candidate in _codes_of(statement, imports, code.co_filename, flags):
                if candidate.co_name == code.co_name and is_same(code, candidate):
                    return statement, imports, flags, path
        return None
