"""The pages are doctests; the programs beside them need matplotlib and run when Sphinx builds the pages."""

collect_ignore_glob = ["*.py", "_*", "course"]
