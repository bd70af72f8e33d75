"""Pyomo: an external grey box of outputs ``y = f(x)`` with an exact Jacobian and Hessian."""

import numpy as np
from pyomo.contrib.pynumero.interfaces.external_grey_box import ExternalGreyBoxModel
from scipy.sparse import coo_matrix

import dualnum as dn


class GreyBox(ExternalGreyBoxModel):
    """The outputs of ``f(x)``, a vector, with names of its inputs and outputs."""

    def __init__(self, f, inputs, outputs):
        super().__init__()
        self.f, self.inputs, self.outputs = f, inputs, outputs
        self.jacobian = dn.jacobian(f)
        self.hessian = dn.hessian(lambda x, multipliers: np.dot(multipliers, f(x)))

    def input_names(self):
        return self.inputs

    def output_names(self):
        return self.outputs

    def set_input_values(self, values):
        self.x = np.asarray(values, float)

    def set_output_constraint_multipliers(self, multipliers):
        self.multipliers = np.asarray(multipliers, float)

    def evaluate_outputs(self):
        return np.asarray(self.f(self.x))

    def evaluate_jacobian_outputs(self):
        return dense(self.jacobian(self.x))

    def evaluate_hessian_outputs(self):
        return dense(np.tril(self.hessian(self.x, self.multipliers)))


def dense(a):
    """Return a matrix of the same structure, whatever elements are 0."""
    places = np.indices(a.shape).reshape(2, -1)
    return coo_matrix((a.ravel(), places), a.shape)
