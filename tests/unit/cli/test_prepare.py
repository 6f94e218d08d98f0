"""`segue prepare`: settings by flag or environment, what is printed, and the exit status."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.artifacts.cache import fetch
from segue.artifacts.codec.clustering import load_clustering
from segue.artifacts.family import CLUSTERS, VARIANTS
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import read_manifest, resolve
from segue.cli import app
from segue.errors import InvalidInputError, SourceSchemaError, SourceUnavailableError
from tests.raw_data import raw_folder
from tests.runtime.music_store import write_store
from training.cluster import prepare as preparing
from training.cluster.prepare import PrepareRequest, Status, VariantOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def invoke(tmp_path: Path, *arguments: object, **environment: str) -> Result:
    given = ["prepare", "--work", str(tmp_path / "work"), *map(str, arguments)]
    places = {"MODELS_PATH": str(tmp_path / "models"), "COLUMNS": "200"}
    return CliRunner().invoke(app, given, env=places | environment)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[PrepareRequest]:
    """Requests that would have been built; each variant fails but the first."""
    seen: list[PrepareRequest] = []

    def prepare(store: object, request: PrepareRequest, **_: object) -> list[VariantOutcome]:
        seen.append(request)
        first, *others = request.variants
        failed = [VariantOutcome(each.name, Status.FAILED, "", "no luck") for each in others]
        return [VariantOutcome(first.name, Status.BUILT, "", ""), *failed]

    monkeypatch.setattr(preparing, "prepare", prepare)
    return seen


@dataclass(frozen=True, slots=True)
class Built:
    """A folder where naive_features was built of 60 tracks, and what the command said of it."""

    folder: Path
    output: str
    flags: tuple[object, ...] = ("--variant", "naive_features")

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    def again(self, *arguments: object) -> Result:
        return invoke(self.folder, "--raw-data", self.raw, *self.flags, *arguments)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built once for all tests, with a log and markers."""
    folder = tmp_path_factory.mktemp("built")
    told = ("--log-file", folder / "prepare.log", "--marker-dir", folder / "markers")
    raw_folder(folder / "raw", 60, low_level=False)
    done = Built(folder, "").again(*told)
    assert done.exit_code == 0, done.output
    return Built(folder, done.output)


@pytest.fixture
def built(pristine: Built, tmp_path: Path) -> Built:
    """A copy, which a test may change."""
    shutil.copytree(pristine.folder, tmp_path / "built")
    return replace(pristine, folder=tmp_path / "built")


def test_without_any_tracks_named_the_store_of_the_settings_is_read(
    tmp_path: Path, asked: list[PrepareRequest]
) -> None:
    store = write_store(tmp_path / "store.sqlite")
    done = invoke(tmp_path, SEGUE_STORE=str(store))
    assert done.exit_code == 3, done.output
    done = invoke(tmp_path, SEGUE_STORE="nowhere.sqlite", DATA_PATH=str(store))
    assert done.exit_code == 3, done.output
    assert [request.source.tracks for request in asked] == [str(store)] * 2


def test_everything_can_be_said_by_the_environment(tmp_path: Path, asked: list[PrepareRequest]) -> None:
    raw = raw_folder(tmp_path / "raw")
    done = invoke(tmp_path, RAW_DATA_PATH=str(raw), FORCE_REGENERATE="true", LOG_LEVEL="DEBUG")
    assert done.exit_code == 3, done.output
    (request,) = asked
    assert request.source.tracks == str(raw / "spotify_tracks.csv")
    assert request.source.low_level == raw / "low_level_audio_features.csv"
    assert request.force
    assert "no luck" in done.output


def test_a_flag_goes_before_the_environment(tmp_path: Path, asked: list[PrepareRequest]) -> None:
    raw = raw_folder(tmp_path / "raw")
    flags = ("--data", raw, "--variant", "naive_features", "--min-cluster-size", 7, "--memory-gb", 2)
    gone = str(tmp_path / "none")
    done = invoke(tmp_path, *flags, DATA_PATH=gone, RAW_DATA_PATH=gone, FORCE_REGENERATE="false")
    assert done.exit_code == 0, done.output
    assert asked[0].settings.min_cluster_size == 7
    assert asked[0].memory == 2 << 30
    assert not asked[0].force


def test_a_data_set_is_ignored_if_raw_tables_are_given(tmp_path: Path, asked: list[PrepareRequest]) -> None:
    raw = raw_folder(tmp_path / "raw")
    done = invoke(tmp_path, "--raw-data", raw, "--data", "other")
    assert f"other is ignored: the raw tables in {raw} are read instead" in done.output
    assert asked


def test_a_table_of_features_alone_needs_no_catalogue(tmp_path: Path, asked: list[PrepareRequest]) -> None:
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


def test_check_only_distinguishes_unreadable_from_missing_tracks(built: Built) -> None:
    (built.raw / "spotify_tracks.csv").write_bytes(b"")
    done = built.again("--check-only")
    assert done.exit_code == 1
    assert "input unreadable" in done.output


def test_check_only_names_the_tables_that_are_gone(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", low_level=False)
    (raw / "spotify_tracks.csv").unlink()
    done = invoke(tmp_path, "--raw-data", raw, "--check-only")
    assert done.exit_code == 1
    assert done.output.count("input missing") == len(VARIANTS)
    assert "holds no spotify_tracks.csv" in done.output


def test_an_error_is_one_line(tmp_path: Path) -> None:
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
        ([Status.BUILT, Status.TOO_LITTLE], False, 3),
        ([Status.TOO_LITTLE, Status.NO_INPUT], False, 4),
        ([Status.TOO_LITTLE], True, 4),
        ([Status.TOO_LITTLE, Status.FAILED], False, 1),
    ],
)
def test_the_exit_status_distinguishes_all_some_and_none(
    ends: list[Status], named: bool, status: int
) -> None:
    from segue.cli.training.prepare import _status

    assert _status([VariantOutcome("v", each, "", "") for each in ends], asked=named) == status


def test_tracks_that_form_no_cluster_are_too_little_data(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", 60, low_level=False)
    done = invoke(tmp_path, "--raw-data", raw, "--variant", "naive_features", "--min-cluster-size", 60)
    assert done.exit_code == 4, done.output
    assert "too little data: 60 tracks form no cluster of 60 or more" in done.output


def test_it_is_built_and_then_it_is_healthy(built: Built) -> None:
    assert "naive_features is the live variant" in built.output
    assert "is up to date" in built.again().output
    healthy = built.again("--check-only")
    assert healthy.exit_code == 0, healthy.output
    assert "naive_features" in healthy.output
    (built.raw / "spotify_tracks.csv").unlink()
    served = built.again("--check-only")
    assert served.exit_code == 0
    assert "cannot be compared" in served.output


def test_raw_tables_are_found_below_the_folder_of_all_data(
    tmp_path: Path, asked: list[PrepareRequest]
) -> None:
    raw = raw_folder(tmp_path / "data" / "raw")
    invoke(tmp_path, DATA_PATH=str(tmp_path / "data"))
    assert asked[0].source.tracks == str(raw / "spotify_tracks.csv")
    assert asked[0].source.low_level == raw / "low_level_audio_features.csv"


@pytest.mark.parametrize("place", ["tracks.csv", "raw/tracks.csv", "raw/spotify_tracks.csv"])
def test_one_track_is_read_and_every_variant_names_its_minimum(tmp_path: Path, place: str) -> None:
    path = tmp_path / "data" / place
    path.parent.mkdir(parents=True)
    path.write_text("track_id,name,tempo,key\n1,One,90,C#\n", encoding="utf-8")
    done = invoke(tmp_path, "--check-only", DATA_PATH=str(tmp_path / "data"))
    assert done.exit_code == 1, done.output
    assert "1 track has audio features" in done.output
    assert done.output.count("input missing") == len(VARIANTS)
    assert "Every variant needs at least 20 tracks" in done.output


def test_a_folder_without_tables_is_refused_with_both_settings(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    refused = invoke(tmp_path, DATA_PATH=str(tmp_path / "data")).exception
    assert isinstance(refused, SourceSchemaError)
    assert "RAW_DATA_PATH" in str(refused)
    assert "DATA_PATH)" in str(refused)


def test_lines_of_a_log_have_their_time_and_the_seconds_of_every_step(built: Built) -> None:
    file = built.folder / "prepare.log"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) ", line) for line in lines)
    assert re.search(r"INFO reading 60 tracks took \d+\.\d s", "\n".join(lines))
    assert re.search(r"is live; it took \d+\.\d s: clusters \d+\.\d, map \d+\.\d", "\n".join(lines))
    assert set(lines) <= set(built.output.splitlines())


def test_markers_say_how_the_last_run_ended(built: Built) -> None:
    markers = built.folder / "markers"
    marked = ("--marker-dir", markers, "--check-only")
    told = json.loads((markers / "success").read_bytes())
    assert (told["status"], told["variants"]["naive_features"]["state"]) == (0, "built")
    both = built.again("--variant", "pca_features", *marked)
    assert both.exit_code == 3  # one is ready and the other is missing
    assert sorted(path.name for path in markers.iterdir()) == ["failure"]
    assert built.again(*marked).exit_code == 0
    assert sorted(path.name for path in markers.iterdir()) == ["success"]
    gone = invoke(built.folder, "--raw-data", built.folder / "none", "--marker-dir", markers)
    assert isinstance(gone.exception, SourceUnavailableError)
    assert "is no folder" in json.loads((markers / "failure").read_bytes())["error"]
    assert not (markers / "success").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--variant", "nope"), "nope"),
        (("--components", 0), "--components"),
        (("--unheard-of",), "--unheard-of"),
        (("--min-cluster-size", 1), "min_cluster_size"),
        (("--artifacts", "gs://bucket"), "gs://"),
    ],
)
@pytest.mark.parametrize("spelling", ["two words", "one word"])
def test_a_wrong_option_leaves_the_marker_of_a_failure(
    tmp_path: Path, wrong: tuple[object, ...], told: str, spelling: str
) -> None:
    markers = tmp_path / "markers"
    markers.mkdir()
    (markers / "success").write_text("{}")  # of the run before
    flag = ("--marker-dir", markers) if spelling == "two words" else (f"--marker-dir={markers}",)
    assert invoke(tmp_path, *wrong, *flag).exit_code != 0
    assert [path.name for path in markers.iterdir()] == ["failure"]
    failure = json.loads((markers / "failure").read_bytes())
    assert failure["status"] == 1
    assert told in failure["error"]


@pytest.mark.parametrize("crash", [RuntimeError("a bug"), KeyboardInterrupt()])
def test_a_crash_leaves_the_marker_of_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: BaseException
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise crash

    monkeypatch.setattr(preparing, "prepare", stop)
    raw, markers = raw_folder(tmp_path / "raw", 60, low_level=False), tmp_path / "markers"
    assert invoke(tmp_path, "--raw-data", raw, "--marker-dir", markers).exit_code != 0
    assert [path.name for path in markers.iterdir()] == ["failure"]
    told = json.loads((markers / "failure").read_bytes())["error"]
    assert told == (str(crash) or type(crash).__name__)


def test_as_many_components_as_there_are_features_are_the_most(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", 80, low_level=False)
    flags = ("--raw-data", raw, "--variant", "pca_features")
    built = invoke(tmp_path, *flags, "--components", 500)
    assert built.exit_code == 0
    assert "pca_features: 12 features give 12 components, not 500" in built.output
    manifest = read_manifest(
        LocalStore(tmp_path / "models"),
        CLUSTERS,
        resolve(LocalStore(tmp_path / "models"), CLUSTERS).alias.target.version,
    )
    assert manifest.record.params["n_components"] == 12
    assert {"starting", "scaling"} < manifest.record.training["stages"].keys()


def test_a_sample_and_fewer_components_make_another_build(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw", 80, low_level=False)
    flags = ("--raw-data", raw, "--variant", "pca_features")
    assert invoke(tmp_path, *flags, "--sample", 50, "--components", 3).exit_code == 0
    again = invoke(tmp_path, *flags, "--sample", 50, "--components", 3, "--check-only")
    assert again.exit_code == 0, again.output
    clusterings = LocalStore(tmp_path / "models")
    live = resolve(clusterings, CLUSTERS)
    manifest = read_manifest(clusterings, CLUSTERS, live.alias.target.version)
    clustering = load_clustering(fetch(clusterings, manifest, tmp_path / "cache"))
    assert clustering.embeddings.shape == (50, 3)
    other = invoke(tmp_path, *flags, "--sample", 50, "--check-only")
    assert other.exit_code == 1
    assert "n_components changed (3 → 6)" in other.output
    assert "the data changed" in invoke(tmp_path, *flags, "--components", 3, "--check-only").output
