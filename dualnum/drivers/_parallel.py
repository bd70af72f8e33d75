"""Passes over the function: one after the other, or several at once in threads."""

import contextvars
import os
from collections.abc import Iterable, Iterator

from dualnum._core import calls_open
from dualnum.drivers._checks import expects


def map_ordered(driver, work, places, others, workers=None):
    """Yield ``work(place)`` for each of a sequence of places, in their order.

    Each call of f finds the other arguments, `others`, as the first call found them.
    By the option ``workers=``, the driver's if none are given, the calls are made in threads, each in a copy of the
    caller's context, so that ``np.errstate`` and other context variables hold there too. The first place whose call
    raises decides what is raised; calls that have not begun by then are not made. Within a call of another driver's
    function there is one thread, which counts the kinks that this driver has to know.
    """
    if workers is None:  # blocks of a batch go to workers where there are some, else the passes
        workers = driver.workers if driver.points is None else 1
    workers = all_processors() if workers == -1 else workers
    if len(places) < 2:
        yield from map(work, places)
        return
    # threads would share the items of an iterator
    if workers == 1 or calls_open() or any(isinstance(x, Iterator) for x in others):
        yield from map(from_the_same(others, work) if others else work, places)
        return
    contexts = [contextvars.copy_context() for _ in places]

    def numbered(number):
        return number, contexts[number].run(work, places[number])

    if callable(workers):
        yield from checked(driver, workers(numbered, range(len(places))), len(places))
        return
    # A dozen modules, which importing dualnum need not cost
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(workers, len(places))) as pool:
        yield from checked(driver, pool.map(numbered, range(len(places))), len(places))


def from_the_same(others, work):
    """Return `work`, which from its second call on puts the other arguments back to their present state."""
    from dualnum.lifting.state import State

    state, used = State(others), []

    def again(place):
        if used:
            state.restore()
        used.append(place)
        return work(place)

    return again


def checked(driver, pairs, count):
    """Yield the results of `count` numbered calls; refuse a map that changes their order or number."""
    expected = iter(range(count))
    if not isinstance(pairs, Iterable):
        raise out_of_order(driver)
    for pair in pairs:
        if type(pair) is not tuple or pair[0] != next(expected, None):
            raise out_of_order(driver)
        yield pair[1]
    if next(expected, None) is not None:
        raise out_of_order(driver)


def out_of_order(driver):
    """Return the error about a map that is none."""
    what = "workers to be an int or a map that keeps the order"
    return ValueError(expects(driver, what, "another order or number of results"))


def all_processors():
    """Return how many processors this process may use."""
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    return count or 1
