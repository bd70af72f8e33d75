import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import dualnum as dn

data = stats.gamma.rvs(3.0, scale=1.5, size=80, random_state=4)


def log_likelihood(p):
    return np.sum(stats.gamma.logpdf(data, p[0], scale=p[1]))


estimate = dn.minimize(lambda p: -log_likelihood(p), [2.0, 2.0], method="trust-exact").x
errors = dn.standard_errors(log_likelihood, estimate)
covariance = np.linalg.inv(-dn.hessian(log_likelihood)(estimate))
x = np.linspace(0.01, 14, 200)
density, sigma = dn.propagate(lambda p: stats.gamma.pdf(x, p[0], scale=p[1]), estimate, covariance)
sigma = np.sqrt(np.diagonal(sigma))

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4))
shape, scale = np.meshgrid(np.linspace(1.8, 5.0, 60), np.linspace(0.8, 2.4, 60))
surface = np.vectorize(lambda a, b: log_likelihood([a, b]))(shape, scale)
left.contour(shape, scale, surface - surface.max(), levels=[-8, -4.5, -2, -0.5], colors="0.6")
left.errorbar(*estimate, xerr=errors[0], yerr=errors[1], fmt="o", color="tab:red")
left.plot(3.0, 1.5, "*", color="black", ms=9)
left.set(xlabel="shape", ylabel="scale", title="Estimate and standard errors")
right.hist(data, 16, density=True, color="0.85")
right.fill_between(x, density - 2 * sigma, density + 2 * sigma, color="tab:red", alpha=0.3)
right.plot(x, density, color="tab:red")
right.set(xlabel="x", title="Density, two standard deviations")
