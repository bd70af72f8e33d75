"""All families of scipy.stats by x, loc, scale and every shape: SciPy's values, differences of order 8."""

import warnings

import numpy as np
import pytest

import dualnum as dn

stats = pytest.importorskip("scipy.stats")
parameters = pytest.importorskip("scipy.stats._distr_params")

#: Families with tests of their own, below: SciPy's values are too rough for differences of order 8.
OWN = {"kstwo", "levy_stable", "studentized_range", "landau"}
#: Families whose shapes count, or that take long; the nightly table has them.
COUNTS = {"irwinhall", "erlang", "norminvgauss", "genhyperbolic", "dpareto_lognorm", "gausshyper"}
WEIGHTS = 4 / 5, -1 / 5, 4 / 105, -1 / 280


def families(table):
    found = {}
    for name, shapes in table:
        if isinstance(name, str):
            found.setdefault(name, shapes)
    return found


CONTINUOUS = families(parameters.distcont) | {"kappa4": (0.3, 0.2)}  # the table has its limit
DISCRETE = {
    name: shapes
    for name, shapes in families(parameters.distdiscrete).items()
    if any(isinstance(shape, float) for shape in shapes)
}


def difference(f, x, h):
    return sum(w * (f(x + k * h) - f(x - k * h)) for k, w in enumerate(WEIGHTS, 1)) / h


def check(f, point, order=1):
    """Compare the gradient of f at a point with differences; and that of the first derivative along all variables."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value, slope = dn.value_and_gradient(f, lift=True, check=False)(point)
        np.testing.assert_array_equal(value, f(point))
        for i, x in enumerate(point):
            step = 1e-3 * max(abs(x), 0.1)
            expected = difference(lambda t: f(np.r_[point[:i], t, point[i + 1 :]]), x, step)  # noqa: B023
            if np.isfinite(expected):
                assert slope[i] == pytest.approx(
                    expected, rel=1e-5, abs=1e-6 * (1 + np.max(np.abs(slope)))
                ), i
        if order > 1:
            line = np.ones(len(point)) * 0.1
            along = dn.derivative(lambda t: f(point + t * line), order=2, lift=True, check=False)
            slope_along = dn.derivative(lambda t: f(point + t * line), lift=True, check=False)
            expected = difference(slope_along, 0.0, 1e-2)
            if np.isfinite(expected):
                assert along(0.0) == pytest.approx(expected, rel=1e-5, abs=1e-7 * (1 + abs(expected)))


@pytest.mark.parametrize("name", sorted(CONTINUOUS.keys() - OWN - COUNTS))
def test_continuous_families(name):
    family, shapes = getattr(stats, name), tuple(map(float, CONTINUOUS[name]))
    if name == "ksone":
        shapes = ()
    x = float(family.ppf(0.37, *CONTINUOUS[name])) * 1.4 + 0.1
    for method, at in (
        ("pdf", x),
        ("logpdf", x),
        ("cdf", x),
        ("sf", x),
        ("logcdf", x),
        ("logsf", x),
        ("ppf", 0.35),
    ):
        f = getattr(family, method)
        given = tuple(CONTINUOUS[name]) if name == "ksone" else ()
        check(
            lambda v: f(v[0], *given, *v[1:-2], loc=v[-2], scale=v[-1]),  # noqa: B023
            np.array([at, *shapes, 0.1, 1.4]),
            order=2 if method in ("logpdf", "cdf") else 1,
        )


@pytest.mark.parametrize("name", sorted(DISCRETE.keys() - {"poisson_binom"}))
def test_discrete_families(name):
    family, shapes = getattr(stats, name), DISCRETE[name]
    k = float(family.ppf(0.5, *shapes))
    moving = [i for i, shape in enumerate(shapes) if isinstance(shape, float)]
    point = np.array([shapes[i] for i in moving])

    def with_shapes(v):
        given = list(shapes)
        for i, x in zip(moving, v, strict=True):
            given[i] = x
        return given

    for method in ("pmf", "logpmf", "cdf", "sf", "mean", "var"):
        f = getattr(family, method)
        at = () if method in ("mean", "var") else (k,)
        check(lambda v: f(*at, *with_shapes(v)), point, order=2 if method == "logpmf" else 1)  # noqa: B023
    assert not dn.gradient(lambda v: family.ppf(0.35, *with_shapes(v)), lift=True, check=False)(point).any()


SPECIAL_SHAPES = [
    ("genextreme", (), 0.0), ("genpareto", (), 0.0), ("skewnorm", (), 0.0), ("tukeylambda", (), 0.0),
    ("exponpow", (), 1.0), ("weibull_min", (), 1.0), ("gamma", (), 1.0), ("genlogistic", (), 1.0), ("gennorm", (), 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "shape"), SPECIAL_SHAPES)
def test_shapes_at_which_a_family_has_another_formula(name, before, shape):
    """SciPy's own branches there are constant in the shape; these derivatives were silently 0."""
    family = getattr(stats, name)
    for method, at in (
        ("pdf", 0.4),
        ("logpdf", 0.4),
        ("cdf", 0.4),
        ("sf", 0.4),
        ("ppf", 0.35),
        ("isf", 0.35),
    ):
        f = lambda s: getattr(family, method)(at, *before, s)  # noqa: B023, E731
        found = dn.derivative(f, lift=True, check=False)(shape)
        assert found == pytest.approx(difference(f, shape, 1e-3), rel=1e-6, abs=1e-8), method


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda s: stats.rice.logpdf(0.4, s), 0.0),  # even in s
        (lambda s: stats.rice.pdf(0.4, s), 0.0),
        (lambda s: stats.vonmises.logpdf(0.4, s), np.cos(0.4)),
        (lambda s: stats.vonmises.pdf(0.4, s), np.cos(0.4) / (2 * np.pi)),
        (lambda s: stats.ncx2.cdf(1.4, 3.0, s), (stats.chi2.cdf(1.4, 5) - stats.chi2.cdf(1.4, 3)) / 2),
        (lambda s: stats.ncx2.pdf(1.4, 3.0, s), (stats.chi2.pdf(1.4, 5) - stats.chi2.pdf(1.4, 3)) / 2),
    ],
)
def test_shapes_at_the_end_of_their_range(f, expected):
    assert dn.derivative(f, lift=True, check=False)(0.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("name", "shapes"), [("kappa4", (0.0, 0.3)), ("pearson3", (0.0,))])
def test_limits_without_a_formula_refuse(name, shapes):
    family = getattr(stats, name)
    with pytest.raises(ValueError, match=f"{name} of duals expects"):
        dn.derivative(lambda s: family.logpdf(0.4, s, *shapes[1:]), lift=True, check=False)(0.0)
