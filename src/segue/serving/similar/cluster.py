"""Answer with neighbours from a variant of the clustered tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.cluster.clustering import NOISE
from segue.domain.cluster.neighbours import member, near, newcomer
from segue.domain.listening.excluded import apply_exclusions
from segue.errors import InvalidInputError, TrackNotFoundError
from segue.serving.api.request_id import Surface, new_request_id
from segue.serving.recommend.contract import TrackOut
from segue.serving.recommend.excluded_contract import ExcludedOut
from segue.serving.similar.contract import (
    AskedTrack,
    SharedFeatureOut,
    SimilarModel,
    SimilarResponse,
    SimilarTrack,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.cluster.clustering import Clustering
    from segue.domain.cluster.neighbours import Neighbour, Subject
    from segue.domain.listening.exclusion import ListenerRecord
    from segue.serving.live.clusterings import LiveClusterings
    from segue.serving.similar.contract import SimilarRequest

_NAMED = 5


def similar_in_cluster(
    request: SimilarRequest,
    clusterings: LiveClusterings,
    catalogue: Catalogue | None,
    record: ListenerRecord,
) -> SimilarResponse:
    """Find tracks near the requested ones, in the requested variant or the live one.

    ``catalogue`` describes the tracks, and gives the features of tracks that are newer than the clusters.
    Without it, or for a track that it does not have, the clusters' own names are used. Tracks that the
    listener of ``record`` blocked are left out.

    Raises
    ------
    InvalidInputError
        The variant does not exist, or a track is not in it and not all its features are known.
    TrackNotFoundError
        Neither the clusters nor the catalogue have one of the tracks.
    ArtifactError
        Neither the variant nor the live one can be served.
    """
    live, because = (clusterings.get(), "") if request.variant is None else clusterings.of(request.variant)
    clustering = live.value
    subjects = [_subject(clusterings, clustering, catalogue, track) for track in request.track_id]
    known = clustering if catalogue is None else catalogue
    excluded = apply_exclusions(known, record)
    blocked = excluded.blocked
    asked_rows = known.vocabulary.index_of(request.track_id)
    blocked_asked = [request.track_id[at] for at in np.flatnonzero(np.isin(asked_rows, blocked)).tolist()]
    if catalogue is not None and len(blocked):
        blocked = clustering.vocabulary.index_of(catalogue.vocabulary.item_id[blocked].tolist())
    neighbours = near(
        clustering,
        subjects,
        request.limit,
        diversity=request.diversity,
        n_features=request.max_reasons if request.explain else 0,
        blocked=blocked[blocked != UNKNOWN_ITEM],
    )
    return SimilarResponse(
        items=[_track(clustering, catalogue, request.track_id, neighbour) for neighbour in neighbours],
        model=SimilarModel.CLUSTERS,
        model_version=live.version,
        request_id=new_request_id(Surface.SIMILAR, live.version),
        variant=clustering.variant,
        because=because or None,
        asked=[
            _asked(clustering, track, subject)
            for track, subject in zip(request.track_id, subjects, strict=True)
        ],
        excluded=ExcludedOut.of(excluded, blocked_asked),
    )


def _subject(
    clusterings: LiveClusterings, clustering: Clustering, catalogue: Catalogue | None, track_id: str
) -> Subject:
    row = int(clustering.vocabulary.index_of([track_id])[0])
    if row != UNKNOWN_ITEM:
        return member(clustering, row)
    row = UNKNOWN_ITEM if catalogue is None else int(catalogue.vocabulary.index_of([track_id])[0])
    if catalogue is None or row == UNKNOWN_ITEM:
        if (other := clusterings.knowing(track_id)) is None:
            raise TrackNotFoundError(track_id)
        raise InvalidInputError(
            f"track_id: {track_id!r} is not in the variant {clustering.variant}: "
            f"request the variant {other}, which has it."
        )
    value = _features(catalogue, row, clustering.space.columns)
    unknown = [clustering.space.columns[column] for column in np.flatnonzero(np.isnan(value)).tolist()]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        other = clusterings.knowing(track_id)
        raise InvalidInputError(
            f"track_id: {track_id!r} is new to {clustering.variant} and cannot be placed, because the "
            f"catalogue lacks its {', '.join(unknown[:_NAMED])}{more}: request "
            + (f"the variant {other}, which has it." if other else "another model or variant.")
        )
    return newcomer(clustering, value)


def _features(catalogue: Catalogue, row: int, columns: tuple[str, ...]) -> NDArray[np.float32]:
    """Return a track's features from the catalogue, float32 (n_columns,), NaN where unknown."""
    known = dict(zip(catalogue.low_level_names, catalogue.low_level[row].tolist(), strict=True))
    known |= dict(zip(AUDIO_FEATURES, catalogue.audio[row].tolist(), strict=True))
    return np.array([known.get(column, np.nan) for column in columns], np.float32)


def _asked(clustering: Clustering, track_id: str, subject: Subject) -> AskedTrack:
    inside = subject.label != NOISE
    return AskedTrack(
        track_id=track_id,
        cluster=subject.label if inside else None,
        title=clustering.title[subject.label] if inside else None,
        strength=subject.strength,
        placed=subject.item_index == UNKNOWN_ITEM,
    )


def _track(
    clustering: Clustering, catalogue: Catalogue | None, asked: list[str], neighbour: Neighbour
) -> SimilarTrack:
    features = [
        SharedFeatureOut(
            name=shared.name, value=shared.value, asked_value=shared.subject_value, share=shared.share
        )
        for shared in neighbour.features
    ]
    return SimilarTrack(
        **_described(clustering, catalogue, neighbour.item_index).model_dump(),
        score=neighbour.score,
        distance=neighbour.distance,
        near_to=asked[neighbour.subject],
        same_cluster=neighbour.same_cluster,
        features=features or None,
    )


def _described(clustering: Clustering, catalogue: Catalogue | None, row: int) -> TrackOut:
    track_id = str(clustering.vocabulary.item_id[row])
    place = UNKNOWN_ITEM if catalogue is None else int(catalogue.vocabulary.index_of([track_id])[0])
    if catalogue is not None and place != UNKNOWN_ITEM:
        return TrackOut.of(catalogue, place)
    return TrackOut(
        track_id=track_id,
        name=clustering.name[row],
        artists=list(clustering.artists.of(row)),
        album="",
        genres=list(clustering.genres.of(row)),
    )
