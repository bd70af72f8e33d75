"""scipy.ndimage: filters and interpolations that are linear in the image."""

from scipy import ndimage

from dualnum.rules.scipy._linear import register_linear

register_linear(
    ndimage,
    "gaussian_filter gaussian_filter1d uniform_filter uniform_filter1d convolve correlate convolve1d correlate1d "
    "laplace sobel prewitt gaussian_laplace spline_filter spline_filter1d zoom shift rotate affine_transform "
    "map_coordinates sum sum_labels mean",
)
