"""Products and linear algebra with wrong arguments: no crash, no silent loss, errors that name the remedy."""

import pathlib
import re
import warnings

import numpy as np
import pytest
from expect import functions, listed, python, raises
from linalg_cases import draw

import dualnum as dn
from dualnum import _core

L = np.linalg
CHILD = pathlib.Path(__file__).with_name("linalg_calls.py")
I3 = np.eye(3)


def test_no_call_crashes_or_answers_where_numpy_refuses():
    found, first = [], 0
    while True:
        child = python(CHILD, first, text=True)
        lines = [line for line in child.stdout.splitlines() if line[:1].isdigit()]
        found += [line for line in child.stdout.splitlines() if "WRONG" in line]
        if child.returncode == 0:
            break
        assert lines, child.stderr
        found.append(f"CRASH {child.returncode} {lines[-1]} {child.stderr[-300:]}")
        first = int(lines[-1].split()[0]) + 1
    assert len(lines) > 30000 or first
    assert not found, "\n".join(found[:40])


RANK = "derivatives that keep the rank of A, which is 1 of 2; where they raise it, the pseudoinverse jumps."
DEFECTIVE = "A to be diagonalisable: elsewhere eigenvalues have no derivatives."
SHEAR = np.array([[1.0, 1.0], [0.0, 1.0]])
# The call as the message spells it, the matrix, and what it expects.
NO_DERIVATIVE = [
    ("eigh(A)", I3,
     "distinct eigenvalues: the vectors of repeated ones have no derivatives; eigvalsh(A) needs no vectors."),
    ("eig(A)", I3,
     "distinct eigenvalues: the vectors of repeated ones have no derivatives; eigvals(A) needs no vectors."),
    ("svd(A)", I3,
     "distinct singular values above zero: the vectors of others have no derivatives; use svdvals(A) or "
     "compute_uv=False."),
    ("svd(A)", draw(4, 2),
     "full_matrices=False for matrices of shape (4, 2): the vectors that complete a basis are arbitrary and have no "
     "derivatives."),
    ("pinv(A)", np.ones((3, 2)), RANK),
    ("lstsq(A)", np.ones((3, 2)), RANK),
    ("qr(A)", np.ones((3, 3)),
     "the first 2 columns of A to be independent, got dependent ones, where Q has no derivative."),
    ("qr(A, mode='complete')", np.eye(4, 2),
     "A not to be triangular, got a column that is so already, where a reflection's sign jumps; use mode='reduced'."),
    ("eig(A)", SHEAR, DEFECTIVE),
    ("eigvals(A)", SHEAR, DEFECTIVE),
]  # fmt: skip


@pytest.mark.parametrize("call, a, what", NO_DERIVATIVE)
def test_errors_where_no_derivative_exists(call, a, what):
    code = "L." + call.replace("lstsq(A)", "lstsq(A, np.ones(3), rcond=None)")
    with raises(ValueError, f"{call} of duals expects {what}"):
        eval(code, {"L": L, "np": np, "A": dn.seed(a)})


LOWER = np.add.outer(np.arange(3), -np.arange(3)).ravel()  # how far an entry lies below the diagonal
SWAP = np.eye(9).reshape(3, 3, 9).swapaxes(0, 1).reshape(9, 9)  # of an entry with that of the transpose


@pytest.mark.parametrize(
    "f, hessian",
    [
        (
            lambda m: np.sum(L.eigvalsh(m) ** 2),
            np.diag(np.where(LOWER > 0, 4.0, np.where(LOWER == 0, 2.0, 0.0))),
        ),
        (lambda m: np.sum(L.svd(m, compute_uv=False)), (np.eye(9) - SWAP) / 2),
        (lambda m: L.norm(m, 2), np.full((9, 9), np.nan)),
        (L.cond, np.full((9, 9), np.nan)),
    ],
    ids=["eigvalsh", "nuclear norm", "norm", "cond"],
)
def test_second_derivatives_at_repeated_values_are_exact_or_nan(f, hessian):
    """At the identity; the nuclear norm of 1 + E is 3 + tr E + |E - E'|^2 / 8 to second order."""
    got = dn.hessian(f)(I3).reshape(9, 9)
    np.testing.assert_allclose(got, hessian, rtol=1e-13, atol=1e-13)


def test_errors_where_branches_are_complex():
    """The eigenvalues of 1 + t [[0, 1], [-1, 0]] are 1 + i t and 1 - i t."""
    with pytest.raises(ValueError, match="expects distinct values beyond first order"):
        dn.derivative(lambda t: L.eigvals(np.eye(2) + t * np.array([[0.0, 1.0], [-1.0, 0.0]])), order=2)(0.0)


def test_a_mode_without_a_rule():
    with raises(TypeError, "qr(A, mode='raw') has no rule for duals; use mode='reduced', 'complete' or 'r'."):
        L.qr(dn.seed(I3), mode="raw")


NUMPYS = """
    L.inv(a) ; L.solve(a, a) ; L.tensorinv(a, 1) ; L.tensorsolve(a, np.ones(2)) ; L.matrix_power(a, -1)
    L.cholesky(a)
"""


@pytest.mark.parametrize("f", functions(NUMPYS).values(), ids=listed(NUMPYS))
def test_linalg_errors_are_numpys(f):
    bad = np.zeros((2, 2))
    with pytest.raises(L.LinAlgError) as want:
        f(bad)
    with raises(L.LinAlgError, str(want.value)):
        f(dn.seed(bad))


NONFINITE = """
    L.eigvalsh(a) ; L.eigh(a)[0] ; L.eigvals(a) ; L.eig(a)[0] ; L.svd(a)[0] ; L.svd(a, compute_uv=False)
    L.svd(a, hermitian=True)[1] ; L.svd(a, compute_uv=False, hermitian=True)
"""


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("f", functions(NONFINITE).values(), ids=listed(NONFINITE))
def test_results_of_nonfinite_matrices_are_numpys(f, bad):
    """Matrices with NaN or infinite entries give NumPy's values, or its error."""
    a = np.array([[1.0, bad], [bad, 2.0]])
    with np.errstate(all="ignore"):
        try:
            want = f(a)
        except L.LinAlgError as error:
            with raises(L.LinAlgError, str(error)):
                f(dn.seed(a))
        else:
            np.testing.assert_array_equal(_core.value(f(dn.seed(a))), want)


def test_other_types_are_refused_by_name():
    x = dn.seed(I3)
    for f, other, kind in (
        (L.solve, np.full(3, None), "object"),
        (np.dot, np.full(3, "a"), "<U1"),
        (np.inner, np.full(3, None), "object"),
    ):
        with raises(TypeError, f"{f.__name__} expects real numbers beside duals, got {kind}."):
            f(x, other)
    for dtype in (np.float32, np.float16, np.int8, bool):
        other = np.eye(3, dtype=dtype)
        assert np.array_equal(_core.tangent(L.solve(x, other)), _core.tangent(L.solve(x, I3)))


def test_out_must_hold_duals():
    x = dn.seed(draw(2, 2))
    for name, f in {
        "dot": lambda out: np.dot(x, x, out=out),
        "einsum": lambda out: np.einsum("ij,jk->ik", x, x, out=out),
        "multi_dot": lambda out: L.multi_dot([x, x, x], out=out),
    }.items():
        what = "out=None or an array of duals, got an array of float64: derivatives would be lost"
        remedy = "allocate it with np.zeros_like(x) or np.zeros(n, dtype=x.dtype)."
        with raises(TypeError, f"{name} of duals expects {what}; {remedy}"):
            f(np.zeros((2, 2)))
        with raises(ValueError, f"{name} of duals expects out to have shape (2, 2), got (2,)."):
            f(np.zeros_like(x[0]))
        out = np.zeros_like(x)
        assert f(out) is out and np.array_equal(_core.tangent(out), _core.tangent(f(None)))


def test_operands_of_other_levels():
    """The result carries the levels of both operands, in either order of age."""
    f, m = lambda a, b: L.solve(a, b), draw(3, 3, seed=51) + 2 * I3
    first, second = _core.Level(), _core.Level()
    da, db, b = draw(3, 3, seed=52), draw(3, seed=53), draw(3, seed=54)
    x = f(_core.seed_tangents(m, second, da[..., None]), _core.seed_tangents(b, first, db[..., None]))
    primal, moved = _core.split(x, second)
    inverse = np.linalg.inv(m)
    np.testing.assert_allclose(_core.split(primal, first)[1][:, 0], inverse @ db, rtol=1e-13)
    np.testing.assert_allclose(
        _core.split(moved[:, 0], first)[1][:, 0], -inverse @ da @ inverse @ db, rtol=0, atol=1e-13
    )


def test_inputs_stay_intact():
    x = dn.seed(draw(3, 3, seed=55) + 2 * I3)
    raw = np.asarray(x).tobytes()
    for f in (L.inv, L.det, L.eigvals, L.qr, L.svd, L.pinv, L.norm, L.cond, lambda a: np.einsum("ii->i", a)):
        f(x @ x.T if f is L.eigvals else x)
        assert np.asarray(x).tobytes() == raw


@pytest.mark.parametrize("text", ["ij->ji", "ij", "ii->i", "ii->i...", "...i->i...", b"ji"])
def test_einsum_of_one_operand_is_a_view_as_numpys(text):
    """NumPy's idiom for diagonals writes through it: np.einsum("ii->i", a)[...] = 0."""
    values, tangents = draw(3, 3, seed=57), draw(3, 3, 2, seed=58)
    x = _core.seed_tangents(values, _core.Level(), tangents)
    for a, number in ((x, 7), (values, 7), (tangents[..., 0], 0), (tangents[..., 1], 0)):
        view = np.einsum(text, a)
        assert type(view) is type(a)
        view[...] = 2 * a[0, 1]
        view[0] = number
    assert np.array_equal(dn.value(x), values) and np.array_equal(dn.tangent(x), tangents)
    x.flags.writeable = False
    assert not np.einsum(text, x).flags.writeable


def test_warnings_are_those_of_the_values():
    with np.errstate(all="raise"):
        L.inv(dn.seed(1e-200 * I3[:2, :2]))  # its tangents overflow
        L.norm(dn.seed(np.zeros(3)))
        L.det(dn.seed(np.zeros((2, 2))))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(L.det(dn.seed(np.zeros((1, 1)))))


PLAIN = "array type .* is unsupported in linalg|currently only supports native NumPy dtypes"


@pytest.mark.parametrize(
    "name", "solve inv det slogdet cholesky qr eigh eigvalsh eig eigvals svd pinv cond".split()
)
def test_plain_arrays_are_refused(name):
    """NumPy itself refuses plain arrays of duals; viewed as DualArray they work."""
    x = dn.seed(np.array([4.0, 1.0, 1.0, 3.0]))
    plain = np.array([[x[0], x[1]], [x[2], x[3]]])
    args = (np.ones(2),) if name == "solve" else ()
    with pytest.raises(TypeError, match=PLAIN):
        getattr(L, name)(plain, *args)
    getattr(L, name)(plain.view(dn.DualArray), *args)
    getattr(L, name)(np.stack([x[:2], x[2:]]), *args)


@pytest.mark.parametrize("name", "dot inner vdot tensordot convolve correlate".split())
def test_products_of_plain_arrays_are_refused(name):
    x = dn.seed(np.ones(2)).view(np.ndarray)
    axes = (1,) if name == "tensordot" else ()
    # NumPy 2.5 raises an error of its own before dualnum is asked
    refused = pytest.raises((TypeError, ValueError), match=rf"{PLAIN}|not available for this (data )?type")
    with refused:
        getattr(np, name)(x, x, *axes)
    assert type(getattr(np, name)(x, x.view(dn.DualArray), *axes)) in (dn.DualArray, dn.Dual)


SCIPY = (
    "solve inv det cholesky qr eigh eig svd svdvals eigvals eigvalsh pinv lstsq lu lu_factor expm logm sqrtm norm "
    "solve_triangular cho_factor null_space orth polar schur ldl funm"
).split()


REFUSALS = (
    "cannot store duals as float64",
    PLAIN,
    "No matching signature",
    "not (available|supported)",
    "of type float32, float64, complex64",
    r"\\x7f",  # det looks the type's letter up
)


@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize("subok", [True, False], ids=["DualArray", "plain"])
def test_scipy_refuses(name, subok):
    """SciPy's functions do not dispatch: none of them drops a derivative."""
    linalg = pytest.importorskip("scipy.linalg")
    x = dn.seed(np.array([[4.0, 1.0], [1.0, 3.0]]))
    x = x if subok else x.view(np.ndarray)
    extra = {"funm": (np.exp,)}.get(name, (x[0],) if name in ("solve", "lstsq", "solve_triangular") else ())
    with pytest.raises(Exception, match="|".join(REFUSALS)):  # expm of SciPy 1.18 has an exception of its own
        getattr(linalg, name)(x, *extra)


def test_numpy_rule():
    with pytest.raises(TypeError, match=re.escape("without derivatives, got <ufunc 'sin'>.")):
        dn.rule(np.sin)
    with pytest.raises(TypeError, match=r"rule expects a callable, got int\."):
        dn.rule(np.sinc)(3)
    before = _core.rule_of(np.unwrap)
    try:
        assert dn.rule(np.unwrap)(lambda p, **kwargs: p * 2.0)(1.0) == 2.0
        assert np.unwrap(dn.Dual(3.0)).tangent == 2.0
    finally:
        _core.register_rule(np.unwrap, before) if before else dn.rule(np.unwrap)(np.unwrap._implementation)


def test_pseudoinverses_of_nonfinite_or_empty_matrices():
    """NumPy's values, and no warning; no derivative is made up for values that are NaN."""
    for bad in ([[np.inf]], [[np.inf, 1.0], [0.0, 1.0]], [[1.0, np.inf], [0.0, 1.0]], [[np.inf, 0.0]]):
        try:
            want = L.pinv(np.array(bad))
        except np.linalg.LinAlgError:  # NumPy 2.5
            with pytest.raises(np.linalg.LinAlgError):
                L.pinv(dn.seed(np.array(bad)))
            continue
        with warnings.catch_warnings(action="error"):
            got = L.pinv(dn.seed(np.array(bad)))
        assert np.array_equal(_core.value(got), want, equal_nan=True)
        assert np.isnan(_core.tangent(got)).any(axis=-1)[np.isnan(want)].all()
    for shape in ((0, 3), (3, 0), (0, 0), (2, 0, 3), (0, 2, 2)):
        x = np.zeros(shape)
        for hermitian in {False, shape[-2] == shape[-1] or shape == (0, 3)}:
            got = L.pinv(dn.seed(x), hermitian=hermitian)
            assert got.shape == L.pinv(x, hermitian=hermitian).shape and type(got) is dn.DualArray


def test_stacks_of_pseudoinverses_of_several_ranks():
    """Each matrix by its own rank and its own cutoff."""
    full, low, cut = draw(3, 3, seed=61) + 2 * I3, np.outer(draw(3), draw(3)), np.diag([1.0, 0.5, 0.01])
    stack, cutoffs = np.stack([full, low, cut, 0 * I3]), np.array([1e-15, 1e-15, 0.1, 1e-15])
    x = _core.seed_tangents(stack, _core.Level(), stack[..., None])  # along the matrix itself: dA^+ = -A^+
    got = L.pinv(x, rcond=cutoffs)
    want = L.pinv(stack, rcond=cutoffs)
    assert np.array_equal(_core.value(got), want)
    np.testing.assert_allclose(_core.tangent(got)[..., 0], -want, rtol=0, atol=1e-12)
    got = L.pinv(x, rtol=cutoffs)
    assert np.array_equal(_core.value(got), want)
