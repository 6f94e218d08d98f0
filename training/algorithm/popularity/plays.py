"""What everybody plays: the floor that every other recommender must clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.popularity.popularity import build_popularity, count_events
from training.algorithm.kind import AlgorithmKind
from training.algorithm.scorer import PopularityScorer

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class PopularityRecommender:
    """Rank by how many listeners an item has, which one listener's thousand plays cannot move."""

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> PopularityScorer:
        """Count listeners."""
        progress("counting listeners")
        listened = interactions.indices[interactions.data > 0].astype(np.int32)
        return PopularityScorer(build_popularity(count_events(listened, interactions.shape[1])))


KINDS = {"popularity": AlgorithmKind(PopularityRecommender, 0, {})}
