"""Complex matrices, with derivatives of every kind of levels, for the tests of linear algebra."""

import numpy as np

import dualnum as dn
from dualnum import _core
from dualnum.rules._components import components, from_components

DTYPES = [dn.DualDType(2), dn.DualDType(1, 2), dn.DualDType(order=4), dn.DualDType(2, degree=3)]


def draw(*shape, seed=0):
    """Return complex numbers, the same ones for the same shape and seed."""
    rng = np.random.default_rng([seed, *shape])
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def duals(values, dtype, seed=1):
    """Return complex duals with these values and drawn derivatives; real ones of real values."""
    numbers = draw(*np.shape(values), dtype.itemsize // 8, seed=seed)
    numbers[..., 0] = values
    re, im = (from_components(np.ascontiguousarray(part), dtype) for part in (numbers.real, numbers.imag))
    return (_core.complex_from(re, im) if np.iscomplexobj(values) else re).view(dn.DualArray)


def adjoint(a):
    return np.conjugate(a).swapaxes(-1, -2)


def spread(*shape, seed=0):
    """Return matrices whose eigenvalues, singular values and largest components are well apart."""
    return draw(*shape, seed=seed) + np.eye(*shape[-2:]) * np.arange(3, 3 + 3 * shape[-1], 3)


def zero(x, tolerance=1e-10):
    """Check that every component of duals vanishes."""
    if isinstance(x, (np.ndarray, dn.Dual, _core.ComplexDual)) and _core.real_dtype(x.dtype):
        x = components(np.asarray(x))
    np.testing.assert_allclose(x, 0, atol=tolerance)
