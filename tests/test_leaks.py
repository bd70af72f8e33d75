"""Nothing grows over 1e5 driver calls: no memory, no objects, no levels.

Each program runs in a child process of its own.  It warms up, measures, calls a driver 1e5 times, and measures again:
the resident set (native memory too) and the interpreter's count of allocated blocks.  A leak of one level's
descriptors a call would be 26 MB and 2e5 blocks, far above the bounds, which no single fluctuation reaches.
"""

import pathlib
import sys

import numpy as np
import pytest
from expect import python

import dualnum as dn

BYTES, BLOCKS = 1_000_000, 1_000

HARNESS = """
import gc, os, sys
import numpy as np
import dualnum as dn
from dualnum import _core

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def measure():
    gc.collect()
    return resident(), sys.getallocatedblocks()

x = np.linspace(0.5, 1.5, 3)
{prepare}
def repeat(n):
    for _ in range(n):
        {body}

repeat({warm})
before = measure()
repeat({times})
after = measure()
print(after[0] - before[0], after[1] - before[1])
"""

# name -> (preparation, statement, how often it runs)
PROGRAMS = {
    "derivative": ("d = dn.derivative(lambda t: dn.sin(t) * t)", "d(0.5)", 100_000),
    "second derivative": ("d = dn.derivative(lambda t: dn.exp(t) / t, order=2)", "d(0.5)", 100_000),
    "gradient": ("g = dn.gradient(lambda v: np.sum(v * v))", "g(x)", 100_000),
    "gradient made anew": ("", "dn.gradient(lambda v: np.sum(v * v))(x)", 100_000),
    "hessian": ("h = dn.hessian(lambda v: np.sum(v * v * v))", "h(x)", 20_000),
    "nested": ("g = dn.derivative(lambda t: t * dn.derivative(lambda u: t * u * u)(t))", "g(0.5)", 20_000),
    "jacobian": ("j = dn.jacobian(lambda v: np.exp(v) @ np.ones((3, 2)))", "j(x)", 20_000),
    "an error inside": (
        "import contextlib\ndef bad(v):\n    raise KeyError\ng = dn.gradient(bad)\n"
        "def attempt():\n    with contextlib.suppress(KeyError):\n        g(x)",
        "attempt()",
        20_000,
    ),
    "escaping duals": (
        "kept = []\ndef leak(v):\n    kept[:] = [v, v[0] * 2]\n    return np.sum(v)\ng = dn.gradient(leak)",
        "g(x)",
        100_000,
    ),
    "levels": ("", "_core.Level().retire()", 100_000),
    "seeds and splits": (
        "",
        "level = _core.Level(); _core.split(np.exp(_core.seed_identity(x, level, 0, 3)), level); level.retire()",
        50_000,
    ),
    "scalars": (
        "s = dn.Dual(0.5)\nw = dn.Dual(0.5, np.ones(9))\nh = dn.HyperDual(0.5)",
        "s * s + 2; dn.sin(s) / 3; w * w; h ** 2.5; abs(h); s < 1; repr(s)",
        50_000,
    ),
    "arrays": (
        "a = dn.seed(np.ones((4, 4)))",
        "a @ a; np.sort(a); a.max(); np.sum(a, axis=0); a[0, 0]; np.where(a > 0, a, 0.0); a.copy()",
        20_000,
    ),
    "arrays by rules": (
        "a = dn.seed(np.ones((4, 4)))",
        "np.dot(a, a); np.einsum('ij,jk', a, a); np.linalg.norm(a)",
        4_000,
    ),
    "refusals": (
        "import contextlib\na = dn.seed(x)\nz = np.zeros(3)\n"
        "def attempt(f, *arguments):\n    with contextlib.suppress(TypeError):\n        f(*arguments)",
        "attempt(float, a[0]); attempt(a.astype, float); attempt(z.__setitem__, 0, a[0]); attempt(np.spacing, a)",
        20_000,
    ),
    "pickles": (
        "import pickle\na = dn.seed(x)",
        "pickle.loads(pickle.dumps(a)); pickle.loads(pickle.dumps(a[0]))",
        10_000,
    ),
}


@pytest.mark.skipif(
    not pathlib.Path("/proc/self/statm").exists(), reason="the resident set is read from /proc, as on Linux"
)
@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_grows(name):
    prepare, body, times = PROGRAMS[name]
    code = HARNESS.format(prepare=prepare, body=body, warm=max(1000, times // 10), times=times)
    done = python("-c", code, text=True)
    assert done.returncode == 0, done.stderr
    grown, blocks = map(int, done.stdout.split())
    assert grown < BYTES, f"{grown / times:.1f} bytes a call"
    assert blocks < BLOCKS, f"{blocks / times:.3f} blocks a call"


@pytest.mark.parametrize("other", [1j, np.longdouble(1), "text"], ids=["complex", "longdouble", "text"])
def test_refused_ufuncs_keep_no_reference(other):
    x = np.ones(2, dn.DualDType(1))
    before = sys.getrefcount(dn.DualDType)
    for _ in range(100):
        with pytest.raises(TypeError):
            np.hypot(x, other)
    assert sys.getrefcount(dn.DualDType) < before + 100
