"""Renders the HTML pages about trained versions: all of them have one frame and one style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parents[1]), autoescape=True)
"""Keeps the compiled templates: compiling one takes longer than rendering it."""


def render_page(template: str, **values: Any) -> str:
    """Render a template, named from the folder training, with escaped values.

    The page is one file: nothing in it is loaded from elsewhere.
    """
    return _TEMPLATES.get_template(template).render(**values)
