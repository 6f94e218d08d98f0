"""`segue import spotify`, `lastfm` and `listenbrainz` on the command line."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.domain.catalogue.track_match import build_track_index
from segue.domain.listening.event import EventKind
from segue.errors import AliasNotFoundError, InvalidInputError, SourceUnavailableError
from segue.serving.imports.run import Destination, import_history
from segue.sources.dataset import read_catalogue
from segue.sources.export.service import FORMATS
from segue.sources.sample.store import generate
from segue.state.location import open_state
from tests.small_recommender import catalogue
from tests.unit.sources.export.exports import account, extended, listenbrainz, write_json, write_lines

if TYPE_CHECKING:
    from click.testing import Result

    from tests.small_recommender import Trained

ARTIST, TITLE = catalogue().artists.of(0)[0], catalogue().name[0]


def invoke(*arguments: object) -> Result:
    environment = {"COLUMNS": "120", "SEGUE_ARTIFACTS": None, "SEGUE_STATE": None, "SEGUE_LAKE": None}
    return CliRunner().invoke(app, ["import", *map(str, arguments)], env=environment)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Trained) -> Path:
    """A folder as `make run` leaves it: artifacts and a state in var/."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "artifacts").symlink_to(trained.folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_and_a_user_are_enough_after_make_run(here: Path) -> None:
    rows = [
        extended("2023-01-31T12:05:37Z", ARTIST.upper(), TITLE),
        extended("2023-01-31T12:15:37Z", ARTIST, TITLE, 10_000),
        extended("2023-01-31T12:25:37Z", "[red]Nobody", "Noth\x1b[31ming"),
        {"ts": "bad", "ms_played": 1},
    ]
    write_json(here / "endsong_0.json", rows)
    write_json(here / "StreamingHistory0.json", [account("2023-01-31 12:05", ARTIST.upper(), TITLE)])
    done = invoke("spotify", "endsong_0.json", "StreamingHistory0.json", "none.json", "--user", "me")
    words = " ".join(done.output.split())
    assert done.exit_code == 0, done.output
    for expected in (
        "endsong_0.json: 3 listens, 1 bad row",
        "StreamingHistory0.json: 1 listen",
        "none.json: 0 listens; there is no such file",
        "3 100.0% distinct listens (1 more row of the same listens)",
        "2 66.7% matched to one recording",
        "2 66.7% by name, confidence 0.95",
        "1 33.3% unmatched",
        "1 × [red]Nobody – Noth\ufffd[31ming",
        "endsong_0.json, row 4: 'bad' is not a time",
        "var/state.sqlite: 2 new events, 0 there already (1 play and 1 skip in all).",
    ):
        assert expected in words, done.output
    for wrong in ("bad rows,", "1 listens", "made up"):
        assert wrong not in words, done.output
    events = open_state("var/state.sqlite").read_listener("me").events
    assert [event.kind for event in events] == [EventKind.SKIP, EventKind.PLAY]
    again = invoke("spotify", "endsong_0.json", "--user", "me")
    assert (again.exit_code, "0 new events" in again.output) == (0, True)


def test_folders_and_the_other_formats(here: Path) -> None:
    write_lines(here / "export" / "listens" / "2023" / "1.jsonl", [listenbrainz(1675166737, ARTIST, TITLE)])
    assert "1 new event," in invoke("listenbrainz", "export", "--user", "me").output
    (here / "scrobbles.csv").write_text(f"{ARTIST},,{TITLE},31 Jan 2023 12:05\n")
    assert "0 new events" in invoke("lastfm", "scrobbles.csv", "--user", "me").output
    assert "1 new event," in invoke("lastfm", "scrobbles.csv", "--user", "you").output


def test_what_is_left_out_can_be_written_whole_and_the_report_as_json(here: Path) -> None:
    rows = [extended("2023-01-31T12:05:37Z", "Nobody", f"Song {place}") for place in range(30)]
    write_json(here / "endsong_0.json", [*rows, *[{"a": 1}] * 30])
    done = invoke(
        "spotify", "endsong_0.json", "--user", "me", "--json", "--unmatched", "u.csv", "--bad-rows", "b.csv"
    )
    assert done.exit_code == 1  # nothing was imported
    report = json.loads(done.stdout)
    assert (report["unmatched"], report["bad"], report["shares"]["unmatched"]) == (30, 30, 1.0)
    with Path("u.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 30
    with Path("b.csv").open(encoding="utf-8", newline="") as file:
        assert [row["place"] for row in csv.DictReader(file)] == [f"row {n}" for n in range(31, 61)]


def test_what_is_written_runs_in_no_spreadsheet_or_terminal(here: Path) -> None:
    titles = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "a\x1b[31mb", "7 = 7"]
    rows = [
        extended(f"2023-01-31T12:0{place}:37Z", "Nobody", title, 200_000 + place)
        for place, title in enumerate(titles)
    ]
    write_json(here / "endsong_0.json", rows)
    write_json(here / "=x.json", [extended("=1", "Nobody", "Nothing"), *rows])
    invoke(
        "spotify", "endsong_0.json", "=x.json", "--user", "me", "--unmatched", "u.csv", "--bad-rows", "b.csv"
    )
    with Path("u.csv").open(encoding="utf-8", newline="") as file:
        found = {row["title"] for row in csv.DictReader(file)}
    assert found == {
        "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@SUM(1)", "a\ufffd[31mb", "7 = 7"
    }  # fmt: skip
    with Path("b.csv").open(encoding="utf-8", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["'=x.json"]


def test_where_no_track_of_the_sample_is_found_the_report_says_how_to_get_real_ones(here: Path) -> None:
    store = generate(here / "sample", seed=3, customers=60, tracks=300)
    write_json(here / "endsong_0.json", [extended("2023-01-31T12:05:37Z", "Nobody", "Nothing")])
    done = invoke("spotify", "endsong_0.json", "--user", "me", "--data", store)
    assert done.exit_code == 1
    words = " ".join(done.output.split())
    assert "The catalogue has none of these tracks. It is the catalogue of the sample store" in words
    assert "make run DATA=path/to/data" in words
    assert "docs/import.md" in words


def test_where_no_track_of_ones_own_is_found_the_report_asks_for_the_causes(here: Path) -> None:
    (here / "x.csv").write_text(f"{TITLE},,{ARTIST},31 Jan 2023 12:05\n", encoding="utf-8")
    done = invoke("lastfm", "x.csv", "--user", "me")
    assert done.exit_code == 1
    words = " ".join(done.output.split())
    assert "The catalogue has none of these tracks. Are artist and title swapped" in words
    assert "Does the catalogue belong to another store" in words
    assert "sample" not in words


@pytest.mark.parametrize(
    ("form", "name", "text"), [("spotify", "x.json", "[]"), ("lastfm", "x.csv", "artist,track,date\n")]
)
def test_a_file_without_listens_is_named_with_the_reason(here: Path, form: str, name: str, text: str) -> None:
    (here / name).write_text(text)
    done = invoke(form, name, "--user", "me")
    assert done.exit_code == 1
    assert f"{name}: 0 listens; it holds no listens: give " in done.output
    (here / "folder").mkdir()
    empty = invoke(form, "folder", "--user", "me")
    assert "folder: 0 listens; it contains no listens: give " in empty.output
    assert "made up" not in empty.output


def test_of_many_files_that_cannot_be_read_the_first_are_named(here: Path) -> None:
    write_json(here / "endsong_0.json", [extended("2023-01-31T12:05:37Z", ARTIST, TITLE)])
    done = invoke("spotify", *(f"none{n}.json" for n in range(30)), "endsong_0.json", "--user", "me")
    assert (done.exit_code, done.output.count("there is no such file")) == (0, 20)
    assert "… 10 more were not read completely: --json names them" in done.output
    assert "endsong_0.json: 1 listen" in done.output


def test_a_catalogue_and_a_lake_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tracks.csv").write_text("id,name,artists\nx,Calm Down,Rema\n")
    write_json(tmp_path / "endsong_0.json", [extended("2023-01-31T12:05:37Z", "Rema", "Calm Down")])
    done = invoke(
        "spotify",
        "endsong_0.json",
        "--user",
        "me",
        "--data",
        "tracks.csv",
        "--state",
        "s.sqlite",
        "--events",
        "lake",
    )
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "lake" / "events").rglob("*.jsonl"))) == 1
    assert [event.track_id for event in open_state("s.sqlite").read_listener("me").events] == ["x"]


def test_an_impossible_import_says_why(here: Path) -> None:
    write_json(here / "endsong_0.json", [extended("2023-01-31T12:05:37Z", ARTIST, TITLE)])
    assert isinstance(invoke("spotify", "endsong_0.json", "--user", "").exception, InvalidInputError)
    none = invoke("spotify", "endsong_0.json", "--user", "me", "--artifacts", "nowhere")
    assert isinstance(none.exception, AliasNotFoundError)
    unwritable = invoke("spotify", "endsong_0.json", "--user", "me", "--unmatched", "none/u.csv")
    assert isinstance(unwritable.exception, SourceUnavailableError)
    assert invoke("spotify", "nothing.json", "--user", "me").exit_code == 1


@pytest.mark.realdata
@pytest.mark.skipif(
    "SEGUE_DATA_DIR" not in os.environ,
    reason="SEGUE_DATA_DIR does not name the folder of the public data sets",
)
def test_public_importers_fixtures_on_real_tracks(tmp_path: Path) -> None:
    data = Path(os.environ["SEGUE_DATA_DIR"]).resolve()
    index = build_track_index(read_catalogue(next((data / "spotify_tracks").glob("*.parquet")))[0])
    destination = Destination("me", open_state(str(tmp_path / "state.sqlite")))
    sources = [("exports", data / "listening_exports")]
    for form, listens, bad, matched in (
        ("spotify", 13, 0, 6),
        ("lastfm", 5, 0, 3),
        ("listenbrainz", 2, 3, 2),
    ):
        report = import_history(sources, FORMATS[form], index, destination)
        assert (report.listens, report.bad, report.matched + report.ambiguous) == (listens, bad, matched)
        assert (report.new, report.repeated) == (matched, 0)
        assert import_history(sources, FORMATS[form], index, destination).repeated == matched
