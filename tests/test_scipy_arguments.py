"""Each call of scipy_arguments.txt by each argument: values bit for bit, two orders against differences."""

import importlib
import linecache

import numpy as np
import pytest
from scipy_arguments import rows

import dualnum as dn

pytest.importorskip("scipy")
ROWS = rows()
CASES = [(row, name) for row in ROWS for name in row.points]
WEIGHTS, WEIGHTS_OF_4 = (4 / 5, -1 / 5, 4 / 105, -1 / 280), (2 / 3, -1 / 12)
rng = np.random.default_rng(0)
M, B, v, u, w = (
    rng.normal(size=(4, 4)) / 2 + 2 * np.eye(4),
    rng.normal(size=(4, 2)),
    *rng.normal(size=(2, 4)),
    rng.normal(size=6),
)
NAMES = {"np": np, "M": M, "P": M @ M.T + np.eye(4), "B": B, "v": v, "u": u, "w": w}


def flat(y):
    return np.concatenate([flat(part) for part in y]) if isinstance(y, tuple) else np.ravel(np.asarray(y))


def along(row, name):
    """Return the call as a function of t: one argument moves along a line, keeping its symmetry."""
    module = importlib.import_module(f"scipy.{row.module}")
    if row.module == "spatial":
        importlib.import_module("scipy.spatial.transform")
    points = {key: eval(text, dict(NAMES)) for key, text in row.points.items()}
    at = np.asarray(points[name], float)
    direction = np.random.default_rng(1).normal(size=at.shape)
    if at.ndim == 2 and np.array_equal(at, at.T):
        direction = direction + direction.T
    source = f"def call({name}):\n    return {row.call}\n"
    file = f"<{row.module} {row.call} by {name}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file  # which lifting reads
    names = {**vars(module), **NAMES, **points}
    exec(compile(source, file, "exec"), names)
    if at.ndim == 0:
        at, direction = float(at), 1.0
    return lambda t: flat(names["call"](at + t * direction))


def difference(f, h, weights=WEIGHTS):
    return sum(c * (f(k * h) - f(-k * h)) for k, c in enumerate(weights, 1)) / h


@pytest.mark.parametrize(
    ("row", "name"), CASES, ids=[f"{row.module}.{row.function}-{name}" for row, name in CASES]
)
def test_each_argument(row, name):
    f = along(row, name)
    if name in row.refused:
        with pytest.raises((TypeError, ValueError), match=r"duals|derivatives|float"):
            dn.jacobian(f)(0.0)
        return
    value, slope = dn.value_and_jacobian(f, check=False)(0.0)
    np.testing.assert_array_equal(value, f(0.0))
    expected = difference(f, 1e-3)
    scale = 1e-9 + np.max(np.abs(expected))
    np.testing.assert_allclose(slope, expected, rtol=0, atol=2e-6 * scale)
    second = dn.jacobian(dn.jacobian(f, check=False), check=False)(0.0)
    first = dn.jacobian(f, check=False)
    expected = difference(first, 1e-3, WEIGHTS_OF_4)
    np.testing.assert_allclose(second, expected, rtol=0, atol=1e-5 * (scale + np.max(np.abs(expected))))
    assert np.any(slope)
