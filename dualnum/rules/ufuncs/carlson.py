"""Carlson's symmetric elliptic integrals, of real and of complex numbers, and those of Legendre by all arguments.

The duplication theorem divides the differences of the arguments by four in each step, and with them every component of
duals: when they are gone, an integral of equal arguments is left (B. C. Carlson, Numerical computation of real or
complex elliptic integrals, Numerical Algorithms 10, 1995).
"""

import math

import numpy as np
from scipy import special

from dualnum._core import register_complex_rule, value
from dualnum.rules._components import degree
from dualnum.rules._operands import dtype_of, has_duals, with_values
from dualnum.rules.ufuncs._tables import differentiate, polynomial
from dualnum.rules.ufuncs.equations import equations
from dualnum.rules.ufuncs.incomplete import _by, _split


def _steps(*arguments):
    """Return how many steps leave no difference in any component."""
    return 30 + 4 * degree(dtype_of(*arguments))


def first_and_second(x, y, z):
    """Return R_F and R_D; the latter is symmetric in x and y only."""
    total, power = 0.0 * (x + y + z), 1.0
    for _ in range(_steps(x, y, z)):
        a, b, c = np.sqrt(x), np.sqrt(y), np.sqrt(z)
        shift = a * b + a * c + b * c
        total = total + power / (c * (z + shift))
        x, y, z, power = (x + shift) / 4, (y + shift) / 4, (z + shift) / 4, power / 4
    mean = (x + y + z) / 3
    return 1 / np.sqrt(mean), 3 * total + power / (mean * np.sqrt(mean))


def first(x, y, z):
    """Return R_F, of which one argument may be zero."""
    for _ in range(_steps(x, y, z)):
        a, b, c = np.sqrt(x), np.sqrt(y), np.sqrt(z)
        shift = a * b + a * c + b * c
        x, y, z = (x + shift) / 4, (y + shift) / 4, (z + shift) / 4
    return 1 / np.sqrt((x + y + z) / 3)


def degenerate(x, y):
    """Return R_C, for real y < 0 its principal value."""

    def principal(x, y):
        return np.sqrt(x / (x - y)) * first(x - y, -y, -y)

    negative = (value(y).real < 0) & (value(y).imag == 0)
    return _split(negative, principal, lambda x, y: first(x, y, y), x, y)


def _degenerate_beside_one(e):
    """Return R_C(1, 1 + e)."""
    series = [(-1) ** k / (2 * k + 1) for k in range(24)]
    return _split(
        np.abs(value(e)) < 0.05,
        lambda e: polynomial(e, series),
        lambda e: first(1.0 + 0.0 * e, 1 + e, 1 + e),
        e,
    )


def third(x, y, z, p):
    """Return R_J, for real p < 0 its principal value."""
    negative = (value(p).real < 0) & (value(p).imag == 0)
    return _split(negative, _third_by_principal_value, _third_by_duplication, x, y, z, p)


def _third_by_duplication(x, y, z, p):
    total, power = 0.0 * (x + y + z + p), 1.0
    delta = (p - x) * (p - y) * (p - z)
    for _ in range(_steps(x, y, z, p)):
        a, b, c, q = np.sqrt(x), np.sqrt(y), np.sqrt(z), np.sqrt(p)
        d = (q + a) * (q + b) * (q + c)
        total = total + power / d * _degenerate_beside_one(power**3 * delta / (d * d))
        shift = a * b + a * c + b * c
        x, y, z, p = ((each + shift) / 4 for each in (x, y, z, p))
        power = power / 4
    mean = (x + y + z + 2 * p) / 5
    return 6 * total + power / (mean * np.sqrt(mean))


def _third_by_principal_value(x, y, z, p):
    """Return it by one of a positive p (DLMF, 19.20.14)."""
    x, y, z = _sorted(x, y, z)
    other = (z * (x + y - p) - x * y) / (z - p)
    product = x * y - other * p
    rest = np.sqrt(x * y * z / product) * degenerate(product, -other * p)
    return ((other - z) * _third_by_duplication(x, y, z, other) - 3 * first(x, y, z) + 3 * rest) / (z - p)


def _sorted(*arguments):
    """Return the arguments in the order of their real parts."""
    order = np.argsort(np.stack([value(x).real for x in arguments]), axis=0)
    return list(np.take_along_axis(np.stack(arguments), order, axis=0))


#: The integrals of SciPy that are differentiated so, with the number of their arguments.
INTEGRALS = {
    "elliprc": (degenerate, 2),
    "elliprf": (first, 3),
    "elliprd": (lambda x, y, z: first_and_second(x, y, z)[1], 3),
    "elliprj": (third, 4),
}


def _of_complex_numbers(ufunc, function):
    def rule(*args):
        values = ufunc(*map(value, args))
        dtype = dtype_of(*args)
        with np.errstate(all="ignore"):
            return with_values(function(*[x.astype(dtype) for x in args]), values)

    return rule


for _name, (_function, _count) in INTEGRALS.items():
    _by(*range(_count))(_name, _function)
    _ufunc = getattr(special, _name)
    register_complex_rule(_ufunc, "C" * (_count + 1), _of_complex_numbers(_ufunc, _function))


def _slopes_of_area(x, y, z, _):
    """Return those of R_G; formulas for R_G itself cancel where the arguments have different sizes."""

    def slope(x, y, z):
        part = x * special.elliprd(y, z, x)
        if not has_duals(x):  # the limit, which has an infinite slope
            part = np.where(x == 0, 0.0, part)
        return (special.elliprf(x, y, z) - part / 3) / 4

    return slope(x, y, z), slope(y, z, x), slope(z, x, y)


differentiate(elliprg=_slopes_of_area)
register_complex_rule(special.elliprg, "CCCC", equations((special.elliprg, _slopes_of_area), by=(0, 1, 2)))

# ---- Legendre's ---------------------------------------------------------------------------------------------------


def _incomplete(phi, m):
    """Return F(phi | m) and E(phi | m): whole periods, and Carlson's forms for the rest."""
    turns = np.round(value(phi) / math.pi)
    phi = phi - turns * math.pi
    s = np.sin(phi)
    c2, d2 = np.where(np.abs(value(phi)) > math.pi / 4, np.cos(phi) ** 2, 1 - s * s), 1 - m * s * s
    of_first_kind, of_second_kind = first_and_second(c2, d2, 1.0 + 0.0 * s)
    f = s * of_first_kind
    return 2 * turns * special.ellipk(m) + f, 2 * turns * special.ellipe(
        m
    ) + f - m / 3 * s**3 * of_second_kind


_by(1)("ellipkinc", lambda phi, m: _incomplete(phi, m)[0])
_by(1)("ellipeinc", lambda phi, m: _incomplete(phi, m)[1])
