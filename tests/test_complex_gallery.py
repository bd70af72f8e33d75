"""The gallery's programs of complex numbers, against the same physics in real arithmetic, differentiated by hand."""

import numpy as np
import pytest
from test_gallery import run

import dualnum as dn


def agree(actual, expected, rtol=1e-10):
    """Compare within rtol of each column's largest element: some derivatives pass through zero."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = np.max(np.abs(expected), axis=0)
    assert np.all(scale > 0)
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=0, atol=rtol)


def test_ac_circuit():
    """``|z|^2 = (R^2 + x^2) / d`` and ``arctan(x / R) - arctan2(w R C, a)``, for x = w L, a = 1 - w^2 L C."""
    m = run("ac_circuit")
    w, (R, L, C) = m["w"], m["parts"]
    x, a = w * L, 1 - w**2 * L * C
    s, d = R**2 + x**2, a**2 + (w * R * C) ** 2
    by_R = R / s - w**2 * C**2 * R / d
    by_L = w**2 * L / s + a * w**2 * C / d
    by_C = (a * w**2 * L - w**2 * R**2 * C) / d
    agree(m["size"], np.sqrt(s / d))
    agree(m["relative"], np.stack([R * by_R, L * by_L, C * by_C], axis=-1))
    by_R = -x / s - w * C * a / d
    by_L = w * R / s - w**3 * R * C**2 / d
    by_C = -(a * w * R + w**3 * R * L * C) / d
    agree(m["angle"], np.arctan2(x, R) - np.arctan2(w * R * C, a))
    agree(m["angle_slopes"], np.stack([by_R, by_L, by_C], axis=-1))


def blocks(*entries):
    """Return complex matrices of 2 x 2 entries (real part, imaginary part) as real ones of 4 x 4, by wavelength."""
    squares = np.array([[[a, -b], [b, a]] for a, b in entries])
    return squares.reshape(2, 2, 2, 2, -1).transpose(4, 0, 2, 1, 3).reshape(-1, 4, 4)


def times(z, w):
    return z[0] * w[0] - z[1] * w[1], z[0] * w[1] + z[1] * w[0]


def real_layer(index, thickness, wavelength):
    """Return a layer's real matrices and their derivatives by the thickness."""
    one, zero = np.ones(wavelength.size), np.zeros(wavelength.size)
    index = index[0] * one, index[1] * one
    wave = 2 * np.pi * index[0] / wavelength, 2 * np.pi * index[1] / wavelength
    p, q = wave[0] * thickness, wave[1] * thickness
    c = np.cos(p) * np.cosh(q), -np.sin(p) * np.sinh(q)
    s = np.sin(p) * np.cosh(q), np.cos(p) * np.sinh(q)
    size = index[0] ** 2 + index[1] ** 2
    minus_i_times, minus_i_by = (index[1], -index[0]), (-index[1] / size, -index[0] / size)
    dc, ds = times((-one, zero), times(wave, s)), times(wave, c)
    matrix = blocks(c, times(minus_i_by, s), times(minus_i_times, s), c)
    return matrix, blocks(dc, times(minus_i_by, ds), times(minus_i_times, ds), dc)


def test_thin_film():
    m = run("thin_film")
    wavelength = m["wavelengths"]
    energy = 1239.84 / wavelength
    size = energy**4 + (0.05 * energy) ** 2
    re, im = 4 - 81 * energy**2 / size, 81 * 0.05 * energy / size
    n = np.hypot(re, im)
    kappa = np.sqrt((n - re) / 2)
    silver, fluoride = (im / (2 * kappa), kappa), (1.38, 0.0)
    layers = [
        real_layer(index, thickness, wavelength)
        for index, thickness in zip((silver, fluoride, silver), m["thicknesses"], strict=True)
    ]
    glass = np.array([1.0, 0.0, 1.52, 0.0])

    def field(j=None):
        """Return real and imaginary part of the incoming field, or their derivatives by thickness j."""
        first, second, third = (pair[int(i == j)] for i, pair in enumerate(layers))
        b_and_c = first @ second @ third @ glass
        return b_and_c[:, :2] + b_and_c[:, 2:]

    v, slopes = field(), np.stack([field(j) for j in range(3)], axis=-1)
    strength = np.sum(v**2, axis=1)
    agree(m["passed"], 4 * 1.52 / strength)
    agree(m["slopes"], -8 * 1.52 * np.einsum("ni,nij->nj", v, slopes) / strength[:, None] ** 2)


def test_damped_oscillator():
    """``P1 P2 + k (P1 + P2) = 0`` for ``Pj = mj z^2 + cj z + kj`` in two real unknowns, z = a + i b."""
    m = run("damped_oscillator")
    assert m["values"].shape == m["slopes"].shape == (61, 2)
    for k, values, slopes in zip(m["stiffnesses"], m["values"], m["slopes"], strict=True):
        for z, dz in zip(values, slopes, strict=True):
            a, b = z.real, z.imag
            u = m["masses"] * (a * a - b * b) + m["dampers"] * a + m["springs"]
            v = 2 * m["masses"] * a * b + m["dampers"] * b
            p, q = 2 * m["masses"] * a + m["dampers"], 2 * m["masses"] * b  # P' = p + i q
            assert u[0] * u[1] - v[0] * v[1] + k * (u[0] + u[1]) == pytest.approx(0, abs=1e-13)
            assert u[0] * v[1] + v[0] * u[1] + k * (v[0] + v[1]) == pytest.approx(0, abs=1e-13)
            re = p[0] * u[1] - q[0] * v[1] + p[1] * u[0] - q[1] * v[0] + k * (p[0] + p[1])
            im = p[0] * v[1] + q[0] * u[1] + p[1] * v[0] + q[1] * u[0] + k * (q[0] + q[1])
            expected = np.linalg.solve([[re, -im], [im, re]], [-(u[0] + u[1]), -(v[0] + v[1])])
            np.testing.assert_allclose([dz.real, dz.imag], expected, rtol=0, atol=1e-10)


def convolved(x, area, center, sigma, gamma):
    """Return Voigt's profile and its derivatives by the trapezoidal rule, which converges exponentially here."""
    t, h = np.linspace(-10 * sigma, 10 * sigma, 401, retstep=True)
    gauss = h * np.exp(-((t / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
    d = (x - center)[:, None] - t
    lorentz = gamma / np.pi / (d**2 + gamma**2)
    value = lorentz @ gauss
    by_center = (2 * gamma * d / np.pi / (d**2 + gamma**2) ** 2) @ gauss
    by_sigma = lorentz @ (gauss * ((t / sigma) ** 2 - 1) / sigma)
    by_gamma = ((d**2 - gamma**2) / np.pi / (d**2 + gamma**2) ** 2) @ gauss
    return area * value, (value, area * by_center, area * by_sigma, area * by_gamma)


def test_voigt_fit():
    m = run("voigt_fit")
    x, p = m["x"], m["fitted"]
    first, (area_1, center_1, sigma_1, gamma_1) = convolved(x, p[0], p[1], p[6], p[2])
    second, (area_2, center_2, sigma_2, gamma_2) = convolved(x, p[3], p[4], p[6], p[5])
    columns = area_1, center_1, gamma_1, area_2, center_2, gamma_2, sigma_1 + sigma_2, np.ones(x.size)
    J = np.stack(columns, axis=-1)
    values, slopes = dn.value_and_jacobian(lambda p: m["lines"](x, *p))(p)
    agree(values, first + second + p[7])
    agree(slopes, J)
    covariance = m["noise"] ** 2 * np.linalg.inv(J.T @ J)
    np.testing.assert_allclose(
        m["errors"], np.sqrt(np.diag(covariance)), rtol=1e-5
    )  # of the last step but one
    residuals = (m["y"] - first - second - p[7]) / m["noise"]
    assert np.all(abs(residuals @ J) < 1e-3 * np.linalg.norm(J, axis=0) * np.linalg.norm(residuals))
    assert np.all(abs(p - m["truth"]) < 4 * m["errors"])


def cosines_and_sines(m, p):
    """Return the spectrum and its Jacobian by the sums of cosines and sines."""
    t = m["t"]
    n = np.arange(t.size)
    angles = 2 * np.pi / t.size * (n[: t.size // 2 + 1, None] * n % t.size)
    cosines, sines = np.cos(angles), np.sin(angles)
    response, by_p = 0, []
    for amplitude, decay, frequency in (p[:3], p[3:6]):
        damping, w = np.exp(-decay * t), 2 * np.pi * frequency * t
        part = damping * np.sin(w)
        response = response + amplitude * part
        by_p += [part, -t * amplitude * part, 2 * np.pi * t * amplitude * damping * np.cos(w)]
    a, b, by_p = cosines @ response, sines @ response, np.stack(by_p, axis=-1)
    J = 2 * (a[:, None] * (cosines @ by_p) + b[:, None] * (sines @ by_p))
    return a**2 + b**2 + p[6], np.column_stack([J, np.ones(a.size)])


def test_spectrum_fit():
    m = run("spectrum_fit")
    power = m["power"]
    for p in (m["start"], m["fit"].x):
        expected, J = cosines_and_sines(m, p)
        values, slopes = dn.value_and_jacobian(m["spectrum"])(p)
        agree(values, expected)
        agree(slopes, J)
        terms = ((1 / expected - power / expected**2)[:, None]) * J
        actual = dn.gradient(m["misfit"])(p, power)
        np.testing.assert_allclose(
            actual, terms.sum(axis=0), rtol=0, atol=1e-10 * abs(terms).sum(axis=0).max()
        )
    assert m["fit"].success
    assert np.all(abs(terms.sum(axis=0)) < 1e-5 * abs(terms).sum(axis=0))
    information = (J / expected[:, None]).T @ (J / expected[:, None])
    assert np.all(abs(p - m["truth"]) < 4 * np.sqrt(np.diag(np.linalg.inv(information))))


def turned(y, angle):
    """Return ``exp(i angle) (u + i v)`` for y = (u, v), by columns."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.array([c * y[0] - s * y[1], s * y[0] + c * y[1]])


def real_propagation(m, momentum, height):
    """Return the mean positions and their derivatives, by real matrices; columns: value, by momentum, by height."""
    x, step = m["x"], m["step"]
    waves, places = np.cos(np.outer(x - x[0], m["k"])) / x.size, np.arange(x.size)
    circulant = (places[:, None] - places) % x.size
    c, s = ((waves @ f(step * m["k"] ** 2 / 2))[circulant] for f in (np.cos, np.sin))
    by_height = -0.5 * step * np.exp(-(x**2))

    def kicked(y):
        y = turned(y, height * by_height)
        y[:, :, 2] += by_height * np.array([-y[1, :, 0], y[0, :, 0]])
        return y

    size, zero = np.exp(-((x + 10) ** 2) / 8), np.zeros(x.size)
    cosine, sine = size * np.cos(momentum * x), size * np.sin(momentum * x)
    y = np.stack([[cosine, sine], [-x * sine, x * cosine], [zero, zero]], axis=-1)
    means = []
    for n in range(m["count"] + 1):
        if n:
            u, v = kicked(y)
            y = kicked(np.array([c @ u + s @ v, c @ v - s @ u]))
        if n % 10 == 0:
            density = np.sum(y[:, :, :1] * y, axis=0) * [1, 2, 2]
            sums, moments = density.sum(axis=0), x @ density
            mean = moments[0] / sums[0]
            means.append([mean, *(moments[1:] - mean * sums[1:]) / sums[0]])
    return np.array(means)


def test_split_step():
    m = run("split_step")
    expected = real_propagation(m, *m["start"])
    agree(m["position"], expected[:, 0])
    agree(m["slopes"], expected[:, 1:])


def test_split_step_without_a_barrier():
    """A free packet moves by its momentum times time."""
    m = run("split_step")
    position, slopes = dn.value_and_jacobian(m["mean_position"])(np.array([1.0, 0.0]))
    np.testing.assert_allclose(position, -10 + m["times"], atol=1e-10)
    np.testing.assert_allclose(slopes[:, 0], m["times"], atol=1e-10)
