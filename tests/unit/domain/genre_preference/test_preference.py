"""Features, baselines and answers, against hand-made customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.genre_preference.features import pair_feature_names
from segue.domain.genre_preference.preference import (
    Answerer,
    CustomerForest,
    GenrePreference,
    PairForest,
    normalised,
    predict_genre,
    predict_genres,
)
from tests.purchases import GENRES, ROWS, STAY, purchases


class FixedClassifier:
    """Answers the same for everybody, and keeps what it was asked."""

    def __init__(self, *probabilities: float) -> None:
        self._row = np.array(probabilities, np.float32)
        self.asked = np.empty((0, 0), np.float32)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        self.asked = features
        return np.tile(self._row, (len(features), 1))


MODEL = GenrePreference(
    genres=GENRES,
    genre_share=np.array([0.1, 0.2, 0.5, 0.2]),
    answerer=Answerer.FOREST,
    forest=CustomerForest(GENRES, ("Jazz", "Rock"), FixedClassifier(0.75, 0.25)),
)


def test_the_forest_answers_with_its_classes() -> None:
    answer = predict_genre(MODEL, purchases(ROWS[:2]))
    assert (answer.genre, answer.answered_by) == ("Jazz", Answerer.FOREST)
    assert answer.probabilities == {"Jazz": 0.75, "Rock": 0.25}


def test_the_forest_is_asked_with_features_of_all_purchases() -> None:
    classifier = FixedClassifier(0.5, 0.5)
    predict_genre(
        replace(MODEL, forest=CustomerForest(GENRES, ("Jazz", "Rock"), classifier)), purchases(ROWS[:2])
    )
    assert classifier.asked[0] == pytest.approx([5.0, 5, 0, 0.6, 0, 0.4])


def test_a_customer_without_purchases_gets_the_most_common_genre_and_is_told_so() -> None:
    answer = predict_genre(MODEL, purchases([], customers=[5]))
    assert (answer.genre, answer.answered_by) == ("Metal", Answerer.MOST_COMMON_GENRE)
    assert "no purchases" in answer.because
    assert answer.probabilities == pytest.approx({"Metal": 0.5, "Jazz": 0.2, "Rock": 0.2, "Blues": 0.1})


def test_baselines_answer_when_the_gate_chose_them() -> None:
    past = predict_genre(replace(MODEL, answerer=Answerer.OWN_PAST_FAVOURITE), purchases(ROWS[:2]))
    assert (past.genre, past.answered_by) == ("Jazz", Answerer.OWN_PAST_FAVOURITE)
    assert past.probabilities == pytest.approx({"Jazz": 0.6, "Rock": 0.4})
    recent = predict_genre(replace(MODEL, answerer=Answerer.RECENT_FAVOURITE), purchases(ROWS[:2]))
    assert (recent.genre, recent.answered_by) == ("Jazz", Answerer.RECENT_FAVOURITE)
    assert recent.probabilities["Jazz"] == pytest.approx(3 / (3 + 2 * 2 ** (-1 / 60)))
    constant = predict_genre(replace(MODEL, answerer=Answerer.MOST_COMMON_GENRE), purchases(ROWS[:2]))
    assert (constant.genre, constant.answered_by) == ("Metal", Answerer.MOST_COMMON_GENRE)


@pytest.mark.parametrize("answerer", list(Answerer))
def test_a_batch_answers_as_one_by_one(answerer: Answerer) -> None:
    model, store = replace(MODEL, answerer=answerer), purchases(ROWS, customers=[9])
    one_by_one = [
        predict_genre(model, store.of_customers(np.array([customer]))).genre for customer in store.customers
    ]
    assert predict_genres(model, store).genre == one_by_one


class OwnShare:
    """Says of a pair that its probability is the share of all time."""

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return np.column_stack([1 - features[:, 0], features[:, 0]])


def test_a_forest_of_pairs_answers_for_genres_that_it_has_never_seen() -> None:
    store = purchases([(1, "2025-01-01", 0, 30, 3), (1, "2025-01-02", 1, 10, 1)], genres=("Salsa", "Zouk"))
    forest = PairForest(GENRES, STAY, 1.0, OwnShare())
    answer = predict_genre(replace(MODEL, forest=forest), store)
    assert answer.genre == "Salsa"
    assert answer.probabilities == pytest.approx({"Salsa": 0.75, "Zouk": 0.25})


def test_drift_follows_the_models_genres_whatever_the_stores_order() -> None:
    drift = np.zeros((2, 4, 4))
    drift[:, 1, 2] = 0.5  # Jazz leads to Metal
    forest = PairForest(GENRES, drift, 1.0, OwnShare())
    store = purchases([(1, "2025-01-01", 1, 30, 3)], genres=("Country", "Jazz", "Metal", "Salsa"))
    column = pair_feature_names().index("where customers drift to")
    assert forest.features(store)[0, :, column].tolist() == [0, 0, 1, 0]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0.2, 4))
def test_normalised_rows_are_probabilities_in_the_same_order(weights: list[float], sharpness: float) -> None:
    row = normalised(np.array([weights]), sharpness)[0]
    assert row.sum() == pytest.approx(1)
    assert (row >= 0).all()
    assert row[int(np.argmax(weights))] == row.max()


@given(
    st.sampled_from(Answerer),
    st.integers(0, 5),
    st.integers(10, 200),
    st.sampled_from([0, 1, 9900]),
    st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda weights: sum(weights) > 0),
)
def test_who_bought_one_genre_alone_is_answered_that_genre(answerer, genre, n, price, weights) -> None:
    genres = (*GENRES, "Salsa", "Zouk")  # the model has never seen the last two
    rows = [(1, str(np.datetime64("2024-01-01") + i), genre, price, 1) for i in range(n)]
    classifier = FixedClassifier(*(np.array(weights) / sum(weights)))
    model = replace(MODEL, answerer=answerer, forest=CustomerForest(GENRES, GENRES, classifier))
    answer = predict_genre(model, purchases(rows, genres=genres))
    assert answer.genre == genres[genre] == next(iter(answer.probabilities))
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert 2 / 3 <= answer.probabilities[answer.genre] <= 1
    assert answer.answered_by is Answerer.OWN_PAST_FAVOURITE
    assert f"all {n} tracks that the customer bought are {genres[genre]}" in answer.because


def test_an_answer_also_tells_what_the_customer_spent_most_on_until_now() -> None:
    answer = predict_genre(replace(MODEL, answerer=Answerer.MOST_COMMON_GENRE), purchases(ROWS[:2]))
    assert (answer.genre, answer.current_genre) == ("Metal", "Jazz")
    assert answer.spending_shares == pytest.approx({"Jazz": 0.6, "Rock": 0.4})
    nobody = predict_genre(MODEL, purchases([], customers=[5]))
    assert (nobody.current_genre, nobody.spending_shares) == (None, {})
