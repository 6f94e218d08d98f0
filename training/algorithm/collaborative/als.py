"""Implicit-feedback ALS by the package implicit: quick to fit, at home at 32 … 128 dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from segue.domain.model.collaborative.item_factors import Confidence, Objective, rotate
from segue.errors import TrainingError
from training.algorithm.kind import AlgorithmKind
from training.algorithm.native import importing
from training.algorithm.scorer import FactorScorer
from training.measure.space import Choice, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class AlsRecommender:
    """Hu, Koren & Volinsky, "Collaborative filtering for implicit feedback datasets" (2008), eq. 3.

    The factors are found by conjugate gradients (Takács, Pilászy & Tikk 2011).

    Attributes
    ----------
    n_factors : int
        Dimensions d.
    regularization : float
        λ, the same for every user and item.
    alpha : float
        Confidence c = α r; an item that was not played weighs 1.
    n_sweeps : int
        Passes over users and items.
    seed : int
        Seed of the initial factors; the same seed gives the same model.
    """

    n_factors: int = 64
    regularization: float = 10.0
    alpha: float = 40.0
    n_sweeps: int = 15
    seed: int = 17

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> FactorScorer:
        """Alternate between users and items, and keep the items.

        Raises
        ------
        TrainingError
            The factors grew beyond all numbers: give smaller weights.
        ConfigError
            The package implicit, or a library that it needs, is not installed.
        """
        with importing("implicit"):
            from implicit.cpu.als import AlternatingLeastSquares
            from implicit.recommender_base import ModelFitError

        def report(sweep: int, _seconds: float, _loss: float | None) -> None:
            progress(f"ALS sweep {sweep + 1} of {self.n_sweeps}")

        # implicit has threads of its own: with BLAS's besides, they fight, and fitting takes 10 × as long.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=self.n_factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.n_sweeps,
                random_state=self.seed,
            )
            try:
                model.fit(interactions, show_progress=False, callback=report)
            except ModelFitError as error:
                raise TrainingError(f"its factors are not finite ({error}): give smaller weights.") from error
        objective = Objective(self.regularization, alpha=self.alpha, confidence=Confidence.REPLACES)
        return FactorScorer(rotate(model.item_factors, objective))


KINDS = {
    "als": AlgorithmKind(
        AlsRecommender,
        80,
        {
            "n_factors": Choice((32, 64, 128)),
            "regularization": Range(0.01, 100, log=True),
            "alpha": Range(1, 100, log=True),
        },
        member="factors",
        fixed=("n_factors", "seed"),
    )
}
