"""scipy.interpolate: the compiled evaluations of piecewise polynomials, splines and grids."""

import inspect
import itertools
import math

import numpy as np
from scipy import interpolate
from scipy.interpolate import _bsplines, _fitpack_impl, _interpnd, _ndbspline, _ppoly, _rgi
from scipy.sparse.linalg import spsolve

from dualnum._core import DUAL_DTYPES, DualArray, complex_from, holds_duals, imaginary_part, real_part, value
from dualnum.rules._components import components, from_components
from dualnum.rules._operands import dtype_of, float_arguments, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy._registry import require_close


def _stored(out, result, values):
    """Store the result of a compiled function into an array that lifted code has made, which may have to be dual."""
    from dualnum.lifting import storage

    result = numpy_result(np.asarray(result), values)
    if isinstance(result.dtype, DUAL_DTYPES) and not isinstance(out.dtype, DUAL_DTYPES):
        storage.learn(out, result)
    out[...] = result


def _float_out(out, *arrays):
    """Return memory for SciPy's values, complex ones of complex coefficients."""
    return np.array(value(out), complex if any(map(np.iscomplexobj, arrays)) else float)


# ---- piecewise polynomials -------------------------------------------------------------------------------------


def _interval(x, at):
    """Return the intervals between the breakpoints x that SciPy takes for points, the first or the last outside."""
    last = len(x) - 2
    if x[0] <= x[-1]:
        return np.clip(np.searchsorted(x, at, "right") - 1, 0, last)
    return np.clip(len(x) - 1 - np.searchsorted(x[::-1], at, "left"), 0, last)


def _polynomials(c, x, at, i, nu):
    """Return the nu-th derivatives of polynomials i at points: ``sum_j c[j, i] (at - x[i])^(k - j)``."""
    h, y, degree = (at - x[i])[:, None], 0.0, len(c) - 1
    for j in range(degree + 1 - nu):
        y = y * h + math.perm(degree - j, nu) * c[j, i]
    return y + np.zeros((len(i), c.shape[2]))


@rule(_ppoly.evaluate)
def evaluate(c, x, xp, dx, extrapolate, out):
    """Values of c's polynomials at points xp; at a breakpoint the derivatives of the interval on the right."""
    values = _float_out(out, c)
    _ppoly.evaluate(*float_arguments((np.ascontiguousarray(c), x, xp)), dx, extrapolate, values)
    _stored(out, _polynomials(c, x, xp, _interval(value(x), value(xp)), dx), values)


@rule(_ppoly.evaluate_bernstein)
def evaluate_bernstein(c, x, xp, nu, extrapolate, out):
    """Values of polynomials in Bernstein's basis, by de Casteljau's recurrence."""
    values = _float_out(out, c)
    _ppoly.evaluate_bernstein(*float_arguments((np.ascontiguousarray(c), x, xp)), nu, extrapolate, values)
    i = _interval(value(x), value(xp))
    width, d = (x[i + 1] - x[i])[:, None], [row[i] for row in c]
    for _ in range(nu):
        d = [(len(d) - 1) * (b - a) / width for a, b in itertools.pairwise(d)] or [0.0 * d[0]]
    s = (xp - x[i])[:, None] / width
    while len(d) > 1:
        d = [(1 - s) * a + s * b for a, b in itertools.pairwise(d)]
    _stored(out, d[0] + np.zeros((len(i), c.shape[2])), values)


@rule(_ppoly.integrate)
def integrate(c, x, a, b, extrapolate, out):
    """Integrals of c's polynomials from a to b."""
    values = _float_out(out, c)
    _ppoly.integrate(*float_arguments((np.ascontiguousarray(c), x, a, b)), extrapolate, values)
    k = len(c)
    primitive = np.concatenate([c / np.arange(k, 0, -1)[:, None, None], np.zeros((1, *c.shape[1:]))])
    i = np.arange(len(x) - 1)
    whole = _polynomials(primitive, x, x[1:], i, 0)  # the integral over each interval

    def up_to(at):
        (j,) = _interval(value(x), np.array([value(at)]))
        return np.sum(whole[:j], axis=0) + _polynomials(primitive, x, np.array([at]), np.array([j]), 0)[0]

    _stored(out, up_to(b) - up_to(a), values)


@rule(_ppoly.fix_continuity)
def fix_continuity(c, x, order):
    """Make the lowest coefficients of each interval continue the interval before."""
    values = np.array(value(c))
    _ppoly.fix_continuity(values, np.array(value(x)), order)
    for i in range(1, c.shape[1]):
        for nu in range(order + 1):
            left = _polynomials(c, x, x[i : i + 1], np.array([i - 1]), nu)[0]
            c[len(c) - 1 - nu, i] = left / math.factorial(nu)
    value(c)[...] = values


# ---- B-splines --------------------------------------------------------------------------------------------------


def _differentiated(t, c, k):
    """Return knots, coefficients and degree of the derivative, ``k (c[i + 1] - c[i]) / (t[i + k + 1] - t[i + 1])``."""
    n = len(t) - k - 1
    width = t[k + 1 : k + n] - t[1:n]
    width = np.where(value(width) == 0, np.inf, width)
    return t[1:-1], k * (c[1:n] - c[: n - 1]) / width[:, None], k - 1


def _de_boor(t, c, k, x, i):
    """Return the spline at points x of the intervals i, by de Boor's recurrence."""
    d = [c[i - k + j] for j in range(k + 1)]
    for r in range(1, k + 1):
        for j in range(k, r - 1, -1):
            low, high = t[i + j - k], t[i + j + 1 - r]
            share = ((x - low) / (high - low))[:, None]
            d[j] = (1 - share) * d[j - 1] + share * d[j]
    return d[k]


def _spline(t, c, k, x, nu):
    """Return the nu-th derivative of a spline at points x; the knots may be dual, too."""
    i = np.clip(np.searchsorted(value(t), value(x), "right") - 1, k, len(t) - k - 2)
    if nu > k:
        return np.zeros((len(x), c.shape[1]))
    with np.errstate(all="ignore"):
        for _ in range(nu):
            t, c, k = _differentiated(t, c, k)
        return _de_boor(t, c, k, x, i - nu)


if hasattr(_bsplines, "_dierckx"):
    _evaluate_spline = _bsplines._dierckx.evaluate_spline

    @rule(_evaluate_spline)
    def evaluate_spline(t, c, k, xp, nu, extrapolate):
        """Values of a spline's nu-th derivative."""
        if np.iscomplexobj(c):
            return complex_from(
                *[
                    evaluate_spline(t, np.array(part), k, xp, nu, extrapolate)
                    for part in (real_part(c), imaginary_part(c))
                ]
            )
        values = _evaluate_spline(
            *[np.array(value(x), order="C") for x in (t, c)],
            k,
            np.array(value(xp), order="C"),
            nu,
            extrapolate,
        )
        return numpy_result(np.asarray(_spline(t, c, k, xp, nu)), values, dtype_of(t, c, xp))


@rule(_fitpack_impl.splev)
def splev(x, tck, der=0, ext=0):
    """FITPACK's splines at x, also those of UnivariateSpline; ext says what they are outside of the knots."""
    t, c, k = tck
    values = _fitpack_impl.splev(*float_arguments((x, (t, c, k))), der, ext)
    if not holds_duals((x, t, c)):
        return values
    if isinstance(c, (list, tuple)):
        raise TypeError(
            "splev of duals expects a spline of one dimension, got several; use one splev for each."
        )
    t, c, x = (np.asarray(item) for item in (t, c, x))
    points = np.asarray(np.atleast_1d(x)).ravel()
    n = len(t) - k - 1
    below, above = value(points) < value(t)[k], value(points) > value(t)[n]
    if ext == 3 and not der:  # the ends' values, which move with knots and coefficients
        points = np.where(below, t[k], np.where(above, t[n], points))
    found = _spline(t, c[:n, None], k, points, der)[:, 0]
    if ext == 1:
        found = np.where(below | above, 0.0, found)
    found = require_close("splev", np.asarray(found).reshape(np.shape(values)), values)
    return numpy_result(found, values, dtype_of(t, c, x))


def _linear_in_y(make):
    """Return the rule of a function that makes the spline of (x, y), whose coefficients are linear in y."""
    signature = inspect.signature(make)

    def on_duals(*args, **kwargs):
        bound = signature.bind(*args, **kwargs).arguments
        y = bound.pop("y")
        if holds_duals(bound):
            raise TypeError(
                f"{make.__name__} of duals expects dual y alone, got other duals; use CubicSpline, which takes dual x."
            )
        if not holds_duals(y):
            return make(y=y, **bound)
        y = np.array(y)
        splines = [make(y=np.ascontiguousarray(part), **bound) for part in np.moveaxis(components(y), -1, 0)]
        c = from_components(np.stack([spline.c for spline in splines], axis=-1), y.dtype).view(DualArray)
        return interpolate.BSpline.construct_fast(splines[0].t, c, splines[0].k, axis=splines[0].axis)

    return on_duals


for _make in (interpolate.make_interp_spline, interpolate.make_lsq_spline):
    rule(_make)(_linear_in_y(_make))


# ---- tensor products of B-splines -------------------------------------------------------------------------------

_evaluate_tensor = interpolate.NdBSpline.__call__


@rule(_evaluate_tensor)
def tensor_spline_at(self, xi, *, nu=None, extrapolate=None):
    """A tensor-product spline at points; the coefficients may be dual, the knots are not."""
    c = self._c
    if not holds_duals((xi, c)):
        return _evaluate_tensor(self, xi, nu=nu, extrapolate=extrapolate)
    plain = interpolate.NdBSpline(self.t, np.array(value(c)), self.k, extrapolate=self.extrapolate)
    values = plain(*float_arguments([xi]), nu=nu, extrapolate=extrapolate)
    xi = np.asarray(xi)
    x = xi.reshape(-1, xi.shape[-1]).view(DualArray)
    total = np.broadcast_to(c, (len(x), *c.shape)).view(DualArray)
    for t, k, at, order in zip(self.t, self.k, x.T, nu if nu is not None else [0] * len(x.T), strict=True):
        basis = _spline(t, np.eye(len(t) - k - 1), k, at, order)
        total = np.sum(basis.reshape(*basis.shape, *[1] * (total.ndim - 2)) * total, axis=1)
    return numpy_result(np.array(np.reshape(np.asarray(total), np.shape(values))), values, dtype_of(xi, c))


@rule(_ndbspline.make_ndbspl)
def tensor_spline_of(points, values, *args, **kwargs):
    """The tensor-product spline of values on a grid, in which its coefficients are linear."""
    if holds_duals((points, args, kwargs)):
        raise TypeError(
            "make_ndbspl of duals expects dual values and points xi alone, got others; use method='linear', whose grid "
            "may be dual."
        )
    if not holds_duals(values):
        return _ndbspline.make_ndbspl(points, values, *args, **kwargs)
    if "solver" in kwargs:  # SciPy asks whether it is spsolve, which lifted code replaces
        kwargs["solver"] = inspect.unwrap(kwargs["solver"])
    first, *others = map(np.ascontiguousarray, np.moveaxis(components(np.array(values)), -1, 0))
    made = [_ndbspline.make_ndbspl(points, first, *args, **kwargs)]
    # SciPy's solver iterates up to a tolerance
    made += [_ndbspline.make_ndbspl(points, part, made[0].k, solver=spsolve) for part in others]
    c = from_components(np.stack([spline._c for spline in made], axis=-1), values.dtype)
    made[0]._c = c.view(DualArray)
    return made[0]


# ---- grids ------------------------------------------------------------------------------------------------------


@rule(_interpnd._ndim_coords_from_arrays)
def points_of(points, ndim=None):
    """Points as an array whose last axis are the coordinates, from a tuple of coordinates or an array."""
    if isinstance(points, tuple) and len(points) == 1:
        (points,) = points
    if isinstance(points, tuple):
        coordinates = np.broadcast_arrays(*[np.asarray(x) for x in points])
        return np.stack([np.asarray(x) for x in coordinates], axis=-1).view(DualArray)
    points = np.array(points)
    return (points.reshape(-1, ndim or 1) if points.ndim == 1 else points).view(DualArray)


@rule(_rgi.find_indices)
def find_indices(grid, xi):
    """Cells of points in a grid, and the places of the points in their cells, between 0 and 1."""
    indices, distances = _rgi.find_indices(*float_arguments((tuple(grid), xi)))
    found = []
    for points, x, i in zip(grid, xi, indices, strict=True):
        width = points[i + 1] - points[i] if len(points) > 1 else 1.0
        found.append((x - points[i]) / width)
    return indices, numpy_result(np.array(found), np.asarray(distances))


@rule(_rgi.evaluate_linear_2d)
def evaluate_linear_2d(table, indices, norm_distances, grid, out):
    """Bilinear interpolation."""
    t0, y0 = float_arguments((table, norm_distances))
    values = _rgi.evaluate_linear_2d(
        t0, indices, np.ascontiguousarray(y0), float_arguments(grid), _float_out(out, table)
    )
    (i, j), (u, v) = indices, norm_distances
    found = table[i, j] * (1 - u) * (1 - v) + table[i, j + 1] * (1 - u) * v
    return numpy_result(
        np.asarray(found + table[i + 1, j] * u * (1 - v) + table[i + 1, j + 1] * u * v), values
    )


_evaluate_linear = interpolate.RegularGridInterpolator._evaluate_linear


@rule(_evaluate_linear)
def linear_on_grid(self, indices, norm_distances):
    """SciPy's way for floats: in two dimensions the compiled one, whose sums have another order."""
    table = self._values
    if len(indices) == 2 and table.ndim == 2 and table.flags.writeable:
        return evaluate_linear_2d(table, indices, norm_distances, self._grid, np.empty(indices.shape[1]))
    return _evaluate_linear(self, indices, norm_distances)
