"""A picture before it stands in a page, or alone in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.serving.picture.markup import Markup, joined, style_sheet, tag
from segue.serving.picture.style import COLOURS, DRAWN

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 360
"""Of every drawing: on a phone a unit is about a pixel, and type of 12 can be read."""
_HEAD, _GAP, _EDGE = 30, 22, 14
_LINE = 48
"""Letters that a line of a legend holds, its value included."""


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
        Unique in a page, of letters, digits and ``_``.
    title, description : str
        For who cannot see it.
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
    """Return the picture for a page, which has the style already."""
    return tag(
        "svg",
        *_told(drawing),
        drawing.body,
        viewBox=f"0 0 {WIDTH} {drawing.height:.0f}",
        role="img",
        aria_labelledby=f"{drawing.name}_title {drawing.name}_desc",
    )


def standalone(drawings: Sequence[Drawing]) -> str:
    """Return a file of pictures below each other, which no page needs to dress."""
    parts, y = [], float(_EDGE)
    for drawing in drawings:
        head = tag("text", drawing.title, x=0, y=18, class_="head")
        body = tag("g", drawing.body, transform=f"translate(0 {_HEAD})")
        parts.append(
            tag(
                "g",
                *_told(drawing),
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


def _told(drawing: Drawing) -> tuple[Markup, Markup]:
    return (
        tag("title", drawing.title, id=f"{drawing.name}_title"),
        tag("desc", drawing.description, id=f"{drawing.name}_desc"),
    )


def legend_row(y: float, paint: str, text: str, value: str, mark: str = "") -> Markup:
    """Return a line of a legend: a square or a numbered disc, a name, and a value at the right.

    ``paint`` is the class of its colour.
    """
    if mark:
        key = joined(
            [
                tag("circle", cx=8, cy=y - 4, r=8, class_=paint),
                tag("text", mark, x=8, y=y, text_anchor="middle", class_="on", font_size=11),
            ]
        )
    else:
        key = tag("rect", x=2, y=y - 10, width=12, height=12, rx=3, class_=paint)
    name = tag("text", shortened(text, _LINE - len(value)), x=22, y=y)
    number = tag("text", value, x=WIDTH, y=y, text_anchor="end", class_="soft")
    return joined([key, name, number])


def shortened(text: str, most: int) -> str:
    """Cut a long text, and say so; characters of the Far East are counted as two."""
    width, kept = 0, list[str]()
    for letter in text:
        width += 2 if ord(letter) > 0x2E7F else 1
        if width > most:
            return "".join(kept).rstrip() + "…"
        kept.append(letter)
    return text
