"""Fit content vectors and the graph of nearest tracks to a catalogue."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize
from sklearn.random_projection import SparseRandomProjection

from segue.backends.faiss import IndexKind, build_index
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.content.content import Content
from segue.domain.vector.top_n import top_n
from segue.errors import NotEnoughDataError
from training.algorithm.content.field import AUDIO_COLUMNS, FieldWeights, read_fields
from training.algorithm.content.weighting import choose_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from training.algorithm.content.field import Fields
    from training.algorithm.content.weighting import ListeningSplit

N_DIMENSIONS = 192
"""Number of columns of a vector. docs/content.md compares other numbers by accuracy and cost."""

N_NEIGHBOURS = 50
SVD, SKETCH = "svd", "sketch"
"""Methods that reduce text. Truncated singular value decomposition keeps what many tracks share, but loses
most of thirty thousand artists. A random projection (Achlioptas 2003) keeps all products, with noise."""

_PROJECTIONS = (SVD, SKETCH)
_DENSITY = 0.2  # the default of 1/√n would put most artists into one column of the 192, upon others
_MAX_LOW_LEVEL = 32
_MOST_COMPARED = 200_000  # the maximum number of tracks whose pairs are all compared
_N_QUERIES, _BLOCK = 200, 4096
_SEED = 17


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """What is published about fitted content.

    Attributes
    ----------
    weights : FieldWeights
    chosen_by : dict of str to float
        What the choice of the weights rests on; empty where they were not chosen by listening.
    projection : str
        `SVD` or `SKETCH`, by which kept more.
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
    projection: str
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
    listening: ListeningSplit | None = None,
    *,
    weights: FieldWeights | None = None,
    n_dimensions: int = N_DIMENSIONS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Content, ContentRecord]:
    """Fit vectors and neighbours; see `segue.domain.model.content.content.Content`.

    Parameters
    ----------
    catalogue : Catalogue
    listening : ListeningSplit, optional
        What the weights of the fields are chosen on.
    weights : FieldWeights, optional
        Given, they are not chosen.
    n_dimensions : int
        Columns for text, low-level and audio features together; a narrow catalogue has fewer.
    progress : callable
        Called with what is being done.

    Raises
    ------
    NotEnoughDataError
        The catalogue has fewer than two tracks.
    """
    if len(catalogue) < 2:
        raise NotEnoughDataError(f"{len(catalogue)} tracks cannot be compared: give a larger catalogue.")
    progress("reading the fields of the catalogue")
    fields = read_fields(catalogue)
    chosen_by: dict[str, float] = {}
    if weights is None and listening is not None:
        progress("weighing the fields")
        weights, chosen_by = choose_weights(fields, listening)
    weights = weights or FieldWeights()
    progress("reducing the text")
    n_near = min(N_NEIGHBOURS, len(catalogue) - 1)
    projection, vectors, n_text, (recall, kept) = _best_projection(fields, weights, n_dimensions, n_near)
    progress("finding each track's neighbours")
    neighbours, graph, graph_recall = find_neighbours(vectors, N_NEIGHBOURS)
    record = ContentRecord(
        weights, chosen_by, projection, vectors.shape[1], recall, kept, graph, graph_recall
    )
    return Content(vectors, AUDIO_COLUMNS, n_text, neighbours), record


def _best_projection(
    fields: Fields, weights: FieldWeights, n_dimensions: int, n_near: int
) -> tuple[str, NDArray[np.float32], int, tuple[float, float]]:
    """Reduce the text in both ways, and keep the vectors under which the neighbours found are nearer."""
    reduced = []
    for projection in _PROJECTIONS:
        vectors, n_text = build_vectors(fields, weights, n_dimensions, projection)
        reduced.append((projection, vectors, n_text, measure(fields, weights, vectors, n_near)))
    return max(reduced, key=lambda each: each[-1][1])


def build_vectors(
    fields: Fields, weights: FieldWeights, n_dimensions: int, projection: str
) -> tuple[NDArray[np.float32], int]:
    """Join the fields into unit rows, float32 (n_items, ≤ n_dimensions); say how many columns are text."""
    audio = np.float32(weights.audio**0.5) * fields.audio
    low_level = np.float32(weights.low_level**0.5) * _reduce(
        csr_matrix(fields.low_level), _MAX_LOW_LEVEL, SVD
    )
    room = max(1, n_dimensions - audio.shape[1] - low_level.shape[1])
    text = _reduce(fields.weighted_text(weights), room, projection)
    rows = np.hstack([text, low_level, audio])
    return np.ascontiguousarray(normalize(rows), np.float32), text.shape[1]


def _reduce(rows: csr_matrix, width: int, projection: str) -> NDArray[np.float32]:
    """Keep the products of rows as well as ``width`` columns can."""
    if rows.shape[1] <= width:
        return np.asarray(rows.toarray(), np.float32)
    if projection == SVD:
        width = min(width, rows.shape[0])
        return np.asarray(TruncatedSVD(width, n_iter=2, random_state=_SEED).fit_transform(rows), np.float32)
    sketch = SparseRandomProjection(width, density=_DENSITY, dense_output=True, random_state=_SEED)
    return np.asarray(sketch.fit_transform(rows), np.float32)


def find_neighbours(vectors: NDArray[np.float32], n: int) -> tuple[ItemSimilarity, str, float]:
    """Return each row's ``n`` nearest others with a cosine above 0, how they were found, and the recall."""
    # A whole catalogue of queries repays the building of cells; a graph to walk takes longer to build.
    kind = IndexKind.FLAT if len(vectors) <= _MOST_COMPARED else IndexKind.IVF
    search, record = build_index(vectors, kind=kind)
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
    sample = np.sort(rng.choice(len(vectors), min(_N_QUERIES, len(vectors)), replace=False))
    text = fields.weighted_text(weights)
    size = np.sqrt(np.maximum(_squares(fields, weights, text), 1e-12)).astype(np.float32)
    exact = (text[sample] @ text.T).toarray()
    exact += np.float32(weights.audio) * (fields.audio[sample] @ fields.audio.T)
    exact += np.float32(weights.low_level) * (fields.low_level[sample] @ fields.low_level.T)
    exact /= size * size[sample, None]
    mine = vectors[sample] @ vectors.T
    own = np.arange(len(sample)), sample
    exact[own] = mine[own] = -np.inf
    best, found = (np.stack([top_n(row, n) for row in each]) for each in (exact, mine))
    recall = np.mean([np.isin(*pair).mean() for pair in zip(best, found, strict=True)])
    found_cosine, best_cosine = (np.take_along_axis(exact, rows, 1).sum() for rows in (found, best))
    return float(recall), float(found_cosine / best_cosine) if best_cosine else 1.0


def _squares(fields: Fields, weights: FieldWeights, text: csr_matrix) -> NDArray[np.float64]:
    squares = np.asarray(text.multiply(text).sum(axis=1)).ravel().astype(np.float64)
    squares += weights.audio * (fields.audio**2).sum(axis=1)
    squares += weights.low_level * (fields.low_level**2).sum(axis=1)
    return squares
