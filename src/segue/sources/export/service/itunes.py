"""iTunes and the Music app: an XML library with counts of plays and skips, and the time of the last one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.left_out import Damaged
from segue.sources.export.listen import Listen, read_name
from segue.sources.export.row.property_list import track_dictionaries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from segue.sources.export.format import Rows

MOST_COUNTED = 20
"""Maximum number of plays, and of skips, of a track that become events: answers use the latest 2000."""

_OTHERS = ("Podcast", "Movie", "TV Show", "Music Video", "Has Video", "Audiobooks", "iTunesU", "Voice Memos")
_COUNTS = (("Play Count", "Play Date UTC", False), ("Skip Count", "Skip Date", True))


def _rows(pieces: Iterator[str], _: tzinfo | None) -> Rows:
    for place, track in track_dictionaries(pieces):
        if isinstance(track, Damaged) or any(track.get(name) is True for name in _OTHERS):
            yield place, partial(_nothing, track)
            continue
        for count, date, skipped in _COUNTS:
            times = _times(track.get(count))
            if not isinstance(track.get(date), datetime):
                times = min(times, 1)  # one row reports the missing date
            for nth in range(1, times + 1):
                yield place, partial(_read, track, date, nth, skipped=skipped)


def _times(count: object) -> int:
    """Return the number of plays; 1 for a value that is not a count, so that one row reports it."""
    if count is None:
        return 0
    return max(0, min(count, MOST_COUNTED)) if type(count) is int else 1


def _nothing(track: Mapping[str, Any] | Damaged) -> Listen | None:
    if isinstance(track, Damaged):
        raise InvalidInputError(track.why)
    return None


def _read(track: Mapping[str, Any], date: str, nth: int, *, skipped: bool) -> Listen | None:
    artist, title = read_name(track.get("Artist"), "Artist"), read_name(track.get("Name"), "Name")
    if not (artist and title):
        raise InvalidInputError("Artist or Name is missing")
    at = track.get(date)
    if not isinstance(at, datetime):
        raise InvalidInputError(f"{date} is missing: the time of the listen is unknown")
    album = read_name(track.get("Album"), "Album")
    at_s = int(at.replace(tzinfo=UTC).timestamp())
    return Listen(artist, title, album, at_s, skipped=skipped, nth=nth)


FORMAT = ExportFormat(
    name="itunes",
    title="iTunes, Music app",
    files=f"`Library.xml` or `iTunes Music Library.xml`; at most {MOST_COUNTED} plays and {MOST_COUNTED} "
    "skips of a track, all at the time of the last one",
    wanted="Library.xml, written by File > Library > Export Library",
    suffixes=(".xml",),
    file_name=re.compile(r".*library.*\.xml", re.IGNORECASE),
    clock=Clock.COUNT,
    rows=_rows,
)
