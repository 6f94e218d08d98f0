"""ListenBrainz: one listen per line, or one array as in older exports."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, read_mbid, read_name, spotify_ids
from segue.sources.export.moment import read_moment
from segue.sources.export.row.json_object import mapping, object_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")


def _is_row(row: Mapping[str, Any]) -> bool:
    return "track_metadata" in row and ("listened_at" in row or "timestamp" in row)


def read_row(row: Mapping[str, Any], zone: tzinfo | None = None) -> Listen | None:
    """Return the listen of a row.

    Raises
    ------
    InvalidInputError
        The row has no time, or lacks the artist or title.
    """
    if not _is_row(row):
        raise InvalidInputError("it has no listened_at with track_metadata")
    track = mapping(row["track_metadata"])
    artist, title = (read_name(track.get(name), name) for name in ("artist_name", "track_name"))
    ids = _ids(track)
    at_s, to_the_minute = read_moment(
        row["listened_at"] if "listened_at" in row else row["timestamp"], zone or UTC
    )
    if not (artist and title):
        raise InvalidInputError("artist_name or track_name is missing")
    return Listen(
        artist, title, read_name(track.get("release_name"), "release_name"), at_s, to_the_minute, ids
    )


def _ids(track: Mapping[str, Any]) -> tuple[str, ...]:
    info, mapped = mapping(track.get("additional_info")), mapping(track.get("mbid_mapping"))
    isrc = info.get("isrc")
    found = (
        *spotify_ids(info.get("spotify_id")),
        *spotify_ids(info.get("origin_url")),
        *read_mbid(info.get("recording_mbid")),
        *read_mbid(mapped.get("recording_mbid")),
        *([isrc] if isinstance(isrc, str) and _ISRC.fullmatch(isrc) else ()),
    )
    return tuple(dict.fromkeys(found))


FORMAT = ExportFormat(
    name="listenbrainz",
    title="ListenBrainz",
    files="`listens/YEAR/MONTH.jsonl` of its zip, any file with one listen per line, and the older export "
    "with one array",
    wanted="listens/YEAR/MONTH.jsonl of the export, or any file with one listen per line",
    suffixes=(".jsonl", ".json", ".listens"),
    file_name=re.compile(r"\d{1,2}\.jsonl|.*listens.*", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=object_rows(_is_row, read_row),
)
