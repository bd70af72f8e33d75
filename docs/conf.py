"""Sphinx's configuration: the tables and the pictures are made at build time."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # what writes the tables, and bench

project = "dualnum"
author = "the dualnum developers"
copyright = author
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "matplotlib.sphinxext.plot_directive",
    "mathml",
]
exclude_patterns = ["_build", "_generated"]

html_theme = "alabaster"
html_theme_options = {
    "description": "Exact derivatives of the NumPy code you already have",
    "page_width": "1140px",
    "body_max_width": "900px",
    "sidebar_width": "200px",
    "font_size": "16px",
    "code_font_size": "0.8em",
}
html_static_path = ["_static"]
html_css_files = ["dualnum.css"]
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
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
