"""Forward-mode automatic differentiation for NumPy: a dual number is a dtype."""

import importlib
from typing import TYPE_CHECKING

from dualnum import series
from dualnum._core import (
    FUNCTIONS,
    ComplexDual,
    ComplexDualDType,
    Dual,
    DualArray,
    DualDType,
    HyperDual,
    parts,
    tangent,
    value,
)
from dualnum.drivers._checks import ConstantResultWarning
from dualnum.drivers.derivative_tensor import derivative_tensor
from dualnum.drivers.directional import directional_derivative, hvp, jvp, vhv
from dualnum.drivers.first_order import gradient, jacobian, sparsity, value_and_gradient, value_and_jacobian
from dualnum.drivers.one_variable import derivative, value_and_derivative
from dualnum.drivers.second_order import hessian, value_gradient_hessian
from dualnum.drivers.taylor import taylor
from dualnum.drivers.vector_calculus import curl, divergence, laplacian
from dualnum.functions import *  # noqa: F403
from dualnum.lifting import lift
from dualnum.ode import TaylorSolution, taylor_solve
from dualnum.polynomial import TaylorPolynomial, taylor_polynomial
from dualnum.rules import elementwise, implicit, rule
from dualnum.seeding import seed

if TYPE_CHECKING:  # __getattr__ imports these modules when they are first asked for
    from dualnum import adapters, check, finite_difference, scipy
    from dualnum.fitting import curve_fit, least_squares, minimize, propagate, root, standard_errors

#: Names of modules that are imported when they are first asked for.
_late = dict.fromkeys(
    ["curve_fit", "least_squares", "minimize", "propagate", "root", "standard_errors"], "fitting"
)

#: Other packages' names for what is here, where spelling does not lead to it.
_elsewhere = {
    "diff": "derivative",
    "grad": "gradient",
    "grad_and_value": "value_and_gradient",
    "hess": "hessian",
    "hessian_vector_product": "hvp",
    "jac": "jacobian",
    "jacfwd": "jacobian",
    "jet": "taylor",
    "linalg": "numpy.linalg, which takes dual arrays",
    "make_jvp": "jvp",
    "nth_derivative": "derivative(f, order)",
    "numpy": "numpy itself, which takes dual arrays",
    "value_and_grad": "value_and_gradient",
    "vjp": "jvp, or gradient: dualnum differentiates in forward mode",
}

__version__ = "0.1.0"

__all__ = [
    "ComplexDual",
    "ComplexDualDType",
    "ConstantResultWarning",
    "Dual",
    "DualArray",
    "DualDType",
    "HyperDual",
    "TaylorPolynomial",
    "TaylorSolution",
    "adapters",
    "check",
    "curl",
    "curve_fit",
    "derivative",
    "derivative_tensor",
    "directional_derivative",
    "divergence",
    "elementwise",
    "finite_difference",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "laplacian",
    "least_squares",
    "lift",
    "minimize",
    "implicit",
    "rule",
    "parts",
    "propagate",
    "root",
    "scipy",
    "seed",
    "series",
    "sparsity",
    "standard_errors",
    "tangent",
    "taylor",
    "taylor_polynomial",
    "taylor_solve",
    "value",
    "value_and_derivative",
    "value_and_gradient",
    "value_and_jacobian",
    "value_gradient_hessian",
    "vhv",
    *FUNCTIONS,
]


if not TYPE_CHECKING:  # for type checkers an unknown name is an error

    def __getattr__(name):
        if name in _late:
            return getattr(importlib.import_module(f"dualnum.{_late[name]}"), name)
        if name in __all__:
            return importlib.import_module(f"dualnum.{name}")
        message = f"module {__name__!r} has no attribute {name!r}"
        if not name.startswith("_"):
            import difflib  # for this message alone

            right = _elsewhere.get(name) or next(iter(difflib.get_close_matches(name, __all__, 1)), None)
            message += f"; use {right}." if right else ""
        raise AttributeError(message)


def __dir__():
    return sorted({*__all__, "__doc__", "__file__", "__name__", "__path__", "__version__"})
