"""scipy.interpolate, ndimage, signal, fft and spatial.distance in lifted code: values are SciPy's bits.

Derivatives equal differences of order 8, third ones those of the second ones, and closed forms where these exist.
"""

import numpy as np
import pytest

import dualnum as dn

fft = pytest.importorskip("scipy.fft")
itp = pytest.importorskip("scipy.interpolate")
ndi = pytest.importorskip("scipy.ndimage")
sig = pytest.importorskip("scipy.signal")
dist = pytest.importorskip("scipy.spatial.distance")
opt = pytest.importorskip("scipy.optimize")
sps = pytest.importorskip("scipy.sparse.linalg")

rng = np.random.default_rng(2)
X = np.array([0.0, 1.0, 1.7, 3.0, 4.2, 5.0])
Y, (Z, W), (A, B) = rng.normal(size=6), rng.normal(size=(2, 12)), rng.normal(size=(2, 5, 6))
P, Q = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
TABLE = rng.normal(size=(6, 5, 4))
KNOTS = np.array([0, 0, 0, 1, 2, 3, 3, 3.0])
POINT = 0.79
SPLINE, BSPLINE = itp.CubicSpline(X, Y), itp.make_interp_spline(X, Y, k=3)
COEFFICIENTS = itp.splrep(X, Y)[1]
FITPACK = itp.UnivariateSpline(X, Y, s=0.1)
GRID2 = itp.RegularGridInterpolator((X, X[:5]), TABLE[..., 0])
GRID3 = itp.RegularGridInterpolator((X, X[:5], X[:4]), TABLE)
SMOOTH = {
    m: itp.RegularGridInterpolator((X, X), Z[:6, None] * W[:6], method=m)
    for m in ("cubic", "quintic", "pchip")
}
SCATTERED = rng.uniform(-1, 6, (40, 2))
HEIGHTS = rng.normal(size=(40, 2))
BETWEEN = [itp.LinearNDInterpolator(SCATTERED, HEIGHTS, rescale=rescale) for rescale in (False, True)]
SURFACE = itp.RectBivariateSpline(X, X[:5], TABLE[..., 0], kx=2)
RADIAL = "linear thin_plate_spline cubic quintic multiquadric inverse_multiquadric inverse_quadratic gaussian".split()
BUTTER, SECTIONS = sig.butter(3, 0.3), sig.butter(4, 0.3, output="sos")


def y(x):
    return Y * x + np.sin(Y + x)


def signal(x):
    return Z * np.cos(x) + x * W


def image(x):
    return A * x + B * np.sin(x)


def image_slope(x):
    return A + B * np.cos(x)


def points(x):
    return P * np.cos(x) + x * Q[:4]


INTERPOLATIONS = {
    "spline of x": lambda x: SPLINE(np.array([x, 2 * x, 3.1])),
    "its slope": lambda x: SPLINE(x, 1),
    "its derivative": lambda x: SPLINE.derivative()(x),
    "its primitive": lambda x: SPLINE.antiderivative()(x),
    "its integral": lambda x: SPLINE.integrate(0.2, x),
    "spline of y": lambda x: itp.CubicSpline(X, y(x))(2.2),
    "spline of knots": lambda x: itp.CubicSpline(X * x, y(x))(x * 1.3),
    "natural": lambda x: itp.CubicSpline(X, y(x), bc_type="natural")(x),
    "clamped": lambda x: itp.CubicSpline(X, y(x), bc_type="clamped")(x + 9),
    "periodic": lambda x: itp.CubicSpline(X, np.r_[y(x)[:5], y(x)[0]], bc_type="periodic")(x),
    "integral of y": lambda x: itp.CubicSpline(X, y(x)).integrate(x, 4.0),
    "primitive on all intervals": lambda x: itp.CubicSpline(X, y(x)).antiderivative()(X[1:] - 0.1 * x),
    "primitive of y": lambda x: itp.CubicSpline(X, y(x)).antiderivative()(x),
    "pchip": lambda x: itp.PchipInterpolator(X, y(x))(x),
    "akima": lambda x: itp.Akima1DInterpolator(X, y(x))(x),
    "Hermite": lambda x: itp.CubicHermiteSpline(X, y(x), Y * x)(x),
    "PPoly": lambda x: itp.PPoly(np.array([[1.0, x], [x, x * x]]), [0, 1, 2])(1.5),
    "BPoly": lambda x: itp.BPoly(np.array([[1.0], [x], [2.0]]), [0, 1])(x / 3, nu=1),
    "B-spline of x": lambda x: BSPLINE(x),
    "its second slope": lambda x: BSPLINE(x, nu=2),
    "B-spline of y": lambda x: itp.make_interp_spline(X, y(x), k=5)(x),
    "derivative of y": lambda x: itp.make_interp_spline(X, y(x)).derivative()(x),
    "knots": lambda x: itp.BSpline(np.array([0, 0, 0, x, 2, 3, 3, 3.0]), np.array([1, x, x * x, 2.0, 3]), 2)(
        1.1
    ),
    "knots' slope": lambda x: itp.BSpline(KNOTS * x, np.array([1, x, x * x, 2.0, 3]), 2)(1.1, nu=1),
    "least squares": lambda x: itp.make_lsq_spline(X, y(x), np.array([0, 0, 0, 0, 2.0, 5, 5, 5, 5]))(x),
    "smoothing": lambda x: itp.make_smoothing_spline(X, y(x), lam=0.1)(x),
    "splev": lambda x: itp.splev(x, itp.splrep(X, Y)),
    "UnivariateSpline": lambda x: FITPACK(np.array([x, 2 * x]), 1),
    "outside": lambda x: itp.splev(np.array([x + 9, x]), itp.splrep(X, Y), ext=3),
    "outside, by coefficients": lambda x: itp.splev(
        np.array([-1.0, 9.0]), itp.splrep(X, Y)[:1] + (COEFFICIENTS * x, 3), ext=3
    ),
    "outside, by knots": lambda x: itp.splev(
        np.array([-1.0, 9.0, x]), (itp.splrep(X, Y)[0] * x, COEFFICIENTS, 3), ext=1
    ),
    "interp1d": lambda x: itp.interp1d(X, y(x))(x),
    **{
        f"radial {kernel}": lambda x, kernel=kernel: itp.RBFInterpolator(
            np.c_[X, Y] * x, y(x), kernel=kernel, epsilon=x, degree=2 if kernel == "quintic" else None
        )(np.array([[x, 0.3], [2 * x, x]]))
        for kernel in RADIAL
    },
    **{
        f"smooth {kernel}": lambda x, kernel=kernel: itp.RBFInterpolator(
            X[:, None], y(x), kernel=kernel, smoothing=0.3
        )(X[:4, None] + 0.3)
        for kernel in ("linear", "thin_plate_spline", "cubic", "quintic")
    },
    "radial of points": lambda x: itp.RBFInterpolator(X[:, None], Y)(np.array([[x], [1.7]]) * 1.0),
    "radial of data": lambda x: itp.RBFInterpolator(
        X[:, None], np.stack([y(x), Y * x], axis=1), smoothing=0.1
    )([[1.1]]),
    "UnivariateSpline of y": lambda x: itp.UnivariateSpline(X, y(x), s=0)(np.array([x, 3.3])),
    "its derivative of y": lambda x: itp.InterpolatedUnivariateSpline(X, y(x)).derivative()(x),
    "LSQUnivariateSpline": lambda x: itp.LSQUnivariateSpline(X, y(x), [2.5])(x),
    "integral of FITPACK": lambda x: itp.UnivariateSpline(X, y(x), s=0).integral(x, 9.0),
    "splint": lambda x: itp.splint(-1.0, 3 * x, itp.splrep(X, y(x), s=0)),
    "surface": lambda x: SURFACE.ev(np.array([x, 2 * x]), np.array([1.2, x])),
    "surface on a grid": lambda x: SURFACE(np.array([x, 2 * x]), np.array([1.2, x + 1])),
    "surface of z": lambda x: itp.RectBivariateSpline(X, X[:5], A.T * x * x).ev(x, 1.2),
    "interp1d cubic": lambda x: itp.interp1d(X, y(x), kind="cubic")(x),
    "interp1d nearest": lambda x: itp.interp1d(X, y(x), kind="nearest")(x),
    "interp1d outside": lambda x: itp.interp1d(X, y(x), fill_value="extrapolate")(x + 7),
    "grid": lambda x: GRID2((x, 2 * x)),
    "grid of three": lambda x: GRID3([x, 2 * x, x * x]),
    "grid of two points": lambda x: itp.RegularGridInterpolator(
        ([0.0, 2.5], [-1.0, 0.0, 3.0]), np.arange(6.0).reshape(2, 3) ** 2
    )([x, x * x - 1]),
    "table": lambda x: itp.RegularGridInterpolator((X, X[:5]), A.T * x)([1.1, x]),
    **{f"grid, {m}": lambda x, m=m: SMOOTH[m]([[x, 2 * x], [x * x, 3.3]]) for m in SMOOTH},
    "grid, slope": lambda x: SMOOTH["quintic"]([x, 2 * x], nu=[1, 2]),
    "grid, slinear": lambda x: GRID3([x, 2 * x, x * x], method="slinear"),
    "table, slinear": lambda x: itp.RegularGridInterpolator((X, X[:5]), A.T * x * x, method="slinear")(
        [1.1, x]
    ),
    "table, cubic": lambda x: itp.RegularGridInterpolator(
        (X, X[:5]), A.T * x * x, method="cubic", solver=sps.spsolve
    )([1.1, x]),
    "between points": lambda x: BETWEEN[0](x, 2 * x),
    "between points, scaled": lambda x: BETWEEN[1]([[x, 2 * x], [3.3, x]]),
    "between points that move": lambda x: itp.LinearNDInterpolator(SCATTERED * x, HEIGHTS * x)(1.5, x * x),
    "outside of points": lambda x: itp.LinearNDInterpolator(SCATTERED, HEIGHTS * x, fill_value=3.0)(
        [99.0, x]
    ),
    "nearest point": lambda x: itp.NearestNDInterpolator(SCATTERED, HEIGHTS * x * x)(
        [[1.1, 2.2], [4.0, 0.3]]
    ),
    "griddata": lambda x: itp.griddata(
        SCATTERED, HEIGHTS[:, 0] * x * x, (np.array([1.1, x]), np.array([x, 2.0]))
    ),
    "griddata nearest": lambda x: itp.griddata(
        SCATTERED, HEIGHTS * np.exp(x), [[1.1, 2.2]], method="nearest"
    ),
    "interpn": lambda x: itp.interpn((X, X[:5]), A.T * x, np.array([[1.1, x], [x, x]])),
}
RECURSIVE = {
    "lfilter": lambda x: sig.lfilter([x, 1.0 - x], [2 * x, -x / 2, x * x / 5], signal(x)),
    "lfilter zi": lambda x: sig.lfilter([x, 1.0 - x], [1, -x / 2], signal(x), zi=[x])[0],
    "final state": lambda x: sig.lfilter([x, 1.0 - x], [2.0, -x / 2, x * x / 5], signal(x), zi=[x, 1.0])[1],
    "short": lambda x: sig.lfilter([x, 1, 2, x, 3], [2.0, -x / 2], signal(x)[:2], zi=[x, 1.0, 2.0, x])[1],
    "filtfilt": lambda x: sig.filtfilt(*BUTTER, np.r_[signal(x), signal(x)]),
    "sosfiltfilt": lambda x: sig.sosfiltfilt(SECTIONS, np.r_[signal(x), signal(x)]),
    "convolve": lambda x: sig.convolve(signal(x), signal(x)[:3]),
    "same": lambda x: sig.convolve(signal(x), signal(x)[:3], mode="same"),
    "same, longer": lambda x: sig.convolve(W[:4], signal(x), mode="same"),
    "fftconvolve": lambda x: sig.fftconvolve(image(x), image(x)[:2, :3], mode="same"),
    "large numbers and zeros": lambda x: sig.fftconvolve(
        1e9 * np.stack([x, -x, x * x, x]), np.stack([1.0, 1.0, x])
    ),
    "convolve2d": lambda x: sig.convolve2d(image(x), image(x)[:2, :3], mode="valid"),
    "correlate": lambda x: sig.correlate(signal(x), signal(x)),
    "correlate same": lambda x: sig.correlate(signal(x)[:4], signal(x), mode="same"),
    "correlate valid": lambda x: sig.correlate(signal(x)[:4], signal(x), mode="valid"),
    "freqz_zpk": lambda x: np.abs(sig.freqz_zpk([x / 4, 0.3], [0.2, x / 5], x, worN=4)[1]),
    "its frequencies": lambda x: sig.freqz_zpk([x / 4], [0.2], 1.0, worN=4)[0] * x,
}
METRICS = "euclidean sqeuclidean cityblock chebyshev cosine correlation canberra braycurtis".split()
DISTANCES = {
    **{f"cdist {m}": lambda x, m=m: dist.cdist(points(x), Q, m) for m in METRICS},
    **{f"pdist {m}": lambda x, m=m: dist.pdist(points(x), m) for m in METRICS},
    "minkowski": lambda x: dist.cdist(points(x), Q, "minkowski", p=3),
    "pdist with duals as options": lambda x: dist.pdist(Q, "minkowski", p=1 + x, w=np.array([1.0, 2, 3]) * x),
    "seuclidean": lambda x: dist.cdist(points(x), Q, "seuclidean", V=np.array([1.0, 2, 3]) * x),
    "mahalanobis": lambda x: dist.cdist(points(x), Q, "mahalanobis", VI=np.diag([1.0, 2, 3]) * x),
    "squareform": lambda x: dist.squareform(dist.pdist(points(x))),
    "and back": lambda x: dist.squareform(dist.squareform(dist.pdist(points(x)))),
    "callable": lambda x: dist.cdist(points(x), Q, lambda u, v: float(np.sum((u - v) ** 4))),
}
COORDINATES = np.array([[1.2, 2.3, 0.4], [0.5, 3.0, 4.1]])
COORDINATE_CASES = {
    **{
        f"coordinates, order {order}": lambda x, order=order: ndi.map_coordinates(
            image(x), COORDINATES * x, order=order
        )
        for order in (1, 2, 3, 4, 5)
    },
    **{
        f"coordinates, {mode}": lambda x, mode=mode: ndi.map_coordinates(
            image(x), COORDINATES * x - 0.9, mode=mode
        )
        for mode in ("mirror", "reflect", "grid-wrap", "constant", "nearest")
    },
    **{
        f"coordinates far away, {mode}": lambda x, mode=mode: ndi.map_coordinates(
            image(x), np.concatenate([COORDINATES * x - 9.3, COORDINATES * x + 13.7], axis=1), mode=mode
        )
        for mode in ("mirror", "reflect", "grid-wrap", "nearest")
    },
    "median_filter": lambda x: ndi.median_filter(image(x), 3),
    "median_filter with an edge": lambda x: ndi.median_filter(image(x), 3, mode="constant", cval=0.1),
    "medfilt": lambda x: sig.medfilt(image(x)[0], 3),
    "chebwin": lambda x: np.concatenate([sig.windows.chebwin(n, 60 * x, sym=n != 9) for n in (6, 7, 8, 9)]),
    "maximum_filter": lambda x: ndi.maximum_filter(image(x), size=(2, 3), mode="wrap"),
    "minimum_filter1d": lambda x: ndi.minimum_filter1d(image(x), 3),
    "percentile_filter": lambda x: ndi.percentile_filter(image(x), 40, 3),
    "grey_erosion": lambda x: ndi.grey_erosion(image(x), 3),
    "filtfilt of both": lambda x: sig.filtfilt([x, 1.0], [1.0, -x / 2], np.r_[signal(x), signal(x)]),
    "lfilter_zi of a factor": lambda x: sig.lfilter_zi([x, 1.0, 2.0], [x / POINT, -x / 2, 0.1]),
    "lfilter_zi": lambda x: sig.lfilter_zi([x, 1.0, 2.0], [1.0, -x / 2, 0.1]),
}
CASES = COORDINATE_CASES | INTERPOLATIONS | RECURSIVE | DISTANCES
WEIGHTS = 4 / 5, -1 / 5, 4 / 105, -1 / 280


def difference(f, h=1e-3):
    pairs = [
        w * (np.asarray(f(POINT + k * h)) - np.asarray(f(POINT - k * h))) for k, w in enumerate(WEIGHTS, 1)
    ]
    return sum(pairs) / h


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    f = CASES[name]
    first = dn.jacobian(f, lift=True)
    second = dn.jacobian(dn.jacobian(f, lift=True, check=False))
    third = dn.jacobian(second)
    for derivative, below in ((first, f), (second, first), (third, second)):
        expected = difference(below)
        scale = 1e-8 * (1 + np.max(np.abs(expected)))
        np.testing.assert_allclose(derivative(POINT), expected, rtol=1e-7, atol=scale)
    third = third(POINT)
    np.testing.assert_allclose(6 * dn.taylor(f, 3, lift=True)(POINT)[3], third, rtol=1e-9, atol=scale * 1e-2)


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_scipy(name):
    f = CASES[name]
    y = dn.lift(f)(dn.Dual(POINT))
    assert np.shape(y) == np.shape(f(POINT))
    # for floats alone SciPy 1.18 interpolates linearly by np.interp
    np.testing.assert_allclose(dn.value(y), f(POINT), rtol=1e-15 if name == "interp1d" else 0)


@pytest.mark.parametrize("name", ["CubicSpline", "make_interp_spline"])
def test_splines_have_the_derivatives_of_their_polynomials(name):
    spline = getattr(itp, name)(X, Y)
    for at in (0.4, 1.0, 2.9, 5.0, 6.0):
        found = [dn.derivative(lambda x: spline(x), order=n)(at) for n in (1, 2, 3)]
        np.testing.assert_allclose(found, [spline(at, n) for n in (1, 2, 3)], rtol=1e-11, atol=1e-11)
        assert dn.derivative(lambda x: spline(x), order=4)(at) == 0


IMAGES = {
    "gaussian_filter": lambda a: ndi.gaussian_filter(a, 1.2),
    "gaussian_filter1d": lambda a: ndi.gaussian_filter1d(a, 1.2, axis=0, order=1),
    "uniform_filter": lambda a: ndi.uniform_filter(a, 3, mode="wrap"),
    "convolve": lambda a: ndi.convolve(a, np.arange(6.0).reshape(3, 2)),
    "correlate1d": lambda a: ndi.correlate1d(a, [1, 2, 3.0], mode="nearest"),
    "laplace": ndi.laplace,
    "sobel": ndi.sobel,
    "zoom": lambda a: ndi.zoom(a, 2),
    "shift": lambda a: ndi.shift(a, 0.4),
    "rotate": lambda a: ndi.rotate(a, 20.0),
    "map_coordinates": lambda a: ndi.map_coordinates(a, [[1.2, 2.3], [0.5, 3.0]]),
    "sum": ndi.sum,
    "lfilter": lambda a: sig.lfilter(*BUTTER, a),
    "sosfilt": lambda a: sig.sosfilt(SECTIONS, a, axis=0),
    "savgol_filter": lambda a: sig.savgol_filter(a, 5, 2, deriv=1),
    "detrend": sig.detrend,
    "resample": lambda a: sig.resample(a, 9),
    "resample_poly": lambda a: sig.resample_poly(a, 3, 2),
    "dct": fft.dct,
}


@pytest.mark.parametrize("name", IMAGES)
def test_linear_functions(name):
    """f(image)' = f(image'), and the derivatives of image are known."""
    f = IMAGES[name]
    lifted = dn.lift(lambda x: f(image(x)))(dn.Dual(POINT))
    np.testing.assert_array_equal(dn.value(lifted), f(image(POINT)))
    series = dn.taylor(lambda x: f(image(x)), 3)(POINT)
    slopes = image_slope(POINT), -B * np.sin(POINT), -B * np.cos(POINT)
    for found, slope, factorial in zip(series[1:], slopes, (1, 2, 6), strict=True):
        np.testing.assert_allclose(factorial * found, f(slope), rtol=1e-11, atol=1e-12)


def test_an_added_constant_has_no_derivative():
    def f(x):
        return ndi.uniform_filter(image(x), 3, mode="constant", cval=2.0)

    np.testing.assert_allclose(
        dn.jacobian(f)(POINT), ndi.uniform_filter(image_slope(POINT), 3, mode="constant"), atol=1e-12
    )


REFUSALS = {
    "a parameter": (
        lambda x: ndi.gaussian_filter(A, x),
        "gaussian_filter of duals expects floats beside its first",
    ),
    "a structure": (lambda x: ndi.grey_erosion(image(x), structure=np.ones((3, 3))), "no element"),
    "another mode": (lambda x: ndi.map_coordinates(A, [[x], [x]], mode="wrap"), "mode to be one of"),
    "an output": (lambda x: ndi.gaussian_filter(image(x), 1.0, output=np.zeros((5, 6))), "and no output"),
    "an image of integers": (
        lambda x: ndi.map_coordinates(np.arange(9).reshape(3, 3), [[x], [x]]),
        "map_coordinates of duals expects a real floating image",
    ),
    "a complex image": (lambda x: ndi.map_coordinates(A + 1j, [[x], [x]]).real, "a real floating image"),
    "a coordinate that is nan": (
        lambda x: ndi.map_coordinates(A, [[x + np.nan], [x]]),
        "coordinates of a size",
    ),
    "a coordinate beyond all digits": (
        lambda x: ndi.map_coordinates(A, [[x + 1e300], [x]], mode="nearest"),
        "coordinates of a size below 1e",
    ),
    "a smoothing spline": (lambda x: itp.UnivariateSpline(X, Y * x, s=0.1)(1.0), "s=0"),
    "neighbors": (lambda x: itp.RBFInterpolator(X[:, None], Y * x, neighbors=4)([[1.1]]), "neighbors=None"),
    "x of a spline": (lambda x: itp.make_interp_spline(X * x, Y)(1.0), "expects dual y alone"),
    "a metric": (lambda x: dist.cdist(points(x), Q, "jensenshannon"), "cdist of duals expects one of"),
    "variances": (lambda x: dist.cdist(points(x), Q, "seuclidean"), "expects V or VI"),
    "knots of splrep": (lambda x: itp.splrep(X * x, Y)[1], "expects dual y alone"),
    "smoothing by splrep": (lambda x: itp.splrep(X, y(x), s=0.1)[1], "expects dual y alone"),
    "weights of splrep": (lambda x: itp.splrep(X, y(x), np.ones(len(X)))[1], "expects dual y alone"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name):
    f, words = REFUSALS[name]
    with pytest.raises((TypeError, ValueError), match=words):
        dn.jacobian(f, lift=True)(POINT)


@pytest.mark.parametrize("mode", ["mirror", "reflect", "grid-wrap", "constant", "nearest"])
@pytest.mark.parametrize("order", range(6))
def test_splines_at_their_knots(order, mode):
    """A constant image has the derivatives 0 everywhere; branches average where linear interpolation has a kink."""
    knots = np.arange(0, 39.5, 0.5)

    def flat(t):
        return ndi.map_coordinates(np.full(40, 3.0), [knots + t], order=order, mode=mode)

    for n in (1, 2):
        np.testing.assert_allclose(dn.derivative(flat, order=n)(0.0), 0 * knots, atol=1e-9)
    if order == 1:
        x = np.array([[1.0, 2.5, 3.0, 3.5, 5.0]])
        got = dn.derivative(
            lambda t: ndi.map_coordinates(np.abs(np.arange(7.0) - 3), x + t, order=1, mode=mode)
        )(0.0)
        np.testing.assert_array_equal(got, [-1, -1, 0, 1, 1])


def test_frequencies_are_float64_where_nothing_is_checked():
    def f(x):
        return sig.freqz_zpk([x], [0.2], 1.0, worN=4)[0] * x

    np.testing.assert_array_equal(dn.value_and_derivative(f, check=False)(0.3)[0], f(0.3))


def test_astype_of_the_array_api():
    xp = pytest.importorskip("scipy._lib.array_api_compat.numpy")
    x = np.array([1.5, 2.5])
    got = dn.jacobian(lambda x: xp.astype(x * x, xp.float64), lift=True)(x)
    np.testing.assert_array_equal(got, np.diag(2 * x))
    got = dn.jacobian(lambda x: xp.astype(x * x, xp.int64) * x, lift=True)(x)
    np.testing.assert_array_equal(got, np.diag(np.floor(x * x)))
    with pytest.raises(TypeError, match="duals"):
        dn.jacobian(lambda x: xp.astype(x * x, xp.float32), lift=True)(x)
    assert dn.lift(lambda x: xp.astype(x, xp.float32))(x).dtype == np.float32


def test_solve_of_the_array_api():
    """One-dimensional x2 is a vector; more dimensions are stacks of matrices."""
    linalg = pytest.importorskip("scipy._lib.array_api_compat.numpy").linalg
    a, b = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 2.0], [3.0, 5.0]])
    for right in (b[0], b):
        got = dn.derivative(lambda t, right=right: linalg.solve(t * a, right), lift=True)(1.0)
        np.testing.assert_allclose(got, -np.linalg.solve(a, right), atol=1e-14)


FILTERS = {"median_filter": (), "percentile_filter": (40,), "rank_filter": (3,), "maximum_filter": (),
           "minimum_filter": (), "grey_erosion": (), "grey_dilation": ()}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_rank_filters_of_nan_refuse_unless_each_slope_is_of_the_element_picked(name):
    """Comparisons with nan leave the order of elements to SciPy's algorithm."""
    f = lambda t: getattr(ndi, name)(holed + t * np.arange(30.0).reshape(5, 6), *FILTERS[name], size=3)  # noqa: E731
    holed = A.copy()
    holed[2, 2] = np.nan
    try:
        found, slopes = dn.value_and_jacobian(f, check=False)(0.0)
    except ValueError as error:
        assert f"{name} of duals expects an image without nan" in str(error)
        return
    np.testing.assert_array_equal(found, f(0.0))
    for y, slope in zip(found.ravel(), slopes.ravel(), strict=True):
        at = holed.ravel()[int(slope)]
        assert at == y or (np.isnan(at) and np.isnan(y))


def test_outside_of_points_is_no_derivative_where_there_is_no_value():
    f = itp.LinearNDInterpolator(SCATTERED, HEIGHTS[:, 0])
    assert np.isnan(dn.derivative(lambda x: f(99.0, x), check=False)(POINT))


CUBIC = itp.CloughTocher2DInterpolator(SCATTERED, HEIGHTS)
TO_CUBIC = "CloughTocher2DInterpolator of duals expects floats, got duals; use RBFInterpolator or LinearNDInterpolator."
TO_MILP = (
    "milp of duals expects floats, got duals; give it dualnum.value(x), and the duals to linprog, where bounds fix the "
    "integers."
)
TO_GRID = (
    "make_ndbspl of duals expects dual values and points xi alone, got others; use method='linear', whose grid may be "
    "dual."
)
REFUSED = {
    "x": (TO_CUBIC, lambda x: CUBIC(x, 1.0)),
    "values": (TO_CUBIC, lambda x: itp.CloughTocher2DInterpolator(SCATTERED, HEIGHTS * x)(1.0, 2.0)),
    "griddata": (TO_CUBIC, lambda x: itp.griddata(SCATTERED, HEIGHTS, [[x, 2.0]], method="cubic")),
    "objective": (TO_MILP, lambda x: opt.milp(np.array([-x, -1.0]), bounds=opt.Bounds(0, 3)).fun),
    "bounds": (TO_MILP, lambda x: opt.milp([-1.0, -1.0], bounds=opt.Bounds(0, x)).fun),
    "constraints": (
        TO_MILP, lambda x: opt.milp([-1.0], constraints=opt.LinearConstraint([[1.0]], -np.inf, x)).x[0]
    ),
    "grid": (TO_GRID, lambda x: itp.RegularGridInterpolator((X * x, X), A.T[:, :1] * X, method="cubic")([2.0, 2.0])[0]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_exact_derivative_says_so(name):
    message, f = REFUSED[name]
    with pytest.raises(TypeError) as caught:
        dn.derivative(f)(POINT)
    assert str(caught.value) == message
