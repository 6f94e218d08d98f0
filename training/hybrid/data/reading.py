"""Read what a recommender is trained on: tracks, events and friends, and events that came since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM, Vocabulary, build_vocabulary
from segue.domain.listening.event import EVENT_KINDS, Event
from segue.domain.listening.excluded import apply_exclusions
from segue.domain.listening.exclusion import ListenerRecord, standing
from segue.domain.listening.friends import build_friends
from segue.domain.listening.interactions import Interactions
from segue.errors import SourceSchemaError, TableMissingError
from segue.sources.dataset import Effect, read_catalogue, read_friends
from segue.sources.dataset.account import Tally
from segue.sources.dataset.location import is_file
from training.hybrid.data.event_source import read_events_at
from training.hybrid.data.split import take
from training.hybrid.fit import Dataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.exclusion import Exclusion
    from segue.sources.dataset import Account


def read_dataset(location: str, more_events: Sequence[str] = ()) -> tuple[Dataset, list[Account]]:
    """Read tracks, events and friends at one location, and more events at others.

    Where more events are given, the location itself needs to have none. Events that their listeners exclude
    are left out. The last account says how many events are of tracks in the catalogue.

    Raises
    ------
    SourceUnavailableError
        As the readers of `segue.sources.dataset` do.
    SourceSchemaError
        Likewise; or not one event is of a track in the catalogue.
    """
    catalogue, of_tracks = read_catalogue(location)
    own = [] if more_events and is_file(location) else _events_at(location, is_needed=not more_events)
    parts, accounts = zip(*own, *(read_events_at(place) for place in more_events), strict=True)
    read = join(parts)
    events = without_excluded(read, catalogue)
    met = _meeting(catalogue, read, n_excluded=len(read) - len(events))
    if is_file(location):
        nobody = build_friends(build_vocabulary(()), ())
        return Dataset(catalogue, events, nobody), [of_tracks, *accounts, met]
    friends, of_friends = read_friends(location)
    return Dataset(catalogue, events, friends), [of_tracks, *accounts, of_friends, met]


def _events_at(location: str, *, is_needed: bool) -> list[tuple[Interactions, Account]]:
    try:
        return [read_events_at(location)]
    except TableMissingError:
        if is_needed:
            raise
        return []


def _meeting(catalogue: Catalogue, events: Interactions, n_excluded: int) -> Account:
    """Say how many events are of tracks in the catalogue, and how many their listeners exclude."""
    tally = Tally("events and catalogue", len(events))
    known = catalogue.vocabulary.index_of(events.items.item_id.tolist()) != UNKNOWN_ITEM
    met = int(known[events.item_index].sum())
    if len(events) and not met:
        raise SourceSchemaError(
            f"none of the {len(events)} events is of a track in the catalogue: the events name tracks as "
            f"{str(events.items.item_id[0])!r}, the catalogue as {str(catalogue.vocabulary.item_id[0])!r}. "
            "Give both the same ids."
        )
    strange = events.items.item_id[~known].tolist()
    tally.count(Effect.KEPT, "track of events that is not in the catalogue", len(strange), strange)
    tally.count(Effect.DROPPED, "event that its listener ignores, or of what they block", n_excluded)
    return tally.account(f"{met} events are of the catalogue's {len(catalogue)} tracks")


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
        exclusions=tuple(each for part in parts for each in part.exclusions),
    )


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
