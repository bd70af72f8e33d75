"""How many tangents a pass carries, and how many variables a tile of second derivatives takes on each side."""

from math import isqrt

#: Bytes that one array of a pass may take: several arrays together should fit a core's cache. An array of n variables
#: then takes one pass up to n = ONE_PASS, ``chunk_width(n, n, None) == n``, and one tile up to n = ONE_TILE.
CACHE = 1 << 17
#: The same of a pass that takes the second derivatives by all variables at once, each once: tiles compute f's values
#: and its first derivatives again.
ONCE = 13 << 15
#: Tangents of a pass, and variables on each side of a tile, that a pass carries even if they exceed `CACHE`: with fewer
#: of them f's own work for values and calls weighs more.
WIDE, TILE = 16, 8


def balanced_width(size, most):
    """Return the width of the fewest equal chunks of at most `most` that cover `size` variables."""
    passes = -(-size // most) or 1
    return -(-size // passes)


def chunk_width(size, elements, chunk):
    """Return how many tangents a first-order pass carries: at most `chunk`, if the option is given.

    By default as many as fit `CACHE`, for arrays in f as large as the variables', of `elements` elements.
    """
    fit = CACHE // (8 * elements + 1) - 1
    return balanced_width(size, chunk or max(fit, WIDE))


def tile_width(size, elements, chunk):
    """Return how many variables each side of a second-order tile takes: at most `chunk`, if the option is given."""
    if not chunk and (size + 1) * (size + 2) * (8 * elements + 1) <= 2 * ONCE:
        return size
    fit = isqrt(CACHE // (8 * elements + 1)) - 1
    return balanced_width(size, chunk or max(fit, TILE))


def diagonal_width(size, elements, chunk):
    """Return the same for tiles whose diagonal alone is read: wide ones cost more than they save."""
    fit = isqrt(CACHE // (8 * elements + 1)) - 1
    return balanced_width(size, chunk or max(fit, 2))
