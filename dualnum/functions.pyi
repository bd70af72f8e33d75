from collections.abc import Callable
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import Dual

class _FunctionOfOne(Protocol):
    @overload
    def __call__(self, x: Dual, /) -> Dual: ...
    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: ArrayLike, /) -> NDArray[Any]: ...

class _FunctionOfTwo(Protocol):
    @overload
    def __call__(self, x: Dual, y: Dual | float, /) -> Dual: ...
    @overload
    def __call__(self, x: float, y: Dual, /) -> Dual: ...
    @overload
    def __call__(self, x: float, y: float, /) -> float: ...
    @overload
    def __call__(self, x: ArrayLike | Dual, y: ArrayLike | Dual, /) -> Any: ...

_one: _FunctionOfOne
_two: _FunctionOfTwo
_own: np.ufunc  # NumPy's, with several results or none that has derivatives

absolute = arccos = arccosh = arcsin = arcsinh = arctan = arctanh = cbrt = ceil = conjugate = cos = _one
cosh = deg2rad = degrees = exp = exp2 = expm1 = fabs = floor = log = log10 = log1p = log2 = negative = _one
positive = rad2deg = radians = reciprocal = rint = sign = sin = sinh = sqrt = square = tan = tanh = _one
trunc = _one

add = arctan2 = copysign = divide = float_power = floor_divide = fmax = fmin = fmod = heaviside = hypot = _two
logaddexp = logaddexp2 = maximum = minimum = multiply = power = remainder = subtract = _two

clip: Callable[..., Any]
divmod = equal = frexp = greater = greater_equal = isfinite = isinf = isnan = ldexp = less = less_equal = _own
logical_and = logical_not = logical_or = logical_xor = modf = not_equal = signbit = _own
