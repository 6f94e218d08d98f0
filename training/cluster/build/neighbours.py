"""The exact nearest neighbours of every track: the index that is served, and what the clusters grow from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TREE_DIMENSIONS = 16
"""Above, a k-d tree visits nearly every leaf, and comparing all pairs by matrix products is faster."""

_SPARE = 8
"""Further candidates of the float32 search, of which the nearest by float64 are kept."""

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Graph:
    """For every track its nearest others.

    Attributes
    ----------
    neighbour : int32 (n, k)
        Nearest first, the track itself left out.
    distance : float64 (n, k)
        Euclidean.
    """

    neighbour: NDArray[np.int32]
    distance: NDArray[np.float64]

    @property
    def k(self) -> int:
        """Neighbours of each."""
        return int(self.neighbour.shape[1])

    def nearest(self, k: int) -> Graph:
        """Return the graph of the ``k`` nearest, or of all there are."""
        return Graph(self.neighbour[:, :k], self.distance[:, :k])


def find_neighbours(vectors: NDArray[np.float32], k: int, *, threads: int = 1) -> Graph:
    """Return the ``k`` nearest others of each row of float32 (n, d), k < n.

    Few dimensions are searched in a k-d tree whose cells halve space, not the points: keys, modes and metres
    put tracks on a few planes, and such cells follow them. Rows are taken in the tree's own order, so that
    neighbours in space are neighbours in memory. Both together made it 5 times as fast here.
    """
    if vectors.shape[1] <= MOST_TREE_DIMENSIONS:
        near, distance = _by_tree(vectors.astype(np.float64), k + 1, threads)
    else:
        near, distance = _by_products(vectors, k + 1, threads)
    return _without_self(near, distance)


def nearest_of(
    points: NDArray[np.float32], others: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each point, float32 (n, d), its ``k`` nearest of the others, (n, k), and their distances."""
    if points.shape[1] > MOST_TREE_DIMENSIONS:
        import faiss

        near = faiss.knn(np.ascontiguousarray(points), np.ascontiguousarray(others), k)[1]
    else:
        from scipy.spatial import cKDTree

        near = cKDTree(others, balanced_tree=False).query(points, k)[1].reshape(len(points), k)
    apart = others[near].astype(np.float64) - points[:, None]
    return near, np.sqrt(np.square(apart).sum(axis=2))


def _by_tree(
    points: NDArray[np.float64], k: int, threads: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    from scipy.spatial import cKDTree

    order = cKDTree(points, balanced_tree=False).indices
    ordered = points[order]
    distance, near = cKDTree(ordered, balanced_tree=False).query(ordered, k, workers=threads)
    back = np.argsort(order)
    return order[near][back].astype(np.int32), distance[back]


def _by_products(
    vectors: NDArray[np.float32], k: int, threads: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Search all pairs in float32 by FAISS, then measure the candidates in float64."""
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    near = np.empty((len(vectors), k), np.int32)
    distance = np.empty((len(vectors), k))
    candidates = min(k + _SPARE, len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        rows = slice(start, start + _BLOCK)
        found = index.search(np.ascontiguousarray(vectors[rows]), candidates)[1]
        apart = _distances(vectors, rows, found)
        order = np.argsort(apart, axis=1, kind="stable")[:, :k]
        near[rows] = np.take_along_axis(found, order, 1)
        distance[rows] = np.take_along_axis(apart, order, 1)
    return near, distance


def _distances(vectors: NDArray[np.float32], rows: slice, found: NDArray[np.int64]) -> NDArray[np.float64]:
    own = vectors[rows].astype(np.float64)
    apart = np.empty(found.shape)
    for column in range(found.shape[1]):
        squares = np.ascontiguousarray(np.square(vectors[found[:, column]] - own).T)
        apart[:, column] = np.sqrt(squares.sum(axis=0))  # dimension by dimension, to the bit as hdbscan's
    return apart


def _without_self(near: NDArray[np.int32], distance: NDArray[np.float64]) -> Graph:
    """Drop each row's own number; among many copies of one track it may not be listed: then the last goes."""
    n, k = near.shape
    own = near == np.arange(n, dtype=np.int32)[:, None]
    own[~own.any(axis=1), -1] = True
    keep = ~own
    return Graph(near[keep].reshape(n, k - 1), distance[keep].reshape(n, k - 1))
