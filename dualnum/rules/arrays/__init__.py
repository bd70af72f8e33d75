"""Rules of NumPy's functions of arrays that are neither linear algebra nor ufuncs."""
