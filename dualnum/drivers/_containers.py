"""Containers of variables: tuples, dicts, dataclasses, and lists that hold more than one array of numbers."""

import numpy as np


def items(x):
    """Return the children of a container as a dict by key, index or field; None for anything else.

    A list is an array, unless it holds containers of arrays, as ``[(W, b), ...]`` does, or arrays of several shapes.
    """
    if isinstance(x, dict):
        return x
    if isinstance(x, (tuple, Children)) or (isinstance(x, list) and _is_container(x)):
        return dict(enumerate(x))
    fields = getattr(type(x), "__dataclass_fields__", None)
    return None if fields is None else {name: getattr(x, name) for name in fields}


def _is_container(x):
    for item in x:
        if isinstance(item, dict) or hasattr(type(item), "__dataclass_fields__"):
            return True
        if isinstance(item, (tuple, list)) and any(
            np.ndim(part) for part in item if isinstance(part, np.ndarray)
        ):
            return True
    return len({item.shape for item in x if isinstance(item, np.ndarray)}) > 1


def rebuilt(x, children):
    """Return a container like x with other children, in the order of `items`."""
    if isinstance(x, dict):
        return dict(zip(x, children, strict=True))
    if isinstance(x, tuple):
        return type(x)(*children) if hasattr(x, "_fields") else tuple(children)
    if isinstance(x, list):
        return Children(children)
    made = object.__new__(type(x))
    for name, child in zip(x.__dataclass_fields__, children, strict=True):
        object.__setattr__(made, name, child)
    return made


class Children(list):
    """A list that is a container whatever it holds."""
