"""The future never explains the past: parts in time, damped weights, and what counts as new."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.domain.listening.interactions import UNKNOWN_MS, Interactions
from tests.small_catalogue import small_catalogue
from training.hybrid.data.reading import join
from training.hybrid.data.split import TimePart, damped_matrix, divide, new_to_user, only_liked, take

PLAY, DISLIKE = EVENT_KINDS.index(EventKind.PLAY), EVENT_KINDS.index(EventKind.DISLIKE)


def interactions(
    user: list[int], item: list[int], at: list[int | None], kind: int = PLAY, **given
) -> Interactions:
    n = len(user)
    times = np.array(
        [np.datetime64("NaT") if t is None else np.datetime64(t, "s") for t in at], "datetime64[s]"
    )
    return Interactions(
        users=build_vocabulary(f"u{row}" for row in range(max(user) + 1)),
        items=build_vocabulary(f"t{row:03}" for row in range(max(item) + 1)),
        user_index=np.array(user, np.int32),
        item_index=np.array(item, np.int32),
        kind=np.full(n, kind, np.int8),
        at=times,
        count=given.get("count", np.ones(n, np.float32)),
        ms_played=np.full(n, UNKNOWN_MS, np.int32),
        context=np.zeros(n, np.int16),
        contexts=given.get("contexts", ("",)),
    )


def test_parts_follow_each_other_in_time(rng: np.random.Generator) -> None:
    at = rng.permutation(1000).tolist()
    parts = divide(interactions([0] * 1000, list(range(1000)), at), small_catalogue([["a"]]), seed=1)
    when = np.array(at)
    assert when[parts.part == TimePart.FIT].max() < when[parts.part == TimePart.VALIDATION].min()
    assert when[parts.part == TimePart.VALIDATION].max() < when[parts.part == TimePart.TEST].min()
    assert np.bincount(parts.part).tolist() == pytest.approx([800, 100, 100], abs=2)
    assert "in time" in parts.how


def test_without_times_a_listener_s_tracks_of_an_artist_are_in_one_part() -> None:
    catalogue = small_catalogue([[f"artist {row // 5}"] for row in range(1000)])
    tracks = list(range(1000))
    events = interactions([0] * 1000 + [1] * 1000, tracks * 2, [None] * 2000)
    parts = divide(events, catalogue, seed=1)
    by_artist = parts.part.reshape(2, 200, 5)
    assert (by_artist == by_artist[:, :, :1]).all()
    assert (by_artist[0] != by_artist[1]).any()
    assert set(parts.part.tolist()) == set(TimePart)
    assert "by user and artist" in parts.how
    assert "100% of the events have no time" in parts.how


def test_without_times_tracks_without_an_artist_stand_for_themselves() -> None:
    catalogue = small_catalogue([[]] * 400)
    events = interactions([0] * 1500, list(range(500)) * 3, [None] * 1500)  # the last hundred are unknown
    per_track = divide(events, catalogue, seed=1).part.reshape(3, 500)
    assert (per_track == per_track[0]).all()
    for tracks in (per_track[0, :400], per_track[0, 400:]):
        assert np.bincount(tracks).tolist() == pytest.approx(np.array([0.8, 0.1, 0.1]) * len(tracks), abs=20)


def test_a_matrix_has_the_rows_of_the_catalogue_and_damped_weights() -> None:
    catalogue = small_catalogue([["a"]] * 3)
    events = interactions([0, 0, 1], [0, 4, 2], [1, 2, 3], count=np.array([3, 1, 1], np.float32))
    matrix = damped_matrix(events, catalogue, np.ones(3, bool))
    assert matrix.shape == (2, 3)
    assert matrix.toarray() == pytest.approx(np.array([[np.log(4), 0, 0], [0, 0, np.log(2)]]))


def test_events_that_are_not_taken_say_nothing() -> None:
    catalogue = small_catalogue([["a"]] * 3)
    events = interactions([0, 0], [0, 1], [1, 2])
    assert damped_matrix(events, catalogue, np.array([True, False])).indices.tolist() == [0]
    assert len(take(events, np.array([True, False]))) == 1


def test_dislikes_are_no_right_answers() -> None:
    matrix = csr_matrix(np.array([[1.0, -2.0, 3.0]], np.float32))
    assert only_liked(matrix).indices.tolist() == [0, 2]
    before = csr_matrix(np.array([[-1.0, 0.0, 0.0]], np.float32))
    assert new_to_user(matrix, before).indices.tolist() == [2]  # the first was met, if only to be disliked


def test_joined_events_keep_who_did_what() -> None:
    one = interactions([0, 1], [0, 1], [5, 6], contexts=("", "work"))
    other = interactions([0], [2], [1], kind=DISLIKE, contexts=("", "party"))
    both = join([one, other])
    found = {
        (both.users.item_id[u], both.items.item_id[i], int(k))
        for u, i, k in zip(both.user_index, both.item_index, both.kind, strict=True)
    }
    assert found == {("u0", "t000", PLAY), ("u1", "t001", PLAY), ("u0", "t002", DISLIKE)}
    assert both.contexts == ("", "work", "party")
    assert both.user_index.tolist() == sorted(both.user_index.tolist())
