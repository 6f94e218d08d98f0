"""Neighbours, spanning tree, clusters: exact where that is promised, and those of the hdbscan package."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import hdbscan
import numpy as np
import pytest
from hdbscan._hdbscan_linkage import mst_linkage_core
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score

from segue.domain.cluster.placement import place
from segue.errors import InvalidInputError, NotEnoughDataError
from tests.small_clustering import clustering_around, small_clustering
from training.cluster.build import neighbours, spanning_tree
from training.cluster.build.choice import choose, relative_validity, sizes
from training.cluster.build.hierarchy import cut, link_edges, tree_of
from training.cluster.build.neighbours import Graph, find_neighbours
from training.cluster.build.spanning_tree import core_distances, span
from training.cluster.settings import ClusterSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray


def blobs(seed: int = 0, d: int = 4) -> NDArray[np.float32]:
    """Three groups with tracks between them, and 20 copies of one track."""
    rng = np.random.default_rng(seed)
    groups = [rng.normal(centre, 0.3, (80, d)) for centre in (0, 3, 6)]
    points = np.vstack([*groups, rng.uniform(-2, 8, (60, d)), np.full((20, d), 1.5)])
    return rng.permutation(points).astype(np.float32)


def reachability(points: NDArray[np.float32], core: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = cdist(points.astype(np.float64), points.astype(np.float64))
    return np.maximum(np.maximum(apart, core[:, None]), core)


@pytest.mark.parametrize("d", [3, neighbours.MOST_TREE_DIMENSIONS + 1])
def test_neighbours_are_exact_and_leave_the_track_itself_out(d: int) -> None:
    points = blobs(d=d)
    graph = find_neighbours(points, 12)
    apart = cdist(points.astype(np.float64), points.astype(np.float64))
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_allclose(graph.distance, np.sort(apart, axis=1)[:, :12], atol=1e-9)
    rows = np.arange(len(points))[:, None]
    np.testing.assert_allclose(graph.distance, apart[rows, graph.neighbour], atol=1e-9)
    assert (graph.neighbour != rows).all()


def test_more_copies_than_neighbours_leave_no_track_its_own_neighbour() -> None:
    graph = find_neighbours(np.zeros((30, 2), np.float32), 5)
    assert graph.neighbour.shape == (30, 5)
    assert (graph.neighbour != np.arange(30)[:, None]).all()


@pytest.mark.parametrize("min_samples", [1, 5, 15])
def test_the_spanning_tree_is_as_short_as_can_be(min_samples: int) -> None:
    points = blobs()
    graph = find_neighbours(points, 40)
    edges = span(points, graph, min_samples)
    shortest = mst_linkage_core(reachability(points, core_distances(graph, min_samples)))[:, 2]
    assert len(edges) == len(points) - 1
    assert (np.diff(edges[:, 2]) >= 0).all()
    np.testing.assert_allclose(edges[:, 2].sum(), shortest.sum(), rtol=1e-3)


def test_parts_that_share_no_neighbour_are_joined_by_their_shortest_edge() -> None:
    rng = np.random.default_rng(1)
    points = np.vstack([rng.normal(c, 0.1, (40, 2)) for c in (0, 5, 11)]).astype(np.float32)
    graph = find_neighbours(points, 5)
    edges = span(points, graph, 5)
    shortest = mst_linkage_core(reachability(points, core_distances(graph, 5)))[:, 2]
    np.testing.assert_allclose(np.sort(edges[:, 2])[-2:], np.sort(shortest)[-2:])


@pytest.mark.parametrize(
    ("size", "min_samples", "method"), [(15, 5, "eom"), (10, 1, "leaf"), (20, 10, "leaf")]
)
def test_clusters_are_those_of_hdbscan(size: int, min_samples: int, method: str) -> None:
    points = blobs()
    reference = hdbscan.HDBSCAN(
        min_cluster_size=size,
        min_samples=min_samples,
        cluster_selection_method=method,
        approx_min_span_tree=False,
        core_dist_n_jobs=1,
    ).fit(points.astype(np.float64))
    edges = span(points, find_neighbours(points, 50), min_samples)
    found = cut(link_edges(edges), size, method)  # type: ignore[arg-type]
    assert found.n_clusters == reference.labels_.max() + 1 >= 3
    assert adjusted_rand_score(reference.labels_, found.label) > 0.97


def test_tracks_that_were_not_there_are_placed_as_hdbscan_would() -> None:
    points = blobs()
    fitted = hdbscan.HDBSCAN(
        min_cluster_size=15,
        min_samples=5,
        approx_min_span_tree=False,
        prediction_data=True,
        core_dist_n_jobs=1,
    ).fit(points.astype(np.float64))
    graph = find_neighbours(points, 30)
    found = cut(link_edges(span(points, graph, 5)), 15, "eom")
    np.testing.assert_array_equal(found.label, fitted.labels_)
    core = np.hstack([np.zeros((len(points), 1)), graph.distance])[:, 4]
    ours = tree_of(found, core, 5)
    new = np.random.default_rng(2).uniform(-1, 7, (200, 4)).astype(np.float32)
    whole = clustering_around(fitted, points)
    from dataclasses import replace

    label, strength = place(replace(whole, tree=ours), new)
    expected, likely = hdbscan.approximate_predict(fitted, new.astype(np.float64))
    np.testing.assert_array_equal(label, expected)
    np.testing.assert_allclose(strength, likely, atol=1e-6)
    assert len(np.unique(label)) > 2


def test_the_order_of_rows_changes_no_cluster() -> None:
    points = blobs(seed=8)
    order = np.random.default_rng(6).permutation(len(points))
    found = []
    for rows in (np.arange(len(points)), order):
        edges = span(points[rows], find_neighbours(points[rows], 50), 4)
        assert (np.diff(edges[:, 2]) == 0).mean() > 0.1
        label = np.empty(len(points), np.int32)
        label[rows] = cut(link_edges(edges), 5, "eom").label
        found.append(label)
    assert found[0].max() >= 2
    assert adjusted_rand_score(*found) == pytest.approx(1)


def test_small_groups_join_a_large_one_before_each_other() -> None:
    """Track 0 is one apart from three groups: of ten, of three, of four. Only the ten are a cluster."""
    chain = [(one, one + 1, 0.5) for group in ((1, 11), (11, 14), (14, 18)) for one in range(*group)[:-1]]
    joints = [(0, 11, 1.0), (0, 14, 1.0), (0, 1, 1.0)]
    for equal in (joints, joints[::-1]):
        condensed = cut(link_edges(np.array(chain + equal, np.float64)), 5, "eom").condensed
        assert (condensed["child_size"] == 1).all()  # nothing splits off


def test_relative_validity_is_what_hdbscan_says_of_the_same_tree() -> None:
    points = blobs()
    fitted = hdbscan.HDBSCAN(
        min_cluster_size=15, approx_min_span_tree=False, gen_min_span_tree=True, core_dist_n_jobs=1
    ).fit(points.astype(np.float64))
    edges = fitted._min_spanning_tree
    found = relative_validity(edges, fitted.labels_.astype(np.int32))
    assert found == pytest.approx(fitted.relative_validity_)
    assert relative_validity(edges, np.full(len(points), -1, np.int32)) == 0


def test_the_search_prefers_several_clusters_to_nearly_all_in_one() -> None:
    rng = np.random.default_rng(4)
    big = rng.normal(0, 1, (500, 2))
    small = [rng.normal(centre, 0.05, (40, 2)) for centre in ((20, 0), (0, 20))]
    points = np.vstack([big, *small]).astype(np.float32)
    found = choose(points, find_neighbours(points, 50), ClusterSettings())
    admissible = [each for each in found.tried if each.is_admissible]
    assert admissible
    assert found.best in admissible
    assert found.best.relative_validity == max(each.relative_validity for each in admissible)
    better = [each for each in found.tried if each.relative_validity > found.best.relative_validity]
    assert better  # one cluster of nearly everything would have won otherwise


def test_what_is_given_is_not_searched_for() -> None:
    points = blobs()
    found = choose(points, find_neighbours(points, 50), ClusterSettings(12, 3, "leaf"))
    assert [(each.min_cluster_size, each.min_samples, each.method) for each in found.tried] == [
        (12, 3, "leaf")
    ]


def test_no_cluster_at_all_says_what_to_give() -> None:
    points = blobs()
    with pytest.raises(NotEnoughDataError, match="smaller --min-cluster-size"):
        choose(points, find_neighbours(points, 50), ClusterSettings(min_cluster_size=200))


def test_sizes_grow_with_the_root_of_the_number_of_tracks() -> None:
    assert sizes(90_000) == (38, 75, 150, 300)
    assert sizes(100) == (5, 10)


@pytest.mark.parametrize("wrong", [{"min_cluster_size": 1}, {"min_samples": 0}, {"method": "best"}])
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=r"give"):
        ClusterSettings(**wrong)  # type: ignore[arg-type]


def test_the_graph_of_a_clustering_is_the_same() -> None:
    small = small_clustering()
    graph = find_neighbours(small.embeddings, small.neighbour.shape[1])
    assert isinstance(graph, Graph)
    np.testing.assert_allclose(graph.distance, small.distance, atol=1e-6)


def many_dimensions(d: int) -> NDArray[np.float32]:
    """Twelve groups of about 150 tracks, half of each far out, where edges lead beyond the 50 nearest."""
    rng = np.random.default_rng(1)
    centre, spread = rng.normal(size=(12, d)) * 2, rng.choice([0.5, 3], 1800)
    points = centre[rng.integers(0, 12, 1800)] + rng.normal(size=(1800, d)) * spread[:, None]
    return points.astype(np.float32)


@pytest.mark.parametrize("d", [40, 80])
def test_clusters_in_many_dimensions_are_those_of_hdbscan(d: int) -> None:
    points = many_dimensions(d)
    graph = find_neighbours(points, 50)
    found = choose(points, graph, ClusterSettings(36, 5, "eom"))
    theirs = hdbscan.HDBSCAN(
        36,
        5,
        approx_min_span_tree=False,
        gen_min_span_tree=True,
        prediction_data=True,
        core_dist_n_jobs=1,
    )
    theirs.fit(points.astype(np.float64))
    assert found.cut.n_clusters >= 10
    assert adjusted_rand_score(found.cut.label, theirs.labels_) == 1.0
    np.testing.assert_allclose(found.cut.strength, theirs.probabilities_, atol=1e-6)
    assert found.best.relative_validity == pytest.approx(theirs.relative_validity_, abs=1e-9)
    rng = np.random.default_rng(2)
    new = (points[:200] + rng.normal(0, 0.3, (200, d))).astype(np.float32)
    core = core_distances(graph, 4)  # the track itself is the fifth
    ours = replace(
        clustering_around(theirs, points),
        label=found.cut.label,
        strength=found.cut.strength,
        tree=tree_of(found.cut, core, 5),
    )
    label, strength = place(ours, new)
    number = np.full(found.cut.n_clusters + 1, -1)
    number[found.cut.label] = theirs.labels_
    expected, likely = hdbscan.approximate_predict(theirs, new.astype(np.float64))
    np.testing.assert_array_equal(number[label], expected)
    np.testing.assert_allclose(strength, likely, atol=1e-6)


def test_too_many_wide_tracks_for_all_pairs_use_every_neighbour_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = many_dimensions(40)
    few, many = (find_neighbours(points, k) for k in (50, spanning_tree.WIDE_NEIGHBOURS))
    exact = span(points, few, 5)[:, 2].sum()
    monkeypatch.setattr(spanning_tree, "MOST_PRODUCTS", 1)
    assert spanning_tree.is_approximate(points)
    assert not spanning_tree.is_approximate(points[:, :12])
    assert exact <= span(points, many, 5)[:, 2].sum() < span(points, few, 5)[:, 2].sum()
