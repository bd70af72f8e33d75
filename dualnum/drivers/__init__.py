"""The drivers, one file a family: each takes a function and returns the function that differentiates it."""
