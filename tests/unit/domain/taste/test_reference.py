"""The catalogue as it is ranked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from segue.domain.listening.mood import FEATURES, Mood
from segue.domain.model.content.rules import MoodRules, mood_source
from segue.domain.taste.reference import genre_shares, mood_scores, percentiles
from tests.small_taste import catalogue, reference


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, np.nan]), max_size=40))
def test_percentiles_are_middle_ranks(values: list[float]) -> None:
    value = np.array(values, np.float64)
    found, known = percentiles(value), ~np.isnan(value)
    assert np.isnan(found[~known]).all()
    if known.any():
        np.testing.assert_allclose(found[known], (rankdata(value[known]) - 0.5) / known.sum(), rtol=1e-6)
        assert found[known].mean() == pytest.approx(0.5, abs=1e-6)


def test_a_constant_feature_is_in_the_middle() -> None:
    assert percentiles(np.full(7, 120.0)).tolist() == [0.5] * 7


def test_moods_are_scored_as_the_rules_score_them(rng: np.random.Generator) -> None:
    percentile = rng.random((30, len(FEATURES))).astype(np.float32)
    rules = MoodRules(percentile, (), np.zeros((0, len(FEATURES)), np.float32), np.zeros(0, np.int64))
    rows = np.arange(30, dtype=np.int32)
    expected = np.stack([mood_source(rules, mood).scores(rows) for mood in Mood], 1)
    np.testing.assert_allclose(mood_scores(percentile), expected, atol=1e-6)


def test_genres_of_a_track_share_its_weight() -> None:
    tracks = catalogue([["rock", "jazz"]] + [["rock"]] * 39)
    shares = genre_shares(tracks, np.array([0, 1], np.int32), np.array([2.0, 3.0]))
    assert dict(zip(tracks.genres.names, shares.tolist(), strict=True)) == {"jazz": 1.0, "rock": 4.0}


def test_everybodys_popularity_lies_above_the_middle() -> None:
    found = reference()
    assert found.popularity[0] > found.popularity[39]
    assert found.usual_popularity > 0.5
    assert found.median_year in (1985, 2000, 2015)


def test_without_plays_the_catalogues_own_popularity_ranks() -> None:
    found = reference(popularity=None)
    assert np.isnan(found.usual_popularity)
    assert np.isnan(found.popularity).all()
