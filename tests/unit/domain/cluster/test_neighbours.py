"""Neighbours in a clustering: exact, merged, each recording once, told by what brings them near."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.cluster.clustering import NOISE, Clustering, embed
from segue.domain.cluster.neighbours import Neighbour, member, near, newcomer
from segue.domain.vector.column import build_labels, build_text
from tests.small_clustering import COLUMNS, small_clustering


@pytest.fixture(scope="module")
def naive() -> Clustering:
    return small_clustering()


@pytest.fixture(scope="module")
def pca() -> Clustering:
    return small_clustering("pca_features")


def rows(found: list[Neighbour]) -> list[int]:
    return [neighbour.item_index for neighbour in found]


def nearest_of(clustering: Clustering, row: int) -> list[int]:
    away = np.linalg.norm(clustering.embeddings.astype(np.float64) - clustering.embeddings[row], axis=1)
    order = np.argsort(away, kind="stable").tolist()
    order.remove(row)
    return order


@pytest.mark.parametrize("n", [1, 8, 40, 299])
def test_one_track_gets_its_nearest_whether_the_graph_reaches_that_far_or_not(
    naive: Clustering, n: int
) -> None:
    found = near(naive, [member(naive, 4)], n)
    assert rows(found) == nearest_of(naive, 4)[:n]
    distances = [neighbour.distance for neighbour in found]
    assert distances == sorted(distances)
    away = np.linalg.norm(naive.embeddings[rows(found)] - naive.embeddings[4], axis=1)
    np.testing.assert_allclose(distances, away, rtol=1e-5)
    assert all(0 < neighbour.score <= 1 for neighbour in found)


def test_the_graph_is_what_answers_while_it_reaches(naive: Clustering) -> None:
    turned = replace(naive, neighbour=np.roll(naive.neighbour, 1, axis=0))
    assert set(rows(near(turned, [member(turned, 4)], 5))) == set(naive.neighbour[3, :5].tolist())


def test_several_tracks_are_never_answered_with_themselves_and_what_is_near_to_more_comes_first(
    naive: Clustering,
) -> None:
    first, second = 4, nearest_of(naive, 4)[0]
    found = near(naive, [member(naive, row) for row in (first, second)], 20)
    assert not {first, second} & set(rows(found))
    scores = [neighbour.score for neighbour in found]
    assert (len(found), scores) == (20, sorted(scores, reverse=True))
    for neighbour in found:
        away = np.linalg.norm(
            naive.embeddings[[first, second]] - naive.embeddings[neighbour.item_index], axis=1
        )
        assert neighbour.distance == pytest.approx(away.min(), rel=1e-5)
        assert neighbour.subject == int(np.argmin(away))


def test_tracks_of_two_clusters_get_neighbours_of_both(naive: Clustering) -> None:
    subjects = [member(naive, int(row)) for row in naive.exemplar[:2]]
    found = near(naive, subjects, 20)
    assert {neighbour.subject for neighbour in found} == {0, 1}


def test_the_same_cluster_is_told_and_noise_is_none(naive: Clustering) -> None:
    row = int(naive.exemplar[0])
    found = near(naive, [member(naive, row)], 299)
    told = {neighbour.item_index for neighbour in found if neighbour.same_cluster}
    assert told == set(np.flatnonzero(naive.label == naive.label[row]).tolist()) - {row}
    outsider = int(np.flatnonzero(naive.label == NOISE)[0])
    assert not any(neighbour.same_cluster for neighbour in near(naive, [member(naive, outsider)], 299))


def test_a_recording_is_told_once_by_its_nearest_id_and_never_of_the_track_itself(naive: Clustering) -> None:
    order = nearest_of(naive, 4)
    names = [f"song {row}" for row in range(len(naive))]
    names[order[0]] = " SONG 4"  # the track itself, on another album
    names[order[2]] = names[order[1]]
    artists = [["one artist"]] * len(naive)
    again = replace(naive, name=build_text(names), artists=build_labels(artists))
    found = rows(near(again, [member(again, 4)], 10))
    assert found == [row for row in order if row not in {order[0], order[2]}][:10]


def test_tracks_without_a_name_or_an_artist_are_recordings_of_their_own(naive: Clustering) -> None:
    nameless = replace(naive, name=build_text([""] * len(naive)))
    assert rows(near(nameless, [member(nameless, 4)], 10)) == nearest_of(naive, 4)[:10]


def test_a_newcomer_lies_where_its_features_put_it(naive: Clustering) -> None:
    value = np.array([0.8, 0.9, -5, 128], np.float32)
    subject = newcomer(naive, value)
    assert (subject.item_index, subject.label) == (
        UNKNOWN_ITEM,
        int(naive.label[naive.exemplar[subject.label]]),
    )
    assert subject.strength > 0
    away = np.linalg.norm(naive.embeddings - embed(naive.space, value[None])[0], axis=1)
    found = near(naive, [subject], 7)
    assert rows(found) == np.argsort(away, kind="stable")[:7].tolist()
    assert found[0].features[0].subject_value == pytest.approx(
        value[COLUMNS.index(found[0].features[0].name)]
    )


def test_no_features_are_told_unless_asked_for(naive: Clustering) -> None:
    assert {neighbour.features for neighbour in near(naive, [member(naive, 4)], 3, n_features=0)} == {()}


def test_a_diverse_list_is_less_alike_and_a_longer_one_begins_with_the_shorter(naive: Clustering) -> None:
    plain, diverse = (near(naive, [member(naive, 4)], 8, diversity=share) for share in (0.0, 0.9))
    assert apart(naive, diverse) > apart(naive, plain)
    longer = near(naive, [member(naive, 4)], 20, diversity=0.9)
    assert rows(longer)[:8] == rows(diverse)


def apart(clustering: Clustering, found: list[Neighbour]) -> float:
    vectors = clustering.embeddings[rows(found)]
    return float(np.linalg.norm(vectors[:, None] - vectors[None], axis=2).mean())
