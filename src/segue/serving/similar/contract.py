"""Requests and responses about similar tracks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from segue.serving.api.contract import Id, Text  # Pydantic reads the annotation
from segue.serving.recommend.contract import Limit, MaxReasons, Once, RecommendedTrack, Strict
from segue.serving.recommend.excluded_contract import ExcludedOut  # noqa: TC001  # as above


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


class SimilarModel(StrEnum):
    """Models that find similar tracks."""

    HYBRID = "hybrid"
    COLLABORATIVE = "collaborative"
    CONTENT = "content"
    CLUSTERS = "clusters"


_OneOrMore = Annotated[list[Id], Field(min_length=1, max_length=50)] | Id


class SimilarRequest(Strict):
    """One track or several; the answer is similar to all of them together."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"track_id": "2591", "limit": 10}]}
    )

    track_id: Annotated[
        list[Id],
        Field(min_length=1, max_length=50),
        Once,
        BeforeValidator(_as_list, json_schema_input_type=_OneOrMore),
    ] = Field(description="a track, or a list of up to 50")
    user_id: Id | None = Field(None, description="the listener; tracks that they blocked are left out")
    limit: Limit = 20
    model: SimilarModel | None = Field(
        None,
        description="collaborative: by listeners; content: by genre, artist and sound; hybrid: by both; "
        "clusters: by sound, in a variant of the clustered tracks; default: the best that the key includes",
    )
    variant: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None,
        description="a variant of the model clusters, listed by GET /models; default: the live one",
    )
    diversity: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    explain: Annotated[bool, Field(strict=True)] = True
    max_reasons: MaxReasons = 5


class SharedFeatureOut(BaseModel):
    """A feature in which a track is nearer to the requested one than most tracks are."""

    name: str
    value: float = Field(description="value of this track")
    asked_value: float = Field(description="value of the nearest requested track")
    share: float = Field(description="share of this feature in what brings the two nearer than usual, 0 … 1")


class SimilarTrack(RecommendedTrack):
    """A similar track; ``distance`` and the fields after it are given by the model clusters only."""

    score: float = Field(
        description="clusters: 1 / (1 + distance / usual), where usual is the distance of two random tracks; "
        "the mean for several tracks. Other models: the sum of the reasons"
    )
    distance: float | None = Field(
        None, description="distance to the nearest requested track, in the space of the variant"
    )
    near_to: str | None = Field(None, description="the nearest requested track")
    same_cluster: bool | None = Field(None, description="whether both belong to the same cluster")
    features: list[SharedFeatureOut] | None = Field(
        None, description="features that bring both near, the greatest share first"
    )


class AskedTrack(BaseModel):
    """The cluster of a requested track."""

    track_id: str
    cluster: int | None = Field(None, description="null if the track belongs to no cluster")
    title: str | None = Field(None, description="title of the cluster")
    strength: float = Field(description="strength of the membership, 0 … 1")
    placed: bool = Field(
        description="whether the track is newer than the clusters and was placed by its features"
    )


class SimilarResponse(BaseModel):
    """Similar tracks, the most similar first."""

    items: list[SimilarTrack]
    model: SimilarModel
    model_version: str
    request_id: str = Field(description="id of this answer; send it back with impressions and clicks")
    variant: str | None = Field(None, description="the variant of the clusters that answered")
    because: str | None = Field(
        None, description="why another model or variant than the requested one answered"
    )
    asked: list[AskedTrack] | None = Field(None, description="the clusters of the requested tracks")
    excluded: ExcludedOut | None = Field(None, description="missing if the listener excludes nothing")
