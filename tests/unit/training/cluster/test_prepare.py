"""`prepare`: only what is missing or changed is built, one failure stops nothing, old versions stay live."""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hdbscan
import numpy as np
import pytest

from segue.artifacts.cache import fetch
from segue.artifacts.codec.clustering import load_clustering
from segue.artifacts.family import CLUSTERS, variant_alias
from segue.artifacts.listing import list_aliases, list_versions
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import (
    Decision,
    alias_key,
    promote,
    read_manifest,
    resolve,
    resolve_if_any,
    rollback,
    version_prefix,
)
from segue.domain.cluster.placement import place
from segue.errors import ConfigError, CorruptArtifactError, SegueError
from tests.raw_data import raw_folder
from training.cluster import prepare as preparing
from training.cluster.build import variant_build as build
from training.cluster.data.source import find_source
from training.cluster.plan import State, is_healthy
from training.cluster.prepare import (
    PrepareRequest,
    Status,
    VariantOutcome,
    assess_all,
    prepare,
    promote_missing,
)
from training.cluster.settings import ClusterSettings
from training.cluster.trainer import TRAINER
from training.cluster.variant import choose_variants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.artifacts.manifest import Manifest
    from training.cluster.worker import BuildJob

SETTINGS = ClusterSettings(min_cluster_size=10, min_samples=3, method="eom")


@pytest.fixture(scope="module", autouse=True)
def _here() -> Iterator[None]:
    """Build in this process: test_worker.py has the others. The map's t-SNE takes longer than all else."""

    def build_here(
        jobs: list[BuildJob], *, watch: Any, **_: object
    ) -> Iterator[tuple[BuildJob, SegueError | None]]:
        for job in jobs:
            variant = choose_variants([job.variant])[0]

            def step(stage: str, share: float, name: str = job.variant) -> None:
                watch(name, stage, share)

            try:
                build.build_variant(job.folder, variant, job.settings, threads=1, progress=step)
            except SegueError as error:
                yield job, error
            else:
                yield job, None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "build_all", build_here)
        patch.setattr(build, "place_on_map", lambda vectors, *_: np.zeros((len(vectors), 2), np.float32))
        yield


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "artifacts")


@pytest.fixture
def request_(tmp_path: Path) -> PrepareRequest:
    raw_folder(tmp_path / "raw")
    return request_for(tmp_path)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder where every variant was built that can be, what became of them, and the lines of the log."""

    folder: Path
    outcomes: dict[str, VariantOutcome]
    lines: list[str]

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.folder / "artifacts")

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    def run(
        self, *variants: str, settings: ClusterSettings = SETTINGS, force: bool = False
    ) -> dict[str, VariantOutcome]:
        return run(self.store, request_for(self.folder, *variants, settings=settings, force=force))


@pytest.fixture(scope="module")
def pristine(_here: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, Path]:
    """What is built once for all tests, and a copy of its folder."""
    folder = tmp_path_factory.mktemp("prepared") / "folder"
    raw_folder(folder / "raw")
    handler = BufferingHandler(1000)
    logger = logging.getLogger("segue.prepare")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logger, "level", logging.INFO)
        logger.addHandler(handler)
        outcomes = run(LocalStore(folder / "artifacts"), request_for(folder))
        logger.removeHandler(handler)
    shutil.copytree(folder, folder.parent / "copy")
    lines = [record.getMessage() for record in handler.buffer]
    return Prepared(folder, outcomes, lines), folder.parent / "copy"


@pytest.fixture
def prepared(pristine: tuple[Prepared, Path]) -> Prepared:
    """The folder as it was built: at its place, as the record of the last run names the tables."""
    whole, copy = pristine
    shutil.rmtree(whole.folder, ignore_errors=True)
    shutil.copytree(copy, whole.folder)
    return whole


def request_for(
    tmp_path: Path, *variants: str, settings: ClusterSettings = SETTINGS, force: bool = False
) -> PrepareRequest:
    source = find_source(raw=tmp_path / "raw", data=None)
    work = tmp_path / "work"
    return PrepareRequest(
        source, choose_variants(variants), settings, work, "tests", "prepared", 1 << 40, force
    )


def run(store: LocalStore, request: PrepareRequest) -> dict[str, VariantOutcome]:
    outcomes = prepare(store, request, tell=lambda _: None, watch=lambda *_: None)
    promote_missing(store, outcomes, "tests")
    return {outcome.variant: outcome for outcome in outcomes}


def statuses(outcomes: dict[str, VariantOutcome]) -> dict[str, Status]:
    return {name: outcome.status for name, outcome in outcomes.items()}


def live(store: LocalStore, variant: str) -> Manifest:
    target = resolve(store, CLUSTERS, variant_alias(variant)).alias.target
    return read_manifest(store, CLUSTERS, target.version)


def test_everything_with_input_is_built_published_and_promoted(prepared: Prepared, tmp_path: Path) -> None:
    store, found = prepared.store, prepared.outcomes
    built = ("naive_features", "pca_features", "combined_features", "llav_features", "llav_pca")
    assert statuses(found) == dict.fromkeys(built, Status.BUILT) | {"lyrics_features": Status.NO_INPUT}
    assert "naive_features is missing: nothing was built yet; 150 tracks by 12 features" in prepared.lines
    assert sorted(list_aliases(store, CLUSTERS)) == sorted(["champion", *map(variant_alias, built)])
    manifest = live(store, "llav_features")
    record = manifest.record
    assert record.params["variant"] == "llav_features"
    assert record.data["tracks"] == 140
    wanted = {"clusters", "noise_share", "silhouette", "dbcv", "relative_validity", "stability_ari", "bytes"}
    assert wanted | {"genre_purity", "neighbour_genre"} <= record.metrics.keys()
    assert record.metrics["clusters"] == 5
    assert record.metrics["genre_purity"]["value"] > record.metrics["genre_purity"]["chance"]
    assert record.training["seconds"] > 0
    assert record.training["peak_memory_bytes"] > 1e7
    assert set(record.training["stages"]) >= {"neighbours", "clusters", "quality", "map"}
    assert "hdbscan" in record.runtime
    folder = fetch(store, manifest, tmp_path / "cache")
    told = json.loads((folder / "configuration.json").read_bytes())
    assert told["params"]["chosen"]["min_cluster_size"] == 10
    with store.stream(f"{version_prefix(CLUSTERS, manifest.version)}report.html") as chunks:
        page = b"".join(chunks).decode()
    assert "prefers-color-scheme: dark" in page
    assert "By chance" in page
    assert "http" not in page.replace("http-equiv", "")  # nothing in it is loaded from elsewhere


def test_a_published_variant_places_tracks_as_hdbscan_does(prepared: Prepared, tmp_path: Path) -> None:
    manifest = live(prepared.store, "combined_features")
    clustering = load_clustering(fetch(prepared.store, manifest, tmp_path / "cache"))
    reference = hdbscan.HDBSCAN(
        min_cluster_size=10,
        min_samples=3,
        approx_min_span_tree=False,
        prediction_data=True,
        core_dist_n_jobs=1,
    ).fit(clustering.embeddings.astype(np.float64))
    theirs = np.full(
        clustering.n_clusters + 1, -1
    )  # equal clusters, which equal lengths may number otherwise
    theirs[clustering.label] = reference.labels_
    np.testing.assert_array_equal(theirs[clustering.label], reference.labels_)
    np.testing.assert_allclose(clustering.strength, reference.probabilities_, atol=1e-6)
    rng = np.random.default_rng(1)
    shift = rng.normal(scale=0.5, size=clustering.embeddings.shape)
    new = (clustering.embeddings + shift).astype(np.float32)
    label, strength = place(clustering, new)
    expected, likely = hdbscan.approximate_predict(reference, new.astype(np.float64))
    np.testing.assert_array_equal(theirs[label], expected)
    np.testing.assert_allclose(strength, likely, atol=1e-6)


def test_what_is_up_to_date_is_left_alone_and_not_even_read(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = prepared.outcomes
    monkeypatch.setattr(preparing, "_read", lambda *_: pytest.fail("the tables were read again"))
    with caplog.at_level(logging.INFO, "segue.prepare"):
        again = prepared.run()
    assert again["naive_features"].status is Status.UP_TO_DATE
    assert again["naive_features"].version == first["naive_features"].version
    version = first["pca_features"].version
    assert (
        f"pca_features is up to date: version {version} is live, of this data and these settings"
        in caplog.messages
    )
    assert len(list_versions(prepared.store, CLUSTERS)) == 5
    assert list((prepared.folder / "work").glob("*_features-*")) == []


def test_only_what_depends_on_the_changed_table_is_built_again(
    prepared: Prepared, caplog: pytest.LogCaptureFixture
) -> None:
    path = prepared.raw / "low_level_audio_features.csv"
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:-3]), encoding="utf-8")
    with caplog.at_level(logging.INFO, "segue.prepare"):
        again = statuses(prepared.run())
    assert again == {
        "naive_features": Status.UP_TO_DATE,
        "pca_features": Status.UP_TO_DATE,
        "combined_features": Status.BUILT,
        "llav_features": Status.BUILT,
        "llav_pca": Status.BUILT,
        "lyrics_features": Status.NO_INPUT,
    }
    assert "llav_pca is stale: the data changed; 137 tracks by 8 features" in caplog.messages


def test_a_changed_setting_or_recipe_makes_stale_and_says_which(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = request_for(prepared.folder, settings=replace(SETTINGS, min_cluster_size=12, method=None))
    standings, _ = assess_all(prepared.store, other, lambda _: None)
    assert standings[0].state is State.STALE
    assert standings[0].reason == "min_cluster_size changed (10 → 12); method changed (eom → by search)"
    assert not is_healthy(standings)
    monkeypatch.setattr("training.cluster.settings.TRAINER", replace(TRAINER, recipe=2))
    standings, _ = assess_all(prepared.store, request_for(prepared.folder), lambda _: None)
    assert standings[0].reason == "recipe of the code changed"


def test_force_builds_again_while_the_old_version_stays_live(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, first = prepared.store, prepared.outcomes["naive_features"].version
    seen: list[str] = []
    whole = build.choose

    def watching(*given: Any) -> Any:
        seen.append(live(store, "naive_features").version)
        return whole(*given)

    monkeypatch.setattr(build, "choose", watching)
    monkeypatch.setattr("training.cluster.publishing.datetime", _Later)
    again = prepared.run("naive_features", force=True)["naive_features"]
    assert again.status is Status.BUILT
    assert seen == [first]
    assert again.version != first
    alias = resolve(store, CLUSTERS, "naive-features").alias
    assert (alias.target.version, alias.previous.version) == (again.version, first)


class _Later(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime(2099, 1, 1, tzinfo=UTC)


def test_one_that_fails_stops_no_other_and_keeps_its_old_version(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, whole = prepared.outcomes, build.choose

    def choose(vectors: Any, *rest: Any) -> Any:
        if vectors.shape[1] == 20:  # the combined features
            raise SegueError("no clusters today")
        return whole(vectors, *rest)

    monkeypatch.setattr(build, "choose", choose)
    found = prepared.run(settings=replace(SETTINGS, min_cluster_size=11))
    assert found["combined_features"].status is Status.FAILED
    assert found["combined_features"].why == "no clusters today"
    assert found["combined_features"].version == first["combined_features"].version
    assert live(prepared.store, "combined_features").version == first["combined_features"].version
    others = {name: each.status for name, each in found.items() if name != "combined_features"}
    assert set(others.values()) == {Status.BUILT, Status.NO_INPUT}


def test_an_interrupted_run_goes_on_after_its_last_stage(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    raw_folder(tmp_path / "raw")
    request = request_for(tmp_path, "naive_features", "pca_features")
    with monkeypatch.context() as patch:

        def stop(vectors: Any, *_: Any) -> Any:
            if vectors.shape[1] == 6:
                raise KeyboardInterrupt
            return np.zeros((len(vectors), 2), np.float32)

        patch.setattr(build, "place_on_map", stop)
        with pytest.raises(KeyboardInterrupt):
            run(store, request)
    assert live(store, "naive_features")  # published at once when it was done
    assert resolve_if_any(store, CLUSTERS, "pca-features") is None
    monkeypatch.setattr(build, "find_neighbours", lambda *_, **__: pytest.fail("searched again"))
    monkeypatch.setattr(build, "choose", lambda *_: pytest.fail("clustered again"))
    monkeypatch.setattr(preparing, "_read", lambda *_: pytest.fail("read again"))
    with caplog.at_level(logging.INFO, "segue.prepare"):
        found = statuses(run(store, request))
    assert found == {"naive_features": Status.UP_TO_DATE, "pca_features": Status.BUILT}
    assert any("an interrupted build goes on" in message for message in caplog.messages)


def test_the_live_variant_follows_its_own_new_versions_only(prepared: Prepared) -> None:
    store = prepared.store
    decision = Decision("tests", "a try", datetime.now(UTC))
    promote(store, CLUSTERS, live(store, "pca_features").version, decision)
    prepared.run("naive_features", settings=ClusterSettings(12, 3, "eom"))
    assert resolve(store, CLUSTERS).alias.target.version == live(store, "pca_features").version
    prepared.run("pca_features", settings=ClusterSettings(12, 3, "eom"))
    assert resolve(store, CLUSTERS).alias.target.version == live(store, "pca_features").version


def test_what_somebody_rolled_back_is_not_built_again(prepared: Prepared) -> None:
    first, other = prepared.outcomes["naive_features"].version, ClusterSettings(12, 3, "eom")
    prepared.run("naive_features", settings=other)
    worse = Decision("tests", "worse", datetime.now(UTC))
    rollback(prepared.store, CLUSTERS, worse, alias="naive-features")
    found = prepared.run("naive_features", settings=other)["naive_features"]
    assert (found.status, found.version) == (Status.UP_TO_DATE, first)
    assert "rolled back (worse)" in found.why


def test_a_variant_whose_input_is_gone_stays_ready(prepared: Prepared) -> None:
    (prepared.raw / "low_level_audio_features.csv").unlink()
    standings, _ = assess_all(prepared.store, request_for(prepared.folder), lambda _: None)
    assert [each.state for each in standings] == [*[State.READY] * 5, State.NO_INPUT]
    assert "cannot be compared: no low-level features" in standings[3].reason
    assert is_healthy(standings)
    assert not is_healthy(standings[5:])  # nothing is ready


DAMAGED = {
    "cut": lambda text: text[: len(text) // 2],
    "deep": lambda _: "[" * 200_000,
    "a list": lambda text: f"[{text}]",
    "no variants": lambda text: text.replace('"variants"', '"others"'),
    "other fields": lambda text: text.replace('"n_items"', '"tracks"'),
    "no number": lambda text: text.replace('"n_items": ', '"n_items": NaN, "x": '),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_record_of_the_last_run_is_read_anew(prepared: Prepared, damage: str) -> None:
    store, request_ = prepared.store, request_for(prepared.folder)
    standings, inputs = assess_all(store, request_, lambda _: None)
    assert inputs is None
    path = request_.work / "survey.json"
    whole = path.read_text(encoding="utf-8")
    path.write_text(DAMAGED[damage](whole), encoding="utf-8")
    again, inputs = assess_all(store, request_, lambda _: None)
    assert inputs is not None
    assert [each.surveyed for each in again] == [each.surveyed for each in standings]
    assert path.read_text(encoding="utf-8") == whole
    assert assess_all(store, request_, lambda _: None)[1] is None


def test_two_runs_in_one_folder_are_refused(store: LocalStore, request_: PrepareRequest) -> None:
    request_.work.mkdir()
    with (request_.work / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="another `segue prepare` is at work"):
            run(store, request_)


TABLES = {
    "no bytes": b"",
    "no cells": b"track_id,mfcc_0,mfcc_1\n" + b"".join(b"t%04d,,\n" % row for row in range(150)),
    "garbage": bytes(range(256)) * 20,
    "no ids": b"x,y\n1,2\n",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_cannot_be_read_fails_its_own_variants_only(
    store: LocalStore, request_: PrepareRequest, tmp_path: Path, table: str
) -> None:
    path = tmp_path / "raw" / "low_level_audio_features.csv"
    path.write_bytes(TABLES[table])
    found = run(store, request_)
    assert statuses(found) == {
        "naive_features": Status.BUILT,
        "pca_features": Status.BUILT,
        "combined_features": Status.FAILED,
        "llav_features": Status.FAILED,
        "llav_pca": Status.FAILED,
        "lyrics_features": Status.NO_INPUT,
    }
    assert str(path) in found["llav_features"].why
    if table == "no cells":
        assert "mfcc_0, the first of 2, has 150 empty cells of 150" in found["llav_features"].why


def test_a_live_variant_whose_table_broke_is_not_healthy_and_stays_live(prepared: Prepared) -> None:
    store, first = prepared.store, prepared.outcomes
    (prepared.raw / "low_level_audio_features.csv").write_bytes(b"")
    standings, _ = assess_all(store, request_for(prepared.folder), lambda _: None)
    assert [each.state for each in standings[:3]] == [State.READY, State.READY, State.UNREADABLE]
    assert not is_healthy(standings)
    found = prepared.run()["llav_pca"]
    assert (found.status, found.version) == (Status.FAILED, first["llav_pca"].version)
    assert live(store, "llav_pca").version == first["llav_pca"].version


@pytest.mark.parametrize("kind", ["--work", "--artifacts"])
@pytest.mark.parametrize("place", ["file/x", "/proc/x"])
def test_what_cannot_be_written_is_said_before_anything_is_built(
    tmp_path: Path, kind: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw_folder(tmp_path / "raw", low_level=False)
    (tmp_path / "file").touch()
    monkeypatch.setattr(preparing, "build_all", lambda *_, **__: pytest.fail("built for nothing"))
    store, request = LocalStore(tmp_path / "artifacts"), request_for(tmp_path)
    if kind == "--work":
        request = replace(request, work=tmp_path / place)
    else:
        store = LocalStore(tmp_path / place)
    with pytest.raises(ConfigError, match=rf"{kind}: .* cannot be written .*: name "):
        run(store, request)


def test_a_store_whose_versions_are_gone_is_mended(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = prepared.store
    shutil.rmtree(store.root / "clusters" / "versions")
    monkeypatch.setattr("training.cluster.publishing.datetime", _Later)
    found = prepared.run()
    assert {each.status for each in found.values()} == {Status.BUILT, Status.NO_INPUT}
    champion = resolve(store, CLUSTERS).alias
    assert champion.target.version in {each.version for each in found.values()}
    assert "in place of one that cannot be read" in champion.reason


def test_versions_that_are_gone_with_their_input_stop_nothing(prepared: Prepared) -> None:
    shutil.rmtree(prepared.store.root / "clusters" / "versions")
    (prepared.raw / "low_level_audio_features.csv").unlink()
    found = prepared.run()
    assert found["naive_features"].status is Status.BUILT
    assert found["llav_features"].status is Status.NO_INPUT


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_version_with_a_damaged_file_is_built_again(
    prepared: Prepared, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, request = prepared.store, request_for(prepared.folder, "naive_features")
    first = prepared.outcomes["naive_features"].version
    path = store.root / version_prefix(CLUSTERS, first) / "label.npy"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        path.unlink()
    (standing,), _ = assess_all(store, request, lambda _: None)
    assert standing.state is State.STALE
    assert "the live version is damaged: label.npy" in standing.reason
    monkeypatch.setattr("training.cluster.publishing.datetime", _Later)
    again = run(store, request)["naive_features"]
    assert again.status is Status.BUILT
    assert resolve(store, CLUSTERS).alias.target.version == again.version


def test_an_alias_that_is_none_is_named_with_the_remedy(
    store: LocalStore, request_: PrepareRequest, tmp_path: Path
) -> None:
    path = store.root / alias_key(CLUSTERS, "naive-features")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"garbage")
    with pytest.raises(CorruptArtifactError, match=rf"{path} cannot be read .*: delete it"):
        run(store, request_)


def test_too_many_wide_tracks_for_all_pairs_are_warned_of(
    store: LocalStore, request_: PrepareRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.cluster.build.spanning_tree.MOST_PRODUCTS", 1)
    run(store, replace(request_, variants=choose_variants(["naive_features", "combined_features"])))
    (warning,) = live(store, "combined_features").record.training["warnings"]
    assert warning.startswith("140 tracks in 20 dimensions are too many to compare all pairs")
    assert live(store, "naive_features").record.training["warnings"] == []
