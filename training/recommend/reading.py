"""Read what a recommender is trained on: tracks, events and friends, and events that came since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.interactions import Interactions
from segue.domain.vocabulary import Vocabulary, build_vocabulary
from segue.sources.dataset import read_catalogue, read_friends
from training.event_source import read_events_at
from training.recommend.fit import Dataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.sources.dataset import Account


def read_dataset(location: str, more_events: Sequence[str] = ()) -> tuple[Dataset, list[Account]]:
    """Read tracks, events and friends at one location, and more events at others.

    Raises
    ------
    SourceUnavailableError, SourceSchemaError
        As the readers of `segue.sources.dataset` do.
    """
    catalogue, of_tracks = read_catalogue(location)
    parts, accounts = zip(*(read_events_at(place) for place in (location, *more_events)), strict=True)
    friends, of_friends = read_friends(location)
    return Dataset(catalogue, join(parts), friends), [of_tracks, *accounts, of_friends]


def join(parts: Sequence[Interactions]) -> Interactions:
    """Put events of several places into one value; an event that is in two of them counts twice."""
    if len(parts) == 1:
        return parts[0]
    users = build_vocabulary(user for part in parts for user in part.users.item_id.tolist())
    items = build_vocabulary(item for part in parts for item in part.items.item_id.tolist())
    contexts = tuple(dict.fromkeys(name for part in parts for name in part.contexts))

    def renumbered(column: str, own: str, to: Vocabulary) -> list[np.ndarray]:
        return [to.index_of(getattr(part, own).item_id.tolist())[getattr(part, column)] for part in parts]

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    context = [
        np.array([contexts.index(name) for name in part.contexts], np.int16)[part.context] for part in parts
    ]
    user, item, at = (
        np.concatenate(renumbered("user_index", "users", users)),
        np.concatenate(renumbered("item_index", "items", items)),
        column("at"),
    )
    order = np.lexsort((item, at, user))
    return Interactions(
        users=users,
        items=items,
        user_index=user[order],
        item_index=item[order],
        kind=column("kind")[order],
        at=at[order],
        count=column("count")[order],
        ms_played=column("ms_played")[order],
        context=np.concatenate(context)[order],
        contexts=contexts,
    )
