from collections.abc import Callable
from typing import Any

def taylor(
    f: Callable[..., Any],
    order: int,
    *,
    argnum: int = 0,
    direction: Any = None,
    batched: bool = False,
    subok: bool = True,
) -> Callable[..., Any]: ...
