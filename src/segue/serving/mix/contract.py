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
_MAX_OFFSET_MINUTES = 14 * 60


class DailyMixRequest(Strict):
    """The listener of today's mixes, and the sizes of the mixes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"user_id": "12", "mixes": 3, "limit": 25, "utc_offset_minutes": 120}]
        },
    )

    user_id: Id
    mixes: Annotated[int, Field(strict=True, ge=1, le=_USUAL.max_mixes)] = Field(
        _USUAL.max_mixes, description="maximum number of mixes; fewer if the tastes are not distinct"
    )
    limit: Limit = _USUAL.n_tracks
    familiar: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        _USUAL.familiar, description="share of tracks that the listener knows"
    )
    utc_offset_minutes: Annotated[
        int, Field(strict=True, ge=-_MAX_OFFSET_MINUTES, le=_MAX_OFFSET_MINUTES)
    ] = Field(0, description="the listener's clock minus UTC; the day begins at the listener's midnight")
    model_tier: Tier | None = Field(None, description="answer as this tier does; default: the key's tier")


class MixTrackOut(TrackOut):
    """A track of a mix, and the reason for it."""

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
        """Describe a popular track, for a listener without likes."""
        described = TrackOut.of(catalogue, row)
        return cls(**described.model_dump(), familiar=False, because="many listeners play it")


class MixOut(BaseModel):
    """The mix of one taste, in playing order."""

    title: str
    representative: list[TrackOut] = Field(description="the listener's most typical tracks of this taste")
    tracks: list[MixTrackOut]


class DailyMixResponse(BaseModel):
    """The mixes of a listener's day, the strongest taste first."""

    mixes: list[MixOut]
    because: str | None = Field(None, description="why there are no mixes; otherwise missing")
    day: date = Field(description="by the listener's clock")
    changes_at: datetime = Field(
        description="until then the mixes stay the same, unless the listener dislikes or excludes a track or "
        "a new model version is promoted"
    )
    answered_by: str = Field(description="hybrid, collaborative, content, genre or popularity")
    model_tier: Tier
    model_version: str
    request_id: str = Field(description="id of this answer; send it back with impressions and clicks")
    excluded: ExcludedOut | None = Field(None, description="missing if the listener excludes nothing")
