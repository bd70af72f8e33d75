"""scipy.special beyond the domains of its functions: where there is no value there is no derivative."""

import contextlib
import itertools
import math

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
POINTS, WHOLE = (-2.5, -1.0, -0.5, -0.0, 0.4, 2.0, np.nan), (-2, -1, 0, 1, 3)
#: SciPy's loops, or series of duals that do not converge, take minutes.
SLOW = {"_gen_harmonic", "_normalized_gen_harmonic", "hyp0f1", "hyp1f1", "hyp2f1"}


def grid(ufunc):
    """Return points of special values, at most 40 of them: an array for each argument."""
    inputs = [types.split("->")[0] for types in ufunc.types]
    are_whole = [all(letters[i] in "ilq" for letters in inputs) for i in range(ufunc.nin)]
    points = list(itertools.product(*[WHOLE if whole else POINTS for whole in are_whole]))
    chosen = np.random.default_rng(ufunc.nin).permutation(len(points))[:40]
    columns = zip(*[points[i] for i in chosen], strict=True)
    return [
        np.array(column, int if whole else float) for column, whole in zip(columns, are_whole, strict=True)
    ]


def results(ufunc, place):
    """Yield what a ufunc returns where one argument is dual: for all points, or for each that is not refused."""
    arguments = grid(ufunc)
    arguments[place] = arguments[place] + dn.Dual(0.0, 1.0)
    points = [[x[i : i + 1] for x in arguments] for i in range(len(arguments[0]))]
    for some in ([arguments], points):
        for point in some:
            try:
                found = ufunc(*point)
            except (TypeError, ValueError, OverflowError):  # has no derivative by this argument, or not there
                continue
            yield from found if ufunc.nout > 1 else (found,)
            if point is arguments:
                return


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(UFUNCS.keys() - SLOW))
def test_no_derivative_without_a_value(name):
    ufunc = UFUNCS[name]
    duals = [
        y for place in range(ufunc.nin) for y in results(ufunc, place) if isinstance(y.dtype, dn.DualDType)
    ]
    assert duals
    for y in duals:
        assert np.isnan(dn.tangent(y)[np.isnan(dn.value(y))]).all()


#: Functions of counts, of which SciPy takes the whole parts.
COUNTED = {
    "expn": (special.expn, (1.7,), 0.3), "expn of 0": (special.expn, (0.4,), 0.3), "kn": (special.kn, (2.5,), 0.4),
    "yn": (special.yn, (3.7,), 0.4), "smirnov": (special.smirnov, (4.9,), 0.3),
    "smirnovi": (special.smirnovi, (4.9,), 0.3), "bdtri": (special.bdtri, (1.0, 4.9), 0.3),
    "nbdtr": (special.nbdtr, (1.8, 4.9), 0.3), "nbdtri": (special.nbdtri, (1.8, 4.9), 0.3),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:non-integer arg n is deprecated")
@pytest.mark.parametrize("name", COUNTED)
def test_counts_are_whole(name):
    f, counts, x = COUNTED[name]
    for order in (1, 2):
        with pytest.warns(RuntimeWarning, match="truncated") if name != "bdtri" else contextlib.nullcontext():
            found = dn.derivative(lambda t: f(*counts, t), order, check=False)(x)
        assert found == dn.derivative(lambda t: f(*map(math.trunc, counts), t), order, check=False)(x)
        assert np.isfinite(found)


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
