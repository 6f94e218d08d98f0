"""A filter of the graph of listeners and items: blur what was played over it, then sharpen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from training.algorithm.collaborative.linear import degrees, join, strongest
from training.algorithm.kind import AlgorithmKind
from training.algorithm.scorer import SimilarityScorer
from training.measure.space import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_ROWS = 256
"""Items whose weights are computed together: P² is dense, and whole it would be the catalogue squared."""
_POWERS = 30


@dataclass(frozen=True, slots=True)
class GraphFilter:
    """After Choi, Hong, Park & Cho, "Blurring-sharpening process models for collaborative filtering" (2023).

    P = D^-½ Xᵀ U^-through X D^-½, with D the items' listeners and U the listeners' items on the diagonal,
    blurs, and one Euler step back sharpens: W = D^(½-from) (P - sharpening · P² / λ) D^(½-to), with λ the
    greatest eigenvalue of P. The paper has through = 1, from = to = ½ and an ideal low-pass filter by
    singular vectors besides P; here separate exponents, as in `LinkPropagation`, are used instead.
    Time is about n_items times the number of interactions.

    Attributes
    ----------
    from_exponent, through_exponent, to_exponent : float
        How strongly the popular item that was played, the listener of many items and the popular item that is
        reached are held back; 0 not at all.
    sharpening : float
        How much of P² is taken away, ≥ 0; at 1 nothing is left of the direction that P blurs most.
    n_neighbours : int
        Weights kept for each item, the greatest in size; negative ones count.
    """

    from_exponent: float = 0.6
    through_exponent: float = 0.65
    to_exponent: float = 0.15
    sharpening: float = 0.95
    n_neighbours: int = 500

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> SimilarityScorer:
        """Blur and sharpen every item's row."""
        kept: list[csr_matrix] = []
        for rows in self._rows(interactions):
            progress(f"graph filter: {len(kept) * _ROWS} of {interactions.shape[1]} items")
            kept.append(strongest(rows, self.n_neighbours))
        return SimilarityScorer(join(kept))

    def _rows(self, interactions: csr_matrix) -> Iterator[csr_matrix]:
        """Yield W without its diagonal, float32, some rows at a time."""
        of_item, of_user = degrees(interactions)
        to_user = csr_matrix(interactions.T, dtype=np.float32)
        to_item = csr_matrix(diags_array(of_user**-self.through_exponent) @ interactions, dtype=np.float32)

        def walk(rows: NDArray[np.float32]) -> NDArray[np.float32]:
            # XᵀU^-through X is symmetric, and a sparse matrix is quicker from the left.
            columns = np.ascontiguousarray((rows / of_item).T, np.float32)
            return np.asarray((to_user @ (to_item @ columns)).T, np.float32)

        taken = self.sharpening / _growth(walk, len(of_item))
        for begin in range(0, len(of_item), _ROWS):
            blurred = (to_user[begin : begin + _ROWS] @ to_item).toarray()
            rows = (blurred - taken * walk(blurred)) * of_item**-self.to_exponent
            rows *= of_item[begin : begin + _ROWS, None] ** -self.from_exponent
            each = np.arange(len(rows))
            rows[each, begin + each] = 0
            yield csr_matrix(rows, dtype=np.float32)


def _growth(walk: Callable[[NDArray[np.float32]], NDArray[np.float32]], n_items: int) -> float:
    """Return the greatest eigenvalue of a walk without negative weights, by power iteration."""
    mass, growth = np.full((1, n_items), 1 / n_items, np.float32), 0.0
    for _ in range(_POWERS):
        mass = walk(mass)
        growth = max(float(mass.sum()), 1e-12)
        mass = mass / growth
    return growth


KINDS = {
    "graph-filter": AlgorithmKind(
        GraphFilter,
        60,
        {
            "from_exponent": Range(0.0, 1.0),
            "through_exponent": Range(0.0, 1.2),
            "to_exponent": Range(0.0, 1.0),
            "sharpening": Range(0.0, 1.2),
            "n_neighbours": Range(50, 2000, log=True, whole=True),
        },
    )
}
