"""Gives clusters a title, and a track that stands for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import FeatureSpace
    from segue.domain.vector.column import Labels

_WORDS = {
    "mode": ("minor", "major"),
    "time_signature": ("few beats a bar", "many beats a bar"),
    "tempo": ("slow", "fast"),
    "loudness": ("quiet", "loud"),
    "acousticness": ("electric", "acoustic"),
    "instrumentalness": ("sung", "instrumental"),
    "liveness": ("studio", "live"),
    "speechiness": ("little speech", "spoken"),
    "valence": ("sad", "happy"),
    "energy": ("calm", "energetic"),
    "danceability": ("hard to dance to", "danceable"),
}
"""What little and much of a feature is called; of others it is said as it is."""

_SILENT = {"key"}
"""To be high in C says nothing of a taste."""

_LEAST_SHARE = 0.1
"""Least share of a cluster's tracks with a genre that names the cluster."""


def find_exemplars(
    label: NDArray[np.int32], strength: NDArray[np.float32], vectors: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Return for each cluster, of its tracks of greatest strength, the one nearest to their middle."""
    exemplar = np.empty(int(label.max(initial=-1)) + 1, np.int32)
    for cluster in range(len(exemplar)):
        members = np.flatnonzero(label == cluster)
        best = members[strength[members] >= strength[members].max()]
        middle = vectors[members].mean(axis=0, dtype=np.float64)
        exemplar[cluster] = best[np.square(vectors[best] - middle).sum(axis=1).argmin()]
    return exemplar


def title_clusters(
    label: NDArray[np.int32], genres: Labels, space: FeatureSpace, value: NDArray[np.float32]
) -> tuple[str, ...]:
    """Title each cluster by its most over-represented genre and its most unusual feature.

    Over-represented is what has the greatest share × log(share / share in all tracks); unusual the feature
    whose mean lies most standard deviations from that of all tracks. Titles differ: where two are alike, a
    second feature follows, then a number.
    """
    names = _genre_names(label, genres)
    features = _unusual(label, space, value)
    titles: list[str] = []
    for name, (first, second) in zip(names, features, strict=True):
        short = f"{name}, {first}" if name else first
        titles.append(short if short not in titles else f"{short}, {second}")
    for place, title in enumerate(titles):
        if (before := titles[:place].count(title)) > 0:
            titles[place] = f"{title} ({before + 1})"
    return tuple(titles)


def _genre_names(label: NDArray[np.int32], genres: Labels) -> list[str]:
    n_clusters = int(label.max(initial=-1)) + 1
    if not len(genres.names):
        return [""] * n_clusters
    ones = np.ones(len(genres.label_index))
    shape = (len(genres), len(genres.names))
    member = csr_array((ones, np.asarray(genres.label_index), np.asarray(genres.start)), shape=shape)
    rows = np.flatnonzero(label >= 0)
    cluster = csr_array((np.ones(len(rows)), (label[rows], rows)), shape=(n_clusters, len(label)))
    share = (cluster @ member).toarray() / np.bincount(label[rows], minlength=n_clusters)[:, None]
    overall = np.maximum(np.asarray(member.sum(axis=0)).ravel() / len(label), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(share >= _LEAST_SHARE, share * np.log(share / overall), 0.0)
    best = lift.argmax(axis=1)
    return [genres.names[genre] if lift[row, genre] > 0 else "" for row, genre in enumerate(best.tolist())]


def _unusual(
    label: NDArray[np.int32], space: FeatureSpace, value: NDArray[np.float32]
) -> list[tuple[str, str]]:
    mean = np.nanmean(value, axis=0, dtype=np.float64)
    deviation = np.nanstd(value, axis=0, dtype=np.float64)
    deviation[~(deviation > 0)] = np.inf
    found = []
    for cluster in range(int(label.max(initial=-1)) + 1):
        own = value[label == cluster]
        middle = np.where(np.isnan(own), space.fill, own).mean(axis=0, dtype=np.float64)
        z = (middle - mean) / deviation
        z[[column in _SILENT for column in space.columns]] = 0
        first, *rest = np.argsort(-np.abs(z), kind="stable")[:2].tolist()
        words = [_word(space.columns[column], bool(z[column] > 0)) for column in (first, *rest)]
        found.append((words[0], words[-1]))
    return found


def _word(column: str, much: bool) -> str:
    if column in _WORDS:
        return _WORDS[column][much]
    return f"{'high' if much else 'low'} {column.replace('_', ' ')}"
