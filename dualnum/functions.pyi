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

absolute: _FunctionOfOne
arccos: _FunctionOfOne
arccosh: _FunctionOfOne
arcsin: _FunctionOfOne
arcsinh: _FunctionOfOne
arctan: _FunctionOfOne
arctanh: _FunctionOfOne
cbrt: _FunctionOfOne
ceil: _FunctionOfOne
conjugate: _FunctionOfOne
cos: _FunctionOfOne
cosh: _FunctionOfOne
deg2rad: _FunctionOfOne
degrees: _FunctionOfOne
exp: _FunctionOfOne
exp2: _FunctionOfOne
expm1: _FunctionOfOne
fabs: _FunctionOfOne
floor: _FunctionOfOne
log: _FunctionOfOne
log10: _FunctionOfOne
log1p: _FunctionOfOne
log2: _FunctionOfOne
negative: _FunctionOfOne
positive: _FunctionOfOne
rad2deg: _FunctionOfOne
radians: _FunctionOfOne
reciprocal: _FunctionOfOne
rint: _FunctionOfOne
sign: _FunctionOfOne
sin: _FunctionOfOne
sinh: _FunctionOfOne
sqrt: _FunctionOfOne
square: _FunctionOfOne
tan: _FunctionOfOne
tanh: _FunctionOfOne
trunc: _FunctionOfOne

add: _FunctionOfTwo
arctan2: _FunctionOfTwo
copysign: _FunctionOfTwo
divide: _FunctionOfTwo
float_power: _FunctionOfTwo
floor_divide: _FunctionOfTwo
fmax: _FunctionOfTwo
fmin: _FunctionOfTwo
fmod: _FunctionOfTwo
heaviside: _FunctionOfTwo
hypot: _FunctionOfTwo
logaddexp: _FunctionOfTwo
logaddexp2: _FunctionOfTwo
maximum: _FunctionOfTwo
minimum: _FunctionOfTwo
multiply: _FunctionOfTwo
power: _FunctionOfTwo
remainder: _FunctionOfTwo
subtract: _FunctionOfTwo

# NumPy's own: several results, or none that has derivatives

clip: Callable[..., Any]
divmod: np.ufunc
equal: np.ufunc
frexp: np.ufunc
greater: np.ufunc
greater_equal: np.ufunc
isfinite: np.ufunc
isinf: np.ufunc
isnan: np.ufunc
ldexp: np.ufunc
less: np.ufunc
less_equal: np.ufunc
logical_and: np.ufunc
logical_not: np.ufunc
logical_or: np.ufunc
logical_xor: np.ufunc
modf: np.ufunc
not_equal: np.ufunc
signbit: np.ufunc
