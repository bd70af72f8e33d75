"""Taylor coefficients, derivative tensors and the Taylor integrator against the packages that have them."""

import math

import numpy as np

import dualnum as dn
from bench.case import Case, Contender

X = 0.5
ORDERS = (5, 10, 20, 40)


def curve(m):
    """Return exp(sin x) / (1 + x^2) over a module's functions."""
    return lambda x: m.exp(m.sin(x)) / (1 + x * x)


def by_lists(x, order):
    """Return the coefficients by hand-written recurrences over Python floats, or over arrays of points."""
    one = x * 0 + 1.0
    s, c, e = [np.sin(x)], [np.cos(x)], [np.exp(np.sin(x))]
    for k in range(1, order + 1):
        s.append(c[k - 1] / k)
        c.append(-s[k - 1] / k)
        e.append(sum(i * s[i] * e[k - i] for i in range(1, k + 1)) / k)
    d, q = [1 + x * x, 2 * x, one] + [0 * one] * order, []
    for k in range(order + 1):
        q.append((e[k] - sum(q[i] * d[k - i] for i in range(max(0, k - 2), k))) / d[0])
    return np.array(q)


def daceypy(order):
    from daceypy import DA

    DA.init(order, 1)

    def run():
        x = X + DA(1)
        y = x.sin().exp() / (1 + x * x)
        return y

    def read(y):
        return [y.getCoefficient([k]) for k in range(order + 1)]

    return run, read


def algopy(order):
    import algopy

    f = curve(algopy)

    def run():
        x = algopy.UTPM(np.zeros((order + 1, 1)))
        x.data[0], x.data[1] = X, 1.0
        return f(x)

    return run, lambda y: y.data[:, 0]


def jet(order):
    import jax
    import jax.numpy as jnp
    from jax.experimental.jet import jet

    jax.config.update("jax_enable_x64", True)
    if order > 10:
        return None  # minutes of tracing
    f = curve(jnp)
    seeds = [1.0] + [0.0] * (order - 1)
    run = jax.jit(lambda x: jet(f, (x,), (seeds,)))
    jax.block_until_ready(run(X))

    def read(y):
        return [float(y[0])] + [float(c) / math.factorial(k) for k, c in enumerate(y[1], 1)]

    return lambda: jax.block_until_ready(run(X)), read


def others(order, expected):
    """Return the contenders of the installed packages."""
    found = []
    for make in (daceypy, algopy, jet):
        try:
            made = make(order)
        except ImportError:
            continue
        if made:
            found.append(Contender(make.__name__, made[0], expected, 1e-9, made[1]))
    return found


def coefficients(order):
    """Return the case of the coefficients at one point."""

    def build():
        expected = by_lists(X, order)
        f, g = dn.taylor(curve(dn), order), curve(math)
        return [
            Contender("python", lambda: g(X), expected[0], 1e-12),
            Contender("dualnum", lambda: f(X), expected, 1e-10),
            Contender("lists", lambda: by_lists(X, order), expected),
            *others(order, expected),
        ]

    return Case(f"taylor/order={order}", build)


def points(n, order):
    """Return the case of many points at once."""

    def build():
        x = np.linspace(0.1, 1.0, n)
        f, g = dn.taylor(curve(np), order), curve(np)
        expected = by_lists(x, order)
        contenders = [
            Contender("numpy", lambda: g(x), expected[0], 1e-12),
            Contender("dualnum", lambda: f(x), expected, 1e-9),
            Contender("lists", lambda: by_lists(x, order), expected),
        ]
        try:
            import algopy
        except ImportError:
            return contenders

        def run():
            data = np.zeros((order + 1, 1, n))
            data[0], data[1] = x, 1.0
            return curve(algopy)(algopy.UTPM(data))

        return [*contenders, Contender("algopy", run, expected, 1e-9, lambda y: y.data[:, 0])]

    return Case(f"taylor/points/order={order}/n={n}", build, n=n, slow=True)


def smooth(x):
    return np.exp(np.sum(x * x) / 3) * np.sin(x[0]) + np.prod(1 + x)


def smooth_batched(x):
    return np.exp(np.sum(x * x, axis=-1) / 3) * np.sin(x[..., 0]) + np.prod(1 + x, axis=-1)


def tensor(n, order):
    """Return the case of all derivatives of one order: one exact pass or rays, against nested drivers."""

    def build():
        x = np.linspace(0.2, 0.7, n)
        nested = dn.hessian(smooth)
        for _ in range(order - 2):
            nested = dn.jacobian(nested)
        expected = nested(x)
        whole = dn.derivative_tensor(smooth, order)
        rays = dn.derivative_tensor(smooth_batched, order, batched=True)
        return [
            Contender("numpy", lambda: smooth(x), smooth(x)),
            Contender("dualnum", lambda: whole(x), expected, 1e-9),
            Contender("dualnum, batched", lambda: rays(x), expected, 1e-9),
            Contender("dualnum, nested", lambda: nested(x), expected),
        ]

    return Case(f"taylor/tensor/order={order}/variables={n}", build)


def kepler(t, s):
    x, y, u, v = s
    cube = (x * x + y * y) ** 1.5
    return [u, v, -x / cube, -y / cube]


def energy(s):
    return (s[2] ** 2 + s[3] ** 2) / 2 - 1 / np.hypot(s[0], s[1])


def orbit(periods):
    """Return the case of the Kepler problem of eccentricity 1/2: the energy is kept to 1e-14 (DOP853: 2e-13)."""
    start = np.array([0.5, 0.0, 0.0, math.sqrt(3.0)])
    span = (0.0, 2 * math.pi * periods)

    def drift(solution):
        return 1.0 + np.abs(energy(solution.y) - energy(start)).max()

    def build():
        contenders = [Contender("f alone", lambda: kepler(0.0, start))]

        def ours():
            return dn.taylor_solve(kepler, span, start, rtol=1e-16, atol=1e-16)

        contenders.append(Contender("dualnum", ours, 1.0, 1e-14, drift))
        try:
            from scipy.integrate import solve_ivp
        except ImportError:
            return contenders

        def scipys():
            return solve_ivp(kepler, span, start, method="DOP853", rtol=2.3e-14, atol=1e-16)

        return [*contenders, Contender("DOP853", scipys, 1.0, 1e-12, drift)]

    return Case(f"taylor/kepler/periods={periods}", build)


CASES = [
    *map(coefficients, ORDERS),
    points(1000, 10),
    points(100_000, 10),
    tensor(2, 3),
    tensor(3, 3),
    tensor(6, 3),
    tensor(2, 6),
    orbit(10),
]
