"""Scores and reasons of one history, model by model: what batches and blends are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.collaborative.item_factors import ItemFactors, explain, fold_in
from segue.domain.model.collaborative.item_similarity import (
    ItemSimilarity,
    similarity_scores,
    similarity_shares,
)
from segue.domain.model.collaborative.nonnegative_factors import (
    NonnegativeFactors,
    nonnegative_explain,
    nonnegative_fold_in,
)
from segue.domain.recommend.blend import Blend, Personal, shares, units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.history import History


def personal_scores(model: Personal, history: History) -> NDArray[np.float32]:
    """Score every item, float32 (n_items,), by whatever model it is.

    Raises
    ------
    EmptyHistoryError
        The model has nothing to go by: answer with what is popular.
    """
    match model:
        case ItemFactors():
            scores: NDArray[np.float32] = model.factors @ fold_in(model, history)
        case NonnegativeFactors():
            scores = model.factors @ nonnegative_fold_in(model, history)
        case ItemSimilarity():
            scores = similarity_scores(model, history)
    return scores


def personal_reasons(model: Personal, history: History, item_index: int) -> NDArray[np.float64]:
    """Split an item's score over the history, float64 (h,), which sums to the score.

    Raises
    ------
    EmptyHistoryError
        As by `personal_scores`.
    """
    match model:
        case ItemFactors():
            reasons: NDArray[np.float64] = explain(model, history) @ model.factors[item_index]
        case NonnegativeFactors():
            reasons = nonnegative_explain(model, history) @ model.factors[item_index]
        case ItemSimilarity():
            (reasons,) = similarity_shares(model, history, np.array([item_index], np.int32))
    return reasons


def blend_scores(blend: Blend, history: History) -> NDArray[np.float32]:
    """Score every item, float32 (n_items,).

    Raises
    ------
    EmptyHistoryError
        The members have nothing to go by: answer with what is popular.
    """
    scores = np.stack([personal_scores(member, history) for member in blend.members])
    return np.asarray(_shares(blend, scores, history) @ scores, np.float32)


def blend_reasons(blend: Blend, history: History, item_index: int) -> NDArray[np.float64]:
    """Split an item's score over the history, float64 (h,), which sums to the score.

    Costs as much as scoring: the units need every member's scores.

    Raises
    ------
    EmptyHistoryError
        As by `blend_scores`.
    """
    scores = np.stack([personal_scores(member, history) for member in blend.members])
    reasons = np.stack([personal_reasons(member, history, item_index) for member in blend.members])
    total: NDArray[np.float64] = _shares(blend, scores, history) @ reasons
    return total


def _shares(blend: Blend, scores: NDArray[np.float32], history: History) -> NDArray[np.float64]:
    seen = np.zeros(scores.shape[1], bool)
    seen[history.item_index] = True
    reach = units(scores, seen, blend.unit)
    return shares(blend.weights, reach)
