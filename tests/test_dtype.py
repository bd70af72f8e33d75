"""The dtype: parameters, identity, unions of levels, casts, pickles, sizes."""

import copy
import gc
import io
import pickle

import numpy as np
import pytest
from elements import coefficients, duals, fresh_levels, join
from expect import functions, listed, python

import dualnum as dn
from dualnum import Dual, DualArray, DualDType, HyperDual, _core

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.mark.parametrize(
    "sizes", [(), (0,), (1,), (2,), (8,), (100,), (1, 1), (2, 3), (8, 8), (0, 2)], ids=str
)
def test_parameters(sizes):
    dtype = DualDType(*sizes)
    assert isinstance(dtype, np.dtype) and isinstance(dtype, DualDType)
    assert dtype is DualDType(*sizes)
    assert dtype == DualDType(*sizes) and hash(dtype) == hash(DualDType(*sizes))
    assert dtype.sizes == sizes
    assert dtype.levels == (_core.E1, _core.E2)[: len(sizes)]
    assert dtype.ncomponents == np.prod([1 + k for k in sizes], dtype=int)
    assert dtype.itemsize == 8 * dtype.ncomponents and dtype.alignment == 8
    assert dtype.degree == sum(k > 0 for k in sizes)
    assert dtype != np.dtype(float) and dtype != DualDType(*sizes, 5)
    assert np.dtype(dtype) is dtype
    for text in (repr(dtype), str(dtype)):
        assert text and "object at 0x" not in text


def test_repr_evaluates():
    for sizes in ((), (1,), (3,), (1, 2)):
        dtype = DualDType(*sizes)
        assert eval(repr(dtype)) is dtype


@pytest.mark.parametrize("sizes", [(-1,), (1, -2)], ids=str)
def test_bad_sizes_raise(sizes):
    with pytest.raises((ValueError, TypeError)):
        DualDType(*sizes)


@pytest.mark.parametrize("size", [1.5, "2", None, [1], 2.0])
def test_sizes_of_other_types_raise(size):
    with pytest.raises(TypeError):
        DualDType(size)


@pytest.mark.parametrize(
    "sizes", [(2**62,), (2**31, 2**31), (2**63 - 1,), (2**40, 1), (2**64,), (10**30,)], ids=str
)
def test_overflowing_component_counts_raise(sizes):
    with pytest.raises((ValueError, OverflowError, MemoryError)):
        DualDType(*sizes)


def test_overflowing_unions_raise():
    """Of five levels of 2**20 tangents; the arrays are empty, so that only the counts are large."""
    parts = [_core.seed_tangents(np.zeros(0), level, np.zeros((0, 2**20))) for level in fresh_levels(5)]
    errors = (ValueError, OverflowError, MemoryError, TypeError)
    with pytest.raises(errors):
        sum(parts[1:], parts[0])
    with pytest.raises(errors):
        np.concatenate(parts)
    with pytest.raises(errors):
        np.result_type(*(part.dtype for part in parts))
    with pytest.raises(errors):
        x = np.zeros(0)
        for level in fresh_levels(5):
            x = _core.seed_tangents(x, level, np.zeros((0, 2**20)))


@pytest.mark.parametrize("k", [0, 1, 8, 100, 5000])
def test_arithmetic_for_any_number_of_tangents(k):
    draw = np.random.default_rng(k)
    levels = [_core.E1]
    terms = draw.uniform(0.5, 2, (3, 1 + k))
    d = join(terms, levels)
    assert d.dtype is DualDType(k)
    v, t = terms[:, :1], terms[:, 1:]
    for got, value, tangent in (
        (d * d, v * v, 2 * v * t),
        (np.exp(d), np.exp(v), np.exp(v) * t),
        (d / 3 + 1, v / 3 + 1, t / 3),
        (np.maximum(d, 0), v, t),
        (d**2.5, v**2.5, 2.5 * v**1.5 * t),
    ):
        assert np.array_equal(_core.value(got), value[:, 0])
        np.testing.assert_allclose(_core.tangent(got), tangent, rtol=1e-14)
        np.testing.assert_allclose(_core.tangent(got[1]), tangent[1] if k != 1 else tangent[1, 0], rtol=1e-14)
    total = np.sum(d)
    np.testing.assert_allclose(coefficients(total, levels, (k,)), terms.sum(0), rtol=1e-14)
    np.testing.assert_allclose(coefficients(d @ d, levels, (k,))[1:], 2 * (v * t).sum(0), rtol=1e-14)
    assert np.sort(d)[0] <= np.sort(d)[1]


def mixed_pairs():
    """Return arrays whose levels differ, with the union that they must have."""
    a, b, c = fresh_levels(3)
    x = duals((3,), (2,), [a], 1)
    y = duals((3,), (1,), [b], 2)
    both = duals((3,), (2, 1), [a, b], 3)
    z = duals((3,), (1, 2), [b, c], 4)
    float_ = np.array([1.0, 2.0, 3.0])
    neutral = float_.astype(DualDType())
    return [
        (x, y, (a, b)),
        (y, x, (a, b)),
        (x, both, (a, b)),
        (both, z, (a, b, c)),
        (x, z, (a, b, c)),
        (x, float_, (a,)),
        (float_, x, (a,)),
        (x, neutral, (a,)),
        (x, x, (a,)),
        (neutral, float_, ()),
        (x, float_.astype(np.float32), (a,)),
        (x, np.array([1, 2, 3]), (a,)),
        (np.array([True, False, True]), x, (a,)),
    ]


MIXING = """
    x + y ; x - y ; x * y ; x / y ; abs(x) ** y ; x % y ; x // y ; np.maximum(x, y) ; np.arctan2(x, y)
    np.hypot(x, y) ; np.logaddexp(x, y) ; np.copysign(x, y) ; np.clip(x, y, 2.0) ; divmod(x, y)[1] ; x @ y
    np.multiply.outer(x, y) ; np.where([True, False, True], x, y) ; np.concatenate([x, y]) ; np.stack([x, y])
    np.hstack([x, y]) ; np.choose([0, 1, 0], [x, y]) ; np.select([np.array([True, False, True])], [x], y)
    np.append(x, y) ; np.array([x, y]) ; np.array([x[0], y[1]]) ; np.array([[x[0], 1], [2.5, y[1]]])
    np.array([x[0] * y[0]]) ; x[0] * y ; x - y[0]
"""


@pytest.mark.parametrize("mix", functions(MIXING, "x, y").values(), ids=listed(MIXING))
def test_mixing_gives_the_union_oldest_first(mix):
    for x, y, union in mixed_pairs():
        result = np.asarray(mix(x, y))
        if not union and result.dtype == np.float64:
            continue
        assert result.dtype.levels == union, (x.dtype, y.dtype)


def test_mixing_scalars_gives_the_union():
    for x, y, union in mixed_pairs():
        if union:
            for operation in (np.add, np.multiply, np.hypot, lambda u, v: u + v, lambda u, v: abs(u) ** v):
                assert operation(x[0], y[1]).dtype.levels == union


def test_levels_do_not_mix_up():
    """d/dx (x d/dy (x + y)) = 1, not 2: by hand, with two levels."""
    outer, inner = fresh_levels(2)
    x = _core.seed_scalar(3.0, outer)
    y = _core.seed_scalar(4.0, inner)
    result = x * np.ravel(_core.split(x + y, inner)[1])[0]
    assert float(np.ravel(_core.split(result, outer)[1])[0]) == 1.0


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, y: x + y,
        lambda x, y: x[0] * y[0],
        lambda x, y: np.concatenate([x, y]),
        lambda x, y: np.where([True, False, True], x, y),
        lambda x, y: x.__setitem__(0, y[0]),
        lambda x, y: x @ y,
        lambda x, y: np.array([x[0], y[0]], dtype=x.dtype),
    ],
    ids=["add", "scalars", "concatenate", "where", "assign", "matmul", "array with dtype"],
)
def test_same_level_with_different_sizes_raises(operation):
    x, y = np.zeros(3).astype(DualDType(2)), np.zeros(3).astype(DualDType(3))
    with pytest.raises((TypeError, ValueError)):
        operation(x, y)


def test_assignment_takes_fewer_levels_and_refuses_more():
    a, b = fresh_levels(2)
    one = duals((3,), (1,), [a], 1)
    two = duals((3,), (1, 1), [a, b], 2)
    target = two.copy()
    target[:] = one
    assert np.array_equal(coefficients(target, [a, b], (1, 1))[:, :, 0], coefficients(one, [a], (1,)))
    assert not coefficients(target, [a, b], (1, 1))[:, :, 1].any()
    target[0] = one[1]
    target[1] = 2.5
    assert np.array_equal(coefficients(target, [a, b], (1, 1))[1], [[2.5, 0], [0, 0]])
    some = [(slice(None), two), (0, two[0]), ([0, 1], two[:2]), (np.array([True, False, True]), two[:2])]
    for index, source in some:
        keep = one.copy()
        with pytest.raises(TypeError):
            keep[index] = source
        assert np.array_equal(coefficients(keep, [a], (1,)), coefficients(one, [a], (1,)))


@pytest.mark.parametrize("bits, source", [(np.uint8, "bool"), (np.uint16, "float16")])
def test_casts_of_every_bit_pattern(bits, source):
    """Subnormals, infinities and nan; a byte other than 0 and 1, which views of integers put in a bool, is true."""
    x = np.arange(np.iinfo(bits).max + 1).astype(bits).view(source)
    expected, found = x.astype(float), x.astype(DualDType(1))
    np.testing.assert_array_equal(_core.value(found), expected)
    np.testing.assert_array_equal(
        np.signbit(_core.value(found)[expected == 0]), np.signbit(expected[expected == 0])
    )


@pytest.mark.parametrize("source", ["bool", *INTEGERS, "float16", "float32", "float64"])
@pytest.mark.parametrize("sizes", [(), (1,), (3,), (2, 2)], ids=str)
def test_casts_in(source, sizes):
    values = np.array([0, 1, 1, 0]) if source == "bool" else np.array([0, 1, 7, 100])
    x = values.astype(source)
    dtype = DualDType(*sizes)
    for y in (
        x.astype(dtype),
        np.array(x, dtype=dtype),
        np.asarray(x.tolist(), dtype=dtype),
        np.concatenate([x.astype(dtype)]),
    ):
        assert y.dtype is dtype and np.array_equal(_core.value(y), x.astype(float))
        if sizes:
            assert not coefficients(y, list(dtype.levels), sizes).reshape(4, -1)[:, 1:].any()
    assert np.can_cast(x.dtype, dtype, "safe") or source in ("int64", "uint64")
    assert (x + np.ones(4, dtype)).dtype is dtype


@pytest.mark.parametrize(
    "target", ["bool", *INTEGERS, "float16", "float32", "float64", "longdouble", "complex128"]
)
@pytest.mark.parametrize("sizes", [(1,), (3,), (2, 2)], ids=str)
def test_no_cast_out(target, sizes):
    d = np.ones(3).astype(DualDType(*sizes))
    for subok in (False, True):
        x = d.view(DualArray) if subok else d
        for casting in ("no", "safe"):  # beyond, NumPy asks the resolver, whose text tells the remedy
            assert not np.can_cast(d.dtype, target, casting)
        if target == "bool":
            continue
        for attempt in (
            lambda x=x: np.asarray(x).astype(target),
            lambda x=x: np.asarray(x, dtype=target),
            lambda x=x: np.array(x, dtype=target),
            lambda x=x: np.zeros(3, target).__setitem__(slice(None), x),
            lambda x=x: np.zeros(3, target).__setitem__(0, x[0]),
            lambda x=x: np.zeros(3, target).__setitem__([0, 1], x[:2]),
            lambda x=x: np.copyto(np.zeros(3, target), x, casting="unsafe"),
            lambda x=x: np.add(x, 1, out=np.zeros(3, target), casting="unsafe"),
            lambda x=x: np.zeros(3, target).__iadd__(x),
            lambda x=x: np.full(3, x[0], dtype=target),
            lambda x=x: np.array([x[0], x[1]], dtype=target),
        ):
            with pytest.raises(TypeError):
                attempt()


def test_refusals_name_the_remedy():
    d = np.ones(3).astype(DualDType(1))
    for attempt in (
        lambda: d.astype(float),
        lambda: np.asarray(d, dtype=float),
        lambda: np.zeros(3).__setitem__(slice(None), d),
        lambda: np.zeros(3).__setitem__(0, d[0]),
        lambda: np.add(d, d, out=np.zeros(3)),
        lambda: np.zeros(3).__iadd__(d),
        lambda: np.sum(d, dtype=float),
        lambda: np.exp(d, dtype=float),
    ):
        with pytest.raises(TypeError, match=r"dualnum\.value|zeros_like|dtype=x\.dtype"):
            attempt()


@pytest.mark.parametrize("other", [np.array(["a"]), np.array(["2020-01-01"], "M8[D]"), np.array([b"x"])])
def test_other_types_do_not_mix(other):
    d = np.ones(1).astype(DualDType(1))
    with pytest.raises(TypeError):
        d + other
    with pytest.raises(TypeError):
        other.astype(d.dtype)


ROUND_TRIPS = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "pickle 5 out of band": lambda x: _out_of_band(x),
    "pickle 2": lambda x: pickle.loads(pickle.dumps(x, 2)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def _out_of_band(x):
    buffers = []
    data = pickle.dumps(x, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=buffers)


@pytest.mark.parametrize("how", ROUND_TRIPS)
@pytest.mark.parametrize("sizes", [(), (1,), (3,), (2, 2)], ids=str)
@pytest.mark.parametrize(
    "kind", ["array", "DualArray", "2-d", "strided", "Fortran", "scalar", "dtype", "0-d", "empty"]
)
def test_round_trips(how, sizes, kind):
    levels = [_core.E1, _core.E2][: len(sizes)]
    d = duals((3, 4), sizes, levels, 1) if sizes else np.ones((3, 4)).astype(DualDType())
    x = {
        "array": d[0],
        "DualArray": d.view(DualArray),
        "2-d": d,
        "strided": d[:, ::2],
        "Fortran": np.asfortranarray(d),
        "scalar": d[1, 2],
        "dtype": d.dtype,
        "0-d": d[0, 0:1].reshape(()),
        "empty": d[:0],
    }[kind]
    y = ROUND_TRIPS[how](x)
    assert type(y) is type(x)
    if kind == "dtype":
        assert y is x
        return
    assert y.dtype is x.dtype and y.shape == x.shape
    assert np.array_equal(coefficients(y, levels, sizes), coefficients(x, levels, sizes)) if sizes else True
    assert np.array_equal(_core.value(y), _core.value(x))


def test_pickles_of_a_fresh_level_keep_it():
    level = _core.Level()
    d = _core.seed_identity(np.arange(3.0), level, 0, 3)
    for x in (d, d[1], d.dtype):
        back = pickle.loads(pickle.dumps(x))
        assert (back if isinstance(x, np.dtype) else back.dtype).levels == (level,)
    both = pickle.loads(pickle.dumps((d, d[0])))
    assert (both[0] * both[1]).dtype is d.dtype


def test_pickles_elsewhere_hold_an_inert_level():
    """In another process hand-made duals stay on E1, and a driver's level becomes a fresh one."""
    level = _core.Level()
    data = pickle.dumps((Dual(2.0, 5.0), _core.seed_scalar(3.0, level), _core.seed_scalar(4.0, level)))
    code = (
        "import pickle, sys; from dualnum import _core, Dual\n"
        "a, b, c = pickle.loads(sys.stdin.buffer.read())\n"
        "assert (a * Dual(3.0)).dtype.levels == (_core.E1,), a.dtype\n"
        "mine = _core.Level()\n"
        "assert b.dtype.levels[0] is c.dtype.levels[0] and b.dtype.levels[0] not in (mine, _core.E1, _core.E2)\n"
        "assert len((b * _core.seed_scalar(1.0, mine)).dtype.levels) == 2\n"
        "print(a.tangent, b.tangent)"
    )
    done = python("-c", code, input=data)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.split() == [b"5.0", b"1.0"]


@pytest.mark.parametrize("sizes", [(1,), (3,), (2, 2)], ids=str)
def test_save_and_load(sizes):
    levels = [_core.E1, _core.E2][: len(sizes)]
    d = duals((3, 4), sizes, levels, 1)
    stream = io.BytesIO()
    with pytest.warns(UserWarning, match="saved as python objects"):  # NumPy's own, for every custom dtype
        np.save(stream, d, allow_pickle=True)
    stream.seek(0)
    back = np.load(stream, allow_pickle=True)
    assert back.dtype is d.dtype
    assert np.array_equal(coefficients(back, levels, sizes), coefficients(d, levels, sizes))
    stream = io.BytesIO()
    with pytest.warns(UserWarning, match="saved as python objects"):
        np.savez(stream, d=d, x=np.arange(3))
    stream.seek(0)
    assert np.array_equal(_core.value(np.load(stream, allow_pickle=True)["d"]), _core.value(d))


def test_dtype_answers():
    dtype = DualDType(2)
    assert dtype.type is not None and dtype.name
    assert not dtype.hasobject and dtype.isnative and dtype.fields is None and dtype.subdtype is None
    assert issubclass(dtype.type, np.inexact) or dtype.type is Dual
    assert np.zeros(2, dtype).dtype is dtype and np.empty((2, 3), dtype).dtype is dtype
    assert np.result_type(dtype, np.float64) is dtype and np.result_type(dtype, np.int8) is dtype
    assert np.promote_types(dtype, np.float32) is dtype
    assert np.promote_types(DualDType(2), DualDType(2, 3)) is DualDType(2, 3)


def test_scalars_made_by_hand_have_the_permanent_levels():
    assert Dual(1.0).dtype is DualDType(1)
    assert HyperDual(1.0).dtype is DualDType(1, 1)
    assert Dual(1.0, [1, 2, 3]).dtype is DualDType(3)
    assert (Dual(3.0) * Dual(4.0)).dtype is DualDType(1)
    assert (Dual(3.0) * HyperDual(4.0)).dtype is DualDType(1, 1)
    assert np.array([Dual(1.0), 2.0]).dtype is DualDType(1)
    assert np.array([Dual(1.0), HyperDual(2.0)]).dtype is DualDType(1, 1)
    assert np.array([[Dual(1.0)], [3]]).shape == (2, 1)


def test_levels_are_ordered_by_age():
    ages = [_core.E1.age, _core.E2.age] + [level.age for level in fresh_levels(20)]
    assert ages == sorted(set(ages))


def test_retired_levels_stay_valid_and_inert():
    level = _core.Level()
    d = _core.seed_identity(np.arange(3.0), level, 0, 3)
    level.retire()
    level.retire()
    y = d * d + np.exp(d)
    assert y.dtype.levels == (level,)
    assert np.array_equal(np.diag(_core.tangent(y)), 2 * np.arange(3.0) + np.exp(np.arange(3.0)))
    other = _core.seed_identity(np.arange(3.0), _core.Level(), 0, 3)
    assert len((d * other).dtype.levels) == 2
    assert pickle.loads(pickle.dumps(d)).dtype.levels == (level,)
    del d, y, other
    gc.collect()


def test_printing():
    d = Dual(1.23456789, 2.5)
    assert format(d, ".3f") and "1.235" in format(d, ".3f") and "2.500" in format(d, ".3f")
    assert f"{d:.1f}" and f"{d}" == str(d)
    assert "1.23456789" in repr(d) and "2.5" in repr(d)
    x = np.array([d, 2 * d])
    duals = x.view(DualArray)  # on plain arrays NumPy keeps precision= to itself
    short = np.array2string(duals, precision=2)
    assert "1.23" in short and "1.2345" not in short
    several = np.zeros((2, 2), DualDType(2, 2))
    for text in (repr(x), str(x), repr(duals), repr(np.zeros((0,), x.dtype)), repr(several)):
        assert text and "\n\n" not in text
    assert str(np.zeros(2000, x.dtype)).count("...") == 1
    with pytest.raises((ValueError, TypeError)):
        format(d, "d")


def test_seed_value_tangent_parts():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    d = dn.seed(x)
    assert d.shape == (2, 2) and np.array_equal(dn.value(d), x)
    assert np.array_equal(dn.tangent(d).reshape(4, 4), np.eye(4))
    assert dn.value(3.0) == 3.0 and np.array_equal(dn.value(x), x)
    assert dn.value(Dual(2.0)) == 2.0 and isinstance(dn.value(Dual(2.0)), float)
    with pytest.raises((TypeError, ValueError)):
        dn.tangent(x)
    with pytest.raises((TypeError, ValueError)):
        dn.tangent(HyperDual(1.0))
    assert len(dn.parts(d)) >= 2
