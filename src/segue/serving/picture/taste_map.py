"""Draw a map of the catalogue with the listener's tracks and tastes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.insight.sentence import percent
from segue.serving.picture.drawing import WIDTH, Drawing, Key, Table, legend
from segue.serving.picture.markup import Markup, joined, number, tag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.taste.distinct import Tastes
    from segue.domain.taste.layout import Layout

N_DUST = 1400
"""Number of catalogue tracks drawn, evenly spread over the rows."""
N_HEARD = 400
"""Maximum number of the listener's tracks drawn, those with the greatest weights."""
_SIDE, _PAD, _BADGE = 320.0, 12.0, 11.0


def taste_map(layout: Layout, tastes: Tastes) -> Drawing:
    """Draw the catalogue as grey dots, the listener's tracks in their taste's colour, and its number."""
    drawn = np.flatnonzero(~np.isnan(layout.position[tastes.rows, 0]))
    drawn = drawn[np.argsort(-tastes.weight[drawn], kind="stable")[:N_HEARD]]
    place = _on_paper(layout.position[tastes.rows[drawn]])
    # The heaviest tracks are drawn last, so that they are on top.
    most = float(tastes.weight.max())
    dots = [
        _dot(x, y, float(tastes.weight[row]) / most, int(tastes.taste[row]))
        for row, (x, y) in zip(drawn[::-1].tolist(), place[::-1].tolist(), strict=True)
    ]
    placed = [(number, taste) for number, taste in enumerate(tastes.tastes) if taste.position is not None]
    centre = _apart(_on_paper(np.array([taste.position for _, taste in placed], np.float32).reshape(-1, 2)))
    badges = [_badge(float(x), float(y), number) for (number, _), (x, y) in zip(placed, centre, strict=True)]
    top = _SIDE + 46
    keys, height = legend(
        top,
        (
            Key(f"f{number}", taste.title, percent(taste.weight), str(number + 1))
            for number, taste in enumerate(tastes.tastes)
        ),
    )
    parts = ", ".join(f"{taste.title} ({percent(taste.weight)})" for taste in tastes.tastes)
    frame = tag("rect", x=20, y=0, width=_SIDE, height=_SIDE, rx=12, class_="line")
    words = "Near tracks tend to be similar. Grey dots: the catalogue."
    note = tag("text", words, x=WIDTH / 2, y=_SIDE + 18, text_anchor="middle", class_="soft")
    return Drawing(
        "taste_map",
        "Where your tastes lie",
        f"{len(tastes.tastes)} distinct tastes among the catalogue: {parts}.",
        top + height - 8,
        joined([frame, _dust(layout), *dots, *badges, note, keys]),
        Table(
            "Tastes, with their share of what is played.",
            ("taste", "share", "tracks"),
            tuple((taste.title, percent(taste.weight), str(taste.n_tracks)) for taste in tastes.tastes),
        ),
    )


def _on_paper(position: NDArray[np.float32]) -> NDArray[np.float64]:
    """Convert positions in [0, 1], y upwards, to coordinates in the frame, y downwards."""
    inner = _SIDE - 2 * _PAD
    x, y = position[:, 0].astype(np.float64), position[:, 1].astype(np.float64)
    return np.column_stack([20 + _PAD + inner * x, _PAD + inner * (1 - y)])


def _dust(layout: Layout) -> Markup:
    """Draw the catalogue; tracks in a cluster are a little darker than others."""
    known = np.flatnonzero(~np.isnan(layout.position[:, 0]))
    known = known[:: max(len(known) // N_DUST, 1)]
    place, inside = _on_paper(layout.position[known]), layout.cluster[known] >= 0
    groups = ((inside, "0.75"), (~inside, "0.4" if inside.any() else "0.6"))
    return joined(
        tag(
            "path",
            d="".join(f"M{number(x)} {number(y)}h0" for x, y in place[chosen].tolist()),
            class_="dust",
            stroke_width=2,
            stroke_linecap="round",
            stroke_opacity=opacity,
        )
        for chosen, opacity in groups
        if chosen.any()
    )


def _dot(x: float, y: float, part: float, taste: int) -> Markup:
    return tag(
        "circle",
        cx=x,
        cy=y,
        r=2.4 + 4.2 * part**0.5,
        class_=f"f{taste} rim",
        fill_opacity="0.85",
        stroke_width="0.7",
    )


def _badge(x: float, y: float, taste: int) -> Markup:
    return joined(
        [
            tag("circle", cx=x, cy=y, r=_BADGE, class_=f"f{taste} rim", stroke_width=2),
            tag("text", str(taste + 1), x=x, y=y + 4.3, text_anchor="middle", class_="on"),
        ]
    )


def _apart(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move overlapping numbers apart, and keep them within the frame."""
    place = place.copy()
    low = np.array([20 + _BADGE + 2, _BADGE + 2])
    high = np.array([20 + _SIDE - _BADGE - 2, _SIDE - _BADGE - 2])
    least = 2 * _BADGE + 3
    for _ in range(60):
        moved = False
        for a in range(len(place)):
            for b in range(a):
                way = place[a] - place[b]
                far = float(np.hypot(*way))
                if far < least:
                    moved = True
                    # Tastes at the same place move in different directions.
                    unit = way / far if far > 1e-6 else np.array([np.cos(2.4 * a), np.sin(2.4 * a)])
                    place[a] += unit * (least - far) / 2
                    place[b] -= unit * (least - far) / 2
        place = np.clip(place, low, high)
        if not moved:
            break
    return place
