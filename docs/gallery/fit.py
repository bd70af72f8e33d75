import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import least_squares

import dualnum as dn


def model(p, t):
    """A damped oscillation: amplitude, decay, frequency, phase."""
    return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t + p[3])


def residual(p, t, y):
    return model(p, t) - y


rng = np.random.default_rng(3)
truth, noise = np.array([2.0, 0.25, 3.0, 0.5]), 0.15
t = np.linspace(0, 8, 60)
y = model(truth, t) + noise * rng.normal(size=t.size)

fit = least_squares(residual, [1.0, 0.1, 2.8, 0.0], jac=dn.jacobian(residual), args=(t, y))

fine = np.linspace(0, 8, 400)
J = dn.jacobian(model)(fit.x, fine)  # (400, 4)
variance = np.sum(fit.fun**2) / (t.size - fit.x.size)
covariance = variance * np.linalg.inv(fit.jac.T @ fit.jac)
deviation = np.sqrt(np.einsum("ni,ij,nj->n", J, covariance, J))

figure, ax = plt.subplots(figsize=(7.5, 3.8))
curve = model(fit.x, fine)
ax.fill_between(
    fine, curve - 2 * deviation, curve + 2 * deviation, color="tab:blue", alpha=0.25, label="± 2 σ of the fit"
)
ax.plot(fine, curve, color="tab:blue", label="fit")
ax.plot(fine, model(truth, fine), "--", color="black", lw=1, label="truth")
ax.plot(t, y, ".", color="tab:red", label="data")
errors = np.sqrt(np.diag(covariance))
names = ("amplitude", "decay", "frequency", "phase")
text = "\n".join(f"{name} {value:.3f} ± {error:.3f}" for name, value, error in zip(names, fit.x, errors))
ax.text(0.985, 0.05, text, transform=ax.transAxes, ha="right", va="bottom", fontsize="small")
ax.set(xlabel="t", xlim=(0, 8))
ax.legend(loc="upper right", ncols=2)
