"""
The ufuncs of scipy.special against mpmath: every function that has a rule, to third order, by every argument it has.

Values are SciPy's bit for bit.  A derivative may be off by the rounding errors of the functions that it is made of.
"""

import itertools
import warnings

import numpy as np
import pytest
import test_scipy_kelvin as kelvin
import test_scipy_parameters as parameters
from expect import python

import dualnum as dn
from dualnum import _core

mp = pytest.importorskip("mpmath")
special = pytest.importorskip("scipy.special")

with mp.workdps(50):
    ROOT2, DEGREE = mp.sqrt(2), mp.pi / 180


def normal(x):
    return mp.erfc(-x / ROOT2) / 2


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def inverse(f, low, high):
    """Return p -> the root of f(x) = p in an interval."""
    return lambda p: mp.findroot(lambda x: f(x) - p, (low, high), solver="anderson", tol=1e-30, maxsteps=200)


def gammainc(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def gammaincc(a, x):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def betainc(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def fisher(m, n, x):
    return betainc(m / mp.mpf(2), n / mp.mpf(2), m * x / (m * x + n))


def student(df, t):
    return mp.mpf(1) / 2 + t * mp.gamma((df + 1) / mp.mpf(2)) * mp.hyp2f1(
        0.5, (df + 1) / mp.mpf(2), 1.5, -t * t / df
    ) / (mp.sqrt(mp.pi * df) * mp.gamma(df / mp.mpf(2)))


def laguerre(n, a, x):
    if n != mp.floor(n):
        return mp.laguerre(n, a, x)
    return sum(mp.binomial(n + a, n - k) * (-x) ** k / mp.factorial(k) for k in range(int(n) + 1))


def xlogy(x, y):
    return x * mp.log(y)


def amplitude(u, m):
    return mp.findroot(lambda phi: mp.ellipf(phi, m) - u, u)


WIDE = [-3.1, -0.7, 0.01, 0.8, 2.5]
POSITIVE = [0.03, 0.6, 1.7, 4.2, 11.0]
UNIT = [0.02, 0.3, 0.55, 0.97]
SOME = [0.3, 0.7]


def legendre(m, n, x):
    """The associated function; mpmath takes a slow limit for m > 0."""
    if m <= 0:
        return mp.legenp(n, m, x)
    return (-1) ** m * mp.gamma(n + m + 1) / mp.gamma(n - m + 1) * mp.legenp(n, -m, x)


#: name: the same of mpmath, then for each argument its points, a tuple where no derivatives are taken by it.
CASES = {
    "erf": (mp.erf, WIDE),
    "erfc": (mp.erfc, [*WIDE, 8.0]),
    "erfi": (mp.erfi, WIDE),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), [*WIDE, 6.9, 7.1, 30.0, 1e5]),
    "dawsn": (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), [*WIDE, 6.9, -7.1, 25.0, -300.0]),
    "erfinv": (mp.erfinv, [-0.9, 0.01, 0.5, 0.99]),
    "erfcinv": (lambda x: mp.erfinv(1 - x), [0.03, 0.5, 1.2, 1.9]),
    "ndtr": (normal, [*WIDE, -20.0]),
    "ndtri": (lambda p: ROOT2 * mp.erfinv(2 * p - 1), UNIT),
    "log_ndtr": (lambda x: mp.log(normal(x)), [*WIDE, -40.0, 5.2, 8.0]),
    "ndtri_exp": (lambda x: ROOT2 * mp.erfinv(2 * mp.exp(x) - 1), [-30.0, -2.0, -0.1]),
    "owens_t": (
        lambda h, a: mp.quad(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), [0, a]) / (2 * mp.pi),
        [-0.7, 1.5],
        [0.3, 2.5],
    ),
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), [*WIDE, -50.0, 50.0]),
    "logit": (lambda x: mp.log(x / (1 - x)), UNIT),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), [*WIDE, -50.0, 50.0]),
    "entr": (lambda x: -x * mp.log(x), POSITIVE),
    "rel_entr": (lambda x, y: x * mp.log(x / y), POSITIVE, POSITIVE),
    "kl_div": (lambda x, y: x * mp.log(x / y) - x + y, POSITIVE, POSITIVE),
    "xlogy": (xlogy, WIDE, POSITIVE),
    "xlog1py": (lambda x, y: x * mp.log1p(y), WIDE, [-0.5, 1e-9, 2.0]),
    "exprel": (lambda x: mp.expm1(x) / x, [-1e10, -3.0, -1e-3, 1e-9, 0.9, 1.1, 20.0, 700.0]),
    "spence": (lambda x: mp.polylog(2, 1 - x).real, [1e-10, 0.1, 0.74, 0.76, 1.0 + 1e-9, 1.2, 1.3, 8.0]),
    "boxcox": (lambda x, p: (x**p - 1) / p, POSITIVE, [-1.5, 1e-6, 0.4, 2.0]),
    "boxcox1p": (lambda x, p: ((1 + x) ** p - 1) / p, POSITIVE, [-1.5, 1e-6, 0.4, 2.0]),
    "inv_boxcox": (lambda y, p: (y * p + 1) ** (1 / p), [0.1, 0.6], [-1.5, 1e-3, 0.4, 2.0]),
    "inv_boxcox1p": (lambda y, p: (y * p + 1) ** (1 / p) - 1, [0.1, 0.6], [-1.5, 1e-3, 0.4, 2.0]),
    "huber": (
        lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
        [0.5, 1.5],
        [-2.0, -0.4, 0.3, 1.0, 5.0],
    ),
    "pseudo_huber": (lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1), [0.5, 1.5], [-2.0, 0.3, 5.0]),
    "wrightomega": (lambda x: mp.lambertw(mp.exp(x)).real, WIDE),
    "exp2": (lambda x: mp.mpf(2) ** x, WIDE),
    "exp10": (lambda x: mp.mpf(10) ** x, WIDE),
    "expm1": (mp.expm1, WIDE),
    "log1p": (mp.log1p, POSITIVE),
    "cbrt": (mp.cbrt, POSITIVE),
    "cosm1": (lambda x: mp.cos(x) - 1, WIDE),
    "sindg": (lambda x: mp.sin(x * DEGREE), [10.0, 95.0, 1e10]),
    "cosdg": (lambda x: mp.cos(x * DEGREE), [10.0, 95.0, 1e10]),
    "tandg": (lambda x: mp.tan(x * DEGREE), [10.0, 95.0, 1e10]),
    "cotdg": (lambda x: 1 / mp.tan(x * DEGREE), [1e-10, 10.0, 95.0, 1e10]),
    "powm1": (lambda x, y: x**y - 1, POSITIVE, [-1.5, 0.4, 2.0]),
    "psi": (mp.digamma, [*POSITIVE, -0.3, -2.6]),
    "digamma": (mp.digamma, [*POSITIVE, -0.3]),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), [*POSITIVE, -0.3, 150.0]),
    "loggamma": (mp.loggamma, POSITIVE),
    "gamma": (mp.gamma, [*POSITIVE, -0.3, -2.6]),
    "rgamma": (mp.rgamma, [*POSITIVE, 0.0, -0.3, -1.0, -2.6, -20.0]),
    "beta": (mp.beta, POSITIVE[:4], POSITIVE[:4]),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), POSITIVE, POSITIVE),
    "binom": (mp.binomial, [3.5, 9.2], [0.4, 1.7]),
    "poch": (mp.rf, [0.6, 3.2], [0.4, 2.7]),
    "exp1": (mp.e1, POSITIVE),
    "expi": (mp.ei, [*POSITIVE, -2.0]),
    "expn": (mp.expint, (0, 1, 2, 5), POSITIVE),
    "sici": ((lambda x: mp.si(x), lambda x: mp.ci(x)), POSITIVE),
    "shichi": ((lambda x: mp.shi(x), lambda x: mp.chi(x)), POSITIVE),
    "fresnel": ((mp.fresnels, mp.fresnelc), WIDE),
    "gammainc": (gammainc, (0.6, 3.0), POSITIVE),
    "gammaincc": (gammaincc, (0.6, 3.0), POSITIVE),
    "gammaincinv": (lambda a, p: inverse(lambda x: gammainc(a, x), 0.3, 4)(p), (2.0, 3.0), SOME),
    "gammainccinv": (lambda a, p: inverse(lambda x: gammaincc(a, x), 0.3, 4)(p), (2.0, 3.0), SOME),
    "chdtr": (lambda v, x: gammainc(v / mp.mpf(2), x / 2), (1.0, 5.0), POSITIVE),
    "chdtrc": (lambda v, x: gammaincc(v / mp.mpf(2), x / 2), (1.0, 5.0), POSITIVE),
    "chdtri": (lambda v, p: 2 * inverse(lambda x: gammaincc(v / mp.mpf(2), x), 0.3, 4)(p), (4.0, 6.0), SOME),
    "pdtr": (lambda k, m: gammaincc(mp.floor(k) + 1, m), (0.0, 3.0), POSITIVE),
    "pdtrc": (lambda k, m: gammainc(mp.floor(k) + 1, m), (0.0, 3.0), POSITIVE),
    "stdtr": (student, (1.0, 4.5), WIDE),
    "stdtrit": (lambda df, p: inverse(lambda t: student(df, t), -2, 2)(p), (3.0, 4.5), [0.3, 0.8]),
    "betainc": (betainc, (0.6, 3.0), (2.5,), UNIT),
    "betaincc": (lambda a, b, x: 1 - betainc(a, b, x), (0.6, 3.0), (2.5,), UNIT),
    "betaincinv": (lambda a, b, p: inverse(lambda x: betainc(a, b, x), 0.2, 0.8)(p), (2.0,), (2.5,), SOME),
    "betainccinv": (
        lambda a, b, p: inverse(lambda x: betainc(a, b, x), 0.2, 0.8)(1 - p),
        (2.0,),
        (2.5,),
        SOME,
    ),
    "gdtr": (lambda a, b, x: gammainc(b, a * x), (0.6, 2.0), (3.0,), POSITIVE),
    "gdtrc": (lambda a, b, x: gammaincc(b, a * x), (0.6, 2.0), (3.0,), POSITIVE),
    "fdtr": (fisher, (3.0,), (5.0,), POSITIVE),
    "fdtrc": (lambda m, n, x: 1 - fisher(m, n, x), (3.0,), (5.0,), POSITIVE),
    "fdtri": (lambda m, n, p: inverse(lambda x: fisher(m, n, x), mp.mpf("0.1"), 3)(p), (3.0,), (5.0,), SOME),
    "bdtr": (lambda k, n, p: betainc(n - k, k + 1, 1 - p), (2.0,), (7,), UNIT),
    "bdtrc": (lambda k, n, p: betainc(k + 1, n - k, p), (2.0,), (7,), UNIT),
    "ellipk": (mp.ellipk, [-3.0, 1e-9, 0.2, 0.3, 0.97]),
    "ellipe": (mp.ellipe, [-3.0, 1e-9, 0.2, 0.3, 0.97]),
    "ellipkm1": (lambda p: mp.ellipk(1 - p), [1e-20, 0.02, 0.5, 0.9]),
    "ellipkinc": (mp.ellipf, [-0.4, 0.9, 2.0], (0.0, 0.4, 0.9)),
    "ellipeinc": (mp.ellipe, [-0.4, 0.9, 2.0], (0.0, 0.4, 0.9)),
    "ellipj": (
        tuple(
            [lambda u, m, kind=kind: mp.ellipfun(kind, u, m=m) for kind in ("sn", "cn", "dn")] + [amplitude]
        ),
        [-0.4, 0.9, 1.3],
        (0.2, 0.6),
    ),
    "airy": (
        (mp.airyai, lambda x: mp.airyai(x, derivative=1), mp.airybi, lambda x: mp.airybi(x, derivative=1)),
        WIDE,
    ),
    "hyp0f1": (mp.hyp0f1, (0.7, 2.0), WIDE),
    "hyp1f1": (mp.hyp1f1, (0.7,), (1.9,), WIDE),
    "hyp2f1": (mp.hyp2f1, (0.7,), (1.9,), (2.3,), [-2.0, 0.3, 0.8]),
    "hyperu": (mp.hyperu, (0.7,), (1.4,), POSITIVE),
    "eval_chebyt": (mp.chebyt, (0, 1, 2, 5, 2.5), [-0.8, 0.3]),
    "eval_chebyu": (mp.chebyu, (0, 1, 2, 5, 2.5), [-0.8, 0.3]),
    "eval_chebyc": (lambda n, x: 2 * mp.chebyt(n, x / 2), (1, 2, 5), [-0.8, 0.3]),
    "eval_chebys": (lambda n, x: mp.chebyu(n, x / 2), (1, 2, 5), [-0.8, 0.3]),
    "eval_sh_chebyt": (lambda n, x: mp.chebyt(n, 2 * x - 1), (1, 2, 5), UNIT[:3]),
    "eval_sh_chebyu": (lambda n, x: mp.chebyu(n, 2 * x - 1), (1, 2, 5), UNIT[:3]),
    "eval_legendre": (mp.legendre, (0, 1, 2, 5, 2.5), [-0.8, 0.3]),
    "eval_sh_legendre": (lambda n, x: mp.legendre(n, 2 * x - 1), (1, 2, 5), UNIT[:3]),
    "eval_gegenbauer": (mp.gegenbauer, (0, 1, 2, 5, 2.5), (0.7,), [-0.8, 0.3]),
    "eval_jacobi": (mp.jacobi, (0, 1, 2, 5, 2.5), (0.7,), (1.2,), [-0.8, 0.3]),
    "eval_sh_jacobi": (
        lambda n, p, q, x: mp.jacobi(n, p - q, q - 1, 2 * x - 1) / mp.binomial(2 * n + p - 1, n),
        (0, 1, 2, 5),
        (1.7,),
        (0.9,),
        [0.2, 0.7],
    ),
    "lpmv": (legendre, (-2, 0, 1, 2), (2, 5, 2.5), [-0.8, 0.3, 0.6]),
    "eval_hermite": (mp.hermite, (0, 1, 2, 5), WIDE),
    "eval_hermitenorm": (lambda n, x: mp.hermite(n, x / ROOT2) / ROOT2**n, (0, 1, 2, 5), WIDE),
    "eval_laguerre": (lambda n, x: laguerre(n, 0, x), (0, 1, 2, 5, 2.5), POSITIVE),
    "eval_genlaguerre": (laguerre, (0, 1, 2, 5, 2.5), (0.7,), POSITIVE[:4]),
}
BESSEL = {"j": mp.besselj, "y": mp.bessely, "i": mp.besseli, "k": mp.besselk}
for _letter, _function in BESSEL.items():
    _some = [0.6, 4.2] if _letter in "yk" else WIDE  # for whole orders mpmath takes a limit
    _scale = {"i": lambda x: mp.exp(-abs(x)), "k": mp.exp}.get(_letter, lambda x: mp.mpf(1))
    CASES[f"{_letter}v"] = (_function, (1.5, 3.0), [0.6, 4.2])
    CASES[f"{_letter}ve"] = (lambda v, x, f=_function, s=_scale: f(v, x) * s(x), (0.7, 1.5), POSITIVE)
    for _order in (0, 1):
        CASES[f"{_letter}{_order}"] = (lambda x, f=_function, n=_order: f(n, x), _some)
        if _letter in "ik":
            CASES[f"{_letter}{_order}e"] = (lambda x, f=_function, n=_order, s=_scale: f(n, x) * s(x), _some)
CASES["jn"], CASES["yn"], CASES["kn"] = ((BESSEL[a], (0, 4), [0.6, 4.2]) for a in "jyk")
CASES = {name: case for name, case in CASES.items() if hasattr(special, name)}

#: Where functions that derivatives are made of are less exact in SciPy, or cancel: relative to the largest derivative.
TOLERANCES = dict.fromkeys("erfcx dawsn hyp2f1 chdtri".split(), 1e-9)
TOLERANCES |= {"ive": 1e-11, "kve": 1e-11, "hyperu": 1e-8, "stdtrit": 1e-10}


def truth(f, at, by, orders):
    """Return the derivatives of these orders by these arguments."""
    with mp.workdps(30):
        at = [mp.mpf(x) if type(x) is float else x for x in at]

        def g(*x):
            moved = dict(zip(by, x, strict=True))
            return f(*[moved.get(i, v) for i, v in enumerate(at)])

        point = tuple(at[i] for i in by)
        if len(by) == 1:
            return list(mp.diffs(g, *point, len(orders)))[1:]
        return [mp.diff(g, point, order) for order in orders]


def agree(got, want, tolerance, what):
    size = max(abs(w) for w in want)
    for g, w in zip(got, want, strict=True):
        assert abs(g - w) <= tolerance * max(abs(w), size * mp.mpf("1e-3")), (what, float(g), float(w))


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_mpmath(name):
    ufunc, (functions, *arguments) = getattr(special, name), CASES[name]
    functions = functions if type(functions) is tuple else (functions,)
    by = [i for i, points in enumerate(arguments) if type(points) is list]
    orders = [
        o for o in itertools.product(range(4), repeat=len(by)) if 1 <= sum(o) <= (3 if len(by) == 1 else 2)
    ]
    for at in itertools.product(*arguments):

        def f(x, at=at):
            args = list(at)
            for i, moving in zip(by, x, strict=True):
                args[i] = moving
            results = ufunc(*args)
            return np.stack(results if type(results) is tuple else (results,))

        start = [float(at[i]) for i in by]
        tensors = [dn.derivative_tensor(f, n)(start) for n in range(4)]
        np.testing.assert_array_equal(tensors[0], f(start))
        for i, function in enumerate(functions):
            want = truth(function, at, by, orders)
            got = [tensors[sum(o)][(i, *np.repeat(np.arange(len(by)), o))] for o in orders]
            agree(got, want, TOLERANCES.get(name, 2e-12), (name, at, i))


def test_every_rule_is_tested():
    ufuncs = {name: f for name, f in vars(special).items() if isinstance(f, np.ufunc)}
    rules = {name for name, ufunc in ufuncs.items() if dn._core.rule_of(ufunc)}
    assert rules == set(CASES) | (parameters.TESTED & set(ufuncs)) | kelvin.TESTED


SHAPES = ((), (0,), (7,), (2, 3))


@pytest.mark.parametrize("subok", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_of_every_kind(shape, subok):
    x = np.random.default_rng(0).uniform(0.1, 2, shape)
    slope = 2 / np.sqrt(np.pi) * np.exp(-(x**2))
    got = dn.jvp(special.erf, subok=subok)(x, np.full(shape, 3.0))
    np.testing.assert_array_equal(got[0], special.erf(x))
    np.testing.assert_allclose(got[1], 3 * slope, rtol=1e-15)
    if shape == (2, 3):
        for view in (lambda a: a.T, lambda a: a[:, ::2], lambda a: a[::-1], np.asfortranarray):
            np.testing.assert_array_equal(dn.value(special.erf(view(dn.seed(x)))), special.erf(view(x)))
        out = np.zeros_like(dn.seed(x))
        assert special.erf(dn.seed(x), out=out) is out
        np.testing.assert_array_equal(out.tangent, special.erf(dn.seed(x)).tangent)
        rows = special.xlogy(dn.seed(x)[0], 2.0 + np.arange(2)[:, None])
        assert rows.shape == (2, 3)
        with pytest.raises(TypeError, match="lose"):
            special.erf(dn.seed(x), out=np.zeros((2, 3)))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("method", ["accumulate", "reduce"])
def test_accumulations_read_what_they_have_written(method, axis):
    x = np.random.default_rng(0).uniform(0.5, 1.5, (3, 4))
    over, start = getattr(special.beta, method), 1.5
    options = {"axis": axis} | (
        {"initial": start} if method == "reduce" else {}
    )  # SciPys differ in where they start
    y, tangents = dn.value(over(dn.seed(x), **options)), over(dn.seed(x), **options).tangent
    np.testing.assert_array_equal(y, over(x, **options))

    def loop(x):
        rows = list(np.moveaxis(x, axis, 0))
        if method == "reduce":
            rows[0] = special.beta(start, rows[0])
        for i in range(1, len(rows)):
            rows[i] = special.beta(rows[i - 1], rows[i])
        return np.stack(rows, axis) if method == "accumulate" else rows[-1]

    np.testing.assert_array_equal(tangents, loop(dn.seed(x)).tangent)


def test_scalars_series_and_levels():
    assert isinstance(special.erf(dn.Dual(0.5)), dn.Dual)
    series = dn.taylor(special.erf, 30)(0.3)
    with mp.workdps(40):
        want = [float(c) for c in mp.taylor(mp.erf, mp.mpf(0.3), 30)]
    np.testing.assert_allclose(series, want, rtol=1e-11, atol=1e-18)
    mixed = dn.derivative(lambda x: x * dn.derivative(lambda y: special.gamma(x * y))(2.0))(1.5)
    with mp.workdps(40):
        want = mp.diff(lambda x: x * x * mp.gamma(2 * x) * mp.digamma(2 * x), mp.mpf(1.5))
    np.testing.assert_allclose(mixed, float(want), rtol=1e-13)
    tensor = dn.derivative_tensor(lambda x: special.beta(x[0], x[1]), 3)([1.5, 2.5])
    with mp.workdps(40):
        want = mp.diff(mp.beta, (mp.mpf(1.5), mp.mpf(2.5)), (2, 1))
    np.testing.assert_allclose(tensor[0, 0, 1], float(want), rtol=1e-13)


OF_ONE = [f for f in vars(special).values() if isinstance(f, np.ufunc) and hasattr(_core.rule_of(f), "slope")]
EDGES = [0.0, 1e-10, 0.5, 0.9999, 1.0, 1.0001, 2.0, 3.7, 5.0, 11.3, 45.0, 1e3, 1e300, np.inf, np.nan]


@pytest.mark.parametrize("function", OF_ONE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("tangents", [[1.0], [0.5, 0.0, -2.0]])
def test_one_number_is_an_array_of_one(function, tangents):
    for x in [*EDGES, *[-edge for edge in EDGES]]:
        array = _core.seed_tangents(np.array([x]), _core.Level(), np.array([tangents]))
        with warnings.catch_warnings(record=True) as of_array:
            warnings.simplefilter("always")
            expected = function(array)
        with warnings.catch_warnings(record=True) as of_one:
            warnings.simplefilter("always")
            y = function(array[0])
        assert type(y) is dn.Dual
        np.testing.assert_array_equal(np.array([y]).view(float), np.asarray(expected).view(float))
        assert {w.category for w in of_one} == {w.category for w in of_array}


def test_slopes_at_edges():
    assert dn.hessian(special.entr)(1e-300) == -1 / 1e-300  # whose slope has an infinite second derivative
    hessian = dn.hessian(lambda x: np.sum(special.entr(x)))([0.0, 0.5])
    np.testing.assert_array_equal(hessian, [[-np.inf, 0], [0, -2]])
    series = dn.taylor(lambda x: special.gammainc(2, x), 3)(0.0)  # of x exp(-x), integrated
    np.testing.assert_array_equal(series, [0, 0, 1 / 2, -1 / 3])
    for at in (0.0, 1.0):
        bends = [dn.derivative(lambda x, b=b: special.betainc(2, b, x), order=2)(at) for b in (1.0, 2.0)]
        np.testing.assert_allclose(bends, [2, 6 - 12 * at], rtol=1e-14)
    np.testing.assert_array_equal(dn.gradient(lambda z: special.boxcox(z[0], z[1]))([0.0, 2.0]), [0, 0.25])
    mixed = dn.hessian(lambda z: special.boxcox(z[0], z[1]))([1e-10, 3.0])[0, 1]
    np.testing.assert_allclose(mixed, 1e-20 * np.log(1e-10), rtol=1e-14)
    bend = dn.hessian(lambda z: special.kl_div(z[0], z[1]))([1e-10, 30.0])[1, 1]
    np.testing.assert_allclose(bend, 1e-10 / 900, rtol=1e-14)
    slope = dn.gradient(lambda z: special.pseudo_huber(z[0], z[1]))([1e10, 5.0])[0]
    np.testing.assert_allclose(slope, (5 / 1e10) ** 4 / 4 * 1e10, rtol=1e-14)
    np.testing.assert_array_equal(dn.taylor(special.i0e, 4)(0.0) * [1, 1, 2, 6, 24], [1, 0, 1.5, 0, 4.375])
    assert dn.derivative(special.sindg)(90.0) == dn.derivative(special.cosdg)(180.0) == 0


@pytest.mark.parametrize(("name", "factor"), [("erf", -1), ("erfi", 1), ("ndtr", -0.5)])
def test_slopes_that_are_exponentials_of_squares(name, factor):
    """Within two ulp each, although exp(x^2) of the rounded square is off by x^2 ulp."""
    x = np.linspace(0.1, 26, 200)
    with mp.workdps(40):
        scale = 1 / mp.sqrt(2 * mp.pi) if name == "ndtr" else 2 / mp.sqrt(mp.pi)
        want = [float(scale * mp.exp(factor * mp.mpf(v) ** 2)) for v in x.tolist()]
    np.testing.assert_allclose(dn.derivative(getattr(special, name))(x), want, rtol=2 * np.finfo(float).eps)


def test_steps_of_discrete_distributions():
    """Between integers the distributions are constant in k."""
    for f, *rest in (
        (special.pdtr, 1.3),
        (special.pdtrc, 1.3),
        (special.bdtr, 5, 0.3),
        (special.bdtrc, 5, 0.3),
    ):
        slopes = [
            dn.derivative(lambda p, k=k, f=f, rest=rest: f(k, *rest[:-1], p))(rest[-1]) for k in (2.0, 2.5)
        ]
        assert slopes[0] == slopes[1] != 0, f


def test_functions_in_python_that_call_them():
    x = np.array([0.4, 1.3])
    with mp.workdps(40):
        trigamma = [float(mp.polygamma(2, mp.mpf(v))) for v in x]
    np.testing.assert_allclose(dn.derivative(lambda x: special.polygamma(1, x))(x), trigamma, rtol=1e-13)
    np.testing.assert_allclose(dn.derivative(lambda x: special.zeta(2, x))(x), trigamma, rtol=1e-13)


@pytest.mark.skipif(not hasattr(special._logsumexp, "_logsumexp"), reason="this SciPy writes it otherwise")
@pytest.mark.parametrize("b", [None, [1.0, -0.2, 0.0, 2.0]])
def test_logsumexp(b):
    x = np.array([0.5, 1.5, 800.0, 1.5]) if b else np.array([700.0, 0.5, 1.5, 700.0])
    value, gradient, hessian = dn.value_gradient_hessian(lambda x: special.logsumexp(x, b=b))(x)
    assert value == special.logsumexp(x, b=b)
    weights = np.ones(4) if b is None else np.array(b)
    p = weights * np.exp(np.where(weights == 0, -np.inf, x - value))
    np.testing.assert_allclose(gradient, p, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(hessian, np.diag(p) - np.outer(p, p), rtol=0, atol=1e-12)
    rows = dn.jacobian(lambda x: special.logsumexp(x.reshape(2, 2), axis=1, keepdims=True))(x)
    assert rows.shape == (2, 1, 4) and not rows[0, 0, 2:].any()
    if b:
        by_weights = dn.gradient(lambda b: special.logsumexp(np.array([0.5, 1.5, 2.0]), b=b))([1.0, 3.0, 0.0])
        want = np.exp([0.5, 1.5, 2.0]) / (np.exp(0.5) + 3 * np.exp(1.5))
        np.testing.assert_allclose(by_weights, want, rtol=1e-14)


@pytest.mark.parametrize(
    "n", [3, np.int32(3), np.uint32(3), np.uint64(3), True, np.array([True]), 3.0, np.array([2, 3] * 20)]
)
def test_integers_choose_the_loop_that_they_choose_without_duals(n):
    x = np.linspace(-0.93, 0.87, 40)
    np.testing.assert_array_equal(dn.value(special.eval_legendre(n, dn.seed(x))), special.eval_legendre(n, x))
    np.testing.assert_allclose(dn.derivative(lambda x: special.jn(n, x))(x), special.jvp(n, x), rtol=1e-14)


def test_arguments_without_derivatives_are_refused():
    with pytest.raises(
        TypeError, match=r"^struve of duals has no rule for derivatives by its argument number 1; use"
    ):
        dn.derivative(lambda v: special.struve(v, 2.0))(1.5)
    v = dn.value(dn.seed([1.5])) + 0 * dn.seed([1.5])  # duals whose tangents are zero are numbers
    assert special.struve(v, 2.0).primal == special.struve(1.5, 2.0)


def test_ufuncs_without_a_rule_and_wrong_operands_are_refused():
    with pytest.raises(TypeError, match="mathieu_a of duals has no rule that gives its derivatives"):
        dn.derivative(lambda x: special.mathieu_a(2.0, x))(1.0)
    with pytest.raises(TypeError, match="erf of duals with dtype=float64 would lose derivatives"):
        special.erf(dn.seed([1.0]), dtype=float)
    with pytest.raises(TypeError, match="airye of complex duals has no rule"):
        special.airye(dn.seed([1.0]) * 1j)


def test_warnings_are_those_of_the_values():
    with np.errstate(all="raise"):
        assert np.isinf(dn.derivative(special.entr)(0.0))
        assert dn.gradient(lambda x: special.xlogy(x[0], x[1]))([0.0, 2.0])[0] == np.log(2.0)
        assert dn.derivative(special.erf, order=2)(1e200) == 0


def test_a_zero_tangent_stays_zero():
    """y = 0 * inf is 0: the branch that np.where does not take gives no nan."""
    x = np.array([0.0, 1.0])
    got = dn.gradient(lambda x: np.sum(np.where(x > 0, special.entr(np.where(x > 0, x, 1.0)), 0.0)))(x)
    np.testing.assert_array_equal(got, [0.0, -1.0])
    assert dn.derivative(lambda x: special.entr(0.0 * x))(1.0) == 0


def test_a_rule_for_a_ufunc_of_ones_own():
    ufunc = special.round

    @dn.rule(ufunc)
    def rule(x):
        v, move = dn.value(x), x - dn.value(x)
        return ufunc(v) - 7.0 * move

    try:
        assert dn.derivative(ufunc)(1.0) == -7.0
        np.testing.assert_array_equal(dn.derivative(ufunc)(np.ones((2, 2))), np.full((2, 2), -7.0))
        dn.rule(ufunc)(lambda x: x[:0])
        with pytest.raises(ValueError, match=r"the rule of round expects to return arrays of shape \(1,\)"):
            dn.derivative(ufunc)(1.0)
        dn.rule(ufunc)(lambda x: (x, x))
        with pytest.raises(ValueError, match=r"the rule of round expects to return 1 arrays, got 2\."):
            dn.derivative(ufunc)(1.0)
        dn.rule(ufunc)(lambda x: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            dn.derivative(ufunc)(1.0)
    finally:
        dn.rule(ufunc)(None)
    with pytest.raises(TypeError, match="round of duals has no rule"):
        dn.derivative(ufunc)(1.0)


def test_arguments_of_rules_outlive_the_call():
    ufunc, held = special.round, []
    dn.rule(ufunc)(lambda x: held.append(x) or x)
    try:
        x = np.random.default_rng(0).uniform(0.5, 1.5, 100_000)
        dn.jvp(ufunc)(x, x)
        np.zeros(300_000)  # takes the memory that is free now
        np.testing.assert_array_equal(dn.value(np.concatenate(held)), x)
        np.testing.assert_array_equal(np.concatenate(held).tangent[:, 0], x)
    finally:
        dn.rule(ufunc)(None)


@pytest.mark.parametrize("ufunc", [np.sin, np.matmul, np.isnan, np.frompyfunc(abs, 1, 1), np.bitwise_and])
def test_rules_for_what_cannot_have_one_are_refused(ufunc):
    with pytest.raises(TypeError, match=r"rule expects .* or ufuncs of float64 without derivatives, got"):
        dn.rule(ufunc)


@pytest.mark.parametrize(
    "first, then",
    [
        ("dualnum as dn", "scipy.special as sp"),
        ("scipy.special as sp", "dualnum as dn"),
        ("dualnum as dn, scipy", "scipy.special as sp"),
    ],
)
def test_the_order_of_imports_does_not_matter(first, then):
    code = f"import sys; import {first}; import {then}; print(dn.derivative(sp.erf)(0.0) > 1)"
    assert python("-c", code, text=True).stdout == "True\n"


def test_scipy_is_not_imported_by_dualnum():
    code = "import dualnum, sys; print('scipy' in sys.modules)"
    assert python("-c", code, text=True).stdout == "False\n"


@pytest.mark.parametrize("first, then", [("dualnum", "scipy.special"), ("scipy.special", "dualnum")])
def test_rules_that_fail_break_neither_package(first, then):
    code = f"""
import importlib, sys, warnings
import scipy
sys.modules["dualnum.rules.ufuncs.scipy_special"] = None  # its import fails
importlib.import_module("{first}")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    importlib.import_module("{then}")
print(scipy.special.erf(0.0), sys.modules["dualnum"].derivative(lambda x: x * x)(1.0))
print(*[w.message for w in caught])
"""
    lines = python("-c", code, text=True).stdout.splitlines()
    assert lines[0] == "0.0 2.0"
    assert lines[1].startswith("dualnum has no derivatives of scipy.special, for")


def test_scipy_may_be_blocked():
    code = "import sys; sys.modules['scipy.special'] = None; import dualnum; print(dualnum.Dual(1.0))"
    assert python("-c", code, text=True).returncode == 0


def test_derivatives_of_exponential_integrals_of_high_order():
    """Derivative 25 of E_1 is -E_-24(x) = -Gamma(25, x) / x^25, a sum with 24! in its terms."""
    expected = -special.gamma(25) * special.gammaincc(25, 2.0) / 2.0**25
    assert dn.derivative(lambda x: special.expn(1, x), 25)(2.0) == pytest.approx(expected, rel=1e-12)


def test_associated_legendre_functions_of_negative_order():
    """P_2^-1(x) = x sqrt(1 - x^2) / 2."""
    x = 0.3
    expected = (1 - 2 * x * x) / np.sqrt(1 - x * x) / 2
    assert dn.derivative(lambda x: special.lpmv(-1, 2, x))(x) == pytest.approx(expected, rel=1e-13)
