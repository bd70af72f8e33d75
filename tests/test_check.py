"""`dualnum.check`: right derivatives are never called wrong, planted errors are found, suspicions have their name."""

import hashlib
import json
import math
import re
import struct

import numpy as np
import pytest
from scenarios import ARRAYS, ELEMENTWISE, SCALARS

import dualnum as dn
from dualnum._core import holds_duals
from dualnum.check import compare

#: A point of each function, and the order of the derivatives: second ones of few variables only, which take less time.
PROBLEMS = [
    (scenario, min(scenario.points[-2:], key=np.size), order)
    for scenario in ELEMENTWISE + SCALARS + ARRAYS
    for order, most in ((1, 6), (2, 3))
    if 0 < np.size(min(scenario.points[-2:], key=np.size)) <= most
]
IDS = [f"{scenario.name}-{order}" for scenario, _, order in PROBLEMS]


def floats_only(f):
    """Return the function that does what compiled code does: take floats and complex numbers, no duals."""

    def function(x):
        if holds_duals(x):  # which lifting does not replace
            raise TypeError("only floats")
        return f(x)

    return function


# Right and wrong derivatives


@pytest.mark.parametrize(("scenario", "x", "order"), PROBLEMS, ids=IDS)
def test_right_derivatives_are_never_called_wrong(scenario, x, order):
    report = compare(scenario.f, x, order, steps=[1e-5])
    assert report.agrees and not report.wrong and not report.suspicions, report
    given = scenario.answer(x)[order]
    written = {"jac" if order == 1 else "hess": given}
    assert compare(floats_only(scenario.f), x, order, steps=[1e-5], **written).agrees


def planted(right):
    """Yield wrong derivatives, each with its name."""
    right = np.asarray(right, dtype=float)
    size = np.abs(right)
    largest = np.unravel_index(np.argmax(size), right.shape)
    small = np.unravel_index(np.argmin(np.where(size > 1e-2 * size.max(), size, np.inf)), right.shape)
    yield "sign", -right
    yield "factor 2", 2 * right
    yield "off by 1e-6", right * (1 + 1e-6)
    for name, place, factor in (
        ("missing", largest, 0),
        ("one off by 1e-6", largest, 1 + 1e-6),
        ("a small one off by 1e-6", small, 1 + 1e-6),
    ):
        wrong = right.copy()
        wrong[place] *= factor
        yield name, wrong
    if right.ndim == 2 and right.shape[0] == right.shape[1] and not np.allclose(right, right.T):
        yield "transposed", right.T


@pytest.mark.parametrize(("scenario", "x", "order"), PROBLEMS, ids=IDS)
def test_planted_errors_are_found(scenario, x, order):
    """By differences alone: f refuses duals."""
    right = scenario.answer(x)[order]
    if np.max(np.abs(right)) < 1e-50:  # zero, or a Hessian of 1e-75 beside a function of 1e2
        return
    name = "jac" if order == 1 else "hess"
    for error, wrong in planted(right):
        report = compare(floats_only(scenario.f), x, order, steps=[1e-5], **{name: wrong})
        assert report.wrong and not report.agrees, (error, report)


def test_there_are_forty_functions():
    assert len({scenario.name for scenario, _, order in PROBLEMS if order == 1}) >= 40


def test_the_wrong_component_is_named_with_its_excess():
    right = np.array([[0.0, 1.0], [2.0, 4.0]])
    wrong = right + [[0, 0], [1e-3, 0]]
    report = compare(floats_only(lambda x: np.array([x[1], x[0] ** 2 + x[1] ** 2])), [1.0, 2.0], jac=wrong)
    (component,) = report.components
    assert component.index == (1, 0) and component.label == "f[1] x[0]"
    assert (component.given, component.status) == (2.001, "wrong")
    assert component.expected == pytest.approx(2, abs=1e-12)
    assert component.relative_error == pytest.approx(5e-4)
    assert component.excess > 1e6 and component.excess == pytest.approx(1e-3 / component.error)
    assert np.argwhere(report.status == "wrong").tolist() == [[1, 0]]
    assert "The derivative is wrong here: f[1] x[0] is 2.001 instead of 2, give or take" in report.verdict


def test_an_asymmetric_hessian_is_wrong_on_one_side_only():
    report = compare(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], hess=[[6, 4], [5, 0]])
    assert np.argwhere(report.status == "wrong").tolist() == [[1, 0]]


# Suspicions


def noisy(amplitude):
    """Return the sine with noise that is the same whenever x is."""

    def f(x):
        word = hashlib.blake2b(struct.pack("d", x), digest_size=8).digest()
        return math.sin(x) + amplitude * (int.from_bytes(word, "little") / 2**63 - 1)

    return f


def single(x):
    return float(np.sin(np.float32(x)) * np.float32(3.1) + np.float32(x) ** 2)


SLOPE = math.cos(0.7)
SINGLE_SLOPE = 3.1 * math.cos(1.3) + 2.6

#: A function, a point, a derivative, and what there is to say about them.
SUSPECTS = {
    "abs": (abs, 0.0, 0.0, "agrees", "kink"),
    "abs from the right": (abs, 0.0, 1.0, "agrees", "kink"),
    "abs wrong": (abs, 0.0, 5.0, "wrong", "kink"),
    "relu": (lambda x: max(x, 0.0), 0.0, 0.5, "agrees", "kink"),
    "leaky": (lambda x: x if x > 2 else 2 + 0.1 * (x - 2), 2.0, 0.55, "agrees", "kink"),
    "clip": (lambda x: min(max(x, 0.0), 1.0), 1.0, 0.5, "agrees", "kink"),
    "a kink at a distance of 1e-9": (abs, 1e-9, 1.0, "agrees", None),
    "the wrong side of a kink at 1e-5": (lambda x: abs(x - 1) + 5, 1 + 1e-5, -1.0, "wrong", None),
    "floor": (math.floor, 1.0, 0.0, "undecided", "discontinuity"),
    "floor between": (math.floor, 1.3, 0.0, "agrees", None),
    "floor between, wrong": (math.floor, 1.3, 1.0, "wrong", None),
    "sign": (np.sign, 0.0, 0.0, "undecided", "discontinuity"),
    "a jump on a slope": (lambda x: x + (x >= 0), 0.0, 1.0, "undecided", "discontinuity"),
    "one point off": (lambda x: 5.0 if x == 1 else x * x, 1.0, 2.0, "undecided", "discontinuity"),
    "noise 1e-6": (noisy(1e-6), 0.7, SLOPE, "agrees", "noise"),
    "noise 1e-6, sign": (noisy(1e-6), 0.7, -SLOPE, "wrong", "noise"),
    "noise 1e-6, factor 2": (noisy(1e-6), 0.7, 2 * SLOPE, "wrong", "noise"),
    "noise 1e-10": (noisy(1e-10), 0.7, SLOPE, "agrees", None),
    "noise 0.1": (noisy(0.1), 0.7, SLOPE, "undecided", "noise"),
    "nothing but noise": (noisy(10), 0.7, SLOPE, "undecided", "noise"),
    "single precision": (single, 1.3, SINGLE_SLOPE, "agrees", "noise"),
    "single precision, sign": (single, 1.3, -SINGLE_SLOPE, "wrong", "noise"),
    "cancellation": (lambda x: (1e8 + x) - 1e8, 1.0, 1.0, "agrees", "noise"),
    "sqrt at 0": (np.sqrt, 0.0, math.inf, "agrees", "infinite slope"),
    "arcsin at 1": (np.arcsin, 1.0, math.inf, "agrees", "infinite slope"),
    "cusp": (lambda x: np.cbrt(x) ** 2, 0.0, 0.0, "undecided", "infinite slope"),
    "edge": (lambda x: x * x if x <= 1 else math.nan, 1.0, 2.0, "agrees", "edge of the domain"),
    "edge that raises": (lambda x: x * x if x <= 1 else math.log(-1), 1.0, 2.0, "agrees", "edge of the domain"),
    "edge, wrong": (lambda x: x * x if x <= 1 else math.nan, 1.0, 3.0, "wrong", "edge of the domain"),
    "a staircase of fine steps": (lambda x: round(x, 4), 1.23452, 0.0, "undecided", "kink or discontinuity nearby"),
    "nan": (lambda x: math.nan, 1.0, math.nan, "undecided", "f(x) is not finite"),
    "nan given": (math.sin, 1.0, math.nan, "wrong", None),
    "inf given": (math.sin, 1.0, math.inf, "wrong", None),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", SUSPECTS)
def test_what_is_suspected(name):
    f, x, given, status, suspicion = SUSPECTS[name]
    report = compare(floats_only(f), x, jac=given, steps=[1e-5])
    assert (report.status.item(), report.suspicion.item()) == (status, suspicion), report
    assert report.agrees == (status == "agrees") and report.wrong == (status == "wrong")
    if suspicion:
        assert f"suspected: {suspicion} (" in report.verdict
    openings = {
        "agrees": "The derivatives agree",
        "wrong": "The derivative is wrong here",
        "undecided": "The difference quotient is noisy here",
    }
    assert report.verdict.startswith(openings[status])


#: Points and sizes that are not ordinary, with right derivatives.
UNUSUAL = {
    "x = 0": (np.sin, 0.0, 1.0),
    "x tiny": (np.log, 1e-20, 1e20),
    "x very tiny": (lambda x: 1 / x, 1e-100, -1e200),
    "x large": (np.sin, 1e8, math.cos(1e8)),
    "fast": (lambda x: np.sin(1e6 * x), 0.0, 1e6),
    "fast at 0.3": (lambda x: np.sin(1e6 * x), 0.3, 1e6 * math.cos(1e6 * 0.3)),
    "steps of whole periods": (lambda x: np.sin(2 * np.pi * x) + 0.1 * x, 1024.0, 2 * math.pi + 0.1),
    "near a pole": (np.tan, math.pi / 2 - 1e-6, 1 / math.cos(math.pi / 2 - 1e-6) ** 2),
    "near the edge": (np.sqrt, 1e-9, 0.5 / math.sqrt(1e-9)),
    "f large": (lambda x: 1e200 * np.sin(x), 0.3, 1e200 * math.cos(0.3)),
    "f small": (lambda x: 1e-200 * np.sin(x), 0.3, 1e-200 * math.cos(0.3)),
    "f very large": (np.exp, 700.0, math.exp(700)),
    "constant": (lambda x: x * 0 + 3.0, 0.3, 0.0),
    "zero": (lambda x: x * 0, 0.3, 0.0),
    "large constant": (lambda x: 1e10 + x, 0.3, 1.0),
    "two scales": (lambda x: x + 1e-8 * np.sin(1e8 * x), 0.0, 2.0),
    "flat": (lambda x: x**4, 0.0, 0.0),
    "minimum": (lambda x: (x - 1) ** 2, 1.0, 0.0),
    "smooth once": (lambda x: x * abs(x), 0.0, 0.0),
    "oscillating at 0": (lambda x: x * x * np.sin(1 / x) if x else 0.0, 0.0, 0.0),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_points_and_sizes(name):
    f, x, given = UNUSUAL[name]
    report = compare(floats_only(f), x, jac=given, steps=[1e-5])
    assert report.agrees and not report.wrong, report
    if given:
        for wrong in (-given, 2 * given):
            assert compare(floats_only(f), x, jac=wrong, steps=[1e-5]).wrong


def test_a_function_that_differs_from_call_to_call():
    draw = np.random.default_rng(4)
    report = compare(lambda x: x**2 + 1e-5 * draw.standard_normal(), 1.0)
    assert "f does not give the same value twice." in report.notes
    assert report.suspicions == ("noise",) and not report.wrong


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sin(x) + 1e-6 * np.sin(1e9 * x),
        lambda x: np.sin(x) + 1e-9 * np.sin(1e12 * x),
        lambda x: np.round(np.sin(x), 6),
    ],
)
def test_what_only_dual_numbers_see_is_not_called_wrong(f, order):
    """Their derivative is that of the fine structure, the differences' that of the coarse one."""
    report = compare(f, 0.7, order)
    assert not report.wrong and not report.agrees and report.suspicions
    assert report.verdict.startswith("The difference quotient is noisy here")


@pytest.mark.parametrize("offset", [1e8, 1e10, 1e12, 1e13, 1e14, 1e15, 1e16])
def test_waves_that_large_steps_alias_and_rounding_hides(offset):
    """The quotients of large steps agree on something, which says nothing about the slope."""

    def f(x):
        return offset + np.sin(1e4 * x)

    def slope(x):
        return 1e4 * np.cos(1e4 * x)

    for report in (compare(f, -1.0, steps=[1e-5]), compare(f, -1.0, jac=slope, steps=[1e-5])):
        assert not report.wrong and report.agrees == (offset <= 1e13), report
    if offset <= 1e12:
        assert compare(f, -1.0, jac=lambda x: -slope(x), steps=[1e-5]).wrong
    if offset <= 1e15:
        assert not compare(floats_only(f), -1.0, jac=slope, steps=[1e-5]).wrong


def test_a_kink_beside_the_rounding_of_x():
    """sin(pi) is 1e-16: the kink is between two floats."""
    assert compare(lambda x: np.abs(np.sin(x)), np.pi).suspicions == ("kink",)


def test_second_derivatives_at_kinks():
    assert compare(lambda x: abs(x[0]) + x[1] ** 2, [0.0, 1.0], 2).suspicions == ("kink",)
    assert compare(lambda x: x * abs(x), 0.0, 2).suspicions == ("kink",)
    assert compare(lambda x: abs(x[0]) * x[1], [0.0, 2.0], 2).agrees
    assert not compare(lambda x: np.max(x), [1.0, 1.0], 2).wrong


# The report


def test_methods_have_their_known_accuracy_and_calls():
    report = compare(lambda x: np.sum(np.exp(x)) * x[0], np.array([0.3, -0.8, 1.1]))
    method = {m.name: m for m in report.methods}
    assert list(method) == ["dual numbers", "forward", "central", "five-point", "richardson", "complex"]
    assert [m.evaluations for m in report.methods] == [1, 6, 6, 12, 18, 3]
    for name, digits, low, high in (
        ("forward", 7, 1e-9, 1e-6),
        ("central", 9.5, 1e-7, 1e-3),
        ("five-point", 11.5, 1e-5, 1e-1),
        ("richardson", 12, 1e-4, 0.3),
    ):
        assert method[name].digits > digits and low < method[name].best_step < high
    assert method["complex"].digits > 15
    v = method["central"].errors
    assert v[0] > 1e4 * v.min() and v[-1] > 1e4 * v.min()  # the V
    assert all(m.seconds > 0 for m in report.methods)


def test_steps_are_the_callers():
    report = compare(np.sin, 0.3, steps=[1e-8, 1e-2, 1e-5])
    for method in report.methods[1:]:
        np.testing.assert_array_equal(method.steps, [1e-2, 1e-5, 1e-8])
    central = report.methods[2]
    assert central.best_step == 1e-5
    # relative to 0.25, the power of two below 0.3
    exact, h = math.cos(0.3), 0.0025
    assert central.errors[0] == pytest.approx(
        abs((math.sin(0.3 + h) - math.sin(0.3 - h)) / (2 * h) - exact) / exact
    )


def test_complex_step_is_left_out_where_f_refuses_or_casts():
    for f in (floats_only(math.sin), lambda x: np.sin(np.asarray(x).astype(float))):
        complex_step = compare(f, 0.3, jac=math.cos).methods[-1]
        assert complex_step.note == "f does not take complex numbers"
        assert not len(complex_step.errors) and math.isnan(complex_step.best_error)


def test_complex_step_never_decides():
    """abs is not analytic: the complex step is wrong there, the derivative is right."""
    report = compare(lambda x: abs(x) * x, 2.0)
    assert report.agrees and report.methods[-1].digits < 1


def test_a_derivative_written_by_hand_is_compared_with_dual_numbers_too():
    report = compare(np.sin, 0.3, jac=math.cos)
    assert (report.source, report.methods[0].name, report.methods[0].best_error) == (
        "jac",
        "dual numbers",
        0.0,
    )
    report = compare(floats_only(np.sin), 0.3, jac=math.cos)
    assert report.methods[0].name == "forward"
    assert report.notes == ("f does not take dual numbers (TypeError): differences are all there is.",)
    assert report.notes[0] in str(report)


def test_a_report_says_that_f_is_lifted_and_costs_what_later_calls_do():
    def f(x):
        table = np.zeros(2)
        table[:] = math.exp(x), x
        return float(table[0])

    for g in (lambda x: math.exp(x), f, np.exp):
        report = compare(g, 0.5, steps=[1e-5])
        assert report.agrees and report.methods[0].evaluations == 1
        names = {f: "math.exp, np.zeros, float"}.get(g, "math.exp")
        assert report.notes == (() if g is np.exp else (f"f is lifted ({names}).",))
    with pytest.raises(TypeError, match=r"float\(\) would lose"):
        compare(f, 0.5, lift=False)


@pytest.mark.parametrize(
    ("x", "name"),
    [(0.5, "derivative of f"), ([0.5, 1.0], "Jacobian of f"), (np.ones((2, 2)), "Jacobian of f")],
)
def test_shapes_are_those_of_the_drivers(x, name):
    def f(x):
        return x**2

    for order, driver in ((1, dn.jacobian), (2, dn.hessian)):
        report = compare(f, x, order)
        exact = driver(f)(x)
        for array in (report.given, report.estimate, report.error, report.status, report.suspicion):
            assert np.shape(array) == np.shape(exact)
        np.testing.assert_array_equal(report.given, exact)
        np.testing.assert_array_equal(report.x, x)
    assert compare(f, x).name == name


def test_integers_lists_and_arguments():
    report = compare(
        lambda x, k, scale=1.0: [k * x[0] * x[1], scale * x[0]], [2, 3], args=(5,), kwargs={"scale": 2.0}
    )
    assert report.agrees
    np.testing.assert_array_equal(report.given, [[15, 10], [2, 0]])
    assert compare(lambda x: np.sum(x), np.zeros(0)).agrees


def test_containers():
    def f(d):
        return np.sin(d["a"][0]) * d["b"].sum(axis=0) * d["a"][1]

    x = {"a": (1.0, 2), "b": np.ones((2, 2))}
    assert compare(f, x).agrees and compare(f, x, 2).agrees
    right = dn.jacobian(f)(x)
    assert compare(f, x, jac=right).agrees and compare(f, x, hess=dn.hessian(f)(x)).agrees
    right["b"][1, 0, 1] *= 1.5
    (component,) = compare(f, x, jac=lambda d: right).components
    assert component.label == "f[1] x['b'][0,1]" and component.index == (1, 3)


def test_the_function_and_its_argument_are_left_as_they_are():
    x = np.array([1.0, 2.0])

    def f(x):
        x *= 2
        return x.sum()

    assert compare(f, x, jac=[2, 2]).agrees
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_the_printed_report():
    text = str(compare(lambda x: x[0] * np.exp(x[1]), [1.0, 2.0], jac=lambda x: [np.exp(x[1]), 0.0]))
    lines = text.splitlines()
    assert lines[0] == "gradient of f, by jac, beside finite differences"
    assert lines[1] == "at x = [1., 2.]"
    assert re.split("  +", lines[3]) == [
        "method",
        "best step",
        "off from jac",
        "digits shared",
        "calls of f",
        "time",
    ]
    assert [line.split()[0] for line in lines[4:10]] == [
        "dual",
        "forward",
        "central",
        "five-point",
        "richardson",
        "complex",
    ]
    assert lines[11].split()[0] == "component" and lines[12].split()[0] == "x[1]" and "wrong" in lines[12]
    assert lines[-1].startswith("The derivative is wrong here: x[1] is 0 instead of 7.389056099,")
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("jac", "digits"),
    [([2.0, 2e10], 16), ([math.nan, 2e10], 0), ([4.0, 2e10], 0), ([2.002, 2e10], 3), ([-2.0, 2e10], 0)],
)
def test_digits_are_those_of_the_worst_component(jac, digits):
    report = compare(lambda x: x[0] ** 2 + 1e10 * x[1] ** 2, [1.0, 1.0], jac=jac, steps=[1e-5])
    assert report.wrong == (digits < 16)
    assert report.digits == (pytest.approx(digits, abs=0.01) if report.wrong else pytest.approx(16, abs=6))


def test_a_long_report_shows_the_worst_ten():
    report = compare(lambda x: x**2, np.arange(1.0, 7.0), jac=np.ones((6, 6)))
    lines = str(report).splitlines()
    assert len(report.components) == 36 - 0 and f"... and {len(report.components) - 10} more" in lines


def test_json_holds_everything_and_is_strict():
    report = compare(floats_only(np.floor), 1.0, jac=0.0)
    found = json.loads(report.to_json(), parse_constant=pytest.fail)
    assert found["agrees"] is False and found["verdict"] == report.verdict
    assert (found["status"], found["suspicion"], found["error"]) == ("undecided", "discontinuity", None)
    assert found["given"] == 0 and found["components"][0]["label"] == "x"
    assert [m["name"] for m in found["methods"]] == [m.name for m in report.methods]
    report = json.loads(compare(np.sin, 0.3, steps=[1e-5]).to_json())
    assert report["agrees"] and report["methods"][0]["digits"] is None  # dual numbers beside themselves


def test_json_has_the_steps():
    report = compare(np.sin, 0.3)
    found = json.loads(report.to_json())
    assert found["methods"][1]["steps"] == report.methods[1].steps.tolist()


def test_plot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    report = compare(np.sin, 0.3)
    figure, ax = plt.subplots()
    assert report.plot(ax) is ax
    assert [line.get_label() for line in ax.lines] == [m.name for m in report.methods[1:]]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    plt.close(figure)


def test_plot_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(
        ImportError, match=r'^plot\(\) expects matplotlib; install "numpy-dualnum\[plot\]"\.$'
    ):
        compare(np.sin, 0.3, steps=[1e-5]).plot()
