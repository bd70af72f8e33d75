"""Derivatives beside finite differences: how far the two agree."""

import numpy as np


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
    >>> from dualnum.check import agreeing_digits
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
