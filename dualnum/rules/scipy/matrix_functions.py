"""scipy.linalg: exp, log, roots, cos, sin, sign and others of matrices, and what corrects results order by order."""

import numpy as np
from scipy import linalg

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.linalg._helpers import inverse
from dualnum.rules.scipy._registry import arrays, of_scipy, require_close

#: Numerator of the diagonal Pade approximant of exp, of order 13.
PADE = [1.0]
for _j in range(13):
    PADE.append(PADE[-1] * (13 - _j) / ((26 - _j) * (_j + 1)))


def _expm(a):
    """Return exp(A) by scaling and squaring; norm 1 leaves digits for many derivatives of Pade's approximant."""
    size = np.max(np.sum(np.abs(value(a)), axis=-2), initial=0.0)
    squarings = max(0, int(np.ceil(np.log2(size)))) if size > 1 else 0
    a = a * 0.5**squarings
    square, one = a @ a, np.eye(a.shape[-1])
    even, odd = PADE[12] * one, PADE[13] * one
    for k in range(10, -1, -2):
        even, odd = even @ square + PADE[k] * one, odd @ square + PADE[k + 1] * one
    odd = a @ odd
    y = np.linalg.solve((even - odd).view(DualArray), (even + odd).view(DualArray))
    for _ in range(squarings):
        y = y @ y
    return y


@of_scipy(linalg, "expm")
def expm(y, A):
    (a,) = arrays("expm", A)
    return require_close("expm", _expm(np.atleast_2d(a)), y)


def corrected(x, dtype, residual, divide):
    """Return x with derivatives in the levels of dtype: ``x += divide(residual(x))``, component by component."""
    for _ in range(degree(dtype)):
        e = np.asarray(nilpotent_part(np.array(residual(x))))
        numbers = np.moveaxis(components(e), -1, 0)
        step = np.stack([divide(number) if number.any() else number for number in numbers], axis=-1)
        x = x + from_components(step, e.dtype).view(DualArray)
    return x


@of_scipy(linalg, "sqrtm")
def sqrtm(x, A, **_):
    (a,) = arrays("sqrtm", A)
    x = _one_matrix("sqrtm", x)
    _require_invertible("sqrtm", a)
    return corrected(x, a.dtype, lambda y: a - y @ y, lambda e: linalg.solve_sylvester(x, x, e))


@of_scipy(linalg, "logm")
def logm(x, A, **_):
    (a,) = arrays("logm", A)
    x = _one_matrix("logm", x)
    _require_invertible("logm", a)
    n = len(x)
    units = np.eye(n * n).reshape(n * n, n, n)
    slopes = np.stack([linalg.expm_frechet(x, unit, compute_expm=False).ravel() for unit in units], axis=1)
    slopes = linalg.lu_factor(slopes)
    return corrected(
        x, a.dtype, lambda y: a - _expm(y), lambda e: linalg.lu_solve(slopes, e.ravel()).reshape(n, n)
    )


def _one_matrix(name, x):
    """Return a result as a real matrix, if its imaginary part is zero."""
    if not (isinstance(x, np.ndarray) and x.ndim == 2):
        raise ValueError(
            f"{name} of duals expects one matrix and no disp=, got others; use dualnum.value(x) for the values alone."
        )
    return x if np.imag(x).any() else np.real(x)


def _require_invertible(name, a, where=""):
    if np.linalg.matrix_rank(value(a)) < len(a):
        raise ValueError(
            f"{name} of duals expects an invertible matrix{where}, because its derivatives are infinite elsewhere, got "
            f"a singular one; use dualnum.value(x) for the values alone."
        )


def _rotation(a):
    """Return ``exp([[0, -A], [A, 0]])``, whose first column of blocks is cos(A) and sin(A)."""
    zero = 0.0 * a
    return _expm(
        np.concatenate([np.concatenate([zero, -a], 1), np.concatenate([a, zero], 1)]).view(DualArray)
    )


@of_scipy(linalg, "cosm")
def cosm(y, A):
    (a,) = arrays("cosm", A)
    return require_close("cosm", _rotation(a)[: len(a), : len(a)], _one_matrix("cosm", y))


@of_scipy(linalg, "sinm")
def sinm(y, A):
    (a,) = arrays("sinm", A)
    return require_close("sinm", _rotation(a)[len(a) :, : len(a)], _one_matrix("sinm", y))


@of_scipy(linalg, "signm")
def signm(y, A, **_):
    """The matrix S with ``S^2 = 1``, the limit of ``(S + S^-1) / 2`` from A; the convergence is quadratic."""
    (x,) = arrays("signm", A)
    _one_matrix("signm", y)
    left = degree(x.dtype) + 1
    for _ in range(100):
        before, x = value(x), (x + inverse(x, np.linalg.inv(value(x)))) / 2
        left -= np.allclose(value(x), before, rtol=1e-12, atol=1e-14)
        if not left:
            break
    return require_close("signm", x, y)


@of_scipy(linalg, "fractional_matrix_power")
def fractional_matrix_power(y, A, t):
    """A^t: for whole t products, else ``exp(t log(A))``."""
    (a,) = arrays("fractional_matrix_power", A)
    if not is_dual(t) and t == int(t):
        return np.linalg.matrix_power(a, int(t))
    y = _one_matrix("fractional_matrix_power", y)
    _require_invertible("fractional_matrix_power", a, " for a power that is not whole")
    log = _one_matrix("fractional_matrix_power", linalg.logm(value(a)))
    if is_dual(a):
        log = logm(log, a)
    return require_close("fractional_matrix_power", _expm(t * log), y)


@rule(linalg.funm)
def funm(A, func, disp=True):
    """The function ``V func(w) V^-1`` of a matrix with the eigenvalues w and the vectors V, which may be complex.

    Where eigenvalues are close, the derivatives of V cancel and lose their digits, while the values stay good.  So
    all components are compared with those of a reflected matrix, whose rounding errors differ.
    """
    values = linalg.funm(*float_arguments((A,)), func, disp)
    if not holds_duals(A):
        return values
    (a,) = arrays("funm", A, or_complex=False)
    values = _one_matrix("funm", values)
    if np.iscomplexobj(values):
        raise ValueError(
            "funm of duals expects a real result, got a complex one; use V func(w) V^-1 of np.linalg.eig."
        )
    eig = np.linalg.eigh if np.array_equal(components(a), components(np.array(a.T))) else np.linalg.eig

    def of(matrix):
        w, v = eig(matrix)
        return np.real((v * func(w)) @ np.linalg.inv(v))

    normal = np.sqrt(np.arange(2.0, len(a) + 2))
    mirror = np.eye(len(a)) - 2 * np.outer(normal, normal) / (normal @ normal)
    with np.errstate(all="ignore"):
        found, again = of(a), mirror @ of(mirror @ a @ mirror) @ mirror
        p, q = (components(np.array(x)) for x in (found, again))
        sizes = np.max(np.abs(p), axis=(0, 1))
        close = np.isfinite(p) & (np.abs(p - q) <= 1e-6 * sizes + 1e-10 * np.max(sizes))
    if not np.all(close):
        raise ValueError(
            "funm of duals expects eigenvalues that are well apart, and func to have derivatives at them, got "
            "others; use dualnum.value(x) for the values alone."
        )
    return numpy_result(np.array(require_close("funm", found, values)), values)
