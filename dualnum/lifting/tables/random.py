"""Random numbers: ``rng.normal(mu, sigma)`` of duals is mu + sigma z, with the z that NumPy draws.

The value is NumPy's own, bit for bit, and the stream advances as for floats.  The derivative holds z fixed, as
differences of f with a fixed seed do.  Distributions that are no function of a fixed z refuse duals.
"""

import functools
import sys

import numpy as np

from dualnum._core import FUNCTIONS, holds_duals, value
from dualnum.lifting import boundary, storage
from dualnum.lifting.resolve import REPLACED
from dualnum.lifting.tables.numpy import seen, with_values

KINDS = np.random.Generator, np.random.RandomState


def _moved(loc, scale, z):
    return loc + scale * z


def _scaled(scale, z):
    return scale * z


#: Name: (parameters with their defaults, the standard parameters, name of the standard, value as a function of z).
FAMILIES = {
    **dict.fromkeys(
        ("normal", "laplace", "logistic", "gumbel"), ({"loc": 0.0, "scale": 1.0}, (0.0, 1.0), None, _moved)),
    **dict.fromkeys(("exponential", "rayleigh"), ({"scale": 1.0}, (1.0,), None, _scaled)),
    "uniform": ({"low": 0.0, "high": 1.0}, (0.0, 1.0), None, lambda low, high, u: low + (high - low) * u),
    "lognormal": (
        {"mean": 0.0, "sigma": 1.0}, (0.0, 1.0), "normal", lambda mean, sigma, z: FUNCTIONS["exp"](mean + sigma * z)),
}  # fmt: skip
#: Distributions whose location or scale alone may be dual.
PARTLY = {
    "gamma": ({"shape": None, "scale": 1.0}, "scale", lambda given, y: y / value(given["scale"]) * given["scale"]),
    "multivariate_normal": (
        {"mean": None, "cov": None}, "mean", lambda given, y: y + (given["mean"] - value(given["mean"]))),
}  # fmt: skip
#: Methods that take data, or arrays that they change, and no parameters of a distribution.
OF_DATA = frozenset("choice permutation permuted shuffle bytes integers random random_sample seed".split())


def _drawing(g):
    """Return a method of a class of generators that takes duals."""

    @functools.wraps(g, updated=())
    def draw(owner, *args, **kwargs):
        if holds_duals(args) or holds_duals(kwargs):
            return _draw(g, sys._getframe(1), owner, args, kwargs)
        return storage.made(g(owner, *args, **kwargs), sys._getframe(1))

    return draw


def _choosing(g):
    """Return a generator's choice, by probabilities that are no duals; it may choose among duals."""

    @functools.wraps(g, updated=())
    def choose(owner, a, size=None, replace=True, p=None, *args, **kwargs):
        if holds_duals(p):
            raise boundary.refuse(g, sys._getframe(1))
        return storage.made(g(owner, a, size, replace, p, *args, **kwargs), sys._getframe(1))

    return choose


for _kind in KINDS:
    REPLACED[_kind.choice] = _choosing(_kind.choice)
    for _name, _g in vars(_kind).items():
        if not _name.startswith("_") and _name not in OF_DATA and callable(_g):
            REPLACED[_g] = _drawing(_g)


def _draw(g, frame, owner, args, kwargs):
    parameters, *family = FAMILIES.get(g.__name__) or PARTLY.get(g.__name__) or ({},)
    given = dict(zip([*parameters, "size"], map(seen, args), strict=False))
    given.update({name: seen(x) for name, x in kwargs.items()})
    values = {name: value(x) for name, x in given.items()}
    if g.__name__ in FAMILIES:
        standard, other, function = family
        before = _state(owner)
        y = g(owner, **values)
        after = _state(owner)
        _restore(owner, before)
        z = getattr(owner, other or g.__name__)(*standard, size=np.shape(y) or None)
        _restore(owner, after)
        made = function(*[given.get(name, default) for name, default in parameters.items()], z)
    elif parameters and not any(holds_duals(x) for name, x in given.items() if name != family[0]):
        y = g(owner, **values)
        made = family[1](given, y)
    else:
        raise boundary.refuse(g, frame)
    return with_values(made, y)


def _state(owner):
    return owner.bit_generator.state if isinstance(owner, np.random.Generator) else owner.get_state()


def _restore(owner, state):
    if isinstance(owner, np.random.Generator):
        owner.bit_generator.state = state
    else:
        owner.set_state(state)
