"""Non-negative factors by scikit-learn: few parts, each a theme that can be read off its items."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.collaborative.nonnegative_factors import build_nonnegative_factors
from segue.errors import TrainingError
from training.algorithm.kind import AlgorithmKind
from training.algorithm.scorer import FactorScorer
from training.measure.space import Choice, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class NmfRecommender:
    """Lee & Seung, "Learning the parts of objects by non-negative matrix factorization" (1999).

    Squared error, by coordinate descent (Cichocki & Phan 2009).

    Attributes
    ----------
    n_factors : int
        Parts d; of fewer users or items as many as there are.
    regularization : float
        λ ≥ 0 per entry: a user is regularised by λ n_items, an item by λ n_users.
    n_sweeps : int
        Passes over users and items at most; it ends earlier when it has converged.
    seed : int
        Seed of the initial factors; the same seed gives the same model.
    """

    n_factors: int = 20
    regularization: float = 0.0
    n_sweeps: int = 200
    seed: int = 17

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> FactorScorer:
        """Factorise, and keep the items; TrainingError where the factors are no finite numbers."""
        from sklearn.decomposition import NMF
        from sklearn.exceptions import ConvergenceWarning

        n_parts = min(self.n_factors, *interactions.shape)  # its first guess has no more singular vectors
        progress(f"NMF: {n_parts} parts")
        model = NMF(
            n_components=n_parts,
            init="nndsvda",
            alpha_W=self.regularization,
            l1_ratio=0.0,
            max_iter=self.n_sweeps,
            random_state=self.seed,
        )
        with warnings.catch_warnings():  # ending after n_sweeps is what was asked for
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(interactions)
        factors = np.ascontiguousarray(model.components_.T, np.float32)
        if not np.isfinite(factors).all():  # of few events its first guess divides by 0
            raise TrainingError(
                "its factors are not finite with these data: give more events, or smaller weights."
            )
        return FactorScorer(build_nonnegative_factors(factors, self.regularization * interactions.shape[1]))


KINDS = {
    "nmf": AlgorithmKind(
        NmfRecommender,
        90,
        {"n_factors": Choice((20, 40, 80)), "regularization": Range(1e-6, 1e-2, log=True)},
        member="parts",
        usual={"n_sweeps": 50},
        fixed=("n_factors", "seed", "n_sweeps"),
    )
}
