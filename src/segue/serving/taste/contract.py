"""The request and response of the taste profile."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # Pydantic reads the annotation
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from segue.domain.listening.mood import Mood  # noqa: TC001  # as above
from segue.serving.api.contract import Id, Text
from segue.serving.api.tier import Tier  # noqa: TC001  # as above
from segue.serving.recommend.contract import Once, Strict, TrackOut
from segue.serving.recommend.excluded_contract import ExcludedOut  # noqa: TC001  # as above

_FARTHEST_MINUTES = 14 * 60
Name = Annotated[Text, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(description="0 to 1")]
Percentile = Annotated[float, Field(description="0 to 100; 50 is the middle of the catalogue")]


class ProfileFormat(StrEnum):
    """What the profile is answered as."""

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
    """How the profile is answered."""

    format: ProfileFormat = ProfileFormat.JSON
    picture: Picture | None = Field(None, description="one of them alone, with format=svg")


class TasteRequest(Strict):
    """What is known of a listener beside their stored events; all of it may be left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"artists": ["Nina Simone"], "utc_offset_minutes": 120}]},
    )

    tracks: Annotated[list[Id], Field(max_length=1000), Once] = Field(
        [], description="each counts as a like, beside what is stored"
    )
    artists: Annotated[list[Name], Field(max_length=100)] = Field(
        [], description="in any case; up to ten tracks of each count as likes, the most popular ones"
    )
    friends: Annotated[list[Id], Field(max_length=100), Once] = Field(
        [], description="users to compare with, beside the stored friends"
    )
    utc_offset_minutes: Annotated[int, Field(strict=True, ge=-_FARTHEST_MINUTES, le=_FARTHEST_MINUTES)] = (
        Field(0, description="the listener's clock less UTC")
    )
    model_tier: Tier | None = Field(None, description="answer as this tier does; the key's own without it")


class SupportOut(BaseModel):
    """What a part of the profile rests on."""

    events: int = Field(description="that speak for a track; a track that was named is one")
    tracks: int
    hours: float = Field(description="heard in those events, as far as it is known")


class LeftOut(BaseModel):
    """Why a part is missing."""

    reason: str
    support: SupportOut


class Insight(BaseModel):
    """A sentence that the listener's events bear out, and the number behind it."""

    about: str = Field(description="the part of the profile, or history")
    text: str
    value: float
    unit: str
    support: SupportOut


class GenreShareOut(BaseModel):
    """A genre of the catalogue's own."""

    name: str
    share: Share
    catalogue_share: Share = Field(description="of the catalogue's tracks")


class GenresOut(BaseModel):
    """What genres are played, and how many different ones."""

    support: SupportOut
    shares: list[GenreShareOut] = Field(description="greatest first, at most 20")
    other_share: Share = Field(description="of the genres beyond these")
    n_genres: int
    shannon_nats: float = Field(description="-Σ p ln p")
    effective_genres: float = Field(description="exp(Shannon): so many genres played alike are as diverse")


class TasteOut(BaseModel):
    """Tracks of the listener's that are alike."""

    title: str
    weight: Share = Field(description="of what is played")
    n_tracks: int
    representative: list[TrackOut] = Field(description="that say most of this taste")
    position: tuple[float, float] | None = Field(description="on the map, 0 to 1 each")


class TastesOut(BaseModel):
    """The distinct tastes, the heaviest first; the first keeps its place until another leads it by 0.1."""

    support: SupportOut
    tastes: list[TasteOut]
    map_made_by: str = Field(description="clusters: the live clustering; else principal components")


class AudioFeatureOut(BaseModel):
    """One audio feature of what is played."""

    feature: str
    percentile: Percentile
    interval: tuple[float, float] | None = Field(description="95 % of the mean; null where it is too little")
    quarter_below: Percentile
    quarter_above: Percentile
    median: float = Field(description="in the feature's own unit")


class AudioOut(BaseModel):
    """How the music sounds beside the catalogue."""

    support: SupportOut
    features: list[AudioFeatureOut]


class MoodOut(BaseModel):
    """How well the music suits a mood."""

    mood: Mood
    score: Share
    catalogue: Share = Field(description="the mean score of all tracks")
    difference: float = Field(description="in standard deviations of the catalogue's tracks")


class MoodsOut(BaseModel):
    """Eight moods, the one that stands out most first."""

    support: SupportOut
    moods: list[MoodOut]


class DecadeOut(BaseModel):
    """A decade of release."""

    decade: int = Field(description="its first year")
    share: Share


class ErasOut(BaseModel):
    """When the music is from."""

    support: SupportOut
    decades: list[DecadeOut]
    median_year: int
    middle_half: tuple[int, int] = Field(description="years between which half of what is played lies")
    catalogue_median_year: int


class MainstreamOut(BaseModel):
    """How popular the music is."""

    support: SupportOut
    percentile: Percentile = Field(description="mean share of the catalogue that is less popular")
    interval: tuple[float, float] | None
    everybody: float | None = Field(description="the same of all plays of all listeners")
    meaning: str


class SessionsOut(BaseModel):
    """Listening without a silence of more than 30 minutes after what was heard."""

    count: int
    median_tracks: float
    median_minutes: float = Field(description="to the end of the last track")
    per_week: float
    weekend_share: Share = Field(description="that began on a weekend")
    by_part_of_day: dict[str, float] = Field(description="shares by where they began")


class PatternsOut(BaseModel):
    """When and how is listened, by the listener's clock."""

    support: SupportOut = Field(description="plays and skips with a time of their own")
    heat: list[list[int]] = Field(description="plays and skips by weekday, Monday first, and hour")
    sessions: SessionsOut
    skip_share: Share = Field(description="of plays and skips")
    repeat_share: Share | None = Field(
        description="of plays, of a track played before; null where events_since is not"
    )
    discovery_rate: Share | None = Field(
        description="of the later half of the plays, of a track that no event before was about; null as above"
    )
    began_at: datetime
    ended_at: datetime
    utc_offset_minutes: int


class WindowOut(BaseModel):
    """A part of the history; all have as many events."""

    began_at: datetime
    ended_at: datetime
    events: int
    genres: dict[str, float] = Field(description="shares of the most played genres")
    other_share: Share
    audio: dict[str, float] = Field(description="mean percentiles of audio features, 0 to 100")


class ChangeOut(BaseModel):
    """How far two windows are apart in genres."""

    divergence_bits: float = Field(description="Jensen-Shannon: 0 the same, 1 nothing in common")
    by_chance_bits: float = Field(description="to be expected of one unchanged taste, as samples are small")
    sure: bool = Field(description="chance does not explain it, at 99 of 100")


class DriftOut(BaseModel):
    """The taste over time."""

    support: SupportOut
    windows: list[WindowOut]
    broad_genres: bool = Field(
        description="the windows' genres are the broad ones, as the catalogue's own are many and small"
    )
    steps: list[ChangeOut] = Field(description="from each window to the next")
    whole: ChangeOut = Field(description="from the first to the last")


class FriendOut(BaseModel):
    """A friend; nothing else of theirs is told."""

    user_id: Id
    similarity: Share


class FriendsOut(BaseModel):
    """The friends nearest in taste."""

    support: SupportOut
    nearest: list[FriendOut]
    compared: int
    left_out: int = Field(description="unknown, or with too few likes to compare")


class TasteProfile(BaseModel):
    """A listener's taste; a part that the events do not bear out is null, and ``left_out`` says why."""

    user_id: str
    support: SupportOut
    events_since: datetime | None = Field(
        description="of a long history only the latest 2000 events are profiled, those since then, and older "
        "likes and dislikes; null where it is profiled whole"
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
    unknown_tracks: list[str] = Field(description="of the request, that the catalogue does not have")
    unknown_artists: list[str]
    unknown_stored_tracks: list[str] = Field(description="of the stored events; they count for patterns only")
    model_tier: Tier
    model_version: str
    clusters_version: str | None = Field(description="of the live clustering that drew the map, if any did")
    excluded: ExcludedOut | None = Field(None, description="null where the listener excludes nothing")
