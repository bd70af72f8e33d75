"""statsmodels: a likelihood model whose score and Hessian are exact."""

import numpy as np
from scipy import stats
from statsmodels.base.model import GenericLikelihoodModel

import dualnum as dn


class ExactLikelihoodModel(GenericLikelihoodModel):
    """A model with exact derivatives; a subclass defines ``loglikeobs(params)``, a number for each observation."""

    def score(self, params):
        return dn.gradient(self.loglike)(np.asarray(params))

    def score_obs(self, params, **kwds):
        return dn.jacobian(self.loglikeobs)(np.asarray(params))

    def hessian(self, params):
        return dn.hessian(self.loglike)(np.asarray(params))


class StudentRegression(ExactLikelihoodModel):
    """A regression with errors of Student's t: coefficients, then log(scale) and log(df)."""

    def loglikeobs(self, params):
        residuals = self.endog - self.exog @ params[:-2]
        return stats.t.logpdf(residuals, np.exp(params[-1]), scale=np.exp(params[-2]))
