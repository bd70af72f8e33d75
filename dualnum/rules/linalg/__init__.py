"""Rules of NumPy's linear algebra, which treat whole matrices and make one pass for each order of the duals."""
