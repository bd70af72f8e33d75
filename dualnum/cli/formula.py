"""Formulas given as text: parsed with `ast`, checked against a whitelist, never handed to ``eval``.

A formula is arithmetic (``+ - * / // % **`` and ``@``), comparisons, ``a if condition else b``, subscripts
with constant indices, numbers such as ``2``, ``1e-3`` and ``1j``, the constants ``pi``, ``e`` and ``inf``, and calls of
dualnum's functions or of the few others below, each with or without the prefix ``np.``. Every other name is a variable.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import warnings
from typing import Any

import numpy as np

from dualnum import functions
from dualnum.cli.errors import abbreviate

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf}
PREFIXES = ("np", "numpy", "math", "dn", "dualnum")
MAX_LENGTH = 10_000


def _python_name(pairwise, reduction):
    """Return ``max`` or ``min`` with Python's meaning: of several arguments, or of the elements of one."""
    return lambda *args: pairwise(*args) if len(args) > 1 else reduction(*args)


OTHERS = {
    "angle": np.angle,
    "conj": np.conjugate,
    "dot": np.dot,
    "imag": np.imag,
    "max": _python_name(np.maximum, np.max),
    "mean": np.mean,
    "min": _python_name(np.minimum, np.min),
    "prod": np.prod,
    "real": np.real,
    "sum": np.sum,
    "where": np.where,
}
ALIASES = {f"a{name}": f"arc{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")}
ALIASES |= {"abs": "absolute", "pow": "power"}
#: Names of functions elsewhere, and their spelling in a formula.
OTHER_NAMES = {"ln": "log", "lg": "log10", "norm": "sqrt(sum(x**2))", "sgn": "sign"}
BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
}
UNARY = {ast.UAdd: operator.pos, ast.USub: operator.neg}
COMPARISONS = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _function_table():
    """Return every function that a formula may call, by name."""
    table = {name: getattr(functions, name) for name in functions.__all__}
    table |= {alias: table[name] for alias, name in ALIASES.items() if name in table}
    return {name: function for name, function in table.items() if callable(function)} | OTHERS


class Expression:
    """A formula as a function of its `variables`, the names that are neither functions nor constants, as they appear.

    A ValueError names the part of a `text` that is no formula.

    >>> f = Expression("x**2 + 3*y")
    >>> f.variables
    ('x', 'y')
    >>> f(2.0, 1.0)
    7.0
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._table = _function_table()
        self._names: dict[str, None] = {}
        try:
            tree = _parse(self.text)
            self._evaluate = self._compile(tree.body)
        except RecursionError:
            raise ValueError("the formula is nested too deeply") from None
        self.variables = tuple(self._names)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __call__(self, *args: Any) -> Any:
        if len(args) != len(self.variables):
            expected = f"{len(self.variables)} values ({', '.join(self.variables)})"
            raise TypeError(f"{self.text!r} expects {expected}, got {len(args)}")
        return self._evaluate(dict(zip(self.variables, args, strict=True)))

    def _compile(self, node):
        """Return a function of the variables' values (a dict) that computes the node."""
        method = getattr(self, f"_compile_{type(node).__name__.lower()}", None)
        if method is None:
            raise self._refusal(node)
        return method(node)

    def _refusal(self, node, reason="is not allowed in a formula"):
        source = ast.get_source_segment(self.text, node)
        return ValueError(f"{abbreviate(source)!r} {reason}")

    def _compile_constant(self, node):
        constant = node.value
        if type(constant) not in (int, float, complex):
            raise self._refusal(node)
        try:
            if type(constant) is int:
                constant = float(constant)  # an int power such as 9**9**9 would not end
        except OverflowError:
            raise self._refusal(node, "is too large") from None
        return lambda values: constant

    def _compile_name(self, node):
        name = node.id
        if name in CONSTANTS:
            return lambda values: CONSTANTS[name]
        if name in self._table:
            raise self._refusal(node, "is a function: give its argument in parentheses")
        if name.startswith("_"):
            raise self._refusal(node)
        self._names[name] = None
        return lambda values: values[name]

    def _compile_attribute(self, node):
        if self._has_prefix(node) and node.attr in CONSTANTS:
            return lambda values: CONSTANTS[node.attr]
        raise self._refusal(node)

    def _compile_call(self, node):
        if node.keywords:
            raise self._refusal(node, "has a keyword argument, which is not allowed in a formula")
        if not isinstance(node.func, ast.Name) and not self._has_prefix(node.func):
            raise self._refusal(node)
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        function = self._table.get(name)
        if function is None:
            close = difflib.get_close_matches(name, self._table, n=1, cutoff=0.7)
            meant = OTHER_NAMES.get(name) or (close[0] if close else "")
            hint = f"; did you mean {meant}?" if meant else ""
            raise ValueError(f"unknown function {name!r}{hint}")
        args = [self._compile(arg) for arg in node.args]
        return lambda values: function(*(arg(values) for arg in args))

    def _compile_binop(self, node):
        operate = BINARY.get(type(node.op))
        if operate is None:
            reason = "has an operator that is not allowed in a formula; a power is written **"
            raise self._refusal(node, reason)
        left, right = self._compile(node.left), self._compile(node.right)
        return lambda values: operate(left(values), right(values))

    def _compile_unaryop(self, node):
        operate = UNARY.get(type(node.op))
        if operate is None:
            raise self._refusal(node)
        operand = self._compile(node.operand)
        return lambda values: operate(operand(values))

    def _compile_compare(self, node):
        compare = COMPARISONS.get(type(node.ops[0]))
        if compare is None or len(node.ops) > 1:
            raise self._refusal(node)
        left, right = self._compile(node.left), self._compile(node.comparators[0])
        return lambda values: compare(left(values), right(values))

    def _compile_ifexp(self, node):
        test, body, other = self._compile(node.test), self._compile(node.body), self._compile(node.orelse)
        return lambda values: body(values) if test(values) else other(values)

    def _compile_subscript(self, node):
        array, index = self._compile(node.value), self._index(node.slice)
        return lambda values: array(values)[index]

    def _index(self, node):
        """Return a subscript made of integers, slices of integers and ``...``."""
        if isinstance(node, ast.Tuple):
            return tuple(self._index(element) for element in node.elts)
        if isinstance(node, ast.Slice):
            bounds = (node.lower, node.upper, node.step)
            return slice(*(None if bound is None else self._index(bound) for bound in bounds))
        try:
            index = ast.literal_eval(node)
        except ValueError:
            index = None
        if type(index) is not int and index is not ...:
            raise self._refusal(node, "is not allowed as an index; use integers")
        return index

    @staticmethod
    def _has_prefix(node):
        prefix = node.value if isinstance(node, ast.Attribute) else None
        return isinstance(prefix, ast.Name) and prefix.id in PREFIXES


def _parse(text):
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the formula is longer than {MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"{text!r} is not a formula: {error.msg}") from None
    except (ValueError, MemoryError):
        raise ValueError(f"{text!r} is not a formula") from None
