"""Random programs of views, assignments, masks, joins and reductions, for reverse mode against duals.

Shapes and choices follow from a seed alone, and branches from values, so a program runs alike on floats, on duals and
on recorded arrays.  `lattice` draws variables among few numbers, so that kinks and ties are met.
"""

import numpy as np

UNARY = "exp tanh sin cos square negative absolute arctan sqrt log1p sign floor reciprocal cbrt sinh expm1".split()
BINARY = "add subtract multiply divide maximum minimum hypot arctan2 fmax copysign remainder fmod logaddexp".split()


def variables(seed, lattice):
    """Return the point of a program: a vector of 24 variables."""
    draw = np.random.default_rng([seed, 1])
    return draw.integers(-2, 3, 24) / 2.0 if lattice else draw.normal(size=24)


class Program:
    """A function of a vector, made of `steps` random steps."""

    def __init__(self, seed, steps=8):
        self.seed, self.steps = seed, steps

    def __call__(self, x):
        total = 0.0
        with np.errstate(all="ignore"):
            for a in self.run(x):
                total = total + np.sum(0.5 * a * a) + np.sum(a)
        return total

    def run(self, x):
        """Return the last arrays of the pool."""
        self.draw = np.random.default_rng([self.seed, 2])
        self.pool = [x.reshape(4, 6), x[::2].reshape(3, 4), x.reshape(6, 4).T, x]
        with np.errstate(all="ignore"):
            for _ in range(self.steps):
                step = self.draw.choice(STEPS)
                getattr(self, f"do_{step}")()
        return self.pool[-4:]

    # ---- choices ----

    def pick(self, like=None):
        """Return an array of the pool; of a shape that broadcasts to another's, if `like` is given."""
        found = [a for a in self.pool if like is None or a.shape == like.shape]
        return found[self.draw.integers(len(found))] if found else None

    def number(self):
        return float(self.draw.choice([0.5, 2.0, -1.0, 3.0, 0.0]))

    def slices(self, a):
        """Return a basic index that keeps at least one element along each axis."""
        key = []
        for n in a.shape:
            kind = self.draw.integers(5)
            start = int(self.draw.integers(n))
            key.append(
                [
                    slice(None),
                    slice(start, None),
                    slice(None, None, -1),
                    slice(start, start + 1),
                    slice(None, None, 2),
                ][kind]
            )
        return tuple(key)

    def other(self, a):
        """Return a second operand for a: an array of its shape, a row of it, a constant or a number."""
        kind = self.draw.integers(5)
        if kind == 0:
            return self.number()
        if kind == 1:
            return np.random.default_rng(int(self.draw.integers(100))).normal(size=a.shape).round(1)
        if kind == 2 and a.ndim == 2:
            return a[int(self.draw.integers(a.shape[0]))]
        if kind == 3 and a.ndim and a.size:
            return a.reshape(-1)[int(self.draw.integers(a.size))]
        b = self.pick(a)
        return self.number() if b is None else b

    # ---- steps ----

    def do_unary(self):
        self.pool.append(getattr(np, self.draw.choice(UNARY))(self.pick()))

    def do_binary(self):
        a = self.pick()
        b = self.other(a)
        f = getattr(np, self.draw.choice(BINARY))
        self.pool.append(f(a, b) if self.draw.integers(2) else f(b, a))

    def do_operator(self):
        a = self.pick()
        b = self.other(a)
        kind = self.draw.integers(6)
        self.pool.append(
            [
                lambda: a * b,
                lambda: b - a,
                lambda: a + b,
                lambda: a / (b * b + 1),
                lambda: a**2,
                lambda: 2 - a,
            ][kind]()
        )

    def do_view(self):
        a = self.pick()
        kind = self.draw.integers(6)
        if kind == 0:
            made = a.T
        elif kind == 1:
            made = a.ravel()
        elif kind == 2:
            made = a.reshape(-1)
        elif kind == 3:
            made = np.flip(a)
        elif kind == 4:
            made = a[np.newaxis]
            made = made[0]
        else:
            made = a[self.slices(a)]
        self.pool.append(made)

    def do_copy(self):
        self.pool.append(self.pick().copy())

    def do_assign(self):
        a = self.pick()
        part = a[self.slices(a)]
        b = self.other(part) if part.size else 0.0
        part[...] = b

    def do_assign_key(self):
        a = self.pick()
        key = self.slices(a)
        part = a[key]
        b = self.pick(part)
        a[key] = self.number() if b is None else b

    def do_overlap(self):
        a = self.pick()
        if a.ndim and a.shape[0] > 1:
            a[1:] = a[:-1]

    def do_element(self):
        a = self.pick()
        if a.ndim == 1 and a.size > 2:
            i, j = (int(k) for k in self.draw.integers(a.size, size=2))
            a[i] = a[j] * 2 - a[i]
        elif a.ndim == 2 and a.size:
            i, j = (int(self.draw.integers(n)) for n in a.shape)
            a[i, j] = a[0, 0] * a[i, j]

    def do_mask(self):
        a = self.pick()
        mask = a > 0.25
        kind = self.draw.integers(4)
        if kind == 0:
            a[mask] = self.number()
        elif kind == 1:
            a[mask] = a[mask] * 3
        elif kind == 2:
            a[mask] *= 0.5
        else:
            self.pool.append(a[mask])

    def do_fancy(self):
        a = self.pick()
        if not a.ndim or not a.shape[0]:
            return
        index = self.draw.integers(a.shape[0], size=3)
        kind = self.draw.integers(3)
        if kind == 0:
            self.pool.append(a[index])
        elif kind == 1:
            a[index] = a[index[::-1]] * 2
        else:
            self.pool.append(np.take(a, index, axis=0))

    def do_in_place(self):
        a = self.pick()
        part = a[self.slices(a)] if self.draw.integers(2) else a
        b = self.other(part)
        kind = self.draw.integers(5)
        if kind == 0:
            part += b
        elif kind == 1:
            part -= b
        elif kind == 2:
            part *= b
        elif kind == 3:
            part /= 2.0
        else:
            np.tanh(part, out=part)

    def do_where(self):
        a = self.pick()
        self.pool.append(np.where(a > 0, a * a, self.other(a)))

    def do_join(self):
        a = self.pick()
        b = self.pick(a)
        if not a.ndim:
            return
        kind = self.draw.integers(5)
        if kind == 0:
            made = np.concatenate([a, b, a])
        elif kind == 1:
            made = np.stack([a, b], axis=-1)
        elif kind == 2:
            made = np.hstack([a, b])
        elif kind == 3:
            made = np.vstack([a, b])
        else:
            made = np.concatenate([b, np.ones_like(a)], axis=-1)
        self.pool.append(made.reshape(-1)[:30])

    def do_move(self):
        a = self.pick()
        if not a.ndim or not a.size:
            return
        kind = self.draw.integers(7)
        if kind == 0:
            made = np.roll(a, int(self.draw.integers(-3, 4)))
        elif kind == 1:
            made = np.sort(a, axis=None)
        elif kind == 2:
            made = np.repeat(a, 2)[:20]
        elif kind == 3:
            made = np.pad(a, 1)
        elif kind == 4:
            made = np.diff(a, axis=0)
        elif kind == 5:
            made = np.roll(a, 1, axis=0)
        else:
            made = np.clip(a, -0.5, 1.0)
        self.pool.append(made)

    def do_reduce(self):
        a = self.pick()
        if not a.ndim or not a.size:
            return
        axis = int(self.draw.integers(a.ndim))
        kind = self.draw.integers(9)
        if kind == 0:
            made = a - a.sum(axis=axis, keepdims=True)
        elif kind == 1:
            made = a - np.mean(a)
        elif kind == 2:
            made = a * a.max(axis=axis, keepdims=True)
        elif kind == 3:
            made = a / (1 + np.linalg.norm(a))
        elif kind == 4:
            made = np.cumsum(a, axis=axis)
        elif kind == 5:
            made = a + np.min(a)
        elif kind == 6:
            made = a * np.var(a, axis=axis, keepdims=True)
        elif kind == 7:
            made = np.prod(a, axis=axis, keepdims=True) + a
        else:
            made = a.mean(axis=axis, keepdims=True) * a
        self.pool.append(made)

    def do_product(self):
        a = self.pick()
        if a.ndim == 2 and a.size:
            self.pool.append(a @ a.T if self.draw.integers(2) else a.T @ a[:, 0])
        elif a.ndim == 1:
            self.pool.append(a * (a @ a))

    def do_like(self):
        a = self.pick()
        made = np.zeros_like(a)
        if a.ndim and a.shape[0] > 1:
            made[1:] = a[:-1] * 2
            made[0] = a[-1]
        self.pool.append(made)


STEPS = [name.removeprefix("do_") for name in vars(Program) if name.startswith("do_")]


class VectorProgram(Program):
    """A random function of a vector whose result is one."""

    def __call__(self, x):
        return np.concatenate([np.ravel(a) for a in self.run(x)])
