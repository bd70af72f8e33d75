"""Passes over the function: one after the other, or several at once, in threads or by an engine's workers."""

import os
from collections.abc import Iterable, Iterator

from dualnum._core import calls_open
from dualnum.drivers._checks import expects, warn
from dualnum.drivers._work import Made, Unit

#: Tasks for each worker of an executor, where there are more passes: some end sooner than others, and each task takes
#: f and its arguments along.
TASKS = 4


def map_ordered(work, places, workers=None):
    """Yield what `work`, a `Work`, gives at each of a sequence of places, in their order.

    Each call of f finds the other arguments as the first call found them, except in threads, which share them.
    By the option ``workers=``, the driver's if none are given, the calls are made in threads or processes. The first
    place whose call raises decides what is raised; calls that have not begun by then are not made. Within a call of
    another driver's function there is one thread, which counts the kinks that this driver has to know.
    """
    driver = work.driver
    inner = workers is None and driver.points is not None  # the passes of a block; blocks go to workers
    if workers is None:
        workers = 1 if inner else driver.workers
    nested = calls_open()
    others = work.others()
    # workers would share the items of an iterator
    if len(places) < 2 or workers == 1 or nested or any(isinstance(x, Iterator) for x in others):
        one = work.start()
        found = map(from_the_same(others, one) if others and len(places) > 1 else one, places)
    else:
        found = at_once(driver, work, places, workers)
    if driver.progress is None or nested or inner:
        return found
    from dualnum.drivers._progress import counted

    return counted(driver.progress, found, len(places))


def at_once(driver, work, places, workers):
    """Yield the results of several workers."""
    unit, items = Unit(work), list(enumerate(places))
    if hasattr(workers, "get_executor"):  # a Client of Dask's
        workers = workers.get_executor()
    if hasattr(workers, "submit"):
        yield from checked(driver, submitted(workers, unit, items), len(items))
    elif callable(workers):
        yield from checked(driver, workers(unit, [[item] for item in items]), len(items))
    else:
        # A dozen modules, which importing dualnum need not cost
        from concurrent.futures import ThreadPoolExecutor

        count = all_processors() if workers == -1 else workers
        with ThreadPoolExecutor(min(count, len(items))) as pool:
            yield from checked(driver, submitted(pool, unit, items), len(items))


def submitted(executor, unit, items, most=None):
    """Yield what the tasks of an executor give, in order; an error cancels those that have not begun.

    A task takes equal shares of the items, but `most` of them at most.
    """
    tasks = TASKS * count_of(executor) or len(items)
    width = min(-(-len(items) // tasks), most or len(items))
    futures = []
    from concurrent.futures import BrokenExecutor

    def finished(future):
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, BrokenExecutor):
            for later in futures[futures.index(future) + 1 :]:
                later.cancel()

    try:
        for start in range(0, len(items), width):
            futures.append(executor.submit(unit, items[start : start + width]))
        for future in futures:
            future.add_done_callback(finished)
        for future in futures:
            yield future.result()
    except BrokenExecutor:
        futures.clear()  # which the executor ends itself, and would find cancelled
        raise
    finally:
        for future in futures:
            future.cancel()


def count_of(executor):
    """Return how many calls an executor makes at once, 0 if it does not tell."""
    client = getattr(executor, "_client", None)
    if hasattr(client, "nthreads"):
        return sum(client.nthreads().values())
    count = getattr(executor, "num_workers", None) or getattr(executor, "_max_workers", None)
    return count if isinstance(count, int) else 0


def from_the_same(others, work):
    """Return `work`, which from its second call on puts the other arguments back to their present state."""
    if not others:
        return work
    from dualnum.lifting.state import State

    state, used = State(others), []

    def again(place):
        if used:
            state.restore()
        else:
            used.append(True)
        return work(place)

    return again


def checked(driver, tasks, count):
    """Yield the `count` results of tasks; refuse a map that changes their order or number. Give their warnings."""
    expected = iter(range(count))
    if not isinstance(tasks, Iterable):
        raise out_of_order(driver)
    seen = {}
    for made in tasks:
        if type(made) is not Made:
            raise out_of_order(driver)
        for found in made.warnings:
            warn_again(*found, seen)
        for number, result in made.results:
            if number != next(expected, None):
                raise out_of_order(driver)
            yield result
    if next(expected, None) is not None:
        raise out_of_order(driver)


def warn_again(message, category, filename, lineno, seen):
    """Give a warning of another process, once a line; `seen` has a registry for each file."""
    if category.__module__.startswith("dualnum."):
        warn(message, category)  # at the line that called the driver
        return
    import warnings

    warnings.warn_explicit(message, category, filename, lineno, registry=seen.setdefault(filename, {}))


def out_of_order(driver):
    """Return the error about a map that is none."""
    what = "workers to be an int, an executor or a map that keeps the order"
    return ValueError(expects(driver, what, "another order or number of results"))


def all_processors():
    """Return how many processors this process may use."""
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    return count or 1
