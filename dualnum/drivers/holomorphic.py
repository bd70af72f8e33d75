"""Complex derivatives of functions of a complex number: ``derivative(f, holomorphic=True)``.

The real and the imaginary part of z = x + i y are two real variables, so that everything else is as in real passes. One
direction moves z along 1 and gives the derivatives; another one tests the Cauchy-Riemann equations: along any complex d
the coefficients of f(z + d t) are those of f(z + t) times powers of d.
"""

import numpy as np

from dualnum._core import (
    Dual,
    DualArray,
    Tainting,
    complex_dtype,
    complex_from,
    holds_duals,
    imaginary_part,
    is_complex_dual,
    of_python,
    points_met,
    real_part,
    seed_tangents,
    value,
)
from dualnum.drivers._base import Driver, Leaf, Variables
from dualnum.drivers._checks import as_complex_variable, check_elementwise, check_single, expects
from dualnum.drivers._taylor_pass import expand, moving_along, pseudo_random
from dualnum.rules._components import components

#: The second direction of series: none of its powers is that of its conjugate, so that powers of conj(z) differ.
OBLIQUE = 0.6 + 0.8j
#: How far derivatives may be from the equations, relative to themselves and to lower ones: rounding errors.
RTOL, NOISE = 1e-7, 1e-12


class Holomorphic(Driver):
    """A driver of a function of a complex number."""

    __slots__ = ()

    def __call__(self, *args, **kwargs):
        """Return the derivative; a float is taken as complex, before `DriverBase` takes it for a real variable."""
        if self.argnum == 0 and args and type(args[0]) is float:
            args = complex(args[0]), *args[1:]
        return super().__call__(*args, **kwargs)

    def variable(self, x, label):
        """Return an argument as complex or real numbers."""
        return as_complex_variable(self, x, label)

    def evaluate(self, variables, kwargs, *seeds, whole=True):
        """Call f once; where its result depends on a kink, f has no complex derivative: there they are nan."""
        before = points_met()
        y = super().evaluate(variables, kwargs, *seeds, whole=whole)
        kinks, _, zeros, *_ = (now != then for now, then in zip(points_met(), before, strict=True))
        if not (kinks or zeros):
            return y
        with Tainting(False), np.errstate(all="ignore"):
            tainted = self.call(variables.seed_again(*seeds), kwargs)
        if getattr(tainted, "dtype", None) is not getattr(y, "dtype", None) or not holds_duals(y):
            return y
        a, b = np.array(y, subok=False), np.asarray(tainted)
        parts = (real_part(b), imaginary_part(b)) if is_complex_dual(b) else (b,)
        affected = np.any([np.isnan(components(part)).any(-1) for part in parts], axis=0)
        a[affected] = b[affected]
        return a.view(DualArray) if isinstance(y, DualArray) else a[()] if not np.ndim(y) else a


class ComplexVariables(Variables):
    """One complex number, or an array, as two real ones: its real and its imaginary part."""

    __slots__ = ("parts",)

    def __init__(self, driver, args):
        super().__init__(driver, args)
        check_single(driver, self, "argnum for a number or an array among several arguments")
        leaf, size = self.tree, self.size
        self.parts = [Leaf(x, leaf.shape, k * size, (k + 1) * size) for k, x in enumerate(_parts_of(leaf.x))]

    def set_directions(self, directions):
        """Give both parts theirs of complex directions, of z's shape or with a last axis for several."""
        for part, direction in zip(self.parts, (directions.real, directions.imag), strict=True):
            part.direction = direction if np.ndim(direction) else float(direction)

    def seeded(self, leaf, seeds):
        """Return a copy of z made of the seeded parts."""
        z = leaf.x
        re, im = (super(ComplexVariables, self).seeded(part, seeds) for part in self.parts)
        if not isinstance(z, np.ndarray):
            is_python = type(z) is complex or type(z) is float
            return complex_from(*(of_python(x, is_python) if type(x) is Dual else x for x in (re, im)))
        duals = holds_duals(re)
        dtype = complex_dtype(np.result_type(re.dtype, im.dtype)) if duals else complex
        made = np.empty_like(z, dtype=dtype, subok=False)  # which keeps z's memory layout
        real_part(made)[...], imaginary_part(made)[...] = re, im
        return made.view(DualArray) if duals and self.driver.subok else made

    def leaves(self):
        """Return the two real parts."""
        return self.parts


def _parts_of(z):
    """Return the real and the imaginary part of a number or of an array, real or complex."""
    if not isinstance(z, np.ndarray):
        return (z.real, z.imag) if not isinstance(z, (float, Dual)) else (z, 0.0)
    if not np.iscomplexobj(z):
        return z, np.zeros_like(z, dtype=float, subok=False)
    z = np.asarray(z)
    return real_part(z), imaginary_part(z)


def _both():
    """Seed the parts of z with tangents along all directions."""

    def seed(x, leaf, level):
        made = seed_tangents(np.asarray(x), level, leaf.direction)
        return made if np.ndim(x) else made[()]

    seed.whole = True  # every variable moves
    return seed


def coefficients(driver, variables, kwargs, order, rate):
    """Return f(z) and the coefficients 1 ... order of f(z + rate t), complex and along a last axis.

    Raises
    ------
    ValueError
        If a second direction shows that f is not holomorphic at z, or mixes the elements of an array.
    """
    shape = variables.tree.shape
    scales = pseudo_random(variables.size).reshape(shape)[()] if shape else 1.0
    checks = order > 0 and driver.check is not False
    y, found, again = _directions(driver, variables, kwargs, order, rate, scales, checks)
    if checks and not _agree(y, found, again):
        if variables.size > 1 and _agree(*_directions(driver, variables, kwargs, order, rate, 1.0, True)):
            what = "f to treat each element of x by itself"
            raise ValueError(expects(driver, what, "a function that mixes them", "check=False"))
        got = "derivatives along two directions that break the Cauchy-Riemann equations"
        use = "the real and the imaginary part as two real arguments"
        raise ValueError(expects(driver, "f to be holomorphic", got, use))
    found = found[..., :order]
    return y, found if np.iscomplexobj(found) else found + 0j


def _directions(driver, variables, kwargs, order, rate, scales, both):
    """Return f(z), the coefficients c of f(z + rate t) along a last axis, and c as a second direction gives them.

    The latter are pairs ``(k, c[k])``, none unless `both`. The coefficients of f(z + rate d t) are those of
    f(z + rate t) times powers of d, which has a scale for each element. To second order, which shows kinks, one pass
    has both directions; there the derivative by 1 and d, 2 d c[2], gives c[2] once more.
    """
    ones = np.ones(variables.tree.shape)
    if order in (1, 2):
        d = 1j * scales * ones
        variables.set_directions(np.stack([ones + 0j, d], axis=-1))
        y, first, second = driver.squares(variables, kwargs, _both(), 2)
        _check_shape(driver, variables, first)
        found = np.stack([first[..., 0], second[..., 0, 0] / 2], axis=-1)
        d = _over(d, first.ndim - 1)
        by_d, by_both, by_d_twice = map(value, (first[..., 1], second[..., 0, 1], second[..., 1, 1]))
        return y, found, [(1, by_d / d), (2, by_both / (2 * d)), (2, by_d_twice / (2 * d**2))] if both else []
    variables.set_directions(rate * (ones + 0j))
    y, found = expand(driver, variables, kwargs, moving_along(driver, order), order, whole=False)
    _check_shape(driver, variables, found)
    if not both:
        return y, found, []
    d = OBLIQUE * scales * ones
    variables.set_directions(rate * d)
    _, others = expand(driver, variables, kwargs, moving_along(driver, order), order, whole=False)
    d = _over(d, others.ndim - 1)
    return y, found, [(k, value(others[..., k - 1]) / d**k) for k in range(1, order + 1)]


def _check_shape(driver, variables, found):
    """Refuse an f whose value has not the shape of z (in a batch: does not begin with it)."""
    batched = driver.extra["batched"]
    check_elementwise(driver, variables, found.shape[:-1], batched, "a function of one number")


def _over(d, axes):
    """Return `d` with axes appended until it has that many."""
    return np.reshape(d, np.shape(d) + (1,) * (axes - np.ndim(d)))


def _agree(y, found, again):
    """Return whether two directions give the same coefficients, up to rounding errors of these and of lower ones."""
    y, found = np.asarray(value(y)), np.asarray(value(found))
    noise = np.max(np.abs(y), initial=0.0, where=np.isfinite(y))
    for k, theirs in again:
        ours = found[..., k - 1]
        known = np.isfinite(ours) & np.isfinite(theirs)
        size = np.where(known, np.maximum(np.abs(ours), np.abs(theirs)), 0.0)
        noise = max(noise, size.max(initial=0.0))
        with np.errstate(invalid="ignore"):
            if (known & (np.abs(ours - theirs) > RTOL * size + NOISE * noise)).any():
                return False
    return True
