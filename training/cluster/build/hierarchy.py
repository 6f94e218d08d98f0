"""From the spanning tree to clusters: HDBSCAN's condensed tree, and the clusters chosen from it.

The steps after the spanning tree are those of the ``hdbscan`` package, which stays the reference: its own
functions are called, and tests hold the answer to its `HDBSCAN` and `approximate_predict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hdbscan._hdbscan_linkage import label as link
from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters
from hdbscan.plots import CondensedTree

from segue.domain.cluster.clustering import build_cluster_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import ClusterTree
    from training.cluster.settings import Method


@dataclass(frozen=True, slots=True)
class Cut:
    """One flat clustering.

    Attributes
    ----------
    label : int32 (n,)
        -1 is noise.
    strength : float32 (n,)
        Membership, [0, 1].
    condensed : structured array
        As `hdbscan` has it.
    """

    label: NDArray[np.int32]
    strength: NDArray[np.float32]
    condensed: NDArray[np.void]

    @property
    def n_clusters(self) -> int:
        """Without noise."""
        return int(self.label.max(initial=-1)) + 1


def link_edges(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the single-linkage tree, float64 (n - 1, 4), of a spanning tree's edges in ascending order.

    One edge in seven is as long as another: a dense track's core distance is the length of several. The tree
    joins two groups at a time, and two small ones that join each other before a large one look like a cluster
    that splits off it. Of equal edges those to the largest group therefore come first: then the order of the
    rows decides next to nothing, and labels agree better with hdbscan's, which leaves it to chance.
    """
    linked: NDArray[np.float64] = link(np.ascontiguousarray(edges[_largest_first(edges)]))
    return linked


def _largest_first(edges: NDArray[np.float64]) -> list[int]:
    """Order edges of the same length by the larger of the groups that they join, as these are before them."""
    parent = list(range(len(edges) + 1))
    size = [1] * len(parent)

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    ends = edges[:, :2].astype(np.int64).tolist()
    starts = np.flatnonzero(np.diff(edges[:, 2], prepend=-1.0)).tolist()
    order: list[int] = []
    for start, end in pairwise([*starts, len(edges)]):
        equal = sorted(range(start, end), key=lambda edge: -max(size[root(item)] for item in ends[edge]))
        for edge in equal:
            small, large = sorted(map(root, ends[edge]), key=size.__getitem__)
            parent[small] = large
            size[large] += size[small]
        order += equal
    return order


def cut(linked: NDArray[np.float64], min_cluster_size: int, method: Method) -> Cut:
    """Condense the single-linkage tree, and choose the clusters."""
    condensed = condense_tree(linked, min_cluster_size)
    label, strength, _ = get_clusters(condensed, compute_stability(condensed), method)
    return Cut(label.astype(np.int32), strength.astype(np.float32), condensed)


def tree_of(found: Cut, core_distance: NDArray[np.float64], min_samples: int) -> ClusterTree:
    """Return what it takes to place another track.

    Parameters
    ----------
    found : Cut
    core_distance : float64 (n,)
        To the ``min_samples``-th nearest, the track itself being the first, as `hdbscan` predicts by.
    min_samples : int
    """
    selected = CondensedTree(found.condensed, found.label)._select_clusters() if found.n_clusters else []
    return build_cluster_tree(
        found.condensed, np.array(sorted(selected), np.int64), core_distance, min_samples
    )
