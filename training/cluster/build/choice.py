"""Chooses how small a cluster may be, how many neighbours make a dense place, and which nodes are clusters.

Every combination of a small grid is cut from the same graph, and the greatest relative validity wins: the
DBCV (Moulavi et al. 2014) as far as the spanning tree knows it, which is what hdbscan calls by that name. It
would often prefer two clusters, "nearly all" and "the rest", which tell a listener nothing. So a cut counts
only with at least `LEAST_CLUSTERS` clusters of which none holds more than `LARGEST_SHARE` of the tracks, if
there is such a cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast, get_args

import numpy as np

from segue.errors import NotEnoughDataError
from training.cluster.build.hierarchy import Cut, cut, link_edges
from training.cluster.build.spanning_tree import span
from training.cluster.settings import SMALLEST_CLUSTER, Method

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.cluster.build.neighbours import Graph
    from training.cluster.settings import ClusterSettings

T = TypeVar("T")

LEAST_CLUSTERS = 4
LARGEST_SHARE = 0.25
SIZES = (1 / 8, 1 / 4, 1 / 2, 1)
"""Least sizes that are tried, as multiples of the square root of the number of tracks."""

LEAST_SIZE = 5
_ALIKE = 1e-6
"""Widest spread of a column, in scaled units, that is rounding alone."""

SAMPLES = (1, 5)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One combination and its result."""

    min_cluster_size: int
    min_samples: int
    method: Method
    n_clusters: int
    noise: float
    largest: float
    relative_validity: float

    @property
    def is_admissible(self) -> bool:
        """Whether it has several clusters, and none of nearly everything."""
        return self.n_clusters >= LEAST_CLUSTERS and self.largest <= LARGEST_SHARE


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """The combination that won, and the others.

    Attributes
    ----------
    best : Candidate
    tried : tuple of Candidate
    cut : Cut
    edges : float64 (n - 1, 3)
        The spanning tree that it was cut from.
    """

    best: Candidate
    tried: tuple[Candidate, ...]
    cut: Cut
    edges: NDArray[np.float64]


def choose(vectors: NDArray[np.float32], graph: Graph, settings: ClusterSettings) -> ClusterChoice:
    """Try the combinations that the settings leave open, and return the best.

    Raises
    ------
    NotEnoughDataError
        No combination gives a single cluster; the message says whether a smaller min_cluster_size may.
    """
    chosen: ClusterChoice | None = None
    tried = []
    for min_samples in _given(settings.min_samples, SAMPLES):
        edges = span(vectors, graph, min_samples)
        linked = link_edges(edges)
        for size in _given(settings.min_cluster_size, sizes(len(vectors))):
            for method in _given(settings.method, cast("tuple[Method, ...]", get_args(Method))):
                found = cut(linked, size, method)
                candidate = _describe(found, edges, (size, min_samples, method))
                tried.append(candidate)
                if found.n_clusters and (chosen is None or _rank(candidate) > _rank(chosen.best)):
                    chosen = ClusterChoice(candidate, (), found, edges)
    if chosen is None:
        if np.ptp(vectors, axis=0).max(initial=0) < _ALIKE:
            raise NotEnoughDataError(
                f"all {len(vectors)} tracks are alike in all that this variant looks at: give others."
            )
        smallest = min(each.min_cluster_size for each in tried)
        remedy = "give a smaller --min-cluster-size" if smallest > SMALLEST_CLUSTER else "give more tracks"
        raise NotEnoughDataError(f"{len(vectors)} tracks form no cluster of {smallest} or more: {remedy}.")
    return ClusterChoice(chosen.best, tuple(tried), chosen.cut, chosen.edges)


def sizes(n: int) -> tuple[int, ...]:
    """Return the least cluster sizes that are tried for ``n`` tracks."""
    return tuple(sorted({max(LEAST_SIZE, round(share * math.sqrt(n))) for share in SIZES}))


def relative_validity(edges: NDArray[np.float64], label: NDArray[np.int32]) -> float:
    """Return the DBCV as a spanning tree knows it, -1 … 1, as `hdbscan.HDBSCAN.relative_validity_`.

    For each cluster (separation - sparseness) / max(separation, sparseness), weighted by its share of all
    tracks, where sparseness is its longest edge, separation the shortest to another cluster; a cluster
    without such an edge counts as twice the longest edge away.
    """
    n_clusters = int(label.max(initial=-1)) + 1
    if n_clusters == 0:
        return 0.0
    ends, length = edges[:, :2].astype(np.int64), edges[:, 2]
    one, other = label[ends[:, 0]], label[ends[:, 1]]
    inside = (one == other) & (one >= 0)
    between = (one != other) & (one >= 0) & (other >= 0)
    outward = (one >= 0) ^ (other >= 0)
    sparse, apart = np.zeros(n_clusters), np.full(n_clusters, np.inf)
    np.maximum.at(sparse, one[inside], length[inside])
    np.minimum.at(apart, one[between], length[between])
    np.minimum.at(apart, other[between], length[between])
    longest = float(length.max(initial=0.0))
    far = longest if n_clusters > 1 else float(length[outward].min(initial=longest))
    apart[np.isinf(apart)] = 2 * far
    most = np.maximum(np.maximum(apart, sparse), np.finfo(np.float64).tiny)
    size = np.bincount(label[label >= 0], minlength=n_clusters)
    return float((size * (apart - sparse) / most).sum() / len(label))


def _given(wish: T | None, otherwise: tuple[T, ...]) -> tuple[T, ...]:
    return otherwise if wish is None else (wish,)


def _describe(found: Cut, edges: NDArray[np.float64], how: tuple[int, int, Method]) -> Candidate:
    counted = found.label[found.label >= 0]
    largest = np.bincount(counted).max() / len(found.label) if len(counted) else 0.0
    noise = 1 - len(counted) / len(found.label)
    validity = relative_validity(edges, found.label)
    return Candidate(*how, found.n_clusters, float(noise), float(largest), validity)


def _rank(candidate: Candidate) -> tuple[bool, float]:
    return candidate.is_admissible, candidate.relative_validity
