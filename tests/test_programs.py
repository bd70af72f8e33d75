"""Random programs: every element of an array equals the scalar result, and every value that of float64 arrays."""

import numpy as np
import pytest
from elements import coefficients, fresh_levels, join, laid_out, random_coefficients

from dualnum import _core

UNARY = (
    "exp log sqrt sin cos tanh arctan square reciprocal absolute negative cbrt expm1 log1p floor sign".split()
)
UNARY += "arcsinh sinh tan arcsin exp2 rint deg2rad".split()
BINARY = "add subtract multiply divide arctan2 hypot maximum minimum logaddexp power fmax remainder copysign".split()
BINARY += "fmod floor_divide logaddexp2 float_power heaviside".split()


class Program:
    """Duals, floats of the same values and layouts, and scalars at a few places, all put through the same steps."""

    def __init__(self, seed):
        self.draw = draw = np.random.default_rng(seed)
        n = int(draw.integers(1, 4))
        self.levels = fresh_levels(n)
        self.sizes = [int(k) for k in draw.integers(1, (10, 4, 3)[n - 1], n)]
        ndim = int(draw.integers(1, 4))
        self.shape = tuple(int(k) for k in draw.integers(1, (300, 9, 6)[ndim - 1], ndim))
        self.duals, self.plains = [], []
        for _ in range(4):
            dual, plain = self.operand()
            self.duals.append(dual)
            self.plains.append(plain)
        self.places = [tuple(int(draw.integers(k)) for k in self.shape) for _ in range(4)]
        wide = [np.broadcast_to(x, self.shape) for x in self.duals]
        self.scalars = [[x[place] for x in wide] for place in self.places]

    def operand(self):
        draw = self.draw
        carried = [i for i in range(len(self.levels)) if draw.random() < 0.7]
        shape = tuple(1 if draw.random() < 0.25 else k for k in self.shape)[int(draw.random() < 0.2) :]
        terms = random_coefficients(
            shape, [self.sizes[i] for i in carried], int(draw.integers(1e9)), 0.3, 2.0
        )
        if draw.random() < 0.2:
            terms = np.round(terms)  # ties and zeros
        dual = join(terms, [self.levels[i] for i in carried], bool(draw.integers(2)))
        plain = np.array(terms[(..., *(0 for _ in carried))])
        kind = draw.choice(["C", "F", "strided", "T"])
        return laid_out(dual, kind), laid_out(plain, kind)

    def step(self):
        """Take one step, append its result to all operands, and return its name."""
        draw = self.draw
        name = str(draw.choice(UNARY if draw.random() < 0.4 else BINARY))
        f = getattr(np, name)
        at = [int(i) for i in draw.integers(len(self.duals), size=f.nin)]
        with np.errstate(all="ignore"):
            result = f(*(self.duals[i] for i in at))
            if draw.random() < 0.3 and result.dtype != float:
                out = np.zeros(result.shape[::-1], result.dtype).T
                result = f(*(self.duals[i] for i in at), out=out)
            self.plains.append(f(*(self.plains[i] for i in at)))
            for pool in self.scalars:
                pool.append(f(*(pool[i] for i in at)))
        self.duals.append(result)
        return name

    def parts(self, x):
        return coefficients(x, self.levels, self.sizes)


@pytest.mark.parametrize("seed", range(120))
def test_program(seed):
    program = Program(seed)
    for _ in range(6):
        name = program.step()
        result = program.duals[-1]
        assert np.array_equal(_core.value(result), program.plains[-1], equal_nan=True), name
        wide = np.broadcast_to(result, program.shape)
        for place, pool in zip(program.places, program.scalars, strict=True):
            want = program.parts(pool[-1])
            assert np.array_equal(program.parts(wide[place]), want, equal_nan=True), (name, place)
