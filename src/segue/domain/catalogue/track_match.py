"""Finds the catalogue's track for a listen on another service: by id, else by artist and title.

A match by name may be wrong. Each match says how it was found and how many tracks fit equally well, and
both set its confidence (`CONFIDENCE`, `AMBIGUOUS`).
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
    """How a track was found, the most reliable way first."""

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
"""Confidence of a match when only one track fits."""

AMBIGUOUS = 0.7
"""Factor of the confidence when several tracks fit equally well and the most popular is taken."""

SAME_LENGTH_S = 2.0
"""Maximum difference in seconds between the lengths of releases of one recording."""

_LEVELS = (
    (Likeness.SPELLING, FoundBy.NAME),
    (Likeness.CREDIT, FoundBy.CREDIT),
    (Likeness.EDITION, FoundBy.EDITION),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What another service knows about a track.

    Attributes
    ----------
    artist, title, album : str
        Empty if unknown.
    ids : tuple of str
        Possible ids of the track in the catalogue, the most reliable first.
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
        Row of the catalogue.
    found_by : FoundBy
    candidates : int
        How many tracks fit equally well, including this one; above 1 the match is ambiguous.
    """

    row: int
    found_by: FoundBy
    candidates: int = 1

    @property
    def confidence(self) -> float:
        """Confidence of the match, in (0, 1]."""
        return CONFIDENCE[self.found_by] * (AMBIGUOUS if self.candidates > 1 else 1.0)


@dataclass(frozen=True)
class TrackIndex:
    """A catalogue with an index of its tracks by name.

    Attributes
    ----------
    catalogue : Catalogue (n_items,)
    digest : tuple of uint64 (n_names,)
        For each `Likeness` the hashes of artist and title, ascending; 12 bytes per name with ``row``.
    row : tuple of int32 (n_names,)
        Row of the track with that name.
    """

    catalogue: Catalogue
    digest: tuple[NDArray[np.uint64], ...]
    row: tuple[NDArray[np.int32], ...]

    @cached_property
    def by_album(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Hashes of album and title, uint64 (n,) ascending, and the rows of their tracks, int32 (n,).

        Only listens without an artist need it, so the first of them builds it.
        """
        names = enumerate(zip(self.catalogue.name, self.catalogue.album, strict=True))
        digests = sorted(
            (_digest(_album_key(album), title_key(title, Likeness.SPELLING)), row)
            for row, (title, album) in names
            if title and album
        )
        return (
            np.array([digest for digest, _ in digests], np.uint64),
            np.array([row for _, row in digests], np.int32),
        )

    def rows_of(self, likeness: Likeness, digest: int) -> NDArray[np.int32]:
        """Return the tracks whose name has this hash, int32 (n,)."""
        return self.row[likeness][_equal(self.digest[likeness], digest)]


def name_id(artist: str, title: str) -> str:
    """Return an id for a track that has none: ``name-`` and 16 hex digits of its artist and title.

    It is the same in every table and every import, and for all spellings with the same `artist_key` and
    `title_key`.
    """
    return f"name-{_digest(artist_key(artist), title_key(title, Likeness.SPELLING)):016x}"


def build_track_index(catalogue: Catalogue) -> TrackIndex:
    """Index a catalogue by names; about 30 µs per track, so do it once for a version.

    A track has one name for each of its artists: the artist with the title.
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
            if name == before:  # most titles have no guest and no edition
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
    """Find the track for each; None if the catalogue has none."""
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
    if not wanted.album:
        return None
    digests, rows = index.by_album
    digest = _digest(_album_key(wanted.album), title_key(wanted.title, Likeness.SPELLING))
    if not len(rows := rows[_equal(digests, digest)]):
        return None
    row, candidates = _best(index.catalogue, rows.tolist(), wanted)
    return Match(row, FoundBy.ALBUM, candidates)


def _equal(digests: NDArray[np.uint64], digest: int) -> slice:
    """Return the places of ascending hashes that equal one hash."""
    wanted = np.array([digest], np.uint64)
    return slice(*(int(digests.searchsorted(wanted, side)[0]) for side in ("left", "right")))


def _best(catalogue: Catalogue, rows: list[int], wanted: Wanted) -> tuple[int, int]:
    """Return the row that fits best, and how many fit equally well.

    The exact title decides, then the album, then popularity. Tracks of the same length are releases of one
    recording and count as one.
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
    # 64 bits: the chance that any two of a million names collide is about 3e-8.
    return int.from_bytes(blake2b(f"{artist}\0{title}".encode(errors="replace"), digest_size=8).digest())
