"""Adapters of other packages: each makes the function that computes a problem's derivatives its own best way.

A method gets a `Problem` and the point, does what can be done once (tracing, compiling, building graphs), and returns
a callable without arguments. A method that is missing says that the package has no such thing, or none in a
sensible time. Packages are imported when they are first asked for; those that cannot be are left out.
"""

import importlib
import types

import numpy as np


class Methods:
    """A namespace whose functions call the method of that name."""

    def __getattr__(self, name):
        return lambda x: getattr(x, name)()


class Autograd:
    def __init__(self):
        import autograd
        import autograd.numpy

        self.ad, self.m = autograd, autograd.numpy

    def run(self, transform, problem, x):
        df = transform(problem.of_array(self.m))
        return lambda: df(x)

    def scalar(self, problem, order, x):
        grad = self.ad.grad
        return self.run(grad if order == 1 else lambda f: grad(grad(f)), problem, x)

    def elementwise(self, problem, x):
        return self.run(self.ad.elementwise_grad, problem, x)

    def gradient(self, problem, x):
        return self.run(self.ad.grad, problem, x)

    def hessian(self, problem, x):
        return self.run(self.ad.hessian, problem, x)

    def jacobian(self, problem, x):
        return self.run(self.ad.jacobian, problem, x)

    def gradients(self, problem, x):
        return self.run(lambda f: self.ad.grad(lambda x: self.m.sum(f(x))), problem, x)

    def jacobians(self, problem, x):
        f = problem.of_array(self.m)
        rows = [self.ad.grad(lambda x, i=i: self.m.sum(f(x)[..., i])) for i in range(2)]
        return lambda: np.stack([row(x) for row in rows], -2)


class Jax:
    def __init__(self):
        import jax
        import jax.numpy

        jax.config.update("jax_enable_x64", True)
        self.jax, self.m = jax, jax.numpy

    def run(self, f, x):
        """Return f compiled, its argument on the device, and wait for the result."""
        f, x = self.jax.jit(f), self.m.asarray(x)
        f(x).block_until_ready()
        return lambda: f(x).block_until_ready()

    def scalar(self, problem, order, x):
        df = self.jax.grad(problem.of_array(self.m))
        return self.run(df if order == 1 else self.jax.grad(df), x)

    def elementwise(self, problem, x):
        return self.run(self.jax.vmap(self.jax.grad(problem.of_array(self.m))), x)

    def gradient(self, problem, x):
        return self.run(self.jax.grad(problem.of_array(self.m)), x)

    def hessian(self, problem, x):
        return self.run(self.jax.hessian(problem.of_array(self.m)), x)

    def jacobian(self, problem, x):
        return self.run(self.jax.jacrev(problem.of_array(self.m)), x)

    def gradients(self, problem, x):
        return self.run(self.jax.vmap(self.jax.grad(problem.of_array(self.m))), x)

    def hessians(self, problem, x):
        return self.run(self.jax.vmap(self.jax.hessian(problem.of_array(self.m))), x)

    def jacobians(self, problem, x):
        return self.run(self.jax.vmap(self.jax.jacrev(problem.of_array(self.m))), x)


class JaxForward(Jax):
    """The same without reverse mode."""

    def gradient(self, problem, x):
        return self.run(self.jax.jacfwd(problem.of_array(self.m)), x)

    jacobian = gradient

    def jacobians(self, problem, x):
        return self.run(self.jax.vmap(self.jax.jacfwd(problem.of_array(self.m))), x)

    scalar = elementwise = hessian = hessians = gradients = None


class Torch:
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.t, self.f = torch, torch.func

    def point(self, x):
        return self.t.as_tensor(x, dtype=self.t.float64)

    def namespace(self):
        """Torch with NumPy's argument axis, and functions that take its own tensors only."""
        return types.SimpleNamespace(
            **{name: getattr(self.t, name) for name in "sqrt exp sin cos tanh log stack".split()},
            sum=lambda x, axis=None: self.t.sum(x, dim=axis),
        )

    def make(self, transform, problem, x):
        df, x = transform(problem.of_array(self.namespace())), self.point(x)
        return lambda: df(x)

    def scalar(self, problem, order, x):
        grad = self.f.grad
        return self.make(grad if order == 1 else lambda f: grad(grad(f)), problem, x)

    def elementwise(self, problem, x):
        return self.make(lambda f: self.f.grad(lambda x: f(x).sum()), problem, x)

    gradients = elementwise

    def gradient(self, problem, x):
        return self.make(self.f.grad, problem, x)

    def hessian(self, problem, x):
        return self.make(self.f.hessian, problem, x)

    def jacobians(self, problem, x):
        return self.make(lambda f: self.f.vmap(self.f.jacrev(f)), problem, x)


class Casadi:
    def __init__(self):
        import casadi

        self.m = casadi

    def scalar(self, problem, order, x):
        t = self.m.SX.sym("t")
        y = problem.of_array(self.m)(t)
        for _ in range(order):
            y = self.m.gradient(y, t)
        f = self.m.Function("f", [t], [y])
        return lambda: float(f(x))

    def elementwise(self, problem, x):
        t = self.m.SX.sym("t")
        f = self.m.Function("f", [t], [self.m.gradient(problem.of_array(self.m)(t), t)]).map(len(x))
        row = x[np.newaxis]
        return lambda: f(row).full().ravel()

    def build(self, problem, n, transform):
        x = self.m.SX.sym("x", n)
        y = problem.of_parts(self.m)(self.m.vertsplit(x))
        return self.m.Function("f", [x], [transform(self.m.vertcat(*y) if isinstance(y, tuple) else y, x)])

    def gradient(self, problem, x):
        f = self.build(problem, len(x), self.m.gradient)
        return lambda: f(x).full().ravel()

    def hessian(self, problem, x):
        f = self.build(problem, len(x), lambda y, x: self.m.hessian(y, x)[0])
        return lambda: f(x).full()

    def gradients(self, problem, x):
        f = self.build(problem, x.shape[1], self.m.gradient).map(len(x))
        return lambda: f(x.T).full().T

    def jacobians(self, problem, x):
        f = self.build(problem, x.shape[1], self.m.jacobian).map(len(x))
        return lambda: f(x.T).full().reshape(2, len(x), -1).swapaxes(0, 1)


class Numdifftools:
    tolerance = 1e-6

    def __init__(self):
        import numdifftools

        self.nd = numdifftools

    def scalar(self, problem, order, x):
        df = self.nd.Derivative(problem.of_array(np), n=order)
        return lambda: float(df(x))

    def gradient(self, problem, x):
        df = self.nd.Gradient(problem.of_array(np))
        return lambda: df(x)

    def hessian(self, problem, x):
        if len(x) > 10:
            return None  # minutes
        df = self.nd.Hessian(problem.of_array(np))
        return lambda: df(x)


class Hyperjet:
    def __init__(self):
        import hyperjet

        self.hj = hyperjet

    def scalar(self, problem, order, x):
        f = problem.of_parts(Methods())
        variables = (self.hj.D1Scalar if order == 1 else self.hj.DD1Scalar).variables
        if order == 1:
            return lambda: f(variables([x])[0]).g[0]
        return lambda: f(variables([x])[0]).hm()[0]

    def numbers(self, kind, n):
        return getattr(self.hj, f"{kind}{n if n <= 16 else ''}Scalar").variables

    def gradient(self, problem, x):
        f, variables, x = problem.of_parts(Methods()), self.numbers("D", len(x)), x.tolist()
        return lambda: f(variables(x)).g

    def hessian(self, problem, x):
        f, variables, x = problem.of_parts(Methods()), self.numbers("DD", len(x)), x.tolist()
        return lambda: f(variables(x)).hm()


class NumDual:
    def __init__(self):
        import num_dual

        self.nd = num_dual

    def scalar(self, problem, order, x):
        f = problem.of_parts(Methods())
        derivative = self.nd.first_derivative if order == 1 else self.nd.second_derivative
        return lambda: derivative(f, x)[order]

    def gradient(self, problem, x):
        f, x = problem.of_parts(Methods()), x.tolist()
        return lambda: self.nd.gradient(f, x)[1]

    def hessian(self, problem, x):
        f, x = problem.of_parts(Methods()), x.tolist()
        return lambda: self.nd.hessian(f, x)[2]


class Algopy:
    def __init__(self):
        import algopy

        self.m, self.u = algopy, algopy.UTPM

    def scalar(self, problem, order, x):
        f, x = problem.of_array(self.m), np.array([x])
        if order == 1:
            return lambda: self.u.extract_jacobian(f(self.u.init_jacobian(x)[0]))[0]
        return lambda: self.u.extract_hessian(1, f(self.u.init_hessian(x)[0]))[0, 0]

    def elementwise(self, problem, x):
        f = problem.of_array(self.m)
        data = np.stack([x, np.ones_like(x)])[:, np.newaxis]
        return lambda: f(self.u(data.copy())).data[1, 0]

    def gradient(self, problem, x):
        f = problem.of_parts(self.m)
        return lambda: self.u.extract_jacobian(f(self.parts(self.u.init_jacobian(x))))

    def hessian(self, problem, x):
        if len(x) > 10:
            return None  # it carries n (n + 1) / 2 directions through every operation: seconds
        f = problem.of_parts(self.m)
        return lambda: self.u.extract_hessian(len(x), f(self.parts(self.u.init_hessian(x))))

    @staticmethod
    def parts(x):
        return [x[i] for i in range(x.shape[0])]


class Daceypy:
    """The order and the number of variables are the library's global state, set when a case is built."""

    def __init__(self):
        from daceypy import DA

        self.DA = DA

    def scalar(self, problem, order, x):
        f = problem.of_parts(Methods())
        self.DA.init(order, 1)
        return lambda: f(self.DA(1) + x).getCoefficient([order]) * order  # order! for 1 and 2

    def gradient(self, problem, x):
        f, n, x = problem.of_parts(Methods()), len(x), x.tolist()
        self.DA.init(1, n)
        return lambda: f([self.DA(i + 1) + x[i] for i in range(n)]).linear()


class Dualpy:
    def __init__(self):
        import dualpy

        self.ad = dualpy

    def run(self, transform, problem, x):
        df = transform(problem.of_array(np))
        return lambda: df(x)

    def scalar(self, problem, order, x):
        return self.run(lambda f: self.ad.nth_derivative(f, order), problem, x)

    def gradient(self, problem, x):
        return self.run(self.ad.gradient, problem, x)

    def hessian(self, problem, x):
        return self.run(self.ad.hessian, problem, x)

    def jacobian(self, problem, x):
        return self.run(self.ad.jacobian, problem, x)


class Fastdual:
    def __init__(self):
        import fastdual

        self.ad = fastdual

    def gradient(self, problem, x):
        f, x = problem.of_parts(Methods()), x.tolist()
        df = self.ad.autojac(lambda *x: f(x))
        return lambda: df(*x)[1][0]

    def hessian(self, problem, x):
        f, x = problem.of_parts(Methods()), x.tolist()
        df = self.ad.autohess(lambda *x: f(x))
        return lambda: df(*x)[1]


ADAPTERS = {
    "JAX": ("jax", Jax),
    "JAX forward": ("jax", JaxForward),
    "autograd": ("autograd", Autograd),
    "CasADi": ("casadi", Casadi),
    "num-dual": ("num_dual", NumDual),
    "hyperjet": ("hyperjet", Hyperjet),
    "daceypy": ("daceypy", Daceypy),
    "algopy": ("algopy", Algopy),
    "dualpy": ("dualpy", Dualpy),
    "fastdual": ("fastdual", Fastdual),
    "torch": ("torch", Torch),
    "numdifftools": ("numdifftools", Numdifftools),
}
_made = {}


def adapters():
    """Return the adapters of the packages that are installed, by name."""
    for name, (module, adapter) in ADAPTERS.items():
        if name not in _made:
            try:
                importlib.import_module(module)
            except ImportError:
                _made[name] = None
            else:
                _made[name] = adapter()
    return {name: adapter for name, adapter in _made.items() if adapter is not None}
