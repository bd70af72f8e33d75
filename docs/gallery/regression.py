import matplotlib.pyplot as plt
import numpy as np
from scipy import linalg
from scipy.optimize import minimize

import dualnum as dn

rng = np.random.default_rng(5)
x = np.sort(np.append(rng.uniform(0, 2, 24), 3.4))
X = np.column_stack([np.ones(x.size), x])
counts = rng.poisson(np.exp(X @ [0.3, 0.8])).astype(float)


def least_squares(y):
    """Return the fitted values of ordinary least squares."""
    return X @ linalg.lstsq(X, y)[0]


def poisson(y):
    """Return the fitted means of a generalized linear model of counts, with a logarithmic link."""

    def negative_log_likelihood(b):
        return np.sum(np.exp(X @ b) - y * (X @ b))

    return np.exp(X @ minimize(negative_log_likelihood, [0.0, 0.0]).x)


influence = {
    f: dn.jacobian(f)(counts) for f in (least_squares, poisson)
}  # of each count on each fitted value

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))
left.plot(x, counts, ".", color="black")
for f, color in ((least_squares, "tab:blue"), (poisson, "tab:red")):
    left.plot(x, f(counts), color=color, label=f.__name__.replace("_", " "))
    right.plot(x, np.diagonal(influence[f]), "o-", color=color)
left.set(xlabel="x", title="Counts and fits")
left.legend()
right.set(xlabel="x", title="Leverage: fitted value by its count")
