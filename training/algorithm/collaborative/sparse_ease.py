"""EASE for large catalogues: each item is explained by its neighbourhood alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, solve
from scipy.sparse import coo_matrix, csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from segue.errors import TrainingError
from training.algorithm.collaborative.linear import cosines, item_ridge, join, strongest
from training.algorithm.kind import AlgorithmKind
from training.algorithm.scorer import SimilarityScorer
from training.measure.space import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SparseEase:
    """Steck, "Markov random fields for collaborative filtering" (2019), sec. 3.2.

    Only the nearest items by cosine have a weight for an item: W_Dj = -P_Dj / P_jj with
    P = (X_DᵀX_D + Λ_D)⁻¹ on the neighbourhood D alone. EASE inverts the whole catalogue instead. One D also
    solves the items in its middle. An item takes the first D that solves it; the paper averages over all.
    Memory is about 12 n_items n_neighbours bytes.

    Attributes
    ----------
    regularization, frequency_exponent : float
        λ and ν as of `Ease`.
    n_neighbours : int
        Number of other items in an item's neighbourhood.
    shared : float
        r in [0, 1): the share of a neighbourhood that is solved with its own item. 0 is exact and slowest.
    """

    regularization: float = 100.0
    frequency_exponent: float = 0.0
    n_neighbours: int = 300
    shared: float = 0.1

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> SimilarityScorer:
        """Solve neighbourhood by neighbourhood, the most played item first.

        Raises
        ------
        TrainingError
            A neighbourhood cannot be solved: raise ``regularization``.
        """
        progress("sparse EASE: finding neighbourhoods")
        near = [strongest(chunk, self.n_neighbours) for chunk in cosines(interactions, 0.0)]
        rows, columns, weights = [], [], []
        # Systems of some hundred unknowns: threads would wait for each other longer than they compute.
        with threadpool_limits(1, "blas"):
            for around, solved, weight in self._solve(interactions, near, progress):
                rows.append(np.repeat(around, len(solved)))
                columns.append(np.tile(solved, len(around)))
                weights.append(weight.ravel())
        entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
        matrix = coo_matrix(entries, shape=(interactions.shape[1],) * 2).tocsr()
        matrix.eliminate_zeros()
        return SimilarityScorer(join([csr_matrix(matrix)]))

    def _solve(
        self, interactions: csr_matrix, near: list[csr_matrix], progress: Callable[[str], None]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        """Yield neighbourhoods, int64 (h,), items solved in each, int64 (s,), and weights (h, s)."""
        items = csr_matrix(interactions.T, dtype=np.float64)
        ridge = item_ridge(interactions, self.regularization, self.frequency_exponent)
        left = np.ones(items.shape[0], bool)
        order = np.argsort(-np.diff(items.indptr), kind="stable")
        for done, item in enumerate(order):
            if done % 5000 == 0:
                progress(f"sparse EASE: {done} of {len(order)} items")
            if left[item]:
                around = _neighbourhood(near, item)
                middle = around[: 1 + int(self.shared * len(around))]
                solved = middle[left[middle]]
                left[solved] = False
                yield (
                    around,
                    solved,
                    self._weights(items[around], ridge[around], np.flatnonzero(np.isin(middle, solved))),
                )

    def _weights(
        self, items: csr_matrix, ridge: NDArray[np.float64], solved: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        system = (items @ items.T).toarray()
        system[np.diag_indices_from(system)] += ridge
        unit = np.zeros((len(ridge), len(solved)))
        place = np.arange(len(solved))
        unit[solved, place] = 1
        try:
            inverse = solve(
                system, unit, assume_a="pos", overwrite_a=True, overwrite_b=True, check_finite=False
            )
        except LinAlgError as error:
            raise TrainingError(
                f"λ = {self.regularization} leaves sparse EASE singular: raise regularization."
            ) from error
        weights: NDArray[np.float64] = inverse / -inverse[solved, place]
        weights[solved, place] = 0
        return weights


def _neighbourhood(near: list[csr_matrix], item: int) -> NDArray[np.int64]:
    """Return the item, then its neighbours by falling cosine."""
    chunk = near[item // near[0].shape[0]]
    row = item % near[0].shape[0]
    span = slice(chunk.indptr[row], chunk.indptr[row + 1])
    order = np.argsort(-chunk.data[span], kind="stable")
    return np.concatenate([[item], chunk.indices[span][order]]).astype(np.int64)


KINDS = {
    "sparse-ease": AlgorithmKind(
        SparseEase,
        40,
        {
            "regularization": Range(1, 10_000, log=True),
            "frequency_exponent": Range(0.0, 1.0),
            "n_neighbours": Range(50, 1000, log=True, whole=True),
        },
        member="similarity",
        quick=({},),
    )
}
