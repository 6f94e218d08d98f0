"""Profiles, candidates from the graph, and in what two tracks are alike."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.listening.history import History
from segue.domain.model.candidate_source import ReasonKind
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.content.content import Content, ContentSource, read_marks
from segue.errors import EmptyHistoryError, InvalidInputError
from tests.small_catalogue import small_catalogue

# Two of rock, two of jazz, one of which nothing is known. Columns: two of text, one of audio.
VECTORS = np.array([[0.8, 0, 0.6], [0.6, 0, 0.8], [0, 0.8, 0.6], [0, 1, 0], [0, 0, 0]], np.float32)
GRAPH = ItemSimilarity(
    np.array([0, 2, 4, 6, 7, 7], np.int64),
    np.array([1, 2, 0, 2, 0, 3, 2], np.int32),
    np.array([0.96, 0.36, 0.96, 0.48, 0.36, 0.8, 0.8], np.float32),
)
CONTENT = Content(VECTORS, ("energy",), 2, GRAPH)
CATALOGUE = small_catalogue(
    [["A"], ["A"], ["B"], ["C"], ["D"]], genres=[["rock"], ["rock", "pop"], ["jazz"], ["jazz"], []]
)


def history(*items: int, confidence: float | tuple[float, ...] = 1.0) -> History:
    return History(np.array(items, np.int32), np.broadcast_to(np.float32(confidence), len(items)).copy())


def source_of(given: History) -> ContentSource:
    return ContentSource(CONTENT, given, read_marks(CATALOGUE))


def test_a_score_is_the_cosine_with_the_sum_of_the_history() -> None:
    source = source_of(history(0, 3, confidence=(2.0, 1.0)))
    profile = 2 * VECTORS[0] + VECTORS[3]
    expected = VECTORS @ profile / np.linalg.norm(profile)
    assert source.scores(np.arange(5, dtype=np.int32)) == pytest.approx(expected, abs=1e-6)


def test_candidates_are_neighbours_of_the_history_alone() -> None:
    assert source_of(history(3)).best(10).tolist() == [2]
    assert source_of(history(0)).best(10).tolist() == [1, 2]
    assert source_of(history(0)).best(1).tolist() == [1]


def test_a_dislike_turns_the_profile_away() -> None:
    rows = np.array([2], np.int32)
    alone = source_of(history(0)).scores(rows)
    turned = source_of(history(0, 3, confidence=(1.0, -0.5))).scores(rows)
    assert turned < alone


@pytest.mark.parametrize("given", [history(), history(4), history(0, confidence=-1.0)])
def test_nothing_known_or_liked_is_said(given: History) -> None:
    with pytest.raises(EmptyHistoryError):
        source_of(given)


def told(source: ContentSource, row: int) -> dict[tuple[ReasonKind, str], float]:
    return {
        (each.kind, each.names[about]): value
        for each in source.reasons(np.array([row], np.int32))
        for about, value in zip(each.about.tolist(), each.value.tolist(), strict=True)
        if value
    }


def test_similar_tracks_say_in_what_they_are_alike() -> None:
    source = source_of(history(0))
    reasons = told(source, 1)
    assert reasons.keys() == {
        (ReasonKind.AUDIO, "energy"), (ReasonKind.ARTIST, "A"), (ReasonKind.GENRE, "rock"),
    }  # fmt: skip
    assert reasons[ReasonKind.AUDIO, "energy"] == pytest.approx(0.6 * 0.8)
    assert sum(reasons.values()) == pytest.approx(0.96)
    other = told(source, 2)
    assert max(other, key=other.__getitem__)[0] is ReasonKind.AUDIO
    # Of the two seeds one shares the genre with track 2, none the artist; the text is not left unexplained.
    both = told(source_of(history(0, 3)), 2)
    assert {name for _, name in both} == {"energy", "jazz"}


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="do not fit"):
        Content(VECTORS[:4], ("energy",), 2, GRAPH)
    with pytest.raises(InvalidInputError, match="do not fit"):
        Content(VECTORS, ("energy", "tempo"), 2, GRAPH)
