"""cyipopt: the problem class of a function and constraints, with exact gradients, Jacobian and Hessian."""

import numpy as np

import dualnum as dn


class Problem:
    """``f(x)`` is a number, ``c(x)`` a vector of n constraints; IPOPT gets dense lower triangles."""

    def __init__(self, f, c):
        self.objective, self.constraints = f, lambda x: np.asarray(c(x))
        self.gradient, self._jacobian = dn.gradient(f), dn.jacobian(c)
        self._hessian = dn.hessian(lambda x, weight, multipliers: weight * f(x) + np.dot(multipliers, c(x)))

    def jacobian(self, x):
        return self._jacobian(x).ravel()

    def hessian(self, x, multipliers, weight):
        return self._hessian(x, weight, multipliers)[np.tril_indices(x.size)]

    def hessianstructure(self):
        return self.rows_and_columns

    def solve(self, x0, bounds, limits):
        """Return x and IPOPT's report, for pairs of bounds of x and pairs of limits of c."""
        import cyipopt

        self.rows_and_columns = np.tril_indices(len(x0))
        (lb, ub), (cl, cu) = np.transpose(bounds), np.transpose(limits)
        problem = cyipopt.Problem(len(x0), len(cl), self, lb, ub, cl, cu)
        problem.add_option("print_level", 0)
        problem.add_option("sb", "yes")
        return problem.solve(np.asarray(x0, float))
