"""Rules of ufuncs that other packages compile for floats."""
