"""Functions whose source is not known: pasted into ``python -``, typed into a REPL, made by exec, edited since.

Their code object runs as it is, with globals in which the look-up of a name lifts what it finds.  The instruction that
looks up tells how f uses it: a callee, and a function that f passes on, are replaced; of an owner, as in ``np.zeros``,
the attribute is; a class that is not called, as in ``isinstance(x, float)``, stays.

A method gets its object as one of a subclass that shares the attributes and has the methods lifted, and so does what
makes an object.  Other calls that no look-up of a global leads to are not lifted, as those of functions out of a list:
they refuse duals as they do outside of lifted code.  Assignments to elements are not seen, so that the functions that
make arrays return arrays of duals at once (`storage.made`).
"""

import builtins
import dis
import functools
import itertools
import sys
import types
import weakref

from dualnum._core import ComplexDual, Dual
from dualnum.lifting import source

CALLEE, OWNER, VALUE = "callee", "owner", "value"
_uses = {}  # id of a code object: (weak reference to it, {offset: use})
_ATTRIBUTES_HAVE_FLAGS = "LOAD_METHOD" not in dis.opmap  # from Python 3.12 on


def _use(frame):
    """Return how the code of a frame uses what its present instruction looks up."""
    key = id(frame.f_code)
    known = _uses.get(key)
    if known is None:
        reference = weakref.ref(frame.f_code, lambda _: _uses.pop(key, None))
        known = _uses[key] = reference, uses_of(frame.f_code)
    return known[1].get(frame.f_lasti, VALUE)


def uses_of(code):
    """Return for each offset of an instruction that looks up a name how the code uses what it finds.

    Python 3.12 counts an attribute that a class of Python's looks up from the end of the instruction's cache.
    """
    found, pushed = {}, False  # pushed: a NULL lies on the stack below the names looked up, as below a callee
    for at, following in itertools.pairwise(dis.get_instructions(code)):
        name, after, flag = at.opname, following.opname, bool(at.arg and at.arg & 1)
        if name in ("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD"):
            called = name == "LOAD_METHOD" or (flag and (name == "LOAD_GLOBAL" or _ATTRIBUTES_HAVE_FLAGS))
            owner = after in ("LOAD_ATTR", "LOAD_METHOD")
            called = called or pushed or after == "PUSH_NULL"
            use = OWNER if owner else CALLEE if called else VALUE
            found.update(dict.fromkeys(range(at.offset, following.offset, 2), use))
            pushed = owner and (pushed or (flag and name == "LOAD_GLOBAL"))
        else:
            pushed = name == "PUSH_NULL"
    return found


def _seen(lifter, found, use):
    """Return what f sees in the place of a thing that it has looked up."""
    if use is OWNER and not isinstance(found, (Dual, ComplexDual, Attributes)):
        return Attributes(lifter, found)
    if use is CALLEE or isinstance(found, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return lifter.resolve(found)
    return found


class Attributes:
    """An object whose attributes are lifted; the instruction after its look-up asks for one."""

    __slots__ = ("_lifter", "_owner")

    def __init__(self, lifter, owner):
        self._lifter, self._owner = lifter, owner

    def __getattribute__(self, name):
        lifter = object.__getattribute__(self, "_lifter")
        owner = object.__getattribute__(self, "_owner")
        return _seen(lifter, lifter.attribute(owner, name), _use(sys._getframe(1)))


class Globals(dict):
    """A module's globals as lifted code sees them; it holds the names that Python's own machinery reads."""

    __slots__ = ("lifter", "names")

    def __init__(self, names, lifter):
        super().__init__({name: v for name, v in names.items() if name[:2] == "__"})
        self.names, self.lifter = names, lifter
        own = names.get("__builtins__", builtins)
        own = own if isinstance(own, dict) else vars(own)
        self["__builtins__"] = {**own, "__import__": self._import}

    def _import(self, *args, **kwargs):
        return Attributes(self.lifter, builtins.__import__(*args, **kwargs))

    def __getitem__(self, name):
        names = self.names
        found = names[name] if name in names else dict.__getitem__(self, "__builtins__")[name]
        return _seen(self.lifter, found, _use(sys._getframe(1)))


def _assigns_globals(code):
    """Return whether a code object, or one in it, assigns to a global: that would go past the module's own globals."""
    return any(at.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") for at in dis.get_instructions(code)) or any(
        _assigns_globals(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)
    )


def of_function(lifter, g):
    """Return the globals with which the code of g is lifted, or None if it assigns to globals."""
    if type(g.__globals__) is Globals:
        return g.__globals__
    return None if _assigns_globals(g.__code__) else Globals(g.__globals__, lifter)


# ---- methods -----------------------------------------------------------------------------------------------

_views = {}  # (class, lifter): its subclass with lifted methods, or None
_KEPT = frozenset(
    ("__new__", "__init_subclass__", "__class_getitem__", "__getattribute__", "__setattr__", "__delattr__")
)


def with_view(lifter, g, made):
    """Return `made`, the lifted g, such that a method g gets a view of its object."""
    name = g.__name__
    if g.__qualname__ == name or g.__qualname__.endswith(f"<locals>.{name}") or name in _KEPT:
        return made

    @functools.wraps(made)
    def call(*args, **kwargs):
        if args and any(vars(base).get(name) is g for base in type(args[0]).__mro__):
            args = view(lifter, args[0]), *args[1:]
        return made(*args, **kwargs)

    return call


def view(lifter, a):
    """Return an object with the attributes of a, shared, and its methods lifted; a itself if its class has a source."""
    cls = type(a)
    if "<locals>" in cls.__qualname__:  # its methods have lifted globals already
        return a
    key = cls, lifter
    made = _views.get(key, False)
    if made is False:
        made = _views.setdefault(key, _view_class(lifter, cls))
    if made is None:
        return a
    seen = object.__new__(made)
    seen.__dict__ = a.__dict__
    return seen


def _view_class(lifter, cls):
    """Return a subclass with lifted methods and properties, or None if cls has a source or cannot have one."""
    bases = cls.__mro__[:-1]
    members = {name: member for base in reversed(bases) for name, member in vars(base).items()}
    of_python = type(cls) is type and all(base.__flags__ & (1 << 9) for base in bases) and cls.__dictoffset__
    if not of_python or members.keys() & {"__init_subclass__", "__del__", "__slots__"}:
        return None
    functions = {
        name: f for name, f in members.items() if isinstance(f, types.FunctionType) and name not in _KEPT
    }
    named = [name for name in functions if name[:2] != "__"]  # dataclasses write the others without a source
    if not any(_is_sourceless(functions[name]) for name in named or functions):
        return None
    lifted = {name: lifter.resolve(f) for name, f in functions.items()}
    for name, member in members.items():
        if type(member) is property:
            lifted[name] = property(
                *[f and lifter.resolve(f) for f in (member.fget, member.fset, member.fdel)]
            )
    made = type(cls.__name__, (cls,), lifted)
    _views[made, lifter] = None
    return made


def _is_sourceless(f):
    return not source.lines_of(f.__code__.co_filename, f.__globals__)
