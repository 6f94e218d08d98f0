"""Requests and responses about tracks."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from segue.domain.listening.mood import Mood  # noqa: TC001  # Pydantic reads the annotation
from segue.domain.listening.situation import Activity, Day, Situation, TimeOfDay, Weather
from segue.domain.model.candidate_source import ReasonKind
from segue.serving.api.contract import Id, Text
from segue.serving.api.tier import Tier  # noqa: TC001  # as above
from segue.serving.recommend.excluded_contract import ExcludedOut  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.model.candidate_source import Reason
    from segue.domain.recommend.pipeline import Recommended


def _without_repeats(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Once = AfterValidator(_without_repeats)
"""Removes repeated ids from a list; put it after the list's maximum length, which must be checked first."""

Limit = Annotated[int, Field(strict=True, ge=1, le=100, description="number of tracks")]


MaxReasons = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=1000,
        description="number of reasons of each track; the sum of the others is one more",
    ),
]


Genre = Annotated[Text, Field(max_length=100)]


class Strict(BaseModel):
    """A request; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Context(Strict):
    """The situation of the listener; each part changes what is recommended."""

    time_of_day: TimeOfDay | None = None
    day: Day | None = None
    activity: Activity | None = None
    weather: Weather | None = None

    def situation(self) -> Situation:
        """Return the domain's value."""
        return Situation(self.time_of_day, self.day, self.activity, self.weather)


Share = Annotated[float, Field(strict=True, ge=0, le=1)]


class SeedFeatures(Strict):
    """The wanted sound; each feature is in the unit of the catalogue."""

    danceability: Share | None = None
    energy: Share | None = None
    key: Annotated[int, Field(strict=True, ge=0, le=11)] | None = Field(None, description="0 is C, 11 is B")
    loudness: Annotated[float, Field(strict=True, ge=-100, le=20)] | None = Field(None, description="dB")
    mode: Annotated[int, Field(strict=True, ge=0, le=1)] | None = Field(None, description="0 minor, 1 major")
    speechiness: Share | None = None
    acousticness: Share | None = None
    instrumentalness: Share | None = None
    liveness: Share | None = None
    valence: Share | None = None
    tempo: Annotated[float, Field(strict=True, gt=0, le=500)] | None = Field(
        None, description="beats per minute"
    )
    time_signature: Annotated[int, Field(strict=True, ge=1, le=16)] | None = Field(
        None, description="beats per bar"
    )

    def asked(self) -> dict[str, float]:
        """Return the features that are given."""
        return {name: float(value) for name, value in self.model_dump(exclude_none=True).items()}


class RecommendRequest(Strict):
    """The listener, and what to recommend."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user_id": "12", "limit": 10, "mood": "chill", "diversity": 0.3}]},
    )

    user_id: Id
    limit: Limit = 20
    model_tier: Tier | None = Field(None, description="answer as this tier does; default: the key's tier")
    seed_tracks: Annotated[list[Id], Field(max_length=50), Once] = Field(
        [], description="recommend similar tracks"
    )
    seed_features: SeedFeatures | None = Field(
        None, description='recommend tracks with this sound: {"energy": 0.8}'
    )
    mood: Mood | None = None
    genre: Genre | None = Field(None, description="a genre of the catalogue, or a broad one")
    genres: Annotated[list[Genre], Field(max_length=50)] = Field(
        [], description="several genres, besides genre; a track needs one of them"
    )
    context: Context | None = None
    friends: Annotated[list[Id], Field(max_length=100), Once] = Field(
        [],
        description="users whose likes count too; needs the tier starter; unknown users are ignored",
    )
    exclude: Annotated[list[Id], Field(max_length=10_000), Once] = Field(
        [], description="tracks to leave out"
    )
    diversity: Annotated[float, Field(strict=True, ge=0, le=1)] | None = Field(
        None, description="0: the best tracks; 1: tracks that differ most; default: the model's own value"
    )
    explain: Annotated[bool, Field(strict=True)] = True
    max_reasons: MaxReasons = 5

    @property
    def any_genre(self) -> list[str]:
        """Return the genres of which a track needs one; empty for any genre."""
        return list(dict.fromkeys([*([] if self.genre is None else [self.genre]), *self.genres]))


class TrackOut(BaseModel):
    """A track of the catalogue."""

    track_id: str
    name: str
    artists: list[str]
    album: str
    genres: list[str]

    @classmethod
    def of(cls, catalogue: Catalogue, row: int) -> Self:
        """Describe the track in a row of the catalogue."""
        return cls(**_described(catalogue, row))


class ReasonOut(BaseModel):
    """A part of a score; a score is the sum of its reasons."""

    kind: ReasonKind
    contribution: float = Field(description="in the unit of the score; negative if it lowers the score")
    name: str | None = Field(None, description="the genre, artist, feature, mood, situation or friend")
    track_id: str | None = Field(None, description="the listener's track that the reason is about")
    because: str = Field(description="the reason in words")


class RecommendedTrack(TrackOut):
    """A recommended track with its score and the reasons for it."""

    score: float = Field(
        description="sum of the reasons; diversity and calibration may change the order of the tracks"
    )
    reasons: list[ReasonOut] | None = None

    @classmethod
    def all_of(
        cls,
        catalogue: Catalogue,
        recommended: Iterable[Recommended],
        asked: Collection[int] = (),
        words: Mapping[ReasonKind, str] | None = None,
    ) -> list[Self]:
        """Describe recommendations, with their reasons if they have any.

        ``asked`` are the rows that the request names; the listener may not have played them. ``words``
        replace the wording of `BECAUSE` for some kinds of reasons.
        """
        # A track of the history may be the reason for many tracks of the answer; it is described once.
        titled, wording = cache(partial(_title, catalogue)), {**BECAUSE, **(words or {})}
        # Reasons are validated together with their track, which takes half as long as one by one.
        return [
            cls.model_validate(
                {
                    **_described(catalogue, item.item_index),
                    "score": item.score,
                    "reasons": [_reason(reason, titled, asked, wording) for reason in item.reasons] or None,
                }
            )
            for item in recommended
        ]


class RecommendResponse(BaseModel):
    """Recommended tracks, best first, and the model that answered."""

    items: list[RecommendedTrack]
    answered_by: str = Field(description="hybrid, collaborative, content, genre or popularity")
    because: str = Field(description="why that model answered")
    model_tier: Tier
    model_version: str
    request_id: str = Field(description="id of this answer; send it back with impressions and clicks")
    unknown_tracks: list[str] = Field(description="tracks of the request that the catalogue does not have")
    excluded: ExcludedOut | None = Field(None, description="missing if the listener excludes nothing")


def _described(catalogue: Catalogue, row: int) -> dict[str, object]:
    return {
        "track_id": str(catalogue.vocabulary.item_id[row]),
        "name": catalogue.name[row],
        "artists": list(catalogue.artists.of(row)),
        "album": catalogue.album[row],
        "genres": list(catalogue.genres.of(row)),
    }


BECAUSE: dict[ReasonKind, str] = {
    ReasonKind.PLAYED: "you played {}",
    ReasonKind.GENRE: "you listen to {}",
    ReasonKind.ARTIST: "you listen to {}",
    ReasonKind.AUDIO: "its {} is like that of what you play",
    ReasonKind.ASKED: "its {} is near the requested value",
    ReasonKind.MOOD: "its {} suits the mood",
    ReasonKind.CONTEXT: "its {} suits the situation",
    ReasonKind.FRIEND: "your friend {} likes it",
    ReasonKind.POPULAR: "many listeners play it",
    ReasonKind.TRENDING: "many listeners play it these days",
    ReasonKind.REST: "and smaller reasons",
}
"""Wording of each kind of reason; a front end may put "because" in front of it."""


def _title(catalogue: Catalogue, row: int) -> tuple[str, str]:
    """Return a track's id and title."""
    artists = ", ".join(catalogue.artists.of(row)[:2])
    name = catalogue.name[row] + (f" by {artists}" if artists else "")
    return str(catalogue.vocabulary.item_id[row]), name


def _reason(
    reason: Reason,
    titled: Callable[[int], tuple[str, str]],
    asked: Collection[int],
    wording: Mapping[ReasonKind, str],
) -> dict[str, object]:
    track_id, subject, words = None, reason.name, wording[reason.kind]
    if reason.item_index >= 0:
        track_id, subject = titled(reason.item_index)
        if reason.item_index in asked:
            words = "it is like {}"
    return {
        "kind": reason.kind,
        "contribution": reason.contribution,
        "name": reason.name or None,
        "track_id": track_id,
        "because": words.format(subject),
    }
