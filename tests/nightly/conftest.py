"""The nightly tests need packages that the others do not: DUALNUM_NIGHTLY=1 python -m pytest tests/nightly."""

import os

collect_ignore_glob = [] if os.environ.get("DUALNUM_NIGHTLY") else ["test_*.py"]
