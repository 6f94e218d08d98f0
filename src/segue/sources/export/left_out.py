"""The rows and tracks that an import leaves out."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_CONFIDENCE = 0.5
"""Minimum confidence of a match; listens with less are left out. Every match by name has more."""


def printable(text: str) -> str:
    """Replace characters that are not printable: a terminal could take them for a command."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row that cannot be read."""

    why: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out: its file, its place in the file ("line 3"), and the reason."""

    file: str
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A track that is not in the catalogue, and the number of its listens."""

    artist: str
    title: str
    album: str
    ids: tuple[str, ...]
    listens: int
