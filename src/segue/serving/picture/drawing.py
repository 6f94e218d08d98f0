"""A picture, and how it is written into a page or a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.serving.picture.markup import Markup, joined, style_sheet, tag
from segue.serving.picture.style import COLOURS, DRAWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 360
"""Width of every drawing in SVG units; on a phone, a unit is about a pixel, and 12-unit text is legible."""
_HEAD, _GAP, _EDGE = 30, 22, 14
_LINE = 44
"""Maximum number of characters in a line of a legend, including the value."""
_MOST_LINES = 3
_ROW, _NEXT = 20.0, 16.0


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a picture.

    Attributes
    ----------
    caption : str
    header : tuple of str
        The first column is text, the others are numbers.
    rows : tuple of tuple of str
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, what it shows in words, and its numbers.

    Attributes
    ----------
    name : str
        Unique in a page; letters, digits and ``_``.
    title, description : str
        Read aloud to users who cannot see the picture.
    height : float
    body : Markup
    table : Table
    """

    name: str
    title: str
    description: str
    height: float
    body: Markup
    table: Table


def inline(drawing: Drawing) -> Markup:
    """Return the picture for a page; the page contains the style."""
    return tag(
        "svg",
        *_labels(drawing),
        drawing.body,
        viewBox=f"0 0 {WIDTH} {drawing.height:.0f}",
        role="img",
        aria_labelledby=f"{drawing.name}_title {drawing.name}_desc",
    )


def standalone(drawings: Sequence[Drawing]) -> str:
    """Return a file of pictures, one below the other, with their style."""
    parts, y = [], float(_EDGE)
    for drawing in drawings:
        head = tag("text", drawing.title, x=0, y=18, class_="head")
        body = tag("g", drawing.body, transform=f"translate(0 {_HEAD})")
        parts.append(
            tag(
                "g",
                *_labels(drawing),
                head,
                body,
                transform=f"translate({_EDGE} {y:.0f})",
                role="img",
                aria_labelledby=f"{drawing.name}_title {drawing.name}_desc",
            )
        )
        y += _HEAD + drawing.height + _GAP
    width, height = WIDTH + 2 * _EDGE, round(y - _GAP + _EDGE)
    back = tag("rect", width=width, height=height, class_="card")
    picture = tag(
        "svg",
        style_sheet(COLOURS + DRAWN),
        back,
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=2 * width,
        height=2 * height,
    )
    return str(picture)


def _labels(drawing: Drawing) -> tuple[Markup, Markup]:
    return (
        tag("title", drawing.title, id=f"{drawing.name}_title"),
        tag("desc", drawing.description, id=f"{drawing.name}_desc"),
    )


@dataclass(frozen=True, slots=True)
class Key:
    """A line of a legend: class of the colour, name, value, and the number on the disc, if any."""

    paint: str
    name: str
    value: str
    mark: str = ""


def legend(y: float, keys: Iterable[Key]) -> tuple[Markup, float]:
    """Return a legend whose first line is at ``y``, and its height; a long name takes several lines."""
    drawn, height = [], 0.0
    for key in keys:
        lines = wrapped(key.name, _LINE - len(key.value))
        drawn.append(_legend_row(y + height, key, lines))
        height += _ROW + _NEXT * (len(lines) - 1)
    return joined(drawn), height


def _legend_row(y: float, key: Key, lines: list[str]) -> Markup:
    """Return a square or a numbered disc, a name, and a value at the right."""
    if key.mark:
        sign = joined(
            [
                tag("circle", cx=8, cy=y - 4, r=8, class_=key.paint),
                tag("text", key.mark, x=8, y=y, text_anchor="middle", class_="on", font_size=11),
            ]
        )
    else:
        sign = tag("rect", x=2, y=y - 10, width=12, height=12, rx=3, class_=key.paint)
    name = (tag("text", line, x=22, y=y + _NEXT * place) for place, line in enumerate(lines))
    value = tag("text", key.value, x=WIDTH, y=y, text_anchor="end", class_="soft")
    return joined([sign, *name, value])


def wrapped(text: str, most: int) -> list[str]:
    """Break a text into lines of at most ``most`` characters, at spaces if possible."""
    lines: list[str] = []
    while len(lines) < _MOST_LINES - 1 and (head := _head(text, most)) != text:
        space = text.rfind(" ", 0, len(head) + 1)
        end = space if space > 0 else len(head)
        lines.append(text[:end])
        text = text[end:].lstrip()
    return [*lines, shortened(text, most)]


def shortened(text: str, most: int) -> str:
    """Cut a long text and end it with "…"."""
    head = _head(text, most)
    return text if head == text else head.rstrip() + "…"


def _head(text: str, most: int) -> str:
    """Return as much of a text as fits; an East Asian character counts as two."""
    width = 0
    for place, letter in enumerate(text):
        width += 2 if ord(letter) > 0x2E7F else 1
        if width > most:
            return text[:place]
    return text
