"""Code as people of several trades write it, who know nothing of dualnum: a table CASES of functions and points each.

A point is a number, an array, a list, or a tuple of such arguments.  tests/nightly/reach.py differentiates them all.
"""
