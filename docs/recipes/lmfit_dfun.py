"""lmfit: the exact Jacobian of a residual by the parameters that vary, as ``Dfun``."""

import numpy as np

import dualnum as dn


def pair(residual):
    """Return a residual and its Dfun, as lmfit calls both, for ``residual(values, *args)`` of a dict of numbers."""

    def of_parameters(params, *args):
        return residual(params.valuesdict(), *args)

    def dfun(params, *args):
        if any(p.expr for p in params.values()):
            raise ValueError("dfun expects parameters without expr; compute these in the residual.")
        values = dict(params.valuesdict())
        names = [name for name, p in params.items() if p.vary]
        point = np.array([values[name] for name in names])
        return dn.jacobian(lambda v: residual(values | dict(zip(names, v, strict=True)), *args))(point)

    return of_parameters, dfun


def fit(t, y):
    """Fit a decay by lmfit, with a bound on the rate."""
    import lmfit

    f, dfun = pair(lambda p, t, y: p["size"] * np.exp(-p["rate"] * t) + p["floor"] - y)
    params = lmfit.create_params(
        size=1.0, rate={"value": 1.0, "min": 0.0}, floor={"value": 0.5, "vary": False}
    )
    return lmfit.minimize(f, params, args=(t, y), Dfun=dfun, col_deriv=False)
