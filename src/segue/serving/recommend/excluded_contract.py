"""What an answer says of the blocks and ignores that it respects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, Field

from segue.domain.listening.exclusion import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.domain.listening.excluded import Excluded


class ExcludedOut(BaseModel):
    """What the listener's blocks and ignores left out; a part that is nothing is missing."""

    blocked_by_artist: int | None = Field(
        None, description="tracks of the catalogue that are not answered, as the listener blocked an artist"
    )
    blocked_by_genre: int | None = Field(None, description="the same by genre")
    events: int | None = Field(
        None, description="of the latest events, those that shape nothing: ignored, or of what is blocked"
    )
    asked_for: list[str] | None = Field(
        None, description="what the request names and the listener blocked: seeds, artists, genres"
    )

    @classmethod
    def of(cls, excluded: Excluded, asked_for: Sequence[str] = ()) -> Self | None:
        """Describe what was left out; None where that is nothing."""
        if not (excluded.blocked_by or excluded.n_events or asked_for):
            return None
        return cls(
            blocked_by_artist=excluded.blocked_by.get(Target.ARTIST),
            blocked_by_genre=excluded.blocked_by.get(Target.GENRE),
            events=excluded.n_events or None,
            asked_for=list(asked_for) or None,
        )
