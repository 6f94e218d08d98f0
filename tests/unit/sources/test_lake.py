"""The event lake: what is written comes back once, and damage costs its own line only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.external_id import id_fault, read_id
from segue.domain.listening.event import EVENT_KINDS, MOST_MS, Event, EventKind
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, Target
from segue.domain.listening.feedback import AnswerEvent, AnswerEventKind, Feedback
from segue.sources.lake import LakeAccount, lake_key, read_feedback, write_lines

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = "events/dt=2026-11-21/0.jsonl"


def event(number: int, user: str = "u") -> Event:
    return Event(user, "t", EventKind.PLAY, NOON, f"e{number}")


def read(*objects: tuple[str, bytes]) -> tuple[list[Event], LakeAccount]:
    account = LakeAccount()
    return list(read_feedback(objects, account)), account


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def is_id(text: str) -> bool:
    return not id_fault(text) and read_id(text) == text


EVENTS = st.builds(
    Event,
    TEXT.filter(is_id),
    TEXT.filter(is_id),
    st.sampled_from(EVENT_KINDS),
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    TEXT,
    st.none() | st.integers(0, MOST_MS),
    TEXT,
)


@given(st.lists(EVENTS, unique_by=lambda one: (one.user_id, one.event_id)))
def test_every_event_comes_back_as_it_was(events: list[Event]) -> None:
    found, account = read((KEY, write_lines(events)))
    assert found == events
    assert account == LakeAccount(read=len(events))


MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
EXCLUSIONS = st.builds(
    Exclusion,
    TEXT.filter(is_id),
    st.sampled_from(ExclusionKind),
    st.sampled_from([Target.ARTIST, Target.GENRE]),
    TEXT,
    MOMENTS,
    TEXT,
)
ANSWERS = st.builds(
    AnswerEvent,
    TEXT.filter(is_id),
    TEXT.filter(is_id),
    st.sampled_from(AnswerEventKind),
    TEXT,
    st.integers(1, 10_000),
    MOMENTS,
    TEXT,
)


@given(st.lists(EVENTS | EXCLUSIONS | ANSWERS, unique_by=lambda one: (type(one), one.user_id, one.event_id)))
def test_every_sort_of_feedback_comes_back_as_it_was(feedback: list[Feedback]) -> None:
    found, account = read((KEY, write_lines(feedback)))
    assert found == feedback
    assert account == LakeAccount(read=len(feedback))


def test_a_line_of_an_earlier_release_is_read_as_it_was() -> None:
    line = (
        b'{"event_id":"e1","user_id":"u","track_id":"t","event":"play","at":"2026-11-21T12:00:00+00:00",'
        b'"ms_played":null,"context":""}'
    )
    assert read((KEY, line))[0] == [event(1)]
    assert lake_key([event(1)], NOON) == "events/dt=2026-11-21/eb5c6457ef35237382149194e4e5d3fd.jsonl"


def test_one_line_is_one_event_in_plain_json() -> None:
    (line,) = write_lines([event(1)]).splitlines()
    assert json.loads(line) == {
        "event_id": "e1", "user_id": "u", "track_id": "t", "event": "play",
        "at": "2026-11-21T12:00:00+00:00", "ms_played": None, "context": "",
    }  # fmt: skip


def test_the_key_depends_on_the_day_and_the_ids_in_any_order() -> None:
    one, other = event(1), event(2)
    key = lake_key([one, other], NOON)
    assert key.startswith("events/dt=2026-11-21/")
    assert lake_key([other, one], NOON + timedelta(hours=11)) == key
    assert len({key, lake_key([one], NOON), lake_key([event(1, "v"), other], NOON)}) == 3
    # No two pairs of user and id are taken for each other.
    assert lake_key([Event("a", "t", EventKind.PLAY, NOON, "b")], NOON) != lake_key(
        [Event("ab", "t", EventKind.PLAY, NOON, "")], NOON
    )


def test_what_comes_again_is_left_out_and_counted_and_the_first_stays() -> None:
    again = Event("u", "other", EventKind.LIKE, NOON, "e1")
    found, account = read(
        (KEY, write_lines([event(1), event(2)])), ("events/dt=2026-11-22/1.jsonl", write_lines([again]))
    )
    assert found == [event(1), event(2)]
    assert (account.read, account.repeated) == (2, 1)
    assert read((KEY, write_lines([event(1), event(1, "v")])))[1].repeated == 0


GOOD = json.loads(write_lines([event(1)]))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        *(json.dumps({k: v for k, v in GOOD.items() if k != name}).encode() for name in GOOD),
        *(
            json.dumps(GOOD | change).encode()
            for change in (
                {"user_id": "NA"}, {"user_id": "anna "}, {"track_id": "a\nb"}, {"track_id": ""},
                {"at": "1970-01-01T00:00:00+00:00"}, {"user_id": 1},
                {"track_id": None}, {"event": "love"}, {"event": []}, {"context": None},
                {"at": "soon"}, {"at": 1}, {"at": "2026-11-21T12:00:00"},
                {"ms_played": "1"}, {"ms_played": -1}, {"ms_played": True}, {"ms_played": 1.5},
            )
        ),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named_and_costs_no_other(line: bytes) -> None:
    found, account = read((KEY, write_lines([event(2)]) + line + b"\n" + write_lines([event(3)])))
    assert found == [event(2), event(3)]
    assert [(damage.key, damage.number) for damage in account.damaged] == [(KEY, 2)]
    assert account.damaged[0].why


def test_a_line_cut_short_by_a_crash_is_damaged() -> None:
    found, account = read((KEY, write_lines([event(1), event(2)])[:-9]))
    assert found == [event(1)]
    assert [damage.number for damage in account.damaged] == [2]


def test_fields_of_a_newer_writer_are_passed_over() -> None:
    assert read((KEY, json.dumps(GOOD | {"device": "phone"}).encode()))[0] == [event(1)]


def test_other_objects_are_not_read() -> None:
    assert read(("events/dt=2026-11-21/notes.txt", b"{")) == ([], LakeAccount())
