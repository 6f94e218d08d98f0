"""Interactions as events: what the state of listeners is filled with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.event import EVENT_KINDS, OPINIONS, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.domain.interactions import Interactions

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def to_events(interactions: Interactions, recent: int) -> Iterator[Event]:
    """Yield every user's latest ``recent`` events and all opinions, oldest first; without a time is oldest.

    The id of an event is made of what it says and of how many before it said the same, so the same
    interactions are the same events however often they are loaded.
    """
    users, items = interactions.users.item_id.tolist(), interactions.items.item_id.tolist()
    at = np.where(np.isnat(interactions.at), np.datetime64(0, "s"), interactions.at)
    order = np.lexsort((at, interactions.user_index))
    after = np.searchsorted(interactions.user_index[order], interactions.user_index[order], side="right")
    opinion = np.isin(interactions.kind, [EVENT_KINDS.index(kind) for kind in OPINIONS])[order]
    for row in order[opinion | (np.arange(len(order)) >= after - recent)].tolist():
        user, item = users[interactions.user_index[row]], items[interactions.item_index[row]]
        kind, seconds = EVENT_KINDS[interactions.kind[row]], int(at[row].astype(np.int64))
        ms_played = int(interactions.ms_played[row])
        yield Event(
            user_id=user,
            track_id=item,
            kind=kind,
            at=datetime.fromtimestamp(seconds, UTC) if seconds else _NEVER,
            event_id=f"history/{kind}/{seconds}/{item}/{ms_played}",
            ms_played=None if ms_played < 0 else ms_played,
            context=interactions.contexts[interactions.context[row]],
            count=float(interactions.count[row]),
        )
