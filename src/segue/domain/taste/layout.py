"""Positions of tracks on the taste map, from the live clustering or from principal components."""

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
"""Minimum share of the catalogue that a clustering contains before its map is used."""
_NONE = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """The taste map.

    Attributes
    ----------
    made_by : str
        `BY_CLUSTERS` or `BY_DIRECTIONS`.
    position : float32 (n_items, 2)
        In [0, 1]; NaN for tracks that the clustering does not contain.
    cluster : int32 (n_items,)
        -1 for tracks in no cluster, and where there is no clustering.
    titles : tuple of str (n_clusters,)
    """

    made_by: str
    position: NDArray[np.float32]
    cluster: NDArray[np.int32]
    titles: tuple[str, ...] = ()


def build_layout(
    vocabulary: Vocabulary, vectors: NDArray[np.float32], clustering: Clustering | None
) -> Layout:
    """Lay out a catalogue; called once for each version.

    Parameters
    ----------
    vocabulary : Vocabulary (n_items,)
    vectors : float32 (n_items, d)
        Without a usable clustering, their two directions of greatest variance are the map.
    clustering : Clustering, optional
        It may contain only some of the tracks, or others.
    """
    n = len(vocabulary)
    row = np.full(n, UNKNOWN_ITEM, np.int32)
    if clustering is not None:
        row = clustering.vocabulary.index_of(vocabulary.item_id.tolist())
    known = row != UNKNOWN_ITEM
    if clustering is None or known.sum() < LEAST_SHARE * n:
        return Layout(BY_DIRECTIONS, _directions(vectors), np.full(n, _NONE, np.int32))
    position = np.where(known[:, None], clustering.position[row], np.float32(np.nan))
    cluster = np.where(known, clustering.label[row], _NONE).astype(np.int32)
    return Layout(BY_CLUSTERS, position.astype(np.float32), cluster, clustering.title)


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the first two principal components and of their ranks, float32 (n, 2), in [0, 1].

    With the components alone, a few distant tracks squeeze the others into a corner. With ranks alone, no
    gaps are visible.
    """
    if len(vectors) < 2:
        return np.full((len(vectors), 2), 0.5, np.float32)
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = axes[:, :-3:-1]
    axes = axes * np.where(axes.sum(axis=0) < 0, -1, 1)  # the sign of an eigenvector is arbitrary
    flat = np.zeros((len(vectors), 2))
    flat[:, : axes.shape[1]] = centred @ axes
    low, high = flat.min(axis=0), flat.max(axis=0)
    linear = (flat - low) / np.where(high > low, high - low, 1)
    rank = flat.argsort(axis=0, kind="stable").argsort(axis=0) / (len(flat) - 1)
    return np.asarray((linear + rank) / 2, np.float32)
