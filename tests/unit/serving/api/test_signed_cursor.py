"""Cursors: what was sealed comes back, and nothing else does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ConfigError, InvalidInputError
from segue.serving.api.signed_cursor import (
    LIFETIME_S,
    MAX_CURSOR_CHARS,
    CursorKeys,
    read_keys,
    seal,
    unseal,
)

OLD, NEW = "old:" + "ab" * 32, "new:" + "cd" * 40
KEYS = read_keys("X", OLD)
NOW_S = 1_800_000_000


@given(st.binary(max_size=200))
def test_round_trip_in_characters_that_urls_take(payload: bytes) -> None:
    cursor = seal(payload, "radio", KEYS, now_s=NOW_S)
    assert unseal(cursor, "radio", KEYS, now_s=NOW_S + LIFETIME_S) == payload
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", cursor)


@pytest.mark.parametrize("length", range(4))
def test_no_bit_can_be_flipped(length: int) -> None:
    """All lengths modulo 3: some leave bits in the last character that base64 does not look at."""
    cursor = seal(b"x" * length, "radio", KEYS, now_s=NOW_S)
    for place in range(len(cursor)):
        for bit in range(8):
            changed = cursor[:place] + chr(ord(cursor[place]) ^ 1 << bit) + cursor[place + 1 :]
            with pytest.raises(InvalidInputError, match="start again without a cursor"):
                unseal(changed, "radio", KEYS, now_s=NOW_S)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    for cursor in (text, f"old.{text}"):
        with pytest.raises(InvalidInputError, match="start again"):
            unseal(cursor, "radio", KEYS, now_s=NOW_S)


def test_longer_and_shorter_ones_are_refused() -> None:
    cursor = seal(b"abc", "radio", KEYS, now_s=NOW_S)
    for changed in (
        cursor[:-1],
        cursor + "A",
        cursor + "=",
        cursor + "\n",
        " " + cursor,
        "A" * 10 * MAX_CURSOR_CHARS,
    ):
        with pytest.raises(InvalidInputError):
            unseal(changed, "radio", KEYS, now_s=NOW_S)


def test_it_is_for_one_purpose_and_a_week() -> None:
    cursor = seal(b"abc", "radio", KEYS, now_s=NOW_S)
    with pytest.raises(InvalidInputError, match="signature"):
        unseal(cursor, "feed", KEYS, now_s=NOW_S)
    with pytest.raises(InvalidInputError, match="older than 7 days: start again"):
        unseal(cursor, "radio", KEYS, now_s=NOW_S + LIFETIME_S + 1)


def test_keys_are_changed_without_losing_cursors() -> None:
    before = seal(b"abc", "radio", KEYS, now_s=NOW_S)
    both, later = read_keys("X", f"{NEW}, {OLD}"), read_keys("X", NEW)
    assert seal(b"abc", "radio", both, now_s=NOW_S).startswith("new.")
    assert unseal(before, "radio", both, now_s=NOW_S) == b"abc"
    with pytest.raises(InvalidInputError, match="its key was removed"):
        unseal(before, "radio", later, now_s=NOW_S)
    with pytest.raises(InvalidInputError, match="signature"):
        unseal(before, "radio", CursorKeys({"old": b"another secret"}), now_s=NOW_S)


@pytest.mark.parametrize(
    "text", ["", "old", "old:abcd", "a b:" + "ab" * 32, f"{OLD},", f"{OLD},{OLD}", "old:" + "xy" * 32]
)
def test_a_wrong_setting_names_itself_but_no_secret(text: str) -> None:
    with pytest.raises(ConfigError, match="CURSOR: give ID:HEX") as caught:
        read_keys("CURSOR", text)
    assert "abab" not in str(caught.value)
    assert "abab" not in repr(KEYS)
