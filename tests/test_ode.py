"""taylor_solve: accuracy, dense output, derivatives, and where it must stop."""

import numpy as np
import pytest
from expect import raises

import dualnum as dn
from bench.taylor import energy, kepler

ORBIT = np.array([0.5, 0.0, 0.0, 3.0**0.5])  # eccentricity 1/2, period 2 pi


def test_kepler_keeps_its_energy_to_1e_14():
    solution = dn.taylor_solve(kepler, (0.0, 10 * np.pi), ORBIT, rtol=1e-16, atol=1e-16)
    assert solution.success and solution.status == 0
    assert np.abs(energy(solution.y) - energy(ORBIT)).max() < 1e-14
    np.testing.assert_allclose(solution.y[:, -1], ORBIT, atol=1e-10)


@pytest.mark.parametrize("order", [None, 8, 12, 30])
@pytest.mark.parametrize("tolerance", [1e-6, 1e-9, 1e-13])
def test_tolerances_and_orders(order, tolerance):
    options = {"order": order, "rtol": tolerance, "atol": tolerance}
    solution = dn.taylor_solve(lambda t, y: [y[1], -y[0]], (0.0, 5.0), [0.0, 1.0], **options)
    assert np.abs(solution.y[0] - np.sin(solution.t)).max() < 50 * tolerance
    if order:
        assert len(solution.series[0]) == order + 1


def test_dense_output():
    solution = dn.taylor_solve(lambda t, y: [y[1], -y[0]], (0.0, 5.0), [0.0, 1.0])
    t = np.linspace(0, 5, 101).reshape(1, 101)
    assert solution.sol(t).shape == (2, 1, 101)
    np.testing.assert_allclose(solution.sol(t), [np.sin(t), np.cos(t)], atol=1e-11)
    np.testing.assert_allclose(solution.sol(2.0), [np.sin(2), np.cos(2)], atol=1e-11)
    np.testing.assert_array_equal(solution.sol(solution.t)[:, :-1], solution.y[:, :-1])
    with raises(ValueError, "sol(t) expects t to be from 0.0 to 5.0, got 6.0 to 6.0."):
        solution.sol(6.0)


def test_times_that_are_asked_for_and_backwards():
    times = [3.0, 1.0, 0.0, -2.0]
    solution = dn.taylor_solve(lambda t, y: dn.cos(t), (3.0, -2.0), 1.0, t_eval=times)
    np.testing.assert_array_equal(solution.t, times)
    np.testing.assert_allclose(solution.y, 1 + np.sin(times) - np.sin(3), atol=1e-12)
    assert solution.y.shape == (4,)


def test_shapes_and_arguments():
    a = np.array([[0.0, 1.0], [-1.0, 0.0]])
    solution = dn.taylor_solve(lambda t, y, a: a @ y, (0.0, 1.0), np.eye(2), args=(a,))
    c, s = np.cos(1), np.sin(1)
    np.testing.assert_allclose(solution.y[..., -1], [[c, s], [-s, c]], atol=1e-12)
    assert solution.sol(np.ones(3)).shape == (2, 2, 3)
    assert dn.taylor_solve(lambda t, y: -y, (1.0, 1.0), [2.0]).y.tolist() == [[2.0]]
    assert dn.taylor_solve(lambda t, y: [1.0, 2.0], (0.0, 2.0), [0, 0]).y[:, -1].tolist() == [2.0, 4.0]


def test_inputs_stay_intact():
    y0 = ORBIT.copy()
    solution = dn.taylor_solve(kepler, (0.0, 1.0), y0)
    solution.y[...] = 0
    np.testing.assert_array_equal(y0, ORBIT)


def test_a_pole_stops_it():
    solution = dn.taylor_solve(lambda t, y: y * y, (0.0, 2.0), 1.0)
    assert not solution.success and solution.status == -1
    assert solution.t[-1] == pytest.approx(1.0) and "radius of convergence" in solution.message
    some = dn.taylor_solve(lambda t, y: y * y, (0.0, 2.0), 1.0, t_eval=[0.0, 0.5, 1.5])
    np.testing.assert_allclose(some.y, [1, 2], rtol=1e-10)
    few = dn.taylor_solve(lambda t, y: -y, (0.0, 1000.0), 1.0, max_steps=3)
    assert few.status == -1 and few.message == "The end was not reached in 3 steps." and len(few.t) == 4


# ---- kinks and jumps ---------------------------------------------------------------------------------------

PIECES = {
    "kink": (lambda t, y: abs(t - 1) + 0 * y, (0, 3), 0.0, 2.5),
    "flat piece": (lambda t, y: np.maximum(0, 1 - t) + 0 * y, (0, 3), 0.0, 0.5),
    "jump": (lambda t, y: np.where(t < 1, 1.0, -1.0) + 0 * y, (0, 2), 0.0, 0.0),
    "table": (lambda t, y: np.interp(t, [0, 1, 3], [0, 1, 0]) + 0 * y, (0, 3), 0.0, 1.5),
    "kink in y": (lambda t, y: np.minimum(y, 2.0), (0, 2), 1.0, 6 - 2 * np.log(2)),
    "jump of the rate": (lambda t, y: np.where(t < 1 / 3, -y, y), (0, 1), 1.0, np.exp(1 / 3)),
    "large jump": (lambda t, y: np.where(t < 1 / 3, 0, 1e6) + 0 * y, (0, 1), 0.0, 2e6 / 3),
    "kink at the start": (lambda t, y: abs(t) + 0 * y, (0, 3), 0.0, 4.5),
    "kink backwards": (lambda t, y: abs(t - 1) + 0 * y, (3, 0), 2.5, 0.0),
    "jump at the start, backwards": (lambda t, y: np.where(t < 1, 1.0, -1.0) + 0 * y, (1, 0), 1.0, 0.0),
    "pulse, the same at both ends": (lambda t, y: np.where((t > 1) & (t < 2), 1.0, 0.0) + 0 * y, (0, 3), 0.0, 1.0),
    "square wave": (lambda t, y: np.sign(np.sin(t)) + 0 * y, (0, 20), 0.0, np.arccos(np.cos(20))),
    "root": (lambda t, y: np.sqrt(np.maximum(t - 1, 0)) + 0 * y, (0, 3), 0.0, 2 / 3 * 2**1.5),
    "no value at the end": (lambda t, y: np.sin(t) / t + 0 * y, (1, 0), 0.946083070367183, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", PIECES)
def test_pieces(name):
    f, span, y0, want = PIECES[name]
    solution = dn.taylor_solve(f, span, y0)
    assert solution.success
    assert solution.y[-1] == pytest.approx(want, rel=2e-11, abs=2e-11)


def test_dense_output_across_a_kink():
    t = np.linspace(0, 3, 31)
    got = dn.taylor_solve(lambda t, y: abs(t - 1) + 0 * y, (0, 3), 0.0, t_eval=t)
    np.testing.assert_allclose(got.y, 0.5 + np.sign(t - 1) * (t - 1) ** 2 / 2, atol=1e-11)


def test_derivatives_across_a_kink():
    def end(y0, a):
        return dn.taylor_solve(lambda t, y: np.minimum(y, 2.0) + abs(t - a) - abs(t - a), (0, 2), y0).y[-1]

    assert dn.derivative(end)(1.0, 0.5) == pytest.approx(2.0, abs=1e-10)
    by_a = dn.derivative(lambda a: dn.taylor_solve(lambda t, y: abs(t - a) + 0 * y, (0, 3), 0.0).y[-1])
    assert by_a(1.0) == pytest.approx(-1.0, abs=1e-11)


def test_a_solution_that_cannot_leave_a_jump_stops():
    solution = dn.taylor_solve(lambda t, y: np.where(y > 0, -1.0, 1.0), (0, 2), 1 / 3)
    assert solution.status == -1 and solution.t[-1] == pytest.approx(1 / 3)
    assert solution.message == "The right-hand side jumps to and fro: the solution cannot leave the jump."


def test_smooth_steps_cost_one_call_per_order_and_one_at_the_end():
    solution = dn.taylor_solve(kepler, (0.0, 10.0), ORBIT, order=15)
    assert solution.nfev == 15 * len(solution.series) + 1


# ---- derivatives -------------------------------------------------------------------------------------------


def test_by_initial_values():
    def end(y0):
        return dn.taylor_solve(kepler, (0.0, 2.0), y0).y[:, -1]

    got = dn.jacobian(end)(ORBIT)
    h = 1e-5
    want = np.stack([(end(ORBIT + h * e) - end(ORBIT - h * e)) / (2 * h) for e in np.eye(4)], axis=-1)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
    assert np.linalg.det(got) == pytest.approx(1.0, abs=1e-9)  # Liouville


def test_by_parameters_and_by_the_end():
    def end(k, t):
        return dn.taylor_solve(lambda t, y, k: -k * y, (0.0, t), 1.0, args=(k,)).y[-1]

    assert dn.derivative(end)(2.0, 1.0) == pytest.approx(-np.exp(-2), rel=1e-11)
    assert dn.derivative(end, order=2)(2.0, 1.0) == pytest.approx(np.exp(-2), rel=1e-10)
    assert dn.derivative(end, argnum=1)(2.0, 1.0) == pytest.approx(-2 * np.exp(-2), rel=1e-11)
    assert dn.derivative(lambda k: end(k, 1.0), order=3)(2.0) == pytest.approx(-np.exp(-2), rel=1e-9)

    def closure(k):
        return dn.taylor_solve(lambda t, y: [y[1], -k * y[0]], (0.0, 1.0), [0.0, 1.0]).sol(0.5)[0]

    def exact(k):
        return dn.sin(0.5 * dn.sqrt(k)) / dn.sqrt(k)

    assert dn.derivative(closure)(2.0) == pytest.approx(dn.derivative(exact)(2.0), rel=1e-11)


def test_taylor_coefficients_in_the_initial_value():
    got = dn.taylor(lambda a: dn.taylor_solve(lambda t, y: y * y, (0.0, 0.5), a).y[-1], 4)(1.0)
    np.testing.assert_allclose(got, dn.taylor(lambda a: a / (1 - 0.5 * a), 4)(1.0), rtol=1e-9)


def test_errors():
    call = "taylor_solve(f, t_span, y0)"

    def f(t, y):
        return -y

    with raises(TypeError, "taylor_solve(f) expects f to be callable, got float; use taylor_solve(f)(x)."):
        dn.taylor_solve(1.0, (0, 1), 1.0)
    with raises(ValueError, f"{call} expects t_span to be a pair of times, got 3.0."):
        dn.taylor_solve(f, 3.0, 1.0)
    with raises(ValueError, f"{call} expects f(t, y) to have the shape (2,) of y0, got shape (3,)."):
        dn.taylor_solve(lambda t, y: [1.0, 2.0, 3.0], (0, 1), [1.0, 2.0])
    with raises(ValueError, f"{call} expects y0 to be finite, got nan."):
        dn.taylor_solve(f, (0, 1), np.nan)
    with raises(ValueError, f"{call} expects order to be an int from 2 on, got 1."):
        dn.taylor_solve(f, (0, 1), 1.0, order=1)
    with raises(ValueError, f"{call} expects rtol and atol to be at least 0 and not both 0, got 0 and 0."):
        dn.taylor_solve(f, (0, 1), 1.0, rtol=0, atol=0)
    with raises(ValueError, f"{call} expects t_eval to be a list of times from 0.0 to 1.0, got [2.0]."):
        dn.taylor_solve(f, (0, 1), 1.0, t_eval=[2.0])
