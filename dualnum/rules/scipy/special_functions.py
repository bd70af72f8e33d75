"""scipy.special's functions in Python that compute with complex numbers: their real cases, in lifted code."""

import numpy as np
from scipy import special

from dualnum._core import value
from dualnum.rules._components import degree, nilpotent_part
from dualnum.rules._operands import numpy_result
from dualnum.rules._registry import rule


@rule(special.lambertw)
def lambertw(z, k=0, tol=1e-8):
    """Lambert's W on its real branches, as real numbers: ``W' = exp(-W) / (1 + W)``."""
    values = special.lambertw(value(z), k, tol)
    if np.any(np.imag(values)):
        raise ValueError(
            "lambertw of duals expects z > -1/e on the branches k = 0 and -1, got a complex result."
        )
    x, w = np.array(z), np.array(np.real(values), float)
    slope = np.exp(w) * (1 + w)
    y = w
    with np.errstate(all="ignore"):
        for _ in range(degree(x.dtype)):
            y = y - np.asarray(nilpotent_part(np.array(y * np.exp(y) - x)) / slope)
    return numpy_result(np.array(y), np.real(values)[()])


@rule(special.spherical_kn)
def spherical_kn(n, z, derivative=False):
    """The modified spherical function for z >= 0."""
    if np.any(value(z) < 0):
        raise ValueError("spherical_kn of duals expects z >= 0, got z < 0, where the function is complex.")
    ufunc = special._ufuncs._spherical_kn_d if derivative else special._ufuncs._spherical_kn
    return ufunc(np.asarray(n, int), z)
