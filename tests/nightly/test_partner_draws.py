"""Random programs of duals and one partner of another type: values as of floats, derivatives as of differences.

A draw chooses the partner's type, the shapes, the form of the duals, a side, an operation and what follows it.  Floats
and duals must give the same type, mask, unit and values, and the derivative that differences give; a refusal counts as
right.  ``python tests/nightly/test_partner_draws.py SEED FIRST COUNT`` prints a line for each draw that is wrong.
"""

import collections
import contextlib
import importlib
import io
import operator
import os
import sys
import tempfile
import warnings

import numpy as np
import pytest
from expect import python

import dualnum as dn
from dualnum import _core

SEED, DRAWS = 1, int(os.environ.get("DUALNUM_DRAWS", 20_000))
SHAPES = [(), (1,), (3,), (4,), (2, 3), (3, 3), (1, 3), (3, 1), (2, 1, 3), (0,), (2, 0)]
FORMS = ["DualArray", "plain", "number", "list", "strided", "fortran"]
STENCIL = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}  # the central difference of order 8


class Tagged(np.ndarray):
    """A subclass that carries an attribute."""

    def __array_finalize__(self, other):
        self.tag = getattr(other, "tag", None)


def tagged(x, draw):
    x = x.copy().view(Tagged)
    x.tag = "metres"
    return x


def mapped(x, draw):
    with tempfile.NamedTemporaryFile() as file:
        array = np.memmap(file, dtype=float, mode="w+", shape=x.shape or (1,))
        array[...] = x
    return array


def frame(x, draw):
    pandas = importlib.import_module("pandas")
    return pandas.DataFrame(x) if x.ndim == 2 else pandas.Series(x.ravel())


def unit(module, name):
    def make(x, draw):
        return x * getattr(importlib.import_module(module), name)

    return make


def quantity(x, draw):
    return REGISTRY.Quantity(x, draw.choice(["meter", "degree", "dimensionless"]))


REGISTRY = pytest.importorskip("pint").UnitRegistry() if importlib.util.find_spec("pint") else None
PARTNERS = {
    "masked": lambda x, draw: np.ma.array(x, mask=draw.random(x.shape) < 0.4),
    "unmasked": lambda x, draw: np.ma.array(x),
    "hard": lambda x, draw: np.ma.array(x, mask=draw.random(x.shape) < 0.4, hard_mask=True),
    "matrix": lambda x, draw: np.matrix(x if x.ndim == 2 else x.reshape(1, -1)),
    "memmap": mapped,
    "recarray": lambda x, draw: x.view(np.recarray),
    "tagged": tagged,
    "list": lambda x, draw: x.tolist(),
    "object": lambda x, draw: x.astype(object),
    "float32": lambda x, draw: x.astype(np.float32),
    "int": lambda x, draw: np.rint(2 * x).astype(int),
    "bool": lambda x, draw: x > 0.8,
    "swapped": lambda x, draw: x.astype(x.dtype.newbyteorder()),
    "frozen": lambda x, draw: np.require(x.copy(), requirements="C").view() if x.size else x,
    "scalar": lambda x, draw: x.ravel()[0] if x.size else np.float64(1.5),
    "zero-d": lambda x, draw: np.array(0.7),
    "astropy.units": unit("astropy.units", "m"),
    "astropy.units angle": unit("astropy.units", "deg"),
    "unyt": unit("unyt", "m"),
    "quantities": unit("quantities", "m"),
    "pint": quantity,
    "pandas": frame,
    "xarray": lambda x, draw: importlib.import_module("xarray").DataArray(x),
    "sparse": lambda x, draw: importlib.import_module("sparse").as_coo(x * (draw.random(x.shape) < 0.6)),
    "scipy.sparse": lambda x, draw: importlib.import_module("scipy.sparse").csr_array(np.atleast_2d(x)),
    "dask.array": lambda x, draw: importlib.import_module("dask.array").from_array(x),
}


def stored(d, p):
    p = p.copy()
    p[...] = d
    return p


def in_place(operate):
    def run(a, b):
        return operate(a.copy(), b)

    return run


def into(d, p):
    return np.multiply(d, 2.0, out=p.copy())


BINARY = {
    **{name: getattr(operator, name) for name in "add sub mul truediv pow floordiv mod matmul".split()},
    **{name: in_place(getattr(operator, name)) for name in "iadd isub imul itruediv ipow imatmul".split()},
    **{
        name: getattr(np, name)
        for name in "add multiply divide hypot arctan2 maximum fmin logaddexp copysign heaviside power float_power "
        "remainder dot inner outer kron matmul vdot append convolve allclose isclose polyval cross searchsorted "
        "array_equal greater copyto".split()
    },
    **{name: getattr(np.ma, name) for name in "add multiply maximum arctan2 dot power allclose".split()},
    "where": lambda a, b: np.where(
        np.asarray(dn.value(a) if isinstance(a, (dn.Dual, dn.DualArray)) else a) > 0.7, a, b
    ),
    "concatenate": lambda a, b: np.concatenate([a, b]),
    "stack": lambda a, b: np.stack([a, b]),
    "clip": lambda a, b: np.clip(a, b, 1.5),
    "clip by": lambda a, b: np.clip(a, 0.5, b),
    "store": stored,
    "into": into,
    "add.at": lambda a, b: (lambda c: (np.add.at(c, ([0],), np.ravel(b)[:1]), c)[1])(a.copy()),
    "add.outer": lambda a, b: np.add.outer(a, b),
    "average": lambda a, b: np.average(a, weights=b),
    "ma.average": lambda a, b: np.ma.average(a, weights=b),
    "tensordot": lambda a, b: np.tensordot(a, b, 1),
    "einsum": lambda a, b: np.einsum("...,...->...", a, b),
    "interp": lambda a, b: np.interp(a, np.sort(np.ravel(b)), np.arange(np.size(b))),
    "cov": lambda a, b: np.cov(a, b),
    "solve": lambda a, b: np.linalg.solve(a, b),
    "choose": lambda a, b: np.choose(np.zeros(np.shape(a), int), [a, b]),
    "divmod": lambda a, b: divmod(a, b)[1],
    "combined": lambda a, b: a * b + b / (a + 2.0),
    "list of both": lambda a, b: np.sum([a, b], axis=0),
    "select": lambda a, b: np.select([np.asarray(b) > 0.7], [a], b),
    "place": lambda a, b: (lambda c: (np.place(c, np.ones(np.shape(c), bool), b), c)[1])(a.copy()),
    "put": lambda a, b: (lambda c: (np.put(c, [0], b), c)[1])(a.copy()),
    "fill": lambda a, b: (lambda c: (c.fill(np.ravel(b)[0]), c)[1])(a.copy()),
    "setitem": lambda a, b: (lambda c: (c.__setitem__(0, np.ravel(b)[0]), c)[1])(a.copy()),
}
THEN = {
    "nothing": lambda y: y,
    **{
        name: getattr(np, name)
        for name in "sum mean prod max std cumsum sort median exp sqrt abs sin ravel".split()
    },
    "sum of an axis": lambda y: np.sum(y, axis=0),
    "method sum": lambda y: y.sum(),
    "method max": lambda y: y.max(),
    "method mean": lambda y: y.mean(axis=-1),
    "transpose": lambda y: y.T,
    "first": lambda y: y[0],
    "reversed": lambda y: y[::-1],
    "square": lambda y: y**2,
    "negative": lambda y: -y,
    "asarray": np.asarray,
    "asanyarray": lambda y: np.asanyarray(y) * 2.0,
    "array": lambda y: np.array(y),
    "float": float,
    "list": list,
    "tolist": lambda y: y.tolist(),
    "filled": lambda y: np.ma.filled(y, 0.5),
    "compressed": lambda y: y.compressed(),
    "nansum": np.nansum,
    "copy": lambda y: y.copy(),
    "astype": lambda y: y.astype(float),
    "norm": np.linalg.norm,
    "dtype": lambda y: np.zeros(3, y.dtype) + y,
    "in place": lambda y: operator.imul(y, 2.0),
    "as float": lambda y: np.asarray(y, dtype=float),
    "value": lambda y: getattr(y, "value", y),
    "view": lambda y: y.view(np.ndarray),
}


UNDER_THE_MASK = ("asarray", "view", "median", "array", "as float", "asanyarray")
UNITS = ("astropy.units", "astropy.units angle", "unyt", "quantities", "pint")


def form(name, x, dual):
    """Return the values x in one of the forms, as floats or through `dual`."""
    x = np.asarray(x, float)
    if name == "number":
        x = x.ravel()[:1].reshape(())
        return dual(x)[()] if dual else x[()]
    if name == "strided":
        wide = np.repeat(x, 2, axis=-1) if x.ndim else x
        y = dual(wide) if dual else wide
        return y[..., ::2] if x.ndim else y
    y = dual(np.asfortranarray(x) if name == "fortran" else x) if dual else x
    if name == "plain":
        return np.asarray(y)
    return [y[i] for i in range(len(y))] if name == "list" and x.ndim else y


def description(y):
    """Return (what must be equal for floats and duals, the numbers in an array or None)."""
    module = type(y).__module__.split(".")[0]
    if isinstance(y, np.ndarray) and y.dtype == object:
        if not all(isinstance(z, (int, float, np.generic, dn.Dual)) for z in np.asarray(y).ravel().tolist()):
            return "objects", None
    if isinstance(y, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(y)
        if mask.ndim == 0 and not mask:
            return "numbers", np.asarray(y.data)
        return ("masked", mask.tolist()), np.where(mask, 0.0, np.asarray(y.data))
    if y is np.ma.masked:
        return "masked", None
    if module in ("pandas", "xarray"):
        return type(y).__name__, np.asarray(y)
    if module == "dask":
        return "dask", np.asarray(y.compute())
    if module in ("sparse", "scipy"):
        return module, np.asarray(y.todense() if module == "sparse" else y.toarray())
    if module == "pint":
        return str(y.units), np.asarray(y.magnitude)
    if module in ("astropy", "unyt", "quantities"):
        return str(getattr(y, "unit", None) or getattr(y, "units", None) or y.dimensionality), np.asarray(
            y.view(np.ndarray)
        )
    if isinstance(y, (list, tuple)):
        parts = [description(z) for z in y]
        numbers = [np.ravel(n) for _, n in parts if n is not None]
        return [what for what, _ in parts], np.concatenate(numbers) if numbers else None
    if isinstance(y, Tagged):
        return ("Tagged", y.tag), np.asarray(y)
    if isinstance(y, np.matrix):
        return "matrix", np.asarray(y)
    if isinstance(y, (bool, np.bool_, str, type(None))):
        return y, None
    y = np.asarray(y)
    if y.dtype.kind in "biu":
        return y.tolist(), None
    return "numbers", y


def plain_numbers(y):
    """Return the float64 or dual array of an array that may hold objects."""
    if y.dtype == object:
        y = np.array([np.asarray(z)[()] for z in y.ravel().tolist()]).reshape(y.shape)
    return y


class Wrong(Exception):
    """A value, a type, a mask, a unit or a derivative is wrong."""


def judge(number, seed=SEED):
    """Return ('exact' or the refusal's type, the draw); raise Wrong where duals differ from floats in silence."""
    draw = np.random.default_rng([seed, number])
    partner = str(draw.choice(list(PARTNERS)))
    shape, other = (SHAPES[i] for i in draw.integers(len(SHAPES), size=2))
    other = shape if draw.random() < 0.7 else other
    kind, operation, then = (str(draw.choice(list(names))) for names in (FORMS, BINARY, THEN))
    left = bool(draw.integers(2))
    if partner in ("masked", "hard") and then in UNDER_THE_MASK:
        then = "nothing"  # what lies under the mask is no result
    if partner in UNITS and "pow" in operation and not left:
        operation = "mul"  # the unit's exponent would be dual
    if partner == "sparse" and then == "nansum":
        then = "sum"  # sparse asks whether the dtype is floating, which that of duals is not: nan
    if partner == "sparse" and not np.prod(other):
        partner = "list"  # its own reductions of no elements differ by dtype
    x, w = draw.uniform(0.3, 1.7, shape), draw.uniform(-1, 1, shape)
    values, state = draw.uniform(0.3, 1.7, other), draw.bit_generator.state
    what = f"{number}: {partner}{other} {kind}{shape} {'dual first' if left else 'partner first'} {operation}, {then}"

    def run(d):
        again = np.random.default_rng()
        again.bit_generator.state = state
        p = PARTNERS[partner](values.copy(), again)
        y = BINARY[operation](d, p) if left else BINARY[operation](p, d)
        return THEN[then](y)

    try:
        PARTNERS[partner](values.copy(), np.random.default_rng())
        expected, numbers = description(run(form(kind, x, None)))
        refused = None
    except ImportError:
        return "not installed", what
    except Exception as error:
        refused = error
    level = _core.Level()

    def dual(x):
        tangent = np.broadcast_to(
            w if x.shape == w.shape else np.repeat(w, 2, axis=-1) if x.ndim else w.ravel()[:1].sum(), x.shape
        )
        return _core.seed_tangents(x, level, tangent[..., None])

    try:
        got, found = description(run(form(kind, x, dual)))
        found = None if found is None else plain_numbers(found)
    except Exception as error:
        if isinstance(error, (SystemError, RecursionError)) and not isinstance(refused, type(error)):
            raise Wrong(f"{what}: {error!r}") from error
        return "refused", what
    if refused is not None:
        return "accepted", what  # such as storing duals where floats are read-only: no number to compare
    if got != expected and not equal_but_for_nan(got, expected):
        raise Wrong(f"{what}: {got!r}, of floats {expected!r}")
    if numbers is None:
        return "exact", what
    numbers = plain_numbers(numbers)
    if np.shape(found) != np.shape(numbers):
        raise Wrong(f"{what}: shape {np.shape(found)}, of floats {np.shape(numbers)}")
    value, tangent = _core.split(found, level)
    if not np.allclose(
        np.asarray(dn.value(value), float),
        numbers.astype(float),
        rtol=1e-5 if partner == "float32" else 1e-12,
        atol=1e-13,
        equal_nan=True,
    ):
        raise Wrong(f"{what}: value {value}, of floats {numbers}")
    tangent = np.zeros(np.shape(numbers)) if tangent is None else np.asarray(dn.value(tangent), float)[..., 0]
    quotients = []
    for step in (2.0**-11, 2.0**-15):
        quotient = (
            sum(
                c * (shifted(run, kind, x, k * step * w) - shifted(run, kind, x, -k * step * w))
                for k, c in STENCIL.items()
            )
            / step
        )
        known = np.isfinite(quotient) & np.isfinite(tangent)
        rounding = 1e-13 / step * np.max(np.abs(numbers[np.isfinite(numbers.astype(float))]), initial=0)
        if np.allclose(tangent[known], quotient[known], rtol=1e-6, atol=1e-6 + rounding):
            return "exact", what
        quotients.append(quotient)
    if not np.allclose(*quotients, rtol=1e-3, atol=1e-3, equal_nan=True):
        return "at a jump", what
    raise Wrong(f"{what}: derivative {tangent}, difference {quotient}")


def shifted(run, kind, x, step):
    return plain_numbers(description(run(form(kind, x + step, None)))[1]).astype(float)


def equal_but_for_nan(a, b):
    return repr(a) == repr(b)


def main(seed, first, count):
    """Judge the draws from the first on; print those that are wrong, and the number reached before each."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    output, tally = sys.stdout, collections.Counter()
    for number in range(first, first + count):
        if number % 50 == 0:
            print(f"at {number}", file=output, flush=True)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                verdict, _ = judge(number, seed)
        except Wrong as wrong:
            verdict = "wrong"
            print("WRONG " + " ".join(str(wrong).split()), file=output, flush=True)
        except Exception as error:
            verdict = "wrong"
            print(f"WRONG {number}: the judge fails: {error!r}", file=output, flush=True)
        tally[verdict] += 1
    print("tally", *[f"{verdict}={n}" for verdict, n in sorted(tally.items())], file=output)


def test_nothing_is_silently_wrong():
    child = python(__file__, SEED, 0, DRAWS, text=True, timeout=None)
    wrong = [line for line in child.stdout.splitlines() if line.startswith("WRONG")]
    assert child.returncode == 0, child.stdout.splitlines()[-1:]
    assert not wrong
    tally = dict(word.split("=") for word in child.stdout.splitlines()[-1].split()[1:])
    assert int(tally["exact"]) > DRAWS / 10


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
