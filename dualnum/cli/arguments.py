"""The command's arguments and its help."""

from __future__ import annotations

import argparse
import os

import dualnum
from dualnum.cli.formats import SUFFIXES, WRITERS

LIFT = {"auto": "auto", "always": True, "never": False}
DESCRIPTION = """\
Print a function's value and exact derivatives at a point, and beside them central finite differences and the
number of digits that agree; or, at the points of a file, a row for each.
"""

EPILOG = """\
FUNCTION is one of
  module:name          scipy.optimize:rosen     the name may have dots, for an attribute
  path/to/file.py:name model.py:energy
  a formula            "exp(-x**2) * sin(3*x)"  dualnum's functions, sum, prod, mean, max, min,
                                                dot, where, real, imag, conj, angle, pi, e, 1j;
                                                any other name is a variable
--at takes
  one number           --at 0.4                 the function of a float: its derivative
  several numbers      --at 1.3 0.7 0.8         the function of a vector: its gradient or Jacobian
  a list               --at "[[1, 2], [3, 4]]"  the function of an array of any shape
  named values         --at x=1 y=2             a formula's variables, or a function's arguments by keyword;
                                                also --at "a=[1, 2]" b=3
  a file               --at points.csv          a point in each line; a head may name the variables, but no
                                                name begins like a number or with = + - @
                       --at points.npy          a point for each entry of the first axis
                       --at -                   either of them from standard input
Numbers may be formulas: --at pi/4.

examples
  dualnum "exp(-x**2) * sin(k*x)" --at 0.4 --with k=3
  dualnum scipy.optimize:rosen --at 1.3 0.7 0.8 1.9 1.2 --hessian
  dualnum "sin(x) / (1 + y)" --at x=0 y=0 --taylor 3
  dualnum "abs(x - 1)" --at 1 --compare --plot errors.png
  dualnum model.py:energy --at 1 2 --judge model.py:forces
  dualnum model.py:energy --at points.csv --output gradients.npy
  dualnum model.py:energy --at - --format csv < points.csv | head

exit codes
  0  all is well
  1  the function raised, at this point or at some; --compare or --judge found that derivatives are wrong
  2  the words, the files or the options cannot be used
  130, 141  interrupted; the reader of the output went away
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def make_parser():
    """Return the parser of the command's arguments."""
    parser = Parser(
        prog="dualnum",
        usage="dualnum FUNCTION --at POINT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("function", metavar="FUNCTION", help="module:name, path/to/file.py:name or a formula")
    add("--at", nargs="+", required=True, metavar="POINT", help="the point, or a file of points")
    add("--with", nargs="+", dest="given", metavar="NAME=VALUE", help="arguments that are not differentiated")

    add = parser.add_argument_group("what to compute").add_argument
    add("--hessian", action="store_true", help="the second derivatives, too")
    add("--taylor", type=int, metavar="N", help="the Taylor coefficients up to order N instead")
    add("--compare", action="store_true", help="judge the derivatives by finite differences of many steps")
    add(
        "--judge",
        metavar="FUNCTION",
        help="the same, of first (with --hessian second) derivatives of your own: module:name, file.py:name, formula",
    )
    add(
        "--plot",
        metavar="FILE",
        help="draw the errors of finite differences against the step, or with --taylor the polynomials",
    )
    add("--no-check", dest="check", action="store_false", help="leave out the central differences")
    add(
        "--lift",
        choices=LIFT,
        default="auto",
        help="whether calls of the function that take floats alone, such as math.exp and np.zeros, are replaced: "
        "by default where it would lose a derivative",
    )
    add(
        "--batched",
        action="store_true",
        help="call the function once, with all points of a file or a list along the first axis",
    )

    add(
        "--workers",
        type=int,
        metavar="N",
        help="differentiate at the points of a file in N processes; at one point make N passes at once, in threads",
    )

    add = parser.add_argument_group("output").add_argument
    add("--format", choices=WRITERS, help="by default that of --output, or a table")
    add("--json", action="store_const", const="json", dest="format", help="for --format json")
    add("--output", metavar="FILE", help="write to a file: .csv, .json, .npy, or a table")
    add("--rows", type=int, default=60, metavar="N", help="rows a table may have (default: 60)")
    add("--traceback", action="store_true", help="when the function fails, show where")
    add("--version", action="version", version=f"dualnum {dualnum.__version__}")
    return parser


def check_options(options, parser):
    """Refuse options that contradict each other, and choose the format."""
    if options.taylor is not None and options.taylor < 0:
        parser.error(f"--taylor expects an order from 0 on, got {options.taylor}")
    if options.rows < 1:
        parser.error(f"--rows expects a positive number, got {options.rows}")
    if options.workers is not None and options.workers < 1:
        parser.error(f"--workers expects a positive number, got {options.workers}")
    options.compare = options.compare or options.judge is not None
    for first, second in (
        ("taylor", "hessian"),
        ("taylor", "compare"),
        ("batched", "compare"),
        ("workers", "batched"),
        ("workers", "compare"),
    ):
        if all(is_given(getattr(options, name)) for name in (first, second)):
            parser.error(f"--{first} and --{second} exclude each other")
    if options.format is None:
        suffix = os.path.splitext(options.output or "")[1].lower()
        options.format = SUFFIXES.get(suffix)
        if options.format is None:
            known = ", ".join(filter(None, SUFFIXES))
            parser.error(f"--output expects a name that ends in {known}, or --format, got {options.output}")
    if options.compare and options.format not in ("table", "json"):
        parser.error(f"--compare has the formats table and json, got {options.format}")


def is_given(option):
    """Tell whether an option was written: 0 is a value like any other."""
    return option is not None and option is not False
