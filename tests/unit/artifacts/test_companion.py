"""What repeats an alias follows it, and what is listed as live is what is served."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.companion import bring_along, read_run
from segue.artifacts.family import CATALOGUE, CLUSTERS, HYBRID, MEMBERS, variant_alias
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import (
    CHAMPION,
    Decision,
    alias_key,
    promote,
    publish,
    read_manifest,
    resolve,
    rollback,
)
from segue.cli.store.version_list import live_run, rows_of
from segue.serving.operations.models import describe_models
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_recommender import Trained

DECISION = Decision("tester", "a drill", datetime(2026, 11, 30, tzinfo=UTC))
NAIVE, PCA = variant_alias("naive_features"), variant_alias("pca_features")


@pytest.fixture
def store(trained: Trained, tmp_path: Path) -> LocalStore:
    """A store with a live hybrid, and a later one, published with a popularity of its own."""
    shutil.copytree(trained.folder, tmp_path / "artifacts")
    return LocalStore(tmp_path / "artifacts")


@pytest.fixture
def later(store: LocalStore, tmp_path: Path) -> str:
    live = read_manifest(store, HYBRID, resolve(store, HYBRID).alias.target.version)
    pins = dict(live.record.depends_on)
    for family, files in (("popularity", "again"), (HYBRID, "hybrid")):
        version = pins["popularity"] if family == "popularity" else live.version
        folder = tmp_path / files
        shutil.copytree(store.root / family / "versions" / version, folder)
        (folder / "manifest.json").unlink()
        old = read_manifest(store, family, version).record
        depends_on = {CATALOGUE: pins[CATALOGUE]} if family == "popularity" else pins
        record = replace(old, depends_on=depends_on, training={"again": True})
        published = publish(store, family, folder, record, created_at=datetime.now(UTC))
        pins[family] = published.version
    return pins[HYBRID]


def served(store: LocalStore) -> dict[str, str]:
    _, hybrid = read_run(store)
    return dict(hybrid.record.depends_on)


def named(store: LocalStore) -> dict[str, str]:
    return {family: resolve(store, family).alias.target.version for family in (CATALOGUE, *MEMBERS)}


def listed(store: LocalStore) -> tuple[dict[str, str], dict[str, str]]:
    """What GET /models and `segue models list` call live."""
    models = {
        name: each.version
        for name, each in describe_models(store).families.items()
        if name in (CATALOGUE, *MEMBERS) and each
    }
    rows = [row for family in (CATALOGUE, *MEMBERS) for row in rows_of(store, family, live_run(store))]
    return models, {row["family"]: row["version"] for row in rows if CHAMPION in row["aliases"].split(", ")}


def test_members_follow_the_hybrid_forth_and_back(store: LocalStore, later: str) -> None:
    before = served(store)
    promote(store, HYBRID, later, DECISION)
    assert bring_along(store, HYBRID, CHAMPION, DECISION) == [f"popularity {CHAMPION}"]
    assert named(store) == served(store) != before
    rollback(store, HYBRID, DECISION)
    bring_along(store, HYBRID, CHAMPION, DECISION)
    assert named(store) == served(store) == before


def test_what_is_listed_as_live_is_what_is_served_though_no_alias_followed(
    store: LocalStore, later: str
) -> None:
    promote(store, HYBRID, later, DECISION)
    assert listed(store) == (served(store), served(store))
    rollback(store, HYBRID, DECISION)
    assert listed(store) == (served(store), served(store))


def test_without_a_hybrid_the_members_own_aliases_are_listed(store: LocalStore, later: str) -> None:
    promote(store, "popularity", _pin(store, later), DECISION)
    (store.root / alias_key(HYBRID, CHAMPION)).write_bytes(b"{")
    models, rows = listed(store)
    assert models["popularity"] == rows["popularity"] == _pin(store, later)


def _pin(store: LocalStore, hybrid: str) -> str:
    return read_manifest(store, HYBRID, hybrid).record.depends_on["popularity"]


def test_a_damaged_copy_stops_no_promotion(store: LocalStore, later: str) -> None:
    (store.root / alias_key("popularity", CHAMPION)).write_bytes(b"{")
    promote(store, HYBRID, later, DECISION)
    assert bring_along(store, HYBRID, CHAMPION, DECISION) == []
    assert listed(store)[0] == served(store)


@pytest.fixture
def variants(store: LocalStore) -> dict[str, list[str]]:
    """Two versions of the live variant, and one of another."""
    naive = [publish_clustering(store, small_clustering(), live=True)]
    naive.append(publish_clustering(store, small_clustering(), metrics={"again": 1}))
    rollback(store, CLUSTERS, DECISION, alias=NAIVE)
    pca = publish_clustering(store, small_clustering("pca_features"))
    return {NAIVE: naive, PCA: [pca]}


def clusters(store: LocalStore, alias: str) -> str:
    return resolve(store, CLUSTERS, alias).alias.target.version


@pytest.mark.parametrize("alias", [CHAMPION, NAIVE])
def test_the_live_variant_and_its_own_alias_name_one_version(store: LocalStore, variants, alias: str) -> None:
    older, newer = variants[NAIVE]
    promote(store, CLUSTERS, newer, DECISION, alias=alias)
    bring_along(store, CLUSTERS, alias, DECISION)
    assert clusters(store, CHAMPION) == clusters(store, NAIVE) == newer
    rollback(store, CLUSTERS, DECISION, alias=alias)
    bring_along(store, CLUSTERS, alias, DECISION)
    assert clusters(store, CHAMPION) == clusters(store, NAIVE) == older


def test_a_variant_that_is_not_live_moves_alone(store: LocalStore, variants) -> None:
    live = clusters(store, CHAMPION)
    assert bring_along(store, CLUSTERS, PCA, DECISION) == []
    assert clusters(store, CHAMPION) == live != variants[PCA][0]
