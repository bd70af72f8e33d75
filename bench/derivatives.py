"""Derivatives of the same functions by dualnum, by hand, by differences and by other packages."""

import math

import numpy as np

import dualnum as dn
from bench import problems
from bench.case import Case, Contender
from bench.peers import adapters

#: Central differences are good to about half of the digits.
ROUGH, ROUGHER = 1e-5, 1e-3


def peers(kind, expected, *arguments):
    """Return the contenders of all installed packages that can do this kind of work."""
    contenders = []
    for name, adapter in adapters().items():
        make = getattr(adapter, kind, None)
        try:
            run = make and make(*arguments)
        except problems.NoParts:
            continue
        except Exception as error:
            run = failing(error)  # reported like a wrong answer
        if run:
            contenders.append(Contender(name, run, expected, getattr(adapter, "tolerance", 1e-9)))
    return contenders


def failing(error):
    """Return a function that raises the error of a package's preparation."""

    def run():
        raise error

    return run


def contenders(f, x, expected, drivers, others=(), *, hand=None, differences=None, value=None, floor="numpy"):
    """Return those who derive f at x, the floor f(x) first.

    Parameters
    ----------
    f, x : the function and its argument
    expected : the derivatives
    drivers : name -> a function of x made by dualnum
    others : contenders of `peers`
    hand : a function of x, written by hand
    differences : a function of f and x, and the tolerance that its answer needs
    value : what f(x) must be
    floor : the name of f
    """
    found = [Contender(floor, lambda: f(x), value)]
    found += [Contender(name, lambda df=df: df(x), expected) for name, df in drivers.items()]
    if hand:
        found.append(Contender("by hand", lambda: hand(x), expected))
    if differences:
        method, tolerance = differences
        found.append(Contender("differences", lambda: method(f, x), expected, tolerance))
    return [*found, *others]


def first_difference(f, x):
    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


def second_difference(f, x):
    return (f(x + 1e-4) - 2 * f(x) + f(x - 1e-4)) / 1e-8


#: Of a function of a number, by the order of the derivative: the name, by hand, by differences.
ORDERS = {
    1: ("first", problems.curve_first, (first_difference, ROUGH)),
    2: ("second", problems.curve_second, (second_difference, ROUGH)),
}
COLUMNS = (problems.differences, ROUGH)


def scalar(order):
    """Return the case of the first or second derivative of a function of a number."""
    name, hand, differences = ORDERS[order]

    def build():
        x, f, expected, ours = 0.7, problems.curve(math), hand(0.7), problems.curve(dn)
        return contenders(
            f,
            x,
            expected,
            {
                "dualnum": dn.derivative(ours, order),
                "dualnum, made anew": lambda x: dn.derivative(ours, order)(x),
            },
            peers("scalar", expected, problems.CURVE, order, x),
            hand=lambda x: hand(x, math),
            differences=differences,
            value=problems.curve(np)(x),
            floor="python",
        )

    return Case(f"scalar_function/{name}", build)


def elementwise(n, order=1):
    """Return the case of the derivative of a function at n points."""
    _, hand, differences = ORDERS[order]

    def build():
        x, f = np.linspace(-2, 2, n), problems.curve(np)
        expected, drivers = hand(x), {"dualnum": dn.derivative(f, order)}
        others = peers("elementwise", expected, problems.CURVE, x) if order == 1 else []
        return contenders(f, x, expected, drivers, others, hand=hand, differences=differences)

    name = "elementwise" if order == 1 else "elementwise_second"
    return Case(f"{name}/n={n}", build, n=n, slow=n > 100_000)


def gradient(n):
    """Return the case of the gradient of Rosenbrock's function."""

    def build():
        x, f = np.linspace(-1.2, 1.1, n), problems.rosenbrock_of(np)
        expected, value, drivers = problems.rosenbrock_gradient(x), None, {"dualnum": dn.gradient(f)}
        if n <= 100:  # as README calls it: above, the driver is made once
            drivers["dualnum, made anew"] = lambda x: dn.gradient(f)(x)
        if n <= 1000:
            value, expected, _ = problems.rosenbrock_answer(x)
            drivers["dualnum on duals"] = dn.gradient(f, subok=False)
        others = peers("gradient", expected, problems.ROSENBROCK, x)
        hand, differences = problems.rosenbrock_gradient, COLUMNS if n <= 1000 else None
        return contenders(f, x, expected, drivers, others, hand=hand, differences=differences, value=value)

    return Case(f"gradient/rosenbrock/n={n}", build, n=n, slow=n > 100)


def many_variables(f, n):
    """Return the case of a gradient in many variables."""

    def build():
        x = np.linspace(-1.2, 1.1, n)
        drivers = {"dualnum": dn.gradient(f), "dualnum on duals": dn.gradient(f, subok=False)}
        return contenders(f, x, problems.complex_step(f, x), drivers)

    return Case(f"gradient/{f.__name__}/n={n}", build, n=n, slow=n > 100)


def hessian(n):
    """Return the case of the Hessian of Rosenbrock's function."""

    def build():
        x, f = np.linspace(-1.2, 1.1, n), problems.rosenbrock_of(np)
        value, _, expected = problems.rosenbrock_answer(x)
        others = peers("hessian", expected, problems.ROSENBROCK, x)
        hand, differences = problems.rosenbrock_hessian, (problems.second_differences, ROUGHER)
        drivers = {"dualnum": dn.hessian(f)}
        return contenders(f, x, expected, drivers, others, hand=hand, differences=differences, value=value)

    return Case(f"hessian/rosenbrock/n={n}", build, n=n, slow=n > 10)


def greeks(n):
    """Return the case of five derivatives of n option prices."""

    def build():
        x, f = problems.options(n), problems.black_scholes(np)
        expected, drivers = problems.complex_step(f, x), {"dualnum": dn.gradient(f, batched=True)}
        if n > 2000:
            drivers["dualnum in blocks"] = dn.gradient(f, batched=2000)
        others = peers("gradients", expected, problems.BLACK_SCHOLES, x)
        hand = problems.black_scholes_by_hand
        return contenders(f, x, expected, drivers, others, hand=hand, differences=COLUMNS)

    return Case(f"black_scholes/n={n}", build, n=n, slow=n > 1000)


def bundle(n):
    """Return the case of n Jacobians of 15 variables and 2 results."""

    def build():
        x, f = problems.cameras(n), problems.projection(np)
        expected, drivers = problems.complex_step(f, x), {"dualnum": dn.jacobian(f, batched=True)}
        others = peers("jacobians", expected, problems.BUNDLE, x)
        return contenders(f, x, expected, drivers, others, differences=COLUMNS)

    return Case(f"bundle_adjustment/n={n}", build, n=n, slow=n > 1000)


def two_layers():
    """The Jacobian of two layers of neurons, 100 -> 50."""
    x, f = np.linspace(-1, 1, 100), problems.layers(np)
    expected, drivers = problems.complex_step(f, x), {"dualnum": dn.jacobian(f)}
    others = peers("jacobian", expected, problems.LAYERS, x)
    return contenders(f, x, expected, drivers, others, hand=problems.layers_by_hand, differences=COLUMNS)


def batch_of_jacobians(n):
    """Return the case of n Jacobians of a robot's arm of three joints, in one call."""

    def build():
        x, f = np.random.default_rng(8).uniform(-1, 1, (n, 3)), problems.arm(np)
        expected, drivers = problems.arm_by_hand(x), {"dualnum": dn.jacobian(f, batched=True)}
        others = peers("jacobians", expected, problems.ARM, x)
        return contenders(f, x, expected, drivers, others, hand=problems.arm_by_hand, differences=COLUMNS)

    return Case(f"batched_jacobian/arm/n={n}", build, n=n, slow=n > 1000)


def batch_of_hessians(n):
    """Return the case of n Hessians of Rosenbrock's function of three variables, in one call."""

    def build():
        x, f = np.random.default_rng(8).uniform(-1, 1, (n, 3)), problems.rosenbrock_of(np)
        expected = np.stack([problems.rosenbrock_answer(point)[2] for point in x])
        others = peers("hessians", expected, problems.ROSENBROCK, x)
        return contenders(f, x, expected, {"dualnum": dn.hessian(f, batched=True)}, others)

    return Case(f"batched_hessian/rosenbrock3/n={n}", build, n=n, slow=n > 1000)


def energies(n, order):
    """Return the case of n gradients or Hessians of an energy of six variables, in one call."""

    def build():
        x, f = problems.states(n), problems.equation_of_state(np)
        expected, driver = problems.complex_step(f, x), dn.gradient(f, batched=True)
        if order == 2:
            columns = [
                problems.complex_step(f, x + h) - problems.complex_step(f, x - h) for h in 1e-4 * np.eye(6)
            ]
            expected, driver = np.stack(columns, axis=-1) / 2e-4, dn.hessian(f, batched=True)
        return [
            Contender("numpy", lambda: f(x)),
            Contender("dualnum", lambda: driver(x), expected, 1e-11 if order == 1 else ROUGH),
        ]

    name = "batched_gradient" if order == 1 else "batched_hessian"
    return Case(f"{name}/equation_of_state/n={n}", build, n=n)


CASES = [
    scalar(1),
    scalar(2),
    *(elementwise(n) for n in (10, 100, 1_000, 10_000, 100_000, 1_000_000)),
    *(elementwise(n, 2) for n in (1_000, 100_000)),
    *(gradient(n) for n in (2, 10, 100, 300, 1_000, 10_000, 100_000)),
    *(many_variables(f, n) for f in (problems.smoothing, problems.in_place) for n in (100, 1_000)),
    *(hessian(n) for n in (2, 10, 100, 300)),
    *(greeks(n) for n in (1_000, 100_000)),
    *(bundle(n) for n in (1_000,)),
    Case("two_layers/100_to_50", two_layers, n=100),
    *(batch_of_jacobians(n) for n in (1_000, 100_000)),
    *(batch_of_hessians(n) for n in (1_000, 100_000)),
    *(energies(2_000, order) for order in (1, 2)),
]
