"""Where tracks lie on the map: by the live clustering, or by the main directions of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.cluster.clustering import Clustering

BY_CLUSTERS = "clusters"
BY_DIRECTIONS = "principal components"
LEAST_SHARE = 0.5
"""Of the catalogue that a clustering has to have before its map is taken: with less it is of other tracks."""
_NONE = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """The map.

    Attributes
    ----------
    made_by : str
        `BY_CLUSTERS` or `BY_DIRECTIONS`.
    position : float32 (n_items, 2)
        In [0, 1]; NaN for tracks that the clustering does not have.
    cluster : int32 (n_items,)
        -1 where a track is in none, or there is no clustering.
    titles : tuple of str (n_clusters,)
    """

    made_by: str
    position: NDArray[np.float32]
    cluster: NDArray[np.int32]
    titles: tuple[str, ...] = ()


def build_layout(
    vocabulary: Vocabulary, vectors: NDArray[np.float32], clustering: Clustering | None
) -> Layout:
    """Lay out a catalogue: once for a version.

    Parameters
    ----------
    vocabulary : Vocabulary (n_items,)
    vectors : float32 (n_items, d)
        Their two directions of greatest variance are the map where there is no clustering.
    clustering : Clustering, optional
        Of these tracks, or of some of them.
    """
    n = len(vocabulary)
    found = np.full(n, UNKNOWN_ITEM, np.int32)
    if clustering is not None:
        found = clustering.vocabulary.index_of(vocabulary.item_id.tolist())
    known = found != UNKNOWN_ITEM
    if clustering is None or known.sum() < LEAST_SHARE * n:
        return Layout(BY_DIRECTIONS, _directions(vectors), np.full(n, _NONE, np.int32))
    position = np.where(known[:, None], clustering.position[found], np.float32(np.nan))
    cluster = np.where(known, clustering.label[found], _NONE).astype(np.int32)
    return Layout(BY_CLUSTERS, position.astype(np.float32), cluster, clustering.title)


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Principal components of the vectors, float32 (n, 2), half as they are and half as ranks, in [0, 1].

    A few tracks far away would squeeze the others into a corner; ranks alone would leave no gaps to see.
    """
    if len(vectors) < 2:
        return np.full((len(vectors), 2), 0.5, np.float32)
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = axes[:, :-3:-1]
    axes = axes * np.where(axes.sum(axis=0) < 0, -1, 1)  # the sign of an eigenvector is nobody's choice
    flat = np.zeros((len(vectors), 2))
    flat[:, : axes.shape[1]] = centred @ axes
    low, high = flat.min(axis=0), flat.max(axis=0)
    linear = (flat - low) / np.where(high > low, high - low, 1)
    rank = flat.argsort(axis=0, kind="stable").argsort(axis=0) / (len(flat) - 1)
    return np.asarray((linear + rank) / 2, np.float32)
