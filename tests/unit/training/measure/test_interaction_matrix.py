"""The matrix weighs events as serving does, dislikes and verdicts included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import Event, EventKind, build_listening
from segue.sources.dataset.location import read_lake
from segue.sources.lake import lake_key, write_lines
from training.measure.interaction_matrix import build_matrix

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
    assert (matrix.nnz, matrix.dtype) == (1, np.float64)
    interactions.count[:] = 7
    assert build_matrix(interactions, interactions.items)[0, 0] == 7


def test_only_some_rows_count_and_the_shape_stays() -> None:
    interactions = interactions_of(
        events_of([("u", "a", EventKind.PLAY, None), ("v", "b", EventKind.LIKE, None)])
    )
    matrix = build_matrix(interactions, interactions.items, rows=np.array([False, True]))
    assert matrix.toarray().tolist() == [[0, 0], [0, 3]]
