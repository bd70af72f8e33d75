from collections.abc import Callable
from typing import Any

import numpy as np

def derivative_tensor(
    f: Callable[..., Any],
    order: int,
    *,
    argnum: int = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
) -> Callable[..., Any]: ...
def powers(n: int, order: int) -> np.ndarray: ...
