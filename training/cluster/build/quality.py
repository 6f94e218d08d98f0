"""Quality of a clustering: its shape, and its agreement with itself and with genres, corrected for chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.metrics import adjusted_rand_score, silhouette_score

from training.cluster.build.hierarchy import cut, link_edges
from training.cluster.build.neighbours import Graph
from training.cluster.build.spanning_tree import span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.vector.column import Labels
    from training.cluster.build.choice import ClusterChoice

SAMPLE = 3000
"""Tracks that silhouette and DBCV are measured on, as both compare all pairs."""

MOST_CLUSTERS = 60
"""Clusters of a sample whose separation is measured, as all pairs of them are compared."""

SUBSAMPLES, SHARE = 5, 0.8
_NEAREST = 10
_SHUFFLES = 5
_FEW = 3

Metric = dict[str, Any]
"""``value``, ``n`` and ``split`` in words, and what it is to be compared with."""


def shape_metrics(
    vectors: NDArray[np.float32], choice: ClusterChoice, seed: int
) -> dict[str, Metric | int | float]:
    """Return the number of clusters, the noise, silhouette, relative validity and DBCV."""
    label = choice.cut.label
    return {
        "clusters": choice.cut.n_clusters,
        "noise_share": float((label < 0).mean()),
        "largest_share": choice.best.largest,
        "silhouette": _silhouette(vectors, label, seed),
        "relative_validity": _metric(
            choice.best.relative_validity, len(label), "DBCV on the spanning tree of all tracks, as hdbscan's"
        ),
        "dbcv": _dbcv(vectors, label, seed),
    }


def _silhouette(vectors: NDArray[np.float32], label: NDArray[np.int32], seed: int) -> Metric:
    rows = np.flatnonzero(label >= 0)
    if len(rows) > SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, SAMPLE, replace=False)
    split = f"{len(rows)} tracks drawn from those in clusters, seed {seed}"
    if len(np.unique(label[rows])) < 2 or len(np.unique(label[rows])) >= len(rows):
        return _metric(None, len(rows), f"{split}; it takes two clusters")
    return _metric(float(silhouette_score(vectors[rows], label[rows])), len(rows), split)


def _dbcv(vectors: NDArray[np.float32], label: NDArray[np.int32], seed: int) -> Metric:
    """Measure a sample by hdbscan's validity_index, in a unit of length that keeps its powers finite."""
    from hdbscan.validity import validity_index

    rows = np.arange(len(label))
    if len(rows) > SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, SAMPLE, replace=False)
    found = label[rows]
    count = np.bincount(found[found >= 0], minlength=1)
    kept = np.argsort(-count, kind="stable")[:MOST_CLUSTERS]
    kept = kept[count[kept] >= _FEW]
    rows, found = rows[(found < 0) | np.isin(found, kept)], found[(found < 0) | np.isin(found, kept)]
    number = np.full(max(len(count), 1), -1)
    number[kept] = np.arange(len(kept))
    own = np.where(found < 0, -1, number[found])
    drawn = f"{len(rows)} tracks and {len(kept)} clusters of a sample, seed {seed}"
    split = f"hdbscan.validity.validity_index, {drawn}"
    if len(kept) < 2:
        return _metric(None, len(rows), f"{split}; it takes two clusters")
    points = vectors[rows].astype(np.float64)
    points /= max(float(np.median(np.linalg.norm(points - points.mean(axis=0), axis=1))), 1e-300)
    with np.errstate(all="ignore"):
        value = float(validity_index(points, own))
    return _metric(value if np.isfinite(value) else None, len(rows), split)


def stability(
    vectors: NDArray[np.float32],
    graph: Graph,
    choice: ClusterChoice,
    seed: int,
    progress: Callable[[float], None],
) -> dict[str, Metric]:
    """Cluster subsamples with the same settings, and compare with the clusters of all tracks.

    The neighbours within a subsample are those of the graph that are in it: no search is repeated.
    """
    all_, clustered = [], []
    for draw in range(SUBSAMPLES):
        progress(draw / SUBSAMPLES)
        rng = np.random.default_rng([seed, draw])
        rows = np.sort(rng.choice(len(vectors), round(SHARE * len(vectors)), replace=False))
        mine, whole = _cluster_some(vectors, graph, choice, rows), choice.cut.label[rows]
        all_.append(float(adjusted_rand_score(whole, mine)))
        both = (mine >= 0) & (whole >= 0)
        clustered.append(float(adjusted_rand_score(whole[both], mine[both])) if both.any() else 0.0)
    split = f"{SUBSAMPLES} subsamples of {SHARE:.0%}, seed {seed}"
    return {
        "stability_ari": _spread(all_, f"{split}; noise is a group of its own"),
        "stability_ari_clustered": _spread(clustered, f"{split}; tracks in a cluster both times"),
    }


def _cluster_some(
    vectors: NDArray[np.float32], graph: Graph, choice: ClusterChoice, rows: NDArray[np.intp]
) -> NDArray[np.int32]:
    number = np.full(len(vectors), -1, np.int32)
    number[rows] = np.arange(len(rows), dtype=np.int32)
    near = number[graph.neighbour[rows]]
    inside = near >= 0
    k = max(int(inside.sum(axis=1).min()), 1)
    first = np.argsort(~inside, axis=1, kind="stable")[:, :k]
    lacking = ~np.take_along_axis(inside, first, 1)
    near, distance = np.take_along_axis(near, first, 1), np.take_along_axis(graph.distance[rows], first, 1)
    near[lacking] = np.broadcast_to(np.arange(len(rows), dtype=np.int32)[:, None], near.shape)[lacking]
    edges = span(vectors[rows], Graph(near, distance), choice.best.min_samples)
    return cut(link_edges(edges), choice.best.min_cluster_size, choice.best.method).label


def genre_metrics(label: NDArray[np.int32], graph: Graph, genres: Labels, seed: int) -> dict[str, Metric]:
    """Return how pure clusters are, and how often near tracks share a genre; nothing without genres."""
    rows = np.flatnonzero((label >= 0) & (np.diff(genres.start) > 0))
    member = _membership(genres)
    rng = np.random.default_rng(seed)
    found: dict[str, Metric] = {}
    if len(rows):
        by_chance = [purity(rng.permutation(label[rows]), member[rows]) for _ in range(_SHUFFLES)]
        split = "tracks in clusters with a genre: share that has its cluster's commonest"
        found["genre_purity"] = _metric(purity(label[rows], member[rows]), len(rows), split) | {
            "chance": float(np.mean(by_chance))
        }
    known = np.flatnonzero(np.diff(genres.start) > 0)
    if len(known) > _NEAREST:
        found["neighbour_genre"] = _neighbour_genre(graph, member, known, rng)
    return found


def purity(label: NDArray[np.int32], member: csr_array) -> float:
    """Return the share of tracks that have the commonest genre of their cluster.

    Parameters
    ----------
    label : int32 (n,)
        0 or more.
    member : bool (n, n_genres)
        A track may have several genres.
    """
    cluster = csr_array((np.ones(len(label)), (label, np.arange(len(label)))))
    return float((cluster @ member).toarray().max(axis=1).sum() / len(label))


def _neighbour_genre(
    graph: Graph, member: csr_array, known: NDArray[np.intp], rng: np.random.Generator
) -> Metric:
    drawn = rng.choice(known, min(SAMPLE, len(known)), replace=False)
    near = graph.neighbour[drawn, : min(_NEAREST, graph.k)]
    rows = np.repeat(drawn, near.shape[1])
    shared = _share_genre(member, rows, near.ravel().astype(np.intp))
    chance = _share_genre(member, rows, rng.choice(known, len(rows)))
    split = f"{near.shape[1]} nearest of {len(drawn)} tracks: share with a genre in common"
    return _metric(shared, len(drawn), split) | {"chance": chance}


def _share_genre(member: csr_array, one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    return float((member[one].multiply(member[other]).sum(axis=1) > 0).mean())


def _membership(genres: Labels) -> csr_array:
    ones = np.ones(len(genres.label_index), np.float32)
    shape = (len(genres), max(len(genres.names), 1))
    return csr_array((ones, np.asarray(genres.label_index), np.asarray(genres.start)), shape=shape)


def _metric(value: float | None, n: int, split: str) -> Metric:
    return {"value": value, "n": n, "split": split}


def _spread(values: list[float], split: str) -> Metric:
    return _metric(float(np.mean(values)), len(values), split) | {
        "standard_deviation": float(np.std(values, ddof=1)),
        "each": [round(value, 4) for value in values],
    }
