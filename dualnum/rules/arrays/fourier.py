"""Fourier transforms: linear, so that they transform every component of duals by itself."""

import numpy as np

from dualnum._core import real_dtype
from dualnum.rules._components import components, from_components
from dualnum.rules._operands import as_dual_arrays
from dualnum.rules._registry import rule

_ONE_AXIS = "fft ifft rfft irfft hfft ihfft".split()
_SOME_AXES = "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split()


def transformed(transform, a, axes):
    """Return a transform of duals: ``transform(numbers, axes)`` takes arrays with the components along a first axis."""
    a = np.asarray(a)
    axes = [axis + 1 if axis >= 0 else axis for axis in axes]
    found = transform(np.moveaxis(components(a), -1, 0), axes)
    return as_dual_arrays(from_components(np.moveaxis(found, 0, -1), real_dtype(a.dtype)))


def _of_one_axis(function):
    def rule(a, n=None, axis=-1, norm=None, out=None):
        """Transform along an axis."""
        _refuse_out(function, out)
        return transformed(lambda x, axes: function(x, n, axes[0], norm), a, [axis])

    return rule


def _of_axes(function, default):
    def rule(a, s=None, axes=default, norm=None, out=None):
        """Transform along axes: by default the last ones, as many as s has, or all."""
        _refuse_out(function, out)
        if axes is None:
            axes = range(-len(s), 0) if s is not None else range(np.ndim(a))
        return transformed(lambda x, axes: function(x, s, axes, norm), a, axes)

    return rule


def _refuse_out(function, out):
    if out is not None:
        raise TypeError(f"fft.{function.__name__} of duals expects out=None, got an array.")


for _name in _ONE_AXIS:
    rule(getattr(np.fft, _name))(_of_one_axis(getattr(np.fft, _name)))
for _name in _SOME_AXES:
    rule(getattr(np.fft, _name))(_of_axes(getattr(np.fft, _name), (-2, -1) if _name.endswith("2") else None))
