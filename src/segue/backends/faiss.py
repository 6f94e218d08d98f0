"""Approximate search by FAISS, for catalogues where looking at every vector misses the budget.

The kind of index goes by the number of vectors, see `kind_for`; how far it searches is the least that
reaches a stated recall against exact search, measured on a sample. FAISS is imported when an index is built
or opened, and not before; where it is not installed, `open_search` answers exactly.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.nearest import ExactSearch, recall_of
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.domain.nearest import NearestSearch

RECALL_TARGET = 0.95
N_BEST, N_QUERIES = 100, 500
"""The recall is that of the best hundred, for so many queries."""

_MAX_FLAT, _MAX_IVF, _MAX_HNSW = 200_000, 500_000, 2_000_000
_EFFORTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
_HNSW_LINKS, _HNSW_EFFORT = 32, 80
_OVERSAMPLING = 8
_SEED = 17


class IndexKind(StrEnum):
    """How vectors are kept."""

    FLAT = "flat"
    """As they are; every one is looked at."""
    IVF = "ivf"
    """In cells about centroids; the cells nearest the query are looked at."""
    HNSW = "hnsw"
    """In a graph that is walked towards the query: the fastest, with links beside the vectors."""
    IVF_PQ = "ivf-pq"
    """In cells and compressed to d/2 bytes; the best are scored once more with the vectors themselves."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What is published of an index.

    Attributes
    ----------
    kind : IndexKind
    n_items, n_dimensions : int
    parameters : mapping of str to int
        ``n_cells`` and ``n_probe`` (IVF), ``n_links`` and ``ef_search`` (HNSW), ``oversampling`` (IVF-PQ).
    recall : float
        Share of the true best `N_BEST` that are found, over ``n_queries`` vectors of the sample.
    n_queries : int
    """

    kind: IndexKind
    n_items: int
    n_dimensions: int
    parameters: Mapping[str, int]
    recall: float
    n_queries: int


class FaissIndex:
    """A `NearestSearch` by a FAISS index of inner products.

    Parameters
    ----------
    index : faiss.Index
    vectors : float32 (n_items, d)
        What was indexed; a memory-mapped file will do, as only what is found is read.
    oversampling : int
        Ask for so many times the rows and score them with ``vectors``; 1 trusts the index's own products.
    """

    def __init__(self, index: Any, vectors: NDArray[np.float32], oversampling: int = 1) -> None:
        self.index, self.vectors, self.oversampling = index, vectors, oversampling

    def search(
        self, queries: NDArray[np.float32], n: int
    ) -> tuple[list[NDArray[np.int32]], list[NDArray[np.float32]]]:
        """See `segue.domain.nearest.NearestSearch`."""
        n_asked = min(n * self.oversampling, len(self.vectors))
        if n_asked == 0:
            return [np.empty(0, np.int32)] * len(queries), [np.empty(0, np.float32)] * len(queries)
        products, labels = self.index.search(np.ascontiguousarray(queries, np.float32), n_asked)
        found = [row[row >= 0].astype(np.int32) for row in labels]
        if self.oversampling == 1:
            return found, [product[label >= 0] for product, label in zip(products, labels, strict=True)]
        scores = [self.vectors[rows] @ query for rows, query in zip(found, queries, strict=True)]
        best = [np.argsort(-score, kind="stable")[:n] for score in scores]
        return (
            [rows[order] for rows, order in zip(found, best, strict=True)],
            [score[order] for score, order in zip(scores, best, strict=True)],
        )


def kind_for(n_items: int) -> IndexKind:
    """Return the kind for so many vectors: exact to 200 000, IVF to 500 000, HNSW to 2 million, IVF-PQ."""
    limits = ((_MAX_FLAT, IndexKind.FLAT), (_MAX_IVF, IndexKind.IVF), (_MAX_HNSW, IndexKind.HNSW))
    return next((kind for limit, kind in limits if n_items <= limit), IndexKind.IVF_PQ)


def build_index(
    vectors: NDArray[np.float32], recall_target: float = RECALL_TARGET, kind: IndexKind | None = None
) -> tuple[FaissIndex, IndexRecord]:
    """Index vectors (float32 (n_items, d)) for search by inner product.

    The effort (cells probed, or candidates kept on the walk) is doubled until the recall reaches the
    target; the last one is kept if none does, and the record tells the recall that it has.

    Raises
    ------
    InvalidInputError
        There are no vectors.
    """
    if not len(vectors):
        raise InvalidInputError("an index needs at least one vector.")
    vectors = np.ascontiguousarray(vectors, np.float32)
    kind = kind_for(len(vectors)) if kind is None else kind
    index, parameters, effort = _empty_index(kind, *vectors.shape)
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)
    search = FaissIndex(index, vectors, parameters.get("oversampling", 1))
    sample = np.random.default_rng(_SEED).choice(len(vectors), min(N_QUERIES, len(vectors)), replace=False)
    n, recall = min(N_BEST, len(vectors)), 1.0
    wanted = ExactSearch(vectors).search(vectors[sample], n)[0] if effort else []
    for amount in _EFFORTS if effort else ():
        _set_effort(index, kind, amount)
        parameters[effort] = amount
        recall = recall_of(search.search(vectors[sample], n)[0], wanted)
        if recall >= recall_target:
            break
    return search, IndexRecord(kind, len(vectors), vectors.shape[1], parameters, recall, len(sample))


def write_index(search: FaissIndex, record: IndexRecord, folder: Path) -> None:
    """Write ``index.faiss``, in FAISS's own format, and ``index.json``, the record."""
    import faiss

    faiss.write_index(search.index, str(folder / "index.faiss"))
    text = json.dumps(asdict(record), sort_keys=True, allow_nan=False)
    (folder / "index.json").write_text(text, encoding="utf-8")


def read_index(folder: Path, vectors: NDArray[np.float32]) -> tuple[FaissIndex, IndexRecord]:
    """Read what `write_index` wrote for the same vectors, float32 (n_items, d).

    Raises
    ------
    CorruptArtifactError
        The files are damaged, or of other vectors.
    """
    import faiss

    try:
        record = IndexRecord(**json.loads((folder / "index.json").read_bytes()))
        record = IndexRecord(**{**asdict(record), "kind": IndexKind(record.kind)})
        index = faiss.read_index(str(folder / "index.faiss"))
    except (
        OSError,
        ValueError,
        TypeError,
        RuntimeError,
        MemoryError,
    ) as error:  # RuntimeError is FAISS's own
        raise CorruptArtifactError(f"index: {error}") from error
    if (index.ntotal, index.d) != vectors.shape or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise CorruptArtifactError(
            f"index: {index.ntotal} × {index.d} of metric {index.metric_type} for vectors {vectors.shape}"
        )
    return FaissIndex(index, vectors, record.parameters.get("oversampling", 1)), record


def open_search(folder: Path, vectors: NDArray[np.float32]) -> NearestSearch:
    """Open the index of a folder; without one, or without FAISS, search exactly."""
    if not (folder / "index.faiss").exists():
        return ExactSearch(vectors)
    try:
        return read_index(folder, vectors)[0]
    except ImportError:
        return ExactSearch(vectors)


def _empty_index(kind: IndexKind, n_items: int, d: int) -> tuple[Any, dict[str, int], str]:
    """Return an index, its parameters by name, and the name of the one that is its effort."""
    import faiss

    inner = faiss.METRIC_INNER_PRODUCT
    if kind is IndexKind.FLAT:
        return faiss.IndexFlatIP(d), {}, ""
    if kind is IndexKind.HNSW:
        graph = faiss.IndexHNSWFlat(d, _HNSW_LINKS, inner)
        graph.hnsw.efConstruction = _HNSW_EFFORT
        return graph, {"n_links": _HNSW_LINKS}, "ef_search"
    # FAISS asks for 39 vectors a cell to train on; 4 √n cells is its own advice below a million vectors.
    n_cells = max(1, min(int(4 * n_items**0.5), n_items // 39))
    cells = faiss.IndexFlatIP(d)
    if kind is IndexKind.IVF:
        return faiss.IndexIVFFlat(cells, d, n_cells, inner), {"n_cells": n_cells}, "n_probe"
    n_codes = next(codes for codes in range(max(1, d // 2), 0, -1) if d % codes == 0)
    index = faiss.IndexIVFPQ(cells, d, n_cells, n_codes, 8, inner)
    return index, {"n_cells": n_cells, "n_codes": n_codes, "oversampling": _OVERSAMPLING}, "n_probe"


def _set_effort(index: Any, kind: IndexKind, amount: int) -> None:
    if kind is IndexKind.HNSW:
        index.hnsw.efSearch = amount
    else:
        index.nprobe = amount
