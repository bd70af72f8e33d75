"""Special methods that are written in Python: operators, iteration and Python's functions call them lifted."""

import functools
import operator
import sys
import types

import numpy as np

from dualnum._core import holds_duals
from dualnum.lifting import boundary, storage


def keys():
    from dualnum.lifting import keys

    return keys


def pandas_table():
    from dualnum.lifting.tables import pandas

    return pandas


def is_pandas(x):
    return type(x).__module__.partition(".")[0] == "pandas"


def special(lifter, a, name):
    """Return a lifted special method of a's class that is written in Python, or None."""
    method = getattr(type(a), name, None)
    if not isinstance(method, types.FunctionType):
        return None
    lifted = lifter.resolve(method)
    return None if lifted is method else lifted


def _defines(a, name):
    """Return whether a's class has a special method; ``getattr`` finds those of the class's own class, too."""
    return any(vars(base).get(name) is not None for base in type(a).__mro__)


# ---- operators ---------------------------------------------------------------------------------------------

_REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def noted(made, *operands):
    """Note an array that an operator has made in the full grade; its site is the operator."""
    return storage.made(made, sys._getframe(1), operands)


def binary(lifter, name, a, b, operate):
    """Return ``a op b`` with lifted special methods, in the order in which Python asks them."""
    if type(a) is str:  # "%g" % x shows the value
        if name == "mod":
            b = tuple(map(shown, b)) if type(b) is tuple else shown(b)
        return operate(a, b)
    if is_pandas(a) or is_pandas(b):
        return pandas_table().binary(a, b, operate)
    if name == "mul" and (isinstance(a, np.matrix) or isinstance(b, np.matrix)):
        return _matrix_product(a, b, operate)
    left = special(lifter, a, f"__{name}__")
    reflected = _REFLECTED.get(name) or f"r{name}"
    asked = type(a) is not type(b) or name in _REFLECTED
    right = special(lifter, b, f"__{reflected}__") if asked else None
    if left is None and right is None:
        return operate(a, b)
    calls = [(left, a, b), (right, b, a)]
    if right is not None and type(a) is not type(b) and issubclass(type(b), type(a)):
        calls.reverse()
    elif left is None and _defines(a, f"__{name}__"):
        made = getattr(type(a), f"__{name}__")(a, b)
        if made is not NotImplemented:
            return made
    for method, x, y in calls:
        if method is not None:
            made = method(x, y)
            if made is not NotImplemented:
                return made
    return operate(a, b)


def _matrix_product(a, b, operate):
    """Return ``a * b`` of which one is a matrix; NumPy's own calls np.dot, which takes no duals in a matrix."""
    from dualnum.lifting.tables.numpy import seen

    if not holds_duals((a, b)):
        return operate(a, b)
    scales = np.ndim(a) == 0 or np.ndim(b) == 0
    return np.asmatrix(np.multiply(a, b) if scales else np.asmatrix(seen(a)) @ np.asmatrix(seen(b)))


def unary(lifter, name, a, operate):
    method = special(lifter, a, f"__{name}__")
    return operate(a) if method is None else method(a)


def inplace(lifter, name, a, v, operate):
    if is_pandas(a):
        return pandas_table().binary(a, v, operate)
    method = special(lifter, a, f"__{name}__")
    if method is not None:
        made = method(a, v)
        if made is not NotImplemented:
            return made
    if _defines(a, f"__{name}__"):
        return operate(a, lifter.iterate(v) if type(a) is list else v)
    return binary(lifter, name[1:], a, v, operate)


def truth(lifter, x):
    """Return whether x is true, where a method in Python says so; else x."""
    method = special(lifter, x, "__bool__")
    if method is None and not hasattr(type(x), "__bool__"):
        method = special(lifter, x, "__len__")
    return x if method is None else bool(method(x))


def _same(lifter, x, y):
    """Return whether a container takes x for y."""
    return x is y or bool(lifter.truth(lifter.binary("eq", x, y)))


def _compares(lifter, *items):
    """Return whether the class of an item compares by a method in Python."""
    kinds = {type(item): item for item in items}
    return any(special(lifter, item, "__eq__") is not None for item in kinds.values())


def contains(lifter, x, a):
    """Return ``x in a``."""
    if type(a) in (list, tuple):
        if _compares(lifter, x, *a):
            return any(_same(lifter, item, x) for item in a)
        return x in a
    method = special(lifter, a, "__contains__")
    if method is not None:
        return bool(lifter.truth(method(a, x)))
    if getattr(type(a), "__contains__", None) is None:
        items = iterate(lifter, a)
        if items is not a:
            return any(_same(lifter, item, x) for item in items)
    return x in a


# ---- elements and iteration --------------------------------------------------------------------------------


def getitem(lifter, a, k):
    method = special(lifter, a, "__getitem__")
    if method is not None:
        return method(a, k)
    if isinstance(a, dict):
        method = special(lifter, a, "__missing__")
        return a[k] if method is None or k in a else method(a, k)
    return storage.made(a[k], sys._getframe(1), k) if boundary.package_of(type(a)) == "numpy" else a[k]


def iterate(lifter, a):
    """Return an iterator of a with lifted methods; a itself where none is written in Python."""
    method = special(lifter, a, "__iter__")
    if method is not None:
        a = method(a)
    elif not hasattr(type(a), "__iter__") and special(lifter, a, "__getitem__"):
        return _by_index(lifter, a)
    return _next_lifted(lifter, a) if special(lifter, a, "__next__") else a


def _next_lifted(lifter, a):
    advance = special(lifter, a, "__next__")
    while True:
        try:
            item = advance(a)
        except StopIteration:
            return
        yield item


def _by_index(lifter, a):
    i = 0
    while True:
        try:
            item = getitem(lifter, a, i)
        except (IndexError, StopIteration):
            return
        yield item
        i += 1


class _Context:
    """A context manager with lifted __enter__ and __exit__."""

    def __init__(self, lifter, a):
        self.lifter, self.a = lifter, a

    def __enter__(self):
        return self.lifter.resolve(self.a.__enter__)()

    def __exit__(self, *error):
        return self.lifter.resolve(self.a.__exit__)(*error)


def context(lifter, a):
    if isinstance(getattr(type(a), "__enter__", None), types.FunctionType):
        return _Context(lifter, a)
    return a


# ---- order -------------------------------------------------------------------------------------------------


class _Ordered:
    """What sorted, min and max compare in the place of an object: by its methods, lifted, also within tuples."""

    __slots__ = ("lifter", "x")

    def __init__(self, lifter, x):
        self.lifter, self.x = lifter, x

    def __lt__(self, other):
        return _is_ordered(self.lifter, "lt", self.x, other.x)

    def __gt__(self, other):
        return _is_ordered(self.lifter, "gt", self.x, other.x)


def _is_ordered(lifter, name, a, b):
    if type(a) is type(b) and type(a) in (list, tuple):
        for x, y in zip(a, b, strict=False):
            if not _same(lifter, x, y):
                return _is_ordered(lifter, name, x, y)
        a, b = len(a), len(b)
    return lifter.truth(lifter.binary(name, a, b))


def _orders(items, depth=4):
    """Return whether the class of an item, or of what a tuple holds, has an order that is written in Python."""
    kinds = set(map(type, items))
    if any(
        isinstance(getattr(kind, name), types.FunctionType) for kind in kinds for name in ("__lt__", "__gt__")
    ):
        return True
    inner = depth and not kinds.isdisjoint((list, tuple))
    return inner and any(_orders(item, depth - 1) for item in items if type(item) in (list, tuple))


def ordered(lifter, g, items, key, options):
    """Return sorted, min or max of a list by a lifted key; classes of Python's compare by their lifted methods."""
    keys = items if key is None else [key(item) for item in items]
    if _orders(keys):
        keys = [_Ordered(lifter, x) for x in keys]
    elif key is None:
        return g(items, **options)
    if not items:
        return g(items, **options)
    found = g(range(len(items)), key=keys.__getitem__, **options)
    return [items[i] for i in found] if g is sorted else items[found]


def of_list_method(lifter, g, owner):
    """Return a method of a list or a tuple that compares, or iterates, by lifted special methods."""
    name = g.__name__

    def find(x, *span):
        if not _compares(lifter, x, *owner):
            return g(x, *span)
        places = range(len(owner))[slice(*span) if len(span) == 2 else slice(*span, None)]
        found = (i for i in places if _same(lifter, owner[i], x))
        if name == "count":
            return sum(1 for _ in found)
        i = next(found, None)
        if i is None:
            raise ValueError(f"{name}(x) expects x to be in the {type(owner).__name__}")
        if name == "index":
            return i
        del owner[i]

    def sort(*, key=None, reverse=False):
        owner[:] = ordered(
            lifter, sorted, owner[:], lifter.resolve(key) if key else None, {"reverse": reverse}
        )

    def extend(items, /):
        return g(lifter.iterate(items))

    return {"sort": sort, "extend": extend}.get(name, find)


# ---- numbers and text --------------------------------------------------------------------------------------


def as_number(x):
    """Return float(x) of an object whose class defines it in Python, which may be a dual; else x."""
    from dualnum.lifting.resolve import FULL

    method = special(FULL, x, "__float__")
    return x if method is None else method(x)


class _Shown:
    """An object whose methods that make text are lifted."""

    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return _text(repr, self.x, "__repr__")

    def __str__(self):
        inherited = type(self.x).__str__ is object.__str__
        return repr(self) if inherited else _text(str, self.x, "__str__")

    def __format__(self, spec):
        inherited = type(self.x).__format__ is object.__format__
        return str(self) if inherited and not spec else _text(format, self.x, "__format__", spec)

    def __float__(self):
        return float(storage.stripped(as_number(self.x)))

    def __int__(self):
        return int(self.x)


def _text(make, x, name, *args):
    from dualnum.lifting.resolve import FULL

    method = special(FULL, x, name)
    return make(x, *args) if method is None else method(x, *args)


def on_values(g):
    """Return what calls a function that writes or draws its arguments with their values."""

    @functools.wraps(g)
    def call(*args, **kwargs):
        if holds_duals(args) or holds_duals(kwargs):
            args, kwargs = storage.stripped((args, kwargs))
        return g(*args, **kwargs)

    return call


def shown(x, depth=8):
    """Return what f shows of x: a dual shows its value, an object what its lifted methods make of it."""
    kind = type(x)
    if kind in (list, tuple) and depth:
        items = [shown(item, depth - 1) for item in x]
        return x if all(map(operator.is_, items, x)) else kind(items)
    if holds_duals(x):
        return storage.stripped(x)
    if kind.__flags__ & (1 << 9) and any(
        isinstance(getattr(kind, name), types.FunctionType) for name in ("__repr__", "__str__", "__format__")
    ):
        return _Shown(x)
    return x
