"""Sphinx's configuration: the tables and the pictures are made at build time."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "dualnum"
author = "the dualnum developers"
copyright = author
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "_generated"]

html_theme = "alabaster"
html_theme_options = {
    "description": "Exact derivatives of the NumPy code you already have",
    "page_width": "1080px",
    "sidebar_width": "200px",
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_sourcelink = False

add_module_names = False
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_param = False  # one entry for "chunk, batched"
napoleon_use_rtype = False


def setup(app):
    """Write what the pages include."""
    import pictures
    import tables

    generated = HERE / "_generated"
    generated.mkdir(exist_ok=True)
    tables.write(generated)
    tables.write_surface(generated)
    pictures.draw(generated)
