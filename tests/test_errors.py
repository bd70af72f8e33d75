"""The drivers' errors: type and whole message, raised as early as can be."""

from fractions import Fraction

import numpy as np
import pytest
from expect import raises

import dualnum as dn

ALL = (
    "derivative value_and_derivative jvp directional_derivative gradient jacobian hessian hvp vhv "
    "laplacian divergence curl value_and_gradient value_and_jacobian value_gradient_hessian"
).split()
WITH_V = {"jvp", "directional_derivative", "hvp", "vhv"}


def call(name):
    """Return how a message spells a call of the driver."""
    return f"{name}(f)(x, v)" if name in WITH_V else f"{name}(f)(x)"


def run(name, f, x, v=None, **options):
    driver = getattr(dn, name)(f, **options)
    return driver(x, x if v is None else v) if name in WITH_V else driver(x)


# ---- options, when the driver is made ----------------------------------------------------------------------


CHUNK = "chunk to be a positive int or None, got"
INTS = "argnum to be an int or a tuple of ints, got"
OPTIONS = [
    ({"chunk": 0}, ValueError, f"{CHUNK} 0."),
    ({"chunk": -3}, ValueError, f"{CHUNK} -3."),
    ({"chunk": 2.0}, TypeError, f"{CHUNK} float."),
    ({"argnum": 0.5}, TypeError, f"{INTS} float."),
    ({"argnum": "x"}, TypeError, f"{INTS} str."),
    ({"argnum": (0, "x")}, TypeError, f"{INTS} tuple."),
    ({"argnum": (1, 1)}, ValueError, "argnum to name every argument once, got (1, 1)."),
    ({"subok": "no"}, TypeError, "subok to be True or False, got str."),
    ({"lift": 1}, TypeError, "lift to be 'auto', True or False, got int."),
    ({"lift": "always"}, ValueError, "lift to be 'auto', True or False, got 'always'."),
]


@pytest.mark.parametrize("name", ALL)
def test_options_are_checked_when_the_driver_is_made(name):
    make = getattr(dn, name)
    with raises(TypeError, f"{name}(f) expects f to be callable, got float; use {name}(f)(x)."):
        make(3.0)
    blocks = name not in {*WITH_V, "derivative", "value_and_derivative"}
    what = "True, False or a positive int" if blocks else "True or False"
    for option, error, expected in [
        *OPTIONS,
        ({"batched": "no"}, TypeError, f"batched to be {what}, got str."),
    ]:
        ((key, value),) = option.items()
        with raises(error, f"{name}(f, {key}={value!r}) expects {expected}"):
            make(abs, **option)


@pytest.mark.parametrize("name", ["derivative", "value_and_derivative"])
def test_order(name):
    make, what = getattr(dn, name), "expects order to be an int from 0 on, got"
    with raises(ValueError, f"{name}(f, order=-1) {what} -1."):
        make(abs, order=-1)
    for order, kind in ((2.0, "float"), (np.ones(2), "ndarray")):
        with raises(TypeError, f"{name}(f, order) {what} {kind}; use {name}(f, order)(x)."):
            make(abs, order)


# ---- arguments, when it is called --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_missing_arguments(name):
    v = ", v" if name in WITH_V else ""
    with raises(TypeError, f"{call(name)} expects x{v} by position, got 0 arguments."):
        getattr(dn, name)(abs)()
    with raises(TypeError, f"{call(name)} expects x{v} by position, got 0 arguments."):
        getattr(dn, name)(abs)(x=1.0)
    if v:
        with raises(TypeError, f"{call(name)} expects x, v by position, got 1 argument."):
            getattr(dn, name)(abs)(1.0)


@pytest.mark.parametrize("name", ALL)
def test_the_variable_beside_f(name):
    """``gradient(f, x)`` is how other libraries spell it; drivers of any order take x for the order."""
    if "derivative" in name and name != "directional_derivative":
        expected = (
            f"{name}(f, order) expects order to be an int from 0 on, got float; use {name}(f, order)(x)."
        )
    else:
        expected = f"{name} expects f alone and options by name, got 2 arguments; use {name}(f)(x)."
    with raises(TypeError, expected):
        getattr(dn, name)(abs, 2.0)


def test_missing_arguments_where_none_is_differentiated():
    with raises(TypeError, "gradient(f, argnum=())(x) expects x by position, got 0 arguments."):
        dn.gradient(lambda: 1.0, argnum=())()
    assert dn.gradient(abs, argnum=())(1.0) == ()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("argnum", [1, -2])
def test_argnum_out_of_range(name, argnum):
    spelt = call(name).replace("(f)", f"(f, argnum={argnum})")
    with raises(
        ValueError, f"{spelt} expects argnum to be in the range of its 1 positional argument, got {argnum}."
    ):
        run(name, abs, 1.0, argnum=argnum)


def test_argnum_names_an_argument_twice():
    with raises(
        ValueError, "gradient(f, argnum=(1, -1))(x) expects argnum to name every argument once, got (1, -1)."
    ):
        dn.gradient(lambda x, y: x, argnum=(1, -1))(1.0, 2.0)


PARTS = ", or the real and the imaginary part as two real arguments."
NOT_REAL = [
    (1j, f"complex; use {{own}}{PARTS}"),
    (np.complex128(1j), f"dtype complex128; use {{own}}{PARTS}"),
    (np.array([1j]), f"dtype complex128; use {{own}}{PARTS}"),
    ([1, 2j], f"dtype complex128; use {{own}}{PARTS}"),
    ("one", "str."),
    (b"one", "bytes."),
    (np.array(["a", "bc"]), "dtype <U2."),
    (None, "None."),
    (Fraction(1, 2), "Fraction."),
    (object, "type."),
    ({1.0, 2.0}, "set."),
    (np.longdouble(1), f"dtype {np.dtype(np.longdouble)}; use astype(float)."),
    (np.ones(2, np.longdouble), f"dtype {np.dtype(np.longdouble)}; use astype(float)."),
    (np.array([1.0, None]), "dtype object; use astype(float), or a tuple for arrays of different shapes."),
    (
        np.array([1, "2"], object),
        "dtype object; use astype(float), or a tuple for arrays of different shapes.",
    ),
    (np.array(["2020-01-01"], dtype="M8[D]"), "dtype datetime64[D]."),
    (np.zeros(2, dtype=[("a", float)]), "dtype [('a', '<f8')]."),
]


@pytest.mark.parametrize("x, got", NOT_REAL, ids=[got for _, got in NOT_REAL])
@pytest.mark.parametrize("name", ALL)
def test_other_types_are_refused_before_f_is_called(name, x, got):
    if np.dtype(np.longdouble).itemsize == 8 and "longdouble" in str(type(x)):
        return  # there it is a float64

    def never(x):
        raise AssertionError("f was called")

    own = (
        "holomorphic=True"
        if name.endswith("derivative") and name not in WITH_V
        else "derivative(f, holomorphic=True)"
    )
    with raises(TypeError, f"{call(name)} expects x to be real numbers, got {got.replace('{own}', own)}"):
        run(name, never, x, v=1.0)


def test_the_message_names_the_place_in_a_container():
    for x, label in [
        (([1.0], 1j), "x[1]"),
        ({"w": {"b": 1j}}, "x['w']['b']"),
        ((1.0, (2.0, {"c": 1j})), "x[1][1]['c']"),
    ]:
        with raises(
            TypeError,
            f"gradient(f)(x) expects {label} to be real numbers, got complex; use derivative(f, holomorphic=True), or "
            "the real and the imaginary part as two real arguments.",
        ):
            dn.gradient(lambda x: 1.0)(x)
    with raises(TypeError, "gradient(f, argnum=(0, 2))(x) expects argument 2 to be real numbers, got str."):
        dn.gradient(lambda x, y, z: 1.0, argnum=(0, 2))(1.0, 2.0, "3")


def test_special_arrays_are_refused():
    with raises(TypeError, "gradient(f)(x) expects x to be an ndarray, got MaskedArray; use np.asarray."):
        dn.gradient(np.sum)(np.ma.masked_array([1.0, 2.0], [0, 1]))
    with raises(TypeError, "gradient(f)(x) expects x to be an ndarray, got matrix; use np.asarray."):
        dn.gradient(np.sum)(np.ones((2, 2)).view(np.matrix))
    with raises(
        ValueError,
        "gradient(f)(x) expects x to be an array, got rows of different lengths; use a tuple of arrays.",
    ):
        dn.gradient(np.sum)([[1.0], [2.0, 3.0]])


@pytest.mark.parametrize("name", sorted(WITH_V))
def test_directions(name):
    for f, x, v, error, message in [
        (np.sum, np.ones(3), np.ones(2), ValueError, "v to have the shape (3,) of x, got shape (2,)."),
        (np.sum, np.ones(3), 1.0, ValueError, "v to have the shape (3,) of x, got shape ()."),
        (abs, 1.0, [1.0], ValueError, "v to have the shape () of x, got shape (1,)."),
        (abs, 1.0, "1", TypeError, "v to be real numbers, got str."),
        (abs, (1.0, 2.0), 1.0, TypeError, "v to be a tuple of 2 as x is, got float."),
        (abs, (1.0, 2.0), (1.0, 2.0, 3.0), TypeError, "v to be a tuple of 2 as x is, got a tuple of 3."),
    ]:
        with raises(error, f"{call(name)} expects {message}"):
            run(name, f, x, v)
    keys = "v to be a dict with the keys 'a', 'b' as x is, got a dict with the keys 'a'."
    with raises(TypeError, f"{call(name)} expects {keys}"):
        run(name, abs, {"a": 1.0, "b": 2.0}, {"a": 1.0})
    with raises(ValueError, f"{call(name)} expects v[1]['a'] to have the shape (2,) of x, got shape (3,)."):
        run(name, abs, (1.0, {"a": np.ones(2)}), (1.0, {"a": np.ones(3)}))


@pytest.mark.parametrize("name", ["derivative", "value_and_derivative", "divergence", "curl"])
def test_no_containers(name):
    use = {"divergence": "; use trace of jacobian(f).", "curl": "."}.get(name, "; use gradient(f).")
    with raises(TypeError, f"{name}(f)(x) expects x to be a number or an array, got a tuple of 2{use}"):
        run(name, abs, (1.0, 2.0))
    with raises(
        TypeError, f"{name}(f)(x) expects x to be a number or an array, got a dict with the keys 'a'{use}"
    ):
        run(name, abs, {"a": 1.0})


# ---- results -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gradient", "value_and_gradient", "hvp", "vhv"])
def test_scalar_functions(name):
    calls = []
    for f, shape, options in [
        (lambda x: calls.append(1) or x, "(3,)", {"chunk": 1, "check": False}),
        (lambda x: x[:1], "(1,)", {}),
        (lambda x: [1, 2], "(2,)", {}),
    ]:
        message = f"{call(name)} expects f(x) to be a scalar, got shape {shape}; use jacobian(f)."
        with raises(ValueError, message):
            run(name, f, np.ones(3), **options)
    assert len(calls) == 1


@pytest.mark.parametrize("name", ["derivative", "value_and_derivative"])
def test_elementwise_functions(name):
    x = np.ones(3)
    for f, shape in ((np.sum, "()"), (lambda x: x[:2], "(2,)")):
        what = f"to have the shape (3,) of x, got shape {shape}; use jacobian(f)."
        with raises(ValueError, f"{name}(f)(x) expects f(x) {what}"):
            run(name, f, x)
    with raises(
        ValueError, f"{name}(f)(x) expects f(x) to begin with the shape (3,) of x, got shape (2, 3)."
    ):
        run(name, lambda x: np.stack([x, x]), x, batched=True)


@pytest.mark.parametrize("name", ALL)
def test_results_that_are_not_real(name):
    x = np.ones(3)
    grammar = f"{call(name)} expects f(x) to be "
    for y, got in [
        (None, "a number or an array, got None; use a return statement."),
        ("3", "a number or an array, got str."),
        ({"y": 3}, "a number or an array, got a dict with the keys 'y'."),
        (object, "real numbers, got type."),
        (
            [1, None],
            "real numbers, got dtype object; use astype(float), or a tuple for arrays of different shapes.",
        ),
        (np.longdouble(1), f"real numbers, got dtype {np.dtype(np.longdouble)}; use astype(float)."),
    ]:
        with raises(TypeError, grammar + got):
            run(name, lambda x, y=y: y, x)
    ragged = "a number or an array, got rows of different lengths; use np.concatenate."
    with raises(ValueError, grammar + ragged):
        run(name, lambda x: [[1], [2, 3]], x)


def test_fields():
    for name in ("divergence", "curl"):
        with raises(ValueError, f"{name}(f)(x) expects f(x) to have the shape (3,) of x, got shape ()."):
            run(name, np.sum, np.ones(3))
    with raises(ValueError, "curl(f)(x) expects x to have 2 or 3 components, got shape (4,)."):
        run("curl", abs, np.ones(4))
    with raises(ValueError, "curl(f)(x) expects x to have 2 or 3 components, got a scalar."):
        run("curl", abs, 1.0)
    with raises(
        ValueError, "curl(f, batched=True)(x) expects x to have 2 or 3 components, got shape (3, 1)."
    ):
        run("curl", abs, np.ones((3, 1)), batched=True)


def test_batches():
    x = np.ones((4, 3))
    for f, shape in ((np.sum, "()"), (abs, "(4, 3)")):
        what = f"to have the leading shape (4,) of x, got shape {shape}; use jacobian(f, batched=True)."
        with raises(ValueError, f"gradient(f, batched=True)(x) expects f(x) {what}"):
            dn.gradient(f, batched=True)(x)
    for name in ("jacobian", "value_and_jacobian", "hessian", "value_gradient_hessian", "laplacian"):
        spelt = f"{name}(f, batched=True)(x) expects"
        with raises(ValueError, f"{spelt} f(x) to begin with the leading shape (4,) of x, got shape (3,)."):
            run(name, lambda x: x[0], x, batched=True)
        variables = "x to have the variables along its last axis, got a scalar; use batched=False."
        with raises(ValueError, f"{spelt} {variables}"):
            run(name, abs, 1.0, batched=True)
    with raises(
        ValueError,
        "jvp(f, batched=True)(x, v) expects f(x) to begin with the leading shape (4,) of x, got shape ().",
    ):
        dn.jvp(np.sum, batched=True)(x, x)
    with raises(
        ValueError,
        "gradient(f, argnum=(0, 1), batched=True)(x) expects argument 1 to have the leading "
        "shape (4,) of the other variables, got (5,).",
    ):
        dn.gradient(lambda x, y: 1.0, argnum=(0, 1), batched=True)(x, np.ones((5, 3)))
