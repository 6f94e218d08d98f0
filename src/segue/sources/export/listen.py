"""One listen as an export tells of it, and what it comes to as an event."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from segue.domain.catalogue.external_id import SPOTIFY_TRACK
from segue.domain.catalogue.name_key import LONGEST
from segue.domain.listening.event import MOST_MS, EventKind
from segue.errors import InvalidInputError

STREAM_MS = 30_000
"""Milliseconds after which Spotify counts a stream; less is a skip."""

_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SCROBBLE_MS = 240_000
"""Half of a track, or four minutes of it, is a listen to Last.fm."""


@dataclass(frozen=True, slots=True)
class Listen:
    """One listen.

    Attributes
    ----------
    artist, title, album : str
        Empty where the export names none; either ``ids`` or artist and title are known.
    at_s : int
        Seconds since 1970, UTC, as the export counts: Spotify the end of the listen, the others its begin.
    to_the_minute : bool
        The export tells no seconds.
    ids : tuple of str
        What a catalogue may call the track, the surest first: Spotify's id and uri, MusicBrainz's id, ISRC.
    ms_played : int or None
        None where the export does not say.
    skipped : bool
        The export says that the listener moved on.
    nth : int
        Which of a track's plays, or skips, it is, from 1, where the export counts them and tells the time of
        the last one only; 0 for a listen with a time of its own.
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
    """Tell a play from a skip.

    Under 30 seconds is a skip, as Spotify counts streams, unless that was the whole track. What the export
    calls skipped is one too, unless half of the track or four minutes were heard, which makes a listen for
    Last.fm. Where the milliseconds are not known, what the export says decides.
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
    """Return a name without blanks around it, empty for none.

    Raises
    ------
    InvalidInputError
        It is no text, or too long to be a name.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"{field} is no text")
    name = unicodedata.normalize("NFC", value.encode(errors="replace").decode()).replace("\0", "").strip()
    if len(name) > LONGEST:
        raise InvalidInputError(f"{field} has more than {LONGEST} characters")
    return name


def read_ms(value: object, field: str) -> int | None:
    """Return milliseconds heard; None where there is no value; InvalidInputError for a wrong one."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_MS:
        raise InvalidInputError(f"{field} is no number of milliseconds from 0 to {MOST_MS}")
    return value


def as_number(cell: str | None) -> object:
    """Return a cell's whole number, the cell itself if it says none, or None for an empty cell."""
    if not cell:
        return None
    return int(float(cell)) if re.fullmatch(r"\d{1,12}(?:\.\d+)?", cell) else cell


def read_mbid(value: object) -> tuple[str, ...]:
    """Return an id of MusicBrainz, in lower case; nothing for anything else."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return (text,) if _MBID.fullmatch(text) else ()


def spotify_ids(link: object) -> tuple[str, ...]:
    """Return the id and the uri of a track from its uri or address; nothing for anything else."""
    found = SPOTIFY_TRACK.fullmatch(link) if isinstance(link, str) else None
    return (found[1], f"spotify:track:{found[1]}") if found else ()
