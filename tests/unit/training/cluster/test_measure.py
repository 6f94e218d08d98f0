"""The space, the figures, the titles and the map of a clustering."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.cluster.clustering import embed
from segue.domain.vector.column import build_labels
from segue.errors import InvalidInputError, NotEnoughDataError
from training.cluster.build.choice import choose
from training.cluster.build.naming import find_exemplars, title_clusters
from training.cluster.build.neighbours import find_neighbours
from training.cluster.build.position import place_on_map
from training.cluster.build.quality import genre_metrics, shape_metrics, stability
from training.cluster.build.space import fit_space
from training.cluster.settings import ClusterSettings
from training.cluster.variant import VARIANTS, ClusterVariant, Scaling, choose_variants

GROUPS = np.repeat(np.arange(5), 60)


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """Five groups far apart, one after the other, and a few tracks anywhere."""
    rng = np.random.default_rng(3)
    grouped = rng.normal(np.eye(5)[GROUPS] * 6, 0.2)
    return np.vstack([grouped, rng.uniform(-3, 9, (30, 5))]).astype(np.float32)


@pytest.fixture(scope="module")
def chosen(points):
    graph = find_neighbours(points, 50)
    return graph, choose(points, graph, ClusterSettings())


@pytest.mark.parametrize("size", [2, 300, None])
def test_tracks_that_are_all_alike_are_said_to_be(size: int | None) -> None:
    vectors = np.full((300, 4), 0.3, np.float32)
    with pytest.raises(NotEnoughDataError, match="all 300 tracks are alike"):
        choose(vectors, find_neighbours(vectors, 50), ClusterSettings(min_cluster_size=size))


@pytest.mark.parametrize(("size", "remedy"), [(300, "give a smaller --min-cluster-size"), (2, "more tracks")])
def test_advice_is_given_that_can_help(size: int, remedy: str) -> None:
    """Points ever farther apart on a line: no two of them are a group beside the others."""
    vectors = (1.5 ** np.arange(40, dtype=np.float32))[:, None] * np.ones(2, np.float32)
    with pytest.raises(NotEnoughDataError, match=remedy):
        choose(vectors, find_neighbours(vectors, 30), ClusterSettings(size, 5))


def test_a_space_fills_scales_and_projects() -> None:
    value = np.array([[1, 10, 5], [3, np.nan, 5], [2, 30, 5], [2, 20, 5]], np.float32)
    space = fit_space(VARIANTS["naive_features"], ("a", "b", "c"), value)
    vectors = embed(space, value)
    np.testing.assert_allclose(vectors[:, 0], [0, 1, 0.5, 0.5])
    assert vectors[1, 1] == pytest.approx(0.5)  # the median of 10, 30 and 20
    np.testing.assert_allclose(vectors[:, 2], 0)  # one value says nothing, and divides nothing by 0


def test_components_are_orthonormal_and_keep_the_most() -> None:
    rng = np.random.default_rng(0)
    value = (rng.normal(size=(200, 3)) @ rng.normal(size=(3, 8))).astype(np.float32)
    space = fit_space(ClusterVariant("v", (), Scaling.DEVIATION, 3), tuple("abcdefgh"), value)
    components = space.components
    np.testing.assert_allclose(components @ components.T, np.eye(3), atol=1e-9)
    whole = fit_space(ClusterVariant("v", (), Scaling.DEVIATION), tuple("abcdefgh"), value)
    kept = np.square(embed(space, value)).sum() / np.square(embed(whole, value)).sum()
    assert kept == pytest.approx(1, abs=1e-4)  # three are all there are


def test_more_components_than_features_are_no_error() -> None:
    value = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    assert fit_space(VARIANTS["llav_pca"], tuple("abcd"), value).d == 4


def test_figures_of_clear_groups(points, chosen) -> None:
    graph, choice = chosen
    found = shape_metrics(points, choice, 17)
    assert found["clusters"] == 5
    assert 0 < found["noise_share"] < 0.15
    assert found["silhouette"]["value"] > 0.7
    assert found["dbcv"]["value"] > 0.5
    assert found["silhouette"]["n"] == (choice.cut.label >= 0).sum()
    steps: list[float] = []
    stable = stability(points, graph, choice, 17, steps.append)
    assert stable["stability_ari_clustered"]["value"] > 0.98
    assert stable["stability_ari"]["value"] > 0.8
    assert len(stable["stability_ari"]["each"]) == len(steps) == 5
    assert stable == stability(points, graph, choice, 17, steps.append)  # the same for the same seed


def test_dbcv_does_not_overflow_in_hundreds_of_dimensions() -> None:
    rng = np.random.default_rng(5)
    wide = rng.normal(np.repeat(np.eye(4, 200) * 1e3, 40, axis=0), 1e-3).astype(np.float32)
    choice = choose(wide, find_neighbours(wide, 39), ClusterSettings())
    value = shape_metrics(wide, choice, 17)["dbcv"]["value"]
    assert value is None or -1 <= value <= 1


def test_genres_are_compared_with_chance(points, chosen) -> None:
    graph, choice = chosen
    names = [f"genre {group}" for group in GROUPS.tolist()]
    genres = build_labels([*([name] for name in names), *([()] * 30)])
    found = genre_metrics(choice.cut.label, graph, genres, 17)
    assert found["genre_purity"]["value"] == pytest.approx(1, abs=0.02)
    assert found["genre_purity"]["chance"] < 0.4
    assert found["neighbour_genre"]["value"] > 0.9
    assert found["neighbour_genre"]["chance"] == pytest.approx(0.2, abs=0.05)
    assert genre_metrics(choice.cut.label, graph, build_labels([()] * len(points)), 17) == {}


def test_clusters_are_titled_by_genre_and_feature_and_have_an_exemplar(points, chosen) -> None:
    label = chosen[1].cut.label
    space = fit_space(VARIANTS["naive_features"], ("energy", "key", "mode", "mfcc_1", "mfcc_2"), points)
    genres = build_labels([("techno",) if group == 0 else ("rock",) for group in label.tolist()])
    titles = title_clusters(label, genres, space, points)
    assert titles[0].startswith("techno, ")
    assert len(set(titles)) == len(titles) == 5
    assert not any("key" in title for title in titles)
    of_energy = titles[label[GROUPS.searchsorted(0)]]
    assert "energetic" in of_energy
    plain = title_clusters(label, build_labels([()] * len(points)), space, points)
    assert plain[label[0]] == "energetic"
    exemplar = find_exemplars(label, chosen[1].cut.strength, points)
    np.testing.assert_array_equal(label[exemplar], np.arange(5))
    assert (chosen[1].cut.strength[exemplar] == 1).all()


def test_clusters_are_apart_on_the_map(points, chosen, monkeypatch) -> None:
    monkeypatch.setattr("training.cluster.build.position.LANDMARKS", 200)
    label = chosen[1].cut.label
    position = place_on_map(points, label, 17)
    assert position.shape == (len(points), 2)
    assert position.dtype == np.float32
    assert position.min() >= 0
    assert position.max() <= 1
    middle = np.array([position[label == cluster].mean(axis=0) for cluster in range(5)])
    nearest = np.linalg.norm(position[:, None] - middle, axis=2).argmin(axis=1)
    assert (nearest[label >= 0] == label[label >= 0]).mean() > 0.95
    np.testing.assert_array_equal(position, place_on_map(points, label, 17))


def test_variants_are_chosen_by_name() -> None:
    assert [each.name for each in choose_variants(["llav_pca", "naive_features"])] == [
        "naive_features",
        "llav_pca",
    ]
    assert choose_variants([]) == tuple(VARIANTS.values())
    with pytest.raises(InvalidInputError, match="choose of naive_features, pca_features"):
        choose_variants(["best"])
