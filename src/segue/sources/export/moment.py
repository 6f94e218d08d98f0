"""Reads the various spellings of times in exports; a time without a zone is UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segue.domain.listening.moment import match_iso, moment_of, read_offset
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from datetime import tzinfo

_UNIX = re.compile(r"\d{1,19}(?:\.\d+)?")
_ISO = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[T ,]+(?P<clock>\d{1,2}:\d{2}.*)",
    re.IGNORECASE,
)
_WRITTEN = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(?:(?P<day>\d{1,2})\.?[\s-]+(?P<month>[a-z]{3,9})\.?|(?P<month2>[a-z]{3,9})\.?\s+(?P<day2>\d{1,2}))"
    r",?[\s-]+(?P<year>\d{4}),?\s+(?:at\s+)?(?P<clock>\d{1,2}:\d{2}.*)",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})\b.*")
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]m)?"
    r"\s*(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?:\[utc\])?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?", re.ASCII)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_LARGEST_S = 10**11
"""Unix times from here on are not in seconds but in a smaller unit; in seconds this is the year 5138."""


def read_moment(value: object, zone: tzinfo = UTC) -> tuple[int, bool]:
    """Return seconds since 1970, and whether the time has no seconds.

    Valid times are Unix time in s, ms, µs or ns (recognised by its size), ISO 8601, and
    ``01 Jan 2023, 12:00``.

    Parameters
    ----------
    zone : tzinfo, optional
        Zone of a time without one.

    Raises
    ------
    InvalidInputError
        The value is none of these: ``01/02/2023``, for example, may be either of two days.
    """
    is_time = isinstance(value, (int, float, str)) and not isinstance(value, bool)
    text = str(value).strip() if is_time else ""
    if not text:
        raise InvalidInputError("the time is missing")
    if _UNIX.fullmatch(text):
        return _unix(int(text.partition(".")[0])), False
    if found := match_iso(text):
        return int(moment_of(found, zone).timestamp()), found["second"] is None
    written = _ISO.fullmatch(text) or _WRITTEN.fullmatch(text)
    clock = _CLOCK.fullmatch(written["clock"].strip()) if written else None
    if _NUMBERS.fullmatch(text):
        raise InvalidInputError(
            f"{text[:40]!r} may begin with the day or the month: write it as 2023-01-31 12:00"
        )
    if written is None or clock is None:
        raise InvalidInputError(
            f"{text[:40]!r} is not a time such as 2023-01-31 12:00, 31 Jan 2023 12:00 or Unix time"
        )
    try:
        return _seconds(written, clock, zone), clock["second"] is None
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"{text[:40]!r}: that day or hour does not exist") from error


def read_zone(name: str) -> tzinfo:
    """Return the zone for a name such as Europe/Berlin or an offset such as +02:00.

    Raises
    ------
    InvalidInputError
        The zone is unknown on this machine.
    """
    if name.upper() in {"UTC", "Z"} or _OFFSET.fullmatch(name):
        return UTC if name[0] in "UuZz" else read_offset(name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise InvalidInputError(
            f"zone: {name[:40]!r} is unknown: give a name such as Europe/Berlin, or an offset such as +02:00."
        ) from error


def _unix(number: int) -> int:
    while number >= _LARGEST_S:
        number //= 1000
    return number


def _seconds(written: re.Match[str], clock: re.Match[str], zone: tzinfo) -> int:
    fields = {"month2": "", "day2": ""} | written.groupdict("")
    month, day = fields["month"] or fields["month2"], fields["day"] or fields["day2"]
    number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
    hour = int(clock["hour"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].lower() == "pm" else 0)
    at = datetime(
        int(fields["year"]),
        number,
        int(day),
        hour,
        int(clock["minute"]),
        int(clock["second"] or 0),
        tzinfo=_zone(clock["zone"], zone),
    )
    return int(at.timestamp())


def _zone(name: str | None, zone: tzinfo) -> tzinfo:
    if not name:
        return zone
    return UTC if name[0] not in "+-" else read_offset(name)
