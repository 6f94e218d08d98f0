"""From a listener's events to the history that models are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.event import WEIGHTS, EventKind, build_listening
from segue.domain.history import build_history, damp
from segue.domain.vocabulary import UNKNOWN_ITEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue import Catalogue
    from segue.domain.event import Event
    from segue.domain.history import History

SEED_WEIGHT = 5.0
"""What a seed track counts at least, in whole plays."""

_MOST_SEED_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener's events come to, in a catalogue.

    Attributes
    ----------
    history : History
        Damped weights, dislikes below 0.
    rows : int32 (n,)
        Every track with an event, whatever it weighs: none is recommended again.
    unknown_seeds : tuple of str
        Seeds that the catalogue does not have.
    """

    history: History
    rows: NDArray[np.int32]
    unknown_seeds: tuple[str, ...] = ()


def read_heard(catalogue: Catalogue, events: Sequence[Event], seeds: Sequence[str] = ()) -> Heard:
    """Add up events, and let the seeds count as much as all of them together.

    Parameters
    ----------
    catalogue : Catalogue
    events : sequence of Event
        Of one listener, in any order.
    seeds : sequence of str
        Tracks that the answer should be like, without repeats.
    """
    ids = list({event.track_id for event in events})
    row_of = dict(zip(ids, catalogue.vocabulary.index_of(ids).tolist(), strict=True))
    durations = {
        track: float(catalogue.duration_s[row]) for track, row in row_of.items() if row != UNKNOWN_ITEM
    }
    known = {track: seconds for track, seconds in durations.items() if seconds > 0}  # NaN where unknown
    listening = build_listening(events, known)
    tracks, weights = list(listening.track_ids), list(damp(np.array(listening.weights, np.float64)))
    if seeds:
        total = sum(weight for weight in weights if weight > 0)
        each = min(max(total / len(seeds), SEED_WEIGHT), _MOST_SEED_WEIGHT)
        tracks, weights = tracks + list(seeds), weights + [each] * len(seeds)
    seed_rows = catalogue.vocabulary.index_of(seeds).tolist()
    heard = sorted({row for row in [*row_of.values(), *seed_rows] if row != UNKNOWN_ITEM})
    return Heard(
        history=build_history(catalogue.vocabulary, tracks, weights),
        rows=np.array(heard, np.int32),
        unknown_seeds=tuple(seed for seed, row in zip(seeds, seed_rows, strict=True) if row == UNKNOWN_ITEM),
    )


def unwelcome(history: History) -> NDArray[np.int32]:
    """Return the tracks of a history that weigh no more than a dislike, int32 (n,): never play them."""
    dislike = np.float32(damp(np.array([WEIGHTS[EventKind.DISLIKE]]))[0])
    return history.item_index[history.confidence <= dislike]
