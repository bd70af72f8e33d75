"""Rotations of scipy.spatial.transform in lifted code: round trips, and products of elementary matrices in duals."""

import numpy as np
import pytest

import dualnum as dn

transform = pytest.importorskip("scipy.spatial.transform")
pytest.importorskip("scipy.spatial.transform._rotation_cy", reason="before SciPy 1.17 Rotation is compiled")
Rotation = transform.Rotation

AXES = {
    "x": lambda c, s: [[1.0, 0, 0], [0, c, -s], [0, s, c]],
    "y": lambda c, s: [[c, 0, s], [0, 1.0, 0], [-s, 0, c]],
    "z": lambda c, s: [[c, -s, 0], [s, c, 0], [0, 0, 1.0]],
}
SEQUENCES = ["xyz", "ZYX", "zxz", "XYX", "yz", "z"]
ANGLES = np.array([0.3, -0.7, 1.1])
VECTORS = [np.array([0.3, -0.7, 1.1]), np.zeros(3), np.array([1e-9, 0.0, 0.0]), np.array([2.0, 2.0, 1.0])]
LINE = np.array([0.4, 0.1, -0.3])


def turn(axis, angle):
    return np.array(AXES[axis.lower()](dn.cos(angle), dn.sin(angle))).view(dn.DualArray)


def of_angles(seq, angles):
    m = np.eye(3)
    for letter, angle in zip(seq, angles, strict=True):
        m = m @ turn(letter, angle) if letter.isupper() else turn(letter, angle) @ m
    return m


def series(f, x, order=4):
    return dn.taylor(lambda t: f(x + t * LINE[: len(x)]), order, lift=True, check=False)(0.0)


@pytest.mark.parametrize("seq", SEQUENCES)
def test_matrices_of_angles(seq):
    angles = ANGLES[: len(seq)]
    found = series(
        lambda a: Rotation.from_euler(seq, a if len(seq) > 1 else a[0]).as_matrix().ravel(), angles
    )
    np.testing.assert_allclose(found, series(lambda a: of_angles(seq, a).ravel(), angles), atol=1e-13)
    degrees = series(
        lambda a: Rotation.from_euler(seq, a, degrees=True).as_matrix().ravel(), np.degrees(angles)
    )
    expected = series(lambda a: of_angles(seq, a * (np.pi / 180)).ravel(), np.degrees(angles))
    np.testing.assert_allclose(degrees, expected, atol=1e-13)


def skew(v):
    zero = 0.0 * v[0]
    return np.array([[zero, -v[2], v[1]], [v[2], zero, -v[0]], [-v[1], v[0], zero]]).view(dn.DualArray)


def exponential(v):
    m = power = np.eye(3)
    for k in range(1, 40):
        power = power @ skew(v) / k
        m = m + power
    return m


@pytest.mark.parametrize("v", VECTORS, ids=str)
def test_rotation_vectors(v):
    """The matrix is exp(skew v); back and forth is the identity."""
    found = series(lambda v: Rotation.from_rotvec(v).as_matrix().ravel(), v)
    np.testing.assert_allclose(found, series(lambda v: exponential(v).ravel(), v), atol=1e-12)
    for there, back in (("from_rotvec", "as_rotvec"), ("from_mrp", "as_mrp")):
        w = v if there == "from_rotvec" else v / 4
        f = lambda x: getattr(getattr(Rotation, there)(x), back)()  # noqa: B023, E731
        np.testing.assert_allclose(series(f, w)[1:], [LINE, 0 * LINE, 0 * LINE, 0 * LINE], atol=1e-12)
        np.testing.assert_array_equal(dn.value(dn.lift(f)(dn.seed(w))), f(w))


@pytest.mark.parametrize("seq", ["xyz", "ZYX", "zxz", "XYX"])
def test_angles_of_rotations(seq):
    f = lambda a: Rotation.from_euler(seq, a).as_euler(seq)  # noqa: E731
    a = np.array([0.3, 0.7, 1.1])
    np.testing.assert_allclose(series(f, a)[1:], [LINE, 0 * LINE, 0 * LINE, 0 * LINE], atol=1e-12)
    g = lambda a: Rotation.from_euler(seq, a, degrees=True).as_euler(seq, degrees=True)  # noqa: E731
    np.testing.assert_allclose(dn.jacobian(g)(np.degrees(a)), np.eye(3), atol=1e-12)
    lock = a * [1, 0, 1] + (0 if seq[0] == seq[2] else [0, np.pi / 2, 0])
    with pytest.warns(UserWarning, match="Gimbal lock"):
        locked = dn.jacobian(f, lift=True, check=False)(lock)
    assert np.isnan(locked).any()


def test_operations():
    def pair(a):
        return Rotation.from_euler("xyz", a), Rotation.from_rotvec(a[::-1])

    def matrices(a):
        return of_angles("xyz", a), exponential(a[::-1])

    cases = (
        (lambda p, q: (p * q).as_matrix(), lambda p, q: p @ q),
        (lambda p, q: p.inv().as_matrix(), lambda p, q: p.T),
        (lambda p, q: p.apply([1.0, 2.0, 3.0]), lambda p, q: p @ np.array([1.0, 2.0, 3.0])),
        (lambda p, q: p.apply(np.eye(3), inverse=True), lambda p, q: p),
        (lambda p, q: (p**2).as_matrix(), lambda p, q: p @ p),
        (lambda p, q: np.cos(p.magnitude()), lambda p, q: (np.trace(p) - 1) / 2),
        (lambda p, q: Rotation.from_matrix(2.0 * p.as_matrix()).as_matrix(), lambda p, q: p),
        (lambda p, q: Rotation.from_matrix(np.stack([p.as_matrix(), 2 * q.as_matrix()])).as_matrix(),
         lambda p, q: np.stack([p, q])),
        (lambda p, q: Rotation.from_quat(3.0 * p.as_quat()).as_matrix(), lambda p, q: p),
        (lambda p, q: Rotation.from_quat(p.as_quat(scalar_first=True), scalar_first=True).as_matrix(), lambda p, q: p),
        (lambda p, q: Rotation.concatenate([p, q])[1].as_matrix(), lambda p, q: q),
    )  # fmt: skip
    for number, (f, g) in enumerate(cases):
        found = series(lambda a: np.asarray(f(*pair(a))).ravel(), ANGLES)  # noqa: B023
        expected = series(lambda a: np.asarray(g(*matrices(a))).ravel(), ANGLES)  # noqa: B023
        np.testing.assert_allclose(found, expected, atol=1e-11, err_msg=str(number))


def test_the_nearest_rotation_of_a_matrix():
    """The polar factor of a matrix that is no rotation, along a direction; differences of order 4."""
    m = np.array([[1.0, 0.2, 0.1], [-0.3, 0.9, 0.2], [0.1, -0.2, 1.2]])
    found = dn.jacobian(lambda m: Rotation.from_matrix(m).as_matrix())(m)
    step = 1e-4 * np.arange(9.0).reshape(3, 3)

    def polar(m):
        u, _, vt = np.linalg.svd(m)
        return u @ vt

    expected = (8 * (polar(m + step) - polar(m - step)) - (polar(m + 2 * step) - polar(m - 2 * step))) / 12
    np.testing.assert_allclose(np.sum(found * step, axis=(2, 3)), expected, atol=1e-10)


def test_interpolation_between_rotations():
    def f(x):
        both = Rotation.from_rotvec(np.stack([x, 0.0 * x + 0.1]))
        return transform.Slerp([0.0, 1.0], both)(0.0 * x[0] + 0.25).as_rotvec()

    def half(x):
        p, q = Rotation.from_rotvec(x), Rotation.from_rotvec(0.0 * x + 0.1)
        return (p * Rotation.from_rotvec((p.inv() * q).as_rotvec() * 0.25)).as_rotvec()

    np.testing.assert_allclose(series(f, ANGLES), series(half, ANGLES), atol=1e-12)


def test_stacks_of_rotations():
    table = np.stack([ANGLES, ANGLES[::-1], 2 * ANGLES])

    def f(a):
        return Rotation.from_euler("xyz", a).apply(np.ones(3))

    found = dn.jacobian(f)(table)
    for i, row in enumerate(table):
        np.testing.assert_allclose(found[i][:, i], dn.jacobian(f)(row), rtol=1e-13, atol=1e-14)
        assert not np.delete(found[i], i, axis=1).any()
