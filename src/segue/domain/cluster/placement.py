"""Find the cluster of a vector that was not present when the clusters were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.cluster.clustering import NOISE
from segue.domain.vector.top_n import top_n

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import Clustering, ClusterTree

_LARGEST = float(np.finfo(np.float64).max)
"""The λ of a vector at the same place as its neighbours, as in hdbscan."""


def place(
    clustering: Clustering, vectors: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the cluster of each vector, float32 (n, d), and the strength of its membership.

    Among the 2 min_samples nearest items, the vector joins the one with the least mutual reachability
    distance, max(core distance of each, distance). It then climbs the tree to the node of its own
    λ = 1 / distance. The result is that of `hdbscan.approximate_predict` (McInnes, Healy & Astels 2017).

    Returns
    -------
    int32 (n,), float32 (n,)
        Labels, `NOISE` outside all clusters; strengths in [0, 1].
    """
    label, strength = np.full(len(vectors), NOISE, np.int32), np.zeros(len(vectors), np.float32)
    if len(clustering.tree.node_parent) < 2:  # a single node is never a cluster, even if it was selected
        return label, strength
    for row, vector in enumerate(vectors):
        near, distance = nearest_items(clustering.embeddings, vector, 2 * clustering.tree.min_samples)
        label[row], strength[row] = _place_one(clustering.tree, near, distance)
    return label, strength


def nearest_items(
    embeddings: NDArray[np.float32], vector: NDArray[np.float32], n: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the ``n`` items nearest to a vector, float32 (d,), and their distances, nearest first.

    The result is exact; of equally near items the lower row comes first. |x - v|² = |v|² - 2 (x·v - |x|²/2)
    takes two passes in float32. Items that could be among the nearest within its rounding error are measured
    again in float64. This takes 0.5 ms for 100 000 × 12 and 2 ms for 100 000 × 60.
    """
    squares = np.einsum("nd,nd->n", embeddings, embeddings)
    # Twice the rounding of two sums of d products (Higham 2002, eq. 3.5), with |x·v| <= (|x|² + |v|²) / 2.
    slack = np.float32(2 * (len(vector) + 4) * 2.0**-24)
    products = embeddings @ vector
    surely = products - (np.float32(0.5) + slack) * squares
    sure = top_n(surely, n)
    least = surely[sure[-1]] - 2 * slack * np.float32(vector @ vector)
    doubtful = np.flatnonzero(products - (np.float32(0.5) - slack) * squares >= least)
    away = np.square(embeddings[doubtful].astype(np.float64) - vector).sum(axis=1)
    order = np.argsort(away, kind="stable")[:n]
    return doubtful[order].astype(np.int32), np.sqrt(away[order])


def _place_one(
    tree: ClusterTree, near: NDArray[np.int32], distance: NDArray[np.float64]
) -> tuple[int, float]:
    core = distance[min(tree.min_samples, len(distance) - 1)]
    reach = np.maximum(np.maximum(tree.core_distance[near], distance), core)
    best = int(np.argmin(reach))
    density = 1 / float(reach[best]) if reach[best] > 0 else _LARGEST
    node = int(tree.item_node[near[best]])
    if tree.item_lambda[near[best]] > density:
        while node > 0 and tree.node_lambda[node] >= density:
            node = int(tree.node_parent[node])
    if (label := int(tree.node_label[node])) == NOISE:
        return NOISE, 0.0
    most = float(tree.node_most[node])
    return label, min(most, density) / most if most > 0 else 1.0
