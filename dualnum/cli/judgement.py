"""The derivatives judged by finite differences of many steps, and pictures."""

from __future__ import annotations

import contextlib
import sys

import numpy as np

from dualnum._distribution import extra
from dualnum.cli.derivatives import users_code
from dualnum.cli.errors import InputError, describe
from dualnum.cli.functions import load_function


def examine(problem, options):
    """Return the report of `dualnum.check.compare` at the one point, or the Taylor polynomial."""
    if len(problem.points) > 1:
        option = "--compare" if options.compare else "--plot"
        raise InputError(f"{option} expects one point, got {len(problem.points)}")
    judged = load_function(options.judge) if options.judge else None
    with users_code(problem):
        if options.taylor is not None:
            from dualnum import taylor_polynomial

            return taylor_polynomial(problem.function, options.taylor, lift=problem.lift)(problem.point(0))
        from dualnum.check import compare

        derivative = None if judged is None else problem.adapt(judged, options.judge)
        order, name = (2, "hess") if options.hessian else (1, "jac")
        return compare(problem.function, problem.point(0), order, lift=problem.lift, **{name: derivative})


def text(report, format):
    """Return the report for people, or for programs."""
    return (report.to_json() if format == "json" else str(report)).rstrip("\n") + "\n"


def plot(problem, report, path):
    """Draw the report, or the polynomial, to a file."""
    try:
        import matplotlib
    except ImportError:
        raise InputError(f"--plot expects matplotlib; install {extra('plot')}") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(layout="constrained")
    try:
        with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"):
            report.plot(ax=axes)
        axes.set_title(axes.get_title() or problem.title)
        figure.savefig(path)
    except Exception as error:  # of matplotlib, or of the function away from the point
        raise InputError(f"cannot plot to {path}: {describe(error)}") from error
    finally:
        pyplot.close(figure)
