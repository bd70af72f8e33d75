import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn


def silver(wavelength):  # Drude's model; wavelengths in nanometers
    energy = 1239.84 / wavelength  # electronvolts
    return np.sqrt(4.0 - 9.0**2 / (energy**2 + 0.05j * energy))


def layer(index, thickness, wavelength):
    """Return the transfer matrix of a layer at each wavelength, of shape (n, 2, 2)."""
    phase = 2 * np.pi * index * thickness / wavelength
    c, s = np.cos(phase), np.sin(phase)
    return np.moveaxis(np.array([[c, -1j * s / index], [-1j * s * index, c]]), -1, 0)


def transmittance(thicknesses, wavelength):
    """Light from air through silver, magnesium fluoride and silver into glass."""
    metal, air, glass = silver(wavelength), 1.0, 1.52
    matrix = np.eye(2)
    for index, thickness in zip((metal, 1.38 + 0j, metal), thicknesses):
        matrix = matrix @ layer(index, thickness, wavelength)
    b, c = np.moveaxis(matrix @ np.array([1.0, glass]), -1, 0)
    return 4 * air * glass / abs(air * b + c) ** 2


thicknesses = np.array([35.0, 330.0, 35.0])
wavelengths = np.linspace(420, 680, 261)
passed, slopes = dn.value_and_jacobian(transmittance)(thicknesses, wavelengths)

figure, (top, bottom) = plt.subplots(2, 1, figsize=(7.5, 4.8), sharex=True)
top.plot(wavelengths, passed, color="black")
top.plot(wavelengths, transmittance(thicknesses + [0, 5, 0], wavelengths), "--", color="0.5")
top.set(title="Transmittance; dashed: 5 nm more of the fluoride")
names = "silver, first", "magnesium fluoride", "silver, last"
for name, slope, color in zip(names, slopes.T, ("tab:blue", "tab:red", "tab:orange")):
    bottom.plot(wavelengths, slope, color=color, label=name)
bottom.set(xlabel="wavelength in nm", title="Its derivatives by the thicknesses, per nm")
bottom.legend()
