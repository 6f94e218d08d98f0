"""Apple Music: the play activity from Apple's privacy page, one row per event of the player.

Newer exports have no artist: their tracks are found by title and album.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, as_number, read_ms, read_name
from segue.sources.export.moment import read_moment
from segue.sources.export.row.table import table_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("songname", "contentname", "trackname", "title"),
    "artist": ("artistname", "artist"),
    "album": ("albumname", "containeralbumname"),
    "begin": ("eventstarttimestamp",),
    "end": ("eventendtimestamp",),
    "any": ("eventtimestamp", "activitydatetime", "eventreceivedtimestamp"),
    "ms": ("playdurationmilliseconds",),
    "event": ("eventtype",),
    "reason": ("endreasontype",),
    "media": ("mediatype", "itemtype"),
}
_SKIPPING = {
    "TRACK_SKIPPED_FORWARDS", "TRACK_SKIPPED_BACKWARDS", "MANUALLY_SELECTED_PLAYBACK_OF_A_DIFF_ITEM",
}  # fmt: skip


def _read_row(cells: Mapping[str, str], zone: tzinfo | None) -> Listen | None:
    event, media = cells.get("event", "").upper(), cells.get("media", "").upper()
    if event not in {"", "PLAY_END"} or media not in {"", "AUDIO", "SONG", "MUSIC", "ITUNES_STORE_CONTENT"}:
        return None  # the start of a play (its end has another row), a display of lyrics, or a video
    artist, title, album = (read_name(cells.get(name), name) for name in ("artist", "title", "album"))
    if not title:
        return None  # a station, or a song that Apple Music no longer has
    ms_played = read_ms(as_number(cells.get("ms", "").strip().lstrip("-")), "Play Duration Milliseconds")
    time = next((cells[name] for name in ("begin", "end", "any") if cells.get(name, "").strip()), "")
    at_s, to_the_minute = read_moment(time, zone or UTC)
    if not (artist or album):
        raise InvalidInputError("artist and album are missing: the title alone does not identify a track")
    skipped = cells.get("reason", "").upper() in _SKIPPING
    return Listen(artist, title, album, at_s, to_the_minute, ms_played=ms_played, skipped=skipped)


FORMAT = ExportFormat(
    name="apple-music",
    title="Apple Music",
    files="`Apple Music Play Activity.csv` of privacy.apple.com; newer ones have no artist, and a track is "
    "found by title and album",
    wanted="Apple Music Play Activity.csv, with the columns Song Name and Event Start Timestamp",
    suffixes=(".csv",),
    file_name=re.compile(r".*play activity.*\.csv", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=table_rows(_COLUMNS, ("title", "ms", "event"), _read_row),
)
