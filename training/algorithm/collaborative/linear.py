"""Linear item-item models: a score is a sum of weights, which explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack
from scipy.sparse import csr_matrix, diags_array

from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.vector.top_n import top_n
from segue.errors import InvalidInputError, TrainingError
from training.algorithm.kind import AlgorithmKind
from training.algorithm.scorer import SimilarityScorer
from training.measure.space import Range
from training.release.finite import check_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Rp3Beta:
    """Paudel, Christoffel, Newell & Bernstein, "Updatable, accurate, diverse, and scalable …" (2016).

    W_ij = Σ_u (p_iu p_uj)^α / popularity_j^β: a random walk from item to listener to item, with popular
    ends held back.

    Attributes
    ----------
    alpha : float
        Exponent of the walk's probabilities.
    beta : float
        How strongly popular items are held back; 0 not at all.
    n_neighbours : int
        Weights kept for each item, the greatest.
    """

    alpha: float = 0.8
    beta: float = 0.2
    n_neighbours: int = 200

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> SimilarityScorer:
        """Walk from every item."""
        progress("RP3beta: walking from every item")
        exact = interactions.astype(np.float64)
        popularity, _ = degrees(exact)
        to_user = _stochastic(csr_matrix(exact.T)).power(self.alpha)
        to_item = _stochastic(exact).power(self.alpha) @ diags_array(popularity**-self.beta)
        return _truncate(_products(to_user, csr_matrix(to_item)), self.n_neighbours)


@dataclass(frozen=True, slots=True)
class LinkPropagation:
    """Fu, Poirson, Lee & Wang, "Revisiting neighborhood-based link prediction for collaborative …" (2022).

    W_ij = Σ_u x_iu x_uj / (degree_i^α degree_u^β degree_j^γ): the walk of RP3beta, with an exponent of its
    own for each of the three nodes on the way.

    Attributes
    ----------
    from_exponent, through_exponent, to_exponent : float
        α, β and γ: how strongly the popular item that was played, the listener of many items and the popular
        item that is reached are held back; 0 not at all.
    n_neighbours : int
        Weights kept for each item, the greatest.
    """

    from_exponent: float = 0.5
    through_exponent: float = 0.7
    to_exponent: float = 0.3
    n_neighbours: int = 500

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> SimilarityScorer:
        """Walk from every item."""
        progress("link propagation: walking from every item")
        of_item, of_user = degrees(interactions)
        to_user = diags_array(of_item**-self.from_exponent) @ interactions.T
        to_item = diags_array(of_user**-self.through_exponent) @ interactions
        to_item = to_item @ diags_array(of_item**-self.to_exponent)
        return _truncate(_products(csr_matrix(to_user), csr_matrix(to_item)), self.n_neighbours)


@dataclass(frozen=True, slots=True)
class ItemKnn:
    """Cosine between items' listeners, shrunk: W_ij = x_i·x_j / (|x_i| |x_j| + shrinkage).

    As in Ferrari Dacrema, Cremonesi & Jannach, "Are we really making much progress?" (2019), sec. 3.2.

    Attributes
    ----------
    shrinkage : float
        Holds back pairs of which little is known.
    n_neighbours : int
        Weights kept for each item, the greatest.
    """

    shrinkage: float = 100.0
    n_neighbours: int = 200

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> SimilarityScorer:
        """Compare every pair of items that share a listener."""
        progress("item-kNN: comparing items")
        return _truncate(cosines(interactions, self.shrinkage), self.n_neighbours)


@dataclass(frozen=True, slots=True)
class Ease:
    """Steck, "Embarrassingly shallow autoencoders for sparse data" (2019), eq. 8.

    P = (XᵀX + Λ)⁻¹, W_ij = -P_ij / P_jj, W_jj = 0. Memory is 4 n_items² bytes, time about n_items³.

    Attributes
    ----------
    regularization : float
        λ > 0, the mean of Λ's diagonal.
    frequency_exponent : float
        ν: an item of n listeners is regularised in proportion to n^ν, with 0 all alike. Scaling the items
        before a plain λ, as in Steck, "Markov random fields for collaborative filtering" (2019), is the same.
    n_neighbours : int
        Weights kept for each item, the greatest in size; negative ones count.
    max_items : int
        Catalogue beyond which fitting is refused: 30 000 items are 3.6 GB and minutes.
    """

    regularization: float = 300.0
    frequency_exponent: float = 0.0
    n_neighbours: int = 500
    max_items: int = 30_000

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> SimilarityScorer:
        """Invert the regularised Gram matrix in place.

        Raises
        ------
        InvalidInputError
            The catalogue passes ``max_items``: use `Rp3Beta`, or raise it.
        TrainingError
            The matrix cannot be inverted: raise ``regularization``.
        """
        n_items = interactions.shape[1]
        if n_items > self.max_items:
            raise InvalidInputError(
                f"EASE would invert {n_items} × {n_items} numbers, allowed are {self.max_items} items: "
                "use RP3beta, or raise max_items."
            )
        progress(f"EASE: inverting {n_items} × {n_items} numbers")
        gram = (interactions.T @ interactions).astype(np.float32).toarray(order="F")
        ridge = item_ridge(interactions, self.regularization, self.frequency_exponent)
        gram[np.diag_indices(n_items)] += ridge
        factor, failed = lapack.spotrf(gram, overwrite_a=True)
        if not failed:
            inverse, failed = lapack.spotri(factor, overwrite_c=True)
        if failed:
            raise TrainingError(f"λ = {self.regularization} leaves EASE singular: raise regularization.")
        return _truncate(_ease_rows(inverse), self.n_neighbours)


def cosines(interactions: csr_matrix, shrinkage: float) -> Iterator[csr_matrix]:
    """Yield x_i·x_j / (|x_i| |x_j| + shrinkage) of items, 0 for i = j, some rows at a time."""
    exact = interactions.astype(np.float64)
    norm = np.sqrt(np.asarray(exact.multiply(exact).sum(axis=0))).ravel()
    begin = 0
    for chunk in _products(csr_matrix(exact.T), exact):
        left = np.repeat(norm[begin : begin + chunk.shape[0]], np.diff(chunk.indptr))
        chunk.data /= left * norm[chunk.indices] + shrinkage
        begin += chunk.shape[0]
        yield chunk


def degrees(interactions: csr_matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each item and each user weighs in all, float64 (n_items,) and (n_users,), above 0.

    A float32 matrix adds up in float32, where the plays of a few can pass the greatest number.
    """
    exact = interactions.astype(np.float64)
    of_item, of_user = (np.maximum(np.asarray(exact.sum(axis=axis)).ravel(), 1e-12) for axis in (0, 1))
    return of_item, of_user


def item_ridge(interactions: csr_matrix, mean: float, exponent: float) -> NDArray[np.float64]:
    """Return what each item is regularised by, float64 (n_items,), in proportion to listeners^exponent."""
    listeners = np.maximum(np.asarray((interactions > 0).sum(axis=0), np.float64).ravel(), 1)
    scale = listeners**exponent
    ridge: NDArray[np.float64] = mean * scale / scale.mean()
    return ridge


def _ease_rows(inverse: NDArray[np.float32]) -> Iterator[csr_matrix]:
    # LAPACK fills the upper triangle of the symmetric inverse alone.
    diagonal = inverse.diagonal().copy()
    for begin in range(0, len(inverse), _CHUNK):
        end = min(begin + _CHUNK, len(inverse))
        middle = np.triu(inverse[begin:end, begin:end])
        middle += np.triu(middle, 1).T
        rows = np.hstack([inverse[:begin, begin:end].T, middle, inverse[begin:end, end:]])
        rows /= -diagonal
        rows[np.arange(end - begin), np.arange(begin, end)] = 0
        yield csr_matrix(rows)


def _stochastic(matrix: csr_matrix) -> csr_matrix:
    total = np.asarray(matrix.sum(axis=1), np.float64).ravel()
    return csr_matrix(diags_array(1 / np.maximum(total, 1e-12)) @ matrix)


def _products(left: csr_matrix, right: csr_matrix) -> Iterator[csr_matrix]:
    """Yield ``left @ right`` without its diagonal, some rows at a time: whole, it would be nearly dense."""
    for begin in range(0, left.shape[0], _CHUNK):
        chunk = csr_matrix(left[begin : begin + _CHUNK] @ right, dtype=np.float64)
        row = np.repeat(np.arange(chunk.shape[0]), np.diff(chunk.indptr))
        chunk.data[chunk.indices == begin + row] = 0
        yield chunk


def _truncate(chunks: Iterable[csr_matrix], n_neighbours: int) -> SimilarityScorer:
    return SimilarityScorer(join([strongest(chunk, n_neighbours) for chunk in chunks]))


def strongest(rows: csr_matrix, n_neighbours: int) -> csr_matrix:
    """Keep the entries of each row that are greatest in size; of equal ones the lower column.

    Raises
    ------
    TrainingError
        An entry is not finite: it would be dropped, as no order has a place for it.
    """
    check_finite(rows.data, "weights", "weights of item pairs")
    rows.eliminate_zeros()
    rows.sort_indices()
    size = np.abs(rows.data).astype(np.float32)
    bounds = zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
    kept = [begin + np.sort(top_n(size[begin:end], n_neighbours)) for begin, end in bounds]
    start = np.concatenate([[0], np.cumsum([len(row) for row in kept])])
    chosen = np.concatenate(kept)
    return csr_matrix((rows.data[chosen], rows.indices[chosen], start), shape=rows.shape)


def join(parts: list[csr_matrix]) -> ItemSimilarity:
    """Stack rows, their columns ascending, to what is served."""
    length = np.concatenate([np.diff(part.indptr) for part in parts])
    return ItemSimilarity(
        start=np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
        item_index=np.concatenate([part.indices for part in parts]).astype(np.int32),
        weight=np.concatenate([part.data for part in parts]).astype(np.float32),
    )


_NEIGHBOURS = Range(50, 2000, log=True, whole=True)

KINDS = {
    "rp3beta": AlgorithmKind(
        Rp3Beta,
        10,
        {"alpha": Range(0.3, 1.6), "beta": Range(0.0, 1.0), "n_neighbours": _NEIGHBOURS},
        member="similarity",
        usual={"n_neighbours": 75},
        quick=({},),
    ),
    "link-propagation": AlgorithmKind(
        LinkPropagation,
        20,
        {
            "from_exponent": Range(0.0, 1.0),
            "through_exponent": Range(0.0, 1.2),
            "to_exponent": Range(0.0, 1.0),
            "n_neighbours": _NEIGHBOURS,
        },
        member="similarity",
    ),
    "item-knn": AlgorithmKind(
        ItemKnn,
        30,
        {"shrinkage": Range(0.1, 1000, log=True), "n_neighbours": _NEIGHBOURS},
        member="similarity",
        quick=({},),
    ),
    "ease": AlgorithmKind(
        Ease,
        50,
        {
            "regularization": Range(1, 10_000, log=True),
            "frequency_exponent": Range(0.0, 1.0),
            "n_neighbours": _NEIGHBOURS,
        },
        member="similarity",
    ),
}
