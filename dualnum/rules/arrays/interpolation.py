"""Piecewise linear interpolation, with derivatives by the points, the knots and the heights."""

import numpy as np

from dualnum._core import value
from dualnum.rules._operands import operands
from dualnum.rules._registry import rule, values_from


@rule(np.interp)
@values_from(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """The interpolant; at a knot the slopes on both sides are averaged, as at every kink."""
    x, xp, fp = operands("interp", x, xp, fp)
    if period is not None:
        period = np.abs(period)
        x, xp, left, right = x % period, xp % period, None, None
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    points, knots = value(x), value(xp)
    n = xp.size
    # slopes[i] is that of the piece on the left of knot i; outside the knots the pieces are constant.
    zero = np.zeros(1)
    slopes = np.concatenate([zero, (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1]), zero])
    place = (knots.searchsorted(points, side="right") - 1).clip(0, n - 1)
    after = x - xp[place]
    at_knot = (value(after) == 0) & ((place > 0) | (left is None))  # where `left` does not make a jump
    before = np.where(at_knot, slopes[place], slopes[place + 1])
    # The slope before the knot continues, and a kink adds the difference to the slope behind it.
    result = fp[place] + before * after + (slopes[place + 1] - before) * np.maximum(after, 0.0)
    result = np.where(points < knots[0], fp[0] if left is None else left, result)
    result = np.where(points > knots[-1], fp[-1] if right is None else right, result)
    # `right` makes a jump at the last knot, which has the slope of the inner side.
    if right is None or n < 2:
        return result
    return np.where(points == knots[-1], fp[-1] + slopes[n - 1] * after, result)
