"""The request and response of the taste profile."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # Pydantic reads the annotation
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from segue.serving.api.contract import Id, Text
from segue.serving.api.tier import Tier  # noqa: TC001  # as above
from segue.serving.recommend.contract import Once, Strict
from segue.serving.recommend.excluded_contract import ExcludedOut  # noqa: TC001  # as above
from segue.serving.taste.part_contract import (  # as above
    AudioOut,
    DriftOut,
    ErasOut,
    FriendsOut,
    FromDomain,
    GenresOut,
    Insight,
    LeftOut,
    MainstreamOut,
    MoodsOut,
    PatternsOut,
    SupportOut,
    TastesOut,
)

_MAX_OFFSET_MINUTES = 14 * 60
Name = Annotated[Text, Field(min_length=1, max_length=200)]


class ProfileFormat(StrEnum):
    """The format of the answer."""

    JSON = "json"
    HTML = "html"
    SVG = "svg"


class Picture(StrEnum):
    """The pictures of a profile."""

    RADAR = "radar"
    HEAT_MAP = "heat_map"
    TASTE_MAP = "taste_map"
    RIBBON = "ribbon"


class TasteQuery(BaseModel):
    """The format of the answer, and one picture if only that is wanted."""

    format: ProfileFormat = ProfileFormat.JSON
    picture: Picture | None = Field(None, description="only this picture; needs format=svg")


class TasteRequest(Strict):
    """What else is known of a listener, besides the stored events; every field is optional."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"artists": ["Nina Simone"], "utc_offset_minutes": 120}]},
    )

    tracks: Annotated[list[Id], Field(max_length=1000), Once] = Field(
        [], description="each counts as a like, besides the stored events"
    )
    artists: Annotated[list[Name], Field(max_length=100)] = Field(
        [], description="in any case; up to ten of an artist's most popular tracks count as likes"
    )
    friends: Annotated[list[Id], Field(max_length=100), Once] = Field(
        [], description="users to compare with, besides the stored friends"
    )
    utc_offset_minutes: Annotated[
        int, Field(strict=True, ge=-_MAX_OFFSET_MINUTES, le=_MAX_OFFSET_MINUTES)
    ] = Field(0, description="the listener's clock minus UTC")
    model_tier: Tier | None = Field(None, description="answer as this tier does; default: the key's tier")


class TasteProfile(FromDomain):
    """A listener's taste; a part with too few events is null, and ``left_out`` says why."""

    user_id: str
    support: SupportOut
    events_since: datetime | None = Field(
        description="null if the whole history is profiled; else the time of the first of the latest 2000 "
        "events, before which only likes and dislikes count"
    )
    insights: list[Insight]
    genres: GenresOut | None
    tastes: TastesOut | None
    audio: AudioOut | None
    moods: MoodsOut | None
    eras: ErasOut | None
    mainstream: MainstreamOut | None
    patterns: PatternsOut | None
    drift: DriftOut | None
    friends: FriendsOut | None
    left_out: dict[str, LeftOut]
    unknown_tracks: list[str] = Field(description="tracks of the request that the catalogue does not have")
    unknown_artists: list[str]
    unknown_stored_tracks: list[str] = Field(
        description="tracks of stored events that the catalogue does not have; they count for patterns only"
    )
    model_tier: Tier
    model_version: str
    clusters_version: str | None = Field(description="the live clustering that the map is made by, or null")
    excluded: ExcludedOut | None = Field(None, description="null if the listener excludes nothing")
