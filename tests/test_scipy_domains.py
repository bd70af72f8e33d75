"""scipy.special beyond the domains of its functions: where there is no value there is no derivative."""

import itertools

import numpy as np
import pytest

import dualnum as dn
from dualnum._core import rule_of

special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")

UFUNCS = {
    name: ufunc
    for module in (special._ufuncs, special)
    for name, ufunc in vars(module).items()
    if isinstance(ufunc, np.ufunc) and rule_of(ufunc) is not None
}
POINTS = -2.5, -1.0, -0.5, -0.0, 0.4, 2.0, np.nan
#: SciPy's loops, or series of duals that do not converge, take minutes.
SLOW = {"_gen_harmonic", "_normalized_gen_harmonic", "hyp0f1", "hyp1f1", "hyp2f1"}


def grid(count):
    """Return points of special values, at most 40 of them."""
    points = np.array(list(itertools.product(POINTS, repeat=count)))
    chosen = np.random.default_rng(count).permutation(len(points))[:40]
    return list(points[chosen].T)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(UFUNCS.keys() - SLOW))
def test_no_derivative_without_a_value(name):
    ufunc = UFUNCS[name]
    tried = 0
    for i in range(ufunc.nin):
        arguments = grid(ufunc.nin)
        arguments[i] = arguments[i] + dn.Dual(0.0, 1.0)
        try:
            results = ufunc(*arguments)
        except (TypeError, ValueError, OverflowError):  # has no derivative by this argument, or not there
            continue
        tried += 1
        for y in results if ufunc.nout > 1 else (results,):
            if isinstance(y, dn.DualArray) and isinstance(y.dtype, dn.DualDType):
                assert np.isnan(dn.tangent(y)[np.isnan(dn.value(y))]).all()
    if not tried:
        pytest.skip("refuses")


def by_each(f, *point):
    return dn.tangent(f(*dn.seed(np.array(point))))


AT_ENDS = {
    "agm of a zero": (special.agm, (-1.0, 0.0), (0.0, np.inf)),
    "agm from zero": (special.agm, (0.0, 2.0), (np.inf, 0.0)),
    "agm of negative numbers": (special.agm, (-1.0, -1.0), (0.5, 0.5)),
    "huber of a negative delta": (special.huber, (-1.0, 0.3), (np.nan, np.nan)),
    "pseudo_huber of a negative delta": (special.pseudo_huber, (-1.0, 0.3), (np.nan, np.nan)),
    "cosine distribution beyond its support": (special._ufuncs._cosine_cdf, (4.0,), (0.0,)),
}


@pytest.mark.parametrize("name", AT_ENDS)
def test_at_ends_of_domains(name):
    f, point, expected = AT_ENDS[name]
    np.testing.assert_array_equal(by_each(f, *point), expected)


def test_infinitely_many_degrees_of_freedom_are_normal():
    density = stats.norm.pdf(0.4)
    assert dn.derivative(lambda t: stats.t.cdf(t, np.inf), check=False)(0.4) == pytest.approx(
        density, rel=1e-15
    )
    assert dn.derivative(lambda p: special.stdtrit(np.inf, p), check=False)(
        special.ndtr(0.4)
    ) == pytest.approx(1 / density, rel=1e-14)
    assert np.isnan(dn.derivative(lambda df: stats.t.cdf(0.4, df), check=False)(np.inf))


def test_an_element_without_a_value_leaves_its_neighbours_alone():
    nc = np.array([30.0, np.inf, np.nan]) + dn.Dual(0.0, 1.0)
    found = dn.tangent(special.nctdtr(0.4, nc, 30.0))[:, 0]
    assert found[0] == special.nctdtr(0.4, nc[0], 30.0).tangent
    assert np.isnan(found[1:]).all()
