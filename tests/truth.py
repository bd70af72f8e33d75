"""Truth in arbitrary precision: the table's columns, distances in ulps, and the points where they are compared.

A column of the table is C text such as ``-2 * y * c * c``.  Here it is evaluated with mpmath from an exact `x`, the
true value `y` and the true companion `c`, so that the only rounding compared is that of the compiled code.
"""

import functools
import math
import random
import re

import mpmath as mp
import numpy as np

from dualnum import _core

DIGITS = 60
SMALLEST = 5e-324
LARGEST = float(np.finfo(float).max)
TINY = float(np.finfo(float).tiny)


def _log2(x):
    return mp.log(x) / mp.log(2)


# Truths that mpmath lacks under NumPy's name, or has on half of the domain; written independently of the table.
_OWN = {
    "exp2": lambda x: mp.power(2, x),
    "log2": _log2,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "arcsinh": lambda x: mp.sign(x) * mp.asinh(abs(x)),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "deg2rad": mp.radians,
    "rad2deg": mp.degrees,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "float_power": mp.power,
    "logaddexp": lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
    "logaddexp2": lambda x, y: max(x, y) + _log2(1 + mp.power(2, -abs(x - y))),
}


def _of_mpmath(name):
    """Return the true function of a row: mpmath's, whose arcsin is asin, unless it stands above."""
    found = _OWN.get(name) or getattr(mp, name.replace("arc", "a"), None)
    assert found, f'add to _OWN in tests/truth.py, with a formula of mpmath: "{name}": lambda x: ...,'
    return found


FUNCTIONS = {row.name: _of_mpmath(row.name) for row in _core.ELEMENTARY}
FUNCTIONS_OF_TWO = {row.name: _of_mpmath(row.name) for row in _core.BINARY}

# Other names in columns: C's spellings, and helpers of the headers.
_HELPERS = {
    "fabs": abs,
    "pow": mp.power,
    "atan2": mp.atan2,
    "logistic": lambda x, y: 1 / (1 + mp.exp(y - x)),
    "quotient0": lambda x, z: mp.mpf(0) if z == 0 else x / z,
    "logistic2": lambda x, y: 1 / (1 + mp.power(2, y - x)),
    "cbrt_slope": lambda x, y: 1 / (3 * y * y),
    "power_x": lambda x, y, z: y * mp.power(x, y - 1),
    "power_y": lambda x, y, z: z * mp.log(x),
    "power_xx": lambda x, y, z: y * (y - 1) * mp.power(x, y - 2),
    "power_xy": lambda x, y, z: mp.power(x, y - 1) * (1 + y * mp.log(x)),
    "power_yy": lambda x, y, z: z * mp.log(x) ** 2,
    "DBL_MAX": mp.mpf(LARGEST),
    "DBL_MIN": mp.mpf(TINY),
    "HUGE_VAL": mp.inf,
    "INFINITY": mp.inf,
}


def _python(text):
    """Return the Python spelling of a C expression: ``a ? b : c`` and the logical operators."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "?" and depth == 0:
            yes, no = _split_branches(text[i + 1 :])
            return f"(({_python(yes)}) if ({_python(text[:i])}) else ({_python(no)}))"
    text = text.replace("&&", " and ").replace("||", " or ")
    return re.sub(r"!(?!=)", " not ", text).strip()


def _split_branches(text):
    depth = nested = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and letter == "?":
            nested += 1
        elif depth == 0 and letter == ":":
            if nested == 0:
                return text[:i], text[i + 1 :]
            nested -= 1
    raise ValueError(f"no ':' in {text!r}")


@functools.cache
def compiled(text):
    """Return the code object of a column."""
    return compile(_python(text), text, "eval")


def namespace():
    constants = {"LN2": mp.log(2), "LN10": mp.log(10), "PI": mp.pi + 0}
    return {**FUNCTIONS, **FUNCTIONS_OF_TWO, **_HELPERS, **constants}


def column(text, **variables):
    """Evaluate a column in the current precision of mpmath.

    Examples
    --------
    >>> float(column("2 * y * c", y=mp.mpf(3), c=mp.mpf(10)))
    60.0
    """
    return eval(compiled(text), namespace(), variables) + mp.mpf(0)


def elementary(row, x, digits=DIGITS):
    """Return the true `c, y, dy, d2y, dc` of a row at an exact `x`; without `digits` in the current precision."""
    with mp.workdps(digits or mp.mp.dps):
        x = mp.mpf(x)
        values = {"x": x, "y": FUNCTIONS[row.name](x)}
        for name in ("c", "dy", "d2y", "dc"):
            values[name] = column(getattr(row, name), **values)
        return values


def binary(row, x, y, digits=DIGITS):
    """Return all true columns of a two-argument row at exact arguments, as a dict; see `elementary`."""
    with mp.workdps(digits or mp.mp.dps):
        values = {"x": mp.mpf(x), "y": mp.mpf(y)}
        values["z"] = FUNCTIONS_OF_TWO[row.name](values["x"], values["y"])
        for name in row._fields[5:]:
            if name != "z":
                values[name] = column(getattr(row, name), **values)
        return values


def elementary_limit(row, x, inward, digits=DIGITS):
    """Return `elementary` at `x`; where a column has a pole there, very close to it on the side of `inward`."""
    try:
        return elementary(row, x, digits)
    except ZeroDivisionError:
        with mp.workdps(1500):
            near = elementary(row, mp.mpf(x) + mp.sign(mp.mpf(inward) - x) * mp.mpf(10) ** -700, None)
            if x != 0:
                near["y"] = FUNCTIONS[row.name](mp.mpf(x))
            return near


def ulp(true):
    """Return the spacing of doubles at an exact number, as an exact number; that of the largest double beyond it."""
    if true == 0:
        return mp.ldexp(1, -1074)
    exponent = mp.frexp(abs(true))[1] - 53
    return mp.ldexp(1, min(max(int(exponent), -1074), 971))


def ulps(got, true):
    """Return how many ulps of the truth `got` is away from it; infinity stands at 2**1024.

    Examples
    --------
    >>> ulps(1.0 + 2**-52, mp.mpf(1))
    1.0
    >>> ulps(math.inf, mp.mpf(10) ** 400)
    0.0
    """
    got = float(got)
    if math.isnan(got):
        return math.inf
    bound = mp.ldexp(1, 1024)
    clipped = max(-bound, min(bound, true))
    exact = bound * (1 if got > 0 else -1) if math.isinf(got) else mp.mpf(got)
    return float(abs(exact - clipped) / ulp(clipped))


def points(lo, hi, count=120, seed=20240616):
    """Return doubles that cover ``[lo, hi]``: log-spaced in both signs, next to the edges, subnormal, random.

    Parameters
    ----------
    lo, hi : float
        The closed domain.
    count : int
        How many of each random kind.
    seed : int
        Of the random ones.

    Returns
    -------
    ndarray of float64, increasing, without duplicates
    """
    draw = random.Random(seed)
    largest = max(abs(lo), abs(hi))
    top = math.log2(largest) if largest < LARGEST else 1023.999
    found = [lo, hi, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 0.1]
    found += [SMALLEST, 1e-320, math.nextafter(TINY, 0), TINY, math.nextafter(TINY, 1), 1e-300, 1e-160]
    found += [1e-154, 1e-100, 1e-16, 1e-8, 1e16, 1e100, 1.3e154, 1.4e154, 1e160, 1e300, LARGEST]
    for _ in range(count):
        found.append(2.0 ** draw.uniform(-1074, top))
        found.append(2.0 ** draw.uniform(-30, min(top, 10)))
        found.append(2.0 ** draw.uniform(top - 2, top))
        found.append(1 + draw.choice([-1, 1]) * 2.0 ** draw.uniform(-52, -1))
    found += [-p for p in found]
    finite = min(hi, 1e300) - max(lo, -1e300)
    found += [max(lo, -1e300) + finite * draw.random() for _ in range(count)]
    for edge, inward in ((lo, hi), (hi, lo)):
        step = edge
        for _ in range(4):
            step = math.nextafter(step, inward)
            found.append(step)
        scale = abs(edge) if 0 < abs(edge) < LARGEST else 1.0
        found += [
            edge + math.copysign(scale * 2.0 ** draw.uniform(-52, -1), inward - edge) for _ in range(count)
        ]
    return np.array(sorted({float(p) + 0.0 for p in found if lo <= p <= hi}))


def _within(x, lo, hi):
    return lo <= x <= hi and (x == 0 or abs(x) >= 1 / max(hi, 1e100))


def pairs(row, count=500, seed=20240617):
    """Return two arrays of doubles that cover a two-argument row's rectangle."""
    draw = random.Random(seed)
    first = points(row.x_lo, row.x_hi, 40).tolist()
    second = points(row.y_lo, row.y_hi, 40).tolist()
    found = [(draw.choice(first), draw.choice(second)) for _ in range(count)]
    for _ in range(count):  # both of one magnitude, where most two-argument functions are interesting
        x = draw.choice(first)
        y = x * draw.choice([-1, 1]) * 2.0 ** draw.uniform(-12, 12)
        if row.y_lo <= y <= row.y_hi:
            found.append((x, y))
    found += [(x, y) for x in (row.x_lo, row.x_hi, 1.0) for y in (row.y_lo, row.y_hi, 1.0)]
    found += [(draw.uniform(0.5, 4), draw.uniform(0.5, 4)) for _ in range(count // 4)]
    # Rows multiply and divide their arguments: a subnormal one makes a subnormal product, of fewer digits.
    inside = sorted(
        {p for p in found if _within(p[0], row.x_lo, row.x_hi) and _within(p[1], row.y_lo, row.y_hi)}
    )
    return np.array([p[0] for p in inside]), np.array([p[1] for p in inside])


def inner_points(lo, hi, count, seed):
    """Return moderate points well inside the domain."""
    lo, hi = max(lo, -4.0), min(hi, 4.0)
    margin = 0.05 * (hi - lo)
    return np.random.default_rng(seed).uniform(lo + margin, hi - margin, count).tolist()


def inner_point(name):
    """Return one such point for a row of that name, and 1.37 for any other function: no kink, no zero."""
    lo, hi = next(((row.lo, row.hi) for row in _core.ELEMENTARY if row.name == name), (-4.0, 4.0))
    lo, hi = max(lo, -4.0), min(hi, 4.0)
    return lo + 0.67125 * (hi - lo)
