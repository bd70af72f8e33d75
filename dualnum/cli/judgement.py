"""The derivatives judged by finite differences of many steps, and pictures."""

from __future__ import annotations

from dualnum.cli.derivatives import users_code
from dualnum.cli.errors import InputError


def examine(problem, options):
    """Return the report of `dualnum.check.compare` at the one point, or the Taylor polynomial."""
    if len(problem.points) > 1:
        option = "--compare" if options.compare else "--plot"
        raise InputError(f"{option} expects one point, got {len(problem.points)}")
    with users_code(problem):
        if options.taylor is not None:
            from dualnum import taylor_polynomial

            return taylor_polynomial(problem.function, options.taylor)(problem.point(0))
        from dualnum.check import compare

        return compare(problem.function, problem.point(0), order=2 if options.hessian else 1)


def text(report, format):
    """Return the report for people, or for programs."""
    return (report.to_json() if format == "json" else str(report)).rstrip("\n") + "\n"


def plot(report, path):
    """Draw the report, or the polynomial, to a file."""
    try:
        import matplotlib
    except ImportError:
        raise InputError('--plot expects matplotlib; install "dualnum[plot]"') from None
    matplotlib.use("Agg")
    try:
        figure = report.plot().figure
        figure.savefig(path)
    except (ValueError, OSError) as error:
        raise InputError(f"cannot plot to {path}: {error}") from error
