"""Answer a request for daily mixes, from the history at the start of the listener's day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.recording import recordings
from segue.domain.listening.heard import read_heard, unwelcome
from segue.domain.listening.history import History
from segue.domain.mix.daily_mix import MixFor, MixRules, daily_mixes
from segue.domain.mix.title import ordinary_tone
from segue.domain.recommend.catalogue_score import score_catalogue
from segue.domain.recommend.recommender import RecommendFor
from segue.domain.vector.seeded_draw import draw_seed
from segue.domain.vector.top_n import top_n
from segue.serving.api.request_id import Surface, new_request_id
from segue.serving.mix.contract import DailyMixResponse, MixOut, MixTrackOut
from segue.serving.recommend.contract import TrackOut
from segue.serving.recommend.excluded_contract import ExcludedOut
from segue.state.listening import RECENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.exclusion import ListenerRecord
    from segue.domain.listening.heard import Heard
    from segue.domain.mix.daily_mix import Mix
    from segue.domain.model.member import Step
    from segue.domain.recommend.recommender import Recommender
    from segue.serving.api.tier import Tier
    from segue.serving.live.family import Loaded
    from segue.serving.mix.contract import DailyMixRequest

N_CANDIDATES = 1000
ROOM_FOR_TODAY = 500
"""Number of the oldest read events that are ignored. Each event of today hides one old event, and the history
at the start of the day must stay the same."""

_NOTHING_LEFT = "no track is left for a mix: the listener heard, blocked or dislikes every track that fits"
_NOTHING = History(np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class MixModel:
    """A recommender with the values that mixes need, computed once for each version.

    Attributes
    ----------
    recommender : Recommender
    vectors : float32 (n_items, d)
        Similar tracks have similar directions. They are content vectors, or else factors, or else genres.
    recording : int32 (n_items,)
    rules : MixRules
        Rules with the ordinary tone of the catalogue.
    """

    recommender: Recommender
    vectors: NDArray[np.float32]
    recording: NDArray[np.int32]
    rules: MixRules


def build_mixer(recommender: Recommender) -> MixModel:
    """Choose the vectors, and compute recordings and the ordinary tone of the catalogue."""
    content, factors, catalogue = recommender.content, recommender.factors, recommender.catalogue
    if content is not None:
        vectors = content.vectors
    else:
        vectors = recommender.groups if factors is None else factors.factors
    rules = MixRules(ordinary=ordinary_tone(catalogue))
    return MixModel(recommender, vectors, recordings(catalogue), rules)


def mix_for(
    request: DailyMixRequest, tier: Tier, live: Loaded[MixModel], record: ListenerRecord, now: datetime
) -> DailyMixResponse:
    """Make a listener's mixes of the current day by the listener's clock.

    For a listener whose first event is of today, all events count, so the mixes change until tomorrow. A
    listener without likes gets one mix of popular tracks.

    Parameters
    ----------
    record : ListenerRecord
        The listener's record up to ``now``. Exclusions hold at once, and not only from tomorrow.
    now : datetime
        Current time in UTC.
    """
    offset = timedelta(minutes=request.utc_offset_minutes)
    day = (now + offset).date()
    began_at = datetime.combine(day, time(), UTC) - offset
    before = [event for event in record.events if event.at < began_at][: RECENT - ROOM_FOR_TODAY]
    model = live.value
    heard = read_heard(model.recommender.catalogue, replace(record, events=before or record.events))
    if (heard.history.confidence > 0).any():
        step, drawn = _mixes(request, tier, model, heard, draw_seed(request.user_id, day.isoformat()))
        now_heard = read_heard(model.recommender.catalogue, record)
        disliked = model.recording[unwelcome(now_heard.history)]
        shown = [_described(model, mix, disliked) for mix in drawn]
    else:
        step, shown = _popular(request, tier, model, heard)
    mixes = [mix for mix in shown if mix.tracks][: request.mixes]
    return DailyMixResponse(
        mixes=mixes,
        because=None if mixes else _NOTHING_LEFT,
        day=day,
        changes_at=began_at + timedelta(days=1),
        answered_by=step,
        model_tier=tier,
        model_version=live.version,
        request_id=new_request_id(Surface.DAILY_MIX, live.version),
        excluded=ExcludedOut.of(heard.excluded),
    )


def _mixes(
    request: DailyMixRequest, tier: Tier, model: MixModel, heard: Heard, seed: int
) -> tuple[Step, list[Mix]]:
    scored = score_catalogue(
        model.recommender, RecommendFor(heard.history, request.user_id, tier=tier.draws_as)
    )
    candidates = top_n(scored.scores, N_CANDIDATES, heard.rows)
    rules = replace(model.rules, n_tracks=request.limit, familiar=request.familiar)
    listener = MixFor(heard.history, candidates, seed)
    catalogue = model.recommender.catalogue
    return scored.step, daily_mixes(catalogue, model.vectors, model.recording, listener, rules)


def _described(model: MixModel, mix: Mix, disliked: NDArray[np.int32]) -> MixOut:
    """Describe a mix without tracks that the listener has come to dislike; the others stay for the day."""
    catalogue = model.recommender.catalogue
    kept = [track for track in mix.tracks if model.recording[track.item_index] not in disliked]
    return MixOut(
        title=mix.title,
        representative=[TrackOut.of(catalogue, row) for row in mix.representative],
        tracks=[MixTrackOut.chosen(catalogue, track) for track in kept],
    )


def _popular(
    request: DailyMixRequest, tier: Tier, model: MixModel, heard: Heard
) -> tuple[Step, list[MixOut]]:
    """Make one mix of popular tracks; friends are not used, as the reason is "many listeners play it"."""
    catalogue = model.recommender.catalogue
    scored = score_catalogue(model.recommender, RecommendFor(_NOTHING, tier=tier.draws_as))
    ranked = top_n(np.where(scored.scores > 0, scored.scores, -np.inf), N_CANDIDATES, heard.rows)
    _, first = np.unique(model.recording[ranked], return_index=True)
    rows = ranked[np.sort(first)][: request.limit].tolist()
    tracks = [MixTrackOut.popular(catalogue, row) for row in rows]
    return scored.step, [MixOut(title="Popular now", representative=[], tracks=tracks)]
