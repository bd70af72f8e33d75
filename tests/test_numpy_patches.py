"""What importing dualnum changes in NumPy: the rows of a table, all of which one environment variable switches off."""

import importlib
import pkgutil

import pytest
from expect import ENVIRONMENT, python

from dualnum.rules.numpy_patches import PATCHES

CHANGED = [
    target
    for patch in PATCHES
    for target in patch.targets.split()
    if target.startswith(("numpy.", "sys.")) and "<" not in target
]

SCRIPT = """
import pkgutil, sys
import numpy, numpy.polynomial
numpy.finfo(float)  # NumPy's own entry

def state():
    found = {}
    for target in sys.argv[1:]:
        try:
            found[target] = pkgutil.resolve_name(target)
        except AttributeError:  # in another version of NumPy
            continue
        if not callable(found[target]):
            found[target] = repr(found[target])
    return found

before = state()
import dualnum
after = state()
print(*[target for target in before if before[target] is not after[target] and before[target] != after[target]])
print(*before)
print(dualnum.gradient(lambda x: numpy.linalg.det(x) + numpy.std(x))(numpy.eye(2))[0, 0])
"""


def run(script, switch, *arguments):
    """Return the lines that a fresh process prints with this setting of the switch."""
    environment = {**ENVIRONMENT, "DUALNUM_PATCH_NUMPY": switch}
    return python("-c", script, *arguments, text=True, check=True, env=environment).stdout.splitlines()


@pytest.mark.parametrize("switch", ["0", "1"])
def test_the_switch_decides_whether_numpy_is_changed(switch):
    changed, present, slope = run(SCRIPT, switch, *CHANGED)
    assert changed.split() == ([] if switch == "0" else present.split())
    assert float(slope) == 1.25  # by det 1, by the standard deviation 1/4


@pytest.mark.parametrize(
    ("imports", "known"),
    [
        ("import dualnum; from scipy import special", False),
        ("from scipy import special; import dualnum", True),
        ("import dualnum, dualnum.rules.ufuncs.scipy_special; from scipy import special", True),
    ],
)
def test_without_the_import_hook_rules_of_scipy_are_imported_with_dualnum_or_by_hand(imports, known):
    script = f"""
{imports}
own = special._logsumexp._logsumexp
try:
    print(dualnum.derivative(special.erf)(0.0) > 1, hasattr(own, "__wrapped__"))
except TypeError:
    print(False, hasattr(own, "__wrapped__"))
"""
    pytest.importorskip("scipy", minversion="1.15")
    assert run(script, "0") == [f"{known} False"]


@pytest.mark.parametrize("module", ["dualnum.rules.sparse.routines", "dualnum.rules.sparse.classes"])
def test_rules_that_are_imported_before_scipy_are_whole(module):
    pytest.importorskip("scipy")
    script = f"""
import warnings
warnings.simplefilter("error")
import {module}, dualnum, numpy
from scipy import sparse
print(dualnum.derivative(lambda t: (sparse.csr_array(t * numpy.eye(2)) * t).sum())(3.0))
"""
    assert run(script, "1") == ["12.0"]


ZEROS = """
import dualnum, numpy
x = numpy.array([0.0, 3.0])
print(dualnum.gradient(lambda x: numpy.polymul(x, [1.0, 2.0]).sum())(x))
print(dualnum.gradient(lambda x: numpy.polymul(list(x), x).sum())(x))
try:
    print(dualnum.gradient(lambda x: (numpy.poly1d(x) * numpy.poly1d([1.0, 2.0]))(1.0))(x))
except TypeError as error:
    print(error)
print(dualnum.gradient(lambda x: numpy.poly1d(x)(1.0))(x + 1.0))
print(dualnum.gradient(lambda x: numpy.poly1d(numpy.where(x > 0, x, 0.0))(1.0))(x))
print(dualnum.gradient(lambda x: numpy.trim_zeros(x).sum(), check=False)(x))
print(dualnum.gradient(lambda x: numpy.trim_zeros(x).sum())(x))
"""


@pytest.mark.parametrize(
    ("switch", "of_poly1d"),
    [
        (
            "0",
            "trim_zeros(a, 'f') and poly1d(a) of duals expect leading zeros of a without derivatives while "
            "DUALNUM_PATCH_NUMPY=0, since they would be lost; use dualnum.value(a) to discard them on purpose.",
        ),
        ("1", "[3. 3.]"),
    ],
)
def test_derivatives_of_leading_zeros_are_kept_or_refused(switch, of_poly1d):
    products = ["[3. 3.]", "[6. 6.]"]
    assert run(ZEROS, switch) == [*products, of_poly1d, "[1. 1.]", "[0. 1.]", "[0. 1.]", "[1. 1.]"]


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_every_row_of_the_table_is_in_the_code(patch):
    package = ".".join(patch.targets.split(".")[:2])
    modules = {
        "scipy.special": "ufuncs.scipy_special",
        "scipy.sparse": "sparse.routines" if patch.name == "guarded" else "sparse.classes",
    }
    guests = dict.fromkeys(
        ["numpy.ma", "h5py.h5t", "pandas.core", "scipy.optimize", "sparse.numba_backend"], "guests"
    )
    module = (modules | guests).get(package, "numpy_patches")
    if package in modules:
        pytest.importorskip("scipy")
    assert callable(getattr(importlib.import_module(f"dualnum.rules.{module}"), patch.name))
    assert all(patch)


def test_the_paths_of_the_table_exist_in_numpy():
    """A path that no tested NumPy has would be a row without effect."""
    newer = {
        target for patch in PATCHES if patch.versions != "2.0 and later" for target in patch.targets.split()
    }
    for target in set(CHANGED) - newer:
        pkgutil.resolve_name(target)
