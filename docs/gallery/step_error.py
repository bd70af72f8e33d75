import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def f(x):
    return np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)


x = 1.5
exact = 4.0534278938986201
h = np.logspace(-0.6, -16, 155)
quotients = {
    "forward": (f(x + h) - f(x)) / h,
    "central": (f(x + h) - f(x - h)) / (2 * h),
    "five points": (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h),
    "complex step": f(x + 1j * h).imag / h,
}

figure, ax = plt.subplots(figsize=(7.5, 4))
lines = (("#9ecae1", "-"), ("#4292c6", "-"), ("#08519c", "-"), ("tab:orange", "--"))
for (name, quotient), (colour, style) in zip(quotients.items(), lines):
    ax.loglog(h, np.maximum(abs(quotient / exact - 1), 1e-17), style, color=colour, lw=1.2, label=name)
ax.axhline(max(abs(dn.derivative(f)(x) / exact - 1), 1e-17), color="tab:red", label="dualnum, no h")
ax.invert_xaxis()
ax.set(xlabel="step size h", ylabel="relative error of f'(x)", ylim=(3e-18, 1e4))
ax.legend(loc="upper center", ncols=3)
