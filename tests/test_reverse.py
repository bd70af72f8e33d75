"""Gradients in reverse mode: the same as by duals, from one call of f, whatever f does with its array."""

import gc
import math
import threading
import warnings
import weakref

import numpy as np
import pytest
import reverse_programs
from reverse_programs import Program

import dualnum as dn
from dualnum import _core

N = 60
X = np.random.default_rng(5).normal(size=N)
A = np.random.default_rng(6).normal(size=(N, N)) + 8 * np.eye(N)
CONSTANT = np.linspace(0.5, 2.0, N)


def calls_of(f, x, *args, **options):
    """Return the gradient, and how often a driver calls f once its code is known."""
    calls = []

    def counted(*args):
        calls.append(args)
        return f(*args)

    driver = dn.gradient(counted, check=False, **options)
    return driver(x, *args), len(calls)


def by_duals(f, x, *args):
    return dn.gradient(f, chunk=max(1, np.size(x)), check=False)(x, *args)


def recorded_gradient(f, x):
    """Return value and gradient by a tape; no fall-back."""
    tape = _core.Tape()
    variables = _core.record_variable(tape, x)
    y = f(variables)
    assert not tape.failed
    return _core.values_of(y), _core.pull_back(tape, y, 1.0, [variables])[0]


def check_program(seed, lattice):
    """Compare a random program; return False where a derivative is not finite and duals would decide."""
    x, f = reverse_programs.variables(seed, lattice), Program(seed)
    try:
        expected = f(x.copy())
    except ValueError:  # NumPy refuses the program
        return False
    value, gradient = recorded_gradient(f, x)
    assert np.array_equal(value, expected, equal_nan=True)
    if not np.isfinite(gradient).all():
        return False
    by_duals = dn.gradient(f, chunk=x.size, check=False, lift=False)(x)
    np.testing.assert_allclose(gradient, by_duals, rtol=1e-9, atol=1e-11 * max(1, np.abs(by_duals).max()))
    return True


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("block", range(4))
def test_random_programs(block, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(check_program(seed, lattice) for seed in range(100 * block, 100 * block + 100)) > 75


def views(x):
    y = x.reshape(6, 10).T
    z = y[::-1, 1:]
    z[2:4] *= 2.0
    y[0] = z[1, 0]
    return (
        np.sum(x**2)
        + np.sum(z * y[:, 1:])
        + np.sum(y.transpose((1, 0)) * x.reshape(6, 10)) * y.transpose(1, 0)[2, 3]
    )


def overlapping(x):
    y = x.copy()
    y[1:] = y[:-1]
    y[::2] += y[::-2]
    y += y[::-1]
    return np.sum(y * CONSTANT * y)


def captured(x):
    """Change arrays after slopes have read them."""
    c = CONSTANT.copy()
    y = x * x
    z = np.exp(y) * c * y
    c += 100.0
    y[:] = 7.0
    z[3:] += y[3:] * x[3:]
    y -= x
    return np.sum(z) + np.sum(y * z)


def masks(x):
    y = np.zeros_like(x)
    y[x > 0] = x[x > 0] ** 2
    y[x <= 0] -= 3.0
    y[[0, 5, 0]] = x[:3]
    np.multiply(y, x, out=y)
    return np.sum(np.where(y > 1, y, np.sqrt(np.abs(y) + 1)))


def outputs(x):
    y = np.empty_like(x)
    np.exp(x, out=y)
    np.add(y, x, y)
    y **= 2
    y %= 5.0
    y //= 0.5
    return np.sum(y * x)


def joins(x):
    a = np.concatenate([x[:10], [1.0, 2.0], x[20:]], dtype=float)
    b = np.stack([a, a[::-1] * 2], axis=1)
    c = np.hstack([b.ravel(), x]).reshape(-1, 4, order="F")
    return np.sum(np.pad(c, ((1, 0), (0, 2)), mode="edge") ** 2) + np.sum(np.tile(x, 2) * np.repeat(x, 2))


def reduced(x):
    m = x.reshape(6, 10)
    return (
        np.std(m) * np.var(m, axis=0).sum()
        + m.mean(1) @ m.sum(axis=1)
        + np.prod(x[:5]) * np.max(m, axis=1).min()
        + np.linalg.norm(m) * np.trace(m[:, :6])
        + np.sum(np.cumsum(m, axis=1) * m)
        + np.ptp(x)
        + np.average(x, weights=CONSTANT)
        + np.median(CONSTANT)
    )


def products(x):
    m = x.reshape(6, 10)
    s = m @ m.T
    return (
        np.dot(A @ x, x)
        + np.einsum("ij,kj,ik->", m, m, s)
        + np.trace(np.linalg.inv(s))
        + np.linalg.slogdet(s)[1]
        + np.linalg.solve(A + np.outer(x, x), x) @ x
        + np.tensordot(m, m, 2)
        + np.vdot(x, CONSTANT) * np.linalg.det(s / 10)
    )


def elements(x):
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 / (2 + abs(x[i]))
    y = np.zeros_like(x)
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + np.tanh(x[i]) ** 3
    return total + y[-1] + max(x) * y.sum()


def discards(x):
    return np.sum(x * dn.value(x)) + float(dn.value(x[0])) * x[1]


def functions(x):
    s = np.sort(x)
    return (
        np.sum(np.diff(s, n=2) ** 2)
        + np.sum(np.roll(x, 3) * np.flip(x))
        + np.sum(np.interp(x, [-1.0, 0.0, 1.0], [2.0, 0.0, 3.0]))
        + np.sum(np.clip(x, -1, x[::-1]) * np.sinc(x))
        + np.trapezoid(x**2, dx=0.1)
        + np.sum(np.select([x < -1, x > 1], [x**2, -x], x))
        + dn.sin(x).sum()
        + np.sum(np.divmod(x, 0.7)[1])
        + np.sum(np.triu(x.reshape(6, 10)) ** 2)
    )


HELD = [views, overlapping, captured, masks, outputs, joins, reduced, products, elements, discards, functions]


@pytest.mark.parametrize("f", HELD, ids=lambda f: f.__name__)
def test_held_by_one_call(f):
    before = X.copy()
    gradient, calls = calls_of(f, X)
    assert calls == 1
    assert np.array_equal(X, before)
    expected = by_duals(f, X)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())
    assert dn.value_and_gradient(f)(X)[0] == f(X.copy())


def converted(x):
    return np.sum(np.asarray(x) ** 2)


def of_math(x):
    return sum(math.exp(v) for v in x)


def in_floats(x):
    a = np.zeros(len(x))
    for i in range(len(x)):
        a[i] = x[i] ** 2
    return a.sum()


def swallowing(x):
    try:
        y = np.asarray(x)
    except TypeError:
        y = np.zeros(len(x))
    return np.sum(y * x)


def root_at_zero(x):
    return np.sum(np.where(x > 0, np.sqrt(np.abs(x)), x))


@pytest.mark.parametrize("f", [converted, of_math, in_floats, root_at_zero], ids=lambda f: f.__name__)
def test_duals_decide_the_rest(f):
    x = np.where(X > 1, 0.0, X)
    assert np.array_equal(dn.gradient(f)(x), by_duals(f, x))


def test_swallowed_refusal_is_not_trusted():
    # on duals np.asarray(x) works, and so must decide
    np.testing.assert_allclose(dn.gradient(swallowing)(X), 2 * X)


def test_a_loss_is_found_by_the_nets():
    def through_text(x):
        return float(str(x[0])) * np.sum(x)

    with pytest.raises(TypeError, match="expects"):
        dn.gradient(through_text)(X)


@pytest.mark.parametrize("options", [{"chunk": 7}, {"lift": True}, {"subok": False}], ids=str)
def test_options_that_ask_for_duals(options):
    seen = []
    dn.gradient(lambda x: seen.append(_core.is_recorded(x)) or np.sum(x * x), check=False, **options)(X)
    assert _core.RecordedArray not in seen


def test_shape_alone_decides():
    for n, recorded in ((_core.FROM_VARIABLES - 1, False), (_core.FROM_VARIABLES, True)):
        seen = []
        dn.gradient(lambda x, seen=seen: seen.append(_core.is_recorded(x)) or np.sum(x * x), check=False)(
            np.ones(n)
        )
        assert seen == [recorded]


@pytest.mark.parametrize(
    "ufunc", [u for u in _core.ufuncs_of_tape() if u.nout == 1], ids=lambda u: u.__name__
)
def test_every_ufunc(ufunc):
    draw = np.random.default_rng(1)
    x = (
        draw.uniform(1.1, 3.0, N)
        if ufunc in (np.arccosh, np.power, np.float_power)
        else draw.uniform(0.1, 0.9, N)
    )
    others = [CONSTANT + 0.05, CONSTANT[::-1] + 1.0][: ufunc.nin - 1]

    for place in range(ufunc.nin):

        def f(x, place=place):
            args = list(others)
            args.insert(place, x)
            both = [x * 0.9 if i == place else x[::-1] * 0.7 for i in range(ufunc.nin)]
            return (
                np.sum(ufunc(*args)) + np.sum(ufunc(*args) * ufunc(*both)) + ufunc(*[x[3]] * ufunc.nin) * x[4]
            )

        with np.errstate(all="ignore"):
            gradient, calls = calls_of(f, x)
            expected = by_duals(f, x)
        assert calls == 1 or not np.isfinite(expected).all()
        np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-12)


def of_dict(p):
    return np.sum(np.tanh(p["W"] @ CONSTANT[:10] + p["b"]) ** 2) * p["s"]


def test_containers_and_arguments():
    p = {"W": X.reshape(6, 10), "b": X[:6], "s": 2.0}
    found, expected = dn.gradient(of_dict)(p), dn.gradient(of_dict, chunk=100)(p)
    assert found.keys() == expected.keys()
    assert isinstance(found["s"], float)
    for name in p:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)

    def f(a, x, b=1.0):
        return a * np.sum(x**3) * b

    np.testing.assert_allclose(dn.gradient(f, argnum=1)(2.0, X, b=3.0), 18 * X**2)
    pair = dn.gradient(f, argnum=(0, 1))(2.0, X)
    assert pair[0] == pytest.approx(np.sum(X**3))
    np.testing.assert_allclose(pair[1], 6 * X**2)
    np.testing.assert_allclose(
        dn.gradient(lambda x: np.sum(x * x))(X.astype(np.float32)), 2 * X.astype(np.float32)
    )
    fortran = np.asfortranarray(X.reshape(6, 10))
    assert np.array_equal(dn.gradient(lambda x: np.sum(x[0] * x[1]))(fortran)[0], fortran[1])


def points(x):
    return np.sqrt(np.sum(x**2, axis=-1)) * x[..., 0]


def maps(x):
    return np.stack([x[..., 0] * x[..., 1], np.exp(x[..., 2])], axis=-1)


@pytest.mark.parametrize("shape", [(20, 3), (4, 5, 3)])
@pytest.mark.parametrize("batched", [True, 7])
@pytest.mark.parametrize(("driver", "f"), [(dn.value_and_gradient, points), (dn.value_and_jacobian, maps)])
def test_batches(driver, f, batched, shape):
    x = X.reshape(shape)
    for found, expected in zip(
        driver(f, batched=batched)(x), driver(f, batched=True, chunk=3)(x), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "f", [lambda x: [np.sum(x * x), x[0] * x[3]], lambda x: A[:3] @ x * x[1], lambda x: x * x]
)
def test_jacobians(f):
    found = dn.jacobian(f)(X)
    np.testing.assert_allclose(found, dn.jacobian(f, chunk=N)(X), rtol=1e-12, atol=1e-14)


def test_an_array_refuses_after_its_call():
    kept = []
    dn.gradient(lambda x: kept.append(x) or np.sum(x * x), check=False)(X)
    (x,) = kept
    for use in (
        lambda: x + 1,
        lambda: x[0],
        lambda: np.sum(x),
        lambda: x.sum(),
        lambda: x.__setitem__(0, 1.0),
    ):
        with pytest.raises(TypeError, match="expects"):
            use()


def test_a_result_of_another_call_is_refused():
    kept = []

    def f(x):
        kept.append(np.sum(x * x))
        return kept[0]

    dn.gradient(f, check=False)(X)
    with pytest.raises(TypeError, match="expects"):
        dn.gradient(f, check=False, argnum=(0,))(X)
    with pytest.raises(TypeError, match="expects"):
        dn.gradient(f, check=False)(X)


def test_attributes_that_no_array_has():
    seen = []

    def f(x):
        seen.append(hasattr(x, "unit") or hasattr(x[0], "unit"))
        return np.sum(x)

    dn.gradient(f, check=False)(X)
    assert set(seen) == {False}


def test_nothing_stays_in_memory():
    alive = []

    def f(x):
        constant = CONSTANT.copy()
        alive.append(weakref.ref(constant))
        return np.sum(np.tanh(x * constant) @ A * x)

    for _ in range(20):
        dn.gradient(f, check=False)(X)
        dn.hessian(f, check=False)(X)
    gc.collect()
    assert [ref for ref in alive if ref() is not None] == []


def test_another_thread_is_refused():
    def f(x):
        found = []

        def work():
            try:
                found.append(np.sum(x * x))
            except TypeError:
                found.append(np.sum(dn.value(x)))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return found[0]

    np.testing.assert_allclose(dn.gradient(f, check=False)(X), 2 * X)


def test_nested_drivers():
    def f(x):
        return np.sum(dn.gradient(lambda z: np.sum(z**3) * x[0])(CONSTANT) * x)

    expected = 3 * CONSTANT**2 * X[0]
    expected[0] += np.sum(3 * CONSTANT**2 * X)
    np.testing.assert_allclose(dn.gradient(f)(X), expected)


def test_other_mutable_arguments_are_restored_for_duals():
    def f(x, log):
        log.append(1)
        return np.sum(np.asarray(x)) * len(log)

    log = []
    assert np.array_equal(dn.gradient(f, check=False)(X, log), np.ones(N))
    assert log == [1]


def test_conversions_refuse():
    tape = _core.Tape()
    x = _core.record_variable(tape, X)
    for lose in (
        lambda: float(x[0]),
        lambda: int(x[0]),
        lambda: complex(x[0]),
        lambda: hash(x[0]),
        lambda: np.asarray(x),
        lambda: np.array([x[0], x[1]]),
        lambda: np.zeros(N).__setitem__(0, x[0]),
        lambda: np.add(np.ones(N), x, out=np.ones(N)),
        lambda: CONSTANT[x[0]],
        lambda: x * dn.Dual(2.0),
        lambda: np.ma.masked_array(CONSTANT) * x,
        lambda: np.fft.fft(x),
        lambda: round(x[0]),
        lambda: x.flat,
        lambda: x.partition(3),
        lambda: x[0].is_integer(),
        lambda: x == None,  # noqa: E711
        lambda: math.sin(x[0]),
    ):
        tape.failed = False
        with pytest.raises((TypeError, ValueError, IndexError)):
            lose()
        assert tape.failed


def test_warnings_are_those_of_the_values():
    with pytest.warns(RuntimeWarning) as seen:
        dn.gradient(
            lambda x: np.sum(x / np.where(x > 100, 1.0, 0.0 * dn.value(x))) * 0, check=False, chunk=N
        )(X)
    expected = {str(w.message) for w in seen}
    with pytest.warns(RuntimeWarning) as seen:
        dn.gradient(lambda x: np.sum(x / np.where(x > 100, 1.0, 0.0 * dn.value(x))) * 0, check=False)(X)
    assert {str(w.message) for w in seen} == expected
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dn.gradient(lambda x: np.sum(np.sqrt(x * x)))(np.append(X, 0.0))  # a slope's division alone


@pytest.mark.parametrize("guard", ["isinstance(x, np.ndarray)", "type(x) is np.ndarray"])
@pytest.mark.parametrize("check", [None, False])
def test_code_that_asks_for_types_gets_arrays(guard, check):
    """The answer matters at a later point than the first, where the nets look."""
    f = eval(f"lambda x: np.sum(x * x) if {guard} and x[0] > 2 else np.sum(x)", {"np": np})
    driver = dn.gradient(f, check=check)
    for first in (1.0, 3.0):
        x = np.full(100, first)
        np.testing.assert_array_equal(driver(x), 2 * x if first > 2 else np.ones(100))


@pytest.mark.parametrize("p", [0.1, 0.3, -0.3, 0.45, 1.3, 2.0, -1.7])
def test_slopes_keep_what_they_read_on_every_branch(p):
    """That of a power is computed from the value or anew, by the exponent; nets look at the first call alone."""
    x = np.linspace(0.1, 0.9, 400)
    for exponent in (p, np.full(400, p)):
        found = dn.gradient(lambda x, exponent: np.sum(x**exponent), check=False)(x, exponent)
        np.testing.assert_allclose(found, p * x ** (p - 1), rtol=1e-13)
    both = dn.gradient(lambda x: np.sum(x ** x[::-1]), check=False)(x)
    np.testing.assert_allclose(both, by_duals(lambda x: np.sum(x ** x[::-1]), x), rtol=1e-12)


@pytest.mark.parametrize("changes", [False, True])
def test_first_calls_with_other_arguments_are_recorded(changes):
    calls = []

    def f(x, a):
        calls.append(1)
        if changes:
            a[0] += 1
        return np.sum(x * x) * a[0]

    for _ in range(3):
        calls.clear()
        found = dn.gradient(f)(np.ones(3000), np.zeros(1) if changes else np.ones(1))
        assert (found == 2).all()
        assert len(calls) <= 5
