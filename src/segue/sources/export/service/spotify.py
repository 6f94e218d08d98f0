"""Spotify: account data (one year, to the minute) and the extended history (everything, to the second).

Account data has ``endTime``, ``artistName``, ``trackName``, ``msPlayed``; the extended history has ``ts``,
``ms_played``, ``master_metadata_*``, ``spotify_track_uri``, ``skipped``, ``reason_end`` (Spotify's
ReadMeFirst). Both record the end of the listen in UTC. Some programs save either as CSV, with these or
with plain column names.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, as_number, read_ms, read_name, spotify_ids
from segue.sources.export.moment import read_moment
from segue.sources.export.row.content import either
from segue.sources.export.row.json_object import object_rows
from segue.sources.export.row.table import table_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_OTHERS = re.compile(r"episode|podcast|audiobook|chapter", re.IGNORECASE)
_BARE_ID = re.compile(r"[A-Za-z0-9]{22}")
_SKIPPING = {"fwdbtn", "backbtn"}


def _is_row(row: Mapping[str, Any]) -> bool:
    return ("endTime" in row and "msPlayed" in row) or ("ts" in row and "ms_played" in row)


def read_row(row: Mapping[str, Any], _: tzinfo | None = None) -> Listen | None:
    """Return the listen of a row; None for a podcast, an audiobook, or a track that Spotify no longer names.

    Raises
    ------
    InvalidInputError
        The row is damaged.
    """
    if "endTime" in row:
        return _account(row)
    if not _is_row(row):
        raise InvalidInputError("it has neither endTime and msPlayed nor ts and ms_played")
    at_s, to_the_minute = read_moment(row["ts"])
    ids = spotify_ids(row.get("spotify_track_uri"))
    artist = read_name(row.get("master_metadata_album_artist_name"), "master_metadata_album_artist_name")
    title = read_name(row.get("master_metadata_track_name"), "master_metadata_track_name")
    ms_played = read_ms(row["ms_played"], "ms_played")
    if not ids and not (artist and title):
        _check_nameless(row, artist or title)
        return None
    skipped = row.get("skipped")
    return Listen(
        artist=artist,
        title=title,
        album=read_name(row.get("master_metadata_album_album_name"), "master_metadata_album_album_name"),
        at_s=at_s,
        to_the_minute=to_the_minute,
        ids=ids,
        ms_played=ms_played,
        skipped=skipped is True or (skipped is None and row.get("reason_end") in _SKIPPING),
    )


def _account(row: Mapping[str, Any]) -> Listen | None:
    at_s, to_the_minute = read_moment(row["endTime"])
    artist, title = (read_name(row.get(name), name) for name in ("artistName", "trackName"))
    ms_played = read_ms(row.get("msPlayed"), "msPlayed")
    ids = spotify_ids(row.get("trackUri") or row.get("spotify_track_uri"))
    if not ids and not (artist and title):
        _check_nameless(row, artist or title)
        return None
    return Listen(
        artist, title, read_name(row.get("albumName"), "albumName"), at_s, to_the_minute, ids, ms_played
    )


def _check_nameless(row: Mapping[str, Any], half: str) -> None:
    """Refuse a row that misses the artist or title, unless it is a podcast or audiobook."""
    if any(value for name, value in row.items() if _OTHERS.search(name)):
        return
    if half or "artistName" in row or "trackName" in row:
        raise InvalidInputError("artist or title is missing")


_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ts": ("ts", "endtime", "playedat"),
    "ms_played": ("msplayed", "playedms", "durationplayed"),
    "master_metadata_track_name": ("mastermetadatatrackname", "trackname", "track", "title", "song", "name"),
    "master_metadata_album_artist_name": (
        *("mastermetadataalbumartistname", "artistname", "artist", "artists", "albumartist"),
    ),
    "master_metadata_album_album_name": ("mastermetadataalbumalbumname", "albumname", "album"),
    "spotify_track_uri": ("spotifytrackuri", "trackuri", "trackid", "uri", "spotifyid"),
    "reason_end": ("reasonend",),
    "skipped": ("skipped",),
    "episode_name": ("episodename",),
    "episode_show_name": ("episodeshowname",),
    "audiobook_title": ("audiobooktitle",),
}
_YES = {"true", "1", "yes"}
_NO = {"false", "0", "no"}


def _read_cells(cells: Mapping[str, str], zone: tzinfo | None) -> Listen | None:
    """Read a row of a CSV: convert it to an object of the extended history."""
    row: dict[str, Any] = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    row["ts"], to_the_minute = read_moment(cells["ts"], zone or UTC)
    row["ms_played"] = as_number(row.get("ms_played"))
    skipped = row.get("skipped", "").lower()
    row["skipped"] = True if skipped in _YES else False if skipped in _NO else None
    track_id = row.get("spotify_track_uri", "")
    row["spotify_track_uri"] = f"spotify:track:{track_id}" if _BARE_ID.fullmatch(track_id) else track_id
    listen = read_row(row)
    return listen and replace(listen, to_the_minute=to_the_minute)


FORMAT = ExportFormat(
    name="spotify",
    title="Spotify",
    files="account data (`StreamingHistory*.json`, `StreamingHistory_music_*.json`: a year, to the minute); "
    "extended streaming history (`Streaming_History_Audio_*.json`, `Streaming_History_Video_*.json`, "
    "`endsong_*.json`: everything, to the second); or either as CSV with a header",
    wanted="StreamingHistory_music_*.json of the account data, Streaming_History_Audio_*.json or "
    "endsong_*.json, or a CSV with the columns ts, artist and track",
    suffixes=(".json", ".csv", ".tsv"),
    file_name=re.compile(r"streaming_?history.*\.(?:json|csv)|endsong.*\.(?:json|csv)", re.IGNORECASE),
    clock=Clock.END,
    rows=either(
        object_rows(_is_row, read_row),
        table_rows(
            _COLUMNS, ("ts", "master_metadata_album_artist_name", "master_metadata_track_name"), _read_cells
        ),
    ),
)
