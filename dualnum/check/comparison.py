"""The comparison behind `dualnum.check`: exact or hand-written derivatives against differences of many steps."""

import itertools
import time
import warnings

import numpy as np

from dualnum.check.diagnosis import (
    AGREES,
    NOISE,
    SAFETY,
    STEP_EXPONENTS,
    UNDECIDED,
    WRONG,
    Diagnosis,
    MemoizedProbe,
    scales,
)
from dualnum.check.report import NO_SUSPICION, Method, Report, label
from dualnum.difference_quotients import EPSILON, difference, move
from dualnum.drivers._base import Driver, Leaf, Variables, tree_map
from dualnum.drivers._checks import check_callable, check_finite, check_structure, expects
from dualnum.drivers._containers import items
from dualnum.lifting.record import replaced_callees

#: The most steps on the error curves of all derivatives together; each curve has at least 6.
MOST_STEPS = 2000
#: Richardson's weights of the central differences by h, h/2 and h/4.
EXTRAPOLATION = (1 / 45, -20 / 45, 64 / 45)


class NamedCall(Driver):
    """A driver whose error messages spell the call as ``compare(f, x)`` instead of ``compare(f)(x)``."""

    __slots__ = ()

    def __str__(self):
        return f"{self.name}(f, x)"


class Comparison:
    """A function, a point, and its derivatives of order 1 or 2: hand-written ones, or dual numbers' for None.

    `name` is the function's that the user called, for messages.
    """

    def __init__(self, name, f, x, args, kwargs, order, written, lift):
        self.f, self.args, self.kwargs, self.order = f, (x, *args), kwargs, order
        self.written = None if written is None else "jac" if order == 1 else "hess"
        self.name = name
        driver = NamedCall(check_callable(name, f, "f, x"), lift=lift, check=False, name=name)
        self.variables = Variables(driver, self.args)
        self.probe = MemoizedProbe(driver, self.variables, kwargs)
        self.leaves = []
        tree_map(self.leaves.append, self.variables.tree)
        self.x = np.concatenate([np.zeros(0), *(np.ravel(leaf.x) for leaf in self.leaves)])
        check_finite(driver, self.x, labels("x", self.variables.tree))
        self.value = self.probe.centre
        if self.probe.is_complex and order == 2:
            use = "order=1, or abs(f(x))"
            raise TypeError(expects(f"{name}(f, x, order=2)", "f(x) to be real numbers", "complex ones", use))
        self.notes = []
        self.exact = self.cost = None
        try:
            self.exact, self.cost = self.by_dual_numbers()
        except Exception as error:
            if written is None:
                raise
            kind = type(error).__name__
            self.notes.append(f"f does not take dual numbers ({kind}): differences are all there is.")
        self.given = self.exact if written is None else self.as_table(written)
        size = np.hypot(*np.split(self.given, 2)) if self.probe.is_complex else np.abs(self.given)
        self.size = float(np.max(size, initial=0.0, where=np.isfinite(size)))

    @property
    def shape(self):
        """The shape of f(x)."""
        return self.value.shape[1:] if self.probe.is_complex else self.value.shape

    def by_dual_numbers(self):
        """Return the derivatives by dual numbers as a table, and the cost: the number of calls of f and the time.

        Where f has to be lifted, the cost is that of later calls.
        """
        calls, f = 0, self.f

        def counted(*args, **kwargs):
            nonlocal calls
            calls += 1
            return f(*args, **kwargs)

        driver = Driver(
            counted,
            lift=self.probe.driver.lift,
            check=False,
            name="jacobian" if self.order == 1 else "hessian",
        )
        with replaced_callees() as names:
            start = time.perf_counter()
            table = self.table_of(driver)
        if names:
            self.notes.append(f"f is lifted ({', '.join(names)}).")
            calls, start = 0, time.perf_counter()
            self.table_of(driver)
        return table, (calls, time.perf_counter() - start)

    def table_of(self, driver):
        """Return the derivatives that a driver computes as a table."""
        variables = Variables(driver, self.args)
        if self.order == 1:
            chunks = driver.chunks(variables, self.kwargs)
            table = np.concatenate([first[..., : variables.size - i] for i, _, first in chunks], axis=-1)
        else:
            *_, table = driver.tiles(variables, self.kwargs, lambda *_: None)
        return self.as_rows(table)

    def as_rows(self, table):
        """Return derivatives as a table of shape ``(values of f, variables)``, for order 2 with two last axes.

        The rows of a complex f are those of the real parts and then those of the imaginary ones.
        """
        if self.probe.is_complex:
            table = np.stack([np.real(table), np.imag(table)])
        return np.asarray(table, dtype=float).reshape((self.value.size, *(self.variables.size,) * self.order))

    def whole(self, parts, shape):
        """Return numbers of a shape from those in a table or in f's values, which may be both parts of complex ones."""
        if not self.probe.is_complex:
            return parts.reshape(shape)
        re, im = parts.reshape(2, *shape)
        return re + 1j * im

    def as_table(self, written):
        """Return derivatives written by hand as such a table."""
        if callable(written):
            written = written(*self.variables.seed_arguments((move, ())), **self.kwargs)

        def blocks(tree, found, depth, shape):
            if depth == 0:
                sizes = [np.prod(s, dtype=int) for s in shape]
                return self.block(found, shape).reshape((int(np.prod(self.shape)), *sizes))
            if isinstance(tree, Leaf):
                return blocks(self.variables.tree, found, depth - 1, (*shape, tree.shape))
            pairs = zip(
                items(tree).values(), check_structure(self, tree, found, f"{self.written}(x)"), strict=True
            )
            parts = [blocks(child, part, depth, shape) for child, part in pairs]
            return np.concatenate(parts, axis=len(shape) + 1) if parts else np.zeros(0)

        return self.as_rows(blocks(self.variables.tree, written, self.order, ()))

    def block(self, found, shape):
        """Return the derivatives by one array (or a pair of arrays) as an array; sparse ones made dense."""
        dtype = complex if self.probe.is_complex else float
        found = np.asarray(found.toarray() if hasattr(found, "toarray") else found, dtype=dtype)
        expected = sum(shape, self.shape)
        if found.shape != expected and np.squeeze(found).shape != np.squeeze(np.empty(expected)).shape:
            what = f"{self.written}(x) to have the shape {expected}"
            raise ValueError(expects(self, what, f"shape {found.shape}"))
        return found

    def __str__(self):
        """Return the call as an error message spells it."""
        return f"{self.name}(f, x, {self.written}={self.written})"

    def compare(self, steps, rtol):
        """Return the Report."""
        places = list(itertools.combinations_with_replacement(range(self.variables.size), self.order))
        curves = ErrorCurves(self.order, steps, len(places))
        shape = self.given.shape
        computed = self.computed(rtol)
        found = [np.zeros(shape), np.zeros(shape), np.empty(shape, object), np.empty(shape, object)]
        for place in places:
            diagnosis = Diagnosis(self.probe, place, self.x, self.size, rtol)
            for target in {place, place[::-1]}:  # a Hessian written by hand need not be symmetric
                findings = diagnosis.judge(self.given[:, *target], computed[:, *target])
                for table, part in zip(found, findings, strict=True):
                    table[:, *target] = part
            curves.add(self.probe, place, scales(self.x), self.given[:, *place])
            self.probe.forget(self.order)
        self.call_again(found[3])
        if self.written and self.exact is not None:
            self.compare_with_dual_numbers(*found, rtol)
        return self.report(self.of_both_parts(found, rtol) if self.probe.is_complex else found, curves)

    def of_both_parts(self, found, rtol):
        """Return findings about complex derivatives from those about their parts, the worse one of both.

        A wrong part that is small beside the other one does not count.
        """
        estimate, error, status, suspicion = (np.stack(np.split(table, 2)) for table in found)
        given = np.split(self.given, 2)
        error = np.hypot(*error)
        gap = np.hypot(*(given - estimate))
        size = np.maximum(np.hypot(*given), np.hypot(*estimate))
        with np.errstate(invalid="ignore"):
            near = gap <= rtol * size + SAFETY * error
        undecided = (status == UNDECIDED).any(axis=0)
        merged = np.where(
            (status == WRONG).any(axis=0) & ~near, WRONG, np.where(undecided, UNDECIDED, AGREES)
        )
        first, second = suspicion
        suspicion = np.where(np.equal(first, NO_SUSPICION), second, first)
        return np.concatenate(estimate), error, merged.astype(object), suspicion

    def call_again(self, suspicion):
        """Suspect noise where a second call of f at the point gives something else."""
        again = self.probe.output(self.f(*self.variables.seed_arguments((move, ())), **self.kwargs))
        other = np.ravel(~((again == self.value) | (np.isnan(again) & np.isnan(self.value))))
        if other.any():
            self.notes.append("f does not give the same value twice.")
            suspicion[other] = np.where(np.equal(suspicion[other], NO_SUSPICION), NOISE, suspicion[other])

    def computed(self, rtol):
        """Tell which of the derivatives are those of dual numbers, too."""
        if self.exact is None:
            return np.zeros(self.given.shape, bool)
        size = np.maximum(np.abs(self.given), np.abs(self.exact))
        with np.errstate(invalid="ignore"):
            near = np.abs(self.given - self.exact) <= rtol * size + 1e-14 * self.size
        return near & np.isfinite(self.given)

    def compare_with_dual_numbers(self, estimate, error, status, suspicion, rtol):
        """Mark a derivative wrong that differs from dual numbers, where the differences confirm these.

        Where a kink, a jump or the like is suspected the status stays.
        """
        exact, given = self.exact, self.given
        computed = self.computed(rtol)
        if np.any(computed & (status == WRONG)):
            self.notes.append(f"Dual numbers agree with {self.written} where the differences do not.")
        size = np.maximum(np.abs(given), np.abs(exact))
        off = ~computed & (np.abs(given - exact) > rtol * size + 1e-14 * self.size + 1e-9 * error)
        confirmed = np.abs(exact - estimate) <= SAFETY * error + rtol * size
        plain = np.equal(suspicion, NO_SUSPICION) | (suspicion == NOISE)
        wrong = off & confirmed & plain
        status[wrong], estimate[wrong], error[wrong] = WRONG, exact[wrong], EPSILON * np.abs(exact[wrong])

    def report(self, found, curves):
        """Return the Report on the findings."""
        tree, value = self.variables.tree, self.whole(self.value, self.shape)
        alone = isinstance(tree, Leaf)
        point = tree.shape if alone else (self.variables.size,)
        if alone and not point:
            kind = "derivative" if self.order == 1 else "second derivative"
        else:
            kind = "Hessian" if self.order == 2 else "Jacobian" if value.ndim else "gradient"
        methods = curves.methods(self.size)
        if self.exact is not None:
            gap = np.abs(self.given - self.exact)
            error = np.max(gap, initial=0.0, where=np.isfinite(gap)) / (self.size or 1.0)
            errors = np.array([error] if self.written else [])
            methods.insert(0, Method("dual numbers", np.zeros(0), errors, *self.cost))
        name = getattr(self.f, "__name__", "f")
        shape = value.shape + point * self.order
        estimate, *judged = found
        return Report(
            f"{kind} of {'f' if name == '<lambda>' else name}",
            self.order,
            self.written or "dual numbers",
            self.x.reshape(point),
            value,
            self.whole(self.given, shape),
            self.whole(estimate, shape),
            *(table.reshape(shape) for table in judged),
            tuple(methods),
            tuple(self.notes),
            tuple(labels("x", tree)),
        )


class ErrorCurves:
    """The errors of the methods for a sweep of step sizes."""

    def __init__(self, order, steps, count):
        self.order = order
        if steps is None:
            first, last = STEP_EXPONENTS[order]
            sequence = np.ldexp(1.0, np.arange(first, last - 1, -1))
            stride = int(np.clip(count * len(sequence) // MOST_STEPS, 1, len(sequence) // 6))
            self.steps = sequence[::stride]
        else:
            self.steps = check_steps(steps)
        self.names = ["forward", "central", "five-point", "richardson", "complex"]
        self.errors = {name: np.zeros(len(self.steps)) for name in self.names}
        self.costs = {name: [0, 0.0] for name in self.names}
        self.complex = True
        self.is_complex = False

    def add(self, probe, places, scale, given):
        """Add the derivative by the variables at `places`."""
        self.is_complex = probe.is_complex
        for name in self.names:
            if name == "complex" and not self.complex:
                continue
            calls, seconds = probe.calls, probe.seconds
            for k, step in enumerate(self.steps):
                try:
                    with np.errstate(all="ignore"), warnings.catch_warnings():
                        warnings.simplefilter("error", np.exceptions.ComplexWarning)
                        quotient = np.ravel(self.quotient(probe, places, name, step * scale))
                except Exception:
                    if name != "complex":
                        raise
                    self.complex = False
                    break
                off = np.abs(quotient - given)[np.isfinite(given)]
                if probe.is_complex and len(off) == len(given):
                    off = np.hypot(*np.split(off, 2))
                self.errors[name][k] = np.max(off, initial=self.errors[name][k])
            self.costs[name][0] += probe.calls - calls
            self.costs[name][1] += probe.seconds - seconds

    def quotient(self, probe, places, name, steps):
        """Return the difference quotient of one method."""
        if name == "richardson":
            parts = (difference(probe, places, "central", steps / 2**j)[0] for j in range(3))
            return sum(weight * part for weight, part in zip(EXTRAPOLATION, parts, strict=True))
        if name == "complex" and self.order == 1:
            return difference(probe, places, name, steps, imaginary=steps[places[0]])[0]
        return difference(probe, places, name, steps)[0]

    def methods(self, size):
        """Return a Method for each, with errors relative to `size`."""
        found = []
        for name in self.names:
            if name == "complex" and not self.complex:
                none = np.zeros(0)
                note = "f(x) is complex" if self.is_complex else "f does not take complex numbers"
                found.append(Method(name, none, none, 0, 0.0, note))
                continue
            calls, seconds = (cost / len(self.steps) for cost in self.costs[name])
            found.append(Method(name, self.steps, self.errors[name] / (size or 1.0), round(calls), seconds))
        return found


def check_steps(steps):
    """Return relative steps as an array, largest first."""
    found = np.sort(np.atleast_1d(np.asarray(steps, dtype=float)))[::-1]
    if found.ndim != 1 or not len(found) or not (np.isfinite(found) & (found > 0)).all():
        raise ValueError(expects("compare(f, x, steps=steps)", "steps to be positive numbers", f"{steps!r}"))
    return found


def labels(name, tree):
    """Yield a label for each variable: ``x``, ``x[0,1]``, ``x['a'][2]``."""
    if isinstance(tree, Leaf):
        yield from (label(name, index) for index in np.ndindex(tree.shape))
        return
    for key, child in items(tree).items():
        yield from labels(f"{name}[{key!r}]", child)
