"""``workers=`` on a Dask cluster over TCP, under MPI with two ranks, in loky: the bits of one process.

Needs the packages ``dask[distributed]``, ``loky`` and ``mpi4py`` with ``mpirun``; ``.ci/run`` installs them.
"""

import os
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import dualnum as dn

X = np.linspace(-0.9, 1.1, 12)
POINTS = np.sin(np.arange(600.0)).reshape(200, 3)
ROOT = os.path.dirname(os.path.dirname(dn.__file__))


def energy(x):
    return np.sum(np.tanh(np.outer(x, x)) @ np.sin(x)) + np.max(x) * np.prod(np.cos(x))


def each(x):  # of a batch
    return np.sum(np.exp(x) * x[..., ::-1], axis=-1)


def raising(x):
    raise LookupError("told")


def dying(x):
    os._exit(3)


def check_all(workers):
    """Compare calls of several drivers by these workers with those of this process."""
    for driver, options, x in (
        (dn.gradient, {"chunk": 3}, X),
        (dn.value_gradient_hessian, {"chunk": 4}, X),
        (dn.laplacian, {"chunk": 2}, X),
        (dn.finite_difference.gradient, {}, X),
    ):
        for f in (energy, lambda x: energy(x) ** 2):
            np.testing.assert_array_equal(
                np.hstack([np.ravel(part) for part in as_tuple(driver(f, workers=workers, **options)(x))]),
                np.hstack([np.ravel(part) for part in as_tuple(driver(f, **options)(x))]),
            )
    told = []
    found = dn.hessian(each, batched=20, workers=workers, progress=lambda *pair: told.append(pair))(POINTS)
    np.testing.assert_array_equal(found, dn.hessian(each, batched=20)(POINTS))
    assert told == [(done, 10) for done in range(1, 11)]
    with pytest.raises(LookupError, match="told"):
        dn.gradient(raising, chunk=3, workers=workers)(X)


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed", reason="Dask's package distributed is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    paths = os.pathsep.join([ROOT, os.path.dirname(__file__)])
    with (
        distributed.LocalCluster(protocol="tcp", env={"PYTHONPATH": paths}, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_cluster_of_dask(client):
    check_all(client)


def test_a_worker_of_dask_that_dies(client):
    distributed = sys.modules["distributed"]
    dask = sys.modules["dask"]
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        client.cluster.scheduler.allowed_failures = 0
        with pytest.raises(distributed.KilledWorker):
            dn.gradient(dying, chunk=3, workers=client)(X)
    client.wait_for_workers(2, timeout=60)
    check_all(client)


def test_arrays_of_dask(client):
    """Blocks of points become blocks of gradients, which are computed where they are."""
    da = pytest.importorskip("dask.array", reason="dask.array is not installed")
    points = da.from_array(POINTS, chunks=(50, 3))
    want = dn.gradient(each, batched=True)(POINTS)
    np.testing.assert_array_equal(
        points.map_blocks(dn.gradient(each, batched=True), dtype=float).compute(), want
    )
    hessian = dn.hessian(each, batched=True)
    found = da.apply_gufunc(hessian, "(p)->(p,q)", points, output_dtypes=float, output_sizes={"q": 3})
    np.testing.assert_array_equal(found.compute(), hessian(POINTS))


def test_loky():
    loky = pytest.importorskip("loky", reason="loky is not installed")
    with loky.get_reusable_executor(2) as executor:
        check_all(executor)


def test_two_ranks_of_mpi(tmp_path):
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    mpirun = shutil.which("mpirun")
    if mpirun is None:  # pip installs mpi4py, but no MPI: that is a package of the system
        pytest.skip("there is no mpirun")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            from mpi4py.futures import MPIPoolExecutor
            from test_clusters import check_all

            if __name__ == "__main__":
                with MPIPoolExecutor() as executor:
                    assert executor.num_workers == 1
                    check_all(executor)
                    print("same")
            """
        )
    )
    paths = os.pathsep.join([ROOT, os.path.dirname(__file__), *filter(None, sys.path)])
    env = {
        **os.environ,
        "PYTHONPATH": paths,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }
    command = [mpirun, "-n", "2", "--oversubscribe", sys.executable, "-m", "mpi4py.futures", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
    assert (done.stdout, done.returncode) == ("same\n", 0), done.stderr
