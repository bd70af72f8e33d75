"""The command line: exact derivatives of a function at a point, beside central finite differences."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import re
import sys
import warnings
from typing import NamedTuple

import numpy as np

import dualnum
from dualnum import finite
from dualnum.expression import Expression

EPILOG = """\
FUNCTION is one of
  module:name          scipy.optimize:rosen     the name may have dots, for an attribute
  path/to/file.py:name model.py:energy
  a formula            "exp(-x**2) * sin(3*x)"  dualnum's functions, sum, prod, mean, max, min,
                                                dot, where, pi, e; any other name is a variable
--at takes
  one number           --at 0.4                 the function of a float: its derivative
  several numbers      --at 1.3 0.7 0.8         the function of a vector: its gradient or Jacobian
  a list               --at "[[1, 2], [3, 4]]"  the function of an array of any shape
  named values         --at x=1 y=2             a formula's variables, or a function's arguments by keyword;
                                                also --at "a=[1, 2]" b=3
Numbers may be formulas: --at pi/4.
"""


class InputError(Exception):
    """Input that the command cannot work with; the message is one line."""


class Problem(NamedTuple):
    """A function of one float or array, and the point."""

    title: str
    function: object
    x: object  # float or ndarray
    labels: list  # one for each element of x
    point: dict  # name -> float or list, for people and JSON


class Derivative(NamedTuple):
    """One table of derivatives and its check, three arrays of one shape."""

    name: str
    order: int
    exact: np.ndarray
    approximate: np.ndarray
    digits: np.ndarray


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv=None):
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        The arguments, by default those of the process.

    Returns
    -------
    int
        0, or 2 for input that cannot be used; argparse raises SystemExit with the same codes.

    Examples
    --------
    >>> from dualnum.__main__ import main
    >>> main(["x**3", "--at", "2"])
    x**3
    at x = 2.0
    <BLANKLINE>
    value       8.0
    <BLANKLINE>
    derivative  exact  central difference  digits
    x            12.0   12.0000000...
    0
    """
    parser = make_parser()
    argv = sys.argv[1:] if argv is None else argv
    # A leading space keeps argparse from taking -1e-3 and -x**2 for options.
    options = parser.parse_args([f" {a}" if re.match("-[^-h]|-h.", a) else a for a in argv])
    try:
        problem = make_problem(options.function.strip(), options.at, options.given or [])
        value, derivatives = differentiate(problem, options.hessian)
    except InputError as error:
        if options.traceback and error.__cause__ is not None:
            raise error.__cause__ from None
        parser.error(" ".join(str(error).split()))
    if options.json:
        print(as_json(problem, value, derivatives))
    else:
        print(as_text(problem, value, derivatives, options.rows))
    return 0


def make_parser():
    """Return the parser of the command's arguments."""
    parser = Parser(
        prog="dualnum",
        description="Print a function's value and exact derivatives at a point, and beside them central "
        "finite differences and the number of digits that agree.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("function", metavar="FUNCTION", help="module:name, path/to/file.py:name or a formula")
    parser.add_argument("--at", nargs="+", required=True, metavar="VALUE", help="the point")
    parser.add_argument(
        "--with", nargs="+", dest="given", metavar="NAME=VALUE", help="arguments that are not differentiated"
    )
    parser.add_argument("--hessian", action="store_true", help="the second derivatives, too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--rows", type=int, default=60, metavar="N", help="rows a table may have (default: 60)"
    )
    parser.add_argument("--traceback", action="store_true", help="when the function fails, show where")
    parser.add_argument("--version", action="version", version=f"dualnum {dualnum.__version__}")
    return parser


# The function


def load_function(text):
    """Return the function that `text` names: an Expression, or what a module or file holds under the name."""
    match = re.fullmatch(r"(?P<source>.+\.py|[^\W\d][\w.]*):(?P<name>[\w.]+)", text)
    if match is None:
        try:
            return Expression(text)
        except ValueError as error:
            raise InputError(str(error)) from error
    source, name = match["source"], match["name"]
    function = import_file(source) if source.endswith(".py") else import_module(source)
    for part in name.split("."):
        try:
            function = getattr(function, part)
        except AttributeError as error:
            raise InputError(f"{source} has no {name!r}") from error
    if not callable(function):
        raise InputError(f"{text} is not a function but a {type(function).__name__}")
    return function


def import_module(name):
    """Import a module; the working directory comes first, as for ``python -m``."""
    if sys.path[:1] not in ([""], [os.getcwd()]):
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise InputError(f"cannot import {name}: {describe(error)}") from error


def import_file(path):
    """Import a file; its directory comes first, as for ``python FILE``."""
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}")
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.basename(path).removesuffix(".py"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(f"cannot import {path}: {describe(error)}") from error
    return module


def describe(error):
    """Return an exception as ``ValueError: message``."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


# The point


def make_problem(text, at, given):
    """Turn the command's words into a function of one float or array."""
    function = load_function(text)
    given = dict(read_named(word) for word in given)
    named = [read_named(word) for word in at if is_named(word)]
    variables = None
    if isinstance(function, Expression):
        variables = [name for name in function.variables if name not in given]
        unknown = set(given) - set(function.variables)
        if unknown:
            raise InputError(f"{text!r} has no variable {min(unknown)!r}")
    if not named:
        name = single_variable(text, variables)
        x = read_point(at)
        return Problem(text, call_with(function, given, name), x, labels(name, x), {name: plain(x)})
    if len(named) < len(at):
        raise InputError("--at expects either values or NAME=VALUE, not both")
    point = dict(named)
    if len(point) < len(named):
        raise InputError("--at names a variable twice")
    if variables is not None and set(point) != set(variables):
        expected = ", ".join(variables) or "none left"
        raise InputError(f"--at names {', '.join(point)}, but the variables of {text!r} are {expected}")
    return make_named_problem(text, function, point, given)


def make_named_problem(text, function, point, given):
    """Let the function of several named arguments be one of the vector of all their elements."""
    names = [name_of_element for name, x in point.items() for name_of_element in labels(name, x)]
    shown = {name: plain(x) for name, x in point.items()}
    if len(point) == 1:
        ((name, x),) = point.items()
        return Problem(text, call_with(function, given, name, keyword=True), x, names, shown)

    def packed(vector):
        values, start = dict(given), 0
        for name, x in point.items():
            stop = start + np.size(x)
            values[name] = vector[start:stop].reshape(np.shape(x)) if np.ndim(x) else vector[start]
            start = stop
        return call_by_name(function, values)

    return Problem(text, packed, np.concatenate([np.ravel(x) for x in point.values()]), names, shown)


def single_variable(text, variables):
    """Return the name of the one variable, to which values without a name belong."""
    if variables is None:
        return "x"
    if not variables:
        raise InputError(f"{text!r} has no variable to differentiate by")
    if len(variables) > 1:
        names = " ".join(f"{name}=VALUE" for name in variables)
        raise InputError(f"{text!r} has the variables {', '.join(variables)}: write --at {names}")
    return variables[0]


def call_with(function, given, name, keyword=False):
    """Return a function of one argument that passes on the given ones."""
    if isinstance(function, Expression) or keyword:
        return lambda x: call_by_name(function, given | {name: x})
    return lambda x: function(x, **given)


def call_by_name(function, values):
    """Call an Expression or a Python function with its arguments' values by name."""
    if isinstance(function, Expression):
        return function(*(values[name] for name in function.variables))
    return function(**values)


def is_named(word):
    return re.match(r"\s*[^\W\d]\w*\s*=", word) is not None


def read_named(word):
    """Read ``NAME=VALUE``."""
    if not is_named(word):
        raise InputError(f"expected NAME=VALUE, got {word!r}")
    name, _, value = word.partition("=")
    return name.strip(), read_point([value])


def read_point(words):
    """Read one number as a float, several as a vector, and a bracketed list as an array of its shape."""
    text = " ".join(words).strip()
    if text.startswith("["):
        try:
            x = np.array(json.loads(text), dtype=float)
        except (ValueError, TypeError, RecursionError):
            raise InputError(f"{text} is not a list of numbers such as [[1, 2], [3, 4]]") from None
    else:
        numbers = [read_number(part) for word in words for part in word.strip().strip(",").split(",")]
        x = numbers[0] if len(numbers) == 1 else np.array(numbers)
    if not np.all(np.isfinite(x)):
        raise InputError(f"the point must be finite, got {text}")
    if np.size(x) == 0:
        raise InputError("the point has no elements")
    return x


def read_number(text):
    """Read a float, or a formula without variables such as ``pi/4``."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Expression(text)())
    except Exception:
        raise InputError(f"{text.strip()!r} is not a number") from None


def label(name, index):
    """Return ``x`` for a scalar's element, ``x[0]`` for a vector's, ``x[0,1]`` for a matrix's."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def labels(name, x):
    """Return a label for each element of `x`."""
    return [label(name, index) for index in np.ndindex(np.shape(x))]


def plain(x):
    """Return a float or nested lists of floats."""
    return np.asarray(x, dtype=float).tolist()


# The derivatives


def differentiate(problem, second):
    """Return the value at the point and its derivatives, first and perhaps second."""
    f, x = problem.function, problem.x
    scalar = np.ndim(x) == 0
    result = evaluate(problem, f, np.float64(x) if scalar else x.copy())
    try:
        value = np.asarray(result)
    except ValueError:
        value = np.asarray(None)
    if value.dtype.kind not in "biuf":
        raise InputError(f"{problem.title} does not return real numbers but {result!r}")
    value = value.astype(float)
    if scalar:
        first, driver = "derivative", dualnum.derivative(f)
    elif value.ndim == 0:
        first, driver = "gradient", dualnum.gradient(f)
    else:
        first, driver = "jacobian", dualnum.jacobian(f)
    derivatives = [compare(problem, first, 1, evaluate(problem, driver, x))]
    if second:
        name = "second derivative" if scalar else "hessian"
        driver = dualnum.derivative(f, order=2) if scalar else dualnum.hessian(f)
        derivatives.append(compare(problem, name, 2, evaluate(problem, driver, x)))
    return value, derivatives


def evaluate(problem, function, x):
    """Return ``function(x)``; what goes wrong in it is an error of the input."""
    try:
        return function(x)
    except (Exception, SystemExit) as error:
        raise InputError(f"{problem.title} raised {describe(error)}") from error


def compare(problem, name, order, exact):
    """Set the exact derivatives beside central differences, which are NaN where the function fails."""
    exact = np.asarray(exact, dtype=float)
    differences = finite.first_differences if order == 1 else finite.second_differences
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            approximate = differences(problem.function, problem.x)
    except Exception:
        approximate = np.full(exact.shape, np.nan)
    return Derivative(name, order, exact, approximate, finite.agreeing_digits(exact, approximate))


# The output


def as_text(problem, value, derivatives, limit):
    """Return the report for people: blocks of rows, all numbers aligned at their decimal points."""
    blocks = [value_rows(value), *(derivative_rows(problem, value, derivative) for derivative in derivatives)]
    shown = [block[: limit + 1] for block in blocks]
    widths = [
        column_widths(column) for column in zip(*(row for block in shown for row in block), strict=True)
    ]
    lines = [
        problem.title,
        "at " + ", ".join(f"{name} = {json.dumps(x)}" for name, x in problem.point.items()),
    ]
    for block, rows in zip(blocks, shown, strict=True):
        lines.append("")
        lines += ["  ".join(map(align, row, widths)).rstrip() for row in rows]
        if len(block) > len(rows):
            lines.append(f"... and {len(block) - len(rows)} rows more: see --rows and --json")
    return "\n".join(lines)


def value_rows(value):
    """Return the rows of the value: one for a scalar, else a head and an entry each."""
    if value.ndim == 0:
        return [("value", repr(value.item()), "", "")]
    entries = [(label("f", index), repr(float(value[index])), "", "") for index in np.ndindex(value.shape)]
    return [("value", "", "", ""), *entries]


def derivative_rows(problem, value, derivative):
    """Return the rows of a derivative: a head, then an entry each; of a Hessian the upper triangle."""
    shape = value.shape + (len(problem.labels),) * derivative.order
    tables = [np.reshape(t, shape) for t in (derivative.exact, derivative.approximate, derivative.digits)]
    rows = [(derivative.name, "exact", "central difference", "digits")]
    for index in np.ndindex(shape):
        of, by = index[: value.ndim], index[value.ndim :]
        if by == tuple(sorted(by)):
            elements = [problem.labels[i] for i in by] if np.ndim(problem.x) else problem.labels
            names = [label("f", of), *elements] if of else elements
            exact, approximate, digits = (float(t[index]) for t in tables)
            rows.append(
                (" ".join(names), repr(exact), repr(approximate), f"{digits:.1f}".replace("nan", "-"))
            )
    return rows


def column_widths(cells):
    """Return the widths before and after the decimal point, and that of the widest cell."""
    numbers = [split_number(cell) for cell in cells if is_number(cell)]
    before, after = (max(map(len, parts)) for parts in zip(*numbers, strict=True)) if numbers else (0, 0)
    return before, after, max(before + after, *map(len, cells))


def align(cell, widths):
    """Return the cell padded: numbers aligned at the point, heads over them to the right, words to the left."""
    before, after, width = widths
    if not before:
        return cell.ljust(width)
    if not is_number(cell):
        return cell.rjust(width)
    left, right = split_number(cell)
    return (left.rjust(before) + right.ljust(after)).rjust(width)


def is_number(cell):
    return re.fullmatch(r"-?(\d.*|inf|nan)", cell) is not None


def split_number(cell):
    """Split a number's text before its point or exponent."""
    match = re.match(r"-?(\d+|inf|nan)", cell)
    return cell[: match.end()], cell[match.end() :]


def as_json(problem, value, derivatives):
    """Return the report for programs; what JSON has no number for is the string nan, inf or -inf."""
    report = {"function": problem.title, "at": problem.point, "value": portable(value.tolist())}
    for derivative in derivatives:
        report[derivative.name.replace(" ", "_")] = {
            "exact": portable(derivative.exact.tolist()),
            "central_difference": portable(derivative.approximate.tolist()),
            "digits": portable(np.round(derivative.digits, 1).tolist()),
        }
    return json.dumps(report, allow_nan=False)


def portable(x):
    """Return nested lists of floats with text in place of what is not finite."""
    if isinstance(x, list):
        return [portable(element) for element in x]
    return x if np.isfinite(x) else str(x)


if __name__ == "__main__":
    sys.exit(main())
