"""Features that bring tracks near: by what is usual, honest about values, silent on the unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.domain.cluster.likeness import SharedFeature, shared_features
from segue.domain.cluster.neighbours import member
from tests.small_clustering import COLUMNS, small_clustering, small_values

if TYPE_CHECKING:
    from segue.domain.cluster.clustering import Clustering


@pytest.fixture(scope="module", params=["naive_features", "pca_features"])
def clustering(request: pytest.FixtureRequest) -> Clustering:
    return small_clustering(request.param)


def told(
    clustering: Clustering, subject: int, rows: list[int], n: int = 4
) -> list[tuple[SharedFeature, ...]]:
    asked = member(clustering, subject)
    return shared_features(clustering, asked.vector, asked.value, np.array(rows, np.int32), n)


def test_shares_add_up_greatest_first_with_the_values_of_both(clustering: Clustering) -> None:
    rows = clustering.neighbour[4].tolist()
    for row, features in zip(rows, told(clustering, 4, rows), strict=True):
        shares = [feature.share for feature in features]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1, abs=0.004)
        for feature in features:
            column = COLUMNS.index(feature.name)
            assert np.float32(feature.value) == clustering.value[row, column]
            assert np.float32(feature.subject_value) == clustering.value[4, column]


def test_only_what_is_nearer_than_usual_is_told(clustering: Clustering) -> None:
    away = np.abs(clustering.value - clustering.value[4])
    usual = np.percentile(away, 60, axis=0)  # the median of a sample is near that of all
    for row, features in enumerate(told(clustering, 4, list(range(len(clustering))))):
        for feature in features:
            assert away[row, COLUMNS.index(feature.name)] <= usual[COLUMNS.index(feature.name)]


def test_the_track_itself_is_brought_near_by_all_that_differs_among_tracks(clustering: Clustering) -> None:
    (features,) = told(clustering, 4, [4])
    assert {feature.name for feature in features} == set(COLUMNS)


def test_a_value_that_most_tracks_have_brings_nothing_near_and_a_rare_one_does() -> None:
    value = small_values()
    value[:, 3] = np.where(np.arange(len(value)) % 5 == 0, 180, 100)
    common, rare = 1, 5
    clustering = small_clustering(value=value)
    names = {row: {feature.name for feature in told(clustering, row, [row])[0]} for row in (common, rare)}
    assert ("tempo" in names[common], "tempo" in names[rare]) == (False, True)


def test_what_all_tracks_have_brings_nothing_near() -> None:
    value = small_values()
    value[:, 0] = 0.5
    (features,) = told(small_clustering(value=value), 4, [4])
    assert {feature.name for feature in features} == set(COLUMNS) - {"danceability"}


def test_a_difference_that_components_do_not_see_is_no_likeness() -> None:
    clustering = small_clustering("pca_features")
    value = clustering.value.copy()
    value[4, 1], value[7, 1] = value[:, 1].min(), value[:, 1].max()
    (features,) = told(replace(clustering, value=value), 4, [7])
    assert "energy" not in {feature.name for feature in features}


@pytest.mark.parametrize(("subject", "row"), [(50, 4), (4, 50), (50, 100)])
def test_an_unknown_value_is_no_likeness(subject: int, row: int, clustering: Clustering) -> None:
    assert not clustering.known[50, 3]
    (features,) = told(clustering, subject, [row])
    assert "tempo" not in {feature.name for feature in features}


def test_values_are_told_as_the_source_wrote_them(clustering: Clustering) -> None:
    value = np.where(np.arange(len(clustering))[:, None] % 2, np.float32(0.676), clustering.value)
    (features,) = told(replace(clustering, value=value), 3, [5])
    assert {(feature.value, feature.subject_value) for feature in features} == {(0.676, 0.676)}


def test_as_many_are_told_as_asked_for(clustering: Clustering) -> None:
    assert [len(features) for features in told(clustering, 4, [4], n=2)] == [2]
    assert told(clustering, 4, [4, 5], n=0) == [(), ()]
