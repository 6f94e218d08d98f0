"""Pano Scrobbler: one JSON object per line, or CSV; ``event`` distinguishes scrobbles from loves."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, read_name
from segue.sources.export.moment import read_moment
from segue.sources.export.row.content import either
from segue.sources.export.row.json_object import object_rows
from segue.sources.export.row.table import table_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_TIMES = ("timeMs", "timestamp", "timeHuman", "time")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "artist": ("artist",),
    "track": ("track",),
    "album": ("album",),
    "timestamp": ("timems", "timestamp", "timehuman", "time"),
    "event": ("event",),
}


def _is_row(row: Mapping[str, Any]) -> bool:
    return "artist" in row and "track" in row and any(name in row for name in _TIMES)


def _read_row(row: Mapping[str, Any], zone: tzinfo | None) -> Listen | None:
    if row.get("event") not in (None, "", "scrobble"):
        return None  # a love, or its removal
    artist, title = read_name(row.get("artist"), "artist"), read_name(row.get("track"), "track")
    if not (artist and title):
        raise InvalidInputError("artist or track is missing")
    time = next((row[name] for name in _TIMES if row.get(name)), None)
    at_s, to_the_minute = read_moment(time, zone or UTC)
    # durationMs is the length of the track, not the time heard.
    return Listen(artist, title, read_name(row.get("album"), "album"), at_s, to_the_minute)


FORMAT = ExportFormat(
    name="pano-scrobbler",
    title="Pano Scrobbler",
    files="its log of scrobbles, `.jsonl` or `.csv`; loves are left out and counted",
    wanted="the log of scrobbles, a .jsonl with artist, track and timeMs on each line, or a CSV",
    suffixes=(".jsonl", ".json", ".csv"),
    file_name=re.compile(r".*pano.*|scrobbles.*\.jsonl", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=either(
        object_rows(_is_row, _read_row), table_rows(_COLUMNS, ("artist", "track", "timestamp"), _read_row)
    ),
)
