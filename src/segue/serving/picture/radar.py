"""Draw audio features as a radar, compared with the middle of the catalogue."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from segue.domain.taste.insight.music import SOUNDS
from segue.domain.taste.insight.sentence import whole_percent
from segue.serving.picture.drawing import WIDTH, Drawing, Table
from segue.serving.picture.markup import Markup, joined, number, tag

if TYPE_CHECKING:
    from segue.domain.taste.part.audio import AudioProfile

_X, _Y, _RADIUS, _HEIGHT = WIDTH / 2, 150.0, 108.0, 352.0


def radar(profile: AudioProfile) -> Drawing:
    """Draw the mean percentiles as a polygon, and the middle half of the tracks as a band behind it."""
    features = profile.features
    means = [each.percentile.mean for each in features]
    names = [SOUNDS[each.name].name for each in features]
    text = ", ".join(f"{name} {whole_percent(mean)}" for name, mean in zip(names, means, strict=True))
    body = [
        *(_ring(part, dashed=part == 0.5) for part in (0.25, 0.5, 0.75, 1.0)),
        *(_spoke(place, len(features)) for place in range(len(features))),
        _band([each.low for each in features], [each.high for each in features]),
        tag(
            "polygon",
            points=_points(means),
            class_="own owns",
            fill_opacity=0.15,
            stroke_width=2.2,
            stroke_linejoin="round",
        ),
        *(_dot(mean, place, len(features)) for place, mean in enumerate(means)),
        *(
            _label(name, mean, place, len(features))
            for place, (name, mean) in enumerate(zip(names, means, strict=True))
        ),
        _key(),
    ]
    rows = tuple(
        (name, *map(str, map(whole_percent, (each.percentile.mean, each.low, each.high))))
        for name, each in zip(names, features, strict=True)
    )
    return Drawing(
        "radar",
        "How it sounds",
        f"Average percentile of your music among the catalogue's tracks: {text}.",
        _HEIGHT,
        joined(body),
        Table(
            "Average percentile of your music among the catalogue's tracks; half of what you play is between "
            "the last two columns.",
            ("sound", "average", "from", "to"),
            rows,
        ),
    )


def _at(part: float, place: int, n: int) -> tuple[float, float]:
    angle = 2 * math.pi * place / n
    return _X + _RADIUS * part * math.sin(angle), _Y - _RADIUS * part * math.cos(angle)


def _points(parts: list[float]) -> str:
    corners = (_at(part, place, len(parts)) for place, part in enumerate(parts))
    return " ".join(f"{number(x)},{number(y)}" for x, y in corners)


def _ring(part: float, *, dashed: bool) -> Markup:
    return tag(
        "circle",
        cx=_X,
        cy=_Y,
        r=_RADIUS * part,
        class_="axis" if dashed else "line",
        stroke_width=1.4 if dashed else 1,
        stroke_dasharray="4 3" if dashed else None,
    )


def _spoke(place: int, n: int) -> Markup:
    x, y = _at(1, place, n)
    return tag("line", x1=_X, y1=_Y, x2=x, y2=y, class_="line")


def _band(low: list[float], high: list[float]) -> Markup:
    outer, inner = (_points(parts).split(" ") for parts in (high, low))
    path = f"M{'L'.join(outer)}ZM{'L'.join(reversed(inner))}Z"
    return tag("path", d=path, class_="own", fill_opacity=0.16, fill_rule="evenodd")


def _dot(part: float, place: int, n: int) -> Markup:
    x, y = _at(part, place, n)
    return tag("circle", cx=x, cy=y, r=3, class_="own")


def _label(name: str, mean: float, place: int, n: int) -> Markup:
    x, y = _at(1.06, place, n)
    side = math.sin(2 * math.pi * place / n)
    anchor = "middle" if abs(side) < 0.2 else "start" if side > 0 else "end"
    top = y - 16 if y < _Y - 0.9 * _RADIUS else y + 10 if y > _Y + 0.9 * _RADIUS else y - 3
    return joined(
        [
            tag("text", name, x=x, y=top, text_anchor=anchor, class_="soft", font_size=12),
            tag("text", str(whole_percent(mean)), x=x, y=top + 14, text_anchor=anchor, class_="strong"),
        ]
    )


def _key() -> Markup:
    y = _HEIGHT - 30
    return joined(
        [
            tag("line", x1=20, y1=y - 4, x2=40, y2=y - 4, class_="owns", stroke_width=2.2),
            tag("text", "average of your music", x=46, y=y, class_="soft"),
            tag("rect", x=205, y=y - 10, width=20, height=12, rx=3, class_="own", fill_opacity=0.25),
            tag("text", "half of your tracks", x=231, y=y, class_="soft"),
            tag(
                "line",
                x1=20,
                y1=y + 15,
                x2=40,
                y2=y + 15,
                class_="axis",
                stroke_width=1.4,
                stroke_dasharray="4 3",
            ),
            tag("text", "middle of the catalogue (50); the rim is 100", x=46, y=y + 19, class_="soft"),
        ]
    )
