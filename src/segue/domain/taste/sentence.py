"""A sentence about a taste, with the number behind it, and how numbers are written in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.domain.taste.played import Support

SMALL_TRACKS = 20
"""Fewer make a small history, and the profile says so first."""
FEW = 10.0
"""Tracks or sessions below which no share is put into words."""


@dataclass(frozen=True, slots=True)
class Insight:
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
    return f"{100 * share:.0f} %"


def counted(n: int, what: str) -> str:
    """Write a number of things."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
