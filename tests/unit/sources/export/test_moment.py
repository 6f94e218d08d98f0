"""Times as exports write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import InvalidInputError
from segue.sources.export.moment import read_moment

NOON = int(datetime(2023, 1, 31, 12, 5, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "seconds_later", "to_the_minute"),
    [
        ("2023-01-31 12:05", 0, True),
        ("2023-01-31 12:05:09", 9, False),
        ("2023-01-31T12:05:09Z", 9, False),
        ("2023-01-31T12:05:09.750Z", 9, False),
        ("2023-01-31T13:05:09+01:00", 9, False),
        ("2023-01-31 07:05:00 -0500", 0, False),
        ("2023-01-31 12:05:00 UTC", 0, False),
        ("2023/01/31 12:05", 0, True),
        ("31 Jan 2023 12:05", 0, True),
        ("31 Jan 2023, 12:05", 0, True),
        ("31 January 2023 12:05:30", 30, False),
        ("Jan 31, 2023 12:05 PM", 0, True),
        ("Tue, 31 Jan 2023 12:05:00 GMT", 0, False),
        (NOON, 0, False),
        (str(NOON), 0, False),
        (f"{NOON}000", 0, False),
        (f"{NOON}000000", 0, False),
        (float(NOON), 0, False),
    ],
)
def test_time_is_read(text: object, seconds_later: int, to_the_minute: bool) -> None:
    assert read_moment(text) == (NOON + seconds_later, to_the_minute)


@pytest.mark.parametrize(
    "text",
    ["", "  ", None, True, [], "yesterday", "01/02/2023 12:00", "2023-13-01 12:00", "2023-01-31",
     "31 Foo 2023 12:00", "2023-02-30 12:00", "2023-01-31 25:00", "-5", "9" * 40, "Jan 2023 12:00"],
)  # fmt: skip
def test_other_text_is_not_a_time(text: object) -> None:
    with pytest.raises(InvalidInputError):
        read_moment(text)


@pytest.mark.parametrize("text", ["01/02/2023 12:00", "1.2.2023", "31-01-23 12:00 PM"])
def test_an_ambiguous_day_is_refused(text: str) -> None:
    with pytest.raises(
        InvalidInputError, match="may begin with the day or the month: write it as 2023-01-31"
    ):
        read_moment(text)


@given(st.integers(315_532_800, 4_102_444_800), st.integers(-12, 14))
def test_every_second_of_every_zone_comes_back(at_s: int, hours: int) -> None:
    at = datetime.fromtimestamp(at_s, timezone(timedelta(hours=hours)))
    assert read_moment(at.isoformat()) == (at_s, False)
    assert read_moment(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")) == (at_s // 60 * 60, True)
