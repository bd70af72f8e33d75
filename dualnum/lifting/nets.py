"""What a driver checks at the first call of a function's code: that no derivative was lost on the way.

Three nets compare a call of f on duals with plain f on floats:

value net
    the values agree;
constant net, direction net
    the derivative along one direction agrees with differences of plain f.

A net speaks only where it is certain.  Where f is random or has a state, has a kink or noise, or calls
``dualnum.value`` on purpose, the differences decide nothing.
"""

import functools
import threading

import numpy as np

from dualnum._core import (
    DUAL_DTYPES,
    E1,
    ComplexDual,
    Dual,
    DualDType,
    Lost,
    comparisons_of_last_call,
    complex_from,
    imaginary_part,
    is_complex_dual,
    real_part,
    split,
    value,
    watch_values,
)
from dualnum.lifting.storage import copied, stripped

#: Values on duals and on floats may differ by rounding, where `math` and NumPy compute a function differently.
RTOL = 1e-9
#: Steps of the differences, relative to the variables: the first alone as a rule, all of them where it disagrees.
STEPS = 1e-5, 1.25e-6, 8e-5, 4e-7
#: How far a derivative may be from the first difference, relative to both.
CLOSE = 1e-6
#: Smaller steps, which acquit f where it changes within the others.
SMALL = 1e-8, 1e-10, 1e-12
#: Noise of differences relative to values, and the factor of both where a solver stops at its tolerance.
NOISE, LOOSE = 1e-8, 1e4
#: Slopes below this may be lost to underflow in f.
TINY = 1e-140
#: Steps that are longer than those of a search by comparisons, and how many comparisons are one.
LONG, SEARCH = (1e-3, 3e-3), 8
#: Steps among which is one beyond the next stair of a function that rounds.
STAIRS = 1e-11 * 2.0 ** np.arange(24)
#: What `loss` returns where the differences cannot tell: at kinks, near the end of f's domain.
UNDECIDED = "undecided"
#: What it returns where f's value on duals is another than on floats, but f jumps there, or complex for a real one.
JUMP = "jump"


class Solutions(threading.local):
    """How many solutions of equations have got derivatives, which are those of the exact solutions.

    Those that are `coarse` have values whose errors hide their derivatives from differences.
    """

    count = coarse = 0


solutions = Solutions()


def _unlabelled(y):
    """Return the array in a Series or a DataFrame; anything else as it is."""
    return y.to_numpy() if hasattr(y, "to_numpy") else y


def _lost(at, text):
    """Return the error about a derivative that plain f loses; it names f and its line."""
    f = at.f
    while hasattr(f, "__wrapped__") or isinstance(f, functools.partial):
        f = f.func if isinstance(f, functools.partial) else f.__wrapped__
    code = getattr(f if hasattr(f, "__code__") else type(f).__call__, "__code__", None)
    where = "" if code is None else f"\nf is {code.co_qualname}, at {code.co_filename}:{code.co_firstlineno}"
    return Lost(text + where)


def _as_array(y):
    """Return what f gave as an array where it is a list or a tuple, or holds objects."""
    y = _unlabelled(y)
    if isinstance(y, (list, tuple)):
        y = np.array(y)
    return np.array(y.tolist()) if isinstance(y, np.ndarray) and y.dtype.kind == "O" else y


def _is_complex(y):
    """Return whether what f gave is made of complex numbers."""
    try:
        y = _as_array(y)
    except Exception:
        return False
    return isinstance(y, (np.ndarray, np.generic, complex, ComplexDual)) and np.iscomplexobj(y)


def _both_parts(y):
    """Return the real and the imaginary part of numbers along a new first axis."""
    y = np.asarray(_as_array(y))
    return np.stack([np.asarray(real_part(y)), np.asarray(imaginary_part(y))])


def _number_array(y, is_complex=False):
    """Return what f gave as float64 values, complex ones as both parts, or None if it is no array of numbers."""
    try:
        y = _unlabelled(y)
        if isinstance(y, (list, tuple)):
            y = np.array(y)
        a = np.asarray(value(y))
        if isinstance(a.dtype, DUAL_DTYPES) or a.dtype.kind == "O":
            a = np.array(value(a))
        if is_complex and a.dtype.kind in "biufc":
            a = _both_parts(a)
        return a.astype(float) if a.dtype.kind in "biuf" else None
    except Exception:
        return None


def _levels(x, depth=20):
    """Return the levels of all duals in x, containers included."""
    dtype = getattr(x, "dtype", None)
    if isinstance(dtype, DUAL_DTYPES):
        return list(dtype.levels)
    if isinstance(x, dict):
        x = tuple(x.values())
    elif isinstance(dtype, np.dtype):
        x = tuple(x.ravel().tolist()) if dtype.kind == "O" else ()
    return (
        [level for item in x for level in _levels(item, depth - 1)]
        if depth and isinstance(x, (list, tuple))
        else []
    )


class Plain:
    """Plain f at floats near the values of its arguments.

    Attributes
    ----------
    args, kwargs : tuple, dict
        Copies of f's arguments.
    state : State
        That of the arguments before f was called: what copies share with them is put back for each call.
    error : Exception or None
        What f raised at the values themselves.
    is_complex : bool
        Whether results are compared as their real and imaginary parts.
    """

    def __init__(self, f, args, kwargs, state):
        self.f, self.args, self.kwargs, self.state = f, args, kwargs, state
        self.error = None
        self.is_complex = False
        self._value = None

    @property
    def value(self):
        """What f gives at the values, from one call of it; None where it raises."""
        if self._value is None and self.error is None:
            self._value = self(None, 0.0)
        return self._value

    def __call__(self, directions, step):
        """Return f at a step along the directions, or, without directions, at the values; None where it raises."""
        args, kwargs = stripped((self.args, self.kwargs)) if directions is None else directions.at(step)
        try:
            with np.errstate(all="ignore"), self.state.again():
                return self.f(*args, **kwargs)
        except Exception as error:
            if directions is None:
                self.error = error
            return None

    def numbers(self, directions, step):
        """Return what a call gives as an array of float64, or None if it is no array of numbers."""
        return _number_array(self(directions, step), self.is_complex)

    def repeats(self, expected):
        """Return whether another call at the values gives the same: f is neither random nor has a state."""
        return not _differs(self.numbers(None, 0.0), expected)

    def discards(self):
        """Return whether f discards derivatives on purpose, with ``dualnum.value`` and its kin."""
        with watch_values() as seen, self.state.again():
            try:
                self.f(*copied(self.args), **copied(self.kwargs))
            except Exception:
                pass
        return bool(seen)


class Directions:
    """A direction in the space that the arguments' tangents in one level span, scaled by the size of the variables."""

    def __init__(self, tree, level):
        self.tree, self.level = tree, level
        self.weights = None
        self.found = []
        self._collect(self.tree)

    def _collect(self, x, depth=20):
        dtype = getattr(x, "dtype", None)
        if isinstance(dtype, DualDType):
            tangents = self._tangents(x)
            if tangents is not None:
                self.found.append((np.array(value(x), float), np.array(tangents, float)))
        elif is_complex_dual(x):
            self._collect(real_part(x))
            self._collect(imaginary_part(x))
        elif not depth:
            return
        elif isinstance(x, (list, tuple)):
            for item in x:
                self._collect(item, depth - 1)
        elif isinstance(x, dict):
            for item in x.values():
                self._collect(item, depth - 1)

    def _tangents(self, x):
        """Return x's coefficients of degree 1 in the level, or None if it lacks that."""
        _, tangents = split(x, self.level)
        if tangents is None:
            return None
        count = 1 if self.level.taylor else x.dtype.sizes[x.dtype.levels.index(self.level)]
        return np.asarray(value(tangents))[..., :count]

    def weigh(self):
        """Choose the weight of each tangent: pseudo-random, and as large as the variables that it moves."""
        width = max((tangents.shape[-1] for _, tangents in self.found), default=0)
        sizes = np.zeros(width)
        for x, tangents in self.found:
            if not np.isfinite(x).all() or not np.isfinite(tangents).all():
                return False
            if tangents.size:
                moved = np.abs(tangents).reshape(-1, tangents.shape[-1])
                step = np.where(moved > 0, np.abs(x).reshape(-1, 1), 0.0)
                largest = moved.max(axis=0, initial=0.0)
                size = step.max(axis=0, initial=0.0)
                known = largest > 0
                scaled = np.where(size > 0, size, 1.0)[known] / largest[known]
                sizes[: moved.shape[1]][known] = np.maximum(sizes[: moved.shape[1]][known], scaled)
        self.weights = sizes * (0.75 + 0.25 * np.cos(1.7 * np.arange(width) + 1.0))
        return bool(np.any(self.weights))

    def slope(self, y):
        """Return the derivative along the direction that y carries, and zeros where it carries none."""
        tangents = self._tangents(y)
        return np.zeros(np.shape(value(y))) if tangents is None else tangents @ self.weights

    def still(self, y):
        """Return for each tangent whether y has none there, or None if y lacks the level."""
        if not isinstance(getattr(y, "dtype", None), DualDType) or self.level.taylor:
            return None
        tangents = self._tangents(y)
        if tangents is None:
            return None
        moved = np.any(tangents.reshape(-1, len(self.weights)) != 0, axis=0)
        return ~moved & (self.weights != 0)

    def along(self, chosen):
        """Return the direction that moves the chosen tangents alone, to both sides: equal elements then part."""
        made = Directions.__new__(Directions)
        made.tree, made.level, made.found = self.tree, self.level, self.found
        made.weights = np.where(chosen, self.weights * (-1.0) ** np.cumsum(chosen), 0.0)
        return made

    def at(self, step):
        """Return the arguments as floats, a step along the direction."""
        return self._moved(self.tree, step)

    def _moved(self, x, step, depth=20):
        if isinstance(getattr(x, "dtype", None), DualDType):
            tangents = self._tangents(x)
            if tangents is None:
                return stripped(x)
            moved = np.array(value(x), order="K") + step * (tangents @ self.weights)
            return float(moved) if type(x) is Dual else moved
        if is_complex_dual(x):
            return complex_from(self._moved(real_part(x), step), self._moved(imaginary_part(x), step))
        if not depth:
            return x
        if type(x) in (list, tuple):
            return type(x)([self._moved(item, step, depth - 1) for item in x])
        if isinstance(x, tuple):
            return (
                type(x)(*[self._moved(item, step, depth - 1) for item in x]) if hasattr(x, "_fields") else x
            )
        if type(x) is dict:
            return {key: self._moved(item, step, depth - 1) for key, item in x.items()}
        return copied(x)


@np.errstate(all="ignore")  # of the nets' own arithmetic: tiny numbers underflow in their differences
def loss(at, y, solved=False, coarse=False, compared=None):
    """Return the error about a derivative that f has lost, None, UNDECIDED, or JUMP, from its result `y` on duals.

    `at` is plain f at the values of the same arguments.  Where f has `solved` equations, its values have the noise of
    the solvers' tolerances, which say nothing about derivatives where these are `coarse`.  It has `compared` numbers so
    often; None for as often as in the last call.
    """
    if at.value is None:
        return UNDECIDED if at.error is not None else None
    y = _unlabelled(y)
    at.is_complex = _is_complex(y) or _is_complex(at.value)
    if at.is_complex and not _is_complex(at.value):
        return JUMP
    got, expected = (_number_array(a, at.is_complex) for a in (y, at.value))
    if got is None or expected is None:
        return None
    args = at.args, at.kwargs
    if E1 in _levels(y) and E1 not in _levels(args) + _levels(at.value):
        return _lost(
            at,
            "f(x) expects f to make floats with float(...), got a number that f made with the type of x; use float.",
        )
    if _differs(got, expected):
        if not at.repeats(expected):
            return None
        if _ill_conditioned(at, args, got, expected):
            return JUMP
        found, wanted = (_some(value(_as_array(a))) for a in (y, at.value))
        return _lost(
            at,
            f"f(x) expects the same value for duals and floats, got {found} and {wanted}: f treats other types than "
            f"float in another way, or an error that it catches.",
        )
    if coarse and _levels(y):
        return UNDECIDED
    y = _both_parts(y) if at.is_complex else y
    compared = comparisons_of_last_call() if compared is None else compared
    found = _slope_loss(at, args, y, expected, LOOSE if solved else 1.0, compared)
    return None if found is UNDECIDED and not at.repeats(expected) else found


def _some(a):
    a = np.asarray(a)
    return f"{a}" if a.ndim == 0 else f"an array of shape {a.shape}"


def _differs(got, expected):
    """Return whether values differ by more than rounding, or in shape."""
    if expected is None or got.shape != expected.shape:
        return True
    size = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    return not np.allclose(got, expected, rtol=RTOL, atol=RTOL * 1e-3 * size, equal_nan=True)


def _ill_conditioned(at, args, got, expected):
    """Return whether f moves as much as its two values differ if x moves by a few ulps."""
    directions = _directions(args)
    if directions is None:
        return True
    near = [at.numbers(directions, step) for step in (1e-15, -1e-15, 4e-15)]
    if any(a is None or a.shape != got.shape for a in near):
        return False
    moved = np.max([np.abs(a - expected) for a in near], axis=0)
    return bool(np.all((np.abs(got - expected) <= 100 * moved) | ~np.isfinite(got)))


def _directions(args):
    """Return a direction in the youngest level of the arguments; None if they have none, or none that moves."""
    levels = _levels(args)
    if not levels:
        return None
    directions = Directions(args, max(levels, key=lambda level: level.age))
    return directions if directions.weigh() else None


def _slope_loss(at, args, y, expected, loose, compared):
    """Return the error about a derivative that differs from differences of plain f, None, or UNDECIDED."""
    directions = _directions(args)
    if directions is None:
        return None
    y = _as_array(y)
    slope = np.asarray(directions.slope(y) if _levels(y) else np.zeros(expected.shape))
    if slope.shape != expected.shape:
        return None
    lost = _still_slope(at, directions, y, expected, loose)
    if not isinstance(lost, Lost):
        lost = _moving_slope(at, directions, slope, expected, loose) or lost
    searched = compared >= SEARCH
    if isinstance(lost, Lost) or (searched and not _levels(y)):  # drivers warn of a constant
        return lost
    if searched:
        return _searched_slope(at, directions, slope, expected) or lost
    return (lost is UNDECIDED and _rounded_slope(at, directions, slope, expected)) or lost


def _long_slope(at, directions, slope, expected):
    """Return the difference of a long step, and where two such differences agree, and not with the slope."""
    found = [_difference(at, directions, step, expected) for step in LONG]
    if any(difference is None for difference, _ in found):
        return None, np.zeros(expected.shape, bool)
    (first, kinked), (second, other) = found
    wrong = _apart(first, slope, 0.1, NOISE * np.abs(expected)) & ~kinked & ~other
    return first, wrong & ~_apart(first, second, 0.02, NOISE * np.abs(expected))


def _rounded_slope(at, directions, slope, expected):
    """Return the error about a slope that f has lost by rounding, or None.

    On both sides f follows the slope exactly, and then leaps: a smooth function would leave it little by little.
    """
    first, wrong = _long_slope(at, directions, slope, expected)
    for sign in (1.0, -1.0):
        if not wrong.any():
            return None
        leaps, still = np.zeros(expected.shape, bool), np.zeros(expected.shape, bool)
        for step in sign * STAIRS:
            y = at.numbers(directions, step)
            if y is None or y.shape != expected.shape:
                return None
            rest = np.abs(y - expected - step * slope)
            leaps |= still & (rest >= 0.2 * np.abs(step * (first - slope)))
            still = rest <= 4e-15 * np.abs(expected)
        wrong &= leaps
    text = (
        "f(x) expects its derivative to be carried, got {slope:.6g} along one direction where f moves by {center:.6g}: "
        "f is a staircase, as of numbers that it rounds; round what f returns, or turn this check off with check=False."
    )
    return _accusation(at, wrong, slope, first, expected, text)


def _searched_slope(at, directions, slope, expected):
    """Return the error about a slope that a search by comparisons has lost, or None.

    Its result is a staircase: flat, as the derivatives say, and yet f moves over steps that are longer than the
    stairs.
    """
    first, wrong = _long_slope(at, directions, slope, expected)
    short, _ = _difference(at, directions, STEPS[-1] / 10, expected)
    if short is None or not wrong.any():
        return None
    wrong &= _apart(short, first, 0.02, TINY)  # a staircase
    text = (
        "f(x) expects its derivative to be carried, got {slope:.6g} along one direction where f moves by {center:.6g}: "
        "f searches by comparisons, which carry none; use dualnum.root or scipy.optimize.brentq, which give that of "
        "the solution, or turn this check off with check=False."
    )
    return _accusation(at, wrong, slope, first, expected, text)


def _moving_slope(at, directions, slope, expected, loose):
    """Return the error about a slope along the whole direction that is not that of the differences."""
    close, noise = loose * CLOSE, loose * NOISE * np.abs(expected) + TINY
    difference, kinked = _difference(at, directions, STEPS[0], expected)
    if difference is None:
        return UNDECIDED
    wrong = _apart(difference, slope, close, noise) & ~kinked
    if not wrong.any():
        return UNDECIDED if kinked.any() else None
    differences, kinks = [difference], kinked
    for step in STEPS[1:]:
        difference, kinked = _difference(at, directions, step, expected)
        if difference is None:
            return UNDECIDED
        kinks = kinks | kinked
        differences.append(difference)
    wrong &= ~kinks
    center = np.median(differences, axis=0)
    spread = np.max(np.abs(np.array(differences) - center), axis=0)
    wrong &= np.abs(center - slope) > 30 * spread + close * np.maximum(np.abs(center), np.abs(slope)) + noise
    wrong &= spread <= 0.01 * np.abs(center) + noise
    wrong &= (center != 0) | (spread != 0)  # else f may absorb the steps, as x + 1e15 does
    wrong = _without_ties(wrong, expected, slope, center, kinks)
    if not wrong.any():
        return UNDECIDED
    what = "the derivative of f on duals to be that of f on floats, got {slope:.6g} along one direction"
    return _verdict(at, directions, wrong, slope, center, expected, what)


def _still_slope(at, directions, y, expected, loose):
    """Return the error about variables of which y carries no derivative at all although f moves with them, or None.

    A small slope may hide beside the large ones of other variables.
    """
    still = directions.still(y)
    if still is None or not still.any() or still.all():
        return None
    alone = directions.along(still)
    found = []
    for step in STEPS[:2]:
        difference, kinked = _difference(at, alone, step, expected)
        if difference is None or kinked.any():
            return None
        found.append(difference)
    noise = loose * NOISE * np.abs(expected) + TINY
    none = np.zeros(expected.shape)
    moves = ~_apart(*found, 0.01, noise)
    for difference in found:
        moves &= _apart(difference, none, loose * CLOSE, noise)
    what = "to carry the derivative of each variable, got none along some"
    return _verdict(at, alone, moves, none, found[0], expected, what)


def _verdict(at, directions, wrong, slope, center, expected, what):
    """Return the error about elements whose slope is wrong, UNDECIDED if smaller steps acquit them, None if f does."""
    if wrong.any():
        wrong = wrong & ~_acquitted(at, directions, slope, center, expected)
        if not wrong.any():
            return UNDECIDED
    text = (
        f"f(x) expects {what} where differences of f give {{center:.6g}}: f loses the derivative of a number that it "
        f"converts, looks up, searches for or compares; write f with the formula that defines it, or turn this check "
        f"off with check=False."
    )
    return _accusation(at, wrong, slope, center, expected, text)


def _accusation(at, wrong, slope, center, expected, text):
    """Return the error about the worst of the wrong elements, unless f is random or discards derivatives on purpose."""
    if not wrong.any() or not at.repeats(expected) or at.discards():
        return None
    i = np.unravel_index(np.argmax(wrong), wrong.shape)
    return _lost(at, text.format(slope=slope[i], center=center[i]))


def _acquitted(at, directions, slope, center, expected):
    """Return where differences of two small steps in a row agree with the slope, although those of larger ones do not.

    f then changes within the larger steps, or has a kink so weak that the larger ones do not show it.  A step tells
    something only where its rounding errors are smaller than the disagreement.
    """
    acquitted = before = np.zeros(expected.shape, bool)
    for step in SMALL:
        right, left = _sides(at, directions, step, expected)
        if right is None:
            continue
        difference = (right + left) / 2
        noise = 1e-15 * np.abs(expected) / step
        tells = np.abs(center - slope) > 10 * noise
        agrees = (difference != 0) & ~_apart(difference, slope, 0.05, noise)
        away = np.abs(difference - slope)
        agrees &= (away < 0.5 * np.abs(center - slope)) | (away < np.abs(right - left))
        acquitted = np.where(tells, agrees & before, acquitted)
        before = np.where(tells, agrees, before)
    return acquitted


def _without_ties(wrong, values, slope, center, kinks):
    """Return `wrong` without the elements of equal values whose slopes are right in another order: eigenvalues.

    Where one of these has a kink, they change their order, and of their central differences the sum alone is that of
    the slopes.
    """
    left = wrong.copy()
    for i in np.flatnonzero(wrong):
        tied = np.abs(values - values.flat[i]) <= 1e-6 * np.abs(values.flat[i])
        right = np.allclose(np.sort(slope[tied]), np.sort(center[tied]), rtol=0.01)
        size = np.max(np.abs(center[tied]))
        crossing = kinks[tied].any() and abs(np.sum(slope[tied]) - np.sum(center[tied])) <= 0.01 * size
        if tied.sum() > 1 and (right or crossing):
            left.flat[i] = False
    return left


def _apart(a, b, rtol, noise):
    """Return where finite numbers differ by more than a relative tolerance and a noise."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b) > rtol * np.maximum(np.abs(a), np.abs(b)) + noise
    return apart & np.isfinite(a) & np.isfinite(b)


def _difference(at, directions, step, expected):
    """Return the central difference of plain f, and where the two sides disagree: at kinks, jumps and noise."""
    right, left = _sides(at, directions, step, expected)
    if right is None:
        return None, None
    return (right + left) / 2, _apart(right, left, 0.05, 1e-9 * np.abs(expected) / step)


def _sides(at, directions, step, expected):
    """Return the differences of plain f to the right and to the left, or None for both."""
    above, below = (at.numbers(directions, sign * step) for sign in (1, -1))
    if above is None or below is None or above.shape != expected.shape or below.shape != expected.shape:
        return None, None
    return (above - expected) / step, (expected - below) / step
