"""The function that a word names: of a module, of a file, or a formula."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys

from dualnum.cli.errors import InputError, foreign_code
from dualnum.cli.formula import Expression


def load_function(text):
    """Return the function that `text` denotes: an Expression, or an attribute of a module or a file."""
    match = re.fullmatch(r"(?P<source>.+\.py|[^\W\d][\w.]*):(?P<name>[\w.]+)", text)
    if match is None:
        if text.endswith(".py"):
            raise InputError(f"{text} is a file: write {text}:NAME for a function of it")
        try:
            return Expression(text)
        except ValueError as error:
            raise InputError(str(error)) from error
    source, name = match["source"], match["name"]
    function = import_file(source) if source.endswith(".py") else import_module(source)
    for part in name.split("."):
        try:
            function = getattr(function, part)
        except AttributeError as error:
            raise InputError(f"{source} has no {name!r}") from error
    if not callable(function):
        raise InputError(f"{text} is not a function but a {type(function).__name__}")
    return function


def importing(name):
    """Import a module in this context: an `InputError` says that it cannot be imported."""
    return foreign_code(InputError, lambda text: f"cannot import {name}: {text}")


def import_module(name):
    """Import a module; the working directory comes first, as for ``python -m``."""
    if sys.path[:1] not in ([""], [os.getcwd()]):
        sys.path.insert(0, os.getcwd())
    with importing(name):
        return importlib.import_module(name)


def import_file(path):
    """Import a file; its directory comes first, as for ``python FILE``."""
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}")
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.basename(path).removesuffix(".py"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    with importing(path):
        spec.loader.exec_module(module)
    return module


def variables_of(text, function, given):
    """Return the names of a formula's variables, those of the `given` ones left out; None for other functions."""
    if not isinstance(function, Expression):
        return None
    unknown = set(given) - set(function.variables)
    if unknown:
        raise InputError(f"{text!r} has no variable {min(unknown)!r}")
    return [name for name in function.variables if name not in given]


def parameters_of(function):
    """Return the names by which a Python function takes arguments, and whether each has to be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name: p.default is p.empty for p in parameters if p.kind in kinds}
