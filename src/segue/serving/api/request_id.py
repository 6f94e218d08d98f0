"""The id of an answer. It contains the surface and the version, so that clicks need no other log."""

from __future__ import annotations

from enum import StrEnum
from uuid import uuid4

UNKNOWN = "unknown"
"""Surface and version of an id that was not made by Segue."""


class Surface(StrEnum):
    """Where an answer is shown."""

    RECOMMEND = "recommend"
    SIMILAR = "similar"
    DAILY_MIX = "daily-mix"
    RADIO = "radio"


def new_request_id(surface: Surface, version: str) -> str:
    """Return a new id such as ``recommend.VERSION.9b1c0c5e7d2f4a68``; callers send it back unchanged."""
    return f"{surface}.{version}.{uuid4().hex[:16]}"


def read_request_id(request_id: str) -> tuple[str, str]:
    """Return the surface and the version of an answer, both `UNKNOWN` if Segue did not make the id."""
    surface, _, rest = request_id.partition(".")
    version, _, _ = rest.rpartition(".")
    return (surface, version) if version and surface in tuple(Surface) else (UNKNOWN, UNKNOWN)
