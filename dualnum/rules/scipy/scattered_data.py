"""scipy.interpolate: scattered points, radial basis functions, and FITPACK's splines by their data."""

import functools
import inspect

import numpy as np
from scipy import interpolate
from scipy.interpolate import _fitpack2, _fitpack_py

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._components import components, from_components
from dualnum.rules._operands import dtype_of, float_arguments, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy.interpolation import _spline, points_of

# ---- radial basis functions ---------------------------------------------------------------------------------------


def _power(s, p):
    """Return ``s^p`` of squares, 0 where they are 0."""
    zero = value(s) == 0
    return np.where(zero, 0.0, np.exp(p * np.log(np.where(zero, 1.0, s))))


#: The kernels as functions of the squared distance.
KERNELS = {
    "linear": lambda s: -_power(s, 0.5),
    "thin_plate_spline": lambda s: s * np.log(np.where(value(s) == 0, 1.0, s)) / 2,
    "cubic": lambda s: _power(s, 1.5),
    "quintic": lambda s: -_power(s, 2.5),
    "multiquadric": lambda s: -np.sqrt(1 + s),
    "inverse_multiquadric": lambda s: 1 / np.sqrt(1 + s),
    "inverse_quadratic": lambda s: 1 / (1 + s),
    "gaussian": lambda s: np.exp(-s),
}


def _terms(inner, epsilon, x, y):
    """Return the values of all radial functions and monomials at points x, a row for each."""
    difference = x[:, None, :] - y[None, :, :]
    radial = KERNELS[inner.kernel](epsilon * epsilon * np.sum(difference * difference, axis=-1))
    scaled = (x - inner._shift) / inner._scale
    monomials = [
        functools.reduce(
            lambda a, b: a * b, [scaled[:, i] ** int(p) for i, p in enumerate(row)], np.ones(len(x))
        )
        for row in inner.powers
    ]
    return np.concatenate([radial, *[m[:, None] for m in monomials]], axis=1)


def _refuse_neighbors(inner):
    if inner.neighbors is not None:
        raise ValueError("RBFInterpolator of duals expects neighbors=None, got a number; use all points.")


_evaluate = interpolate.RBFInterpolator.__call__


@rule(_evaluate)
def radial_at(self, x):
    """The interpolant at points that are duals."""
    if not holds_duals(x):
        return _evaluate(self, x)
    _refuse_neighbors(self)
    values = _evaluate(self, *float_arguments([x]))
    with np.errstate(all="ignore"):
        found = _terms(self, self.epsilon, np.asarray(x).view(DualArray), self.y) @ self._coeffs
    return numpy_result(np.array(np.reshape(np.asarray(found), values.shape)), values)


class RadialInterpolator:
    """An RBFInterpolator of data, points or a scale that are duals: its coefficients solve the same system."""

    def __init__(self, y, d, smoothing=0.0, epsilon=None, **options):
        given = float_arguments({"y": y, "d": d, "smoothing": smoothing, "epsilon": epsilon} | options)
        self.inner = interpolate.RBFInterpolator(**given)
        _refuse_neighbors(self.inner)
        self.y = np.array(y).view(DualArray)
        self.epsilon = self.inner.epsilon if epsilon is None else epsilon
        d = np.array(d)
        n, extra = len(self.y), len(self.inner.powers)
        terms = _terms(self.inner, self.epsilon, self.y, self.y)
        system = np.zeros((n + extra, n + extra), dtype_of(terms)).view(DualArray)
        system[:n] = terms
        system[:n, :n] += np.diag(np.zeros(n) + value(np.asarray(smoothing)))
        system[n:, :n] = terms[:, n:].T
        rhs = np.concatenate([d.reshape(n, -1), np.zeros((extra, d.reshape(n, -1).shape[1]))])
        with np.errstate(all="ignore"):
            self.coefficients = np.linalg.solve(system, rhs.view(DualArray))

    def __call__(self, x):
        values = self.inner(*float_arguments([x]))
        with np.errstate(all="ignore"):
            found = _terms(self.inner, self.epsilon, np.array(x).view(DualArray), self.y) @ self.coefficients
        return numpy_result(np.array(np.reshape(np.asarray(found), values.shape)), values)


@rule(interpolate.RBFInterpolator)
def radial_interpolator(y, d, *args, **kwargs):
    names = ("neighbors", "smoothing", "kernel", "epsilon", "degree")
    kwargs |= dict(zip(names, args, strict=False))
    if not holds_duals((y, d)) and not holds_duals(kwargs):
        return interpolate.RBFInterpolator(y, d, **kwargs)
    return RadialInterpolator(y, d, **kwargs)


# ---- interpolants between scattered points ------------------------------------------------------------------------


def _linear_between(inner, points, values, args):
    """Return the linear interpolant on the triangulation of the points' values."""
    found = inner(*float_arguments(args))
    x = points_of(args[0] if len(args) == 1 else args, inner.points.shape[1])
    x = x.reshape(-1, x.shape[-1])
    at = value(x) if inner.scale is None else (value(x) - inner.offset) / inner.scale
    simplex = inner.tri.find_simplex(at)
    corners = inner.tri.simplices[simplex]
    values = np.asarray(values).reshape(len(points), -1).view(DualArray)[corners]
    corners = np.asarray(points).view(DualArray)[corners]
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    with np.errstate(all="ignore"):
        shares = np.linalg.solve(edges, (x - corners[:, 0])[..., None])
    y = values[:, 0] + np.sum(shares * (values[:, 1:] - values[:, :1]), axis=1)
    fill = np.nan * y if np.isnan(inner.fill_value) else 0.0
    y = np.where((simplex < 0)[:, None], fill, y)
    return numpy_result(np.array(np.reshape(np.asarray(y), np.shape(found))), found, dtype_of(x, y))


class LinearInterpolator:
    """A LinearNDInterpolator of points or values that are duals."""

    def __init__(self, points, values, *args, **kwargs):
        self.inner = interpolate.LinearNDInterpolator(*float_arguments((points, values)), *args, **kwargs)
        self.points, self.values = points, values

    def __call__(self, *args):
        return _linear_between(self.inner, self.points, self.values, args)


class NearestInterpolator:
    """A NearestNDInterpolator of points or values that are duals: the value of the point that is nearest by value."""

    def __init__(self, points, values, *args, **kwargs):
        points, numbers = float_arguments((points, values))
        self.inner = interpolate.NearestNDInterpolator(points, numbers, *args, **kwargs)
        self.nearest = interpolate.NearestNDInterpolator(points, np.arange(len(numbers)), *args, **kwargs)
        self.values = values

    def __call__(self, *args, **options):
        found = self.inner(*float_arguments(args), **options)
        y = np.asarray(self.values)[self.nearest(*float_arguments(args)).astype(int)]
        return numpy_result(np.array(y), found)


@rule(interpolate.LinearNDInterpolator)
def linear_interpolator(points, values, *args, **kwargs):
    kind = LinearInterpolator if holds_duals((points, values)) else interpolate.LinearNDInterpolator
    return kind(points, values, *args, **kwargs)


@rule(interpolate.NearestNDInterpolator)
def nearest_interpolator(points, values, *args, **kwargs):
    kind = NearestInterpolator if holds_duals((points, values)) else interpolate.NearestNDInterpolator
    return kind(points, values, *args, **kwargs)


@rule(interpolate.CloughTocher2DInterpolator)
def cubic_interpolator(*args, **kwargs):
    """SciPy estimates the slopes by an iteration that stops at a tolerance, which has no exact derivatives."""
    if holds_duals((args, kwargs)):
        _refuse_cubic()
    return interpolate.CloughTocher2DInterpolator(*args, **kwargs)


def _refuse_cubic():
    raise TypeError(
        "CloughTocher2DInterpolator of duals expects floats, got duals; use RBFInterpolator or LinearNDInterpolator."
    )


_nearest_at = interpolate.NearestNDInterpolator.__call__
_at_points = interpolate.LinearNDInterpolator.__call__  # CloughTocher2DInterpolator's too


@rule(_nearest_at)
def nearest_at(self, *args, **options):
    """The values of the nearest points, which do not move with x."""
    return _nearest_at(self, *float_arguments(args), **options)


@rule(_at_points)
def at_points(self, *args):
    """An interpolant of numbers at points that may be dual."""
    if not holds_duals(args):
        return _at_points(self, *args)
    if not isinstance(self, interpolate.LinearNDInterpolator):
        _refuse_cubic()
    points = self.points if self.scale is None else self.points * self.scale + self.offset
    return _linear_between(self, points, self.values, args)


# ---- FITPACK's splines: linear in the data where the knots are fixed ----------------------------------------------


def _in_data(make, name):
    """Return the splines (t, c, k) of each component of y as one with dual coefficients."""

    def spline(y):
        y = np.array(y)
        parts = [make(np.ascontiguousarray(part)) for part in np.moveaxis(components(y), -1, 0)]
        (t, _, k), *rest = parts
        if any(len(other[0]) != len(t) or np.any(other[0] != t) for other in rest):
            raise ValueError(
                f"{name} of duals expects fixed knots, got a smoothing that chooses them; use s=0."
            )
        c = from_components(np.stack([part[1] for part in parts], axis=-1), y.dtype).view(DualArray)
        return t, c, k

    return spline


def _fixed(original, smooths):
    """Return the rule of a class of splines: y may be dual, where the knots do not depend on it."""
    signature = inspect.signature(original)

    def on_duals(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        y = given.pop("y")
        if holds_duals(given) or (smooths and given.get("s") != 0):
            raise ValueError(
                f"{original.__name__} of duals expects dual y alone and s=0, got others; use make_smoothing_spline, "
                f"which takes dual y."
            )
        if not holds_duals(y):
            return original(y=y, **given)
        made = original(y=np.array(value(np.array(y))), **given)
        made._eval_args = _in_data(lambda part: original(y=part, **given)._eval_args, original.__name__)(y)
        return made

    return on_duals


rule(interpolate.UnivariateSpline)(_fixed(interpolate.UnivariateSpline, True))
for _make in (interpolate.InterpolatedUnivariateSpline, interpolate.LSQUnivariateSpline):
    rule(_make)(_fixed(_make, False))


@rule(_fitpack_py.splrep)
def splrep(x, y, w=None, xb=None, xe=None, k=3, task=0, s=None, t=None, *args, **kwargs):
    """The B-spline of data: its coefficients are linear in y for given knots and for s = 0."""
    if holds_duals((x, w, xb, xe, t)) or (t is None and (s or (s is None and w is not None))):
        raise ValueError("splrep of duals expects dual y alone, and s=0 or knots, got others.")

    def make(part):
        return _fitpack_py.splrep(x, part, w, xb, xe, k, task, s, t)

    return _in_data(make, "splrep")(y) if holds_duals(y) else _fitpack_py.splrep(
        x, y, w, xb, xe, k, task, s, t, *args, **kwargs
    )  # fmt: skip


def _integral(t, c, k, a, b):
    """Return the integral of a spline, which FITPACK takes for 0 outside of its knots."""
    n = len(t) - k - 1
    steps = np.asarray(c)[:n] * (t[k + 1 :][:n] - t[:n]) / (k + 1)
    primitive = np.concatenate([np.zeros(1), np.cumsum(steps.view(DualArray))])
    padded = np.concatenate([t[:1], t, t[-1:]])

    def up_to(x):
        x = x if t[k] <= value(x) <= t[n] else float(np.clip(value(x), t[k], t[n]))
        return _spline(padded, primitive[:, None], k + 1, np.array([x]).view(DualArray), 0)[0, 0]

    return up_to(b) - up_to(a)


def _as_tuple(y):
    return y if isinstance(y, tuple) else (y,)  # f2py returns a workspace beside the integral


#: The compiled module of FITPACK, of which SciPy 1.18 has a translation.
_fitpack = getattr(_fitpack2, "dfitpack", None) or _fitpack2._fitpack
_splint = getattr(_fitpack, "splint", None)
if _splint is not None:

    @rule(_splint)
    def splint(t, c, k, a, b):
        values, *rest = _as_tuple(_splint(*float_arguments((t, np.array(c), k, a, b))))
        y = numpy_result(np.asarray(_integral(np.asarray(t), c, k, a, b)), float(values))
        return (y, *rest) if rest else y


@rule(_fitpack_py.splint)
def splint_of_tck(a, b, tck, full_output=0):
    """The integral of a spline between limits that may be dual."""
    if not isinstance(tck, tuple) or full_output or isinstance(tck[1], (list, tuple)):
        raise TypeError(
            "splint of duals expects a tuple (t, c, k) of one dimension and full_output=0, got others."
        )
    t, c, k = tck
    values = _fitpack_py.splint(*float_arguments((a, b)), (np.asarray(t), *float_arguments([np.array(c)]), k))
    return numpy_result(np.asarray(_integral(np.asarray(t), c, k, a, b)), float(values))


# ---- tensor products of splines -----------------------------------------------------------------------------------


def _tensor(tx, ty, c, kx, ky, x, y):
    """Return the tensor-product spline at pairs of points, clipped to the knots as FITPACK does."""
    nx, ny = len(tx) - kx - 1, len(ty) - ky - 1
    table = np.asarray(c).reshape(nx, ny)

    def inside(t, k, n, x):
        return np.where((value(x) < t[k]) | (value(x) > t[n]), np.clip(value(x), t[k], t[n]), x)

    x, y = inside(tx, kx, nx, x), inside(ty, ky, ny, y)
    rows = _spline(ty, table.T, ky, y, 0)  # for each point, the coefficients along x
    i = np.clip(np.searchsorted(tx, value(x), "right") - 1, kx, nx - 1)
    at = np.arange(len(i))
    d = [rows[at, i - kx + j] for j in range(kx + 1)]
    for r in range(1, kx + 1):
        for j in range(kx, r - 1, -1):
            low, high = tx[i + j - kx], tx[i + j + 1 - r]
            share = (x - low) / (high - low)
            d[j] = (1 - share) * d[j - 1] + share * d[j]
    return d[kx]


def _bivariate(original, grid):
    def on_duals(tx, ty, c, kx, ky, x, y):
        values, info = original(*float_arguments((tx, ty, np.array(c), kx, ky, np.asarray(x), np.asarray(y))))
        x, y = (np.atleast_1d(np.asarray(item)).view(DualArray) for item in (x, y))
        if grid:
            x, y = np.repeat(x, len(y)), np.tile(y, len(x))
        with np.errstate(all="ignore"):
            found = np.reshape(np.asarray(_tensor(tx, ty, c, kx, ky, x, y)), np.shape(values))
        return numpy_result(np.array(found), values), info

    return on_duals


for _name, _grid in (("bispev", True), ("bispeu", False)):
    if (_f := getattr(_fitpack, _name, None)) is not None:
        rule(_f)(_bivariate(_f, _grid))


@rule(interpolate.RectBivariateSpline)
def rectangular_spline(x, y, z, *args, **kwargs):
    """The interpolating spline of a table, which is linear in it."""
    given = inspect.signature(interpolate.RectBivariateSpline).bind(x, y, z, *args, **kwargs).arguments
    given.pop("z")
    if holds_duals(given) or given.get("s", 0) != 0:
        raise ValueError("RectBivariateSpline of duals expects dual z alone and s=0, got others.")
    if not holds_duals(z):
        return interpolate.RectBivariateSpline(z=z, **given)
    z = np.array(z)
    made = [
        interpolate.RectBivariateSpline(z=np.ascontiguousarray(part), **given)
        for part in np.moveaxis(components(z), -1, 0)
    ]
    c = from_components(np.stack([spline.tck[2] for spline in made], axis=-1), z.dtype).view(DualArray)
    made[0].tck = (*made[0].tck[:2], c)
    return made[0]
