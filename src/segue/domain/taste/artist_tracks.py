"""Find tracks of the artists that a listener names, for a listener without events."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.name_key import artist_key
from segue.domain.vector.top_n import top_n

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from segue.domain.vector.column import Labels

MAX_ARTIST_TRACKS = 10
"""Maximum number of tracks of one artist; the most popular ones are taken."""


@dataclass(frozen=True)
class Artists:
    """The artists of a catalogue by name, and their most popular tracks.

    Attributes
    ----------
    labels : Labels (n_items,)
    popularity : float32 (n_items,)
        At least 0; NaN where unknown.
    """

    labels: Labels
    popularity: NDArray[np.float32]

    def find(self, name: str) -> int | None:
        """Return an artist's label; the name may differ in case, accents, "The" or punctuation."""
        names = self.labels.names
        place = bisect_left(names, name)
        if place < len(names) and names[place] == name:
            return place
        return self._by_key.get(artist_key(name))

    def tracks_of(self, label: int) -> NDArray[np.int32]:
        """Return up to `MAX_ARTIST_TRACKS` tracks, int32 (n,), the most popular first."""
        place = np.flatnonzero(self.labels.label_index == label)
        rows = (np.searchsorted(self.labels.start, place, side="right") - 1).astype(np.int32)
        return rows[top_n(np.nan_to_num(self.popularity[rows]), MAX_ARTIST_TRACKS)]

    @cached_property
    def _by_key(self) -> dict[str, int]:
        """Labels by `artist_key`; where several artists share a key, the one with most tracks.

        Building costs 5 µs a name, so it waits for the first name that is spelt differently.
        """
        often = np.argsort(np.bincount(self.labels.label_index, minlength=len(self.labels.names)))
        return {artist_key(self.labels.names[label]): label for label in often.tolist()}


def tracks_by(
    artists: Artists, names: Iterable[str], item_id: NDArray[np.str_], unwelcome: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the tracks of the named artists, and the names that no artist has.

    Parameters
    ----------
    artists : Artists
    names : iterable of str
    item_id : str (n_items,)
    unwelcome : sequence of str
        Tracks that the listener dislikes; they are left out.
    """
    tracks: dict[str, None] = {}
    unknown = []
    for name in names:
        label = artists.find(name)
        if label is None:
            unknown.append(name)
        else:
            tracks.update(dict.fromkeys(item_id[artists.tracks_of(label)].tolist()))
    return [track for track in tracks if track not in set(unwelcome)], unknown
