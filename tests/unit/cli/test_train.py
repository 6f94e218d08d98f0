"""`segue train`: what it asks of the store, and what `all` says of every family."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from segue.cli import app, main
from segue.cli.training.interrupt import trials_kept
from segue.errors import SourceUnavailableError
from segue.sources.sample.store import generate
from training.genre_preference import pipeline


def test_a_whole_store_may_take_longer_to_read_than_one_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def open_store(location: str, *, timeout_s: float = 10.0) -> None:
        asked.append(timeout_s)
        raise SourceUnavailableError(location)

    monkeypatch.setattr(pipeline, "open_store", open_store)
    result = CliRunner().invoke(app, ["train", "genre-preference", "--store", "large.sqlite"])
    assert isinstance(result.exception, SourceUnavailableError)
    assert asked[0] > 60


def train_all(folder: Path, *options: str) -> tuple[int, list[str]]:
    """Run `segue train all` with a folder for its artifacts; return its status and its last lines."""
    places = ["--artifacts", str(folder / "artifacts"), "--work", str(folder / "work")]
    done = CliRunner().invoke(app, ["train", "all", *places, *options], env={"COLUMNS": "400"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output.strip().splitlines()[-3:]


def tracks(folder: Path, n: int) -> str:
    """Write a data set of tracks without events and features."""
    folder.mkdir()
    rows = [f"t{row},Song {row},Artist {row % 7}" for row in range(n)]
    (folder / "catalogue.csv").write_text("\n".join(["track_id,name,artists", *rows]), encoding="utf-8")
    return str(folder)


def test_a_family_without_data_is_named_and_fails_nothing(tmp_path: Path) -> None:
    data = tracks(tmp_path / "data", 3)
    store = str(generate(tmp_path / "store", seed=2, customers=60, tracks=300))
    status, lines = train_all(tmp_path, "--store", store, "--data", data)
    assert status == 0
    assert lines[0].startswith("genre-preference: ready, ")
    assert lines[1].startswith(f"hybrid: no data, {data} holds no interactions.parquet")
    assert lines[2].startswith("clusters: no data, input missing: naive_features")
    _, lines = train_all(tmp_path, "--data", data)
    assert lines[0].startswith(f"genre-preference: no data, {data} is not a store's database")


def test_where_no_family_has_data_the_run_fails(tmp_path: Path) -> None:
    status, lines = train_all(tmp_path, "--data", tracks(tmp_path / "data", 3))
    assert status == 4
    assert [line.split(",")[0] for line in lines] == [
        "genre-preference: no data", "hybrid: no data", "clusters: no data",
    ]  # fmt: skip


def alike(folder: Path, n: int) -> str:
    """Write a data set of tracks that are alike in every audio feature; one listener plays the first."""
    folder.mkdir()
    rows = [f"t{row},Song {row},Artist,0.5,0.5" for row in range(n)]
    header = "track_id,name,artists,danceability,energy"
    (folder / "catalogue.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    events = "user_id,track_id,timestamp\nu1,t0,2024-01-01T10:00:00Z\nu2,t0,2024-01-02T10:00:00Z\n"
    (folder / "interactions.csv").write_text(events, encoding="utf-8")
    return str(folder)


def test_tracks_that_form_no_cluster_fail_nothing(tmp_path: Path) -> None:
    status, lines = train_all(tmp_path, "--data", alike(tmp_path / "data", 30))
    assert lines[1].startswith("hybrid: ready, ")
    assert lines[2].startswith("clusters: no data, too little data: ")
    assert "all 30 tracks are alike" in lines[2]
    assert status == 0


@pytest.mark.parametrize("family", ["genre-preference", "recommend"])
def test_too_little_data_has_a_status_of_its_own(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = {
        "genre-preference": ("--store", str(generate(tmp_path / "store", seed=2, customers=1, tracks=30))),
        "recommend": ("--data", alike(tmp_path / "data", 1)),
    }
    artifacts = str(tmp_path / "artifacts")
    monkeypatch.setattr("sys.argv", ["segue", "train", family, *tiny[family], "--artifacts", artifacts])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    assert capsys.readouterr().err.startswith("segue: ")


@pytest.mark.parametrize("content", ["no database", None])
def test_a_store_that_cannot_be_read_is_a_failure(content: str | None, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    if content:
        store.write_text(content, encoding="utf-8")
    data = tracks(tmp_path / "data", 3)
    status, lines = train_all(tmp_path, "--store", str(store), "--data", data)
    assert status == 1
    assert lines[0].startswith(f"genre-preference: failed, {store if content else f'no file at {store}'}")


@pytest.mark.slow
def test_every_family_of_a_store_is_trained_and_answers(tmp_path: Path) -> None:
    store = str(generate(tmp_path / "store", seed=2, customers=60, tracks=300))
    status, lines = train_all(tmp_path, "--store", store)
    assert status == 0, lines
    assert all(": ready, " in line for line in lines), lines
    command = ["try", "--data", store, "--artifacts", str(tmp_path / "artifacts"), "--limit", "1"]
    told = CliRunner().invoke(app, command, env={"COLUMNS": "200"}).output
    assert told.count("genre preference of ") == told.count("listener ") == 3
    assert "like " in told
    strange = CliRunner().invoke(app, [*command, "--user", "nobody"])
    assert "the data has no events of nobody" in str(strange.exception)


@pytest.mark.parametrize("command", ["genre-preference --store nowhere.sqlite", "recommend --data nowhere"])
def test_a_place_for_artifacts_that_is_none_is_refused_before_anything_is_read(command: str) -> None:
    done = CliRunner().invoke(app, ["train", *command.split(), "--artifacts", "ftp://x"])
    assert "'ftp://x' is neither a folder nor s3://bucket/prefix" in str(done.exception)


@pytest.mark.parametrize(
    ("minutes", "trials", "told"),
    [
        (
            1.0,
            Path("var/trials"),
            "var/trials keeps the tried settings: the same command continues from them",
        ),
        (1.0, None, "the tried settings are lost: --trials FOLDER keeps them"),
        (0.0, Path("var/trials"), ""),
    ],
)
def test_a_stopped_search_says_what_becomes_of_its_trials(
    minutes: float, trials: Path | None, told: str
) -> None:
    console = Console(record=True, width=200, file=StringIO())
    with pytest.raises(KeyboardInterrupt), trials_kept(console, minutes, trials):
        raise KeyboardInterrupt
    text = console.export_text()
    assert told in text if told else text == ""


def test_steps_are_logged_with_their_time_and_their_seconds(tmp_path: Path) -> None:
    store, file = generate(tmp_path / "store", seed=2, customers=60, tracks=300), tmp_path / "train.log"
    options = ["--store", str(store), "--artifacts", str(tmp_path / "artifacts"), "--log-file", str(file)]
    done = CliRunner().invoke(app, ["train", "genre-preference", "--trees", "5", *options])
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO ", line) for line in lines), done.output
    assert lines[0].endswith("INFO reading purchases")
    assert re.search(r"INFO took \d+\.\d s: .*\w \d+\.\d(,|$)", lines[-1])
    assert set(lines) <= set(done.output.splitlines())


def test_a_log_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file" / "train.log"
    (tmp_path / "file").touch()
    options = ["--artifacts", str(tmp_path / "artifacts"), "--log-file", str(file)]
    done = CliRunner().invoke(app, ["train", "genre-preference", *options])
    assert isinstance(done.exception, SourceUnavailableError)
    assert str(file) in str(done.exception)
