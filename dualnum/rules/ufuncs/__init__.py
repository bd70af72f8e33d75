"""Rules of compiled ufuncs of other packages."""
