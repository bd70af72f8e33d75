"""Forward-mode automatic differentiation for NumPy: a dual number is a dtype."""

from dualnum._core import Dual, DualArray, DualDType, HyperDual, parts, tangent, value
from dualnum.derivative import derivative, value_and_derivative
from dualnum.directional import directional_derivative, hvp, jvp, vhv
from dualnum.fields import curl, divergence, laplacian
from dualnum.functions import *  # noqa: F403
from dualnum.functions import __all__ as _functions
from dualnum.hessian import hessian, value_gradient_hessian
from dualnum.jacobian import gradient, jacobian, value_and_gradient, value_and_jacobian
from dualnum.numpy_rules import numpy_rule
from dualnum.seeding import seed

__version__ = "0.1.0"

__all__ = [
    "Dual",
    "DualArray",
    "DualDType",
    "HyperDual",
    "curl",
    "derivative",
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
    "tangent",
    "value",
    "value_and_derivative",
    "value_and_gradient",
    "value_and_jacobian",
    "value_gradient_hessian",
    "vhv",
    *_functions,
]
