"""A sentence about a taste, with its number, and how numbers are written in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.domain.taste.event_columns import Support

SMALL_TRACKS = 20
"""A history with fewer tracks is small, and the profile says so first."""
FEW = 10.0
"""Minimum effective number of tracks or sessions before a share is put into words."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its number.

    Attributes
    ----------
    kind : str
        The part of the profile that the sentence describes.
    text : str
    value : float
    unit : str
        Unit of ``value``: share, percentile, genres …
    support : Support
    """

    kind: str
    text: str
    value: float
    unit: str
    support: Support


def percent(share: float) -> str:
    """Write a share, 0 … 1."""
    return f"{whole_percent(share)} %"


def whole_percent(share: float) -> int:
    """Round a share to whole percent, from the digits in the API's answer, so that page and JSON agree."""
    return round(round(100 * share, 2))


def deviations(difference: float) -> str:
    """Write a difference in standard deviations; 0.0 has no sign."""
    text = f"{round(difference, 4):+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def day(at: float, utc_offset: timedelta) -> str:
    """Write the day of a time, seconds since 1970, by a listener's clock: 5 Jan 2026."""
    local = datetime.fromtimestamp(at, UTC) + utc_offset
    return f"{local.day} {local:%b %Y}"


def friend(user_id: str) -> str:
    """Name a friend; "listener" precedes an id that is a number."""
    return f"listener {user_id}" if user_id.isdecimal() else user_id


def counted(n: int, what: str) -> str:
    """Write a number and a noun, in the plural unless ``n`` is 1."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
