"""The name by which dualnum is installed: that of the import is another project's on PyPI."""

NAME = "numpy-dualnum"


def extra(name):
    """Return how messages spell the requirement of an extra.

    Examples
    --------
    >>> extra("plot")
    '"numpy-dualnum[plot]"'
    """
    return f'"{NAME}[{name}]"'
