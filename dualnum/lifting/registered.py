"""Rules of `dualnum.rule` in lifted code: where a call has a rule, and what the rule is given."""

import functools
import sys
import types

import numpy as np

from dualnum._core import holds_duals, rule_of, run_lifted
from dualnum.lifting.caches import carries
from dualnum.rules import numpy_patches

#: Subpackages of SciPy with rules: their files in dualnum.rules.scipy, imported when lifted code meets SciPy.
SCIPY = {
    "scipy.fft": "transforms",
    "scipy.integrate": "quadrature differential_equations boundary_values",
    "scipy.interpolate": "interpolation scattered_data",
    "scipy.linalg": "linear_algebra matrix_functions",
    "scipy.ndimage": "image_filters",
    "scipy.optimize": "roots minimizers",
    "scipy.signal": "signal_filters array_api",
    "scipy.sparse.linalg": "sparse_solvers sparse_eigenvalues",
    "scipy.spatial.distance": "distances",
    "scipy.special": "special_functions",
    "scipy.spatial.transform": "rotations",
    "scipy.stats": "distributions stable_distributions null_distributions noncentral_urns kernel_densities array_api",
}

FUNCTIONS = types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial


def of(lifter, g, otherwise):
    """Return what calls the rule of g where an argument is a dual or a function; without a rule, ``otherwise()``."""
    is_scipy = (getattr(g, "__module__", None) or "").startswith("scipy.")
    if is_scipy:
        _import_rules()
    rule, plain = rule_of(g), otherwise()
    if rule is None or isinstance(g, np.ufunc):
        return plain

    always = is_scipy and g.__module__.startswith("scipy.sparse.")  # whose matrices may hold duals
    calls_objects = (
        is_scipy and not always and "." not in getattr(g, "__qualname__", "")
    )  # a method also gets its object, as itself

    def given(x):
        is_callback = isinstance(x, FUNCTIONS) or (calls_objects and callable(x) and not isinstance(x, type))
        return _callback(lifter, x) if is_callback else x

    is_method = not is_scipy and "." in getattr(g, "__qualname__", "")
    holds = carries if is_method else holds_duals  # the object of a method may hold duals

    @functools.wraps(g, updated=())
    def call(*args, **kwargs):
        if not (always or holds(args) or holds(kwargs) or any(map(callable, (*args, *kwargs.values())))):
            return plain(*args, **kwargs)
        found = rule(*map(given, args), **{name: given(x) for name, x in kwargs.items()})
        return plain(*args, **kwargs) if found is NotImplemented else found

    return call


def of_method(g, owner):
    """Return the rule of a method in C that its class defines, bound to its owner; without a rule, None."""
    _import_rules()
    rule = rule_of(getattr(type(owner), g.__name__, None))
    return None if rule is None else functools.partial(rule, owner)


def _import_rules():
    for module, files in list(SCIPY.items()):
        if module in sys.modules:
            for file in files.split():  # another thread that imports it is waited for
                numpy_patches.import_extension(module, f"dualnum.rules.scipy.{file}")
            SCIPY.pop(module, None)


def _callback(lifter, f):
    """Return a lifted function that a rule calls: memory that it asks for has the levels of its arguments too."""
    lifted = lifter.resolve(f)

    @functools.wraps(f, updated=())
    def call(*args, **kwargs):
        return run_lifted(lifted, args, kwargs) if holds_duals(args) else lifted(*args, **kwargs)

    return call
