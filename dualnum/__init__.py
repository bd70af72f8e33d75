"""Forward-mode automatic differentiation for NumPy: a dual number is a dtype."""

import importlib

from dualnum import series
from dualnum._core import Dual, DualArray, DualDType, HyperDual, parts, tangent, value
from dualnum.drivers.derivative_tensor import derivative_tensor
from dualnum.drivers.directional import directional_derivative, hvp, jvp, vhv
from dualnum.drivers.first_order import gradient, jacobian, value_and_gradient, value_and_jacobian
from dualnum.drivers.one_variable import derivative, value_and_derivative
from dualnum.drivers.second_order import hessian, value_gradient_hessian
from dualnum.drivers.taylor import taylor
from dualnum.drivers.vector_calculus import curl, divergence, laplacian
from dualnum.functions import *  # noqa: F403
from dualnum.functions import __all__ as _functions
from dualnum.ode import TaylorSolution, taylor_solve
from dualnum.polynomial import TaylorPolynomial, taylor_polynomial
from dualnum.rules import numpy_rule
from dualnum.seeding import seed

#: Modules that are imported when they are first asked for.
_on_demand = ("adapters", "check", "finite_difference")

__version__ = "0.1.0"

__all__ = [
    "Dual",
    "DualArray",
    "DualDType",
    "HyperDual",
    "TaylorPolynomial",
    "TaylorSolution",
    "curl",
    "derivative",
    "derivative_tensor",
    "directional_derivative",
    "divergence",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "laplacian",
    "numpy_rule",
    "parts",
    "seed",
    "series",
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
    *_functions,
    *_on_demand,
]


def __getattr__(name):
    if name in _on_demand:
        return importlib.import_module(f"dualnum.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
