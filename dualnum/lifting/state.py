"""The state of f's arguments: a driver that calls f several times leaves the traces of one call.

Each call finds the arguments as the first one found them.  They are put back in place, so that all that refers to them
goes on; an iterator of Python's own, which cannot go back, is given to f as `Again`.
"""

import array
import collections.abc
import contextlib
import copy
import functools
import itertools
import random
import types

import numpy as np

from dualnum._core import ComplexDual, DriverBase, Dual

#: Types of objects that hold no other object and never change.
ATOMS: tuple[type, ...] = (
    type(None), bool, int, float, complex, str, bytes, range, type(...), type, np.generic, np.dtype, np.ufunc,
    types.ModuleType, types.CodeType, types.BuiltinFunctionType,
)  # fmt: skip
#: What has no state, or one that no call should put back.
STATELESS: tuple[type, ...] = (*ATOMS, Dual, ComplexDual, DriverBase, types.FunctionType)


class Again:
    """An iterator that `State` puts back, in the place of one that cannot go back."""

    __slots__ = ("items",)

    def __init__(self, iterator):
        (self.items,) = itertools.tee(iterator, 1)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)


def with_again(x):
    """Return x, or `Again` in the place of an iterator whose state cannot be read."""
    if not isinstance(x, collections.abc.Iterator) or type(x) is Again:
        return x
    return x if hasattr(x, "__dict__") or hasattr(type(x), "seek") else Again(x)


class State:
    """The present state of x, a tree of arguments, and of the objects that it holds."""

    def __init__(self, x):
        self.x = x
        self.saved = []
        seen, held = {}, [x]
        while held:
            x = held.pop()
            if id(x) not in seen and not isinstance(x, STATELESS):
                seen[id(x)] = x  # keeps the id
                held += self._save(x)

    def restore(self):
        """Put back what has changed since."""
        for put_back, x, before in self.saved:
            put_back(x, before)

    def has_changed(self):
        """Return whether something has changed since, as far as can be seen."""
        now = State(self.x).saved
        return len(now) != len(self.saved) or not all(
            x is y and _is_equal(before, after)
            for (_, x, before), (_, y, after) in zip(self.saved, now, strict=True)
        )

    @contextlib.contextmanager
    def again(self):
        """Put x back to this state within the context, and to the present one after it."""
        after = State(self.x)
        self.restore()
        try:
            yield
        finally:
            after.restore()

    def _save(self, x):
        """Save the state of one object; return what it holds."""
        held = []
        for is_one, save, put_back in KINDS:
            if is_one(x):
                with contextlib.suppress(OSError, ValueError):  # a closed file, a stream without positions
                    before = save(x)
                    self.saved.append((put_back, x, before))
                    held += _items(before)
        if isinstance(x, types.MethodType):
            held.append(x.__self__)
        elif isinstance(x, functools.partial):
            held += [x.func, *x.args, *x.keywords.values()]
        return held + _items(x) if isinstance(x, tuple) else held


def _items(x):
    """Return the objects in a saved state."""
    if isinstance(x, dict):
        return list(x.values())
    if isinstance(x, np.ndarray):
        return x.ravel().tolist() if x.dtype.kind == "O" else []
    return list(x) if isinstance(x, (list, tuple, set)) else []


def _is_equal(a, b):
    """Return whether two saved states are alike; False for those that cannot be compared."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and np.ndarray.tobytes(a) == np.ndarray.tobytes(b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_is_equal, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_is_equal(a[key], b[key]) for key in a)
    return isinstance(a, (int, float, str, bytes, set, bytearray, array.array)) and a == b


def _put_array(x, before):
    if x.flags.writeable and x.dtype == before.dtype and x.shape == before.shape:
        x[...] = before


def _same(x, before):
    return len(x) == len(before) and all(a is b for a, b in zip(x, before, strict=True))


def _put_items(x, before):
    if not _same(x, before):
        x[:] = before


def _put_deque(x, before):
    if not _same(x, before):
        x.clear()
        x.extend(before)


def _put_set(x, before):
    if x != before:
        x.clear()
        x.update(before)


def _put_dict(x, before):
    if not (_same(x.keys(), before.keys()) and _same(x.values(), before.values())):
        x.clear()
        x.update(before)


def _has_attributes(x):
    return isinstance(getattr(x, "__dict__", None), dict)


def _slots(x):
    """Return the attributes of an object that its classes keep in slots, each with its descriptor."""
    found = {}
    for cls in type(x).__mro__:
        if "__slots__" in vars(cls):
            for member in vars(cls).values():
                if type(member) is types.MemberDescriptorType:
                    with contextlib.suppress(AttributeError):
                        found[member] = member.__get__(x)
    return found


def _put_slots(x, before):
    now = _slots(x)
    for member in now.keys() - before.keys():
        member.__delete__(x)
    for member, content in before.items():
        if now.get(member, member) is not content:
            member.__set__(x, content)


def _of(*types_):
    return lambda x: isinstance(x, types_)


#: For each kind of objects: whether x is one, its state, and what puts a state back.
KINDS = (
    (lambda x: isinstance(x, np.ndarray) and x.flags.writeable, lambda x: x.copy(order="K"), _put_array),
    (_of(list, bytearray, array.array), lambda x: x[:], _put_items),
    (_of(collections.deque), list, _put_deque),
    (_of(set), set, _put_set),
    (_of(dict), dict, _put_dict),
    (_of(Again), lambda x: copy.copy(x.items), lambda x, before: setattr(x, "items", copy.copy(before))),
    (_of(np.random.Generator), lambda x: x.bit_generator.state, lambda x, s: setattr(x.bit_generator, "state", s)),
    (_of(np.random.RandomState), lambda x: x.get_state(), lambda x, before: x.set_state(before)),
    (_of(random.Random), lambda x: x.getstate(), lambda x, before: x.setstate(before)),
    (lambda x: hasattr(type(x), "seek"), lambda x: x.tell(), lambda x, before: x.seek(before)),
    # a Series or a DataFrame of pandas, which has its numbers there
    (lambda x: _has_attributes(x) and "_mgr" in vars(x), lambda x: x.copy(),
     lambda x, before: vars(x).update(_mgr=before.copy()._mgr)),
    (lambda x: _has_attributes(x) and "_mgr" not in vars(x), lambda x: vars(x).copy(),
     lambda x, before: _put_dict(vars(x), before)),
    (lambda x: type(x) is not Again and any("__slots__" in vars(cls) for cls in type(x).__mro__), _slots, _put_slots),
)  # fmt: skip
