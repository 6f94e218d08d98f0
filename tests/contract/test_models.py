"""GET /models: families, variants, what is live and what is damaged."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from segue.artifacts.family import CLUSTERS, CONTENT, FAMILIES, HYBRID, VARIANTS
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote
from segue.errors import VariantUnservableError
from segue.serving.live.clusterings import LiveClusterings
from segue.serving.live.recommender import LiveRecommender
from segue.serving.settings.environment import ArtifactSettings
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.small_recommender import Trained

LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "artifacts")


@pytest.fixture
def client(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("SEGUE_ARTIFACTS", str(store.root))
    sys.modules.pop("functions.models.handler", None)
    yield TestClient(import_module("functions.models.handler").api)
    sys.modules.pop("functions.models.handler", None)


def described(client: TestClient) -> dict[str, Any]:
    answer = client.get("/models")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_where_nothing_is_there_every_family_and_variant_is_named_and_null(client: TestClient) -> None:
    found = described(client)
    assert set(FAMILIES) < found["families"].keys()
    assert found["variants"] == dict.fromkeys(VARIANTS)
    assert not any(found["families"].values())


def test_variants_tell_which_is_live_and_how_good_they_are(client: TestClient, store: LocalStore) -> None:
    naive, pca = small_clustering(), small_clustering("pca_features")
    first = publish_clustering(store, naive, live=True, metrics={"dbcv": {"value": 0.4}, "clusters": 3})
    second = publish_clustering(store, pca)
    found = described(client)
    assert found["variants"]["naive_features"] == {
        "state": "live",
        "version": first,
        "since": "2026-11-21T12:00:00Z",
        "previous": None,
        "metrics": {"dbcv": {"value": 0.4}, "clusters": 3},
    }
    assert (found["variants"]["pca_features"]["state"], found["variants"]["llav_pca"]) == ("ready", None)
    promote(store, CLUSTERS, second, Decision("tester", "a trial", LATER))
    found = described(client)
    states = {name: variant and variant["state"] for name, variant in found["variants"].items()}
    assert {"naive_features": "ready", "pca_features": "live"}.items() <= states.items()
    live = found["families"][CLUSTERS]
    assert (live["version"], live["previous"], live["servable"]) == (second, first, True)


def test_a_variant_keeps_its_previous_version_in_sight(client: TestClient, store: LocalStore) -> None:
    first = publish_clustering(store, small_clustering(), live=True)
    second = publish_clustering(store, small_clustering(k=5), at=LATER)
    variant = described(client)["variants"]["naive_features"]
    assert (variant["state"], variant["version"], variant["previous"]) == ("live", second, first)


@pytest.mark.parametrize("name", ["aliases/naive-features.json", "versions/{}/manifest.json"])
def test_a_damaged_variant_is_told_beside_the_others(
    name: str, client: TestClient, store: LocalStore
) -> None:
    version = publish_clustering(store, small_clustering())
    publish_clustering(store, small_clustering("pca_features"), live=True)
    (store.root / CLUSTERS / name.format(version)).write_bytes(b"{}")
    variants = described(client)["variants"]
    assert (variants["naive_features"]["state"], variants["naive_features"]["metrics"]) == ("damaged", {})
    assert variants["pca_features"]["state"] == "live"


def test_what_could_not_be_loaded_is_no_longer_called_servable(
    client: TestClient, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish_clustering(store, small_clustering(), live=True)
    file = store.root / CLUSTERS / "versions" / version / "label.npy"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert described(client)["variants"]["naive_features"]["state"] == "live"  # nobody has read it yet
    settings = ArtifactSettings(str(store.root), tmp_path / "cache", 0.0)
    live = LiveClusterings(settings)
    with pytest.raises(VariantUnservableError):
        live.get()
    found = described(client)
    assert found["variants"]["naive_features"]["state"] == "damaged"
    assert (found["families"][CLUSTERS]["servable"], found["families"][CLUSTERS]["missing"]) == (
        False,
        [CLUSTERS],
    )
    monkeypatch.delitem(sys.modules, "functions.health.handler", raising=False)
    health = TestClient(import_module("functions.health.handler").api).get("/health").json()
    monkeypatch.delitem(sys.modules, "functions.health.handler")
    assert (health["status"], health["models"][CLUSTERS]["servable"]) == ("degraded", False)
    file.write_bytes(whole)
    live.get()
    assert described(client)["variants"]["naive_features"]["state"] == "live"


def test_a_member_that_could_not_be_loaded_is_told_and_the_rest_serves(
    client: TestClient, store: LocalStore, tmp_path: Path, trained: Trained
) -> None:
    trained.copy_to(store)
    for path in store.root.glob(f"{CONTENT}/versions/*/*.npy"):
        path.write_bytes(b"")
    assert described(client)["families"][HYBRID]["missing"] == []  # nobody has read it yet
    LiveRecommender(ArtifactSettings(str(store.root), tmp_path / "cache", 0.0)).get()
    families = described(client)["families"]
    assert (families[HYBRID]["servable"], families[HYBRID]["missing"]) == (True, [CONTENT])
    assert families[CONTENT]["servable"] is False


def test_a_live_version_that_is_gone_is_told(client: TestClient, store: LocalStore) -> None:
    version = publish_clustering(store, small_clustering(), live=True)
    (store.root / CLUSTERS / "versions" / version / "manifest.json").unlink()
    found = described(client)
    assert (found["families"][CLUSTERS]["servable"], found["families"][CLUSTERS]["missing"]) == (
        False,
        [CLUSTERS],
    )
    assert found["variants"]["naive_features"]["state"] == "damaged"


def test_health_is_503_to_a_readiness_probe_while_a_model_is_missing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_ARTIFACTS", str(store.root))
    sys.modules.pop("functions.health.handler", None)
    client = TestClient(import_module("functions.health.handler").api)
    sys.modules.pop("functions.health.handler", None)
    for path, status in (("/health", 200), ("/health?ready=true", 503), ("/health?ready=false", 200)):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["status"]) == (status, "degraded")
        assert ("retry-after" in answer.headers) is (status == 503)
    publish_clustering(store, small_clustering(), live=True)
    assert client.get("/health?ready=true").status_code == 200
