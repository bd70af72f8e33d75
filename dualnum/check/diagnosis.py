"""What finite differences of many steps tell about one derivative, and what they leave open.

The derivative of all of f's values by one variable, or by a pair, is looked at through three ladders of quotients, in
which the step is halved some forty times: central, and forward from either side. Each ladder is extrapolated twice
(Richardson); where neighbours on it agree best it has *settled*, and how far they agree is the error estimate.

* Steps below the best one show noise: how far they scatter about the result, times the step, is the noise of f, which
  must be in the estimate too (the best agreement of many is by chance too good).
* Where both sides have settled on different slopes there is a kink; where quotients grow like 1/h a jump, where they
  grow more slowly an infinite slope.
* Steps far from the best one that agree among themselves on something else are *another story*: f changes abruptly
  close by, or is a staircase of small steps. What either story confirms is not called wrong.
"""

import time
from typing import NamedTuple

import numpy as np

from dualnum.finite_difference import EPSILON, SMALLEST_SCALE, Probe, difference

#: The first and the last step of a ladder relative to the variable, as powers of two, for derivatives of order 1, 2.
LADDERS = {1: (-2, -47), 2: (-2, -33)}
#: The exponents of h in the errors of central and of one-sided quotients.
CENTRAL, SIDED = (2, 4), (1, 2)
#: By how many times its estimated error a difference quotient has to be off before it contradicts.
SAFETY = 10.0
#: Derivatives below this one are zero: too close to the smallest numbers there are.
SMALLEST = 1e-300
#: A staircase of steps shorter than this, relative to the variable, is taken for rounding inside f.
SHORT = 2.0**-8
#: Steps up to the first, relative to the variable, tell how large f is, and down to the second its derivatives.
NEAR, FAR = 2.0**-6, 2.0**-14
#: How many quotients of a ladder show how it grows.
WINDOW = 8

AGREES, UNDECIDED, WRONG = "agrees", "undecided", "wrong"
KINK, JUMP, NOISE, STEEP = "kink", "discontinuity", "noise", "infinite slope"
NEARBY, EDGE, NOT_FINITE = "kink or discontinuity nearby", "edge of the domain", "f(x) is not finite"


class Findings(NamedTuple):
    """What the differences say about one derivative: arrays with an element for each of f's values."""

    estimate: np.ndarray
    error: np.ndarray
    status: np.ndarray
    suspicion: np.ndarray


class Ladder(NamedTuple):
    """Quotients along the first axis, largest step first, and how large their rounding errors may be."""

    quotients: np.ndarray
    rounding: np.ndarray


class Settled(NamedTuple):
    """What a ladder has settled on, the error of that, the noise of f, and the step at which it settled."""

    limit: np.ndarray
    error: np.ndarray
    noise: np.ndarray
    step: np.ndarray


class Recorder(Probe):
    """A probe that calls f once for each place and counts what would be called without its memory."""

    def __init__(self, driver, variables, kwargs):
        super().__init__(driver, variables, kwargs, lambda shape: None)
        self.lenient = True
        self.memory = {}
        self.calls, self.seconds = 0, 0.0

    def at(self, moves=(), imaginary=None):
        """Return f where the variables are moved, from memory if it has been there."""
        aside = imaginary and (imaginary[0], float(imaginary[1]))
        key = tuple((place, float(distance)) for place, distance in moves), aside
        if key not in self.memory:
            start = time.perf_counter()
            y = super().at(moves, imaginary)
            self.memory[key] = y, time.perf_counter() - start
        y, seconds = self.memory[key]
        self.calls += 1
        self.seconds += seconds
        return y

    @property
    def centre(self):
        """Return f at the point itself."""
        return self.at()

    def forget(self, order):
        """Forget what fewer than `order` moves off the point do not reach: no other derivative needs it."""
        self.memory = {
            (moves, aside): entry
            for (moves, aside), entry in self.memory.items()
            if len(moves) < order and aside is None
        }


# ---- ladders -----------------------------------------------------------------------------------------------


def scales(x):
    """Return the powers of two next below the variables, and below 0.1 for the smaller ones."""
    size = np.where(np.isfinite(x), np.maximum(np.abs(x), SMALLEST_SCALE), 1.0)
    return np.ldexp(1.0, np.frexp(size)[1] - 1)


def relative_steps(x, order):
    """Return the steps of a ladder relative to the scales of the variables `x`.

    Variables much smaller than 0.1, but not zero, get longer ladders: down to steps that are small beside them.
    """
    first, last = LADDERS[order]
    small = np.min(np.abs(x), initial=SMALLEST_SCALE, where=np.isfinite(x) & (x != 0))
    last -= min(int(np.log2(SMALLEST_SCALE / small)), 960)
    return np.ldexp(1.0, np.arange(first, last - 1, -1))


def climb(probe, places, method, steps):
    """Return the Ladder of a method; `steps` has a row for each of them."""
    pairs = [difference(probe, places, method, row) for row in steps]
    quotients, rounding = (np.array(part).reshape(len(steps), -1) for part in zip(*pairs, strict=True))
    return Ladder(quotients, rounding)


def settle(ladder, r, n, powers):
    """Return what a ladder has settled on.

    Parameters
    ----------
    ladder : Ladder
    r : ndarray
        The relative steps.
    n : int
        The order of the derivative.
    powers : tuple of int
        The exponents of h that extrapolation removes.

    Returns
    -------
    Settled
    """
    excluded = unresolved(ladder, r)
    t, entries, errors, noises, steps = ladder.quotients, [], [], [], []
    for k, p in enumerate((None, *powers)):
        if p is not None:
            t = t[1:] + (t[1:] - t[:-1]) / (2.0**p - 1)
        gaps = np.abs(np.diff(t, axis=0))
        step = r[k + 1 : -1, np.newaxis]
        noise = scatter(t, r[k:] ** n)[1:-1]
        error = np.maximum(gaps[:-1], gaps[1:]) + (3 if k else 1) * ladder.rounding[k + 1 : -1]
        error = np.maximum(error, 2 * noise / step**n)
        error[excluded[k + 1 : -1] | ~np.isfinite(error)] = np.inf
        for parts, part in ((entries, t[1:-1]), (errors, error), (noises, noise), (steps, step[:, 0])):
            parts.append(part)
    entries, errors, noises, steps = map(np.concatenate, (entries, errors, noises, steps))
    every = np.arange(entries.shape[1])
    best = errors.argmin(axis=0)
    # a small error at steps beyond the scale of f, where quotients are small themselves, gives way to smaller steps
    relative = np.nan_to_num(errors / np.abs(entries), nan=np.inf, posinf=np.inf)
    other = relative.argmin(axis=0)
    gap = np.abs(entries[other, every] - entries[best, every])
    contradicts = gap > SAFETY * (errors[other, every] + errors[best, every])
    sharper = relative[best, every] >= np.maximum(1e-2, SAFETY * relative[other, every])
    better = (relative[other, every] < 0.05) & sharper & (steps[other] < steps[best])
    best = np.where(contradicts & better, other, best)
    error = errors[best, every]
    limit = np.where(np.isfinite(error), entries[best, every], np.nan)
    return Settled(limit, error, noises[best, every], steps[best])


def scatter(t, weights):
    """Return for each entry how far those by smaller steps are from it at most, each difference weighted."""
    t = np.where(np.isfinite(t), t, np.nan)
    found = np.zeros_like(t)
    for k in range(len(t) - 1):
        np.fmax.reduce(np.abs(t[k + 1 :] - t[k]) * weights[k + 1 :, np.newaxis], axis=0, out=found[k])
    return np.nan_to_num(found)


def unresolved(ladder, r):
    """Tell where f does not change any more, if it still does at larger steps that are short: that is rounding in f."""
    run = np.logical_and.accumulate((ladder.quotients == 0)[::-1], axis=0)[::-1]
    return run & ~(run & (r >= SHORT)[:, np.newaxis]).any(axis=0)


# ---- judgement ---------------------------------------------------------------------------------------------


class Evidence:
    """What differences tell about one derivative of all of f's values.

    Parameters
    ----------
    probe : Recorder
        The function.
    places : tuple of int
        The variables of the derivative, one or two.
    x : ndarray
        The values of all variables.
    size : float
        What a large derivative of f is; below 1e-2 of it nothing is undecided.
    rtol : float
        By how much of itself a derivative has to be off before it is called wrong.
    """

    def __init__(self, probe, places, x, size, rtol):
        with np.errstate(all="ignore"):
            self._collect(probe, places, x, size, rtol)

    def _collect(self, probe, places, x, size, rtol):
        n = self.n = len(places)
        r = self.r = relative_steps(x[list(places)], n)
        steps = r[:, np.newaxis] * scales(x)
        self.value = np.ravel(probe.centre)
        self.size, self.rtol = size, rtol
        self.ladders = [
            climb(probe, places, "central", steps),
            climb(probe, places, "forward", steps),
            climb(probe, places, "forward", -steps),
        ]
        self.central, self.right, self.left = (
            settle(ladder, r, n, powers)
            for ladder, powers in zip(self.ladders, (CENTRAL, SIDED, SIDED), strict=True)
        )
        near = (r <= NEAR)[:, np.newaxis]
        self.magnitude = self.most(self.ladders[1].rounding / (4 * EPSILON), near)  # of f
        self.noisy = self.central.noise > 1e4 * EPSILON * self.magnitude
        middle = near & (r >= FAR)[:, np.newaxis]
        large = [
            np.max(np.abs(q), axis=0, initial=0.0, where=middle & np.isfinite(q)) for q, _ in self.ladders
        ]
        self.large = np.max(large, axis=0)  # what derivatives are close by
        #: what of a derivative is too small to matter, beside its own size
        change = self.most(self.ladders[1].quotients, near)
        self.slack = np.max([rtol * change, 1e-12 * self.large, np.full(change.shape, SMALLEST)], axis=0)

    def most(self, quotients, where):
        """Return the largest of the quotients' numerators, in units of the scales of the variables."""
        numerators = np.abs(quotients) * self.r[:, np.newaxis] ** self.n
        return np.max(numerators, axis=0, initial=0.0, where=where & np.isfinite(numerators))

    def agrees(self, estimate, error, i=slice(None)):
        """Tell whether the derivative given is within an estimate's error, or insignificantly off it."""
        given = self.given[i]
        slack = SAFETY * error + self.rtol * np.maximum(np.abs(given), np.abs(estimate)) + self.slack[i]
        return np.isfinite(given) & (np.abs(given - estimate) <= slack)

    def judge(self, given, computed):
        """Return the Findings about a derivative.

        Parameters
        ----------
        given : ndarray
            The derivative, an element for each of f's values.
        computed : ndarray of bool
            Whether it is that of f's own operations, by dual numbers: it sees what is finer than any step.
        """
        self.given, self.computed = given, computed
        with np.errstate(all="ignore"):
            return self._findings()

    def _findings(self):
        """Return the findings: the ordinary case for all of f's values at once, the others one by one."""
        central, right, left = self.central, self.right, self.left
        limit, error = central.limit.copy(), central.error.copy()
        confirmed = self.agrees(limit, error)
        size = np.fmax(np.where(np.isfinite(self.given), np.abs(self.given), 0), np.abs(limit))
        nearby = np.maximum(1e-4 * self.magnitude, 1e-5 * self.large)
        self.scale = np.maximum(np.maximum(size, nearby), 1e-2 * self.size)
        smooth = np.abs(right.limit - left.limit) <= SAFETY * (right.error + left.error) + 1e-6 * self.scale
        sharp = SAFETY * np.max([central.error, right.error, left.error], axis=0) <= 1e-2 * self.scale
        quiet = ~self.noisy | (SAFETY * error <= 1e-6 * self.scale)
        status = np.where(confirmed, AGREES, WRONG).astype(object)
        suspicion = np.full(status.shape, None)
        for i in np.flatnonzero(~(confirmed & smooth & sharp & quiet & np.isfinite(self.value))):
            status[i], suspicion[i], limit[i], error[i] = self.look_closely(i, confirmed[i])
        return Findings(limit, error, status, suspicion)

    def look_closely(self, i, confirmed):
        """Return status, suspicion, estimate and error for one of f's values."""
        given, n, scale = self.given[i], self.n, self.scale[i]
        limit, error = self.central.limit[i], self.central.error[i]
        sides = [(side.limit[i], side.error[i]) for side in (self.right, self.left)]
        if not np.isfinite(self.value[i]):
            return UNDECIDED, NOT_FINITE, np.nan, np.inf
        growth = [self.growth(ladder, i) for ladder in self.ladders]
        if n in growth:
            return UNDECIDED, JUMP, np.nan, np.inf
        tails = [ladder.quotients[-WINDOW:, i] for ladder in self.ladders[1:]]
        missing = [not np.isfinite(tail).any() for tail in tails]
        if all(missing):
            return UNDECIDED, EDGE, np.nan, np.inf
        if 0.5 in growth[1:] or (any(missing) and 1 in growth[1:]):
            signs = [np.sign(tail[-1]) for tail, gone in zip(tails, missing, strict=True) if not gone]
            confirmed = np.isinf(given) and np.sign(given) in signs
            return AGREES if confirmed else UNDECIDED, STEEP, np.nan, np.inf
        if any(missing):
            limit, error = sides[missing.index(False)]
            status = self.verdict(i, self.agrees(limit, error, i), limit, error)
            rough = not SAFETY * error <= max(0.1 * abs(limit), 1e-4 * self.magnitude[i])
            return UNDECIDED if rough else status, EDGE, limit, error
        settled = all(SAFETY * error < 1e-2 * scale for _, error in sides)
        if 1 in growth:
            return self.at_kink(given, sides) if settled else (UNDECIDED, KINK, np.nan, np.inf)
        gap = abs(sides[0][0] - sides[1][0])
        if settled and gap > SAFETY * (sides[0][1] + sides[1][1]) + 1e-6 * scale:
            return self.at_kink(given, sides)
        noise = NOISE if self.noisy[i] and not SAFETY * error <= 1e-6 * scale else None
        status = self.verdict(i, confirmed, limit, error)
        if status == AGREES:
            return status, noise, limit, error
        if given == 0 and self.staircase(i, limit):
            return UNDECIDED if status == WRONG else AGREES, NEARBY, limit, error
        if status == WRONG and self.another_story(i, limit, error):
            return UNDECIDED, NEARBY, limit, error
        if status == WRONG and self.hidden(i, limit, error):
            return UNDECIDED, NOISE, limit, error
        if status == WRONG and self.computed[i] and self.noisy[i]:
            # the noise may well be as steep as that between neighbouring floats
            if abs(given - limit) * EPSILON**n <= SAFETY * self.central.noise[i]:
                return UNDECIDED, NOISE, limit, error
        return status, NOISE if status == UNDECIDED else noise, limit, error

    def verdict(self, i, confirmed, limit, error):
        """Return the status of a derivative that an estimate confirms or not, undecided if that is too rough."""
        given, scale = self.given[i], self.scale[i]
        size = abs(limit) if np.isinf(given) else np.fmax(abs(given), abs(limit))
        rough = not (SAFETY * error <= 0.1 * size or SAFETY * error <= 1e-2 * scale)
        if rough and (confirmed or not np.isfinite(given) or not np.isfinite(limit)):
            return UNDECIDED
        if not confirmed and self.central.noise[i] > 1e-2 * self.magnitude[i]:
            return UNDECIDED  # f scatters by as much as it is large
        return AGREES if confirmed else WRONG

    def growth(self, ladder, i):
        """Return the exponent e if quotients grow like 1/h**e down to the smallest steps, None if they do not.

        An exponent between whole numbers is returned as 0.5.
        """
        q, rounding = ladder.quotients[:, i], ladder.rounding[:, i]
        resolved = np.flatnonzero(np.isfinite(q) & (np.abs(q) > 100 * rounding))[-WINDOW:]
        if len(resolved) < WINDOW or resolved[-1] - resolved[0] >= 2 * WINDOW:
            return None
        last = resolved[-1]
        if last + 1 < len(q) and np.abs(q[last]) > 200 * rounding[last + 1]:
            return None  # what follows would be resolved if it went on
        q, r = q[resolved], self.r[resolved]
        for exponent in range(1, self.n + 1):
            constant = q * r**exponent
            middle = np.median(constant)
            rounding = 1e3 * EPSILON * self.magnitude[i] if exponent == self.n else 0.0
            if np.all(np.abs(constant - middle) <= 0.02 * abs(middle)) and abs(middle) > rounding:
                return exponent
        slopes = np.diff(np.log(np.abs(q))) / -np.diff(np.log(r))
        steady = np.all(np.sign(q) == np.sign(q[0])) and np.ptp(slopes) < 0.05
        return 0.5 if steady and 0.05 < np.min(slopes) and np.max(slopes) < self.n - 0.02 else None

    def at_kink(self, given, sides):
        """Judge a derivative at a kink: between those of the two sides anything goes."""
        (low, _), (high, _) = sorted(sides)
        error = sum(error for _, error in sides)
        slack = 0.25 * (high - low) + SAFETY * error + self.rtol * abs(given)
        status = AGREES if low - slack <= given <= high + slack else WRONG
        return status, KINK, (low + high) / 2, (high - low) / 2 + error

    def staircase(self, i, limit):
        """Tell whether f stands still at the smallest steps, more so than the rounding of its values makes it."""
        ladder = self.ladders[0]
        still = unresolved(ladder, self.r)[:, i]
        return bool(np.any(still & ~(np.abs(limit) <= 100 * ladder.rounding[:, i])))

    def hidden(self, i, limit, error):
        """Tell whether f may well have the slope given, on a length at which rounding hides it.

        Quotients of larger steps bound the slope then, but tell no number; they scatter by more than f's rounding
        (or the slope is that of f's own operations), and with the slope given f would change by as much on a length
        at which no quotient speaks against it.
        """
        noise, gap = self.central.noise[i], abs(self.given[i] - limit)
        least = 4 * EPSILON * self.magnitude[i]
        if self.computed[i]:
            noise = max(noise, least)
        if SAFETY * error <= abs(limit) or not (noise > least or self.computed[i]):
            return False
        quotients, rounding = (part[:, i] for part in self.ladders[0])
        short = (self.r**self.n * gap <= noise) & np.isfinite(quotients)
        return bool(np.all((np.abs(quotients - self.given[i]) <= SAFETY * rounding)[short]) and short.any())

    def another_story(self, i, limit, error):
        """Tell whether other steps agree on something else, and that with the derivative given."""
        given = self.given[i]
        size = np.fmax(abs(given), abs(limit))
        t, rounding = self.ladders[0].quotients[:, i], self.ladders[0].rounding[:, i]
        for k, p in enumerate((0, *CENTRAL)):
            if p:
                t = t[1:] + (t[1:] - t[:-1]) / (2.0**p - 1)
            windows = np.lib.stride_tricks.sliding_window_view(t, 5)
            spread = np.ptp(windows, axis=1) + 3 * rounding[k + 4 :]
            middle = windows[:, 2]
            other = ~(np.abs(middle - limit) <= SAFETY * (spread + error))
            if np.any((spread <= 1e-2 * size) & other & self.agrees(middle, spread, i)):
                return True
        return False
