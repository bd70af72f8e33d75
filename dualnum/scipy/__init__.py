"""SciPy's functions under their own names, for duals: ``from dualnum.scipy import linalg``.

``dualnum.scipy.linalg.solve`` is ``scipy.linalg.solve`` as lifted code calls it: it takes duals and functions that hold
duals, and has derivatives.  Calls with floats go straight to SciPy.  Functions that drivers differentiate need none of
this, since they run lifted; it serves duals that are made by hand, and code that prefers to say what it uses.

>>> import numpy as np, dualnum as dn
>>> from dualnum.scipy import linalg, stats
>>> linalg.det(np.array([[dn.Dual(2.0), 1.0], [0.5, 3.0]]))
Dual(5.5, 3.0)
>>> stats.norm.logpdf(1.0, loc=dn.Dual(0.5))
Dual(-1.0439385332046727, 0.5)
"""

import functools
import importlib
import importlib.util
import sys
import types

import numpy as np

from dualnum._core import DualDType, holds_duals
from dualnum.lifting import attempt, lift, storage
from dualnum.lifting.state import State

#: Classes of results whose instances are what they are: containers, arrays, errors.
PLAIN = (dict, tuple, list, np.ndarray, np.generic, BaseException, str, int, float, complex, type(None))


class MirroredModule(types.ModuleType):
    """A module of SciPy whose functions and classes take duals."""

    def __init__(self, name):
        super().__init__(f"dualnum.{name}", f"{name}, for duals; see `dualnum.scipy`.")
        self.__path__ = []  # a package, so that import finds its submodules
        self._original = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(self._original), name)
        if isinstance(found, types.ModuleType):
            return _module(found.__name__) if found.__name__.startswith("scipy.") else found
        found = mirrored(found)
        setattr(self, name, found)
        return found

    def __dir__(self):
        return dir(importlib.import_module(self._original))


def _module(name):
    found = sys.modules.get(f"dualnum.{name}")
    if found is None:
        importlib.import_module(name)
        found = sys.modules.setdefault(f"dualnum.{name}", MirroredModule(name))
    return found


class _Finder:
    """An entry of sys.meta_path that makes ``dualnum.scipy.<name>`` of ``scipy.<name>``."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith("dualnum.scipy."):
            return None
        original = name.removeprefix("dualnum.")
        if importlib.util.find_spec(original) is None:
            return None
        return importlib.util.spec_from_loader(name, _Finder, is_package=True)

    @staticmethod
    def create_module(spec):
        return MirroredModule(spec.name.removeprefix("dualnum."))

    @staticmethod
    def exec_module(module):
        importlib.import_module(module._original)


def mirrored(found):
    """Return what stands for an attribute of SciPy's: a function, class or object that takes duals, or itself."""
    if isinstance(found, np.ufunc) or not callable(found):
        return found
    if isinstance(found, type):
        return found if issubclass(found, PLAIN) else MirroredClass(found)
    if isinstance(found, (types.FunctionType, types.BuiltinFunctionType, functools.partial)):
        return _function(found)
    return MirroredObject(found, None)


def _own(x):
    """Return SciPy's object for one that stands for it, in containers too."""
    if isinstance(x, (MirroredObject, MirroredClass)):
        return object.__getattribute__(x, "_own")
    if type(x) in (list, tuple):
        return type(x)(map(_own, x))
    return x


def _result(y, held):
    if type(y) in (list, tuple):
        return type(y)(_result(item, held) for item in y)
    of_scipy = (type(y).__module__ or "").startswith("scipy.")
    if not of_scipy or isinstance(y, PLAIN) or hasattr(y, "tocsr"):
        return y
    return MirroredObject(y, held)


def _function(f, held=None):
    """Return f lifted for duals and for functions, which may hold some; calls with floats are SciPy's own.

    `held` is the dtype of duals in the object that f belongs to, NEUTRAL where it is not known, or None.
    """
    lifted = lift(f)

    @functools.wraps(f, updated=())
    def call(*args, **kwargs):
        found = _held((args, kwargs), held)
        args, kwargs = _own(args), {name: _own(x) for name, x in kwargs.items()}
        if found is None:
            return _result(f(*args, **kwargs), None)
        if held is None:
            return _result(lifted(*args, **kwargs), found)
        state = State((args, kwargs))
        return _result(storage.run(attempt.lifted(f, attempt.FULL), args, kwargs, state, found), found)

    return call


#: The dtype of duals without levels: functions may hold duals of any.
NEUTRAL = DualDType()


def _held(x, found):
    """Return the dtype of the duals in arguments and `found`; None where there are none, nor functions to hold them."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        for item in x:
            found = _held(item, found)
        return found
    if isinstance(x, MirroredObject):
        own = object.__getattribute__(x, "_held")
    elif holds_duals(x):
        own = storage.dtype_of(x)
    else:
        hides = (callable(x) and not isinstance(x, (type, np.ufunc))) or hasattr(x, "tocsr")
        own = NEUTRAL if hides else None
    return found if own is None else own if found is None else np.promote_types(found, own)


class MirroredClass:
    """A class of SciPy: calling it, and its class methods, make objects that take duals."""

    def __init__(self, own):
        functools.update_wrapper(self, own, updated=())
        self._own, self._make = own, _function(own)

    def __call__(self, *args, **kwargs):
        return self._make(*args, **kwargs)

    def __getattr__(self, name):
        found = getattr(self._own, name)
        return _function(found) if callable(found) and not isinstance(found, type) else found

    def __instancecheck__(self, x):
        return isinstance(_own(x), self._own)

    def __subclasscheck__(self, cls):
        return issubclass(_own(cls), self._own)

    def __mro_entries__(self, bases):
        return (self._own,)

    def __repr__(self):
        return f"<{self._own.__module__}.{self._own.__qualname__}, for duals>"


class MirroredObject:
    """An object of SciPy, such as a spline or a distribution: its methods take duals."""

    def __init__(self, own, held):
        object.__setattr__(self, "_own", own)
        object.__setattr__(self, "_held", held)

    def __getattr__(self, name):
        own, held = object.__getattribute__(self, "_own"), object.__getattribute__(self, "_held")
        if held is not None and isinstance(getattr(type(own), name, None), property):
            return _function(getattr(type(own), name).fget, held)(own)
        found = getattr(own, name)
        return _function(found, held) if callable(found) else _result(found, held)

    def __setattr__(self, name, x):
        setattr(self._own, name, _own(x))

    @property  # type: ignore[misc]  # so that isinstance sees SciPy's class
    def __class__(self):
        return type(object.__getattribute__(self, "_own"))

    def __call__(self, *args, **kwargs):
        return self.__getattr__("__call__")(*args, **kwargs)

    def __len__(self):
        return len(self._own)

    def __iter__(self):
        return (self[i] for i in range(len(self._own)))

    def __repr__(self):
        return repr(self._own)


def _operator(name):
    def operate(self, *others):
        if not hasattr(type(self._own), name):
            return NotImplemented
        return self.__getattr__(name)(*others)

    operate.__name__ = name
    return operate


for _name in "add radd sub rsub mul rmul matmul rmatmul truediv rtruediv pow neg getitem".split():
    setattr(MirroredObject, f"__{_name}__", _operator(f"__{_name}__"))

sys.meta_path.append(_Finder)


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module("scipy"), name)
    if isinstance(found, types.ModuleType):
        return importlib.import_module(f"dualnum.scipy.{name}")
    return mirrored(found)


def __dir__():
    return [name for name in dir(importlib.import_module("scipy")) if not name.startswith("_")]
