"""One listen of an export, and the kind of event it becomes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from segue.domain.catalogue.external_id import SPOTIFY_TRACK
from segue.domain.catalogue.name_key import LONGEST
from segue.domain.listening.event import MOST_MS, EventKind
from segue.errors import InvalidInputError

STREAM_MS = 30_000
"""Milliseconds after which Spotify counts a stream; a shorter listen is a skip."""

_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SCROBBLE_MS = 240_000
"""Milliseconds after which Last.fm counts a listen; half of a shorter track counts too."""


@dataclass(frozen=True, slots=True)
class Listen:
    """One listen.

    Attributes
    ----------
    artist, title, album : str
        Empty if unknown; either ``ids`` or artist and title are known.
    at_s : int
        Seconds since 1970, UTC: the end of the listen for Spotify, the beginning for all others.
    to_the_minute : bool
        The export has no seconds.
    ids : tuple of str
        Possible ids of the track in a catalogue, the most reliable first: Spotify id and URI, MusicBrainz id,
        ISRC.
    ms_played : int or None
        Milliseconds heard; None if unknown.
    skipped : bool
        The export says that the listener skipped the track.
    nth : int
        Number of the play or skip, from 1, if the export only has counts and the time of the last one;
        0 for a listen with its own time.
    """

    artist: str
    title: str
    album: str
    at_s: int
    to_the_minute: bool = False
    ids: tuple[str, ...] = ()
    ms_played: int | None = None
    skipped: bool = False
    nth: int = 0


def kind_of(ms_played: int | None, *, skipped: bool, duration_s: float | None) -> EventKind:
    """Return PLAY or SKIP.

    A listen under 30 seconds is a skip, as Spotify counts streams, unless it was the whole track. A listen
    that the export marks as skipped is a skip too, unless half of the track or four minutes were heard, as
    Last.fm counts listens. If the milliseconds are unknown, the mark decides.
    """
    if ms_played is None:
        return EventKind.SKIP if skipped else EventKind.PLAY
    whole_ms = duration_s * 1000 if duration_s else None
    if whole_ms is not None and ms_played >= 0.9 * whole_ms:
        return EventKind.PLAY
    if ms_played < STREAM_MS:
        return EventKind.SKIP
    enough_ms = SCROBBLE_MS if whole_ms is None else min(SCROBBLE_MS, whole_ms / 2)
    return EventKind.SKIP if skipped and ms_played < enough_ms else EventKind.PLAY


def read_name(value: object, field: str) -> str:
    """Return a name without blanks around it, or an empty text for None.

    Raises
    ------
    InvalidInputError
        The value is not text, or is too long for a name.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"{field} is not text")
    name = unicodedata.normalize("NFC", value.encode(errors="replace").decode()).replace("\0", "").strip()
    if len(name) > LONGEST:
        raise InvalidInputError(f"{field} has more than {LONGEST} characters")
    return name


def read_ms(value: object, field: str) -> int | None:
    """Return milliseconds heard, or None for None; raise InvalidInputError for any other value."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_MS:
        raise InvalidInputError(f"{field} is not a number of milliseconds from 0 to {MOST_MS}")
    return value


def as_number(cell: str | None) -> object:
    """Return the number of a cell without its decimals, None for an empty cell, or else the cell itself."""
    if not cell:
        return None
    return int(float(cell)) if re.fullmatch(r"\d{1,12}(?:\.\d+)?", cell) else cell


def read_mbid(value: object) -> tuple[str, ...]:
    """Return a MusicBrainz id in lower case; an empty tuple for anything else."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return (text,) if _MBID.fullmatch(text) else ()


def spotify_ids(link: object) -> tuple[str, ...]:
    """Return the id and URI of a Spotify track, given its URI or web address; else an empty tuple."""
    found = SPOTIFY_TRACK.fullmatch(link) if isinstance(link, str) else None
    return (found[1], f"spotify:track:{found[1]}") if found else ()
