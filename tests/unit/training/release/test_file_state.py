"""What did not change is known by the files' size and time, and anything else is read."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from segue.artifacts.family import HYBRID
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import resolve
from segue.cli import app
from segue.sources.sample.store import generate
from training.release.file_state import file_states, origin_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def run(*command: str) -> str:
    done = CliRunner().invoke(app, [*command], catch_exceptions=False, env={"COLUMNS": "400"})
    assert done.exit_code == 0, done.output
    return done.output


def test_any_change_of_a_file_or_of_what_is_asked_is_another_origin(tmp_path: Path) -> None:
    (tmp_path / "lake" / "day").mkdir(parents=True)
    file = tmp_path / "lake" / "day" / "events.jsonl"
    file.write_text("a")
    place = [str(tmp_path / "lake")]
    first = origin_of(place, {"k": 20})
    assert origin_of(place, {"k": 20}) == first
    assert origin_of(place, {"k": 10}) != first
    file.write_text("ab")
    longer = origin_of(place, {"k": 20})
    assert longer != first
    os.utime(file, (1, 1))
    assert origin_of(place, {"k": 20}) != longer


def test_the_current_folder_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "catalogue.csv").write_text("a")
    monkeypatch.chdir(tmp_path)
    assert file_states(["."]) == file_states(["./"]) == file_states([str(tmp_path)])


def test_what_sqlite_has_not_moved_into_its_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (a)")
    before = file_states([str(path)])
    connection.execute("INSERT INTO t VALUES (1)")
    connection.commit()
    assert file_states([str(path)]) != before
    connection.close()


def test_a_url_or_a_lost_file_says_nothing(tmp_path: Path) -> None:
    assert origin_of(["postgresql://host/db"], {}) == ""
    assert origin_of(["s3://bucket/lake"], {}) == ""
    assert origin_of([str(tmp_path / "none")], {}) == ""


def test_nothing_new_is_trained_or_loaded_twice_and_the_files_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = str(generate(tmp_path / "store", seed=2, customers=60, tracks=300))
    train = ("train", "recommend", "--data", store, "--factors", "8", "--artifacts", str(tmp_path / "a"))
    load = ("history", "load", "--data", store, "--state", str(tmp_path / "state.sqlite"))
    assert "is live. There was no champion." in run(*train)
    assert "0 were there already" in run(*load)
    version = resolve(LocalStore(tmp_path / "a"), HYBRID).alias.target.version

    def refuse(*_: object) -> None:
        raise AssertionError("a file was read")

    with monkeypatch.context() as patched:
        patched.setattr("training.hybrid.data.reading.read_dataset", refuse)
        patched.setattr("training.hybrid.data.event_source.read_events_at", refuse)
        assert f"{version} is live, of this data" in run(*train)
        assert "has not changed" in run(*load)
    assert " 0 events loaded" in run(*load, "--force")
    os.utime(store, (1, 1))  # touched: read again, and found to be the same
    assert f"{version} is live, of this data" in run(*train)
    assert " 0 events loaded" in run(*load)
