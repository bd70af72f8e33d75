import matplotlib.pyplot as plt
import numpy as np

import dualnum as dn

masses = np.array([1.0, 0.5])
springs = np.array([1.0, 1.0])  # of each mass to its wall
dampers = np.array([0.08, 0.5])


def system(stiffness):
    """Return the matrix of y' = A y, for y of two positions and two velocities and a spring between the masses."""
    A = np.zeros((4, 4))
    A[:2, 2:] = np.eye(2)
    A[2:, :2] = (stiffness * np.array([[-1.0, 1.0], [1.0, -1.0]]) - np.diag(springs)) / masses[:, None]
    A[2:, 2:] = -np.diag(dampers / masses)
    return A


def eigenfrequencies(stiffness):
    """Return the two eigenvalues above the real axis: decay + i frequency, the lower frequency first."""
    found = np.linalg.eigvals(system(stiffness))
    return found[np.argsort(found.imag)][2:]


stiffnesses = np.linspace(0, 1.5, 61)
values, slopes = (
    np.array(rows) for rows in zip(*(dn.value_and_derivative(eigenfrequencies)(k) for k in stiffnesses))
)

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4))
for mode, color in zip(range(2), ("tab:blue", "tab:red")):
    z, dz = values[:, mode], slopes[:, mode]
    left.plot(z.real, z.imag, color=color)
    z, dz = z[::10], 0.2 * dz[::10]
    left.quiver(
        z.real, z.imag, dz.real, dz.imag, angles="xy", scale_units="xy", scale=1, color=color, width=0.006
    )
    right.plot(stiffnesses, slopes[:, mode].imag, color=color, label="frequency")
    right.plot(stiffnesses, slopes[:, mode].real, "--", color=color, label="decay")
left.set(xlabel="real part: decay", ylabel="imaginary part: frequency", title="Eigenvalues and derivatives")
right.set(xlabel="stiffness of the coupling", title="Derivatives by the stiffness")
right.legend(ncols=2)
