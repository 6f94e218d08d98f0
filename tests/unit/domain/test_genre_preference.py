"""Features, baselines and answers, against hand-made customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.genre_preference import (
    UNKNOWN,
    Answerer,
    GenrePreference,
    build_features,
    favourite_genre,
    feature_names,
    predict_genre,
    predict_genres,
)
from tests.purchases import GENRES, purchases


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
    classes=("Jazz", "Rock"),
    genre_share=np.array([0.1, 0.2, 0.5, 0.2]),
    answerer=Answerer.FOREST,
    classifier=FixedClassifier(0.75, 0.25),
)
COLUMNS = ("customer_id", "at", "genre_index", "spend", "quantity")
ROWS = [
    (1, "2025-01-01", 3, 20_000, 2),
    (1, "2025-01-02", 1, 30_000, 3),
    (2, "2025-01-01", 0, 10_000, 1),
    (2, "2025-01-01", 3, 10_000, 1),
    (3, "2025-01-05", 2, 50_000, 5),
    (3, "2025-01-06", 2, -60_000, -6),
    (4, "2025-01-07", -1, 9_900, 1),
]


def test_features_are_totals_and_shares() -> None:
    features = build_features(purchases(ROWS), GENRES)
    assert features.dtype == np.float32
    assert features[0] == pytest.approx([5.0, 5, 0, 0.6, 0, 0.4])
    assert features[1] == pytest.approx([2.0, 2, 0.5, 0, 0, 0.5])
    assert len(feature_names(GENRES)) == features.shape[1]


def test_a_refund_never_makes_a_share_negative() -> None:
    features = build_features(purchases(ROWS), GENRES)
    assert features[2] == pytest.approx([-1.0, -1, 0, 0, 0, 0])


def test_a_purchase_without_genre_counts_in_totals_only() -> None:
    features = build_features(purchases([*ROWS, (4, "2025-01-08", 0, 9_900, 1)]), GENRES)
    assert features[3] == pytest.approx([1.98, 2, 0.5, 0, 0, 0])


def test_features_follow_the_models_genres_whatever_the_stores_order() -> None:
    store = purchases([(1, "2025-01-01", 0, 10_000, 1)], genres=("Salsa", "Zouk"))
    features = build_features(store, ("Zouk", "Rock", "Salsa"))
    assert features[0] == pytest.approx([1.0, 1, 0, 0, 1])


def test_the_favourite_is_the_greatest_spend_and_ties_go_by_name() -> None:
    assert favourite_genre(purchases(ROWS, customers=[9])).tolist() == [1, 0, UNKNOWN, UNKNOWN, UNKNOWN]


def test_favourites_of_a_store_without_genres_are_unknown() -> None:
    assert favourite_genre(purchases([(1, "2025-01-01", -1, 100, 1)], genres=())).tolist() == [UNKNOWN]


@given(st.permutations(range(len(ROWS))))
def test_the_order_of_purchases_changes_nothing(order: list[int]) -> None:
    store = purchases(ROWS)
    shuffled = replace(store, **{name: getattr(store, name)[order] for name in COLUMNS})
    assert np.array_equal(build_features(shuffled, GENRES), build_features(store, GENRES))


def test_the_forest_answers_with_its_classes() -> None:
    answer = predict_genre(MODEL, purchases(ROWS[:2]))
    assert (answer.genre, answer.answered_by) == ("Jazz", Answerer.FOREST)
    assert answer.probabilities == {"Jazz": 0.75, "Rock": 0.25}


def test_the_forest_is_asked_with_features_of_all_purchases() -> None:
    classifier = FixedClassifier(0.5, 0.5)
    predict_genre(replace(MODEL, classifier=classifier), purchases(ROWS[:2]))
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
    constant = predict_genre(replace(MODEL, answerer=Answerer.MOST_COMMON_GENRE), purchases(ROWS[:2]))
    assert (constant.genre, constant.answered_by) == ("Metal", Answerer.MOST_COMMON_GENRE)


@pytest.mark.parametrize("answerer", list(Answerer))
def test_a_batch_answers_as_one_by_one(answerer: Answerer) -> None:
    model, store = replace(MODEL, answerer=answerer), purchases(ROWS, customers=[9])
    one_by_one = [
        predict_genre(model, store.of_customers(np.array([customer]))).genre for customer in store.customers
    ]
    assert predict_genres(model, store) == one_by_one
