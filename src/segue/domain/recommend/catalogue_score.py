"""One score for every track of the catalogue, where a list of the best is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.member import Step
from segue.domain.model.registry import SPECS
from segue.domain.recommend.recommender import choose, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.candidate_source import CandidateSource
    from segue.domain.recommend.recommender import Recommender, RecommendFor

ABOUT_TRACKS = frozenset(spec.name for _, spec in SPECS if spec.alike)
"""The sources that find tracks like given ones, the same for every listener."""

_BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class CatalogueScores:
    """How well each track suits, float32 (n_items,) without NaN, and which step says so, and why that one."""

    scores: NDArray[np.float32]
    step: Step
    because: str


def score_catalogue(
    model: Recommender, listener: RecommendFor, *, only_alike: bool = False
) -> CatalogueScores:
    """Score every track as `segue.domain.recommend.recommender.answer` scores its candidates.

    Each source counts in its own greatest score of a track that is not in the history. 100 000 tracks take
    some 10 ms, as every vector is read.

    Parameters
    ----------
    model : Recommender
    listener : RecommendFor
    only_alike : bool
        Ask `ABOUT_TRACKS` alone, if any of them has something to say, and each alike where the ranker gives
        none of them weight.
    """
    sources = prepare(model, listener)
    step, weights, because = choose(model, sources, listener)
    alike = {name: weights.get(name, 0.0) for name in sources if name in ABOUT_TRACKS}
    if only_alike and alike:
        weights = alike if any(alike.values()) else dict.fromkeys(alike, 1.0)
        step = Step.HYBRID if step is Step.POPULARITY else step
    return CatalogueScores(_sum(sources, weights, listener.history, len(model.catalogue)), step, because)


def _sum(
    sources: Mapping[str, CandidateSource], weights: Mapping[str, float], heard: History, n_items: int
) -> NDArray[np.float32]:
    total = np.zeros(n_items, np.float32)
    # Rows are copied out of the vectors: block by block, a large catalogue needs no second copy of them.
    blocks = [
        np.arange(first, min(first + _BLOCK, n_items), dtype=np.int32) for first in range(0, n_items, _BLOCK)
    ]
    for name, weight in weights.items():
        scores = np.concatenate([sources[name].scores(rows) for rows in blocks])
        size = np.abs(scores)
        size[heard.item_index] = 0  # heard tracks are what a source likes most, and were no candidates
        total += np.float32(weight / (float(size.max()) or 1.0)) * scores
    return total
