"""Similar tracks by variant over HTTP: what answers, what stands in, and how a promotion is followed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from segue.artifacts.family import CATALOGUE, CLUSTERS, HYBRID
from segue.artifacts.place.local import LocalStore
from segue.cli import app
from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.cluster.clustering import NOISE, Clustering
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, Target
from segue.errors import InvalidInputError
from segue.state.location import open_state
from tests.contract.conftest import cold_start, forget
from tests.small_clustering import clustering_of, publish_clustering
from tests.small_recommender import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

    from tests.small_recommender import Trained

NEW = "t119"
"""In the catalogue, and not among the clustered tracks."""
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)


@pytest.fixture(scope="module")
def naive() -> Clustering:
    return clustering_of(catalogue(), rows=slice(0, 119), min_cluster_size=8)


@pytest.fixture(scope="module")
def pca(naive: Clustering) -> Clustering:
    found = clustering_of(catalogue(), "pca_features", rows=slice(0, 119), min_cluster_size=8)
    assert found.neighbour[1, :5].tolist() != naive.neighbour[1, :5].tolist()
    return found


@pytest.fixture
def store(tmp_path: Path, trained: Trained) -> LocalStore:
    store = LocalStore(tmp_path / "artifacts")
    trained.copy_to(store)
    return store


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory, naive: Clustering, pca: Clustering
) -> tuple[Path, dict[str, str]]:
    """A folder with two variants, of which naive_features is live, and their versions: copy it."""
    folder = tmp_path_factory.mktemp("clusters")
    store = LocalStore(folder)
    return folder, {
        "naive_features": publish_clustering(store, naive, live=True),
        "pca_features": publish_clustering(store, pca),
    }


@pytest.fixture
def versions(store: LocalStore, published: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """Two variants, of which naive_features is live."""
    folder, versions = published
    shutil.copytree(folder, store.root, dirs_exist_ok=True)
    return versions


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., TestClient]]:
    def start_similar(tier: str = "starter") -> TestClient:
        settings = {"SEGUE_DEFAULT_TIER": tier, "SEGUE_REFRESH_TTL_S": "0"}
        return cold_start(tmp_path, monkeypatch, "recommend_similar", **settings)

    yield start_similar
    forget()


def ask(client: TestClient, expect: int = 200, **body: Any) -> dict[str, Any]:
    answer = client.post("/recommend/similar", json={"track_id": "t001", "limit": 5} | body)
    assert answer.status_code == expect, answer.text
    assert expect != 503 or answer.headers["retry-after"]
    found: dict[str, Any] = answer.json()
    return found


def tracks(answer: dict[str, Any]) -> list[str]:
    return [item["track_id"] for item in answer["items"]]


def neighbours(clustering: Clustering, row: int, n: int = 5) -> list[str]:
    return [f"t{item:03}" for item in clustering.neighbour[row, :n].tolist()]


# --- what answers --------------------------------------------------------------------------------------


def test_a_variant_names_the_blocked_tracks_that_were_asked_about(
    start: Callable[..., TestClient], versions: dict[str, str], tmp_path: Path
) -> None:
    blocked = Exclusion("ann", ExclusionKind.BLOCK, Target.GENRE, "rock", LATER, "1")
    open_state(str(tmp_path / "state.sqlite")).record([blocked])
    client = start()
    for wish in ({"variant": name} for name in versions):
        found = ask(client, user_id="ann", track_id=["t001", "t031"], **wish)
        assert found["excluded"]["asked_for"] == ["t001"]
        assert "rock" not in {genre for item in found["items"] for genre in item["genres"]}
        assert "excluded" not in ask(client, user_id="bob", **wish)


@pytest.mark.parametrize(
    "wish", [{"variant": "pca_features"}, {"variant": "pca_features", "model": "clusters"}]
)
def test_the_variant_asked_for_answers_and_is_named(
    wish: dict[str, str],
    start: Callable[..., TestClient],
    versions: dict[str, str],
    pca: Clustering,
) -> None:
    answer = ask(start(), **wish)
    assert tracks(answer) == neighbours(pca, 1)
    assert (answer["model"], answer["variant"]) == ("clusters", "pca_features")
    assert answer["model_version"] == versions["pca_features"]
    assert "because" not in answer


def test_without_a_variant_the_live_one_answers(
    start: Callable[..., TestClient], versions: dict[str, str], naive: Clustering
) -> None:
    answer = ask(start(), model="clusters")
    assert tracks(answer) == neighbours(naive, 1)
    assert (answer["variant"], answer["model_version"]) == ("naive_features", versions["naive_features"])


def test_without_model_and_variant_the_recommender_answers_as_before(
    start: Callable[..., TestClient], versions: dict[str, str]
) -> None:
    answer = ask(start())
    assert answer["model"] == "hybrid"
    assert not {"variant", "asked", "because"} & answer.keys()
    assert not {"distance", "same_cluster", "features"} & answer["items"][0].keys()


def test_a_neighbour_tells_how_near_it_is_and_why(
    start: Callable[..., TestClient], versions: dict[str, str], naive: Clustering
) -> None:
    row = int(naive.exemplar[0])
    answer = ask(start(), track_id=f"t{row:03}", variant="naive_features", limit=20, max_reasons=3)
    (asked,) = answer["asked"]
    assert asked["title"] == naive.title[asked["cluster"]] == naive.title[naive.label[row]]
    assert (asked["strength"], asked["placed"]) == (pytest.approx(float(naive.strength[row])), False)
    distances = [item["distance"] for item in answer["items"]]
    assert distances == sorted(distances)
    for item in answer["items"]:
        other = int(item["track_id"][1:])
        away = np.linalg.norm(naive.embeddings[other].astype(float) - naive.embeddings[row])
        assert item["distance"] == pytest.approx(float(away), rel=1e-6)
        assert item["same_cluster"] is bool(naive.label[other] == naive.label[row])
        assert item["near_to"] == asked["track_id"]
        assert 1 <= len(item["features"]) <= 3
        for feature in item["features"]:
            column = AUDIO_FEATURES.index(feature["name"])
            values = [feature["value"], feature["asked_value"]]
            assert np.float32(values).tolist() == catalogue().audio[[other, row], column].tolist()
        assert item["genres"]  # described by the catalogue, which knows more than the clusters do
    assert "features" not in ask(start(), variant="naive_features", explain=False)["items"][0]


def test_a_track_of_no_cluster_says_so(
    start: Callable[..., TestClient], store: LocalStore, naive: Clustering
) -> None:
    noise = replace(naive, label=np.full(len(naive), NOISE, np.int32), strength=naive.strength * 0)
    publish_clustering(store, noise, live=True)
    answer = ask(start(), variant="naive_features")
    (asked,) = answer["asked"]
    assert (asked.get("cluster"), asked.get("title"), asked["strength"]) == (None, None, 0)
    assert not any(item["same_cluster"] for item in answer["items"])


def test_several_tracks_share_one_answer(start: Callable[..., TestClient], versions: dict[str, str]) -> None:
    answer = ask(start(), track_id=["t001", "t095"], variant="naive_features", limit=20)
    assert [asked["track_id"] for asked in answer["asked"]] == ["t001", "t095"]
    assert {item["near_to"] for item in answer["items"]} == {"t001", "t095"}
    assert len(set(tracks(answer)) - {"t001", "t095"}) == 20


def test_more_than_the_graph_holds_is_searched_for(
    start: Callable[..., TestClient], versions: dict[str, str], naive: Clustering
) -> None:
    answer = ask(start(), variant="naive_features", limit=100)
    assert tracks(answer)[:5] == neighbours(naive, 1)
    assert len(set(tracks(answer))) == 100


# --- tracks that came later ----------------------------------------------------------------------------


def test_a_track_that_came_later_is_placed_by_its_features(
    start: Callable[..., TestClient], versions: dict[str, str], naive: Clustering
) -> None:
    everything = clustering_of(catalogue(), min_cluster_size=8)
    answer = ask(start(), track_id=NEW, variant="naive_features")
    assert answer["asked"][0]["placed"]
    away = np.linalg.norm(everything.embeddings[:119] - everything.embeddings[119], axis=1)
    assert tracks(answer) == [f"t{row:03}" for row in np.argsort(away, kind="stable")[:5]]


def test_a_track_whose_features_are_not_all_known_is_refused_and_they_are_named(
    start: Callable[..., TestClient], store: LocalStore, naive: Clustering
) -> None:
    columns = ("energy", "acousticness", "spectral_flux", "valence", "tempo", "mode")
    other = replace(naive, space=replace(naive.space, columns=columns), variant="combined_features")
    publish_clustering(store, other, live=True)
    answer = ask(start(), 422, track_id=NEW, variant="combined_features")
    assert (answer["code"], "lacks its spectral_flux:" in answer["detail"]) == ("invalid_input", True)


def test_a_track_that_another_variant_has_is_refused_with_its_name(
    start: Callable[..., TestClient], store: LocalStore, naive: Clustering
) -> None:
    publish_clustering(store, naive, live=True)
    few = clustering_of(catalogue(), "llav_pca", rows=slice(0, 60), min_cluster_size=8)
    columns = tuple(f"mfcc_{number}" for number in range(len(few.space.columns)))
    publish_clustering(store, replace(few, space=replace(few.space, columns=columns)))
    client = start()
    placed = ask(client, 422, track_id="t100", variant="llav_pca")["detail"]
    assert "'t100' is new to llav_pca and cannot be placed" in placed
    assert placed.endswith("request the variant naive_features, which has it.")
    for family in (HYBRID, CATALOGUE):
        shutil.rmtree(store.root / family)
    client = start()
    assert ask(client, 422, track_id="t100", variant="llav_pca")["detail"] == (
        "track_id: 't100' is not in the variant llav_pca: request the variant naive_features, which has it."
    )
    assert ask(client, 404, track_id="t200", variant="llav_pca")["code"] == "track_not_found"


def test_a_track_that_nobody_knows_is_not_found(
    start: Callable[..., TestClient], versions: dict[str, str]
) -> None:
    assert ask(start(), 404, track_id="nowhere", variant="naive_features")["code"] == "track_not_found"


# --- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "problem"),
    [
        ("genre_features", "does not exist"),
        ("naive-features", "does not exist"),
        ("llav_pca", "is not built"),
    ],
)
def test_an_unknown_variant_is_refused_with_those_there_are(
    variant: str, problem: str, start: Callable[..., TestClient], versions: dict[str, str]
) -> None:
    answer = ask(start(), 422, variant=variant)
    assert answer["code"] == "invalid_input"
    assert f"{variant!r} {problem}; use one of naive_features, pca_features." in answer["detail"]


def test_only_clusters_have_variants(start: Callable[..., TestClient], versions: dict[str, str]) -> None:
    detail = ask(start(), 422, variant="naive_features", model="content")["detail"]
    assert detail == "variant: the model content has no variants; send only one of both."


@pytest.mark.parametrize("wish", [{"variant": "naive_features"}, {"model": "clusters"}])
def test_a_free_key_is_told_the_tier(
    wish: dict[str, str], start: Callable[..., TestClient], versions: dict[str, str]
) -> None:
    answer = ask(start("free"), 403, **wish)
    assert (answer["code"], answer["detail"]) == (
        "tier",
        "clusters needs the tier starter, yours is free: ask for less, or use a key of the tier starter.",
    )


@pytest.mark.parametrize("wish", [{"variant": "naive_features"}, {"model": "clusters"}])
def test_before_any_is_prepared_the_answer_says_how(
    wish: dict[str, str], start: Callable[..., TestClient], store: LocalStore
) -> None:
    answer = ask(start(), 503, **wish)
    assert answer["code"] == "alias_not_found"
    assert answer["detail"] == "Clusters not found. Train and promote one: segue prepare"


# --- what stands in ------------------------------------------------------------------------------------


def damage(store: LocalStore, version: str, name: str = "embeddings.npy") -> None:
    path = store.root / CLUSTERS / "versions" / version / name
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def lose(store: LocalStore, *families: str) -> None:
    for family in families:
        shutil.rmtree(store.root / family)


@pytest.mark.parametrize("name", ["embeddings.npy", "label.npy", "model.json", "manifest.json"])
def test_for_a_damaged_variant_the_live_one_stands_in_and_the_answer_says_so(
    name: str,
    start: Callable[..., TestClient],
    store: LocalStore,
    versions: dict[str, str],
    naive: Clustering,
) -> None:
    damage(store, versions["pca_features"], name)
    answer = ask(start(), variant="pca_features")
    assert tracks(answer) == neighbours(naive, 1)
    assert (answer["variant"], answer["model_version"]) == ("naive_features", versions["naive_features"])
    assert answer["because"] == "pca_features cannot be served now; the live naive_features is used instead"


def test_what_is_damaged_is_never_served(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str]
) -> None:
    for version in versions.values():
        damage(store, version)
    client = start()
    for wish in ({"variant": "pca_features"}, {"variant": "naive_features"}, {"model": "clusters"}):
        answer = ask(client, 503, **wish)
        assert answer["code"] == "variant_unservable"
        named = {wish.get("variant", "naive_features"), "naive_features"}
        assert answer["detail"].startswith(" and ".join(sorted(named, reverse=True)) + " cannot be served")
        for remedy in ("rollback clusters", "promote clusters", "prepare"):
            assert f"segue {'' if remedy == 'prepare' else 'models '}{remedy}" in answer["detail"]
        assert "embeddings" not in answer["detail"]
        assert str(store.root) not in answer["detail"]


def test_a_variant_that_is_damaged_later_goes_on_being_served_from_memory(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str], pca: Clustering
) -> None:
    client = start()
    ask(client, variant="pca_features")
    lose(store, CLUSTERS)
    answer = ask(client, variant="pca_features")
    assert (tracks(answer), answer["variant"]) == (neighbours(pca, 1), "pca_features")


def test_without_a_recommender_the_live_variant_answers_who_asks_for_no_model(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str], naive: Clustering
) -> None:
    lose(store, HYBRID, CATALOGUE)
    answer = ask(start())
    assert (answer["model"], tracks(answer)) == ("clusters", neighbours(naive, 1))
    assert answer["because"] == "no recommender can be served now; the clusters are used instead"
    assert answer["items"][0]["name"] == naive.name[int(tracks(answer)[0][1:])]
    assert [item["genres"] for item in answer["items"]] == [
        list(catalogue().genres.of(int(track[1:]))) for track in tracks(answer)
    ]
    assert ask(start(), 503, model="hybrid")["code"] == "alias_not_found"
    assert ask(start("free"), 503)["code"] == "alias_not_found"


def test_while_the_catalogue_is_damaged_nobody_says_that_a_track_is_not_there(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str]
) -> None:
    for path in store.root.glob(f"{CATALOGUE}/versions/*/model.json"):
        path.write_bytes(b"{}")
    client = start()
    assert ask(client, variant="pca_features")["variant"] == "pca_features"
    for wish in ({}, {"variant": "pca_features"}):
        assert ask(client, 503, track_id=NEW, **wish)["code"] == "corrupt_artifact"


def test_without_a_catalogue_the_clusters_say_which_tracks_there_are(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str]
) -> None:
    lose(store, HYBRID, CATALOGUE)
    assert ask(start(), 404, track_id=NEW, variant="naive_features")["code"] == "track_not_found"
    assert ask(start(), 503, track_id=NEW)["code"] == "alias_not_found"


def test_without_anything_the_answer_is_503(start: Callable[..., TestClient], store: LocalStore) -> None:
    lose(store, HYBRID, CATALOGUE)
    assert ask(start(), 503)["code"] == "alias_not_found"


# --- promotion -----------------------------------------------------------------------------------------


def test_a_promotion_switches_the_live_variant_without_a_restart(
    start: Callable[..., TestClient],
    store: LocalStore,
    versions: dict[str, str],
    naive: Clustering,
    pca: Clustering,
) -> None:
    client = start()
    assert tracks(ask(client, model="clusters")) == neighbours(naive, 1)
    switch = "models promote clusters pca_features --reason finer --artifacts"
    done = CliRunner().invoke(app, [*switch.split(), str(store.root)])
    assert done.exception is None, done.output
    answer = ask(client, model="clusters")
    assert (tracks(answer), answer["variant"]) == (neighbours(pca, 1), "pca_features")
    assert ask(client, variant="naive_features")["variant"] == "naive_features"


def test_a_new_version_of_a_variant_is_followed(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str], pca: Clustering
) -> None:
    client = start()
    ask(client, variant="pca_features")
    turned = replace(pca, label=np.full(len(pca), NOISE, np.int32))
    newer = publish_clustering(store, turned, at=LATER)
    answer = ask(client, variant="pca_features")
    assert (answer["model_version"], answer["asked"][0].get("cluster")) == (newer, None)


def test_a_program_is_answered_as_over_http(
    start: Callable[..., TestClient], store: LocalStore, versions: dict[str, str], tmp_path: Path
) -> None:
    from segue.embedded import open_recommender

    segue = open_recommender(str(store.root), cache=tmp_path / "cache")
    found = segue.similar(["t001", "t095"], variant="pca_features", limit=5)
    over_http = ask(start(), track_id=["t001", "t095"], variant="pca_features")
    assert found.model_dump(exclude_none=True, mode="json") == over_http | {"request_id": found.request_id}
    with pytest.raises(InvalidInputError, match="use one of naive_features, pca_features"):
        segue.similar("t001", variant="colour_features")
