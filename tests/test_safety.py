"""No NumPy call crashes, and none loses a derivative in silence: see surface.txt."""

import functools
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from expect import listed, python
from judge import CALLS, FORMS, Case, Loss, judge

import dualnum as dn
from dualnum import _core

CHILD = pathlib.Path(__file__).with_name("judge.py")

# Calls that are not judged, and why.
EXCEPT = {
    "np.frombuffer(x)": "memory as it lies, tangents included",
    "np.frombuffer(x.tobytes())": "memory as it lies, tangents included",
    "np.einsum('ij,jk', m, m, out=a)": "NumPy's own SystemError on plain arrays, with its TypeError inside",
    "x.byteswap()": "memory as it lies, bytes swapped",
}


@functools.cache
def verdicts(form):
    """Return the verdict of every call; a child that dies is started again behind the call that killed it."""
    found, first = {}, 0
    while first < len(CALLS):
        child = python(CHILD, form, first, len(CALLS), text=True)
        for line in child.stdout.splitlines():
            number, _, verdict = line.partition("\t")
            found[int(number)] = verdict
            first = int(number) + 1
        if child.returncode != 0:
            if not child.stdout:
                return dict.fromkeys(range(len(CALLS)), f"CRASH before any call {child.stderr[-500:]}")
            found[first - 1] = f"CRASH {child.returncode} {child.stderr[-500:]}"
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "number", [n for n, call in enumerate(CALLS) if call not in EXCEPT], ids=lambda n: CALLS[n]
)
def test_call(form, number):
    verdict = verdicts(form)[number]
    assert not verdict.startswith(("CRASH", "LOSS", "ERROR")), verdict


def test_enough_is_called_and_works():
    assert len(CALLS) >= 1600
    for form, least in (("plain", 1300), ("DualArray", 1450), ("two levels", 1450)):
        found = list(verdicts(form).values())
        assert sum(v in ("exact", "whole") for v in found) >= least, sorted(
            v for v in found if v not in ("exact", "whole")
        )


# Refusals that name the remedy: how to drop the derivative on purpose, or how to keep it.
REMEDIES = (
    "np.asarray(x, dtype=float) ; x.astype(float) ; float(x[0]) ; int(s) ; complex(s) ; np.float64(s) ; hash(s) ; "
    "(v.__setitem__(0, s), v)[1] ; (v.__setitem__(slice(None), x), v)[1]"
).split(" ; ")


@pytest.mark.parametrize("code", REMEDIES)
@pytest.mark.parametrize("form", FORMS)
def test_refusals_name_the_remedy(code, form):
    with pytest.raises(TypeError, match=r"dualnum\.value|zeros_like|dtype=x\.dtype"):
        eval(code, Case(form).duals())


@pytest.mark.parametrize("form", FORMS)
def test_the_judge_sees_a_loss(form):
    """The judge itself: calls that strip or spoil a derivative are caught."""

    def spoil(x):
        return x * 1.001 - 0.001 * _core.value(x)

    case = Case(form, strip=_core.value, spoil=spoil)
    for code in ("strip(x) ** 2", "x + strip(y) ** 3", "spoil(x) ** 2", "[x, strip(x) ** 2]"):
        with pytest.raises(Loss):
            judge(code, case)
    assert judge("x * 2", case) == "exact"
    assert judge("np.argmax(x)", case) == "whole"
    assert judge("x.astype(float)", case).startswith("refused")


def own_tape():
    tape = _core.Tape(second=True, sparse=True)
    return tape, _core.record_variable(tape, np.arange(3.0))


def foreign():
    return own_tape()[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(3.0, 0)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(np.ones(3), 0)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(foreign(), 0)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(foreign()), [(x, 0)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(x, 10**7)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(x, -5)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(x, 0.5)]),
        lambda t, x: _core.sparse_derivatives(t, np.sum(x * x), [(x[::2], 0)]),
        lambda t, x: _core.sparse_derivatives(t, x * x, [(x, 0)]),
        lambda t, x: _core.pull_back(t, np.sum(foreign()), 1.0, [x]),
        lambda t, x: _core.pull_back(t, np.sum(x), 1.0, [3.0]),
        lambda t, x: _core.second_pull_backs(t, np.sum(x), 1.0, [foreign()], [[np.ones(3)]]),
        lambda t, x: _core.gradient_and_hessian(t, np.sum(foreign()), x),
        lambda t, x: _core.gradient_and_hessian(t, np.sum(x), foreign()),
        lambda t, x: _core.split_second(np.ones(1, dn.DualDType(3000)), _core.E1),
        lambda t, x: _core.split_second(
            np.ones(2, dn.DualDType(order=1))[0], dn.DualDType(order=1).levels[0]
        ),
        lambda t, x: _core.seed_scalar(1.0, _core.Level(degree=2), 1.0, -1),
        lambda t, x: _core.seed_scalar(1.0, _core.Level(degree=2), 1.0, 2**62),
        lambda t, x: dn.DualDType(1, levels=[_core.Level(degree=2**63 - 1)]),
        lambda t, x: _core.Level(degree=-3),
        lambda t, x: _core._restore_dtype((_core.E1, _core.E1), (1, 1)),
        lambda t, x: _core._restore_dtype((_core.E1,), (1, 2)),
        lambda t, x: _core._restore_dtype((_core.Level(degree=2),), (-1,)),
        lambda t, x: _core._restore_dtype((None,), (1,)),
    ],
)
def test_entries_check_what_they_are_handed(call):
    with pytest.raises((TypeError, ValueError)):
        call(*own_tape())


def test_a_plan_made_by_hand_is_no_plan():
    tape, x = own_tape()
    plan, elements, _ = _core.sparse_derivatives(tape, np.sum(x * x), [(x, 0)], _core.SparsePlan())
    assert plan.shape == (3, 3)
    assert (elements == 2).all()


def test_methods_check_their_object():
    """Unbound methods of the extension's classes, with nothing, with None and with other objects for self."""
    code = """
        from dualnum import _core

        for cls in {x for x in vars(_core).values() if isinstance(x, type) and x.__module__.startswith("dualnum")}:
            for name, method in sorted(vars(cls).items()):
                if callable(method) and name not in ("__new__", "__init_subclass__", "__subclasshook__"):
                    for args in ((), (None,), (1.0,), (None, 1, 2), (object(), "x")):
                        try:
                            method(*args)
                        except Exception:
                            pass
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


REFUSED_CASTS = """
    np.add.at(x, [0], 1j) ; np.add.at(x, [0, 1], 1j) ; np.multiply.at(x, [0, 1, 1], np.array([1j, 2, 3]))
    np.add.at(d, [0, 1], z[:2])
    np.add.at(np.zeros(3), [0, 1], x[:2]) ; np.add.at(np.zeros(3, complex), [0, 1], x[:2])
    np.add(many, 1j, out=np.zeros_like(many), casting='unsafe') ; np.add(many, 1j, out=many[::-1], casting='unsafe')
    np.multiply(many, many, out=np.zeros(many.shape), casting='unsafe') ; np.copyto(x, z, casting='unsafe')
    np.add.accumulate(z, out=x) ; np.add.reduceat(z, [0, 1], out=x[:2]) ; np.add.reduce(z, out=np.zeros((), x.dtype))
    z.astype(x.dtype) ; x.__setitem__(slice(None), z)
"""
CHILD_OF_CASTS = """
import sys
import numpy as np, dualnum as dn
d = dn.seed(np.array([1.0, 2.0, 3.0]))
x, many = np.asarray(d), np.asarray(dn.seed(np.ones(40))).repeat(500)
z = x * (1 + 2j)
try:
    eval(sys.argv[1])
except TypeError as error:
    print(error)
"""


@pytest.mark.parametrize("code", listed(REFUSED_CASTS))
def test_casts_that_refuse_within_loops_of_numpy(code):
    """NumPy crashed when such a cast raised without the GIL."""
    child = python("-c", CHILD_OF_CASTS, code, text=True)
    assert (child.returncode, child.stderr) == (0, ""), code
    assert child.stdout.startswith(("cannot store ", "Cannot cast ")), child.stdout


@pytest.mark.parametrize("offset", [0, 3])
def test_casts_between_levels_of_unaligned_elements(offset):
    inner, outer = _core.Level(), _core.Level()
    x = _core.seed_tangents(np.array([1.0, -2.0]), inner, np.array([[3.0, 4.0], [5.0, 6.0]]))
    y = _core.seed_tangents(x, outer, np.array([[7.0], [8.0]]))
    for narrow, wide in ((x, y), (x, y * 1j), (x * 1j, y * 1j)):
        memory = np.zeros(2 * wide.dtype.itemsize + offset, np.uint8)
        for source in (narrow, wide):
            there = np.ndarray(2, wide.dtype, memory, offset)
            there[...] = source
            np.testing.assert_array_equal(np.array(there), np.asarray(source).astype(wide.dtype))
            np.testing.assert_array_equal(np.asarray(there - source).view(np.uint8) & 0x7F, 0)
