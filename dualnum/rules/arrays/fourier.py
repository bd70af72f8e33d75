"""Fourier transforms, which raise TypeError as long as duals cannot be complex."""

import numpy as np

from dualnum.rules._registry import rule

_TRANSFORMS = "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split()


def _refusal(name):
    def rule(*args, **kwargs):
        raise TypeError(
            f"fft.{name} of duals needs complex duals, which do not exist yet; it is linear, so transform "
            f"dualnum.value(x) and the tangents, dualnum.tangent(x), on their own."
        )

    return rule


for _name in _TRANSFORMS:
    rule(getattr(np.fft, _name))(_refusal(_name))
