"""Benchmarks of dualnum against NumPy, derivatives by hand, finite differences and other packages.

Run ``python -m bench`` in the repository; ``--help`` says what it can do.
"""

import os

# One thread for everybody: set before NumPy and the others are imported.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
