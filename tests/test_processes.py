"""Levels across processes: what existed before a fork stays the same level, in parent and child."""

import contextlib
import math
import multiprocessing
import pickle
import threading

import numpy as np
import pytest

import dualnum as dn
from dualnum import _core
from dualnum.lifting import resolve, source

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this platform does not fork"
)


def in_child(work):
    """Return what `work()` gives in a forked child, by way of a pickle."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=lambda: there.send_bytes(pickle.dumps(work())))
    child.start()
    answers = here.poll(60)
    result = pickle.loads(here.recv_bytes()) if answers else None
    if not answers:
        child.kill()
    child.join()
    return result


def by_children(x):
    return in_child(lambda: x * x)


def test_a_child_computes_on_duals_that_it_inherits():
    """The child pickles a level that the parent never did."""
    x = np.array([1.0, 2.0])
    assert dn.derivative(by_children)(3.0) == 6.0
    assert dn.derivative(by_children, order=2)(3.0) == 2.0
    np.testing.assert_array_equal(dn.gradient(lambda x: np.sum(by_children(x)))(x), [2.0, 4.0])
    np.testing.assert_array_equal(dn.hessian(lambda x: np.sum(x * by_children(x)))(x), np.diag([6.0, 12.0]))
    np.testing.assert_array_equal(dn.taylor(by_children, 3)(3.0), [9.0, 6.0, 1.0, 0.0])


def test_a_child_gets_the_level_that_it_inherited():
    """The other way: the parent pickles, the child has the level since the fork."""
    level = _core.Level()
    d = _core.seed_scalar(3.0, level)
    data = in_child(lambda: pickle.loads(pickle.dumps(d)).dtype.levels == (level,))
    assert data


def test_levels_made_after_a_fork_are_other_levels():
    """Parent and child count on from the same age."""
    theirs = in_child(lambda: _core.seed_scalar(3.0, _core.Level()))
    mine = _core.seed_scalar(3.0, _core.Level())
    assert theirs.dtype.levels[0].retired
    assert len((theirs * mine).dtype.levels) == 2


def test_a_child_waits_for_no_thread_of_its_parent():
    """At the fork another thread holds the locks of the tables that lifting and grades fill."""

    def ordinary(x):
        y = np.zeros(len(x))
        for i in range(len(x)):
            y[i] = math.exp(x[i])
        return y

    held, forked = threading.Event(), threading.Event()

    def hold():
        with contextlib.ExitStack() as stack:
            for table in (_core.settling, resolve._table, source._table):
                stack.enter_context(table.lock)
            held.set()
            forked.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    try:
        found = in_child(lambda: dn.jacobian(ordinary)(np.zeros(2)))
    finally:
        forked.set()
        thread.join()
    np.testing.assert_array_equal(found, np.eye(2))


def test_one_pickled_level_is_one_level_in_every_thread():
    data = pickle.dumps(_core.seed_scalar(3.0, _core.Level()))
    data = data.replace(data[data.index(b"C\x10") + 2 :][:16], bytes(range(16)))  # another process's token
    found, barrier = [], threading.Barrier(8)

    def load():
        barrier.wait()
        found.append(pickle.loads(data))

    for _ in range(20):
        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({d.dtype.levels for d in found}) == 1
        found.clear()
