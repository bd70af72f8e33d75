"""Judge one derivative by difference quotients of many step sizes.

For the derivative of all of f's values by one variable, or by a pair, three sequences of quotients halve the step some
forty times: central ones, and forward ones to either side. Richardson's scheme extrapolates each sequence twice. The
limit is the entry whose neighbours differ least from it; how far they differ is the error estimate.

* Smaller steps than the best one show the noise of f: the step times how far their quotients scatter about the limit.
  The error estimate includes it, because the best agreement of many entries is too good by chance.
* Two different one-sided limits are a kink; quotients that grow like 1/h are a jump, and quotients that grow more
  slowly an infinite slope.
* A second limit, on which steps far from the best one agree among themselves, means that f changes abruptly close by
  or is a staircase of small steps. A derivative that equals either limit is not called wrong.
"""

import time
from typing import NamedTuple

import numpy as np

from dualnum.difference_quotients import EPSILON, SMALLEST_SCALE, Probe, difference

#: The exponents of the first and the last step, powers of two relative to the variable, for derivatives of order 1, 2.
STEP_EXPONENTS = {1: (-2, -47), 2: (-2, -33)}
#: The exponents of h in the errors of central and of one-sided quotients.
CENTRAL, SIDED = (2, 4), (1, 2)
#: A quotient contradicts a derivative from which it differs by more than this many of its estimated errors.
SAFETY = 10.0
#: Derivatives below this one count as zero: quotients would need subnormal numbers.
SMALLEST = 1e-300
#: If f is constant on steps shorter than this, relative to the variable, that counts as rounding inside f.
SHORT = 2.0**-8
#: Steps up to NEAR, relative to the variable, tell the magnitude of f; those from FAR to NEAR that of its derivatives.
NEAR, FAR = 2.0**-6, 2.0**-14
#: The number of quotients that decide how a sequence grows.
WINDOW = 8

AGREES, UNDECIDED, WRONG = "agrees", "undecided", "wrong"
KINK, JUMP, NOISE, STEEP = "kink", "discontinuity", "noise", "infinite slope"
NEARBY, EDGE, NOT_FINITE = "kink or discontinuity nearby", "edge of the domain", "f(x) is not finite"


class Findings(NamedTuple):
    """The judgement of one derivative: arrays with an element for each of f's values."""

    estimate: np.ndarray
    error: np.ndarray
    status: np.ndarray
    suspicion: np.ndarray


class Quotients(NamedTuple):
    """Difference quotients along the first axis, largest step first, and bounds of their rounding errors."""

    quotients: np.ndarray
    rounding: np.ndarray


class Extrapolated(NamedTuple):
    """The limit of a sequence, its estimated error, the noise of f, and the step of the best entry."""

    limit: np.ndarray
    error: np.ndarray
    noise: np.ndarray
    step: np.ndarray


class MemoizedProbe(Probe):
    """A probe that calls f once for each point; `calls` and `seconds` count repeated requests as calls.

    The first call is at the point itself. If f(x) is complex there, `is_complex`, all values are the real and the
    imaginary parts, along a new first axis.
    """

    def __init__(self, driver, variables, kwargs):
        super().__init__(driver, variables, kwargs, lambda shape: None)
        self.lenient = True
        self.is_complex = None
        self.memory = {}
        self.calls, self.seconds = 0, 0.0

    def at(self, moves=(), imaginary=None):
        """Return f where the variables are moved, from memory where f was called there before."""
        if imaginary is not None and self.is_complex:
            raise TypeError("the imaginary part of f(x + ih) is no derivative where f(x) is complex")
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

    def output(self, y):
        """Return what f gave as an array of real numbers, NaN where only values away from the point are complex."""
        y = super().output(y)
        if self.is_complex is None:
            self.is_complex = np.iscomplexobj(y)
        if self.is_complex:
            return np.stack([y.real, y.imag])
        return np.full(y.shape, np.nan) if np.iscomplexobj(y) else y

    @property
    def centre(self):
        """Return f at the point itself."""
        return self.at()

    def forget(self, order):
        """Keep only values within fewer than `order` moves of the point: other derivatives need no others."""
        self.memory = {
            (moves, aside): entry
            for (moves, aside), entry in self.memory.items()
            if len(moves) < order and aside is None
        }


# ---- sequences -----------------------------------------------------------------------------------------------


def scales(x):
    """Return the powers of two next below the variables, and below 0.1 for the smaller ones."""
    size = np.where(np.isfinite(x), np.maximum(np.abs(x), SMALLEST_SCALE), 1.0)
    return np.ldexp(1.0, np.frexp(size)[1] - 1)


def relative_steps(x, order):
    """Return the steps of a sequence relative to the scales of the variables `x`.

    A variable much smaller than 0.1, but not zero, gets a longer sequence: down to steps that are small beside it.
    """
    first, last = STEP_EXPONENTS[order]
    small = np.min(np.abs(x), initial=SMALLEST_SCALE, where=np.isfinite(x) & (x != 0))
    last -= min(int(np.log2(SMALLEST_SCALE / small)), 960)
    return np.ldexp(1.0, np.arange(first, last - 1, -1))


def difference_quotients(probe, places, method, steps):
    """Return the Quotients of a method, one for each row of `steps`."""
    pairs = [difference(probe, places, method, row) for row in steps]
    quotients, rounding = (np.array(part).reshape(len(steps), -1) for part in zip(*pairs, strict=True))
    return Quotients(quotients, rounding)


def extrapolate(sequence, r, n, powers):
    """Return the limit of Quotients for a derivative of order `n` with relative steps `r`, as Extrapolated.

    Richardson's scheme: t(h) + (t(h) - t(2h)) / (2^p - 1) removes the error h^p, for each p in `powers`.
    """
    excluded = unresolved(sequence, r)
    t, entries, errors, noises, steps = sequence.quotients, [], [], [], []
    for k, p in enumerate((None, *powers)):
        if p is not None:
            t = t[1:] + (t[1:] - t[:-1]) / (2.0**p - 1)
        gaps = np.abs(np.diff(t, axis=0))
        step = r[k + 1 : -1, np.newaxis]
        noise = scatter(t, r[k:] ** n)[1:-1]
        error = np.maximum(gaps[:-1], gaps[1:]) + (3 if k else 1) * sequence.rounding[k + 1 : -1]
        error = np.maximum(error, 2 * noise / step**n)
        error[excluded[k + 1 : -1] | ~np.isfinite(error)] = np.inf
        for parts, part in ((entries, t[1:-1]), (errors, error), (noises, noise), (steps, step[:, 0])):
            parts.append(part)
    entries, errors, noises, steps = map(np.concatenate, (entries, errors, noises, steps))
    every = np.arange(entries.shape[1])
    best = errors.argmin(axis=0)
    # at steps beyond the scale of f quotients are small, and so are their errors: prefer a smaller step whose relative
    # error is far less and whose entry contradicts
    relative = np.nan_to_num(errors / np.abs(entries), nan=np.inf, posinf=np.inf)
    other = relative.argmin(axis=0)
    gap = np.abs(entries[other, every] - entries[best, every])
    contradicts = gap > SAFETY * (errors[other, every] + errors[best, every])
    sharper = relative[best, every] >= np.maximum(1e-2, SAFETY * relative[other, every])
    better = (relative[other, every] < 0.05) & sharper & (steps[other] < steps[best])
    best = np.where(contradicts & better, other, best)
    error = errors[best, every]
    limit = np.where(np.isfinite(error), entries[best, every], np.nan)
    return Extrapolated(limit, error, noises[best, every], steps[best])


def scatter(t, weights):
    """Return for each entry t_k the maximum over j > k of weights_j |t_j - t_k|."""
    t = np.where(np.isfinite(t), t, np.nan)
    found = np.zeros_like(t)
    for k in range(len(t) - 1):
        np.fmax.reduce(np.abs(t[k + 1 :] - t[k]) * weights[k + 1 :, np.newaxis], axis=0, out=found[k])
    return np.nan_to_num(found)


def unresolved(sequence, r):
    """Tell where quotients are 0 down to the smallest step, if not already at steps of SHORT: that is rounding in f."""
    run = np.logical_and.accumulate((sequence.quotients == 0)[::-1], axis=0)[::-1]
    return run & ~(run & (r >= SHORT)[:, np.newaxis]).any(axis=0)


# ---- judgement ---------------------------------------------------------------------------------------------


class Diagnosis:
    """The three sequences of quotients for one derivative of all of f's values, and their limits.

    The derivative is by the one or two variables `places` of the values `x`. `size` is the largest derivative of f:
    smaller ones are judged on a scale of at least 1e-2 of it. From the relative difference `rtol` on a derivative may
    be called wrong.
    """

    @np.errstate(all="ignore")
    def __init__(self, probe, places, x, size, rtol):
        n = self.n = len(places)
        r = self.r = relative_steps(x[list(places)], n)
        steps = r[:, np.newaxis] * scales(x)
        self.value = np.ravel(probe.centre)
        self.size, self.rtol = size, rtol
        self.sequences = [
            difference_quotients(probe, places, "central", steps),
            difference_quotients(probe, places, "forward", steps),
            difference_quotients(probe, places, "forward", -steps),
        ]
        self.central, self.right, self.left = (
            extrapolate(sequence, r, n, powers)
            for sequence, powers in zip(self.sequences, (CENTRAL, SIDED, SIDED), strict=True)
        )
        near = (r <= NEAR)[:, np.newaxis]
        self.magnitude = self.most(self.sequences[1].rounding / (4 * EPSILON), near)  # of f
        self.noisy = self.central.noise > 1e4 * EPSILON * self.magnitude
        middle = near & (r >= FAR)[:, np.newaxis]
        quotients = np.abs([q for q, _ in self.sequences])
        self.large = np.max(
            quotients, axis=(0, 1), initial=0.0, where=middle & np.isfinite(quotients)
        )  # nearby
        # the absolute difference that does not matter, beside the relative one
        change = self.most(self.sequences[1].quotients, near)
        self.slack = np.max([rtol * change, 1e-12 * self.large, np.full(change.shape, SMALLEST)], axis=0)

    def most(self, quotients, where):
        """Return the largest of the quotients' numerators, in units of the scales of the variables."""
        numerators = np.abs(quotients) * self.r[:, np.newaxis] ** self.n
        return np.max(numerators, axis=0, initial=0.0, where=where & np.isfinite(numerators))

    def agrees(self, estimate, error, i=slice(None)):
        """Tell whether |given - estimate| <= SAFETY * error + rtol * size + slack."""
        given = self.given[i]
        slack = SAFETY * error + self.rtol * np.maximum(np.abs(given), np.abs(estimate)) + self.slack[i]
        return np.isfinite(given) & (np.abs(given - estimate) <= slack)

    @np.errstate(all="ignore")
    def judge(self, given, computed):
        """Return the Findings about a derivative.

        `given` has an element for each of f's values. `computed` tells where dual numbers give the same: there it is
        exact for f's own operations, also below the finest step. Values of f that are smooth and confirm the
        derivative are judged at once, the others by `judge_component`.
        """
        self.given, self.computed = given, computed
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
            status[i], suspicion[i], limit[i], error[i] = self.judge_component(i, confirmed[i])
        return Findings(limit, error, status, suspicion)

    def judge_component(self, i, confirmed):
        """Return status, suspicion, estimate and error for one of f's values."""
        given, n, scale = self.given[i], self.n, self.scale[i]
        limit, error = self.central.limit[i], self.central.error[i]
        sides = [(side.limit[i], side.error[i]) for side in (self.right, self.left)]
        if not np.isfinite(self.value[i]):
            return UNDECIDED, NOT_FINITE, np.nan, np.inf
        growth = [self.growth(sequence, i) for sequence in self.sequences]
        if n in growth:
            return UNDECIDED, JUMP, np.nan, np.inf
        tails = [sequence.quotients[-WINDOW:, i] for sequence in self.sequences[1:]]
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
        converged = all(SAFETY * error < 1e-2 * scale for _, error in sides)
        if 1 in growth:
            return self.judge_kink(given, sides) if converged else (UNDECIDED, KINK, np.nan, np.inf)
        gap = abs(sides[0][0] - sides[1][0])
        if converged and gap > SAFETY * (sides[0][1] + sides[1][1]) + 1e-6 * scale:
            return self.judge_kink(given, sides)
        noise = NOISE if self.noisy[i] and not SAFETY * error <= 1e-6 * scale else None
        status = self.verdict(i, confirmed, limit, error)
        if status == AGREES:
            return status, noise, limit, error
        if given == 0 and self.stands_still(i, limit):
            return UNDECIDED if status == WRONG else AGREES, NEARBY, limit, error
        if status == WRONG and self.has_another_limit(i, limit, error):
            return UNDECIDED, NEARBY, limit, error
        if status == WRONG and self.hidden_by_rounding(i, limit, error):
            return UNDECIDED, NOISE, limit, error
        if status == WRONG and self.computed[i] and self.noisy[i]:
            # noise between neighbouring floats may have this slope
            if abs(given - limit) * EPSILON**n <= SAFETY * self.central.noise[i]:
                return UNDECIDED, NOISE, limit, error
        return status, NOISE if status == UNDECIDED else noise, limit, error

    def verdict(self, i, confirmed, limit, error):
        """Return AGREES or WRONG as an estimate says, UNDECIDED where its error is too large to say so."""
        given, scale = self.given[i], self.scale[i]
        size = abs(limit) if np.isinf(given) else np.fmax(abs(given), abs(limit))
        rough = not (SAFETY * error <= 0.1 * size or SAFETY * error <= 1e-2 * scale)
        if rough and (confirmed or not np.isfinite(given) or not np.isfinite(limit)):
            return UNDECIDED
        if not confirmed and self.central.noise[i] > 1e-2 * self.magnitude[i]:
            return UNDECIDED  # f scatters by as much as it is large
        return AGREES if confirmed else WRONG

    def growth(self, sequence, i):
        """Return the exponent e if quotients grow like 1/h**e down to the smallest steps, None if they do not.

        An exponent between whole numbers is returned as 0.5.
        """
        q, rounding = sequence.quotients[:, i], sequence.rounding[:, i]
        resolved = np.flatnonzero(np.isfinite(q) & (np.abs(q) > 100 * rounding))[-WINDOW:]
        if len(resolved) < WINDOW or resolved[-1] - resolved[0] >= 2 * WINDOW:
            return None
        last = resolved[-1]
        if last + 1 < len(q) and np.abs(q[last]) > 200 * rounding[last + 1]:
            return None  # the next quotient would be resolved if the growth continued
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

    def judge_kink(self, given, sides):
        """Judge a derivative at a kink: any value between the two one-sided derivatives agrees."""
        (low, _), (high, _) = sorted(sides)
        error = sum(error for _, error in sides)
        slack = 0.25 * (high - low) + SAFETY * error + self.rtol * abs(given)
        status = AGREES if low - slack <= given <= high + slack else WRONG
        return status, KINK, (low + high) / 2, (high - low) / 2 + error

    def stands_still(self, i, limit):
        """Tell whether f is constant at the smallest steps although its slope `limit` would change it visibly."""
        sequence = self.sequences[0]
        still = unresolved(sequence, self.r)[:, i]
        return bool(np.any(still & ~(np.abs(limit) <= 100 * sequence.rounding[:, i])))

    def hidden_by_rounding(self, i, limit, error):
        """Tell whether rounding may hide the derivative given from the quotients.

        True where the quotients bound the slope without a limit, f scatters by more than its rounding (or dual numbers
        give the same derivative), and no quotient contradicts on steps on which the difference in slope changes f by
        less than that scatter.
        """
        noise, gap = self.central.noise[i], abs(self.given[i] - limit)
        least = 4 * EPSILON * self.magnitude[i]
        if self.computed[i]:
            noise = max(noise, least)
        if SAFETY * error <= abs(limit) or not (noise > least or self.computed[i]):
            return False
        quotients, rounding = (part[:, i] for part in self.sequences[0])
        short = (self.r**self.n * gap <= noise) & np.isfinite(quotients)
        return bool(np.all((np.abs(quotients - self.given[i]) <= SAFETY * rounding)[short]) and short.any())

    def has_another_limit(self, i, limit, error):
        """Tell whether five successive entries agree on a value other than `limit` that confirms the derivative."""
        given = self.given[i]
        size = np.fmax(abs(given), abs(limit))
        t, rounding = self.sequences[0].quotients[:, i], self.sequences[0].rounding[:, i]
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
