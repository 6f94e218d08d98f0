"""Draw shares and differences as bars, each with its name and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.serving.picture.drawing import WIDTH, Drawing, Table, shortened
from segue.serving.picture.markup import joined, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW, _NAME, _VALUE = 26.0, 122.0, 52.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length (negative is to the left), and the number as text."""

    name: str
    value: float
    written: str


def bars(  # noqa: PLR0913 - the parts of a picture
    name: str,
    title: str,
    description: str,
    shown: Sequence[Bar],
    header: tuple[str, str],
    *,
    least_scale: float = 0.0,
    rest: tuple[tuple[str, str], ...] = (),
) -> Drawing:
    """Draw bars one below the other, from the left edge, or from the middle if one is negative.

    Parameters
    ----------
    name, title, description : str
        Fields of the drawing.
    shown : sequence of Bar
    header : tuple of str
        Header of the table.
    least_scale : float
        Minimum value of a bar of full length, so that small values do not look large.
    rest : tuple of tuple of str
        More rows of the table.
    """
    greatest = max(least_scale, *(abs(bar.value) for bar in shown), 0.0) or 1.0
    both = any(bar.value < 0 for bar in shown)
    width = WIDTH - _NAME - _VALUE
    zero = _NAME + (width / 2 if both else 0)
    parts = []
    for place, bar in enumerate(shown):
        y = _ROW * place
        long = max((width / 2 if both else width) * abs(bar.value) / greatest, 1.0)
        parts += [
            tag("text", shortened(bar.name, 19), x=0, y=y + 17),
            tag(
                "rect",
                x=zero if bar.value >= 0 else zero - long,
                y=y + 5,
                width=long,
                height=16,
                rx=3,
                class_="own" if bar.value >= 0 else "less",
            ),
            tag("text", bar.written, x=WIDTH, y=y + 17, text_anchor="end", class_="strong"),
        ]
    if both:
        parts.append(tag("line", x1=zero, y1=0, x2=zero, y2=_ROW * len(shown), class_="axis"))
    rows = (*((bar.name, bar.written) for bar in shown), *rest)
    return Drawing(
        name, title, description, _ROW * max(len(shown), 1), joined(parts), Table(title, header, rows)
    )
