"""Writes exports as the services do, and reads them back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segue.sources.export.listen import Listen
from segue.sources.export.part import find_parts
from segue.sources.export.read import NoMusic, read_part

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from segue.sources.export.format import ExportFormat
    from segue.sources.export.left_out import BadRow

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def account(end: str, artist: str, title: str, ms: int = 200_000) -> dict[str, Any]:
    """A row of Spotify's account data."""
    return {"endTime": end, "artistName": artist, "trackName": title, "msPlayed": ms}


def extended(ts: str, artist: Any, title: Any, ms: Any = 200_000, **more: Any) -> dict[str, Any]:
    """A row of Spotify's extended streaming history."""
    return {
        "ts": ts,
        "username": "u",
        "platform": "android",
        "ms_played": ms,
        "conn_country": "DE",
        "ip_addr": "203.0.113.7",
        "master_metadata_track_name": title,
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": None,
        "spotify_track_uri": None,
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "incognito_mode": False,
    } | more


def listenbrainz(at: Any, artist: Any, title: Any, **info: Any) -> dict[str, Any]:
    """A listen of ListenBrainz."""
    track = {"artist_name": artist, "track_name": title, "release_name": "", "additional_info": info}
    return {"inserted_at": 1.0, "listened_at": at, "track_metadata": track}


def write_json(path: Path, rows: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, **options), encoding="utf-8")
    return path


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(form: ExportFormat, *paths: Path, zone: tzinfo | None = None) -> list[Listen | NoMusic | BadRow]:
    """Read files as one import does; a file that cannot be read raises."""
    parts = find_parts([(path.name, path) for path in paths], form.suffixes)
    return [row for part in parts for row in read_part(part, form, lambda _: None, zone=zone, now=NOW)]


def listens(rows: list[Listen | NoMusic | BadRow]) -> list[Listen]:
    return [row for row in rows if isinstance(row, Listen)]
