"""ListenBrainz's lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import InvalidInputError
from segue.sources.export.left_out import BadRow
from segue.sources.export.listen import Listen
from segue.sources.export.service import FORMATS
from segue.sources.export.service.listenbrainz import read_row
from tests.unit.sources.export.exports import listenbrainz, listens, read, write_json, write_lines

if TYPE_CHECKING:
    from pathlib import Path

MBID = "c7d0bf6e-b2aa-4ffa-bded-2448415b39b0"
ID = "2AX5E86cn9n2dgioZEjirI"


def test_every_id_is_kept_the_surest_first() -> None:
    row = listenbrainz(
        1748964167,
        "The Stranglers",
        "Golden Brown",
        spotify_id=f"https://open.spotify.com/track/{ID}",
        recording_mbid=MBID.upper(),
        isrc="GBAYE8100053",
    )
    row["track_metadata"]["mbid_mapping"] = {"recording_mbid": MBID[:-1] + "1"}
    assert read_row(row) == Listen(
        "The Stranglers",
        "Golden Brown",
        "",
        1748964167,
        ids=(ID, f"spotify:track:{ID}", MBID, MBID[:-1] + "1", "GBAYE8100053"),
    )


@pytest.mark.parametrize("info", [None, [], {"recording_mbid": 5, "isrc": "x", "spotify_id": None}])
def test_other_text_is_not_an_id(info: Any) -> None:
    row = listenbrainz(1748964167, "A", "B")
    row["track_metadata"]["additional_info"] = info
    found = read_row(row)
    assert found is not None
    assert found.ids == ()


@pytest.mark.parametrize(
    "row",
    [
        listenbrainz(1748964167, "", "B"),
        listenbrainz(1748964167, "A", None),
        listenbrainz(None, "A", "B"),
        {"listened_at": 1748964167, "track_metadata": "x"},
        {"user_name": "x"},
    ],
)
def test_damaged_rows_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        read_row(row)


def test_lines_an_array_and_a_zip_s_layout_are_read(tmp_path: Path) -> None:
    rows = [listenbrainz(1748964167 + place, "A", f"B{place}") for place in range(3)]
    lines = write_lines(tmp_path / "export" / "listens" / "2025" / "6.jsonl", rows)
    array = write_json(tmp_path / "u_lb-2025-06-03.json", rows)
    write_lines(tmp_path / "export" / "feedback.jsonl", [{"recording_mbid": MBID, "score": 1}])
    write_json(tmp_path / "export" / "user.json", {"user_id": 1})
    assert read(FORMATS["listenbrainz"], lines) == read(FORMATS["listenbrainz"], array)
    assert len(listens(read(FORMATS["listenbrainz"], tmp_path / "export"))) == 3
    assert len(read(FORMATS["listenbrainz"], tmp_path / "export")) == 3


def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "x.jsonl", [listenbrainz(1748964167, "A", "B"), listenbrainz(1748964167, "", "")]
    )
    path.write_text(path.read_text() + "{broken\n\n" + path.read_text())
    found = read(FORMATS["listenbrainz"], path)
    assert len(listens(found)) == 2
    assert [row.place for row in found if isinstance(row, BadRow)] == ["line 2", "line 3", "line 6"]
