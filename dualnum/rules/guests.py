"""Packages that take an array of duals for something else: each function here corrects one after its import.

np.ma knows built-in dtypes only; h5py and pandas ask for the kind of a dtype, "V", which duals share with opaque bytes;
sparse compares memory or values.
"""

import functools
import sys

import numpy as np

from dualnum._core import DUAL_DTYPES, ComplexDual, ComplexDualDType, Dual, DualDType, is_real, value
from dualnum.rules._components import components
from dualnum.rules._operands import has_duals, is_dual

__all__: list[str] = []


def replace(package, name, make):
    """Replace a function of a module by `make` of it, there and where other modules of its package import it."""
    own = getattr(sys.modules[package], name)
    new = functools.wraps(own)(make(own))
    for module_name, module in list(sys.modules.items()):
        if module_name.split(".")[0] == package.split(".")[0]:
            for alias, attribute in list(getattr(module, "__dict__", {}).items()):
                if attribute is own:
                    setattr(module, alias, new)


def h5py_types():
    """Let h5py refuse to write duals: it took them for opaque bytes."""

    def make(own):
        def py_create(dtype, *args, **kwargs):
            if isinstance(dtype, DUAL_DTYPES):
                raise TypeError(
                    "h5py expects dtypes that a file can hold, got duals; use dualnum.value(x) and "
                    "dualnum.tangent(x)."
                )
            return own(dtype, *args, **kwargs)

        return py_create

    replace("h5py.h5t", "py_create", make)


def pandas_blocks():
    """Let pandas concatenate frames with duals, of which it made nan, and store numbers in a Series of duals."""
    lossy = sys.modules["pandas.core.dtypes.cast"].LossySetitemError

    def concatenating(own):
        def _concatenate_join_units(join_units, *args, **kwargs):
            blocks = [unit.block for unit in join_units]
            if not any(isinstance(block.dtype, DUAL_DTYPES) for block in blocks):
                return own(join_units, *args, **kwargs)
            # a block of dtype void stands for a column that a frame does not have
            return np.concatenate(
                [
                    np.full(block.shape, np.nan)
                    if block.dtype.kind == "V" and not has_duals(block.values)
                    else block.values
                    for block in blocks
                ],
                axis=1,
            )

        return _concatenate_join_units

    def storing(own):
        def np_can_hold_element(dtype, element):
            if not isinstance(dtype, DUAL_DTYPES):
                return own(dtype, element)
            if isinstance(element, (Dual, ComplexDual)):
                element = np.asarray(element)
            kind = np.asarray(element).dtype
            if not is_real(kind) and (
                not isinstance(kind, DUAL_DTYPES) or np.result_type(kind, dtype) is not dtype
            ):
                raise lossy
            return element

        return np_can_hold_element

    replace("pandas.core.internals.concat", "_concatenate_join_units", concatenating)
    replace("pandas.core.dtypes.cast", "np_can_hold_element", storing)


def optimizers():
    """Let fsolve, leastsq and their kin refuse duals before compiled code calls f, which prints the error it gets."""

    def refusing(own):
        def _check_func(checker, argname, function, *args):
            shape, dtype = own(checker, argname, function, *args)
            if isinstance(dtype, DUAL_DTYPES):
                raise TypeError(
                    f"{checker} expects {argname} to return floats, got duals: its compiled code would lose their "
                    f"derivatives; use dualnum.lift(f) of the function that calls it, as drivers do, or "
                    f"dualnum.implicit."
                )
            return shape, dtype

        return _check_func

    replace("scipy.optimize._minpack_py", "_check_func", refusing)


def sparse_zeros():
    """Let sparse keep elements of value 0 that have derivatives."""

    def make(own):
        def equivalent(x, y, /, *args, **kwargs):
            if not (is_dual(x) or is_dual(y)):
                return own(x, y, *args, **kwargs)
            x, y = np.asarray(x), np.asarray(y)
            difference = np.asarray(x - y)
            moving = components(difference)[..., 1:].any(axis=-1) & ~np.isnan(difference)
            return own(value(x), value(y), *args, **kwargs) & ~moving

        return equivalent

    replace("sparse.numba_backend._utils", "equivalent", make)


def masked_arrays():
    """Give masked arrays of duals float64's fill values, extrema and weighted average."""

    def filling(own):
        def default_fill_value(obj):
            dtype = getattr(obj, "dtype", obj)
            if isinstance(dtype, DUAL_DTYPES):
                return own(np.dtype(float if isinstance(dtype, DualDType) else complex))
            return own(obj)

        return default_fill_value

    def averaging(own):
        def average(a, axis=None, weights=None, returned=False, *, keepdims=np._NoValue):
            """Return sum(w a) / sum(w) over the elements that are not masked, by np.ma's arithmetic."""
            if weights is None or not (has_duals(a) or has_duals(weights)):
                return own(a, axis, weights, returned, keepdims=keepdims)
            a, w = np.ma.asarray(a), np.ma.asarray(weights)
            own(np.zeros(a.shape), axis, np.ones(w.shape))  # NumPy's checks
            if a.shape != w.shape:
                axes = np.lib.array_utils.normalize_axis_tuple(axis, a.ndim)
                w = w.transpose(np.argsort(axes))
                w = w.reshape([n if i in axes else 1 for i, n in enumerate(a.shape)]) + np.zeros(a.shape)
            w = np.ma.array(w, mask=np.ma.mask_or(np.ma.getmask(w), np.ma.getmask(a)))
            options = {} if keepdims is np._NoValue else {"keepdims": keepdims}
            total = w.sum(axis, **options)
            mean = (a * w).sum(axis, **options) / total
            return (mean, total) if returned else mean

        return average

    replace("numpy.ma.core", "default_fill_value", filling)
    replace("numpy.ma.extras", "average", averaging)
    core = sys.modules["numpy.ma.core"]  # numpy has no attribute ma yet
    for table in (core.min_filler, core.max_filler):
        table[DualDType().type] = table[np.float64]  # NumPy looks the scalar type up
        table[ComplexDualDType().type] = table[np.complex128]
