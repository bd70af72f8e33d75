"""scipy.fft: the transforms with real results."""

from scipy import fft

from dualnum.rules.scipy._linear import register_linear

register_linear(fft, "dct idct dst idst dctn idctn dstn idstn")
