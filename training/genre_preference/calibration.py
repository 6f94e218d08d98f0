"""Make the probabilities that a genre forest states true of later customers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from segue.domain.genre_preference.preference import normalised, predict_genres

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.genre_preference.preference import GenrePreference, PairForest
    from training.genre_preference.examples import Examples

FOLDS = 5
"""Parts of the customers: the probabilities of each are measured with an exponent that the others gave."""

_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A forest with its exponent, and what it states of customers that the exponent was not fitted on.

    Attributes
    ----------
    forest : PairForest
        Its ``sharpness`` is fitted on all customers.
    stated : float64 (n,)
        Probability of the answer to each customer, by the exponent of the other `FOLDS`.
    """

    forest: PairForest
    stated: NDArray[np.float64]


def calibrate(model: GenrePreference, forest: PairForest, examples: Examples) -> Calibrated:
    """Fit the forest's exponent on customers that the forest has not seen.

    An exponent keeps the order of a customer's genres, so it changes no answer: every other figure of these
    customers is what it was. Earlier customers do not serve, as tastes become surer in a store's life.
    """
    raw = replace(forest, sharpness=1.0).probabilities(examples.history)[1]
    right = raw.argmax(axis=1) == examples.label
    stated, fold = np.empty(len(examples)), np.arange(len(examples)) % FOLDS
    for each in np.unique(fold):
        held_out = fold == each
        sharpness = _fit_sharpness(raw[~held_out], right[~held_out])
        known = replace(model, forest=replace(forest, sharpness=sharpness))
        answers = predict_genres(known, examples.of_customers(held_out).history)
        stated[held_out] = answers.probabilities.max(axis=1)
    return Calibrated(replace(forest, sharpness=_fit_sharpness(raw, right)), stated)


def _fit_sharpness(raw: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the exponent, between 1/e and e, under which being right as often as it was is likeliest."""

    def loss(level: float) -> float:
        stated = normalised(raw, float(np.exp(level))).max(axis=1).clip(_FLOOR, 1 - _FLOOR)
        return -float(np.log(np.where(right, stated, 1 - stated)).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.0, 1.0), method="bounded").x))
