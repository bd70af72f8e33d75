"""What the drivers share: options, variables and containers, seeds, and passes over the function.

A call of a driver flattens the arguments that it differentiates into one sequence of variables. Each pass seeds copies
of them in fresh levels, in a chunk of the variables' directions at a time, calls the function once, and splits its
result into the primal and the derivatives, which lie along a new last axis, an index for each variable.
"""

import functools
import operator
import sys

import numpy as np

from dualnum._core import (
    FROM_VARIABLES,
    ONE_PASS,
    DriverBase,
    KeepMemory,
    Level,
    Lost,
    NearPass,
    comparisons_of_last_call,
    first_ties,
    guarded_call,
    may_change,
    note_change,
    parts,
    points_met,
    split,
    split_second,
)
from dualnum.drivers._checks import (
    FLOAT64,
    as_output,
    as_variable,
    check_alive,
    check_argnum,
    check_batched,
    check_callable,
    check_chunk,
    check_direction,
    check_flag,
    check_lead,
    check_lift,
    check_moves,
    check_point,
    check_progress,
    check_structure,
    check_workers,
    expects,
    resolve_argnum,
)
from dualnum.drivers._containers import Children, items, rebuilt
from dualnum.drivers._near import beside_ties, may_settle, settled, within
from dualnum.drivers._parallel import map_ordered
from dualnum.drivers._passes import first_passes, in_blocks, second_passes
from dualnum.drivers._unknown import mark_unknown
from dualnum.drivers._widths import chunk_width, tile_width
from dualnum.drivers._work import Work

# ---- variables ---------------------------------------------------------------------------------------------


class Leaf:
    """One array or number in the tree of containers: variables start ... stop - 1 of the flattened sequence."""

    __slots__ = ("x", "shape", "start", "stop", "direction")

    def __init__(self, x, shape, start, stop):
        self.x = x
        self.shape = shape  # without the leading axes of a batch
        self.start = start
        self.stop = stop


def tree_map(function, tree):
    """Return `tree`, nested containers, with `function` of each of its leaves."""
    if type(tree) is Leaf:
        return function(tree)
    made = rebuilt(tree, [tree_map(function, child) for child in items(tree).values()])
    return list(made) if type(made) is Children else made


class Variables:
    """The arguments that one call differentiates, flattened to a sequence of variables.

    Attributes
    ----------
    tree : the containers as given, with a `Leaf` for each array
    size : the number of variables, of each point of a batch
    elements : the number of elements of all arrays
    lead : the leading shape of a batch, else ()
    state : that of the other arguments before a pass, or None if no call of f changes it
    """

    __slots__ = ("driver", "args", "argnum", "tree", "size", "elements", "lead", "direction", "state")

    def __init__(self, driver, args):
        self.driver = driver
        self.args = args
        self.state = None
        self.lead = None if driver.batched else ()
        argnum = driver.argnum
        if argnum == 0 and not driver.batched and args:
            x = args[0]
            if type(x) is np.ndarray and x.dtype is FLOAT64:
                self.argnum = 0
                self.size = self.elements = size = x.size
                self.tree = Leaf(x, x.shape, 0, size)
                return
        self.argnum = argnum = resolve_argnum(driver, argnum, len(args))
        self.size = self.elements = 0
        if type(argnum) is int:
            self.tree = self.flatten(args[argnum], "x")
        else:
            self.tree = tuple(self.flatten(args[i], f"argument {i}") for i in argnum)
        self.lead = self.lead or ()

    def flatten(self, x, label):
        """Return `x` with a Leaf for each of its arrays; messages call it `label`."""
        children = items(x)
        if children is not None:
            return rebuilt(x, [self.flatten(child, f"{label}[{key!r}]") for key, child in children.items()])
        x = self.driver.variable(x, label)
        shape = getattr(x, "shape", ())
        elements = getattr(x, "size", 1)
        size = elements
        if self.driver.batched:
            check_point(self.driver, shape, label)
            if self.lead is None:
                self.lead = shape[:-1]
            check_lead(self.driver, self.lead, shape[:-1], label)
            shape = shape[-1:]
            size = shape[0]
        leaf = Leaf(x, shape, self.size, self.size + size)
        self.size += size
        self.elements += elements
        return leaf

    def set_direction(self, v):
        """Give every leaf its part of the direction `v`, which has the variables' structure and shapes."""
        self.direction = v
        self._set_direction(self.tree, v, "v")

    def _set_direction(self, tree, v, label):
        if isinstance(tree, Leaf):
            tree.direction = v = as_variable(self.driver, v, label)
            check_direction(self.driver, tree.x, v, label)
            return
        for (key, child), part in zip(
            items(tree).items(), check_structure(self.driver, tree, v, label), strict=True
        ):
            self._set_direction(child, part, f"{label}[{key!r}]")

    def seed_arguments(self, *seeds):
        """Return the function's arguments: seeded copies of the variables, all others as they are.

        Each of `seeds` is a pair ``(seed, level)``; ``seed(x, leaf, level)`` returns `x` with tangents in the level.
        """

        def seed(leaf):
            return self.seeded(leaf, seeds)

        if self.argnum == 0:
            return tree_map(seed, self.tree), *self.args[1:]
        args = list(self.args)
        if type(self.argnum) is int:
            args[self.argnum] = tree_map(seed, self.tree)
        else:
            for i, tree in zip(self.argnum, self.tree, strict=True):
                args[i] = tree_map(seed, tree)
        return tuple(args)

    def seeded(self, leaf, seeds):
        """Return a seeded copy of the array or number of a leaf, a plain copy without seeds."""
        x = leaf.x if seeds or not isinstance(leaf.x, np.ndarray) else leaf.x.copy(order="K")
        for function, level in seeds:
            x = function(x, leaf, level)
        return x

    def others(self, kwargs):
        """Return what f gets beside the variables, of which it gets copies."""
        argnum = {self.argnum} if type(self.argnum) is int else set(self.argnum)
        return [*[x for i, x in enumerate(self.args) if i not in argnum], *kwargs.values()]

    def keep_state(self, others):
        """Keep the present state of the other arguments for `seed_again`."""
        from dualnum.lifting.state import State

        self.state = State(others)

    def seed_again(self, *seeds):
        """Return what `seed_arguments` does, with the other arguments as they were when they were kept."""
        if self.state is not None:
            self.state.restore()
        return self.seed_arguments(*seeds)

    def leaves(self):
        """Return the leaves of all containers, in the order of the variables."""
        found = []
        for tree in self.tree if type(self.argnum) is tuple else (self.tree,):
            tree_map(found.append, tree)
        return found

    def unflatten(self, a, shape):
        """Return `a`, of shape ``shape + (size,)``, in the structure and shapes of the variables."""
        tree = self.tree
        if type(tree) is Leaf:
            return unwrap(a.reshape(shape + tree.shape))

        def part(leaf):
            return unwrap(a[..., leaf.start : leaf.stop].reshape(shape + leaf.shape))

        return tree_map(part, tree)

    def unflatten_twice(self, a, shape):
        """Return `a`, of shape ``shape + (size, size)``, in the variables' structure within that structure."""
        tree = self.tree
        if type(tree) is Leaf:
            return unwrap(a.reshape(shape + tree.shape + tree.shape))

        def block(row, column):
            part = a[..., row.start : row.stop, column.start : column.stop]
            return unwrap(part.reshape(shape + row.shape + column.shape))

        return tree_map(lambda row: tree_map(lambda column: block(row, column), tree), tree)


def unwrap(a):
    """Return a 0-d array or a NumPy number as a plain number, anything else as it is."""
    return a.item() if isinstance(a, (np.ndarray, np.float64, np.complex128)) and not a.ndim else a


# ---- the driver --------------------------------------------------------------------------------------------


class Driver(DriverBase):
    """One driver applied to one function: its options, and the passes over the function."""

    __slots__ = ()

    def check_options(self, argnum, chunk, batched, subok, lift, check, workers, progress):
        """Set the options; `DriverBase` asks for it where one of them is not the default."""
        name = self.name
        check_callable(name, self.f)
        self.argnum = check_argnum(name, argnum)
        self.chunk = check_chunk(name, chunk)
        self.batched, self.points = check_batched(name, batched, self.arguments == "x")
        self.subok = check_flag(name, "subok", subok)
        self.lift = check_lift(name, lift)
        self.check = None if check is None else check_flag(name, "check", check)
        self.workers = check_workers(name, workers)
        self.progress = check_progress(name, progress)
        self.direct = min(self.chunk or ONE_PASS, ONE_PASS) if self.argnum == 0 and not self.batched else -1
        if self.points is not None:
            self.run = in_blocks(self.run)

    def __str__(self):
        """Return the call as an error message spells it."""
        options = f", argnum={self.argnum}" if self.argnum != 0 else ""
        options += f", batched={self.points or True}" if self.batched else ""
        for name in ("sparse", "holomorphic"):
            options += f", {name}=True" if self.extra and self.extra.get(name) else ""
        return f"{self.name}(f{options})({self.arguments})"

    def __repr__(self):
        """Return the driver, its options and the function: ``<dualnum.gradient(chunk=3) of rosen>``."""
        _, options = self.origin()
        options = ", ".join(f"{name}={option!r}" for name, option in options.items())
        function = None if isinstance(self.f, Driver) else getattr(self.f, "__name__", None)
        function = getattr(self.f, "__qualname__", function) if function else repr(self.f)
        return f"<dualnum.{self.name}{options and f'({options})'} of {function}>"

    def __reduce__(self):
        make, options = self.origin()
        state = {
            name: attribute
            for name, attribute in self.__dict__.items()
            if name not in ("__doc__", "__module__") or attribute is not getattr(self.f, name, None)
        }
        return functools.partial(make, **options), (self.f,), state or None

    def __setstate__(self, state):
        self.__dict__.update(state)

    @property
    def __signature__(self):
        # Only where v comes in between: else that of f follows from __wrapped__.
        if self.arguments == "x":
            raise AttributeError("__signature__")
        import inspect

        kinds = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
        return inspect.Signature(map(inspect.Parameter, ("args", "kwargs"), kinds))

    def origin(self):
        """Return the public function that made this driver, and the options that it was given, by name."""
        make = operator.attrgetter(self.name)(sys.modules["dualnum"])
        common = {
            name: getattr(self, name)
            for name in ("argnum", "chunk", "subok", "lift", "check", "workers", "progress")
        }
        options = {"batched": self.points or self.batched, **(self.extra or {}), **common}
        import inspect

        parameters = inspect.signature(make).parameters
        given = {
            name: option
            for name, option in options.items()
            if name in parameters and option is not parameters[name].default
        }
        return make, given

    def variable(self, x, label):
        """Return an argument that is differentiated as numbers that can be seeded; messages call it `label`."""
        return as_variable(self, x, label)

    def with_direction(self, args):
        """Return the variables, with their direction, of a call in which v follows the last of them."""
        argnum = resolve_argnum(self, self.argnum, len(args) - 1)
        after = 1 + (argnum if type(argnum) is int else max(argnum, default=-1))
        variables = Variables(self, args[:after] + args[after + 1 :])
        variables.set_direction(args[after])
        return variables

    def call(self, args, kwargs):
        """Return f(*args, **kwargs) as a float, a Dual, or an array of float64 or duals."""
        return as_output(self, guarded_call(self.f, args[0], args[1:], kwargs, self.lift, self.check))

    def evaluate(self, variables, kwargs, *seeds, whole=True):
        """Call f once on variables with these seeds, pairs as in `Variables.seed_arguments`; return what `call` does.

        At a kink or a singular point more calls settle the derivatives: see `settled`. `whole` says that every variable
        moves, so that what rests in this pass rests at all.
        """
        if NearPass.is_open():
            return within(self, variables, kwargs, seeds)
        others = tuple(variables.others(kwargs)) if kwargs or len(variables.args) > 1 else ()
        changes = bool(others) and may_change(self.f, others, {})
        if changes:
            variables.keep_state(others)
        before, ties = points_met(), first_ties()
        try:
            y = self.call(variables.seed_arguments(*seeds), kwargs)
        except Lost as lost:
            if ties == first_ties() or not may_settle(variables):
                raise
            y = beside_ties(self, variables, kwargs, seeds, comparisons_of_last_call())
            if y is None:
                raise lost from None
        met = points_met()
        if met[: 3 if whole else 5] != before[: 3 if whole else 5] and may_settle(variables):
            if others and not changes:
                variables.keep_state(others)
            y = settled(self, variables, kwargs, seeds, y, before, met, whole)
            if others and not changes and variables.state.has_changed():
                note_change(self.f, others, {})
                what = "f to change its other arguments from its first call on or not at all"
                raise TypeError(
                    expects(self, what, "a function that begins to at a kink", "new ones in another call")
                )
        return y

    def first(self, variables, kwargs, seed, width=1):
        """Call f once with one fresh level of `width` tangents.

        Returns f's value and its derivatives: the shape of the value and a last axis of length `width`.
        """
        level = Level()
        try:
            with KeepMemory(variables.elements * (1 + width)):
                whole = width >= variables.size or hasattr(seed, "whole")
                y = self.evaluate(variables, kwargs, (seed, level), whole=whole)
                value, first = split_or_zeros(self, y, level, width)
        finally:
            level.retire()
        mark_unknown(self, variables, kwargs, (seed,), value, (first,))
        return value, first

    def squares(self, variables, kwargs, seed, width):
        """Call f once with one fresh level of degree 2 in `width` variables.

        Returns f's value, its first and its second derivatives by `seed`: the shape of the value and one or two last
        axes of length `width`.
        """
        level = Level(degree=2)
        try:
            with KeepMemory(variables.elements * (1 + width) * (2 + width) // 2):
                whole = width >= variables.size or hasattr(seed, "whole")
                y = self.evaluate(variables, kwargs, (seed, level), whole=whole)
                value, first, second = split_squares(self, y, level, width)
        finally:
            level.retire()
        mark_unknown(self, variables, kwargs, (seed,), value, (first,), second)
        return value, first, second

    def second(self, variables, kwargs, seed, width, other, other_width):
        """Call f once with two fresh levels.

        Returns f's value, its derivatives by `seed` and by `other`, and the second ones, by `seed` and
        `other`: the shape of the value and two last axes, of lengths `width` and `other_width`.
        """
        older, younger = Level(), Level()
        try:
            with KeepMemory(variables.elements * (1 + width) * (1 + other_width)):
                whole = max(width, other_width) >= variables.size or hasattr(seed, "whole")
                y = self.evaluate(variables, kwargs, (other, older), (seed, younger), whole=whole)
                found = split_twice(self, y, younger, width, older, other_width)
        finally:
            younger.retire()
            older.retire()
        value, first, other_first, second = found
        mark_unknown(self, variables, kwargs, (seed, other), value, (first, other_first), second)
        return found

    def first_order(self, args, kwargs, check, found=None):
        """Return f's value and its derivatives in the structure of the variables, from as few passes as possible.

        ``check(driver, lead, shape)`` refuses the shape of f's value after the first pass. `found` is the result of
        the single pass that `DriverBase` has made already at one small float64 array: the ordinary case, in which
        every microsecond counts.
        """
        if found:
            x, (value, first) = args[0], found
            if type(first) is Level:
                value, first = split_or_zeros(self, as_output(self, value), first, x.size)
            shape = first.shape[:-1]
            check(self, (), shape)
            if not np.isnan(value).any():
                return value, unwrap(first.reshape(shape + x.shape))
        variables = Variables(self, args)
        value, first = self.flat_first(variables, kwargs, check)
        return value, variables.unflatten(first, first.shape[:-1])

    def flat_first(self, variables, kwargs, check):
        """Return f's value and its first derivatives along one last axis: by a tape, or in passes on duals."""
        if variables.elements >= FROM_VARIABLES:
            from dualnum.drivers import _reverse

            found = (
                _reverse.by_tape(self, variables, kwargs) if _reverse.takes_tape(self, variables) else None
            )
            if found is not None:
                return found
        values, columns = [], []
        for start, value, first in self.chunks(variables, kwargs):
            check(self, variables.lead, first.shape[:-1])
            values.append(value)
            columns.append(first[..., : variables.size - start])
        return values[0], columns[0] if len(columns) == 1 else np.concatenate(columns, axis=-1)

    def second_order(self, args, kwargs, check, found=None):
        """Return f's value, its first and its second derivatives, as `first_order` does."""
        if found:
            x, (value, first, second) = args[0], found
            if type(first) is Level:
                y = as_output(self, value)
                value, first, second = split_squares(self, y, first, x.size)
            shape = first.shape[:-1]
            check(self, (), shape)
            shapes = shape + x.shape, shape + x.shape + x.shape
            if not np.isnan(value).any():
                return value, unwrap(first.reshape(shapes[0])), unwrap(second.reshape(shapes[1]))
        variables = Variables(self, args)
        value, first, second = self.flat_second(variables, kwargs, check)
        shape = first.shape[:-1]
        return value, variables.unflatten(first, shape), variables.unflatten_twice(second, shape)

    def flat_second(self, variables, kwargs, check):
        """Return f's value, its first and its second derivatives along last axes: by a tape, or in tiles on duals."""
        if variables.elements >= FROM_VARIABLES:
            from dualnum.drivers import _reverse

            found = _reverse.hessian_by_tape(self, variables, kwargs)
            if found is not None:
                return found
        return self.tiles(variables, kwargs, check)

    def chunks(self, variables, kwargs):
        """Yield for each chunk its first variable, f's value, and f's derivatives by the variables of the chunk."""
        size = variables.size
        width = chunk_width(size, variables.elements, self.chunk)
        work = Work(first_passes, self, variables, kwargs, width)
        return map_ordered(work, range(0, size or 1, width or 1))

    def tiles(self, variables, kwargs, check):
        """Return f's value, its first and its second derivatives by all variables, along new last axes.

        Calls f for each tile on and above the diagonal; the others are their transposes. Those on the diagonal, each of
        one level, give the first derivatives.
        """
        size = variables.size
        width = tile_width(size, variables.elements, self.chunk)
        starts = range(0, size or 1, width or 1)
        places = [(i, j) for i in starts for j in starts if i <= j]
        hessian = None
        found = map_ordered(Work(second_passes, self, variables, kwargs, width), places)
        for (i, j), (value, first, second) in zip(places, found, strict=True):
            shape = first.shape[:-1]
            check(self, variables.lead, shape)
            if len(places) == 1:
                return value, first, second
            if hessian is None:
                gradient = np.empty_like(first, shape=(*shape, size))
                hessian = np.empty_like(second, shape=(*shape, size, size))
            first, second = first[..., : size - i], second[..., : size - i, : size - j]
            rows, columns = slice(i, i + width), slice(j, j + width)
            if i == j:
                gradient[..., rows] = first
            else:
                hessian[..., columns, rows] = second.swapaxes(-1, -2)
            hessian[..., rows, columns] = second
        return value, gradient, hessian


def split_twice(driver, y, younger, width, older, other_width):
    """Return f's value, its derivatives in the one level, in the other, and in both, from its result `y`."""
    levels = getattr(getattr(y, "dtype", None), "levels", ())
    if levels == (older, younger):
        value, other_first, first, second = parts(y).values()
        return value.copy(), first.copy(), other_first.copy(), second.swapaxes(-1, -2).copy()
    if younger not in levels and older not in levels:
        check_alive(driver, y)
        check_moves(driver)
    y, first = _split_or_zeros(y, younger, width)
    value, other_first = _split_or_zeros(y, older, other_width)
    first, second = _split_or_zeros(first, older, other_width)
    return value, first, other_first, second


def split_squares(driver, y, level, width):
    """Return f's value, its first and its second derivatives in a level of degree 2, from its result `y`."""
    value, first, second = split_second(y, level)
    if first is None:
        value, first = split_or_zeros(driver, y, level, width)
        second = np.zeros((*first.shape, width), complex if np.iscomplexobj(first) else float)
    return value, first, second


def split_or_zeros(driver, y, level, width):
    """Return f's value and its derivatives in a level, along a new last axis of length `width`, from its result `y`.

    The derivatives are zero where `y` does not carry the level: f is constant.

    Raises
    ------
    TypeError
        If `y` carries, instead, a level whose call has ended.

    Warns
    -----
    ConstantResultWarning
        If f compared duals more than a few times before it returned a constant.
    """
    value, tangents = split(y, level)
    if tangents is not None:
        return value, tangents
    check_alive(driver, y)
    check_moves(driver)
    return _split_or_zeros(y, level, width)


def _split_or_zeros(y, level, width):
    value, tangents = split(y, level)
    if tangents is None:  # copied: it may be an array of the caller's
        shape = getattr(value, "shape", ())
        dtype = complex if np.iscomplexobj(value) else float
        return (value.copy() if shape else value), np.zeros(shape + (width,), dtype)
    return value, tangents
