"""Every public name of NumPy is decided upon, and every decision holds: see surface.txt."""

import re
import warnings

import numpy as np
import pytest
import surface
from judge import leaves
from surface import cases, exists

from dualnum import Dual, _core

STEP = 2.0**-9
STENCIL = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}  # the central difference of order 8
DUALS = ("differentiable", "moves elements")
DIRECTIONS = 3
# Complex arguments of the calls, made of the others.
COMPLEX = {"z": "x + 1j * y", "h": "a + 1j * b", "t": "s + 0.5j"}


class Point:
    """The arguments of the calls: moving ones with their directions, and constants."""

    def __init__(self):
        self.moving, self.still, draw = surface.arguments()
        self.directions = {n: draw.uniform(-1, 1, (*z.shape, DIRECTIONS)) for n, z in self.moving.items()}

    def names(self, code, levels=(), steps=(), subok=True):
        """Return the arguments of a call: at a distance `steps` along the directions, as duals of these levels.

        A level is a pair of a Level and the directions that it carries.
        """
        used = set(re.findall(r"[a-z]+", code))
        complex_ones = {name: made for name, made in COMPLEX.items() if name in used}
        used |= {name for made in complex_ones.values() for name in made.split()}
        found = {"np": np, "sink": __import__("io").BytesIO}
        found |= {n: z.copy() for n, z in self.still.items() if n in used}
        for name, z in self.moving.items():
            if name not in used:
                continue
            z = np.asarray(z + sum(step * self.directions[name][..., i] for i, step in steps))
            for level, which in levels:
                z = _core.seed_tangents(z, level, self.directions[name][..., which], subok=subok)
            found[name] = z if name != "s" else z[()]
        return found | {name: eval(made, found) for name, made in complex_ones.items()}


POINT = Point()


def evaluate(code, **where):
    """Return the leaves of a call's result; NumPy's warnings are another test's."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [as_real(z) for z in leaves(eval(code, POINT.names(code, **where)))]


def as_real(z):
    """Return a result of NumPy without an imaginary part that is 0: eigenvalues and roots have one from 2.5 on."""
    return _core.real_part(z) if np.iscomplexobj(z) and not np.any(_core.imaginary_part(z)) else z


def numbers(result):
    """Return the leaves of a result that are not integers, booleans, text."""
    return [z for z in result if hasattr(z, "dtype") and z.dtype.kind not in "biuSUO"]


def difference(function, direction):
    """Return the central differences of the function's results for steps along one direction: a list of arrays."""
    ends = {k: function([(direction, k * STEP)]) for k in (*STENCIL, *(-k for k in STENCIL))}
    return [
        sum(weight * (np.asarray(ends[k][i]) - ends[-k][i]) for k, weight in STENCIL.items()) / STEP
        for i in range(len(ends[1]))
    ]


def derivatives(code, levels, subok=True, steps=()):
    return [_mixed(z, levels) for z in numbers(evaluate(code, levels=levels, steps=steps, subok=subok))]


def _mixed(z, levels):
    """Return the mixed derivative of all levels: shape of z, then one axis of directions for each level, in order."""
    shape = np.shape(z) + tuple(len(which) for _, which in levels)
    axes = 0
    for level, _ in reversed(levels):
        z = _core.split(z, level)[1]
        if z is None:
            return np.zeros(shape)
        z = np.moveaxis(np.asarray(z), -1, np.ndim(z) - 1 - axes) if axes else z
        axes += 1
    return np.asarray(z, complex if np.iscomplexobj(z) else float)


def close(got, want, tolerance):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    scale = np.max(np.abs(want), initial=1.0)
    assert np.all(np.abs(got - want) <= tolerance * scale), (got, want)


def check(code, subok, exactly=True):
    """Compare a call on duals with NumPy: values bit by bit, first and second derivatives with differences."""
    plain = evaluate(code)
    levels = [(_core.Level(), [0, 1, 2]), (_core.Level(), [0, 1])]
    first, both = levels[:1], levels
    got = evaluate(code, levels=both, subok=subok)
    assert len(got) == len(plain)
    for z, value in zip(got, plain, strict=True):
        assert np.shape(z) == np.shape(value)
        if not exactly:
            np.testing.assert_allclose(_core.value(z), value, rtol=1e-13, atol=1e-13)
            continue
        if (
            "**" in code and not subok
        ):  # NumPy 2.0 calls power for plain arrays of duals, which differs by an ulp
            for part in (np.real, np.imag):
                np.testing.assert_array_max_ulp(part(_core.value(z)), part(value), 2)
            continue
        assert np.array_equal(_core.value(z), value, equal_nan=True), (_core.value(z), value)
        if np.result_type(value).kind == "f":
            assert np.array_equal(np.signbit(_core.value(z)), np.signbit(value))
    jacobian = derivatives(code, first, subok)
    hessian = derivatives(code, both, subok)
    for i in range(DIRECTIONS):
        slopes = difference(
            lambda steps: [z for z in evaluate(code, steps=steps) if np.result_type(z).kind in "fc"], i
        )
        assert len(slopes) >= len(jacobian)
        if len(slopes) == len(jacobian):
            for j, slope in zip(jacobian, slopes, strict=True):
                close(j[..., i], slope, 1e-10)
    for i in range(2):
        curvatures = difference(lambda steps: derivatives(code, first, subok, steps), i)
        for h, curvature in zip(hessian, curvatures, strict=True):
            close(h[..., i], curvature, 1e-10)
    return jacobian


def identify(case):
    return case if isinstance(case, str) else str(case)


def test_every_public_name_is_decided_upon():
    lines = [
        f"{name}: np.{name}({', '.join('xy'[: getattr(thing, 'nin', 1)])})"
        for name, thing in surface.public_names().items()
        if surface.decision(name, thing) is None
    ]
    assert not lines, (
        f"NumPy {np.__version__} has public names that tests/surface.txt does not decide upon. Add lines such as "
        f"these with calls that show the derivative, or with the reason why there is none: {lines}."
    )


def test_a_name_without_a_decision_is_seen():
    assert surface.decision("brand_new", lambda x: x) is None


def test_every_decision_is_about_a_name():
    """Names that this NumPy lacks are those of other versions of it."""
    others = """__array_namespace_info__ cumulative_prod cumulative_sum matvec vecmat unstack row_stack in1d trapz fix
        ndarray.itemset ndarray.newbyteorder ndarray.ptp ndarray.tostring""".split()
    names = surface.public_names()
    unknown = [n for n in surface.ALL if n not in names and n not in others]
    assert not unknown


@pytest.mark.parametrize(("name", "call"), cases(*DUALS), ids=identify)
def test_differentiable(name, call):
    if not exists(call):
        return
    code = call.lstrip("@")
    check(code, subok=True)
    if not call.startswith("@"):
        check(code, subok=False)
        return
    try:
        check(code, subok=False, exactly=False)
    except (TypeError, ValueError, NotImplementedError):  # NumPy cannot be reached from a plain array
        return


@pytest.mark.parametrize(("name", "call"), cases(*DUALS), ids=identify)
def test_third_order(name, call):
    if not exists(call):
        return
    code = call.lstrip("@")
    levels = [(_core.Level(), [i]) for i in range(3)]
    third = derivatives(code, levels)
    differences = difference(lambda steps: derivatives(code, levels[:2], steps=steps), 2)
    for got, want in zip(third, differences, strict=True):
        close(got[..., 0], want, 1e-9)


@pytest.mark.parametrize("name", [n for n, d in surface.ALL.items() if d[0] == "differentiable"])
def test_something_depends(name):
    """Of each differentiable name one call at least has a derivative that is not zero, unless it is made of steps."""
    steps = "angle around ceil fix floor floor_divide rint round sign trunc heaviside ndarray.round".split()
    steps += ["polynomial.legendre.legweight"]  # one
    levels = [(_core.Level(), [0, 1, 2])]
    calls = [call for n, call in cases("differentiable") if n == name and exists(call)]
    found = any(np.any(z) for call in calls for z in derivatives(call.lstrip("@"), levels))
    assert found or not calls or name in steps


@pytest.mark.parametrize(("name", "call"), cases("value-only"), ids=identify)
def test_value_only(name, call):
    if not exists(call):
        return
    code = call.lstrip("@")
    plain = evaluate(code)
    for subok in (True, False):
        try:
            got = evaluate(code, levels=[(_core.Level(), [0, 1, 2])], subok=subok)
        except TypeError:
            assert call.startswith("@") and not subok
            continue
        assert len(got) == len(plain)
        for z, value in zip(got, plain, strict=True):
            if not isinstance(z, Dual) and np.asarray(z).dtype.kind in "biuSU":
                assert np.array_equal(z, value) or "is x.dtype" in code or "is s.dtype" in code
                continue
            for i in range(DIRECTIONS):
                locally = difference(
                    lambda steps: [np.asarray(e, float) for e in evaluate(code, steps=steps)], i
                )
                assert not np.any(locally[0])
            assert not derivatives(code, [(_core.Level(), [0])], subok)[0].any() or not hasattr(
                z.dtype, "levels"
            )


@pytest.mark.parametrize("call", surface.complex_calls())
def test_complex(call):
    if exists(call):
        check(call.lstrip("@"), subok=True)
        if not call.startswith("@"):
            check(call, subok=False)


REFUSALS = surface.refusals()


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("subok", [True, False], ids=["DualArray", "plain"])
def test_refused(name, subok):
    array_only, code, reason, text = REFUSALS[name]
    assert len(reason) > 10
    error = (TypeError, ValueError, BufferError, NotImplementedError)
    with pytest.raises(error, match=text if subok or not array_only else None):
        evaluate(code, levels=[(_core.Level(), [0])], subok=subok)


@pytest.mark.parametrize(("name", "call"), cases("not for floats"), ids=identify)
def test_numpy_refuses_floats_too(name, call):
    for levels in ((), [(_core.Level(), [0])]):
        with pytest.raises((TypeError, ValueError, IndexError)):
            evaluate(call, levels=levels)


# Callables of the section "no array" that change NumPy's state, print, or read files.
EFFECTS = """test seterr seterrcall set_printoptions setbufsize info show_config show_runtime fromfile fromregex load
    loadtxt genfromtxt memmap polynomial.set_default_printstyle printoptions errstate""".split()
CONSTRUCTORS = "linalg.LinAlgError mintypecode dtype ndarray flatiter ufunc record recarray generic ndindex"


@pytest.mark.parametrize(
    "name", [n for n, d in surface.ALL.items() if d[0] == "no array" and n not in EFFECTS]
)
def test_no_array_is_taken(name):
    """With an array of float64 in its first place the function raises, and with one of duals too."""
    f = surface.public_names().get(name)
    if not callable(f) or name in CONSTRUCTORS.split():
        return
    duals = POINT.names("x v", levels=[(_core.Level(), [0])])
    for argument in (duals["v"], duals["x"]):
        with (
            np.errstate(all="ignore"),
            pytest.raises((TypeError, ValueError, AttributeError, KeyError, IndexError)),
        ):
            f(argument)
            raise AssertionError(name)


@pytest.mark.parametrize("kind", [True, False], ids=["DualArray", "plain"])
def test_scalar_types_refuse_duals(kind):
    """np.float64(d) and its like raise; bool, object and text are made of the number as Python makes them."""
    d = _core.seed_tangents(np.array([1.5]), _core.Level(), np.ones((1, 1)), subok=kind)
    for thing in {t for t in vars(np).values() if isinstance(t, type) and issubclass(t, np.number)}:
        for argument in (d, d[0]):
            with pytest.raises((TypeError, ValueError)):
                thing(argument)


def test_counts():
    found = surface.counts()
    assert found["differentiable"] >= 170
    assert "undecided" not in found


def test_wrong_arguments_are_decided_too():
    """The mutations of test_wrong_arguments.py cover every call of the list."""
    assert len(cases(*DUALS, "value-only")) > 500
