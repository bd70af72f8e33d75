"""
Calls of products and linear algebra with good and bad arguments, run in a child process by test_linalg_safety.py.

Prints one line a call before and after it, so that the parent knows where a child died, and judges each call: what
NumPy refuses for the values is refused with the same type of error; what is given back has NumPy's values and shape.
"""

import itertools
import sys
import warnings

import numpy as np

import dualnum as dn
from dualnum import _core

L = np.linalg
LEVEL, OTHER = _core.Level(), _core.Level()
DRAW = np.random.default_rng(1)


def dual(*shape, level=LEVEL, k=2):
    values = DRAW.uniform(-1, 1, shape)
    return _core.seed_tangents(values, level, DRAW.uniform(-1, 1, (*shape, k)))


OPERANDS = {
    "()": dual(),
    "(0,)": dual(0),
    "(1,)": dual(1),
    "(2,)": dual(2),
    "(3,)": dual(3),
    "(0,0)": dual(0, 0),
    "(2,2)": dual(2, 2),
    "(2,3)": dual(2, 3),
    "(3,2)": dual(3, 2),
    "(0,2)": dual(0, 2),
    "(2,0)": dual(2, 0),
    "(2,2,2)": dual(2, 2, 2),
    "(0,2,2)": dual(0, 2, 2),
    "(1,2,1,2)": dual(1, 2, 1, 2),
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
    "objects": np.array([[dual(1)[0], 1.0], [2.0, None]], dtype=object),
    "texts": np.array([["a", "b"], ["c", "d"]]),
    "structs": np.zeros((2, 2), dtype=[("a", float)]),
    "dates": np.zeros((2, 2), dtype="M8[s]"),
    "None": None,
    "text": "text",
    "number": 2,
}
DUALS = [name for name in OPERANDS if name in ("scalar", "list") or isinstance(OPERANDS[name], dn.DualArray)]
DISPATCHING = [name for name in DUALS if name != "list"]

ONE = {
    name: getattr(L, name)
    for name in "inv det slogdet pinv norm cholesky qr eigh eigvalsh eig eigvals svd matrix_rank cond tensorinv".split()
}
ONE |= {
    "svdvals": getattr(L, "svdvals", None),
    "trace": np.trace,
    "matrix_power(3)": lambda a: L.matrix_power(a, 3),
    "matrix_power(-1)": lambda a: L.matrix_power(a, -1),
    "matrix_power(0)": lambda a: L.matrix_power(a, 0),
    "matrix_power(1.5)": lambda a: L.matrix_power(a, 1.5),
    "svd(thin)": lambda a: L.svd(a, full_matrices=False),
    "svd(hermitian)": lambda a: L.svd(a, hermitian=True, compute_uv=False),
    "svd(values)": lambda a: L.svd(a, compute_uv=False),
    "pinv(hermitian)": lambda a: L.pinv(a, hermitian=True),
    "pinv(rcond)": lambda a: L.pinv(a, rcond=0.5),
    "qr(complete)": lambda a: L.qr(a, mode="complete"),
    "qr(r)": lambda a: L.qr(a, mode="r"),
    "qr(raw)": lambda a: L.qr(a, mode="raw"),
    "qr(bad)": lambda a: L.qr(a, mode="bad"),
    "eigh(U)": lambda a: L.eigh(a, "U"),
    "eigh(X)": lambda a: L.eigh(a, "X"),
    "eigvalsh(None)": lambda a: L.eigvalsh(a, None),
    "tensorinv(1)": lambda a: L.tensorinv(a, 1),
    "tensorinv(0)": lambda a: L.tensorinv(a, 0),
    "einsum(ii)": lambda a: np.einsum("ii", a),
    "einsum(i...)": lambda a: np.einsum("i...->...", a),
    "einsum(bad)": lambda a: np.einsum("i?", a),
    "einsum(output twice)": lambda a: np.einsum("ij->ii", a),
    "einsum(unknown output)": lambda a: np.einsum("ij->k", a),
    "einsum(list)": lambda a: np.einsum(a, [0, 1]),
    "einsum(bad list)": lambda a: np.einsum(a, [0, 99]),
    "einsum(no subscripts)": lambda a: np.einsum(a),
    "einsum(dtype)": lambda a: np.einsum("ij", a, dtype=np.float32),
    "multi_dot(1)": lambda a: L.multi_dot([a]),
    "multi_dot(3)": lambda a: L.multi_dot([a, a, a]),
}
ONE |= {
    f"norm({order!r}, {axis!r})": lambda a, order=order, axis=axis: L.norm(a, order, axis=axis)
    for order in (None, 0, 1, -1, 2, -2, 3, 0.5, np.inf, -np.inf, "fro", "nuc", "bad", [1])
    for axis in (None, 0, -1, (0, 1), (1, 0), (0, 0), 5, (0, 1, 2), "x", 1.5)
}
ONE |= {
    f"cond({p!r})": lambda a, p=p: L.cond(a, p)
    for p in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc", "bad", 3)
}

TWO = {
    name: getattr(np, name)
    for name in "dot inner vdot outer tensordot kron cross convolve correlate matmul".split()
}
TWO |= {
    "solve": L.solve,
    "lstsq": lambda a, b: L.lstsq(a, b, rcond=None),
    "lstsq(rcond)": lambda a, b: L.lstsq(a, b, rcond=0.9),
    "tensorsolve": L.tensorsolve,
    "tensorsolve(axes)": lambda a, b: L.tensorsolve(a, b, axes=(0,)),
    "tensordot(1)": lambda a, b: np.tensordot(a, b, 1),
    "tensordot(0)": lambda a, b: np.tensordot(a, b, 0),
    "tensordot(-1)": lambda a, b: np.tensordot(a, b, -1),
    "tensordot(pairs)": lambda a, b: np.tensordot(a, b, ([0, 1], [1, 0])),
    "tensordot(bad)": lambda a, b: np.tensordot(a, b, ([0, 5], [1, 0])),
    "tensordot(text)": lambda a, b: np.tensordot(a, b, "x"),
    "convolve(bad)": lambda a, b: np.convolve(a, b, "bad"),
    "correlate(same)": lambda a, b: np.correlate(a, b, "same"),
    "correlate(7)": lambda a, b: np.correlate(a, b, 7),
    "multi_dot": lambda a, b: L.multi_dot([a, b]),
    "dot(out)": lambda a, b: np.dot(a, b, out=np.zeros((2, 2))),
    "dot(short out)": lambda a, b: np.dot(a, b, out=dual(3)),
    "einsum(ij,jk)": lambda a, b: np.einsum("ij,jk", a, b),
    "einsum(...j,j...)": lambda a, b: np.einsum("...j,j...", a, b),
    "einsum(i,j,k)": lambda a, b: np.einsum("i,j,k", a, b),
    "einsum(optimize)": lambda a, b: np.einsum("ij,jk->ki", a, b, optimize=True),
    "einsum(bad path)": lambda a, b: np.einsum("ij,jk->ki", a, b, optimize=["einsum_path", (0, 5)]),
    "einsum(out)": lambda a, b: np.einsum("ij,jk->ik", a, b, out=np.zeros((2, 2))),
    "einsum(lists)": lambda a, b: np.einsum(a, [0, ...], b, [..., 0]),
}

ERRORS = (TypeError, ValueError, IndexError, AttributeError, KeyError)


def values(x):
    """Return an operand's or result's values."""
    if isinstance(x, (tuple, list)):
        return type(x)(*map(values, x)) if hasattr(x, "_fields") else type(x)(map(values, x))
    return _core.value(x) if isinstance(x, (np.ndarray, dn.Dual)) else x


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
        part, plain = (np.asarray(_core.value(x), float) for x in (part, plain))
        if not np.allclose(part, plain, rtol=1e-9, atol=1e-12, equal_nan=True):
            return f"values {part!r:.80} for {plain!r:.80}"
    return ""


def calls():
    for (name, f), operand in itertools.product(ONE.items(), DISPATCHING):
        if f is not None:
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
