"""scipy.sparse: matrices of duals, in its compiled routines and in its classes; imported once scipy.sparse is."""

from typing import NoReturn

__all__: list[str] = []


def refuse(function, *_) -> NoReturn:
    """Raise TypeError for a routine or a method that has no way to take duals."""
    raise TypeError(
        f"scipy.sparse of duals expects dense arrays here, got a sparse matrix of duals ({function.__name__}); use "
        f"A.toarray()."
    )
