"""Every allocation of the extension fails once: each call ends with its result or with MemoryError.

A library that the child process loads first lets the n-th call of malloc by the extension fail, for n = 1, 2, ...
"""

import shutil
import subprocess
import sys

import pytest
from expect import ENVIRONMENT, python

LIBRARY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
static long countdown, seen;  /* countdown 0: none fails */
void fail_at(long n) { countdown = n; seen = 0; }
long allocations(void) { return seen; }
static int fails(void* caller) {
  static __thread int inside;
  Dl_info info;
  if (!countdown || inside) return 0;
  inside = 1;
  int ours = dladdr(caller, &info) && info.dli_fname &&
             (strstr(info.dli_fname, "_core.") || strstr(info.dli_fname, "libstdc++"));
  inside = 0;
  return ours && ++seen == countdown;
}
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void*, size_t);
void* malloc(size_t n) { return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n); }
void* calloc(size_t n, size_t m) { return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, m); }
void* realloc(void* p, size_t n) { return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n); }
"""

PROGRAM = r"""
import ctypes, pickle, warnings
import numpy as np, dualnum as dn
from dualnum import _core
from scipy import special

warnings.simplefilter("ignore"); np.seterr(all="ignore")
library = ctypes.CDLL(None)
v = np.linspace(0.3, 1.4, 40)
forms, x = {}, v
for name in ("one level", "two levels", "three levels"):
    x = forms[name] = _core.seed_tangents(x, _core.Level(), np.ones((40, 1)))
forms["many tangents"] = _core.seed_tangents(v, _core.Level(), np.ones((40, 900)))
forms["many components"] = np.zeros(40, dn.DualDType(20, 20, 2)).view(dn.DualArray) + v
forms["series"] = np.zeros(40, dn.DualDType(order=6)).view(dn.DualArray) + v
calls = {
    "matmul": lambda x: x.reshape(5, 8) @ x.reshape(8, 5), "float @": lambda x: np.ones((3, 5)) @ x.reshape(5, 8),
    "@ vector": lambda x: x.reshape(5, 8) @ x[:8], "dot": lambda x: np.dot(x, x), "take": lambda x: x[[1, 2, 3]],
    "cast": lambda x: x + np.ones(40, int), "where": lambda x: np.where(x > 1, x, 0.0), "erf": special.erf,
    "numbers": lambda x: x[0] * x[1] + np.sin(x[2]) / x[3], "repr": repr, "pickle": pickle.dumps,
    "levels": lambda x: x * dn.seed(v[:1]), "place": lambda x: np.place(x.copy(), x > 1, [1.0]),
    "gradient": lambda x: dn.gradient(np.sum)(v), "hessian": lambda x: dn.hessian(np.prod)(v[:5]),
    "taylor": lambda x: dn.taylor(np.exp, 5)(v), "searchsorted": lambda x: np.searchsorted(x, 0.7),
    "inv": lambda x: np.linalg.inv(x[:4].reshape(2, 2) + np.eye(2)), "dtype": lambda x: dn.DualDType(3, 4),
    "split": lambda x: _core.split(x, x.dtype.levels[0]), "value": dn.value,
}
for name in "sort argsort argmax cumsum sum prod mean var median unique copy concatenate".split():
    f = getattr(np, name)
    calls[name] = (lambda x: np.concatenate([x, v])) if name == "concatenate" else f
for name, ufunc in vars(np).items():
    if isinstance(ufunc, np.ufunc) and ufunc.nin <= 2 and ufunc.signature is None:
        calls[name] = lambda x, f=ufunc: f(*[x] * f.nin)
        if ufunc.nin == 2:
            calls[name + " float"] = lambda x, f=ufunc: f(x, 0.7)
            calls[name + ".reduce"] = lambda x, f=ufunc: f.reduce(x)
            calls[name + ".accumulate"] = lambda x, f=ufunc: f.accumulate(x)
failed = 0
for name, call in calls.items():
    for form, x in forms.items():
        try:
            call(x)
        except Exception:
            continue
        for n in range(1, 100):
            library.fail_at(n)
            try:
                call(x)
                found = None
            except BaseException as error:
                found = error
            reached = library.allocations() >= n
            library.fail_at(0)
            if found is not None and not isinstance(found, MemoryError):
                print("WRONG", name, form, n, repr(found))
            if not reached:
                break
            failed += 1
print("failed", failed)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("gcc"), reason="needs gcc on Linux"
)
def test_every_allocation_fails_once(tmp_path):
    pytest.importorskip("scipy")
    source, library = tmp_path / "fail.c", tmp_path / "fail.so"
    source.write_text(LIBRARY)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    child = python("-c", PROGRAM, text=True, env={**ENVIRONMENT, "LD_PRELOAD": str(library)})
    assert child.returncode == 0, child.stderr[-500:]
    assert "WRONG" not in child.stdout
    assert int(child.stdout.split()[-1]) > 300
