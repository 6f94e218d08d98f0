"""Parses ISO 8601 times for requests, exports and tables of events."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from datetime import tzinfo

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
"""Earliest valid time of an event. An earlier one has a wrong unit, or comes from a clock never set."""

CLOCKS_DIFFER = timedelta(days=1)
"""How far a time may lie in the future: a sender's clock may be ahead, or its zone may be missing."""

_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<clock>\d\d:\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<zone>[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII,
)


def match_iso(text: str) -> re.Match[str] | None:
    """Return the parts of a date with a time of day; a missing ``second`` or ``zone`` is None."""
    return _ISO.fullmatch(text)


def moment_of(found: re.Match[str], zone: tzinfo | None) -> datetime:
    """Return the instant that `match_iso` found.

    Parameters
    ----------
    zone : tzinfo or None
        Zone of a time without one.

    Raises
    ------
    InvalidInputError
        The day or hour does not exist, or the time has no zone and ``zone`` is None.
    """
    if found["zone"] is None and zone is None:
        raise InvalidInputError(f"{found[0]!r} has no zone: add one, as in 2026-11-21T10:30:00Z.")
    micro = (found["fraction"] or "")[:6].ljust(6, "0")
    try:
        at = datetime.fromisoformat(f"{found['day']}T{found['clock']}:{found['second'] or '00'}.{micro}")
    except ValueError as error:
        raise InvalidInputError(f"{found[0]!r}: that day or hour does not exist.") from error
    return at.replace(tzinfo=read_offset(found["zone"]) if found["zone"] else zone)


def read_iso(text: str, zone: tzinfo | None = None) -> datetime:
    """Return the instant that a text names.

    Parameters
    ----------
    zone : tzinfo, optional
        Zone of a time without one; by default such a time is refused.

    Raises
    ------
    InvalidInputError
        The text is not a time such as 2026-11-21T10:30:00Z, or has no zone.
    """
    if (found := match_iso(text)) is None:
        raise InvalidInputError(f"{text[:40]!r} is not a time: write it as in 2026-11-21T10:30:00Z.")
    return moment_of(found, zone)


def read_offset(zone: str) -> timezone:
    """Return the zone that Z, +01, +0100 or +01:00 names."""
    if zone in "Zz":
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].removeprefix(":") or 0))
    return timezone(-offset if zone[0] == "-" else offset)
