"""The parts of a taste profile in the response, read from the domain values of the same parts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)

from segue.domain.listening.mood import Mood  # noqa: TC001  # Pydantic reads the annotation
from segue.domain.listening.situation import TimeOfDay
from segue.serving.api.contract import Id  # noqa: TC001  # as above
from segue.serving.recommend.contract import TrackOut  # noqa: TC001  # as above

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.taste.weighted_mean import WeightedMean

DIGITS = 4


class FromDomain(BaseModel):
    """A part of a response; its fields are read from the attributes of a domain value."""

    # Only the whole profile is validated, so the parts need no validators of their own at a cold start.
    model_config = ConfigDict(from_attributes=True, defer_build=True)


def percentile(share: float) -> float:
    """Return a share, 0 … 1, as a percentile with two digits."""
    return round(100 * share, 2)


def _rounded(value: float) -> float:
    return round(value, DIGITS)


def _interval(mean: WeightedMean) -> tuple[float, float] | None:
    interval = mean.interval()
    if interval is None:
        return None
    return percentile(max(interval[0], 0.0)), percentile(min(interval[1], 1.0))


def _local_time(at: float, info: ValidationInfo) -> datetime:
    """Return the time ``at``, seconds since 1970, in the time zone that is the validation's context."""
    return datetime.fromtimestamp(at, info.context).replace(microsecond=0)


def _by_part_of_day(share: NDArray[np.float64]) -> dict[str, float]:
    return {str(part): each for part, each in zip(TimeOfDay, share.tolist(), strict=True)}


Rounded = Annotated[float, AfterValidator(_rounded)]
Share = Annotated[Rounded, Field(description="0 to 1")]
Percentile = Annotated[
    float, AfterValidator(percentile), Field(description="0 to 100; 50 is the middle of the catalogue")
]
Interval = Annotated[tuple[float, float] | None, BeforeValidator(_interval)]
LocalTime = Annotated[datetime, BeforeValidator(_local_time)]


class SupportOut(FromDomain):
    """The events that a part of the profile rests on."""

    events: int = Field(description="events that count for a track; a track of the request is one")
    tracks: int
    hours: Annotated[float, AfterValidator(lambda hours: round(hours, 1))] = Field(
        description="hours heard in those events, as far as known"
    )


class LeftOut(FromDomain):
    """Why a part is missing."""

    reason: str
    support: SupportOut


class Insight(FromDomain):
    """A sentence that the listener's events support, and its number."""

    about: str = Field(validation_alias="kind", description="the part of the profile, or history")
    text: str
    value: Rounded
    unit: str
    support: SupportOut


class GenreShareOut(FromDomain):
    """A genre of the catalogue."""

    name: str
    share: Share
    catalogue_share: Share = Field(description="share of the catalogue's tracks")


class GenresOut(FromDomain):
    """The genres that are played, and their diversity."""

    support: SupportOut
    shares: list[GenreShareOut] = Field(description="greatest first, at most 20")
    other_share: Share = Field(description="share of all other genres")
    n_genres: int
    shannon_nats: Rounded = Field(description="-Σ p ln p")
    effective_genres: Rounded = Field(
        description="exp(Shannon): number of equally played genres with the same diversity"
    )


class TasteOut(FromDomain):
    """A group of the listener's tracks that are similar."""

    title: str
    weight: Share = Field(description="share of what is played")
    n_tracks: int
    representative: list[TrackOut] = Field(description="the most typical tracks")
    position: tuple[Rounded, Rounded] | None = Field(description="on the map, 0 to 1 each")


class TastesOut(FromDomain):
    """The distinct tastes, the heaviest first; the first keeps its place until another leads it by 0.1."""

    support: SupportOut
    tastes: list[TasteOut]
    map_made_by: str = Field(description="clusters (the live clustering) or principal components")


class AudioFeatureOut(FromDomain):
    """One audio feature of what is played."""

    feature: str = Field(validation_alias="name")
    percentile: Percentile = Field(validation_alias=AliasPath("percentile", "mean"))
    interval: Interval = Field(
        validation_alias="percentile",
        description="95 % interval of the mean; null if there are too few tracks",
    )
    quarter_below: Percentile = Field(validation_alias="low")
    quarter_above: Percentile = Field(validation_alias="high")
    median: Rounded = Field(validation_alias="value", description="in the feature's own unit")


class AudioOut(FromDomain):
    """How the music sounds, compared with the catalogue."""

    support: SupportOut
    features: list[AudioFeatureOut]


class MoodOut(FromDomain):
    """How well the music suits a mood."""

    mood: Mood
    score: Share = Field(validation_alias=AliasPath("score", "mean"))
    catalogue: Share = Field(validation_alias="catalogue_mean", description="mean score of all tracks")
    difference: Rounded = Field(description="in standard deviations of the catalogue's tracks")


class MoodsOut(FromDomain):
    """Eight moods, the greatest difference from the catalogue first."""

    support: SupportOut
    moods: list[MoodOut]


class DecadeOut(FromDomain):
    """A decade of release."""

    decade: int = Field(description="first year of the decade")
    share: Share


class ErasOut(FromDomain):
    """When the music was released."""

    support: SupportOut
    decades: list[DecadeOut]
    median_year: int
    middle_half: tuple[int, int] = Field(
        description="half of what is played was released between these years"
    )
    catalogue_median_year: int = Field(validation_alias="catalogue_year")


class MainstreamOut(FromDomain):
    """How popular the music is."""

    support: SupportOut
    percentile: Percentile = Field(description="mean share of the catalogue that is less popular")
    interval: Interval
    everybody: float | None = Field(description="the same for all plays of all listeners")
    meaning: str


class SessionsOut(FromDomain):
    """Sessions: listening without a silence of more than 30 minutes."""

    count: int
    median_tracks: float
    median_minutes: Annotated[float, AfterValidator(lambda minutes: round(minutes, 1))] = Field(
        description="to the end of the last track"
    )
    per_week: Annotated[float, AfterValidator(lambda sessions: round(sessions, 2))]
    weekend_share: Share = Field(description="share of sessions that began on a weekend")
    by_part_of_day: Annotated[dict[str, Rounded], BeforeValidator(_by_part_of_day)] = Field(
        description="share of sessions that began in each part of the day"
    )


class PatternsOut(FromDomain):
    """When and how the listener listens, by the listener's clock."""

    support: SupportOut = Field(description="plays and skips that have their own time")
    heat: Annotated[list[list[int]], BeforeValidator(lambda heat: heat.tolist())] = Field(
        description="plays and skips by weekday, Monday first, and hour"
    )
    sessions: SessionsOut
    skip_share: Share = Field(description="share of skips among plays and skips")
    repeat_share: Share | None = Field(
        description="share of plays of a track that was played before; null unless events_since is null"
    )
    discovery_rate: Share | None = Field(
        description="share of the later half of the plays whose track has no earlier event; null as above"
    )
    began_at: LocalTime
    ended_at: LocalTime
    utc_offset_minutes: Annotated[int, BeforeValidator(lambda offset: round(offset.total_seconds() / 60))] = (
        Field(validation_alias="utc_offset")
    )


class WindowOut(FromDomain):
    """A part of the history; all parts have the same number of events."""

    began_at: LocalTime
    ended_at: LocalTime
    events: int
    genres: dict[str, Rounded] = Field(description="shares of the most played genres")
    other_share: Share
    audio: dict[str, float] = Field(description="mean percentiles of audio features, 0 to 100")


class ChangeOut(FromDomain):
    """Difference between the genres of two windows."""

    divergence_bits: Rounded = Field(
        description="Jensen-Shannon: 0 for equal shares, 1 for nothing in common"
    )
    by_chance_bits: Rounded = Field(description="expected for one unchanged taste and samples of this size")
    sure: bool = Field(validation_alias="is_sure", description="significant at the 1 % level")


class DriftOut(FromDomain):
    """The taste over time."""

    support: SupportOut
    windows: list[WindowOut]
    broad_genres: bool = Field(
        description="whether the genres are broad ones, used where the catalogue has many small genres"
    )
    steps: list[ChangeOut] = Field(description="from each window to the next")
    whole: ChangeOut = Field(description="from the first window to the last")


class FriendOut(FromDomain):
    """A friend; nothing else of a friend is revealed."""

    user_id: Id
    similarity: Share


class FriendsOut(FromDomain):
    """The friends nearest in taste."""

    support: SupportOut
    nearest: list[FriendOut]
    compared: int = Field(validation_alias="n_compared")
    left_out: int = Field(
        validation_alias="n_left_out", description="friends who are unknown or have too few likes"
    )
