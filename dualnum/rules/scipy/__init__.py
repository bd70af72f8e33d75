"""SciPy's functions on duals in lifted code: a file a family, imported when lifted code meets SciPy."""
