"""Formulas as MathML, made at build time by docutils: pages need no scripts and no network."""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

#: What docutils leaves to the browser, and browsers set otherwise than TeX: bars grow with what is beside them, the
#: right one is taken for an operator with space around it, and a function's name gets no space before its argument.
OPENING_BAR = re.compile(r'<mo class="mathopen">(?=[|\u2016]<)')
CLOSING_BAR = re.compile(r"<mo>(?=[|\u2016]<)")
APPLICATION = re.compile(r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>\()")


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(writer, node):
    """Write a formula of the text."""
    writer.body.append(converted(node, node.astext()))
    raise nodes.SkipNode


def block(writer, node):
    """Write a formula of its own; several lines are aligned at ``&``."""
    text = node.astext()
    if r"\\" in text and r"\begin" not in text.partition(r"\\")[0]:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    writer.body.append(f'<div class="math">{converted(node, text, as_block=True)}</div>\n')
    raise nodes.SkipNode


def converted(node, text, **options):
    """Return LaTeX as MathML; what docutils does not know is a warning."""
    try:
        mathml = tex2mathml(text, **options)
    except MathError as error:
        logging.getLogger(__name__).warning("%s in the formula %s", error, text, location=node)
        return f"<code>{text}</code>"
    mathml = OPENING_BAR.sub('<mo class="mathopen" form="prefix" stretchy="false">', mathml)
    mathml = CLOSING_BAR.sub(
        '<mo class="mathclose" form="postfix" stretchy="false" lspace="0" rspace="0">', mathml
    )
    return APPLICATION.sub('<mspace width="0.17em"></mspace>', mathml)
