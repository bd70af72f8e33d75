"""What lifted code calls in the place of a callee; `Lifter.resolve` asks here for what it does not know yet."""

import dataclasses
import functools
import operator
import sys
import threading
import types
import weakref

import numpy as np

from dualnum._core import (
    ComplexDual,
    ComplexDualDType,
    DriverBase,
    Dual,
    Lifter,
    TableLock,
    class_for_floats,
    current_run,
    holds_duals,
    imaginary_part,
    real_part,
)
from dualnum.lifting import boundary, caches, record, registered, rewrite, special, storage
from dualnum.lifting import globals as sourceless
from dualnum.lifting.special import (  # noqa: F401  # a Lifter finds them here
    as_number,
    binary,
    contains,
    context,
    getitem,
    inplace,
    is_pandas,
    iterate,
    keys,
    noted,
    pandas_table,
    shown,
    truth,
    unary,
)

#: Modules whose Python functions run as they are: they do not compute with floats, or know duals.
LEAVES = frozenset(
    """
    abc ast asyncio codecs collections concurrent contextvars ctypes dis dualnum enum gc heapq importlib inspect io
    IPython json linecache logging matplotlib multiprocessing numpy os pandas pathlib pdb pickle _pytest pytest queue re
    reprlib shutil signal socket string subprocess sys tempfile threading time token tokenize tqdm traceback types
    typing typing_extensions unittest uuid warnings weakref zipfile
    """.split()
)

#: Those whose functions write and draw what they get: values.
SHOWING = frozenset(["json", "logging", "matplotlib"])

#: Modules within them that compute with floats.
INNER = "numpy.polynomial."

#: Modules of dualnum whose inner functions stand between a driver and a function of the user's, and are lifted with it.
BETWEEN = frozenset(
    ["dualnum.adapters", "dualnum.check.comparison", "dualnum.cli.points", "dualnum.cli.terminal"]
)

_table = TableLock()  # of the lifters' tables and of this one
_code_lifts = {}  # (id(code), lifter): (code, its lifted code or None)

#: What stands for a callee in lifted code, and for those that call their arguments, how it is made for a lifter.
REPLACED, MAKERS = {}, {}


#: CPython's flag of types that are made at run time, as those of Python's ``class`` statements are.
HEAP_TYPE = 1 << 9


def replaces(*originals):
    """Return a decorator that lets a function stand for others in lifted code."""

    def register(function):
        for original in originals:
            REPLACED[original] = function
        return function

    return register


def lifters():
    """Return the lean and the full lifter."""
    return LEAN, FULL


# ---- callees -----------------------------------------------------------------------------------------------


def find(lifter, g):
    """Return what stands for `g`, and let the lifter remember it where `g` lives on."""
    record.note(g)
    if isinstance(g, types.FunctionType):
        return of_function(lifter, g)
    kind = type(g)
    owner = getattr(g, "__self__", None)
    if isinstance(owner, np.ndarray):
        return of_method(lifter, g, owner)
    if kind is types.BuiltinFunctionType or kind is types.MethodWrapperType:
        if owner is not None and not isinstance(owner, (types.ModuleType, type)):
            return of_method(lifter, g, owner)
    if kind is types.MethodWrapperType and isinstance(owner, type) and g.__name__ == "__call__":
        return of_instances(lifter, owner)  # super().__call__(...) of a metaclass
    if isinstance(g, DriverBase):
        return g
    before = _forgotten
    found = _replacement(lifter, g)
    if _lives_on(g, kind):
        _keep(lifter.kept, g, found, before)
    return found


_forgotten = 0  # how often lifters have forgotten what stands for callees


def _keep(table, key, found, before):
    """Keep what has been found in a lifter's table, unless it has forgotten since `before`: a rule may be new."""
    with _table.lock:
        if before == _forgotten:
            table[key] = found


def forget():
    """Let lifters look up again what stands for each callee."""
    global _forgotten
    with _table.lock:
        _forgotten += 1
        for lifter in lifters():
            lifter.kept.clear()
            lifter.functions.clear()


def _lives_on(g, kind):
    """Whether a table may keep g: it is no instance that f makes anew each time, and hashes by identity."""
    if kind is types.BuiltinFunctionType or kind is np.ufunc or kind.__name__ == "_ArrayFunctionDispatcher":
        return True
    return kind is type and "<locals>" not in g.__qualname__


def _replacement(lifter, g):
    """Return what stands for a callee that is neither a function in Python nor a method."""
    try:
        found = REPLACED.get(g)
        maker = MAKERS.get(g)
    except TypeError:  # not hashable
        found = maker = None
    if found is not None:
        return found
    if maker is not None:
        return maker(lifter, g)
    if isinstance(g, type):
        if boundary.package_of(g) == "pandas":
            return pandas_table().of_pandas(lifter, g)
        return registered.of(lifter, g, lambda: of_class(lifter, g))
    if isinstance(g, functools.partial):
        function = lifter.resolve(g.func)
        return g if function is g.func else functools.partial(function, *g.args, **g.keywords)
    if isinstance(g, functools._lru_cache_wrapper):
        return caches.Cached(lifter, g)
    if isinstance(g, (classmethod, staticmethod)):
        return g
    if isinstance(g, types.MethodDescriptorType) and g.__objclass__ is np.ndarray:
        return _of_unbound(lifter, g)
    if isinstance(g, (operator.itemgetter, operator.attrgetter, operator.methodcaller)):
        from dualnum.lifting.tables import functional

        return functional.of_getter(lifter, g)
    from dualnum.lifting.tables import numpy as numpy_table

    if isinstance(g, np.vectorize):
        return numpy_table.vectorized(lifter, g)
    package = boundary.package_of(type(g) if boundary.package_of(type(g)) == "numba" else g)
    if package in ("numba", "bottleneck"):
        from dualnum.lifting.tables import packages

        twin = packages.with_twin(lifter, g, package)
        if twin is not None:
            return twin
    call = getattr(type(g), "__call__", None)  # noqa: B004  # the method, not whether there is one
    if isinstance(call, types.FunctionType):
        lifted = lifter.resolve(call)
        own = g if lifted is call else types.MethodType(lifted, g)
        return registered.of(lifter, g, lambda: own) if type(g).__hash__ else own
    if isinstance(g, np.ufunc) or boundary.package_of(g) == "numpy":
        return numpy_table.of_numpy(lifter, g)
    if boundary.is_foreign(g) and call is not None:
        found = registered.of_method(call, g)  # the rule of ``__call__`` of a class in C
        if found is not None:
            return found
    return registered.of(lifter, g, lambda: boundary.guarded(g) if boundary.is_foreign(g) else g)


def of_function(lifter, g):
    """Return a function in Python with its call sites rewritten; itself if it is a leaf or has no source."""
    before = _forgotten
    found = REPLACED.get(g)
    if found is None and g in MAKERS:
        found = MAKERS[g](lifter, g)
    if found is None and boundary.package_of(g) in SHOWING:
        found = special.on_values(g)
    if found is None and boundary.package_of(g) == "pandas":
        found = registered.of(lifter, g, lambda: pandas_table().of_pandas(lifter, g))
    if found is None and boundary.package_of(g) == "numpy" and not g.__module__.startswith(INNER):
        from dualnum.lifting.tables import numpy as numpy_table

        found = numpy_table.of_numpy(lifter, g)
    if found is None:
        found = registered.of(lifter, g, lambda: lifted_function(lifter, g))
    key = id(g)
    kept = None if found is g else found
    reference = weakref.ref(g, lambda _: lifter.functions.pop(key, None))
    entry = reference, kept, g.__code__, g.__defaults__, g.__kwdefaults__
    _keep(lifter.functions, key, entry, before)
    return found


def lifted_function(lifter, g):
    """Return g with rewritten code and everything else shared: globals, closure, defaults, attributes."""
    dispatch = getattr(g, "dispatch", None)
    if dispatch is not None and hasattr(g, "registry") and hasattr(g, "register"):
        return _single_dispatch(lifter, dispatch)
    code, names = lifted_code(lifter, g.__code__, g.__globals__), g.__globals__
    if code is None:
        names = None if _is_leaf(names) else sourceless.of_function(lifter, g)
        if names is None or names is g.__globals__:
            return g
        code = g.__code__
    made = types.FunctionType(code, names, g.__name__, g.__defaults__, g.__closure__)
    made.__kwdefaults__ = g.__kwdefaults__
    made.__qualname__, made.__module__, made.__doc__ = g.__qualname__, g.__module__, g.__doc__
    made.__dict__.update(g.__dict__)
    return made if names is g.__globals__ else sourceless.with_view(lifter, g, made)


def _single_dispatch(lifter, dispatch):
    def call(*args, **kwargs):
        numbers = {Dual: float, ComplexDual: complex}
        kind = numbers.get(type(args[0])) or args[0].__class__
        return lifter.resolve(dispatch(kind))(*args, **kwargs)

    return call


def _is_leaf(module_globals):
    name = module_globals.get("__name__") or ""
    return name.partition(".")[0] in LEAVES and not name.startswith(INNER)


def lifted_code(lifter, code, module_globals):
    """Return the rewritten code of `code`, or None for a leaf and for code without a source."""
    key = id(code), lifter
    with _table.lock:
        if key in _code_lifts:
            return _code_lifts[key][1]
        made = None
        between = module_globals.get("__name__") in BETWEEN and "<locals>" in code.co_qualname
        if between or not _is_leaf(module_globals) or code.co_filename.startswith("<doctest "):
            made = rewrite.lifted_code(code, module_globals, lifter)
        if made is not None:
            _know(lifter, made)
        _code_lifts[key] = code, made
        return made


def _know(lifter, code):
    """Tell both lifters that a code object, and those in it, are lifted."""
    for each in lifters():
        each.codes[id(code)] = code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _know(lifter, constant)


def of_method(lifter, g, owner):
    """Return what stands for a method in C, bound to its owner."""
    if isinstance(owner, np.ndarray):
        from dualnum.lifting.tables import array_methods

        return array_methods.of_method(lifter, g, owner)
    if isinstance(owner, types.FunctionType) and g.__name__ == "__call__":
        return lifter.resolve(owner)
    if isinstance(owner, np.ufunc):
        from dualnum.lifting.tables import numpy as numpy_table

        return numpy_table.of_ufunc_method(g, owner)
    if isinstance(owner, functools._lru_cache_wrapper):
        return caches.clearing(g, owner) if g.__name__ == "cache_clear" else g
    if lifter.full and isinstance(owner, (dict, set, frozenset)):
        return keys().of_method(g, owner)
    if not boundary.is_foreign_method(g, owner):
        return g
    return registered.of_method(g, owner) or boundary.guarded(g)


def _of_unbound(lifter, g):
    """Return what stands for a method of arrays that f gets from their class, as ``np.ndarray.copy``."""

    def call(a, *args, **kwargs):
        bound = getattr(a, g.__name__) if isinstance(a, np.ndarray) else functools.partial(g, a)
        return lifter.resolve(bound)(*args, **kwargs)

    return call


# ---- classes -----------------------------------------------------------------------------------------------


def of_class(lifter, cls):
    """Return what makes an instance of a class with its __new__ and __init__ lifted."""
    if type(cls).__call__ is not type.__call__:
        call = getattr(type(cls), "__call__", None)  # noqa: B004
        if isinstance(call, types.FunctionType) and boundary.package_of(type(cls)) not in LEAVES:
            return types.MethodType(lifter.resolve(call), cls)
        return cls
    return of_instances(lifter, cls)


def of_instances(lifter, cls):
    """Return what stands for ``type.__call__`` of a class."""
    base = next(base for base in cls.__mro__ if not base.__flags__ & HEAP_TYPE)  # the first one in C
    package = boundary.package_of(base)
    new, init = cls.__new__, cls.__init__
    python = isinstance(new, types.FunctionType) or isinstance(init, types.FunctionType)
    if not python and lifter.full and issubclass(cls, keys().HASHED):
        return keys().making(lifter, cls)
    if not python:
        return cls if package in boundary.TRANSPARENT else boundary.guarded(cls)
    if package not in boundary.TRANSPARENT or boundary.package_of(cls) in LEAVES:
        return cls if boundary.package_of(cls) in LEAVES else boundary.guarded(cls)
    post = getattr(cls, "__post_init__", None)
    generated = isinstance(init, types.FunctionType) and init.__code__.co_filename == "<string>"  # no source
    if generated and dataclasses.is_dataclass(cls) and isinstance(post, types.FunctionType):
        return _dataclass(lifter, cls)

    def make(*args, **kwargs):
        if new is object.__new__:
            made = new(cls)
        else:
            made = lifter.resolve(new)(cls, *args, **kwargs)
            if not isinstance(made, cls):
                return made
        if isinstance(made, (dict, set, frozenset)):
            keys().own(made)
        initialise = type(made).__init__
        lifter.resolve(initialise)(made, *args, **kwargs)
        return sourceless.view(lifter, made)

    if issubclass(cls, threading.Thread):
        from dualnum.lifting.tables import functional

        return functional.thread_class(lifter, cls, make)
    return make


def _dataclass(lifter, cls):
    """Return what makes a dataclass: its generated __init__ would call __post_init__ as it is."""
    import inspect

    signature = inspect.signature(cls)
    fields = cls.__dataclass_fields__

    def make(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        made = cls.__new__(cls)
        extra = []
        for field in fields.values():
            if field.name in given:
                item = given[field.name]
            elif field.default is not dataclasses.MISSING:
                item = field.default
            elif field.default_factory is not dataclasses.MISSING:
                item = lifter.resolve(field.default_factory)()
            else:
                continue
            if field._field_type is dataclasses._FIELD_INITVAR:
                extra.append(item)
            elif field._field_type is dataclasses._FIELD:
                object.__setattr__(made, field.name, item)
        lifter.resolve(made.__post_init__)(*extra)
        return made

    return make


# ---- assignments, operators and attributes -----------------------------------------------------------------


def storable(a, v):
    """Return an array as an object that is no array stores it: an array of duals in pandas as objects."""
    return pandas_table().as_objects(v) if is_pandas(a) else v


def not_stored(a, v):
    """Assigning v to an element of `a` has failed: start f again where an array of floats could not hold a dual."""
    a = a.base if isinstance(a, np.flatiter) else a
    if not isinstance(a, np.ndarray) or not holds_duals(v):
        return
    (storage.grow if isinstance(a.dtype, storage.DUAL_DTYPES) else storage.learn)(a, v)
    if a.dtype.char in storage.NUMBERS and current_run() is not None:
        raise boundary.from_outside(sys._getframe(1)) from None
    if a.dtype.kind in "biu":
        raise boundary.NotLifted(
            f"a[k] = v expects an array of floats for a dual v, got {a.dtype}, at "
            f"{boundary.place_of(sys._getframe(1))}\nNumPy would cut the number off; use np.zeros(n), or int(v) for "
            f"its whole part."
        )


def inplace_array(a, v, operate, owner):
    """Return what ``a op= v`` assigns to an array, which is owner or elements of it.

    Where v is dual and the owner has floats, f starts again.
    """
    owner = owner.base if isinstance(owner, np.flatiter) else owner
    if isinstance(a.dtype, storage.DUAL_DTYPES):
        try:
            return operate(a, v)
        except TypeError:
            if holds_duals(v):
                storage.grow(owner, v)
            raise
    if type(a) is np.ndarray and a.dtype.char in storage.NUMBERS and holds_duals(v):
        storage.learn(owner, v)
        try:
            return operate(a, v)
        except TypeError:
            raise boundary.from_outside(sys._getframe(1)) from None
    return operate(a, v)


def float_dtype(x):
    """Return the dtype of the floats or complex numbers in whose place duals, or their dtype, stand."""
    return np.dtype(complex if isinstance(getattr(x, "dtype", x), ComplexDualDType) else float)


#: Attributes of an array or a number of duals that are answered as for floats.
OF_FLOATS = {
    "dtype": float_dtype,
    "itemsize": lambda a: float_dtype(a).itemsize,
    "nbytes": lambda a: float_dtype(a).itemsize * a.size,
    "strides": lambda a: tuple(
        [float_dtype(a).itemsize * stride // a.dtype.itemsize for stride in a.strides]
    ),
    "__class__": lambda a: np.ndarray if isinstance(a, np.ndarray) else class_of(a),
}


def class_of(x):
    """Return the class of the number in whose place a dual stands: Python's or NumPy's, real or complex."""
    if type(x) is Dual:
        return class_for_floats(x)
    return complex if class_for_floats(x.real) is float else np.complex128


def attribute(lifter, a, name):
    """Return a.name; the getters of properties are lifted, and duals answer as floats."""
    cls = type(a)
    if name in OF_FLOATS and isinstance(getattr(a, "dtype", None), storage.DUAL_DTYPES) and hasattr(a, name):
        return OF_FLOATS[name](a)
    if cls is Dual or cls is ComplexDual:
        return getattr(a, name)
    if cls in storage.DUAL_DTYPES:
        return getattr(float_dtype(a) if name in ("kind", "char", "type", "name", "num") else a, name)
    own = cls.__getattribute__
    if isinstance(a, (types.ModuleType, type, np.ndarray)) or (
        own is not object.__getattribute__ and not isinstance(own, types.FunctionType)
    ):
        return getattr(a, name)
    try:
        if own is not object.__getattribute__:
            return lifter.resolve(own)(a, name)
        return _found_attribute(lifter, a, cls, name)
    except AttributeError:
        own = getattr(cls, "__getattr__", None)
        if not isinstance(own, types.FunctionType):
            raise
    return lifter.resolve(own)(a, name)


def _is_property(x, method):
    """Return whether x is a property, of whatever class that has this method of property."""
    return isinstance(x, property) and getattr(type(x), method) is getattr(property, method)


def _found_attribute(lifter, a, cls, name):
    """Return a.name as object.__getattribute__ finds it, by lifted getters."""
    found = next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)
    if _is_property(found, "__get__") and isinstance(found.fget, types.FunctionType):
        return lifter.resolve(found.fget)(a)
    own = name in getattr(a, "__dict__", ())
    if isinstance(found, functools.cached_property) and not own:
        made = lifter.resolve(found.func)(a)
        caches.keep(a, found.attrname, made)
        return made
    getter = getattr(type(found), "__get__", None)
    if isinstance(getter, types.FunctionType) and boundary.package_of(type(found)) not in LEAVES:
        if not own or hasattr(type(found), "__set__"):
            return lifter.resolve(getter)(found, a, cls)
    return object.__getattribute__(a, name)


def set_attribute(lifter, a, name, v):
    """Do ``a.name = v``; the setters of properties and of descriptors are lifted."""
    if isinstance(a, np.ndarray) and name in ("real", "imag") and np.iscomplexobj(a):
        part = real_part(a) if name == "real" else imaginary_part(a)
        try:
            part[...] = v
        except Exception:
            not_stored(part, v)
            raise
        return
    for base in type(a).__mro__:
        found = base.__dict__.get(name)
        if _is_property(found, "__set__") and isinstance(found.fset, types.FunctionType):
            lifter.resolve(found.fset)(a, v)
            return
        if found is not None:
            setter = getattr(type(found), "__set__", None)
            if isinstance(setter, types.FunctionType):
                lifter.resolve(setter)(found, a, v)
                return
            break
    own = type(a).__setattr__
    if isinstance(own, types.FunctionType):
        lifter.resolve(own)(a, name, v)
    else:
        setattr(a, name, v)


LEAN, FULL = (Lifter(sys.modules[__name__], full) for full in (False, True))
