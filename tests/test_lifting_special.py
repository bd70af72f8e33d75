"""Lifting: each special method that a class of Python's defines with functions for floats, by what calls it."""

import copy
import functools
import itertools
import math
import operator

import numpy as np
import pytest
from lifting_programs import X, has_the_derivatives_of_its_formula

import dualnum as dn

BINARY = (
    "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod lt le gt ge eq ne".split()
)
UNARY = "neg pos abs invert round trunc floor ceil float".split()


class Length:
    """Special methods that compute with `math`, which takes no duals unless it is lifted; `half` is no number."""

    def __init__(self, x):
        self.x = x

    def __str__(self):
        return f"{math.sin(self.x):.3f}"

    def __format__(self, spec):
        return spec + format(math.sin(self.x), ".2f")

    def __bool__(self):
        return math.sin(self.x) > 0.5

    def __hash__(self):
        return hash(math.floor(math.sin(self.x) * 10))

    def __contains__(self, item):
        return math.sin(self.x) > item

    def __getitem__(self, i):
        if i > 2:
            raise IndexError
        return i * math.sin(self.x)

    def __len__(self):
        return math.ceil(math.sin(self.x) * 4)

    def __reversed__(self):
        return iter([math.sin(self.x), 1.0])

    def __array__(self, dtype=None, copy=None):
        return np.array([math.sin(self.x), 1.0])

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return math.sin(self.x) * len(name)

    @property
    def sine(self):
        return math.sin(self.x)

    def times(self, k, power=1):
        return k * math.sin(self.x) ** power


def _of_two(self, other):
    return math.sin(self.x) * math.exp(getattr(other, "x", other))


def _of_one(self, *args):
    return math.sin(self.x) * 3.0


for _name in BINARY:
    for _prefix in ("", "r", "i")[: 1 if _name in ("lt", "le", "gt", "ge", "eq", "ne") else 3]:
        setattr(Length, f"__{_prefix}{_name}__", _of_two)
for _name in UNARY:
    setattr(Length, f"__{_name}__", _of_one)


class Vector:
    """Compares and iterates by its length, which `math` computes."""

    def __init__(self, *items):
        self.items = items

    def __lt__(self, other):
        return math.hypot(*self.items) < math.hypot(*other.items)

    def __eq__(self, other):
        return isinstance(other, Vector) and math.isclose(math.hypot(*self.items), math.hypot(*other.items))

    __hash__ = None

    def __iter__(self):
        return map(math.sin, self.items)


class Steps:
    def __init__(self, x, n=3):
        self.x, self.n = x, n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return math.sin(self.x) * self.n


class Series:
    """A sequence by __getitem__ alone, and true by its length."""

    def __init__(self, x):
        self.x = x

    def __len__(self):
        return int(math.sin(self.x) < 0)

    def __getitem__(self, i):
        if i == 4:
            raise IndexError(i)
        return math.sin(self.x) * i


class Guarded:
    def __init__(self, x):
        self.x = x

    def __getattribute__(self, name):
        found = object.__getattribute__(self, name)
        return math.sin(found) if name == "x" else found


class Named(Guarded):
    def __repr__(self):
        return f"<{self.x:.1f}>"


class Halved:
    def __setattr__(self, name, x):
        object.__setattr__(self, name, math.sin(x) / 2)


class Filled(dict):
    def __missing__(self, key):
        return math.sin(key)


def chained(x):
    low, high = Vector(0.1), Vector(x, 1.0)
    return math.sin(x) if low < Vector(x) < high < Vector(5.0) else -1.0


def chained_with_a_side_effect(x):
    calls = []

    def middle():
        calls.append(1)
        return Vector(x)

    short = Vector(9.0) < middle() < calls[9]  # nothing is looked up where the first comparison fails
    return math.sin(x) * len(calls) if Vector(0.1) < middle() < Vector(5.0) and not short else -1.0


def truth(x):
    a, b, empty = Length(x), Length(-x), Series(x)
    if not a or b or empty:
        return -1.0
    both = a and b and 3.0
    either = b or empty or a
    while b:
        return -2.0
    assert a and not b, empty
    kept = [v for v in (a, b) if v]
    assert either is a and both is b and kept[0] is a and len(kept) == 1
    return either.sine if bool(a) and not any([b, empty]) and all([a, a]) else 0.0


def operands_stay_out_of_sight(x):
    a = [x]
    y = a and math.sin(x)
    return y if sorted(locals()) == ["a", "x", "y"] else -1.0


def conditions_within_comprehensions(x):
    a = Length(x)
    return sum([math.sin(x) for _ in range(3) if a and 0 < len([b for b in [a, 0] if b and (b or 0)]) < 2])


def orders(x):
    vectors = [Vector(x, 2.0), Vector(x), Vector(3.0, x)]
    least, most = min(vectors), max(vectors[1], vectors[0], vectors[1])
    first = sorted(vectors, reverse=True)[0]
    in_tuples = min((1, vectors[0]), (1, vectors[1]), key=lambda pair: pair)[1]
    vectors.sort(key=lambda v: (0, v))
    assert vectors[0] is least and in_tuples is least and min([], default=3) == 3
    by_cmp = sorted(
        vectors, key=functools.cmp_to_key(lambda a, b: -1 if math.hypot(*a) < math.hypot(*b) else 1)
    )
    return sum(least) + sum(most) + sum(first) + sum(by_cmp[0])


def members(x):
    a, b, c = Vector(x), Vector(x, 1.0), Vector(-x)
    found = [b, a, c]
    assert c in found and Vector(7.0) not in (a, b) and found.index(c) == 1 and found.count(a) == 2
    found.remove(c)
    assert found[1] is c and found.index(a, 1) == 1 and len(found) == 2
    with pytest.raises(ValueError):
        found.index(Vector(9.0))
    return math.sin(x) if 0.3 in Length(x) and x * 0 in Series(x) and math.sin(x) in Steps(x) else 0.0


def iterates(x):
    vector, series = Vector(x, x), Series(x)
    a, b = vector
    first, *rest = series
    (c, d), e = Vector(x, x), 0.0
    total = a + b + sum(rest) + c + d + e + max(*vector) + [*vector, 1.0][1] + first
    for y in Steps(x):
        total += y
    walk = iter(Steps(x))
    total += next(walk) + next(walk) + next(iter(Steps(x, 0)), 0.0)
    total += sum(map(operator.add, Steps(x), series)) + sum(
        itertools.islice(itertools.chain(series, vector), 2)
    )
    items = [0.0]
    items.extend(vector)
    items += Steps(x)

    def delegated():
        yield from Steps(x)

    return (
        total + sum(items) + sum(delegated()) + sum(reversed(Length(x))) - 1 + sum(reversed(Series(x)), 0.0)
    )


def getters(x):
    a = Length(x)
    product = (
        operator.attrgetter("sine")(a) * operator.itemgetter(2)(a) * operator.methodcaller("times", 3)(a)
    )
    product *= sum(operator.itemgetter(1, 2)(a)) * operator.methodcaller("times", k=2, power=1)(a)
    return product * sum(map(operator.attrgetter("sine"), [a, a])) * operator.getitem(a, 1) * a.sixsix


def text(x):
    a = Length(x)
    shown = [str(a), f"{a}", f"{a:>}", f"{a!s:>6}", "%s" % a, "{}".format(a), format(a, "<"), "%s" % (a,)]  # noqa: UP031, UP032
    print(a, end="")
    return (
        math.sin(x)
        if shown == ["0.644", "0.64", ">0.64", " 0.644", "0.644", "0.64", "<0.64", "0.644"]
        else 0.0
    )


PROGRAMS = {
    "chained": (chained, dn.sin), "chained with a side effect": (chained_with_a_side_effect, lambda x: 2 * dn.sin(x)),
    "truth": (truth, dn.sin), "locals": (operands_stay_out_of_sight, dn.sin),
    "in comprehensions": (conditions_within_comprehensions, lambda x: 3 * dn.sin(x)),
    "orders": (orders, lambda x: 4 * dn.sin(x) + math.sin(2.0) + math.sin(3.0)), "members": (members, dn.sin),
    "iterates": (iterates, lambda x: 34 * dn.sin(x)), "getters": (getters, lambda x: 432 * dn.sin(x) ** 8),
    "text": (text, dn.sin),
    "text of a list": (lambda x: math.sin(x) * len(repr([x, (Named(x),)])), lambda x: 15 * dn.sin(x)),
    "__getattr__": (lambda x: Length(x).abc, lambda x: 3 * dn.sin(x)),
    "__getattribute__": (lambda x: Guarded(x).x, dn.sin),
    "__missing__": (lambda x: Filled({1: 2.0})[0.5] * math.sin(x), lambda x: math.sin(0.5) * dn.sin(x)),
    "__array__": (lambda x: np.asarray(Length(x))[0] + np.array(Length(x)).sum(), lambda x: 2 * dn.sin(x) + 1),
    "len": (lambda x: len(Length(x)) * math.sin(x), lambda x: 3 * dn.sin(x)),
    "hash": (lambda x: hash(Length(x)) * math.sin(x), lambda x: 6 * dn.sin(x)),
    "getattr": (lambda x: getattr(Length(x), "sine") * getattr(Length(x), "ab") * getattr(Guarded(x), "y", 2.0),  # noqa: B009
                lambda x: 4 * dn.sin(x) ** 2),
    "setattr": (lambda x: (a := Halved(), setattr(a, "x", x), hasattr(a, "y"), math.sin(a.x))[3],
                lambda x: dn.sin(dn.sin(x) / 2)),
    "of a dict": (lambda x: (a := Filled(), setattr(a, "v", x), a.update({x: a.v}), a[x] + a[math.sin(x)])[3],
                  lambda x: x + dn.sin(dn.sin(x))),
    "fsum": (lambda x: math.fsum(Steps(x)) * math.prod(Vector(x, x)) * math.dist(Vector(x), [0.0]),
             lambda x: 3 * dn.sin(x) ** 4),
    "pow": (lambda x: pow(Length(x), 2.0), lambda x: dn.sin(x) * math.exp(2.0)),
    "copy": (lambda x: copy.copy(Length(x)).sine + copy.deepcopy([Length(x)])[0].sine, lambda x: 2 * dn.sin(x)),
    **{f"{name}(a)": (lambda x, f=f: f(Length(x)), lambda x: 3 * dn.sin(x))
       for name, f in {"round": round, "abs": abs, "float": float, "math.floor": math.floor, "math.ceil": math.ceil,
                       "math.trunc": math.trunc, "neg": operator.neg, "invert": operator.invert}.items()},
    "~a": (lambda x: ~Length(x) - -Length(x) + +Length(x), lambda x: 3 * dn.sin(x)),
    "math.exp(a)": (lambda x: math.exp(Length(x)) + math.atan2(Length(x), 1.0),
                    lambda x: dn.exp(3 * dn.sin(x)) + dn.arctan2(3 * dn.sin(x), 1.0)),
    "divmod": (lambda x: divmod(Length(x), x) + divmod(2.0, Length(x)),
               lambda x: dn.sin(x) * dn.exp(x) + dn.sin(x) * math.exp(2.0)),
}  # fmt: skip


@pytest.mark.parametrize("lift", [True, "auto"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_special_methods_are_lifted(name, lift):
    has_the_derivatives_of_its_formula((*PROGRAMS[name], X), lift)


SYMBOLS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
}  # fmt: skip
SOURCE = "".join(
    f"""
def of_two_{name}(x):
    return (Length(x) {symbol} Length(x)) + (Length(x) {symbol} x) * (x {symbol} Length(x))

def by_operator_{name}(x):
    return operator.__{name}__(Length(x), x)
"""
    + f"""
def in_place_{name}(x):
    a, b, c = Length(x), [Length(x)], Length(x)
    c.held = Length(x)
    a {symbol}= x
    b[0] {symbol}= x
    c.held {symbol}= x
    return a + b[0] + c.held
"""
    * (name not in ("lt", "le", "gt", "ge", "eq", "ne"))
    for symbol, name in SYMBOLS.items()
)


@pytest.fixture(scope="module")
def operators(tmp_path_factory):
    path = tmp_path_factory.mktemp("operators") / "operators_of_length.py"
    path.write_text(SOURCE)
    names = {"Length": Length, "operator": operator, "__name__": "operators_of_length"}
    exec(compile(SOURCE, str(path), "exec"), names)
    return names


@pytest.mark.parametrize("name", SYMBOLS.values())
def test_operators_are_lifted(operators, name):
    def one(x):
        return dn.sin(x) * dn.exp(x)

    for kind, formula in {
        "of_two": lambda x: one(x) + one(x) * one(x), "by_operator": one, "in_place": lambda x: 3 * one(x)
    }.items():  # fmt: skip
        f = operators.get(f"{kind}_{name}")
        if f is not None:
            has_the_derivatives_of_its_formula((f, formula, X), "auto")
