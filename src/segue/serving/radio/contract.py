"""The request and response of a radio station."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.listening.mood import Mood  # noqa: TC001  # Pydantic reads the annotation
from segue.domain.radio.camelot import camelot_code
from segue.domain.radio.seed import Seed, SeedKind
from segue.domain.radio.transition import build_sound, energy_change, key_distance, tempo_change
from segue.serving.api.contract import Id, Text
from segue.serving.api.signed_cursor import MAX_CURSOR_CHARS
from segue.serving.api.tier import Tier  # noqa: TC001  # as above
from segue.serving.recommend.contract import Limit, SeedFeatures, Strict, TrackOut
from segue.serving.recommend.excluded_contract import ExcludedOut  # noqa: TC001  # as above

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue

Name = Annotated[Text, Field(min_length=1, max_length=200)]


class RadioRequest(Strict):
    """A new station by its seed, or the next tracks of a station by its cursor."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"genre": "jazz", "user_id": "12", "limit": 20}]}
    )

    track_id: Id | None = Field(None, description="start from this track, which is not played itself")
    artist: Name | None = Field(None, description="start from an artist; the name may be in any case")
    genre: Name | None = Field(None, description="start from a genre of the catalogue, or a broad one")
    genres: Annotated[list[Name], Field(max_length=10)] = Field(
        [], description="start from several genres, besides `genre`"
    )
    mood: Mood | None = Field(None, description="start from a mood")
    seed_features: SeedFeatures | None = Field(
        None, description="start from a sound: audio features, of which no track needs to exist"
    )
    user_id: Id | None = Field(
        None,
        description="the listener: tracks that they dislike are never played, stations of a genre or mood "
        "follow their taste; without another seed, the station plays tracks that are new to them",
    )
    cursor: Annotated[Text, Field(min_length=1, max_length=MAX_CURSOR_CHARS)] | None = Field(
        None, description="cursor of the last answer, unchanged: the station continues for the same listener"
    )
    limit: Limit = 20
    model_tier: Tier | None = Field(None, description="answer as this tier does; default: the key's tier")

    @model_validator(mode="after")
    def _is_new_or_more(self) -> Self:
        starts = [value for _, value in self._named() if value]
        if self.cursor is not None and (starts or self.user_id is not None):
            raise ValueError("a cursor contains the seed and the listener of its station: send it alone")
        if len(starts) > 1:
            raise ValueError(
                "start from only one of track_id, artist, genre or genres, mood, and seed_features"
            )
        if self.cursor is None and not starts and self.user_id is None:
            raise ValueError(
                "send one of track_id, artist, genre, genres, mood, seed_features and user_id to start from, "
                "or a cursor"
            )
        return self

    def seed(self) -> Seed:
        """Return the seed of a new station; without another seed, it is the listener's own taste."""
        chosen = ((kind, value) for kind, value in self._named() if value)
        return Seed(*next(chosen, (SeedKind.USER, self.user_id or "")))

    def _named(self) -> tuple[tuple[SeedKind, str], ...]:
        genres = dict.fromkeys([*([] if self.genre is None else [self.genre]), *self.genres])
        sound = self.seed_features.asked() if self.seed_features else {}
        return (
            (SeedKind.TRACK, self.track_id or ""),
            (SeedKind.ARTIST, self.artist or ""),
            (SeedKind.GENRE, ";".join(genres)),
            (SeedKind.MOOD, str(self.mood or "")),
            (SeedKind.SOUND, ";".join(f"{name}={value!r}" for name, value in sound.items())),
        )


class Transition(BaseModel):
    """How a track follows the one before it; an unknown part is missing."""

    tempo_change: float | None = Field(
        None, description="relative, 0 for the same tempo; half and double time count as the same"
    )
    key_steps: int | None = Field(None, description="on the Camelot wheel, 0 to 7; up to 1 mixes well")
    energy_change: float | None = Field(None, description="absolute, 0 to 1")


class RadioTrack(TrackOut):
    """A track of a station, its sound, and its transition from the track before."""

    tempo_bpm: float | None = Field(None, description="beats per minute")
    camelot_key: str | None = Field(None, description="as DJs write it: 8B is C major, 8A is A minor")
    energy: float | None = Field(None, description="0 to 1")
    transition: Transition | None = Field(None, description="missing if no track was played before")

    @classmethod
    def following(cls, catalogue: Catalogue, row: int, previous: int | None) -> Self:
        """Describe the track in a row of the catalogue, played after the one in row ``previous``."""
        key, mode, tempo, energy = (
            float(catalogue.audio[row, AUDIO_FEATURES.index(name)])
            for name in ("key", "mode", "tempo", "energy")
        )
        return cls(
            **TrackOut.of(catalogue, row).model_dump(),
            tempo_bpm=_known(tempo, 1),
            camelot_key=camelot_code(key, mode) or None,
            energy=_known(energy, 3),
            transition=None if previous is None else _transition(catalogue, previous, row),
        )


class RadioResponse(BaseModel):
    """The next tracks of a station, in playing order."""

    tracks: list[RadioTrack]
    cursor: str | None = Field(
        None, description="send it back for the next tracks; missing if nothing can be played"
    )
    exhausted: bool = Field(description="true if nothing can be played, because every track is left out")
    because: str | None = Field(
        None,
        description="why other tracks than those of the seed come, or why none come; otherwise missing",
    )
    answered_by: str = Field(description="hybrid, collaborative, content, genre or popularity")
    model_tier: Tier
    model_version: str
    request_id: str = Field(description="id of this answer; send it back with impressions and clicks")
    excluded: ExcludedOut | None = Field(None, description="missing if the listener excludes nothing")


def _transition(catalogue: Catalogue, previous: int, row: int) -> Transition:
    sound = build_sound(catalogue.audio[[previous, row]])
    a, b = sound[:1], sound[1:]
    steps = _known(float(key_distance(a, b)[0]), 0)
    return Transition(
        tempo_change=_known(float(tempo_change(a, b)[0]), 4),
        key_steps=None if steps is None else int(steps),
        energy_change=_known(float(energy_change(a, b)[0]), 4),
    )


def _known(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
