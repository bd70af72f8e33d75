import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

x = np.linspace(-40, 40, 256, endpoint=False)
k = 2 * np.pi * np.fft.fftfreq(x.size, x[1] - x[0])
step, count = 0.05, 240


def propagate(momentum, height):
    """Send a Gaussian packet to a barrier; return the probability density after each tenth step."""
    kick = np.exp(-0.5j * step * height * np.exp(-(x**2)))  # half a step of the potential
    drift = np.exp(-0.5j * step * k**2)
    psi = np.exp(-((x + 10) ** 2) / 8 + 1j * momentum * x)
    densities = [abs(psi) ** 2]
    for n in range(1, count + 1):
        psi = kick * np.fft.ifft(drift * np.fft.fft(kick * psi))
        if n % 10 == 0:
            densities.append(abs(psi) ** 2)
    return np.array(densities)


def mean_position(p):
    density = propagate(*p)
    return density @ x / np.sum(density, axis=1)


start = np.array([2.0, 2.0])  # momentum of the packet, height of the barrier
times = 10 * step * np.arange(count // 10 + 1)
position, slopes = dn.value_and_jacobian(mean_position)(start)

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4))
left.pcolormesh(x, times, propagate(*start), cmap="Blues", shading="nearest")
left.plot(position, times, color="tab:red", label="mean position")
left.axvline(0, color="0.5", ls="--", lw=1)
left.set(xlabel="position", ylabel="time", xlim=(-25, 25), title="Probability density")
left.grid(False)
left.legend(loc="upper left")
right.plot(times, slopes[:, 0], color="tab:blue", label="by the momentum")
right.plot(times, slopes[:, 1], color="tab:orange", label="by the height of the barrier")
right.plot(times, times, ":", color="0.5", label="by the momentum, no barrier")
right.set(xlabel="time", ylim=(-14, 38), title="Derivatives of the mean position")
right.legend(loc="upper left")
