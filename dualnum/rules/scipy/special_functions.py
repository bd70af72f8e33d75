"""scipy.special's functions that are no ufuncs, in lifted code."""

import numpy as np
from scipy import special

from dualnum._core import value
from dualnum.rules._components import degree
from dualnum.rules._operands import numpy_result, with_values
from dualnum.rules._registry import rule
from dualnum.rules.ufuncs.equations import primitive
from dualnum.rules.ufuncs.polynomials import associated_legendre


@rule(special.lambertw)
def lambertw(z, k=0, tol=1e-8):
    """Lambert's W, complex as SciPy's: ``W' = exp(-W) / (1 + W)``."""
    values = np.asarray(special.lambertw(value(z), k, tol))
    z, y = np.broadcast_to(np.asarray(z) + 0j, values.shape).ravel(), values.ravel()
    with np.errstate(all="ignore"):
        for _ in range(degree(z.dtype)):
            y = primitive(values.ravel(), (np.exp(-y) / (1 + y), z))
    return numpy_result(y.reshape(values.shape), values[()])


@rule(special.spherical_kn)
def spherical_kn(n, z, derivative=False):
    """The modified spherical function for z >= 0."""
    if not np.iscomplexobj(z) and np.any(value(z) < 0):
        raise ValueError("spherical_kn of duals expects z >= 0, got z < 0, where the function is complex.")
    ufunc = special._ufuncs._spherical_kn_d if derivative else special._ufuncs._spherical_kn
    return ufunc(np.asarray(n, int), z)


# ---- Legendre functions and spherical harmonics, from SciPy 1.15 on ---------------------------------------------


def _refuse_derivatives(name, diff_n):
    if diff_n:
        raise TypeError(
            f"{name} of duals expects diff_n=0, got {diff_n!r}: the drivers of dualnum give its derivatives."
        )


def _shaped(result, values):
    """Return result with these values and their shape, which may have one more axis of length 1."""
    return with_values(np.reshape(result, np.shape(values)), values)


def _on_the_sphere(n, m, theta):
    """Return the normalized functions of cos(theta), by the modulus of sin(theta) as SciPy; at 0 from the right."""
    theta = np.asarray(theta)
    sine = np.sin(theta)
    sine = np.where(value(sine) < 0, -sine, sine)
    return associated_legendre(np.asarray(n), np.asarray(m), np.cos(theta), sine) * (
        _norm(n, m) / np.sqrt(4 * np.pi)
    )


def _norm(n, m):
    """Return sqrt((2 n + 1) (n - m)! / (n + m)!), 0 for |m| > n."""
    n, m = np.asarray(n, int), np.asarray(m, int)
    known = np.abs(m) <= n
    low, high = np.where(known, n - m, 0), np.where(known, n + m, 0)
    return np.where(known, np.sqrt((2 * n + 1) / special.poch(low + 1.0, high - low)), 0.0)


def legendre_p(n, z, *, diff_n=0):
    """Legendre's polynomial."""
    _refuse_derivatives("legendre_p", diff_n)
    return _shaped(special.eval_legendre(n, z), special.legendre_p(n, value(z)))


def assoc_legendre_p(n, m, z, *, branch_cut=2, norm=False, diff_n=0):
    """The associated Legendre functions between -1 and 1."""
    _refuse_derivatives("assoc_legendre_p", diff_n)
    values = special.assoc_legendre_p(n, m, value(z), branch_cut=branch_cut, norm=norm)
    if np.iscomplexobj(value(z)) or np.any(np.abs(value(z)) > 1) or np.any(np.asarray(branch_cut) != 2):
        raise TypeError(
            "assoc_legendre_p of duals expects real z from -1 to 1 and branch_cut=2; write it with eval_gegenbauer."
        )
    z = np.asarray(z)
    with np.errstate(all="ignore"):
        root = np.sqrt((1 - z) * (1 + z))
        return _shaped(
            associated_legendre(np.asarray(n), np.asarray(m), z, root)
            * (_norm(n, m) / np.sqrt(2) if norm else 1.0),
            values,
        )


def sph_legendre_p(n, m, theta, *, diff_n=0):
    """The associated Legendre functions of cos(theta), normalized on the sphere."""
    _refuse_derivatives("sph_legendre_p", diff_n)
    values = special.sph_legendre_p(n, m, value(theta))
    return _shaped(_on_the_sphere(n, m, theta), values)


def sph_harm_y(n, m, theta, phi, *, diff_n=0):
    """The spherical harmonics."""
    _refuse_derivatives("sph_harm_y", diff_n)
    values = special.sph_harm_y(n, m, value(theta), value(phi))
    phase = np.exp(1j * (np.asarray(m) * np.asarray(phi)))
    return _shaped(_on_the_sphere(n, m, theta) * phase, values)


for _rule in (legendre_p, assoc_legendre_p, sph_legendre_p, sph_harm_y):
    if _function := getattr(special, _rule.__name__, None):
        rule(_function)(_rule)
