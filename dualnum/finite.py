"""Central finite differences of function values, to set beside exact derivatives.

They are an independent check, good to about ten digits (first order) and six (second order), and never
used to compute a result.
"""

import numpy as np

EPSILON = np.finfo(float).eps


def steps(x, order):
    """Return the step of each element of `x` that balances rounding against truncation.

    Parameters
    ----------
    x : array_like
        The point.
    order : int
        The order of the derivative, 1 or 2.

    Returns
    -------
    ndarray
        ``eps**(1/(order + 2)) * max(abs(x), 0.01)``, rounded so that ``x + h`` differs from `x` by exactly
        ``h``.

    Examples
    --------
    >>> from dualnum.finite import steps
    >>> float(steps(2.0, 1)) < 1e-4
    True
    """
    x = np.asarray(x, dtype=float)
    h = EPSILON ** (1 / (order + 2)) * np.maximum(np.abs(x), 0.01)
    return (x + h) - x


def first_differences(f, x):
    """Approximate all first partial derivatives of `f` by ``(f(x + h) - f(x - h)) / 2h``.

    Parameters
    ----------
    f : callable
        A function of one float or array that returns a float or an array.
    x : float or ndarray
        The point, which is left as it is.

    Returns
    -------
    ndarray
        The shape of ``f(x)`` followed by the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from dualnum.finite import first_differences
    >>> np.round(first_differences(lambda x: x[0] * x[1], np.array([2.0, 3.0])), 8)
    array([3., 2.])
    """
    x, h = np.asarray(x, dtype=float), steps(x, 1)
    columns = []
    for i in np.ndindex(x.shape):
        rise = _moved(f, x, (i, h[i])) - _moved(f, x, (i, -h[i]))
        columns.append(rise / (2 * h[i]))
    return _stacked(columns, x.shape)


def second_differences(f, x):
    """Approximate all second partial derivatives of `f` by central differences of its values.

    Parameters
    ----------
    f : callable
        A function of one float or array that returns a float or an array.
    x : float or ndarray
        The point, which is left as it is.

    Returns
    -------
    ndarray
        The shape of ``f(x)`` followed by the shape of `x` twice.

    Examples
    --------
    >>> import numpy as np
    >>> from dualnum.finite import second_differences
    >>> np.round(second_differences(lambda x: x[0] * x[1], np.array([2.0, 3.0])), 4) + 0.0
    array([[0., 1.],
           [1., 0.]])
    """
    x, h = np.asarray(x, dtype=float), steps(x, 2)
    centre = _moved(f, x)
    indices = list(np.ndindex(x.shape))
    table = {}
    for p, i in enumerate(indices):
        table[p, p] = (_moved(f, x, (i, h[i])) - 2 * centre + _moved(f, x, (i, -h[i]))) / h[i] ** 2
        for q, j in enumerate(indices[:p]):
            same = _moved(f, x, (i, h[i]), (j, h[j])) + _moved(f, x, (i, -h[i]), (j, -h[j]))
            opposite = _moved(f, x, (i, h[i]), (j, -h[j])) + _moved(f, x, (i, -h[i]), (j, h[j]))
            table[p, q] = table[q, p] = (same - opposite) / (4 * h[i] * h[j])
    n = len(indices)
    return _stacked([table[p, q] for p in range(n) for q in range(n)], x.shape * 2)


def agreeing_digits(exact, approximate):
    """Count the decimal digits in which two tables of numbers agree.

    Parameters
    ----------
    exact, approximate : array_like
        Tables of one shape. Entries are compared relative to their own size, and where the exact one is zero
        relative to the largest entry of `exact` (to 1 where all are zero).

    Returns
    -------
    ndarray
        Between 0 and 16; NaN where only one of the two is finite.

    Examples
    --------
    >>> from dualnum.finite import agreeing_digits
    >>> agreeing_digits([1.0, 2.0], [1.0, 2.002])
    array([16.,  3.])
    """
    exact, approximate = np.asarray(exact, dtype=float), np.asarray(approximate, dtype=float)
    size = np.abs(exact)
    largest = np.max(size, initial=0.0, where=np.isfinite(size))
    with np.errstate(all="ignore"):
        error = np.abs(exact - approximate) / np.where(size > 0, size, largest or 1.0)
        digits = np.clip(-np.log10(error), 0, 16)
    return np.where((exact == approximate) | (np.isnan(exact) & np.isnan(approximate)), 16.0, digits)


def _moved(f, x, *moves):
    """Return ``f`` at a copy of `x` with each ``(index, step)`` added, as an array."""
    x = x.copy()
    for index, step in moves:
        x[index] += step
    return np.asarray(f(x if x.ndim else x[()]), dtype=float)


def _stacked(columns, shape):
    """Return the arrays in `columns` along new last axes of the given shape."""
    if not columns:
        return np.zeros(shape)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + shape)
