"""Sparse Jacobians and Hessians: one call of f on a tape, whose plan says where the elements are and how they follow.

What a tape does not hold raises an error, which names the call in f: a dense result would not be what was asked for.
"""

import copy
import linecache
import os

import numpy as np

from dualnum import _distribution
from dualnum._core import (
    KeepMemory,
    NotRecorded,
    Tape,
    is_recorded,
    record_variable,
    sparse_derivatives,
    tape_of,
    values_of,
)
from dualnum.drivers._base import Driver, Variables, tree_map
from dualnum.drivers._checks import FLOAT64, as_output, check_flag, expects
from dualnum.drivers._seeds import columns as seed_columns
from dualnum.lifting.state import State
from dualnum.reverse import nets
from dualnum.reverse._rules import array_of

#: Options that mean nothing where f is called once, on the array that a tape records.
DEFAULTS = {"chunk": None, "batched": False, "subok": True, "lift": "auto", "workers": 1, "progress": None}
#: Directions of a pass on duals that recomputes elements.
DIRECTIONS = 16
#: More variables than these have no second derivatives recomputed on duals: nan stays.
VARIABLES_ON_DUALS = 256
OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
NUMPY = os.path.dirname(os.path.abspath(np.__file__))
#: Code that f calls: an error names the line of f.
PACKAGES = OWN, "ext/cython", NUMPY + os.sep, os.path.join(os.path.dirname(NUMPY), "scipy") + os.sep


def matrix_driver(name, f, argnum, check, sparse, pattern, others):
    """Return ``jacobian(f, sparse=True)`` or hessian; `others`, in the order of DEFAULTS, must be these."""
    if not check_flag(name, "sparse", sparse):
        raise ValueError(expects(f"{name}(f, pattern=...)", "sparse=True beside pattern", f"sparse={sparse}"))
    for (option, default), given in zip(DEFAULTS.items(), others, strict=True):
        if given != default:
            call = f"{name}(f, {option}={given!r}, sparse=True)"
            raise ValueError(expects(call, f"{option} to be {default!r}", f"{given!r}", "sparse=False"))
    extra = {"sparse": True, "pattern": pattern, "plan": None}
    return _driver(name, f, argnum, check, jacobian_of if name == "jacobian" else hessian_of, extra)


def sparsity_driver(f, argnum, check):
    """Return ``sparsity(f)``."""
    return _driver("sparsity", f, argnum, check, sparsity_of, {"plan": None})


def _driver(name, f, argnum, check, run, extra):
    made = Driver(f, run, argnum, None, False, True, "auto", check, extra=extra, name=name)
    made.direct = -1  # no pass on duals comes first
    return made


def scipy_sparse(driver):
    """Return scipy.sparse."""
    try:
        import scipy.sparse
    except ImportError:
        raise ImportError(f"{driver} expects SciPy; install {_distribution.extra('scipy')}.") from None
    return scipy.sparse


# ---- results ---------------------------------------------------------------------------------------------


def jacobian_of(driver, args, kwargs):
    """Return the Jacobian as a csr_array: the elements of f(x) by those of x."""
    variables, matrix = recorded(driver, args, kwargs, second=False)
    whole = matrix.to_csr()
    return blocks(variables, lambda leaf: whole[:, leaf.start : leaf.stop], whole)


def hessian_of(driver, args, kwargs):
    """Return the Hessian of a scalar as a csr_array: the elements of x by those of x."""
    variables, matrix = recorded(driver, args, kwargs, second=True)
    whole = matrix.to_csr()

    def row(leaf):
        part = whole[leaf.start : leaf.stop]
        return blocks(variables, lambda other: part[:, other.start : other.stop], part)

    return blocks(variables, row, whole)


def sparsity_of(driver, args, kwargs):
    """Return the structure of the Jacobian, with ones."""
    variables, matrix = recorded(driver, args, kwargs, second=False)
    matrix.data = np.ones(matrix.data.size, dtype=np.int8)
    whole = matrix.to_csr()
    return blocks(variables, lambda leaf: whole[:, leaf.start : leaf.stop], whole)


def blocks(variables, part, whole):
    """Return the whole for one array, else the part of each array in the structure of the variables."""
    return whole if hasattr(variables.tree, "start") else tree_map(part, variables.tree)


class Matrix:
    """The elements that a plan has left, which become a csr_array of the plan's structure, or of a given one."""

    def __init__(self, driver, plan, data):
        self.driver, self.plan, self.data = driver, plan, data
        self.scipy_sparse = scipy_sparse(driver)

    def rows(self):
        """Return the row of each element."""
        return np.repeat(np.arange(self.plan.shape[0]), np.diff(self.plan.indptr))

    def as_it_is(self):
        """Return the elements in a csr_array, to be read at once."""
        return self.csr_array(self.data, self.plan.indices, self.plan.indptr)

    def to_csr(self):
        """Return the result; it may be changed in place."""
        data, indices, indptr = self.data, self.plan.indices, self.plan.indptr
        pattern = self.driver.extra.get("pattern")
        if pattern is not None:
            pattern = self.structure(pattern)
            data, indices, indptr = self.within(pattern), pattern.indices, pattern.indptr
        # copies, because SciPy's methods change a matrix in place
        return self.csr_array(data, indices.copy(), indptr.copy())

    def csr_array(self, data, indices, indptr):
        """Return a csr_array with sorted indices: a copy of an empty one, whose constructor checks less."""
        empty = self.driver.extra.get("empty")
        if empty is None or empty.shape != self.plan.shape:
            empty = self.scipy_sparse.csr_array(self.plan.shape)
            empty.has_canonical_format = True
            self.driver.extra["empty"] = empty
        made = copy.copy(empty)
        made.data, made.indices, made.indptr = data, indices, indptr
        return made

    def structure(self, pattern):
        """Return a pattern, a sparse matrix or an array, as a csr_array with sorted indices."""
        made = self.scipy_sparse.csr_array(pattern)
        if made.shape != self.plan.shape:
            raise ValueError(
                expects(self.driver, f"pattern to have the shape {self.plan.shape}", f"{made.shape}")
            )
        if not made.has_canonical_format:
            made = made.copy()
            made.sum_duplicates()
        return made

    def within(self, pattern):
        """Return the elements in the order of a pattern; refuse those that lie outside unless they are 0."""
        count = self.plan.shape[1]
        own = self.rows() * count + self.plan.indices
        given = np.repeat(np.arange(self.plan.shape[0]), np.diff(pattern.indptr)) * count + pattern.indices
        places = np.searchsorted(given, own)
        inside = places < given.size
        inside[inside] = given[places[inside]] == own[inside]
        lost = ~inside & (self.data != 0)
        if lost.any():
            row, column = divmod(int(own[lost.argmax()]), count)
            raise ValueError(
                expects(
                    self.driver,
                    "pattern to hold every derivative other than 0",
                    f"{self.data[lost.argmax()]} at ({row}, {column})",
                    "dualnum.sparsity(f)(x)",
                )
            )
        data = np.zeros(given.size)
        data[places[inside]] = self.data[inside]
        return data


# ---- the recorded call -----------------------------------------------------------------------------------


def recorded(driver, args, kwargs, second):
    """Return the variables and the Matrix of the Jacobian or, if `second`, of the Hessian, from one call of f."""
    scipy_sparse(driver)
    variables = Variables(driver, args)
    for leaf in variables.leaves():
        dtype = getattr(leaf.x, "dtype", FLOAT64)
        if dtype is not FLOAT64:
            raise TypeError(expects(driver, "x to be real numbers", f"dtype {dtype}", remedy(driver)))
    tape = Tape(second=second, sparse=True)
    seeds = []

    def seed(x, leaf, _):
        made = record_variable(tape, np.array(x, order="K") if isinstance(x, np.ndarray) else float(x))
        seeds.append((made[...] if isinstance(x, np.ndarray) else made, leaf.start))
        return made

    others = variables.others(kwargs)
    state = State(others) if others else None
    try:
        with KeepMemory(variables.elements):
            try:
                y = driver.f(*variables.seed_arguments((seed, None)), **kwargs)
            except Exception as error:
                if state is not None:
                    state.restore()
                raise refusal(driver, tape, variables, kwargs, error) from None
            try:
                y = result(driver, tape, y, second)
            except NotRecorded as error:
                raise refusal(driver, tape, variables, kwargs, error) from None
            if tape.failed:
                raise refusal(driver, tape, variables, kwargs, None)
            try:
                plan, data, *adjoints = sparse_derivatives(tape, y, seeds, driver.extra["plan"])
            except OverflowError:
                got = "more than 2**25 of an array, or 2**28 in all"
                raise ValueError(expects(driver, "f to have sparse derivatives", got)) from None
        value = np.array(values_of(y))
    finally:
        tape.close()
    matrix = Matrix(driver, plan, data)
    if not np.isfinite(data).all():
        if state is not None:
            state.restore()
        (second_by_duals if second else by_duals)(driver, variables, kwargs, matrix)
    first = np.concatenate([np.ravel(part) for part in adjoints[0]]) if second else matrix.as_it_is()
    known = np.isfinite(data).all() and (not second or np.isfinite(first).all())
    if known and not nets.is_verified(driver, variables, kwargs, state, value, first, tape.tied):
        got = "a function that asks for types, or whose derivative depends on more than its record"
        raise TypeError(
            expects(driver, "f to compute with its array as with one of floats", got, remedy(driver))
        )
    driver.extra["plan"] = plan
    return variables, matrix


def result(driver, tape, y, second):
    """Return f's result as a recorded array or number, or as a constant."""
    if isinstance(y, (list, tuple)) and any(map(is_recorded, flat(y))):
        y = array_of(tape, y)
    if not is_recorded(y):
        y = as_output(driver, y)
    if (tape_of(y) is not tape) if is_recorded(y) else (getattr(y, "dtype", FLOAT64) != FLOAT64):
        raise TypeError(expects(driver, "f(x) to be computed from x", "a result of another call"))
    shape = np.shape(values_of(y))
    if second and shape:
        raise ValueError(expects(driver, "f(x) to be a scalar beside sparse=True", f"shape {shape}"))
    return y[()] if second and is_recorded(y) else y


def flat(y):
    """Yield what nested lists and tuples hold."""
    for item in y:
        if isinstance(item, (list, tuple)):
            yield from flat(item)
        else:
            yield item


def refusal(driver, tape, variables, kwargs, error):
    """Return the error of a call that the tape does not hold, with its line; f's own error on floats comes first."""
    if tape.refused is None:
        driver.f(*variables.seed_arguments((lambda x, *_: copy.copy(x), None)), **kwargs)
        what = f"{type(error).__name__}: {error}"
        lines = lines_of(error)
    else:
        what, lines = tape.refused
    if what.startswith("x.__array_"):  # which NumPy looks for
        what = "np.asarray(x)"
    got = what.rstrip(",") + place_of(lines)
    return TypeError(expects(driver, "f to use what a tape records", got, remedy(driver)))


def remedy(driver):
    """Return what an error recommends: the dense result."""
    return "sparse=False" if "sparse" in driver.extra else "jacobian(f)"


def lines_of(error):
    """Return the files and lines through which an error has come, the innermost first."""
    traceback, lines = error.__traceback__, []
    while traceback is not None:
        lines.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return lines[::-1]


def place_of(lines):
    """Return the innermost line outside of dualnum, NumPy and SciPy, as a message names it."""
    for name, number in lines:
        if not name.startswith(PACKAGES):
            text = linecache.getline(name, number).strip()
            return f" at {os.path.basename(name)}, line {number}" + (f": {text}" if text else "")
    return ""


# ---- elements that are not finite: the rules of duals decide -----------------------------------------------


def by_duals(driver, variables, kwargs, matrix):
    """Recompute elements of a Jacobian that are not finite; columns without a common row share a direction."""
    rows, columns, again = matrix.rows(), matrix.plan.indices, ~np.isfinite(matrix.data)
    colours = coloured(rows, columns, again)
    colour_of = np.full(variables.size, -1)
    colour_of[list(colours)] = list(colours.values())
    for start in range(0, 1 + max(colours.values()), DIRECTIONS):
        here = (colour_of >= start) & (colour_of < start + DIRECTIONS)
        width = 1 + colour_of[here].max() - start
        directions = np.zeros((variables.size, width))
        directions[here, colour_of[here] - start] = 1.0
        _, first = driver.first(variables, kwargs, seed_columns(directions), width)
        chosen = np.flatnonzero(again & here[columns])
        matrix.data[chosen] = np.reshape(first, (-1, width))[rows[chosen], colour_of[columns[chosen]] - start]


def coloured(rows, columns, again):
    """Return a colour for each column with an element marked, so that columns of one colour have no common row."""
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], [column := np.unique(columns[again]), column + 1])
    taken = {}  # row -> colours of its columns
    colours = {}
    for c, start, stop in zip(column.tolist(), *starts.tolist(), strict=True):
        own = [taken.setdefault(row, set()) for row in rows[order[start:stop]].tolist()]
        colour = 0
        while any(colour in used for used in own):
            colour += 1
        colours[c] = colour
        for used in own:
            used.add(colour)
    return colours


def second_by_duals(driver, variables, kwargs, matrix):
    """Recompute elements of a Hessian that are not finite, in tiles of their variables."""
    rows, columns, chosen = matrix.rows(), matrix.plan.indices, np.flatnonzero(~np.isfinite(matrix.data))
    places = np.unique(np.concatenate([rows[chosen], columns[chosen]]))
    if places.size > VARIABLES_ON_DUALS:
        return
    rank = np.searchsorted(places, np.stack([rows[chosen], columns[chosen]]))
    dense = np.empty((places.size, places.size))

    def units(start):
        own = places[start : start + DIRECTIONS]
        directions = np.zeros((variables.size, own.size))
        directions[own, np.arange(own.size)] = 1.0
        return seed_columns(directions), own.size

    for i in range(0, places.size, DIRECTIONS):
        for j in range(i, places.size, DIRECTIONS):
            (seed, width), (other, other_width) = units(i), units(j)
            *_, second = driver.second(variables, kwargs, seed, width, other, other_width)
            dense[i : i + width, j : j + other_width] = second
            dense[j : j + other_width, i : i + width] = second.T
    matrix.data[chosen] = dense[rank[0], rank[1]]
