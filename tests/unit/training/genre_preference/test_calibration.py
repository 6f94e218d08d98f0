"""The exponent makes probabilities true, changes no answer, and never sees whom it is measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from segue.domain.genre_preference.features import pair_feature_names
from segue.domain.genre_preference.preference import Answerer, GenrePreference, PairForest, predict_genres
from tests.purchases import purchases
from training.genre_preference.evaluation import calibration_error
from training.genre_preference.examples import Examples
from training.genre_preference.fit import FOLDS, calibrate

GENRES = ("Jazz", "Metal", "Rock")
N = 400
DAY = np.datetime64("2026-01-01", "s")


@dataclass(frozen=True)
class AsShare:
    """States the share of the genre to some power: 1 is true of the customers below."""

    power: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        share = features[:, 0].astype(np.float64) ** self.power
        return np.column_stack([1 - share, share]).astype(np.float32)


def forest(power: float) -> PairForest:
    n = len(GENRES)
    assert pair_feature_names()[0] == "share, all time"
    return PairForest(GENRES, np.zeros((2, n, n)), 1.0, AsShare(power))


def model(of: PairForest) -> GenrePreference:
    return GenrePreference(GENRES, np.full(3, 1 / 3), Answerer.FOREST, of)


@pytest.fixture
def examples(rng: np.random.Generator) -> Examples:
    """Customers who go on to prefer each genre as often as its share in their spending is."""
    spent = rng.integers(1, 40, (N, len(GENRES)))
    rows = [
        (customer + 1, "2025-06-01", genre, int(spent[customer, genre]), 1)
        for customer in range(N)
        for genre in range(len(GENRES))
    ]
    history = purchases(rows, genres=GENRES, customers=list(range(1, N + 1)))
    label = np.array([rng.choice(len(GENRES), p=each / each.sum()) for each in spent])
    return Examples(history, label, DAY, DAY + np.timedelta64(1, "D"))


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_probabilities_become_true_and_no_answer_changes(power: float, examples: Examples) -> None:
    raw = forest(power)
    sharpness, states = calibrate(model(raw), raw, examples)
    assert sharpness == pytest.approx(1 / power, rel=0.4)
    before, after = (
        predict_genres(model(each), examples.history) for each in (raw, replace(raw, sharpness=sharpness))
    )
    assert before.genre == after.genre
    right = np.array([GENRES.index(genre) for genre in after.genre]) == examples.label
    assert calibration_error(states, right) < 0.1
    if power != 1:
        stated = before.probabilities.max(axis=1)
        assert calibration_error(states, right) < calibration_error(stated, right)


def test_what_a_part_states_does_not_depend_on_its_own_labels(examples: Examples) -> None:
    raw, part = forest(0.5), np.arange(N) % FOLDS == 0
    wrong = replace(examples, label=np.where(part, (examples.label + 1) % len(GENRES), examples.label))
    as_it_is, altered = (calibrate(model(raw), raw, each)[1] for each in (examples, wrong))
    assert np.array_equal(as_it_is[part], altered[part])
    assert not np.array_equal(as_it_is[~part], altered[~part])
