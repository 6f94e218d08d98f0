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
    """By what tracks are alike."""

    HYBRID = "hybrid"
    COLLABORATIVE = "collaborative"
    CONTENT = "content"
    CLUSTERS = "clusters"


_OneOrMore = Annotated[list[Id], Field(min_length=1, max_length=50)] | Id


class SimilarRequest(Strict):
    """One track or several; the answer is like all of them together."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"track_id": "2591", "limit": 10}]}
    )

    track_id: Annotated[
        list[Id],
        Field(min_length=1, max_length=50),
        Once,
        BeforeValidator(_as_list, json_schema_input_type=_OneOrMore),
    ] = Field(description="a track, or a list of up to 50")
    user_id: Id | None = Field(None, description="who asks: what they blocked is not answered")
    limit: Limit = 20
    model: SimilarModel | None = Field(
        None,
        description="hybrid: by who plays them and by content; collaborative or content: by one of these; "
        "clusters: by how they sound, in a variant of the clustered tracks; the best that the key opens "
        "without it",
    )
    variant: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None,
        description="of the model clusters; GET /models lists them; without it the live one",
    )
    diversity: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    explain: Annotated[bool, Field(strict=True)] = True
    max_reasons: MaxReasons = 5


class SharedFeatureOut(BaseModel):
    """A feature in which two tracks are nearer than the one asked about is to most."""

    name: str
    value: float = Field(description="of this track")
    asked_value: float = Field(description="of the track asked about that is nearest to this one")
    share: float = Field(description="of all that brings the two nearer than usual, 0 … 1")


class SimilarTrack(RecommendedTrack):
    """A track like those asked about; from ``distance`` on by the model clusters only."""

    score: float = Field(
        description="of clusters 1 / (1 + distance / usual), where two random tracks are the usual distance "
        "apart, for several tracks the mean; of the other models what the reasons add up to"
    )
    distance: float | None = Field(
        None, description="in the space of the variant, to the nearest of the tracks asked about"
    )
    near_to: str | None = Field(None, description="which of them that is")
    same_cluster: bool | None = Field(None, description="both belong to one cluster; false in none")
    features: list[SharedFeatureOut] | None = Field(None, description="what brings them near, greatest first")


class AskedTrack(BaseModel):
    """Where a track that was asked about lies."""

    track_id: str
    cluster: int | None = Field(None, description="null where it belongs to none")
    title: str | None = Field(None, description="of the cluster")
    strength: float = Field(description="of its membership, 0 … 1")
    placed: bool = Field(
        description="it came after the clusters were made, and was placed by its features in the catalogue"
    )


class SimilarResponse(BaseModel):
    """Tracks like those asked about, most alike first."""

    items: list[SimilarTrack]
    model: SimilarModel
    model_version: str
    request_id: str = Field(description="of this answer; send it back with impressions and clicks")
    variant: str | None = Field(None, description="of clusters: which one answered")
    because: str | None = Field(None, description="why it is not what was asked for")
    asked: list[AskedTrack] | None = Field(None, description="of clusters: where the tracks asked about lie")
    excluded: ExcludedOut | None = Field(None, description="missing where the listener excludes nothing")
