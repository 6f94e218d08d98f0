"""The request and response of daily mixes."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  # Pydantic reads the annotation
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from segue.domain.mix.daily_mix import MixRules
from segue.serving.api.contract import Id  # noqa: TC001  # as above
from segue.serving.api.tier import Tier  # noqa: TC001  # as above
from segue.serving.recommend.contract import Limit, Strict, TrackOut
from segue.serving.recommend.excluded_contract import ExcludedOut  # noqa: TC001  # as above

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.mix.daily_mix import MixTrack

_USUAL = MixRules()
_FARTHEST_MINUTES = 14 * 60


class DailyMixRequest(Strict):
    """Whose mixes of today."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"user_id": "12", "mixes": 3, "limit": 25, "utc_offset_minutes": 120}]
        },
    )

    user_id: Id
    mixes: Annotated[int, Field(strict=True, ge=1, le=_USUAL.max_mixes)] = Field(
        _USUAL.max_mixes, description="at most so many; fewer where tastes are not distinct"
    )
    limit: Limit = _USUAL.n_tracks
    familiar: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        _USUAL.familiar, description="share of tracks that the listener knows"
    )
    utc_offset_minutes: Annotated[int, Field(strict=True, ge=-_FARTHEST_MINUTES, le=_FARTHEST_MINUTES)] = (
        Field(0, description="the listener's clock less UTC: their day begins at their midnight")
    )
    model_tier: Tier | None = Field(None, description="answer as this tier does; the key's own without it")


class MixTrackOut(TrackOut):
    """A track of a mix, and why it is there."""

    familiar: bool
    because: str

    @classmethod
    def chosen(cls, catalogue: Catalogue, track: MixTrack) -> Self:
        """Describe a track of a mix."""
        near = TrackOut.of(catalogue, track.near_index)
        of = f" by {near.artists[0]}" if near.artists else ""
        because = "you play it" if track.is_familiar else f"it is like {near.name}{of}, which you play"
        described = TrackOut.of(catalogue, track.item_index)
        return cls(**described.model_dump(), familiar=track.is_familiar, because=because)

    @classmethod
    def popular(cls, catalogue: Catalogue, row: int) -> Self:
        """Describe a track for a listener of whom nothing is known."""
        described = TrackOut.of(catalogue, row)
        return cls(**described.model_dump(), familiar=False, because="many listeners play it")


class MixOut(BaseModel):
    """One taste's list, in playing order."""

    title: str
    representative: list[TrackOut] = Field(description="tracks of the listener's own that say most of it")
    tracks: list[MixTrackOut]


class DailyMixResponse(BaseModel):
    """The mixes of a listener's day, that of the strongest taste first."""

    mixes: list[MixOut]
    because: str | None = Field(None, description="why there are no mixes; missing where there are some")
    day: date = Field(description="by the listener's clock")
    changes_at: datetime = Field(
        description="until then the mixes stay, but for what the listener comes to dislike or exclude, and "
        "new models"
    )
    answered_by: str = Field(description="hybrid, collaborative, content, genre or popularity")
    model_tier: Tier
    model_version: str
    request_id: str = Field(description="of this answer; send it back with impressions and clicks")
    excluded: ExcludedOut | None = Field(None, description="missing where the listener excludes nothing")
