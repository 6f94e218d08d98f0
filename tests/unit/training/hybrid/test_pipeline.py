"""From events to a live recommender: what is published, what the gate compares, what is not done twice."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.cache import fetch
from segue.artifacts.family import CATALOGUE, HYBRID, MEMBERS
from segue.artifacts.place.local import LocalStore
from segue.artifacts.recommender import load_hybrid
from segue.artifacts.release import (
    Decision,
    promote,
    publish,
    read_manifest,
    resolve,
    rollback,
    version_prefix,
)
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.embedded import open_recommender
from segue.errors import AliasMovedError, GateRejectedError
from tests.small_recommender import Trained, dataset, train_hybrid
from training.hybrid.data.split import take
from training.hybrid.publishing import render_report
from training.hybrid.verdict import unmeasured
from training.release.gate import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from training.hybrid.fit import Dataset


@pytest.fixture
def store(trained: Trained, tmp_path: Path) -> LocalStore:
    """A store of this test's own, with the session's recommender live in it."""
    shutil.copytree(trained.folder, tmp_path / "artifacts")
    return LocalStore(tmp_path / "artifacts")


@pytest.fixture(scope="module")
def trained_twice(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The session's recommender with a newer version live above it, in a folder that nobody writes to."""
    folder = tmp_path_factory.mktemp("newer") / "artifacts"
    shutil.copytree(trained.folder, folder)
    newer = train_hybrid(LocalStore(folder), force=True)
    assert newer.alias is not None
    return Trained(folder, newer.manifest.version)


@pytest.fixture
def rolled_back(trained_twice: Trained, tmp_path: Path) -> LocalStore:
    """A store of this test's own, where the newer version was live and was rolled back."""
    shutil.copytree(trained_twice.folder, tmp_path / "rolled-back")
    store = LocalStore(tmp_path / "rolled-back")
    rollback(store, HYBRID, Decision("tester", "worse in the shop", datetime.now(UTC)))
    return store


def shuffled(data: Dataset) -> Dataset:
    """The same events by anybody, of anything: nothing to learn."""
    rng = np.random.default_rng(0)
    events = data.interactions
    item = rng.integers(len(events.items), size=len(events)).astype(np.int32)
    return replace(data, interactions=replace(events, item_index=item))


def test_the_hybrid_pins_every_member_and_each_is_live(store: LocalStore) -> None:
    live = resolve(store, HYBRID)
    pinned = read_manifest(store, HYBRID, live.alias.target.version).record.depends_on
    assert set(pinned) == {CATALOGUE, *MEMBERS}
    for family, version in pinned.items():
        assert resolve(store, family).alias.target.version == version
        if family != CATALOGUE:
            assert read_manifest(store, family, version).record.depends_on == {CATALOGUE: pinned[CATALOGUE]}


def test_a_large_catalogue_is_searched_by_cells_and_its_manifests_say_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.algorithm.collaborative.inverted_file.MIN_NUMBERS", 0)
    store = LocalStore(tmp_path / "artifacts")
    manifest = train_hybrid(store, force=True).manifest
    model = load_hybrid(store, tmp_path, fetch(store, manifest, tmp_path), manifest)
    for family, member in (("item-factors", model.factors), ("nonnegative-factors", model.models["parts"])):
        cells = member.cells
        params = read_manifest(store, family, manifest.record.depends_on[family]).record.params
        assert params["search"] == {"cells": len(cells.centre), "share": cells.share, "recall": cells.recall}
        assert cells.recall >= 0.98


def test_the_manifest_says_what_was_measured(store: LocalStore) -> None:
    record = read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version).record
    hybrid, popular = record.metrics["ndcg@20/hybrid-pro"], record.metrics["ndcg@20/popularity"]
    assert hybrid["value"] > popular["value"]
    assert hybrid["ci95"][0] <= hybrid["value"] <= hybrid["ci95"][1]
    assert "in time" in hybrid["split"]
    assert record.metrics["ndcg@20/hybrid-before-reordering"]["value"] > popular["value"]
    assert record.metrics["p_value/hybrid-pro_over_popularity"] < 0.01
    assert record.data["interactions"]["users"] == 60


def page_of(store: LocalStore, family: str) -> str:
    """Return the report beside the live version of a family; it is one of the manifest's files."""
    version = resolve(store, family).alias.target.version
    assert "report.html" in read_manifest(store, family, version).files
    with store.stream(f"{version_prefix(family, version)}report.html") as chunks:
        page = b"".join(chunks).decode()
    assert page.count("<table>") == page.count('<div class="wide"><table>')  # a phone scrolls it alone
    return page


def test_the_hybrid_has_a_page_of_its_figures_weights_and_the_gate(store: LocalStore) -> None:
    page = page_of(store, HYBRID)
    record = read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version).record
    for name in ("hybrid-pro", "popularity"):
        figure = record.metrics[f"ndcg@20/{name}"]
        low, high = figure["ci95"]
        assert f"{figure['value']:.4f}<br><small>{low:.4f}–{high:.4f}</small>" in page
    assert "<td>popularity (baseline)</td>" in page
    assert record.metrics["ndcg@20/hybrid-pro"]["split"] in page
    assert "The gate: There was no champion." in page
    for source, weight in record.params["weights"]["pro"].items():
        row = page[page.index("What each source weighs") :]
        assert f"<tr><td>{source}</td>" in row
        assert f"<td>{weight:.4g}</td>" in row


@pytest.mark.parametrize("family", MEMBERS)
def test_every_member_has_a_page_beside_the_baseline(store: LocalStore, family: str) -> None:
    page = page_of(store, family)
    record = read_manifest(store, family, resolve(store, family).alias.target.version).record
    measured = [each for name, each in record.metrics.items() if name.startswith("ndcg@20/")]
    assert all(f"{figure['value']:.4f}<br>" in page for figure in measured)
    assert ("<td>popularity (baseline)</td>" in page) == bool(measured)
    assert ("It was not measured alone" in page) != bool(measured)
    assert ("Settings that were tried" in page) == ("tried" in record.params)
    assert record.code["version"] in page


def test_names_of_the_data_are_escaped_in_the_page(trained: Trained) -> None:
    version = resolve(LocalStore(trained.folder), HYBRID).alias.target.version
    record = read_manifest(LocalStore(trained.folder), HYBRID, version).record
    record = replace(record, training={**record.training, "warnings": ["<script>alert(1)</script>"]})
    measured = unmeasured(3, Verdict(True, "a <b> & c"))
    page = render_report(HYBRID, record, measured, (), 20)
    assert "<script>" not in page
    assert "a &lt;b&gt; &amp; c" in page


def test_the_same_data_is_not_trained_twice(store: LocalStore, trained: Trained) -> None:
    outcome = train_hybrid(store)
    assert outcome.fitted is None
    assert outcome.manifest.version == trained.version


def test_a_rollback_is_not_undone_by_training_on_the_same_data(
    rolled_back: LocalStore, trained: Trained
) -> None:
    outcome = train_hybrid(rolled_back)
    assert outcome.fitted is None
    assert resolve(rolled_back, HYBRID).alias.target.version == trained.version


def test_a_rolled_back_version_that_is_gone_stops_no_training(
    rolled_back: LocalStore, trained_twice: Trained
) -> None:
    (rolled_back.root / HYBRID / "versions" / trained_twice.version / "manifest.json").unlink()
    outcome = train_hybrid(rolled_back, force=True)
    assert resolve(rolled_back, HYBRID).alias.target.version == outcome.manifest.version


def test_half_an_export_is_refused_and_the_old_version_stays(store: LocalStore, trained: Trained) -> None:
    data = dataset()
    few = replace(data, interactions=take(data.interactions, np.arange(len(data.interactions)) % 3 == 0))
    with pytest.raises(GateRejectedError, match="is the export whole"):
        train_hybrid(store, few)
    assert resolve(store, HYBRID).alias.target.version == trained.version


def test_another_stores_catalogue_is_refused(store: LocalStore, trained: Trained) -> None:
    data = dataset()
    theirs = build_vocabulary(f"x{track}" for track in data.catalogue.vocabulary.item_id.tolist())
    items = build_vocabulary(f"x{track}" for track in data.interactions.items.item_id.tolist())
    other = replace(
        data,
        catalogue=replace(data.catalogue, vocabulary=theirs),
        interactions=replace(data.interactions, items=items),
    )
    with pytest.raises(GateRejectedError, match="another store's"):
        train_hybrid(store, other)
    assert resolve(store, HYBRID).alias.target.version == trained.version


def test_where_nothing_can_be_learnt_popularity_is_served(tmp_path: Path) -> None:
    outcome = train_hybrid(LocalStore(tmp_path), shuffled(dataset()))
    assert "popularity is served" in outcome.fitted.measured.served.verdict.reason.lower()
    answer = open_recommender(str(tmp_path), cache=tmp_path / "cache").recommend(
        "anybody", seed_tracks=["t001"]
    )
    assert answer.answered_by == "popularity"
    assert "nothing personal beats popularity" in answer.because


def test_a_few_events_are_served_by_popularity_too(tmp_path: Path) -> None:
    data = dataset()
    few = replace(data, interactions=take(data.interactions, data.interactions.user_index < 5))
    outcome = train_hybrid(LocalStore(tmp_path), few)
    assert outcome.alias is not None
    assert outcome.fitted.measured.metrics == {}
    assert "too few listeners" in outcome.fitted.measured.served.verdict.reason
    answer = open_recommender(str(tmp_path), cache=tmp_path / "cache").recommend("x", seed_tracks=["t001"])
    assert answer.answered_by == "popularity"
    assert answer.because.startswith("when it was trained, too few listeners liked something new")


def test_without_promotion_nothing_is_live(tmp_path: Path) -> None:
    outcome = train_hybrid(LocalStore(tmp_path), promote=False)
    assert outcome.alias is None
    assert LocalStore(tmp_path).get(f"{HYBRID}/versions/{outcome.manifest.version}/manifest.json")


def test_a_training_that_loses_the_race_moves_nothing(store: LocalStore) -> None:
    champion = resolve(store, HYBRID).alias
    rival = put_hybrid(store)

    def step(name: str) -> None:
        if name == "publishing":
            promote(store, HYBRID, rival, Decision("operator", "incident: pin this one", datetime.now(UTC)))

    before = {family: resolve(store, family).alias for family in (CATALOGUE, *MEMBERS)}
    with pytest.raises(AliasMovedError):
        train_hybrid(store, force=True, step=step)
    assert resolve(store, HYBRID).alias.target.version == rival
    assert resolve(store, HYBRID).alias.previous == champion.target
    assert {family: resolve(store, family).alias for family in (CATALOGUE, *MEMBERS)} == before


def put_hybrid(store: LocalStore) -> str:
    """Publish the live hybrid once more, which does not make it live."""
    manifest = read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version)
    folder = store.root.parent / "again"
    folder.mkdir()
    shutil.copy(store.root / HYBRID / "versions" / manifest.version / "ranker.json", folder)
    record = replace(manifest.record, training={"again": True})
    return publish(store, HYBRID, folder, record, created_at=datetime.now(UTC)).version
