"""The files of a clustering: cluster model, neighbour index, embeddings, labels, songs, configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.column import open_labels, open_text, save_labels, save_text
from segue.artifacts.codec.form import open_arrays, open_named, reading, save_arrays, save_named
from segue.artifacts.codec.vocabulary import load_vocabulary, write_vocabulary
from segue.artifacts.manifest import canonical_json
from segue.artifacts.strict_json import number, texts
from segue.domain.cluster.clustering import Clustering, ClusterTree, FeatureSpace
from segue.domain.vector.column import build_labels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.domain.model.member import ArrayForm

_TREE: dict[str, ArrayForm] = {
    "item_node": (np.int32, 1),
    "item_lambda": (np.float64, 1),
    "node_parent": (np.int32, 1),
    "node_lambda": (np.float64, 1),
    "node_label": (np.int32, 1),
    "node_most": (np.float64, 1),
    "core_distance": (np.float64, 1),
}
_LAMBDAS = ("item_lambda", "node_lambda", "node_most")
_SPACE: dict[str, ArrayForm] = {"fill": (np.float64, 1), "offset": (np.float64, 1), "scale": (np.float64, 1)}
_PROJECTION: dict[str, ArrayForm] = {"mean": (np.float64, 1), "components": (np.float64, 2)}
_ROWS: dict[str, ArrayForm] = {
    "value": (np.float32, 2),
    "known": (np.bool_, 2),
    "embeddings": (np.float32, 2),
    "spread": (np.float64, 1),
    "label": (np.int32, 1),
    "strength": (np.float32, 1),
    "neighbour": (np.int32, 2),
    "distance": (np.float32, 2),
    "position": (np.float32, 2),
    "exemplar": (np.int32, 1),
}
_INFINITE = -1.0
"""In a file, which holds finite numbers only, stands for the infinite λ of points that coincide."""


def write_clustering(clustering: Clustering, folder: Path, *, configuration: Mapping[str, Any]) -> None:
    """Write the arrays, ``model.json`` and ``configuration.json``.

    The configuration, parameters and metrics as JSON values, is for people and tools: nothing here reads it.
    """
    tree, space = clustering.tree, clustering.space
    arrays = {name: getattr(clustering, name) for name in _ROWS}
    arrays |= {name: getattr(space, name) for name in _SPACE}
    if space.components is not None:
        arrays |= {name: getattr(space, name) for name in _PROJECTION}
    branches = {name: getattr(tree, name) for name in _TREE}
    branches |= {name: np.where(np.isinf(branches[name]), _INFINITE, branches[name]) for name in _LAMBDAS}
    save_arrays(folder, arrays | {f"tree.{name}": array for name, array in branches.items()})
    write_vocabulary(clustering.vocabulary, folder)
    save_text(folder, "name", clustering.name)
    save_labels(folder, "artists", clustering.artists)
    save_labels(folder, "genres", clustering.genres)
    save_named(
        folder,
        variant=clustering.variant,
        columns=space.columns,
        projected=space.components is not None,
        min_samples=tree.min_samples,
        title=clustering.title,
    )
    (folder / "configuration.json").write_bytes(canonical_json(dict(configuration)))


def load_clustering(folder: Path) -> Clustering:
    """Load what `write_clustering` wrote; all but 16 bytes a track stays mapped from disk.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other.
    """
    with reading("clusters"):
        named = open_named(folder)
        rows = dict(zip(_ROWS, open_arrays(folder, _ROWS), strict=True))
        projection = open_arrays(folder, _PROJECTION) if named["projected"] else [None, None]
        vocabulary = load_vocabulary(folder)
        has_genres = (folder / "genres.start.npy").exists()  # earlier releases wrote none
        return Clustering(
            variant=str(named["variant"]),
            vocabulary=vocabulary,
            name=open_text(folder, "name"),
            artists=open_labels(folder, "artists"),
            genres=open_labels(folder, "genres") if has_genres else build_labels([()] * len(vocabulary)),
            space=FeatureSpace(texts(named["columns"]), *open_arrays(folder, _SPACE), *projection),
            tree=_open_tree(folder, int(number(named["min_samples"]))),
            title=texts(named["title"]),
            **rows,
        )


def _open_tree(folder: Path, min_samples: int) -> ClusterTree:
    opened = open_arrays(folder, {f"tree.{name}": form for name, form in _TREE.items()})
    branches: dict[str, NDArray[Any]] = dict(zip(_TREE, opened, strict=True))
    branches |= {name: np.where(branches[name] == _INFINITE, np.inf, branches[name]) for name in _LAMBDAS}
    return ClusterTree(**branches, min_samples=min_samples)
