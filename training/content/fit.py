"""Fit content vectors and the graph of nearest tracks to a catalogue."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from segue.backends.faiss import IndexKind, build_index, kind_for
from segue.domain.content import Content
from segue.domain.item_similarity import ItemSimilarity
from segue.errors import NotEnoughDataError
from training.content.field import AUDIO_COLUMNS, FieldWeights, read_fields
from training.content.weighting import choose_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.catalogue import Catalogue
    from training.content.field import Fields
    from training.content.weighting import Listening

N_DIMENSIONS = 128
"""Columns of a vector; docs/content.md has what other numbers keep of the neighbourhoods, and cost."""

N_NEIGHBOURS = 50
_MAX_LOW_LEVEL = 32
_N_QUERIES, _BLOCK = 500, 4096
_SEED = 17


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """What is published about fitted content.

    Attributes
    ----------
    weights : FieldWeights
    chosen_by : dict of str to float
        What the choice of the weights rests on; empty where they were not chosen by listening.
    n_dimensions : int
    neighbour_recall : float
        Share of the nearest `N_NEIGHBOURS` by the exact fields that are nearest by the vectors too.
    kept_similarity : float
        Mean exact cosine of the vectors' nearest, over that of the exact nearest.
    graph : str
        How the graph's neighbours were found: an `IndexKind`.
    graph_recall : float
        Share of the vectors' true nearest that it has.
    """

    weights: FieldWeights
    chosen_by: dict[str, float]
    n_dimensions: int
    neighbour_recall: float
    kept_similarity: float
    graph: str
    graph_recall: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a manifest."""
        return asdict(self)


def fit_content(
    catalogue: Catalogue,
    listening: Listening | None = None,
    *,
    weights: FieldWeights | None = None,
    n_dimensions: int = N_DIMENSIONS,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Content, ContentRecord]:
    """Fit vectors and neighbours; see `segue.domain.content.Content`.

    Parameters
    ----------
    catalogue : Catalogue
    listening : Listening, optional
        What the weights of the fields are chosen on.
    weights : FieldWeights, optional
        Given, they are not chosen.
    n_dimensions : int
        Columns for text, low-level and audio features together; a narrow catalogue has fewer.
    say : callable
        Told what is being done.

    Raises
    ------
    NotEnoughDataError
        The catalogue has fewer than two tracks.
    """
    if len(catalogue) < 2:
        raise NotEnoughDataError(f"{len(catalogue)} tracks cannot be compared: give a larger catalogue.")
    say("reading the fields of the catalogue")
    fields = read_fields(catalogue)
    chosen_by: dict[str, float] = {}
    if weights is None and listening is not None:
        say("weighing the fields")
        weights, chosen_by = choose_weights(fields, listening)
    weights = weights or FieldWeights()
    say("reducing the text")
    vectors, n_text = _vectors(fields, weights, n_dimensions)
    say("finding each track's neighbours")
    neighbours, graph, graph_recall = find_neighbours(vectors, N_NEIGHBOURS)
    recall, kept = measure(fields, weights, vectors, min(N_NEIGHBOURS, len(vectors) - 1))
    record = ContentRecord(weights, chosen_by, vectors.shape[1], recall, kept, graph, graph_recall)
    return Content(vectors, AUDIO_COLUMNS, n_text, neighbours), record


def _vectors(fields: Fields, weights: FieldWeights, n_dimensions: int) -> tuple[NDArray[np.float32], int]:
    audio = np.float32(weights.audio**0.5) * fields.audio
    low_level = np.float32(weights.low_level**0.5) * _reduce(csr_matrix(fields.low_level), _MAX_LOW_LEVEL)
    room = max(1, n_dimensions - audio.shape[1] - low_level.shape[1])
    text = _reduce(fields.weighted_text(weights), room)
    rows = np.hstack([text, low_level, audio])
    return np.ascontiguousarray(normalize(rows), np.float32), text.shape[1]


def _reduce(rows: csr_matrix, width: int) -> NDArray[np.float32]:
    """Products of rows, kept as well as ``width`` columns can (truncated singular value decomposition)."""
    if rows.shape[1] <= width:
        return np.asarray(rows.toarray(), np.float32)
    width = min(width, rows.shape[0])
    reduced = TruncatedSVD(width, n_iter=4, random_state=_SEED).fit_transform(rows)
    return np.asarray(reduced, np.float32)


def find_neighbours(vectors: NDArray[np.float32], n: int) -> tuple[ItemSimilarity, str, float]:
    """Return each row's ``n`` nearest others with a cosine above 0, how they were found, and the recall."""
    # A whole catalogue of queries repays the building of cells; a graph to walk takes longer to build.
    flat = kind_for(len(vectors)) is IndexKind.FLAT
    search, record = build_index(vectors, kind=IndexKind.FLAT if flat else IndexKind.IVF)
    indices, weights, counts = [], [], []
    for first in range(0, len(vectors), _BLOCK):
        found, cosines = search.search(vectors[first : first + _BLOCK], n + 1)
        for row, (items, values) in enumerate(zip(found, cosines, strict=True), first):
            others = np.flatnonzero((items != row) & (values > 0))[:n]
            ascending = others[np.argsort(items[others])]
            indices.append(items[ascending])
            weights.append(values[ascending])
            counts.append(len(others))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    graph = ItemSimilarity(start, np.concatenate(indices), np.concatenate(weights).astype(np.float32))
    return graph, str(record.kind), record.recall


def measure(
    fields: Fields, weights: FieldWeights, vectors: NDArray[np.float32], n: int
) -> tuple[float, float]:
    """Return how much of the exact fields' neighbourhoods the vectors keep, on a sample of tracks.

    Returns
    -------
    float, float
        `ContentRecord.neighbour_recall` and `ContentRecord.kept_similarity`.
    """
    rng = np.random.default_rng(_SEED)
    sample = rng.choice(len(vectors), min(_N_QUERIES, len(vectors)), replace=False)
    text = fields.weighted_text(weights)
    size = np.sqrt(_squares(fields, weights, text))
    size[size == 0] = 1
    recall, found_cosine, best_cosine = [], 0.0, 0.0
    for row in sample.tolist():
        cosine = np.asarray((text @ text[row].T).todense()).ravel()
        cosine += weights.audio * (fields.audio @ fields.audio[row])
        cosine += weights.low_level * (fields.low_level @ fields.low_level[row])
        cosine /= size * size[row]
        mine = vectors @ vectors[row]
        cosine[row] = mine[row] = -np.inf
        best, found = np.argpartition(-cosine, n - 1)[:n], np.argpartition(-mine, n - 1)[:n]
        recall.append(np.isin(best, found).mean())
        best_cosine += float(cosine[best].sum())
        found_cosine += float(cosine[found].sum())
    return float(np.mean(recall)), found_cosine / best_cosine if best_cosine else 1.0


def _squares(fields: Fields, weights: FieldWeights, text: csr_matrix) -> NDArray[np.float64]:
    squares = np.asarray(text.multiply(text).sum(axis=1)).ravel().astype(np.float64)
    squares += weights.audio * (fields.audio**2).sum(axis=1)
    squares += weights.low_level * (fields.low_level**2).sum(axis=1)
    return squares
