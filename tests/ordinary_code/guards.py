"""Checks of type and state that lose a derivative if nobody looks."""
# ruff: noqa

import math
import numbers
import types
import typing
from dataclasses import dataclass, fields

import numpy as np


def only_floats(p):
    if not isinstance(p, float):
        return 0.0
    return p**2


def only_numbers(p):
    if isinstance(p, numbers.Real) and not isinstance(p, bool):
        return math.sqrt(p)
    return 0.0


def by_exact_type(p):
    return p**3 if type(p) is float else p


def by_type_name(p):
    return p**3 if type(p).__name__ == "float" else 1.0


def in_types(p):
    if type(p) in (int, float):
        return 2 * p**2
    return p


def square_or_identity(x):
    return x**2 if isinstance(x, float) else x


def image_scale(image):
    if image.dtype != np.float64:
        image = image / 255
    return np.sum(image**2)


def dtype_kind(a):
    if a.dtype.kind != "f":
        a = a.astype(np.float64)
    return np.exp(a).sum()


def issubdtype_guard(a):
    if not np.issubdtype(a.dtype, np.floating):
        return 0.0
    return np.linalg.norm(a)


def dict_values(x):
    d = {"a": x, "b": x**2, "name": "model"}
    return sum(v for v in d.values() if isinstance(v, float))


def scalar_or_array(x):
    if np.isscalar(x):
        return math.sin(x)
    return np.sin(x)


def ndarray_guard(x):
    if not isinstance(x, np.ndarray):
        x = np.array(x)
    if x.ndim == 0:
        x = x[None]
    return x.sum() ** 2


def validated(x):
    if not np.isreal(x) or not np.isfinite(x):
        raise ValueError("x must be a real number")
    x = np.float64(x)
    return x * np.log(x)


def float_of_string(x):
    return float(x) ** 2 + float("1.5")


def same_type_result(x):
    y = x**2
    return type(x)(y)


def constant_of_type(x):
    return x * type(x)(3)


def bool_and_none(x, scale=None):
    scale = scale or 2.0
    return scale * x if x else None


@dataclass
class Model:
    rate: float
    count: int = 3

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if not isinstance(value, f.type):
                raise TypeError(f"{f.name} must be {f.type.__name__}, got {type(value).__name__}")

    def __call__(self):
        return self.rate**self.count


def validated_dataclass(rate):
    return Model(rate)()


class Parameter:
    def __init__(self, name):
        self.name = "_" + name

    def __get__(self, obj, owner=None):
        return getattr(obj, self.name)

    def __set__(self, obj, value):
        if not isinstance(value, (int, float)):
            raise TypeError("not a number")
        setattr(obj, self.name, float(value))


class Spring:
    k = Parameter("k")

    def __init__(self, k):
        self.k = k

    def energy(self, x):
        return 0.5 * self.k * x**2


def descriptor(k):
    return Spring(k).energy(2.0) ** 2


calls = 0


def counts_calls(x):
    global calls
    calls += 1
    return math.sin(x) + 0 * calls


history = []


def keeps_history(x):
    history.append(x)
    return math.exp(history[-1])


def prints(x):
    y = math.cos(x)
    print("f(%.3f) = %.3f" % (x, y))
    return y


def writes_file(x):
    with open("log.txt", "a") as f:
        f.write(f"{x}\n")
    return math.cosh(x)


def swallow_everything(x):
    try:
        out = np.zeros(2)
        out[0] = x
        out[1] = math.sin(x)
        return out.sum()
    except Exception:
        return 0.0


def penalty_on_error(x):
    try:
        return math.sqrt(1 - x) + math.erf(x)
    except Exception:
        return 1e308


def removable_singularity(x):
    t = np.array([0.0, 0.5, 1.0])
    return np.sinc(t * x).sum()


def sinc_by_hand(x):
    t = np.array([-1.0, 0.0, 1.0]) * x
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.sin(t) / t
    y[t == 0] = 1.0
    return y.sum()


def nan_policy(x):
    a = np.array([x, np.nan, x**2])
    return np.nansum(a) + np.nan_to_num(a)[0]


def integer_cast(x):
    days = np.array([x, 2 * x]).astype(int)
    return float(days.sum()) + x**2


def rounded_output(x):
    return round(x, 1) + x**2


def json_like(x):
    def convert(v):
        if isinstance(v, dict):
            return {k: convert(w) for k, w in v.items()}
        if isinstance(v, (list, tuple)):
            return [convert(w) for w in v]
        if isinstance(v, (int, float)):
            return 2.0 * v
        return 0.0

    out = convert({"a": [x, 1], "b": (x**2,)})
    return out["a"][0] + out["b"][0]


def hashable(x):
    return {x, x + 1, 2.0}.pop() * 0 + x**2


def callable_or_value(x):
    rate = x
    if isinstance(rate, types.FunctionType) or callable(rate):
        return rate(1.0)
    return rate**2


def ufunc_out(x):
    out = np.empty(3)
    np.multiply(np.arange(3.0), x, out=out)
    return out.sum() * x


def copyto(x):
    a = np.zeros(3)
    np.copyto(a, x)
    np.put(a, [1], 2 * x)
    return (a**2).sum()


def fill_method(x):
    a = np.empty(4)
    a.fill(x)
    return a.prod()


def float32_code(x):
    return float(np.float64(np.array([x]).astype(np.float64)[0]) * 2)


def item_method(x):
    return np.array([x]).item() ** 2 + np.array([x, 1.0]).tolist()[0]


CASES = [
    (only_floats, 1.3),
    (only_numbers, 1.3),
    (by_exact_type, 1.3),
    (by_type_name, 1.3),
    (in_types, 1.3),
    (square_or_identity, 1.3),
    (image_scale, np.array([0.2, 0.4])),
    (dtype_kind, np.array([0.2, 0.4])),
    (issubdtype_guard, np.array([0.2, 0.4])),
    (dict_values, 1.3),
    (scalar_or_array, 1.3),
    (ndarray_guard, 1.3),
    (validated, 1.3),
    (float_of_string, 1.3),
    (same_type_result, 1.3),
    (constant_of_type, 1.3),
    (bool_and_none, 1.3),
    (validated_dataclass, 1.3),
    (descriptor, 1.3),
    (counts_calls, 1.3),
    (keeps_history, 1.3),
    (prints, 1.3),
    (writes_file, 1.3),
    (swallow_everything, 1.3),
    (penalty_on_error, 0.3),
    (removable_singularity, 1.3),
    (sinc_by_hand, 1.3),
    (nan_policy, 1.3),
    (integer_cast, 1.3),
    (rounded_output, 1.32),
    (json_like, 1.3),
    (hashable, 1.3),
    (callable_or_value, 1.3),
    (ufunc_out, 1.3),
    (copyto, 1.3),
    (fill_method, 1.3),
    (float32_code, 1.3),
    (item_method, 1.3),
]
