"""Tracks near one track or several in a clustering, and which features bring them near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.cluster.clustering import NOISE, embed
from segue.domain.cluster.likeness import SharedFeature, shared_features
from segue.domain.cluster.placement import nearest_items, place
from segue.domain.recommend.rerank import Pool, rerank
from segue.domain.vector.top_n import distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import Clustering

DIVERSE_POOL = 150
"""Nearest tracks that a diverse list is chosen from, whatever its length: a long one begins with a short."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A track that neighbours are asked of; made by `member` or `newcomer`.

    Attributes
    ----------
    vector : float32 (d,)
    value : float32 (n_columns,)
        Its features, NaN where unknown.
    label : int
        Its cluster, or `NOISE`.
    strength : float
        Membership in it, [0, 1].
    item_index : int
        Its row, `UNKNOWN_ITEM` for a newcomer.
    """

    vector: NDArray[np.float32]
    value: NDArray[np.float32]
    label: int
    strength: float
    item_index: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track near what was asked about.

    Attributes
    ----------
    item_index : int
    score : float
        (0, 1]: 1 on the spot, 1/2 as far away as two random tracks are; of several subjects the mean.
    distance : float
        Euclidean, to the nearest subject.
    subject : int
        Which one that is.
    same_cluster : bool
        It and that subject belong to one cluster; never of noise.
    features : tuple of SharedFeature
        Greatest share first.
    """

    item_index: int
    score: float
    distance: float
    subject: int
    same_cluster: bool
    features: tuple[SharedFeature, ...]


def member(clustering: Clustering, row: int) -> Subject:
    """Return a track of the clustering."""
    value = np.where(clustering.known[row], clustering.value[row], np.float32(np.nan))
    label, strength = int(clustering.label[row]), float(clustering.strength[row])
    return Subject(clustering.embeddings[row], value, label, strength, row)


def newcomer(clustering: Clustering, value: NDArray[np.float32]) -> Subject:
    """Place a track that the clustering does not have, by its features, float32 (n_columns,), NaN unknown."""
    vectors = embed(clustering.space, value[None])
    label, strength = place(clustering, vectors)
    return Subject(vectors[0], value, int(label[0]), float(strength[0]), UNKNOWN_ITEM)


def near(
    clustering: Clustering,
    subjects: Sequence[Subject],
    n: int,
    *,
    diversity: float = 0.0,
    n_features: int = 5,
    blocked: NDArray[np.int32] | None = None,
) -> list[Neighbour]:
    """Return up to ``n`` tracks near the subjects, best first; of equal scores the lower row first.

    The candidates are each subject's nearest, so with several subjects what is near to any of them has a
    chance, and the mean score decides. One recording under several ids is told once, and never one of a
    subject's own. From the neighbour graph where it reaches far enough, else by exact search: 0.3 and
    3 ms among 100 000 × 12.

    Parameters
    ----------
    subjects : sequence of Subject
        At least one.
    diversity : float
        0 the nearest alone; up to 1 chosen one after the other from the `DIVERSE_POOL` nearest, unlike each
        other and by different artists (`segue.domain.recommend.rerank`).
    n_features : int
        How many are told of each; 0 for none.
    blocked : int32 (n,), optional
        Rows that are never answered.
    """
    never = [*(subject.item_index for subject in subjects), *([] if blocked is None else blocked.tolist())]
    wanted = reach = max(n, DIVERSE_POOL) if diversity else n
    while True:
        found = _candidates(clustering, subjects, reach, never)
        if len(found.rows) >= wanted or reach >= len(clustering):
            break
        reach *= 2
    order = rerank(_pool(clustering, found), n, diversity) if diversity else np.arange(len(found.rows))
    return _told(clustering, subjects, found.at(order[:n]), n_features)


@dataclass(frozen=True, slots=True)
class _Found:
    """Candidates, best first: rows int32 (m,), score float64 (m,), distance float64 (m, n_subjects)."""

    rows: NDArray[np.int32]
    score: NDArray[np.float64]
    distance: NDArray[np.float64]

    def at(self, order: NDArray[np.intp]) -> _Found:
        return _Found(self.rows[order], self.score[order], self.distance[order])


def _candidates(
    clustering: Clustering, subjects: Sequence[Subject], reach: int, never: Sequence[int]
) -> _Found:
    """Return what is among the ``reach`` nearest of any subject, a recording once and none of their own."""
    own = [subject.item_index for subject in subjects]
    found = distinct(np.concatenate([_nearest(clustering, subject, reach) for subject in subjects]))
    rows = found[~np.isin(found, never)]
    vectors = clustering.embeddings[rows].astype(np.float64)
    distance = np.column_stack(
        [np.sqrt(np.square(vectors - subject.vector).sum(axis=1)) for subject in subjects]
    )
    usual = float(np.sqrt(np.square(clustering.spread).sum())) or 1.0
    score = (1 / (1 + distance / usual)).mean(axis=1)
    told = {_recording(clustering, row) for row in own if row != UNKNOWN_ITEM}
    kept = []
    for best in np.argsort(-score, kind="stable").tolist():
        recording = _recording(clustering, int(rows[best]))
        if recording is None or recording not in told:
            kept.append(best)
            told.add(recording)
    return _Found(rows, score, distance).at(np.array(kept, np.intp))


def _nearest(clustering: Clustering, subject: Subject, n: int) -> NDArray[np.int32]:
    if subject.item_index != UNKNOWN_ITEM and n <= clustering.neighbour.shape[1]:
        return clustering.neighbour[subject.item_index, :n]
    return nearest_items(clustering.embeddings, subject.vector, min(n + 1, len(clustering)))[0]


def _recording(clustering: Clustering, row: int) -> tuple[int, str] | None:
    """Return what one recording has in common under all its ids, None where name or artist is unknown."""
    artists, name = clustering.artists.index_of(row), clustering.name[row].strip().casefold()
    return (int(artists[0]), name) if len(artists) and name else None


def _pool(clustering: Clustering, found: _Found) -> Pool:
    vectors = clustering.embeddings[found.rows]
    vectors = vectors - vectors.mean(axis=0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    artists = [clustering.artists.index_of(row) for row in found.rows.tolist()]
    return Pool(
        score=found.score.astype(np.float32),
        vectors=np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0),
        artist_index=np.array([int(of[0]) if len(of) else -1 for of in artists], np.int32),
        groups=np.empty((len(found.rows), 0), np.float32),
        wanted=np.empty(0, np.float32),
    )


def _told(
    clustering: Clustering, subjects: Sequence[Subject], found: _Found, n_features: int
) -> list[Neighbour]:
    nearest = found.distance.argmin(axis=1)
    features: dict[int, tuple[SharedFeature, ...]] = {}
    for number in np.unique(nearest).tolist():
        subject, rows = subjects[number], found.rows[nearest == number]
        told = shared_features(clustering, subject.vector, subject.value, rows, n_features)
        features.update(zip(rows.tolist(), told, strict=True))
    label = clustering.label[found.rows].tolist()
    return [
        Neighbour(
            item_index=row,
            score=float(found.score[at]),
            distance=float(found.distance[at, nearest[at]]),
            subject=int(nearest[at]),
            same_cluster=label[at] == subjects[nearest[at]].label != NOISE,
            features=features[row],
        )
        for at, row in enumerate(found.rows.tolist())
    ]
