"""Rules of NumPy's linear algebra: whole matrices, one pass for each order of the duals."""
