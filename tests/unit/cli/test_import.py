"""`segue import`: what is printed, what is written, and what a second run does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.domain.listening.event import Event, EventKind
from segue.errors import InvalidInputError, SourceUnavailableError
from segue.sources.dataset import read_catalogue, read_friends, read_interactions
from segue.sources.lake import lake_key, write_lines
from tests.unit.sources.dataset.lastfm2k.test_join import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def invoke(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)], env={"COLUMNS": "80", **environment})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("|", "\t"), encoding="utf-8")
    return tmp_path / "data"


def test_lastfm2k_is_imported_once_and_again_by_force(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = invoke("lastfm2k", "--out", out, SEGUE_DATA_DIR=str(data))
    assert done.exception is None, done.output
    for words in (
        "artist has tracks",
        "60 of 178 plays",
        "of 2 listeners with 3 tracks",
        "cell blanked",
        "written to",
    ):
        assert words in " ".join(done.output.split())
    assert len(read_catalogue(out)[0]) == 4
    assert len(read_interactions(out)[0].users) == 2
    again = invoke("lastfm2k", "--data", data, "--out", out)
    assert "already exists (seed 7)" in again.output
    assert "written to" not in again.output
    assert "written to" in invoke("lastfm2k", "--data", data, "--out", out, "--force").output
    assert "written to" in invoke("lastfm2k", "--data", data, "--out", out, "--seed", 8).output


def test_lastfm2k_refuses_a_folder_of_something_else_and_missing_data(data: Path, tmp_path: Path) -> None:
    assert isinstance(invoke("lastfm2k", "--data", data, "--out", data).exception, InvalidInputError)
    missing = invoke("lastfm2k", "--data", tmp_path / "none", "--out", tmp_path / "out")
    assert isinstance(missing.exception, SourceUnavailableError)
    assert not (tmp_path / "out").exists()


def test_each_part_is_cleaned_accounted_for_and_written(tmp_path: Path) -> None:
    tracks, events, pairs = (tmp_path / f"{name}.csv" for name in ("tracks", "events", "pairs"))
    tracks.write_text("id,tempo,note\na,[red]?[/red],x\nb,90,y\n", encoding="utf-8")
    events.write_text("user,track\nu,a\nv,?\n", encoding="utf-8")
    pairs.write_text("user_id,friend_id\nu,v\n", encoding="utf-8")
    out = tmp_path / "out"
    done = invoke("catalogue", tracks, "--out", out)
    assert done.exception is None, done.output
    assert "2 rows read, 2 tracks" in done.output
    assert "[red]?[/red]" in done.output  # data is no markup
    assert "column ignored" in done.output
    assert "row dropped" in invoke("interactions", events, "--out", out).output
    assert "1 friendships of 2 users" in invoke("friends", pairs, "--out", out).output
    assert [len(read(out)[0]) for read in (read_catalogue, read_interactions)] == [2, 1]
    assert len(read_friends(out)[0].users) == 2


def test_a_lake_on_s3_is_imported(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    event = Event("u", "a", EventKind.LIKE, at, "e1")
    s3, bucket = boto3.client("s3"), "segue-import-lake"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_object(Bucket=bucket, Key=f"prod/{lake_key([event], at)}", Body=write_lines([event]))
    done = invoke("interactions", f"s3://{bucket}/prod", "--out", tmp_path)
    assert done.exception is None, done.output
    assert read_interactions(tmp_path)[0].users.item_id.tolist() == ["u"]


def test_several_files_are_one_catalogue_and_a_second_import_says_that_it_replaces(tmp_path: Path) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for row, path in enumerate(paths):
        path.write_text(f"id,title\n{row},Song {row}\n", encoding="utf-8")
    first = invoke("catalogue", *paths, "--out", tmp_path / "out")
    assert first.exception is None, first.output
    assert "replaces" not in first.output
    assert len(read_catalogue(tmp_path / "out")[0]) == 2
    again = invoke("catalogue", paths[0], "--out", tmp_path / "out")
    assert "it replaces the 2 rows that were there" in " ".join(again.output.split())
    assert len(read_catalogue(tmp_path / "out")[0]) == 1
