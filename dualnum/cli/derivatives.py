"""The results at the points: values, derivatives of first and second order, Taylor coefficients."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

import dualnum
from dualnum import finite_difference
from dualnum.check.report import label
from dualnum.cli.errors import FunctionError, InputError, foreign_code
from dualnum.cli.workers import results
from dualnum.drivers.derivative_tensor import powers


class Outcome(NamedTuple):
    """The result at one point: the value and the derivatives, or the error of the function."""

    row: int
    value: np.ndarray | None
    tables: dict  # name -> array that begins with the shape of the value
    error: FunctionError | None = None


class Derivatives:
    """Values and derivatives of first and perhaps second order."""

    checkable = True  # against differences

    def __init__(self, problem, order):
        self.problem = problem
        self.kind, self.order = Derivatives, order
        self.driver = dualnum.value_and_jacobian if order == 1 else dualnum.value_gradient_hessian

    def at(self, x):
        """Return the value and the derivatives at one point."""
        return self.driver(self.problem.function, **self.problem.options())(x)

    def at_all(self, points):
        """Return the same at all points, along the first axis of each array, from one pass."""
        function, shape = self.problem.function, points.shape[1:]
        options = {"batched": True, "lift": self.problem.lift}
        if len(shape) > 1:
            raise InputError(f"--batched expects points that are numbers or vectors, got shape {shape}")
        if not shape:
            return dualnum.value_and_derivative(function, self.order, **options)(points)
        return self.driver(function, **options)(points)

    def names(self, value_shape):
        """Return the names of the derivatives."""
        if not self.problem.variables.shape:
            return ("derivative", "second derivative")[: self.order]
        return ("jacobian" if value_shape else "gradient", "hessian")[: self.order]

    def flat(self, k, value_shape):
        """Return the shape of the derivatives of order k + 1 with one axis for all elements of a point, or two."""
        return value_shape + (self.problem.points[0].size,) * (k + 1)

    def entries(self, k, value_shape):
        """Yield the index in this shape and the labels of every entry."""
        labels = self.problem.variables.labels()
        for index in np.ndindex(self.flat(k, value_shape)):
            of, by = index[: len(value_shape)], index[len(value_shape) :]
            yield index, label("f", of), [labels[i] for i in by]

    def column(self, of, by):
        """Return the name of a column: ``df/dx``, ``d2f[0]/dx[0]dx[1]``."""
        return f"d{len(by) if len(by) > 1 else ''}{of}/" + "".join(f"d{name}" for name in by)


class Taylor:
    """Taylor coefficients: of one variable along the last axis, of several one for each monomial."""

    checkable = False

    def __init__(self, problem, degree):
        self.problem = problem
        self.powers = powers(problem.points[0].size, degree)
        self.kind = Taylor
        self.order = self.degree = degree

    def at(self, x):
        """Return the value and the coefficients at one point."""
        function, options = self.problem.function, self.problem.options()
        if not np.ndim(x) and np.iscomplexobj(function(x)):  # polynomials are real
            return self._last(dualnum.taylor(function, self.degree, lift=self.problem.lift)(x))
        return self._last(dualnum.taylor_polynomial(function, self.degree, **options)(x).terms()[1])

    def at_all(self, points):
        """Return the same at all points, along the first axis of each array, from one pass."""
        if points.ndim > 1:
            got = f"got shape {points.shape[1:]}"
            raise InputError(f"--batched --taylor expects points that are numbers, {got}")
        driver = dualnum.taylor(self.problem.function, self.degree, batched=True, lift=self.problem.lift)
        return self._last(driver(points))

    @staticmethod
    def _last(coefficients):
        coefficients = np.moveaxis(coefficients, 0, -1)
        return coefficients[..., 0], coefficients

    def names(self, value_shape):
        return ("taylor",)

    def flat(self, k, value_shape):
        return (*value_shape, len(self.powers))

    def entries(self, k, value_shape):
        for of in np.ndindex(value_shape):
            for i, monomial in enumerate(self.powers.tolist()):
                yield (*of, i), label("f", of), [label("c", monomial)]

    def column(self, of, by):
        return by[0] if of == "f" else f"{of} {by[0]}"


# Points


def users_code(problem, where=""):
    """Call the function in this context: a `FunctionError` names it and the point."""
    return foreign_code(FunctionError, lambda text: f"{problem.title} raised {text}{where}")


def at_each_point(problem, work):
    """Yield the Outcome at every point; raise the FunctionError if the function fails at the first finite point."""
    first, waiting = None, []
    found_at = results(problem, work)
    for row, x in enumerate(problem.points):
        where = f" at {problem.place(row)}" if problem.place else ""
        try:
            if not np.isfinite(x).all():
                waiting.append((row, not_finite(problem, row)))
            else:
                with users_code(problem, where):
                    found = marked(problem, outcome(work, row, *next(found_at)()))
                first = first or found
                if found.value.shape != first.value.shape:
                    shapes = f"shape {found.value.shape}{where}, but {first.value.shape} at the first"
                    raise FunctionError(f"{problem.title} returned {shapes}")
        except FunctionError as error:
            if first is None:
                raise
            waiting.append((row, error))
        if first is not None:  # only now the shape of a row is known
            nothing = {name: np.full(table.shape, np.nan) for name, table in first.tables.items()}
            for k, failure in waiting:
                yield Outcome(k, np.full(first.value.shape, np.nan), nothing, failure)
            if not waiting or waiting[-1][0] != row:
                yield found
            waiting = []
    if waiting:
        raise InputError(str(waiting[0][1]))


def at_all_points(problem, work):
    """Yield the Outcome at every point, from one call of the function with all of them."""
    with users_code(problem):
        value, *tables = work.at_all(problem.points)
    for row, x in enumerate(problem.points):
        found = outcome(work, row, value[row], *(table[row] for table in tables))
        if np.isfinite(x).all():
            yield marked(problem, found)
        else:
            yield found._replace(error=not_finite(problem, row))


def not_finite(problem, row):
    """Return the error of a point that is not finite."""
    x = np.ravel(problem.points[row])
    return FunctionError(f"{problem.place(row)}: the point must be finite, got {x[~np.isfinite(x)][0]}")


def marked(problem, found):
    """Return the Outcome with NaN derivatives where the value is NaN: there the point is outside of f's domain."""
    outside = np.isnan(found.value)
    if not outside.any():
        return found
    where = f" at {problem.place(found.row)}" if problem.place else ""
    tables = {name: table.copy() for name, table in found.tables.items()}
    for table in tables.values():
        table[outside] = np.nan
    error = FunctionError(f"{problem.title} is nan{where}: the point is outside of its domain")
    return found._replace(tables=tables, error=error)


def outcome(work, row, value, *tables):
    """Return the Outcome of a point."""
    names = work.names(np.shape(value))
    return Outcome(row, np.asarray(value), dict(zip(names, map(np.asarray, tables), strict=True)))


def differences(problem, order, shape):
    """Return central differences at the first point, NaN of the given shape where the function fails."""
    approximate = finite_difference.jacobian if order == 1 else finite_difference.hessian
    try:
        with users_code(problem), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(approximate(problem.function)(problem.point(0)))
    except FunctionError:
        return np.full(shape, np.nan)
