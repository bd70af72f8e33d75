"""The text of arrays of duals: each element as (value; tangents), with the caller's precision."""

import numpy as np

from dualnum.rules._registry import numpy_rule


@numpy_rule(np.array2string)
def array2string(
    a, max_line_width=None, precision=None, suppress_small=None, separator=" ", prefix="", **options
):
    """NumPy's layout of an array, with a text of its own for each element."""
    given = {} if precision is None else {"precision": precision}
    formatter = options.pop("formatter", None)

    def element(d):
        with np.printoptions(**given):
            return str(d)

    return np.array2string(
        np.asarray(a),
        max_line_width,
        precision,
        suppress_small,
        separator,
        prefix,
        formatter=formatter or {"all": element},
        **options,
    )
