"""Derivatives of the same functions by everybody."""

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
    """Return a function that raises what a package raised while it prepared its own."""

    def run():
        raise error

    return run


def scalar(order):
    """Return the case of the first or second derivative of a function of a number."""

    def build():
        x, f, g = 0.7, problems.curve(math), problems.curve(dn)
        hand = problems.curve_first if order == 1 else problems.curve_second
        expected = hand(x)
        derivative = dn.derivative(g, order)

        def difference():
            if order == 1:
                return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
            return (f(x + 1e-4) - 2 * f(x) + f(x - 1e-4)) / 1e-8

        return [
            Contender("python", lambda: f(x), problems.curve(np)(x)),
            Contender("dualnum", lambda: derivative(x), expected),
            Contender("by hand", lambda: hand(x, math), expected),
            Contender("differences", difference, expected, ROUGH),
            *peers("scalar", expected, problems.CURVE, order, x),
        ]

    return Case(f"scalar_function/{'first' if order == 1 else 'second'}", build)


def elementwise(n, order=1):
    """Return the case of the derivative of a function at n points."""

    def build():
        x, f = np.linspace(-2, 2, n), problems.curve(np)
        hand = problems.curve_first if order == 1 else problems.curve_second
        expected = hand(x)
        derivative = dn.derivative(f, order)
        step = 1e-5 if order == 1 else 1e-4

        def difference():
            if order == 1:
                return (f(x + step) - f(x - step)) / (2 * step)
            return (f(x + step) - 2 * f(x) + f(x - step)) / step**2

        return [
            Contender("numpy", lambda: f(x)),
            Contender("dualnum", lambda: derivative(x), expected),
            Contender("by hand", lambda: hand(x), expected),
            Contender("differences", difference, expected, ROUGH),
            *(peers("elementwise", expected, problems.CURVE, x) if order == 1 else []),
        ]

    name = "elementwise" if order == 1 else "elementwise_second"
    return Case(f"{name}/n={n}", build, n=n, slow=n > 100_000)


def gradient(n):
    """Return the case of the gradient of Rosenbrock's function."""

    def build():
        x, f = np.linspace(-1.2, 1.1, n), problems.rosenbrock_of(np)
        value, expected, _ = problems.rosenbrock_answer(x)
        df = dn.gradient(f)
        plain = dn.gradient(f, subok=False)
        return [
            Contender("numpy", lambda: f(x), value),
            Contender("dualnum", lambda: df(x), expected),
            Contender("dualnum subok=False", lambda: plain(x), expected),
            Contender("by hand", lambda: problems.rosenbrock_gradient(x), expected),
            Contender("differences", lambda: problems.differences(f, x), expected, ROUGH),
            *peers("gradient", expected, problems.ROSENBROCK, x),
        ]

    return Case(f"gradient/rosenbrock/n={n}", build, n=n, slow=n > 100)


def hessian(n):
    """Return the case of the Hessian of Rosenbrock's function."""

    def build():
        x, f = np.linspace(-1.2, 1.1, n), problems.rosenbrock_of(np)
        value, _, expected = problems.rosenbrock_answer(x)
        df = dn.hessian(f)
        return [
            Contender("numpy", lambda: f(x), value),
            Contender("dualnum", lambda: df(x), expected),
            Contender("by hand", lambda: problems.rosenbrock_hessian(x), expected),
            Contender("differences", lambda: problems.second_differences(f, x), expected, ROUGHER),
            *peers("hessian", expected, problems.ROSENBROCK, x),
        ]

    return Case(f"hessian/rosenbrock/n={n}", build, n=n, slow=n > 10)


def greeks(n):
    """Return the case of five derivatives of n option prices."""

    def build():
        x, f = problems.options(n), problems.black_scholes(np)
        expected = problems.complex_step(f, x)
        df, in_blocks = dn.gradient(f, batched=True), dn.gradient(f, batched=2000)
        return [
            Contender("numpy", lambda: f(x)),
            Contender("dualnum", lambda: df(x), expected),
            *([Contender("dualnum in blocks", lambda: in_blocks(x), expected)] if n > 2000 else []),
            Contender("by hand", lambda: problems.black_scholes_by_hand(x), expected),
            Contender("differences", lambda: problems.differences(f, x), expected, ROUGH),
            *peers("gradients", expected, problems.BLACK_SCHOLES, x),
        ]

    return Case(f"black_scholes/n={n}", build, n=n, slow=n > 1000)


def bundle(n):
    """Return the case of n Jacobians of 15 variables and 2 results."""

    def build():
        x, f = problems.cameras(n), problems.projection(np)
        expected = problems.complex_step(f, x)
        df = dn.jacobian(f, batched=True)
        return [
            Contender("numpy", lambda: f(x)),
            Contender("dualnum", lambda: df(x), expected),
            Contender("differences", lambda: problems.differences(f, x), expected, ROUGH),
            *peers("jacobians", expected, problems.BUNDLE, x),
        ]

    return Case(f"bundle_adjustment/n={n}", build, n=n, slow=n > 1000)


def two_layers():
    """The Jacobian of two layers of neurons, 100 -> 50."""
    x, f = np.linspace(-1, 1, 100), problems.layers(np)
    expected = problems.complex_step(f, x)
    df = dn.jacobian(f)
    return [
        Contender("numpy", lambda: f(x)),
        Contender("dualnum", lambda: df(x), expected),
        Contender("by hand", lambda: problems.layers_by_hand(x), expected),
        Contender("differences", lambda: problems.differences(f, x), expected, ROUGH),
        *peers("jacobian", expected, problems.LAYERS, x),
    ]


def batch_of_jacobians(n):
    """Return the case of n Jacobians of a robot's arm of three joints, in one call."""

    def build():
        x, f = np.random.default_rng(8).uniform(-1, 1, (n, 3)), problems.arm(np)
        df = dn.jacobian(f, batched=True)
        expected = problems.arm_by_hand(x)
        return [
            Contender("numpy", lambda: f(x)),
            Contender("dualnum", lambda: df(x), expected),
            Contender("by hand", lambda: problems.arm_by_hand(x), expected),
            Contender("differences", lambda: problems.differences(f, x), expected, ROUGH),
            *peers("jacobians", expected, problems.ARM, x),
        ]

    return Case(f"batched_jacobian/arm/n={n}", build, n=n, slow=n > 1000)


def batch_of_hessians(n):
    """Return the case of n Hessians of Rosenbrock's function of three variables, in one call."""

    def build():
        x = np.random.default_rng(8).uniform(-1, 1, (n, 3))
        f = problems.rosenbrock_of(np)
        df = dn.hessian(f, batched=True)
        expected = np.stack([problems.rosenbrock_answer(point)[2] for point in x])
        return [Contender("numpy", lambda: f(x)), Contender("dualnum", lambda: df(x), expected)]

    return Case(f"batched_hessian/rosenbrock3/n={n}", build, n=n, slow=n > 1000)


CASES = [
    scalar(1),
    scalar(2),
    *(elementwise(n) for n in (10, 100, 1_000, 10_000, 100_000, 1_000_000)),
    *(elementwise(n, 2) for n in (1_000, 100_000)),
    *(gradient(n) for n in (2, 10, 100, 1_000)),
    *(hessian(n) for n in (2, 10, 100, 300)),
    *(greeks(n) for n in (1_000, 100_000)),
    *(bundle(n) for n in (1_000,)),
    Case("two_layers/100_to_50", two_layers, n=100),
    *(batch_of_jacobians(n) for n in (1_000, 100_000)),
    *(batch_of_hessians(n) for n in (1_000, 100_000)),
]
