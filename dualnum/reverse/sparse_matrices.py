"""Products of a matrix of scipy.sparse, which is constant, and a recorded array."""

import numpy as np

from dualnum._core import keep, pulled, refuse, tape_of, values_of


def multiply(own, matrix, x):
    """Return ``own(matrix, x)``, SciPy's product of a matrix and an array of one or two axes, recorded."""
    tape = tape_of(x)
    if matrix.dtype.kind not in "biuf":
        refuse(tape, f"a sparse matrix of {matrix.dtype}")
    value = np.asarray(own(matrix, values_of(x)), dtype=float)
    fixed, kept = matrix.tocsr(copy=True), keep(tape, x)  # f may change its matrix
    columns = np.arange(x.shape[1] if x.ndim == 2 else 1)

    def jacobian():
        elements = fixed.tocoo()
        rows, places = (
            np.add.outer(i * columns.size, columns).reshape(-1) for i in (elements.row, elements.col)
        )
        return rows, places, np.repeat(elements.data, columns.size)

    return pulled(tape, value, [x], lambda a: [fixed.T @ a], lambda: fixed @ kept.values(), jacobian)
