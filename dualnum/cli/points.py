"""The points: read from words or files, and handed to the function as it takes them."""

from __future__ import annotations

import itertools
import json
import math
import re
from typing import NamedTuple

import numpy as np

from dualnum.check.report import label
from dualnum.cli.errors import InputError, abbreviate
from dualnum.cli.files import is_file, read_file
from dualnum.cli.formula import Expression
from dualnum.cli.functions import load_function, parameters_of, variables_of


class Variables(NamedTuple):
    """Names and shapes of the variables; several of them are packed into one vector."""

    names: tuple
    shapes: tuple
    columns: tuple = ()  # a file's names for the elements of a point

    @property
    def shape(self):
        """Return the shape of a point."""
        if len(self.shapes) == 1:
            return self.shapes[0]
        return (sum(map(math.prod, self.shapes)),)

    def labels(self):
        """Return a label for each element of a point."""
        return list(self.columns) or [
            label(name, index)
            for name, shape in zip(self.names, self.shapes, strict=True)
            for index in np.ndindex(shape)
        ]

    def unpack(self, x):
        """Return a point, or an array of points, as a dict of its variables."""
        if len(self.names) == 1:
            return {self.names[0]: x}
        values, start = {}, 0
        for name, shape in zip(self.names, self.shapes, strict=True):
            stop = start + math.prod(shape)
            part = x[..., start:stop].reshape(x.shape[:-1] + shape)
            values[name] = part if part.ndim else part[()]
            start = stop
        return values

    def plain(self, x):
        """Return a point as a dict of floats and lists, for people and JSON."""
        return {name: np.asarray(part, dtype=float).tolist() for name, part in self.unpack(x).items()}


class Problem(NamedTuple):
    """A function of one float or array, and the points."""

    title: str
    function: object  # of a float or an array of the shape of a point
    adapt: object  # makes one such of another function of the same variables, and of its text
    variables: Variables
    points: np.ndarray  # one point for each entry of the first axis
    place: object  # the index of a point -> where it comes from, None for the one point of the arguments
    recipe: tuple = ()  # from which `adapted` makes the function in another process
    lift: object = "auto"  # as for drivers
    workers: int = 1
    progress: object = None
    lifted: dict | None = None  # the names of what lifting has replaced, in other processes

    def options(self):
        """Return the options of a driver at one point: of many the points go to workers, not the passes."""
        if len(self.points) > 1 or self.place:
            return {"lift": self.lift}
        return {"lift": self.lift, "workers": self.workers, "progress": self.progress}

    def point(self, row):
        """Return a copy of a point as functions take it: a float or an array."""
        x = self.points[row]
        return float(x) if x.ndim == 0 else x.copy()


def make_problem(text, at, given, batched=False):
    """Turn the command's words into a `Problem`; in a batch the first axis of a list counts points."""
    function = load_function(text)
    given = dict(read_named(word) for word in given)
    free = variables_of(text, function, given)
    if is_file(at):
        points, header, place = read_file(at[0])
        if header is None:
            names, points = columns_in_order(text, free, points), points
        else:
            table = points.reshape(len(points), -1)
            names, places = columns_by_name(text, function, free, given, header)
            points = table[:, places] if len(places) > 1 else table[:, places[0]]
        if names is None:
            shown = tuple(header) if header and free is None else ()
            variables = Variables((single_variable(text, free),), (points.shape[1:],), shown)
        else:
            variables = Variables(names, ((),) * len(names))
    else:
        names, point = read_words(text, at, free)
        points, place = np.array([join(point)]), None
        if batched:
            if len(point) > 1 or points.ndim < 2:
                raise InputError("--batched expects a file or a list of points")
            points, place = points[0], lambda row: f"point {row}"
            point = {name: x[0] for name, x in point.items()}
        variables = Variables(tuple(point), tuple(np.shape(x) for x in point.values()))
    recipe = text, given, variables, names is not None or free is not None

    def adapt(function, text):
        known = {*given, *variables.names}
        if isinstance(function, Expression) and not known.issuperset(function.variables):
            unknown = min(set(function.variables) - known)
            raise InputError(f"{text!r} has the variable {unknown!r}, which has no value")
        return adapted((text, *recipe[1:]), function)

    return Problem(text, adapt(function, text), adapt, variables, points, place, recipe)


def adapted(recipe, function=None):
    """Return a function of one float or array, from what the words say about it; `function` is what the text names."""
    text, given, variables, by_name = recipe
    function = load_function(text) if function is None else function
    # A driver lifts these functions with the one that they call: nothing else that they call can be lifted.
    if isinstance(function, Expression):

        def adapted(x):
            values = given | variables.unpack(x)
            return function(*[values[name] for name in function.variables])

    elif by_name:

        def adapted(x):
            return function(**(given | variables.unpack(x)))

    else:

        def adapted(x):
            return function(x, **given)

    adapted.__name__ = text
    return adapted


def columns_in_order(text, free, points):
    """Return the names of a formula's variables for the columns of a file without a head, None for one variable."""
    if free is None or len(free) < 2:
        return None
    if points.shape[1:] != (len(free),):
        got = f"got points of shape {points.shape[1:]}"
        raise InputError(f"{text!r} has the variables {', '.join(free)}: expected a column for each, {got}")
    return tuple(free)


def columns_by_name(text, function, free, given, header):
    """Match the head of a file with the variables; return their names and the places of their columns.

    The names are None where a row is the one variable: then the places are those of its elements.
    """
    if free is None:
        known = {name: needed for name, needed in parameters_of(function).items() if name not in given}
        needed = [name for name in known if known[name]]
        named = [name for name in header if name in known]
        if (len(known) < 2 and len(header) > 1) or (not named and len(needed) < 2):
            return None, list(range(len(header)))  # one argument, an array
        missing = [name for name in needed if name not in header]
        if len(named) == len(header) and not missing:
            return tuple(header), list(range(len(header)))
        what, expected = "arguments", known
    else:
        if free and set(free) <= set(header):
            return tuple(free), [header.index(name) for name in free]
        if len(free) == 1:  # x[0], x[1]: as the command itself writes them
            elements = (f"{free[0]}[{i}]" for i in itertools.count())
            places = [header.index(element) for element in itertools.takewhile(header.__contains__, elements)]
            if places:
                return None, places
        what, expected = "variables", free
    raise InputError(
        f"the head names the columns {', '.join(map(abbreviate, header))}, but the {what} of {text!r} are "
        f"{', '.join(expected) or 'none'}: name them so, or leave the head out"
    )


def read_words(text, at, free):
    """Read the words of ``--at``: the names given, None for values without names, and the point as a dict."""
    named = [read_named(word) for word in at if is_named(word)]
    if not named:
        return None, {single_variable(text, free): read_point(at)}
    if len(named) < len(at):
        raise InputError("--at expects either values or NAME=VALUE, not both")
    point = dict(named)
    if len(point) < len(named):
        raise InputError("--at names a variable twice")
    if free is not None and set(point) != set(free):
        expected = ", ".join(free) or "none left"
        raise InputError(f"--at names {', '.join(point)}, but the variables of {text!r} are {expected}")
    return tuple(point), point


def join(point):
    """Return the point's variables as one float or array."""
    if len(point) == 1:
        return next(iter(point.values()))
    return np.concatenate([np.ravel(x) for x in point.values()])


def single_variable(text, free):
    """Return the name of the one variable, to which values without a name belong."""
    if free is None:
        return "x"
    if not free:
        raise InputError(f"{text!r} has no variable to differentiate by")
    if len(free) > 1:
        names = " ".join(f"{name}=VALUE" for name in free)
        raise InputError(f"{text!r} has the variables {', '.join(free)}: write --at {names}")
    if text == free[0] and len(text) > 1:
        raise InputError(f"{text!r} is a variable: write module:{text} or FILE.py:{text} for a function")
    return free[0]


def is_named(word):
    return re.match(r"\s*[^\W\d]\w*\s*=", word) is not None


def read_named(word):
    """Read ``NAME=VALUE``."""
    if not is_named(word):
        raise InputError(f"expected NAME=VALUE, got {word!r}")
    name, _, value = word.partition("=")
    return name.strip(), read_point([value])


def read_point(words):
    """Read one number as a float, several as a vector, and a bracketed list as an array of its shape."""
    text = " ".join(words).strip()
    if text.startswith("["):
        try:
            x = np.array(json.loads(text), dtype=float)
        except (ValueError, TypeError, RecursionError):
            raise InputError(f"{text} is not a list of numbers such as [[1, 2], [3, 4]]") from None
    else:
        numbers = [read_number(part) for word in words for part in word.strip().strip(",").split(",")]
        x = numbers[0] if len(numbers) == 1 else np.array(numbers)
    if not np.all(np.isfinite(x)):
        raise InputError(f"the point must be finite, got {text}")
    if np.size(x) == 0:
        raise InputError("the point has no elements")
    return x


def read_number(text):
    """Read a float, or a formula without variables such as ``pi/4``."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Expression(text)())
    except Exception:
        raise InputError(f"{abbreviate(text.strip())!r} is not a number") from None
