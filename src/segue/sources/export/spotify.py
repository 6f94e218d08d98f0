"""Spotify: account data (a year, to the minute) and the extended streaming history (all, to the second).

Account data has ``endTime``, ``artistName``, ``trackName``, ``msPlayed``; the extended history ``ts``,
``ms_played``, ``master_metadata_*``, ``spotify_track_uri``, ``skipped``, ``reason_end`` (Spotify's
ReadMeFirst). Both count the end of the listen, in UTC.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from segue.errors import InvalidInputError
from segue.sources.export.listen import Listen, read_ms, read_name
from segue.sources.export.moment import read_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIXES = (".json",)
FILE_NAME = re.compile(r"streaming_?history.*\.json|endsong.*\.json", re.IGNORECASE)
WANTED = (
    "StreamingHistory_music_*.json of the account data, or Streaming_History_Audio_*.json or endsong_*.json"
)

_TRACK_ID = re.compile(r"(?:spotify:track:|open\.spotify\.com/(?:intl-\w+/)?track/)([A-Za-z0-9]{22})\b")
_OTHERS = re.compile(r"episode|podcast|audiobook|chapter", re.IGNORECASE)
_SKIPPING = {"fwdbtn", "backbtn"}


def spotify_ids(link: object) -> tuple[str, ...]:
    """Return the id and the uri of a track from its uri or address; nothing for anything else."""
    found = _TRACK_ID.search(link) if isinstance(link, str) else None
    return (found[1], f"spotify:track:{found[1]}") if found else ()


def is_row(row: Mapping[str, Any]) -> bool:
    """Tell whether an object is a row of either history."""
    return ("endTime" in row and "msPlayed" in row) or ("ts" in row and "ms_played" in row)


def read_row(row: Mapping[str, Any]) -> Listen | None:
    """Return the listen; None for a podcast, an audiobook, or what Spotify no longer names.

    Raises
    ------
    InvalidInputError
        The row is damaged, and says nothing that could be used.
    """
    if "endTime" in row:
        return _account(row)
    if not is_row(row):
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
    artist, title = (
        read_name(row.get("artistName"), "artistName"),
        read_name(row.get("trackName"), "trackName"),
    )
    ms_played = read_ms(row.get("msPlayed"), "msPlayed")
    ids = spotify_ids(row.get("trackUri") or row.get("spotify_track_uri"))
    if not ids and not (artist and title):
        _check_nameless(row, artist or title)
        return None
    return Listen(
        artist, title, read_name(row.get("albumName"), "albumName"), at_s, to_the_minute, ids, ms_played
    )


def _check_nameless(row: Mapping[str, Any], half: str) -> None:
    """Let pass what is no music; a row with half a name is damaged."""
    if any(value for name, value in row.items() if _OTHERS.search(name)):
        return
    if half or "artistName" in row or "trackName" in row:
        raise InvalidInputError("artist or title is missing")
