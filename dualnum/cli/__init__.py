"""The command line: exact derivatives of a function at a point or at many."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import traceback
import warnings
from collections.abc import Sequence

from dualnum.cli import formula
from dualnum.cli.arguments import LIFT, check_options, make_parser
from dualnum.cli.derivatives import Derivatives, Taylor, at_all_points, at_each_point
from dualnum.cli.errors import FunctionError, InputError, one_line
from dualnum.cli.formats import WRITERS
from dualnum.cli.output import Output, abandon_standard_output
from dualnum.cli.points import make_problem
from dualnum.cli.terminal import Progress, is_terminal, painter
from dualnum.lifting.record import replaced_callees

FAILED, UNUSABLE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        The arguments, by default those of the process.

    Returns
    -------
    int
        As ``python -m dualnum --help`` tells; wrong options raise SystemExit with code 2.

    Examples
    --------
    >>> from dualnum.cli import main
    >>> main(["x**3", "--at", "2", "--no-check"])
    x**3
    at x = 2.0
    <BLANKLINE>
    value         8.0
    <BLANKLINE>
    derivative  exact
    x            12.0
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names that a terminal cannot show
    parser = make_parser()
    argv = sys.argv[1:] if argv is None else argv
    # A leading space keeps argparse from taking -1e-3 and -x**2 for options.
    options = parser.parse_args([f" {a}" if re.match("-[^-h]|-h.", a) else a for a in argv])
    check_options(options, parser)
    output = Output(options.output)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = warn
            code = run(options, output)
        output.close()
        return code
    except (InputError, FunctionError) as error:
        show_cause(error, options)
        complain(f"error: {one_line(error)}")
        return FAILED if isinstance(error, FunctionError) else UNUSABLE
    except KeyboardInterrupt:
        with contextlib.suppress(InputError, BrokenPipeError):
            output.close()
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        abandon_standard_output()
        return BROKEN_PIPE


def run(options, output):
    """Carry out the options: compute, write, and return the exit code."""
    problem = make_problem(options.function.strip(), options.at, options.given or [], options.batched)
    streamed = options.format in ("csv", "json") and options.output is None
    progress = Progress(len(problem.points), shown=not (streamed and is_terminal(sys.stdout)))
    problem = problem._replace(
        function=progress.watch(problem.function),
        lift=LIFT[options.lift],
        workers=options.workers or 1,
        progress=progress.passes,
        lifted={},
    )
    try:
        if options.compare or options.plot:
            from dualnum.cli import judgement

            report = judgement.examine(problem, options)
            if options.plot:
                judgement.plot(problem, report, options.plot)
            if options.compare:
                progress.clear()
                output.write(judgement.text(report, options.format))
                return 0 if report.agrees else FAILED
        with replaced_callees() as names:
            code = write(problem, options, output, progress)
        names |= problem.lifted
        if names:
            progress.clear()
            output.close()
            complain(f"lifted: {problem.title} ({', '.join(names)})")
        return code
    finally:
        progress.clear()


def write(problem, options, output, progress):
    """Write the derivatives; return the exit code."""
    if options.taylor is None:
        work = Derivatives(problem, 2 if options.hessian else 1)
    else:
        work = Taylor(problem, options.taylor)
    failures = []

    def noting(outcomes):
        for outcome in outcomes:
            if outcome.error is not None:
                failures.append(outcome.error)
            yield outcome

    outcomes = (at_all_points if options.batched else at_each_point)(problem, work)
    outcomes = progress.each(noting(outcomes))
    paint = painter(sys.stdout if options.output is None else None)
    for text in WRITERS[options.format](problem, work, outcomes, options, paint):
        if progress.width:
            progress.clear()
        output.write(text)
    if failures:
        output.close()
        show_cause(failures[0], options)
        count = f"{len(failures)} of {len(problem.points)} points failed; the first: "
        complain((count if problem.place else "") + one_line(failures[0]))
    return FAILED if failures else 0


def show_cause(error, options):
    """With --traceback, write the traceback of the exception that the function raised."""
    if options.traceback and error.__cause__ is not None:
        traceback.print_exception(error.__cause__)


def warn(message, category, filename, lineno, *_):
    """Write a warning, and the line of the function that it comes from."""
    where = "" if filename == formula.__file__ else f" ({filename}, line {lineno})"
    complain(f"warning: {one_line(message)}{where}")


def complain(message):
    """Write a line to standard error."""
    paint = painter(sys.stderr)
    word, colon, rest = message.partition(": ")
    colour = {"error": "red", "warning": "yellow"}.get(word)
    sys.stderr.write(f"dualnum: {paint(word, colour)}{colon}{rest}\n")
