"""lastfmstats.com: one object with the scrobbles of a Last.fm user; ``date`` is in milliseconds."""

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
from segue.sources.export.service.lastfm import FORMAT as LASTFM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo


def _is_row(row: Mapping[str, Any]) -> bool:
    return "track" in row and "artist" in row and "date" in row


def _read_row(row: Mapping[str, Any], zone: tzinfo | None) -> Listen | None:
    artist, title = read_name(row.get("artist"), "artist"), read_name(row.get("track"), "track")
    if not (artist and title):
        raise InvalidInputError("artist or track is missing")
    at_s, to_the_minute = read_moment(row.get("date"), zone or UTC)
    return Listen(artist, title, read_name(row.get("album"), "album"), at_s, to_the_minute)


FORMAT = ExportFormat(
    name="lastfmstats",
    title="lastfmstats.com",
    files="`lastfmstats-USER.json`, or the same as CSV",
    wanted='lastfmstats-USER.json, which holds "scrobbles", or its CSV',
    suffixes=(".json", ".csv"),
    file_name=re.compile(r"lastfmstats.*", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=either(object_rows(_is_row, _read_row, "scrobbles"), LASTFM.rows),
)
