"""Renders the HTML pages about trained versions, for people: one frame and one style for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parents[1]), autoescape=True)
"""It keeps the templates: to compile one takes longer than to render it."""


def render_page(template: str, **told: Any) -> str:
    """Render a template, named from the folder of all training; what is told is escaped.

    The page is one file: nothing in it is loaded from elsewhere.
    """
    return _TEMPLATES.get_template(template).render(**told)
