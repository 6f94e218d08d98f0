"""Clusterings of a few hundred tracks: blobs, noise, duplicates and gaps, clustered by hdbscan itself."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from hdbscan import HDBSCAN
from sklearn.neighbors import NearestNeighbors

from segue.artifacts.codec.clustering import write_clustering
from segue.artifacts.family import CLUSTERS, variant_alias
from segue.artifacts.manifest import Record
from segue.artifacts.release import CHAMPION, Decision, promote, publish
from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.cluster.clustering import (
    Clustering,
    ClusterTree,
    FeatureSpace,
    build_cluster_tree,
    embed,
    spread_of,
)
from segue.domain.vector.column import build_labels, build_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.catalogue.tracks import Catalogue

COLUMNS = ("danceability", "energy", "loudness", "tempo")
_BY_VARIANT = {"pca_features": 2}


def small_values(n: int = 300, seed: int = 0) -> NDArray[np.float32]:
    """Features of ``n`` tracks as `COLUMNS`: three groups, a tenth anywhere, every 50th tempo unknown."""
    rng = np.random.default_rng(seed)
    centre = np.array([[0.3, 0.2, -20, 70], [0.8, 0.9, -5, 128], [0.5, 0.6, -9, 100]])
    spread = np.array([0.03, 0.03, 1, 3])
    value = centre[np.arange(n) % 3] + rng.normal(size=(n, 4)) * spread
    anywhere = rng.uniform([0, 0, -40, 50], [1, 1, 0, 200], (n, 4))
    value = np.where((np.arange(n) % 10 == 9)[:, None], anywhere, value)
    value[::50, 3] = np.nan
    return value.astype(np.float32)


def small_clustering(
    variant: str = "naive_features",
    *,
    value: NDArray[np.float32] | None = None,
    columns: tuple[str, ...] = COLUMNS,
    item_ids: Sequence[str] | None = None,
    k: int = 10,
    min_cluster_size: int = 15,
) -> Clustering:
    """Cluster ``value`` (n, n_columns), or `small_values`; the ids are t000, t001, … unless given, ascending.

    A variant is of the features in [0, 1], pca_features of two principal components of them.
    """
    value = small_values() if value is None else value
    space = _space(value, columns, _BY_VARIANT.get(variant))
    fitted = fit(embed(space, value), min_cluster_size=min_cluster_size)
    found = _assembled(fitted, space, value, k)
    return replace(found, variant=variant, vocabulary=build_vocabulary(item_ids or found.vocabulary.item_id))


def clustering_around(fitted: HDBSCAN, points: NDArray[np.float32]) -> Clustering:
    """Return what hdbscan found in ``points`` (n, d), which are their own features."""
    nothing = np.zeros(points.shape[1])
    columns = tuple(f"feature {column}" for column in range(points.shape[1]))
    return _assembled(fitted, FeatureSpace(columns, nothing, nothing, nothing + 1), points, k=5)


def _assembled(fitted: HDBSCAN, space: FeatureSpace, value: NDArray[np.float32], k: int) -> Clustering:
    n, embeddings = len(value), embed(space, value)
    distance, neighbour = NearestNeighbors(n_neighbors=k).fit(embeddings.astype(np.float64)).kneighbors()
    low, high = embeddings.min(axis=0), embeddings.max(axis=0)
    n_clusters = int(fitted.labels_.max()) + 1
    return Clustering(
        variant="",
        vocabulary=build_vocabulary(f"t{row:03}" for row in range(n)),
        name=build_text([f"song {row}" for row in range(n)]),
        artists=build_labels([[f"artist {row % 20}"] for row in range(n)]),
        genres=build_labels([[f"genre {row % 3}"] for row in range(n)]),
        space=space,
        value=np.where(np.isnan(value), np.float32(0), value),
        known=~np.isnan(value),
        embeddings=embeddings,
        spread=spread_of(space, embeddings),
        label=fitted.labels_.astype(np.int32),
        strength=fitted.probabilities_.astype(np.float32),
        neighbour=neighbour.astype(np.int32),
        distance=distance.astype(np.float32),
        tree=tree_of(fitted),
        position=((embeddings - low) / np.maximum(high - low, 1e-9))[:, :2].astype(np.float32),
        title=tuple(f"cluster {label}" for label in range(n_clusters)),
        exemplar=np.array(
            [int(np.argmax((fitted.labels_ == c) * fitted.probabilities_)) for c in range(n_clusters)],
            np.int32,
        ),
    )


def clustering_of(
    catalogue: Catalogue, variant: str = "naive_features", *, rows: slice = slice(None), **wishes: Any
) -> Clustering:
    """Cluster tracks of a catalogue, all or some, by the audio features that it knows."""
    columns = [column for column, values in enumerate(catalogue.audio.T) if not np.isnan(values).all()]
    found = small_clustering(
        variant,
        value=catalogue.audio[rows, columns],
        columns=tuple(AUDIO_FEATURES[column] for column in columns),
        item_ids=catalogue.vocabulary.item_id[rows].tolist(),
        **wishes,
    )
    names = [catalogue.name[row] for row in range(*rows.indices(len(catalogue)))]
    artists = [catalogue.artists.of(row) for row in range(*rows.indices(len(catalogue)))]
    genres = [catalogue.genres.of(row) for row in range(*rows.indices(len(catalogue)))]
    return replace(found, name=build_text(names), artists=build_labels(artists), genres=build_labels(genres))


def publish_clustering(
    store: ObjectStore,
    clustering: Clustering,
    *,
    live: bool = False,
    at: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC),
    metrics: Mapping[str, Any] | None = None,
) -> str:
    """Publish a variant and promote it under its own alias, as champion too if it is to be live."""
    record = Record(
        params={"variant": clustering.variant}, metrics=metrics or {"clusters": clustering.n_clusters}
    )
    with tempfile.TemporaryDirectory() as folder:
        write_clustering(clustering, Path(folder), configuration={"params": record.params})
        version = publish(store, CLUSTERS, Path(folder), record, created_at=at).version
    aliases = [variant_alias(clustering.variant), *([CHAMPION] if live else [])]
    for alias in aliases:
        promote(store, CLUSTERS, version, Decision("tester", "test", at), alias=alias)
    return version


def fit(embeddings: NDArray[np.float32], **settings: Any) -> HDBSCAN:
    """Fit hdbscan with all that its approximate_predict needs."""
    return HDBSCAN(prediction_data=True, core_dist_n_jobs=1, **settings).fit(embeddings.astype(np.float64))


def tree_of(fitted: HDBSCAN) -> ClusterTree:
    """Return what hdbscan knows as the arrays of our own tree."""
    return build_cluster_tree(
        fitted.condensed_tree_._raw_tree,
        np.array(sorted(fitted.condensed_tree_._select_clusters())),
        fitted.prediction_data_.core_distances,
        fitted.min_samples or fitted.min_cluster_size,
    )


def _space(value: NDArray[np.float32], columns: tuple[str, ...], d: int | None) -> FeatureSpace:
    low, high = np.nanmin(value, axis=0).astype(np.float64), np.nanmax(value, axis=0).astype(np.float64)
    fill = np.nanmedian(value, axis=0).astype(np.float64)
    plain = FeatureSpace(columns, fill, low, np.where(high > low, high - low, 1.0))
    if d is None:
        return plain
    z = embed(plain, value).astype(np.float64)
    components = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)[2][:d]
    return FeatureSpace(columns, fill, plain.offset, plain.scale, z.mean(axis=0), components)
