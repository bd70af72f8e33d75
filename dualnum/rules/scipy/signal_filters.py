"""scipy.signal: convolutions and filters, by the recurrences that define them."""

import functools
import inspect
import itertools

import numpy as np
from scipy import signal, special
from scipy.signal import windows

from dualnum._core import DualArray, value
from dualnum.rules._components import bilinear, components, degree, from_components, nilpotent_part
from dualnum.rules._operands import as_dual_arrays, dtype_of, float_arguments, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy._linear import register_linear
from dualnum.rules.scipy._registry import arrays, of_scipy

# ---- convolutions -----------------------------------------------------------------------------------------------


def _zeros(shape, *arrays):
    """Return zeros that products of these arrays can be added to."""
    return as_dual_arrays(np.zeros(shape, np.result_type(float, *arrays)))


def _full(a, b):
    """Return the whole convolution: the sum of a's copies, moved and multiplied by the elements of b."""
    if a.size < b.size:
        a, b = b, a
    y = _zeros([m + n - 1 for m, n in zip(a.shape, b.shape, strict=True)], a, b)
    for place in itertools.product(*map(range, b.shape)):
        y[tuple(slice(i, i + n) for i, n in zip(place, a.shape, strict=True))] += a * b[place]
    return y


def _convolution(original, reverses):
    """Return the rule of a convolution or correlation of two arrays."""

    @functools.wraps(original)
    def on_duals(in1, in2, mode="full", *args, **kwargs):
        values = original(*float_arguments((in1, in2)), mode, *args, **kwargs)
        options = inspect.signature(original).bind(in1, in2, mode, *args, **kwargs).arguments
        if (
            options.get("axes") is not None
            or options.get("boundary", "fill") != "fill"
            or options.get("fillvalue")
        ):
            raise TypeError(
                f"{original.__name__} of duals expects no axes, boundary nor fillvalue; pad the arrays."
            )
        a, b = np.array(in1), np.array(in2)
        if a.ndim != b.ndim or not a.size or not b.size:
            return values
        if reverses:
            b = np.conjugate(b[(slice(None, None, -1),) * b.ndim])
        y = _full(a, b)
        if mode == "same":
            corner = [(n - 1) // 2 for n in b.shape]
        elif mode == "valid":
            corner = [min(m, n) - 1 for m, n in zip(a.shape, b.shape, strict=True)]
        else:
            corner = [0] * y.ndim
        y = y[tuple(slice(c, c + n) for c, n in zip(corner, values.shape, strict=True))]
        close = np.allclose(
            value(y), values, rtol=1e-6, atol=1e-9 * (1 + np.max(np.abs(values), initial=0.0))
        )
        if not close:
            raise ValueError(
                f"{original.__name__} of duals expects another mode than {mode!r} for these shapes."
            )
        return numpy_result(np.array(y), values)

    return on_duals


# ---- recursive filters ------------------------------------------------------------------------------------------


def _delayed(taps, x, n):
    """Return ``sum_k taps[k] x[i - k]`` for i < n, along the last axis."""
    y = _zeros((*x.shape[:-1], n), taps, x)
    for k, tap in enumerate(taps[:n]):
        width = min(n - k, x.shape[-1])
        y[..., k : k + width] += tap * x[..., :width]
    return y


def _lfilter(original):
    def lfilter(b, a, x, axis=-1, zi=None):
        """The filter ``a * y = b * x + zi``, of convolutions: each pass makes one more order exact."""
        values = original(
            *float_arguments((b, a, x)), axis, *(() if zi is None else (value(np.asarray(zi)),))
        )
        b, a, x = (np.atleast_1d(np.array(item)) for item in (b, a, x))
        x = np.moveaxis(x, axis, -1)
        state = None if zi is None else np.moveaxis(np.array(zi), axis, -1)
        y0 = np.moveaxis(np.asarray(values if zi is None else values[0]), axis, -1)
        n, taps = y0.shape[-1], max(len(a), len(b))
        b, a = (np.concatenate([item, np.zeros(taps - len(item))]) / a[0] for item in (b, a))
        forced = _delayed(b, x, n)
        if state is not None:
            start = _zeros((*y0.shape[:-1], max(n, taps - 1)), forced, state)
            start[..., : taps - 1] = state
            forced, beyond = forced + start[..., :n], start[..., n:]
        y, a0 = y0, np.array(value(a))
        for _ in range(degree(dtype_of(forced, a))):
            e = nilpotent_part(np.array(forced - _delayed(a, y, n)))
            step = original([1.0], a0, np.moveaxis(components(e), -1, 0))
            y = y + from_components(np.moveaxis(step, 0, -1).copy(), e.dtype).view(DualArray)
        dtype = dtype_of(forced, a, b)
        y1 = numpy_result(np.array(np.moveaxis(y, -1, axis)), values if zi is None else values[0], dtype)
        if zi is None:
            return y1
        final = []
        for m in range(taps - 1):  # what a later sample x[n + m] = 0 would still get from those before
            rest = beyond[..., m] if m < beyond.shape[-1] else 0.0
            for k in range(m + 1, taps):
                if 0 <= n + m - k < n:
                    rest = rest + b[k] * x[..., n + m - k] - a[k] * y[..., n + m - k]
            final.append(rest + np.zeros(y0.shape[:-1]))
        final = np.moveaxis(np.array(np.stack(final, axis=-1)), -1, axis)
        return y1, numpy_result(final, np.asarray(values[1]), dtype)

    return lfilter


def _sosfilt(original, lfilter):
    def sosfilt(sos, x, axis=-1, zi=None):
        """A chain of filters of second order."""
        values = original(*float_arguments((sos, x)), axis, *(() if zi is None else (value(np.asarray(zi)),)))
        y, final = np.array(x), []
        for i, section in enumerate(np.array(sos)):
            y = lfilter(section[:3], section[3:], y, axis, None if zi is None else np.array(zi)[i])
            if zi is not None:
                y, last = y
                final.append(last)
        if zi is None:
            return numpy_result(np.array(y), values)
        return numpy_result(np.array(y), values[0]), numpy_result(np.array(np.stack(final)), values[1])

    return sosfilt


for _name in ("convolve", "fftconvolve", "oaconvolve", "convolve2d"):
    _f = getattr(signal, _name)
    rule(_f)(_convolution(_f, False))
for _name in ("correlate", "correlate2d"):
    _f = getattr(signal, _name)
    rule(_f)(_convolution(_f, True))
_lfilter_rule = _lfilter(signal.lfilter)
rule(signal.lfilter)(_lfilter_rule)
rule(signal.sosfilt)(_sosfilt(signal.sosfilt, _lfilter_rule))

register_linear(signal, "savgol_filter detrend resample resample_poly")


@of_scipy(signal, "upfirdn")
def upfirdn(y, h, x, **options):
    return bilinear(lambda h, x: signal.upfirdn(h, x, **options), *arrays("upfirdn", h, x))


@of_scipy(signal, "lfilter_zi")
def lfilter_zi(zi, b, a):
    """The state of a step's response: ``(1 - C') zi = b - a b_0`` for the companion matrix C of a, with a_0 = 1."""
    b, a = (np.atleast_1d(item) for item in arrays("lfilter_zi", b, a))
    a = a[np.flatnonzero(value(a))[0] :]
    n = max(len(a), len(b))
    b, a = (np.concatenate([item, np.zeros(n - len(item))]) / a[0] for item in (b, a))
    matrix = np.eye(n - 1) - np.eye(n - 1, k=1) + 0.0 * a[0]
    matrix[:, 0] += a[1:]
    return np.linalg.solve(matrix.view(DualArray), (b[1:] - a[1:] * b[0]).view(DualArray))


@of_scipy(windows, "chebwin")
def chebwin(w, M, at, sym=True, **_):
    """The window whose transform is Chebyshev's polynomial of the order M - 1: sums of cosines."""
    if M <= 1:
        return w
    n = M if sym else M + 1
    (at,) = arrays("chebwin", at)
    attenuation = np.arccosh(np.power(10.0, np.abs(at) / 20)) / (n - 1)
    k = np.arange(n)
    p = special.eval_chebyt(float(n - 1), np.cosh(attenuation) * np.cos(np.pi * k / n))
    phases = 2 * np.pi / n * np.outer(np.arange(n), k)
    if n % 2:
        half = np.sum(p * np.cos(phases), axis=1)[: (n + 1) // 2]
        whole = np.concatenate([half[:0:-1], half])
    else:
        half = np.sum(p * np.cos(phases - np.pi / n * k), axis=1)[: n // 2 + 1]
        whole = np.concatenate([half[:0:-1], half[1:]])
    return (whole / np.max(whole))[: len(w)]
