from collections.abc import Callable, Iterable
from typing import (
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
    overload,
)

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
from .drivers._checks import ConstantResultWarning as ConstantResultWarning
from .drivers.derivative_tensor import derivative_tensor as derivative_tensor
from .drivers.taylor import taylor as taylor
from .functions import *  # noqa: F403
from .ode import TaylorSolution as TaylorSolution
from .ode import taylor_solve as taylor_solve
from .polynomial import TaylorPolynomial as TaylorPolynomial
from .polynomial import taylor_polynomial as taylor_polynomial

__version__: str

# Drivers: of a function, giving a function of the same arguments. One of f's first argument gives arrays of float64 for
# an array and numbers for a number; for containers, and for other arguments, the structure decides: Any.

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_R = TypeVar("_R")
_X = TypeVar("_X")
_OfArray = TypeVar("_OfArray", covariant=True)
_OfNumber = TypeVar("_OfNumber", covariant=True)
_Function: TypeAlias = Callable[..., Any]
_Map: TypeAlias = Callable[[Callable[..., Any], Iterable[Any]], Iterable[Any]]
_Rule = TypeVar("_Rule", bound=_Function)

class _Driver(Generic[_P, _OfArray, _OfNumber]):
    @overload
    def __call__(
        self: _Driver[Concatenate[NDArray[np.float64], _Q], _OfArray, _OfNumber],
        x: NDArray[np.float64],
        /,
        *args: _Q.args,
        **kwargs: _Q.kwargs,
    ) -> _OfArray: ...
    @overload
    def __call__(
        self: _Driver[Concatenate[float, _Q], _OfArray, _OfNumber],
        x: float,
        /,
        *args: _Q.args,
        **kwargs: _Q.kwargs,
    ) -> _OfNumber: ...
    @overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Any: ...

@overload
def derivative(
    f: Callable[_P, _R],
    order: int = 1,
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    check: bool = True,
) -> _Driver[_P, NDArray[np.float64], _R]: ...
@overload
def derivative(
    f: Callable[_P, _R],
    order: int = 1,
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    check: bool = True,
) -> Callable[_P, Any]: ...
@overload
def value_and_derivative(
    f: Callable[_P, _R],
    order: int = 1,
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    check: bool = True,
) -> _Driver[_P, tuple[Any, ...], tuple[Any, ...]]: ...
@overload
def value_and_derivative(
    f: Callable[_P, _R],
    order: int = 1,
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    check: bool = True,
) -> Callable[_P, Any]: ...
@overload
def gradient(
    f: Callable[_P, _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[_P, NDArray[np.float64], float]: ...
@overload
def gradient(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
@overload
def value_and_gradient(
    f: Callable[_P, _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[_P, tuple[_R, NDArray[np.float64]], tuple[_R, float]]: ...
@overload
def value_and_gradient(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
@overload
def jacobian(
    f: Callable[_P, _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[_P, NDArray[np.float64], Any]: ...
@overload
def jacobian(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
@overload
def value_and_jacobian(
    f: Callable[_P, _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[_P, tuple[_R, NDArray[np.float64]], tuple[_R, Any]]: ...
@overload
def value_and_jacobian(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
@overload
def hessian(
    f: Callable[_P, _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[_P, NDArray[np.float64], Any]: ...
@overload
def hessian(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
@overload
def value_gradient_hessian(
    f: Callable[_P, _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[_P, tuple[_R, NDArray[np.float64], NDArray[np.float64]], tuple[_R, Any, Any]]: ...
@overload
def value_gradient_hessian(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
@overload
def jvp(
    f: Callable[Concatenate[_X, _P], _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
) -> Callable[Concatenate[_X, _X, _P], tuple[_R, _R]]: ...
@overload
def jvp(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
) -> Callable[..., Any]: ...
@overload
def directional_derivative(
    f: Callable[Concatenate[_X, _P], _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
) -> Callable[Concatenate[_X, _X, _P], _R]: ...
@overload
def directional_derivative(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
) -> Callable[..., Any]: ...
@overload
def hvp(
    f: Callable[Concatenate[_X, _P], _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> _Driver[Concatenate[_X, _X, _P], NDArray[np.float64], float]: ...
@overload
def hvp(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[..., Any]: ...
@overload
def vhv(
    f: Callable[Concatenate[_X, _P], _R],
    *,
    argnum: Literal[0] = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
) -> Callable[Concatenate[_X, _X, _P], _R]: ...
@overload
def vhv(
    f: Callable[..., Any],
    *,
    argnum: int | tuple[int, ...],
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
) -> Callable[..., Any]: ...
def laplacian(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, _R]: ...
def divergence(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...
def curl(
    f: Callable[_P, _R],
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Literal["auto"] | bool = "auto",
    workers: int | _Map = 1,
) -> Callable[_P, Any]: ...

# Numbers by hand, and NumPy functions of one's own

@overload
def seed(x: float) -> Dual: ...
@overload
def seed(x: ArrayLike) -> DualArray: ...
def numpy_rule(*functions: _Function) -> Callable[[_Rule], _Rule]: ...
