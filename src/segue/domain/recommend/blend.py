"""Several models as one: a weighted sum of their scores, each divided by its unit for this listener.

score_j = Σ_m weight_m · score_mj / unit_m. Scores differ by powers of ten between models, and also between
listeners. The unit measures the range of one model's scores over the items that this listener has not had.
The sum of the explanations, in the same units, explains the blend.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.collaborative.item_factors import ItemFactors
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.collaborative.nonnegative_factors import NonnegativeFactors
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Personal = ItemFactors | ItemSimilarity | NonnegativeFactors
"""A model that scores items for a history and explains its scores."""


class Unit(StrEnum):
    """Divisor of a member's scores of unseen items."""

    DEVIATION = "deviation"
    """Their standard deviation."""
    GREATEST = "greatest"
    """The greatest score."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Models of one vocabulary and the weight of each.

    Attributes
    ----------
    members : tuple of Personal
    weights : float64 (n_members,)
        ≥ 0; they sum to 1.
    unit : Unit

    Raises
    ------
    InvalidInputError
        Weights and members do not agree.
    """

    members: tuple[Personal, ...]
    weights: NDArray[np.float64]
    unit: Unit

    def __post_init__(self) -> None:
        fit = self.weights.shape == (len(self.members),) and (self.weights >= 0).all()
        if not fit or not np.isclose(self.weights.sum(), 1):
            raise InvalidInputError(
                f"{len(self.members)} members need as many weights, none negative, that sum to 1, "
                f"not {self.weights.tolist()}."
            )


def units(scores: NDArray[np.float32], seen: NDArray[np.bool_], unit: Unit) -> NDArray[np.float64]:
    """Measure how far each row of scores reaches.

    Parameters
    ----------
    scores : float32 (b, n_items)
        One member's for some listeners, or some members' for one.
    seen : bool (b, n_items) or (n_items,)
        What is left out of the measure.
    unit : Unit

    Returns
    -------
    float64 (b,)
        ≥ 0; 0 where all scores are alike, or by `Unit.GREATEST` none is above 0.
    """
    unseen = np.broadcast_to(~seen, scores.shape)
    if unit is Unit.GREATEST:
        return np.asarray(np.max(scores, axis=1, initial=0, where=unseen), np.float64)
    count = np.maximum(unseen.sum(axis=1), 1)
    mean = np.sum(scores, axis=1, where=unseen, dtype=np.float64) / count
    squares = np.sum(np.square(scores - mean[:, None]), axis=1, where=unseen, dtype=np.float64)
    return np.asarray(np.sqrt(squares / count), np.float64)


def shares(weights: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weight / unit, and 0 where a member says nothing: its scores are all alike."""
    result: NDArray[np.float64] = np.divide(weights, reach, out=np.zeros_like(reach), where=reach > 0)
    return result
