"""Maloja: one object with all scrobbles; a track may have several artists."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, read_ms, read_name
from segue.sources.export.moment import read_moment
from segue.sources.export.row.json_object import mapping, object_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo


def _is_row(row: Mapping[str, Any]) -> bool:
    return "time" in row and ("track" in row or ("artists" in row and "title" in row))


def _read_row(row: Mapping[str, Any], zone: tzinfo | None) -> Listen | None:
    track = mapping(row["track"]) if "track" in row else row  # version 2 has no object for the track
    names = track.get("artists")
    credits = names if isinstance(names, list) else [names]
    artist = ", ".join(name for each in credits if (name := read_name(each, "artists")))
    title, album = read_name(track.get("title"), "title"), track.get("album")
    if isinstance(album, dict):
        album = album.get("albumtitle") or album.get("name")
    if not (artist and title):
        raise InvalidInputError("artists or title is missing")
    at_s, to_the_minute = read_moment(row.get("time"), zone or UTC)
    heard_s = row.get("duration") if "track" in row else None  # version 2 has the track's length there
    ms_played = heard_s * 1000 if isinstance(heard_s, (int, float)) and heard_s else None
    return Listen(
        read_name(artist, "artists"), title, read_name(album, "album"), at_s, to_the_minute,
        ms_played=read_ms(ms_played, "duration"),
    )  # fmt: skip


FORMAT = ExportFormat(
    name="maloja",
    title="Maloja",
    files="`maloja_export_*.json`",
    wanted='maloja_export_*.json, which holds "scrobbles"',
    suffixes=(".json",),
    file_name=re.compile(r"maloja.*\.json", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=object_rows(_is_row, _read_row, "scrobbles"),
)
