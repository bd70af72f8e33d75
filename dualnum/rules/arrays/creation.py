"""Functions that create arrays with ``like=``; NumPy calls their rules without that argument."""

import numpy as np

from dualnum._core import register_rule
from dualnum.rules._operands import as_dual_arrays

_FUNCTIONS = """arange array asanyarray asarray ascontiguousarray asfortranarray empty eye frombuffer fromfile
    fromfunction fromiter fromstring full genfromtxt identity loadtxt ones require tri zeros""".split()


def _rule(function):
    def rule(*args, **kwargs):
        return as_dual_arrays(function(*args, **kwargs))

    return rule


for _name in _FUNCTIONS:  # rule would refuse them: they dispatch on `like` alone
    register_rule(getattr(np, _name), _rule(getattr(np, _name)))
