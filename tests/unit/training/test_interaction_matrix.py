"""The matrix weighs events as serving does, and the division in time keeps its word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.event import Event, EventKind, build_listening
from segue.domain.vocabulary import build_vocabulary
from segue.errors import InvalidInputError
from segue.sources.dataset.location import read_lake
from segue.sources.lake import lake_key, write_lines
from training.interaction_matrix import build_matrix, divide_by_time

START = datetime(2024, 1, 1, tzinfo=UTC)


def interactions_of(events: list[Event]):
    return read_lake([(lake_key(events, START), write_lines(events))], "lake")[0]


def events_of(rows: list[tuple[str, str, EventKind, int | None]]) -> list[Event]:
    return [
        Event(user, track, kind, START + timedelta(seconds=number), f"{number:04}", ms)
        for number, (user, track, kind, ms) in enumerate(rows)
    ]


rows = st.tuples(
    st.sampled_from("uv"),
    st.sampled_from("abc"),
    st.sampled_from(EventKind),
    st.one_of(st.none(), st.integers(0, 300_000)),
)


@given(st.lists(rows, min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_every_entry_is_what_serving_would_say(
    given_rows: list[tuple[str, str, EventKind, int | None]],
) -> None:
    events = events_of(given_rows)
    items, durations = build_vocabulary("abx"), np.array([200, np.nan, 1], np.float32)
    matrix = build_matrix(interactions_of(events), items, duration_s=durations).toarray()
    users = sorted({event.user_id for event in events})
    assert matrix.shape == (len(users), 3)
    for row, user in enumerate(users):
        listening = build_listening([event for event in events if event.user_id == user], {"a": 200.0})
        expected = dict(zip(listening.track_ids, listening.weights, strict=True))
        np.testing.assert_allclose(
            matrix[row], [expected.get(track, 0) for track in "abx"], rtol=1e-5, atol=1e-6
        )


def test_counts_multiply_and_what_cancels_out_leaves_no_entry() -> None:
    events = events_of([("u", "a", EventKind.PLAY, None), ("u", "b", EventKind.PLAY, 0)])
    interactions = interactions_of(events)
    matrix = build_matrix(interactions, interactions.items)
    assert (matrix.nnz, matrix.dtype) == (1, np.float32)
    interactions.count[:] = 7
    assert build_matrix(interactions, interactions.items)[0, 0] == 7


def test_only_some_rows_count_and_the_shape_stays() -> None:
    interactions = interactions_of(
        events_of([("u", "a", EventKind.PLAY, None), ("v", "b", EventKind.LIKE, None)])
    )
    matrix = build_matrix(interactions, interactions.items, rows=np.array([False, True]))
    assert matrix.toarray().tolist() == [[0, 0], [0, 3]]


def many(n: int):
    rng = np.random.default_rng(0)
    return interactions_of(
        events_of([(f"u{rng.integers(4)}", f"t{rng.integers(50)}", EventKind.PLAY, None) for _ in range(n)])
    )


def test_the_latest_of_each_user_are_put_aside() -> None:
    interactions = many(200)
    division = divide_by_time(interactions, 0.25, per_user=True, seed=1)
    assert (division.earlier ^ division.later).all()
    for user in range(4):
        mine = interactions.user_index == user
        assert division.later[mine].sum() == int(mine.sum() * 0.25)
        assert interactions.at[mine & division.earlier].max() < interactions.at[mine & division.later].min()
    assert (division.untimed, str(division).count("random")) == (0, 0)


def test_the_latest_of_all_are_put_aside() -> None:
    interactions = many(200)
    division = divide_by_time(interactions, 0.1, per_user=False, seed=1)
    assert interactions.at[division.earlier].max() < interactions.at[division.later].min()
    assert 15 <= division.later.sum() <= 20


@pytest.mark.parametrize("per_user", [True, False])
def test_without_times_chance_divides_and_says_so(per_user: bool) -> None:
    interactions = many(200)
    interactions.at[:150] = np.datetime64("NaT")
    one = divide_by_time(interactions, 0.2, per_user=per_user, seed=1)
    assert one.untimed == 150
    assert str(one).endswith("150 without a time were divided at random")
    assert 26 <= one.later[:150].sum() <= 30
    assert (divide_by_time(interactions, 0.2, per_user=per_user, seed=1).later == one.later).all()
    assert (divide_by_time(interactions, 0.2, per_user=per_user, seed=2).later != one.later).any()


def test_nobody_with_one_event_loses_it() -> None:
    interactions = interactions_of(events_of([(f"u{n}", "a", EventKind.PLAY, None) for n in range(9)]))
    assert not divide_by_time(interactions, 0.5, per_user=True, seed=1).later.any()


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(InvalidInputError, match="share is"):
        divide_by_time(many(5), share, per_user=True, seed=1)
