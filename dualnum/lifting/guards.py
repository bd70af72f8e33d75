"""Code that asks for types, which only lifted code answers as for floats: its first call is lifted.

The nets see an answer only where it matters at the first point, as in ``if isinstance(x, float) and x > 2``.
"""

import functools
import sys
import types

#: The grades of lifting: f as it is, with other callees and stores, with other operators and attributes as well.
PLAIN, LEAN, FULL = range(3)
#: Questions that lean code answers, one of which a function of SciPy's asks; those about classes where a class of
#: numbers is named; those of full code.
QUESTIONS = frozenset("type hasattr issubdtype isscalar result_type can_cast freqz_zpk".split())
CLASSES = frozenset("isinstance issubclass".split())
NUMBERS = frozenset(
    "float floating float64 inexact number generic Real Number SupportsFloat complex complexfloating complex128 "
    "Complex SupportsComplex".split()
)
ATTRIBUTES = frozenset("dtype itemsize nbytes strides __class__".split())
#: Names in code that knows duals, and asks what they are.
OF_DUALS = frozenset(
    "sizes levels primal tangent Dual DualArray DualDType ComplexDual ComplexDualDType".split()
)
#: How many functions are looked at, as far as names of f's module and its classes lead to them.
MOST = 100


def grade_asked(f, kinds=NUMBERS):
    """Return the grade that answers the questions about types in f's code and what it calls by name.

    `kinds` are the names of the classes about which f asks.
    """
    grade, seen, todo = PLAIN, set(), [f]
    while todo and grade < FULL and len(seen) < MOST:
        f = todo.pop()
        f = f.func if isinstance(f, functools.partial) else f
        if isinstance(f, type):
            todo += [g for g in vars(f).values() if isinstance(g, types.FunctionType)]
            continue
        if not isinstance(f, (types.FunctionType, types.MethodType)) and callable(f):
            f = type(f).__call__
        if isinstance(f, types.MethodType):
            todo.append(type(f.__self__))
            f = f.__func__
        if isinstance(f, types.FunctionType) and f.__code__ not in seen and _is_of_user(f):
            seen.add(f.__code__)
            used = [set(code.co_names) for code in _codes(f.__code__)]
            grade = max(grade, *[_grade_of(names, kinds) for names in used])
            held = [cell.cell_contents for cell in f.__closure__ or () if _is_full(cell)]
            todo += [g for g in held if isinstance(g, (types.FunctionType, type))]
            found = (f.__globals__.get(name) for name in set().union(*used))
            todo += [g for g in found if isinstance(g, (types.FunctionType, type))]
    return grade


def _is_of_user(f):
    package = (f.__module__ or "").partition(".")[0]
    return package not in sys.stdlib_module_names and package not in ("numpy", "scipy", "pandas", "dualnum")


def _is_full(cell):
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _grade_of(names, kinds):
    """Return the grade for the questions that code with these names asks."""
    if names & OF_DUALS:
        return PLAIN
    if names & ATTRIBUTES:
        return FULL
    return LEAN if names & QUESTIONS or (names & CLASSES and names & kinds) else PLAIN
