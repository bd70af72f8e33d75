"""scipy.fft."""

from scipy import fft

from dualnum.rules.scipy._linear import register_linear

register_linear(fft, "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 hfft2 ihfft2")
register_linear(fft, "fftn ifftn rfftn irfftn hfftn ihfftn dct idct dst idst dctn idctn dstn idstn")
