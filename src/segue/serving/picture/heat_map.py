"""Draw when a listener listens: hours are columns, weekdays are rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.serving.picture.drawing import WIDTH, Drawing, Table
from segue.serving.picture.markup import Markup, joined, tag

if TYPE_CHECKING:
    from segue.domain.taste.part.pattern import Pattern

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LEFT, _TOP, _ROW, _PAD = 34.0, 18.0, 20.0, 1.5
_COLUMN = (WIDTH - _LEFT) / 24
_STEPS = (0.18, 0.38, 0.58, 0.78, 1.0)
"""Opacities by the square root of the count, because a few hours have most of the events."""


def heat_map(pattern: Pattern) -> Drawing:
    """Draw plays and skips by weekday and hour of the listener's clock."""
    heat, most = pattern.heat, int(pattern.heat.max())
    cells = [_cell(day, hour, int(heat[day, hour]), most) for day in range(7) for hour in range(24)]
    hours = [
        tag("text", f"{hour:02}", x=_LEFT + hour * _COLUMN, y=12, class_="soft", font_size=11)
        for hour in range(0, 24, 3)
    ]
    days = [
        tag("text", name[:3], x=0, y=_TOP + (day + 0.7) * _ROW, class_="soft")
        for day, name in enumerate(WEEKDAYS)
    ]
    day, hour = np.unravel_index(int(heat.argmax()), heat.shape)
    by_day, by_hour = heat.sum(axis=1), heat.sum(axis=0)
    text = (
        f"{heat.sum()} plays and skips. Most, {most}, on {WEEKDAYS[day]} from {hour}:00; the busiest day is "
        f"{WEEKDAYS[int(by_day.argmax())]}, the busiest hour of all days from {int(by_hour.argmax())}:00."
    )
    rows = tuple(
        (f"{hour:02}:00", *map(str, row), str(total))
        for hour, (row, total) in enumerate(zip(heat.T.tolist(), by_hour.tolist(), strict=True))
    )
    whole = ("all", *map(str, by_day.tolist()), str(heat.sum()))
    header = ("from", *(name[:3] for name in WEEKDAYS), "all")
    return Drawing(
        "heat_map",
        "When you listen",
        text,
        _TOP + 7 * _ROW + 34,
        joined([*hours, *days, *cells, _key(most)]),
        Table("Plays and skips by hour and weekday.", header, (*rows, whole)),
    )


def _cell(day: int, hour: int, count: int, most: int) -> Markup:
    place = {
        "x": _LEFT + hour * _COLUMN,
        "y": _TOP + day * _ROW,
        "width": _COLUMN - _PAD,
        "height": _ROW - _PAD,
        "rx": 2.5,
    }
    if not count:
        return tag("rect", class_="empty", fill_opacity="0.45", **place)
    step = _STEPS[min(math.floor(math.sqrt(count / most) * len(_STEPS)), len(_STEPS) - 1)]
    text = tag("title", f"{WEEKDAYS[day]} {hour}:00: {count}")
    return tag("rect", text, class_="own", fill_opacity=str(step), **place)


def _key(most: int) -> Markup:
    y, x = _TOP + 7 * _ROW + 12, WIDTH - 5 * 18 - 66.0
    squares = [
        tag("rect", x=x + 18 * place, y=y, width=16, height=12, rx=2.5, class_="own", fill_opacity=str(step))
        for place, step in enumerate(_STEPS)
    ]
    return joined(
        [
            tag("text", "few", x=x - 6, y=y + 10, text_anchor="end", class_="soft"),
            *squares,
            tag("text", f"most ({most})", x=WIDTH, y=y + 10, text_anchor="end", class_="soft"),
        ]
    )
