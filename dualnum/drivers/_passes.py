"""The passes of the drivers as units of work: functions of one place, made where the work is done."""

import functools
from math import prod

import numpy as np

from dualnum.drivers._checks import as_variable, check_one_array, check_point, resolve_argnum
from dualnum.drivers._parallel import map_ordered
from dualnum.drivers._seeds import along, identity
from dualnum.drivers._work import Work


def first_passes(driver, variables, kwargs, width):
    """Return the function that differentiates by `width` variables from a first one on."""

    def one(start):
        return start, *driver.first(variables, kwargs, identity(driver, start, width), width)

    return one


def second_passes(driver, variables, kwargs, width):
    """Return the function that computes a tile of the Hessian, given its first row and its first column."""

    def one(place):
        i, j = place
        rows = identity(driver, i, width)
        if i == j:
            return driver.squares(variables, kwargs, rows, width)
        columns = identity(driver, j, width)
        value, first, _, second = driver.second(variables, kwargs, rows, width, columns, width)
        return value, first, second

    return one


def product_passes(driver, variables, kwargs, width):
    """Return the function that computes `width` elements of H v from a first one on."""

    def one(start):
        seed = identity(driver, start, width)
        return start, *driver.second(variables, kwargs, seed, width, along(driver), 1)

    return one


def block_passes(driver, args, kwargs, i):
    """Return the function that does what the driver does on a batch, argument i, with one block of it."""
    run = driver.run.__wrapped__

    def one(block):
        result = run(driver, (*args[:i], block, *args[i + 1 :]), kwargs)
        return result if type(result) is tuple else (result,)

    return one


def in_blocks(run):
    """Return `run` on a batch in blocks of at most `driver.points` points, a call of f each."""

    @functools.wraps(run)
    def run_in_blocks(driver, args, kwargs):
        i = resolve_argnum(driver, driver.argnum, len(args))
        check_one_array(driver, i, args)
        x = as_variable(driver, args[i], "x")
        check_point(driver, getattr(x, "shape", ()), "x")
        if x.ndim == 1:
            return run(driver, args, kwargs)
        points = x.reshape(prod(x.shape[:-1]), x.shape[-1])
        work = Work(block_passes, driver, (*args[:i], None, *args[i + 1 :]), kwargs, i)
        blocks = [
            points[start : start + driver.points] for start in range(0, len(points) or 1, driver.points)
        ]
        if not points.flags.forc:  # f's copies keep the order of the axes, and so do pickles of these
            blocks = [block.copy(order="K") for block in blocks]
        found = zip(*map_ordered(work, blocks, driver.workers), strict=True)
        results = tuple([np.concatenate(parts) for parts in found])
        results = tuple([a.reshape(x.shape[:-1] + a.shape[1:]) for a in results])
        return results if len(results) > 1 else results[0]

    return run_in_blocks
