from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

class TaylorPolynomial:
    center: Any
    order: int
    def __init__(
        self,
        center: Any,
        flats: Sequence[Any],
        following: Any,
        function: Callable[[Any], Any] | None = None,
    ) -> None: ...
    @property
    def tensors(self) -> tuple[Any, ...]: ...
    @property
    def coefficients(self) -> Any: ...
    def terms(self) -> tuple[np.ndarray, Any]: ...
    def __call__(self, x: ArrayLike) -> Any: ...
    def remainder(self, x: ArrayLike) -> Any: ...
    def truncated(self, order: int) -> TaylorPolynomial: ...
    def polynomial(self) -> np.polynomial.Polynomial: ...
    def plot(
        self,
        lo: float | None = None,
        hi: float | None = None,
        *,
        orders: Sequence[int] | None = None,
        ax: Any = None,
    ) -> Any: ...
    def __format__(self, spec: str) -> str: ...

def taylor_polynomial(
    f: Callable[..., Any], order: int, *, argnum: int = 0, subok: bool = True
) -> Callable[..., TaylorPolynomial]: ...
