"""Every function that the documentation promises exists, and every NumPy ufunc is decided upon."""

import re

import numpy as np
import pytest
from elements import (
    COMPARISONS,
    PREDICATES,
    UFUNCS,
    coefficients,
    containers,
    fresh_levels,
    join,
    with_values,
)
from truth import inner_point

import dualnum as dn
from dualnum import Dual, _core

ALIASES = {name: f.__name__ for name, f in vars(np).items() if isinstance(f, np.ufunc) and name != f.__name__}

SMOOTH = [row.name for row in _core.ELEMENTARY]
SMOOTH_OF_TWO = list(dict.fromkeys([*(row.name for row in _core.BINARY), "add", "subtract"]))
PIECEWISE = "absolute fabs sign floor ceil rint trunc modf frexp positive negative conjugate".split()
PIECEWISE_OF_TWO = "copysign maximum minimum fmax fmin heaviside remainder fmod floor_divide divmod".split()
SPECIAL = ["clip", "ldexp"]
DIFFERENTIABLE = SMOOTH + SMOOTH_OF_TWO + PIECEWISE + PIECEWISE_OF_TWO + SPECIAL
PRODUCTS = [name for name, f in UFUNCS.items() if f.signature]  # matvec and vecmat exist from NumPy 2.2
REFUSED = """nextafter spacing gcd lcm isnat bitwise_and bitwise_or bitwise_xor bitwise_count invert
    left_shift right_shift""".split()


def arguments(name):
    """Return plain arguments inside the domain, away from kinks."""
    x = inner_point(name)
    more = {"clip": (0.5, 3.0), "ldexp": (3,)} | dict.fromkeys(SMOOTH_OF_TWO + PIECEWISE_OF_TWO, (0.83,))
    return (x, *more.get(name, ()))


def test_every_numpy_ufunc_is_decided_upon():
    missing = {*UFUNCS} - {*DIFFERENTIABLE, *PREDICATES, *COMPARISONS, *PRODUCTS, *REFUSED, "_arg"}
    name = min(missing, default="")
    row = "ROW({}, DOMAIN(lo, hi) COMPANION(c) VALUE(y) DY(y') D2Y(y'') DC(c')) to ext/math/elementary.def"
    if name and UFUNCS[name].nin == 2:
        row = "ROW2({}, DOMAIN(x_lo, x_hi, y_lo, y_hi) VALUE(z) Z_X(...) Z_Y(...) ...) to ext/math/binary.def"
    assert not missing, (
        f"NumPy has {sorted(missing)}. Smooth: add {row.format(name)}. With kinks: add it to PIECEWISE here. "
        f"Without derivatives: to REFUSED here."
    )


def test_the_table_is_complete():
    for rows in (_core.ELEMENTARY, _core.BINARY):
        names = [row.name for row in rows]
        assert len(set(names)) == len(names) and set(names) <= set(UFUNCS)
    assert set(_core.ELEMENTARY[0]._fields) == {"name", "lo", "hi", "c", "y", "dy", "d2y", "dc"}


@pytest.mark.parametrize("name", [*DIFFERENTIABLE, *PREDICATES])
def test_every_function_is_in_dualnum(name):
    f = getattr(dn, name)
    assert name in dn.__all__
    assert f.__name__ == name and f.__doc__


@pytest.mark.parametrize("alias", ALIASES)
def test_numpys_aliases_are_in_dualnum(alias):
    if hasattr(dn, alias):
        assert getattr(dn, alias) is getattr(dn, ALIASES[alias])


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("orders", [1, 2, 3])
@containers
def test_every_ufunc_has_a_loop(name, orders, subok):
    """A dual array in each place gives the central difference, and equals the scalar's result."""
    f = getattr(np, name)
    plain = arguments(name)
    levels = fresh_levels(orders)
    sizes = (1,) * orders
    for place in range(1 if name in ("ldexp",) else len(plain)):
        terms = with_values(np.zeros((3, *(2,) * orders)), plain[place])
        terms[(slice(None), 1, *(0,) * (orders - 1))] = 1
        d = join(terms, levels, subok)

        def call(x, place=place):
            return f(*plain[:place], x, *plain[place + 1 :])

        results, scalars = call(d), call(d[0])
        high, low = call(plain[place] + 1e-6), call(plain[place] - 1e-6)
        if not isinstance(results, tuple):
            results, scalars, high, low = (results,), (scalars,), (high,), (low,)
        for result, scalar, h, l_ in zip(results, scalars, high, low, strict=True):
            if result.dtype.kind == "i":
                continue  # frexp's exponent
            slope = coefficients(result, levels, sizes)[(slice(None), 1, *(0,) * (orders - 1))]
            np.testing.assert_allclose(slope, (h - l_) / 2e-6, rtol=1e-7, atol=1e-7)
            assert np.array_equal(coefficients(scalar, levels, sizes), coefficients(result, levels, sizes)[0])


@pytest.mark.parametrize("name", PREDICATES + COMPARISONS)
def test_predicates_and_comparisons_have_loops(name):
    d = dn.seed(np.array([0.0, 1.0, -2.0]))
    x = np.array([0.0, 1.0, -2.0])
    arguments_ = ((d,), (x,)) if name in PREDICATES else ((d, x[::-1]), (x, x[::-1]))
    got = getattr(np, name)(*arguments_[0])
    assert got.dtype == bool and np.array_equal(got, getattr(np, name)(*arguments_[1]))


@pytest.mark.parametrize("name", PRODUCTS)
@containers
def test_products_have_loops(name, subok):
    shapes = {
        "matmul": ((2, 3), (3, 2)),
        "vecdot": ((3,), (3,)),
        "matvec": ((2, 3), (3,)),
        "vecmat": ((3,), (3, 2)),
    }[name]
    a, b = (np.arange(1.0, 1 + np.prod(shape)).reshape(shape) for shape in shapes)
    f = getattr(np, name)
    for got in (
        dn.jacobian(lambda x: f(x, b), subok=subok)(a),
        dn.jacobian(lambda x: f(a, x), subok=subok)(b),
    ):
        assert got.any() and got.shape[: f(a, b).ndim] == f(a, b).shape


@pytest.mark.parametrize("name", REFUSED)
@containers
def test_ufuncs_without_derivatives_refuse(name, subok):
    if not hasattr(np, name):
        return
    f = getattr(np, name)
    d = _core.seed_identity(np.ones(3), _core.Level(), 0, 3, subok=subok)
    text = (
        f"{f.__name__} of duals has no rule that gives its derivatives; write it with NumPy's functions, or "
        f"give its derivatives with dualnum.rule. (dualnum.value(x) makes x a constant: its derivative is then 0.)"
    )
    # only NumPy could say it of plain arrays, except for the functions of float64
    match = f"^{re.escape(text)}$" if subok or name in ("nextafter", "spacing") else "did not contain a loop"
    with pytest.raises(TypeError, match=match):
        f(*[d] * f.nin)
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        f(*[d[0]] * f.nin)


def test_ufuncs_of_others_refuse():
    special = pytest.importorskip("scipy.special")
    for x in (_core.seed_identity(np.ones(3), _core.Level(), 0, 3), Dual(1.0)):
        with pytest.raises(TypeError, match=r"^mathieu_a of duals has no rule that gives its derivatives"):
            special.mathieu_a(2.0, x)


@pytest.mark.parametrize(
    "name", [*SMOOTH, *"absolute fabs sign floor ceil rint trunc positive negative conjugate".split()]
)
def test_every_function_is_a_method_of_scalars(name):
    x = Dual(arguments(name)[0], 1.5)
    got, want = getattr(x, name)(), getattr(np, name)(x)
    assert got.primal == want.primal and got.tangent == want.tangent


def test_all_names_exist_and_are_documented():
    assert len(set(dn.__all__)) == len(dn.__all__)
    for name in dn.__all__:
        assert getattr(dn, name) is not None
