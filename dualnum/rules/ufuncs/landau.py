"""The Landau distribution's functions of ``scipy.stats``: integrals of exponentials, which run on duals.

With ``z = pi / 2 (x - loc) / scale + log(pi / 2 / scale)`` the density of z is an integral along any line Re(s) > 0,
``1 / (2 pi i) int exp(s log(s) + z s) ds``; 1/s more under the integral gives the distribution function.  For z < -0.7
the line goes through the saddle point ``s = exp(-1 - z)``, so that small densities keep their digits.  Else it folds
onto the negative axis: ``1 / pi int_0^inf exp(-t log(t) - z t) sin(pi t) dt``.
"""

import math

import numpy as np

from dualnum._core import value
from dualnum.rules.ufuncs.incomplete import _by, _inverse, _split

_U = np.arange(-4.2, 5.0, 0.06)
#: Nodes and weights on the half line: the trapezoidal rule in u, ``t = exp(u - exp(-u))``.
NODES, WEIGHTS = np.exp(_U - np.exp(-_U)), 0.06 * np.exp(_U - np.exp(-_U)) * (1 + np.exp(-_U))


def _standard(loc, scale, x):
    return math.pi / 2 * (x - loc) / scale + np.log(math.pi / 2 / scale)


def _at_saddle(z, by):
    """Return ``1 / pi int Re(exp(s log(s) + z s) / s^by) dy`` on the line ``s = exp(-1 - z) + i y``."""
    saddle = np.exp(-1 - value(z))[..., None]
    s = saddle + 1j * NODES * np.sqrt(saddle)
    fixed = s * np.log(s) - by * np.log(s)
    size, angle = np.exp(fixed.real + z[..., None] * s.real), fixed.imag + z[..., None] * s.imag
    return np.sum(WEIGHTS * np.sqrt(saddle) * size * np.cos(angle), axis=-1) / math.pi


def _on_axis(z, by):
    """Return ``1 / pi int_0^inf exp(-t log(t) - z t) sin(pi t) / t^by dt``."""
    reach = (2 / (1 + np.maximum(value(z), 0.0)))[..., None]
    t = NODES * reach
    factor = WEIGHTS * reach * np.sin(math.pi * t) / t**by
    return np.sum(factor * np.exp(-t * np.log(t) - z[..., None] * t), axis=-1) / math.pi


def _density(loc, scale, x):
    z = _standard(loc, scale, x)
    return _split(value(z) < -0.7, lambda z: _at_saddle(z, 0), lambda z: _on_axis(z, 0), z) * (
        math.pi / 2 / scale
    )


def _below(loc, scale, x):
    z = _standard(loc, scale, x)
    return _split(value(z) < -0.7, lambda z: _at_saddle(z, 1), lambda z: 1 - _on_axis(z, 1), z)


def _above(loc, scale, x):
    z = _standard(loc, scale, x)
    return _split(value(z) < -0.7, lambda z: 1 - _at_saddle(z, 1), lambda z: _on_axis(z, 1), z)


for _name, _f in (("pdf", _density), ("cdf", _below), ("sf", _above)):
    _by(0, 1, 2)(f"_landau_{_name}", lambda x, loc, scale, f=_f: f(loc, scale, x))
_by(0, 1, 2)("_landau_ppf", _inverse(_below, _density), inverse=True, at=0)
_by(0, 1, 2)("_landau_isf", _inverse(_above, _density, -1.0), inverse=True, at=0)
