import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def f(x):
    return np.sin(x) + x / 4


a = 0.6
slope = dn.derivative(f)(a)
x = np.linspace(-1.5, 3.5, 300)

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.6), width_ratios=(1.5, 1))
left.plot(x, f(x), color="black", label="f")
for h, colour in zip((2.0, 1.0, 0.5), ("#9ecae1", "#6baed6", "#3182bd")):
    secant = (f(a + h) - f(a)) / h
    left.plot(x, f(a) + secant * (x - a), color=colour, lw=1, label=f"secant, h = {h:g}")
    left.plot(a + h, f(a + h), ".", color=colour)
left.plot(x, f(a) + slope * (x - a), color="tab:red", label="tangent")
left.plot(a, f(a), "o", color="tab:red")
left.set(xlabel="x", ylim=(-1.5, 2.6))
left.legend(loc="upper left", fontsize="small")

h = np.logspace(0, -4, 50)
right.loglog(h, abs((f(a + h) - f(a)) / h - slope), color="tab:blue")
right.set(xlabel="h", ylabel="|secant's slope − tangent's slope|")
