"""Functions of complex duals.

The values are NumPy's own.  An elementwise function is composed from its Taylor coefficients at the values; what is
linear, or a product, is made of the same function of the real and of the imaginary parts.
"""
