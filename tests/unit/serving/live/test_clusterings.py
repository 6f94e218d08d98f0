"""The variants at hand: opened when asked for, few at once, and each followed by its own alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.artifacts.codec import clustering as codec
from segue.artifacts.family import CLUSTERS, variant_alias
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import CHAMPION
from segue.errors import AliasNotFoundError, CorruptArtifactError, InvalidInputError, VariantUnservableError
from segue.serving.live import clusterings
from segue.serving.live.clusterings import LiveClusterings
from segue.serving.settings.environment import ArtifactSettings
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.cluster.clustering import Clustering

FOUR = ("naive_features", "pca_features", "combined_features", "llav_features")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "artifacts")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The variants in the order in which they were read from disk."""
    seen: list[str] = []

    def load(folder: Path) -> Clustering:
        found = codec.load_clustering(folder)
        seen.append(found.variant)
        return found

    monkeypatch.setattr(clusterings, "load_clustering", load)
    return seen


def follow(store: LocalStore) -> LiveClusterings:
    return LiveClusterings(ArtifactSettings(str(store.root), store.root.with_name("cache"), 60.0))


def test_a_variant_is_read_when_it_is_first_asked_for(store: LocalStore, opened: list[str]) -> None:
    for variant in FOUR:
        publish_clustering(store, small_clustering(variant), live=variant == "pca_features")
    live = follow(store)
    assert opened == []
    assert live.get().value.variant == "pca_features"
    for variant in ("naive_features", "llav_features", "naive_features"):
        found, because = live.of(variant)
        assert (found.value.variant, because) == (variant, "")
    assert opened == ["pca_features", "naive_features", "llav_features"]


def test_of_many_variants_the_longest_unasked_is_closed_and_the_live_one_never(
    store: LocalStore, opened: list[str]
) -> None:
    for variant in FOUR:
        publish_clustering(store, small_clustering(variant), live=variant == "pca_features")
    live = follow(store)
    live.get()
    for variant in ("naive_features", "combined_features", "naive_features", "llav_features"):
        live.of(variant)
    opened.clear()
    for variant in ("naive_features", "llav_features", "combined_features"):
        live.of(variant)
    live.get()
    assert opened == ["combined_features"]


def test_a_version_that_holds_another_variant_than_it_says_is_corrupt(
    store: LocalStore, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_clustering(store, small_clustering("pca_features"), live=True)
    monkeypatch.setattr(clusterings, "load_clustering", lambda _: small_clustering("llav_pca"))
    with pytest.raises(VariantUnservableError, match=r"^pca_features cannot be served") as told:
        follow(store).get()
    assert "is llav_pca" in str(told.value.__cause__)


def test_names_that_nobody_prepared_are_refused_and_leave_nothing_behind(store: LocalStore) -> None:
    live = follow(store)
    with pytest.raises(AliasNotFoundError, match="clusters has no champion") as told:
        live.of("naive_features")
    assert f"in {store.root}: make one with `segue prepare`" in str(told.value)
    publish_clustering(store, small_clustering("llav_pca"))
    for unknown in ("pca_features", "../catalogue", "champion"):
        with pytest.raises(InvalidInputError, match=r"use one of llav_pca\."):
            live.of(unknown)


def test_a_variant_prepared_later_is_found(store: LocalStore) -> None:
    publish_clustering(store, small_clustering("llav_pca"))
    live = follow(store)
    with pytest.raises(InvalidInputError):
        live.of("pca_features")
    publish_clustering(store, small_clustering("pca_features"))
    assert live.of("pca_features")[0].value.variant == "pca_features"


def test_a_damaged_alias_counts_as_a_variant_that_is_there(store: LocalStore) -> None:
    publish_clustering(store, small_clustering("llav_pca"), live=True)
    publish_clustering(store, small_clustering("pca_features"))
    alias = store.root / CLUSTERS / "aliases" / f"{variant_alias('pca_features')}.json"
    alias.write_bytes(b"{}")
    found, because = follow(store).of("pca_features")
    assert (found.value.variant, because[:35]) == ("llav_pca", "pca_features cannot be served now; ")
    with pytest.raises(InvalidInputError, match=r"use one of pca_features, llav_pca\."):
        follow(store).of("naive_features")


def test_without_a_live_variant_the_error_is_that_of_the_one_asked_for(store: LocalStore) -> None:
    publish_clustering(store, small_clustering("pca_features"), live=True)
    alias = store.root / CLUSTERS / "aliases"
    (alias / f"{CHAMPION}.json").unlink()
    (alias / f"{variant_alias('pca_features')}.json").write_bytes(b"{}")
    with pytest.raises(VariantUnservableError, match=r"^pca_features and the live variant cannot") as told:
        follow(store).of("pca_features")
    assert isinstance(told.value.__cause__, CorruptArtifactError)
