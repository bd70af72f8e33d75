"""Drivers of functions with complex results or of complex numbers, against formulas in real arithmetic."""

import json
import pickle
import re
import warnings

import mpmath as mp
import numpy as np
import pytest
from expect import close, raises

import dualnum as dn

W = 2.5


# ---- models, each beside the same formula in real arithmetic -------------------------------------------------


def phasor(t):
    """exp((-0.3 + i w) t), and its n-th derivative."""
    return np.exp((-0.3 + W * 1j) * t)


def impedance(p):
    """A resistor, a coil and a capacitor in parallel at the angular frequency W."""
    r, inductance, c = p
    return 1 / (1 / r + 1 / (1j * W * inductance) + 1j * W * c)


def impedance_in_parts(p):
    r, inductance, c = p
    g, b = 1 / r, W * c - 1 / (W * inductance)
    return np.stack([g / (g**2 + b**2), -b / (g**2 + b**2)])


def transmittance(d, n=1.5, substrate=1.7, wavelength=0.55):
    """The transmitted amplitude of a film of thickness d between air and a substrate, by its transfer matrix."""
    phase = 2 * np.pi * n * d / wavelength
    m = np.array([[np.cos(phase), 1j * np.sin(phase) / n], [1j * n * np.sin(phase), np.cos(phase)]])
    b, c = m @ np.array([1.0, substrate])
    return 2 / (b + c)


def transmittance_in_parts(d, n=1.5, substrate=1.7, wavelength=0.55):
    phase = 2 * np.pi * n * d / wavelength
    re, im = (1 + substrate) * np.cos(phase), (substrate / n + n) * np.sin(phase)
    return np.stack([2 * re / (re**2 + im**2), -2 * im / (re**2 + im**2)])


X = np.linspace(-6, 6, 64, endpoint=False)
K = 2 * np.pi * np.fft.fftfreq(64, X[1] - X[0])


def propagated(p, steps=4, dt=0.05):
    """A Gaussian packet of momentum p[0] in the potential p[1] x^2 / 2, by split steps."""
    psi = np.exp(-(X**2) + 1j * p[0] * X)
    for _ in range(steps):
        psi = psi * np.exp(-0.5j * dt * p[1] * X**2 / 2)
        psi = np.fft.ifft(np.exp(-0.5j * dt * K**2) * np.fft.fft(psi))
        psi = psi * np.exp(-0.5j * dt * p[1] * X**2 / 2)
    return psi


DFT = np.exp(-2j * np.pi * np.outer(np.arange(64), np.arange(64)) / 64)


def propagated_in_parts(p, steps=4, dt=0.05):
    def rotated(re, im, angle):
        return re * np.cos(angle) - im * np.sin(angle), re * np.sin(angle) + im * np.cos(angle)

    re, im = rotated(np.exp(-(X**2)), 0.0, p[0] * X)
    for _ in range(steps):
        re, im = rotated(re, im, -0.5 * dt * p[1] * X**2 / 2)
        re, im = DFT.real @ re - DFT.imag @ im, DFT.imag @ re + DFT.real @ im
        re, im = rotated(re, im, -0.5 * dt * K**2)
        re, im = (DFT.real @ re + DFT.imag @ im) / 64, (DFT.real @ im - DFT.imag @ re) / 64
        re, im = rotated(re, im, -0.5 * dt * p[1] * X**2 / 2)
    return np.stack([re, im])


MODELS = [
    (impedance, impedance_in_parts, np.array([3.0, 0.7, 0.4])),
    (transmittance, transmittance_in_parts, np.float64(0.31)),
    (propagated, propagated_in_parts, np.array([1.5, 0.8])),
]


@pytest.mark.parametrize("f, in_parts, x", MODELS, ids=lambda a: getattr(a, "__name__", ""))
def test_models_equal_real_arithmetic(f, in_parts, x):
    for name in ("jacobian", "value_and_jacobian"):
        got, want = getattr(dn, name)(f)(x), getattr(dn, name)(in_parts)(x)
        if name == "jacobian":
            got, want = (got,), (want,)
        for ours, theirs in zip(got, want, strict=True):
            close(np.stack([np.real(ours), np.imag(ours)]), theirs, 1e-13)
    assert np.array_equal(dn.value_and_jacobian(f)(x)[0], f(x))  # NumPy's bits


@pytest.mark.parametrize("f, in_parts, x", MODELS, ids=lambda a: getattr(a, "__name__", ""))
def test_real_functions_of_complex_intermediates(f, in_parts, x):
    for power in (lambda x: np.sum(abs(f(x)) ** 2), lambda x: np.sum(f(x).real ** 2 + f(x).imag ** 2)):
        real = dn.value_gradient_hessian(lambda x: np.sum(in_parts(x) ** 2))(x)
        for got, want in zip(dn.value_gradient_hessian(power)(x), real, strict=True):
            close(got, want, 1e-13)


# ---- every driver ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(8))
def test_derivative(order):
    rate = -0.3 + W * 1j
    for t in (0.7, np.array([[0.7, -1.0]])):
        got = dn.derivative(phasor, order)(t)
        close(got, rate**order * np.exp(rate * t), 1e-13 * abs(rate) ** order)
        assert type(got) is complex if np.ndim(t) == 0 else got.dtype == complex
        for k, part in enumerate(dn.value_and_derivative(phasor, order)(t)):
            close(part, dn.derivative(phasor, k)(t), 1e-13 * abs(rate) ** k)
        got = dn.derivative(lambda t: 0 * t.size + 1j * np.ones(np.shape(t)), order)(np.asarray(t))
        assert np.iscomplexobj(got)
        assert not np.any(got) or order == 0


def test_damped_oscillator():
    def q(t):
        return (1.2 * np.exp(1j * 0.4) * phasor(t)).real

    def closed(t):
        return 1.2 * np.exp(-0.3 * t) * np.cos(W * t + 0.4)

    for order in (1, 2, 5):
        close(dn.derivative(q, order)(0.8), dn.derivative(closed, order)(0.8), 1e-13 * W**order)


def test_jacobian_in_chunks_batches_containers_and_arguments():
    x = np.array([0.2, 0.5, -1.0])

    def f(x):
        return np.exp(1j * x) * np.sum(x, axis=-1, keepdims=True)

    want = np.diag(1j * np.exp(1j * x) * x.sum()) + np.exp(1j * x)[:, np.newaxis]
    for chunk in (None, 1, 2):
        close(dn.jacobian(f, chunk=chunk)(x), want, 1e-14)
    got = dn.jacobian(f, batched=True)(np.stack([x, 2 * x]))
    close(got, np.stack([want, dn.jacobian(f)(2 * x)]), 1e-14)
    close(dn.jacobian(f, batched=1, workers=2)(np.stack([x, 2 * x])), got, 1e-15)
    close(dn.jacobian(f, subok=False)(x), want, 1e-14)
    tree = dn.jacobian(lambda d: d["w"] * np.exp(1j * d["v"]))({"w": 2.0, "v": x})
    close(tree["w"], np.exp(1j * x), 1e-15)
    close(tree["v"], np.diag(2j * np.exp(1j * x)), 1e-15)
    by_w, by_v = dn.jacobian(lambda w, v: w * np.exp(1j * v), argnum=(0, 1))(2.0, x)
    close(by_w, tree["w"], 1e-15)
    close(by_v, tree["v"], 1e-15)
    constant = dn.jacobian(lambda x: np.array([1j, 2.0]))(x)
    assert constant.dtype == complex
    assert not constant.any()
    assert constant.shape == (2, 3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.exp(1j * x)),
        lambda x: np.sum(x * np.exp(1j * np.arange(100))),
        lambda x: np.array([np.sum(x) + 1j * np.sum(x**2)]),
        lambda x: np.fft.fft(x)[3],
        lambda x: complex(0, 1) * np.sum(x),
        lambda x: np.sum(x + 0j) ** 2,
        lambda x: np.dot(x, np.exp(0.1j * np.arange(100))),
    ],
)
def test_many_variables(f):
    """Reverse mode, which is tried first, leaves complex results to duals."""
    x = np.linspace(0.1, 1.0, 100)
    got = dn.jacobian(f)(x)
    assert got.dtype == complex
    close(got, dn.jacobian(f, chunk=7)(x), 1e-14)
    moved = np.array([(f(x + h) - f(x - h)) / 2e-6 for h in 1e-6 * np.eye(100)])
    close(got, np.moveaxis(moved, 0, -1), 1e-7)
    power = 2 * np.real(np.conj(np.ravel(f(x))[:, np.newaxis]) * got.reshape(-1, 100)).sum(axis=0)
    close(dn.gradient(lambda x: np.sum(abs(f(x)) ** 2))(x), power, 1e-12)


def test_directions():
    x, v = np.array([0.2, 0.5]), np.array([1.0, -2.0])
    y, jv = dn.jvp(lambda x: np.exp(1j * x))(x, v)
    close(y, np.exp(1j * x), 1e-16)
    close(jv, 1j * v * np.exp(1j * x), 1e-15)
    close(dn.directional_derivative(lambda x: np.exp(1j * x))(x, v), jv, 1e-16)
    assert dn.directional_derivative(lambda x: 1j * x)(2.0, 3.0) == 3j
    assert type(dn.directional_derivative(lambda x: 1j)(2.0, 3.0)) is complex


def test_taylor():
    rate = -0.3 + W * 1j
    want = np.array([rate**k / mp.factorial(k) for k in range(6)], complex)
    close(dn.taylor(phasor, 5)(0.0), want, 1e-14)
    got = dn.taylor(phasor, 5)(np.zeros((2, 1)))
    close(got, np.multiply.outer(want, np.ones((2, 1))), 1e-14)
    assert type(got) is np.ndarray
    along = dn.taylor(lambda x: np.sum(phasor(x)), 5, direction=[1.0, 2.0])(np.zeros(2))
    close(along, want * (1 + 2.0 ** np.arange(6)), 1e-13)
    assert dn.taylor(lambda t: 1j, 2)(0.5).tolist() == [1j, 0, 0]
    for order in (0, 1):
        close(dn.taylor(phasor, order)(0.0), want[: order + 1], 1e-15)


def test_series_of_complex_coefficients():
    s = dn.series
    e = dn.taylor(phasor, 6)(0.0)
    rate = -0.3 + W * 1j
    close(s.evaluate(e, 0.01), np.exp(rate * 0.01), 1e-13)
    close(s.evaluate(e, 0.01j), np.exp(rate * 0.01j), 1e-13)
    close(s.multiply(e, e), dn.taylor(lambda t: phasor(2 * t), 6)(0.0), 1e-12)
    close(s.derivative(e), rate * e[:-1], 1e-14)
    close(s.integral(s.derivative(e), 1.0), e, 1e-14)
    close(s.coefficients(np.exp(s.number([0.0, rate, 0.0]))), [1, rate, rate**2 / 2], 1e-14)
    close(s.compose(s.reversion(e), e), [0, 1, 0, 0, 0, 0, 0], 1e-12)


def test_nesting():
    x = np.array([0.3, 0.4])
    close(dn.derivative(dn.derivative(phasor))(0.4), dn.derivative(phasor, 2)(0.4), 1e-14)
    close(
        dn.jacobian(dn.jacobian(lambda x: np.sum(phasor(x))))(x), np.diag(dn.derivative(phasor, 2)(x)), 1e-14
    )
    power = dn.derivative(lambda w: abs(dn.derivative(lambda t: np.exp(1j * w * t))(0.3)) ** 2)(W)
    assert power == pytest.approx(2 * W, rel=1e-14)  # |i w exp(i w t)|^2 = w^2


REAL = """gradient value_and_gradient hessian value_gradient_hessian laplacian divergence curl hvp vhv derivative_tensor
taylor_polynomial""".split()


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("size", [3, 100])
def test_drivers_of_real_results_name_jacobian(name, size):
    if size > 3 and name in ("divergence", "curl", "derivative_tensor", "taylor_polynomial"):
        size = 3
    x, along = np.linspace(0.1, 1.0, size), name in ("hvp", "vhv")
    driver = getattr(dn, name)
    field = name in ("divergence", "curl")
    for f in (
        lambda x: np.exp(1j * x) if field else np.sum(np.exp(1j * x)),
        lambda x: 1j * x if field else 1j,
    ):
        make = driver(f, 3) if name in ("derivative_tensor", "taylor_polynomial") else driver(f)
        spelt = f"{name}(f)(x, v)" if along else f"{name}(f)(x)"
        with raises(
            TypeError,
            f"{spelt} expects f(x) to be real numbers, got complex ones; use jacobian(f), or abs(f(x)).",
        ):
            make(x, x) if along else make(x)


# ---- kinks -----------------------------------------------------------------------------------------------------


def test_kinks():
    zero = np.zeros(2)

    def modulus(x):
        return abs(x[0] + 1j * x[1])

    assert dn.gradient(modulus)(zero).tolist() == [0, 0]
    close(dn.hessian(lambda x: modulus(x) ** 2)(zero), 2 * np.eye(2), 1e-15)
    close(dn.hessian(lambda x: modulus(x) * modulus(x))(zero), 2 * np.eye(2), 1e-15)
    assert dn.derivative(lambda x: abs(1j * x), 1)(0.0) == 0
    assert dn.derivative(lambda x: abs(1j * x) ** 2, 2)(0.0) == 2
    assert np.isnan(dn.hessian(modulus)(zero)).all()
    # complex results near to a kink
    assert dn.derivative(lambda x: abs(x) * abs(x) * (1 + 1j), 2)(0.0) == 2 + 2j
    assert dn.derivative(lambda x: abs(x) ** 2 + 1j * x, 2)(zero).tolist() == [2, 2]
    sinc = dn.derivative(lambda x: 1j * (1.0 + 0 * x if x == 0 else np.sin(x) / x), 4)(0.0)
    assert sinc == pytest.approx(0.2j, rel=1e-12)


# ---- functions of a complex number -----------------------------------------------------------------------------

HOLOMORPHIC = {
    "exp": np.exp, "sin": np.sin, "cosh": np.cosh, "tan": np.tan, "log": np.log, "sqrt": np.sqrt, "asin": np.arcsin,
    "atan": np.arctan,
}  # fmt: skip
POINTS = [0.3 + 0.4j, -1.5 + 0.2j, 0.1 - 2.0j]


@pytest.mark.parametrize("name", HOLOMORPHIC)
@pytest.mark.parametrize("order", [0, 1, 2, 3, 5])
def test_holomorphic_functions(name, order):
    with mp.workdps(40):
        want = np.array([complex(mp.diff(getattr(mp, name), z, order)) for z in POINTS])
    driver = dn.derivative(HOLOMORPHIC[name], order, holomorphic=True)
    close(driver(np.array(POINTS)), want, 1e-12)
    close([driver(z) for z in POINTS], want, 1e-12)
    every = dn.value_and_derivative(HOLOMORPHIC[name], order, holomorphic=True)(POINTS[0])
    assert len(every) == order + 1
    assert every[0] == HOLOMORPHIC[name](POINTS[0])
    assert every[-1] == pytest.approx(want[0], rel=1e-12)


def test_holomorphic_calls():
    D = dn.derivative
    assert D(lambda z: z**3, holomorphic=True)(2.0) == 12
    assert type(D(lambda z: z**3, holomorphic=True)(2)) is complex
    assert D(lambda z: z**2, holomorphic=True)([1.0, 2j]).tolist() == [2, 4j]
    assert D(lambda z: z**2, holomorphic=True)(np.ones(2, np.complex64)).dtype == complex
    assert D(lambda a, z: a * z**2, argnum=1, holomorphic=True)(3.0, 1j) == 6j
    assert D(lambda a, z: a * z**2, argnum=(0, 1), holomorphic=True)(3.0, 1j) == (-1, 6j)
    close(D(D(np.exp, holomorphic=True), holomorphic=True)(1j), np.exp(1j), 1e-15)
    nested = dn.jacobian(lambda x: D(np.exp, holomorphic=True)(x[0] + 1j * x[1]))(np.array([0.3, 0.4]))
    close(nested, np.exp(0.3 + 0.4j) * np.array([1, 1j]), 1e-15)
    both = D(lambda z: np.stack([z, z**2], axis=-1), batched=True, holomorphic=True)(np.array([1j, 2.0]))
    assert both.tolist() == [[1, 2j], [1, 4]]
    assert D(lambda z: 2.0, holomorphic=True)(1j) == 0
    for order in (1, 3):
        driver = D(np.exp, order, holomorphic=True)
        assert pickle.loads(pickle.dumps(driver))(1j) == driver(1j)
    assert "holomorphic=True" in repr(driver)
    z = np.asfortranarray(np.arange(6).reshape(2, 3) + 1j)
    seen = []
    D(lambda z: seen.append(z) or z**2, holomorphic=True)(z)
    assert all(a.flags.f_contiguous for a in seen if isinstance(a, dn.DualArray))
    assert np.array_equal(z, np.arange(6).reshape(2, 3) + 1j)


NOT_HOLOMORPHIC = {
    "conj": np.conj, "abs": abs, "real": lambda z: z.real, "imag": lambda z: z.imag,
    "squared modulus": lambda z: z * z.conjugate(), "conj^2": lambda z: np.conj(z) ** 2,
    "almost": lambda z: np.exp(z) + 1e-5 * np.conj(z),
}  # fmt: skip


@pytest.mark.parametrize("f", NOT_HOLOMORPHIC.values(), ids=NOT_HOLOMORPHIC)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_functions_that_are_not_holomorphic(f, order):
    for z in (0.3 + 0.4j, np.array([0.3 + 0.4j, 1j])):
        for name in ("derivative", "value_and_derivative"):
            with raises(
                ValueError,
                f"{name}(f, holomorphic=True)(x) expects f to be holomorphic, got derivatives along two directions "
                "that break the Cauchy-Riemann equations; use the real and the imaginary part as two real arguments.",
            ):
                getattr(dn, name)(f, order, holomorphic=True)(z)


def test_kinks_have_no_complex_derivative():
    for f in (abs, lambda z: abs(z.real), lambda z: z * abs(z)):
        for order in (1, 2):
            got = dn.derivative(f, order, holomorphic=True)(0j)
            assert np.isnan(got), (f, order)
    got = dn.derivative(lambda z: np.exp(z) + 1j * abs(z) * (z.real < 5), holomorphic=True, check=False)(
        np.array([0j, 1j])
    )
    assert np.isnan(got).tolist() == [True, False]


def test_conj_squared_at_its_zero():
    """All its first derivatives are 0 there; to second order the directions differ."""
    for order in (2, 3):
        with pytest.raises(ValueError, match="holomorphic"):
            dn.derivative(lambda z, n: np.conj(z) ** n, order, holomorphic=True)(0j, order)


def test_holomorphic_errors():
    message = "derivative(f, holomorphic=True)(x) expects"
    D = dn.derivative
    for order in (1, 3):
        with raises(
            ValueError,
            f"{message} f to treat each element of x by itself, got a function that mixes them; use check=False.",
        ):
            D(np.cumsum, order, holomorphic=True)(np.array([1j, 2.0]))
    with raises(
        ValueError, f"{message} f(x) to have the shape (2,) of x, got shape (); use a function of one number."
    ):
        D(np.sum, holomorphic=True)(np.array([1j, 2.0]))
    for order in (1, 3):
        with raises(
            ValueError,
            f"{message} f(x) to have the shape (2,) of x, got shape (3,); use a function of one number.",
        ):
            D(lambda z: np.append(z, z[0]), order, holomorphic=True)(np.array([1j, 2.0]))
    with raises(
        TypeError,
        f"{message} x to be a number or an array, got a tuple of 2; use argnum for a number or an array among several "
        "arguments.",
    ):
        D(lambda a: a[0], holomorphic=True)((1.0, 1j))
    with raises(TypeError, "derivative(f, holomorphic=1) expects holomorphic to be True or False, got int."):
        D(np.exp, holomorphic=1)
    with raises(TypeError, f"{message} x to be numbers, got str."):
        D(np.exp, holomorphic=True)("1j")
    parts = "or the real and the imaginary part as two real arguments."
    with raises(
        TypeError,
        f"derivative(f)(x) expects x to be real numbers, got complex duals; use holomorphic=True, {parts}",
    ):
        D(lambda x: D(np.exp)(1j * x))(1.0)
    with raises(
        TypeError,
        f"jvp(f)(x, v) expects v to be real numbers, got complex; use derivative(f, holomorphic=True), {parts}",
    ):
        dn.jvp(np.exp)(1.0, 1j)


# ---- finite differences, and the check ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["forward", "central", "five-point", "richardson"])
def test_finite_differences(method):
    fd, x = dn.finite_difference, np.array([0.3, -0.8])
    tolerance = {"forward": 1e-6, "central": 1e-8}.get(method, 1e-10)
    rate = -0.3 + W * 1j
    for t in (0.3, x):
        close(fd.derivative(phasor, method=method)(t), rate * np.exp(rate * t), tolerance)
        value, error = fd.derivative(phasor, method=method, return_error=True)(t)
        assert np.all(abs(value - rate * np.exp(rate * t)) <= 10 * error)
    close(fd.derivative(phasor, 2, method=method)(0.3), rate**2 * np.exp(rate * 0.3), 1e3 * tolerance)
    close(fd.jacobian(phasor, method=method)(x), np.diag(rate * np.exp(rate * x)), tolerance)


def test_finite_differences_refuse():
    fd = dn.finite_difference
    for name in ("derivative", "jacobian"):
        with raises(
            TypeError,
            f"finite_difference.{name}(f)(x) expects f(x) to be real numbers where x is, got complex ones; use "
            'method="richardson".',
        ):
            getattr(fd, name)(phasor, method="complex")(0.3)
    for name in ("gradient", "hessian"):
        with raises(
            TypeError,
            f"finite_difference.{name}(f)(x) expects f(x) to be real numbers, got complex ones; use jacobian(f), or "
            "abs(f(x)).",
        ):
            getattr(fd, name)(phasor)(0.3)


def test_check():
    compare, x = dn.check.compare, np.array([0.5, 0.6])
    report = compare(lambda x: phasor(x) * x[0], x)
    assert report.agrees
    assert report.digits > 13
    close(report.given, dn.jacobian(lambda x: phasor(x) * x[0])(x), 1e-16)
    close(report.estimate, report.given, 1e-12)
    assert report.methods[-1].note == "f(x) is complex"
    assert json.loads(report.to_json())["value"][0]["imag"] == (phasor(0.5) * 0.5).imag
    slope = dn.derivative(phasor)
    dn.check.assert_derivatives(phasor, 0.5, jac=slope)
    # relative to the complex number, though its real part is 0 and rounded
    dn.check.assert_derivatives(lambda t: np.exp(1j * t), 0.0, jac=lambda t: 1j + 1e-12)
    report = compare(phasor, 0.5, jac=lambda t: slope(t) * (1 + 1e-4j))
    assert report.wrong
    (component,) = report.components
    assert component.relative_error == pytest.approx(1e-4, rel=1e-6)
    assert component.expected == pytest.approx(slope(0.5), rel=1e-14)
    with pytest.raises(AssertionError, match="jac is wrong: 1 of 1 component"):
        dn.check.assert_derivatives(phasor, 0.5, jac=lambda t: np.conj(slope(t)))
    kink = compare(lambda t: abs(t) * 1j + t, 0.0)
    assert kink.agrees
    assert kink.suspicions == ("kink",)
    assert compare(lambda d: d["a"] * 1j + d["b"], {"a": 1.0, "b": x}).agrees
    with raises(
        TypeError,
        "compare(f, x, order=2) expects f(x) to be real numbers, got complex ones; use order=1, or abs(f(x)).",
    ):
        compare(phasor, 0.5, order=2)


# ---- nets ------------------------------------------------------------------------------------------------------


def test_nets_find_what_complex_results_lose():
    def digits(x):
        return float(re.search(r"[0-9.]+", str(x)).group())  # the value alone

    def loses(x):
        return np.exp(1j * x) * digits(x)

    with pytest.raises(
        TypeError, match=r"^f\(x\) expects the derivative of f on duals to be that of f on floats"
    ):
        dn.derivative(loses, lift=False)(1.3)

    def other(z):
        return 2 * z if type(z) is complex or type(z) is np.complex128 else z

    with pytest.raises(
        TypeError, match=r"^f\(x\) expects the same value for duals and floats, got \(1\.3\+1j\)"
    ):
        dn.derivative(other, holomorphic=True, lift=False)(1.3 + 1j)

    def constant(x):
        return 1j * digits(x) + 0 * x

    with pytest.raises(TypeError, match=r"^f\(x\) expects"):
        dn.derivative(constant, lift=False)(1.3)


def test_values_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dn.derivative(lambda x: np.sqrt(x + 0j))(1.0) == 0.5
        dn.jacobian(lambda x: np.exp(1j * x) / (1 + x * 0j))(np.zeros(3))


def test_text_that_f_reads_is_a_value_that_it_loses():
    assert dn.derivative(lambda t: (f"{t * 1j}", 2 * t)[1])(0.3) == 2
    with pytest.raises(TypeError, match="loses"):
        dn.derivative(lambda t: t * float(str(abs(t * 1j))))(0.3)


def test_what_takes_real_numbers_alone_says_so():
    for elementwise in (False, True):
        with pytest.raises(TypeError, match=r"^propagate expects f\(x\) to be real, got complex numbers"):
            dn.propagate(lambda x: np.exp(1j * x), [0.3, 0.4], [0.1, 0.1], elementwise=elementwise)
    solution = dn.implicit(lambda a: np.sqrt(a) + 0j, lambda y, a: y * y - a)
    with pytest.raises(TypeError, match="complex"):
        dn.derivative(solution)(2.0)
    cube = dn.elementwise(lambda x: 3 * x * x)(lambda x: x**3)
    with pytest.raises(TypeError, match="complex"):
        cube(dn.Dual(2.0) * 1j)
