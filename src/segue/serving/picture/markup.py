"""Write XML and HTML; every text is escaped unless this module made it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMPTY = frozenset({"meta", "path", "rect", "circle", "line", "polygon", "br"})
"""Elements without an end tag."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is already markup; only this module creates it."""

    text: str

    def __str__(self) -> str:
        return self.text


Content = Markup | str | int | float | None


def tag(name: str, /, *content: Content | Iterable[Content], **attributes: Content) -> Markup:
    """Return an element.

    Parameters
    ----------
    name : str
    content
        Text, which is escaped, or markup, or several of them; None is skipped.
    attributes
        ``_`` becomes ``-``, and a final ``_`` is dropped, as in ``class_``; None is skipped.
    """
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not content:
        return Markup(f"<{name}{named}/>")
    return Markup(f"<{name}{named}>{joined(content)}</{name}>")


def joined(content: Iterable[Content | Iterable[Content]]) -> Markup:
    """Join text and markup."""
    return Markup("".join(_inside(part) for part in content))


def number(value: float) -> str:
    """Write a coordinate with one decimal; finer differences are not visible."""
    return f"{value:.1f}".removesuffix(".0")


def style_sheet(rules: str) -> Markup:
    """Return a style element; the rules are trusted and are not escaped."""
    return Markup(f"<style>{rules}</style>")


def html_document(*content: Content) -> str:
    """Return a whole HTML document."""
    return f'<!doctype html>\n<html lang="en">{joined(content)}</html>\n'


def _inside(part: Content | Iterable[Content]) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup | str | int | float):
        return _escaped(part)
    return "".join(_inside(each) for each in part)


def _escaped(value: Content) -> str:
    if isinstance(value, Markup):
        return value.text
    if isinstance(value, float):
        return number(value)
    return escape(_printable(str(value)), quote=True)


def _printable(text: str) -> str:
    """Replace characters that XML does not allow by spaces."""
    if text.isprintable():
        return text
    return "".join(letter if letter >= " " and letter not in "\x7f\ufffe\uffff" else " " for letter in text)
