"""Spotify's two histories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.left_out import BadRow
from segue.sources.export.listen import Listen, spotify_ids
from segue.sources.export.read import NoMusic
from segue.sources.export.service import FORMATS
from segue.sources.export.service.spotify import read_row
from tests.unit.sources.export.exports import account, extended, listens, read, write_json

if TYPE_CHECKING:
    from pathlib import Path

ID = "6hgoYQDUcPyCz7LcTUHKxa"
AT = int(datetime(2023, 3, 19, 18, 20, 49, tzinfo=UTC).timestamp())
TS = "2023-03-19T18:20:49Z"


def test_account_data_counts_minutes() -> None:
    row = account("2023-03-19 18:20", "Rema", "Calm Down", 219_813)
    assert read_row(row) == Listen("Rema", "Calm Down", "", AT - 49, to_the_minute=True, ms_played=219_813)


def test_extended_history_has_ids_and_seconds() -> None:
    row = extended(TS, "Rema", "Calm Down", spotify_track_uri=f"spotify:track:{ID}", skipped=True)
    assert read_row(row) == Listen(
        "Rema", "Calm Down", "", AT, ids=(ID, f"spotify:track:{ID}"), ms_played=200_000, skipped=True
    )


@pytest.mark.parametrize(
    ("skipped", "reason_end", "expected"),
    [(True, "trackdone", True), (False, "fwdbtn", False), (None, "fwdbtn", True), (None, "trackdone", False)],
)
def test_older_rows_say_why_they_ended(skipped: Any, reason_end: str, expected: bool) -> None:
    found = read_row(extended(TS, "A", "B", skipped=skipped, reason_end=reason_end))
    assert found is not None
    assert found.skipped is expected


@pytest.mark.parametrize(
    "row",
    [
        extended(TS, None, None, episode_name="News", episode_show_name="Daily"),
        extended(TS, None, None, audiobook_title="A book"),
        extended(TS, None, None),
        {"endTime": "2023-03-19 18:20", "podcastName": "Daily", "episodeName": "News", "msPlayed": 5},
    ],
)
def test_podcasts_books_and_what_has_no_name_are_no_music(row: dict[str, Any]) -> None:
    assert read_row(row) is None


def test_a_track_without_names_is_known_by_its_uri() -> None:
    found = read_row(extended(TS, None, None, spotify_track_uri=f"spotify:track:{ID}"))
    assert found is not None
    assert found.ids[0] == ID


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (extended("soon", "A", "B"), "'soon' is not a time"),
        (extended(TS, "A", "B", ms="long"), "ms_played is not a number"),
        (extended(TS, "A", "B", ms=-1), "ms_played is not a number"),
        (extended(TS, "A", "B", ms=True), "ms_played is not a number"),
        (extended(TS, "A", None), "artist or title is missing"),
        (extended(TS, 5, "B"), "is not text"),
        (account("2023-03-19 18:20", "", "B"), "artist or title is missing"),
        (account("2023-03-19 18:20", "x" * 501, "B"), "more than 500"),
        ({"a": 1}, "neither endTime"),
    ],
)
def test_a_bad_row_has_its_reason(row: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_row(row)


@pytest.mark.parametrize(
    "link",
    [
        f"spotify:track:{ID}",
        f"https://open.spotify.com/track/{ID}?si=1",
        f"http://open.spotify.com/intl-de/track/{ID}",
    ],
)
def test_ids_are_found_in_uris_and_addresses(link: str) -> None:
    assert spotify_ids(link) == (ID, f"spotify:track:{ID}")
    assert (
        spotify_ids(f"spotify:episode:{ID}") == spotify_ids(None) == spotify_ids("spotify:track:short") == ()
    )


def test_a_file_is_read_row_by_row_and_bad_rows_are_named(tmp_path: Path) -> None:
    rows = [
        account("2023-03-19 18:20", "A", "B"),
        account("1970-01-01 00:00", "A", "B"),
        account("2999-01-01 00:00", "A", "B"),
        "no object",
        {"endTime": "2023-03-19 18:20", "podcastName": "P", "episodeName": "E", "msPlayed": 1},
    ]
    found = read(FORMATS["spotify"], write_json(tmp_path / "StreamingHistory0.json", rows))
    assert len(listens(found)) == 1
    assert found[1:] == [
        BadRow("StreamingHistory0.json", "row 2", "the time is before 1980: the clock was not set"),
        BadRow("StreamingHistory0.json", "row 3", "the time is in the future"),
        BadRow("StreamingHistory0.json", "row 4", "it is not an object"),
        NoMusic(),
    ]


@pytest.mark.parametrize("rows", [[{"a": 1}], {"playlists": []}, [1, 2]])
def test_a_file_of_something_else_is_an_error_if_it_was_named(tmp_path: Path, rows: Any) -> None:
    with pytest.raises(SourceSchemaError, match=r"none of its first rows is a listen.*give StreamingHistory"):
        read(FORMATS["spotify"], write_json(tmp_path / "x.json", rows))


def test_a_file_without_rows_says_so_if_it_was_named(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match=r"it holds no listens: give StreamingHistory"):
        read(FORMATS["spotify"], write_json(tmp_path / "x.json", []))
    write_json(tmp_path / "found" / "Playlist1.json", [])
    assert read(FORMATS["spotify"], tmp_path / "found") == []


@pytest.mark.parametrize("text", ["42", "null", '"a"'])
def test_json_of_another_kind_is_not_called_no_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SourceSchemaError, match="instead of a list or an object") as caught:
        read(FORMATS["spotify"], path)
    assert "not JSON" not in str(caught.value)
