"""Derivatives beside finite differences: a comparison to read, and an assertion for test suites.

* `compare` runs forward, central, five-point and extrapolated differences and the complex step over a sweep of step
  sizes, and judges a derivative by them as far as they can tell;
* `assert_derivatives` is for tests, of dual numbers and of derivatives written by hand; in pytest it is a fixture, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from dualnum.check.comparison import Comparison
from dualnum.check.diagnosis import WRONG
from dualnum.check.report import Component, Method, Report, digits
from dualnum.drivers._checks import check_order, expects

if TYPE_CHECKING:
    from dualnum.drivers._types import Lift

__all__ = ["Component", "Method", "Report", "agreeing_digits", "assert_derivatives", "compare"]


def compare(
    f: Callable[..., Any],
    x: Any,
    order: int | None = None,
    *,
    jac: Any = None,
    hess: Any = None,
    steps: ArrayLike | None = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    rtol: float = 1e-7,
    lift: Lift = "auto",
) -> Report:
    """Compare derivatives with finite differences of many step sizes.

    The verdict distinguishes "the derivative is wrong here" from "the difference quotient is noisy here", and names the
    suspicion: a kink, a discontinuity, noise and so on. A derivative is called wrong only if it is off by more than ten
    times the error that the differences estimate for themselves, and nothing else explains it.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a number or an array of any shape, for order 1 also of complex numbers.
    x : float, array_like, or a tuple or dict of these
        The point.
    order : {1, 2}, optional
        Which derivatives: the derivative, gradient or Jacobian (by default), or the second derivatives.
    jac, hess : callable or array_like, optional
        First (second) derivatives to be checked, as ``jac(x, *args, **kwargs)`` returns them or as numbers, in the
        shape of `dualnum.jacobian` (`dualnum.hessian`); otherwise those by dual numbers are checked. Where `f` takes
        dual numbers, they are then one more method of the comparison, which the others confirm.
    steps : array_like, optional
        The steps of the curves, relative to each variable's scale (the power of two below it, or below 0.1 for
        smaller variables). The verdict does not depend on them: for that, steps from 1/4 down to rounding are tried,
        which takes about 100 calls of `f` for each variable, and for order 2 200 for each pair of variables.
    args, kwargs : tuple and dict, optional
        Further arguments of `f`, `jac` and `hess`.
    rtol : float, optional
        A derivative is called wrong only if it is off by more than this, relative to itself.
    lift
        As for `dualnum.gradient`, of the derivatives by dual numbers.

    Returns
    -------
    Report
        With ``agrees``, ``verdict``, ``components`` and so on; ``print`` shows it, ``plot()`` draws the errors
        against the steps, ``to_json()`` is for programs.

    Raises
    ------
    TypeError
        If `f` does not take dual numbers and neither `jac` nor `hess` is given.
    ValueError
        If `x` is not finite, `jac` or `hess` has the wrong shape, or `order` or `steps` is not one.

    Notes
    -----
    Along each variable, Richardson's scheme extrapolates central and one-sided quotients to the limit on which
    neighbouring steps agree best. The error estimate combines their difference, the scatter of smaller steps, and the
    rounding of f's values. Different slopes on the two sides are a kink, quotients that grow like 1/h a jump.

    Examples
    --------
    >>> import numpy as np
    >>> from dualnum.check import compare
    >>> x = np.array([0.5, 2.0])
    >>> report = compare(lambda x: np.sin(x[0]) * x[1] ** 2, x)
    >>> report.agrees, report.wrong
    (True, False)
    >>> report = compare(lambda x: x[0] * x[1], x, jac=lambda x: [x[0], x[1]])
    >>> report.verdict
    'The derivative is wrong here: x[1] is 2 instead of 0.5, give or take 1e-16 (2 of 2 components are wrong).'
    >>> compare(abs, 0.0).suspicions
    ('kink',)
    """
    order, written = _target("compare", order, jac, hess)
    return Comparison("compare", f, x, args, kwargs or {}, order, written, lift).compare(steps, rtol)


def assert_derivatives(
    f: Callable[..., Any],
    x: Any,
    order: int | None = None,
    *,
    jac: Any = None,
    hess: Any = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    rtol: float = 1e-7,
    lift: Lift = "auto",
) -> None:
    """Raise an AssertionError unless derivatives agree with exact ones, or with finite differences.

    Parameters
    ----------
    f, x, args, kwargs, lift
        As for `compare`.
    order : {1, 2}, optional
        Check first derivatives only (by default), or first and second ones.
    jac, hess : callable or array_like, optional
        Derivatives written by hand. They are checked against dual numbers, which the differences confirm; where `f`
        does not take dual numbers, against differences with their error estimates. Without either, the derivatives by
        dual numbers are checked against differences.
    rtol : float, optional
        The relative error that is tolerated, beside the error estimate of the differences.

    Raises
    ------
    AssertionError
        With the worst component: its given and its expected value, the relative error and the tolerance. Also where
        a discontinuity or noise keeps the differences from deciding: then choose another point.

    Examples
    --------
    >>> import numpy as np
    >>> from dualnum.check import assert_derivatives
    >>> def f(x):
    ...     return np.sin(x[0]) * x[1]
    >>> assert_derivatives(f, [0.5, 2.0], order=2)
    >>> assert_derivatives(f, [0.5, 2.0], jac=lambda x: [np.cos(x[0]) * x[1], np.sin(x[0])])
    >>> assert_derivatives(f, [0.5, 2.0], jac=lambda x: [np.cos(x[0]), np.sin(x[0])])
    Traceback (most recent call last):
        ...
    AssertionError: jac is wrong: 1 of 2 components.
      worst           x[0]
      given           0.8775825618903728
      expected        1.7551651237807455 (dual numbers, confirmed by finite differences)
      relative error  0.5
      tolerance       1e-07
    """
    __tracebackhide__ = True  # by pytest
    targets = [(1, jac), (2, hess)] if jac is not None and hess is not None else None
    if targets is None:
        order, written = _target("assert_derivatives", order, jac, hess)
        targets = [(order, written)] if written is not None or order == 1 else [(1, None), (2, None)]
    for order, written in targets:
        comparison = Comparison("assert_derivatives", f, x, args, kwargs or {}, order, written, lift)
        report = comparison.compare([2.0**-17], rtol)
        if not report.agrees:
            exact = comparison.exact
            exact = None if exact is None else comparison.whole(exact, report.given.shape)
            raise AssertionError(_complaint(report, rtol, exact))


def _target(name: str, order: int | None, jac: Any, hess: Any) -> tuple[int, Any]:
    """Return the order to check and the derivatives written by hand, if any."""
    if order is None:
        order = 2 if hess is not None else 1
    order = check_order(name, order, arguments="f, x")
    call = f"{name}(f, x, order={order})"
    if order > 2:
        raise ValueError(expects(call, "order to be 1 or 2", f"{order}", "derivative_tensor(f, order)(x)"))
    for other, written in ((2, jac), (1, hess)):
        if written is not None and order == other:
            name, right = ("jac", "hess") if order == 2 else ("hess", "jac")
            raise ValueError(expects(call, f"{right}=", f"{name}="))
    return order, jac if order == 1 else hess


def _complaint(report: Report, rtol: float, exact: np.ndarray | None) -> str:
    """Return the message about a report that does not agree; `exact` are the derivatives by dual numbers, or None."""
    worst = report.components[0]
    if not report.wrong:
        return f"{report.source}: {report.verdict}" + "".join(f"\n  {note}" for note in report.notes)
    count = int(np.sum(report.status == WRONG))
    by_hand, by = report.source != "dual numbers", "finite differences"
    if by_hand and exact is not None and worst.expected == exact[worst.index]:
        by = "dual numbers, confirmed by finite differences"
    off = f" + {worst.error:.1g} of the differences" if by == "finite differences" else ""
    rows = [
        ("worst", worst.label or "the derivative"),
        ("given", repr(worst.given)),
        ("expected", f"{worst.expected!r} ({by})"),
        ("relative error", f"{worst.relative_error:.3g}"),
        ("tolerance", f"{rtol:g}{off}"),
        *([("suspected", worst.suspicion)] if worst.suspicion else []),
        *(("note", note) for note in report.notes),
    ]
    plural = "component" if report.given.size == 1 else "components"
    verb = "is" if by_hand else "are"
    lines = [f"{report.source} {verb} wrong: {count} of {report.given.size} {plural}."]
    return "\n".join([*lines, *(f"  {name:<14}  {text}" for name, text in rows)])


def agreeing_digits(exact: ArrayLike, approximate: ArrayLike) -> np.ndarray:
    """Count the decimal digits in which two tables of numbers agree.

    Parameters
    ----------
    exact, approximate : array_like
        Tables of one shape. Entries are compared relative to their own size, and where the exact one is zero
        relative to the largest entry of `exact` (to 1 where all are zero).

    Returns
    -------
    ndarray
        Between 0 and 16; NaN where only one of the two is finite.

    Examples
    --------
    >>> from dualnum.check import agreeing_digits
    >>> agreeing_digits([1.0, 2.0], [1.0, 2.002])
    array([16.,  3.])
    """
    exact, approximate = np.asarray(exact) + 0.0, np.asarray(approximate) + 0.0
    size = np.abs(exact)
    largest = np.max(size, initial=0.0, where=np.isfinite(size))
    with np.errstate(all="ignore"):
        error = np.abs(exact - approximate) / np.where(size > 0, size, largest or 1.0)
    return np.where((exact == approximate) | (np.isnan(exact) & np.isnan(approximate)), 16.0, digits(error))
