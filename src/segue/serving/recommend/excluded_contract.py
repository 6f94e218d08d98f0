"""The part of an answer that reports the listener's blocks and ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, Field

from segue.domain.listening.exclusion import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.listening.excluded import Excluded


class ExcludedOut(BaseModel):
    """What the listener's blocks and ignores leave out; an empty part is missing."""

    blocked_by_artist: int | None = Field(
        None, description="number of catalogue tracks left out because the listener blocked an artist"
    )
    blocked_by_genre: int | None = Field(None, description="the same for blocked genres")
    events: int | None = Field(
        None, description="number of the latest events that do not count: ignored, or of blocked tracks"
    )
    asked_for: list[str] | None = Field(
        None, description="seeds, artists and genres of the request that the listener blocked"
    )

    @classmethod
    def of(cls, excluded: Excluded, asked_for: Sequence[str] = ()) -> Self | None:
        """Describe what is left out; None if nothing is."""
        if not (excluded.blocked_by or excluded.n_events or asked_for):
            return None
        return cls(
            blocked_by_artist=excluded.blocked_by.get(Target.ARTIST),
            blocked_by_genre=excluded.blocked_by.get(Target.GENRE),
            events=excluded.n_events or None,
            asked_for=list(asked_for) or None,
        )
