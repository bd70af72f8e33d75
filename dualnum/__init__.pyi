from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar, overload

from numpy.typing import ArrayLike

from . import adapters as adapters
from . import check as check
from . import finite_difference as finite_difference
from . import series as series
from ._core import Dual as Dual
from ._core import DualArray as DualArray
from ._core import DualDType as DualDType
from ._core import HyperDual as HyperDual
from ._core import parts as parts
from ._core import tangent as tangent
from ._core import value as value
from .drivers.derivative_tensor import derivative_tensor as derivative_tensor
from .drivers.taylor import taylor as taylor
from .functions import *  # noqa: F403
from .ode import TaylorSolution as TaylorSolution
from .ode import taylor_solve as taylor_solve
from .polynomial import TaylorPolynomial as TaylorPolynomial
from .polynomial import taylor_polynomial as taylor_polynomial

__version__: str

# Drivers: of a function, giving a function of the same arguments

_Function: TypeAlias = Callable[..., Any]
_Map: TypeAlias = Callable[[Callable[..., Any], Iterable[Any]], Iterable[Any]]
_Rule = TypeVar("_Rule", bound=_Function)

def derivative(
    f: _Function,
    order: int = 1,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> _Function: ...
def value_and_derivative(
    f: _Function,
    order: int = 1,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> _Function: ...
def gradient(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def value_and_gradient(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def jacobian(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def value_and_jacobian(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def hessian(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def value_gradient_hessian(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def jvp(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> _Function: ...
def directional_derivative(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> _Function: ...
def hvp(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def vhv(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> _Function: ...
def laplacian(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def divergence(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...
def curl(
    f: _Function,
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    workers: int | _Map = 1,
) -> _Function: ...

# Numbers by hand, and NumPy functions of one's own

@overload
def seed(x: float) -> Dual: ...
@overload
def seed(x: ArrayLike) -> DualArray: ...
def numpy_rule(*functions: _Function) -> Callable[[_Rule], _Rule]: ...
