"""`segue prepare`: settings by flag or environment, what is printed, and the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.errors import InvalidInputError, SourceUnavailableError
from tests.raw_data import raw_folder
from training.clustering import prepare as preparing
from training.clustering.prepare import Outcome, Request, Status

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def invoke(tmp_path: Path, *arguments: object, **environment: str) -> Result:
    given = ["prepare", "--work", str(tmp_path / "work"), *map(str, arguments)]
    places = {"MODELS_PATH": str(tmp_path / "models"), "COLUMNS": "200"}
    return CliRunner().invoke(app, given, env=places | environment)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Requests that would have been built; each variant fails but the first."""
    seen: list[Request] = []

    def prepare(store: object, request: Request, **_: object) -> list[Outcome]:
        seen.append(request)
        first, *others = request.variants
        failed = [Outcome(each.name, Status.FAILED, "", "no luck") for each in others]
        return [Outcome(first.name, Status.BUILT, "", ""), *failed]

    monkeypatch.setattr(preparing, "prepare", prepare)
    return seen


def test_everything_can_be_said_by_the_environment(tmp_path: Path, asked: list[Request]) -> None:
    raw = raw_folder(tmp_path / "raw")
    done = invoke(tmp_path, RAW_DATA_PATH=str(raw), FORCE_REGENERATE="true", LOG_LEVEL="DEBUG")
    assert done.exit_code == 3, done.output
    (request,) = asked
    assert request.source.tracks == str(raw / "spotify_tracks.csv")
    assert request.source.low_level == raw / "low_level_audio_features.csv"
    assert request.force
    assert "no luck" in done.output


def test_a_flag_goes_before_the_environment(tmp_path: Path, asked: list[Request]) -> None:
    raw = raw_folder(tmp_path / "raw")
    flags = ("--data", raw, "--variant", "naive_features", "--min-cluster-size", 7, "--memory-gb", 2)
    gone = str(tmp_path / "none")
    done = invoke(tmp_path, *flags, DATA_PATH=gone, RAW_DATA_PATH=gone, FORCE_REGENERATE="false")
    assert done.exit_code == 0, done.output
    assert asked[0].settings.min_cluster_size == 7
    assert asked[0].memory == 2 << 30
    assert not asked[0].force


def test_a_data_set_beside_raw_tables_is_said_to_be_left_out(tmp_path: Path, asked: list[Request]) -> None:
    raw = raw_folder(tmp_path / "raw")
    done = invoke(tmp_path, "--raw-data", raw, "--data", "other")
    assert f"the data set other is not read: the raw tables of {raw} are" in done.output
    assert asked


def test_a_table_of_features_alone_needs_no_catalogue(tmp_path: Path, asked: list[Request]) -> None:
    raw = raw_folder(tmp_path / "raw")
    invoke(tmp_path, "--low-level", raw / "low_level_audio_features.csv")
    assert asked[0].source.tracks is None


def test_check_only_says_what_is_missing_and_builds_nothing(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", low_level=False)
    done = invoke(tmp_path, "--raw-data", raw, "--check-only")
    assert done.exit_code == 1
    lines = [line.split() for line in done.output.splitlines()]
    assert ["naive_features", "missing", "nothing", "was", "built", "yet"] in lines
    assert "no low_level_audio_features.csv" in done.output
    assert not (tmp_path / "models").exists()
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("work", ["file/x", "/proc/x"])
def test_check_only_needs_no_work_folder(tmp_path: Path, work: str) -> None:
    (tmp_path / "file").touch()
    raw = raw_folder(tmp_path / "raw", low_level=False)
    done = invoke(tmp_path, "--raw-data", raw, "--check-only", "--work", tmp_path / work)
    assert done.exit_code == 1
    assert "nothing was built yet" in done.output


def test_check_only_tells_tracks_that_cannot_be_read_from_tracks_that_are_gone(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", 60, low_level=False)
    flags = ("--raw-data", raw, "--variant", "naive_features")
    assert invoke(tmp_path, *flags).exit_code == 0
    (raw / "spotify_tracks.csv").write_bytes(b"")
    done = invoke(tmp_path, *flags, "--check-only")
    assert done.exit_code == 1
    assert "input unreadable" in done.output


def test_check_only_names_the_tables_that_are_gone(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", low_level=False)
    (raw / "spotify_tracks.csv").unlink()
    done = invoke(tmp_path, "--raw-data", raw, "--check-only")
    assert done.exit_code == 1
    assert done.output.count("input missing") == 6
    assert "holds no spotify_tracks.csv" in done.output


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    assert isinstance(invoke(tmp_path, "--raw-data", tmp_path / "none").exception, SourceUnavailableError)
    raw = raw_folder(tmp_path / "raw")
    wrong = invoke(tmp_path, "--raw-data", raw, "--variant", "best")
    assert isinstance(wrong.exception, InvalidInputError)
    assert invoke(tmp_path, "--raw-data", raw, "--log-level", "loud").exit_code == 2


@pytest.mark.parametrize(
    ("ends", "named", "status"),
    [
        ([Status.BUILT, Status.UP_TO_DATE, Status.NO_INPUT], False, 0),
        ([Status.BUILT, Status.NO_INPUT], True, 3),
        ([Status.BUILT, Status.FAILED], False, 3),
        ([Status.FAILED, Status.FAILED], False, 1),
        ([Status.NO_INPUT], False, 4),
        ([Status.NO_INPUT, Status.FAILED], False, 1),
        ([Status.NO_INPUT], True, 1),
    ],
)
def test_the_exit_status_tells_all_from_some_and_none(ends: list[Status], named: bool, status: int) -> None:
    from segue.cli.prepare import _status

    assert _status([Outcome("v", each, "", "") for each in ends], asked=named) == status


def test_it_is_built_and_then_it_is_healthy(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", 60, low_level=False)
    flags = ("--raw-data", raw, "--variant", "naive_features")
    done = invoke(tmp_path, *flags)
    assert done.exit_code == 0, done.output
    assert "naive_features is the live variant" in done.output
    assert "is up to date" in invoke(tmp_path, *flags).output
    healthy = invoke(tmp_path, *flags, "--check-only")
    assert healthy.exit_code == 0, healthy.output
    assert "naive_features" in healthy.output
    (raw / "spotify_tracks.csv").unlink()
    served = invoke(tmp_path, *flags, "--check-only")
    assert served.exit_code == 0
    assert "cannot be compared" in served.output
