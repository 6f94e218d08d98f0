"""Searches large catalogues for similar tracks with FAISS.

FAISS is imported only when an index is built or opened.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.vector.nearest import MOST_EXACT, recall_of
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

RECALL_TARGET = 0.95
N_BEST, N_QUERIES = 100, 500
"""Recall is measured on the best 100 vectors of 500 queries."""

INDEX_FILE, RECORD_FILE = "index.faiss", "index.json"

_MOST_IVF = 1_000_000
_EFFORTS = tuple(2**power for power in range(13))
_HNSW_LINKS, _HNSW_EFFORT = 16, 40
_SAMPLED_PER_CELL = 64
_SEED = 17


class IndexKind(StrEnum):
    """How an index stores vectors."""

    FLAT = "flat"
    """A plain array: a search reads every vector."""
    IVF = "ivf"
    """Cells around centroids: a search reads the cells nearest to the query."""
    HNSW = "hnsw"
    """A graph: a search walks towards the query. It is the fastest, and needs memory for its links."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """The published facts about an index.

    Attributes
    ----------
    kind : IndexKind
    n_items, n_dimensions : int
    parameters : mapping of str to int
        ``n_cells`` and ``n_probe`` for IVF, ``n_links`` and ``ef_search`` for HNSW.
    recall : float
        Mean share of the true best `N_BEST` vectors that a search finds, over ``n_queries`` queries.
    n_queries : int
    """

    kind: IndexKind
    n_items: int
    n_dimensions: int
    parameters: Mapping[str, int]
    recall: float
    n_queries: int


class FaissIndex:
    """A `segue.domain.vector.nearest.NearestSearch` on a FAISS index of inner products."""

    def __init__(self, index: Any) -> None:
        self.index = index

    def search(
        self, queries: NDArray[np.float32], n: int
    ) -> tuple[list[NDArray[np.int32]], list[NDArray[np.float32]]]:
        """See `segue.domain.vector.nearest.NearestSearch`."""
        n_asked = min(n, self.index.ntotal)
        if n_asked == 0:
            return [np.empty(0, np.int32)] * len(queries), [np.empty(0, np.float32)] * len(queries)
        products, labels = self.index.search(np.ascontiguousarray(queries, np.float32), n_asked)
        rows = [row[row >= 0].astype(np.int32) for row in labels]
        return rows, [product[label >= 0] for product, label in zip(products, labels, strict=True)]


def kind_for(n_items: int) -> IndexKind:
    """Return the kind for a number of vectors: flat up to `MOST_EXACT`, IVF up to a million, else HNSW."""
    if n_items <= MOST_EXACT:
        return IndexKind.FLAT
    return IndexKind.IVF if n_items <= _MOST_IVF else IndexKind.HNSW


def build_index(
    vectors: NDArray[np.float32],
    recall_target: float = RECALL_TARGET,
    kind: IndexKind | None = None,
    n_probe: int | None = None,
) -> tuple[FaissIndex, IndexRecord]:
    """Index vectors for search by inner product.

    The effort (cells probed, or candidates kept on the walk) is doubled until the recall reaches the
    target. If none reaches it, the greatest effort is used, and the record holds its recall.

    Parameters
    ----------
    vectors : float32 (n_items, d)
    recall_target : float
        Wanted share of the best `N_BEST`, in [0, 1].
    kind : IndexKind, optional
        `kind_for` chooses it by default.
    n_probe : int, optional
        Number of cells that an IVF search reads; by default the fewest that reach the target.

    Raises
    ------
    InvalidInputError
        There are no vectors, or ``n_probe`` does not fit the kind or the number of cells.
    """
    if not len(vectors):
        raise InvalidInputError("an index needs at least one vector.")
    vectors = np.ascontiguousarray(vectors, np.float32)
    kind = kind_for(len(vectors)) if kind is None else kind
    index, parameters, effort = _empty_index(kind, *vectors.shape)
    efforts = _efforts(kind, parameters, n_probe)
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)
    search, recall = FaissIndex(index), 1.0
    sample = np.random.default_rng(_SEED).choice(len(vectors), min(N_QUERIES, len(vectors)), replace=False)
    n = min(N_BEST, len(vectors))
    wanted = _exact(vectors, vectors[sample], n) if effort else []
    for amount in efforts:
        _set_effort(index, kind, amount)
        parameters[effort] = amount
        recall = recall_of(search.search(vectors[sample], n)[0], wanted)
        if recall >= recall_target:
            break
    return search, IndexRecord(kind, len(vectors), vectors.shape[1], parameters, recall, len(sample))


def write_index(search: FaissIndex, record: IndexRecord, checksum: str, folder: Path) -> None:
    """Write ``index.faiss``, in FAISS's own format, and ``index.json``.

    Parameters
    ----------
    checksum : str
        Checksum of the vocabulary whose tracks are indexed.
    """
    import faiss

    faiss.write_index(search.index, str(folder / INDEX_FILE))
    text = json.dumps({"vocabulary": checksum, **asdict(record)}, sort_keys=True, allow_nan=False)
    (folder / RECORD_FILE).write_text(text, encoding="utf-8")


def open_index(folder: Path, checksum: str, shape: tuple[int, ...]) -> FaissIndex:
    """Open an index for searching; see `read_index`."""
    return read_index(folder, checksum, shape)[0]


def read_index(folder: Path, checksum: str, shape: tuple[int, ...]) -> tuple[FaissIndex, IndexRecord]:
    """Map the files of `write_index` into memory: a search reads only the parts that it needs.

    Parameters
    ----------
    checksum : str
        Checksum of the vocabulary.
    shape : tuple of int
        Shape of the vectors, (n_items, d).

    Raises
    ------
    CorruptArtifactError
        The files are damaged, or belong to other tracks or vectors.
    """
    import faiss

    try:
        fields = json.loads((folder / RECORD_FILE).read_bytes())
        vocabulary = fields.pop("vocabulary")
        record = IndexRecord(**fields | {"kind": IndexKind(fields["kind"])})
        index = faiss.read_index(str(folder / INDEX_FILE), faiss.IO_FLAG_MMAP_IFC)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        RuntimeError,  # raised by FAISS
        MemoryError,
    ) as error:
        raise CorruptArtifactError(f"index: {error}") from error
    indexed = (index.ntotal, index.d)
    if vocabulary != checksum or indexed != shape or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise CorruptArtifactError(
            f"index: it holds vectors of shape {indexed} instead of {shape}, or those of other tracks, "
            "or its metric is not the inner product"
        )
    return FaissIndex(index), record


def _exact(vectors: NDArray[np.float32], queries: NDArray[np.float32], n: int) -> list[NDArray[np.int32]]:
    import faiss

    return list(faiss.knn(queries, vectors, n, metric=faiss.METRIC_INNER_PRODUCT)[1].astype(np.int32))


def _efforts(kind: IndexKind, parameters: Mapping[str, int], n_probe: int | None) -> tuple[int, ...]:
    if n_probe is None:
        most = parameters.get("n_cells", _EFFORTS[-1])
        return () if kind is IndexKind.FLAT else (*(each for each in _EFFORTS if each < most), most)
    if kind is not IndexKind.IVF:
        raise InvalidInputError(f"n_probe: an index of kind {kind} has no cells: ask for {IndexKind.IVF}.")
    if not 1 <= n_probe <= parameters["n_cells"]:
        raise InvalidInputError(
            f"n_probe: must be 1 to {parameters['n_cells']}, the number of cells; got {n_probe}."
        )
    return (n_probe,)


def _empty_index(kind: IndexKind, n_items: int, d: int) -> tuple[Any, dict[str, int], str]:
    """Return an index, its parameters by name, and the name of the parameter that sets its effort."""
    import faiss

    inner = faiss.METRIC_INNER_PRODUCT
    if kind is IndexKind.FLAT:
        return faiss.IndexFlatIP(d), {}, ""
    if kind is IndexKind.HNSW:
        graph = faiss.IndexHNSWFlat(d, _HNSW_LINKS, inner)
        graph.hnsw.efConstruction = _HNSW_EFFORT
        return graph, {"n_links": _HNSW_LINKS}, "ef_search"
    # FAISS trains a cell on 39 vectors or more, and recommends 4 √n cells below a million vectors.
    n_cells = max(1, min(int(4 * n_items**0.5), n_items // 39))
    cells = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, n_cells, inner)
    cells.cp.max_points_per_centroid = _SAMPLED_PER_CELL
    return cells, {"n_cells": n_cells}, "n_probe"


def _set_effort(index: Any, kind: IndexKind, amount: int) -> None:
    if kind is IndexKind.HNSW:
        index.hnsw.efSearch = amount
    else:
        index.nprobe = amount
