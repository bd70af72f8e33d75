"""scipy.stats' distributions in lifted code, by x, loc, scale and shapes: SciPy's bits, and differences of order 8."""

import warnings

import numpy as np
import pytest

import dualnum as dn

stats = pytest.importorskip("scipy.stats")

CONTINUOUS = {
    "norm": (), "t": (3.3,), "gamma": (2.2,), "beta": (2.1, 1.7), "expon": (), "lognorm": (0.7,), "chi2": (3.2,),
    "f": (3.1, 5.2), "weibull_min": (1.7,), "cauchy": (), "skewnorm": (1.2,), "truncnorm": (-1.1, 2.2),
    "genextreme": (0.2,), "invgauss": (0.9,), "exponnorm": (1.3,), "johnsonsu": (0.5, 1.2), "invgamma": (2.3,),
}  # fmt: skip
DISCRETE = {"poisson": (2.2,), "binom": (7, 0.4), "geom": (0.3,), "nbinom": (4, 0.4)}
METHODS = "pdf", "logpdf", "cdf", "logcdf", "sf", "ppf", "isf"
WEIGHTS = 4 / 5, -1 / 5, 4 / 105, -1 / 280


def difference(f, x, h=1e-3):
    return sum(w * (f(x + k * h) - f(x - k * h)) for k, w in enumerate(WEIGHTS, 1)) / h


def check(f, x):
    first, second = dn.derivative(f, lift=True), dn.derivative(f, order=2, lift=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        assert dn.value(dn.lift(f)(dn.Dual(x))) == f(x)
        assert first(x) == pytest.approx(difference(f, x), rel=1e-7, abs=1e-9)
        assert second(x) == pytest.approx(difference(first, x), rel=1e-7, abs=1e-9)
        nested = dn.derivative(dn.derivative(dn.derivative(f, lift=True)))
        assert nested(x) == pytest.approx(difference(second, x), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name, method):
    function, shapes = getattr(getattr(stats, name), method), CONTINUOUS[name]
    at = 0.35 if method in ("ppf", "isf") else 0.63
    check(lambda x: function(x, *shapes, loc=0.1, scale=1.4), at)
    check(lambda loc: function(at, *shapes, loc=loc, scale=1.4), 0.1)
    check(lambda scale: function(at, *shapes, loc=0.1, scale=scale), 1.4)
    for i, shape in enumerate(shapes):
        check(lambda s, i=i: function(at, *shapes[:i], s, *shapes[i + 1 :], loc=0.1, scale=1.4), shape)


@pytest.mark.parametrize("method", ["pmf", "logpmf", "cdf", "sf"])
@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name, method):
    *counts, p = DISCRETE[name]
    check(lambda p: getattr(getattr(stats, name), method)(3, *counts, p), p)


STATISTICS = {
    "frozen": lambda x: stats.norm(x, 2.0).logpdf(np.array([0.1, 0.2])).sum(),
    "likelihood": lambda x: stats.gamma.nnlf((x, 0.0, 2.0), np.array([1.0, 2.0])),
    "multivariate_normal": lambda x: stats.multivariate_normal([x, 1.0], [[2.0, x], [x, 1.0]]).logpdf(
        [0.1, 0.2]
    ),
    "dirichlet": lambda x: stats.dirichlet.logpdf([0.2, 0.8], [x, 2.0]),
    "zscore": lambda x: stats.zscore(np.array([1.0, 2, x, 4]))[0],
    "skew": lambda x: stats.skew(np.array([1.0, 2, x, 4])),
    "linregress": lambda x: stats.linregress(np.array([1.0, 2, x, 4]), np.array([1.0, 3, 2, 5])).slope,
    "ttest_ind": lambda x: stats.ttest_ind(np.array([1.0, 2, x, 4]), np.array([2.0, 3, 5, 1]))[1],
    "gaussian_kde": lambda x: stats.gaussian_kde(np.array([1.0, 2, x, 4]))(0.7)[0],
    "its logarithm": lambda x: stats.gaussian_kde([1.0, 2, 2.5, 4], bw_method=x).logpdf(x)[0],
    "pearsonr": lambda x: stats.pearsonr(np.array([1.0, 2, x, 4]), np.array([1.0, 3, 2, 5]))[0],
    "circstd": lambda x: stats.circstd(np.array([1.0, 2, x, 4])),
    "multivariate_t": lambda x: stats.multivariate_t([x, 1.0], [[2.0, 0.1], [0.1, x]], df=3 * x).logpdf(
        [0.1, 0.2]
    ),
    "wishart": lambda x: stats.wishart.logpdf(np.eye(2) * x, 4 * x, [[2.0, 0.1], [0.1, x]]),
    "expect": lambda x: stats.norm.expect(lambda t: t * t, loc=x),
    "iqr": lambda x: stats.iqr(np.array([1.0, 2, 3 * x, 0.4, 7 * x])),
    "iqr, scaled": lambda x: stats.iqr(np.array([1.0, 2, 3 * x, 0.4]), rng=(20, 70), scale="normal"),
    "bootstrap": lambda x: (
        stats.bootstrap(
            (np.array([1.0, 2, 3 * x, 0.4]),),
            np.mean,
            method="percentile",
            n_resamples=99,
            rng=np.random.default_rng(1),
        ).confidence_interval.low
    ),
}
if hasattr(stats, "quantile"):  # SciPy 1.16 and later
    STATISTICS |= {
        "quantile": lambda x: stats.quantile(np.array([1.0, 2, 3 * x, 0.4]), 0.7, method="hazen"),
        "quantile, probability": lambda x: stats.quantile(np.array([1.0, 2, 3, 0.4]), x / 3),
    }


@pytest.mark.parametrize(
    ("name", "shapes"), [("exponnorm", (1.5,)), ("norminvgauss", (1.25, 0.5)), ("burr", (10.5, 4.3))]
)
def test_entropies_by_quadrature(name, shapes):
    """Far out in the tails densities underflow, and their derivatives are 0 * inf."""
    family = getattr(stats, name)

    def f(s):
        return family.entropy(s, *shapes[1:])

    found, second = (dn.derivative(f, order=n, lift=True, check=False)(shapes[0]) for n in (1, 2))
    assert found == pytest.approx(difference(f, shapes[0], 1e-2), rel=1e-6)
    slope = dn.derivative(f, lift=True, check=False)
    assert second == pytest.approx(difference(slope, shapes[0], 1e-2), rel=1e-6)


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics(name):
    check(STATISTICS[name], 1.3)


def test_expectations_over_infinite_intervals_do_not_warn():
    """The limit inf * scale has derivatives, of which inf - inf is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = dn.derivative(lambda s: stats.norm(scale=s).expect(lambda t: t * t))(1.3)
    assert found == pytest.approx(2.6, rel=1e-9)
