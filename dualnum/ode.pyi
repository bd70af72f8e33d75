from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

class TaylorSolution:
    t: Any
    y: Any
    series: list[Any]
    t_steps: Any
    nfev: int
    status: int
    success: bool
    message: str
    def __init__(
        self,
        shape: tuple[int, ...],
        times: list[float],
        starts: list[Any],
        series: list[Any],
        nfev: int,
        status: int,
        message: str,
        t_eval: Any,
    ) -> None: ...
    def sol(self, t: ArrayLike) -> Any: ...

def taylor_solve(
    f: Callable[..., Any],
    t_span: tuple[Any, Any],
    y0: Any,
    *,
    order: int | None = None,
    rtol: float = 1e-12,
    atol: float = 1e-12,
    t_eval: ArrayLike | None = None,
    args: tuple[Any, ...] = (),
    max_steps: int = 100_000,
) -> TaylorSolution: ...
