"""The index of the content: built by hand or by training, served, left out, and taken away again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.artifacts.family import CATALOGUE, CONTENT, CONTENT_INDEX, HYBRID
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, read_manifest, resolve, rollback, version_prefix
from segue.backends.faiss import FaissIndex, open_index
from segue.cli import app
from segue.cli.store.version_list import main_metric
from segue.embedded import open_recommender
from segue.errors import AliasNotFoundError, InvalidInputError
from segue.serving.live.recommender import LiveRecommender
from segue.serving.settings.environment import ArtifactSettings
from tests.small_recommender import train_hybrid
from training.release.lifecycle import PAGE

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.recommend.recommender import Recommender
    from tests.small_recommender import Trained


@pytest.fixture
def store(trained: Trained, tmp_path: Path) -> LocalStore:
    shutil.copytree(trained.folder, tmp_path / "artifacts")
    return LocalStore(tmp_path / "artifacts")


def build(store: LocalStore, options: str = "") -> str:
    done = CliRunner().invoke(app, ["index", "build", "--artifacts", str(store.root), *options.split()])
    if done.exception is not None:
        raise done.exception
    return done.output


def live(store: LocalStore, **given) -> Recommender:
    settings = ArtifactSettings(str(store.root), store.root.with_name("cache"), 0.0)
    return LiveRecommender(settings, **given).get().value


def alike(store: LocalStore) -> list[str]:
    segue = open_recommender(str(store.root), cache=store.root.with_name("cache"))
    return [item.track_id for item in segue.similar("t001", model="content", n=100).items]


def test_an_index_built_by_hand_is_live_and_changes_nothing_else(store: LocalStore) -> None:
    before = read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version)
    told = build(store, "--kind ivf --nprobe 2")
    assert "ivf, n_cells 3, n_probe 2; 120 tracks, recall@100 0." in told
    assert "less than the 0.95 asked for: give a greater --nprobe" in told
    alias = resolve(store, HYBRID).alias
    after = read_manifest(store, HYBRID, alias.target.version)
    pins = dict(after.record.depends_on)
    index = read_manifest(store, CONTENT_INDEX, pins.pop(CONTENT_INDEX))
    assert (pins, after.files) == (before.record.depends_on, before.files)
    assert after.record.metrics == before.record.metrics
    assert "n_probe 2" in alias.reason
    assert index.record.depends_on == {name: pins[name] for name in (CATALOGUE, CONTENT)}
    assert 0 < index.record.metrics["recall@100"]["value"] < 1
    figure = main_metric(index)
    assert figure is not None
    assert figure["name"] == "recall@100"
    with store.stream(version_prefix(CONTENT_INDEX, index.version) + PAGE) as chunks:
        page = b"".join(chunks).decode()
    assert f"It finds {100 * figure['value']:.1f} % of the 100 tracks" in page
    assert isinstance(live(store, open_index=open_index).content_search, FaissIndex)
    assert live(store).content_search is None  # a function that is not asked for similar tracks


def test_a_flat_index_answers_as_the_exact_search(store: LocalStore) -> None:
    exact = alike(store)
    assert len(exact) > 50  # more than a track has neighbours
    build(store, "--kind flat")
    assert alike(store) == exact


def test_a_rollback_takes_the_index_away(store: LocalStore, trained: Trained) -> None:
    build(store)
    rollback(store, HYBRID, Decision("tester", "no index", resolve(store, HYBRID).alias.set_at))
    assert resolve(store, HYBRID).alias.target.version == trained.version
    found = live(store, open_index=open_index)
    assert (found.content_search, found.missing) == (None, {})


def test_a_damaged_index_is_named_and_similar_tracks_are_answered_without(store: LocalStore) -> None:
    exact = alike(store)
    build(store, "--kind hnsw")
    (file,) = store.root.glob(f"{CONTENT_INDEX}/versions/*/index.faiss")
    file.write_bytes(file.read_bytes()[:100])
    found = live(store, open_index=open_index)
    assert found.content_search is None
    assert list(found.missing) == [CONTENT_INDEX]
    assert alike(store) == exact


def test_wrong_wishes_publish_nothing(store: LocalStore, trained: Trained, tmp_path: Path) -> None:
    for options, why in (
        ("--kind ivf --nprobe 4", "1 to 3"),
        ("--kind hnsw --nprobe 1", "hnsw has no cells"),
    ):
        with pytest.raises(InvalidInputError, match=why):
            build(store, options)
    assert not (store.root / CONTENT_INDEX).exists()
    with pytest.raises(AliasNotFoundError, match="segue train recommend"):
        build(LocalStore(tmp_path / "empty"))


def test_training_indexes_a_large_catalogue(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.hybrid.publishing.MOST_EXACT", 100)
    train_hybrid(store, force=True)
    found = live(store, open_index=open_index)
    assert isinstance(found.content_search, FaissIndex)
    assert found.content_search.index.ntotal == len(found.catalogue)
    assert len(alike(store)) > 0
