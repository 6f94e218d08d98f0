"""A sentence about a taste, with the number behind it, and how numbers are written in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.domain.taste.played import Support

SMALL_TRACKS = 20
"""Fewer make a small history, and the profile says so first."""
FEW = 10.0
"""Tracks or sessions below which no share is put into words."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the number behind it.

    Attributes
    ----------
    kind : str
        The part of the profile that it is about.
    text : str
    value : float
    unit : str
        Of ``value``: share, percentile, genres, years …
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
    """Round a share to whole percent, by way of the digits that the API tells: all that is written agrees."""
    return round(round(100 * share, 2))


def deviations(difference: float) -> str:
    """Write a difference in standard deviations; what rounds to none has no sign."""
    text = f"{round(difference, 4):+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def day(at: float, utc_offset: timedelta) -> str:
    """Write the day of an instant, seconds since 1970, by a listener's clock: 5 Jan 2026."""
    local = datetime.fromtimestamp(at, UTC) + utc_offset
    return f"{local.day} {local:%b %Y}"


def friend(user_id: str) -> str:
    """Name a friend: an id that is a number is no name."""
    return f"listener {user_id}" if user_id.isdecimal() else user_id


def counted(n: int, what: str) -> str:
    """Write a number of things."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
