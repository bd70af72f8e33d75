"""The text of arrays of duals: NumPy's print options hold for each number of an element."""

from dualnum._core import ComplexDual, complex_text, dual_text, number_writer

__all__: list[str] = []


def element_formatter(formatter=None, precision=8, suppress=False, sign="-", **others):
    """Return the function that writes an element, for these print options of NumPy's."""
    formatter = formatter or {}
    if "all" in formatter:
        return formatter["all"]
    write = formatter.get("float") or formatter.get("float_kind") or number_writer(precision, suppress, sign)

    def write_complex(x):
        return f"({write(x.real)}{'' if write(x.imag).startswith(('-', '+')) else '+'}{write(x.imag)}j)"

    return lambda d: complex_text(d, write_complex) if type(d) is ComplexDual else dual_text(d, write)
