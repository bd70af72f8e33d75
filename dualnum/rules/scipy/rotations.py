"""scipy.spatial.transform: rotations, whose compiled functions of quaternions get formulas (from SciPy 1.17 on).

A quaternion is (x, y, z, w) along the last axis.  What maps quaternions back to angles, vectors or matrices is solved
for by Newton steps of the forward formula, each of which makes one more order exact; so there are no cases for small
angles.
"""

import inspect
import math

import numpy as np

from dualnum._core import DualArray, holds_duals, value
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import dtype_of, float_arguments, numpy_result
from dualnum.rules._registry import rule
from dualnum.seeding import seed

try:
    from scipy.spatial.transform import _rotation_cy as compiled
except ImportError:  # before SciPy 1.17 the class itself is compiled
    compiled = None

IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])


def _array(x):
    return np.asarray(x).view(DualArray)


def _product(p, q):
    """Return the quaternion of the rotation q, then p."""
    u, v = p[..., :3], q[..., :3]
    vector = p[..., 3:] * v + q[..., 3:] * u + np.cross(u, v)
    return np.concatenate([vector, p[..., 3:] * q[..., 3:] - np.sum(u * v, axis=-1, keepdims=True)], axis=-1)


def _inverse(q):
    return q * np.array([-1.0, -1.0, -1.0, 1.0])


def _matrix(q):
    x, y, z, w = (q[..., i] for i in range(4))
    rows = [
        [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), -x * x + y * y - z * z + w * w, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), -x * x - y * y + z * z + w * w],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _half_sinc(s):
    """Return ``sin(sqrt(s) / 2) / sqrt(s)`` and ``cos(sqrt(s) / 2)``, which are smooth in s = 0."""
    near = value(s) < 0.25
    small, root = np.where(near, s, 0.0), np.sqrt(np.where(near, 1.0, s))
    sine, cosine, term = 0.0 * s, 0.0 * s, 1.0 + 0.0 * s
    for k in range(12):
        cosine, sine = cosine + term, sine + term / (2 * (2 * k + 1))
        term = term * -small / (4 * (2 * k + 1) * (2 * k + 2))
    return np.where(near, sine, np.sin(root / 2) / root), np.where(near, cosine, np.cos(root / 2))


def _of_vector(v):
    sine, cosine = _half_sinc(np.sum(v * v, axis=-1, keepdims=True))
    return np.concatenate([v * sine, cosine + 0.0 * v[..., :1]], axis=-1)


def _of_angles(axes, angles, intrinsic):
    q = IDENTITY
    for i in range(angles.shape[-1]):
        turn = _of_vector(angles[..., i : i + 1] * axes[..., i, :])
        q = _product(q, turn) if intrinsic else _product(turn, q)
    return q


def _of_parameters(p):
    s = np.sum(p * p, axis=-1, keepdims=True)
    return np.concatenate([2 * p, 1 - s], axis=-1) / (1 + s)


def _axes(seq):
    return np.eye(3)[["xyz".index(letter) for letter in seq.lower()]]


def _solved(forward, x0, q):
    """Return x with ``forward(x) = q`` or -q, given its values; forward maps rows of numbers to quaternions."""
    x, dtype = np.atleast_2d(x0), dtype_of(q)
    q = np.reshape(q, (-1, 4)).view(DualArray)
    q0 = np.asarray(forward(x))
    q = q * np.where(np.sum(q0 * value(q), axis=-1, keepdims=True) < 0, -1.0, 1.0)
    n = x.shape[-1]
    moved = forward(_array(seed(np.zeros(n))) + x)
    slopes = np.stack(
        [2 * _product(_inverse(q0), np.moveaxis(part, -1, 0))[..., :3] for part in _tangents(moved)], axis=-1
    )
    with np.errstate(all="ignore"):
        backwards = np.linalg.pinv(slopes) if np.isfinite(slopes).all() else np.full(slopes.mT.shape, np.nan)
        singular = np.linalg.cond(slopes) > 1e7
    backwards[singular] = np.nan  # gimbal lock, a full turn
    for _ in range(degree(dtype)):
        error = 2 * _product(_inverse(forward(x.view(DualArray))), q)[..., :3]
        e = nilpotent_part(np.array(np.asarray(error).astype(dtype)))
        x = x + from_components(np.einsum("nij,njk->nik", backwards, components(e)), dtype).view(DualArray)
    return x.reshape(np.shape(x0))


def _tangents(q):
    """Return the derivatives of quaternions, of shape (rows, 4), by each of the seeded numbers."""
    parts = components(np.asarray(q))[..., 1:]
    return [np.moveaxis(parts[..., i], -1, 0) for i in range(parts.shape[-1])]


def _polar(m):
    """Return the rotation that is nearest to each matrix, by Newton's iteration ``R = (R + R^-T) / 2``."""
    for _ in range(8 + degree(dtype_of(m))):
        m = (m + np.linalg.inv(m.view(DualArray)).swapaxes(-1, -2)) / 2
    return m


def _rotated(q0, r):
    """Return the quaternions of rotation matrices, given their values: q is q0 and a small turn after it."""
    q, dtype = q0, dtype_of(r)
    for _ in range(degree(dtype)):
        turn = _matrix(q.view(DualArray)).swapaxes(-1, -2) @ r
        e = np.stack([turn[..., 2, 1], turn[..., 0, 2], turn[..., 1, 0]], axis=-1)
        e = e - np.stack([turn[..., 1, 2], turn[..., 2, 0], turn[..., 0, 1]], axis=-1)
        e = nilpotent_part(np.array(np.asarray(e / 2).astype(dtype))).view(DualArray)
        q = _product(q.view(DualArray), _of_vector(e))
    return q


def _radians(x, degrees):
    return x * (math.pi / 180) if degrees else x


def _degrees(x, degrees):
    return x * (180 / math.pi) if degrees else x


# ---- the compiled functions --------------------------------------------------------------------------------------


def _of_compiled(formula):
    """Register the rule of the compiled function of this name: its values, and a formula of all arguments by name."""
    original = getattr(compiled, formula.__name__, None)
    if original is None:
        return formula
    signature = inspect.signature(original)

    def on_duals(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        values = np.asarray(original(*float_arguments(bound.args), **float_arguments(bound.kwargs)))
        if not holds_duals(args) and not holds_duals(kwargs):
            return values
        bound.apply_defaults()
        with np.errstate(all="ignore"):
            found = formula(values, **bound.arguments)
        return numpy_result(np.array(np.reshape(np.asarray(found), values.shape)), values)

    rule(original)(on_duals)
    return formula


@_of_compiled
def from_quat(values, quat, normalize, copy, scalar_first):
    q = _array(quat)
    q = np.roll(q, -1, axis=-1) if scalar_first else q
    return q / np.sqrt(np.sum(q * q, axis=-1, keepdims=True)) if normalize else q


@_of_compiled
def from_matrix(values, matrix, assume_valid):
    m = _array(matrix).reshape(-1, 3, 3)
    return _rotated(np.reshape(values, (-1, 4)), m if assume_valid else _polar(m))


@_of_compiled
def from_rotvec(values, rotvec, degrees):
    return _of_vector(_radians(_array(rotvec), degrees))


@_of_compiled
def from_mrp(values, mrp):
    return _of_parameters(_array(mrp))


@_of_compiled
def from_euler(values, seq, angles, degrees):
    angles = _radians(_array(angles), degrees)
    return _of_angles(_axes(seq), np.reshape(angles, (-1, len(seq))), seq.isupper())


@_of_compiled
def from_davenport(values, axes, order, angles, degrees):
    axes = np.atleast_2d(_array(axes))
    axes = axes / np.sqrt(np.sum(axes * axes, axis=-1, keepdims=True))
    angles = _radians(_array(angles), degrees)
    return _of_angles(axes, np.reshape(angles, (-1, axes.shape[-2])), order.startswith("i"))


@_of_compiled
def as_quat(values, quat, canonical, scalar_first):
    q = np.roll(_array(quat), 1, axis=-1) if scalar_first else _array(quat)
    q = np.reshape(q, (-1, 4))
    return q * np.where(np.sum(np.reshape(values, (-1, 4)) * value(q), axis=-1, keepdims=True) < 0, -1.0, 1.0)


@_of_compiled
def as_matrix(values, quat):
    return _matrix(_array(quat))


@_of_compiled
def as_rotvec(values, quat, degrees):
    return _degrees(_solved(_of_vector, _radians(values, degrees), _array(quat)), degrees)


@_of_compiled
def as_mrp(values, quat):
    return _solved(_of_parameters, values, _array(quat))


@_of_compiled
def as_euler(values, quat, seq, degrees, suppress_warnings):
    axes, intrinsic = _axes(seq), seq.isupper()
    found = _solved(lambda x: _of_angles(axes, x, intrinsic), _radians(values, degrees), _array(quat))
    return _degrees(found, degrees)


@_of_compiled
def as_davenport(values, quat, axes, order, degrees, suppress_warnings):
    axes = np.asarray(value(axes), float)
    axes = axes / np.linalg.norm(axes, axis=-1, keepdims=True)
    intrinsic = order.startswith("i")
    found = _solved(lambda x: _of_angles(axes, x, intrinsic), _radians(values, degrees), _array(quat))
    return _degrees(found, degrees)


@_of_compiled
def inv(values, quat):
    return _inverse(_array(quat))


@_of_compiled
def compose_quat(values, p, q):
    return _product(_array(p), _array(q))


@_of_compiled
def apply(values, quat, vectors, inverse):
    m = _matrix(_array(quat))
    m = m.swapaxes(-1, -2) if inverse else m
    return np.sum(m * _array(vectors)[..., None, :], axis=-1)


@_of_compiled
def magnitude(values, quat):
    q = _array(quat)
    length = np.sqrt(np.sum(q[..., :3] * q[..., :3], axis=-1))
    return 2 * np.arctan2(length, np.abs(q[..., 3]))


@_of_compiled
def pow(values, quat, n):
    q = np.reshape(_array(quat), (-1, 4))
    vectors = _solved(_of_vector, np.asarray(compiled.as_rotvec(np.array(value(q)))), q)
    found = _of_vector(vectors.view(DualArray) * n)
    return found * np.where(
        np.sum(value(found) * np.reshape(values, (-1, 4)), axis=-1, keepdims=True) < 0, -1.0, 1.0
    )
