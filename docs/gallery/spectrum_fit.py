import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

t = np.arange(512) / 32.0  # seconds


def spectrum(p):
    """White noise shakes two damped oscillators, (amplitude, decay, frequency) each; p[6] is the sensor's noise."""
    response = 0.0  # to an impulse
    for amplitude, decay, frequency in (p[:3], p[3:6]):
        response = response + amplitude * np.exp(-decay * t) * np.sin(2 * np.pi * frequency * t)
    return np.abs(np.fft.rfft(response)) ** 2 + p[6]


def misfit(p, power):
    """Whittle's negative log-likelihood: each power is exponentially distributed around the spectrum."""
    expected = spectrum(p)
    return np.sum(np.log(expected) + power / expected)


rng = np.random.default_rng(2)
truth = np.array([1.0, 1.5, 9.3, 0.7, 2.0, 11.0, 1.0])
power = spectrum(truth) * rng.exponential(size=t.size // 2 + 1)
start = np.array([0.7, 2.5, 9.0, 0.9, 2.5, 11.4, 3.0])
fit = dn.minimize(misfit, start, args=(power,), bounds=[(1e-6, None)] * 7, tol=1e-12)

frequencies = np.fft.rfftfreq(t.size, t[1])
slopes = dn.jacobian(spectrum)(fit.x)
figure, (top, bottom) = plt.subplots(2, 1, figsize=(7.5, 5), sharex=True)
top.semilogy(frequencies, power, ".", color="0.6", label="data")
top.semilogy(frequencies, spectrum(start), ":", color="tab:blue", label="start")
top.semilogy(frequencies, spectrum(fit.x), color="tab:red", label="fit")
top.semilogy(frequencies, spectrum(truth), "--", color="black", lw=1, label="truth")
top.set(title="Power spectrum", ylim=(1e-1, None))
top.legend(ncols=2)
for k, name in ((1, "decay"), (2, "frequency")):
    bottom.plot(frequencies, slopes[:, k], label=f"{name} of the first")
    bottom.plot(frequencies, slopes[:, k + 3], "--", label=f"{name} of the second")
bottom.set(xlabel="frequency in hertz", xlim=(5, 15), title="Derivatives of the fitted spectrum")
bottom.legend()
