"""Sphinx's configuration: the tables and the pictures are made at build time."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # what writes the tables, and bench

project = "dualnum"
author = "the dualnum developers"
copyright = author
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
version = release = PROJECT["version"]
rst_epilog = f".. _repository: {PROJECT['urls']['Repository']}\n"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "matplotlib.sphinxext.plot_directive",
    "mathml",
]
exclude_patterns = ["_build", "_generated"]

html_theme = "furo"
html_title = f"dualnum {release}"
html_theme_options = {"navigation_with_keys": True}
html_static_path = ["_static"]
html_css_files = ["dualnum.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings describe the types
napoleon_google_docstring = False
napoleon_use_param = False  # one entry for "chunk, batched"
napoleon_use_rtype = False

plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 110)]
plot_rcparams = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "grid.color": "0.9",
    "legend.frameon": False,
}
plot_apply_rcparams = True


def setup(app):
    """Write what the pages include, and copy the course's pages from the examples."""
    import results
    import tables

    generated = HERE / "_generated"
    generated.mkdir(exist_ok=True)
    tables.write(generated)
    tables.write_surface(generated)
    tables.write_scipy(generated)
    tables.write_names(generated)
    tables.write_help(generated)
    tables.write_thumbnails(generated, HERE / "gallery")
    course = HERE / "course"
    course.mkdir(exist_ok=True)
    for page in (HERE.parent / "examples" / "calculus_for_ml").glob("*.rst"):
        copy, text = course / page.name, page.read_text(encoding="utf-8")
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")
    results.write(generated)
