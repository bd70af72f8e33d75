"""np.isdtype, which looks scalar types up in tables: duals are real floating, as array API code asks first."""

import numpy as np

from dualnum._core import DualDType

__all__ = []


def _enter():
    tables = getattr(getattr(np, "_core", None), "numerictypes", None)
    known, kinds = getattr(tables, "allTypes", None), getattr(tables, "sctypes", None)
    scalar = DualDType().type
    if isinstance(known, dict) and isinstance(kinds, dict) and isinstance(kinds.get("float"), list):
        known.setdefault(scalar.__name__, scalar)
        if scalar not in kinds["float"]:
            kinds["float"].insert(0, scalar)  # the last one is taken for the widest


_enter()
