"""What a recommender is trained on: tracks and events that name the same tracks, wherever each of them is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from segue.errors import SourceSchemaError
from training.hybrid.data.reading import read_dataset

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_whole_numbers_meet_however_they_were_saved(tmp_path: Path) -> None:
    write(tmp_path / "data" / "catalogue.csv", "track_id,title\n1.0,x\n2.0,y\n")
    write(tmp_path / "data" / "interactions.csv", "user_id,track_id\nu,1\nu,2\nu,3\n")
    _, accounts = read_dataset(str(tmp_path / "data"))
    assert accounts[-1].result == "2 events are of the catalogue's 2 tracks"
    assert [(found.count, found.examples) for found in accounts[-1].findings] == [(1, ("3",))]


def test_events_of_no_track_of_the_catalogue_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "data" / "catalogue.csv", "track_id,title\na,x\n")
    write(tmp_path / "data" / "interactions.csv", "user_id,track_id\nu,1\n")
    with pytest.raises(
        SourceSchemaError, match=r"none of the 1 events .* tracks as '1', the catalogue as 'a'"
    ):
        read_dataset(str(tmp_path / "data"))


@pytest.mark.parametrize("tracks", ["data/catalogue.csv", "data", "data/tracks.db"])
def test_tracks_alone_are_enough_where_other_events_are_given(tmp_path: Path, tracks: str) -> None:
    if tracks.endswith(".db"):
        with closing(sqlite3.connect(tmp_path / "tracks.db")) as database:
            database.executescript("CREATE TABLE track (track_id); INSERT INTO track VALUES ('a');")
        tracks = "tracks.db"
    write(tmp_path / "data" / "catalogue.csv", "track_id,title\na,x\n")
    events = write(tmp_path / "events.csv", "user_id,track_id\nu,a\n")
    data, _ = read_dataset(str(tmp_path / tracks), [events])
    assert (len(data.catalogue), len(data.interactions), len(data.friends.users)) == (1, 1, 0)
    with pytest.raises(SourceSchemaError, match=r"interactions|interaction|user_id"):
        read_dataset(str(tmp_path / tracks))


def test_events_of_both_places_are_read(tmp_path: Path) -> None:
    write(tmp_path / "data" / "catalogue.csv", "track_id,title\na,x\n")
    write(tmp_path / "data" / "interactions.csv", "user_id,track_id\nu,a\n")
    events = write(tmp_path / "events.csv", "user_id,track_id\nv,a\n")
    data, _ = read_dataset(str(tmp_path / "data"), [events])
    assert data.interactions.users.item_id.tolist() == ["u", "v"]


def test_broken_events_are_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "data" / "catalogue.csv", "track_id,title\na,x\n")
    write(tmp_path / "data" / "interactions.csv", "nobody,track_id\nu,a\n")
    events = write(tmp_path / "events.csv", "user_id,track_id\nv,a\n")
    with pytest.raises(SourceSchemaError, match="has no column user_id"):
        read_dataset(str(tmp_path / "data"), [events])
