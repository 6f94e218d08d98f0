"""Clustered tracks: their feature space, their nearest neighbours, and the tree of the clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.vector.column import Labels, Text

NOISE = -1
"""The label of a track that belongs to no cluster."""


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """Turn a track's features into the vector that is clustered: fill, scale and optionally project.

    Attributes
    ----------
    columns : tuple of str (n_columns,)
        Names of the features, in the order of every array below.
    fill : float64 (n_columns,)
        Median of the known values; used for unknown ones.
    offset, scale : float64 (n_columns,)
        z = (value - offset) / scale. They are the minimum and the range, or the mean and the standard
        deviation; scale > 0.
    mean : float64 (n_columns,) or None
        Subtracted from z before the projection; None together with ``components``.
    components : float64 (d, n_columns) or None
        Principal components, orthonormal rows; None if z itself is the vector.

    Raises
    ------
    InvalidInputError
        The shapes of the arrays do not match, or a scale is not positive.
    """

    columns: tuple[str, ...]
    fill: NDArray[np.float64]
    offset: NDArray[np.float64]
    scale: NDArray[np.float64]
    mean: NDArray[np.float64] | None = None
    components: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        n = len(self.columns)
        shapes = [array.shape for array in (self.fill, self.offset, self.scale)]
        if shapes != [(n,)] * 3 or (self.mean is None) != (self.components is None):
            raise InvalidInputError(f"{n} columns, but fill, offset and scale have the shapes {shapes}.")
        projection = () if self.components is None else self.components.shape
        if self.mean is not None and (self.mean.shape != (n,) or projection[1:] != (n,)):
            raise InvalidInputError(f"{n} columns, but components of shape {projection}.")
        if not (self.scale > 0).all():
            raise InvalidInputError(f"scale of {self.columns[int(np.argmin(self.scale))]} is not positive.")

    @property
    def d(self) -> int:
        """Number of dimensions of the vectors."""
        return len(self.columns) if self.components is None else len(self.components)


@dataclass(frozen=True, slots=True)
class ClusterTree:
    """HDBSCAN's condensed tree, with the distances that place another point; made by `build_cluster_tree`.

    λ = 1 / distance (Campello, Moulavi & Sander 2013); it is infinite where points coincide.

    Attributes
    ----------
    item_node : int32 (n_items,)
        The node that each item falls out of.
    item_lambda : float64 (n_items,)
        The λ at which the item falls out.
    node_parent : int32 (n_nodes,)
        Parent of each node; node 0 is the root and has -1.
    node_lambda : float64 (n_nodes,)
        The λ at which the node splits off its parent; 0 for the root.
    node_label : int32 (n_nodes,)
        Cluster that the node is or belongs to; -1 above the clusters.
    node_most : float64 (n_nodes,)
        Greatest λ in that cluster, where membership is 1; 0 above the clusters.
    core_distance : float64 (n_items,)
        Distance to the ``min_samples``-th nearest item; the item itself is the first.
    min_samples : int
    """

    item_node: NDArray[np.int32]
    item_lambda: NDArray[np.float64]
    node_parent: NDArray[np.int32]
    node_lambda: NDArray[np.float64]
    node_label: NDArray[np.int32]
    node_most: NDArray[np.float64]
    core_distance: NDArray[np.float64]
    min_samples: int

    def __post_init__(self) -> None:
        items = {len(self.item_node), len(self.item_lambda), len(self.core_distance)}
        nodes = {len(a) for a in (self.node_parent, self.node_lambda, self.node_label, self.node_most)}
        if len(items) != 1 or len(nodes) != 1 or self.min_samples < 1:
            raise InvalidInputError(f"the arrays of the cluster tree have {items} items and {nodes} nodes.")
        if (self.node_parent >= np.arange(len(self.node_parent))).any():
            raise InvalidInputError("a node of the cluster tree is its own ancestor.")
        if len(self.item_node) and not 0 <= self.item_node.min() <= self.item_node.max() < max(nodes):
            raise InvalidInputError("an item of the cluster tree names a node that does not exist.")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Clustering:
    """One variant of the clustered tracks; it answers without any other model.

    Two clusterings are equal only if they are the same object, as for a catalogue.

    Attributes
    ----------
    variant : str
        Name of the variant, such as naive_features.
    vocabulary : Vocabulary (n_items,)
        Track ids.
    name : Text (n_items,)
    artists, genres : Labels (n_items,)
        The main artist comes first; files of an earlier release have no genres.
    space : FeatureSpace
    value : float32 (n_items, n_columns)
        Feature values in the source's unit, 0 where unknown.
    known : bool (n_items, n_columns)
        Whether each value is known.
    embeddings : float32 (n_items, d)
        ``embed(space, value)``, the vectors that were clustered.
    spread : float64 (n_columns,)
        Usual difference of two tracks in each feature; made by `spread_of`.
    label : int32 (n_items,)
        0 … n_clusters - 1, or `NOISE`.
    strength : float32 (n_items,)
        Membership in that cluster, [0, 1]; 0 for noise.
    neighbour : int32 (n_items, k)
        Rows of the nearest other items, nearest first.
    distance : float32 (n_items, k)
        Euclidean distances of ``embeddings`` to these neighbours.
    tree : ClusterTree
    position : float32 (n_items, 2)
        Position on the taste map, [0, 1].
    title : tuple of str (n_clusters,)
    exemplar : int32 (n_clusters,)
        Row of the most typical item of each cluster.

    Raises
    ------
    InvalidInputError
        A part does not match the vocabulary's length, or contains rows that do not exist.
    """

    variant: str
    vocabulary: Vocabulary
    name: Text
    artists: Labels
    genres: Labels
    space: FeatureSpace
    value: NDArray[np.float32]
    known: NDArray[np.bool_]
    embeddings: NDArray[np.float32]
    spread: NDArray[np.float64]
    label: NDArray[np.int32]
    strength: NDArray[np.float32]
    neighbour: NDArray[np.int32]
    distance: NDArray[np.float32]
    tree: ClusterTree
    position: NDArray[np.float32]
    title: tuple[str, ...]
    exemplar: NDArray[np.int32]

    def __post_init__(self) -> None:
        n, columns = len(self.vocabulary), len(self.space.columns)
        expected: dict[str, tuple[int, ...]] = {
            "value": (n, columns),
            "known": (n, columns),
            "embeddings": (n, self.space.d),
            "spread": (columns,),
            "label": (n,),
            "strength": (n,),
            "neighbour": (n, self.neighbour.shape[-1]),
            "distance": self.neighbour.shape,
            "position": (n, 2),
            "exemplar": (len(self.title),),
        }
        for part, shape in expected.items():
            if getattr(self, part).shape != shape:
                raise InvalidInputError(f"{part} has the shape {getattr(self, part).shape}, not {shape}.")
        if {len(self.name), len(self.artists), len(self.genres), len(self.tree.item_node)} != {n}:
            raise InvalidInputError(f"names, artists, genres or tree are not of {n} tracks.")
        _check_range("label", self.label, NOISE, self.n_clusters)
        _check_range("node_label", self.tree.node_label, NOISE, self.n_clusters)
        _check_range("neighbour", self.neighbour, 0, n)
        _check_range("exemplar", self.exemplar, 0, n)

    def __len__(self) -> int:
        return len(self.vocabulary)

    @property
    def n_clusters(self) -> int:
        """Number of clusters, without noise."""
        return len(self.title)


def embed(space: FeatureSpace, value: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return vectors, float32 (n, d), of tracks with features ``value`` (n, n_columns), NaN if unknown."""
    z = (np.where(np.isnan(value), space.fill, value) - space.offset) / space.scale
    if space.mean is None or space.components is None:
        return z.astype(np.float32)
    return np.asarray((z - space.mean) @ space.components.T, np.float32)


def by_column(space: FeatureSpace, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return differences of vectors, (n, d), by feature, float64 (n, n_columns).

    Components are orthonormal, so the squares of a row sum to the squared length of its vector. Each square
    is one feature's part in a squared distance.
    """
    exact = vectors.astype(np.float64)
    return exact if space.components is None else np.asarray(exact @ space.components)


def spread_of(space: FeatureSpace, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the root mean square difference of two random tracks in each feature, float64 (n_columns,)."""
    centred = embeddings.astype(np.float64) - embeddings.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred / max(len(centred), 1)
    if space.components is None:
        return np.asarray(np.sqrt(2 * np.diag(covariance)))
    variance = np.einsum("dj,de,ej->j", space.components, covariance, space.components, optimize=True)
    return np.asarray(np.sqrt(2 * np.maximum(variance, 0)))


def build_cluster_tree(
    condensed: NDArray[np.void],
    selected: NDArray[np.integer],
    core_distance: NDArray[np.float64],
    min_samples: int,
) -> ClusterTree:
    """Build the tree from HDBSCAN's result; nodes are numbered from 0 and get the label of their cluster.

    Parameters
    ----------
    condensed : structured array with the fields parent, child, lambda_val, child_size
        In the numbering of `hdbscan`: items are 0 … n_items - 1, the root is n_items, other nodes follow.
    selected : int (n_clusters,)
        Nodes that are clusters, as numbered in ``condensed``; in ascending order they get the labels 0, 1, …
    core_distance : float64 (n_items,)
    min_samples : int
    """
    n_items = len(core_distance)
    parent, child = condensed["parent"].astype(np.int64), condensed["child"].astype(np.int64)
    density = condensed["lambda_val"].astype(np.float64)
    n_nodes = int(max(parent.max(initial=n_items), child.max(initial=0))) - n_items + 1
    is_item = child < n_items
    item_node, item_lambda = np.zeros(n_items, np.int32), np.zeros(n_items)
    item_node[child[is_item]] = parent[is_item] - n_items
    item_lambda[child[is_item]] = density[is_item]
    node_parent, node_lambda = np.full(n_nodes, -1, np.int32), np.zeros(n_nodes)
    node_parent[child[~is_item] - n_items] = parent[~is_item] - n_items
    node_lambda[child[~is_item] - n_items] = density[~is_item]
    own_most = np.zeros(n_nodes)
    np.maximum.at(own_most, parent - n_items, density)
    label, most = np.full(n_nodes, NOISE, np.int32), np.zeros(n_nodes)
    number = {int(node) - n_items: place for place, node in enumerate(sorted(selected.tolist()))}
    for node in range(n_nodes):  # a parent comes before its children
        above = node_parent[node]
        if node in number:
            label[node], most[node] = number[node], own_most[node]
        elif above >= 0:
            label[node], most[node] = label[above], most[above]
    return ClusterTree(
        item_node, item_lambda, node_parent, node_lambda, label, most, core_distance, min_samples
    )


def _check_range(part: str, rows: NDArray[np.integer], least: int, end: int) -> None:
    if rows.size and not least <= rows.min() <= rows.max() < end:
        raise InvalidInputError(f"{part} is not within {least} … {end - 1}.")
