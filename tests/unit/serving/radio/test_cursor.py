"""What a station's cursor holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.vocabulary import Vocabulary, build_vocabulary
from segue.domain.radio.station import StationHistory
from segue.errors import InvalidInputError, VersionNotFoundError
from segue.serving.api.signed_cursor import MAX_CURSOR_CHARS, read_keys, seal
from segue.serving.radio import cursor as radio_cursor
from segue.serving.radio.cursor import RadioState, read_cursor, resume, write_cursor

KEYS = read_keys("X", "k:" + "ab" * 32)
NOW_S = 1_800_000_000
NOTHING = StationHistory()
STATE = RadioState("genre", "jazz", 7, "20260102T030405Z-01234567", 100_000, NOTHING)


def played(n: int, n_items: int) -> StationHistory:
    rows = np.sort(np.random.default_rng(n).choice(n_items, n, replace=False)).astype(np.int32)
    return StationHistory(rows, tuple(rows[-10:].tolist()))


def same(one: RadioState, other: RadioState) -> bool:
    rows = one.played.rows.tolist() == other.played.rows.tolist()
    return rows and replace(one, played=NOTHING) == replace(other, played=NOTHING)


@given(
    value=st.text(max_size=30),
    draw=st.integers(0, 2**64 - 1),
    rows=st.lists(st.integers(0, 499), unique=True, max_size=60),
)
def test_a_state_comes_back(value: str, draw: int, rows: list[int]) -> None:
    before = StationHistory(np.array(sorted(rows), np.int32), tuple(rows[-10:]))
    state = replace(STATE, value=value, draw=draw, n_items=500, played=before)
    cursor = write_cursor(state, KEYS, now_s=NOW_S)
    assert cursor is not None
    found = read_cursor(cursor, KEYS, now_s=NOW_S)
    assert (found.value, found.draw, found.played.recent) == (value, draw, before.recent)
    assert found.played.rows.tolist() == sorted(rows)
    assert found.played.rows.dtype == np.int32


@pytest.mark.parametrize(
    ("n", "most"), [(0, 200), (100, 450), (1000, 1700), (10_000, 9000), (100_000, 17_000)]
)
def test_it_is_as_short_as_documented(n: int, most: int) -> None:
    state = replace(STATE, played=played(n, 100_000))
    cursor = write_cursor(state, KEYS, now_s=NOW_S)
    assert cursor is not None
    assert len(cursor) <= most
    assert same(read_cursor(cursor, KEYS, now_s=NOW_S), state)


@pytest.mark.parametrize(
    ("n_items", "n", "fits"), [(390_000, 195_000, True), (10**6, 60_000, True), (10**6, 90_000, False)]
)
def test_a_station_ends_where_its_cursor_would_be_too_long(n_items: int, n: int, fits: bool) -> None:
    cursor = write_cursor(replace(STATE, n_items=n_items, played=played(n, n_items)), KEYS, now_s=NOW_S)
    assert (cursor is not None and len(cursor) <= MAX_CURSOR_CHARS) is fits


def test_another_release_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radio_cursor, "_FORMAT", 2)
    cursor = write_cursor(STATE, KEYS, now_s=NOW_S)
    monkeypatch.undo()
    with pytest.raises(InvalidInputError, match="another release: start a new station"):
        read_cursor(cursor or "", KEYS, now_s=NOW_S)


def test_a_cursor_for_something_else_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="signature"):
        read_cursor(seal(b"", "feed", KEYS, now_s=NOW_S), KEYS, now_s=NOW_S)


def test_the_same_version_needs_no_vocabulary() -> None:
    assert resume(STATE, STATE.version, build_vocabulary("a"), gone) is STATE


def test_another_version_is_followed_by_track_id() -> None:
    state = replace(
        STATE, version="old", n_items=3, played=StationHistory(np.array([0, 2], np.int32), (2, 0))
    )
    moved = resume(state, "new", build_vocabulary("xcba"), {"old": build_vocabulary("abc")}.__getitem__)
    assert (moved.version, moved.n_items) == ("new", 4)
    assert (moved.played.rows.tolist(), moved.played.recent) == ([0, 2], (2, 0))


def test_a_version_that_is_gone_says_what_to_do() -> None:
    with pytest.raises(
        InvalidInputError, match="the catalogue 20260102T030405Z-01234567 is gone: start a new"
    ):
        resume(STATE, "new", build_vocabulary("a"), gone)


def gone(version: str) -> Vocabulary:
    raise VersionNotFoundError("catalogue", version)
