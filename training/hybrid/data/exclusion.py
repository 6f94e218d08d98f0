"""Leaves out of training what listeners do not want to count, by the rules that answers follow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.event import EVENT_KINDS, Event
from segue.domain.listening.excluded import apply_exclusions
from segue.domain.listening.exclusion import ListenerRecord, standing
from training.hybrid.data.split import take

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.exclusion import Exclusion
    from segue.domain.listening.interactions import Interactions


def without_excluded(interactions: Interactions, catalogue: Catalogue) -> Interactions:
    """Return the events that shape a taste; users and tracks keep their numbers."""
    by_user: dict[str, list[Exclusion]] = {}
    for each in standing(interactions.exclusions):
        by_user.setdefault(each.user_id, []).append(each)
    kept = np.ones(len(interactions), bool)
    for number, user_id in enumerate(interactions.users.item_id.tolist()):
        if user_id in by_user:
            rows = np.flatnonzero(interactions.user_index == number)
            record = ListenerRecord(_events(interactions, rows.tolist()), by_user[user_id])
            left = {int(event.event_id) for event in apply_exclusions(catalogue, record).events}
            kept[[row for row in rows.tolist() if row not in left]] = False
    return take(interactions, kept)


def _events(interactions: Interactions, rows: list[int]) -> list[Event]:
    """Return events by their row: the id of each is its number; without a time they are the oldest."""
    items = interactions.items.item_id
    seconds = np.where(np.isnat(interactions.at), np.datetime64(0, "s"), interactions.at).astype(np.int64)
    return [
        Event(
            "",
            str(items[interactions.item_index[row]]),
            EVENT_KINDS[interactions.kind[row]],
            datetime.fromtimestamp(int(seconds[row]), UTC),
            str(row),
        )
        for row in rows
    ]
