"""Answer a request for recommendations: read the listener, call the recommender, describe the tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.broad_genre import any_genre_mask
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.exclusion import Target
from segue.domain.listening.heard import read_heard
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.ranker import UNRANKED
from segue.domain.recommend.recommender import RecommendFor, answer
from segue.serving.api.request_id import Surface, new_request_id
from segue.serving.api.tier import Feature, Tier, require
from segue.serving.recommend.contract import RecommendedTrack, RecommendResponse
from segue.serving.recommend.excluded_contract import ExcludedOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.recommend.recommender import Recommender
    from segue.serving.live.family import Loaded
    from segue.serving.recommend.contract import RecommendRequest

_NOTHING_LEFT = "no track is left: every track is heard, disliked, excluded, blocked or of another genre"


def answer_tier(caller: Tier, asked: Tier | None) -> Tier:
    """Return the tier of the answer: the caller's, or a lower one if requested.

    Raises
    ------
    TierError
        The requested tier is above the caller's.
    """
    if asked is None:
        return caller
    require(caller, asked)
    return asked


def recommend_to(
    request: RecommendRequest, tier: Tier, live: Loaded[Recommender], record: ListenerRecord
) -> RecommendResponse:
    """Recommend tracks to the listener whose events and exclusions are in ``record``.

    Raises
    ------
    InvalidInputError
        A genre is unknown.
    TierError
        Friends are named, and the tier does not include them.
    """
    if request.friends:
        require(tier, Feature.FRIENDS)
    model = live.value
    heard = read_heard(model.catalogue, record, request.seed_tracks)
    listener = RecommendFor(
        history=heard.history,
        user_id=request.user_id,
        friends=tuple(request.friends),
        tier=tier.draws_as,
        mood=request.mood,
        sound=request.seed_features.asked() if request.seed_features else {},
        situation=request.context.situation() if request.context else None,
    )
    excluded, unknown = _rows(model.catalogue, request.exclude)
    diversity, calibration, artist_share = model.ranker.order if model.ranker else UNRANKED
    query = Query(
        n=request.limit,
        allowed=_allowed(model.catalogue, request.any_genre, (heard.rows, excluded)),
        diversity=diversity if request.diversity is None else request.diversity,
        calibration=calibration,
        n_reasons=request.max_reasons if request.explain else 0,
        artist_share=artist_share,
    )
    recommended = answer(model, listener, query)
    blocked_genres = [name for name in request.any_genre if heard.excluded.blocks(Target.GENRE, name)]
    seeds = model.catalogue.vocabulary.index_of(request.seed_tracks).tolist()
    return RecommendResponse(
        items=RecommendedTrack.all_of(model.catalogue, recommended.items, seeds),
        answered_by=recommended.step,
        because=recommended.because if query.allowed.any() else _why_nothing(model.catalogue, request),
        excluded=ExcludedOut.of(heard.excluded, [*heard.blocked_seeds, *blocked_genres]),
        model_tier=tier,
        model_version=live.version,
        request_id=new_request_id(Surface.RECOMMEND, live.version),
        unknown_tracks=sorted({*heard.unknown_seeds, *unknown}),
    )


def _why_nothing(catalogue: Catalogue, request: RecommendRequest) -> str:
    if request.any_genre and not any_genre_mask(catalogue.genres, request.any_genre).any():
        return f"this catalogue has no track of the genre {' or '.join(request.any_genre)}"
    return _NOTHING_LEFT


def _rows(catalogue: Catalogue, track_ids: Sequence[str]) -> tuple[NDArray[np.int32], list[str]]:
    rows = catalogue.vocabulary.index_of(track_ids)
    unknown = [track for track, row in zip(track_ids, rows.tolist(), strict=True) if row == UNKNOWN_ITEM]
    return rows[rows != UNKNOWN_ITEM], unknown


def _allowed(
    catalogue: Catalogue, genres: Sequence[str], excluded: Sequence[NDArray[np.int32]]
) -> NDArray[np.bool_]:
    allowed = any_genre_mask(catalogue.genres, genres) if genres else np.ones(len(catalogue), bool)
    for rows in excluded:
        allowed[rows] = False
    return allowed
