"""Turns interactions into events, to fill the state of listeners."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.event import EVENT_KINDS, OPINIONS, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.domain.listening.interactions import Interactions

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 100_000
"""Rows converted to lists at a time: single elements take twice as long, all rows take much memory."""


def to_events(interactions: Interactions, recent: int) -> Iterator[Event]:
    """Yield every user's latest ``recent`` events and all opinions, oldest first; no time counts as oldest.

    The id of an event is made from its content, so interactions that are loaded again give the same events.
    """
    users, items = interactions.users.item_id.tolist(), interactions.items.item_id.tolist()
    at = np.where(np.isnat(interactions.at), np.datetime64(0, "s"), interactions.at)
    order = np.lexsort((at, interactions.user_index))
    after = np.searchsorted(interactions.user_index[order], interactions.user_index[order], side="right")
    opinion = np.isin(interactions.kind, [EVENT_KINDS.index(kind) for kind in OPINIONS])[order]
    rows = order[opinion | (np.arange(len(order)) >= after - recent)]
    for chosen in np.array_split(rows, len(rows) // _AT_ONCE + 1):
        columns = (
            interactions.user_index[chosen],
            interactions.item_index[chosen],
            interactions.kind[chosen],
            at[chosen].astype(np.int64),
            interactions.ms_played[chosen],
            interactions.context[chosen],
            interactions.count[chosen],
        )
        for user, item, code, seconds, ms_played, context, count in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            kind = EVENT_KINDS[code]
            yield Event(
                user_id=users[user],
                track_id=items[item],
                kind=kind,
                at=datetime.fromtimestamp(seconds, UTC) if seconds else _NEVER,
                event_id=f"history/{kind}/{seconds}/{items[item]}/{ms_played}",
                ms_played=None if ms_played < 0 else ms_played,
                context=interactions.contexts[context],
                count=count,
            )
