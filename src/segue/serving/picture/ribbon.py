"""Draw how the shares of genres change, with a stream for each genre."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.insight.sentence import day, percent
from segue.serving.picture.drawing import WIDTH, Drawing, Key, Table, legend
from segue.serving.picture.markup import Markup, joined, number, tag
from segue.serving.picture.style import N_COLOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.taste.part.drift import Drift

_HEIGHT, _STEPS = 180.0, 8
OTHER = "other genres"


def ribbon(drift: Drift) -> Drawing:
    """Draw the most played genres over time, and all others as one stream at the bottom."""
    others = np.maximum(1 - drift.share.sum(axis=1, keepdims=True), 0)
    share = np.concatenate([drift.share, others], axis=1)
    names = [f"{name}, all kinds" if drift.is_broad else name for name in drift.genres] + [OTHER]
    colours = [*range(len(drift.genres)), N_COLOURS - 1]
    x = _times(drift)
    edge = np.concatenate([np.zeros((len(share), 1)), np.cumsum(share, axis=1)], axis=1)
    streams = [
        _stream(x, _HEIGHT * edge[:, place], _HEIGHT * edge[:, place + 1], colours[place], names[place])
        for place in range(len(names))
    ]
    top = _HEIGHT + 46
    keys, height = legend(
        top,
        (Key(f"g{colours[place]}", name, _moved(share[:, place])) for place, name in enumerate(names)),
    )
    first = day(drift.windows[0].began_at, drift.utc_offset)
    last = day(drift.windows[-1].ended_at, drift.utc_offset)
    moves = ", ".join(f"{name} {_moved(share[:, place])}" for place, name in enumerate(names))
    cells = tuple(
        (day(window.began_at, drift.utc_offset), *map(percent, row))
        for window, row in zip(drift.windows, share.tolist(), strict=True)
    )
    return Drawing(
        "ribbon",
        "How your taste moved",
        f"Shares of genres from {first} to {last}: {moves}.",
        top + height - 8,
        joined([*streams, _axis(first, last), keys]),
        Table("Shares of what was played, by when each part of the history began.", ("from", *names), cells),
    )


def _times(drift: Drift) -> NDArray[np.float64]:
    """Return the x of the windows' middles, float64 (n_windows,); the outer two are at the edges."""
    middle = np.array([(window.began_at + window.ended_at) / 2 for window in drift.windows])
    return np.asarray(WIDTH * (middle - middle[0]) / max(float(middle[-1] - middle[0]), 1.0))


def _stream(
    x: NDArray[np.float64], upper: NDArray[np.float64], lower: NDArray[np.float64], colour: int, name: str
) -> Markup:
    fine = np.unique(np.concatenate([np.linspace(a, b, _STEPS + 1) for a, b in pairwise(x.tolist())]))
    forth = [f"{number(a)},{number(b)}" for a, b in zip(fine, _smooth(fine, x, upper), strict=True)]
    back = [f"{number(a)},{number(b)}" for a, b in zip(fine, _smooth(fine, x, lower), strict=True)]
    path = f"M{'L'.join([*forth, *reversed(back)])}Z"
    return tag("path", tag("title", name), d=path, class_=f"g{colour} rim", stroke_width="0.8")


def _smooth(fine: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate smoothly and without overshoot, so that no stream has a negative width."""
    place = np.clip(np.searchsorted(x, fine, side="right") - 1, 0, len(x) - 2)
    part = (fine - x[place]) / np.maximum(x[place + 1] - x[place], 1e-9)
    eased = part * part * (3 - 2 * part)
    return np.asarray(y[place] + (y[place + 1] - y[place]) * eased)


def _axis(first: str, last: str) -> Markup:
    y = _HEIGHT + 16
    return joined(
        [
            tag("text", first, x=0, y=y, class_="soft"),
            tag("text", last, x=WIDTH, y=y, text_anchor="end", class_="soft"),
        ]
    )


def _moved(share: NDArray[np.float64]) -> str:
    return f"{percent(float(share[0]))} → {percent(float(share[-1]))}"
