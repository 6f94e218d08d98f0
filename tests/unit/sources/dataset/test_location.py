"""Wherever the data is: folders that are written and read back, SQLite stores, and what is nothing of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.errors import InvalidInputError, SourceSchemaError, SourceUnavailableError
from segue.sources.dataset import Effect, read_catalogue, read_friends, read_interactions
from segue.sources.dataset.extent import describe_catalogue, describe_interactions
from segue.sources.dataset.folder import RECORD, write_folder, write_part
from segue.sources.sample.store import generate
from tests.contract.dataset_store import CHINOOK, MORE

if TYPE_CHECKING:
    from pathlib import Path


def store(path: Path, *scripts: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for script in scripts:
            connection.executescript(script)
    return path


def test_the_sample_store_is_read_without_a_word_about_what_is_well(tmp_path: Path) -> None:
    path = generate(tmp_path, customers=20, tracks=50)
    catalogue, account = read_catalogue(path)
    assert account.findings == ()
    assert not np.isnan(catalogue.audio).any()
    interactions, account = read_interactions(path)
    assert {found.effect for found in account.findings} == {Effect.MERGED, Effect.EMPTY}
    with closing(sqlite3.connect(path)) as connection:
        (n,) = connection.execute("SELECT COUNT(*) FROM interaction").fetchone()
    assert len(interactions) == n


def test_what_is_written_is_read_back_equal_and_needs_no_cleaning(tmp_path: Path) -> None:
    source = generate(tmp_path / "sample", customers=20, tracks=50)
    out = tmp_path / "dataset"
    catalogue, interactions, friends = (
        read(source)[0] for read in (read_catalogue, read_interactions, read_friends)
    )
    for value in (catalogue, interactions, friends):
        write_part(value, out)
    assert sorted(path.name for path in out.iterdir()) == [
        "catalogue.parquet", "exclusions.jsonl", "friends.parquet", "interactions.parquet",
    ]  # fmt: skip
    again, account = read_catalogue(out)
    assert describe_catalogue(again) == describe_catalogue(catalogue)
    assert account.findings == ()
    events, account = read_interactions(out)
    assert describe_interactions(events) == describe_interactions(interactions)
    assert {found.effect for found in account.findings} == {Effect.EMPTY}
    known, account = read_friends(out)
    assert known.users.checksum == friends.users.checksum
    assert known.friend_index.tolist() == friends.friend_index.tolist()
    assert account.findings == ()


def test_names_with_separators_survive_the_folder(tmp_path: Path) -> None:
    write_part(read_catalogue(store(tmp_path / "shop.db", CHINOOK, MORE))[0], tmp_path / "out")
    catalogue, _ = read_catalogue(tmp_path / "out")
    assert catalogue.artists.of(0) == ("AC;DC",)
    assert catalogue.low_level_names == ("sheen",)


def test_a_whole_folder_replaces_only_a_dataset(tmp_path: Path) -> None:
    friends, _ = read_friends(store(tmp_path / "shop.db", CHINOOK, MORE))
    out = tmp_path / "deep" / "out"
    write_folder([friends], b"{1}", out)
    write_folder([friends], b"{2}", out)
    assert (out / RECORD).read_bytes() == b"{2}"
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    with pytest.raises(InvalidInputError, match="is not an imported dataset"):
        write_folder([friends], b"", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="is not an imported dataset"):
        write_folder([friends], b"", tmp_path / "file")


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    friends, _ = read_friends(store(tmp_path / "shop.db", CHINOOK, MORE))
    write_folder([friends], b"{}", tmp_path / "out")
    before = (tmp_path / "out" / "friends.parquet").read_bytes()
    with pytest.raises(AttributeError):
        write_folder([friends, None], b"", tmp_path / "out")  # type: ignore[list-item]
    assert (tmp_path / "out" / "friends.parquet").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "shop.db"]


def test_a_missing_location_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="nothing at"):
        read_catalogue(tmp_path / "none")
    with pytest.raises(SourceSchemaError, match=r"holds no catalogue\.parquet or catalogue\.csv"):
        read_catalogue(tmp_path)
    with pytest.raises(SourceSchemaError, match=r"holds no interactions\.parquet"):
        read_interactions(tmp_path)
    assert len(read_friends(tmp_path)[0].users) == 0
    with pytest.raises(SourceUnavailableError, match="cannot be read over ftp://"):
        read_catalogue("ftp://host/file.csv")
    for name in ("catalogue.csv", "catalogue.parquet"):
        (tmp_path / name).touch()
    with pytest.raises(SourceSchemaError, match="keep one of them"):
        read_catalogue(tmp_path)
    store(tmp_path / "empty.db", "CREATE TABLE other (x)")
    with pytest.raises(SourceSchemaError, match="neither a table `interaction` nor"):
        read_interactions(tmp_path / "empty.db")
    store(tmp_path / "odd.db", "CREATE TABLE interaction (x)")
    with pytest.raises(SourceSchemaError, match=r"table interaction, has no column user_id"):
        read_interactions(tmp_path / "odd.db")


def test_no_message_holds_a_password() -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        read_catalogue("postgresql://me:secret@127.0.0.1:1/shop")
    assert "127.0.0.1:1/shop" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_of_tables_is_one_catalogue(tmp_path: Path) -> None:
    """As Exportify writes playlists; columns and types may differ, and other parts are no tracks."""
    folder = tmp_path / "playlists"
    folder.mkdir()
    (folder / "one.csv").write_text(
        "Track URI,Track Name,Tempo\na,First,90\nb,Second,100\n", encoding="utf-8"
    )
    (folder / "two.csv").write_text("id,title,genre\nb,Second,jazz\n?,None,pop\n", encoding="utf-8")
    pq.write_table(pa.table({"track_id": ["c"], "tempo": [120.0]}), folder / "three.parquet")
    (folder / "friends.csv").write_text("user_id,friend_id\nu,v\n", encoding="utf-8")
    (folder / "notes.md").write_text("nothing", encoding="utf-8")
    catalogue, account = read_catalogue(folder)
    assert catalogue.vocabulary.item_id.tolist() == ["a", "b", "c"]
    assert list(catalogue.name) == ["First", "Second", ""]
    assert catalogue.genres.of(1) == ("jazz",)
    assert catalogue.audio[:, AUDIO_FEATURES.index("tempo")].tolist() == [90, 100, 120]
    assert account.rows_read == 5
    dropped = next(found for found in account.findings if found.reason == "no id")
    assert dropped.examples == (f"row 2 of {folder / 'two.csv'}: ?",)
    paths = [folder / "one.csv", str(folder / "two.csv"), folder / "three.parquet"]
    assert read_catalogue(paths)[0].vocabulary.checksum == catalogue.vocabulary.checksum


def test_files_that_number_their_own_rows_are_refused_together(tmp_path: Path) -> None:
    for name, title in (("one", "First"), ("two", "Second")):
        (tmp_path / f"{name}.csv").write_text(f"id,title\n1,{title}\n", encoding="utf-8")
    with pytest.raises(
        SourceSchemaError, match=r"id 1 is 'First' in one row and 'Second' in row 1 of .*two.csv"
    ):
        read_catalogue(tmp_path)
