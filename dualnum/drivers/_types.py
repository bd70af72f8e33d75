"""The types of the drivers' signatures, for type checkers: no module imports this one at run time.

A driver of f's first argument returns arrays of float64 for an array and numbers for a number. For containers, and for
other arguments, the result has their structure, which these types do not follow: Any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    overload,
)

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Lift: TypeAlias = Literal["auto"] | bool
Progress: TypeAlias = bool | Callable[[int, int], object] | None


class Executor(Protocol):
    """An executor as those of ``concurrent.futures``, or a client of Dask's."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any: ...


Workers: TypeAlias = int | Executor | Callable[[Callable[..., Any], Iterable[Any]], Iterable[Any]]

P = ParamSpec("P")  # f's arguments
Q = ParamSpec("Q")  # those after the first
R = TypeVar("R")
X = TypeVar("X")
A = TypeVar("A")  # the result for an array
T = TypeVar("T")  # that for anything else


class First:
    """The type that stands for argnum where it is 0, as by default."""


if TYPE_CHECKING:
    import typing_extensions  # for the default, from Python 3.13 on in typing itself

    Place = typing_extensions.TypeVar("Place", int, tuple[int, ...], First, default=First)
else:
    Place = TypeVar("Place")


class Derivative(Generic[P, A, T, Place]):
    """A driver that is called with the arguments of f."""

    @overload
    def __call__(
        self: Derivative[Concatenate[Array, Q], A, T], x: Array, /, *args: Q.args, **kwargs: Q.kwargs
    ) -> A: ...
    @overload
    def __call__(
        self: Derivative[Concatenate[float, Q], A, T], x: float, /, *args: Q.args, **kwargs: Q.kwargs
    ) -> T: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
        """Return the derivative; ``DriverBase.__call__`` of the compiled module does."""


class Directional(Generic[P, A, T, Place]):
    """A driver that is called with a direction after x: with the arguments P if x is f's first argument."""

    @overload
    def __call__(
        self: Directional[Concatenate[Array, Q], A, T], x: Array, /, *args: Q.args, **kwargs: Q.kwargs
    ) -> A: ...
    @overload
    def __call__(self: Directional[P, A, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def __call__(self: Directional[P, A, T, int], *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def __call__(self: Directional[P, A, T, tuple[int, ...]], *args: Any, **kwargs: Any) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
        """Return the derivative; ``DriverBase.__call__`` of the compiled module does."""
