"""What blocks and ignores leave of a listener's record, and what they keep from every answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.excluded import apply_exclusions
from segue.domain.listening.exclusion import (
    Exclusion,
    ExclusionKind,
    ListenerRecord,
    Target,
    span_of,
    standing,
)
from segue.domain.listening.heard import read_heard
from segue.errors import InvalidInputError
from tests.small_catalogue import small_catalogue

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BLOCK, IGNORE = ExclusionKind.BLOCK, ExclusionKind.IGNORE
CATALOGUE = small_catalogue(
    [["Björk"], ["The Beatles"], ["Bjork", "Air"], ["Air"], ["Can"], ["Can"]],
    genres=[["electronic"], ["rock"], ["r&b", "jazz"], ["Hip Hop"], ["hard rock"], []],
)


def said(kind: ExclusionKind, target: Target, value: str, second: int = 0) -> Exclusion:
    return Exclusion("ann", kind, target, value, NOON + timedelta(seconds=second), f"x{second}{value}")


def heard(row: int, kind: EventKind = EventKind.PLAY, second: int = 0) -> Event:
    at = NOON + timedelta(seconds=second)
    return Event("ann", f"t{row:03}", kind, at, f"{kind}{row}{second}")


EACH = [heard(row) for row in range(6)]


def rows_left(*exclusions: Exclusion) -> list[str]:
    return [event.track_id for event in apply_exclusions(CATALOGUE, ListenerRecord(EACH, exclusions)).events]


@pytest.mark.parametrize(
    ("target", "name", "rows"),
    [
        (Target.ARTIST, "BJÖRK", [0, 2]),
        (Target.ARTIST, "beatles", [1]),
        (Target.ARTIST, "Air", [2, 3]),
        (Target.ARTIST, "Nobody", []),
        (Target.GENRE, "Rock", [1, 4]),
        (Target.GENRE, "hip-hop", [3]),
        (Target.GENRE, "R and B", [2]),
        (Target.GENRE, "polka", []),
    ],
)
def test_a_name_means_the_same_tracks_in_every_spelling(target: Target, name: str, rows: list[int]) -> None:
    found = apply_exclusions(CATALOGUE, ListenerRecord(EACH, [said(BLOCK, target, name)]))
    assert found.blocked.tolist() == rows
    assert found.blocked_by == ({target: len(rows)} if rows else {})
    assert found.n_events == len(rows)
    assert [event.track_id for event in found.events] == [f"t{row:03}" for row in range(6) if row not in rows]
    assert found.blocks(target, name.upper())
    ignored = apply_exclusions(CATALOGUE, ListenerRecord(EACH, [said(IGNORE, target, name)]))
    assert (ignored.events, ignored.blocked.tolist()) == (found.events, [])


def test_a_track_and_a_span_are_ignored() -> None:
    assert rows_left(said(IGNORE, Target.TRACK, "t004")) == ["t000", "t001", "t002", "t003", "t005"]
    events = [heard(0, second=second) for second in (-1, 0, 9, 10)]
    span = said(IGNORE, Target.TIME, span_of(NOON, NOON + timedelta(seconds=10)))
    left = apply_exclusions(CATALOGUE, ListenerRecord(events, [span])).events
    assert left == [events[0], events[3]]


def test_nothing_excluded_leaves_the_record_as_it_is() -> None:
    found = apply_exclusions(CATALOGUE, ListenerRecord(EACH))
    assert found.events is EACH
    assert (found.blocked.tolist(), found.n_events) == ([], 0)


def test_ignored_listens_shape_no_taste_and_are_not_new() -> None:
    record = ListenerRecord(EACH, [said(IGNORE, Target.ARTIST, "Can"), said(IGNORE, Target.TRACK, "t001")])
    left = read_heard(CATALOGUE, record)
    never = read_heard(CATALOGUE, ListenerRecord([EACH[0], EACH[2], EACH[3]]))
    assert left.history.item_index.tolist() == never.history.item_index.tolist() == [0, 2, 3]
    assert left.history.confidence.tolist() == never.history.confidence.tolist()
    assert left.rows.tolist() == [0, 1, 2, 3, 4, 5]
    span = said(IGNORE, Target.TIME, span_of(NOON, NOON + timedelta(seconds=10)))
    events = [heard(0), Event("ann", "elsewhere", EventKind.PLAY, NOON, "e")]
    found = read_heard(CATALOGUE, ListenerRecord(events, [span]))
    assert (found.rows.tolist(), len(found.history), found.history.n_unknown) == ([0], 0, 0)


@pytest.mark.parametrize(
    ("opinions", "disliked"),
    [
        ([(EventKind.DISLIKE, 1)], [4]),
        ([(EventKind.LIKE, 1), (EventKind.DISLIKE, 2)], [4]),
        ([(EventKind.DISLIKE, 1), (EventKind.LIKE, 2)], []),
        ([(EventKind.DISLIKE, 1), (EventKind.PLAY, 2)], [4]),
    ],
)
def test_a_dislike_that_holds_outlives_an_ignore(opinions: list[tuple], disliked: list[int]) -> None:
    events = [heard(4, kind, second) for kind, second in opinions]
    found = read_heard(CATALOGUE, ListenerRecord(events[::-1], [said(IGNORE, Target.ARTIST, "Can")]))
    assert found.history.item_index.tolist() == disliked
    assert (found.history.confidence < 0).all()


def test_a_dislike_in_an_ignored_span_holds_and_a_like_there_undoes_none() -> None:
    events = [heard(0, EventKind.DISLIKE, 1), heard(1, EventKind.DISLIKE, -5), heard(1, EventKind.LIKE, 2)]
    span = said(IGNORE, Target.TIME, span_of(NOON, NOON + timedelta(seconds=10)))
    assert apply_exclusions(CATALOGUE, ListenerRecord(events, [span])).events == events[:2]


def test_what_is_blocked_is_never_recommended_and_no_seed() -> None:
    found = read_heard(
        CATALOGUE, ListenerRecord(EACH[:1], [said(BLOCK, Target.ARTIST, "Can")]), ["t004", "t003"]
    )
    assert found.rows.tolist() == [0, 3, 4, 5]
    assert (found.blocked_seeds, found.unknown_seeds) == (("t004",), ())
    assert found.history.item_index.tolist() == [0, 3]


def test_the_last_statement_about_a_target_counts_in_any_order() -> None:
    first, undone = (
        said(BLOCK, Target.ARTIST, "Björk", 1),
        said(ExclusionKind.UNBLOCK, Target.ARTIST, "bjork", 2),
    )
    ignored, again = said(IGNORE, Target.ARTIST, "Bjork", 3), said(BLOCK, Target.ARTIST, "BJORK", 4)
    assert standing([undone, first]) == []
    assert standing([ignored, undone, first]) == [ignored]
    assert standing([again, undone, first]) == [again]
    other = said(BLOCK, Target.GENRE, "Björk", 1)
    assert standing([first, other]) == [first, other]


@pytest.mark.parametrize(
    ("kind", "target", "value", "message"),
    [
        (BLOCK, Target.TRACK, "t1", "block takes an artist or a genre, not a track: a dislike"),
        (ExclusionKind.UNBLOCK, Target.TIME, span_of(NOON, NOON), "unblock takes an artist or a genre"),
        (IGNORE, Target.TIME, span_of(NOON, NOON - timedelta(hours=1)), "before it begins .*swap"),
        (IGNORE, Target.TIME, span_of(NOON, NOON), "the span is empty, .*: give a later to"),
        (IGNORE, Target.TIME, "yesterday", "'yesterday' is not a span of time: give from and to"),
    ],
)
def test_an_invalid_exclusion_is_refused(
    kind: ExclusionKind, target: Target, value: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        said(kind, target, value)
