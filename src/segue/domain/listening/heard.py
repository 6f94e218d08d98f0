"""Turns a listener's events into the history that models use."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.event import WEIGHTS, EventKind, build_listening
from segue.domain.listening.excluded import apply_exclusions
from segue.domain.listening.history import add_up, damp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.excluded import Excluded
    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.listening.history import History

SEED_WEIGHT = 5.0
"""Minimum weight of a seed track, in whole plays."""

MOMENT_SHARE = 0.08
"""Minimum share of a history's total liked weight given to the latest liked track; halved for each earlier
one. The value is a judgement: no data tells how much the order within a history should matter."""

N_LATEST = 5
"""Number of latest liked tracks that get a minimum share."""

_FADING = 0.5 ** np.arange(N_LATEST)

_MOST_SEED_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A listener's history in the rows of a catalogue, and the tracks not to recommend.

    Attributes
    ----------
    history : History
        Damped weights; dislikes are negative.
    rows : int32 (n,)
        Tracks not to recommend: they have an event, even an ignored one, or are blocked.
    excluded : Excluded
        Result of the listener's exclusions.
    unknown_seeds : tuple of str
        Seeds that are not in the catalogue.
    blocked_seeds : tuple of str
        Seeds that the listener blocked; they do not count.
    """

    history: History
    rows: NDArray[np.int32]
    excluded: Excluded
    unknown_seeds: tuple[str, ...] = ()
    blocked_seeds: tuple[str, ...] = ()


def read_heard(catalogue: Catalogue, record: ListenerRecord, seeds: Sequence[str] = ()) -> Heard:
    """Add up the events that count; the seeds together weigh as much as all liked events.

    Parameters
    ----------
    catalogue : Catalogue
    record : ListenerRecord
        Record of one listener, with events in any order.
    seeds : sequence of str
        Tracks that the answer should resemble, without repeats.
    """
    excluded = apply_exclusions(catalogue, record)
    asked, blocked = catalogue.vocabulary.index_of(seeds), excluded.blocked
    blocked_seeds = tuple(compress(seeds, np.isin(asked, blocked))) if len(blocked) else ()
    seeds = [seed for seed in seeds if seed not in blocked_seeds]
    # Sorted ids are found faster. Tracks of events that do not count are included: they are not new either.
    tracks = sorted({event.track_id for event in record.events}.union(seeds))
    index = catalogue.vocabulary.index_of(tracks)
    row_of = dict(zip(tracks, index.tolist(), strict=True))
    known = index != UNKNOWN_ITEM
    durations = dict(
        zip(tracks, np.where(known, catalogue.duration_s.take(index), np.nan).tolist(), strict=True)
    )
    listening = build_listening(excluded.events, durations)
    weights = _of_the_moment(damp(np.array(listening.weights, np.float64)))
    if seeds:
        total = float(weights[weights > 0].sum())
        each = min(max(total / len(seeds), SEED_WEIGHT), _MOST_SEED_WEIGHT)
        weights = np.concatenate([weights, np.full(len(seeds), each)])
    counted = (*listening.track_ids, *seeds)
    rows = np.array([row_of[track] for track in counted], np.int32)
    n_unknown = sum(row_of[track] == UNKNOWN_ITEM for track in set(counted))
    return Heard(
        history=add_up(rows, weights, n_unknown=n_unknown),
        rows=np.union1d(index[known], blocked) if len(blocked) else index[known],
        excluded=excluded,
        unknown_seeds=tuple(seed for seed in seeds if row_of[seed] == UNKNOWN_ITEM),
        blocked_seeds=blocked_seeds,
    )


def _of_the_moment(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raise the latest liked tracks of a long history, so that the next answer reflects them."""
    liked = weights > 0
    latest = np.flatnonzero(liked)[:N_LATEST]  # they come newest first
    raised = weights.copy()
    raised[latest] = np.maximum(weights[latest], MOMENT_SHARE * weights[liked].sum() * _FADING[: len(latest)])
    return raised


def unwelcome(history: History) -> NDArray[np.int32]:
    """Return the tracks that weigh no more than a dislike, int32 (n,): never play them."""
    dislike = np.float32(damp(np.array([WEIGHTS[EventKind.DISLIKE]]))[0])
    return history.item_index[history.confidence <= dislike]
