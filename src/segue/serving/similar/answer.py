"""Answer a request for similar tracks from the recommender or from a variant of the clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.excluded import apply_exclusions
from segue.domain.listening.exclusion import ListenerRecord
from segue.domain.listening.history import History
from segue.domain.model.candidate_source import ReasonKind
from segue.domain.model.member import Step
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.similar_track import lacks_models, similar
from segue.errors import (
    AliasNotFoundError,
    ArtifactError,
    EmptyHistoryError,
    InvalidInputError,
    ModelMissingError,
    TrackNotFoundError,
)
from segue.serving.api.request_id import Surface, new_request_id
from segue.serving.api.tier import Feature, Tier, opens, require
from segue.serving.recommend.excluded_contract import ExcludedOut
from segue.serving.similar.cluster import similar_in_cluster
from segue.serving.similar.contract import SimilarModel, SimilarResponse, SimilarTrack

if TYPE_CHECKING:
    from segue.domain.recommend.recommender import Recommender
    from segue.serving.live.clusterings import LiveClusterings
    from segue.serving.live.family import Loaded
    from segue.serving.live.recommender import LiveRecommender
    from segue.serving.similar.contract import SimilarRequest

BETWEEN_TRACKS: dict[ReasonKind, str] = {
    ReasonKind.GENRE: "both are {}",
    ReasonKind.ARTIST: "both are by {}",
    ReasonKind.AUDIO: "they are alike in {}",
}
"""Wording of reasons that are not about a listener."""

_NOBODY = ListenerRecord()
_INSTEAD = "no recommender can be served now; the clusters are used instead"


def similar_tracks(
    request: SimilarRequest,
    caller: Tier,
    recommender: LiveRecommender,
    clusterings: LiveClusterings,
    record: ListenerRecord = _NOBODY,
) -> SimilarResponse:
    """Find similar tracks with the requested model, or else with the best one that is live.

    Tracks that the listener of ``record`` blocked are left out. A variant belongs to the model clusters. If
    neither model nor variant is requested, the recommender answers; if it cannot be served, the live variant
    does.

    Raises
    ------
    TrackNotFoundError
        A track is unknown.
    TierError
        The caller's tier does not include the model.
    InvalidInputError
        The variant does not exist or does not belong to the model, or the model has no data on the tracks.
    ArtifactError
        The models that could answer cannot be served.
    """
    if request.variant is not None and request.model not in {None, SimilarModel.CLUSTERS}:
        raise InvalidInputError(f"variant: the model {request.model} has no variants; send only one of both.")
    in_cluster = request.variant is not None or request.model is SimilarModel.CLUSTERS
    if in_cluster:
        require(caller, Feature.CLUSTERS)
    try:
        live = recommender.get()
    except ArtifactError as error:
        may_replace = request.model is None and Feature.CLUSTERS in opens(caller)
        if not in_cluster and not may_replace:
            raise
        return _without_recommender(request, clusterings, record, error, asked=in_cluster)
    if in_cluster:
        return similar_in_cluster(request, clusterings, live.value.catalogue, record)
    return similar_to(request, caller, live, record)


def similar_to(
    request: SimilarRequest, caller: Tier, live: Loaded[Recommender], record: ListenerRecord = _NOBODY
) -> SimilarResponse:
    """Find similar tracks with a recommender, and name the model that answered.

    Raises
    ------
    TrackNotFoundError
        The catalogue does not have one of the tracks.
    TierError
        The caller's tier does not include the model.
    InvalidInputError
        The model has no data on the tracks.
    ModelMissingError
        The model, or a part of it, is missing; train it, or roll back.
    """
    model = live.value
    how = request.model or (SimilarModel.HYBRID if caller is not Tier.FREE else SimilarModel.COLLABORATIVE)
    require(caller, Feature(how))
    rows = model.catalogue.vocabulary.index_of(request.track_id)
    if (unknown := np.flatnonzero(rows == UNKNOWN_ITEM)).size:
        raise TrackNotFoundError(request.track_id[unknown[0]])
    allowed = np.ones(len(model.catalogue), bool)
    allowed[rows] = False
    excluded = apply_exclusions(model.catalogue, record)
    allowed[excluded.blocked] = False
    blocked = [request.track_id[at] for at in np.flatnonzero(np.isin(rows, excluded.blocked)).tolist()]
    query = Query(
        request.limit, allowed, request.diversity, n_reasons=request.max_reasons if request.explain else 0
    )
    try:
        by, tracks = similar(model, History(np.sort(rows), np.ones(len(rows), np.float32)), Step(how), query)
    except EmptyHistoryError as error:
        if lacks_models(model, Step(how)):
            raise ModelMissingError(how, model.missing) from error
        raise InvalidInputError(
            f"the {how} model has no data on {', '.join(request.track_id)}: request another model."
        ) from error
    items = SimilarTrack.all_of(model.catalogue, tracks, rows.tolist(), BETWEEN_TRACKS)
    return SimilarResponse(
        items=items,
        model=SimilarModel(by),
        model_version=live.version,
        request_id=new_request_id(Surface.SIMILAR, live.version),
        excluded=ExcludedOut.of(excluded, blocked),
    )


def _without_recommender(
    request: SimilarRequest,
    clusterings: LiveClusterings,
    record: ListenerRecord,
    why: ArtifactError,
    *,
    asked: bool,
) -> SimilarResponse:
    """Answer from the clusters, which contain some tracks only; others may or may not exist."""
    try:
        answer = similar_in_cluster(request, clusterings, None, record)
    except TrackNotFoundError:
        if asked and isinstance(why, AliasNotFoundError):  # no other catalogue exists
            raise
        raise why from None
    except ArtifactError as error:
        raise (error if asked else why) from None
    return answer if asked else answer.model_copy(update={"because": _INSTEAD})
