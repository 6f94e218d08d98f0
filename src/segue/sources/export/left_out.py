"""What an import leaves out: rows that say nothing usable, and tracks that the catalogue lacks."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_CONFIDENCE = 0.5
"""Of a match; with less a listen is left out. All that names alone can give is more."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row that cannot be read."""

    why: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out: its file, where in it ("line 3"), and what is wrong with it."""

    file: str
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A track that the catalogue does not have, and how many listens it has."""

    artist: str
    title: str
    album: str
    ids: tuple[str, ...]
    listens: int
