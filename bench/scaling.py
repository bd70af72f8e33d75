"""Where more workers stop helping: a simulation from costs that are measured on this machine.

Two calls that a cluster would take: the Hessians of 1e6 points in blocks (``batched=``), and a dense Jacobian of 1e5
variables in chunks of columns. Measured are the pickle of f and its arguments, one pass, the pickle of its result and
what the caller does with it; assumed is the network. The caller sends tasks and takes results one after the other, the
workers compute at once, so a call takes

    start + max(tasks on the busiest worker * task, tasks * (send + receive)) + gather.

``python -m bench.scaling`` prints the seconds of 1 to 1e4 workers and where the caller becomes the bottleneck.
"""

import argparse
import pickle
from typing import NamedTuple

import numpy as np

import dualnum as dn
from bench.timing import stopwatch
from dualnum.drivers._base import Variables, chunk_width
from dualnum.drivers._parallel import TASKS
from dualnum.drivers._passes import block_passes, first_passes
from dualnum.drivers._work import Unit, Work

LATENCY, BANDWIDTH = 2e-4, 1e9  # seconds a message, bytes a second: Dask's over 10 Gbit Ethernet, about
WORKERS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]


class Costs(NamedTuple):
    """Seconds and bytes of one pass, and how many passes there are."""

    passes: int
    compute: float  # of the worker
    load: float  # of the worker, once a task: to unpickle f and its arguments
    gather: float  # of the caller: to unpickle the result and to put it into the whole
    shared: int  # bytes of f and its arguments, with every task
    place: int  # bytes of the block or the variables' numbers
    result: int  # bytes

    def seconds(self, workers):
        """Return the seconds of the caller and of the busiest worker."""
        tasks = min(self.passes, TASKS * workers)
        width = -(-self.passes // tasks)
        tasks = -(-self.passes // width)
        sent = tasks * (LATENCY + self.shared / BANDWIDTH) + self.passes * self.place / BANDWIDTH
        caller = sent + tasks * LATENCY + self.passes * (self.result / BANDWIDTH + self.gather)
        worker = -(-tasks // workers) * (self.load + width * self.compute)
        return caller, worker

    def total(self, workers):
        """Return the seconds of a call: the caller and the workers overlap, but for the first and the last task."""
        caller, worker = self.seconds(workers)
        return max(caller, worker) + self.load + self.compute + 2 * LATENCY


def seconds_of(work, repeat=5):
    """Return the least seconds of several runs."""
    found = []
    for _ in range(repeat):
        elapsed = stopwatch()
        work()
        found.append(elapsed())
    return min(found)


def well(p):
    """Interactions of four coordinates of each point."""
    return np.sum(np.exp(-(p**2)) * np.sin(p[..., ::-1]), axis=-1)


def batched_hessian(points=1_000_000, block=2000, variables=4):
    """Return the costs of the Hessians at many points, in blocks."""
    x = np.linspace(-1.0, 1.0, block * variables).reshape(block, variables)
    driver = dn.hessian(well, batched=block)
    work = Work(block_passes, driver, (None,), {}, 0)
    whole = np.empty((10 * block, variables, variables))
    return measured(work, x, points // block, lambda result: whole.__setitem__(slice(block), result[0]))


def field(x):
    """A dense Jacobian: every result depends on every variable, by two sums."""
    return np.sin(x) * np.sum(x**2) + np.cumsum(x)


def dense_jacobian(variables=100_000):
    """Return the costs of a Jacobian, by chunks of columns of the default width."""
    x = np.linspace(0.1, 1.0, variables)
    driver = dn.jacobian(field)
    width = chunk_width(variables, variables, None)
    work = Work(first_passes, driver, Variables(driver, (x,)), {}, width)
    rows = np.empty((variables, 4 * width))
    return measured(
        work, 0, -(-variables // width), lambda result: rows.__setitem__(np.s_[:, :width], result[2])
    )


def measured(work, place, passes, put):
    """Return the costs of a work whose passes are all like the one at `place`; ``put(result)`` is the caller's part."""
    one = work.start()
    result = one(place)
    shared, answer = pickle.dumps(Unit(work)), pickle.dumps(result)
    return Costs(
        passes,
        seconds_of(lambda: pickle.dumps(one(place))),
        seconds_of(lambda: pickle.loads(pickle.loads(shared).args[0])),
        seconds_of(lambda: put(pickle.loads(answer))),
        len(shared),
        len(pickle.dumps(place)),
        len(answer),
    )


CALLS = {
    "Hessians of 1e6 points, blocks of 2000": batched_hessian,
    "Jacobian of 1e5 variables": dense_jacobian,
}


def main():
    """Print a table for each call."""
    argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__).parse_args()
    print(f"assumed: {LATENCY * 1e3:.1f} ms a message, {BANDWIDTH / 1e9:.0f} GB/s")
    for name, costs_of in CALLS.items():
        costs = costs_of()
        print(f"\n{name}: {costs.passes} passes")
        print(
            f"a pass {costs.compute * 1e3:.2f} ms, its result {costs.result / 1e6:.2f} MB, taken in "
            f"{costs.gather * 1e3:.2f} ms; f and its arguments {costs.shared / 1e6:.3f} MB, read in "
            f"{costs.load * 1e3:.2f} ms"
        )
        print(f"{'workers':>8} {'passes a task':>14} {'seconds':>10} {'speed-up':>9} {'caller':>8}")
        for workers in WORKERS:
            caller, _ = costs.seconds(workers)
            total, width = costs.total(workers), -(-costs.passes // min(costs.passes, TASKS * workers))
            speed = costs.total(1) / total
            print(f"{workers:>8} {width:>14} {total:>10.3g} {speed:>9.1f} {caller / total:>8.0%}")


if __name__ == "__main__":
    main()
