"""Finds the track of a catalogue that a listen elsewhere was of: by id, else by artist and title.

A name is no proof. Each match says by what it was found and how many tracks fit equally, and a confidence
is stated for both (`CONFIDENCE`, `AMBIGUOUS`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.name_key import Likeness, artist_key, artist_keys, title_key
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue


class FoundBy(StrEnum):
    """By what a track was found, the surest first."""

    ID = "id"
    NAME = "name"
    CREDIT = "credit"
    EDITION = "edition"
    ALBUM = "album"


CONFIDENCE: Mapping[FoundBy, float] = {
    FoundBy.ID: 1.0,
    FoundBy.NAME: 0.95,
    FoundBy.CREDIT: 0.9,
    FoundBy.EDITION: 0.75,
    FoundBy.ALBUM: 0.75,
}
"""How sure a match is that only one track fits."""

AMBIGUOUS = 0.7
"""By what the confidence is multiplied where several tracks fit equally and the most popular is taken."""

SAME_LENGTH_S = 2.0
"""Seconds by which the lengths of one recording's releases differ, at most."""

_LEVELS = (
    (Likeness.SPELLING, FoundBy.NAME),
    (Likeness.CREDIT, FoundBy.CREDIT),
    (Likeness.EDITION, FoundBy.EDITION),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a track elsewhere.

    Attributes
    ----------
    artist, title, album : str
        Empty where unknown.
    ids : tuple of str
        What the catalogue may call it, the surest first.
    """

    artist: str
    title: str
    album: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A track that was found.

    Attributes
    ----------
    row : int
        Of the catalogue.
    found_by : FoundBy
    candidates : int
        How many tracks fit equally, this one included; above 1 the match is ambiguous.
    """

    row: int
    found_by: FoundBy
    candidates: int = 1

    @property
    def confidence(self) -> float:
        """How sure it is, in (0, 1]."""
        return CONFIDENCE[self.found_by] * (AMBIGUOUS if self.candidates > 1 else 1.0)


@dataclass(frozen=True)
class TrackIndex:
    """A catalogue, and its tracks by the names they go by.

    Attributes
    ----------
    catalogue : Catalogue (n_items,)
    digest : tuple of uint64 (n_names,)
        For each `Likeness` what artist and title come to, ascending; 12 bytes a name with ``row``.
    row : tuple of int32 (n_names,)
        Whose name it is.
    """

    catalogue: Catalogue
    digest: tuple[NDArray[np.uint64], ...]
    row: tuple[NDArray[np.int32], ...]

    @cached_property
    def by_album(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """What title and album come to, uint64 (n,) ascending, and whose they are, int32 (n,).

        Only listens that name no artist need it, so it is made for the first of them.
        """
        names = enumerate(zip(self.catalogue.name, self.catalogue.album, strict=True))
        named = sorted(
            (_digest(_album_key(album), title_key(title, Likeness.SPELLING)), row)
            for row, (title, album) in names
            if title and album
        )
        return (
            np.array([digest for digest, _ in named], np.uint64),
            np.array([row for _, row in named], np.int32),
        )

    def rows_of(self, likeness: Likeness, digest: int) -> NDArray[np.int32]:
        """Return the tracks that go by a name, int32 (n,)."""
        names = self.digest[likeness]
        found = np.searchsorted(names, np.array([digest], np.uint64))[0]
        end = np.searchsorted(names, np.array([digest], np.uint64), side="right")[0]
        return self.row[likeness][found:end]


def name_id(artist: str, title: str) -> str:
    """Return an id for a track that has none: ``name-`` and 16 hex digits of its artist and title.

    It is the same in every table and at every import, and for all spellings that `artist_key` and `title_key`
    take for one name.
    """
    return f"name-{_digest(artist_key(artist), title_key(title, Likeness.SPELLING)):016x}"


def build_track_index(catalogue: Catalogue) -> TrackIndex:
    """Index a catalogue by names; some 30 µs a track, so once for a version.

    A track goes by its title with each of its artists.
    """
    artists = catalogue.artists
    key = [artist_key(name) for name in artists.names]
    row = np.repeat(np.arange(len(catalogue), dtype=np.int32), np.diff(artists.start))
    digest = np.zeros((len(Likeness), len(row)), np.uint64)
    titled = np.zeros(len(row), bool)
    for track, title in enumerate(catalogue.name):
        start, end = artists.start[track : track + 2].tolist()
        titled[start:end] = bool(title)
        name: str | None = None
        for likeness in Likeness if title else ():
            before, name = name, title_key(title, likeness)
            if name == before:  # most titles name no guest and no edition
                digest[likeness, start:end] = digest[likeness - 1, start:end]
                continue
            labels = artists.label_index[start:end].tolist()
            digest[likeness, start:end] = [_digest(key[label], name) for label in labels]
    row, digest = row[titled], digest[:, titled]
    order = np.argsort(digest, axis=1, kind="stable")
    return TrackIndex(
        catalogue,
        tuple(names[by] for names, by in zip(digest, order, strict=True)),
        tuple(row[by] for by in order),
    )


def _album_key(album: str) -> str:
    return title_key(album, Likeness.EDITION)


def match_all(index: TrackIndex, wanted: Sequence[Wanted]) -> list[Match | None]:
    """Find the track of each; None where the catalogue has none."""
    ids = [(place, each) for place, one in enumerate(wanted) for each in one.ids]
    found = index.catalogue.vocabulary.index_of([each for _, each in ids])
    by_id: dict[int, int] = {}
    for (place, _), row in zip(ids, found.tolist(), strict=True):
        if row != UNKNOWN_ITEM:
            by_id.setdefault(place, row)
    return [
        Match(by_id[place], FoundBy.ID) if place in by_id else _by_name(index, one)
        for place, one in enumerate(wanted)
    ]


def _by_name(index: TrackIndex, wanted: Wanted) -> Match | None:
    if not wanted.title:
        return None
    if not wanted.artist:
        return _by_album(index, wanted)
    for likeness, found_by in _LEVELS:
        title = title_key(wanted.title, likeness)
        for artist in artist_keys(wanted.artist):
            rows = np.unique(index.rows_of(likeness, _digest(artist, title)))
            if len(rows):
                row, candidates = _best(index.catalogue, rows.tolist(), wanted)
                return Match(row, found_by, candidates)
    return None


def _by_album(index: TrackIndex, wanted: Wanted) -> Match | None:
    names, rows = index.by_album
    name = _digest(_album_key(wanted.album), title_key(wanted.title, Likeness.SPELLING))
    sought = np.array([name], np.uint64)
    begin, end = np.searchsorted(names, sought)[0], np.searchsorted(names, sought, side="right")[0]
    if not wanted.album or begin == end:
        return None
    row, candidates = _best(index.catalogue, rows[begin:end].tolist(), wanted)
    return Match(row, FoundBy.ALBUM, candidates)


def _best(catalogue: Catalogue, rows: list[int], wanted: Wanted) -> tuple[int, int]:
    """Return the row that fits best, and how many fit as well: the title as written, then the album.

    Tracks of one length are releases of one recording, not rivals.
    """
    for likeness, text, column in (
        (Likeness.SPELLING, wanted.title, catalogue.name),
        (Likeness.EDITION, wanted.album, catalogue.album),
    ):
        wish = title_key(text, likeness) if text and len(rows) > 1 else ""
        rows = [row for row in rows if wish and title_key(column[row], likeness) == wish] or rows
    popularity = np.nan_to_num(catalogue.popularity[rows].astype(np.float64), nan=-1.0)
    rivals = len(rows) if not np.ptp(catalogue.duration_s[rows]) <= SAME_LENGTH_S else 1
    return rows[int(np.argmax(popularity))], rivals


def _digest(artist: str, title: str) -> int:
    # 64 bits: among a million names, some 3e-8 chance that any two collide.
    return int.from_bytes(blake2b(f"{artist}\0{title}".encode(errors="replace"), digest_size=8).digest())
