"""What purchases say about customers and genres, against hand-made customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.genre_preference.features import (
    HALF_LIVES,
    NEVER_DAYS,
    UNKNOWN,
    customer_features,
    favourite_genre,
    pair_feature_names,
    pair_features,
    recent_shares,
    single_genre,
)
from tests.purchases import GENRES, ROWS, STAY, purchases

COLUMNS = ("customer_id", "at", "genre_index", "spend", "quantity")


def test_features_are_totals_and_shares() -> None:
    features = customer_features(purchases(ROWS), GENRES)
    assert features.dtype == np.float32
    assert features[0] == pytest.approx([5.0, 5, 0, 0.6, 0, 0.4])
    assert features[1] == pytest.approx([2.0, 2, 0.5, 0, 0, 0.5])


def test_a_refund_never_makes_a_share_negative() -> None:
    features = customer_features(purchases(ROWS), GENRES)
    assert features[2] == pytest.approx([-1.0, -1, 0, 0, 0, 0])


def test_a_purchase_without_genre_counts_in_totals_only() -> None:
    features = customer_features(purchases([*ROWS, (4, "2025-01-08", 0, 9_900, 1)]), GENRES)
    assert features[3] == pytest.approx([1.98, 2, 0.5, 0, 0, 0])


def test_features_follow_the_models_genres_whatever_the_stores_order() -> None:
    store = purchases([(1, "2025-01-01", 0, 10_000, 1)], genres=("Salsa", "Zouk"))
    features = customer_features(store, ("Zouk", "Rock", "Salsa"))
    assert features[0] == pytest.approx([1.0, 1, 0, 0, 1])


def test_the_favourite_is_the_greatest_spend_and_ties_go_by_name() -> None:
    assert favourite_genre(purchases(ROWS, customers=[9])).tolist() == [1, 0, UNKNOWN, UNKNOWN, UNKNOWN]


def test_favourites_of_a_store_without_genres_are_unknown() -> None:
    assert favourite_genre(purchases([(1, "2025-01-01", -1, 100, 1)], genres=())).tolist() == [UNKNOWN]


@given(st.permutations(range(len(ROWS))))
def test_the_order_of_purchases_changes_nothing(order: list[int]) -> None:
    store = purchases(ROWS)
    shuffled = replace(store, **{name: getattr(store, name)[order] for name in COLUMNS})
    assert np.array_equal(customer_features(shuffled, GENRES), customer_features(store, GENRES))
    assert pair_features(shuffled, STAY) == pytest.approx(pair_features(store, STAY), rel=1e-6)


def test_a_purchase_counts_half_after_a_half_life_before_the_last_one() -> None:
    store = purchases([(1, "2025-01-01", 3, 40_000, 1), (1, "2025-03-02", 1, 30_000, 1)])
    recent, all_time = recent_shares(store, 60.0, None)
    assert recent[0] == pytest.approx([0, 0.6, 0, 0.4])
    assert all_time[0] == pytest.approx([0, 3 / 7, 0, 4 / 7])


def test_a_pair_is_described_by_the_customer_and_the_genre() -> None:
    store = purchases([(1, "2025-01-01", 3, 40_000, 4), (1, "2025-03-02", 1, 30_000, 3)], customers=[2])
    features = pair_features(store, STAY)
    assert features.shape == (2, len(GENRES), len(pair_feature_names()))
    rock = dict(zip(pair_feature_names(), features[0, 3].tolist(), strict=True))
    assert rock["share, all time"] == pytest.approx(4 / 7)
    assert rock["share behind the first, all time"] == 0
    assert rock["tracks of the genre"] == 4
    assert rock["days since last bought"] == 60
    assert rock["where customers drift to"] == pytest.approx((4 / 7 + 0.4) / 2)
    assert (rock["tracks in all"], rock["days as a customer"]) == (7, 60)
    blues = dict(zip(pair_feature_names(), features[0, 0].tolist(), strict=True))
    assert blues["days since last bought"] == NEVER_DAYS
    assert blues["share behind the first, all time"] == pytest.approx(-4 / 7)
    assert (features[1, :, : len(HALF_LIVES)] == 0).all()


@given(st.integers(-3000, 3000))
def test_features_do_not_depend_on_when_they_are_asked_for(days: int) -> None:
    store = purchases(ROWS)
    moved = replace(store, at=store.at + np.timedelta64(days, "D"))
    assert np.array_equal(pair_features(moved, STAY), pair_features(store, STAY))


@pytest.mark.parametrize(
    ("rows", "genre"),
    [
        ([(1, "2025-01-01", 2, 99, 10)], 2),
        ([(1, f"2025-01-{day:02}", 2, 99, 1) for day in range(1, 11)], 2),
        ([(1, f"2025-01-{day:02}", 2, 99, 1) for day in range(1, 10)], UNKNOWN),
        ([(1, f"2025-01-{day:02}", 2, 0, 1) for day in range(1, 11)], 2),
        ([(1, "2025-01-01", 2, 99, 10), (1, "2025-01-02", 0, 99, 1)], UNKNOWN),
        ([(1, "2025-01-01", 2, 99, 10), (1, "2025-01-02", 0, 0, 1)], UNKNOWN),
        ([(1, "2025-01-01", 2, 99, 10), (1, "2025-01-02", -1, 99, 1)], 2),
        ([(1, "2025-01-01", 2, 99, 10), (1, "2025-01-02", 0, 99, 1), (1, "2025-01-03", 0, -99, -1)], 2),
        ([(1, "2025-01-01", 2, 99, 10), (1, "2025-01-02", 2, -99, -1)], UNKNOWN),
    ],
)
def test_one_genre_alone_is_ten_kept_tracks_of_it_and_of_no_other(rows: list, genre: int) -> None:
    assert single_genre(purchases(rows)).tolist() == [genre]
