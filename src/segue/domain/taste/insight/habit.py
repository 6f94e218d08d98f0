"""How somebody listens, changes and resembles their friends, in sentences."""

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
"""Width of the interval of a share that is told without comparing it with anything."""
CLEAR_SIMILARITY = 0.02
"""By which the nearest friend is ahead of the next: one is told by name, and has to be the one."""

_PARTS = {
    TimeOfDay.MORNING: (7, "in the morning (5:00 to 12:00)"),
    TimeOfDay.AFTERNOON: (6, "in the afternoon (12:00 to 18:00)"),
    TimeOfDay.EVENING: (4, "in the evening (18:00 to 22:00)"),
    TimeOfDay.NIGHT: (7, "at night (22:00 to 5:00)"),
}
"""Hours of each part of the day, and its name."""
MIN_WEEKEND_DAYS = 6
"""Three weekends: of fewer nobody knows what is usual."""


def tell_patterns(found: Pattern) -> Iterator[Sentence]:
    """Tell when somebody listens, what they discover and repeat, and what they skip."""
    sessions = found.sessions
    if sessions.n_effective >= FEW:
        yield from _when(found)
        yield from _weekend(found)
    n_later = found.n_plays - found.n_plays // 2
    told = (
        (
            found.discovery_rate,
            n_later,
            "of the later half of your plays were of a track that was new to you.",
        ),
        (found.repeat_share, found.n_plays, "of your plays were of a track that you had played before."),
        (
            found.skip_share,
            found.support.events if found.n_skips else 0,
            "of the tracks that begin were skipped.",
        ),
    )
    for share, n, text in told:
        if share is None:
            continue
        sure = estimate_share(share, n).interval(SURE_Z)
        if sure is not None and sure[1] - sure[0] < MAX_UNSURE:
            yield Sentence("patterns", f"{percent(share)} {text}", share, "share", found.support)


def _when(found: Pattern) -> Iterator[Sentence]:
    """Tell the part of the day that surely has more sessions than its hours, by most times as many."""
    sessions = found.sessions
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
            found.support,
        )


def _weekend(found: Pattern) -> Iterator[Sentence]:
    sessions = found.sessions
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
            found.support,
        )


def tell_drift(found: Drift) -> Iterator[Sentence]:
    """Tell whether the genres of the first and the last window surely differ, and which moved most."""
    whole, since = found.whole, day(found.windows[0].began_at, found.utc_offset)
    if not whole.is_sure:
        yield Sentence(
            "drift",
            f"Your taste shows no clear change since {since}: the genres of then and now differ by "
            f"{percent(whole.divergence_bits)}, which chance alone may explain.",
            whole.divergence_bits,
            "bits",
            found.support,
        )
        return
    moved = found.share[-1] - found.share[0]
    most = int(np.argmax(np.abs(moved)))
    grew = "grew" if moved[most] > 0 else "fell"
    genre = f"{found.genres[most]} of all kinds" if found.is_broad else found.genres[most]
    before, after = percent(found.share[0, most]), percent(found.share[-1, most])
    yield Sentence(
        "drift",
        f"Your taste has moved since {since}: {genre} {grew} from {before} of what you play to {after}.",
        whole.divergence_bits,
        "bits",
        found.support,
    )


def tell_neighbours(found: Neighbours) -> Iterator[Sentence]:
    """Tell the friend who is nearest, if no other is as near."""
    if found.n_compared > 1:
        first, second = found.nearest[:2]
        if first.similarity - second.similarity >= CLEAR_SIMILARITY:
            yield Sentence(
                "friends",
                f"Of {found.n_compared} friends, {friend(first.user_id)} has the taste most like yours: "
                f"{percent(first.similarity)}, where 100 % is the same taste.",
                first.similarity,
                "similarity",
                found.support,
            )
