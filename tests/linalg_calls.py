"""
Calls of products and linear algebra with good and bad arguments, run in a child process by test_linalg_safety.py.

Prints one line a call before and after it, so that the parent knows where a child died, and judges each call: what
NumPy refuses for the values is refused with the same type of error; what is given back has NumPy's values and shape.
"""

import itertools
import sys
import warnings

import numpy as np
from expect import functions

import dualnum as dn
from dualnum import _core

L = np.linalg
LEVEL, OTHER = _core.Level(), _core.Level()
DRAW = np.random.default_rng(1)


def dual(*shape, level=LEVEL, k=2):
    values = DRAW.uniform(-1, 1, shape)
    return _core.seed_tangents(values, level, DRAW.uniform(-1, 1, (*shape, k)))


SHAPES = [(), (0,), (1,), (2,), (3,), (0, 0), (2, 2), (2, 3), (3, 2), (0, 2), (2, 0)]
SHAPES += [(2, 2, 2), (0, 2, 2), (1, 2, 1, 2)]
OPERANDS = {str(shape): dual(*shape) for shape in SHAPES} | {
    "two levels": _core.seed_tangents(dual(2, 2), OTHER, DRAW.uniform(-1, 1, (2, 2, 1))),
    "no tangents": dual(2, 2, k=0),
    "strided": dual(4, 4)[::2, ::-2],
    "broadcast": np.broadcast_to(dual(2), (2, 2), subok=True),
    "nan": dual(2, 2) * np.nan,
    "inf": dual(2, 2) * np.inf,
    "zeros": dual(2, 2) * 0.0,
    "scalar": dual(2)[0],
    "list": [list(dual(2)), list(dual(2))],
    "floats": DRAW.uniform(-1, 1, (2, 2)),
    "vector": DRAW.uniform(-1, 1, 2),
    "ints": np.array([[1, 2], [3, 4]]),
    "bools": np.eye(2, dtype=bool),
    "float32": np.eye(2, dtype=np.float32),
    "longdouble": np.eye(2, dtype=np.longdouble),
    "complex": np.eye(2) * 1j,
    "complex duals": dual(2, 2) + 1j * dual(2, 2),
    "complex stack": dual(1, 2, 1, 2) + 1j * dual(1, 2, 1, 2),
    "complex nan": dual(2, 2) * (1j * np.nan),
    "complex zeros": dual(2, 2) * 0j,
    "complex scalar": dual(2)[0] + 1j * dual(2)[0],
    "objects": np.array([[dual(1)[0], 1.0], [2.0, None]], dtype=object),
    "texts": np.array([["a", "b"], ["c", "d"]]),
    "structs": np.zeros((2, 2), dtype=[("a", float)]),
    "dates": np.zeros((2, 2), dtype="M8[s]"),
    "None": None,
    "text": "text",
    "number": 2,
}
DUALS = [
    name
    for name in OPERANDS
    if name in ("scalar", "complex scalar", "list") or isinstance(OPERANDS[name], dn.DualArray)
]
DISPATCHING = [name for name in DUALS if name != "list"]

ONE_OPERAND = """
    L.inv(a) ; L.det(a) ; L.slogdet(a) ; L.pinv(a) ; L.norm(a) ; L.cholesky(a) ; L.qr(a) ; L.eigh(a)
    L.eigvalsh(a) ; L.eig(a) ; L.eigvals(a) ; L.svd(a) ; L.matrix_rank(a) ; L.cond(a) ; L.tensorinv(a)
    L.svdvals(a) ; np.trace(a) ; L.matrix_power(a, 3) ; L.matrix_power(a, -1) ; L.matrix_power(a, 0)
    L.matrix_power(a, 1.5) ; L.svd(a, full_matrices=False) ; L.svd(a, hermitian=True, compute_uv=False)
    L.svd(a, compute_uv=False) ; L.pinv(a, hermitian=True) ; L.pinv(a, rcond=0.5) ; L.qr(a, mode='complete')
    L.qr(a, mode='r') ; L.qr(a, mode='raw') ; L.qr(a, mode='bad') ; L.eigh(a, 'U') ; L.eigh(a, 'X')
    L.eigvalsh(a, None) ; L.tensorinv(a, 1) ; L.tensorinv(a, 0) ; np.einsum('ii', a) ; np.einsum('i...->...', a)
    np.einsum('i?', a) ; np.einsum('ij->ii', a) ; np.einsum('ij->k', a) ; np.einsum(a, [0, 1])
    np.einsum(a, [0, 99]) ; np.einsum(a) ; np.einsum('ij', a, dtype=np.float32) ; L.multi_dot([a])
    L.multi_dot([a, a, a])
"""
ONE = functions(ONE_OPERAND)
ONE |= {
    f"norm({order!r}, {axis!r})": lambda a, order=order, axis=axis: L.norm(a, order, axis=axis)
    for order in (None, 0, 1, -1, 2, -2, 3, 0.5, np.inf, -np.inf, "fro", "nuc", "bad", [1])
    for axis in (None, 0, -1, (0, 1), (1, 0), (0, 0), 5, (0, 1, 2), "x", 1.5)
}
ONE |= {
    f"cond({p!r})": lambda a, p=p: L.cond(a, p)
    for p in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc", "bad", 3)
}
TWO_OPERANDS = """
    np.dot(a, b) ; np.inner(a, b) ; np.vdot(a, b) ; np.outer(a, b) ; np.tensordot(a, b) ; np.kron(a, b)
    np.cross(a, b) ; np.convolve(a, b) ; np.correlate(a, b) ; np.matmul(a, b) ; L.solve(a, b)
    L.lstsq(a, b, rcond=None) ; L.lstsq(a, b, rcond=0.9) ; L.tensorsolve(a, b) ; L.tensorsolve(a, b, axes=(0,))
    np.tensordot(a, b, 1) ; np.tensordot(a, b, 0) ; np.tensordot(a, b, -1)
    np.tensordot(a, b, ([0, 1], [1, 0])) ; np.tensordot(a, b, ([0, 5], [1, 0])) ; np.tensordot(a, b, 'x')
    np.convolve(a, b, 'bad') ; np.correlate(a, b, 'same') ; np.correlate(a, b, 7) ; L.multi_dot([a, b])
    np.dot(a, b, out=np.zeros((2, 2))) ; np.dot(a, b, out=dual(3)) ; np.einsum('ij,jk', a, b)
    np.einsum('...j,j...', a, b) ; np.einsum('i,j,k', a, b) ; np.einsum('ij,jk->ki', a, b, optimize=True)
    np.einsum('ij,jk->ki', a, b, optimize=['einsum_path', (0, 5)])
    np.einsum('ij,jk->ik', a, b, out=np.zeros((2, 2))) ; np.einsum(a, [0, ...], b, [..., 0])
"""
TWO = functions(TWO_OPERANDS, "a, b", dual=dual)

ERRORS = (TypeError, ValueError, IndexError, AttributeError, KeyError)


def values(x):
    """Return an operand's or result's values."""
    if isinstance(x, (tuple, list)):
        return type(x)(*map(values, x)) if hasattr(x, "_fields") else type(x)(map(values, x))
    return _core.value(x) if isinstance(x, (np.ndarray, dn.Dual, _core.ComplexDual)) else x


def outcome(f, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f(*args), None
        except Exception as error:
            return None, error


def judge(f, args):
    """Return the error of a call as text, '' where it is right."""
    got, error = outcome(f, *args)
    want, plain_error = outcome(f, *[values(a) for a in args])
    if error is not None:
        if not isinstance(error, ERRORS):
            return f"{type(error).__name__}: {error}"
        if plain_error is None and not isinstance(error, (TypeError, ValueError)):
            return f"NumPy works, got {type(error).__name__}: {error}"
        return ""
    if plain_error is not None:
        return f"NumPy raises {type(plain_error).__name__}: {plain_error}; got {got!r:.80}"
    pairs = zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]
    for part, plain in pairs:
        if np.shape(part) != np.shape(plain):
            return f"shape {np.shape(part)} for {np.shape(plain)}"
        part, plain = (np.asarray(_core.value(x), complex) for x in (part, plain))
        if not np.allclose(part, plain, rtol=1e-9, atol=1e-12, equal_nan=True):
            return f"values {part!r:.80} for {plain!r:.80}"
    return ""


def calls():
    for (name, f), operand in itertools.product(ONE.items(), DISPATCHING):
        yield f"{name} of {operand}", f, (OPERANDS[operand],)
    for (name, f), (left, right) in itertools.product(TWO.items(), itertools.product(OPERANDS, OPERANDS)):
        if left in DISPATCHING or right in DISPATCHING:
            yield f"{name} of {left} and {right}", f, (OPERANDS[left], OPERANDS[right])


def main(first):
    for number, (name, f, args) in enumerate(calls()):
        if number >= first:
            print(number, name, end="\t", flush=True)
            verdict = judge(f, args).replace("\n", " ")
            print(f"WRONG {verdict}" if verdict else "")


if __name__ == "__main__":
    main(int(sys.argv[1]))
