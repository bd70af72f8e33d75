"""What stands for the functions of Python, NumPy and SciPy in lifted code; importing this package registers all."""

from dualnum.lifting import keys  # noqa: F401
from dualnum.lifting.tables import (  # noqa: F401
    array_methods,
    complex,
    functional,
    math,
    numpy,
    python,
    random,
    statistics,
)
