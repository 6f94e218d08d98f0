"""Answer a request for similar tracks: by the recommender, or by a variant of the clustered tracks."""

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
"""How reasons are told where no listener is asked about."""

_NOBODY = ListenerRecord()
_STANDS_IN = "no recommender can be served now; the clusters stand in"


def similar_tracks(
    request: SimilarRequest,
    caller: Tier,
    recommender: LiveRecommender,
    clusterings: LiveClusterings,
    record: ListenerRecord = _NOBODY,
) -> SimilarResponse:
    """Find tracks like those asked about by the model asked for, else by the best there is.

    What the listener of ``record`` blocked is not answered. A variant is of the model clusters. Where neither
    is asked for, the recommender answers, and where none can be served, the live variant.

    Raises
    ------
    TrackNotFoundError
        No such track is known.
    TierError
        The caller's key does not open the model.
    InvalidInputError
        There is no such variant, another model has none, or the model knows nothing about the tracks.
    ArtifactError
        What could answer cannot be served.
    """
    if request.variant is not None and request.model not in {None, SimilarModel.CLUSTERS}:
        raise InvalidInputError(f"variant: the model {request.model} has none; leave out one of the two.")
    in_cluster = request.variant is not None or request.model is SimilarModel.CLUSTERS
    if in_cluster:
        require(caller, Feature.CLUSTERS)
    try:
        live = recommender.get()
    except ArtifactError as error:
        stands_in = request.model is None and Feature.CLUSTERS in opens(caller)
        if not in_cluster and not stands_in:
            raise
        return _without_recommender(request, clusterings, record, error, asked=in_cluster)
    if in_cluster:
        return similar_in_cluster(request, clusterings, live.value.catalogue, record)
    return similar_to(request, caller, live, record)


def similar_to(
    request: SimilarRequest, caller: Tier, live: Loaded[Recommender], record: ListenerRecord = _NOBODY
) -> SimilarResponse:
    """Find tracks like those asked about by a recommender, and name the model that did.

    Raises
    ------
    TrackNotFoundError
        The catalogue does not have one of them.
    TierError
        The caller's key does not open the model.
    InvalidInputError
        The model knows nothing about them.
    ModelMissingError
        It might know them, but is missing or lacks a part: train it, or roll back.
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
        by, found = similar(model, History(np.sort(rows), np.ones(len(rows), np.float32)), Step(how), query)
    except EmptyHistoryError as error:
        if lacks_models(model, Step(how)):
            raise ModelMissingError(how, model.missing) from error
        raise InvalidInputError(
            f"the {how} model knows nothing about {', '.join(request.track_id)}: ask for another model."
        ) from error
    items = SimilarTrack.all_of(model.catalogue, found, rows.tolist(), BETWEEN_TRACKS)
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
    """Answer by the clusters, which know their own tracks; nobody can tell of others whether they exist."""
    try:
        answer = similar_in_cluster(request, clusterings, None, record)
    except TrackNotFoundError:
        if asked and isinstance(why, AliasNotFoundError):  # there is no other catalogue
            raise
        raise why from None
    except ArtifactError as error:
        raise (error if asked else why) from None
    return answer if asked else answer.model_copy(update={"because": _STANDS_IN})
