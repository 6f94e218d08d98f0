"""Describe a listener's habits, change of taste and nearest friend in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.situation import TimeOfDay
from segue.domain.taste.insight.sentence import FEW, Sentence, day, friend, percent
from segue.domain.taste.weighted_mean import SURE_Z, estimate_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.domain.taste.neighbour import Neighbours
    from segue.domain.taste.part.drift import Drift
    from segue.domain.taste.part.pattern import Pattern

MAX_UNSURE = 0.2
"""Maximum width of the 99 % interval of a share that is reported without a comparison."""
CLEAR_SIMILARITY = 0.02
"""Minimum lead in similarity before the nearest friend is named."""

_PARTS = {
    TimeOfDay.MORNING: (7, "in the morning (5:00 to 12:00)"),
    TimeOfDay.AFTERNOON: (6, "in the afternoon (12:00 to 18:00)"),
    TimeOfDay.EVENING: (4, "in the evening (18:00 to 22:00)"),
    TimeOfDay.NIGHT: (7, "at night (22:00 to 5:00)"),
}
"""Length in hours and name of each part of the day."""
MIN_WEEKEND_DAYS = 6
"""Minimum number of weekend days, three weekends, before the weekend share is reported."""


def describe_patterns(part: Pattern) -> Iterator[Sentence]:
    """Describe when the listener listens, and how much they discover, repeat and skip."""
    sessions = part.sessions
    if sessions.n_effective >= FEW:
        yield from _when(part)
        yield from _weekend(part)
    n_later = part.n_plays - part.n_plays // 2
    shares = (
        (
            part.discovery_rate,
            n_later,
            "of the later half of your plays were of a track that was new to you.",
        ),
        (part.repeat_share, part.n_plays, "of your plays were of a track that you had played before."),
        (
            part.skip_share,
            part.support.events if part.n_skips else 0,
            "of the tracks that started were skipped.",
        ),
    )
    for share, n, text in shares:
        if share is None:
            continue
        sure = estimate_share(share, n).interval(SURE_Z)
        if sure is not None and sure[1] - sure[0] < MAX_UNSURE:
            yield Sentence("patterns", f"{percent(share)} {text}", share, "share", part.support)


def _when(part: Pattern) -> Iterator[Sentence]:
    """Describe the part of the day with the most sessions an hour, if they are significantly many."""
    sessions = part.sessions
    sure = [
        (24 * share / hours, share, name)
        for (hours, name), share in zip(_PARTS.values(), sessions.by_part_of_day.tolist(), strict=True)
        if (interval := estimate_share(share, sessions.n_effective).interval(SURE_Z))
        and interval[0] > hours / 24
    ]
    if sure:
        times, share, name = max(sure)
        yield Sentence(
            "patterns",
            f"{percent(share)} of your sessions begin {name}, {times:.1f} times as many as if all hours were "
            "alike.",
            share,
            "share",
            part.support,
        )


def _weekend(part: Pattern) -> Iterator[Sentence]:
    sessions = part.sessions
    usual = sessions.n_weekend_days / sessions.n_days
    enough = sessions.n_weekend_days >= MIN_WEEKEND_DAYS
    if enough and estimate_share(sessions.weekend_share, sessions.n_effective).differs_from(usual):
        more = "more" if sessions.weekend_share > usual else "less"
        yield Sentence(
            "patterns",
            f"You listen {more} on weekends: {percent(sessions.weekend_share)} of your sessions begin then, "
            f"and {percent(usual)} of the days are Saturdays and Sundays.",
            sessions.weekend_share,
            "share",
            part.support,
        )


def describe_drift(part: Drift) -> Iterator[Sentence]:
    """Describe whether the genres of the first and last window differ, and which changed most."""
    whole, since = part.whole, day(part.windows[0].began_at, part.utc_offset)
    if not whole.is_sure:
        yield Sentence(
            "drift",
            f"Your taste shows no clear change since {since}: the genres of then and now differ by "
            f"{percent(whole.divergence_bits)}, which chance alone may explain.",
            whole.divergence_bits,
            "bits",
            part.support,
        )
        return
    moved = part.share[-1] - part.share[0]
    most = int(np.argmax(np.abs(moved)))
    grew = "grew" if moved[most] > 0 else "fell"
    genre = f"{part.genres[most]} of all kinds" if part.is_broad else part.genres[most]
    before, after = percent(part.share[0, most]), percent(part.share[-1, most])
    yield Sentence(
        "drift",
        f"Your taste has moved since {since}: {genre} {grew} from {before} of what you play to {after}.",
        whole.divergence_bits,
        "bits",
        part.support,
    )


def describe_neighbours(part: Neighbours) -> Iterator[Sentence]:
    """Name the nearest friend, if the next one is clearly less similar."""
    if part.n_compared > 1:
        first, second = part.nearest[:2]
        if first.similarity - second.similarity >= CLEAR_SIMILARITY:
            yield Sentence(
                "friends",
                f"Of {part.n_compared} friends, {friend(first.user_id)} has the taste most like yours: "
                f"{percent(first.similarity)}, where 100 % is the same taste.",
                first.similarity,
                "similarity",
                part.support,
            )
