"""The boundary: duals do not enter compiled code that does not know them.

Compiled code does not reliably refuse duals.  Some reads the bytes of an array by its strides, which gives right values
and no derivatives, or crashes.  Lifted code therefore calls it with floats only.
"""

import builtins
import functools
import linecache
import sys
import types

import numpy as np

from dualnum._core import DualDType, holds_duals, imaginary_part, is_complex_dual, parts, real_part, value
from dualnum.lifting import storage


class NotLifted(TypeError):
    """Lifted code called a function with duals that takes floats only."""


#: Packages whose compiled functions treat duals as objects, or through their dtype.
TRANSPARENT = frozenset(sys.stdlib_module_names) | {"builtins", "numpy", "dualnum"}


def package_of(g):
    """Return the name of the top-level package that a callable comes from."""
    owner = getattr(g, "__self__", None)
    module = getattr(g, "__module__", None)
    if not isinstance(module, str):
        module = getattr(
            g if isinstance(g, type) else type(owner if owner is not None else g), "__module__", None
        )
    return module.partition(".")[0] if isinstance(module, str) else ""


#: Types of callables that name the package they come from themselves.
NAMED = (type, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
         types.MethodWrapperType, types.ClassMethodDescriptorType)  # fmt: skip
#: Types of objects of Python's own that no built-in name tells.
PYTHON = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.CellType, types.FunctionType,
          types.SimpleNamespace, types.MappingProxyType, type(iter([])), type(iter(())))  # fmt: skip


def is_foreign(g):
    """Return whether a callable, or the owner of a method, is compiled code that does not know duals."""
    if package_of(g) not in TRANSPARENT:
        return True
    kind = type(g)
    # f2py's functions pretend to be of builtins
    return (
        kind.__module__ == "builtins"
        and not isinstance(g, NAMED + PYTHON)
        and not hasattr(builtins, kind.__name__)
    )


def is_foreign_method(g, owner):
    """Return whether a method in C belongs to code that does not know duals: ``object.__setattr__`` does not."""
    if isinstance(g, types.MethodWrapperType):
        return is_foreign(g.__objclass__)
    base = getattr(builtins, g.__qualname__.partition(".")[0], None)
    inherited = isinstance(base, type) and isinstance(owner, base) and base is not type(owner)
    return not inherited and is_foreign(owner)


def name_of(g):
    """Return a callable as an error names it: ``scipy.ndimage.label``."""
    name = getattr(g, "__qualname__", None) or getattr(g, "__name__", None) or type(g).__qualname__
    module = getattr(g, "__module__", None)
    return name if module in (None, "builtins", "__main__") else f"{module}.{name}"


def place_of(frame):
    """Return where the user's code is that led to a frame: file, line and the statement there.

    That is the innermost frame outside of installed packages, or the frame itself.
    """
    outer = frame
    while outer is not None and ("site-packages" in outer.f_code.co_filename or _is_standard(outer)):
        outer = outer.f_back
    frame = outer or frame
    code = frame.f_code
    line = linecache.getline(code.co_filename, frame.f_lineno, frame.f_globals).strip()
    return f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}" + (f": {line}" if line else "")


def _is_standard(frame):
    return (frame.f_globals.get("__name__") or "").partition(".")[0] in TRANSPARENT


def refuse(g, frame):
    """Return the error about a call with duals of a function that takes floats."""
    name = name_of(g)
    own = g.__qualname__ if "." in getattr(g, "__qualname__", "") else name.rpartition(".")[2]
    return NotLifted(
        f"{name} expects floats, got duals, at {place_of(frame)}\n"
        f"Its compiled code would lose their derivatives. Use NumPy's functions, or give its derivatives with "
        f"dualnum.rule({own}). dualnum.value(x) makes x a constant: its derivative is then 0."
    )


def from_outside(frame):
    """Return the error about a dual that f stores in an array of floats which f has not made."""
    return NotLifted(
        f"cannot store duals as float64 in an array from outside of this call, at {place_of(frame)}\n"
        f"It is a global, an attribute that was set before, an argument, or comes from compiled code. Make it in f: "
        f"np.zeros(n) and a.copy() hold duals there. (dualnum.value(x) makes x a constant: its derivative is then 0.)"
    )


def guarded(g):
    """Return compiled `g` such that it refuses duals, unless these have no derivatives."""

    @functools.wraps(g, updated=())
    def call(*args, **kwargs):
        if not holds_duals(args) and not holds_duals(kwargs):
            return g(*args, **kwargs)
        if not constant((args, kwargs)):
            raise refuse(g, sys._getframe(1))
        copies = {}
        args, kwargs = _floats(args, copies), _floats(kwargs, copies)
        result = g(*args, **kwargs)
        for original, copy in copies.values():
            original[...] = copy  # what the compiled code wrote
        for original, copy in copies.values():
            if result is copy:
                return original
        return result

    return call


def constant(x):
    """Return whether the duals in x, containers included, have no derivative that is not zero."""
    if isinstance(x, (list, tuple)):
        return all(map(constant, x))
    if isinstance(x, dict):
        return all(map(constant, x.values()))
    if is_complex_dual(x):
        return constant(real_part(x)) and constant(imaginary_part(x))
    if isinstance(getattr(x, "dtype", None), DualDType):
        return not any(np.any(part) for name, part in parts(x).items() if name != "value")
    if isinstance(x, np.ndarray) and x.dtype == object:
        return all(map(constant, x.ravel().tolist()))
    return True


def _floats(x, copies):
    if isinstance(x, np.ndarray) and isinstance(x.dtype, storage.DUAL_DTYPES):
        if id(x) not in copies:
            copies[id(x)] = x, np.array(value(x), order="K")
        return copies[id(x)][1]
    if type(x) in (list, tuple):
        return type(x)([_floats(item, copies) for item in x])
    if type(x) is dict:
        return {key: _floats(item, copies) for key, item in x.items()}
    return storage.stripped(x)
